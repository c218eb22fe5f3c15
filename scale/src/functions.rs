//! Policies in, the functions of SQL that ask them out.
//!
//! | function | gives |
//! |---|---|
//! | `agentos_decide(name, line)` | what the policies of that name decide: a struct of `effect`, `cause`, `policy`, `rule`, `at`, `error` |
//! | `agentos_reason(name, line)` | why, for people |
//! | `agentos_recorded(line)` | what the line says was decided, in the same struct; null where it says nothing |
//! | `agentos_line(columns)` | a struct of a log's columns as a line |
//!
//! A line is what a log of `agentos replay` has in a line. What is no request has an
//! `error` and no `effect`; a line of white space alone is null.

use std::{any::Any, fmt::Debug, sync::Arc};

use agentos_compiler::replay::{
    Basis,
    columns::{self, Column},
};
use agentos_runtime::{Engine, Record, RequestSource};
use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray as _, StringArray, StringBuilder, StructArray},
        compute::cast,
        datatypes::{DataType, Field, FieldRef},
    },
    common::{ScalarValue, exec_err, plan_err},
    error::Result,
    logical_expr::{
        ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
        Volatility,
    },
    prelude::SessionContext,
};

use crate::{
    Policies,
    answers::{Answers, answer_type},
};

/// Written before UTF-8 by some programs; it says nothing.
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Makes all functions known to a session, and has its optimizer leave calls where
/// they stand: it would copy a call to each field of the answer that is looked at, and
/// decide each line as often.
pub fn register(context: &SessionContext, policies: &Arc<Policies>) {
    let state = context.state_ref();
    let mut state = state.write();
    let options = state.config_mut().options_mut();
    options.optimizer.enable_leaf_expression_pushdown = false;
    drop(state);
    for function in deciding(policies) {
        context.register_udf(function);
    }
}

/// All functions, those that ask policies with these.
pub fn deciding(policies: &Arc<Policies>) -> Vec<ScalarUDF> {
    ALL.into_iter()
        .map(|question| function(question, Arc::clone(policies)))
        .collect()
}

/// The function of a name, with its policies.
pub(crate) fn named(name: &str, policies: Arc<Policies>) -> Option<ScalarUDF> {
    let question = ALL.into_iter().find(|question| question.name() == name)?;
    Some(function(question, policies))
}

/// The policies of a function, where it is one of ours.
pub(crate) fn policies_of(function: &ScalarUDF) -> Option<&Policies> {
    let function: &dyn Any = &**function.inner();
    let function = function.downcast_ref::<Function>()?;
    Some(&function.policies)
}

fn function(question: Question, policies: Arc<Policies>) -> ScalarUDF {
    ScalarUDF::from(Function {
        question,
        policies,
        signature: Signature::user_defined(Volatility::Immutable),
    })
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Question {
    Decide,
    Reason,
    Recorded,
    Line,
}

const ALL: [Question; 4] = [
    Question::Decide,
    Question::Reason,
    Question::Recorded,
    Question::Line,
];

impl Question {
    fn name(self) -> &'static str {
        match self {
            Question::Decide => "agentos_decide",
            Question::Reason => "agentos_reason",
            Question::Recorded => "agentos_recorded",
            Question::Line => "agentos_line",
        }
    }

    /// How it is called.
    fn usage(self) -> &'static str {
        match self {
            Question::Decide => "agentos_decide('NAME', line)",
            Question::Reason => "agentos_reason('NAME', line)",
            Question::Recorded => "agentos_recorded(line)",
            Question::Line => "agentos_line(named_struct('action', action, …))",
        }
    }

    fn asks_policies(self) -> bool {
        match self {
            Question::Decide | Question::Reason => true,
            Question::Recorded | Question::Line => false,
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    question: Question,
    policies: Arc<Policies>,
    signature: Signature,
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.question.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.question {
            Question::Decide | Question::Recorded => answer_type(),
            Question::Reason | Question::Line => DataType::Utf8,
        })
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        if self.question.asks_policies() {
            // A mistake in the name is told before anything is read.
            self.engine(args.scalar_arguments.first().copied().flatten())?;
        }
        let field = Field::new(self.name(), self.return_type(&[])?, true);
        Ok(Arc::new(field))
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let is_text = |given: &DataType| {
            matches!(
                given,
                DataType::Utf8
                    | DataType::LargeUtf8
                    | DataType::Utf8View
                    | DataType::Binary
                    | DataType::LargeBinary
                    | DataType::BinaryView
                    | DataType::Null
            )
        };
        match (self.question, given) {
            (Question::Decide | Question::Reason, [name, line])
                if is_text(name) && is_text(line) =>
            {
                Ok(vec![DataType::Utf8; 2])
            }
            (Question::Recorded, [line]) if is_text(line) => Ok(vec![DataType::Utf8]),
            (Question::Line, [columns @ DataType::Struct(_)]) => Ok(vec![columns.clone()]),
            _ => plan_err!(
                "it is called `{}`, and not with {given:?}",
                self.question.usage()
            ),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let is_constant = args
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        // All rows are alike where nothing differs: one of them is enough.
        let rows = if is_constant { 1 } else { rows };
        let name = match args.args.first() {
            Some(ColumnarValue::Scalar(name)) if self.question.asks_policies() => Some(name),
            _ => None,
        };
        let Some(last) = args.args.last() else {
            return exec_err!("it is called `{}`", self.question.usage());
        };
        let last = last.to_array(rows)?;
        let answers = match self.question {
            Question::Decide => self.decide(name, lines(&last)?)?,
            Question::Reason => self.reason(name, lines(&last)?)?,
            Question::Recorded => recorded(lines(&last)?)?,
            Question::Line => written(last.as_struct())?,
        };
        if is_constant {
            let answer = ScalarValue::try_from_array(&answers, 0)?;
            return Ok(ColumnarValue::Scalar(answer));
        }
        Ok(ColumnarValue::Array(answers))
    }
}

impl Function {
    /// The engine of the policies of a name, which is the same for all rows.
    fn engine(&self, name: Option<&ScalarValue>) -> Result<&Engine> {
        let Some(name) = name.and_then(|name| name.try_as_str().flatten()) else {
            return plan_err!(
                "the policies are named by a text that is the same for all rows: `{}`",
                self.question.usage()
            );
        };
        if let Some(engine) = self.policies.engine(name) {
            return Ok(engine);
        }
        let names = self.policies.names().map(|name| format!("`{name}`"));
        let names: Vec<String> = names.collect();
        plan_err!(
            "no policies are called `{name}`, but these are: {}",
            names.join(", ")
        )
    }

    fn decide(&self, name: Option<&ScalarValue>, lines: &StringArray) -> Result<ArrayRef> {
        let engine = self.engine(name)?;
        let mut answers = Answers::new(lines.len());
        for line in lines {
            match read(line) {
                Ok(None) => answers.nothing(),
                Err(message) => answers.unreadable(&message),
                Ok(Some(record)) => {
                    let decision = engine.decide(&record.request);
                    let at = decision.at().map(|at| (at, engine));
                    answers.decided(&Basis::from(&decision), at);
                }
            }
        }
        answers.finish()
    }

    fn reason(&self, name: Option<&ScalarValue>, lines: &StringArray) -> Result<ArrayRef> {
        let engine = self.engine(name)?;
        let mut reasons = StringBuilder::new();
        for line in lines {
            match read(line) {
                Ok(None) | Err(_) => reasons.append_null(),
                Ok(Some(record)) => {
                    let decision = engine.decide(&record.request);
                    reasons.append_value(engine.report(&decision, &record.request).reason);
                }
            }
        }
        Ok(Arc::new(reasons.finish()))
    }
}

fn recorded(lines: &StringArray) -> Result<ArrayRef> {
    let mut answers = Answers::new(lines.len());
    for line in lines {
        match read(line) {
            Ok(None) => answers.nothing(),
            Err(message) => answers.unreadable(&message),
            Ok(Some(record)) => match record.decision {
                Some(decision) => answers.decided(&Basis::from(decision), None),
                None => answers.nothing(),
            },
        }
    }
    answers.finish()
}

/// Rows of a struct as lines; null where a row is none.
fn written(rows: &StructArray) -> Result<ArrayRef> {
    let read = match columns::read_of(&rows.column_names()) {
        Ok(read) => read,
        Err(message) => return exec_err!("`agentos_line`: {message}"),
    };
    let mut columns: Vec<(Column, StringArray)> = Vec::new();
    for column in read {
        let Some(cells) = rows.column_by_name(column.name) else {
            continue;
        };
        columns.push((column, cast(cells, &DataType::Utf8)?.as_string().clone()));
    }
    let mut lines = StringBuilder::new();
    let mut line = Vec::new();
    for row in 0..rows.len() {
        line.clear();
        let cells = columns.iter().map(|(column, cells)| {
            let cell = cells.is_valid(row).then(|| cells.value(row).as_bytes());
            (*column, cell)
        });
        let is_line = columns::write_line(cells, &mut line).is_ok();
        lines.append_option(std::str::from_utf8(&line).ok().filter(|_| is_line));
    }
    Ok(Arc::new(lines.finish()))
}

/// What a line of a log says; nothing where it is empty, and an error where it is
/// no request.
fn read(line: Option<&str>) -> Result<Option<Record<'_>>, String> {
    let line = line.ok_or("no request: a cell is null, or is not JSON")?;
    let line = line.as_bytes();
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    // The log is the host's own.
    let record = Record::from_json(line, RequestSource::Host);
    record.map(Some).map_err(|error| error.to_string())
}

fn lines(array: &ArrayRef) -> Result<&StringArray> {
    let Some(lines) = array.as_string_opt() else {
        return exec_err!("lines are texts, and not {}", array.data_type());
    };
    Ok(lines)
}
