//! An outcome to Markdown: the comment that a pull request carries.
//!
//! What comes from logs and policies stands in code spans and code blocks, where
//! it makes no links, mentions nobody and cannot end the block that it is in.

use std::fmt::Write as _;

use super::{
    Direction, Example, Group, Outcome,
    text::shown,
    words::{counted, thousands},
};
use crate::{
    finding::visible,
    review::words::{capital, code},
};

/// The longest comment, in bytes. Hosts refuse those of 65,536 characters.
pub const LONGEST_COMMENT: usize = 60_000;

/// The most groups that are listed; the rest are counted.
const MOST_LISTED: usize = 20;

/// The comment, with a line end after it.
pub fn render(outcome: &Outcome) -> String {
    // Writing to a `String` does not fail.
    let mut out = format!("**Replay: {}.**\n", outcome.summary);
    if outcome.compared > 0 {
        changes(outcome, &mut out);
    } else {
        rules(outcome, &mut out);
    }
    unreadable(outcome, &mut out);
    out
}

fn changes(outcome: &Outcome, out: &mut String) {
    if outcome.changed == 0 {
        return;
    }
    out.push_str("\n| change | decisions |\n|---|---:|\n");
    for direction in Direction::ALL {
        let count = outcome.directions.get(direction);
        if count > 0 {
            row(out, direction.words(), count);
        }
    }
    let mut heading = None;
    let mut listed = 0;
    for group in outcome.changes.iter().take(MOST_LISTED) {
        let mut block = String::new();
        if heading != Some(group.direction) {
            let words = capital(group.direction.words());
            let _ = writeln!(block, "\n#### {words}");
        }
        let _ = writeln!(
            block,
            "\n- {}: {}, before {}",
            counted(group.requests, "request"),
            basis(&group.new),
            basis(&group.old),
        );
        examples(group, &mut block);
        if out.len() + block.len() > LONGEST_COMMENT {
            break;
        }
        *out += &block;
        heading = Some(group.direction);
        listed += 1;
    }
    let left: u64 = outcome.changes[listed..]
        .iter()
        .map(|group| group.requests)
        .sum();
    let left = left + outcome.ungrouped;
    if left > 0 {
        let _ = writeln!(out, "\n{} in further groups.", counted(left, "change"));
    }
}

fn examples(group: &Group, block: &mut String) {
    for example in &group.examples {
        let Example { at, new_reason, .. } = example;
        let _ = write!(block, "  - {} {}", span(at), code(&shown(example)));
        if let Some(reason) = new_reason {
            let _ = write!(block, " → {}", span(reason));
        }
        block.push('\n');
    }
}

fn rules(outcome: &Outcome, out: &mut String) {
    if outcome.rules.is_empty() {
        return;
    }
    out.push_str("\n| decided by | decisions |\n|---|---:|\n");
    for rule in outcome.rules.iter().take(MOST_LISTED) {
        row(out, &cell(&basis(&rule.basis)), rule.requests);
    }
    let left = outcome.rules.get(MOST_LISTED..).unwrap_or_default();
    if !left.is_empty() {
        let requests = left.iter().map(|rule| rule.requests).sum();
        row(out, &counted(left.len() as u64, "other rule"), requests);
    }
}

fn unreadable(outcome: &Outcome, out: &mut String) {
    if outcome.unreadable == 0 {
        return;
    }
    let _ = writeln!(
        out,
        "\n#### {} no requests\n",
        if outcome.unreadable == 1 {
            "1 line holds".to_owned()
        } else {
            format!("{} lines hold", thousands(outcome.unreadable))
        }
    );
    for line in &outcome.unreadable_lines {
        let _ = writeln!(out, "- {} {}", span(&line.at), span(&line.message));
    }
}

fn row(out: &mut String, words: &str, count: u64) {
    let _ = writeln!(out, "| {words} | {} |", thousands(count));
}

/// `**deny** `no-secrets` of `mail` (mail.policy:4:5)`
pub(crate) fn basis(basis: &super::BasisReport) -> String {
    let place = basis
        .at
        .as_ref()
        .map_or(String::new(), |at| format!(" ({})", span(at)));
    let quoted = |name: &Option<String>| name.as_deref().map(span);
    format!("**{}** {}{place}", basis.effect, basis.worded(&quoted))
}

/// Any text, as it is, where it can do nothing.
pub(crate) fn span(text: &str) -> String {
    code(&visible(text))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
