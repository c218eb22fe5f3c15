//! Bytes of a text to the lines and columns of the protocol, and back.
//!
//! A column counts code units: of UTF-16, unless the client would rather have bytes.
//! A lone carriage return ends a line here, as the protocol has it.

use std::ops::Range;

use gen_lsp_types as lsp;

/// In what columns are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    Utf8,
    #[default]
    Utf16,
}

/// Where the lines of a text start.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn new(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        let starts = ends.map(|(at, _)| at + 1);
        Lines {
            starts: std::iter::once(0).chain(starts).collect(),
        }
    }

    /// The place of a byte of `text`; one inside a character counts as that character.
    pub(super) fn position(&self, text: &str, byte: usize, encoding: Encoding) -> lsp::Position {
        let mut byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= byte) - 1;
        let before = &text[self.starts[line]..byte];
        let character = match encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 => before.encode_utf16().count(),
        };
        lsp::Position::new(line as u32, character as u32)
    }

    /// The byte of a place; beyond a line its end is meant, beyond the text that of
    /// the text, and inside a character its start.
    pub(super) fn byte(&self, text: &str, at: lsp::Position, encoding: Encoding) -> usize {
        let Some(&start) = self.starts.get(at.line as usize) else {
            return text.len();
        };
        let next = self.starts.get(at.line as usize + 1);
        let line = &text[start..next.copied().unwrap_or(text.len())];
        let line = line.trim_end_matches(['\r', '\n']);
        let mut units = 0;
        for (byte, character) in line.char_indices() {
            units += match encoding {
                Encoding::Utf8 => character.len_utf8(),
                Encoding::Utf16 => character.len_utf16(),
            };
            if units > at.character as usize {
                return start + byte;
            }
        }
        start + line.len()
    }

    pub(super) fn range(&self, text: &str, bytes: Range<usize>, encoding: Encoding) -> lsp::Range {
        let start = self.position(text, bytes.start, encoding);
        let end = self.position(text, bytes.end.max(bytes.start), encoding);
        lsp::Range::new(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a😀b\r\nüz\rx\n";

    #[test]
    fn columns_count_code_units() {
        let lines = Lines::new(TEXT);
        let at = |byte, encoding| {
            let at = lines.position(TEXT, byte, encoding);
            (at.line, at.character)
        };
        assert_eq!(at(5, Encoding::Utf16), (0, 3));
        assert_eq!(at(5, Encoding::Utf8), (0, 5));
        assert_eq!(at(10, Encoding::Utf16), (1, 1));
        assert_eq!(at(12, Encoding::Utf16), (2, 0), "a lone carriage return");
        assert_eq!(at(99, Encoding::Utf16), (3, 0));
    }

    #[test]
    fn places_come_back_and_stay_within_their_line() {
        let lines = Lines::new(TEXT);
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (byte, character) in TEXT.char_indices() {
                if matches!(character, '\r' | '\n') {
                    continue;
                }
                let at = lines.position(TEXT, byte, encoding);
                assert_eq!(lines.byte(TEXT, at, encoding), byte);
            }
            let far = lsp::Position::new(0, 99);
            assert_eq!(lines.byte(TEXT, far, encoding), 6, "before the line end");
            let below = lsp::Position::new(99, 0);
            assert_eq!(lines.byte(TEXT, below, encoding), TEXT.len());
        }
        let inside = lsp::Position::new(0, 2);
        assert_eq!(
            lines.byte(TEXT, inside, Encoding::Utf16),
            1,
            "half of a pair"
        );
    }
}
