//! Findings to text for people: each with its lines drawn and underlined.
//!
//! The first finding of a code says how to read its page. Quoted text cannot
//! disturb the picture: see [`visible`].

use codespan_reporting::{
    diagnostic::{Diagnostic, Label, Severity},
    term::{self, Config, termcolor},
};

use super::{Finding, Level, excerpt, excerpt::Excerpts, visible::visible};
use crate::source::Sources;

/// Whether text carries the colours of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// ANSI escapes.
    Ansi,
    /// None.
    Plain,
}

/// Draws `findings` in the order they are given, a blank line after each.
///
/// # Panics
///
/// When a finding points into other sources.
pub fn render(sources: &Sources, findings: &[Finding], colour: Colour) -> String {
    let mut buffer = match colour {
        Colour::Ansi => termcolor::Buffer::ansi(),
        Colour::Plain => termcolor::Buffer::no_color(),
    };
    let config = Config {
        start_context_lines: excerpt::LINES_AFTER_START,
        end_context_lines: excerpt::LINES_BEFORE_END,
        ..Config::default()
    };
    let mut explained = Vec::new();
    for finding in findings {
        let first = !explained.contains(&finding.lint.code);
        if first {
            explained.push(finding.lint.code);
        }
        let spans: Vec<_> = std::iter::once(&finding.primary)
            .chain(&finding.secondary)
            .map(|l| l.span)
            .collect();
        let excerpts = Excerpts::new(sources, &spans);
        let diagnostic = diagnostic(finding, &excerpts, first);
        term::emit_to_write_style(&mut buffer, &config, &excerpts, &diagnostic)
            .expect("writing to memory does not fail, and an excerpt holds every label");
    }
    String::from_utf8_lossy(buffer.as_slice()).into_owned()
}

fn diagnostic(
    finding: &Finding,
    excerpts: &Excerpts<'_>,
    first: bool,
) -> Diagnostic<agentos_grammar::SourceId> {
    let severity = match finding.level {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
        Level::Note => Severity::Note,
    };
    let primary = &finding.primary;
    let mut labels = vec![
        Label::primary(primary.span.source, excerpts.shown(primary.span))
            .with_message(visible(&primary.text)),
    ];
    labels.extend(finding.secondary.iter().map(|label| {
        Label::secondary(label.span.source, excerpts.shown(label.span))
            .with_message(visible(&label.text))
    }));
    let mut notes: Vec<String> = finding
        .notes
        .iter()
        .map(|note| format!("note: {}", visible(note)))
        .collect();
    if let Some(help) = &finding.help {
        let lines: Vec<_> = help.lines().map(visible).collect();
        notes.push(format!("help: {}", lines.join("\n      ")));
    }
    if first {
        notes.push(format!("for more: agentos explain {}", finding.lint.code));
    }
    Diagnostic::new(severity)
        .with_code(finding.lint.code)
        .with_message(visible(&finding.message))
        .with_labels(labels)
        .with_notes(notes)
}
