//! Which of many plain texts are in a text: a text in, their numbers out.
//!
//! Every so many bytes, four bytes of the text are looked up among those that
//! the literals are known by. Each literal is known by as many neighbouring
//! places as bytes are stepped over, so that one of them is met wherever it
//! stands; and by those that are rarest in ordinary text. Only where one is
//! met is the literal compared.

use std::collections::HashMap;

use crate::{build::ordinary, simd};

/// How many bytes are looked up at a time.
pub(crate) const WINDOW: usize = 4;

/// How many literals may be known by the same four bytes. Beyond it, looking at
/// them all would take too long.
const MOST_ALIKE: usize = 256;

/// The letters of ASCII differ in this bit from one case to the other.
const CASE: u32 = 0x2020_2020;

/// Plain texts that are searched together. Letters of ASCII are compared
/// without their case.
#[derive(Clone, Debug, Default)]
pub struct Literals {
    groups: Box<[Group]>,
    /// Whether none has a letter beyond ASCII.
    is_ascii: bool,
}

/// What a search of literals needs to remember while it runs, kept for the next one.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<u8>);

/// Literals that are long enough to be met by the same steps.
#[derive(Clone, Debug)]
struct Group {
    sieve: Sieve,
    /// By the hash of a window: its entries. A power of two of slots.
    slots: Box<[Slot]>,
    entries: Box<[Entry]>,
    literals: Box<[Literal]>,
}

/// Which windows are known: a bit for each hash of one.
#[derive(Clone, Debug)]
pub(crate) struct Sieve {
    /// A power of two of bits, at least 32.
    pub(crate) bits: Box<[u32]>,
    /// How far to shift a hash of 32 bits to number a bit.
    pub(crate) shift: u32,
    /// How many bytes lie between two places that are looked up: 1, 2 or 4.
    pub(crate) step: usize,
    /// Where the windows are few, what tells most others from them sooner.
    pub(crate) near: Option<Box<[Near; 2]>>,
}

/// Bits of some windows: those that each of its bytes has, by its place and its
/// lower five bits, in common are of windows that it may be.
pub(crate) type Near = [u8; 32 * WINDOW];

/// Beyond so many windows, most others would have bits in common.
const MOST_NEAR: usize = 128;

/// Windows that are much alike share a bit.
fn near(windows: &[u32]) -> Option<Box<[Near; 2]>> {
    let mut near = Box::new([[0; 32 * WINDOW]; 2]);
    for (number, window) in windows.iter().enumerate() {
        let bit = number * 16 / windows.len();
        for (place, byte) in window.to_le_bytes().into_iter().enumerate() {
            near[bit / 8][place << 5 | usize::from(byte & 31)] |= 1 << (bit % 8);
        }
    }
    (windows.len() <= MOST_NEAR).then_some(near)
}

/// The entries of one window; none where `count` is zero.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    window: u32,
    first: u32,
    count: u32,
}

/// A literal, and where in it the window stands.
#[derive(Clone, Copy, Debug)]
struct Entry {
    literal: u32,
    offset: u32,
    beside: Beside,
}

/// Four bytes of a literal beside a window: mostly they tell it from the others
/// with that window.
#[derive(Clone, Copy, Debug)]
enum Beside {
    After(u32),
    Before(u32),
    Nothing,
}

impl Beside {
    fn new(text: &[u8], offset: usize) -> Beside {
        let at = |place: Option<usize>| {
            let window = place.and_then(|place| text.get(place..)?.first_chunk());
            window.copied().map(folded)
        };
        match (at(Some(offset + WINDOW)), at(offset.checked_sub(WINDOW))) {
            (Some(after), _) => Beside::After(after),
            (None, Some(before)) => Beside::Before(before),
            (None, None) => Beside::Nothing,
        }
    }
}

#[derive(Clone, Debug)]
struct Literal {
    number: u32,
    text: Box<[u8]>,
}

impl Literals {
    /// Makes literals ready, each called by a number. Those that are too short,
    /// or too much like many others, are answered by their positions.
    ///
    /// ```
    /// use agentos_scan::{Literals, Samples};
    ///
    /// let (literals, others) = Literals::new(&[(0, "drop table"), (1, "api_key"), (2, "rm")]);
    /// let mut found = [0];
    /// literals.scan(b"please DROP TABLE users", &mut Samples::default(), &mut found);
    /// assert_eq!((found, others), ([0b001], vec![2]));
    /// ```
    pub fn new(literals: &[(u32, &str)]) -> (Literals, Vec<usize>) {
        let mut others = Vec::new();
        let mut by_step: [Vec<(usize, Literal)>; 3] = Default::default();
        for (position, &(number, text)) in literals.iter().enumerate() {
            let group = match text.len() {
                ..WINDOW => {
                    others.push(position);
                    continue;
                }
                WINDOW => 0,
                5..7 => 1,
                _ => 2,
            };
            by_step[group].push((
                position,
                Literal {
                    number,
                    text: text.as_bytes().into(),
                },
            ));
        }
        let mut groups = Vec::new();
        for (literals, step) in by_step.into_iter().zip([1, 2, 4]) {
            let (group, unlike) = Group::new(literals, step);
            others.extend(unlike);
            groups.extend(group);
        }
        others.sort_unstable();
        (
            Literals {
                groups: groups.into(),
                is_ascii: literals.iter().all(|(_, text)| text.is_ascii()),
            },
            others,
        )
    }

    /// Whether they are found in this text as it is, and not only in the same
    /// in lower case: where no letter beyond ASCII matters.
    pub fn ignore_case_of(&self, text: &str) -> bool {
        // The letters beyond ASCII whose lower case has one of ASCII in it.
        let folds = |letter: &str| memchr::memmem::find(text.as_bytes(), letter.as_bytes());
        text.is_ascii()
            || self.is_ascii && folds("\u{212A}").is_none() && folds("\u{130}").is_none()
    }

    /// Finds them in a text. `found` has a bit for each number; the bits of
    /// those that are in the text are set, the others left alone.
    pub fn scan(&self, text: &[u8], samples: &mut Samples, found: &mut [u64]) {
        for group in &self.groups {
            group.scan(text, &mut samples.0, found);
        }
    }

    /// What their tables take, in bytes.
    pub fn bytes(&self) -> usize {
        let of = |group: &Group| {
            let texts: usize = group
                .literals
                .iter()
                .map(|literal| literal.text.len())
                .sum();
            let near = group.sieve.near.as_deref().map_or(0, size_of_val);
            near + group.sieve.bits.len() * 4
                + group.slots.len() * 12
                + group.entries.len() * 16
                + texts
        };
        self.groups.iter().map(of).sum()
    }
}

/// Four bytes without the case of their letters.
pub(crate) fn folded(window: [u8; WINDOW]) -> u32 {
    u32::from_le_bytes(window) | CASE
}

/// A hash that is good in its upper bits.
#[inline]
pub(crate) fn hash(window: u32) -> u32 {
    window.wrapping_mul(MULTIPLIER)
}

pub(crate) const MULTIPLIER: u32 = 0x9E37_79B1;

impl Sieve {
    /// Looks up one window.
    #[inline]
    pub(crate) fn admits(&self, window: [u8; WINDOW]) -> bool {
        let bit = hash(folded(window)) >> self.shift;
        let word = self.bits.get((bit >> 5) as usize);
        word.is_some_and(|word| word >> (bit & 31) & 1 == 1)
    }
}

impl Group {
    /// None where there are no literals; and the positions of those that are
    /// too much alike.
    fn new(literals: Vec<(usize, Literal)>, step: usize) -> (Option<Group>, Vec<usize>) {
        let mut used: HashMap<u32, u32> = HashMap::new();
        let mut entries: HashMap<u32, Vec<Entry>> = HashMap::new();
        let (mut kept, mut unlike) = (Vec::new(), Vec::new());
        for (_, literal) in &literals {
            for window in literal.text.windows(WINDOW) {
                *used.entry(window_of(window)).or_default() += 1;
            }
        }
        for (position, literal) in literals {
            let windows: Vec<u32> = literal.text.windows(WINDOW).map(window_of).collect();
            let cost = |places: &[u32]| -> f64 {
                places
                    .iter()
                    .map(|window| commonness(*window) * f64::from(used[window]))
                    .sum()
            };
            let is_free = |places: &[u32]| {
                places.iter().all(|window| {
                    entries
                        .get(window)
                        .is_none_or(|known| known.len() < MOST_ALIKE)
                })
            };
            let best = windows
                .windows(step)
                .enumerate()
                .filter(|(_, places)| is_free(places))
                .min_by(|(_, one), (_, other)| cost(one).total_cmp(&cost(other)));
            let Some((offset, places)) = best else {
                unlike.push(position);
                continue;
            };
            for (offset, &window) in (offset as u32..).zip(places) {
                let entry = Entry {
                    literal: kept.len() as u32,
                    offset,
                    beside: Beside::new(&literal.text, offset as usize),
                };
                entries.entry(window).or_default().push(entry);
            }
            kept.push(literal);
        }
        if kept.is_empty() {
            return (None, unlike);
        }
        let mut entries: Vec<(u32, Vec<Entry>)> = entries.into_iter().collect();
        entries.sort_unstable_by_key(|(window, _)| *window);
        let group = Group {
            sieve: sieve(
                &entries
                    .iter()
                    .map(|(window, _)| *window)
                    .collect::<Vec<_>>(),
                step,
            ),
            slots: slots(&entries),
            entries: entries
                .into_iter()
                .flat_map(|(_, entries)| entries)
                .collect(),
            literals: kept.into(),
        };
        (Some(group), unlike)
    }

    fn scan(&self, text: &[u8], samples: &mut Vec<u8>, found: &mut [u64]) {
        let per_block = WINDOW / self.sieve.step;
        let blocks = simd::sift(&self.sieve, text, samples);
        for (word_at, word) in samples.chunks(8).enumerate() {
            // Mostly nothing is met.
            let mut bits = word
                .iter()
                .rev()
                .fold(0, |bits: u64, &byte| bits << 8 | u64::from(byte));
            while bits != 0 {
                let bit = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let sample = word_at * 8 + bit / 8;
                let start =
                    sample / per_block * simd::SIFTED + sample % per_block * self.sieve.step;
                self.compare(text, start + bit % 8 * WINDOW, found);
            }
        }
        let mut at = blocks * simd::SIFTED;
        while let Some(window) = text.get(at..).and_then(|rest| rest.first_chunk()) {
            if self.sieve.admits(*window) {
                self.compare(text, at, found);
            }
            at += self.sieve.step;
        }
    }

    /// Compares the literals that are known by the window at this place.
    fn compare(&self, text: &[u8], at: usize, found: &mut [u64]) {
        let Some(window) = text.get(at..).and_then(|rest| rest.first_chunk()) else {
            return;
        };
        let window = folded(*window);
        let last = self.slots.len() - 1;
        let mut place = slot_of(window, last);
        let slot = loop {
            match self.slots.get(place) {
                Some(slot) if slot.count > 0 && slot.window != window => place = (place + 1) & last,
                Some(slot) if slot.count > 0 => break slot,
                _ => return,
            }
        };
        let beside = |place: Option<usize>| {
            let window = place.and_then(|place| text.get(place..)?.first_chunk());
            window.copied().map(folded)
        };
        let (after, before) = (beside(Some(at + WINDOW)), beside(at.checked_sub(WINDOW)));
        let entries = slot.first as usize..(slot.first + slot.count) as usize;
        for entry in self.entries.get(entries).unwrap_or_default() {
            let may_be = match entry.beside {
                Beside::After(window) => after == Some(window),
                Beside::Before(window) => before == Some(window),
                Beside::Nothing => true,
            };
            if !may_be {
                continue;
            }
            let Some(literal) = self.literals.get(entry.literal as usize) else {
                continue;
            };
            let Some(word) = found.get_mut(literal.number as usize / 64) else {
                continue;
            };
            let bit = 1 << (literal.number % 64);
            if *word & bit != 0 {
                continue;
            }
            let Some(start) = at.checked_sub(entry.offset as usize) else {
                continue;
            };
            let there = text.get(start..start + literal.text.len());
            if there.is_some_and(|there| there.eq_ignore_ascii_case(&literal.text)) {
                *word |= bit;
            }
        }
    }
}

fn window_of(bytes: &[u8]) -> u32 {
    folded(std::array::from_fn(|at| {
        bytes.get(at).copied().unwrap_or_default()
    }))
}

/// About how often a window is met in ordinary text.
fn commonness(window: u32) -> f64 {
    window
        .to_le_bytes()
        .into_iter()
        .map(ordinary::share)
        .product()
}

pub(crate) fn sieve(windows: &[u32], step: usize) -> Sieve {
    let bits = (windows.len() * 64)
        .next_power_of_two()
        .clamp(1 << 14, 1 << 18);
    let shift = 32 - bits.trailing_zeros();
    let mut sieve = Sieve {
        bits: vec![0; bits / 32].into(),
        shift,
        step,
        near: near(windows),
    };
    for &window in windows {
        let bit = hash(window) >> shift;
        if let Some(word) = sieve.bits.get_mut((bit >> 5) as usize) {
            *word |= 1 << (bit & 31);
        }
    }
    sieve
}

fn slot_of(window: u32, last: usize) -> usize {
    (hash(window) >> 8) as usize & last
}

/// An open table that is at most half full.
fn slots(entries: &[(u32, Vec<Entry>)]) -> Box<[Slot]> {
    let mut slots = vec![Slot::default(); (entries.len() * 2).next_power_of_two()];
    let last = slots.len() - 1;
    let mut first = 0;
    for (window, entries) in entries {
        let mut place = slot_of(*window, last);
        while slots[place].count > 0 {
            place = (place + 1) & last;
        }
        slots[place] = Slot {
            window: *window,
            first,
            count: entries.len() as u32,
        };
        first += entries.len() as u32;
    }
    slots.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_found_at_every_place_and_nowhere_else() {
        let mut random = fastrand::Rng::with_seed(3);
        for letters in ["ab", "abcdefgh ", "aé日-"] {
            let letters: Vec<char> = letters.chars().collect();
            let draw = |random: &mut fastrand::Rng, most: usize| -> String {
                (0..random.usize(1..most))
                    .map(|_| letters[random.usize(..letters.len())])
                    .collect()
            };
            for _ in 0..200 {
                let drawn: Vec<String> = (0..random.usize(1..40))
                    .map(|_| draw(&mut random, 14))
                    .collect();
                let given: Vec<(u32, &str)> = (0..)
                    .zip(&drawn)
                    .map(|(number, text)| (number, text.as_str()))
                    .collect();
                let (literals, others) = Literals::new(&given);
                let mut samples = Samples::default();
                for _ in 0..20 {
                    let mut text = draw(&mut random, 200);
                    if random.bool() {
                        let planted = &drawn[random.usize(..drawn.len())];
                        text.insert_str(0, &planted.to_ascii_uppercase());
                        text.push_str(planted);
                    }
                    let mut found = [0];
                    literals.scan(text.as_bytes(), &mut samples, &mut found);
                    let small = text.to_ascii_lowercase();
                    for (number, literal) in drawn.iter().enumerate() {
                        let is_other = others.contains(&number);
                        let expected = !is_other && small.contains(literal.as_str());
                        assert_eq!(
                            found[0] >> number & 1 == 1,
                            expected,
                            "{literal:?} in {text:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn only_letters_that_fold_to_ascii_matter_to_what_is_ascii() {
        let folding: String = ('\u{80}'..=char::MAX)
            .filter(|letter| letter.to_lowercase().any(|small| small.is_ascii()))
            .collect();
        assert_eq!(folding, "\u{130}\u{212A}");
        let (ascii, _) = Literals::new(&[(0, "token")]);
        assert!(ascii.ignore_case_of("“token” é"));
        assert!(!ascii.ignore_case_of("“to\u{212A}en”"));
        let (beyond, _) = Literals::new(&[(0, "café"), (1, "token")]);
        assert!(beyond.ignore_case_of("CAFE") && !beyond.ignore_case_of("CAFÉ"));
    }

    #[test]
    fn what_is_too_short_or_too_much_alike_is_left_to_others() {
        let alike: Vec<String> = (0..600)
            .map(|at| format!("aaaaaaaa{}", "a".repeat(at)))
            .collect();
        let given: Vec<(u32, &str)> = (0..)
            .zip(&alike)
            .map(|(at, text)| (at, text.as_str()))
            .collect();
        let (_, others) = Literals::new(&given);
        assert!(others.len() >= 600 - MOST_ALIKE, "{others:?}");
        assert_eq!(Literals::new(&[(0, "abc"), (1, ""), (2, "abcd")]).1, [0, 1]);
    }
}
