//! `agentos diff`: two sets of policies in, what the second one says otherwise out.

use std::path::{Path, PathBuf};

use agentos_compiler::diff::{self, Side, Verdict, json, markdown, sarif, text};

use crate::{
    Status, input,
    output::{self, Failure},
    revision::Revision,
    tables::{self, Read},
};

/// Says what a change of policies means: which requests are answered otherwise.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  agentos diff old.policy new.policy
  agentos diff main:policies policies --fail-on looser
  agentos diff deployed.agentos mail.policy --format markdown

Each side is a file, an artifact that `agentos compile` made, a folder of policies,
or what git has, `REVISION:PATH`, the path from the current folder. All policies of
a side answer together.

The verdict is identical, stricter, looser, incomparable (some of it is stricter and
some looser) or not decided. It is not about requests that name a policy which only
one side has; that there are such policies is said beside it. Every change comes with a request that both sides were
asked, so `agentos eval` on it says the same.

Ends with 1 when what `--fail-on` names happened or cannot be ruled out, or when a
policy has an error, and with 2 when a side cannot be read.")]
pub(crate) struct Diff {
    /// The policies before.
    old: PathBuf,
    /// The policies now.
    new: PathBuf,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Ends with 1 when something is so.
    #[arg(long, value_enum, value_name = "CHANGE")]
    fail_on: Option<FailOn>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One document with everything.
    Json,
    /// The comment of a pull request.
    Markdown,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// Something is looser.
    Looser,
    /// Something is stricter.
    Stricter,
    /// Something is otherwise, or a policy is gone or new.
    Any,
}

pub(crate) fn run(verb: &Diff) -> Result<Status, Failure> {
    let (Some(old), Some(new)) = (read(&verb.old)?, read(&verb.new)?) else {
        return Ok(Status::Findings);
    };
    let (old, new) = (old.table()?, new.table()?);
    let diff = diff::diff(&old, &new).map_err(|error| tables::discord(&error))?;
    output::print(&match verb.format {
        Format::Text => text::render(&diff),
        Format::Json => json::render(&diff),
        Format::Markdown => markdown::render(&diff),
        Format::Sarif => sarif::render(&diff),
    })?;
    Ok(match verb.fail_on {
        Some(wanted) if can_be(wanted, &diff) => Status::Findings,
        _ => Status::Fine,
    })
}

/// One side: what stands on the disk, else what git has.
fn read(side: &Path) -> Result<Option<Read>, Failure> {
    if !side.exists()
        && let Some(revision) = Revision::parse(side)
    {
        return Ok(Read::inputs(revision.read()?));
    }
    let files = input::walk(&[side.to_owned()]).map_err(Failure::Unread)?;
    Read::files(&files)
}

/// Whether something is so, or may be.
fn can_be(wanted: FailOn, diff: &diff::Diff) -> bool {
    let changes = diff.changes.iter().map(|changed| changed.side);
    let mut sides = changes.chain(diff.settings.iter().map(|setting| setting.side));
    // What is neither may be both.
    diff.verdict == Verdict::NotDecided
        || match wanted {
            FailOn::Looser => sides.any(|side| side != Side::Stricter),
            FailOn::Stricter => sides.any(|side| side != Side::Looser),
            FailOn::Any => {
                sides.next().is_some() || !diff.gone.is_empty() || !diff.added.is_empty()
            }
        }
}
