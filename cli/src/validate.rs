//! `agentos validate`: policy files in, what is wrong with them out.

use std::path::PathBuf;

use agentos_compiler::{
    Finding, Options, Sources,
    finding::{Summary, Unread, github, json, sarif},
};

use crate::{
    Status, input,
    output::{self, Failure},
};

/// Says what is wrong in policies.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  agentos validate                      the policies of this project
  agentos validate mail.policy --strict
  agentos validate policies --format sarif > findings.sarif

Ends with 1 when there is an error, and with 2 when a file cannot be read.")]
pub(crate) struct Validate {
    /// Files, and folders of .policy, .yaml and .yml files [default: .agents and policies]
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,
    /// Shows notes, and counts warnings and notes as errors.
    #[arg(long)]
    strict: bool,
    /// How findings are printed; all but text go to standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One document with every finding.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
}

pub(crate) fn run(verb: &Validate) -> Result<Status, Failure> {
    let sources =
        match input::named_or_project(&verb.files).and_then(|files| input::read_files(&files)) {
            Ok(sources) => sources,
            Err(unread) => {
                output::print(&render(verb.format, &Sources::new(), &[], &unread))?;
                return Err(Failure::Unread(unread));
            }
        };
    let (plan, findings) = agentos_compiler::compile(
        &sources,
        &Options {
            strict: verb.strict,
            proves: true,
        },
    );
    let summary = Summary::of(&findings);
    if verb.format == Format::Text {
        output::show(&sources, &findings);
        output::print(&closing_line(&sources, plan.as_ref(), summary))?;
    } else {
        output::print(&render(verb.format, &sources, &findings, &[]))?;
    }
    Ok(if summary.errors == 0 {
        Status::Fine
    } else {
        Status::Findings
    })
}

fn render(format: Format, sources: &Sources, findings: &[Finding], unread: &[Unread]) -> String {
    match format {
        // People read on standard error why a file was not read.
        Format::Text => String::new(),
        Format::Json => json::render(sources, findings, unread),
        Format::Sarif => sarif::render(sources, findings, unread),
        Format::Github => github::render(sources, findings, unread),
    }
}

/// `3 files, 4 policies, 37 rules: 1 warning`
fn closing_line(
    sources: &Sources,
    plan: Option<&agentos_compiler::Plan>,
    summary: Summary,
) -> String {
    let mut parts = vec![counted(sources.len(), "file", "files")];
    if let Some(plan) = plan {
        let policies = &plan.program().policies;
        let rules = policies.iter().map(|policy| policy.own().rules.len()).sum();
        parts.push(counted(policies.len(), "policy", "policies"));
        parts.push(counted(rules, "rule", "rules"));
    }
    format!("{}: {summary}\n", parts.join(", "))
}

/// `1 file`, `2 files`
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
