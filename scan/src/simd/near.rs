//! Sifts 64 bytes at a time where the known windows are few: a text in, a bit
//! for each window that is known out.
//!
//! Most windows are told from the known ones by tables in registers; the others
//! are looked up.

use std::arch::x86_64::{
    __m512i, _mm_cvtsi32_si128, _mm512_and_si512, _mm512_mask_i32gather_epi32,
    _mm512_mask_test_epi32_mask, _mm512_mullo_epi32, _mm512_or_si512, _mm512_permutex2var_epi8,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_srl_epi32, _mm512_srli_epi32,
    _mm512_srlv_epi32, _mm512_test_epi32_mask,
};

use super::{SIFTED, Sieve, avx512::load};
use crate::literals::{MULTIPLIER, Near, WINDOW, numbers_bits};

/// How many blocks go at a time.
const TOGETHER: usize = 2;

/// Looks up the windows of pairs of blocks; answers how many blocks these are.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn sift(sieve: &Sieve, near: &[Near; 2], text: &[u8], samples: &mut [u8]) -> usize {
    // Every hash, shifted so far, numbers a bit of the table.
    let bits = sieve.bits.len() * 32;
    assert!(numbers_bits(sieve.shift, bits));
    let shift = _mm_cvtsi32_si128(sieve.shift.into());
    let [first, second] = near.each_ref().map(|near| near.as_chunks::<64>().0);
    let ([first_low, first_high], [second_low, second_high]) = (first, second) else {
        return 0;
    };
    let first = (load(first_low), load(first_high));
    let second = (load(second_low), load(second_high));
    let per_block = WINDOW / sieve.step();
    let mut blocks = 0;
    for (pair, samples) in samples.chunks_exact_mut(per_block * TOGETHER).enumerate() {
        for step in 0..per_block {
            let at = pair * TOGETHER * SIFTED + step * sieve.step();
            let Some(bytes) = text.get(at..).and_then(|rest| rest.first_chunk()) else {
                return blocks;
            };
            let bytes = load(bytes);
            let lower = _mm512_and_si512(bytes, _mm512_set1_epi8(31));
            let places = _mm512_set1_epi32(0x6040_2000);
            let index = _mm512_or_si512(lower, places);
            let either = _mm512_or_si512(common(first, index), common(second, index));
            let mut lanes = _mm512_test_epi32_mask(either, _mm512_set1_epi32(0xFF));
            if lanes != 0 {
                let folded = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
                let multiplier = _mm512_set1_epi32(MULTIPLIER.cast_signed());
                let bit = _mm512_srl_epi32(_mm512_mullo_epi32(folded, multiplier), shift);
                #[allow(unsafe_code, reason = "look-ups at bounded indexes")]
                // SAFETY: a bit's number is below the number of bits, as was
                // asserted, so that its word, of 32 bits, is one of the table.
                let words = unsafe {
                    _mm512_mask_i32gather_epi32::<4>(
                        _mm512_setzero_si512(),
                        lanes,
                        _mm512_srli_epi32::<5>(bit),
                        sieve.bits.bytes().as_ptr().cast(),
                    )
                };
                let last = _mm512_set1_epi32(31);
                let low = _mm512_srlv_epi32(words, _mm512_and_si512(bit, last));
                lanes = _mm512_mask_test_epi32_mask(lanes, low, _mm512_set1_epi32(1));
            }
            for (sample, lanes) in samples
                .iter_mut()
                .skip(step)
                .step_by(per_block)
                .zip(lanes.to_le_bytes())
            {
                *sample = lanes;
            }
        }
        blocks += TOGETHER;
    }
    blocks
}

/// The bits that the bytes of each window have in common, in its lowest byte.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn common((low, high): (__m512i, __m512i), index: __m512i) -> __m512i {
    let bits = _mm512_permutex2var_epi8(low, index, high);
    let both = _mm512_and_si512(bits, _mm512_srli_epi32::<16>(bits));
    _mm512_and_si512(both, _mm512_srli_epi32::<8>(both))
}
