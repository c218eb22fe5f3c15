//! `agentos explain`: a code or a name in, its page out.

use agentos_compiler::{
    finding::{Lint, codes, visible},
    nearest::did_you_mean,
};

use crate::{
    Status,
    output::{self, Failure},
};

/// Says what a finding means and what to do.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  agentos explain AOS0104
  agentos explain unknown-effect
  agentos explain --list")]
pub(crate) struct Explain {
    /// A finding's code or name.
    #[arg(value_name = "CODE|NAME", required_unless_present = "list")]
    finding: Option<String>,
    /// Shows every code with its name, level and one line.
    #[arg(long, conflicts_with = "finding")]
    list: bool,
}

pub(crate) fn run(verb: &Explain) -> Result<Status, Failure> {
    match &verb.finding {
        None => output::print(&list())?,
        Some(word) => output::print(find(word)?.page)?,
    }
    Ok(Status::Fine)
}

fn list() -> String {
    let width = codes::ALL
        .iter()
        .map(|lint| lint.name.len())
        .max()
        .unwrap_or_default();
    codes::ALL.iter().fold(String::new(), |list, lint| {
        let Lint {
            code,
            name,
            level,
            summary,
            ..
        } = lint;
        list + &format!("{code}  {name:width$}  {:7}  {summary}\n", level.name())
    })
}

fn find(word: &str) -> Result<&'static Lint, Failure> {
    let known = codes::ALL
        .iter()
        .find(|lint| lint.code.eq_ignore_ascii_case(word) || lint.name.eq_ignore_ascii_case(word));
    if let Some(lint) = known {
        return Ok(lint);
    }
    let names = codes::ALL.iter().flat_map(|lint| [lint.name, lint.code]);
    let help = did_you_mean(word, names)
        .unwrap_or_else(|| "`agentos explain --list` shows them all".to_owned());
    Err(Failure::Usage(format!(
        "no finding is called `{}`\nhelp: {help}",
        visible(word)
    )))
}
