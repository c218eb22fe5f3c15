//! Typed looks at the nodes of a YAML text, collecting what is wrong with them.
//!
//! Each look says what the key takes when the node is something else, and
//! refuses a value without quotes that old and new YAML readers take for
//! different things, saying both readings and what to write.

use std::fmt::Write as _;
use std::str::FromStr;

use crate::ast::{Literal, Name};
use crate::limits::MAX_ERRORS;
use crate::number;
use crate::span::{Span, Spanned};
use crate::words::{choice, nearest, shown, unknown_word};
use crate::yaml::node::{Entry, Kind, Node, Scalar, Style};
use crate::yaml::typing::{self, Value};
use crate::{Edit, SyntaxError, SyntaxErrorKind};

/// Looks at nodes; keeps the mistakes.
#[derive(Debug, Default)]
pub struct Reading {
    /// What was wrong, in the order it was met.
    pub errors: Vec<SyntaxError>,
}

impl Reading {
    /// No mistakes yet.
    pub fn new() -> Reading {
        Reading::default()
    }

    /// A text; `key` names it in messages.
    pub fn text(&mut self, node: &Node, key: &str) -> Option<Name> {
        self.text_unless(node, key, not_a_text)
    }

    /// A text, or a number that every reader prints as it is written: `1.0`,
    /// but not `1.10`. Versions are written so everywhere.
    pub fn version(&mut self, node: &Node, key: &str) -> Option<Name> {
        self.text_unless(node, key, |scalar| {
            not_a_text(scalar).filter(|_| !prints_as_written(scalar))
        })
    }

    fn text_unless(
        &mut self,
        node: &Node,
        key: &str,
        not_a_text: impl FnOnce(&Scalar) -> Option<(String, String)>,
    ) -> Option<Name> {
        match &node.kind {
            Kind::Scalar(scalar) => match not_a_text(scalar) {
                None => Some(Spanned::new(scalar.text.to_string(), node.span)),
                Some((message, help)) => {
                    let span = node.span;
                    // As it was written, without quotes and escapes of any kind.
                    let is_plain = span.range().len() == scalar.text.len()
                        && !scalar.text.contains(['"', '\\']);
                    let text = is_plain.then(|| format!("\"{}\"", scalar.text));
                    self.error(SyntaxError {
                        kind: SyntaxErrorKind::YamlTyping,
                        span,
                        message,
                        help: Some(help),
                        related: None,
                        edit: text.map(|text| Edit::boxed(span, text)),
                    });
                    None
                }
            },
            Kind::Null | Kind::Sequence(_) | Kind::Mapping(_) => self.wrong(node, key, "a text"),
        }
    }

    /// A text, or a list of texts with one at least.
    pub fn texts(&mut self, node: &Node, key: &str) -> Option<Vec<Name>> {
        match &node.kind {
            Kind::Scalar(_) => Some(vec![self.text(node, key)?]),
            Kind::Sequence(nodes) if !nodes.is_empty() => {
                let texts: Vec<Option<Name>> =
                    nodes.iter().map(|node| self.text(node, key)).collect();
                texts.into_iter().collect()
            }
            Kind::Sequence(_) => self.wrong_shape(node, format!("{} is an empty list", named(key))),
            Kind::Null | Kind::Mapping(_) => self.wrong(node, key, "a text or a list of texts"),
        }
    }

    /// A number, in decimal digits.
    pub fn number(&mut self, node: &Node, key: &str) -> Option<Spanned<String>> {
        let Some(scalar) = node.as_scalar() else {
            return self.wrong(node, key, "a number");
        };
        let (old, new) = values(scalar);
        match (&old, &new) {
            (Value::Number(digits), _) if old == new => {
                Some(Spanned::new(as_written(scalar, digits), node.span))
            }
            (Value::Number(_), _) | (_, Value::Number(_)) => {
                let mut choices: Vec<String> = [&old, &new]
                    .iter()
                    .filter_map(|value| match value {
                        Value::Number(digits) => {
                            Some(number::plain(digits).unwrap_or_else(|| digits.clone()))
                        }
                        Value::Null
                        | Value::Boolean(_)
                        | Value::NotFinite
                        | Value::Date
                        | Value::Text => None,
                    })
                    .collect();
                let quoted: Vec<String> = choices.iter().map(|one| format!("`{one}`")).collect();
                // Of two, the writer knows which.
                let only = choices.pop().filter(|_| choices.is_empty());
                self.error(SyntaxError {
                    kind: SyntaxErrorKind::YamlTyping,
                    span: node.span,
                    message: both(scalar, &old, &new),
                    help: Some(format!("write {}", quoted.join(" or "))),
                    related: None,
                    edit: only.map(|only| Edit::boxed(node.span, only)),
                });
                None
            }
            _ => {
                let unquoted = typing::yaml_1_2(&scalar.text);
                let help = (scalar.style != Style::Plain && matches!(unquoted, Value::Number(_)))
                    .then(|| "remove the quotes".to_owned());
                self.wrong_with(node, key, "a number", help)
            }
        }
    }

    /// A whole number.
    pub fn integer(&mut self, node: &Node, key: &str) -> Option<Spanned<i64>> {
        self.whole(node, key, "a whole number")
    }

    /// A whole number from 0 on.
    pub fn count(&mut self, node: &Node, key: &str) -> Option<Spanned<u64>> {
        self.whole(node, key, "a whole number from 0 on")
    }

    fn whole<T: FromStr>(&mut self, node: &Node, key: &str, takes: &str) -> Option<Spanned<T>> {
        let number = self.number(node, key)?;
        if let Ok(whole) = number.node.parse() {
            return Some(Spanned::new(whole, node.span));
        }
        let message = format!("{} takes {takes}, not {}", named(key), shown(&number.node));
        self.wrong_shape(node, message)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, node: &Node, key: &str) -> Option<Spanned<bool>> {
        let Some(scalar) = node.as_scalar() else {
            return self.wrong(node, key, "`true` or `false`");
        };
        match values(scalar) {
            (Value::Boolean(value), Value::Boolean(_)) => Some(Spanned::new(value, node.span)),
            (old @ Value::Boolean(value), new) => {
                let span = node.span;
                let text = value.to_string();
                self.error(SyntaxError {
                    kind: SyntaxErrorKind::YamlTyping,
                    span,
                    message: both(scalar, &old, &new),
                    help: Some(format!("write `{value}`")),
                    related: None,
                    edit: Some(Edit::boxed(span, text)),
                });
                None
            }
            _ => {
                let unquoted = typing::yaml_1_2(&scalar.text);
                let help = (scalar.style != Style::Plain && matches!(unquoted, Value::Boolean(_)))
                    .then(|| "remove the quotes".to_owned());
                self.wrong_with(node, key, "`true` or `false`", help)
            }
        }
    }

    /// A text, a number or a boolean, by how it is written.
    pub fn literal(&mut self, node: &Node, key: &str) -> Option<Spanned<Literal>> {
        let Some(scalar) = node.as_scalar() else {
            return self.wrong(node, key, "a text, a number or a boolean");
        };
        let (old, new) = values(scalar);
        if old == new {
            match old {
                Value::Boolean(value) => {
                    return Some(Spanned::new(Literal::Boolean(value), node.span));
                }
                Value::Number(digits) => {
                    let digits = as_written(scalar, &digits);
                    return Some(Spanned::new(Literal::Number(digits), node.span));
                }
                Value::Text => {
                    return Some(Spanned::new(
                        Literal::Text(scalar.text.to_string()),
                        node.span,
                    ));
                }
                Value::Null | Value::NotFinite | Value::Date => {}
            }
        }
        let mut help = format!("write `\"{}\"` for the text", shown(&scalar.text));
        for value in [&old, &new] {
            match value {
                Value::Boolean(value) => _ = write!(help, ", `{value}` for the boolean"),
                Value::Number(digits) => {
                    let digits = number::plain(digits).unwrap_or_else(|| digits.clone());
                    _ = write!(help, ", `{digits}` for the number");
                }
                Value::Null | Value::NotFinite | Value::Date | Value::Text => {}
            }
        }
        let message = if old == new {
            taken_for(scalar, &old)
        } else {
            both(scalar, &old, &new)
        };
        self.fail(SyntaxErrorKind::YamlTyping, node.span, message, Some(help));
        None
    }

    /// A list.
    pub fn list<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n [Node]> {
        match node.as_sequence() {
            Some(nodes) => Some(nodes),
            None => self.wrong(node, key, "a list"),
        }
    }

    /// A mapping.
    pub fn mapping<'n>(&mut self, node: &'n Node, key: &str) -> Option<Keys<'n>> {
        match node.as_mapping() {
            Some(entries) => Some(Keys {
                entries,
                asked: Vec::new(),
                skipped: Vec::new(),
                span: node.span,
            }),
            None => self.wrong(node, key, "a mapping"),
        }
    }

    /// The name a key gives to something.
    pub fn key(&mut self, entry: &Entry, what: &str) -> Option<Name> {
        self.text(&entry.key, what)
    }

    /// One of a fixed set of words; `what` names the set.
    pub fn word<T>(
        &mut self,
        node: &Node,
        what: &str,
        known: &[&str],
        from_word: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let name = self.text(node, what)?;
        let value = from_word(&name.node);
        if value.is_none() {
            self.error(unknown_word(what, &name.node, node.span, known));
        }
        Some(Spanned::new(value?, node.span))
    }

    /// Refuses the keys that nobody has asked for; `also` are known too.
    pub fn no_other_keys(&mut self, keys: &Keys<'_>, of: &str, also: &[&str]) {
        for entry in keys.rest() {
            let mut known: Vec<&str> = Vec::new();
            for key in keys.asked.iter().chain(also) {
                if !known.contains(key) {
                    known.push(key);
                }
            }
            let name = entry.name();
            let message = format!("unknown key `{}` of {of}", shown(name));
            let near = nearest(name, known.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write {}", choice(&known)),
            };
            let span = entry.key.span;
            let text = near.map(str::to_owned);
            self.error(SyntaxError {
                kind: SyntaxErrorKind::UnknownKey,
                span,
                message,
                help: Some(help),
                related: None,
                edit: text.map(|text| Edit::boxed(span, text)),
            });
        }
    }

    /// A key that is not there.
    pub fn missing<T>(&mut self, span: Span, of: &str, key: &str) -> Option<T> {
        self.fail(
            SyntaxErrorKind::MissingKey,
            span,
            format!("{of} needs `{key}`"),
            None,
        );
        None
    }

    /// A value that its key does not take.
    pub fn wrong<T>(&mut self, node: &Node, key: &str, takes: &str) -> Option<T> {
        self.wrong_with(node, key, takes, None)
    }

    /// A value of a wrong shape, in whole words.
    pub fn wrong_shape<T>(&mut self, node: &Node, message: String) -> Option<T> {
        self.fail(SyntaxErrorKind::WrongShape, node.span, message, None);
        None
    }

    fn wrong_with<T>(
        &mut self,
        node: &Node,
        key: &str,
        takes: &str,
        help: Option<String>,
    ) -> Option<T> {
        let message = format!("{} takes {takes}, not {}", named(key), node.what());
        self.fail(SyntaxErrorKind::WrongShape, node.span, message, help);
        None
    }

    /// Keeps a mistake, up to [`MAX_ERRORS`] of them.
    pub fn fail(
        &mut self,
        kind: SyntaxErrorKind,
        span: Span,
        message: String,
        help: Option<String>,
    ) {
        self.error(SyntaxError {
            kind,
            span,
            message,
            help,
            related: None,
            edit: None,
        });
    }

    /// Keeps a mistake, up to [`MAX_ERRORS`] of them.
    pub fn error(&mut self, error: SyntaxError) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        } else if self.errors.len() == MAX_ERRORS {
            let message =
                format!("more than {MAX_ERRORS} mistakes (MAX_ERRORS); the rest is not listed");
            let kind = SyntaxErrorKind::TooLarge;
            self.errors.push(SyntaxError {
                kind,
                span: error.span,
                message,
                help: None,
                related: None,
                edit: None,
            });
        }
    }
}

/// The lines of a mapping, and which keys were asked for.
#[derive(Clone, Debug)]
pub struct Keys<'n> {
    /// All of them, in the order they are written.
    pub entries: &'n [Entry],
    /// Where the mapping stands.
    pub span: Span,
    asked: Vec<&'static str>,
    skipped: Vec<Span>,
}

impl<'n> Keys<'n> {
    /// The line under this key, if it is there; from now on the key is known.
    pub fn take(&mut self, key: &'static str) -> Option<&'n Entry> {
        self.asked.push(key);
        self.entries.iter().find(|entry| entry.name() == key)
    }

    /// What stands under this key, if anything does; from now on the key is known.
    pub fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        self.take(key).map(|entry| &entry.value)
    }

    /// Takes a line for one that was asked for: it has been spoken of.
    pub fn skip(&mut self, entry: &'n Entry) {
        self.skipped.push(entry.key.span);
    }

    /// The lines under keys that nobody has asked for.
    pub fn rest(&self) -> impl Iterator<Item = &'n Entry> {
        let (asked, skipped) = (self.asked.clone(), self.skipped.clone());
        self.entries.iter().filter(move |entry| {
            !asked.contains(&entry.name()) && !skipped.contains(&entry.key.span)
        })
    }
}

/// A key in backticks; words that are no key as they are.
fn named(key: &str) -> String {
    if key.contains(' ') {
        key.to_owned()
    } else {
        format!("`{}`", shown(key))
    }
}

/// What old and new readers take a scalar for.
fn values(scalar: &Scalar) -> (Value, Value) {
    match scalar.style {
        Style::Plain => (
            typing::yaml_1_1(&scalar.text),
            typing::yaml_1_2(&scalar.text),
        ),
        Style::Single | Style::Double | Style::Block => (Value::Text, Value::Text),
    }
}

/// Why a scalar is no text, and what to write; none where it is one.
fn not_a_text(scalar: &Scalar) -> Option<(String, String)> {
    let (old, new) = values(scalar);
    let message = match (&old, &new) {
        (Value::Text, Value::Text) => return None,
        _ if old == new => taken_for(scalar, &old),
        _ => both(scalar, &old, &new),
    };
    Some((message, format!("write `\"{}\"`", shown(&scalar.text))))
}

/// Whether every reader takes it for a number, and prints it with these digits.
fn prints_as_written(scalar: &Scalar) -> bool {
    let (old, new) = values(scalar);
    match old {
        Value::Number(ref digits) => {
            old == new && **digits == *scalar.text && !digits.contains('e')
        }
        Value::Null | Value::Boolean(_) | Value::NotFinite | Value::Date | Value::Text => false,
    }
}

/// A number as the language writes it, with the digits it was written with.
fn as_written(scalar: &Scalar, digits: &str) -> String {
    // `0x1F` is a number to both kinds of readers, but none of the language.
    let decimal = !scalar.text.contains(['x', 'o', 'b']);
    let text = if decimal { &scalar.text } else { digits };
    number::plain(text).unwrap_or_else(|| digits.to_owned())
}

/// What all readers take a scalar for, for a message.
fn taken_for(scalar: &Scalar, value: &Value) -> String {
    format!(
        "`{}` is {value} to YAML readers, not a text",
        shown(&scalar.text)
    )
}

/// What old and new readers take a scalar for, for a message.
fn both(scalar: &Scalar, old: &Value, new: &Value) -> String {
    format!(
        "`{}` is {old} to YAML 1.1 readers and {new} to YAML 1.2 readers",
        shown(&scalar.text)
    )
}
