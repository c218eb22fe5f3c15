//! Rules and requests in, what Cedar says of them out.
//!
//! The verified user is Cedar's principal, which is where its users put it;
//! the params are the context. There is no schema and there are no entities.

use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet,
    Request, RestrictedExpression,
};
use serde::Deserialize;

use crate::rules::{self, Rule, When};

/// The rules in Cedar's language.
pub fn text(rules: &[Rule]) -> String {
    rules.iter().map(policy).collect()
}

fn policy(rule: &Rule) -> String {
    let effect = if rule.allows { "permit" } else { "forbid" };
    let action = &rule.action;
    let (principal, when) = match &rule.when {
        When::Always => ("principal".to_owned(), String::new()),
        When::UserIs(user) => (format!("principal == User::\"{user}\""), String::new()),
        When::PathStartsWith(prefix) => (
            "principal".to_owned(),
            format!(" when {{ context.path like \"{prefix}*\" }}"),
        ),
        When::AmountAtMost(most) => (
            "principal".to_owned(),
            format!(" when {{ context.amount <= {most} }}"),
        ),
    };
    format!("{effect}({principal}, action == Action::\"{action}\", resource){when};\n")
}

/// Cedar with its policies parsed.
pub struct Cedar {
    policies: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
    user: EntityTypeName,
    action: EntityTypeName,
    resource: EntityUid,
}

/// What is read of a request's bytes.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    action: &'a str,
    params: serde_json::Value,
    #[serde(borrow)]
    attested: Attested<'a>,
}

#[derive(Deserialize)]
struct Attested<'a> {
    user: &'a str,
}

impl Cedar {
    /// Parses policies.
    ///
    /// # Panics
    ///
    /// When they are none.
    pub fn new(text: &str) -> Cedar {
        Cedar {
            policies: PolicySet::from_str(text).expect("the rules are written as Cedar"),
            entities: Entities::empty(),
            authorizer: Authorizer::new(),
            user: name("User"),
            action: name("Action"),
            resource: EntityUid::from_type_name_and_id(name("Tool"), EntityId::new("t")),
        }
    }

    /// A request as Cedar has it.
    ///
    /// # Panics
    ///
    /// When the context is refused.
    pub fn request(&self, request: &rules::Request) -> Request {
        let context = Context::from_pairs([
            (
                "amount".to_owned(),
                RestrictedExpression::new_long(request.amount),
            ),
            (
                "path".to_owned(),
                RestrictedExpression::new_string(request.path.clone()),
            ),
        ]);
        let context = context.expect("two names are two keys");
        self.build(&request.user, &request.action, context)
    }

    /// Whether a request is allowed.
    pub fn permits(&self, request: &Request) -> bool {
        let response = self
            .authorizer
            .is_authorized(request, &self.policies, &self.entities);
        response.decision() == Decision::Allow
    }

    /// Whether the request in these bytes is allowed.
    ///
    /// # Panics
    ///
    /// When the bytes are no request.
    pub fn permits_json(&self, json: &str) -> bool {
        let body: Body<'_> = serde_json::from_str(json).expect("a request as JSON");
        let context = Context::from_json_value(body.params, None).expect("params are a record");
        self.permits(&self.build(body.attested.user, body.action, context))
    }

    fn build(&self, user: &str, action: &str, context: Context) -> Request {
        let user = EntityUid::from_type_name_and_id(self.user.clone(), EntityId::new(user));
        let action = EntityUid::from_type_name_and_id(self.action.clone(), EntityId::new(action));
        Request::new(user, action, self.resource.clone(), context, None)
            .expect("without a schema, every request is valid")
    }
}

fn name(name: &str) -> EntityTypeName {
    EntityTypeName::from_str(name).expect("a plain word")
}
