//! A declared action and a request in, what does not fit out.

use std::fmt::Write as _;

use crate::{condition::Literals, request::Request, time, value::Value};

/// A declared action.
pub(crate) struct Shape {
    pub(crate) params: Box<[Param]>,
}

/// A declared param.
pub(crate) struct Param {
    pub(crate) name: Box<str>,
    /// The number of its name in its policy.
    pub(crate) number: u32,
    pub(crate) ty: Type,
    /// The type as a person writes it.
    pub(crate) words: Box<str>,
    pub(crate) optional: bool,
}

/// The type of a param. Its depth was bounded when it was made ready.
pub(crate) enum Type {
    String,
    Integer,
    Decimal,
    Boolean,
    Timestamp,
    OneOf(Literals),
    List(Box<Type>),
}

/// How a param differs from its declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch<'e> {
    /// It is not there.
    Missing,
    /// It has another type than this one.
    Type(&'e str),
}

impl Shape {
    /// What the declaration says of the param whose name has that number.
    #[inline]
    pub(crate) fn param(&self, number: u32) -> Option<&Param> {
        self.params.iter().find(|param| param.number == number)
    }

    /// The first declared param that the request does not have as declared.
    #[inline]
    pub(crate) fn mismatch(&self, request: &Request<'_>) -> Option<(&str, Mismatch<'_>)> {
        self.params
            .iter()
            .enumerate()
            .find_map(|(position, param)| {
                // Params mostly come in the order they are declared in.
                let value = match request.params.at(position) {
                    Some((name, value)) if *name == *param.name => Some(value),
                    _ => request.params.get(&param.name),
                };
                match value {
                    None | Some(Value::Null) if param.optional => None,
                    None => Some((&*param.name, Mismatch::Missing)),
                    Some(value) if param.ty.has(value) => None,
                    Some(_) => Some((&*param.name, Mismatch::Type(&param.words))),
                }
            })
    }
}

impl Shape {
    /// Which part of the param does not fit, such as `[2]`, and what it is.
    pub(crate) fn misfit(&self, param: &str, value: &Value<'_>) -> Option<(String, &'static str)> {
        let param = self.params.iter().find(|known| &*known.name == param)?;
        let (mut ty, mut value, mut place) = (&param.ty, value, String::new());
        while let (Type::List(element), Value::List(values)) = (ty, value) {
            let mut values = values.iter().enumerate();
            let (at, wrong) = values.find(|(_, value)| !element.has(value))?;
            let _ = write!(place, "[{at}]");
            (ty, value) = (element, wrong);
        }
        Some((place, value.kind()))
    }
}

impl Type {
    fn has(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Type::String, Value::String(_))
            | (Type::Decimal, Value::Number(..))
            | (Type::Boolean, Value::Boolean(_)) => true,
            (Type::Integer, Value::Number(number, _)) => number.is_integer(),
            (Type::Timestamp, Value::String(text)) => time::nanoseconds(text).is_some(),
            (Type::OneOf(literals), value) => literals.contain(value) == Ok(true),
            (Type::List(element), Value::List(values)) => {
                values.iter().all(|value| element.has(value))
            }
            (
                Type::String
                | Type::Integer
                | Type::Decimal
                | Type::Boolean
                | Type::Timestamp
                | Type::List(_),
                _,
            ) => false,
        }
    }
}
