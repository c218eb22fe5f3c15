//! Finds where patterns may begin many positions at a time: the bits of
//! [`Fingerprint::block`], or by halves of bytes those of
//! [`Fingerprint::block_by_halves`], which are more; of these the places that
//! [`Windows`] admit.
//!
//! The one place of this crate with `unsafe`: calls of functions that need
//! instructions which were looked for just before, loads from arrays that are
//! as long and stores to them, loads of the lanes that are there alone, and
//! look-ups at indexes that the length of a table or a text bounds. Where the
//! instructions are missing, the plain versions run. Tests hold the two to the
//! same places.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod listed;

use crate::fingerprint::{BLOCK, BlockWindows, Fingerprint, Windows};

/// How many blocks are looked at together, at most.
pub(crate) const MOST_BLOCKS: usize = 64;

/// How many places are written at a time, whether there are as many or not.
const AT_A_TIME: usize = 16;

/// How many places there has to be room for.
pub(crate) const ROOM: usize = MOST_BLOCKS * BLOCK + AT_A_TIME;

/// Blocks of a text from a place on, which the text has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks<'t> {
    pub(crate) text: &'t [u8],
    pub(crate) start: usize,
    /// How many; [`MOST_BLOCKS`] at most.
    pub(crate) count: usize,
}

impl<'t> Blocks<'t> {
    /// The text from their start on.
    fn rest(&self) -> &'t [u8] {
        self.text.get(self.start..).unwrap_or_default()
    }
}

/// Lists the places where a pattern may begin in blocks of a text. They rise and
/// count from the start of these. Answers how many there are; what stands behind
/// them in `places`, which has [`ROOM`], does not matter.
pub(crate) fn candidates(
    fingerprint: &Fingerprint,
    blocks: Blocks<'_>,
    places: &mut [u32],
) -> usize {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_there() {
        #[allow(unsafe_code, reason = "the instructions are there")]
        // SAFETY: the processor has what this function needs.
        return unsafe { avx512::candidates(fingerprint, blocks, places) };
    }
    let mut words = [0; MOST_BLOCKS];
    let words = words.get_mut(..blocks.count).unwrap_or_default();
    judge(fingerprint, blocks.text, blocks.start, words);
    at_edges(blocks.text, blocks.start, words);
    let count = listed_plainly(words, places);
    admitted_plainly(&fingerprint.windows, blocks.rest(), places, count)
}

/// Judges blocks of a text from a place on, a word a block; but not its edges.
fn judge(fingerprint: &Fingerprint, text: &[u8], from: usize, words: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "the instructions are there")]
        // SAFETY: the processor has AVX2.
        return unsafe { avx2::judge(fingerprint, text, from, words) };
    }
    judge_plainly(fingerprint, text, from, words);
}

fn judge_plainly(fingerprint: &Fingerprint, text: &[u8], from: usize, words: &mut [u64]) {
    for (at, window) in BlockWindows::new(text, from, words.len()).windows() {
        if let Some(word) = words.get_mut(at) {
            *word = fingerprint.block(window);
        }
    }
}

/// Mends what is said of the text's edges.
fn at_edges(text: &[u8], from: usize, words: &mut [u64]) {
    let last = from + words.len().saturating_sub(1) * BLOCK;
    if let Some(word) = words.last_mut() {
        *word &= positions(text.len().saturating_sub(last));
    }
    if let Some(word) = words.first_mut().filter(|_| from == 0) {
        // What may stand at the start of a text is not in the tables.
        *word |= 1;
    }
}

/// The bits of so many positions, as far as a block has them.
fn positions(count: usize) -> u64 {
    let missing = BLOCK - count.min(BLOCK);
    u64::MAX.checked_shr(missing as u32).unwrap_or(0)
}

/// Lists the bits of words, rising; answers how many there are.
fn listed_plainly(words: &[u64], places: &mut [u32]) -> usize {
    let mut count = 0;
    for (&word, start) in words.iter().zip((0..).step_by(BLOCK)) {
        let mut left = word;
        while left != 0 {
            if let Some(place) = places.get_mut(count) {
                *place = start + left.trailing_zeros();
            }
            left &= left - 1;
            count += 1;
        }
    }
    count
}

/// Of the first `count` places in the rest of a text keeps those where a letter
/// starts and a pattern may begin; answers how many remain.
fn admitted_plainly(windows: &Windows, rest: &[u8], places: &mut [u32], count: usize) -> usize {
    let mut kept = 0;
    for at in 0..count {
        let Some(&place) = places.get(at) else {
            break;
        };
        // The next one is put at the same place where this one is not kept:
        // whether it is cannot be foreseen, and a branch would guess.
        if let Some(to) = places.get_mut(kept) {
            *to = place;
        }
        kept += usize::from(is_admitted(windows, rest, place as usize));
    }
    kept
}

#[inline]
fn is_admitted(windows: &Windows, text: &[u8], place: usize) -> bool {
    let is_start = text.get(place).is_some_and(|byte| byte & 0xC0 != 0x80);
    is_start & windows.admits(text, place)
}

#[cfg(all(test, feature = "build"))]
mod tests {
    use super::*;
    use crate::fingerprint::{DEPTH, Halves, Lookup, Window, folded};

    fn draw(random: &mut fastrand::Rng, windows: Windows) -> Fingerprint {
        let mut halves = || Halves {
            low: std::array::from_fn(|_| random.u8(..)),
            high: std::array::from_fn(|_| random.u8(..)),
        };
        let by_halves = std::array::from_fn(|_| halves());
        let before_by_halves = halves();
        let is_dense = random.bool();
        let mut lookup = || {
            let bits = |_| {
                let (bits, many) = (random.u8(..), random.u8(..) | random.u8(..));
                if is_dense { many } else { bits & many }
            };
            Lookup(std::array::from_fn(bits))
        };
        Fingerprint {
            bytes: std::array::from_fn(|_| lookup()),
            before: lookup(),
            by_halves,
            before_by_halves,
            anywhere: 0x11,
            windows,
        }
    }

    fn draw_text(random: &mut fastrand::Rng, length: usize) -> Vec<u8> {
        let most = if random.bool() { 127 } else { 255 };
        (0..length).map(|_| random.u8(..=most)).collect()
    }

    /// Windows that admit every place where a letter starts.
    fn every() -> Windows {
        Windows::new(&[], &[], [u64::MAX; 4])
    }

    /// Those of every eighth place of a text, and some short ones.
    fn some(random: &mut fastrand::Rng, text: &[u8]) -> Windows {
        let mut draw = |mask: u32| -> Vec<u32> {
            let known = text.windows(DEPTH).filter(|_| random.u8(..8) == 0);
            let known = known.map(|window| folded(*window.first_chunk().unwrap()) & mask);
            known.collect()
        };
        let (four, three) = (draw(u32::MAX), draw(0x00FF_FFFF));
        let three: &[u32] = if random.bool() { &three } else { &[] };
        Windows::new(&four, three, [0, 1 << 40, 0, 1 << 5])
    }

    type Version = fn(&Fingerprint, Blocks<'_>, &mut [u32]) -> usize;

    fn found(version: Version, fingerprint: &Fingerprint, blocks: Blocks<'_>) -> Vec<u32> {
        let mut places = vec![u32::MAX; ROOM];
        let count = version(fingerprint, blocks, &mut places);
        places[..count].to_vec()
    }

    /// What [`candidates`] have to be, position by position.
    fn expected(
        fingerprint: &Fingerprint,
        Blocks { text, start, count }: Blocks<'_>,
        judge: fn(&Fingerprint, &Window) -> u64,
    ) -> Vec<u32> {
        let places = (start..text.len()).take(count * BLOCK);
        let judged = places.filter(|place| {
            let block = place - (place - start) % BLOCK;
            let window: Window = std::array::from_fn(|byte| {
                let place = (block + byte).checked_sub(1);
                let byte = place.and_then(|place| text.get(place));
                byte.copied().unwrap_or(0)
            });
            *place == 0 || judge(fingerprint, &window) >> (place - block) & 1 == 1
        });
        let admitted = judged
            .filter(|&place| text[place] & 0xC0 != 0x80 && fingerprint.windows.admits(text, place));
        admitted.map(|place| (place - start) as u32).collect()
    }

    /// The places of blocks that were judged so.
    fn listed(
        judge: fn(&Fingerprint, &[u8], usize, &mut [u64]),
        fingerprint: &Fingerprint,
        blocks: Blocks<'_>,
        places: &mut [u32],
    ) -> usize {
        let mut words = vec![0; blocks.count];
        judge(fingerprint, blocks.text, blocks.start, &mut words);
        at_edges(blocks.text, blocks.start, &mut words);
        let count = listed_plainly(&words, places);
        admitted_plainly(&fingerprint.windows, blocks.rest(), places, count)
    }

    /// Every version that runs here agrees with what it has to find; answers how much that is.
    fn agree(fingerprint: &Fingerprint, text: &[u8], start: usize, count: usize) -> usize {
        let blocks = Blocks { text, start, count };
        let whole = expected(fingerprint, blocks, Fingerprint::block);
        let case = format!("length {}, from {start}, {count} blocks", text.len());
        let plain = found(
            |fingerprint, blocks, places| listed(judge_plainly, fingerprint, blocks, places),
            fingerprint,
            blocks,
        );
        assert_eq!(plain, whole, "{case}");
        #[cfg(target_arch = "x86_64")]
        if avx512::is_there() {
            assert_eq!(found(candidates, fingerprint, blocks), whole, "{case}");
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            let halves = expected(fingerprint, blocks, Fingerprint::block_by_halves);
            let fast = found(
                |fingerprint, blocks, places| listed(judge, fingerprint, blocks, places),
                fingerprint,
                blocks,
            );
            assert_eq!(fast, halves, "{case}");
        }
        whole.len()
    }

    #[test]
    fn every_length_and_alignment_of_a_text_is_judged_alike() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut few = 0;
        for _ in 0..8 {
            let fingerprint = draw(&mut random, every());
            for length in 1..260 {
                let place = random.usize(..64);
                let bytes = draw_text(&mut random, place + length);
                let text = &bytes[place..];
                for start in [0, 1, length / 2, length - 1] {
                    let start = start.min(length - 1);
                    let blocks = (length - start).div_ceil(BLOCK);
                    let count = agree(&fingerprint, text, start, blocks);
                    few += usize::from((1..8).contains(&count));
                }
            }
        }
        // Those are found in another way than many.
        assert!(few > 1000, "{few}");
    }

    #[test]
    fn parts_of_texts_are_judged_alike() {
        let mut random = fastrand::Rng::with_seed(2);
        let mut count = 0;
        for round in 0..400 {
            let most = if round % 2 == 0 { 2 * MOST_BLOCKS } else { 6 };
            let length = random.usize(1..most * BLOCK);
            let text = draw_text(&mut random, length);
            let windows = some(&mut random, &text);
            let fingerprint = match random.u8(..4) {
                0 => Fingerprint {
                    windows,
                    ..Fingerprint::everywhere()
                },
                _ => draw(&mut random, windows),
            };
            let start = random.usize(..text.len());
            let blocks = (text.len() - start).div_ceil(BLOCK).min(MOST_BLOCKS);
            count += agree(&fingerprint, &text, start, random.usize(..=blocks));
        }
        assert!(count > 1000, "{count}");
    }

    #[test]
    #[ignore = "for checks that would check nothing without"]
    #[cfg(target_arch = "x86_64")]
    fn the_instructions_are_there() {
        assert!(is_x86_feature_detected!("avx2"));
    }
}
