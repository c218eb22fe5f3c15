//! Findings to SARIF 2.1.0, which code scanning services read.
//!
//! One run. Its rules are the rows of the findings that are there, by rising
//! code, with their pages as help; its artifacts are all sources, in order.
//! Columns count characters, and the run says so.

use std::fmt::Write as _;

use agentos_grammar::{SourceId, Span};
use serde_json::{Value, json};

use super::{Finding, Lint, Unread, visible::visible};
use crate::source::Sources;

pub(crate) const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The document, indented, with a line end after it.
///
/// # Panics
///
/// When a finding points into other sources.
pub fn render(sources: &Sources, findings: &[Finding], unread: &[Unread]) -> String {
    let mut rules: Vec<&'static Lint> = findings.iter().map(|finding| finding.lint).collect();
    rules.sort_by_key(|lint| lint.code);
    rules.dedup_by_key(|lint| lint.code);
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| result(sources, &rules, finding))
        .collect();
    let artifacts: Vec<Value> = sources
        .iter()
        .map(|(_, source)| {
            json!({"location": {"uri": uri(&source.name)}, "length": source.text.len()})
        })
        .collect();
    let notifications: Vec<Value> = unread.iter().map(notification).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "agentos",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|lint| rule(lint)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": unread.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "artifacts": artifacts,
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

fn rule(lint: &Lint) -> Value {
    json!({
        "id": lint.code,
        "name": lint.name,
        "shortDescription": {"text": lint.summary},
        "help": {"text": lint.page, "markdown": lint.page},
        "defaultConfiguration": {"level": lint.level.name()},
    })
}

fn result(sources: &Sources, rules: &[&Lint], finding: &Finding) -> Value {
    let index = rules.partition_point(|lint| lint.code < finding.lint.code);
    let mut result = json!({
        "ruleId": finding.lint.code,
        "ruleIndex": index,
        "level": finding.level.name(),
        "message": {"text": message(finding)},
        "locations": [{"physicalLocation": physical(sources, finding.primary.span)}],
    });
    if !finding.secondary.is_empty() {
        let related = finding.secondary.iter().enumerate().map(|(id, label)| {
            json!({
                "id": id,
                "physicalLocation": physical(sources, label.span),
                "message": {"text": visible(&label.text)},
            })
        });
        result["relatedLocations"] = related.collect();
    }
    result
}

/// The message, then what else there is to say, a line each.
fn message(finding: &Finding) -> String {
    let mut text = visible(&finding.message).into_owned();
    let mut line = |prefix: &str, line: &str| {
        text.push('\n');
        text.push_str(prefix);
        text.push_str(&visible(line));
    };
    if !finding.primary.text.is_empty() {
        line("", &finding.primary.text);
    }
    for note in &finding.notes {
        line("note: ", note);
    }
    for (at, help) in finding
        .help
        .iter()
        .flat_map(|help| help.lines())
        .enumerate()
    {
        line(if at == 0 { "help: " } else { "" }, help);
    }
    text
}

fn physical(sources: &Sources, span: Span) -> Value {
    let source = sources.get(span.source);
    let (start, end) = (
        source.position(span.start as usize),
        source.position(span.end as usize),
    );
    let SourceId(index) = span.source;
    let mut location = json!({"uri": uri(&source.name)});
    // A shipped policy is none of the artifacts that were scanned.
    if (index as usize) < sources.len() {
        location["index"] = json!(index);
    }
    json!({
        "artifactLocation": location,
        "region": {
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
            "byteOffset": span.start,
            "byteLength": span.end.saturating_sub(span.start),
        },
    })
}

fn notification(unread: &Unread) -> Value {
    json!({
        "level": "error",
        "message": {"text": format!("`{}`: {}", visible(&unread.name), visible(&unread.message))},
        "locations": [{
            "physicalLocation": {"artifactLocation": {"uri": uri(&unread.name)}},
        }],
    })
}

/// A path as a URI reference: relative ones stay relative.
pub(crate) fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            other => {
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference_that_any_name_fits_into() {
        assert_eq!(uri("policies/mail.policy"), "policies/mail.policy");
        assert_eq!(uri("a b\n%:é.policy"), "a%20b%0A%25%3A%C3%A9.policy");
        assert_eq!(uri("/etc/agentos.policy"), "file:///etc/agentos.policy");
    }
}
