//! One search: places where patterns may begin in, what is found from there out.
//!
//! From each place one reading runs on. Where several are under way, those in
//! the same state are one.

use crate::{
    automaton::{Automaton, Entry, Known, Scratch, Then},
    candidates::Candidates,
    dfa::DEAD,
    follower::End,
    repeats::{Begun, Repeats, Report},
    symbols::AFTER,
};

/// A reading that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    state: u16,
    /// The joins whose second piece may begin where it began.
    joins: u64,
}

/// Finds the patterns of an automaton in what is to be read of a text.
#[inline]
pub(crate) fn search(
    automaton: &Automaton,
    known: Known<'_>,
    scratch: &mut Scratch,
    found: &mut [u64],
) {
    let mut places = std::mem::take(&mut scratch.places);
    if scratch.seen.len() < automaton.dfa.len() {
        scratch.seen.resize(automaton.dfa.len(), (0, 0));
    }
    let entry = match &automaton.any {
        Some(any) if scratch.open.joins != 0 => any,
        _ => &automaton.first,
    };
    let mut candidates = Candidates::new(&entry.fingerprint, known, scratch.read, &mut places);
    let next = candidates.next();
    // Most texts are over here.
    if next.is_some() || !scratch.suspended.is_empty() {
        let search = Search {
            automaton,
            entry,
            candidates,
            known,
            scratch,
            found,
            reported: &mut [Reported::NOTHING; REPORTED],
            repeated: 0,
        };
        search.run(next);
    }
    scratch.places = places;
}

/// One search of one text.
struct Search<'s> {
    automaton: &'s Automaton,
    /// The first entry, or any while a join is open.
    entry: &'s Entry,
    candidates: Candidates<'s>,
    known: Known<'s>,
    scratch: &'s mut Scratch,
    found: &'s mut [u64],
    /// What was reported last, where the same again is nothing new: by the
    /// state, as texts that repeat one thing report few of them in turn.
    reported: &'s mut [Reported],
    /// How many reports were nothing new.
    repeated: usize,
}

/// What is left to read.
#[derive(Clone, Copy, Debug)]
struct Left {
    /// A run, and where it is.
    under_way: Option<(Run, usize)>,
    /// The next candidate.
    next: Option<usize>,
}

const REPORTED: usize = 4;

/// How many reports are remembered where a text repeats many.
const REPORTED_OF_MANY: usize = 16;

/// After so many reports that were nothing new, what was read before is kept in
/// mind: others had better not pay for that.
const MANY_REPEATED: usize = 32;

/// How far ahead it is looked whether a gap is broken, in bytes.
const SOON: usize = 8;

/// How much of what begins before, in letters.
const LETTERS: usize = 16;

/// A report that is nothing new.
#[derive(Clone, Copy, Debug)]
struct Reported {
    run: Run,
    /// As long as these joins are open.
    opened: u64,
    /// Beyond one more place where a pattern ends that something must not
    /// follow: follower, pattern.
    unless: Option<(u16, u16)>,
}

impl Reported {
    const NOTHING: Reported = Reported {
        run: NO_RUN,
        opened: 0,
        unless: None,
    };
}

pub(crate) const NO_RUN: Run = Run {
    state: DEAD,
    joins: 0,
};

impl<'s> Search<'s> {
    /// Searches, with the first candidate.
    fn run(mut self, mut next: Option<usize>) {
        let under_way = self.resume(&mut next);
        if let Some(left) = self.read::<false>(Left { under_way, next }) {
            self.read_repeating(left);
        }
    }

    // A function of its own, as it is seldom needed.
    #[cold]
    #[inline(never)]
    fn read_repeating(self, left: Left) {
        let mut search = Search {
            reported: &mut [Reported::NOTHING; REPORTED_OF_MANY],
            ..self
        };
        search.read::<true>(left);
    }

    /// Reads what is left; to the end where `IS_REPEATING` says that the text
    /// repeats something. Otherwise answers what is left when it turns out to do so.
    fn read<const IS_REPEATING: bool>(&mut self, left: Left) -> Option<Left> {
        let Left {
            mut under_way,
            mut next,
        } = left;
        let automaton = self.automaton;
        let (symbols, dfa) = (&automaton.symbols, &automaton.dfa);
        let length = self.known.stop;
        let mut repeats = Repeats::NONE;
        loop {
            let (mut run, mut at, mut begun) = match (under_way.take(), next) {
                (Some((run, at)), _) => {
                    let mut begun = Begun::new(run, at);
                    begun.is_mixed();
                    (run, at, begun)
                }
                (None, None) => return None,
                (None, Some(at)) => {
                    let is_first = std::ptr::eq(self.entry, &raw const automaton.first);
                    if self.scratch.open.joins == 0 && !is_first {
                        next = self.enter(&automaton.first, at);
                        continue;
                    }
                    if !IS_REPEATING && self.repeated > MANY_REPEATED {
                        let under_way = None;
                        return Some(Left { under_way, next });
                    }
                    next = self.candidates.next();
                    let run = self.begin(at);
                    if IS_REPEATING && self.is_over(&repeats, run, at) {
                        continue;
                    }
                    (run, at, Begun::new(run, at))
                }
            };
            // Alone, until it is dead or another one may begin.
            loop {
                while run.state != DEAD && at < next.unwrap_or(length) {
                    let stop = next.unwrap_or(length);
                    (at, run.state) = dfa.read_on(symbols, self.known.text, at, stop, run.state);
                    if dfa.has_found(run.state) {
                        next = self.report(run, at, &mut begun).or(next);
                    }
                }
                if run.state == DEAD {
                    if IS_REPEATING {
                        repeats.keep(self.known.text, begun, at);
                    }
                    break;
                }
                if at >= length {
                    if !self.known.is_whole {
                        self.scratch.suspended.push(run);
                        return None;
                    }
                    run.state = dfa.step(run.state, AFTER);
                    if dfa.has_found(run.state) {
                        self.report(run, at, &mut begun);
                    }
                    return None;
                }
                if !IS_REPEATING && self.repeated > MANY_REPEATED {
                    let under_way = Some((run, at));
                    return Some(Left { under_way, next });
                }
                let mut other = self.begin(at);
                next = self.candidates.next();
                if IS_REPEATING && self.is_over(&repeats, other, at) {
                    continue;
                }
                let mut other_begun = Begun::new(other, at);
                // Soon after the first letter of the next one, mostly one of the two ends.
                loop {
                    let (symbol, after) = symbols.read(self.known.text, at);
                    at = after;
                    run.state = dfa.step(run.state, symbol);
                    other.state = dfa.step(other.state, symbol);
                    if dfa.has_found(run.state) {
                        next = self.report(run, at, &mut begun).or(next);
                    }
                    if dfa.has_found(other.state) {
                        next = self.report(other, at, &mut other_begun).or(next);
                    }
                    if run.state == other.state {
                        run.joins |= other.joins;
                        begun.is_mixed();
                        break;
                    }
                    if run.state == DEAD {
                        if IS_REPEATING {
                            repeats.keep(self.known.text, begun, at);
                        }
                        (run, begun) = (other, other_begun);
                        break;
                    }
                    if other.state == DEAD {
                        if IS_REPEATING {
                            repeats.keep(self.known.text, other_begun, at);
                        }
                        break;
                    }
                    if at >= next.unwrap_or(length) {
                        self.scratch.runs.clear();
                        self.scratch.runs.extend([run, other]);
                        (at, next) = self.together(at, next);
                        run = self.scratch.runs.first().copied().unwrap_or(NO_RUN);
                        begun.is_mixed();
                        break;
                    }
                }
            }
        }
    }

    /// Whether a run that begins here is over without a letter read: it ends as one
    /// did before, and what it reports is nothing new.
    fn is_over(&mut self, repeats: &Repeats, run: Run, at: usize) -> bool {
        let Some([first, second]) = repeats.tell(self.known.text, run, at) else {
            return false;
        };
        [first, second]
            .into_iter()
            .all(|&(report, length)| match report {
                Report::Nothing => true,
                Report::Found(run) => self.is_reported(run, at + length),
                Report::Ended { follower, pattern } => {
                    self.scratch.ends.push(End {
                        follower,
                        place: at + length,
                        pattern,
                    });
                    true
                }
            })
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
    #[inline]
    fn begin(&mut self, at: usize) -> Run {
        let before = self.automaton.symbols.read_before(self.known.text, at);
        let state = self.entry.begins.get(usize::from(before)).unwrap_or(DEAD);
        let joins = self
            .scratch
            .open
            .joins_at(self.automaton, self.known.text, at);
        Run { state, joins }
    }

    /// Reads on with several runs, until at most one is left; answers where it
    /// is and the next candidate.
    fn together(&mut self, mut at: usize, mut next: Option<usize>) -> (usize, Option<usize>) {
        let mut runs = std::mem::take(&mut self.scratch.runs);
        loop {
            if at >= self.known.stop && !self.known.is_whole {
                self.scratch.suspended = runs;
                return (at, next);
            }
            if next == Some(at) {
                runs.push(self.begin(at));
                next = self.candidates.next();
            }
            let (symbol, after) = self.automaton.symbols.read(self.known.text, at);
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
                    next = self.report(run, after, &mut Begun::new(run, at)).or(next);
                }
            }
            let is_over = at >= self.known.stop;
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
    fn report(&mut self, run: Run, end: usize, begun: &mut Begun) -> Option<usize> {
        if self.is_reported(run, end) {
            self.repeated += 1;
            begun.reports(Report::Found(run), end);
            return None;
        }
        self.report_anew(run, end, begun)
    }

    /// Whether this is nothing new but one more place where a pattern ends, of
    /// which it takes note.
    #[inline]
    fn is_reported(&mut self, run: Run, end: usize) -> bool {
        let Some(&mut last) = self.last_of(run) else {
            return false;
        };
        if last.run != run || !self.scratch.open.has(last.opened, end) {
            return false;
        }
        if let Some((follower, pattern)) = last.unless {
            self.scratch.ends.push(End {
                follower,
                place: end,
                pattern,
            });
        }
        true
    }

    /// Where what a run reports is remembered.
    #[inline]
    fn last_of(&mut self, run: Run) -> Option<&mut Reported> {
        // There is room for a power of two.
        let place = usize::from(run.state) & (self.reported.len() - 1);
        self.reported.get_mut(place)
    }

    #[inline(never)]
    fn report_anew(&mut self, run: Run, end: usize, begun: &mut Begun) -> Option<usize> {
        let (mut is_simple, mut ends_many) = (true, false);
        let mut report = Reported {
            run,
            ..Reported::NOTHING
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
                        self.scratch.ends.push(End {
                            follower,
                            place: end,
                            pattern,
                        });
                        // One is remembered; two are not often met.
                        ends_many |= report.unless.replace((follower, pattern)).is_some();
                    }
                }
                Then::Join(join) => {
                    let open = &mut self.scratch.open;
                    report.opened |= 1 << join;
                    if !open.has(1 << join, end) {
                        open.open(self.automaton, self.known.text, join, end);
                    }
                    // Where a gap has an end, every place where it may begin counts.
                    is_simple &= open.bounded >> join & 1 == 0;
                }
            }
        }
        let automaton = self.automaton;
        let any = automaton.any.as_ref();
        let is_first = any.is_none_or(|any| !std::ptr::eq(self.entry, any));
        if let Some(any) = any
            && report.opened != 0
            && !ends_many
            && let Some(looked) = self.closes_soon(any, end)
        {
            self.repeated += 1;
            begun.looked(looked);
            if let Some((follower, pattern)) = report.unless {
                begun.reports(Report::Ended { follower, pattern }, end);
            }
            if is_first {
                self.scratch.open.close();
            }
            return None;
        }
        begun.reports(Report::Found(run), end);
        if is_simple
            && !ends_many
            && let Some(last) = self.last_of(run)
        {
            *last = report;
        }
        if self.scratch.open.joins == 0 || !is_first {
            return None;
        }
        self.enter(any?, end)
    }

    /// Whether all gaps that are open here are broken soon, before any second
    /// piece begins; and up to where that was looked for.
    #[inline(never)]
    fn closes_soon(&self, any: &Entry, end: usize) -> Option<usize> {
        let text = self.known.text;
        let broken = self.scratch.open.broken_at(self.automaton, text)?;
        if broken.checked_sub(end)? > SOON {
            return None;
        }
        let (mut at, mut looked) = (end, end);
        loop {
            looked = looked.max(self.begins_nothing(any, at)?);
            // The letter that breaks a gap may belong to a second piece.
            if at > broken {
                return Some(looked);
            }
            at += text.get(at..)?.chars().next()?.len_utf8();
        }
    }

    /// Whether no second piece of what is open begins here; and up to where
    /// that was looked for.
    fn begins_nothing(&self, any: &Entry, mut at: usize) -> Option<usize> {
        let (symbols, dfa) = (&self.automaton.symbols, &self.automaton.dfa);
        let before = symbols.read_before(self.known.text, at);
        let mut state = any.begins.get(usize::from(before)).unwrap_or(DEAD);
        for _ in 0..LETTERS {
            if state == DEAD {
                return Some(at);
            }
            if at >= self.known.text.len() {
                return None;
            }
            let (symbol, next) = symbols.read(self.known.text, at);
            (at, state) = (next, dfa.step(state, symbol));
            for piece in dfa.found(state) {
                let role = self.automaton.roles.get(usize::from(piece))?;
                if role
                    .after
                    .is_some_and(|join| self.scratch.open.joins >> join & 1 == 1)
                {
                    return None;
                }
            }
        }
        None
    }
}
