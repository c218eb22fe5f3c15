//! What must not follow a pattern: the places where it ends in, whether after
//! one of them it does not follow out.

use crate::{
    dfa::{DEAD, Dfa},
    stored::stored,
    symbols::{AFTER, Symbols},
};

/// What must not follow a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Follower {
    pub(crate) dfa: Dfa,
    pub(crate) begin: u16,
}

stored!(Follower { dfa, begin });

/// A place where a pattern ends that something must not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct End {
    pub(crate) follower: u16,
    pub(crate) place: usize,
    pub(crate) pattern: u16,
}

impl Follower {
    /// Whether after one of these ends, which rise, it does not follow.
    pub(crate) fn is_missing_once(
        &self,
        symbols: &Symbols,
        text: &str,
        ends: &[End],
        runs: &mut Vec<u16>,
    ) -> bool {
        // What may be nothing always follows.
        if self.dfa.has_found(self.begin) {
            return false;
        }
        // Mostly the last one tells, which has least behind it.
        match ends {
            [.., last] if !self.follows(symbols, text, last.place) => return true,
            [] | [_] => return false,
            _ => {}
        }
        let mut ends = ends.iter().map(|end| end.place).peekable();
        runs.clear();
        while let Some(&first) = ends.peek() {
            let mut at = first;
            // Mostly one reading is under way, and it is cheaper alone.
            loop {
                if ends.next_if_eq(&at).is_some() && !runs.contains(&self.begin) {
                    runs.push(self.begin);
                }
                if let [state] = runs.as_mut_slice() {
                    let stop = ends.peek().map_or(text.len(), |&end| end.min(text.len()));
                    match self.read_alone(symbols, text, &mut at, stop, state) {
                        Some(Answer::Missing) => return true,
                        Some(Answer::There) => runs.clear(),
                        None if at < text.len() => {}
                        None => return !self.dfa.has_found(self.dfa.step(*state, AFTER)),
                    }
                } else {
                    match self.read_together(symbols, text, &mut at, runs) {
                        Some(Answer::Missing) => return true,
                        Some(Answer::There) | None => {}
                    }
                }
                if runs.is_empty() {
                    break;
                }
            }
        }
        false
    }

    /// Whether it stands at this place.
    fn follows(&self, symbols: &Symbols, text: &str, mut at: usize) -> bool {
        let mut state = self.begin;
        match self.read_alone(symbols, text, &mut at, text.len(), &mut state) {
            Some(Answer::There) => true,
            Some(Answer::Missing) => false,
            None => self.dfa.has_found(self.dfa.step(state, AFTER)),
        }
    }

    /// Reads on up to `stop`.
    fn read_alone(
        &self,
        symbols: &Symbols,
        text: &str,
        at: &mut usize,
        stop: usize,
        state: &mut u16,
    ) -> Option<Answer> {
        if *at < stop {
            (*at, *state) = self.dfa.read_on(symbols, text, *at, stop, *state);
            if *state == DEAD {
                return Some(Answer::Missing);
            }
            if self.dfa.has_found(*state) {
                return Some(Answer::There);
            }
        }
        None
    }

    /// Reads one symbol with every run.
    fn read_together(
        &self,
        symbols: &Symbols,
        text: &str,
        at: &mut usize,
        runs: &mut Vec<u16>,
    ) -> Option<Answer> {
        let (symbol, next) = symbols.read(text, *at);
        for state in runs.iter_mut() {
            *state = self.dfa.step(*state, symbol);
            if *state == DEAD {
                return Some(Answer::Missing);
            }
        }
        runs.retain(|&state| !self.dfa.has_found(state));
        runs.sort_unstable();
        runs.dedup();
        let is_over = *at >= text.len();
        *at = next;
        (is_over && !runs.is_empty()).then_some(Answer::Missing)
    }
}

/// Whether what must not follow does.
enum Answer {
    There,
    Missing,
}
