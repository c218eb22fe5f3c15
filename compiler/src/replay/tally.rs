//! Requests with what decides them, one after the other, to counts and groups.

use std::collections::{BinaryHeap, HashMap};

use super::{
    Basis, Change, Direction, LONGEST_EXAMPLE, MOST_EXAMPLES, MOST_GROUPS, MOST_UNREADABLE, cut,
};

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineAt {
    /// Index into the names of the logs.
    pub log: usize,
    /// Counted from 1; 0 where it is not known.
    pub line: u64,
}

/// A line of a log.
#[derive(Clone, Copy, Debug)]
pub struct Line<'l> {
    /// Where it stands.
    pub at: LineAt,
    /// The bytes that say the request.
    pub text: &'l [u8],
}

/// What has been counted so far. `'e` is the lifetime of the engines.
pub struct Tally<'e> {
    most_examples: usize,
    pub(super) requests: u64,
    /// Those of them that there was no answer before for.
    pub(super) unrecorded: u64,
    pub(super) unreadable: u64,
    /// The first of them.
    pub(super) unreadable_lines: Vec<(LineAt, String)>,
    /// How often each basis decides now.
    pub(super) answers: HashMap<Basis<'e>, u64>,
    /// One of each [`Direction`], in the order of `Direction::ALL`.
    pub(super) directions: [u64; Direction::ALL.len()],
    pub(super) looser: u64,
    pub(super) ungrouped: u64,
    /// Which of the groups has that basis now, and that one before.
    index: HashMap<(Basis<'e>, Basis<'e>), usize>,
    pub(super) groups: Vec<Changes>,
    /// Beyond these, a change is in no group.
    most_groups: usize,
}

/// The requests of one group.
pub(super) struct Changes {
    pub(super) requests: u64,
    /// The shortest of them, and of equals the first; the worst on top.
    shortest: BinaryHeap<Kept>,
}

/// Ordered by what is shown rather.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kept {
    pub(super) length: usize,
    pub(super) at: LineAt,
    /// Absent where it is too long to be shown.
    pub(super) text: Option<Box<[u8]>>,
}

impl<'e> Tally<'e> {
    /// Nothing yet; groups will keep so many examples, of [`MOST_EXAMPLES`] at most.
    pub fn new(examples: usize) -> Tally<'e> {
        Tally {
            most_examples: examples.min(usize::from(MOST_EXAMPLES)),
            requests: 0,
            unrecorded: 0,
            unreadable: 0,
            unreadable_lines: Vec::new(),
            answers: HashMap::new(),
            directions: [0; Direction::ALL.len()],
            looser: 0,
            ungrouped: 0,
            index: HashMap::new(),
            groups: Vec::new(),
            most_groups: MOST_GROUPS,
        }
    }

    /// Counts a request: what decides it now, and what did before, where that is
    /// known.
    pub fn add(&mut self, new: Basis<'e>, old: Option<Basis<'_>>, line: Line<'_>) {
        self.add_all(new, old, 1, Some(line));
    }

    /// Counts requests that were counted elsewhere, with one of them to be shown.
    pub fn add_all(
        &mut self,
        new: Basis<'e>,
        old: Option<Basis<'_>>,
        requests: u64,
        line: Option<Line<'_>>,
    ) {
        self.requests += requests;
        if old.is_none() {
            self.unrecorded += requests;
        }
        if let Some(old) = old
            && let Some(change) = Change::between(old.effect, new.effect)
        {
            self.directions[change.direction() as usize] += requests;
            if change.is_looser() {
                self.looser += requests;
            }
            let most = self.most_examples;
            match self.group((new.clone(), old)) {
                Some(group) => {
                    group.requests += requests;
                    if let Some(line) = line {
                        group.add(line, most);
                    }
                }
                None => self.ungrouped += requests,
            }
        }
        *self.answers.entry(new).or_default() += requests;
    }

    /// Counts a line that is no request.
    pub fn add_unreadable(&mut self, at: LineAt, message: &str) {
        self.add_all_unreadable(1, at, message);
    }

    /// Counts lines that are no requests, of which one stands here.
    pub fn add_all_unreadable(&mut self, lines: u64, at: LineAt, message: &str) {
        self.unreadable += lines;
        if self.unreadable_lines.len() < MOST_UNREADABLE {
            let message = cut(message.into()).into_owned();
            self.unreadable_lines.push((at, message));
        }
    }

    /// Adds what was counted in the lines after these, of which there have to be
    /// [`MOST_GROUPS`] at most, so that all their groups had room.
    pub fn merge(&mut self, later: Tally<'e>) {
        self.requests += later.requests;
        self.unrecorded += later.unrecorded;
        self.unreadable += later.unreadable;
        let room = MOST_UNREADABLE - self.unreadable_lines.len();
        self.unreadable_lines
            .extend(later.unreadable_lines.into_iter().take(room));
        for (basis, count) in later.answers {
            *self.answers.entry(basis).or_default() += count;
        }
        for (mine, count) in self.directions.iter_mut().zip(later.directions) {
            *mine += count;
        }
        self.looser += later.looser;
        self.ungrouped += later.ungrouped;
        // In the order in which they were met, so that the same groups have room.
        let mut pairs: Vec<_> = later.index.into_iter().collect();
        pairs.sort_unstable_by_key(|(_, at)| *at);
        let most = self.most_examples;
        for ((pair, _), changes) in pairs.into_iter().zip(later.groups) {
            match self.group(pair) {
                Some(group) => {
                    group.requests += changes.requests;
                    for kept in changes.shortest {
                        group.keep(kept, most);
                    }
                }
                None => self.ungrouped += changes.requests,
            }
        }
    }

    /// How many requests there were.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// The groups, each with the basis now and the one before.
    pub(super) fn into_groups(self) -> impl Iterator<Item = (Basis<'e>, Basis<'e>, Changes)> {
        let mut pairs: Vec<_> = self.index.into_iter().collect();
        pairs.sort_unstable_by_key(|(_, at)| *at);
        let groups = pairs.into_iter().zip(self.groups);
        groups.map(|(((new, old), _), changes)| (new, old, changes))
    }

    fn group(&mut self, pair: (Basis<'e>, Basis<'_>)) -> Option<&mut Changes> {
        if let Some(at) = find(&self.index, &pair) {
            return self.groups.get_mut(at);
        }
        if self.groups.len() == self.most_groups {
            return None;
        }
        let (new, old) = pair;
        self.index
            .insert((new, old.into_owned()), self.groups.len());
        self.groups.push(Changes {
            requests: 0,
            shortest: BinaryHeap::new(),
        });
        self.groups.last_mut()
    }

    /// With room for fewer groups.
    #[cfg(test)]
    pub(super) fn with_room(mut self, groups: usize) -> Tally<'e> {
        self.most_groups = groups;
        self
    }
}

/// Looks a pair up whose parts live less long than those that are there.
fn find<'s>(
    index: &HashMap<(Basis<'s>, Basis<'s>), usize>,
    pair: &(Basis<'s>, Basis<'s>),
) -> Option<usize> {
    index.get(pair).copied()
}

impl Changes {
    /// The examples, in the order in which they are shown.
    pub(super) fn into_examples(self) -> Vec<Kept> {
        self.shortest.into_sorted_vec()
    }

    fn add(&mut self, line: Line<'_>, most: usize) {
        let kept = Kept {
            length: line.text.len(),
            at: line.at,
            text: None,
        };
        if self.has_room(&kept, most) {
            let is_shown = kept.length <= LONGEST_EXAMPLE;
            let text = is_shown.then(|| Box::from(line.text));
            self.keep(Kept { text, ..kept }, most);
        }
    }

    fn keep(&mut self, kept: Kept, most: usize) {
        if self.has_room(&kept, most) {
            self.shortest.push(kept);
            if self.shortest.len() > most {
                self.shortest.pop();
            }
        }
    }

    fn has_room(&self, kept: &Kept, most: usize) -> bool {
        self.shortest.len() < most
            || self
                .shortest
                .peek()
                .is_some_and(|worst| (kept.length, kept.at) < (worst.length, worst.at))
    }
}
