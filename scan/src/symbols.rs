//! The alphabet of an automaton: a letter in, the symbol of its class out.
//!
//! Letters that all patterns treat alike share a symbol. So an automaton over
//! Unicode is no larger than one over ASCII, and a Kelvin sign folds to `k`
//! without a state of its own.

use crate::stored::{Malformed, Reader, Stored, Words, stored};

/// Before the first letter of a text.
pub(crate) const BEFORE: u8 = 0;

/// After the last letter of a text.
pub(crate) const AFTER: u8 = 1;

/// How many symbols there may be, those of the text's edges among them.
pub(crate) const MOST_SYMBOLS: usize = 256;

/// A set of symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(crate) struct SymbolSet([u64; 4]);

impl SymbolSet {
    pub(crate) fn insert(&mut self, symbol: u8) {
        self.0[usize::from(symbol >> 6)] |= 1 << (symbol & 63);
    }

    pub(crate) fn has(&self, symbol: u8) -> bool {
        self.0[usize::from(symbol >> 6)] >> (symbol & 63) & 1 == 1
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u8> {
        let words = [0, 64, 128, 192].into_iter().zip(self.0);
        words.flat_map(|(first, word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as u8;
                left &= left.wrapping_sub(1);
                (bit < 64).then(|| first + bit)
            })
        })
    }
}

impl Stored for SymbolSet {
    fn store(&self, to: &mut Vec<u8>) {
        self.0.store(to);
    }

    fn load(from: &mut Reader) -> Result<SymbolSet, Malformed> {
        from.read().map(SymbolSet)
    }
}

/// Which symbol a letter has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "symbols are what it has")]
pub(crate) struct Symbols {
    /// How many there are.
    pub(crate) count: u16,
    /// By the letter.
    pub(crate) ascii: [u8; 128],
    /// Where a run of letters beyond ASCII with one symbol starts, rising.
    pub(crate) starts: Words<u32>,
    /// The symbols of these runs.
    pub(crate) symbols: Words<u8>,
}

stored!(Symbols {
    count,
    ascii,
    starts,
    symbols,
});

impl Symbols {
    /// The symbol of any letter.
    pub(crate) fn of(&self, letter: char) -> u8 {
        match self.ascii.get(letter as usize) {
            Some(&symbol) => symbol,
            None => self.beyond(letter),
        }
    }

    fn beyond(&self, letter: char) -> u8 {
        let after = self.starts.partition_point(|start| start <= letter as u32);
        self.symbols.get(after.wrapping_sub(1)).unwrap_or_default()
    }

    /// Reads the letter that starts at `at`: its symbol, and where the next one starts.
    #[inline]
    pub(crate) fn read(&self, text: &str, at: usize) -> (u8, usize) {
        match text.as_bytes().get(at) {
            Some(&byte) if byte < 128 => (self.ascii[usize::from(byte)], at + 1),
            Some(_) => self.read_beyond(text, at),
            None => (AFTER, at + 1),
        }
    }

    fn read_beyond(&self, text: &str, at: usize) -> (u8, usize) {
        match text.get(at..).and_then(|rest| rest.chars().next()) {
            Some(letter) => (self.beyond(letter), at + letter.len_utf8()),
            None => (AFTER, at + 1),
        }
    }

    /// The symbol of what stands before `at`.
    pub(crate) fn read_before(&self, text: &str, at: usize) -> u8 {
        let Some(before) = at.checked_sub(1) else {
            return BEFORE;
        };
        match text.as_bytes().get(before) {
            Some(&byte) if byte < 128 => self.ascii[usize::from(byte)],
            _ => match text.get(..at).and_then(|head| head.chars().next_back()) {
                Some(letter) => self.beyond(letter),
                None => BEFORE,
            },
        }
    }
}
