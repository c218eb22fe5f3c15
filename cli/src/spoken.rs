//! A rule that spoke in, what programs and people read of it out.

use agentos_runtime::{Doubt, Spoke};
use serde::Serialize;

/// A rule that fired or is in doubt.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Spoken {
    pub policy: String,
    pub rule: String,
    pub effect: String,
    pub at: String,
    pub outcome: String,
    pub clauses: Vec<Clause>,
}

/// What one test of a rule came to: `true`, `false`, or why it is in doubt.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Clause {
    pub number: u16,
    pub test: String,
    pub field: String,
    pub outcome: String,
    /// The disguises that what it found was seen through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
}

impl Spoken {
    pub(crate) fn new(spoke: &Spoke<'_>) -> Spoken {
        let clauses = spoke.clauses.iter().map(|clause| Clause {
            number: clause.number,
            test: clause.words.to_owned(),
            field: clause.field.to_owned(),
            outcome: came_to(clause.outcome),
            view: clause.view.map(|view| view.to_string()),
        });
        Spoken {
            policy: spoke.policy.to_owned(),
            rule: spoke.rule.to_owned(),
            effect: spoke.effect.to_string(),
            at: spoke.at.clone(),
            outcome: came_to(spoke.outcome.map(|()| true)),
            clauses: clauses.collect(),
        }
    }
}

/// `true`, `false`, `missing`, `not a number`, …
fn came_to(outcome: Result<bool, Doubt>) -> String {
    match outcome {
        Ok(outcome) => outcome.to_string(),
        Err(doubt) => {
            let words = doubt.to_string();
            words
                .strip_prefix("is ")
                .map_or(words.clone(), str::to_owned)
        }
    }
}
