//! A call in, its text as the reference of the semantic engine spells it out.
//!
//! That text is the action and the values of the first two levels, joined by
//! single spaces; what is nested deeper stands there in Python's own notation,
//! with its quotes, commas and escapes. Keys of the first two levels are not in
//! it. Signals that were written for the reference may rest on each of these.

use super::{Text, escaped::is_escaped, spell};
use crate::{
    doubt::Doubt,
    value::{DEEPEST_VALUE, Map, Value},
};

/// Writes the text; its parts are not said.
pub(super) fn flatten(text: &mut Text, action: &str, params: &Map<'_>) -> Result<(), Doubt> {
    let mut writing = Writing { text };
    writing.text.whole.push_str(action);
    for (_, value) in params.iter() {
        match value {
            Value::List(values) => {
                for value in values {
                    writing.member(value)?;
                }
            }
            Value::Map(map) => {
                for (_, value) in map.iter() {
                    writing.member(value)?;
                }
            }
            Value::Null
            | Value::Boolean(_)
            | Value::Number(..)
            | Value::OutOfRange(_)
            | Value::String(_) => writing.member(value)?,
        }
    }
    writing.text.offset().map(|_| ())
}

struct Writing<'t> {
    text: &'t mut Text,
}

impl Writing<'_> {
    /// A value of the first two levels: a text is itself.
    fn member(&mut self, value: &Value<'_>) -> Result<(), Doubt> {
        self.text.whole.push(' ');
        if let Value::String(string) = value {
            self.text.whole.push_str(string);
            return self.text.offset().map(|_| ());
        }
        self.notation(value, DEEPEST_VALUE)
    }

    /// A value as Python's `repr` writes it.
    fn notation(&mut self, value: &Value<'_>, deeper: usize) -> Result<(), Doubt> {
        let next = || deeper.checked_sub(1).ok_or(Doubt::TooDeep);
        match value {
            Value::String(string) => self.quoted(string),
            Value::List(values) => {
                let deeper = next()?;
                self.text.whole.push('[');
                for (at, value) in values.iter().enumerate() {
                    self.text.whole.push_str(if at == 0 { "" } else { ", " });
                    self.notation(value, deeper)?;
                }
                self.text.whole.push(']');
            }
            Value::Map(map) => {
                let deeper = next()?;
                self.text.whole.push('{');
                for (at, (key, value)) in map.iter().enumerate() {
                    self.text.whole.push_str(if at == 0 { "" } else { ", " });
                    self.quoted(key);
                    self.text.whole.push_str(": ");
                    self.notation(value, deeper)?;
                }
                self.text.whole.push('}');
            }
            Value::Null | Value::Boolean(_) | Value::Number(..) | Value::OutOfRange(_) => {
                spell(value, &mut self.text.whole);
            }
        }
        self.text.offset().map(|_| ())
    }

    fn quoted(&mut self, string: &str) {
        let quote = if string.contains('\'') && !string.contains('"') {
            '"'
        } else {
            '\''
        };
        let into = &mut self.text.whole;
        into.push(quote);
        for letter in string.chars() {
            match letter {
                '\t' => into.push_str("\\t"),
                '\n' => into.push_str("\\n"),
                '\r' => into.push_str("\\r"),
                '\\' => into.push_str("\\\\"),
                _ if letter == quote => into.extend(['\\', quote]),
                _ if is_escaped(letter) => into.push_str(&escape(letter)),
                _ => into.push(letter),
            }
        }
        into.push(quote);
    }
}

fn escape(letter: char) -> String {
    match u32::from(letter) {
        code @ ..=0xff => format!("\\x{code:02x}"),
        code @ ..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;

    fn spelled(value: Value<'_>) -> String {
        let request = Request::new("a", "act").param("p", value);
        let mut text = Text::default();
        text.read_nested("act", &request.params).unwrap().to_owned()
    }

    #[test]
    fn two_levels_are_themselves_and_what_is_below_has_the_notation_of_python() {
        let inner: Map<'_> = [("k", Value::from(vec![Value::from("v"), Value::Null]))]
            .into_iter()
            .collect();
        assert_eq!(spelled("it's \u{200b}".into()), "act it's \u{200b}");
        assert_eq!(spelled(vec!["a", "b"].into()), "act a b");
        assert_eq!(spelled(inner.clone().into()), "act ['v', None]");
        assert_eq!(
            spelled(vec![Value::from(inner)].into()),
            "act {'k': ['v', None]}"
        );
        assert_eq!(spelled(Value::from(Map::new())), "act");
    }

    #[test]
    fn texts_are_quoted_and_escaped_as_python_does() {
        let quoted = |text: &str| {
            let spelled = spelled(vec![Value::from(vec![text])].into());
            spelled[5..spelled.len() - 1].to_owned()
        };
        for (text, expected) in [
            ("plain", "'plain'"),
            ("it's", "\"it's\""),
            ("it's \"so\"", "'it\\'s \"so\"'"),
            ("a\\b", "'a\\\\b'"),
            ("\t\r\n", "'\\t\\r\\n'"),
            ("\x1b\x7f\u{85}\u{ad}", "'\\x1b\\x7f\\x85\\xad'"),
            ("\u{200b}\u{3000}\u{feff}", "'\\u200b\\u3000\\ufeff'"),
            ("\u{e0041}", "'\\U000e0041'"),
            ("é 删 \u{301}", "'é 删 \u{301}'"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
