//! A decision in, what it stands on out, as decisions are counted together.

use std::{
    borrow::Cow,
    hash::{Hash, Hasher},
};

use agentos_runtime::{self as runtime, Decision, Effect, RecordedDecision, table::Place};

use super::cut;

/// What a decision stands on. Decisions that have the same one are counted
/// together, wherever it was written: lines move as a policy is edited.
#[derive(Clone, Debug)]
pub struct Basis<'a> {
    /// The answer.
    pub effect: Effect,
    /// What kind of thing gave it.
    pub cause: Cause,
    /// The policy.
    pub policy: Option<Cow<'a, str>>,
    /// The rule.
    pub rule: Option<Cow<'a, str>>,
    pub(super) at: At<'a>,
}

/// What kind of thing gives an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A rule: its condition is true, true behind a disguise, or in doubt.
    Rule,
    /// No rule fired; the policy's default.
    Default,
    /// No rule fired, and all policies abstain.
    AllAbstain,
    /// There are no policies.
    NoPolicies,
    /// The request names a policy that is not there.
    UnknownPolicy,
    /// A declared param is missing or of another type.
    WrongShape,
    /// The policies cannot be used.
    BrokenTable,
    /// The log says so.
    Recorded,
}

/// Where what decides was written.
#[derive(Clone, Debug)]
pub(super) enum At<'a> {
    Nowhere,
    /// In the sources of the engine that decided.
    Table(Place),
    /// As the log has it.
    Recorded(Cow<'a, str>),
}

impl PartialEq for Basis<'_> {
    fn eq(&self, other: &Basis<'_>) -> bool {
        self.counted() == other.counted()
    }
}

impl Eq for Basis<'_> {}

impl Hash for Basis<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.counted().hash(state);
    }
}

impl<'a> From<&Decision<'a>> for Basis<'a> {
    fn from(decision: &Decision<'a>) -> Basis<'a> {
        Basis {
            effect: decision.effect(),
            cause: match decision.cause() {
                runtime::Cause::Rule | runtime::Cause::Disguise | runtime::Cause::Doubt => {
                    Cause::Rule
                }
                runtime::Cause::Default => Cause::Default,
                // A line that is no request is never asked about.
                runtime::Cause::AllAbstain | runtime::Cause::BadRequest => Cause::AllAbstain,
                runtime::Cause::NoPolicies => Cause::NoPolicies,
                runtime::Cause::UnknownPolicy { .. } => Cause::UnknownPolicy,
                runtime::Cause::WrongShape { .. } => Cause::WrongShape,
                runtime::Cause::BrokenTable => Cause::BrokenTable,
            },
            policy: decision.policy().map(Cow::Borrowed),
            rule: decision.rule().map(Cow::Borrowed),
            at: decision.at().map_or(At::Nowhere, At::Table),
        }
    }
}

impl<'a> From<RecordedDecision<'a>> for Basis<'a> {
    fn from(decision: RecordedDecision<'a>) -> Basis<'a> {
        Basis {
            effect: decision.effect,
            cause: Cause::Recorded,
            policy: decision.policy.map(cut),
            rule: decision.rule.map(cut),
            at: decision.at.map_or(At::Nowhere, |at| At::Recorded(cut(at))),
        }
    }
}

impl Basis<'_> {
    /// What tells two of them apart.
    fn counted(&self) -> (Effect, Cause, Option<&str>, Option<&str>) {
        let (policy, rule) = (self.policy.as_deref(), self.rule.as_deref());
        (self.effect, self.cause, policy, rule)
    }

    /// The same, of nobody else's memory.
    pub(super) fn into_owned(self) -> Basis<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Basis {
            effect: self.effect,
            cause: self.cause,
            policy: self.policy.map(own),
            rule: self.rule.map(own),
            at: match self.at {
                At::Nowhere => At::Nowhere,
                At::Table(place) => At::Table(place),
                At::Recorded(text) => At::Recorded(own(text)),
            },
        }
    }
}
