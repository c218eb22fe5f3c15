//! Where a pattern may begin: a text in, a bit a position out.
//!
//! A position is looked at when its first four bytes, and the byte before it,
//! have a bit in common in these tables. That is rarely so where no pattern
//! begins, and always where one does.

use crate::stored::{Malformed, Reader, Stored, Words, stored};

/// How many positions are judged at a time.
pub(crate) const BLOCK: usize = 64;

/// How many bytes are judged by.
pub(crate) const DEPTH: usize = 4;

/// A byte's bits: those of its lower half and of its upper half that agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Halves {
    pub(crate) low: [u8; 16],
    pub(crate) high: [u8; 16],
}

impl Halves {
    pub(crate) const NONE: Halves = Halves {
        low: [0; 16],
        high: [0; 16],
    };

    pub(crate) const ALL: Halves = Halves {
        low: [0xFF; 16],
        high: [0xFF; 16],
    };

    #[inline]
    pub(crate) fn of(&self, byte: u8) -> u8 {
        self.low[usize::from(byte & 15)] & self.high[usize::from(byte >> 4)]
    }
}

/// The bits of a byte of ASCII; aligned, so that half of it is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub(crate) struct Lookup(pub(crate) [u8; 128]);

impl Lookup {
    fn of(&self, byte: u8) -> u8 {
        self.0[usize::from(byte & 127)]
    }
}

impl Stored for Lookup {
    fn store(&self, to: &mut Vec<u8>) {
        self.0.store(to);
    }

    fn load(from: &mut Reader) -> Result<Lookup, Malformed> {
        from.read().map(Lookup)
    }
}

/// What positions are judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// The bits of the first bytes, where they and the one before are ASCII.
    pub(crate) bytes: [Lookup; DEPTH],
    /// The bits of the byte before them.
    pub(crate) before: Lookup,
    /// The bits of the first bytes, where they need not be ASCII, or tables
    /// have to be small.
    pub(crate) by_halves: [Halves; DEPTH],
    /// Not zero where the byte before may stand before a pattern.
    pub(crate) before_by_halves: Halves,
    /// The bits for which that does not matter.
    pub(crate) anywhere: u8,
    /// The first four bytes, for those that the tables admit.
    pub(crate) windows: Windows,
}

/// Which bytes may be the first, more exactly than tables of halves say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    /// The first four bytes.
    pub(crate) four: Hashes,
    /// The first three, of patterns after which any byte may stand.
    pub(crate) three: Hashes,
    /// The first byte of those that are shorter still, as bits.
    pub(crate) short: [u64; 4],
}

/// The letters of ASCII differ in this bit from one case to the other.
const CASE: u32 = 0x2020_2020;

/// Four bytes without the case of their letters.
pub(crate) fn folded(window: [u8; DEPTH]) -> u32 {
    u32::from_le_bytes(window) | CASE
}

/// A hash that is good in its upper bits.
#[inline]
fn hash(window: u32) -> u32 {
    window.wrapping_mul(MULTIPLIER)
}

pub(crate) const MULTIPLIER: u32 = 0x9E37_79B1;

/// Whether every hash, shifted so far, is the number of one of so many bits:
/// look-ups rest on that.
pub(crate) fn numbers_bits(shift: u8, count: usize) -> bool {
    count.is_power_of_two() && u32::from(shift) == 32 - count.trailing_zeros()
}

/// A set of windows: a bit for each hash of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hashes {
    /// A power of two of bits, at least 64.
    pub(crate) bits: Words<u64>,
    /// How far to shift a hash of 32 bits to number a bit.
    pub(crate) shift: u8,
}

impl Stored for Hashes {
    fn store(&self, to: &mut Vec<u8>) {
        let Hashes { bits, shift } = self;
        bits.store(to);
        shift.store(to);
    }

    fn load(from: &mut Reader) -> Result<Hashes, Malformed> {
        let (bits, shift): (Words<u64>, u8) = (from.read()?, from.read()?);
        if !numbers_bits(shift, bits.len() * 64) {
            return Err(Malformed);
        }
        Ok(Hashes { bits, shift })
    }
}

stored!(Windows { four, three, short });
stored!(Halves { low, high });
stored!(Fingerprint {
    bytes,
    before,
    by_halves,
    before_by_halves,
    anywhere,
    windows,
});

/// How many bits a set of no windows has.
const NO_WINDOWS: usize = 64;

impl Hashes {
    /// Whether it has no windows.
    pub(crate) fn is_empty(&self) -> bool {
        self.bits.len() * 64 <= NO_WINDOWS
    }

    pub(crate) fn new(windows: &[u32]) -> Hashes {
        // None are known by their length.
        let fewest = if windows.is_empty() {
            NO_WINDOWS
        } else {
            1 << 8
        };
        let bits = (windows.len() * 32)
            .next_power_of_two()
            .clamp(fewest, 1 << 19);
        let shift = 32 - bits.trailing_zeros() as u8;
        let mut words = vec![0_u64; bits / 64];
        for &window in windows {
            let (word, bit) = place(window, shift);
            if let Some(word) = words.get_mut(word) {
                *word |= 1 << bit;
            }
        }
        Hashes {
            bits: words.into(),
            shift,
        }
    }

    #[inline]
    pub(crate) fn has(&self, window: u32) -> bool {
        let (word, bit) = place(window, self.shift);
        self.bits.get(word).is_none_or(|word| word >> bit & 1 == 1)
    }
}

/// The word and the bit of a window.
#[inline]
fn place(window: u32, shift: u8) -> (usize, u32) {
    let hash = hash(window) >> (shift & 31);
    ((hash >> 6) as usize, hash & 63)
}

impl Windows {
    /// The largest number of windows that is kept apart.
    pub(crate) const MOST: usize = 1 << 14;

    /// Of windows of four bytes and of three, in lower case, and of the first
    /// bytes of what is shorter.
    pub(crate) fn new(four: &[u32], three: &[u32], short: [u64; 4]) -> Windows {
        Windows {
            four: Hashes::new(four),
            three: Hashes::new(three),
            short,
        }
    }

    /// Whether a pattern may begin at this place. In doubt it may.
    #[inline]
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "which one it is cannot be foreseen, and a branch would guess"
    )]
    pub(crate) fn admits(&self, text: &[u8], at: usize) -> bool {
        let Some(window) = text.get(at..).and_then(|rest| rest.first_chunk()) else {
            return true;
        };
        let exact = u32::from_le_bytes(*window);
        let window = folded(*window);
        let is_ascii = exact & 0x8080_8080 == 0;
        let is_short = self.short[(exact >> 6 & 3) as usize] >> (exact & 63) & 1 == 1;
        self.four.has(window) | self.three.has(window & 0x00FF_FFFF) | is_short | !is_ascii
    }
}

impl Fingerprint {
    /// One that admits nothing.
    pub(crate) fn nowhere() -> Fingerprint {
        Fingerprint {
            bytes: [Lookup([0; 128]); DEPTH],
            before: Lookup([0; 128]),
            by_halves: [Halves::NONE; DEPTH],
            before_by_halves: Halves::NONE,
            anywhere: 0,
            windows: Windows::new(&[], &[], [0; 4]),
        }
    }

    /// One that admits every place.
    pub(crate) fn everywhere() -> Fingerprint {
        Fingerprint {
            bytes: [Lookup([0xFF; 128]); DEPTH],
            before: Lookup([0xFF; 128]),
            by_halves: [Halves::ALL; DEPTH],
            before_by_halves: Halves::ALL,
            anywhere: 0xFF,
            windows: Windows::new(&[], &[], [u64::MAX; 4]),
        }
    }

    /// What its tables take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let windows =
            [&self.windows.four, &self.windows.three].map(|hashes| hashes.bits.bytes().len());
        size_of::<Fingerprint>() + windows.iter().sum::<usize>()
    }

    /// Judges a block of positions, given with the byte before it and those after.
    pub(crate) fn block(&self, window: &Window) -> u64 {
        if !window.is_ascii() {
            return self.block_by_halves(window);
        }
        each(window, |before, bytes| {
            let bits = self.bytes.iter().zip(bytes);
            let bits = bits.map(|(lookup, byte)| lookup.of(byte));
            bits.fold(self.before.of(before), |all, bits| all & bits) != 0
        })
    }

    /// Judges a block by halves of its bytes, which tell less.
    pub(crate) fn block_by_halves(&self, window: &Window) -> u64 {
        each(window, |before, bytes| {
            let bits = self
                .by_halves
                .iter()
                .zip(bytes)
                .map(|(halves, byte)| halves.of(byte));
            let allowed = if self.before_by_halves.of(before) == 0 {
                self.anywhere
            } else {
                0xFF
            };
            bits.fold(allowed, |all, bits| all & bits) != 0
        })
    }
}

/// How many blocks of a text may be at its edges: the first, and two at the end.
const MOST_EDGES: usize = 3;

/// The windows of blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockWindows<'t> {
    /// From where those start that have all bytes around them.
    rest: &'t [u8],
    /// The word of the first of them.
    first: usize,
    /// How many they are.
    whole: usize,
    /// The others, with their words.
    edges: [(usize, Window); MOST_EDGES],
    count: usize,
}

impl<'t> BlockWindows<'t> {
    /// So many blocks of a text from a place on.
    pub(crate) fn new(text: &'t [u8], from: usize, blocks: usize) -> BlockWindows<'t> {
        // The first block has nothing before it, the last ones too little after them.
        let first = usize::from(from == 0).min(blocks);
        let start = from + first * BLOCK;
        let rest = text.get(start.wrapping_sub(1)..).unwrap_or_default();
        let whole = (rest.len().saturating_sub(WINDOW - BLOCK) / BLOCK).min(blocks - first);
        let mut edges = [(0, [0; WINDOW]); MOST_EDGES];
        let others = (0..first).chain(first + whole..blocks);
        let mut count = 0;
        for (edge, block) in edges.iter_mut().zip(others) {
            *edge = (block, self::edge(text, from + block * BLOCK));
            count += 1;
        }
        BlockWindows {
            rest,
            first,
            whole,
            edges,
            count,
        }
    }

    /// The windows, each with the number of its word.
    #[inline]
    pub(crate) fn windows(&self) -> impl Iterator<Item = (usize, &Window)> {
        let whole = (0..self.whole).map_while(|at| {
            let window = self.rest.get(at * BLOCK..)?.first_chunk()?;
            Some((self.first + at, window))
        });
        let edges = self.edges.iter().take(self.count);
        whole.chain(edges.map(|(at, window)| (*at, window)))
    }
}

/// A block at an edge of the text, where zeros stand in for what is not there.
fn edge(text: &[u8], start: usize) -> Window {
    let mut window = [0; WINDOW];
    let filled = usize::from(start == 0);
    let rest = text.get(start.saturating_sub(1)..).unwrap_or_default();
    let length = rest.len().min(WINDOW - filled);
    if let (Some(to), Some(from)) = (window.get_mut(filled..filled + length), rest.get(..length)) {
        to.copy_from_slice(from);
    }
    window
}

fn each(window: &Window, admits: impl Fn(u8, [u8; DEPTH]) -> bool) -> u64 {
    (0..BLOCK).fold(0, |mask, at| {
        let bytes = std::array::from_fn(|byte| window[at + 1 + byte]);
        mask | u64::from(admits(window[at], bytes)) << at
    })
}

/// A block of positions with the byte before it and those after.
pub(crate) type Window = [u8; WINDOW];

/// The length of a [`Window`].
pub(crate) const WINDOW: usize = BLOCK + DEPTH;
