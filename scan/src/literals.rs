//! Which of many plain texts are in a text: a text in, their numbers out.
//!
//! Every so many bytes, four bytes of the text are looked up among those that
//! the literals are known by. Each literal is known by as many neighbouring
//! places as bytes are stepped over, so that one of them is met wherever it
//! stands; and by those that are rarest in ordinary text. Only where one is
//! met is the literal compared.

use bytes::Bytes;

use crate::{
    fingerprint::Hashes,
    simd,
    stored::{Malformed, Reader, Stored, Words, stored},
};

/// How many bytes are looked up at a time.
pub(crate) const WINDOW: usize = 4;

/// Whether a text has a letter beyond ASCII whose lower case has one of ASCII in
/// it: the Kelvin sign, or a capital I with a dot.
fn folds_to_ascii(text: &str) -> bool {
    let [kelvin, dotted] = ["\u{212A}", "\u{130}"].map(str::as_bytes);
    // The last byte but one of each.
    memchr::memchr2_iter(0x84, 0xC4, text.as_bytes()).any(|at| {
        let has = |letter: &[u8], from: usize| {
            at.checked_sub(from)
                .and_then(|start| text.as_bytes().get(start..start + letter.len()))
                == Some(letter)
        };
        has(kelvin, 1) || has(dotted, 0)
    })
}

/// The letters of ASCII differ in this bit from one case to the other.
const CASE: u32 = 0x2020_2020;

/// Plain texts that are searched together. Letters of ASCII are compared
/// without their case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Literals {
    pub(crate) groups: Box<[Group]>,
    /// Whether none has a letter beyond ASCII.
    pub(crate) is_ascii: bool,
}

stored!(Literals { groups, is_ascii });

/// What a search of literals needs to remember while it runs, kept for the next one.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<u8>);

/// Literals that are long enough to be met by the same steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) sieve: Sieve,
    /// By the hash of a window: its entries, as [`Slot`] has them. A power of
    /// two of slots.
    pub(crate) slots: Words<[u32; 3]>,
    /// As [`Entry`] has them.
    pub(crate) entries: Words<[u32; 4]>,
    /// The number of each literal, and where it starts in the texts; one more
    /// for the end.
    pub(crate) literals: Words<[u32; 2]>,
    pub(crate) texts: Bytes,
    /// The windows of entries together with what is beside them: most windows
    /// that are met stand beside something else.
    pub(crate) pairs: Hashes,
}

stored!(Group {
    sieve,
    slots,
    entries,
    literals,
    texts,
    pairs,
});

/// Which windows are known: a bit for each hash of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sieve {
    /// A power of two of bits, at least 32.
    pub(crate) bits: Words<u32>,
    /// How far to shift a hash of 32 bits to number a bit.
    pub(crate) shift: u8,
    /// How many bytes lie between two places that are looked up: 1, 2 or 4.
    pub(crate) step: u8,
    /// Where the windows are few, what tells most others from them sooner.
    pub(crate) near: Option<Box<[Near; 2]>>,
}

/// Bits of some windows: those that each of its bytes has, by its place and its
/// lower five bits, in common are of windows that it may be.
pub(crate) type Near = [u8; 32 * WINDOW];

impl Stored for Sieve {
    fn store(&self, to: &mut Vec<u8>) {
        let Sieve {
            bits,
            shift,
            step,
            near,
        } = self;
        bits.store(to);
        [*shift, *step].store(to);
        near.as_deref().copied().store(to);
    }

    fn load(from: &mut Reader) -> Result<Sieve, Malformed> {
        let bits: Words<u32> = from.read()?;
        let [shift, step] = from.read()?;
        let near: Option<[Near; 2]> = from.read()?;
        if !numbers_bits(shift, bits.len() * 32) || !matches!(step, 1 | 2 | 4) {
            return Err(Malformed);
        }
        Ok(Sieve {
            bits,
            shift,
            step,
            near: near.map(Box::new),
        })
    }
}

/// Whether every hash, shifted so far, is the number of one of so many bits:
/// look-ups rest on that.
pub(crate) fn numbers_bits(shift: u8, count: usize) -> bool {
    count.is_power_of_two() && u32::from(shift) == 32 - count.trailing_zeros()
}

/// The entries of one window; none where `count` is zero.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slot {
    pub(crate) window: u32,
    pub(crate) first: u32,
    pub(crate) count: u32,
}

impl Slot {
    fn of([window, first, count]: [u32; 3]) -> Slot {
        Slot {
            window,
            first,
            count,
        }
    }
}

/// A literal, and where in it the window stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) literal: u32,
    pub(crate) offset: u32,
    pub(crate) beside: Beside,
}

/// Four bytes of a literal beside a window: mostly they tell it from the others
/// with that window.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Beside {
    After(u32),
    Before(u32),
    Nothing,
}

impl Beside {
    /// It and a window as one.
    pub(crate) fn with(self, window: u32) -> u32 {
        let (turn, beside) = match self {
            Beside::Nothing => (0, 0),
            Beside::After(after) => (5, after),
            Beside::Before(before) => (11, before),
        };
        hash(window).rotate_left(turn) ^ beside
    }
}

impl Entry {
    fn of([literal, offset, kind, window]: [u32; 4]) -> Entry {
        Entry {
            literal,
            offset,
            beside: match kind {
                1 => Beside::After(window),
                2 => Beside::Before(window),
                _ => Beside::Nothing,
            },
        }
    }
}

impl Literals {
    /// Whether they are found in this text as it is, and not only in the same
    /// in lower case: where no letter beyond ASCII matters.
    pub fn ignore_case_of(&self, text: &str) -> bool {
        text.is_ascii() || self.is_ascii && !folds_to_ascii(text)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
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
            let near = group.sieve.near.as_deref().map_or(0, size_of_val);
            near + group.sieve.bits.bytes().len()
                + group.slots.bytes().len()
                + group.entries.bytes().len()
                + group.literals.bytes().len()
                + group.texts.len()
                + group.pairs.bits.bytes().len()
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
    /// How many bytes lie between two places that are looked up.
    pub(crate) fn step(&self) -> usize {
        usize::from(self.step)
    }

    /// Looks up one window.
    #[inline]
    pub(crate) fn admits(&self, window: [u8; WINDOW]) -> bool {
        let bit = hash(folded(window)) >> (self.shift & 31);
        let word = self.bits.get((bit >> 5) as usize);
        word.is_some_and(|word| word >> (bit & 31) & 1 == 1)
    }
}

impl Group {
    fn scan(&self, text: &[u8], samples: &mut Vec<u8>, found: &mut [u64]) {
        let step = self.sieve.step();
        let per_block = WINDOW / step;
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
                let start = sample / per_block * simd::SIFTED + sample % per_block * step;
                self.compare(text, start + bit % 8 * WINDOW, found);
            }
        }
        let mut at = blocks * simd::SIFTED;
        while let Some(window) = text.get(at..).and_then(|rest| rest.first_chunk()) {
            if self.sieve.admits(*window) {
                self.compare(text, at, found);
            }
            at += step;
        }
    }

    /// The entries of a window.
    fn slot(&self, window: u32) -> Option<Slot> {
        let last = self.slots.len().checked_sub(1)?;
        let first = slot_of(window, last);
        // Tables that are full of others end the search too.
        for step in 0..=last {
            let slot = Slot::of(self.slots.get((first + step) & last)?);
            if slot.count == 0 {
                return None;
            }
            if slot.window == window {
                return Some(slot);
            }
        }
        None
    }

    /// Compares the literals that are known by the window at this place.
    fn compare(&self, text: &[u8], at: usize, found: &mut [u64]) {
        let Some(window) = text.get(at..).and_then(|rest| rest.first_chunk()) else {
            return;
        };
        let window = folded(*window);
        let beside = |place: Option<usize>| {
            let window = place.and_then(|place| text.get(place..)?.first_chunk());
            window.copied().map(folded)
        };
        let (after, before) = (beside(Some(at + WINDOW)), beside(at.checked_sub(WINDOW)));
        let is_pair = |beside: Beside| self.pairs.has(beside.with(window));
        let may_be = after.is_some_and(|after| is_pair(Beside::After(after)))
            || before.is_some_and(|before| is_pair(Beside::Before(before)))
            || is_pair(Beside::Nothing);
        if !may_be {
            return;
        }
        let Some(slot) = self.slot(window) else {
            return;
        };
        let first = slot.first as usize;
        let entries = self.entries.range(first, first + slot.count as usize);
        for entry in entries.map(Entry::of) {
            let may_be = match entry.beside {
                Beside::After(window) => after == Some(window),
                Beside::Before(window) => before == Some(window),
                Beside::Nothing => true,
            };
            if !may_be {
                continue;
            }
            let Some([number, start_of_text]) = self.literals.get(entry.literal as usize) else {
                continue;
            };
            let Some(word) = found.get_mut(number as usize / 64) else {
                continue;
            };
            let bit = 1 << (number % 64);
            if *word & bit != 0 {
                continue;
            }
            let Some(start) = at.checked_sub(entry.offset as usize) else {
                continue;
            };
            let end_of_text = self.literals.get(entry.literal as usize + 1);
            let literal = end_of_text.and_then(|[_, end_of_text]| {
                self.texts.get(start_of_text as usize..end_of_text as usize)
            });
            let is_there = literal.is_some_and(|literal| {
                let there = text.get(start..start + literal.len());
                there.is_some_and(|there| there.eq_ignore_ascii_case(literal))
            });
            if is_there {
                *word |= bit;
            }
        }
    }
}

pub(crate) fn slot_of(window: u32, last: usize) -> usize {
    (hash(window) >> 8) as usize & last
}
