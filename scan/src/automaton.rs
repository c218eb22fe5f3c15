//! Which patterns are in a text: a text in, their numbers out.
//!
//! A fingerprint finds the few places where a pattern may begin; from there one
//! automaton for all patterns reads on. Where several readings are under way,
//! those in the same state are one. So a text is read in a time that grows
//! with its length, whatever is in it.

use crate::{
    candidates::Candidates,
    dfa::{DEAD, Dfa},
    fingerprint::{DEPTH, Fingerprint},
    stored::{Malformed, Reader, Stored, Words, stored},
    symbols::{AFTER, SymbolSet, Symbols},
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

/// How many joins an automaton may have: a bit each.
pub(crate) const MOST_JOINS: usize = 64;

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

/// What lies between two pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Join {
    /// Whether the letter before the second piece belongs to that.
    pub(crate) owns_lead: bool,
    /// How many letters may lie between them, at most.
    pub(crate) most: Option<u32>,
}

stored!(Join { owns_lead, most });

/// Letters that may lie between pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    symbols: SymbolSet,
    /// Whether all letters may but the end of a line.
    is_line: bool,
    /// Its joins as bits.
    joins: u64,
}

stored!(Gap {
    symbols,
    is_line,
    joins,
});

impl Gap {
    pub(crate) fn new(alphabet: &Symbols, symbols: SymbolSet, joins: u64) -> Gap {
        let of_line = alphabet.ascii[usize::from(b'\n')];
        // The symbol of the end of a line has to be of no other letter.
        let others = (0..)
            .zip(&alphabet.ascii)
            .filter(|&(letter, _)| letter != b'\n');
        let mut others = others
            .map(|(_, &symbol)| symbol)
            .chain(alphabet.symbols.iter());
        let is_line =
            !symbols.has(of_line) && others.all(|symbol| symbol != of_line && symbols.has(symbol));
        Gap {
            symbols,
            is_line,
            joins,
        }
    }

    /// Up to where from a place on nothing else lies: before `to`, where it is
    /// broken; otherwise as far as it was easy to look.
    fn reach(&self, alphabet: &Symbols, text: &str, from: usize, to: usize) -> usize {
        if self.is_line {
            let rest = text.as_bytes().get(from..).unwrap_or_default();
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            return from + length;
        }
        let mut at = from;
        while at < to {
            let (symbol, next) = alphabet.read(text, at);
            if !self.symbols.has(symbol) {
                return at;
            }
            at = next;
        }
        at
    }
}

/// What must not follow a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Follower {
    pub(crate) dfa: Dfa,
    pub(crate) begin: u16,
}

stored!(Follower { dfa, begin });

/// What a search needs to remember while it runs, kept for the next one.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    places: Vec<u32>,
    runs: Vec<Run>,
    /// By state, when it was last among the runs, and which of them it was.
    seen: Vec<(u32, u32)>,
    now: u32,
    /// Up to where a text was read whose rest is still to come.
    read: usize,
    /// The runs that are under way there.
    suspended: Vec<Run>,
    /// The state there, where every letter is read.
    state: u16,
    /// Where patterns end that something must not follow: follower, end, pattern.
    ends: Vec<(u16, usize, u16)>,
    /// States of what must not follow.
    following: Vec<u16>,
    open: Open,
}

/// A reading that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    state: u16,
    /// The joins whose second piece may begin where it began.
    joins: u64,
}

/// The joins whose first piece was found.
#[derive(Clone, Debug, Default)]
struct Open {
    joins: u64,
    /// Those joins of all whose second piece owns the letter before it; told
    /// when the first one is opened, like all that follows.
    owners: u64,
    /// Those whose gap has an end.
    bounded: u64,
    /// By join, where its first piece first ended since its gap was last broken;
    /// where that has an end, last ended.
    since: Vec<usize>,
    /// By join, where it ended before that.
    earlier: Vec<Option<usize>>,
    /// By gap, up to where it is known not to be broken.
    looked: Vec<usize>,
    /// Up to where that is known of all gaps of open joins.
    unbroken: usize,
    /// Where a join was last opened.
    latest: usize,
    /// The joins whose second piece may begin at this place, and own the letter
    /// before it, which is the last one of a first piece and may break the gap.
    owning: (usize, u64),
}

impl Open {
    fn clear(&mut self) {
        self.joins = 0;
        self.since.clear();
    }

    fn prepare(&mut self, automaton: &Automaton) {
        self.since.resize(automaton.joins.len(), 0);
        self.earlier.clear();
        self.earlier.resize(automaton.joins.len(), None);
        self.looked.clear();
        self.looked.resize(automaton.gaps.len(), 0);
        let joins = |is_one: fn(&Join) -> bool| {
            let joins = (0..).zip(&automaton.joins);
            let joins = joins.filter(|(_, join)| is_one(join));
            joins.fold(0, |joins, (number, _)| joins | 1 << number)
        };
        self.owners = joins(|join| join.owns_lead);
        self.bounded = joins(|join| join.most.is_some());
        (self.unbroken, self.latest, self.owning) = (usize::MAX, 0, (0, 0));
    }

    /// Closes joins whose gap is broken before this place.
    fn look(&mut self, automaton: &Automaton, text: &str, to: usize) {
        if to <= self.unbroken {
            return;
        }
        self.unbroken = usize::MAX;
        for (gap, looked) in automaton.gaps.iter().zip(&mut self.looked) {
            if self.joins & gap.joins == 0 {
                continue;
            }
            if *looked < to {
                *looked = gap.reach(&automaton.symbols, text, *looked, to);
            }
            if *looked < to {
                self.joins &= !gap.joins;
            } else {
                self.unbroken = self.unbroken.min(*looked);
            }
        }
    }

    /// Whether nothing is new where the first pieces of these joins end here.
    #[inline]
    fn has(&self, joins: u64, end: usize) -> bool {
        let is_known = self.joins & joins == joins && joins & self.bounded == 0;
        joins == 0 || is_known && end <= self.unbroken
    }

    fn open(&mut self, automaton: &Automaton, text: &str, join: u16, end: usize) {
        if self.since.is_empty() {
            self.prepare(automaton);
        }
        let owning = self.owning_at(automaton, text, end);
        self.owning = (end, owning);
        self.look(automaton, text, end);
        let was_open = self.joins >> join & 1 == 1;
        if was_open && self.bounded >> join & 1 == 0 {
            return;
        }
        self.joins |= 1 << join;
        self.latest = end;
        let known = self.since.get_mut(usize::from(join));
        if let (Some(since), Some(earlier)) = (known, self.earlier.get_mut(usize::from(join))) {
            if !was_open {
                *earlier = None;
            } else if *since < end {
                *earlier = Some(*since);
            }
            *since = end;
        }
        if was_open {
            return;
        }
        for (gap, looked) in automaton.gaps.iter().zip(&mut self.looked) {
            if gap.joins >> join & 1 == 1 {
                if *looked < end {
                    *looked = gap.reach(&automaton.symbols, text, end, end);
                }
                self.unbroken = self.unbroken.min(*looked);
            }
        }
    }

    /// The joins whose second piece may begin here.
    #[inline]
    fn joins_at(&mut self, automaton: &Automaton, text: &str, at: usize) -> u64 {
        if self.joins == 0 {
            return 0;
        }
        let is_bounded = self.joins & self.bounded != 0;
        if at <= self.unbroken && self.latest < at && self.owning.0 != at && !is_bounded {
            return self.joins;
        }
        let owning = self.owning_at(automaton, text, at);
        self.look(automaton, text, at);
        let joins = owning | self.those(automaton, text, self.joins & !self.owners, at);
        if is_bounded {
            self.close_far(automaton, at);
        }
        joins
    }

    /// Closes joins whose gap ended before this place.
    fn close_far(&mut self, automaton: &Automaton, at: usize) {
        for (number, (join, since)) in automaton.joins.iter().zip(&self.since).enumerate() {
            let most = join.most.map(|most| most as usize * char::MAX_LEN_UTF8);
            // One letter more may belong to the second piece.
            if most.is_some_and(|most| at.saturating_sub(*since) > most + char::MAX_LEN_UTF8) {
                self.joins &= !(1 << number);
            }
        }
    }

    /// Those of them whose second piece owns the letter before: that may break
    /// its gap and yet belong to the piece.
    fn owning_at(&mut self, automaton: &Automaton, text: &str, at: usize) -> u64 {
        let known = match self.owning {
            (place, owning) if place == at => owning,
            _ => 0,
        };
        if self.joins == 0 {
            return known;
        }
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let before = at - before.map_or(0, char::len_utf8);
        self.look(automaton, text, before);
        known | self.those(automaton, text, self.joins & self.owners, before)
    }

    /// Those of these open joins whose second piece may begin at this place, as
    /// far as where their first one ended tells.
    fn those(&self, automaton: &Automaton, text: &str, joins: u64, at: usize) -> u64 {
        let (mut those, mut left) = (0, joins);
        while left != 0 {
            let bit = left & left.wrapping_neg();
            left ^= bit;
            let number = bit.trailing_zeros() as usize;
            let since = self.since.get(number).copied();
            let earlier = || self.earlier.get(number).copied().flatten();
            let since = since.filter(|&since| since <= at).or_else(earlier);
            let most = automaton.joins.get(number).and_then(|join| join.most);
            let is_near = |since: usize| match most {
                None => since <= at,
                Some(most) => is_within(text, since, at, most as usize),
            };
            if since.is_some_and(is_near) {
                those |= bit;
            }
        }
        those
    }
}

/// Whether at most so many letters lie between two places.
fn is_within(text: &str, from: usize, to: usize, most: usize) -> bool {
    let Some(length) = to.checked_sub(from) else {
        return false;
    };
    length <= most
        || length <= most * char::MAX_LEN_UTF8
            && text
                .get(from..to)
                .is_some_and(|between| between.chars().count() <= most)
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
            self.read_to(stop, false, text, scratch, found);
            scratch.read = stop;
        }
    }

    /// Reads the rest of a text.
    pub(crate) fn finish(&self, text: &str, scratch: &mut Scratch, found: &mut [u64]) {
        self.read_to(text.len(), true, text, scratch, found);
        if !scratch.ends.is_empty() {
            self.follow(text, scratch, found);
        }
    }

    fn read_to(
        &self,
        stop: usize,
        is_last: bool,
        text: &str,
        scratch: &mut Scratch,
        found: &mut [u64],
    ) {
        if self.every.is_some() {
            return self.read(stop, is_last, text, scratch, found);
        }
        let mut places = std::mem::take(&mut scratch.places);
        if scratch.seen.len() < self.dfa.len() {
            scratch.seen.resize(self.dfa.len(), (0, 0));
        }
        let entry = match &self.any {
            Some(any) if scratch.open.joins != 0 => any,
            _ => &self.first,
        };
        let mut candidates =
            Candidates::new(&entry.fingerprint, text, scratch.read, stop, &mut places);
        let next = candidates.next();
        // Most texts are over here.
        if next.is_some() || !scratch.suspended.is_empty() {
            let search = Search {
                automaton: self,
                entry,
                candidates,
                text,
                stop,
                is_last,
                scratch,
                found,
                known: [Known::NOTHING; KNOWN],
            };
            search.run(next);
        }
        scratch.places = places;
    }

    /// Reads every letter of a text.
    fn read(
        &self,
        stop: usize,
        is_last: bool,
        text: &str,
        scratch: &mut Scratch,
        found: &mut [u64],
    ) {
        let (mut state, mut at, mut reported) = (scratch.state, scratch.read, DEAD);
        loop {
            if self.dfa.has_found(state) {
                // Where something must not follow, every end counts.
                if state != reported || !self.followers.is_empty() {
                    self.ended(state, at, scratch, found);
                    reported = state;
                }
            }
            if at > stop || at == stop && !is_last {
                scratch.state = state;
                return;
            }
            let (symbol, next) = self.symbols.read(text, at);
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
                    scratch.ends.push((follower, end, pattern));
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

    fn found(&self, pattern: u16, found: &mut [u64]) {
        if let Some(number) = self.patterns.get(usize::from(pattern))
            && let Some(word) = found.get_mut(number as usize / 64)
        {
            *word |= 1 << (number % 64);
        }
    }

    fn is_found(&self, pattern: u16, found: &[u64]) -> bool {
        self.patterns
            .get(usize::from(pattern))
            .is_some_and(|number| {
                found
                    .get(number as usize / 64)
                    .is_some_and(|word| word >> (number % 64) & 1 == 1)
            })
    }

    /// Looks at what stands after the patterns that something must not follow.
    fn follow(&self, text: &str, scratch: &mut Scratch, found: &mut [u64]) {
        let mut ends = std::mem::take(&mut scratch.ends);
        ends.sort_unstable();
        ends.dedup();
        for ends in ends.chunk_by(|one, other| one.0 == other.0) {
            if let Some(&(follower, _, pattern)) = ends.first()
                && let Some(follower) = self.followers.get(usize::from(follower))
                && follower.is_missing_once(&self.symbols, text, ends, &mut scratch.following)
            {
                self.found(pattern, found);
            }
        }
        scratch.ends = ends;
    }
}

impl Follower {
    /// Whether after one of these ends, which rise, it does not follow.
    fn is_missing_once(
        &self,
        symbols: &Symbols,
        text: &str,
        ends: &[(u16, usize, u16)],
        runs: &mut Vec<u16>,
    ) -> bool {
        // What may be nothing always follows.
        if self.dfa.has_found(self.begin) {
            return false;
        }
        // Mostly the last one tells, which has least behind it.
        match ends {
            [.., (_, last, _)] if !self.follows(symbols, text, *last) => return true,
            [] | [_] => return false,
            _ => {}
        }
        let mut ends = ends.iter().map(|&(_, end, _)| end).peekable();
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

impl Entry {
    fn bytes(&self) -> usize {
        self.begins.bytes().len() + self.fingerprint.bytes()
    }
}

/// One search of one text.
struct Search<'s> {
    automaton: &'s Automaton,
    /// The first entry, or any while a join is open.
    entry: &'s Entry,
    candidates: Candidates<'s>,
    text: &'s str,
    /// Up to where it is read, and whether it ends there.
    stop: usize,
    is_last: bool,
    scratch: &'s mut Scratch,
    found: &'s mut [u64],
    /// What was reported last, where the same again is nothing new: by the
    /// state, as texts that repeat one thing report few of them in turn.
    known: [Known; KNOWN],
}

const KNOWN: usize = 4;

/// A report that is nothing new.
#[derive(Clone, Copy, Debug)]
struct Known {
    run: Run,
    /// As long as these joins are open.
    opened: u64,
    /// Beyond one more place where a pattern ends that something must not
    /// follow: follower, pattern.
    unless: Option<(u16, u16)>,
}

impl Known {
    const NOTHING: Known = Known {
        run: NO_RUN,
        opened: 0,
        unless: None,
    };
}

const NO_RUN: Run = Run {
    state: DEAD,
    joins: 0,
};

impl<'s> Search<'s> {
    /// Searches, with the first candidate.
    fn run(mut self, mut next: Option<usize>) {
        let automaton = self.automaton;
        let (symbols, dfa) = (&automaton.symbols, &automaton.dfa);
        let length = self.stop;
        let mut under_way = self.resume(&mut next);
        loop {
            let (mut run, mut at) = match (under_way.take(), next) {
                (Some(under_way), _) => under_way,
                (None, None) => return,
                (None, Some(at)) => {
                    let is_first = std::ptr::eq(self.entry, &raw const automaton.first);
                    if self.scratch.open.joins == 0 && !is_first {
                        next = self.enter(&automaton.first, at);
                        continue;
                    }
                    next = self.candidates.next();
                    (self.begin(at), at)
                }
            };
            // Alone, until it is dead or another one may begin.
            loop {
                while run.state != DEAD && at < next.unwrap_or(length) {
                    let stop = next.unwrap_or(length);
                    (at, run.state) = dfa.read_on(symbols, self.text, at, stop, run.state);
                    if dfa.has_found(run.state) {
                        next = self.report(run, at).or(next);
                    }
                }
                if run.state == DEAD {
                    break;
                }
                if at >= length {
                    if !self.is_last {
                        self.scratch.suspended.push(run);
                        return;
                    }
                    run.state = dfa.step(run.state, AFTER);
                    if dfa.has_found(run.state) {
                        self.report(run, at);
                    }
                    return;
                }
                // Soon after the first letter of the next one, mostly one of the two ends.
                let mut other = self.begin(at);
                next = self.candidates.next();
                loop {
                    let (symbol, after) = symbols.read(self.text, at);
                    at = after;
                    run.state = dfa.step(run.state, symbol);
                    other.state = dfa.step(other.state, symbol);
                    if dfa.has_found(run.state) {
                        next = self.report(run, at).or(next);
                    }
                    if dfa.has_found(other.state) {
                        next = self.report(other, at).or(next);
                    }
                    if run.state == other.state {
                        run.joins |= other.joins;
                        break;
                    }
                    if run.state == DEAD {
                        run = other;
                        break;
                    }
                    if other.state == DEAD {
                        break;
                    }
                    if at >= next.unwrap_or(length) {
                        self.scratch.runs.clear();
                        self.scratch.runs.extend([run, other]);
                        (at, next) = self.together(at, next);
                        run = self.scratch.runs.first().copied().unwrap_or(NO_RUN);
                        break;
                    }
                }
            }
        }
    }

    /// Goes on with the runs that were under way where the text ended before; one
    /// of them may be left, and where it is.
    fn resume(&mut self, next: &mut Option<usize>) -> Option<(Run, usize)> {
        if self.scratch.suspended.is_empty() {
            return None;
        }
        self.scratch.runs = std::mem::take(&mut self.scratch.suspended);
        let (at, after) = self.together(self.scratch.read, *next);
        *next = after;
        self.scratch.runs.first().map(|&run| (run, at))
    }

    /// Looks for places to begin at by another entry from here on; answers the first.
    fn enter(&mut self, entry: &'s Entry, at: usize) -> Option<usize> {
        self.entry = entry;
        self.candidates.enter(&entry.fingerprint, at)
    }

    /// The run that begins at a place where a pattern may begin.
    fn begin(&mut self, at: usize) -> Run {
        let before = self.automaton.symbols.read_before(self.text, at);
        let state = self.entry.begins.get(usize::from(before)).unwrap_or(DEAD);
        let joins = self.scratch.open.joins_at(self.automaton, self.text, at);
        Run { state, joins }
    }

    /// Reads on with several runs, until at most one is left; answers where it
    /// is and the next candidate.
    fn together(&mut self, mut at: usize, mut next: Option<usize>) -> (usize, Option<usize>) {
        let mut runs = std::mem::take(&mut self.scratch.runs);
        loop {
            if at >= self.stop && !self.is_last {
                self.scratch.suspended = runs;
                return (at, next);
            }
            if next == Some(at) {
                runs.push(self.begin(at));
                next = self.candidates.next();
            }
            let (symbol, after) = self.automaton.symbols.read(self.text, at);
            self.scratch.now = self.scratch.now.wrapping_add(1);
            if self.scratch.now == 0 {
                self.scratch.seen.fill((0, 0));
                self.scratch.now = 1;
            }
            let mut kept = 0;
            for read in 0..runs.len() {
                let Some(mut run) = runs.get(read).copied() else {
                    break;
                };
                run.state = self.automaton.dfa.step(run.state, symbol);
                let Some(seen) = self.scratch.seen.get_mut(usize::from(run.state)) else {
                    break;
                };
                if run.state == DEAD {
                    continue;
                }
                // Two in one state have one future.
                let (when, which) = *seen;
                if when == self.scratch.now {
                    if let Some(same) = runs.get_mut(which as usize) {
                        same.joins |= run.joins;
                    }
                    continue;
                }
                *seen = (self.scratch.now, kept as u32);
                if let Some(place) = runs.get_mut(kept) {
                    *place = run;
                }
                kept += 1;
            }
            runs.truncate(kept);
            for &run in &runs {
                if self.automaton.dfa.has_found(run.state) {
                    next = self.report(run, after).or(next);
                }
            }
            let is_over = at >= self.stop;
            at = after;
            if is_over {
                runs.clear();
            }
            if runs.is_empty() || (runs.len() == 1 && next != Some(at)) {
                self.scratch.runs = runs;
                return (at, next);
            }
        }
    }

    /// Takes note of what a run found up to here. Where later pieces matter from
    /// now on, answers the next place where one may begin.
    #[inline]
    fn report(&mut self, run: Run, end: usize) -> Option<usize> {
        let known = &self.known[usize::from(run.state) % KNOWN];
        if known.run == run && self.scratch.open.has(known.opened, end) {
            if let Some((follower, pattern)) = known.unless {
                self.scratch.ends.push((follower, end, pattern));
            }
            return None;
        }
        self.report_anew(run, end)
    }

    #[inline(never)]
    fn report_anew(&mut self, run: Run, end: usize) -> Option<usize> {
        let mut is_simple = true;
        let mut known = Known {
            run,
            ..Known::NOTHING
        };
        for piece in self.automaton.dfa.found(run.state) {
            let Some(role) = self.automaton.roles.get(usize::from(piece)) else {
                continue;
            };
            if role.after.is_some_and(|join| run.joins >> join & 1 == 0) {
                continue;
            }
            match role.then {
                Then::Found(pattern) => self.automaton.found(pattern, self.found),
                Then::Unless { pattern, follower } => {
                    if !self.automaton.is_found(pattern, self.found) {
                        self.scratch.ends.push((follower, end, pattern));
                        if known.unless.replace((follower, pattern)).is_some() {
                            // One is remembered; two are not often met.
                            is_simple = false;
                        }
                    }
                }
                Then::Join(join) => {
                    let open = &mut self.scratch.open;
                    known.opened |= 1 << join;
                    if !open.has(1 << join, end) {
                        open.open(self.automaton, self.text, join, end);
                    }
                    // Where a gap has an end, every place where it may begin counts.
                    is_simple &= open.bounded >> join & 1 == 0;
                }
            }
        }
        if is_simple {
            self.known[usize::from(run.state) % KNOWN] = known;
        }
        let automaton = self.automaton;
        let any = automaton.any.as_ref()?;
        if self.scratch.open.joins == 0 || std::ptr::eq(self.entry, any) {
            return None;
        }
        self.enter(any, end)
    }
}
