//! What differs to SARIF 2.1.0: each change at the line that decides now, so that
//! code scanning shows it where it was made.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    Changed, Diff, Setting, Side,
    text::{actions, shown},
};
use crate::finding::{
    sarif::{SCHEMA, uri},
    visible,
};

/// The document, indented, with a line end after it.
pub fn render(diff: &Diff) -> String {
    let changes = diff.changes.iter().map(changed);
    let results: Vec<Value> = changes.chain(diff.settings.iter().map(setting)).collect();
    let rules: Vec<Value> = Side::ALL.into_iter().map(rule).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "agentos diff",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "properties": {"verdict": diff.verdict.words(), "summary": diff.summary},
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

/// What results of one side have in common.
fn rule(side: Side) -> Value {
    let (summary, level) = match side {
        Side::Looser => ("something is answered more mildly than before", "warning"),
        Side::Neither => ("something is answered otherwise", "warning"),
        Side::Stricter => ("something is answered more strictly than before", "note"),
    };
    json!({
        "id": id(side),
        "shortDescription": {"text": summary},
        "defaultConfiguration": {"level": level},
    })
}

fn id(side: Side) -> String {
    format!("diff-{}", side.words())
}

fn changed(changed: &Changed) -> Value {
    let quoted = |name: &str| format!("`{}`", visible(name));
    let mut text = format!(
        "{}: {}\nbefore: {}\nnow: {}",
        changed.direction.words(),
        actions(changed, &quoted),
        changed.old,
        changed.new
    );
    if let Some([old, new]) = &changed.approvers {
        // Writing to a `String` does not fail.
        let _ = write!(text, "\napproved by {old}, now {new}");
    }
    if let Some(first) = changed.actions.first() {
        let _ = write!(text, "\nfor example: {}", shown(first));
    }
    result(changed.side, &text, changed.new.at.as_deref())
}

fn setting(setting: &Setting) -> Value {
    let value = |value: &Option<String>| visible(value.as_deref().unwrap_or("none")).into_owned();
    let text = format!(
        "{}: {}, now {}",
        visible(&setting.what),
        value(&setting.old),
        value(&setting.new)
    );
    result(setting.side, &text, setting.new_at.as_deref())
}

fn result(side: Side, text: &str, at: Option<&str>) -> Value {
    let mut result = json!({"ruleId": id(side), "message": {"text": text}});
    if let Some(location) = at.and_then(location) {
        result["locations"] = json!([{"physicalLocation": location}]);
    }
    result
}

/// `file:line:column`, as SARIF has it.
fn location(at: &str) -> Option<Value> {
    let (rest, column) = at.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    let (line, column): (u32, u32) = (line.parse().ok()?, column.parse().ok()?);
    Some(json!({
        "artifactLocation": {"uri": uri(file)},
        "region": {"startLine": line, "startColumn": column},
    }))
}
