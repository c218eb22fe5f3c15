//! A table and a request in, the decision out, the long way: each rule by
//! itself, straight from the rows, with nothing made ready.
//!
//! It shares no code with the engine but numbers and moments, so that what
//! both say is what was meant.

use std::{cell::RefCell, cmp::Reverse, collections::HashMap};

use agentos_runtime::{
    Cause, Decision, Effect, Map, Mismatch, Request, Stage, Value,
    glob::Glob,
    table::{
        Check, Combine, Condition, DefaultAnswer, Field, Literal, Matcher, Order, Pattern, Policy,
        Quantifier, Rule, Table, Test, Type,
    },
    time::nanoseconds,
};
use regex_automata::{Anchored, Input, MatchKind, meta::Regex};

/// What a decision says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) effect: Effect,
    pub(crate) policy: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) clause: Option<u16>,
    pub(crate) cause: String,
}

/// What a decision of the engine says.
pub(crate) fn said(decision: &Decision<'_>) -> Said {
    Said {
        effect: decision.effect(),
        policy: decision.policy().map(str::to_owned),
        rule: decision.rule().map(str::to_owned),
        clause: decision.clause(),
        cause: match decision.cause() {
            Cause::WrongShape {
                param,
                problem: Mismatch::Missing,
            } => format!("{param} missing"),
            Cause::WrongShape {
                param,
                problem: Mismatch::Type(_),
            } => format!("{param} type"),
            cause => format!("{cause:?}"),
        },
    }
}

fn denied(cause: impl Into<String>) -> Said {
    Said {
        effect: Effect::Deny,
        policy: None,
        rule: None,
        clause: None,
        cause: cause.into(),
    }
}

/// True, false, or in doubt.
type Three = Option<bool>;

fn and(all: impl IntoIterator<Item = Three>) -> Three {
    let all: Vec<Three> = all.into_iter().collect();
    if all.contains(&Some(false)) {
        Some(false)
    } else if all.contains(&None) {
        None
    } else {
        Some(true)
    }
}

fn or(any: impl IntoIterator<Item = Three>) -> Three {
    and(any.into_iter().map(|three| three.map(|held| !held))).map(|held| !held)
}

/// The decision, as the language says it.
pub(crate) fn decide<'t>(table: &Table<'t>, request: &Request<'_>) -> Said {
    if let Some(position) = request
        .policies
        .iter()
        .position(|name| !table.policies.iter().any(|policy| policy.name == &**name))
    {
        return denied(format!("UnknownPolicy {{ position: {position} }}"));
    }
    let applying: Vec<&Policy<'t>> = if request.policies.is_empty() {
        table
            .policies
            .iter()
            .filter(|policy| !policy.base)
            .collect()
    } else {
        let named = |name: &str| {
            table
                .policies
                .iter()
                .find(|policy| policy.name == name)
                .unwrap()
        };
        request.policies.iter().map(|name| named(name)).collect()
    };
    let mut answers: Vec<Said> = Vec::new();
    let mut answered = false;
    for policy in applying {
        if let Some((param, problem)) = misshapen(policy, request) {
            answers.push(Said {
                policy: Some(policy.name.into()),
                ..denied(format!("{param} {problem}"))
            });
            answered = true;
            continue;
        }
        let mut definite = false;
        for part in policy.parts.iter() {
            let mut rules: Vec<&Rule<'_>> = part
                .rules
                .iter()
                .filter(|rule| applies(rule, request))
                .collect();
            match part.combine {
                Combine::Strictest => rules.sort_by_key(|rule| Reverse(rule.effect)),
                Combine::Priority => rules.sort_by_key(|rule| Reverse(rule.priority)),
            }
            for rule in rules {
                let look = Look {
                    policy,
                    request,
                    effect: rule.effect,
                };
                let (held, clause) = rule
                    .when
                    .as_ref()
                    .map_or((Some(true), None), |when| look.settle(when));
                let cause = match held {
                    Some(false) => continue,
                    None if rule.effect == Effect::Allow => continue,
                    None => "Doubt",
                    Some(true) => "Rule",
                };
                answers.push(Said {
                    effect: rule.effect,
                    policy: Some(policy.name.into()),
                    rule: Some(rule.id.into()),
                    clause,
                    cause: cause.into(),
                });
                definite |= held == Some(true);
                if held == Some(true) && part.combine == Combine::Priority {
                    break;
                }
            }
        }
        let default = match policy.default {
            DefaultAnswer::Allow => Some(Effect::Allow),
            DefaultAnswer::Deny => Some(Effect::Deny),
            DefaultAnswer::Abstain => None,
        };
        if let (false, Some(effect)) = (definite, default) {
            answers.push(Said {
                effect,
                policy: Some(policy.name.into()),
                ..denied("Default")
            });
            definite = true;
        }
        answered |= definite;
    }
    // The first of the strictest.
    let strictest = answers.into_iter().rev().max_by_key(|said| said.effect);
    match strictest {
        Some(said) if answered || said.effect == Effect::Deny => said,
        // What is in doubt is named all the same.
        Some(doubtful) => Said {
            effect: Effect::Deny,
            cause: "AllAbstain".into(),
            ..doubtful
        },
        None => denied("AllAbstain"),
    }
}

fn applies(rule: &Rule<'_>, request: &Request<'_>) -> bool {
    rule.stage == request.stage
        && rule
            .actions
            .iter()
            .any(|action| Glob::new(action).matches(&request.action))
}

fn misshapen(policy: &Policy<'_>, request: &Request<'_>) -> Option<(String, &'static str)> {
    if request.stage != Stage::Call {
        return None;
    }
    let action = policy
        .actions
        .iter()
        .find(|action| action.name == request.action)?;
    action
        .params
        .iter()
        .find_map(|param| match request.params.get(param.name) {
            None | Some(Value::Null) if param.optional => None,
            None => Some((param.name.to_owned(), "missing")),
            Some(value) => (!has_type(&param.ty, value)).then(|| (param.name.to_owned(), "type")),
        })
}

fn has_type(ty: &Type<'_>, value: &Value<'_>) -> bool {
    match (ty, value) {
        (Type::String, Value::String(_))
        | (Type::Decimal, Value::Number(..))
        | (Type::Boolean, Value::Boolean(_)) => true,
        (Type::Integer, Value::Number(number, _)) => number.scale() == 0,
        (Type::Timestamp, Value::String(text)) => nanoseconds(text).is_some(),
        (Type::OneOf(literals), value) => literals
            .iter()
            .any(|literal| equals(literal, value) == Some(true)),
        (Type::List(element), Value::List(values)) => {
            values.iter().all(|value| has_type(&element[0], value))
        }
        _ => false,
    }
}

fn equals(literal: &Literal<'_>, value: &Value<'_>) -> Three {
    match (literal, value) {
        (Literal::Text(ours), Value::String(theirs)) => Some(*ours == &**theirs),
        (Literal::Time(ours), Value::String(theirs)) => {
            nanoseconds(theirs).map(|theirs| *ours == theirs)
        }
        (Literal::Number(ours), Value::Number(theirs, _)) => Some(ours == theirs),
        (Literal::Boolean(ours), Value::Boolean(theirs)) => Some(ours == theirs),
        _ => None,
    }
}

struct Look<'a, 't> {
    policy: &'a Policy<'t>,
    request: &'a Request<'a>,
    effect: Effect,
}

/// What patterns look at.
#[derive(Clone, Copy)]
enum Of {
    Field,
    Text,
    /// Where finding more is stricter, also the text without its keys.
    TextAndValues,
}

enum Seen {
    Absent,
    Doubt,
    Value(Value<'static>),
}

impl Look<'_, '_> {
    fn settle(&self, condition: &Condition<'_>) -> (Three, Option<u16>) {
        let (conditions, decisive) = match condition {
            Condition::Test(test) => return (self.test(test), Some(test.clause)),
            Condition::All(conditions) => (conditions, false),
            Condition::Any(conditions) => (conditions, true),
        };
        let settled: Vec<_> = conditions
            .iter()
            .map(|condition| self.settle(condition))
            .collect();
        let first = |wanted: Three| settled.iter().find(|(held, _)| *held == wanted).copied();
        if let Some(settled) = first(Some(decisive)).or_else(|| first(None)) {
            return settled;
        }
        (
            Some(!decisive),
            settled.iter().rev().find_map(|(_, clause)| *clause),
        )
    }

    fn test(&self, test: &Test<'_>) -> Three {
        let held = match (&test.check, self.see(&test.field)) {
            (Check::Exists, seen) => {
                Some(matches!(seen, Seen::Value(value) if value != Value::Null))
            }
            (Check::Intent(categories, at), _) => {
                Some(self.intends(categories, *at, self.text_for(test)))
            }
            (_, Seen::Doubt) => None,
            (_, Seen::Absent) => Some(test.quantifier == Quantifier::Every),
            (check, Seen::Value(value)) => {
                let each = |value| self.check(check, value, Of::Field);
                match (test.quantifier, &value) {
                    (Quantifier::Whole, value) if test.field == Field::Text => {
                        self.check(check, value, self.text_for(test))
                    }
                    (Quantifier::Whole, value) => each(value),
                    (Quantifier::Any, Value::List(values)) => or(values.iter().map(each)),
                    (Quantifier::Every, Value::List(values)) => and(values.iter().map(each)),
                    _ => None,
                }
            }
        };
        held.map(|held| held != test.negated)
    }

    fn text_for(&self, test: &Test<'_>) -> Of {
        if (self.effect >= Effect::Defer) == test.negated {
            Of::Text
        } else {
            Of::TextAndValues
        }
    }

    fn see(&self, field: &Field<'_>) -> Seen {
        let (map, path, is_param) = match field {
            Field::Action => return Seen::Value(Value::from(self.request.action.to_string())),
            Field::Agent if self.request.agent.is_empty() => return Seen::Doubt,
            Field::Agent => return Seen::Value(Value::from(self.request.agent.to_string())),
            Field::Text => return Seen::Value(Value::from(canonical(self.request))),
            Field::Param(path) => (&self.request.params, path, true),
            Field::Context(path) => (&self.request.context, path, false),
            Field::Attested(path) => (&self.request.attested, path, false),
        };
        let declared = self
            .policy
            .actions
            .iter()
            .find(|action| action.name == self.request.action);
        if let Some(action) = declared.filter(|_| is_param && self.request.stage == Stage::Call) {
            let Some(param) = action.params.iter().find(|param| param.name == path[0]) else {
                return Seen::Absent;
            };
            if param.optional
                && map
                    .get(param.name)
                    .is_none_or(|value| *value == Value::Null)
            {
                return Seen::Absent;
            }
        }
        let mut value = Value::Map(map.clone());
        for name in path.iter() {
            value = match &value {
                Value::Map(map) => match map.get(name) {
                    Some(value) => value.clone(),
                    None => return Seen::Doubt,
                },
                _ => return Seen::Doubt,
            };
        }
        // Nothing here is borrowed for less than the test lasts.
        Seen::Value(owned(&value))
    }

    fn check(&self, check: &Check<'_>, value: &Value<'_>, of: Of) -> Three {
        match (check, value) {
            (Check::Equals(literal), value) => equals(literal, value),
            (Check::Compare(order, Literal::Number(bound)), Value::Number(number, _)) => {
                Some(ordered(*order, number, bound))
            }
            (Check::Compare(order, Literal::Time(bound)), Value::String(text)) => {
                nanoseconds(text).map(|moment| ordered(*order, &moment, bound))
            }
            (Check::OneOf(literals), value) => {
                let same_type: Vec<_> = literals
                    .iter()
                    .filter(|literal| {
                        matches!(
                            (literal, value),
                            (Literal::Text(_) | Literal::Time(_), Value::String(_))
                                | (Literal::Number(_), Value::Number(..))
                                | (Literal::Boolean(_), Value::Boolean(_))
                        )
                    })
                    .collect();
                if same_type.is_empty() {
                    None
                } else {
                    or(same_type.into_iter().map(|literal| equals(literal, value)))
                }
            }
            (Check::Contains(Literal::Text(part)), Value::String(text)) => {
                Some(text.contains(part))
            }
            (Check::Contains(literal), Value::List(values)) => {
                or(values.iter().map(|value| equals(literal, value)))
            }
            (Check::StartsWith(start), Value::String(text)) => Some(text.starts_with(start)),
            (Check::EndsWith(end), Value::String(text)) => Some(text.ends_with(end)),
            (Check::Under(directory), Value::String(text)) => under(directory, text),
            (Check::Matches(set), Value::String(text)) => {
                let patterns = &self.policy.patterns[*set as usize].patterns;
                Some(
                    patterns
                        .iter()
                        .any(|pattern| self.matches(pattern, text, of)),
                )
            }
            _ => None,
        }
    }

    fn intends(
        &self,
        categories: &[agentos_runtime::table::Category],
        at: agentos_runtime::Number,
        of: Of,
    ) -> bool {
        let text = canonical(self.request);
        let intents = self
            .policy
            .intents
            .iter()
            .filter(|intent| categories.contains(&intent.category));
        let found = intents
            .flat_map(|intent| intent.signals.iter())
            .filter(|signal| self.matches(&signal.pattern, &text, of));
        let confidence = found.map(|signal| signal.weight).max().unwrap_or(0.into());
        confidence > 0.into() && confidence >= at
    }

    fn matches(&self, pattern: &Pattern<'_>, text: &str, of: Of) -> bool {
        if let Of::TextAndValues = of
            && self.matches(pattern, &values(self.request).join(" "), Of::Text)
        {
            return true;
        }
        match &pattern.matcher {
            Matcher::Substring(part) => text.to_lowercase().contains(part),
            Matcher::Regex(expression) => {
                regex(expression, MatchKind::LeftmostFirst).is_match(text)
            }
            Matcher::RegexUnless(first, follower) => is_unfollowed(first, follower, text),
            Matcher::Glob(expression) => {
                let regex = regex(&format!(r"\A(?:{expression})\z"), MatchKind::LeftmostFirst);
                if let Of::Text | Of::TextAndValues = of {
                    values(self.request)
                        .iter()
                        .any(|value| regex.is_match(value))
                } else {
                    regex.is_match(text)
                }
            }
        }
    }
}

/// A regex, compiled once a thread.
fn regex(expression: &str, kind: MatchKind) -> Regex {
    thread_local! {
        static COMPILED: RefCell<HashMap<(String, bool), Regex>> = RefCell::default();
    }
    let key = (expression.to_owned(), kind == MatchKind::All);
    let compile = || {
        Regex::builder()
            .configure(Regex::config().match_kind(kind))
            .build(expression)
            .unwrap()
    };
    COMPILED.with_borrow_mut(|compiled| compiled.entry(key).or_insert_with(compile).clone())
}

/// Whether `first` matches somewhere such that `follower` does not match right after.
fn is_unfollowed(first: &str, follower: &str, text: &str) -> bool {
    let first = regex(first, MatchKind::All);
    let follower = regex(follower, MatchKind::LeftmostFirst);
    let is_boundary = |at: &usize| text.is_char_boundary(*at);
    (0..=text.len()).filter(is_boundary).any(|start| {
        (start..=text.len()).filter(is_boundary).any(|end| {
            let here = Input::new(text).span(start..end).anchored(Anchored::Yes);
            let after = Input::new(text)
                .span(end..text.len())
                .anchored(Anchored::Yes);
            first.search(&here).is_some_and(|found| found.end() == end)
                && follower.search(&after).is_none()
        })
    })
}

fn under(directory: &str, path: &str) -> Three {
    let absolute = directory.starts_with('/');
    if path.starts_with('~') || path.contains(['\\', '\0']) || path.starts_with('/') != absolute {
        return None;
    }
    let mut components: Vec<&str> = Vec::new();
    for component in path
        .split('/')
        .filter(|component| !["", "."].contains(component))
    {
        match component {
            ".." if components.is_empty() && !absolute => return None,
            ".." => drop(components.pop()),
            component => components.push(component),
        }
    }
    let directory: Vec<&str> = directory
        .split('/')
        .filter(|component| !component.is_empty())
        .collect();
    Some(components.starts_with(&directory))
}

fn ordered<T: Ord>(order: Order, left: &T, right: &T) -> bool {
    match order {
        Order::Less => left < right,
        Order::AtMost => left <= right,
        Order::Greater => left > right,
        Order::AtLeast => left >= right,
    }
}

/// The canonical text.
pub(crate) fn canonical(request: &Request<'_>) -> String {
    let mut pieces = values(request);
    keys(&Value::Map(request.params.clone()), &mut pieces);
    pieces.join(" ")
}

fn keys(value: &Value<'_>, into: &mut Vec<String>) {
    match value {
        Value::Map(map) => {
            for (key, value) in map.iter() {
                into.push(key.to_owned());
                keys(value, into);
            }
        }
        Value::List(values) => values.iter().for_each(|value| keys(value, into)),
        _ => {}
    }
}

fn values(request: &Request<'_>) -> Vec<String> {
    fn scalars(value: &Value<'_>, into: &mut Vec<String>) {
        match value {
            Value::Map(map) => map.iter().for_each(|(_, value)| scalars(value, into)),
            Value::List(values) => values.iter().for_each(|value| scalars(value, into)),
            Value::Null => into.push("None".into()),
            Value::Boolean(boolean) => into.push(if *boolean { "True" } else { "False" }.into()),
            Value::String(text) => into.push(text.to_string()),
            Value::Number(number, agentos_runtime::Spelling::Whole) => {
                into.push(number.to_string());
            }
            Value::Number(number, agentos_runtime::Spelling::Pointed) => {
                into.push(format!("{:?}", number.to_f64()));
            }
            Value::OutOfRange(_) => into.push("1e+99".into()),
        }
    }
    let mut values = vec![request.action.to_string()];
    scalars(&Value::Map(request.params.clone()), &mut values);
    values
}

fn owned(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Null => Value::Null,
        Value::Boolean(boolean) => Value::Boolean(*boolean),
        Value::Number(number, spelling) => Value::Number(*number, *spelling),
        Value::OutOfRange(digits) => Value::OutOfRange(digits.to_string().into()),
        Value::String(text) => Value::String(text.to_string().into()),
        Value::List(values) => Value::List(values.iter().map(owned).collect()),
        Value::Map(map) => {
            let map: Map<'static> = map
                .iter()
                .map(|(name, value)| (name.to_owned(), owned(value)))
                .collect();
            Value::Map(map)
        }
    }
}
