//! Which patterns are in a text: a text in, their numbers out.
//!
//! A fingerprint finds the few places where a pattern may begin; from there one
//! automaton for all patterns reads on. Where several readings are under way,
//! those in the same state are one. So a text is read in a time that grows
//! with its length, whatever is in it.

use crate::{
    dfa::{DEAD, Dfa},
    fingerprint::{DEPTH, Fingerprint},
    follower::{After, End, Follower, Following},
    gaps::{Gap, Join, MOST_JOINS, Open},
    search::{Run, search},
    stored::{Malformed, Reader, Stored, Words, stored},
    symbols::Symbols,
};

/// Patterns that are searched together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Automaton {
    pub(crate) symbols: Symbols,
    pub(crate) dfa: Dfa,
    /// Where patterns begin.
    pub(crate) first: Entry,
    /// Where these and their later pieces begin, where there are any.
    pub(crate) any: Option<Entry>,
    /// The state in which every text is read, where patterns may begin anywhere.
    pub(crate) every: Option<u16>,
    /// What finding a piece means, by piece.
    pub(crate) roles: Box<[Role]>,
    /// What joins pieces; at most [`MOST_JOINS`].
    pub(crate) joins: Box<[Join]>,
    pub(crate) gaps: Box<[Gap]>,
    /// The numbers of its patterns.
    pub(crate) patterns: Words<u32>,
    /// What must not follow a pattern.
    pub(crate) followers: Box<[Follower]>,
}

stored!(Automaton {
    symbols,
    dfa,
    first,
    any,
    every,
    roles,
    joins,
    gaps,
    patterns,
    followers,
});

/// A way into an automaton.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where it may be taken.
    pub(crate) fingerprint: Fingerprint,
    /// The state it leads to, by the symbol before.
    pub(crate) begins: Words<u16>,
}

stored!(Entry {
    fingerprint,
    begins,
});

/// What finding a piece means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// It counts only after the piece that this joins it to.
    pub(crate) after: Option<u16>,
    pub(crate) then: Then,
}

stored!(Role { after, then });

/// What comes after a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// This pattern was found.
    Found(u16),
    /// This pattern was found, unless it is followed so.
    Unless { pattern: u16, follower: u16 },
    /// The piece that this joins it to.
    Join(u16),
}

impl Stored for Then {
    fn store(&self, to: &mut Vec<u8>) {
        let (kind, one, other) = match *self {
            Then::Found(pattern) => (0_u8, pattern, 0),
            Then::Unless { pattern, follower } => (1, pattern, follower),
            Then::Join(join) => (2, join, 0),
        };
        kind.store(to);
        [one, other].store(to);
    }

    fn load(from: &mut Reader) -> Result<Then, Malformed> {
        let kind: u8 = from.read()?;
        let [one, other] = from.read()?;
        match kind {
            0 => Ok(Then::Found(one)),
            1 => Ok(Then::Unless {
                pattern: one,
                follower: other,
            }),
            // A join is a bit of 64.
            2 if usize::from(one) < MOST_JOINS => Ok(Then::Join(one)),
            _ => Err(Malformed),
        }
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        self.begins.bytes().len() + self.fingerprint.bytes()
    }
}

/// So many ends of patterns are not sorted before it is looked at late ones.
const MANY_ENDS: usize = 16;

/// What a search needs to remember while it runs, kept for the next one.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    pub(crate) places: Vec<u32>,
    pub(crate) runs: Vec<Run>,
    /// By state, when it was last among the runs, and which of them it was.
    pub(crate) seen: Vec<(u32, u32)>,
    pub(crate) now: u32,
    /// Up to where a text was read whose rest is still to come.
    pub(crate) read: usize,
    /// The runs that are under way there.
    pub(crate) suspended: Vec<Run>,
    /// The state there, where every letter is read.
    state: u16,
    /// Where patterns end that something must not follow.
    pub(crate) ends: Vec<End>,
    /// A late one of them by follower, where there are many.
    last: Vec<Option<End>>,
    /// States of what must not follow.
    following: Vec<Following>,
    pub(crate) open: Open,
}

/// A text as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'t> {
    pub(crate) text: &'t str,
    /// Up to where it is to be read now.
    pub(crate) stop: usize,
    /// Whether it ends there.
    pub(crate) is_whole: bool,
}

impl Automaton {
    /// Finds its patterns in a text. `found` has a bit for each pattern that
    /// the automata of a set were built from; the bits of those that are in
    /// the text are set, the others left alone.
    pub fn scan(&self, text: &str, scratch: &mut Scratch, found: &mut [u64]) {
        self.start(scratch);
        self.finish(text, scratch, found);
    }

    /// Forgets every text.
    pub(crate) fn start(&self, scratch: &mut Scratch) {
        scratch.ends.clear();
        scratch.open.clear();
        scratch.suspended.clear();
        (scratch.read, scratch.state) = (0, self.every.unwrap_or(DEAD));
    }

    /// Reads on in a text of which more is to come: the same text as before, and
    /// more behind it.
    pub(crate) fn go_on(&self, text: &str, scratch: &mut Scratch, found: &mut [u64]) {
        // What begins here may have to be told by bytes that are still to come.
        let stop = text.floor_char_boundary(text.len().saturating_sub(DEPTH - 1));
        if stop > scratch.read {
            let known = Known {
                text,
                stop,
                is_whole: false,
            };
            self.read_to(known, scratch, found);
            scratch.read = stop;
        }
    }

    /// Reads the rest of a text.
    pub(crate) fn finish(&self, text: &str, scratch: &mut Scratch, found: &mut [u64]) {
        let known = Known {
            text,
            stop: text.len(),
            is_whole: true,
        };
        self.read_to(known, scratch, found);
        if !scratch.ends.is_empty() {
            self.follow(known, scratch, found);
        }
    }

    /// Tells what can be told of what follows, in a text that was read as far as it is there.
    pub(crate) fn follow_on(&self, text: &str, scratch: &mut Scratch, found: &mut [u64]) {
        let known = Known {
            text,
            stop: text.len(),
            is_whole: false,
        };
        if !scratch.ends.is_empty() {
            self.follow(known, scratch, found);
        }
    }

    /// From where on a text that was read as far as it is there still matters.
    pub(crate) fn needed_from(&self, text: &str, scratch: &Scratch) -> usize {
        let back = char::MAX_LEN_UTF8 + scratch.open.reach(self);
        let read = text.floor_char_boundary(scratch.read.saturating_sub(back));
        let ends = scratch.ends.iter().map(|end| end.place);
        ends.fold(read, usize::min)
    }

    /// Forgets the head of a text, of which nothing is needed.
    pub(crate) fn forget(&self, text: &str, head: usize, scratch: &mut Scratch) {
        scratch.open.forget(self, text, head);
        scratch.read -= head;
        for end in &mut scratch.ends {
            end.place -= head;
        }
    }

    fn read_to(&self, known: Known<'_>, scratch: &mut Scratch, found: &mut [u64]) {
        if self.every.is_some() {
            self.read(known, scratch, found);
        } else {
            search(self, known, scratch, found);
        }
    }

    /// Reads every letter of a text.
    fn read(&self, known: Known<'_>, scratch: &mut Scratch, found: &mut [u64]) {
        let (mut state, mut at, mut reported) = (scratch.state, scratch.read, DEAD);
        loop {
            if self.dfa.has_found(state) {
                // Where something must not follow, every end counts.
                if state != reported || !self.followers.is_empty() {
                    self.ended(state, at, scratch, found);
                    reported = state;
                }
            }
            if at > known.stop || at == known.stop && !known.is_whole {
                scratch.state = state;
                return;
            }
            let (symbol, next) = self.symbols.read(known.text, at);
            state = self.dfa.step(state, symbol);
            at = next;
        }
    }

    /// Takes note of the patterns that end here.
    fn ended(&self, state: u16, end: usize, scratch: &mut Scratch, found: &mut [u64]) {
        for piece in self.dfa.found(state) {
            match self.roles.get(usize::from(piece)).map(|role| role.then) {
                Some(Then::Found(pattern)) => self.found(pattern, found),
                Some(Then::Unless { pattern, follower }) if !self.is_found(pattern, found) => {
                    scratch.ends.push(End {
                        follower,
                        place: end,
                        pattern,
                    });
                }
                _ => {}
            }
        }
    }

    /// What its tables take, in bytes.
    pub fn bytes(&self) -> usize {
        let followers = self.followers.iter().map(|follower| follower.dfa.bytes());
        self.dfa.bytes()
            + followers.sum::<usize>()
            + [Some(&self.first), self.any.as_ref()]
                .into_iter()
                .flatten()
                .map(Entry::bytes)
                .sum::<usize>()
            + self.symbols.starts.len() * 5
            + self.symbols.ascii.len()
    }

    /// The numbers of its patterns.
    pub fn patterns(&self) -> impl Iterator<Item = u32> {
        self.patterns.iter()
    }

    pub(crate) fn found(&self, pattern: u16, found: &mut [u64]) {
        if let Some(number) = self.patterns.get(usize::from(pattern))
            && let Some(word) = found.get_mut(number as usize / 64)
        {
            *word |= 1 << (number % 64);
        }
    }

    pub(crate) fn is_found(&self, pattern: u16, found: &[u64]) -> bool {
        self.patterns
            .get(usize::from(pattern))
            .is_some_and(|number| {
                found
                    .get(number as usize / 64)
                    .is_some_and(|word| word >> (number % 64) & 1 == 1)
            })
    }

    /// Looks at what stands after a late end of each pattern; leaves the ends of
    /// those of which this tells nothing.
    fn follow_late(
        &self,
        known: Known<'_>,
        ends: &mut Vec<End>,
        scratch: &mut Scratch,
        found: &mut [u64],
    ) {
        let last = &mut scratch.last;
        last.clear();
        last.resize(self.followers.len(), None);
        for &end in &*ends {
            if let Some(last) = last.get_mut(usize::from(end.follower)) {
                *last = Some(end);
            }
        }
        for (follower, last) in self.followers.iter().zip(&mut *last) {
            let Some(end) = *last else {
                continue;
            };
            let after = follower.after(&self.symbols, known, &[end], &mut scratch.following);
            if after == After::MissingOnce {
                self.found(end.pattern, found);
                *last = None;
            }
        }
        ends.retain(|end| {
            last.get(usize::from(end.follower))
                .is_some_and(Option::is_some)
        });
    }

    /// Looks at what stands after the patterns that something must not follow.
    fn follow(&self, known: Known<'_>, scratch: &mut Scratch, found: &mut [u64]) {
        let mut ends = std::mem::take(&mut scratch.ends);
        if ends.len() > MANY_ENDS && !ends.is_sorted() {
            self.follow_late(known, &mut ends, scratch, found);
        }
        ends.sort_unstable();
        ends.dedup();
        for ends in ends.chunk_by(|one, other| one.follower == other.follower) {
            let Some(&End {
                follower, pattern, ..
            }) = ends.first()
            else {
                continue;
            };
            let Some(follower) = self.followers.get(usize::from(follower)) else {
                continue;
            };
            match follower.after(&self.symbols, known, ends, &mut scratch.following) {
                After::Everywhere => {}
                After::MissingOnce => self.found(pattern, found),
                After::Unknown { since } => {
                    let unknown = ends.iter().filter(|end| end.place >= since);
                    scratch.ends.extend(unknown);
                }
            }
        }
        if scratch.ends.is_empty() {
            ends.clear();
            scratch.ends = ends;
        }
    }
}
