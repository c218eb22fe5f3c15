//! The fingerprint of an automaton: its first symbols in, tables of bytes out.

use std::collections::{BTreeMap, BTreeSet};

use super::ordinary;
use crate::{
    dfa::{DEAD, Dfa},
    fingerprint::{DEPTH, Fingerprint, Halves, Lookup, Windows},
    symbols::{AFTER, BEFORE, SymbolSet, Symbols},
};

/// How many kinds of beginnings are told apart.
const MOST_BEGINNINGS: usize = 20_000;

/// A set of bytes.
type Bytes = [u64; 4];

const ANY: Bytes = [u64::MAX; 4];

/// What the first bytes of a match may be.
type Beginning = [Bytes; DEPTH];

/// All of them but the last.
type Head = [Bytes; DEPTH - 1];

/// Finds the fingerprint, and about which share of an ordinary text it admits.
/// None where the beginnings are too many to tell apart.
pub(crate) fn fingerprint(
    symbols: &Symbols,
    dfa: &Dfa,
    begins: &[u16],
) -> Option<(Fingerprint, f64)> {
    let spelled = Spelled::new(symbols);
    let shared = shared_lead(symbols, begins);
    let collect = |is_inside: bool| {
        let states: BTreeSet<u16> = (0..)
            .zip(begins)
            .filter(|&(symbol, _)| symbol != AFTER && shared.has(symbol) == is_inside)
            .map(|(_, &state)| state)
            .collect();
        let mut found = BTreeMap::new();
        for state in states {
            gather(dfa, &spelled, state, &mut Vec::new(), &mut found)?;
        }
        Some(found)
    };
    let elsewhere = collect(false)?;
    let mut inside = collect(true)?;
    let windows = windows(elsewhere.iter().chain(&inside));
    inside.retain(|head, last| {
        let there = elsewhere.get(head);
        !there.is_some_and(|there| {
            last.iter()
                .zip(there)
                .all(|(here, there)| here & !there == 0)
        })
    });
    let (inside, elsewhere) = (joined(&inside), joined(&elsewhere));
    let all = inside.len() + elsewhere.len();
    let mut buckets: Vec<Bucket> = vec![Bucket::default(); 8];
    let for_elsewhere = if elsewhere.is_empty() {
        0
    } else if inside.is_empty() {
        8
    } else {
        (8 * elsewhere.len()).div_ceil(all).clamp(1, 7)
    };
    let (of_elsewhere, of_inside) = buckets.split_at_mut(for_elsewhere);
    distribute(of_elsewhere, &elsewhere);
    distribute(of_inside, &inside);
    let before = exact(&spelled.lead(&shared));
    let anywhere = if before.is_some() {
        (0..for_elsewhere).fold(0, |bits, bucket| bits | 1 << bucket)
    } else {
        0xFF
    };
    let share = buckets.iter().map(Bucket::share).sum();
    let everywhere = [u64::MAX; 4];
    let lead = if before.is_some() {
        spelled.lead(&shared)
    } else {
        everywhere
    };
    let anywhere_of = |bit: usize| anywhere >> bit & 1 == 1;
    let allowed = (0..8).map(|bit| if anywhere_of(bit) { everywhere } else { lead });
    let before_bytes = lookup(allowed);
    let exact_bytes =
        std::array::from_fn(|at| lookup(buckets.iter().map(|bucket| bucket.bytes[at])));
    let mut by_halves = [Halves::NONE; DEPTH];
    for (bit, bucket) in buckets.iter().enumerate() {
        for (halves, (low, high)) in by_halves.iter_mut().zip(bucket.halves) {
            for half in 0..16 {
                halves.low[half] |= u8::from(low >> half & 1 == 1) << bit;
                halves.high[half] |= u8::from(high >> half & 1 == 1) << bit;
            }
        }
    }
    let fingerprint = Fingerprint {
        bytes: exact_bytes,
        before: before_bytes,
        by_halves,
        before_by_halves: before.unwrap_or(Halves::ALL),
        anywhere,
        windows,
    };
    Some((fingerprint, share))
}

/// A table of the sets of bytes that have each bit.
fn lookup(sets: impl Iterator<Item = Bytes>) -> Lookup {
    let mut lookup = [0; 128];
    for (bit, bytes) in sets.enumerate() {
        for (place, byte) in lookup.iter_mut().zip(0..) {
            *place |= u8::from(has(&bytes, byte)) << bit;
        }
    }
    Lookup(lookup)
}

/// Tells the first bytes of beginnings apart as far as their number allows.
fn windows<'b>(beginnings: impl Iterator<Item = (&'b Head, &'b Bytes)>) -> Windows {
    let (mut four, mut three, mut short) = (BTreeSet::new(), BTreeSet::new(), [0; 4]);
    for ([first, second, third], fourth) in beginnings {
        let letters = [first, second, third, fourth].map(lower);
        // Windows that are not ASCII are all admitted.
        if letters.iter().any(BTreeSet::is_empty) {
            continue;
        }
        let (windows, letters) = if *fourth == ANY {
            (&mut three, &letters[..3])
        } else {
            (&mut four, &letters[..])
        };
        let count: usize = letters.iter().map(BTreeSet::len).product();
        if *third == ANY || windows.len() + count > Windows::MOST {
            unite(&mut short, first);
            continue;
        }
        let mut heads = vec![0];
        for (at, letters) in letters.iter().enumerate() {
            heads = heads
                .iter()
                .flat_map(|head| letters.iter().map(move |letter| head | letter << (8 * at)))
                .collect();
        }
        windows.extend(heads);
    }
    let sorted = |windows: BTreeSet<u32>| windows.into_iter().collect::<Vec<_>>();
    Windows::new(&sorted(four), &sorted(three), short)
}

/// The ASCII letters of a set, in lower case as [`Windows`] see it.
fn lower(bytes: &Bytes) -> BTreeSet<u32> {
    each(bytes)
        .filter(u8::is_ascii)
        .map(|byte| u32::from(byte | 0x20))
        .collect()
}

/// The symbols after which most may begin, where others allow less.
fn shared_lead(symbols: &Symbols, begins: &[u16]) -> SymbolSet {
    let mut by_state: BTreeMap<u16, SymbolSet> = BTreeMap::new();
    for symbol in (0..symbols.count)
        .map(|symbol| symbol as u8)
        .filter(|&symbol| symbol != AFTER)
    {
        let state = begins.get(usize::from(symbol)).copied().unwrap_or(DEAD);
        by_state.entry(state).or_default().insert(symbol);
    }
    // Where letters of words stand before, what asks for the edge of a word
    // cannot begin. So those are the symbols of the other begins.
    let after_word = begins
        .get(usize::from(symbols.of('a')))
        .copied()
        .unwrap_or(DEAD);
    let mut shared = SymbolSet::default();
    for (state, set) in by_state {
        if state != after_word {
            set.iter().for_each(|symbol| shared.insert(symbol));
        }
    }
    shared
}

/// What bytes the letters of symbols begin with.
struct Spelled {
    /// Letters that are one byte.
    alone: Vec<Bytes>,
    /// First bytes of longer letters.
    longer: Vec<Bytes>,
}

impl Spelled {
    fn new(symbols: &Symbols) -> Spelled {
        let mut alone = vec![[0; 4]; usize::from(symbols.count)];
        let mut longer = vec![[0; 4]; usize::from(symbols.count)];
        for (byte, &symbol) in (0..).zip(&symbols.ascii) {
            put(&mut alone[usize::from(symbol)], byte);
        }
        // What is not there is read as a zero.
        put(&mut alone[usize::from(AFTER)], 0);
        let ends = symbols.starts.iter().skip(1).chain([char::MAX as u32 + 1]);
        for ((start, end), symbol) in symbols.starts.iter().zip(ends).zip(symbols.symbols.iter()) {
            for byte in first_byte(start)..=first_byte(end - 1) {
                put(&mut longer[usize::from(symbol)], byte);
            }
        }
        Spelled { alone, longer }
    }

    /// The last bytes of what may stand before.
    fn lead(&self, symbols: &SymbolSet) -> Bytes {
        let mut bytes = [0, 0, u64::MAX, u64::MAX];
        for symbol in symbols.iter().filter(|&symbol| symbol != BEFORE) {
            if let Some(alone) = self.alone.get(usize::from(symbol)) {
                unite(&mut bytes, alone);
            }
        }
        bytes
    }
}

fn first_byte(letter: u32) -> u8 {
    match letter {
        0..0x80 => letter as u8,
        0x80..0x800 => 0xC0 | (letter >> 6) as u8,
        0x800..0x1_0000 => 0xE0 | (letter >> 12) as u8,
        _ => 0xF0 | (letter >> 18) as u8,
    }
}

/// Gathers what the first bytes from a state on may be: the last of them by
/// those before.
fn gather(
    dfa: &Dfa,
    spelled: &Spelled,
    state: u16,
    before: &mut Vec<Bytes>,
    found: &mut BTreeMap<Head, Bytes>,
) -> Option<()> {
    // The symbols by where they lead: their letters differ in nothing that matters here.
    let mut nexts: BTreeMap<u16, (Bytes, Bytes)> = BTreeMap::new();
    for symbol in 0..spelled.alone.len() {
        let next = dfa.step(state, symbol as u8);
        if next != DEAD {
            let (alone, longer) = nexts.entry(next).or_default();
            unite(alone, &spelled.alone[symbol]);
            unite(longer, &spelled.longer[symbol]);
        }
    }
    for (next, (alone, longer)) in nexts {
        if alone != [0; 4] {
            before.push(alone);
            if before.len() == DEPTH || dfa.has_found(next) {
                keep(before, found)?;
            } else {
                gather(dfa, spelled, next, before, found)?;
            }
            before.pop();
        }
        if longer != [0; 4] {
            // How many bytes such a letter has differs, so all that follow are admitted.
            before.push(longer);
            keep(before, found)?;
            before.pop();
        }
    }
    Some(())
}

fn keep(bytes: &[Bytes], found: &mut BTreeMap<Head, Bytes>) -> Option<()> {
    let at = |at: usize| bytes.get(at).copied().unwrap_or(ANY);
    unite(found.entry([at(0), at(1), at(2)]).or_default(), &at(3));
    (found.len() <= MOST_BEGINNINGS).then_some(())
}

/// Beginnings that differ in their last two bytes alone are one.
fn joined(found: &BTreeMap<Head, Bytes>) -> Vec<Beginning> {
    let mut joined: BTreeMap<[Bytes; 2], [Bytes; 2]> = BTreeMap::new();
    for ([first, second, third], fourth) in found {
        let last = joined.entry([*first, *second]).or_default();
        unite(&mut last[0], third);
        unite(&mut last[1], fourth);
    }
    joined
        .into_iter()
        .map(|([first, second], [third, fourth])| [first, second, third, fourth])
        .collect()
}

/// Beginnings that share a bit.
#[derive(Clone, Default)]
struct Bucket {
    bytes: [Bytes; DEPTH],
    /// For each byte, its halves as sets.
    halves: [(u16, u16); DEPTH],
    share: f64,
}

impl Bucket {
    fn with(&self, beginning: &Beginning) -> Bucket {
        let mut halves = self.halves;
        for ((low, high), bytes) in halves.iter_mut().zip(beginning) {
            for byte in each(bytes) {
                *low |= 1 << (byte & 15);
                *high |= 1 << (byte >> 4);
            }
        }
        let share = halves
            .iter()
            .map(|&(low, high)| ordinary::share_of_halves(low, high))
            .product();
        let mut bytes = self.bytes;
        for (all, more) in bytes.iter_mut().zip(beginning) {
            unite(all, more);
        }
        Bucket {
            bytes,
            halves,
            share,
        }
    }

    fn share(&self) -> f64 {
        self.share
    }
}

/// Puts each beginning where it admits least beyond what is admitted already.
fn distribute(buckets: &mut [Bucket], beginnings: &[Beginning]) {
    for beginning in beginnings {
        let grown = buckets
            .iter()
            .map(|bucket| bucket.with(beginning))
            .enumerate();
        let best = grown.min_by(|(one, a), (other, b)| {
            let cost = |at: usize, grown: &Bucket| grown.share - buckets[at].share;
            cost(*one, a).total_cmp(&cost(*other, b))
        });
        if let Some((at, grown)) = best {
            buckets[at] = grown;
        }
    }
}

/// Halves that tell exactly these bytes. None where they would need more than
/// eight bits.
fn exact(bytes: &Bytes) -> Option<Halves> {
    let mut rows: Vec<u16> = Vec::new();
    let mut halves = Halves::NONE;
    for high in 0..16_u8 {
        let row = (0..16_u8).fold(0, |row: u16, low| {
            row | u16::from(has(bytes, high << 4 | low)) << low
        });
        let bit = rows
            .iter()
            .position(|&known| known == row)
            .unwrap_or_else(|| {
                rows.push(row);
                rows.len() - 1
            });
        if bit >= 8 {
            return None;
        }
        halves.high[usize::from(high)] = 1 << bit;
        for low in 0..16 {
            halves.low[low] |= u8::from(row >> low & 1 == 1) << bit;
        }
    }
    Some(halves)
}

fn put(bytes: &mut Bytes, byte: u8) {
    bytes[usize::from(byte >> 6)] |= 1 << (byte & 63);
}

fn has(bytes: &Bytes, byte: u8) -> bool {
    bytes[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
}

fn each(bytes: &Bytes) -> impl Iterator<Item = u8> {
    (0..=255).filter(|&byte| has(bytes, byte))
}

fn unite(bytes: &mut Bytes, others: &Bytes) {
    for (word, other) in bytes.iter_mut().zip(others) {
        *word |= other;
    }
}
