//! `agentos eval`: policies, then a request a line in, a decision a line out.
//!
//! Each line is answered before the next one is waited for, so that the verb
//! serves as well at the end of a file as behind a program that asks one
//! question at a time.

use std::{
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use agentos_runtime::{Engine, Report, Request, RequestSource, Spoke};
use serde::Serialize;

use crate::{
    Status, input,
    output::{self, Failure},
    spoken::Spoken,
    tables,
};

/// Answers requests: one a line in, one decision a line out.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  agentos eval --policy mail.policy < requests.jsonl
  agentos eval --policy mail.agentos --input requests.jsonl --explain
  echo '{\"agent_id\": \"a1\", \"action\": \"send_email\", \"params\": {\"to\": \"x@y.z\"}}' |
      agentos eval --policy mail.policy

A request that names no policies is judged by all that are given. A line that is
no request is denied, and the rest goes on. Warnings about the policies are only
counted: `agentos validate` shows them.")]
pub(crate) struct Eval {
    /// Policy files, or artifacts that `agentos compile` made.
    #[arg(long = "policy", value_name = "FILE", required = true, num_args = 1..)]
    policies: Vec<PathBuf>,
    /// Where requests are read from; `-` is standard input.
    #[arg(long, value_name = "FILE", default_value = "-")]
    input: PathBuf,
    /// Adds the rules that spoke, with what each of their clauses came to.
    #[arg(long)]
    explain: bool,
}

pub(crate) fn run(verb: &Eval) -> Result<Status, Failure> {
    let Some(engine) = tables::open(&verb.policies)? else {
        return Ok(Status::Findings);
    };
    let answered = if verb.input == Path::new("-") {
        answer(&engine, io::stdin().lock(), verb.explain)
    } else {
        let file = input::open(&verb.input).map_err(|unread| Failure::Unread(vec![unread]))?;
        answer(&engine, file, verb.explain)
    };
    answered.map(|()| Status::Fine)
}

fn answer(engine: &Engine, requests: impl io::Read, explain: bool) -> Result<(), Failure> {
    let mut requests = BufReader::with_capacity(1 << 16, requests);
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut line = Vec::new();
    loop {
        // Nobody is kept waiting for an answer that is there.
        if requests.buffer().is_empty()
            && let Err(error) = out.flush()
        {
            return output::closed_is_fine(Err(error));
        }
        line.clear();
        match input::next_line(&mut requests, &mut line) {
            Ok(true) => {}
            Ok(false) => return output::closed_is_fine(out.flush()),
            Err(error) => return Err(Failure::Pipe("cannot read requests", error)),
        }
        let written = decide(engine, &line, explain, &mut out).and_then(|()| out.write_all(b"\n"));
        if written.is_err() {
            return output::closed_is_fine(written);
        }
    }
}

fn decide(engine: &Engine, line: &[u8], explain: bool, out: &mut impl Write) -> io::Result<()> {
    let request = match Request::from_json(line, RequestSource::Host) {
        Ok(request) => request,
        Err(error) => return write(out, &Report::bad_request(&error), explain.then(Vec::new)),
    };
    let report = engine.report(&engine.decide(&request), &request);
    write(out, &report, explain.then(|| engine.explain(&request)))
}

/// A report, with one more key under `--explain`.
#[derive(Serialize)]
struct Line<'l> {
    #[serde(flatten)]
    report: &'l Report,
    explain: Vec<Spoken>,
}

fn write(out: &mut impl Write, report: &Report, spoke: Option<Vec<Spoke<'_>>>) -> io::Result<()> {
    let Some(spoke) = spoke else {
        return Ok(serde_json::to_writer(out, report)?);
    };
    let explain = spoke.iter().map(Spoken::new).collect();
    Ok(serde_json::to_writer(out, &Line { report, explain })?)
}
