//! `agentos completions`: a shell's name in, its completion script out.

use clap::CommandFactory as _;

use crate::{
    Cli, Status,
    output::{self, Failure},
};

/// Prints the completion script of a shell.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  agentos completions bash > ~/.local/share/bash-completion/completions/agentos")]
pub(crate) struct Completions {
    /// The shell that will read it.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub(crate) fn run(verb: &Completions) -> Result<Status, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(verb.shell, &mut Cli::command(), "agentos", &mut script);
    output::print_bytes(&script)?;
    Ok(Status::Fine)
}
