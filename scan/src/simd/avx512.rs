//! Judges 64 bytes at a time, each byte by a table of its own.

use std::arch::x86_64::{
    __m512i, _mm512_and_si512, _mm512_loadu_si512, _mm512_mask_blend_epi8, _mm512_movepi8_mask,
    _mm512_or_si512, _mm512_permutex2var_epi8, _mm512_set1_epi8, _mm512_test_epi8_mask,
};

use super::{Fingerprint, Window, windows};
use crate::fingerprint::{BLOCK, DEPTH, Lookup, WINDOW};

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
    beyond: __m512i,
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn judge(fingerprint: &Fingerprint, text: &[u8], start: usize, words: &mut [u64]) {
    let tables = tables(fingerprint);
    for (word, window) in words.iter_mut().zip(windows(text, start)) {
        *word = one(&tables, window);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn block(fingerprint: &Fingerprint, window: &Window) -> u64 {
    one(&tables(fingerprint), window)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn tables(fingerprint: &Fingerprint) -> [Table; DEPTH + 1] {
    let [first, second, third] = &fingerprint.bytes;
    [
        table(&fingerprint.before),
        table(first),
        table(second),
        table(third),
    ]
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn table(lookup: &Lookup) -> Table {
    let (halves, _) = lookup.ascii.as_chunks::<BLOCK>();
    let half = |at: usize| {
        halves
            .get(at)
            .map_or(_mm512_set1_epi8(0), |half| load(half))
    };
    Table {
        low: half(0),
        high: half(1),
        beyond: _mm512_set1_epi8(lookup.beyond.cast_signed()),
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn one(tables: &[Table; DEPTH + 1], window: &Window) -> u64 {
    let bytes = [
        at::<0>(window),
        at::<1>(window),
        at::<2>(window),
        at::<3>(window),
    ];
    let [before, first, second, third] = bytes;
    let all = _mm512_or_si512(
        _mm512_or_si512(before, first),
        _mm512_or_si512(second, third),
    );
    let is_ascii = _mm512_movepi8_mask(all) == 0;
    let mut bits = _mm512_set1_epi8(-1);
    for (table, bytes) in tables.iter().zip(bytes) {
        // The upper bit of an index is not looked at.
        let mut found = _mm512_permutex2var_epi8(table.low, bytes, table.high);
        if !is_ascii {
            found = _mm512_mask_blend_epi8(_mm512_movepi8_mask(bytes), found, table.beyond);
        }
        bits = _mm512_and_si512(bits, found);
    }
    _mm512_test_epi8_mask(bits, bits)
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
