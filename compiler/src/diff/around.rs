//! A request that is answered otherwise, and the rules about it, in; what happens
//! near the numbers in them that are otherwise out.

use std::collections::{BTreeMap, BTreeSet};

use agentos_runtime::{
    Effect, Engine, Map, Number, Request, Value,
    table::{Check, Condition, Field, Literal, Quantifier, Rule},
};
use serde::Serialize;

/// What is answered where one number of a request is another one, and the rest of
/// it is what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Around {
    /// The field, as rules spell it.
    pub field: String,
    /// By falling smallness.
    pub near: Vec<Near>,
}

/// What is answered for one number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Near {
    /// The number.
    pub value: String,
    /// The answer before.
    pub old: &'static str,
    /// The answer now.
    pub new: &'static str,
}

/// The most numbers of a field that are looked at.
const MOST_NUMBERS: usize = 6;

/// What happens near numbers of one side only, with which fields of `request` are
/// compared. `rules` are those about its action, before and now.
pub(super) fn around(
    rules: [&[&Rule<'_>]; 2],
    engines: &[Engine; 2],
    request: &Request<'static>,
) -> Vec<Around> {
    let [old, new] = rules.map(numbers);
    let fields: BTreeSet<&Spelled<'_>> = old.keys().chain(new.keys()).collect();
    let mut all = Vec::new();
    for spelled in fields {
        let none = BTreeSet::new();
        let was = old.get(spelled).unwrap_or(&none);
        let is = new.get(spelled).unwrap_or(&none);
        let Some(&mut Value::Number(at, _)) = value(&mut request.clone(), &spelled.1) else {
            continue;
        };
        let mut changed: Vec<Number> = was.symmetric_difference(is).copied().collect();
        // Those around what the request has matter most.
        let below = changed.partition_point(|&number| number < at);
        let first = below.saturating_sub(MOST_NUMBERS / 2);
        changed.drain(..first);
        changed.truncate(MOST_NUMBERS);
        let near: BTreeSet<Number> = changed.into_iter().flat_map(beside).chain([at]).collect();
        let mut rows: Vec<(Number, [Effect; 2])> = Vec::new();
        for number in near {
            let mut request = request.clone();
            if let Some(place) = value(&mut request, &spelled.1) {
                *place = number.into();
            }
            let effects = engines
                .each_ref()
                .map(|engine| engine.decide(&request).effect());
            rows.push((number, effects));
        }
        // In the middle of the same answers a number says nothing new.
        let near = (0..rows.len()).filter(|&place| {
            let beside = rows.get(place.wrapping_sub(1)).zip(rows.get(place + 1));
            let is_inside = beside
                .is_some_and(|(one, other)| one.1 == rows[place].1 && other.1 == rows[place].1);
            !is_inside || rows[place].0 == at
        });
        let near: Vec<Near> = near
            .map(|place| {
                let (number, [old, new]) = rows[place];
                Near {
                    value: number.to_string(),
                    old: old.name(),
                    new: new.name(),
                }
            })
            .collect();
        if near.len() > 1 {
            all.push(Around {
                field: spelled.0.clone(),
                near,
            });
        }
    }
    all
}

/// A field as rules spell it, and the field.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spelled<'t>(String, Field<'t>);

impl Ord for Spelled<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Spelled<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// By field, the numbers that rules compare it with.
fn numbers<'t>(rules: &[&Rule<'t>]) -> BTreeMap<Spelled<'t>, BTreeSet<Number>> {
    let mut fields: BTreeMap<Spelled<'t>, BTreeSet<Number>> = BTreeMap::new();
    let conditions = rules.iter().filter_map(|rule| rule.when.as_ref());
    let mut left: Vec<&Condition<'t>> = conditions.collect();
    while let Some(condition) = left.pop() {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => left.extend(parts.iter()),
            Condition::Test(test) => {
                let (Check::Compare(_, Literal::Number(number))
                | Check::Equals(Literal::Number(number))) = &test.check
                else {
                    continue;
                };
                if let (Quantifier::Whole, Some(spelled)) = (test.quantifier, spelled(&test.field))
                {
                    let field = Spelled(spelled, test.field.clone());
                    fields.entry(field).or_default().insert(*number);
                }
            }
        }
    }
    fields
}

fn spelled(field: &Field<'_>) -> Option<String> {
    let (root, names) = match field {
        Field::Param(names) => ("params", names),
        Field::Context(names) => ("context", names),
        Field::Attested(names) => ("attested", names),
        Field::Action | Field::Agent | Field::Text => return None,
    };
    Some(format!("{root}.{}", names.join(".")))
}

/// A number and its neighbours, as far away as its last digit stands for.
fn beside(number: Number) -> [Number; 3] {
    let (mantissa, scale) = (number.mantissa(), number.scale());
    [-1, 0, 1].map(|step| Number::new(mantissa.saturating_add(step), scale))
}

/// Where a request has the value of a field.
fn value<'r>(
    request: &'r mut Request<'static>,
    field: &Field<'_>,
) -> Option<&'r mut Value<'static>> {
    let (map, names) = match field {
        Field::Param(names) => (&mut request.params, names),
        Field::Context(names) => (&mut request.context, names),
        Field::Attested(names) => (&mut request.attested, names),
        Field::Action | Field::Agent | Field::Text => return None,
    };
    let (last, folders) = names.split_last()?;
    let mut map: &mut Map<'static> = map;
    for folder in folders {
        match map.get_mut(folder)? {
            Value::Map(inner) => map = inner,
            _ => return None,
        }
    }
    map.get_mut(last)
}
