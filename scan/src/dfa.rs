//! A deterministic automaton as rows: a state and a symbol in, the next state out.

use crate::stored::{Words, stored};

/// The state from which nothing is found any more.
pub(crate) const DEAD: u16 = 0;

/// A deterministic automaton over symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dfa {
    /// Log2 of the length of a row.
    pub(crate) shift: u8,
    /// The next states; row after row.
    pub(crate) next: Words<u16>,
    /// The first state that found something; all after it did too.
    pub(crate) first_found: u16,
    /// Where the patterns that a state found start in `found`, by the state's
    /// distance from the first; one more for the end.
    pub(crate) offsets: Words<u32>,
    /// Patterns, by their numbers among those of the automaton.
    pub(crate) found: Words<u16>,
}

stored!(Dfa {
    shift,
    next,
    first_found,
    offsets,
    found,
});

impl Dfa {
    /// Where a symbol leads.
    #[inline]
    pub(crate) fn step(&self, state: u16, symbol: u8) -> u16 {
        let at = usize::from(state) << (self.shift & 15) | usize::from(symbol);
        self.next.get(at).unwrap_or(DEAD)
    }

    /// Whether this state found something.
    #[inline]
    pub(crate) fn has_found(&self, state: u16) -> bool {
        state >= self.first_found
    }

    /// What a state found.
    pub(crate) fn found(&self, state: u16) -> impl Iterator<Item = u16> {
        let at = state.checked_sub(self.first_found).map(usize::from);
        let offset = |at: Option<usize>| {
            let offset = at.and_then(|at| self.offsets.get(at));
            offset.map_or(0, |offset| offset as usize)
        };
        self.found.range(offset(at), offset(at.map(|at| at + 1)))
    }

    /// How many states it has.
    pub(crate) fn len(&self) -> usize {
        self.next.len() >> (self.shift & 15)
    }

    /// What its rows take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.next.bytes().len() + self.offsets.bytes().len() + self.found.bytes().len()
    }
}
