//! An action and its params in, what they intend out, and whether that is
//! denied: [`SemanticPolicyEngine`].
//!
//! Signals are those of a policy. A signal counts where it is in the canonical
//! text, or in the text as the reference spells it: neither a key
//! behind the values, nor a nested value's escapes, can hide it from both.

use std::sync::Arc;

use agentos_scan::Memory;
use bytes::Bytes;

use crate::{
    Number,
    condition::Buffers,
    doubt::Doubt,
    engine::with_buffers,
    matcher::{self, Scan},
    nearest::nearest,
    prepare::{TableError, prepare},
    prepared::{Policy, Signal},
    report::{MOST_MATCHES, Match},
    table::{Category, Table},
    text::{self, Text},
    value::Map,
};

mod classification;
mod deny;

pub use classification::{IntentClassification, PolicyDenied, SignalMatch};
pub use deny::DenySet;

/// Why a semantic engine cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SemanticError {
    /// The table is broken.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The table has no policy of that name.
    #[error("there is no policy `{name}`{}", near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownPolicy {
        /// The name.
        name: String,
        /// The nearest one there is.
        near: Option<String>,
    },
    /// The policy has no signals, so nothing would ever be found.
    #[error("policy `{policy}` has no signals")]
    NoSignals {
        /// The policy.
        policy: String,
    },
    /// Nothing would be denied.
    #[error("the list of denied categories is empty; leave it out to deny the five dangerous ones")]
    EmptyDeny,
    /// Not a confidence.
    #[error("the confidence threshold {given} is not between 0 and 1")]
    Threshold {
        /// As it was given.
        given: String,
    },
}

/// Tells what calls intend, and denies those that intend what is denied.
///
/// Its signals are those of one policy of a [`Table`]. With the shipped signals,
/// and signals of one's own, the compiler makes it (`semantic::engine`).
///
/// It may be asked from many threads at once. A call whose text cannot be read
/// to its end, since it is too long or nested too deeply, is in doubt: it is
/// dangerous, and is denied. A clone shares the signals.
#[derive(Clone)]
pub struct SemanticPolicyEngine {
    signals: Arc<Policy>,
    deny: DenySet,
    threshold: Number,
}

/// What was found in a call of one category.
struct Candidate {
    category: Category,
    weight: Number,
    signals: Vec<String>,
}

impl SemanticPolicyEngine {
    /// An engine of the signals of one policy. It denies the five dangerous
    /// categories from a confidence of 0.5 on.
    ///
    /// # Errors
    ///
    /// The table is broken, there is no such policy, or it has no signals.
    pub fn new(table: &Table<'_>, policy: &str) -> Result<SemanticPolicyEngine, SemanticError> {
        let names = || table.policies.iter().map(|policy| policy.name);
        let at = names().position(|name| name == policy).ok_or_else(|| {
            SemanticError::UnknownPolicy {
                name: policy.to_owned(),
                near: nearest(policy, names()).map(str::to_owned),
            }
        })?;
        let mut policies = prepare(table, &|matchers| Bytes::copy_from_slice(matchers))?;
        let policy = policies.swap_remove(at);
        if policy
            .intents
            .iter()
            .all(|intent| intent.signals.is_empty())
        {
            return Err(SemanticError::NoSignals {
                policy: policy.name.into(),
            });
        }
        Ok(SemanticPolicyEngine {
            signals: Arc::new(policy),
            deny: DenySet::DANGEROUS,
            threshold: Number::new(5, 1),
        })
    }

    /// Sets what is denied.
    #[must_use]
    pub fn deny(mut self, deny: DenySet) -> SemanticPolicyEngine {
        self.deny = deny;
        self
    }

    /// Sets the confidence from which on a denied category is denied.
    ///
    /// # Errors
    ///
    /// It is not between 0 and 1.
    pub fn confidence_threshold(
        mut self,
        threshold: f64,
    ) -> Result<SemanticPolicyEngine, SemanticError> {
        self.threshold = Number::fraction(threshold).ok_or_else(|| SemanticError::Threshold {
            given: threshold.to_string(),
        })?;
        Ok(self)
    }

    /// What a call intends.
    pub fn classify(&self, action: &str, params: &Map<'_>) -> IntentClassification {
        self.look(action, params, |found: &Found<'_>| found.classification())
    }

    /// What a call intends, where that is not denied.
    ///
    /// # Errors
    ///
    /// One of its intents is denied, and not only the heaviest one is asked, or
    /// the call is in doubt.
    pub fn check(
        &self,
        action: &str,
        params: &Map<'_>,
    ) -> Result<IntentClassification, PolicyDenied> {
        self.check_for("", action, params, self.deny)
    }

    /// The same on behalf of a policy, whose name the denial carries, and with
    /// what that policy denies.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn check_for(
        &self,
        policy_name: &str,
        action: &str,
        params: &Map<'_>,
        deny: DenySet,
    ) -> Result<IntentClassification, PolicyDenied> {
        self.look(action, params, |found| match found.denied(deny) {
            None => Ok(found.classification()),
            Some(classification) => Err(PolicyDenied {
                classification,
                policy_name: policy_name.to_owned(),
            }),
        })
    }

    /// What is denied where [`check_for`](Self::check_for) does not say.
    pub const fn denied(&self) -> DenySet {
        self.deny
    }

    /// All signals that are in a call, of every category, with their places.
    ///
    /// # Errors
    ///
    /// The call cannot be read to its end.
    pub fn signals(&self, action: &str, params: &Map<'_>) -> Result<Vec<SignalMatch>, Doubt> {
        self.look(action, params, |found| match found.unread {
            Some(doubt) => Err(doubt),
            None => Ok(found.signals(params)),
        })
    }

    fn look<T>(&self, action: &str, params: &Map<'_>, say: impl FnOnce(&Found<'_>) -> T) -> T {
        with_buffers(|buffers| {
            let Buffers {
                text,
                scan,
                second,
                second_scan,
                searching,
                ..
            } = buffers;
            let memory = &mut searching.memory;
            let mut unread = self.scan(text, memory, scan, |text| text.read_call(action, params));
            second_scan.clear();
            // Without params, both texts are the action.
            if unread.is_none() && !params.is_empty() {
                unread = self.scan(second, memory, second_scan, |text| {
                    text.read_nested(action, params)
                });
            }
            let found = Found {
                engine: self,
                text,
                second,
                scans: [scan, second_scan],
                unread,
            };
            say(&found)
        })
    }

    /// Looks for all signals in a text; says why where it cannot be read.
    fn scan(
        &self,
        text: &mut Text,
        memory: &mut Memory,
        scan: &mut Scan,
        read: impl FnOnce(&mut Text) -> Result<&str, Doubt>,
    ) -> Option<Doubt> {
        text.clear();
        scan.clear();
        let doubt = read(text).err();
        if doubt.is_none() {
            let policy = &self.signals;
            policy.patterns.scan(text, memory, scan);
        }
        doubt
    }

    /// Whether a weight is enough to deny: by itself, or as classifications show it.
    fn reaches(&self, weight: Number) -> bool {
        weight >= self.threshold || classification::rounded(weight) >= self.threshold.to_f64()
    }
}

/// What was found in one call.
struct Found<'f> {
    engine: &'f SemanticPolicyEngine,
    text: &'f Text,
    second: &'f Text,
    /// In the canonical text, and as the reference spells it.
    scans: [&'f Scan; 2],
    /// Why one of the texts could not be read.
    unread: Option<Doubt>,
}

impl Found<'_> {
    fn has(&self, signal: &Signal) -> bool {
        self.scans.iter().any(|scan| scan.has(signal.pattern))
    }

    /// What was found, heaviest first; of equals, in the order of the categories.
    fn candidates(&self) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = Vec::new();
        let intents = &self.engine.signals.intents;
        for category in Category::ALL {
            let mut found = intents
                .iter()
                .filter(|intent| intent.category == category)
                .flat_map(|intent| &intent.signals)
                .filter(|signal| self.has(signal))
                .peekable();
            if found.peek().is_none() {
                continue;
            }
            let mut weight = Number::from(0);
            let mut signals = Vec::new();
            for signal in found {
                weight = weight.max(signal.weight);
                signals.push(signal.explain.to_string());
            }
            // A weight of 0 counts towards nothing.
            if weight > Number::from(0) {
                candidates.push(Candidate {
                    category,
                    weight,
                    signals,
                });
            }
        }
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.weight));
        if candidates.is_empty() {
            candidates.push(Candidate {
                category: Category::Benign,
                weight: Number::from(0),
                signals: Vec::new(),
            });
        }
        candidates
    }

    fn classification(&self) -> IntentClassification {
        let heaviest = self.candidates().into_iter().next();
        let (category, weight, signals) = heaviest.map_or(
            (Category::Benign, Number::from(0), Vec::new()),
            |candidate| (candidate.category, candidate.weight, candidate.signals),
        );
        IntentClassification::new(category, weight, signals, self.unread)
    }

    /// What makes the call one that is denied.
    fn denied(&self, deny: DenySet) -> Option<IntentClassification> {
        let is_denied =
            |category: Category, weight| deny.contains(category) && self.engine.reaches(weight);
        let denied = self
            .candidates()
            .into_iter()
            .find(|candidate| is_denied(candidate.category, candidate.weight));
        if let Some(Candidate {
            category,
            weight,
            signals,
        }) = denied
        {
            return Some(IntentClassification::new(
                category,
                weight,
                signals,
                self.unread,
            ));
        }
        self.unread.is_some().then(|| self.classification())
    }

    /// The signals that were found, with their places.
    fn signals(&self, params: &Map<'_>) -> Vec<SignalMatch> {
        let policy = &self.engine.signals;
        let mut looks = MOST_MATCHES.min(matcher::looks(self.text.whole()));
        let mut found = Vec::new();
        for category in Category::ALL {
            let intents = policy.intents.iter();
            let signals = intents
                .filter(|intent| intent.category == category)
                .flat_map(|intent| &intent.signals);
            for signal in signals.filter(|signal| self.has(signal)) {
                let is_asked = looks > 0;
                let at = is_asked
                    .then(|| self.place(signal.pattern, params))
                    .flatten();
                looks = looks.saturating_sub(1);
                found.push(SignalMatch {
                    category,
                    weight: signal.weight,
                    signal: signal.explain.to_string(),
                    at,
                });
            }
        }
        found
    }

    fn place(&self, id: u32, params: &Map<'_>) -> Option<Match> {
        let patterns = &self.engine.signals.patterns;
        // Where nothing is nested, the values stand in both texts at the same place.
        let is_start = || self.text.whole().starts_with(self.second.whole());
        let range = patterns.find_in(id, self.text).or_else(|| {
            let found = patterns.find_in(id, self.second);
            found.filter(|_| is_start())
        })?;
        let text::Spot {
            field,
            in_key,
            start,
            end,
        } = text::locate(self.text, params, range.start, range.end);
        Some(Match {
            field,
            view: None,
            in_key,
            pattern: patterns.rows.get(id as usize)?.source.to_string(),
            start,
            end,
        })
    }
}
