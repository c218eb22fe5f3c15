//! What params, context and attested fields hold: [`Value`] and [`Map`].

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use crate::Number;

/// How many lists and maps may stand inside each other.
///
/// A value that is deeper is refused when it is read; one that was built by
/// hand puts every look at the text of its request in doubt.
pub const DEEPEST_VALUE: usize = 128;

/// A value of a request.
///
/// ```
/// use agentos_runtime::Value;
///
/// let cc: Value = vec!["a@example.com", "b@example.com"].into();
/// assert_eq!(cc.to_string(), r#"["a@example.com", "b@example.com"]"#);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing; for every test but `exists` a value of the wrong type.
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// An exact number, and how it was spelled.
    Number(Number, Spelling),
    /// A number with more digits than can be held exactly, as it was spelled:
    /// every test of it is in doubt.
    OutOfRange(Cow<'a, str>),
    /// A text.
    String(Cow<'a, str>),
    /// Values in order.
    List(Vec<Value<'a>>),
    /// Values by name.
    Map(Map<'a>),
}

/// How a number was spelled. Comparisons do not mind; the canonical text does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// Digits only: `1`.
    Whole,
    /// With a point or an exponent: `1.0`, `1e0`.
    Pointed,
}

impl Value<'_> {
    /// What kind of value it is, for messages: `a text`, `a list`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Boolean(_) => "a boolean",
            Value::Number(..) => "a number",
            Value::OutOfRange(_) => "a number out of range",
            Value::String(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// Whether it is null.
    pub const fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

/// Values by name, in the order they were given.
///
/// Looking a name up compares it with each: maps of requests are small.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Map<'a> {
    entries: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Map<'a> {
    /// A map without entries.
    pub const fn new() -> Map<'a> {
        Map {
            entries: Vec::new(),
        }
    }

    /// The value of that name.
    #[inline]
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.entries
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The value of that name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value<'a>> {
        let mut entries = self.entries.iter_mut();
        let entry = entries.find(|(key, _)| key == name);
        entry.map(|(_, value)| value)
    }

    /// Sets the value of that name, and gives back the one it had.
    pub fn insert(
        &mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Value<'a>>,
    ) -> Option<Value<'a>> {
        let (name, value) = (name.into(), value.into());
        if let Some(old) = self.get_mut(&name) {
            return Some(std::mem::replace(old, value));
        }
        self.entries.push((name, value));
        None
    }

    /// Takes the value of that name out.
    pub fn remove(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.entries.iter().position(|(key, _)| key == name)?;
        Some(self.entries.remove(at).1)
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value<'a>)> + Clone {
        self.entries
            .iter()
            .map(|(key, value)| (key.as_ref(), value))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry at that position.
    #[inline]
    pub(crate) fn at(&self, position: usize) -> Option<(&str, &Value<'a>)> {
        self.entries
            .get(position)
            .map(|(key, value)| (key.as_ref(), value))
    }

    /// Adds an entry whose name is known to be new.
    #[cfg(feature = "json")]
    pub(crate) fn push(&mut self, name: Cow<'a, str>, value: Value<'a>) {
        self.entries.push((name, value));
    }
}

impl<'a, K: Into<Cow<'a, str>>, V: Into<Value<'a>>> FromIterator<(K, V)> for Map<'a> {
    /// Of two entries of one name, the later one stands.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Map<'a> {
        let mut map = Map::new();
        for (name, value) in entries {
            map.insert(name, value);
        }
        map
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Boolean(value)
    }
}

impl From<Number> for Value<'_> {
    fn from(value: Number) -> Self {
        let spelling = if value.is_integer() {
            Spelling::Whole
        } else {
            Spelling::Pointed
        };
        Value::Number(value, spelling)
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Value<'_> {
            fn from(value: $integer) -> Self {
                Value::Number(Number::from(value), Spelling::Whole)
            }
        }
    )*};
}

from_integers!(i32, i64, u64);

impl From<f64> for Value<'_> {
    /// The number that its shortest spelling says; what is none is out of range.
    fn from(value: f64) -> Self {
        let spelled = value.to_string();
        match spelled.parse() {
            Ok(number) => Value::Number(number, Spelling::Pointed),
            Err(_) => Value::OutOfRange(spelled.into()),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value::String(Cow::Borrowed(value))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Value::String(Cow::Owned(value))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(value: Cow<'a, str>) -> Self {
        Value::String(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Vec<T>> for Value<'a> {
    fn from(values: Vec<T>) -> Self {
        Value::List(values.into_iter().map(Into::into).collect())
    }
}

impl<'a, T: Into<Value<'a>>, const N: usize> From<[T; N]> for Value<'a> {
    fn from(values: [T; N]) -> Self {
        Value::List(values.into_iter().map(Into::into).collect())
    }
}

impl<'a> From<Map<'a>> for Value<'a> {
    fn from(map: Map<'a>) -> Self {
        Value::Map(map)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// For messages; what is deeper than [`DEEPEST_VALUE`] shows as `…`.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self, DEEPEST_VALUE)
    }
}

fn show(f: &mut fmt::Formatter<'_>, value: &Value<'_>, deeper: usize) -> fmt::Result {
    let Some(deeper) = deeper.checked_sub(1) else {
        return f.write_char('…');
    };
    match value {
        Value::Null => f.write_str("null"),
        Value::Boolean(value) => write!(f, "{value}"),
        Value::Number(number, _) => write!(f, "{number}"),
        Value::OutOfRange(digits) => f.write_str(digits),
        Value::String(text) => write!(f, "{text:?}"),
        Value::List(values) => {
            f.write_char('[')?;
            for (at, value) in values.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { ", " })?;
                show(f, value, deeper)?;
            }
            f.write_char(']')
        }
        Value::Map(map) => {
            f.write_char('{')?;
            for (at, (name, value)) in map.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { ", " })?;
                write!(f, "{name:?}: ")?;
                show(f, value, deeper)?;
            }
            f.write_char('}')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_made_by_hand_keep_order_and_the_last_of_two() {
        let map: Map<'_> = [
            ("b", Value::from(1)),
            ("a", Value::from(true)),
            ("b", Value::from(2.5)),
        ]
        .into_iter()
        .collect();
        assert_eq!(Value::from(map).to_string(), r#"{"b": 2.5, "a": true}"#);
    }

    #[test]
    fn a_float_that_is_no_exact_number_is_out_of_range() {
        assert_eq!(
            Value::from(0.1),
            Value::Number(Number::new(1, 1), Spelling::Pointed)
        );
        assert_eq!(Value::from(f64::NAN), Value::OutOfRange("NaN".into()));
        assert!(matches!(Value::from(1e300), Value::OutOfRange(_)));
    }
}
