//! Rules whose requests are declared in, the same in our language and in Cedar's out.
//!
//! Two provers agree only where a request means the same to both. So every
//! action declares four params, Cedar's schema has the same four in its context,
//! and none of them may be missing: ours denies a call without them, for Cedar
//! there is none. Literals are ASCII and numbers fit 64 bits.

use std::{collections::BTreeSet, fmt::Write as _};

use crate::rules::{self, When};

/// One rule, in nobody's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whether it allows or denies.
    pub allows: bool,
    /// The one action it is about.
    pub action: String,
    /// When it fires.
    pub when: Condition,
}

/// What is asked of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    Always,
    /// The user is this one.
    UserIs(String),
    /// The user is one of these.
    UserIn(Vec<String>),
    /// The path is, begins, goes on or ends so.
    Path(Part, String),
    /// The amount beside a number.
    Amount(Order, i64),
    /// Whether it is urgent.
    Urgent(bool),
    /// Not so.
    Not(Box<Condition>),
    /// Both.
    And(Box<[Condition; 2]>),
    /// One of both.
    Or(Box<[Condition; 2]>),
}

/// Which part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// What it starts with.
    Start,
    /// Any part.
    Any,
    /// What it ends with.
    End,
}

/// How a number stands to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they say it")]
pub enum Order {
    Is,
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Order {
    const fn sign(self) -> &'static str {
        match self {
            Order::Is => "==",
            Order::Below => "<",
            Order::AtMost => "<=",
            Order::Above => ">",
            Order::AtLeast => ">=",
        }
    }
}

impl Condition {
    /// This, turned round.
    #[must_use]
    pub fn negated(self) -> Condition {
        Condition::Not(Box::new(self))
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Condition) -> Condition {
        Condition::And(Box::new([self, other]))
    }

    /// One of both.
    #[must_use]
    pub fn or(self, other: Condition) -> Condition {
        Condition::Or(Box::new([self, other]))
    }

    fn ours(&self) -> String {
        match self {
            Condition::Always => "(amount >= 0 or amount < 0)".to_owned(),
            Condition::UserIs(user) => format!("user == \"{user}\""),
            Condition::UserIn(users) => format!("user in [{}]", quoted(users)),
            Condition::Path(Part::Whole, text) => format!("path == \"{text}\""),
            Condition::Path(Part::Start, text) => format!("path starts with \"{text}\""),
            Condition::Path(Part::Any, text) => format!("path contains \"{text}\""),
            Condition::Path(Part::End, text) => format!("path ends with \"{text}\""),
            Condition::Amount(order, number) => format!("amount {} {number}", order.sign()),
            Condition::Urgent(urgent) => format!("urgent == {urgent}"),
            Condition::Not(inner) => format!("not ({})", inner.ours()),
            Condition::And(both) => format!("({} and {})", both[0].ours(), both[1].ours()),
            Condition::Or(both) => format!("({} or {})", both[0].ours(), both[1].ours()),
        }
    }

    fn cedar(&self) -> String {
        match self {
            Condition::Always => "true".to_owned(),
            Condition::UserIs(user) => format!("context.user == \"{user}\""),
            Condition::UserIn(users) => format!("[{}].contains(context.user)", quoted(users)),
            Condition::Path(Part::Whole, text) => format!("context.path == \"{text}\""),
            Condition::Path(Part::Start, text) => format!("context.path like \"{text}*\""),
            Condition::Path(Part::Any, text) => format!("context.path like \"*{text}*\""),
            Condition::Path(Part::End, text) => format!("context.path like \"*{text}\""),
            Condition::Amount(order, number) => {
                format!("context.amount {} {number}", order.sign())
            }
            Condition::Urgent(urgent) => format!("context.urgent == {urgent}"),
            Condition::Not(inner) => format!("!({})", inner.cedar()),
            Condition::And(both) => format!("({} && {})", both[0].cedar(), both[1].cedar()),
            Condition::Or(both) => format!("({} || {})", both[0].cedar(), both[1].cedar()),
        }
    }
}

fn quoted(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    quoted.join(", ")
}

/// A workload's rules.
pub fn rules(workload: rules::Workload, count: usize) -> Vec<Rule> {
    let rules = rules::rules(workload, count).into_iter();
    rules
        .map(|rule| Rule {
            allows: rule.allows,
            action: rule.action,
            when: match rule.when {
                When::Always => Condition::Always,
                When::UserIs(user) => Condition::UserIs(user),
                When::PathStartsWith(prefix) => Condition::Path(Part::Start, prefix),
                When::AmountAtMost(most) => Condition::Amount(Order::AtMost, most),
            },
        })
        .collect()
}

/// The actions that rules are about.
pub fn actions<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> BTreeSet<&'r str> {
    rules.into_iter().map(|rule| rule.action.as_str()).collect()
}

/// The rules in our language, a line each, and before them a line for each action.
pub fn ours(actions: &BTreeSet<&str>, rules: &[Rule]) -> String {
    let mut text = "policy authz { default deny;\n".to_owned();
    for action in actions {
        let params = "user: string, path: string, amount: integer, urgent: boolean";
        writeln!(text, "action {action} {{ {params} }}").expect(WRITES);
    }
    for rule in rules {
        let effect = if rule.allows { "allow" } else { "deny" };
        let when = match &rule.when {
            Condition::Always => String::new(),
            when => format!(" when {}", when.ours()),
        };
        writeln!(text, "{effect} {}{when};", rule.action).expect(WRITES);
    }
    text + "}\n"
}

/// What a request may be, as a schema of Cedar's.
pub fn schema(actions: &BTreeSet<&str>) -> String {
    let mut text = "entity User;\nentity Tool;\n".to_owned();
    for action in actions {
        let context = "user: String, path: String, amount: Long, urgent: Bool";
        writeln!(
            text,
            "action \"{action}\" appliesTo {{ principal: [User], resource: [Tool], context: {{ {context} }} }};",
        )
        .expect(WRITES);
    }
    text
}

/// The rules in Cedar's language, a line each.
pub fn cedar(rules: &[Rule]) -> String {
    let lines = rules
        .iter()
        .map(|rule| cedar_rule(rule, rule.allows) + "\n");
    lines.collect()
}

/// One rule in Cedar's language; `allows` is said apart, for questions about when it
/// fires.
pub fn cedar_rule(rule: &Rule, allows: bool) -> String {
    let effect = if allows { "permit" } else { "forbid" };
    let when = match &rule.when {
        Condition::Always => String::new(),
        when => format!(" when {{ {} }}", when.cedar()),
    };
    let action = &rule.action;
    format!("{effect}(principal, action == Action::\"{action}\", resource){when};")
}

const WRITES: &str = "writing to a text does not fail";
