//! The texts that are compiled together, and the line and column of each byte.
//!
//! Lines are found once, when a text is added, so that a place costs the same
//! in the last line as in the first: ten thousand findings in one file are
//! ten thousand small look-ups.

use std::ops::Range;

use agentos_grammar::{SourceId, Span};

use crate::shipped;

/// One text and the name it is known by.
#[derive(Clone, Debug)]
pub struct Source {
    /// Usually a path; it decides the spelling: `.yaml` and `.yml` are YAML,
    /// everything else is the policy language.
    pub name: String,
    /// The whole text.
    pub text: String,
    index: LineIndex,
}

/// Texts that are compiled together; a [`SourceId`] counts them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    list: Vec<Source>,
}

/// A line and a column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Lines end at `\n`.
    pub line: u32,
    /// One more than the characters before it in its line.
    pub column: u32,
}

impl Sources {
    /// No texts yet.
    pub fn new() -> Sources {
        Sources::default()
    }

    /// One text.
    pub fn one(name: impl Into<String>, text: impl Into<String>) -> Sources {
        let mut sources = Sources::new();
        sources.add(name, text);
        sources
    }

    /// Adds a text.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.list.push(Source::new(name, text));
        SourceId(self.list.len() as u32 - 1)
    }

    /// The text `id` counts: one of these, or that of a shipped policy.
    ///
    /// # Panics
    ///
    /// When `id` was made by other sources.
    pub fn get(&self, id: SourceId) -> &Source {
        self.list
            .get(id.0 as usize)
            .or_else(|| shipped::source(id))
            .expect("a source id comes from the sources it is used with")
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All texts with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0..).map(SourceId).zip(&self.list)
    }

    /// Line and column of the start of `span`, both from 1, the column in characters.
    pub fn line_column(&self, span: Span) -> (u32, u32) {
        let at = self.get(span.source).position(span.start as usize);
        (at.line, at.column)
    }

    /// The text at `span`.
    pub fn text_at(&self, span: Span) -> &str {
        self.get(span.source)
            .text
            .get(span.range())
            .unwrap_or_default()
    }
}

impl Source {
    pub(crate) fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let (name, text) = (name.into(), text.into());
        let index = LineIndex::new(text.as_bytes());
        Source { name, text, index }
    }

    /// The line and column of a byte; one inside a character counts as that
    /// character, one inside a line end as its start, one beyond the text as its end.
    pub fn position(&self, byte: usize) -> Position {
        let byte = self.boundary(byte);
        let line = self.line_of(byte);
        let range = self.line_range(line);
        let end = self.characters_before(byte.min(range.end));
        Position {
            line: line as u32 + 1,
            column: (end - self.characters_before(range.start)) as u32 + 1,
        }
    }

    /// How many lines there are; an empty text has one, and so has what
    /// follows the last line end.
    pub fn line_count(&self) -> usize {
        self.index.starts.len()
    }

    /// The line that a byte is in, from 0.
    pub fn line_of(&self, byte: usize) -> usize {
        self.index
            .starts
            .partition_point(|start| *start as usize <= byte)
            .saturating_sub(1)
    }

    /// The bytes of a line, counted from 0, without its line end.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let end_of_text = self.text.len();
        let start = |line: usize| self.index.starts.get(line).map(|start| *start as usize);
        let begin = start(line).unwrap_or(end_of_text);
        let Some(next) = start(line + 1) else {
            return begin..end_of_text;
        };
        let end = next - 1;
        let carriage_return = self.text.as_bytes()[begin..end].ends_with(b"\r");
        begin..end - usize::from(carriage_return)
    }

    /// The nearest byte at or before `byte` where a character starts.
    pub(crate) fn boundary(&self, byte: usize) -> usize {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }

    fn characters_before(&self, byte: usize) -> usize {
        let block = byte / BLOCK;
        let before = self.index.characters[block] as usize;
        before + characters(&self.text.as_bytes()[block * BLOCK..byte])
    }
}

/// Bytes between two counts of characters in a [`LineIndex`].
const BLOCK: usize = 1024;

/// Where lines start, and how many characters stand before each block of bytes.
#[derive(Clone, Debug)]
struct LineIndex {
    starts: Vec<u32>,
    characters: Vec<u32>,
}

impl LineIndex {
    fn new(text: &[u8]) -> LineIndex {
        let mut starts = vec![0];
        starts.extend(
            (1u32..)
                .zip(text)
                .filter(|(_, byte)| **byte == b'\n')
                .map(|(next, _)| next),
        );
        let mut counts = vec![0];
        let mut count = 0;
        for block in text.chunks_exact(BLOCK) {
            count += characters(block) as u32;
            counts.push(count);
        }
        LineIndex {
            starts,
            characters: counts,
        }
    }
}

/// How many characters start in `bytes`.
fn characters(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .filter(|byte| !matches!(**byte, 0x80..=0xBF))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str, byte: usize) -> (u32, u32) {
        let mut sources = Sources::new();
        let source = sources.add("a.policy", text);
        sources.line_column(Span::new(source, byte, byte))
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(position("", 0), (1, 1));
        assert_eq!(
            position("deny *;\nallow é b;", 16),
            (2, 8),
            "after the two bytes of `é`"
        );
    }

    #[test]
    fn a_byte_inside_a_character_counts_as_that_character() {
        assert_eq!(position("aé", 2), (1, 2));
    }

    #[test]
    fn a_byte_beyond_the_end_counts_as_the_end() {
        assert_eq!(position("ab\n", 99), (2, 1));
    }

    #[test]
    fn positions_agree_with_counting_by_hand_across_blocks() {
        let text = "abé\r\n語 x\n\n".repeat(700);
        let source = Source::new("a.policy", text.as_str());
        for (byte, _) in text.char_indices().step_by(37) {
            if text[..byte].ends_with('\r') {
                continue;
            }
            let before = &text[..byte];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
            assert_eq!(
                source.position(byte),
                Position {
                    line: line as u32,
                    column: column as u32
                }
            );
        }
    }

    #[test]
    fn a_line_end_is_one_place() {
        assert_eq!(position("a\r\n", 1), (1, 2));
        assert_eq!(position("a\r\n", 2), (1, 2));
        assert_eq!(position("a\r\n", 3), (2, 1));
        assert_eq!(
            position("a\r", 2),
            (1, 3),
            "a lone carriage return ends no line"
        );
    }

    #[test]
    fn a_line_ends_before_its_line_end() {
        let source = Source::new("a.policy", "one\r\ntwo\n");
        let lines: Vec<&str> = (0..source.line_count())
            .map(|line| &source.text[source.line_range(line)])
            .collect();
        assert_eq!(lines, ["one", "two", ""]);
    }
}
