//! Judges 32 bytes at a time, by halves of bytes.

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_andnot_si256, _mm256_broadcastsi128_si256,
    _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
};

use crate::fingerprint::{BLOCK, BlockWindows, DEPTH, Fingerprint, Halves, WINDOW, Window};

/// The tables in registers.
struct Tables {
    bytes: [(__m256i, __m256i); DEPTH],
    before: (__m256i, __m256i),
    anywhere: __m256i,
}

#[target_feature(enable = "avx2")]
pub(super) fn judge(fingerprint: &Fingerprint, text: &[u8], from: usize, words: &mut [u64]) {
    let tables = tables(fingerprint);
    for (at, window) in BlockWindows::new(text, from, words.len()).windows() {
        if let Some(word) = words.get_mut(at) {
            *word = both_halves(&tables, window);
        }
    }
}

#[target_feature(enable = "avx2")]
fn tables(fingerprint: &Fingerprint) -> Tables {
    Tables {
        bytes: [
            halves(&fingerprint.by_halves[0]),
            halves(&fingerprint.by_halves[1]),
            halves(&fingerprint.by_halves[2]),
            halves(&fingerprint.by_halves[3]),
        ],
        before: halves(&fingerprint.before_by_halves),
        anywhere: _mm256_set1_epi8(fingerprint.anywhere.cast_signed()),
    }
}

#[target_feature(enable = "avx2")]
fn halves(halves: &Halves) -> (__m256i, __m256i) {
    (twice(&halves.low), twice(&halves.high))
}

#[target_feature(enable = "avx2")]
fn twice(table: &[u8; 16]) -> __m256i {
    #[allow(unsafe_code, reason = "a load from a reference")]
    // SAFETY: the array has the 16 bytes that are loaded, and need not be aligned.
    let half = unsafe { _mm_loadu_si128(table.as_ptr().cast()) };
    _mm256_broadcastsi128_si256(half)
}

#[target_feature(enable = "avx2")]
fn both_halves(tables: &Tables, window: &Window) -> u64 {
    let low = half::<0>(tables, window);
    let high = half::<{ BLOCK / 2 }>(tables, window);
    u64::from(low) | u64::from(high) << (BLOCK / 2)
}

#[target_feature(enable = "avx2")]
fn half<const AT: usize>(tables: &Tables, window: &Window) -> u32 {
    let first = bits(tables.bytes[0], load::<AT, 1>(window));
    let second = bits(tables.bytes[1], load::<AT, 2>(window));
    let third = bits(tables.bytes[2], load::<AT, 3>(window));
    let fourth = bits(tables.bytes[3], load::<AT, 4>(window));
    let before = bits(tables.before, load::<AT, 0>(window));
    let zero = _mm256_setzero_si256();
    let refused = _mm256_andnot_si256(tables.anywhere, _mm256_cmpeq_epi8(before, zero));
    let start = _mm256_and_si256(first, second);
    let all = _mm256_and_si256(start, _mm256_and_si256(third, fourth));
    let admitted = _mm256_andnot_si256(refused, all);
    !_mm256_movemask_epi8(_mm256_cmpeq_epi8(admitted, zero)).cast_unsigned()
}

/// The bits of 32 bytes.
#[target_feature(enable = "avx2")]
fn bits((low, high): (__m256i, __m256i), bytes: __m256i) -> __m256i {
    let half = _mm256_set1_epi8(15);
    let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), half);
    let lower = _mm256_and_si256(bytes, half);
    _mm256_and_si256(
        _mm256_shuffle_epi8(low, lower),
        _mm256_shuffle_epi8(high, upper),
    )
}

/// The 32 bytes at `AT + BEYOND` of a window.
#[target_feature(enable = "avx2")]
fn load<const AT: usize, const BEYOND: usize>(window: &Window) -> __m256i {
    const { assert!(AT + BEYOND + 32 <= WINDOW, "the window has these bytes") };
    #[allow(unsafe_code, reason = "a load from a reference")]
    // SAFETY: the window has 32 bytes from there on, as was asserted, and
    // they need not be aligned.
    unsafe {
        _mm256_loadu_si256(window.as_ptr().add(AT + BEYOND).cast())
    }
}
