//! An outcome in words: the summary, what a decision stands on, numbers.

use std::fmt::Write as _;

use agentos_runtime::Effect;

use super::{BasisReport, Cause, Direction, Outcome};

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
                .filter(|rule| rule.basis.effect == effect.name())
                .map(|rule| rule.requests)
                .sum();
            (count, effect.name())
        });
        format!(
            "{}: {}",
            counted(outcome.requests, "request"),
            parts(counts)
        )
    } else {
        let of = format!(
            "of {} {}{}",
            thousands(outcome.compared),
            if outcome.is_recorded { "recorded " } else { "" },
            if outcome.compared == 1 {
                "decision"
            } else {
                "decisions"
            },
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
        let requests = counted(unrecorded, "request");
        // Writing to a `String` does not fail.
        let _ = write!(sentence, "; {requests} without a recorded decision");
    }
    if outcome.unreadable > 0 {
        let _ = write!(
            sentence,
            "; {} unreadable",
            counted(outcome.unreadable, "line")
        );
    }
    sentence
}

impl BasisReport {
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

/// `3 newly allowed, 11 newly denied`
pub(crate) fn parts<const N: usize>(counts: [(u64, &str); N]) -> String {
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{} {words}", thousands(count)))
        .collect();
    parts.join(", ")
}

/// `1,204 requests`
pub(crate) fn counted(count: u64, one: &str) -> String {
    format!(
        "{} {one}{}",
        thousands(count),
        if count == 1 { "" } else { "s" }
    )
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
