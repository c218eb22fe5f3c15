//! The `agentos` command: arguments in, an exit code out.
//!
//! One file a verb. Results go to standard output, diagnostics to standard
//! error. 0: fine; 1: findings, where the verb reports by status, or a conversation
//! cut off; 2: the call itself is wrong; 130: interrupted.

#![forbid(unsafe_code)]

mod compile;
mod completions;
mod diff;
mod eval;
mod explain;
mod fmt;
mod graph;
mod input;
mod lsp;
mod output;
mod replay;
mod revision;
mod spoken;
mod tables;
mod test;
mod validate;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Checks, compiles and asks the policies that AI agents run under.
#[derive(Parser)]
#[command(
    name = "agentos",
    version,
    max_term_width = 100,
    arg_required_else_help = false,
    subcommand_required = false,
    after_help = "\
Examples:
  agentos validate --strict             check the policies of this project
  agentos test --coverage               run the cases beside them
  agentos eval --policy mail.policy     a request a line in, a decision a line out
  agentos compile mail.policy -o mail.agentos
  agentos diff main:policies policies   what a change means, with a request for each
  agentos replay day.jsonl --policy new.policy --against old.policy
  agentos explain AOS0104               what a finding means and what to do

Exit codes: 0 fine, 1 findings, 2 the call itself is wrong, 130 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    Validate(validate::Validate),
    Test(test::Test),
    Eval(eval::Eval),
    Compile(compile::Compile),
    Explain(explain::Explain),
    Fmt(fmt::Fmt),
    Graph(graph::Graph),
    Replay(replay::Replay),
    Diff(diff::Diff),
    Lsp(lsp::Lsp),

    Completions(completions::Completions),
}

/// How a verb that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// 0
    Fine,
    /// 1
    Findings,
    /// 1: whoever it spoke with is gone without a word.
    CutOff,
    /// 130
    Interrupted,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // What cannot be printed has nowhere to be reported.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let outcome = match cli.verb {
        None => output::print(&Cli::command().render_help().to_string()).map(|()| Status::Fine),
        Some(Verb::Validate(verb)) => validate::run(&verb),
        Some(Verb::Test(verb)) => test::run(&verb),
        Some(Verb::Eval(verb)) => eval::run(&verb),
        Some(Verb::Compile(verb)) => compile::run(&verb),
        Some(Verb::Explain(verb)) => explain::run(&verb),
        Some(Verb::Fmt(verb)) => fmt::run(&verb),
        Some(Verb::Graph(verb)) => graph::run(&verb),
        Some(Verb::Replay(verb)) => replay::run(&verb),
        Some(Verb::Diff(verb)) => diff::run(&verb),
        Some(Verb::Lsp(verb)) => lsp::run(&verb),

        Some(Verb::Completions(verb)) => completions::run(&verb),
    };
    match outcome {
        Ok(Status::Fine) => ExitCode::SUCCESS,
        Ok(Status::Findings | Status::CutOff) => ExitCode::from(1),
        Ok(Status::Interrupted) => ExitCode::from(130),
        Err(failure) => {
            output::report(&failure);
            ExitCode::from(2)
        }
    }
}
