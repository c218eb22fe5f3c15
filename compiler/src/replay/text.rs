//! An outcome to text for people.

use std::fmt::{self, Write as _};

use super::{
    BasisReport, Direction, Example, Group, Outcome,
    words::{counted, thousands},
};
use crate::finding::visible;

/// The most groups that are printed; the rest are counted.
const MOST_PRINTED: usize = 50;

/// The most characters of a request that are printed.
const WIDEST_REQUEST: usize = 240;

/// The text, with the summary as its last line.
pub fn render(outcome: &Outcome) -> String {
    let mut out = String::new();
    // Writing to a `String` does not fail.
    let _ = write(outcome, &mut out);
    out
}

fn write(outcome: &Outcome, out: &mut String) -> fmt::Result {
    if outcome.compared == 0 {
        write_rules(outcome, out)?;
    } else {
        write_changes(outcome, out)?;
    }
    writeln!(out, "{}", outcome.summary)
}

fn write_rules(outcome: &Outcome, out: &mut String) -> fmt::Result {
    let width = outcome
        .rules
        .first()
        .map_or(0, |most| thousands(most.requests).len());
    for rule in outcome.rules.iter().take(MOST_PRINTED) {
        writeln!(out, "{:>width$}  {}", thousands(rule.requests), rule.basis)?;
    }
    let left = outcome.rules.len().saturating_sub(MOST_PRINTED);
    if left > 0 {
        writeln!(
            out,
            "{} more: `--format json` has them",
            counted(left as u64, "rule")
        )?;
    }
    if !outcome.rules.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

fn write_changes(outcome: &Outcome, out: &mut String) -> fmt::Result {
    let printed = outcome
        .changes
        .get(..MOST_PRINTED)
        .unwrap_or(&outcome.changes);
    for direction in Direction::ALL {
        let count = outcome.directions.get(direction);
        if count == 0 {
            continue;
        }
        writeln!(out, "{}: {}", direction.words(), thousands(count))?;
        for group in printed.iter().filter(|group| group.direction == direction) {
            write_group(group, out)?;
        }
        writeln!(out)?;
    }
    let left = &outcome.changes[printed.len()..];
    let in_left: u64 = left.iter().map(|group| group.requests).sum();
    if !left.is_empty() {
        writeln!(
            out,
            "{} more, of {}: `--format json` has them",
            counted(left.len() as u64, "group"),
            counted(in_left, "request"),
        )?;
    }
    if outcome.ungrouped > 0 {
        writeln!(
            out,
            "{} more, in more groups than `MOST_GROUPS` ({})",
            counted(outcome.ungrouped, "change"),
            super::MOST_GROUPS
        )?;
    }
    Ok(())
}

fn write_group(group: &Group, out: &mut String) -> fmt::Result {
    writeln!(out, "  {}", counted(group.requests, "request"))?;
    writeln!(out, "    before  {}", group.old)?;
    writeln!(out, "    now     {}", group.new)?;
    for example in &group.examples {
        writeln!(out, "    {}  {}", visible(&example.at), shown(example))?;
        if let Some(reason) = &example.new_reason {
            writeln!(out, "      {}", visible(reason))?;
        }
    }
    Ok(())
}

/// The request of an example on one line, cut where it is long.
pub(super) fn shown(example: &Example) -> String {
    let Some(request) = &example.request else {
        return format!("a request of {} bytes", thousands(example.length as u64));
    };
    let text = request.get();
    match text.char_indices().nth(WIDEST_REQUEST) {
        Some((end, _)) => format!("{}…", visible(&text[..end])),
        None => visible(text).into_owned(),
    }
}

impl fmt::Display for BasisReport {
    /// `deny: `no-secrets` of `mail` (mail.policy:4:5)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |name: &Option<String>| Some(format!("`{}`", visible(name.as_deref()?)));
        write!(f, "{}: {}", self.effect, self.worded(&quoted))?;
        match &self.at {
            Some(at) => write!(f, " ({})", visible(at)),
            None => Ok(()),
        }
    }
}
