//! A question and a value in, what it comes to out.

use agentos_runtime::{
    Value,
    table::{Literal, Order},
    time,
};

use super::{
    atom::{Ask, Declared, Kind, Of},
    language::TooLarge,
    languages::{self, Languages},
};

/// What a question comes to for a value.
pub(crate) fn outcome<'t>(
    languages: &Languages<'t>,
    of: Of,
    ask: &Ask<'t>,
    value: &Value<'_>,
) -> Result<Option<bool>, TooLarge> {
    let values = match (of, value) {
        (Of::Whole, value) => return whole(languages, ask, value),
        (Of::Any | Of::Every, Value::List(values)) => values,
        (Of::Any | Of::Every, value) => {
            return Ok(match ask {
                Ask::Exists => Some(!value.is_null()),
                _ => None,
            });
        }
    };
    let outcomes: Vec<Option<bool>> = values
        .iter()
        .map(|value| whole(languages, ask, value))
        .collect::<Result<_, _>>()?;
    let decisive = Some(of == Of::Any);
    Ok(if outcomes.contains(&decisive) {
        decisive
    } else if outcomes.contains(&None) {
        None
    } else {
        decisive.map(|decisive| !decisive)
    })
}

fn whole<'t>(
    languages: &Languages<'t>,
    ask: &Ask<'t>,
    value: &Value<'_>,
) -> Result<Option<bool>, TooLarge> {
    Ok(match (ask, value) {
        (Ask::Exists, value) => Some(!value.is_null()),
        (Ask::HasType(kind), value) => Some(has_type(kind, value)),
        (Ask::Equals(literal), value) => equals(literal, value),
        (Ask::Compare(order, Literal::Number(bound)), Value::Number(number, _)) => {
            Some(is_ordered(*order, number.cmp(bound)))
        }
        (Ask::Compare(order, Literal::Time(bound)), Value::String(text)) => {
            time::nanoseconds(text).map(|moment| is_ordered(*order, moment.cmp(bound)))
        }
        (Ask::OneOf(literals), value) => one_of(literals, value),
        (Ask::Contains(literal), Value::List(values)) => {
            let outcomes: Vec<Option<bool>> =
                values.iter().map(|value| equals(literal, value)).collect();
            if outcomes.contains(&Some(true)) {
                Some(true)
            } else if outcomes.contains(&None) {
                None
            } else {
                Some(false)
            }
        }
        (Ask::Under(directory), Value::String(text)) => is_under(directory, text),
        (Ask::Contains(Literal::Text(part)), Value::String(text)) => Some(text.contains(part)),
        (Ask::StartsWith(start), Value::String(text)) => Some(text.starts_with(start)),
        (Ask::EndsWith(end), Value::String(text)) => Some(text.ends_with(end)),
        (ask, Value::String(text)) => match languages.of(ask)? {
            None => None,
            Some(languages) => {
                for language in languages.iter() {
                    if language.has(text)? {
                        return Ok(Some(true));
                    }
                }
                Some(false)
            }
        },
        _ => None,
    })
}

/// What a question comes to where nothing is there.
pub(crate) fn missing(ask: &Ask<'_>, declared: Declared, of: Of) -> Option<bool> {
    match (ask, declared, of) {
        (Ask::Exists, ..) => Some(false),
        (Ask::HasType(_), declared, _) => Some(declared == Declared::Optional),
        (_, Declared::Optional, of) => Some(of == Of::Every),
        (_, Declared::No | Declared::Required, _) => None,
    }
}

/// The texts that a value without keys is in the text.
pub(crate) fn spell(value: &Value<'_>, texts: &mut Vec<String>) {
    match value {
        Value::Null => texts.push("None".to_owned()),
        Value::Boolean(boolean) => {
            texts.push(if *boolean { "True" } else { "False" }.to_owned());
        }
        Value::Number(number, _) => texts.push(number.to_string()),
        Value::OutOfRange(digits) => texts.push(digits.to_string()),
        Value::String(text) => texts.push(text.to_string()),
        Value::List(values) => values.iter().for_each(|value| spell(value, texts)),
        Value::Map(map) => map.iter().for_each(|(_, value)| spell(value, texts)),
    }
}

pub(super) fn has_type(kind: &Kind<'_>, value: &Value<'_>) -> bool {
    match (kind, value) {
        (Kind::String, Value::String(_))
        | (Kind::Decimal, Value::Number(..))
        | (Kind::Boolean, Value::Boolean(_)) => true,
        (Kind::Integer, Value::Number(number, _)) => number.is_integer(),
        (Kind::Timestamp, Value::String(text)) => time::nanoseconds(text).is_some(),
        (Kind::OneOf(literals), value) => one_of(literals, value) == Some(true),
        (Kind::List(element), Value::List(values)) => {
            values.iter().all(|value| has_type(element, value))
        }
        _ => false,
    }
}

fn one_of(literals: &[Literal<'_>], value: &Value<'_>) -> Option<bool> {
    let is_alike = |literal: &&Literal<'_>| {
        matches!(
            (literal, value),
            (Literal::Text(_) | Literal::Time(_), Value::String(_))
                | (Literal::Number(_), Value::Number(..))
                | (Literal::Boolean(_), Value::Boolean(_))
        )
    };
    let outcomes: Vec<Option<bool>> = literals
        .iter()
        .filter(is_alike)
        .map(|literal| equals(literal, value))
        .collect();
    if outcomes.contains(&Some(true)) {
        Some(true)
    } else if outcomes.is_empty() || outcomes.contains(&None) {
        None
    } else {
        Some(false)
    }
}

fn equals(literal: &Literal<'_>, value: &Value<'_>) -> Option<bool> {
    match (literal, value) {
        (Literal::Text(ours), Value::String(theirs)) => Some(*ours == &**theirs),
        (Literal::Time(ours), Value::String(theirs)) => {
            time::nanoseconds(theirs).map(|theirs| *ours == theirs)
        }
        (Literal::Number(ours), Value::Number(theirs, _)) => Some(ours == theirs),
        (Literal::Boolean(ours), Value::Boolean(theirs)) => Some(ours == theirs),
        _ => None,
    }
}

fn is_ordered(order: Order, ordering: std::cmp::Ordering) -> bool {
    match order {
        Order::Less => ordering.is_lt(),
        Order::AtMost => ordering.is_le(),
        Order::Greater => ordering.is_gt(),
        Order::AtLeast => ordering.is_ge(),
    }
}

/// Whether a path without detours is a directory or below it.
fn is_under(directory: &str, path: &str) -> Option<bool> {
    let directory = languages::components(directory)?;
    if path.contains(['\\', '\0']) {
        return None;
    }
    Some(languages::components(path)?.starts_with(&directory))
}
