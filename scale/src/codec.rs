//! A plan with our functions in, bytes out; and back, wherever they are read.

use std::sync::Arc;

use datafusion::{
    arrow::datatypes::SchemaRef,
    catalog::TableProvider,
    common::{TableReference, exec_datafusion_err},
    datasource::file_format::FileFormatFactory,
    error::Result,
    execution::TaskContext,
    logical_expr::{AggregateUDF, Extension, LogicalPlan, ScalarUDF, WindowUDF},
    physical_plan::ExecutionPlan,
};
use datafusion_proto::{
    logical_plan::{DefaultLogicalExtensionCodec, LogicalExtensionCodec},
    physical_plan::{
        DefaultPhysicalExtensionCodec, PhysicalExtensionCodec, PhysicalProtoConverterExtension,
    },
};

use crate::{
    Policies,
    functions::{named, policies_of},
};

/// Writes our functions with the policies they ask, and leaves all else to another
/// codec: that of `DataFusion`, or of a cluster.
///
/// Whoever reads the plan makes the engines anew from those bytes. Nothing has to be
/// registered there, and what is registered under the same name is not asked.
#[derive(Debug)]
pub struct PolicyCodec<C: ?Sized> {
    inner: Arc<C>,
}

impl<C: ?Sized> PolicyCodec<C> {
    /// Over another codec.
    pub fn over(inner: Arc<C>) -> PolicyCodec<C> {
        PolicyCodec { inner }
    }
}

impl PolicyCodec<dyn LogicalExtensionCodec> {
    /// For logical plans.
    pub fn logical() -> PolicyCodec<dyn LogicalExtensionCodec> {
        PolicyCodec::over(Arc::new(DefaultLogicalExtensionCodec {}))
    }
}

impl PolicyCodec<dyn PhysicalExtensionCodec> {
    /// For physical plans.
    pub fn physical() -> PolicyCodec<dyn PhysicalExtensionCodec> {
        PolicyCodec::over(Arc::new(DefaultPhysicalExtensionCodec {}))
    }
}

/// Whether `function` is ours, and was written.
fn encode(function: &ScalarUDF, bytes: &mut Vec<u8>) -> bool {
    let Some(policies) = policies_of(function) else {
        return false;
    };
    bytes.extend(policies.to_bytes());
    true
}

/// The function of this name, where it is ours.
fn decode(name: &str, bytes: &[u8]) -> Option<Result<Arc<ScalarUDF>>> {
    // Without policies it has to be somebody else's.
    if !name.starts_with("agentos_") || bytes.is_empty() {
        return None;
    }
    let policies = match Policies::from_bytes(bytes) {
        Ok(policies) => policies,
        Err(error) => return Some(Err(exec_datafusion_err!("`{name}`: {error}"))),
    };
    named(name, Arc::new(policies)).map(|function| Ok(Arc::new(function)))
}

impl LogicalExtensionCodec for PolicyCodec<dyn LogicalExtensionCodec> {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[LogicalPlan],
        context: &TaskContext,
    ) -> Result<Extension> {
        self.inner.try_decode(bytes, inputs, context)
    }

    fn try_encode(&self, node: &Extension, bytes: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode(node, bytes)
    }

    fn try_decode_table_provider(
        &self,
        bytes: &[u8],
        table: &TableReference,
        schema: SchemaRef,
        context: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        self.inner
            .try_decode_table_provider(bytes, table, schema, context)
    }

    fn try_encode_table_provider(
        &self,
        table: &TableReference,
        provider: Arc<dyn TableProvider>,
        bytes: &mut Vec<u8>,
    ) -> Result<()> {
        self.inner.try_encode_table_provider(table, provider, bytes)
    }

    fn try_decode_file_format(
        &self,
        bytes: &[u8],
        context: &TaskContext,
    ) -> Result<Arc<dyn FileFormatFactory>> {
        self.inner.try_decode_file_format(bytes, context)
    }

    fn try_encode_file_format(
        &self,
        bytes: &mut Vec<u8>,
        format: Arc<dyn FileFormatFactory>,
    ) -> Result<()> {
        self.inner.try_encode_file_format(bytes, format)
    }

    fn try_decode_udf(&self, name: &str, bytes: &[u8]) -> Result<Arc<ScalarUDF>> {
        decode(name, bytes).unwrap_or_else(|| self.inner.try_decode_udf(name, bytes))
    }

    fn try_encode_udf(&self, function: &ScalarUDF, bytes: &mut Vec<u8>) -> Result<()> {
        if encode(function, bytes) {
            return Ok(());
        }
        self.inner.try_encode_udf(function, bytes)
    }

    fn try_decode_udaf(&self, name: &str, bytes: &[u8]) -> Result<Arc<AggregateUDF>> {
        self.inner.try_decode_udaf(name, bytes)
    }

    fn try_encode_udaf(&self, function: &AggregateUDF, bytes: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_udaf(function, bytes)
    }

    fn try_decode_udwf(&self, name: &str, bytes: &[u8]) -> Result<Arc<WindowUDF>> {
        self.inner.try_decode_udwf(name, bytes)
    }

    fn try_encode_udwf(&self, function: &WindowUDF, bytes: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_udwf(function, bytes)
    }
}

impl PhysicalExtensionCodec for PolicyCodec<dyn PhysicalExtensionCodec> {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.inner.try_decode(bytes, inputs, context, converter)
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        bytes: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        self.inner.try_encode(node, bytes, converter)
    }

    fn try_decode_udf(&self, name: &str, bytes: &[u8]) -> Result<Arc<ScalarUDF>> {
        decode(name, bytes).unwrap_or_else(|| self.inner.try_decode_udf(name, bytes))
    }

    fn try_encode_udf(&self, function: &ScalarUDF, bytes: &mut Vec<u8>) -> Result<()> {
        if encode(function, bytes) {
            return Ok(());
        }
        self.inner.try_encode_udf(function, bytes)
    }

    fn try_decode_udaf(&self, name: &str, bytes: &[u8]) -> Result<Arc<AggregateUDF>> {
        self.inner.try_decode_udaf(name, bytes)
    }

    fn try_encode_udaf(&self, function: &AggregateUDF, bytes: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_udaf(function, bytes)
    }

    fn try_decode_udwf(&self, name: &str, bytes: &[u8]) -> Result<Arc<WindowUDF>> {
        self.inner.try_decode_udwf(name, bytes)
    }

    fn try_encode_udwf(&self, function: &WindowUDF, bytes: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_udwf(function, bytes)
    }
}
