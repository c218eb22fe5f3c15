//! A decision in, what it stands on out, as decisions are counted together.

use std::{
    borrow::Cow,
    hash::{Hash, Hasher},
};

use agentos_runtime::{self as runtime, Decision, Effect, Engine, RecordedDecision, table::Place};

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

impl Cause {
    /// Each of them.
    pub const ALL: [Cause; 8] = [
        Cause::Rule,
        Cause::Default,
        Cause::AllAbstain,
        Cause::NoPolicies,
        Cause::UnknownPolicy,
        Cause::WrongShape,
        Cause::BrokenTable,
        Cause::Recorded,
    ];

    /// As it is written in documents: `wrong_shape`.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Rule => "rule",
            Cause::Default => "default",
            Cause::AllAbstain => "all_abstain",
            Cause::NoPolicies => "no_policies",
            Cause::UnknownPolicy => "unknown_policy",
            Cause::WrongShape => "wrong_shape",
            Cause::BrokenTable => "broken_table",
            Cause::Recorded => "recorded",
        }
    }
}

/// Where what decides was written.
#[derive(Clone, Debug)]
pub(super) enum At<'a> {
    Nowhere,
    /// In the sources of the engine that decided.
    Table(Place),
    /// Written out.
    Spelled(Cow<'a, str>),
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
            at: decision.at.map_or(At::Nowhere, |at| At::Spelled(cut(at))),
        }
    }
}

impl<'a> Basis<'a> {
    /// One whose parts were written out elsewhere, with the place where what decides
    /// was written.
    pub fn spelled(
        effect: Effect,
        cause: Cause,
        policy: Option<Cow<'a, str>>,
        rule: Option<Cow<'a, str>>,
        at: Option<Cow<'a, str>>,
    ) -> Basis<'a> {
        Basis {
            effect,
            cause,
            policy,
            rule,
            at: at.map_or(At::Nowhere, At::Spelled),
        }
    }
}

impl Basis<'_> {
    /// Where what decides was written: `file:line:column`, in the sources of the
    /// engine that decided.
    pub fn at(&self, engine: &Engine) -> Option<String> {
        match &self.at {
            At::Nowhere => None,
            At::Table(place) => Some(engine.spell(*place)),
            At::Spelled(text) => Some(text.clone().into_owned()),
        }
    }

    /// The same, where it was written out elsewhere.
    pub fn spelled_at(&self) -> Option<&str> {
        match &self.at {
            At::Nowhere | At::Table(_) => None,
            At::Spelled(text) => Some(text),
        }
    }

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
                At::Spelled(text) => At::Spelled(own(text)),
            },
        }
    }
}
