//! Findings to annotations that GitHub shows beside the changed lines.
//!
//! One workflow command a finding, one line each:
//! `::error file=mail.policy,line=2,endLine=2,col=5,endColumn=10,title=…::…`.
//! What would end a command or a property early is escaped as GitHub reads it.

use std::fmt::Write as _;

use super::{Finding, Level, Unread, visible::visible};
use crate::source::Sources;

/// The commands, a line each.
///
/// # Panics
///
/// When a finding points into other sources.
pub fn render(sources: &Sources, findings: &[Finding], unread: &[Unread]) -> String {
    let mut commands = String::new();
    for unread in unread {
        let file = property(&unread.name);
        let message = data(&format!("`{}`: {}", unread.name, unread.message));
        let _ = writeln!(commands, "::error file={file},title=not read::{message}");
    }
    for finding in findings {
        annotate(&mut commands, sources, finding);
    }
    commands
}

fn annotate(commands: &mut String, sources: &Sources, finding: &Finding) {
    let span = finding.primary.span;
    let source = sources.get(span.source);
    let (start, end) = (
        source.position(span.start as usize),
        source.position(span.end as usize),
    );
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let file = property(&source.name);
    let _ = write!(
        commands,
        "::{command} file={file},line={},endLine={}",
        start.line, end.line
    );
    // GitHub takes columns only where both ends are in one line.
    if start.line == end.line {
        let _ = write!(commands, ",col={},endColumn={}", start.column, end.column);
    }
    let title = property(&format!("{} {}", finding.lint.code, finding.lint.name));
    let _ = writeln!(commands, ",title={title}::{}", message(sources, finding));
}

/// The message, then what else there is to say, a line each.
fn message(sources: &Sources, finding: &Finding) -> String {
    let mut lines = vec![data(&finding.message)];
    if !finding.primary.text.is_empty() {
        lines.push(data(&finding.primary.text));
    }
    lines.extend(finding.secondary.iter().map(|label| {
        let (line, column) = sources.line_column(label.span);
        let file = &sources.get(label.span.source).name;
        data(&format!("{file}:{line}:{column}: {}", label.text))
    }));
    lines.extend(
        finding
            .notes
            .iter()
            .map(|note| data(&format!("note: {note}"))),
    );
    if let Some(help) = &finding.help {
        lines.push(format!(
            "help: {}",
            help.lines().map(data).collect::<Vec<_>>().join("%0A")
        ));
    }
    lines.join("%0A")
}

/// One line of a message.
fn data(text: &str) -> String {
    visible(text).replace('%', "%25")
}

/// A property's value; line ends stay, so that a file keeps its name.
fn property(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '%' => value.push_str("%25"),
            '\r' => value.push_str("%0D"),
            '\n' => value.push_str("%0A"),
            ':' => value.push_str("%3A"),
            ',' => value.push_str("%2C"),
            other => value.push_str(&visible(other.encode_utf8(&mut [0; 4]))),
        }
    }
    value
}
