//! An outcome to text for people.

use std::fmt::{self, Write as _};

use agentos_runtime::Effect;

use super::{Cause, Direction, Example, Group, Outcome, Stand};
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
        writeln!(out, "{:>width$}  {}", thousands(rule.requests), rule.stand)?;
    }
    let left = outcome.rules.len().saturating_sub(MOST_PRINTED);
    if left > 0 {
        writeln!(out, "{} more: `--format json` has them", counted(left as u64, "rule"))?;
    }
    if !outcome.rules.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

fn write_changes(outcome: &Outcome, out: &mut String) -> fmt::Result {
    let printed = outcome.changes.get(..MOST_PRINTED).unwrap_or(&outcome.changes);
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

impl fmt::Display for Stand {
    /// `deny: `no-secrets` of `mail` (mail.policy:4:5)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted =
            |name: &Option<String>| Some(format!("`{}`", visible(name.as_deref()?)));
        write!(f, "{}: {}", self.effect, self.worded(&quoted))?;
        match &self.at {
            Some(at) => write!(f, " ({})", visible(at)),
            None => Ok(()),
        }
    }
}

impl Stand {
    /// What decides, without the effect and the place. `quoted` makes names safe
    /// to show.
    pub(super) fn worded(&self, quoted: &dyn Fn(&Option<String>) -> Option<String>) -> String {
        let policy = quoted(&self.policy);
        let rule = quoted(&self.rule);
        // What no policy stands for has no words that name one.
        let named = policy.as_deref().unwrap_or("no policy");
        match (self.cause, rule) {
            (Cause::Rule | Cause::Recorded, Some(rule)) => match policy {
                Some(policy) => format!("{rule} of {policy}"),
                None => rule,
            },
            (Cause::Rule | Cause::Recorded, None) => match policy {
                Some(policy) => format!("no rule of {policy}"),
                None => "no rule recorded".to_owned(),
            },
            (Cause::Default, _) => format!("the default of {named}"),
            (Cause::AllAbstain, Some(rule)) => {
                format!("no policy allows it, and {rule} of {named} is in doubt")
            }
            (Cause::AllAbstain, None) => "no policy allows it".to_owned(),
            (Cause::NoPolicies, _) => "there is no policy".to_owned(),
            (Cause::UnknownPolicy, _) => "a policy it names is not there".to_owned(),
            (Cause::WrongShape, _) => format!("its params are not what {named} declares"),
            (Cause::BrokenTable, _) => "the policies cannot be used".to_owned(),
        }
    }
}

/// One sentence without its period: what a pull request should say.
pub(super) fn summary(outcome: &Outcome) -> String {
    let mut sentence = if outcome.requests == 0 {
        "no requests".to_owned()
    } else if outcome.compared == 0 {
        let effects = [
            Effect::Allow,
            Effect::Audit,
            Effect::Defer,
            Effect::Escalate,
            Effect::Deny,
        ];
        let counts = effects.map(|effect| {
            let rules = outcome.rules.iter();
            let count: u64 = rules
                .filter(|rule| rule.stand.effect == effect.name())
                .map(|rule| rule.requests)
                .sum();
            (count, effect.name())
        });
        format!("{}: {}", counted(outcome.requests, "request"), parts(counts))
    } else {
        let of = format!(
            "of {} {}{}",
            thousands(outcome.compared),
            if outcome.is_recorded { "recorded " } else { "" },
            if outcome.compared == 1 { "decision" } else { "decisions" },
        );
        if outcome.changed == 0 {
            format!("would have changed none {of}")
        } else {
            let counts = Direction::ALL
                .map(|direction| (outcome.directions.get(direction), direction.words()));
            format!(
                "would have changed {} {of}: {}",
                thousands(outcome.changed),
                parts(counts)
            )
        }
    };
    let unrecorded = outcome.requests - outcome.compared;
    if outcome.compared > 0 && unrecorded > 0 {
        sentence += &format!(
            "; {} without a recorded decision",
            counted(unrecorded, "request")
        );
    }
    if outcome.unreadable > 0 {
        sentence += &format!("; {} unreadable", counted(outcome.unreadable, "line"));
    }
    sentence
}

/// `3 newly allowed, 11 newly denied`
fn parts<const N: usize>(counts: [(u64, &str); N]) -> String {
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{} {words}", thousands(count)))
        .collect();
    parts.join(", ")
}

/// `1,204 requests`
pub(super) fn counted(count: u64, one: &str) -> String {
    format!("{} {one}{}", thousands(count), if count == 1 { "" } else { "s" })
}

/// `1,204`
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
