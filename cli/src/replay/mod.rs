//! `agentos replay`: recorded requests and policies in, which decisions change out.

mod log;
#[cfg(feature = "parquet")]
mod rows;
mod work;

use std::path::PathBuf;

use agentos_compiler::{
    finding::visible,
    replay::{Judges, MOST_EXAMPLES, Outcome, json, markdown, text},
};

use crate::{
    Status,
    output::{self, Failure},
    tables,
};

/// Decides recorded requests again, and says which decisions change.
#[derive(clap::Args)]
#[command(override_usage = "agentos replay <LOG>... --policy <FILE>... [OPTIONS]")]
#[command(after_help = "\
Examples:
  agentos replay day.jsonl --policy new.policy --against old.policy
  agentos replay day.jsonl.gz night.parquet --policy policies/*.policy
  zcat day.jsonl.gz | agentos replay - --policy new.policy --fail-on looser
  agentos replay day.jsonl --policy new.policy --against old.policy --format markdown

A log has a request a line, as `agentos eval` takes it, or a record a line: an
object with `request` and `decision` (or `effect`), or a request with one of these
keys. It may be packed with gzip or zstd. A Parquet file has a column `request`
with requests as JSON, or columns `action`, `agent_id`, `id`, `stage` and, as JSON,
`params`, `context`, `attested`, `policies`; and `decision` or `effect`.

Decisions are compared with those of `--against`, else with the recorded ones; with
neither, they are counted by the rules they stand on. Empty lines are passed over.

Ends with 1 when a line is no request (see `--skip-unreadable`), when what
`--fail-on` names happened, or when a policy has an error.")]
pub(crate) struct Replay {
    /// Files of recorded requests; `-` is standard input.
    #[arg(value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// The policies to decide by: files, or artifacts that `agentos compile` made.
    #[arg(long = "policy", value_name = "FILE", required = true, num_args = 1..)]
    policies: Vec<PathBuf>,
    /// The policies to compare with [default: what was recorded]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    against: Vec<PathBuf>,
    /// How many requests are shown for each group of changes, the shortest first.
    #[arg(long, value_name = "N", default_value_t = 3, 
        value_parser = clap::value_parser!(u8).range(..=i64::from(MOST_EXAMPLES)))]
    examples: u8,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Ends with 1 when a decision changed so.
    #[arg(long, value_enum, value_name = "CHANGE")]
    fail_on: Option<FailOn>,
    /// Does not end with 1 because of lines that are no requests.
    #[arg(long)]
    skip_unreadable: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One document with everything.
    Json,
    /// The comment of a pull request.
    Markdown,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// An answer became milder.
    Looser,
    /// An answer became stricter.
    Stricter,
    /// An answer changed.
    Any,
}

pub(crate) fn run(verb: &Replay) -> Result<Status, Failure> {
    if verb.logs.is_empty() {
        let message = "no log is named\n\
            help: name it before `--policy`, which takes all the files that follow it; \
            `-` is standard input";
        return Err(Failure::Usage(message.to_owned()));
    }
    let logs = log::Logs::find(&verb.logs)?;
    let Some(new) = tables::open(&verb.policies)? else {
        return Ok(Status::Findings);
    };
    let old = if verb.against.is_empty() {
        None
    } else {
        match tables::open(&verb.against)? {
            Some(old) => Some(old),
            None => return Ok(Status::Findings),
        }
    };
    let judges = Judges {
        new: &new,
        old: old.as_ref(),
    };
    let tally = work::replay(&logs, judges, usize::from(verb.examples))?;
    let outcome = tally.finish(judges, &logs.names);
    complain(&outcome);
    output::print(&match verb.format {
        Format::Text => text::render(&outcome),
        Format::Json => json::render(&outcome),
        Format::Markdown => markdown::render(&outcome),
    })?;
    status(verb, &outcome)
}

/// Names the first lines that are no requests.
fn complain(outcome: &Outcome) {
    for line in &outcome.unreadable_lines {
        output::complain(&format!(
            "error: {}: {}\n",
            visible(&line.at),
            visible(&line.message)
        ));
    }
    let more = outcome.unreadable - outcome.unreadable_lines.len() as u64;
    if more > 0 {
        let lines = if more == 1 { "line is" } else { "lines are" };
        output::complain(&format!("error: {more} more {lines} no request\n"));
    }
}

fn status(verb: &Replay, outcome: &Outcome) -> Result<Status, Failure> {
    // What cannot be told has not passed.
    if verb.fail_on.is_some() && outcome.requests > 0 && outcome.compared == 0 {
        let message = "`--fail-on` has nothing to compare with, as no line says what was decided\n\
            help: name the policies before this change with `--against`";
        return Err(Failure::Usage(message.to_owned()));
    }
    let has_failed = match verb.fail_on {
        None => false,
        Some(FailOn::Looser) => outcome.looser > 0,
        Some(FailOn::Stricter) => outcome.stricter > 0,
        Some(FailOn::Any) => outcome.changed > 0,
    };
    let is_unread = outcome.unreadable > 0 && !verb.skip_unreadable;
    Ok(if has_failed || is_unread {
        Status::Findings
    } else {
        Status::Fine
    })
}
