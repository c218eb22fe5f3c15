//! What an agent wants to do: [`Request`].

use std::borrow::Cow;

use crate::{
    table::Stage,
    value::{Map, Value},
};

/// What an agent wants to do. It carries no authority of its own.
///
/// ```
/// use agentos_runtime::Request;
///
/// let request = Request::new("billing-7", "refund")
///     .param("amount", 250)
///     .param("order", "A-17")
///     .attested("user_status", "verified");
/// assert_eq!(request.params.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Request<'a> {
    /// Given back with the decision; empty where the caller has none.
    pub id: Cow<'a, str>,
    /// Who asks; a test of an empty one is in doubt.
    pub agent: Cow<'a, str>,
    /// What it wants to do: the tool's name.
    pub action: Cow<'a, str>,
    /// With what.
    pub params: Map<'a>,
    /// What the caller claims.
    pub context: Map<'a>,
    /// What the host or a verified credential says.
    pub attested: Map<'a>,
    /// The policies to be judged by; empty: all the engine has, those that
    /// others extend through these.
    pub policies: Vec<Cow<'a, str>>,
    /// What the params are: those of a call, a prompt, or a result.
    pub stage: Stage,
}

impl<'a> Request<'a> {
    /// A call of an action without params.
    pub fn new(agent: impl Into<Cow<'a, str>>, action: impl Into<Cow<'a, str>>) -> Request<'a> {
        Request {
            agent: agent.into(),
            action: action.into(),
            ..Request::default()
        }
    }

    /// Names the request, so that its decision can be told from others.
    #[must_use]
    pub fn id(mut self, id: impl Into<Cow<'a, str>>) -> Request<'a> {
        self.id = id.into();
        self
    }

    /// Sets a param.
    #[must_use]
    pub fn param(
        mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Value<'a>>,
    ) -> Request<'a> {
        self.params.insert(name, value);
        self
    }

    /// Sets what the caller claims.
    #[must_use]
    pub fn context(
        mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Value<'a>>,
    ) -> Request<'a> {
        self.context.insert(name, value);
        self
    }

    /// Sets what the host says; never call it with something a caller sent.
    #[must_use]
    pub fn attested(
        mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Value<'a>>,
    ) -> Request<'a> {
        self.attested.insert(name, value);
        self
    }

    /// Adds a policy to be judged by.
    #[must_use]
    pub fn policy(mut self, name: impl Into<Cow<'a, str>>) -> Request<'a> {
        self.policies.push(name.into());
        self
    }

    /// Says what the params are.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Request<'a> {
        self.stage = stage;
        self
    }
}
