//! What lies between the pieces of patterns: where first pieces ended in, which
//! second ones may begin at a place out.

use crate::{
    automaton::Automaton,
    stored::stored,
    symbols::{SymbolSet, Symbols},
};

/// How many joins an automaton may have: a bit each.
pub(crate) const MOST_JOINS: usize = 64;

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

/// The joins whose first piece was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Open {
    pub(crate) joins: u64,
    /// Those joins of all whose second piece owns the letter before it; told
    /// when the first one is opened, like all that follows.
    owners: u64,
    /// Those whose gap has an end.
    pub(crate) bounded: u64,
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
    pub(crate) fn clear(&mut self) {
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
    pub(crate) fn has(&self, joins: u64, end: usize) -> bool {
        let is_known = self.joins & joins == joins && joins & self.bounded == 0;
        joins == 0 || is_known && end <= self.unbroken
    }

    pub(crate) fn open(&mut self, automaton: &Automaton, text: &str, join: u16, end: usize) {
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
    pub(crate) fn joins_at(&mut self, automaton: &Automaton, text: &str, at: usize) -> u64 {
        let is_bounded = self.joins & self.bounded != 0;
        let is_known = at <= self.unbroken && self.latest < at && self.owning.0 != at;
        if self.joins == 0 || is_known && !is_bounded {
            return self.joins;
        }
        self.joins_anew(automaton, text, at)
    }

    // A function of its own, as it is seldom needed.
    #[inline(never)]
    fn joins_anew(&mut self, automaton: &Automaton, text: &str, at: usize) -> u64 {
        let is_bounded = self.joins & self.bounded != 0;
        let owning = self.owning_at(automaton, text, at);
        self.look(automaton, text, at);
        let joins = owning | self.those(automaton, text, self.joins & !self.owners, at);
        if is_bounded {
            self.close_far(automaton, at);
        }
        joins
    }

    /// The last place where a gap of an open join is broken; `None` where that is
    /// not known of each.
    pub(crate) fn broken_at(&self, automaton: &Automaton, text: &str) -> Option<usize> {
        let gaps = automaton.gaps.iter().zip(&self.looked);
        let open = gaps.filter(|(gap, _)| self.joins & gap.joins != 0);
        // Where more is to come it may be known only so far that it is not broken.
        let is_broken = |at: usize| text.as_bytes().get(at) == Some(&b'\n');
        let broken =
            open.map(|(gap, &looked)| Some(looked).filter(|&at| gap.is_line && is_broken(at)));
        broken.reduce(|last, place| Some(last?.max(place?)))?
    }

    /// Closes all joins.
    pub(crate) fn close(&mut self) {
        self.joins = 0;
    }

    /// How many bytes before a place may matter to what begins there.
    pub(crate) fn reach(&self, automaton: &Automaton) -> usize {
        if self.joins & self.bounded == 0 {
            return 0;
        }
        let joins = automaton.joins.iter().enumerate();
        let open = joins.filter(|(number, _)| self.joins >> number & 1 == 1);
        let most = open.filter_map(|(_, join)| join.most).max();
        // One letter more may belong to the second piece.
        most.map_or(0, |most| (most as usize + 1) * char::MAX_LEN_UTF8)
    }

    /// Forgets the head of a text, up to a place further back than what
    /// [`Open::reach`] says of where it is read on.
    pub(crate) fn forget(&mut self, automaton: &Automaton, text: &str, head: usize) {
        if self.joins != 0 {
            self.look(automaton, text, head);
        }
        if self.joins == 0 {
            self.clear();
            return;
        }
        // What ended in the head and is forgotten is out of reach, and stays so.
        let ended = self.since.iter_mut();
        let ended = ended.chain(self.earlier.iter_mut().flatten());
        let others = [&mut self.unbroken, &mut self.latest, &mut self.owning.0];
        for place in ended.chain(&mut self.looked).chain(others) {
            *place = place.saturating_sub(head);
        }
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
