//! `agentos graph`: policy files in, a picture of them out.

use std::path::PathBuf;

use agentos_compiler::{
    Options,
    finding::visible,
    graph::{self, Direction},
};

use crate::{
    Status, input,
    output::{self, Failure},
};

/// Draws policies: actions, the rules about them, effects, and what is found in them.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  agentos graph mail.policy             a flowchart of Mermaid
  agentos graph mail.policy -o mail.md  the same in Markdown, for a pull request
  agentos graph --action 'db.*'         what is said of these actions only

Ends with 1 when a policy has an error; nothing is drawn then. Warnings are
marked in the picture.")]
pub(crate) struct Graph {
    /// Files, and folders of .policy, .yaml and .yml files [default: .agents and policies]
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,
    /// Draws only what is said of this action, or of those that this glob covers.
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
    /// Which way arrows point: left to right, or top down.
    #[arg(long, value_enum, value_name = "WAY", default_value_t = Way::Lr, ignore_case = true)]
    direction: Way,
    /// What to write [default: markdown for a file that ends in .md, else mermaid]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Where to write it [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Way {
    /// Left to right.
    Lr,
    /// Top down.
    Td,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// The text of a picture.
    Mermaid,
    /// The same in a fence, as hosts of code draw it.
    Markdown,
}

pub(crate) fn run(verb: &Graph) -> Result<Status, Failure> {
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let format = verb.format.unwrap_or(match &verb.output {
        Some(path) if is_page(path) => Format::Markdown,
        _ => Format::Mermaid,
    });
    let files = input::named_or_project(&verb.files).map_err(Failure::Unread)?;
    if let Some(output) = &verb.output {
        output::refuse_overwriting(output, &files)?;
    }
    let sources = input::read_files(&files).map_err(Failure::Unread)?;
    let (plan, findings) = agentos_compiler::compile(
        &sources,
        &Options {
            strict: false,
            proves: true,
        },
    );
    output::show_errors(&sources, &findings);
    let Some(plan) = plan else {
        return Ok(Status::Findings);
    };
    if let Some(action) = &verb.action
        && !graph::names_action(&plan, action)
    {
        output::complain(&format!(
            "note: no policy names the action `{}`: it gets what every action does\n",
            visible(action)
        ));
    }
    let options = graph::Options {
        direction: match verb.direction {
            Way::Lr => Direction::LeftRight,
            Way::Td => Direction::TopDown,
        },
        action: verb.action.as_deref(),
    };
    let picture = graph::render(&plan, &findings, &options).map_err(|refused| {
        Failure::Usage(format!(
            "{refused}\nhelp: name one action with `--action`, or fewer files"
        ))
    })?;
    let text = match format {
        Format::Mermaid => picture,
        Format::Markdown => graph::in_markdown(&picture),
    };
    match &verb.output {
        Some(path) => output::write_whole(path, text.as_bytes())?,
        None => output::print(&text)?,
    }
    Ok(Status::Fine)
}
