//! Judges 64 bytes at a time: those of ASCII by whole tables, others by halves.
//! For a short text judging, listing and admitting are one function: it is over
//! before calls, and what passes between them, would pay.

use std::{
    arch::x86_64::{
        __m512i, _mm_loadu_si128, _mm512_and_si512, _mm512_broadcast_i32x4, _mm512_loadu_si512,
        _mm512_mask_blend_epi8, _mm512_maskz_loadu_epi8, _mm512_movepi8_mask, _mm512_or_si512,
        _mm512_permutex2var_epi8, _mm512_set1_epi8, _mm512_shuffle_epi8, _mm512_srli_epi16,
        _mm512_test_epi8_mask,
    },
    sync::LazyLock,
};

use super::{
    Blocks, MOST_BLOCKS,
    listed::{Held, admitted, append},
    positions,
};
use crate::fingerprint::{BLOCK, DEPTH, Fingerprint, Halves, Lookup, WINDOW, Window};

/// Whether the processor has what these functions need.
#[inline]
pub(super) fn is_there() -> bool {
    // One look instead of one for each.
    static THERE: LazyLock<bool> = LazyLock::new(|| {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("popcnt")
    });
    *THERE
}

/// A table in registers.
#[derive(Clone, Copy)]
struct Table {
    low: __m512i,
    high: __m512i,
}

/// As [`super::candidates`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) fn candidates(
    fingerprint: &Fingerprint,
    blocks: Blocks<'_>,
    places: &mut [u32],
) -> usize {
    // What is behind the last of them would have to be held for windows at its end.
    let are_few = blocks.count < FEW_BLOCKS || blocks.rest().len() <= FEW_BLOCKS * BLOCK;
    if are_few && let Some(count) = in_few(fingerprint, blocks, places) {
        return count;
    }
    in_many(fingerprint, blocks, places)
}

/// How many blocks are taken for few.
const FEW_BLOCKS: usize = 4;

/// Those of few blocks with few candidates, all in registers: they are over before
/// what is stored can be loaded again. None where they are more.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
fn in_few(fingerprint: &Fingerprint, blocks: Blocks<'_>, places: &mut [u32]) -> Option<usize> {
    // The loop calls nothing, closures neither, so that its tables stay in registers.
    let tables = tables(fingerprint);
    let mut held = Held::nothing();
    for block in 0..blocks.count {
        let at = blocks.start + block * BLOCK;
        // Each branch appends on its own: so the mask need not leave its register.
        if let Some(window) = window(blocks.text, at) {
            let bytes = around(window);
            match ascii(&tables, &bytes) {
                Some(word) => held.append(word, block * BLOCK),
                None => held.append(by_halves(fingerprint, &bytes), block * BLOCK),
            }
        } else {
            let (bytes, here) = at_edge(blocks.text, at);
            let word = judged(fingerprint, &tables, &bytes);
            held.append(word & here | u64::from(at == 0), block * BLOCK);
        }
    }
    held.admitted(&fingerprint.windows, blocks.rest(), places)
}

/// Those of any blocks.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
fn in_many(fingerprint: &Fingerprint, blocks: Blocks<'_>, places: &mut [u32]) -> usize {
    let mut words = [0; MOST_BLOCKS];
    let words = words.get_mut(..blocks.count).unwrap_or_default();
    judge(fingerprint, blocks.text, blocks.start, words);
    let mut count = 0;
    for (&word, first) in words.iter().zip((0..).step_by(BLOCK)) {
        count = append(word, first, places, count);
    }
    admitted(&fingerprint.windows, blocks.rest(), places, count)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn judge(fingerprint: &Fingerprint, text: &[u8], from: usize, words: &mut [u64]) {
    let edges = usize::from(from == 0).min(words.len());
    let (before, words) = words.split_at_mut(edges);
    let from = from + edges * BLOCK;
    let rest = text.get(from.wrapping_sub(1)..).unwrap_or_default();
    let whole = (rest.len().saturating_sub(WINDOW - BLOCK) / BLOCK).min(words.len());
    let (words, after) = words.split_at_mut(whole);
    let tables = tables(fingerprint);
    for (block, word) in words.iter_mut().enumerate() {
        let Some(window) = window(text, from + block * BLOCK) else {
            break;
        };
        *word = judged(fingerprint, &tables, &around(window));
    }
    for word in before {
        *word = judge_edge(fingerprint, text, 0) | 1;
    }
    for (block, word) in after.iter_mut().enumerate() {
        *word = judge_edge(fingerprint, text, from + (whole + block) * BLOCK);
    }
}

/// Judges a block around which some bytes are missing.
// A function of its own, so that the tables of the others stay in registers.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn judge_edge(fingerprint: &Fingerprint, text: &[u8], start: usize) -> u64 {
    let (bytes, here) = at_edge(text, start);
    judged(fingerprint, &tables(fingerprint), &bytes) & here
}

/// The block at a place, where the text has all around it.
#[inline]
fn window(text: &[u8], at: usize) -> Option<&Window> {
    text.get(at.checked_sub(1)?..)?.first_chunk()
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn around(window: &Window) -> Bytes {
    [
        at::<0>(window),
        at::<1>(window),
        at::<2>(window),
        at::<3>(window),
        at::<4>(window),
    ]
}

/// The bytes of a block around which some are missing, where zeros stand in for
/// them; and which positions are there.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn at_edge(text: &[u8], start: usize) -> (Bytes, u64) {
    let rest = text.get(start..).unwrap_or_default();
    let before = match start.checked_sub(1) {
        Some(before) => some::<0>(text.get(before..).unwrap_or_default()),
        None => some::<1>(text),
    };
    let bytes = [
        before,
        some::<0>(rest),
        some::<0>(rest.get(1..).unwrap_or_default()),
        some::<0>(rest.get(2..).unwrap_or_default()),
        some::<0>(rest.get(3..).unwrap_or_default()),
    ];
    (bytes, positions(rest.len()))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn tables(fingerprint: &Fingerprint) -> [Table; DEPTH + 1] {
    let [first, second, third, fourth] = &fingerprint.bytes;
    [
        table(&fingerprint.before),
        table(first),
        table(second),
        table(third),
        table(fourth),
    ]
}

/// The bytes of a block from the one before it on, and from each of the next.
type Bytes = [__m512i; DEPTH + 1];

/// So many zeros, then bytes as far as there are, then zeros.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn some<const ZEROS: usize>(bytes: &[u8]) -> __m512i {
    const { assert!(ZEROS < BLOCK, "one is there") };
    let count = bytes.len().min(BLOCK - ZEROS);
    let lanes = positions(count) << ZEROS;
    #[allow(unsafe_code, reason = "a load of the lanes that are there")]
    // SAFETY: only these lanes are loaded, and they hold the first `count` bytes.
    unsafe {
        _mm512_maskz_loadu_epi8(lanes, bytes.as_ptr().wrapping_sub(ZEROS).cast())
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn table(lookup: &Lookup) -> Table {
    let (halves, _) = lookup.0.as_chunks::<BLOCK>();
    let half = |at: usize| match halves.get(at) {
        Some(half) => load(half),
        None => _mm512_set1_epi8(0),
    };
    Table {
        low: half(0),
        high: half(1),
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn judged(fingerprint: &Fingerprint, tables: &[Table; DEPTH + 1], bytes: &Bytes) -> u64 {
    match ascii(tables, bytes) {
        Some(word) => word,
        None => by_halves(fingerprint, bytes),
    }
}

/// None where the window has other bytes.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn ascii(tables: &[Table; DEPTH + 1], bytes: &Bytes) -> Option<u64> {
    let both = _mm512_or_si512(bytes[0], bytes[DEPTH]);
    if _mm512_movepi8_mask(both) != 0 {
        return None;
    }
    let mut bits = _mm512_set1_epi8(-1);
    for (table, bytes) in tables.iter().zip(bytes) {
        let found = _mm512_permutex2var_epi8(table.low, *bytes, table.high);
        bits = _mm512_and_si512(bits, found);
    }
    Some(_mm512_test_epi8_mask(bits, bits))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn by_halves(fingerprint: &Fingerprint, bytes: &Bytes) -> u64 {
    let before = bits(&fingerprint.before_by_halves, bytes[0]);
    let mut all = _mm512_set1_epi8(-1);
    for (halves, bytes) in fingerprint.by_halves.iter().zip(&bytes[1..]) {
        all = _mm512_and_si512(all, bits(halves, *bytes));
    }
    let anywhere = _mm512_set1_epi8(fingerprint.anywhere.cast_signed());
    let allowed = _mm512_mask_blend_epi8(
        _mm512_test_epi8_mask(before, before),
        anywhere,
        _mm512_set1_epi8(-1),
    );
    _mm512_test_epi8_mask(all, allowed)
}

/// The bits of 64 bytes.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn bits(halves: &Halves, bytes: __m512i) -> __m512i {
    let half = _mm512_set1_epi8(15);
    let upper = _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), half);
    let lower = _mm512_and_si512(bytes, half);
    let (low, high) = (four_times(&halves.low), four_times(&halves.high));
    _mm512_and_si512(
        _mm512_shuffle_epi8(low, lower),
        _mm512_shuffle_epi8(high, upper),
    )
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn four_times(table: &[u8; 16]) -> __m512i {
    #[allow(unsafe_code, reason = "a load from a reference")]
    // SAFETY: the array has the 16 bytes that are loaded, and need not be aligned.
    let quarter = unsafe { _mm_loadu_si128(table.as_ptr().cast()) };
    _mm512_broadcast_i32x4(quarter)
}

/// The 64 bytes at `AT` of a window.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn at<const AT: usize>(window: &Window) -> __m512i {
    const { assert!(AT + BLOCK <= WINDOW, "the window has these bytes") };
    match window.get(AT..).and_then(|rest| rest.first_chunk()) {
        Some(bytes) => load(bytes),
        None => _mm512_set1_epi8(0),
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn load(bytes: &[u8; BLOCK]) -> __m512i {
    #[allow(unsafe_code, reason = "a load from a reference")]
    // SAFETY: the array has the 64 bytes that are loaded, and need not be aligned.
    unsafe {
        _mm512_loadu_si512(bytes.as_ptr().cast())
    }
}
