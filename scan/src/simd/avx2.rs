//! Judges and sifts 32 bytes at a time, by halves of bytes.

use std::arch::x86_64::{
    __m256i, _mm_cvtsi32_si128, _mm_loadu_si128, _mm256_and_si256, _mm256_andnot_si256,
    _mm256_broadcastsi128_si256, _mm256_castsi256_ps, _mm256_cmpeq_epi8, _mm256_i32gather_epi32,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_movemask_ps, _mm256_mullo_epi32,
    _mm256_or_si256, _mm256_set1_epi8, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_sllv_epi32, _mm256_srl_epi32, _mm256_srli_epi16, _mm256_srli_epi32,
    _mm256_sub_epi32,
};

use super::{BEYOND, Blocks, Fingerprint, SIFTED, Sieve, Window, sifted};
use crate::{
    fingerprint::{BLOCK, DEPTH, Halves, WINDOW},
    literals::{MULTIPLIER, numbers_bits},
};

/// Steps of one, two and four bytes are loops of their own.
#[target_feature(enable = "avx2")]
pub(super) fn sift(sieve: &Sieve, text: &[u8], samples: &mut [u8]) {
    match sieve.step() {
        1 => each_block::<1, 4>(sieve, text, samples),
        2 => each_block::<2, 2>(sieve, text, samples),
        _ => each_block::<4, 1>(sieve, text, samples),
    }
}

#[target_feature(enable = "avx2")]
fn each_block<const STEP: usize, const STEPS: usize>(
    sieve: &Sieve,
    text: &[u8],
    samples: &mut [u8],
) {
    // Every hash, shifted so far, numbers a bit of the table.
    let bits = sieve.bits.len() * 32;
    assert!(numbers_bits(sieve.shift, bits));
    let shift = _mm_cvtsi32_si128(sieve.shift.into());
    let (samples, _) = samples.as_chunks_mut::<STEPS>();
    for (samples, block) in samples.iter_mut().zip(sifted(text)) {
        for (step, sample) in samples.iter_mut().enumerate() {
            let bytes = &block[step * STEP..];
            let windows = match bytes.first_chunk::<SIFTED>() {
                Some(bytes) => load_all(bytes),
                None => continue,
            };
            let folded = _mm256_or_si256(windows, _mm256_set1_epi8(0x20));
            let multiplier = _mm256_set1_epi32(MULTIPLIER.cast_signed());
            let bit = _mm256_srl_epi32(_mm256_mullo_epi32(folded, multiplier), shift);
            #[allow(unsafe_code, reason = "look-ups at bounded indexes")]
            // SAFETY: a bit's number is below the number of bits, as was
            // asserted, so that its word, of 32 bits, is one of the table.
            let words = unsafe {
                _mm256_i32gather_epi32::<4>(
                    sieve.bits.bytes().as_ptr().cast(),
                    _mm256_srli_epi32::<5>(bit),
                )
            };
            // Each word is shifted so that its bit becomes the sign.
            let last = _mm256_set1_epi32(31);
            let up = _mm256_sub_epi32(last, _mm256_and_si256(bit, last));
            let signs = _mm256_castsi256_ps(_mm256_sllv_epi32(words, up));
            *sample = _mm256_movemask_ps(signs).cast_unsigned() as u8;
        }
    }
    const {
        assert!(
            STEP * (STEPS - 1) <= BEYOND,
            "the block has the bytes of each step"
        );
    };
}

#[target_feature(enable = "avx2")]
fn load_all(bytes: &[u8; SIFTED]) -> __m256i {
    #[allow(unsafe_code, reason = "a load from a reference")]
    // SAFETY: the array has the 32 bytes that are loaded, and need not be aligned.
    unsafe {
        _mm256_loadu_si256(bytes.as_ptr().cast())
    }
}

/// The tables in registers.
struct Tables {
    bytes: [(__m256i, __m256i); DEPTH],
    before: (__m256i, __m256i),
    anywhere: __m256i,
}

#[target_feature(enable = "avx2")]
pub(super) fn judge(fingerprint: &Fingerprint, text: &[u8], from: usize, words: &mut [u64]) {
    let tables = tables(fingerprint);
    for (at, window) in Blocks::new(text, from, words.len()).windows() {
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
