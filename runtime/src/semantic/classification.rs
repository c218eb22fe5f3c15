//! What the semantic engine answers with: [`IntentClassification`] and [`PolicyDenied`].

use std::fmt;

use crate::{Doubt, Match, Number, table::Category};

/// From which confidence on a dangerous category is dangerous.
const DANGEROUS_FROM: f64 = 0.5;

/// What a call intends.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentClassification {
    /// The category with the heaviest signal, of equals the first; `benign` where
    /// no signal is found.
    pub category: Category,
    /// The weight of that signal, to three places.
    pub confidence: f64,
    /// The names of the category's signals that were found, in the order in
    /// which they are tried.
    pub matched_signals: Vec<String>,
    /// The same in a sentence.
    pub explanation: String,
    /// Why the call could not be read to its end, where it could not.
    pub doubt: Option<Doubt>,
}

impl IntentClassification {
    pub(super) fn new(
        category: Category,
        weight: Number,
        matched_signals: Vec<String>,
        doubt: Option<Doubt>,
    ) -> IntentClassification {
        let confidence = rounded(weight);
        let found = if matched_signals.is_empty() {
            "no signal is found".to_owned()
        } else {
            let signals = matched_signals.join(", ");
            format!("{category} at {}: {signals}", percent(confidence))
        };
        let explanation = match doubt {
            Some(doubt) => format!("{found}; the text {doubt}"),
            None => found,
        };
        IntentClassification {
            category,
            confidence,
            matched_signals,
            explanation,
            doubt,
        }
    }

    /// Whether the category is one of the five dangerous ones, with a confidence
    /// of at least 0.5. A call that could not be read to its end is dangerous.
    pub fn is_dangerous(&self) -> bool {
        self.doubt.is_some() || self.category.is_dangerous() && self.confidence >= DANGEROUS_FROM
    }
}

/// Three places; a tie goes to the even digit.
pub(super) fn rounded(weight: Number) -> f64 {
    // Digits and a point read as a number.
    format!("{:.3}", weight.to_f64()).parse().unwrap_or(1.0)
}

fn percent(confidence: f64) -> String {
    format!("{:.0}%", confidence * 100.0)
}

/// A call that the semantic engine does not let pass.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct PolicyDenied {
    /// What it intends: of the denied categories that it has, the heaviest.
    pub classification: IntentClassification,
    /// On whose behalf it was checked; empty where nobody said.
    pub policy_name: String,
}

impl fmt::Display for PolicyDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match &*self.policy_name {
            "" => "semantic policy",
            name => name,
        };
        write!(f, "denied by {by}: {}", self.classification.explanation)
    }
}

impl std::error::Error for PolicyDenied {}

/// A signal that is in a call.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct SignalMatch {
    /// The category it counts towards.
    #[cfg_attr(feature = "json", serde(serialize_with = "crate::report::as_text"))]
    pub category: Category,
    /// Its weight.
    #[cfg_attr(feature = "json", serde(serialize_with = "crate::report::as_float"))]
    pub weight: Number,
    /// Its name.
    pub signal: String,
    /// Where it is; `None` where it rests on how nested values are spelled, or
    /// where there was no time left to look.
    pub at: Option<Match>,
}

#[cfg(feature = "json")]
mod json {
    use serde::{Serialize, Serializer, ser::SerializeStruct};

    use super::IntentClassification;

    impl Serialize for IntentClassification {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let doubt = self.doubt.map(|doubt| doubt.to_string());
            let fields = 5 + usize::from(doubt.is_some());
            let mut to = to.serialize_struct("IntentClassification", fields)?;
            to.serialize_field("category", self.category.name())?;
            to.serialize_field("confidence", &self.confidence)?;
            to.serialize_field("matched_signals", &self.matched_signals)?;
            to.serialize_field("explanation", &self.explanation)?;
            to.serialize_field("is_dangerous", &self.is_dangerous())?;
            if let Some(doubt) = doubt {
                to.serialize_field("doubt", &doubt)?;
            }
            to.end()
        }
    }
}
