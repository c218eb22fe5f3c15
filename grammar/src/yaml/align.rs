//! Where the parts of a scalar stand in the source: from offsets in the text it
//! says to offsets in what was written, through quotes, escapes and folding.

use crate::span::Span;
use crate::yaml::node::{Node, Scalar, Style};
use crate::{Edit, SyntaxError};

/// For each byte of a scalar's text, where it was written.
#[derive(Clone, Debug)]
pub struct Alignment {
    /// The first source byte of each byte of the text.
    starts: Vec<u32>,
    /// The source byte after each byte of the text.
    ends: Vec<u32>,
    /// Where the text begins and ends, without quotes.
    inside: Span,
}

impl Alignment {
    /// Aligns the scalar that `node` is; `source` is the text it was read from.
    pub fn of(source: &str, node: &Node) -> Option<Alignment> {
        Some(Alignment::new(source, node.span, node.as_scalar()?))
    }

    /// Aligns `scalar`, which was written at `span` of `source`.
    pub(super) fn new(source: &str, span: Span, scalar: &Scalar) -> Alignment {
        let quotes = match scalar.style {
            Style::Single | Style::Double => 1,
            Style::Plain | Style::Block => 0,
        };
        let mut inside = span;
        inside.start = (inside.start + quotes).min(inside.end);
        inside.end = inside.end.saturating_sub(quotes).max(inside.start);
        let written = source.get(inside.range()).unwrap_or_default();
        let mut alignment = Alignment {
            starts: Vec::with_capacity(scalar.text.len()),
            ends: Vec::with_capacity(scalar.text.len()),
            inside,
        };
        let mut at = 0;
        for said in scalar.text.chars() {
            let (from, to) = locate(written, at, said, scalar.style);
            for _ in 0..said.len_utf8() {
                alignment.starts.push(inside.start + from as u32);
                alignment.ends.push(inside.start + to as u32);
            }
            at = to;
        }
        alignment
    }

    /// The place in the source of a place in the text.
    pub fn map(&self, span: Span) -> Span {
        let start = match self.starts.get(span.start as usize) {
            Some(start) => *start,
            None => self.inside.end,
        };
        let end = match span
            .end
            .checked_sub(1)
            .and_then(|last| self.ends.get(last as usize))
        {
            Some(end) if span.end > span.start => *end,
            _ => start,
        };
        Span {
            source: self.inside.source,
            start,
            end: end.max(start),
        }
    }

    /// A mistake in the text, as one in the source.
    pub(super) fn error(&self, error: SyntaxError) -> SyntaxError {
        SyntaxError {
            span: self.map(error.span),
            related: error.related.map(|(span, text)| (self.map(span), text)),
            edit: error
                .edit
                .map(|edit| Edit::boxed(self.map(edit.span), edit.text)),
            ..error
        }
    }
}

/// Where `said`, the next character of a text, was written: at `at` or after it.
///
/// What is not white space comes in the same order in both, so only white
/// space, which folding changes, is ever looked past.
fn locate(written: &str, mut at: usize, said: char, style: Style) -> (usize, usize) {
    while let Some(next) = written.get(at..).and_then(|rest| rest.chars().next()) {
        let after = at + next.len_utf8();
        if next == '\\' && style == Style::Double {
            match escape(written, after) {
                Escape::Continued(to) => at = to,
                Escape::Character(to) => return (at, to),
            }
        } else if next == '\'' && style == Style::Single {
            return (at, after + 1);
        } else if next == said {
            return (at, after);
        } else if said.is_whitespace() {
            // A folded line end: the white space around it goes with it.
            return (at, if next.is_whitespace() { after } else { at });
        } else if next.is_whitespace() {
            at = after;
        } else {
            return (at, after);
        }
    }
    (at, at)
}

enum Escape {
    /// An escaped line end: nothing is said, up to here.
    Continued(usize),
    /// A character was said, up to here.
    Character(usize),
}

/// What begins at `at`, after a backslash.
fn escape(written: &str, at: usize) -> Escape {
    let rest = written.get(at..).unwrap_or_default();
    let length = match rest.chars().next() {
        Some('\r' | '\n') => {
            let indent = rest.find(|c: char| !matches!(c, ' ' | '\t' | '\r' | '\n'));
            return Escape::Continued(at + indent.unwrap_or(rest.len()));
        }
        Some('x') => 3,
        Some('u') => {
            let unit = rest
                .get(1..5)
                .and_then(|digits| u32::from_str_radix(digits, 16).ok());
            // Two escapes may stand for one character, as in JSON.
            let high = unit.is_some_and(|unit| (0xD800..0xDC00).contains(&unit));
            if high && rest.get(5..7) == Some("\\u") {
                11
            } else {
                5
            }
        }
        Some('U') => 9,
        Some(c) => c.len_utf8(),
        None => 0,
    };
    Escape::Character((at + length).min(written.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::SourceId;
    use crate::yaml::read;

    /// The source text of each word of the first value of a mapping.
    fn words(source: &str) -> Vec<String> {
        let (documents, _, errors) = read(SourceId(0), source);
        assert_eq!(errors, []);
        let value = &documents[0].as_mapping().unwrap()[0].value;
        let scalar = value.as_scalar().unwrap();
        let alignment = Alignment::new(source, value.span, scalar);
        let mut at = 0;
        let mut found = Vec::new();
        for word in scalar.text.split_whitespace() {
            let start = at + scalar.text[at..].find(word).unwrap();
            at = start + word.len();
            let span = alignment.map(Span::new(SourceId(0), start, at));
            found.push(source[span.range()].to_owned());
        }
        found
    }

    #[test]
    fn words_are_found_in_every_style() {
        for source in [
            "k: one two  three",
            "k: one\n  two\n\n  three",
            "k: 'one two\n  three'",
            "k: \"one two\n\n  three\"",
            "k: \"one\\x20two\\\n  \\nthree\"",
            "k: |\n  one two\n    three\n",
            "k: >-\n  one\n  two\n\n  three\n",
            "k: >2\n\n    one\n  two\r\n  three\n",
            "{k: one two three}",
        ] {
            assert_eq!(words(source), ["one", "two", "three"], "{source}");
        }
    }

    #[test]
    fn escapes_count_as_they_are_written() {
        assert_eq!(
            words("k: \"\\u0061b \\\"c\\\" d\\\\e \\ud83d\\ude00f\""),
            ["\\u0061b", "\\\"c\\\"", "d\\\\e", "\\ud83d\\ude00f"]
        );
        assert_eq!(words("k: 'it''s é x'"), ["it''s", "é", "x"]);
    }

    #[test]
    fn the_end_of_a_text_is_before_its_quote() {
        let source = "k: \"ab\"";
        let (documents, ..) = read(SourceId(0), source);
        let value = &documents[0].as_mapping().unwrap()[0].value;
        let alignment = Alignment::new(source, value.span, value.as_scalar().unwrap());
        assert_eq!(
            alignment.map(Span::new(SourceId(0), 2, 2)),
            Span::new(SourceId(0), 6, 6)
        );
    }
}
