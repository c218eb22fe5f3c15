//! A text in, what it may hide behind out: one quick pass, so that a plain text
//! costs next to nothing.

use super::base64;

/// What a text may hide behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hints {
    /// Something beyond ASCII, or a control character.
    pub(super) letters: bool,
    /// `%` or `\`
    pub(super) escapes: bool,
    /// A run of base64.
    pub(super) runs: bool,
}

/// How many bytes are looked at before what they have is asked.
const BLOCK: usize = 256;

impl Hints {
    /// Those of a text.
    pub(super) fn of(text: &str) -> Hints {
        let bytes = text.as_bytes();
        let mut hints = Hints::default();
        // Where the blocks start that may have a run and were not searched yet.
        let mut from = None;
        let mut at = 0;
        let mut add = |block: Block, length: usize| {
            hints.letters |= block.letters;
            hints.escapes |= block.escapes;
            if block.runs {
                from = from.or(Some(at));
            } else if let Some(from) = from.take() {
                hints.runs = hints.runs || base64::has_run(bytes, from, at);
            }
            at += length;
        };
        // Each byte beside the one before it.
        let (Some(first), Some(bytes_after)) = (bytes.first(), bytes.get(1..)) else {
            return hints;
        };
        add(Block::of(b" ", &[*first]), 1);
        let (blocks, rest) = bytes_after.as_chunks::<BLOCK>();
        let (before, rest_before) = bytes.as_chunks::<BLOCK>();
        for (before, block) in before.iter().zip(blocks) {
            add(Block::of(before, block), BLOCK);
        }
        let rest_before = match before.get(blocks.len()) {
            Some(before) => before,
            None => rest_before,
        };
        add(Block::of(rest_before, rest), rest.len());
        add(Block::default(), 0);
        hints
    }

    /// Whether there is nothing to hide behind.
    pub(super) const fn is_plain(self) -> bool {
        !self.letters && !self.escapes && !self.runs
    }
}

/// What some bytes have.
#[derive(Default)]
struct Block {
    letters: bool,
    escapes: bool,
    /// A byte that runs have and words have not.
    runs: bool,
}

impl Block {
    /// Looks at some bytes, each with the one `before` it.
    #[inline]
    fn of(before: &[u8], bytes: &[u8]) -> Block {
        // In such steps as the compiler takes for many bytes at once.
        let (mut high, mut low, mut escape) = (0, 0xff, 0xff);
        let (mut digit, mut plus, mut capital) = (0xff, 0xff, 0xff);
        for (&before, &byte) in before.iter().zip(bytes) {
            high = byte.wrapping_sub(b'\t').max(high);
            low = byte.wrapping_sub(b'\r' + 1).min(low);
            escape = (byte ^ b'%').min(byte ^ b'\\').min(escape);
            digit = byte.wrapping_sub(b'0').min(digit);
            plus = (byte ^ b'+').min(plus);
            let starts = if before.cast_signed() < b'A'.cast_signed() {
                0xff
            } else {
                0
            };
            capital = (byte.wrapping_sub(b'A') | starts).min(capital);
        }
        Block {
            // Below the white space and above what is printed; between both.
            letters: high >= 0x7f - b'\t' || low < 0x1c - (b'\r' + 1),
            escapes: escape == 0,
            runs: digit < 10 || plus == 0 || capital < 26,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    /// The same, a byte at a time.
    fn simple(text: &str) -> Hints {
        let is_control =
            |letter: char| letter < '\x1c' && !('\t'..='\r').contains(&letter) || letter >= '\x7f';
        Hints {
            letters: text.contains(is_control),
            escapes: text.contains(['%', '\\']),
            runs: base64::simple_run(text.as_bytes()),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn one_pass_tells_what_each_byte_tells(
            parts in vec(select(vec![
                "a", "B", "cd", "word", "Word", "eleven", "9", "+", "-", "_", "/", " ", ".", "\n", "\r\n",
                "=", "\\", "é", "abcdefghij", "abcdefghijklmnopqrstuvwxyzabcdefgh",
            ]), 0..40),
            escape in select(vec!["", "", "", "%", "\0", "\x7f", "\x1b", "\x1c"]),
        ) {
            let text = parts.concat();
            prop_assert_eq!(Hints::of(&text), simple(&text), "{:?}", text);
            let plain = text.replace(['\\', 'é'], "") + escape;
            prop_assert_eq!(Hints::of(&plain), simple(&plain), "{:?}", plain);
        }
    }

    #[test]
    fn each_byte_at_each_place_is_told() {
        for byte in 0..0x80_u8 {
            for at in [0, 1, 2, 15, 31, 32, 255, 256, 257, 300] {
                let mut text = " ".repeat(301).into_bytes();
                text[at] = byte;
                let text = String::from_utf8(text).unwrap();
                assert_eq!(Hints::of(&text), simple(&text), "{byte} at {at}");
            }
        }
    }

    #[test]
    fn a_run_is_told_across_blocks() {
        for gap in 0..300 {
            let gap = " ".repeat(gap);
            for run in [
                "abcdefghij1",
                "abcdefghiJk",
                "abcdefghi\n1",
                "abcdefghijk\r\n1x",
                "abcdefghijk\nlm\n1",
                "1abcdefghi",
                "abcdefghijklmnopqrstuvwxyz1",
            ] {
                let text = format!("{gap}{run}{gap}");
                assert_eq!(Hints::of(&text), simple(&text), "{text:?}");
            }
        }
    }
}
