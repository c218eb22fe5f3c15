//! A table of lines in, which decisions change out: what `agentos replay` counts, as
//! a plan that may run in parts.

use agentos_compiler::replay::{Basis, Cause, Judges, Line, LineAt, Outcome, Tally};
use agentos_runtime::{Effect, Record, RequestSource};
use datafusion::{
    arrow::{
        array::{Array as _, AsArray as _, RecordBatch, StringArray},
        compute::cast,
        datatypes::{DataType, Int64Type},
    },
    common::{exec_datafusion_err, exec_err},
    error::Result,
};

use crate::{Policies, log::LINE};

/// What the policies are called that decide now.
pub const NEW: &str = "new";
/// What the policies are called that decided before.
pub const OLD: &str = "old";

const EFFECTS: [Effect; 5] = [
    Effect::Allow,
    Effect::Audit,
    Effect::Defer,
    Effect::Escalate,
    Effect::Deny,
];

/// The plan: how many lines of `view` have each pair of answers, and one of the
/// shortest whose answer changed.
///
/// The policies called [`NEW`] decide; with `against`, those called [`OLD`] before,
/// else what is recorded did.
pub fn sql(view: &str, against: bool, examples: bool) -> String {
    let before = if against {
        format!("agentos_decide('{OLD}', {LINE})")
    } else {
        format!("agentos_recorded({LINE})")
    };
    // Answers are made below; what takes them apart stands above, so that each line
    // is decided once.
    let example = if examples {
        format!(
            "first_value({LINE} ORDER BY octet_length({LINE}), {LINE}) \
             FILTER (WHERE after['effect'] <> before['effect'])"
        )
    } else {
        "CAST(NULL AS VARCHAR)".to_owned()
    };
    format!(
        "SELECT after['effect'] AS new_effect, after['cause'] AS new_cause, \
         after['policy'] AS new_policy, after['rule'] AS new_rule, \
         before['effect'] AS old_effect, before['cause'] AS old_cause, \
         before['policy'] AS old_policy, before['rule'] AS old_rule, \
         after['error'] IS NOT NULL AS unreadable, \
         min(after['at']) AS new_at, min(before['at']) AS old_at, \
         min(after['error']) AS error, count(*) AS requests, {example} AS example \
         FROM (SELECT {LINE}, agentos_decide('{NEW}', {LINE}) AS after, {before} AS before \
         FROM {view}) \
         GROUP BY after['effect'], after['cause'], after['policy'], after['rule'], \
         before['effect'], before['cause'], before['policy'], before['rule'], \
         after['error'] IS NOT NULL"
    )
}

/// What came of the plan: the outcome that `agentos replay` would have given, but
/// that examples are named by `log`, without their lines.
///
/// # Errors
///
/// Batches that the plan did not make.
pub fn outcome(batches: &[RecordBatch], policies: &Policies, log: &str) -> Result<Outcome> {
    let Some(new) = policies.engine(NEW) else {
        return exec_err!("no policies are called `{NEW}`");
    };
    let judges = Judges {
        new,
        old: policies.engine(OLD),
    };
    let all: Vec<Groups> = batches.iter().map(Groups::of).collect::<Result<_>>()?;
    let mut tally = Tally::new(1);
    for groups in &all {
        for row in 0..groups.requests.len() {
            groups.add(row, &mut tally)?;
        }
    }
    Ok(tally.finish(judges, &[log.to_owned()]))
}

/// Where a line stands is not known.
const SOMEWHERE: LineAt = LineAt { log: 0, line: 0 };

struct Groups {
    new: Bases,
    old: Bases,
    error: StringArray,
    example: StringArray,
    requests: Vec<i64>,
}

struct Bases {
    effect: StringArray,
    cause: StringArray,
    policy: StringArray,
    rule: StringArray,
    at: StringArray,
}

impl Groups {
    fn of(batch: &RecordBatch) -> Result<Groups> {
        let text = |name: &str| texts(batch, name);
        let bases = |when: &str| -> Result<Bases> {
            Ok(Bases {
                effect: text(&format!("{when}_effect"))?,
                cause: text(&format!("{when}_cause"))?,
                policy: text(&format!("{when}_policy"))?,
                rule: text(&format!("{when}_rule"))?,
                at: text(&format!("{when}_at"))?,
            })
        };
        let requests = column(batch, "requests")?;
        let requests = cast(requests, &DataType::Int64)?;
        Ok(Groups {
            new: bases("new")?,
            old: bases("old")?,
            error: text("error")?,
            example: text("example")?,
            requests: requests.as_primitive::<Int64Type>().values().to_vec(),
        })
    }

    fn add<'g>(&'g self, row: usize, tally: &mut Tally<'g>) -> Result<()> {
        let requests = self.requests.get(row).copied().unwrap_or_default();
        let requests = u64::try_from(requests).unwrap_or_default();
        if let Some(error) = cell(&self.error, row) {
            tally.add_all_unreadable(requests, SOMEWHERE, error);
            return Ok(());
        }
        // A line of white space alone has no answer.
        let Some(new) = self.new.basis(row)? else {
            return Ok(());
        };
        let example = cell(&self.example, row).map(str::as_bytes);
        let line = example.map(|line| {
            let record = Record::from_json(line, RequestSource::Host);
            let request = record.ok().and_then(|record| line.get(record.span));
            Line {
                at: SOMEWHERE,
                text: request.unwrap_or(line),
            }
        });
        tally.add_all(new, self.old.basis(row)?, requests, line);
        Ok(())
    }
}

impl Bases {
    fn basis(&self, row: usize) -> Result<Option<Basis<'_>>> {
        let Some(effect) = cell(&self.effect, row) else {
            return Ok(None);
        };
        let known = EFFECTS.into_iter().find(|known| known.name() == effect);
        let Some(effect) = known else {
            return exec_err!("no effect is called `{effect}`");
        };
        let cause = cell(&self.cause, row).unwrap_or_default();
        let Some(cause) = Cause::ALL.into_iter().find(|known| known.name() == cause) else {
            return exec_err!("no cause is called `{cause}`");
        };
        let text = |column| cell(column, row).map(Into::into);
        Ok(Some(Basis::spelled(
            effect,
            cause,
            text(&self.policy),
            text(&self.rule),
            text(&self.at),
        )))
    }
}

fn cell(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

fn texts(batch: &RecordBatch, name: &str) -> Result<StringArray> {
    let texts = cast(column(batch, name)?, &DataType::Utf8)?;
    Ok(texts.as_string::<i32>().clone())
}

fn column<'b>(
    batch: &'b RecordBatch,
    name: &str,
) -> Result<&'b datafusion::arrow::array::ArrayRef> {
    let column = batch.column_by_name(name);
    column.ok_or_else(|| exec_datafusion_err!("the plan has no column `{name}`"))
}
