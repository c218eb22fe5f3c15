//! Judges 64 bytes at a time: those of ASCII by whole tables, others by halves.

use std::arch::x86_64::{
    __m512i, _mm_loadu_si128, _mm512_and_si512, _mm512_broadcast_i32x4, _mm512_loadu_si512,
    _mm512_mask_blend_epi8, _mm512_movepi8_mask, _mm512_or_si512, _mm512_permutex2var_epi8,
    _mm512_set1_epi8, _mm512_shuffle_epi8, _mm512_srli_epi16, _mm512_test_epi8_mask,
};

use super::{Blocks, Fingerprint, Window, windows};
use crate::fingerprint::{BLOCK, DEPTH, Halves, Lookup, WINDOW};

/// Whether the processor has what these functions need.
pub(super) fn is_there() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
}

/// A table in registers.
#[derive(Clone, Copy)]
struct Table {
    low: __m512i,
    high: __m512i,
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn judge(fingerprint: &Fingerprint, text: &[u8], blocks: Blocks<'_>, words: &mut [u64]) {
    let [first, second, third] = &fingerprint.bytes;
    let tables = [
        table(&fingerprint.before),
        table(first),
        table(second),
        table(third),
    ];
    for (at, window) in windows(text, blocks) {
        if let Some(word) = words.get_mut(at) {
            *word = ascii(&tables, window).unwrap_or_else(|| by_halves(fingerprint, window));
        }
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
fn ascii(tables: &[Table; DEPTH + 1], window: &Window) -> Option<u64> {
    let bytes = [
        at::<0>(window),
        at::<1>(window),
        at::<2>(window),
        at::<3>(window),
    ];
    let both = _mm512_or_si512(bytes[0], bytes[3]);
    if _mm512_movepi8_mask(both) != 0 {
        return None;
    }
    let mut bits = _mm512_set1_epi8(-1);
    for (table, bytes) in tables.iter().zip(bytes) {
        let found = _mm512_permutex2var_epi8(table.low, bytes, table.high);
        bits = _mm512_and_si512(bits, found);
    }
    Some(_mm512_test_epi8_mask(bits, bits))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn by_halves(fingerprint: &Fingerprint, window: &Window) -> u64 {
    let [first, second, third] = &fingerprint.by_halves;
    let before = bits(&fingerprint.before_by_halves, at::<0>(window));
    let first = bits(first, at::<1>(window));
    let second = bits(second, at::<2>(window));
    let third = bits(third, at::<3>(window));
    let anywhere = _mm512_set1_epi8(fingerprint.anywhere.cast_signed());
    let allowed = _mm512_mask_blend_epi8(
        _mm512_test_epi8_mask(before, before),
        anywhere,
        _mm512_set1_epi8(-1),
    );
    let all = _mm512_and_si512(_mm512_and_si512(first, second), third);
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
fn load(bytes: &[u8; BLOCK]) -> __m512i {
    #[allow(unsafe_code, reason = "a load from a reference")]
    // SAFETY: the array has the 64 bytes that are loaded, and need not be aligned.
    unsafe {
        _mm512_loadu_si512(bytes.as_ptr().cast())
    }
}
