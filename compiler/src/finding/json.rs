//! Findings to JSON for programs: one document, one shape.
//!
//! ```json
//! {"findings": [{
//!    "code": "AOS0104", "name": "unknown-effect", "level": "error",
//!    "message": "…", "file": "mail.policy",
//!    "span": {"start": {"byte": 31, "line": 2, "column": 5}, "end": {…}},
//!    "label": "", "secondary": [{"file": "…", "span": {…}, "text": "…"}],
//!    "notes": ["…"], "help": "…"}],
//!  "unread": [{"file": "…", "message": "…"}],
//!  "summary": {"files": 1, "errors": 1, "warnings": 0, "notes": 0}}
//! ```
//!
//! Lines and columns count from 1, columns in characters, bytes from 0. Texts
//! are as the policies have them, control characters in JSON's escapes. Keys
//! are added, never renamed, and every key is always there.

use agentos_grammar::Span;
use serde::Serialize;

use super::{Finding, Label, Summary, Unread};
use crate::source::Sources;

/// The document, indented, with a line end after it.
///
/// # Panics
///
/// When a finding points into other sources.
pub fn render(sources: &Sources, findings: &[Finding], unread: &[Unread]) -> String {
    let document = Document {
        findings: findings
            .iter()
            .map(|finding| row(sources, finding))
            .collect(),
        unread,
        summary: Counts {
            files: sources.len(),
            levels: Summary::of(findings),
        },
    };
    let mut json =
        serde_json::to_string_pretty(&document).expect("every key of the document is a text");
    json.push('\n');
    json
}

#[derive(Serialize)]
struct Document<'f> {
    findings: Vec<Row<'f>>,
    unread: &'f [Unread],
    summary: Counts,
}

#[derive(Serialize)]
struct Counts {
    files: usize,
    #[serde(flatten)]
    levels: Summary,
}

#[derive(Serialize)]
struct Row<'f> {
    code: &'static str,
    name: &'static str,
    level: &'static str,
    message: &'f str,
    file: &'f str,
    span: Stretch,
    label: &'f str,
    secondary: Vec<Other<'f>>,
    notes: &'f [String],
    help: Option<&'f str>,
}

#[derive(Serialize)]
struct Other<'f> {
    file: &'f str,
    span: Stretch,
    text: &'f str,
}

#[derive(Serialize)]
struct Stretch {
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    byte: u32,
    line: u32,
    column: u32,
}

fn row<'f>(sources: &'f Sources, finding: &'f Finding) -> Row<'f> {
    let primary = finding.primary.span;
    Row {
        code: finding.lint.code,
        name: finding.lint.name,
        level: finding.level.name(),
        message: &finding.message,
        file: &sources.get(primary.source).name,
        span: stretch(sources, primary),
        label: &finding.primary.text,
        secondary: finding
            .secondary
            .iter()
            .map(|label| other(sources, label))
            .collect(),
        notes: &finding.notes,
        help: finding.help.as_deref(),
    }
}

fn other<'f>(sources: &'f Sources, label: &'f Label) -> Other<'f> {
    Other {
        file: &sources.get(label.span.source).name,
        span: stretch(sources, label.span),
        text: &label.text,
    }
}

fn stretch(sources: &Sources, span: Span) -> Stretch {
    let source = sources.get(span.source);
    let point = |byte: u32| {
        let at = source.position(byte as usize);
        Point {
            byte,
            line: at.line,
            column: at.column,
        }
    };
    Stretch {
        start: point(span.start),
        end: point(span.end),
    }
}
