//! The `agentos-scale` command: logs and artifacts in, which decisions change out.
//!
//! 0: fine; 1: lines that are no requests; 2: the call itself is wrong.

#![forbid(unsafe_code)]

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use agentos_compiler::{
    finding::visible,
    replay::{Outcome, json, markdown, text},
};
use agentos_scale::{
    Policies,
    log::register_logs,
    register,
    replay::{self, NEW, OLD},
};
use clap::Parser;
use datafusion::{
    arrow::util::pretty::pretty_format_batches,
    prelude::{SessionConfig, SessionContext},
};

/// Decides recorded requests again, in parts, and says which decisions change.
#[derive(Parser)]
#[command(
    name = "agentos-scale",
    version,
    after_help = "\
Examples:
  agentos compile new.policy -o new.agentos
  agentos-scale day-*.parquet --policy new.agentos --against old.agentos
  agentos-scale day.jsonl --policy new.agentos --format json
  agentos-scale day.jsonl --policy new.agentos --explain

Logs are those of `agentos replay`: Parquet, or lines of JSON, plain or packed with
gzip (.gz) or zstd (.zst)."
)]
struct Cli {
    /// Files of recorded requests.
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<String>,
    /// The policies to decide by: an artifact that `agentos compile` made.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The policies to compare with [default: what was recorded]
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Into how many parts work is cut [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    partitions: Option<u16>,
    /// Shows no requests.
    #[arg(long)]
    no_examples: bool,
    /// Prints the plan instead of running it.
    #[arg(long)]
    explain: bool,
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

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Cli::parse()).await {
        Ok(code) => code,
        Err(message) => {
            // Where standard error is gone, nobody is there to be told so.
            let _ = writeln!(io::stderr().lock(), "error: {message}");
            ExitCode::from(2)
        }
    }
}

async fn run(cli: &Cli) -> Result<ExitCode, String> {
    let mut artifacts = vec![(NEW, artifact(&cli.policy)?)];
    if let Some(against) = &cli.against {
        artifacts.push((OLD, artifact(against)?));
    }
    let policies =
        Arc::new(Policies::new(artifacts).map_err(|error| {
            format!("{error}\nhelp: `agentos compile FILES… -o FILE` makes one")
        })?);
    let mut config = SessionConfig::new();
    if let Some(partitions) = cli.partitions {
        config = config.with_target_partitions(usize::from(partitions));
    }
    let context = SessionContext::new_with_config(config);
    register(&context, &policies);
    let failed = |error: datafusion::error::DataFusionError| {
        visible(error.strip_backtrace().trim_end()).into_owned()
    };
    register_logs(&context, "log", &cli.logs)
        .await
        .map_err(failed)?;
    let plan = replay::sql("log", cli.against.is_some(), !cli.no_examples);
    let mut frame = context.sql(&plan).await.map_err(failed)?;
    if cli.explain {
        frame = frame.explain(false, false).map_err(failed)?;
    }
    let batches = frame.collect().await.map_err(failed)?;
    if cli.explain {
        let plan = pretty_format_batches(&batches).map_err(|error| error.to_string())?;
        print(&format!("{plan}\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let log = match cli.logs.as_slice() {
        [log] => log.clone(),
        logs => format!("{} logs", logs.len()),
    };
    let outcome = replay::outcome(&batches, &policies, &log).map_err(failed)?;
    complain(&outcome);
    print(&match cli.format {
        Format::Text => text::render(&outcome),
        Format::Json => json::render(&outcome),
        Format::Markdown => markdown::render(&outcome),
    })?;
    Ok(ExitCode::from(u8::from(outcome.unreadable > 0)))
}

fn artifact(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| {
        let path = path.display().to_string();
        format!("cannot read `{}`: {error}", visible(&path))
    })
}

/// Says how many lines are no requests, and what is wrong with one of them.
fn complain(outcome: &Outcome) {
    for line in &outcome.unreadable_lines {
        let message = format!("{}: {}", visible(&line.at), visible(&line.message));
        let _ = writeln!(io::stderr().lock(), "error: {message}");
    }
}

fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("cannot write to standard output: {error}"))
        }
        _ => Ok(()),
    }
}
