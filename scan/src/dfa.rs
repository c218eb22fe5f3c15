//! A deterministic automaton as rows: a state and a symbol in, the next state out.

use crate::{
    stored::{Words, stored},
    symbols::Symbols,
};

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

    /// Reads a text from a place up to `stop`, or to where something is found
    /// or nothing can be any more; answers where it is, and the state there.
    // A function of its own, so that what its loop needs stays in registers.
    #[inline(never)]
    pub(crate) fn read_on(
        &self,
        symbols: &Symbols,
        text: &str,
        mut at: usize,
        stop: usize,
        state: u16,
    ) -> (usize, u16) {
        let (next, shift) = (&self.next, self.shift & 15);
        // One comparison for both: the dead state wraps round.
        let last_silent = usize::from(self.first_found.wrapping_sub(1));
        let mut state = usize::from(state);
        while at < stop {
            let symbol;
            (symbol, at) = symbols.read(text, at);
            let entry = next.get(state << shift | usize::from(symbol));
            state = usize::from(entry.unwrap_or(DEAD));
            if state.wrapping_sub(1) >= last_silent {
                break;
            }
        }
        (at, state as u16)
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
