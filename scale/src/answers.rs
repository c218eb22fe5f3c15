//! What decides each row in, a column of structs out.

use std::{collections::HashMap, sync::Arc};

use agentos_compiler::replay::Basis;
use agentos_runtime::{Engine, table::Place};
use datafusion::{
    arrow::{
        array::{ArrayRef, NullBufferBuilder, StringBuilder, StructArray},
        datatypes::{DataType, Field, Fields},
    },
    error::Result,
};

/// The fields of an answer, all of them texts that may be null.
const FIELDS: [&str; 6] = ["effect", "cause", "policy", "rule", "at", "error"];

/// The type of an answer.
pub(crate) fn answer_type() -> DataType {
    DataType::Struct(fields())
}

fn fields() -> Fields {
    let field = |name| Field::new(name, DataType::Utf8, true);
    FIELDS.map(field).into_iter().collect()
}

/// Answers, row by row.
pub(crate) struct Answers {
    columns: [StringBuilder; FIELDS.len()],
    are_there: NullBufferBuilder,
    /// Places that were written out, since rows share them.
    places: HashMap<(u32, u32, u32), String>,
}

impl Answers {
    pub(crate) fn new(rows: usize) -> Answers {
        Answers {
            columns: std::array::from_fn(|_| StringBuilder::with_capacity(rows, rows * 8)),
            are_there: NullBufferBuilder::new(rows),
            places: HashMap::new(),
        }
    }

    /// A row that somebody decided; places of tables are in the sources of `engine`.
    pub(crate) fn decided(&mut self, basis: &Basis<'_>, at: Option<(Place, &Engine)>) {
        let spelled = at.map(|(place, engine)| {
            let key = (place.source, place.line, place.column);
            let spelled = self.places.entry(key);
            spelled.or_insert_with(|| engine.spell(place)).as_str()
        });
        let cells = [
            Some(basis.effect.name()),
            Some(basis.cause.name()),
            basis.policy.as_deref(),
            basis.rule.as_deref(),
            spelled.or(basis.spelled_at()),
            None,
        ];
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.append_option(cell);
        }
        self.are_there.append_non_null();
    }

    /// A row that is no request.
    pub(crate) fn unreadable(&mut self, message: &str) {
        let (error, others) = self.columns.split_last_mut().unzip();
        for column in others.into_iter().flatten() {
            column.append_null();
        }
        if let Some(error) = error {
            error.append_value(message);
        }
        self.are_there.append_non_null();
    }

    /// A row that says nothing.
    pub(crate) fn nothing(&mut self) {
        for column in &mut self.columns {
            column.append_null();
        }
        self.are_there.append_null();
    }

    pub(crate) fn finish(mut self) -> Result<ArrayRef> {
        let columns = self
            .columns
            .into_iter()
            .map(|mut column| Arc::new(column.finish()) as ArrayRef);
        let answers = StructArray::try_new(fields(), columns.collect(), self.are_there.finish())?;
        Ok(Arc::new(answers))
    }
}
