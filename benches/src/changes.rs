//! A workload's rules in, a changed copy of them and how strict it is out.
//!
//! All but [`Change::EverySplit`] and [`Change::Denied`] change one rule: the last
//! one that allows under a condition.

use agentos_compiler::diff::Verdict;

use crate::declared::{Condition, Order, Part, Rule, actions};

/// What is done to a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// One condition holds for more.
    Widened,
    /// One `allow` becomes a `deny`.
    Turned,
    /// One rule is taken out.
    Dropped,
    /// One condition holds for more, and a `deny` of an amount is added.
    Moved,
    /// A rule is added that only repeats what is allowed.
    Shadowed,
    /// One condition is written as two cases that come to the same.
    Split,
    /// Every condition is.
    EverySplit,
    /// Every action is denied, and then all the rules that allow are taken out.
    Denied,
}

impl Change {
    /// All of them.
    pub const ALL: [Change; 8] = [
        Change::Widened,
        Change::Turned,
        Change::Dropped,
        Change::Moved,
        Change::Shadowed,
        Change::Split,
        Change::EverySplit,
        Change::Denied,
    ];

    /// How strict the copy is beside the rules it was made of.
    pub const fn verdict(self) -> Verdict {
        match self {
            Change::Widened => Verdict::Looser,
            Change::Turned | Change::Dropped => Verdict::Stricter,
            Change::Moved => Verdict::Incomparable,
            Change::Shadowed | Change::Split | Change::EverySplit | Change::Denied => {
                Verdict::Identical
            }
        }
    }

    /// What a row of a report calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Change::Widened => "a condition widened",
            Change::Turned => "an `allow` turned to `deny`",
            Change::Dropped => "a rule dropped",
            Change::Moved => "one widened, a `deny` added",
            Change::Shadowed => "a shadowed rule added",
            Change::Split => "a condition split in two cases",
            Change::EverySplit => "every condition split",
            Change::Denied => "all denied, then the rest dropped",
        }
    }

    /// The rules before and after.
    ///
    /// # Panics
    ///
    /// When no rule allows under a condition.
    pub fn of(self, rules: &[Rule]) -> [Vec<Rule>; 2] {
        let is_meant = |rule: &Rule| rule.allows && rule.when != Condition::Always;
        let at = rules.iter().rposition(is_meant).expect("some do");
        let (mut old, mut new) = (rules.to_vec(), rules.to_vec());
        match self {
            Change::Widened => new[at].when = widened(&rules[at].when),
            Change::Turned => new[at].allows = false,
            Change::Dropped => drop(new.remove(at)),
            Change::Moved => {
                new[at].when = widened(&rules[at].when);
                new.push(Rule {
                    allows: false,
                    action: rules[at].action.clone(),
                    when: Condition::Amount(Order::Is, 3),
                });
            }
            Change::Shadowed => new.push(narrowed(&rules[at])),
            Change::Split => new[at].when = split(rules[at].when.clone()),
            Change::EverySplit => {
                for rule in new.iter_mut().filter(|rule| rule.when != Condition::Always) {
                    rule.when = split(rule.when.clone());
                }
            }
            Change::Denied => {
                let deny = |action: &str| Rule {
                    allows: false,
                    action: action.to_owned(),
                    when: Condition::Always,
                };
                let denied = actions(rules).into_iter().map(deny);
                old.extend(denied);
                new = old.iter().filter(|rule| !rule.allows).cloned().collect();
            }
        }
        [old, new]
    }
}

/// The rule under one more condition.
pub fn narrowed(rule: &Rule) -> Rule {
    let urgent = Condition::Urgent(true);
    let when = match &rule.when {
        Condition::Always => urgent,
        when => when.clone().and(urgent),
    };
    Rule {
        when,
        ..rule.clone()
    }
}

fn widened(when: &Condition) -> Condition {
    match when {
        Condition::Amount(Order::AtMost, most) => Condition::Amount(Order::AtMost, most + 10),
        Condition::Path(Part::Start, prefix) => {
            Condition::Path(Part::Start, prefix[..prefix.len() - 1].to_owned())
        }
        when => when.clone().or(Condition::UserIs("guest".to_owned())),
    }
}

fn split(when: Condition) -> Condition {
    let few = Condition::Amount(Order::Below, 7);
    let many = Condition::Amount(Order::AtLeast, 7);
    when.clone().and(few).or(many.and(when))
}
