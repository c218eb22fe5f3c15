//! A plan as bytes, and back in a session that knows nothing of it.

use std::{fs, sync::Arc};

use agentos_scale::{PolicyCodec, log::register_logs, register, replay};
use datafusion::{
    arrow::{array::RecordBatch, util::pretty::pretty_format_batches},
    physical_plan::collect,
    prelude::SessionContext,
};
use datafusion_proto::{
    bytes::{
        logical_plan_from_bytes_with_extension_codec, logical_plan_to_bytes_with_extension_codec,
        physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
    },
    logical_plan::LogicalExtensionCodec,
    physical_plan::PhysicalExtensionCodec,
};

/// A session with the functions and a log, and the plan over it.
async fn session(log: &str) -> (SessionContext, String) {
    let context = SessionContext::new();
    register(&context, &crate::policies());
    register_logs(&context, "log", &[log.to_owned()])
        .await
        .unwrap();
    (context, replay::sql("log", true, true))
}

fn sorted(batches: &[RecordBatch]) -> Vec<String> {
    let table = pretty_format_batches(batches).unwrap().to_string();
    let mut lines: Vec<String> = table.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn plans_mean_the_same_where_nothing_is_registered() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("day.jsonl");
    fs::write(&log, crate::LOG).unwrap();
    let (context, sql) = session(&log.display().to_string()).await;
    let frame = context.sql(&sql).await.unwrap();
    let expected = sorted(&frame.clone().collect().await.unwrap());
    assert!(
        expected.iter().any(|line| line.contains("no-x")),
        "{expected:?}"
    );

    let elsewhere = SessionContext::new();
    let codec: &dyn PhysicalExtensionCodec = &PolicyCodec::physical();
    let plan = frame.clone().create_physical_plan().await.unwrap();
    let bytes = physical_plan_to_bytes_with_extension_codec(plan, codec).unwrap();
    let task = elsewhere.task_ctx();
    let plan = physical_plan_from_bytes_with_extension_codec(&bytes, &task, codec).unwrap();
    let found = collect(plan, task).await.unwrap();
    assert_eq!(sorted(&found), expected);

    let codec: &dyn LogicalExtensionCodec = &PolicyCodec::logical();
    let plan = frame.into_optimized_plan().unwrap();
    let bytes = logical_plan_to_bytes_with_extension_codec(&plan, codec).unwrap();
    let task = elsewhere.task_ctx();
    let plan = logical_plan_from_bytes_with_extension_codec(&bytes, &task, codec).unwrap();
    let found = elsewhere.execute_logical_plan(plan).await.unwrap();
    assert_eq!(sorted(&found.collect().await.unwrap()), expected);
}

#[tokio::test]
async fn damaged_policies_are_refused_and_other_functions_are_left_to_others() {
    let codec: &dyn PhysicalExtensionCodec = &PolicyCodec::physical();
    let functions = agentos_scale::deciding(&crate::policies());
    for function in &functions {
        let mut bytes = Vec::new();
        codec.try_encode_udf(function, &mut bytes).unwrap();
        let again = codec.try_decode_udf(function.name(), &bytes).unwrap();
        assert_eq!(*again, *function);
        bytes.pop();
        let error = codec.try_decode_udf(function.name(), &bytes).unwrap_err();
        assert!(
            error.to_string().contains("these bytes are no policies"),
            "{error}"
        );
        assert!(codec.try_decode_udf(function.name(), &[]).is_err());
        let mut bytes = Vec::new();
        let other = Arc::clone(&datafusion::functions::string::octet_length());
        codec.try_encode_udf(&other, &mut bytes).unwrap();
        assert!(bytes.is_empty());
    }
}
