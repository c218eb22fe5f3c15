//! Judges 64 bytes at a time: those of ASCII by whole tables, others by halves.

use std::{
    arch::x86_64::{
        __m512i, _mm_loadu_si128, _mm512_and_si512, _mm512_broadcast_i32x4, _mm512_loadu_si512,
        _mm512_mask_blend_epi8, _mm512_maskz_loadu_epi8, _mm512_movepi8_mask, _mm512_or_si512,
        _mm512_permutex2var_epi8, _mm512_set1_epi8, _mm512_shuffle_epi8, _mm512_srli_epi16,
        _mm512_test_epi8_mask,
    },
    sync::LazyLock,
};

use super::{Fingerprint, Window};
use crate::fingerprint::{BLOCK, DEPTH, Halves, Lookup, WINDOW};

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

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn judge(fingerprint: &Fingerprint, text: &[u8], from: usize, words: &mut [u64]) {
    // The loop calls nothing, so that its tables stay in registers.
    let edges = usize::from(from == 0).min(words.len());
    let (before, words) = words.split_at_mut(edges);
    let from = from + edges * BLOCK;
    let rest = text.get(from.wrapping_sub(1)..).unwrap_or_default();
    let whole = (rest.len().saturating_sub(WINDOW - BLOCK) / BLOCK).min(words.len());
    let (words, after) = words.split_at_mut(whole);
    let tables = tables(fingerprint);
    for (word, start) in words.iter_mut().zip((0..).step_by(BLOCK)) {
        let Some(window) = rest.get(start..).and_then(|rest| rest.first_chunk()) else {
            break;
        };
        let bytes = [
            at::<0>(window),
            at::<1>(window),
            at::<2>(window),
            at::<3>(window),
            at::<4>(window),
        ];
        *word = ascii(&tables, &bytes).unwrap_or_else(|| by_halves(fingerprint, &bytes));
    }
    for word in before {
        *word = at_edge(fingerprint, text, 0);
    }
    for (word, start) in after
        .iter_mut()
        .zip((from + whole * BLOCK..).step_by(BLOCK))
    {
        *word = at_edge(fingerprint, text, start);
    }
}

/// Judges a block where bytes before or after it are missing: zeros stand in
/// for them.
// A function of its own, so that the tables of the others stay in registers.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline(never)]
fn at_edge(fingerprint: &Fingerprint, text: &[u8], start: usize) -> u64 {
    let after = |at: usize| text.get(start + at..).unwrap_or_default();
    let before = match start.checked_sub(1).and_then(|before| text.get(before..)) {
        Some(before) => some::<0>(before),
        None => some::<1>(text),
    };
    let bytes = [
        before,
        some::<0>(after(0)),
        some::<0>(after(1)),
        some::<0>(after(2)),
        some::<0>(after(3)),
    ];
    ascii(&tables(fingerprint), &bytes).unwrap_or_else(|| by_halves(fingerprint, &bytes))
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
fn some<const ZEROS: usize>(bytes: &[u8]) -> __m512i {
    const { assert!(ZEROS < BLOCK, "one is there") };
    let count = bytes.len().min(BLOCK - ZEROS);
    let lanes = u64::MAX.checked_shr((BLOCK - count) as u32).unwrap_or(0) << ZEROS;
    #[allow(unsafe_code, reason = "a load of the lanes that are there")]
    // SAFETY: only these lanes are loaded, and they hold the first `count` bytes.
    unsafe {
        _mm512_maskz_loadu_epi8(lanes, bytes.as_ptr().wrapping_sub(ZEROS).cast())
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn table(lookup: &Lookup) -> Table {
    let (halves, _) = lookup.as_chunks::<BLOCK>();
    let half = |at: usize| match halves.get(at) {
        Some(half) => load(half),
        None => _mm512_set1_epi8(0),
    };
    Table {
        low: half(0),
        high: half(1),
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
