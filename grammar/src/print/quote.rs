//! Names, texts and numbers as each spelling writes them.

use std::fmt::Write as _;

use crate::ast::{Duration, Literal};
use crate::limits::MAX_RAW_MARKS;
use crate::number;
use crate::words::is_invisible;
use crate::yaml::{Value, yaml_1_1, yaml_1_2};

// ---- the policy language ----

/// A text in quotes, with Rust's escapes.
pub(super) fn text(said: &str) -> String {
    let mut quoted = String::with_capacity(said.len() + 2);
    quoted.push('"');
    for c in said.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if is_hidden(c) => quoted.extend(c.escape_unicode()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A regex or glob: a raw text where that can be.
pub(super) fn raw(said: &str) -> String {
    if said.contains(is_hidden) {
        return text(said);
    }
    let closes = |marks: usize| said.contains(&format!("\"{}", "#".repeat(marks)));
    match (0..=MAX_RAW_MARKS).find(|marks| !closes(*marks)) {
        Some(marks) => {
            let marks = "#".repeat(marks);
            format!("r{marks}\"{said}\"{marks}")
        }
        None => text(said),
    }
}

/// A name: bare where it is one word.
pub(super) fn name(name: &str) -> String {
    if is_word(name) {
        name.to_owned()
    } else {
        text(name)
    }
}

/// Whether a name is one word of the language, dashes included.
pub(super) fn is_word(name: &str) -> bool {
    is_segment(name) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Letters, digits and `_`, with dashes only between them.
pub(super) fn is_segment(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(letter)
        && name.ends_with(letter)
        && name.chars().all(|c| letter(c) || c == '-')
}

/// The name of an action: bare when plain, dotted or `*`; globs stand in quotes.
pub(super) fn action(name: &str) -> String {
    let plain = !name.starts_with(|c: char| c.is_ascii_digit()) && name.split('.').all(is_segment);
    if name == "*" || (plain && !crate::parse::CLAUSES.contains(&name)) {
        name.to_owned()
    } else {
        text(name)
    }
}

/// A number as the language writes it.
pub(super) fn number(digits: &str) -> String {
    number::plain(digits).unwrap_or_else(|| digits.to_owned())
}

/// A literal.
pub(super) fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Text(said) => text(said),
        Literal::Number(digits) => number(digits),
        Literal::Boolean(value) => value.to_string(),
    }
}

/// A length of time.
pub(super) fn duration(duration: &Duration) -> String {
    format!("{}{}", duration.count, duration.unit.word())
}

/// Characters that are written as escapes, for they cannot be seen.
fn is_hidden(c: char) -> bool {
    c.is_control() || is_invisible(c) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

// ---- YAML ----

/// Where a YAML scalar stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On a line of its own, after a key or a dash.
    Block,
    /// Between brackets or braces.
    Flow,
}

/// A text as a YAML scalar: plain where every reader takes it for this text.
pub(super) fn scalar(said: &str, place: Place) -> String {
    if is_plain(said, place) {
        said.to_owned()
    } else {
        quoted(said)
    }
}

/// A text as a YAML scalar in quotes.
pub(super) fn quoted(said: &str) -> String {
    if said.contains(['"', '\\']) {
        single(said)
    } else {
        double(said)
    }
}

/// A text in single quotes, where a backslash stands for itself.
pub(super) fn single(said: &str) -> String {
    if said.contains(is_hidden) {
        double(said)
    } else {
        format!("'{}'", said.replace('\'', "''"))
    }
}

/// A text in double quotes, with YAML's escapes.
pub(super) fn double(said: &str) -> String {
    let mut quoted = String::with_capacity(said.len() + 2);
    quoted.push('"');
    for c in said.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if is_hidden(c) => {
                let code = u32::from(c);
                let (letter, digits) = match code {
                    0..=0xff => ('x', 2),
                    0x100..=0xffff => ('u', 4),
                    0x1_0000.. => ('U', 8),
                };
                // Writing to a text does not fail.
                _ = write!(quoted, "\\{letter}{code:0digits$X}");
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether old and new readers take `said` without quotes for the text that it is.
fn is_plain(said: &str, place: Place) -> bool {
    const INDICATORS: &str = "-?:,[]{}#&*!|>'\"%@`=<~+.";
    let starts_well =
        said.starts_with(|c: char| !INDICATORS.contains(c) && !c.is_ascii_digit() && c != ' ');
    starts_well
        && !said.ends_with([' ', ':'])
        && !said.contains(": ")
        && !said.contains(" #")
        && !said.contains(is_hidden)
        && (place == Place::Block
            || !said.contains([
                ',', '[', ']', '{', '}', ':', '"', '\'', '#', '*', '?', '&', '!',
            ]))
        && yaml_1_1(said) == Value::Text
        && yaml_1_2(said) == Value::Text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_yaml_reader_could_take_for_something_else_is_quoted() {
        for said in [
            "",
            " ",
            "yes",
            "No",
            "on",
            "OFF",
            "y",
            "n",
            "true",
            "null",
            "~",
            "010",
            "1:30",
            "1e3",
            "0x1F",
            "1_000",
            "12",
            "-1",
            ".5",
            "2024-01-01",
            "3 apples",
            "+1",
            "=",
            "<<",
            " a",
            "a ",
            "a: b",
            "a #b",
            "a:",
            "*a",
            "&a",
            "!a",
            "- a",
            "? a",
            "[a]",
            "{a}",
            "#a",
            "@a",
            "`a",
            "%a",
            "|",
            ">",
            "'a",
            "\"a",
            "a\nb",
            "a\tb",
            "a\u{85}b",
            "a\u{feff}",
        ] {
            for place in [Place::Block, Place::Flow] {
                assert!(scalar(said, place).starts_with(['"', '\'']), "{said:?}");
            }
        }
        for said in [
            "read_file",
            "it's fine",
            "a:b",
            "é",
            "amount <= 3 and x == \"y\"",
            "no way",
            "Null and void",
        ] {
            assert_eq!(scalar(said, Place::Block), said);
        }
        for said in ["a, b", "a]", "db.*"] {
            assert_eq!(scalar(said, Place::Flow), format!("\"{said}\""));
        }
    }

    #[test]
    fn what_cannot_be_seen_is_spelled_out() {
        assert_eq!(
            double("a\u{1}\u{202e}\u{e0001}\n"),
            r#""a\x01\u202E\U000E0001\n""#
        );
        assert_eq!(
            text("a\u{1}\u{202e}\r\n\"\\"),
            r#""a\u{1}\u{202e}\r\n\"\\""#
        );
    }

    #[test]
    fn a_regex_is_raw_as_long_as_it_can_be() {
        assert_eq!(raw(r"\d"), r#"r"\d""#);
        assert_eq!(raw("\""), "r#\"\"\"#");
        assert_eq!(raw("\"###"), "\"\\\"###\"");
        assert_eq!(raw("\n"), "\"\\n\"");
    }

    #[test]
    fn names_are_bare_where_they_are_words() {
        for (said, written) in [
            ("no-pii", "no-pii"),
            ("a--b", "a--b"),
            ("-a", "\"-a\""),
            ("1a", "\"1a\""),
            ("", "\"\""),
        ] {
            assert_eq!(name(said), written);
        }
        for (said, written) in [
            ("http.request", "http.request"),
            ("a.1", "a.1"),
            ("*", "*"),
            ("db.*", "\"db.*\""),
            ("help", "\"help\""),
            ("help.me", "help.me"),
            ("a..b", "\"a..b\""),
        ] {
            assert_eq!(action(said), written);
        }
    }
}
