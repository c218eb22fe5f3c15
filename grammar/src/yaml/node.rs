//! The tree of a YAML text: what stands where, before anybody says what it means.

use std::rc::Rc;

use crate::span::Span;
use crate::yaml::typing::{self, Value};

/// A text, a list or a mapping, and where it stands.
///
/// What an alias stands for keeps the place it was written at.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// In bytes: quotes and brackets included, comments and the ends of lines
    /// around it not.
    pub span: Span,
}

/// The kinds of nodes.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Nothing stands there, or `~`, or `null`.
    Null,
    /// One value.
    Scalar(Scalar),
    /// `[a, b]` or `- a`.
    Sequence(Rc<Vec<Node>>),
    /// `{a: b}` or `a: b`; no key stands twice.
    Mapping(Rc<Vec<Entry>>),
}

/// One value, its escapes and foldings undone.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// What it says.
    pub text: Rc<str>,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: it may be a boolean or a number.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|` or `>`
    Block,
}

/// One line of a mapping.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Always a scalar.
    pub key: Node,
    /// What stands after the colon.
    pub value: Node,
}

impl Entry {
    /// The text of the key.
    pub fn name(&self) -> &str {
        match &self.key.kind {
            Kind::Scalar(scalar) => &scalar.text,
            Kind::Null | Kind::Sequence(_) | Kind::Mapping(_) => "",
        }
    }
}

impl Node {
    /// Whether nothing stands there.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The scalar, whatever its type.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            Kind::Null | Kind::Sequence(_) | Kind::Mapping(_) => None,
        }
    }

    /// The text, where YAML 1.2 reads one.
    pub fn as_str(&self) -> Option<&str> {
        let scalar = self.as_scalar()?;
        (scalar.value() == Value::Text).then_some(&*scalar.text)
    }

    /// The boolean, where YAML 1.2 reads one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.as_scalar()?.value() {
            Value::Boolean(value) => Some(value),
            Value::Null | Value::Number(_) | Value::NotFinite | Value::Date | Value::Text => None,
        }
    }

    /// The whole number, where YAML 1.2 reads one and it fits.
    pub fn as_integer(&self) -> Option<i64> {
        self.as_number()?.parse().ok()
    }

    /// The number, where YAML 1.2 reads one: its digits in decimal, without a
    /// plus or needless zeros in front.
    pub fn as_number(&self) -> Option<String> {
        match self.as_scalar()?.value() {
            Value::Number(digits) => Some(digits),
            Value::Null | Value::Boolean(_) | Value::NotFinite | Value::Date | Value::Text => None,
        }
    }

    /// The elements of a list.
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence(nodes) => Some(nodes),
            Kind::Null | Kind::Scalar(_) | Kind::Mapping(_) => None,
        }
    }

    /// The lines of a mapping.
    pub fn as_mapping(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Mapping(entries) => Some(entries),
            Kind::Null | Kind::Scalar(_) | Kind::Sequence(_) => None,
        }
    }

    /// The line of a mapping under this key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_mapping()?.iter().find(|entry| entry.name() == key)
    }

    /// What a mapping holds under this key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// What it is, for a message: `a list`.
    pub fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
            Kind::Scalar(scalar) => match scalar.value() {
                Value::Null => "nothing",
                Value::Boolean(_) => "a boolean",
                Value::Number(_) => "a number",
                Value::NotFinite => "a number that is not finite",
                Value::Date | Value::Text => "a text",
            },
        }
    }
}

impl Scalar {
    /// What a reader of YAML 1.2 takes it for.
    pub fn value(&self) -> Value {
        match self.style {
            Style::Plain => typing::yaml_1_2(&self.text),
            Style::Single | Style::Double | Style::Block => Value::Text,
        }
    }
}
