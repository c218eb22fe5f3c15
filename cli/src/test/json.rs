//! What a run came to, to JSON for programs: one document, one shape.
//!
//! ```json
//! {"cases": [{"file": "mail.cases.toml", "line": 3, "column": 1, "name": "…",
//!    "policies": ["mail"], "passed": false,
//!    "effect": "allow", "rule": "small", "reason": "…", "at": "mail.policy:4:5",
//!    "differences": [{"part": "effect", "expected": "deny", "got": "allow"}],
//!    "help": null, "rules": [{"policy": "mail", "rule": "small", "effect": "allow",
//!       "at": "…", "outcome": "true", "clauses": [{"number": 1, "test": "…",
//!       "field": "…", "outcome": "true"}]}], "seconds": 0.000002}],
//!  "mistakes": [{"file": "…", "line": 1, "column": 1, "message": "…", "help": null}],
//!  "pages": [{"policy": "mail.policy", "file": "mail.snap", "state": "current"}],
//!  "coverage": {"percent": 75.0, "policies": […]},
//!  "findings": [], "unread": [],
//!  "summary": {"files": 1, "cases": 1, "passed": 0, "failed": 1, "mistakes": 0,
//!     "stale": 0, "seconds": 0.001}}
//! ```
//!
//! Keys are added, never renamed, and every key is always there: `coverage` is
//! null where nobody asked for it; `findings` are those of `validate`, where
//! they keep the policies from being compiled.

use std::time::Duration;

use agentos_compiler::{Finding, Sources, finding, finding::Unread};
use serde_json::{Value, json};

use super::{
    coverage::{Coverage, Item, Kind, PolicyCoverage},
    outcome::{Outcome, Page, PageState, Ran, Suite},
};
use crate::input;

/// The document of a run.
pub(super) fn render(outcome: &Outcome, with_coverage: bool) -> String {
    let cases = outcome.suites.iter().flat_map(|suite| {
        let results = suite.results.iter();
        results.map(move |ran| case(suite, ran))
    });
    let mistakes = outcome.mistakes.iter().map(|(file, mistake)| {
        json!({
            "file": file, "line": mistake.at.line, "column": mistake.at.column,
            "message": mistake.message, "help": mistake.help,
        })
    });
    let (ran, failed) = (outcome.ran(), outcome.failed());
    text(&json!({
        "cases": cases.collect::<Vec<_>>(),
        "mistakes": mistakes.collect::<Vec<_>>(),
        "pages": outcome.pages.iter().map(page).collect::<Vec<_>>(),
        "coverage": with_coverage.then(|| document(&outcome.coverage)),
        "findings": [],
        "unread": [],
        "summary": {
            "files": outcome.files, "cases": ran, "passed": ran - failed, "failed": failed,
            "mistakes": outcome.mistakes.len(), "stale": outcome.stale(),
            "seconds": seconds(outcome.time),
        },
    }))
}

/// The document of a run that came to nothing: policies that do not compile, or
/// files that cannot be read.
pub(super) fn nothing(sources: &Sources, findings: &[Finding], unread: &[Unread]) -> String {
    let found = finding::json::render(sources, findings, &[]);
    let mut found: Value = serde_json::from_str(&found).expect("findings are rendered as JSON");
    text(&json!({
        "cases": [], "mistakes": [], "pages": [], "coverage": null,
        "findings": found["findings"].take(),
        "unread": unread,
        "summary": {
            "files": sources.len(), "cases": 0, "passed": 0, "failed": 0,
            "mistakes": 0, "stale": 0, "seconds": 0.0,
        },
    }))
}

/// The document of coverage alone.
pub(super) fn coverage(coverage: &Coverage) -> String {
    text(&document(coverage))
}

fn text(document: &Value) -> String {
    format!("{document:#}\n")
}

fn case(suite: &Suite, ran: &Ran) -> Value {
    let differences = ran.differences.iter().map(|difference| {
        json!({
            "part": difference.part.to_string(),
            "expected": difference.expected,
            "got": difference.got,
        })
    });
    json!({
        "file": suite.file, "line": ran.at.line, "column": ran.at.column, "name": ran.name,
        "policies": suite.policies, "passed": ran.has_passed(),
        "effect": ran.report.effect.to_string(), "rule": ran.report.rule,
        "reason": ran.report.reason, "at": ran.report.at,
        "differences": differences.collect::<Vec<_>>(),
        "help": ran.help,
        "rules": ran.spoke,
        "seconds": seconds(ran.time),
    })
}

fn page(page: &Page) -> Value {
    let state = match page.state {
        PageState::Current => "current",
        PageState::Stale(_) => "stale",
        PageState::Written => "written",
    };
    json!({"policy": page.policy, "file": input::name(&page.path), "state": state})
}

fn document(coverage: &Coverage) -> Value {
    json!({
        "percent": coverage.share().percent(),
        "policies": coverage.policies.iter().map(policy).collect::<Vec<_>>(),
    })
}

fn policy(policy: &PolicyCoverage) -> Value {
    json!({
        "policy": policy.policy,
        "file": policy.file,
        "percent": policy.share().percent(),
        "rules": policy.rules().map(item).collect::<Vec<_>>(),
        "patterns": policy.patterns().map(item).collect::<Vec<_>>(),
        "signals": policy.signals().map(item).collect::<Vec<_>>(),
    })
}

fn item(item: &Item) -> Value {
    let Item {
        name,
        line,
        column,
        reached,
        ..
    } = item;
    match &item.kind {
        Kind::Rule { decided } => json!({
            "rule": name, "line": line, "column": column, "fired": reached, "decided": decided,
        }),
        Kind::Pattern { set } => json!({
            "pattern": name, "set": set, "line": line, "column": column, "matched": reached,
        }),
        Kind::Signal { intent } => json!({
            "signal": name, "intent": intent, "line": line, "column": column, "matched": reached,
        }),
    }
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
