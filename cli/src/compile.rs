//! `agentos compile`: policy files in, Rust or an artifact out.

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
};

use agentos_compiler::{Options, emit};
use agentos_runtime::artifact;

use crate::{
    Status, input,
    output::{self, Failure},
};

/// Compiles policies to Rust, or to an artifact that `agentos eval` opens.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  agentos compile mail.policy -o mail.agentos
  agentos compile mail.policy --emit rust > src/mail.rs

Ends with 1 when a policy has an error; nothing is written then. Warnings are
only counted: `agentos validate` shows them.")]
pub(crate) struct Compile {
    /// Policy files, compiled together.
    #[arg(value_name = "FILES", required = true)]
    files: Vec<PathBuf>,
    /// What to write [default: rust for a file that ends in .rs, else artifact]
    #[arg(long, value_enum, value_name = "KIND")]
    emit: Option<Emit>,
    /// Where to write it [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Counts warnings and notes as errors.
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Emit {
    /// A static table for a Rust program.
    Rust,
    /// A file with a checksum, opened without compiling.
    Artifact,
}

pub(crate) fn run(verb: &Compile) -> Result<Status, Failure> {
    let to_rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    let emit = verb.emit.unwrap_or(match &verb.output {
        Some(path) if to_rust(path) => Emit::Rust,
        _ => Emit::Artifact,
    });
    if emit == Emit::Artifact && verb.output.is_none() && io::stdout().is_terminal() {
        let message = "an artifact is no text for a terminal\nhelp: name a file: `-o FILE`";
        return Err(Failure::Usage(message.to_owned()));
    }
    if let Some(output) = &verb.output {
        output::refuse_overwriting(output, &verb.files)?;
    }
    let sources = input::read_files(&verb.files).map_err(Failure::Unread)?;
    let (plan, findings) = agentos_compiler::compile(
        &sources,
        &Options {
            strict: verb.strict,
            proves: true,
        },
    );
    output::show_errors(&sources, &findings);
    let Some(plan) = plan else {
        return Ok(Status::Findings);
    };
    let bytes = match emit {
        Emit::Rust => emit::rust::file(&plan.table()).into_bytes(),
        Emit::Artifact => artifact::write(&plan.table())
            .map_err(|error| Failure::Usage(format!("no artifact can be written: {error}")))?,
    };
    match &verb.output {
        Some(path) => output::write_whole(path, &bytes)?,
        None => output::print_bytes(&bytes)?,
    }
    Ok(Status::Fine)
}
