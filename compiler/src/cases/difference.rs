//! A case and the report on its decision in, where they differ out.

use std::fmt;

use agentos_runtime::Report;

use super::Case;

/// Where a decision is not what its case expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub part: Part,
    /// What the case says; absent where it expects none.
    pub expected: Option<String>,
    /// What the decision says; absent where it has none.
    pub got: Option<String>,
}

/// A part of a decision that cases speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its effect.
    Effect,
    /// The rule it stands on.
    Rule,
    /// Why it is what it is.
    Reason,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Part::Effect => "effect",
            Part::Rule => "rule",
            Part::Reason => "reason",
        })
    }
}

impl Case {
    /// Where a decision is not what this case expects; empty where it passes.
    pub fn differences(&self, report: &Report) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut compare = |part, expected: Option<String>, got: Option<String>| {
            if expected != got {
                differences.push(Difference {
                    part,
                    expected,
                    got,
                });
            }
        };
        let effect = |effect: agentos_runtime::Effect| Some(effect.to_string());
        compare(Part::Effect, effect(self.effect), effect(report.effect));
        compare(Part::Rule, self.rule.clone(), report.rule.clone());
        if let Some(reason) = &self.reason {
            compare(
                Part::Reason,
                Some(reason.clone()),
                Some(report.reason.clone()),
            );
        }
        differences
    }
}
