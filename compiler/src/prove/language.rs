//! An expression in, the set of texts in which it is found out, as an automaton
//! that is made while it is read.
//!
//! Readings say what a text may be a part of, since what stands around it may
//! belong to a match: a field is read as a whole, a value within the canonical
//! text as one that spaces stand around.

use std::cell::RefCell;

use regex_automata::{
    Anchored, MatchKind,
    hybrid::{
        LazyStateID,
        dfa::{Cache, Config, DFA},
    },
    nfa::thompson,
    util::start,
};
use regex_syntax::hir::{Hir, Look};

use super::example::example;

/// Bytes that one automaton may take while it is read.
const MOST_BYTES: usize = 4 << 20;

/// Texts in which something is found.
#[derive(Debug)]
pub(crate) struct Language {
    automata: Automata,
    /// Whether exactly these texts are in it; otherwise also some others may be.
    pub(crate) is_exact: bool,
    /// Whether it matters where a text ends: more text behind it may undo a match.
    pub(crate) minds_end: bool,
    /// Whether only what stands first in a text is found.
    pub(crate) is_first: bool,
    /// A short text that may be in it.
    pub(crate) example: Option<String>,
}

#[derive(Debug)]
enum Automata {
    Search(Box<Automaton>),
    /// The first one where the second one does not follow.
    Unless(Box<Automaton>, Box<Automaton>),
}

#[derive(Debug)]
struct Automaton {
    dfa: DFA,
    cache: RefCell<Cache>,
    anchored: Anchored,
}

/// It cannot be built, or be read on, within its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// What a text is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Around {
    /// It is the whole of what is read.
    Nothing,
    /// It stands first in the canonical text, which may go on behind it.
    After,
    /// It stands in the canonical text, with a space on both sides.
    Both,
}

/// Where reading a text has come to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Something was found, whatever comes.
    Found,
    /// Nothing will be found, whatever comes.
    Never,
    /// A search is under way.
    Search(LazyStateID),
    /// So is a search for the first one; and what must not follow is read from
    /// each place where it ended.
    Unless(LazyStateID, Vec<LazyStateID>),
}

impl Language {
    /// The texts in which an expression is found, unless what must not follow it
    /// does at each place.
    ///
    /// # Errors
    ///
    /// Where its automaton would be too large.
    pub(crate) fn new(expression: &Hir, unless: Option<&Hir>) -> Result<Language, TooLarge> {
        let looks = expression.properties().look_set();
        let ends = [Look::End, Look::EndLF, Look::EndCRLF];
        let automata = match unless {
            None => {
                let automaton = Automaton::new(expression, MatchKind::LeftmostFirst)?;
                Automata::Search(Box::new(automaton))
            }
            Some(unless) => Automata::Unless(
                Box::new(Automaton::new(expression, MatchKind::All)?),
                Box::new(Automaton::anchored(unless)?),
            ),
        };
        Ok(Language {
            automata,
            is_exact: true,
            is_first: expression
                .properties()
                .look_set_prefix()
                .contains(Look::Start),
            example: example(expression),
            minds_end: unless.is_some() || ends.into_iter().any(|end| looks.contains(end)),
        })
    }

    /// The same with texts for which it is not certain that they are in it.
    pub(crate) fn not_exact(self) -> Language {
        Language {
            is_exact: false,
            ..self
        }
    }

    /// Whether a text is in it.
    pub(crate) fn has(&self, text: &str) -> Result<bool, TooLarge> {
        self.has_within(text, Around::Nothing)
    }

    /// Whether a text is in it by what stands in it and next to it.
    pub(crate) fn has_within(&self, text: &str, around: Around) -> Result<bool, TooLarge> {
        let mut state = self.start(around)?;
        for &byte in text.as_bytes() {
            state = self.step(&state, byte)?;
        }
        self.ends(&state, around)
    }

    /// Where a reading begins.
    pub(crate) fn start(&self, around: Around) -> Result<State, TooLarge> {
        let behind = match around {
            Around::Nothing | Around::After => None,
            // What stands before the space is not known; a letter is likely.
            Around::Both => Some(LETTER),
        };
        let start = match &self.automata {
            Automata::Search(automaton) => self.searching(automaton.start(behind)?),
            Automata::Unless(first, _) => State::Unless(first.start(behind)?, Vec::new()),
        };
        match around {
            Around::Nothing | Around::After => Ok(start),
            Around::Both => self.step(&start, b' '),
        }
    }

    /// Where a reading is a byte further on.
    pub(crate) fn step(&self, state: &State, byte: u8) -> Result<State, TooLarge> {
        match (&self.automata, state) {
            (Automata::Search(automaton), State::Search(id)) => {
                Ok(self.searching(automaton.step(*id, byte)?))
            }
            (Automata::Unless(first, follower), State::Unless(id, readings)) => {
                let id = first.step(*id, byte)?;
                let mut open = readings.clone();
                // Automata tell of a match one byte later.
                if id.is_match() {
                    open.push(follower.start(Some(LETTER))?);
                }
                let mut left = Vec::with_capacity(open.len());
                for reading in open {
                    let reading = follower.step(reading, byte)?;
                    if reading.is_dead() {
                        return Ok(State::Found);
                    }
                    if !reading.is_match() {
                        left.push(reading);
                    }
                }
                left.sort_unstable();
                left.dedup();
                Ok(State::Unless(id, left))
            }
            (_, state) => Ok(state.clone()),
        }
    }

    /// Whether something was found where a text ends, in any case; what may only
    /// be found by what comes behind it is not.
    pub(crate) fn ends(&self, state: &State, around: Around) -> Result<bool, TooLarge> {
        match around {
            Around::Nothing => self.ends_here(state),
            Around::Both => self.goes_on(state),
            Around::After => Ok(self.ends_here(state)? && self.goes_on(state)?),
        }
    }

    fn ends_here(&self, state: &State) -> Result<bool, TooLarge> {
        match (&self.automata, state) {
            (Automata::Search(automaton), State::Search(id)) => automaton.ends(*id),
            (Automata::Unless(first, follower), State::Unless(id, readings)) => {
                let mut readings = readings.clone();
                if first.ends(*id)? {
                    readings.push(follower.start(Some(LETTER))?);
                }
                for reading in readings {
                    if !follower.ends(reading)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (_, state) => Ok(*state == State::Found),
        }
    }

    /// Whether something is found where a space and a letter follow.
    fn goes_on(&self, state: &State) -> Result<bool, TooLarge> {
        let state = self.step(state, b' ')?;
        Ok(self.step(&state, LETTER)? == State::Found)
    }

    /// A byte for each class of bytes that no automaton tells apart.
    pub(crate) fn class(&self, byte: u8) -> (u8, u8) {
        match &self.automata {
            Automata::Search(automaton) => (automaton.dfa.byte_classes().get(byte), 0),
            Automata::Unless(first, follower) => (
                first.dfa.byte_classes().get(byte),
                follower.dfa.byte_classes().get(byte),
            ),
        }
    }

    #[expect(clippy::unused_self, reason = "a state is one of an automaton's")]
    fn searching(&self, id: LazyStateID) -> State {
        if id.is_match() {
            State::Found
        } else if id.is_dead() {
            State::Never
        } else {
            State::Search(id)
        }
    }
}

/// What stands where nothing is known.
const LETTER: u8 = b'x';

impl Automaton {
    fn new(expression: &Hir, kind: MatchKind) -> Result<Automaton, TooLarge> {
        let is_tied = expression
            .properties()
            .look_set_prefix()
            .contains(Look::Start);
        let anchored = if is_tied { Anchored::Yes } else { Anchored::No };
        Automaton::build(expression, kind, anchored)
    }

    fn anchored(expression: &Hir) -> Result<Automaton, TooLarge> {
        Automaton::build(expression, MatchKind::LeftmostFirst, Anchored::Yes)
    }

    fn build(expression: &Hir, kind: MatchKind, anchored: Anchored) -> Result<Automaton, TooLarge> {
        let nfa = thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .which_captures(thompson::WhichCaptures::None)
                    .nfa_size_limit(Some(MOST_BYTES)),
            )
            .build_from_hir(expression)
            .map_err(|_| TooLarge)?;
        let dfa = DFA::builder()
            .configure(
                Config::new()
                    .match_kind(kind)
                    .cache_capacity(MOST_BYTES)
                    // States are remembered: none may be forgotten.
                    .minimum_cache_clear_count(Some(0)),
            )
            .build_from_nfa(nfa)
            .map_err(|_| TooLarge)?;
        let cache = RefCell::new(dfa.create_cache());
        Ok(Automaton {
            dfa,
            cache,
            anchored,
        })
    }

    fn start(&self, behind: Option<u8>) -> Result<LazyStateID, TooLarge> {
        let config = start::Config::new()
            .look_behind(behind)
            .anchored(self.anchored);
        self.dfa
            .start_state(&mut self.cache.borrow_mut(), &config)
            .map_err(|_| TooLarge)
    }

    fn step(&self, id: LazyStateID, byte: u8) -> Result<LazyStateID, TooLarge> {
        self.dfa
            .next_state(&mut self.cache.borrow_mut(), id, byte)
            .map_err(|_| TooLarge)
    }

    fn ends(&self, id: LazyStateID) -> Result<bool, TooLarge> {
        let end = self.dfa.next_eoi_state(&mut self.cache.borrow_mut(), id);
        end.map(|end| end.is_match()).map_err(|_| TooLarge)
    }
}
