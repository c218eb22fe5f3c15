//! A policy in, the fields that its rules look at out: what a request may have
//! that is made for some of them only.

use std::collections::{HashMap, HashSet};

use agentos_runtime::{
    Map, Number, Request, Value,
    table::{Check, Condition, Field, Literal, Policy, Rule, Test},
};

use super::number::{whole_after, whole_before};

/// The fields that rules look at, with the least and the largest number that each
/// is compared with.
pub(crate) struct Fields<'t>(Vec<(Field<'t>, Option<(Number, Number)>)>);

impl<'t> Fields<'t> {
    pub(crate) fn new(policy: &Policy<'t>) -> Fields<'t> {
        let mut known = HashMap::new();
        let mut fields: Vec<(Field<'t>, Option<(Number, Number)>)> = Vec::new();
        let rules = policy.parts.iter().flat_map(|part| part.rules.iter());
        for test in rules.flat_map(tests) {
            let at = *known.entry(test.field.clone()).or_insert_with(|| {
                fields.push((test.field.clone(), None));
                fields.len() - 1
            });
            if let Check::Compare(_, Literal::Number(bound)) = test.check {
                let (low, high) = fields[at].1.unwrap_or((bound, bound));
                fields[at].1 = Some((low.min(bound), high.max(bound)));
            }
        }
        // In the same order in each run.
        fields.sort_by_cached_key(|(field, _)| field.to_string());
        Fields(fields)
    }

    /// The request with something in each field that a rule does not look at: numbers
    /// below or above all that they are compared with, else some text where there is
    /// nothing.
    pub(crate) fn filled(
        &self,
        request: &Request<'static>,
        rule: &Rule<'t>,
        are_high: bool,
    ) -> Request<'static> {
        let mut request = request.clone();
        let own: HashSet<&Field<'t>> = tests(rule).map(|test| &test.field).collect();
        for (field, bounds) in self.0.iter().filter(|(field, _)| !own.contains(field)) {
            let number = bounds.and_then(|(low, high)| {
                if are_high {
                    whole_after(high)
                } else {
                    whole_before(low)
                }
            });
            let value = number.map_or_else(|| Value::from("something"), Value::from);
            match field {
                Field::Agent if request.agent.is_empty() => request.agent = "something".into(),
                Field::Action | Field::Text | Field::Agent => {}
                Field::Param(names) => fill(&mut request.params, names, value),
                Field::Context(names) => fill(&mut request.context, names, value),
                Field::Attested(names) => fill(&mut request.attested, names, value),
            }
        }
        request
    }
}

/// What a rule asks.
fn tests<'r, 't>(rule: &'r Rule<'t>) -> impl Iterator<Item = &'r Test<'t>> {
    let mut left: Vec<&Condition<'t>> = rule.when.iter().collect();
    std::iter::from_fn(move || {
        loop {
            match left.pop()? {
                Condition::All(parts) | Condition::Any(parts) => left.extend(parts.iter()),
                Condition::Test(test) => return Some(test),
            }
        }
    })
}

const fn is_number(value: &Value<'_>) -> bool {
    matches!(value, Value::Number(..))
}

fn fill(map: &mut Map<'static>, names: &[&str], value: Value<'static>) {
    let Some((first, others)) = names.split_first() else {
        return;
    };
    if others.is_empty() {
        let is_free = match map.get(first) {
            None => true,
            Some(there) => is_number(there) && is_number(&value),
        };
        if is_free {
            map.insert((*first).to_owned(), value);
        }
        return;
    }
    let mut inner = match map.get(first) {
        None => Map::new(),
        Some(Value::Map(inner)) => inner.clone(),
        Some(_) => return,
    };
    fill(&mut inner, others, value);
    map.insert((*first).to_owned(), Value::Map(inner));
}
