//! The answer to a request: [`Decision`].

use std::fmt;

use crate::{
    Effect,
    prepared::{Policy, Rule},
    shape::Mismatch,
    table::Place,
};

/// The answer to a request, and what it stands on. It borrows from the engine.
///
/// What people and programs read of it is an [`Engine::report`](crate::Engine::report).
#[derive(Clone, Copy)]
pub struct Decision<'e> {
    pub(crate) effect: Effect,
    pub(crate) policy: Option<&'e Policy>,
    pub(crate) rule: Option<&'e Rule>,
    pub(crate) clause: Option<u16>,
    pub(crate) cause: Cause<'e>,
}

/// Why a decision is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause<'e> {
    /// The condition of its rule is true.
    Rule,
    /// The condition of its rule is true of what the request says once a
    /// disguise is taken off.
    Disguise,
    /// The condition of its rule is in doubt, because of the decision's clause.
    Doubt,
    /// No rule fired; the policy's default.
    Default,
    /// No rule of any policy fired, and all of them abstain. Where rules were in
    /// doubt, the decision names the strictest of them.
    AllAbstain,
    /// There are no policies.
    NoPolicies,
    /// The request names a policy that is not there.
    UnknownPolicy {
        /// Index into the request's policies.
        position: usize,
    },
    /// A declared param is missing or of another type.
    WrongShape {
        /// Which.
        param: &'e str,
        /// How it differs.
        problem: Mismatch<'e>,
    },
    /// What came in is no request.
    BadRequest,
    /// The table is broken: see [`Policy::prepare`](crate::Policy::prepare).
    BrokenTable,
}

impl<'e> Decision<'e> {
    /// The answer.
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether the action may go ahead: `allow` and `audit`.
    pub const fn is_permitted(&self) -> bool {
        match self.effect {
            Effect::Allow | Effect::Audit => true,
            Effect::Defer | Effect::Escalate | Effect::Deny => false,
        }
    }

    /// The policy it stands on.
    pub fn policy(&self) -> Option<&'e str> {
        self.policy.map(|policy| &*policy.name)
    }

    /// The rule it stands on.
    pub fn rule(&self) -> Option<&'e str> {
        self.rule.map(|rule| &*rule.about.id)
    }

    /// Where what it stands on was written: the rule, else the policy. An
    /// [`Engine::spell`](crate::Engine::spell) writes it out.
    pub fn at(&self) -> Option<Place> {
        let rule = self.rule.map(|rule| rule.about.at);
        rule.or(self.policy.map(|policy| policy.at))
    }

    /// The number of the test that settled the rule's condition: the last of
    /// those that all hold, the first that holds of several, or the one in doubt.
    pub const fn clause(&self) -> Option<u16> {
        self.clause
    }

    /// Why it is what it is.
    pub const fn cause(&self) -> Cause<'e> {
        self.cause
    }

    /// The answer to what is no request.
    pub const fn bad_request() -> Decision<'static> {
        Decision::refused(Cause::BadRequest)
    }

    /// A denial that stands on no policy.
    pub(crate) const fn refused(cause: Cause<'e>) -> Decision<'e> {
        Decision {
            effect: Effect::Deny,
            policy: None,
            rule: None,
            clause: None,
            cause,
        }
    }
}

impl PartialEq for Decision<'_> {
    fn eq(&self, other: &Decision<'_>) -> bool {
        let parts = |decision: &Decision<'_>| (decision.effect, decision.clause);
        parts(self) == parts(other)
            && self.policy() == other.policy()
            && self.rule() == other.rule()
            && self.cause == other.cause
    }
}

impl fmt::Debug for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("effect", &self.effect)
            .field("policy", &self.policy())
            .field("rule", &self.rule())
            .field("clause", &self.clause)
            .field("cause", &self.cause)
            .finish()
    }
}
