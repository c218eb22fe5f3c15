//! A request in, the JSON that is read as the same request out.

use std::fmt::Write as _;

use crate::{
    request::Request,
    table::Stage,
    value::{Map, Spelling, Value},
};

impl Request<'_> {
    /// The request in one line of JSON, without what it does not have.
    ///
    /// ```
    /// use agentos_runtime::{Request, RequestSource};
    ///
    /// let request = Request::new("billing-7", "refund").param("amount", 250);
    /// let json = request.to_json();
    /// assert_eq!(json, r#"{"agent_id": "billing-7", "action": "refund", "params": {"amount": 250}}"#);
    /// assert_eq!(Request::from_json(json.as_bytes(), RequestSource::Host).unwrap(), request);
    /// ```
    pub fn to_json(&self) -> String {
        let mut entries = Vec::new();
        let mut add = |name: &str, value: String| entries.push(format!("\"{name}\": {value}"));
        let texts = [("id", &self.id), ("agent_id", &self.agent)];
        for (name, value) in texts.into_iter().filter(|(_, value)| !value.is_empty()) {
            add(name, quoted(value));
        }
        add("action", quoted(&self.action));
        let maps = [
            ("params", &self.params),
            ("context", &self.context),
            ("attested", &self.attested),
        ];
        for (name, map) in maps.into_iter().filter(|(_, map)| !map.is_empty()) {
            let mut json = String::new();
            write_map(map, &mut json);
            add(name, json);
        }
        if !self.policies.is_empty() {
            let names: Vec<String> = self.policies.iter().map(|name| quoted(name)).collect();
            add("policies", format!("[{}]", names.join(", ")));
        }
        match self.stage {
            Stage::Call => {}
            Stage::Input => add("stage", quoted("input")),
            Stage::Output => add("stage", quoted("output")),
        }
        format!("{{{}}}", entries.join(", "))
    }
}

fn quoted(text: &str) -> String {
    // A text is always JSON.
    serde_json::to_string(text).unwrap_or_default()
}

// How deep values nest is bounded where they are read.
fn write(value: &Value<'_>, json: &mut String) {
    match value {
        Value::Null => json.push_str("null"),
        Value::Boolean(value) => json.push_str(if *value { "true" } else { "false" }),
        Value::Number(number, spelling) => {
            let digits = number.to_string();
            json.push_str(&digits);
            if *spelling == Spelling::Pointed && !digits.contains(['.', 'e', 'E']) {
                json.push_str(".0");
            }
        }
        Value::OutOfRange(digits) => json.push_str(digits),
        Value::String(text) => json.push_str(&quoted(text)),
        Value::List(values) => {
            json.push('[');
            for (at, value) in values.iter().enumerate() {
                json.push_str(if at == 0 { "" } else { ", " });
                write(value, json);
            }
            json.push(']');
        }
        Value::Map(map) => write_map(map, json),
    }
}

fn write_map(map: &Map<'_>, json: &mut String) {
    json.push('{');
    for (at, (name, value)) in map.iter().enumerate() {
        let _ = write!(
            json,
            "{}{}: ",
            if at == 0 { "" } else { ", " },
            quoted(name)
        );
        write(value, json);
    }
    json.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Number, RequestSource};

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let mut inner = Map::new();
        inner.insert("a \"b\"\n", Value::Null);
        inner.insert("é", Value::List(vec![true.into(), "\u{0}\u{7f}".into()]));
        let request = Request::new("me", "do")
            .id("7")
            .param(
                "whole",
                Value::Number(Number::new(15, 1), Spelling::Pointed),
            )
            .param("pointed", Value::Number(2.into(), Spelling::Pointed))
            .param("small", Number::new(-1, 9))
            .param("long", Value::OutOfRange("9".repeat(50).into()))
            .param("inner", inner)
            .context("level", 3)
            .attested("user", "u");
        for stage in [Stage::Input, Stage::Call, Stage::Output] {
            let request = Request {
                stage,
                policies: vec!["p".into(), "q".into()],
                ..request.clone()
            };
            let json = request.to_json();
            let read = Request::from_json(json.as_bytes(), RequestSource::Host);
            assert_eq!(read, Ok(request), "{json}");
        }
    }
}
