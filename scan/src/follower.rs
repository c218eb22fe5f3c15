//! What must not follow a pattern: the places where it ends in, whether after
//! one of them it does not follow out, or that this is not known yet.

use crate::{
    automaton::Known,
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

/// What is known of a pattern by the places where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// It follows each of them.
    Everywhere,
    /// After one of them it does not follow.
    MissingOnce,
    /// That is told by what is still to come, for places from this one on.
    Unknown { since: usize },
}

/// A reading of what may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Following {
    state: u16,
    /// The first place where it, or one that is the same now, began.
    since: usize,
}

impl Follower {
    /// What is known by these ends, which rise.
    pub(crate) fn after(
        &self,
        symbols: &Symbols,
        known: Known<'_>,
        ends: &[End],
        runs: &mut Vec<Following>,
    ) -> After {
        let text = known.text;
        // What may be nothing always follows.
        if self.dfa.has_found(self.begin) {
            return After::Everywhere;
        }
        // Mostly the last one tells, which has least behind it.
        if let Some(last) = ends.last() {
            let after = self.after_one(symbols, known, last.place);
            if after == After::MissingOnce || ends.len() == 1 {
                return after;
            }
        }
        let mut ends = ends.iter().map(|end| end.place).peekable();
        runs.clear();
        while let Some(&first) = ends.peek() {
            let mut at = first;
            // Mostly one reading is under way, and it is cheaper alone.
            loop {
                if ends.next_if_eq(&at).is_some() && runs.iter().all(|run| run.state != self.begin)
                {
                    runs.push(Following {
                        state: self.begin,
                        since: at,
                    });
                }
                let is_over = at >= text.len();
                if is_over && !known.is_whole {
                    let since = runs.iter().map(|run| run.since).min();
                    return since.map_or(After::Everywhere, |since| After::Unknown { since });
                }
                let answer = if let [run] = runs.as_mut_slice()
                    && !is_over
                {
                    let stop = ends.peek().map_or(text.len(), |&end| end.min(text.len()));
                    let answer = self.read_alone(symbols, text, &mut at, stop, &mut run.state);
                    if answer == Some(Answer::There) {
                        runs.clear();
                    }
                    answer
                } else {
                    self.read_together(symbols, text, &mut at, runs)
                };
                if answer == Some(Answer::Missing) {
                    return After::MissingOnce;
                }
                if runs.is_empty() {
                    break;
                }
            }
        }
        After::Everywhere
    }

    /// What is known by one end.
    fn after_one(&self, symbols: &Symbols, known: Known<'_>, since: usize) -> After {
        let (mut at, mut state) = (since, self.begin);
        let length = known.text.len();
        match self.read_alone(symbols, known.text, &mut at, length, &mut state) {
            Some(Answer::There) => After::Everywhere,
            None if !known.is_whole => After::Unknown { since },
            None if self.dfa.has_found(self.dfa.step(state, AFTER)) => After::Everywhere,
            Some(Answer::Missing) | None => After::MissingOnce,
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
        runs: &mut Vec<Following>,
    ) -> Option<Answer> {
        let (symbol, next) = symbols.read(text, *at);
        for Following { state, .. } in runs.iter_mut() {
            *state = self.dfa.step(*state, symbol);
            if *state == DEAD {
                return Some(Answer::Missing);
            }
        }
        runs.retain(|run| !self.dfa.has_found(run.state));
        runs.sort_unstable();
        // Of those in one state the first one is left, which began first.
        runs.dedup_by_key(|run| run.state);
        let is_over = *at >= text.len();
        *at = next;
        (is_over && !runs.is_empty()).then_some(Answer::Missing)
    }
}

/// Whether what must not follow does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    There,
    Missing,
}
