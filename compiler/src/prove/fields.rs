//! A policy in, the fields that its rules look at out: what a request may have
//! that is made for some of them only.

use agentos_runtime::{
    Map, Number, Request, Value,
    table::{Check, Condition, Field, Literal, Policy},
};

use super::number::{whole_after, whole_before};

/// The fields that rules look at, with the least and the largest number that each
/// is compared with.
pub(crate) struct Fields<'t>(Vec<(Field<'t>, Option<(Number, Number)>)>);

impl<'t> Fields<'t> {
    pub(crate) fn new(policy: &Policy<'t>) -> Fields<'t> {
        let mut known = std::collections::HashMap::new();
        let mut fields: Vec<(Field<'t>, Option<(Number, Number)>)> = Vec::new();
        let rules = policy.parts.iter().flat_map(|part| part.rules.iter());
        let mut left: Vec<&Condition<'t>> = rules.filter_map(|rule| rule.when.as_ref()).collect();
        while let Some(condition) = left.pop() {
            let test = match condition {
                Condition::All(parts) | Condition::Any(parts) => {
                    left.extend(parts.iter());
                    continue;
                }
                Condition::Test(test) => test,
            };
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

    /// The request with something in each field that it does not have: numbers
    /// below or above all that they are compared with, else some text.
    pub(crate) fn filled(&self, request: &Request<'static>, are_high: bool) -> Request<'static> {
        let mut request = request.clone();
        for (field, bounds) in &self.0 {
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

fn fill(map: &mut Map<'static>, names: &[&str], value: Value<'static>) {
    let Some((first, others)) = names.split_first() else {
        return;
    };
    if others.is_empty() {
        if map.get(first).is_none() {
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
