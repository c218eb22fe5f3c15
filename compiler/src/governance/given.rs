//! JSON and YAML values in, one form that settings are read from out.
//!
//! Numbers keep the digits they were written with, so that `5` and `5.0` stay
//! two things. Nothing looks deeper than an entry of a list, so what stands
//! deeper is left out.

use std::fmt;

use agentos_grammar::yaml;
use serde_json::Value;

/// A value, before anybody asks whether it is a fitting one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    Null,
    Boolean(bool),
    Number(String),
    Text(String),
    List(Vec<Given>),
    Mapping(Vec<(String, Given)>),
}

/// A policy, its lists, their entries, and the parts of those.
const DEEPEST: usize = 4;

impl Given {
    /// A JSON value.
    pub(super) fn json(value: &Value) -> Given {
        Given::json_within(value, DEEPEST)
    }

    fn json_within(value: &Value, depth: usize) -> Given {
        match value {
            Value::Null => Given::Null,
            Value::Bool(value) => Given::Boolean(*value),
            Value::Number(number) => Given::Number(number.to_string()),
            Value::String(text) => Given::Text(text.clone()),
            Value::Array(_) if depth == 0 => Given::List(Vec::new()),
            Value::Object(_) if depth == 0 => Given::Mapping(Vec::new()),
            Value::Array(list) => Given::List(
                list.iter()
                    .map(|entry| Given::json_within(entry, depth - 1))
                    .collect(),
            ),
            Value::Object(entries) => Given::Mapping(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), Given::json_within(value, depth - 1)))
                    .collect(),
            ),
        }
    }

    /// A YAML value; `trap` is told of each plain scalar that YAML readers take
    /// for different things.
    pub(super) fn yaml(node: &yaml::Node, trap: &mut dyn FnMut(&yaml::Node)) -> Given {
        Given::yaml_within(node, DEEPEST, trap)
    }

    fn yaml_within(node: &yaml::Node, depth: usize, trap: &mut dyn FnMut(&yaml::Node)) -> Given {
        match &node.kind {
            yaml::Kind::Null => Given::Null,
            yaml::Kind::Sequence(_) if depth == 0 => Given::List(Vec::new()),
            yaml::Kind::Mapping(_) if depth == 0 => Given::Mapping(Vec::new()),
            yaml::Kind::Sequence(nodes) => Given::List(
                nodes
                    .iter()
                    .map(|node| Given::yaml_within(node, depth - 1, trap))
                    .collect(),
            ),
            yaml::Kind::Mapping(entries) => Given::Mapping(
                entries
                    .iter()
                    .map(|entry| {
                        let value = Given::yaml_within(&entry.value, depth - 1, trap);
                        (entry.name().to_owned(), value)
                    })
                    .collect(),
            ),
            yaml::Kind::Scalar(scalar) => {
                if scalar.style == yaml::Style::Plain
                    && yaml::yaml_1_1(&scalar.text) != yaml::yaml_1_2(&scalar.text)
                {
                    trap(node);
                }
                match (node.as_bool(), node.as_number()) {
                    (Some(value), _) => Given::Boolean(value),
                    (None, Some(digits)) => Given::Number(digits),
                    (None, None) if scalar.value() == yaml::Value::NotFinite => {
                        Given::Number(scalar.text.to_string())
                    }
                    (None, None) => Given::Text(scalar.text.to_string()),
                }
            }
        }
    }
}

/// As a message shows it: scalars as they are, the others by kind.
impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Given::Null => f.write_str("null"),
            Given::Boolean(value) => write!(f, "{value}"),
            Given::Number(digits) => write!(f, "`{digits}`"),
            Given::Text(text) if text.is_empty() => f.write_str("an empty text"),
            Given::Text(text) => write!(f, "the text `{text}`"),
            Given::List(_) => f.write_str("a list"),
            Given::Mapping(_) => f.write_str("a mapping"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(Given::json(&json!(5)), Given::Number("5".to_owned()));
        assert_eq!(Given::json(&json!(5.0)), Given::Number("5.0".to_owned()));
    }

    #[test]
    fn a_deep_value_costs_no_more_than_a_flat_one() {
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!([deep]);
        }
        let mut given = &Given::json(&deep);
        let mut depth = 0;
        while let Given::List(list) = given {
            let Some(inner) = list.first() else { break };
            given = inner;
            depth += 1;
        }
        assert_eq!(depth, DEEPEST);
    }
}
