//! Lists places 16 at a time: the bits of words in, those of them out where a
//! pattern may begin.

use std::arch::x86_64::{
    __m128i, __m512i, _mm_cvtsi32_si128, _mm512_add_epi32, _mm512_and_si512,
    _mm512_castsi512_si128, _mm512_cmpneq_epu32_mask, _mm512_cvtepu8_epi32, _mm512_i32gather_epi32,
    _mm512_loadu_si512, _mm512_mask_cmple_epu32_mask, _mm512_mask_i32gather_epi32,
    _mm512_maskz_compress_epi8, _mm512_maskz_compress_epi32, _mm512_mullo_epi32, _mm512_or_si512,
    _mm512_permutexvar_epi32, _mm512_set_epi64, _mm512_set1_epi8, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_shuffle_i32x4, _mm512_srl_epi32, _mm512_srli_epi32,
    _mm512_srlv_epi32, _mm512_storeu_si512, _mm512_test_epi32_mask,
};

use super::{AT_A_TIME, avx512::load};
use crate::fingerprint::{BLOCK, Hashes, MULTIPLIER, Windows, numbers_bits};

/// Lists the bits of words.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) fn places(words: &[u64], places: &mut [u32]) -> usize {
    let numbers: [u8; BLOCK] = const {
        let mut numbers = [0; BLOCK];
        let mut at = 0;
        while at < BLOCK {
            numbers[at] = at as u8;
            at += 1;
        }
        numbers
    };
    let numbers = load(&numbers);
    let mut count = 0;
    for (&word, start) in words.iter().zip((0..).step_by(BLOCK)) {
        let mut bits = _mm512_maskz_compress_epi8(word, numbers);
        let of_word = word.count_ones() as usize;
        let mut written = 0;
        // Mostly there are a few; so as many as go at once are written.
        loop {
            let sixteen = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(bits));
            let sixteen = _mm512_add_epi32(sixteen, _mm512_set1_epi32(start));
            let places = places.get_mut(count + written..);
            let Some(place) = places.and_then(|places| places.first_chunk_mut()) else {
                break;
            };
            store(place, sixteen);
            written += AT_A_TIME;
            if written >= of_word {
                break;
            }
            bits = _mm512_shuffle_i32x4::<0b11_11_10_01>(bits, bits);
        }
        count += of_word;
    }
    count
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn store(places: &mut [u32; AT_A_TIME], sixteen: __m512i) {
    #[allow(unsafe_code, reason = "a store to a reference")]
    // SAFETY: the array has the 64 bytes that are stored, and need not be aligned.
    unsafe {
        _mm512_storeu_si512(places.as_mut_ptr().cast(), sixteen);
    }
}

/// Of the first `count` places of a text, which count from `start` on, keeps
/// those with all bytes of a window that is admitted; answers how many remain.
/// What stood behind the first `count` may be lost.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) fn admitted(
    windows: &Windows,
    text: &[u8],
    start: usize,
    places: &mut [u32],
    count: usize,
) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let Some(last) = rest.len().checked_sub(size_of::<u32>()) else {
        return 0;
    };
    let last = _mm512_set1_epi32(i32::try_from(last).unwrap_or(i32::MAX));
    let has_three = !windows.three.is_empty();
    let (four, three) = (Table::new(&windows.four), Table::new(&windows.three));
    let short = short(windows);
    let mut kept = 0;
    for at in (0..count).step_by(AT_A_TIME) {
        let Some(here) = places.get(at..).and_then(|places| places.first_chunk()) else {
            break;
        };
        let here = load_places(here);
        let lanes = u16::MAX >> AT_A_TIME.saturating_sub(count - at);
        let lanes = _mm512_mask_cmple_epu32_mask(lanes, here, last);
        #[allow(unsafe_code, reason = "look-ups at bounded indexes")]
        // SAFETY: four bytes of the text are there at the places that are
        // looked up, as they are not beyond the last one, nor negative.
        let bytes = unsafe {
            let zeros = _mm512_setzero_si512();
            _mm512_mask_i32gather_epi32::<1>(zeros, lanes, here, rest.as_ptr().cast())
        };
        let folded = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
        let word = _mm512_permutexvar_epi32(_mm512_srli_epi32::<5>(bytes), short);
        let mut bits = _mm512_or_si512(four.look_up(folded), low_bit(word, bytes));
        if has_three {
            let folded = _mm512_and_si512(folded, _mm512_set1_epi32(0x00FF_FFFF));
            bits = _mm512_or_si512(bits, three.look_up(folded));
        }
        // What is not ASCII is admitted; but not where it is not a letter's start.
        let beyond = _mm512_and_si512(bytes, _mm512_set1_epi32(0x8080_8080_u32.cast_signed()));
        let is_admitted = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(1))
            | _mm512_test_epi32_mask(beyond, beyond);
        let head = _mm512_and_si512(bytes, _mm512_set1_epi32(0xC0));
        let is_start = _mm512_cmpneq_epu32_mask(head, _mm512_set1_epi32(0x80));
        let lanes = lanes & is_admitted & is_start;
        if let Some(to) = places.get_mut(kept..).and_then(|to| to.first_chunk_mut()) {
            store(to, _mm512_maskz_compress_epi32(lanes, here));
        }
        kept += lanes.count_ones() as usize;
    }
    kept
}

/// The bits of the first bytes, once in each half.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn short(windows: &Windows) -> __m512i {
    let [first, second, third, fourth] = windows.short.map(u64::cast_signed);
    _mm512_set_epi64(fourth, third, second, first, fourth, third, second, first)
}

/// The bits of hashes, which [`Table::look_up`] may look up.
struct Table<'h> {
    bits: &'h [u8],
    shift: __m128i,
}

impl<'h> Table<'h> {
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn new(hashes: &'h Hashes) -> Table<'h> {
        // Every hash, shifted so far, numbers a bit of the table.
        let bits = hashes.bits.len() * 64;
        assert!(numbers_bits(hashes.shift, bits));
        Table {
            bits: hashes.bits.bytes(),
            shift: _mm_cvtsi32_si128(hashes.shift.into()),
        }
    }

    /// The lowest bit of each lane is that of its window.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn look_up(&self, windows: __m512i) -> __m512i {
        let multiplier = _mm512_set1_epi32(MULTIPLIER.cast_signed());
        let bit = _mm512_srl_epi32(_mm512_mullo_epi32(windows, multiplier), self.shift);
        #[allow(unsafe_code, reason = "look-ups at bounded indexes")]
        // SAFETY: a bit's number is below the number of bits, as was asserted,
        // so that its word, of 32 bits, is one of the table.
        let words = unsafe {
            _mm512_i32gather_epi32::<4>(_mm512_srli_epi32::<5>(bit), self.bits.as_ptr().cast())
        };
        low_bit(words, bit)
    }
}

/// Words of 32 bits, shifted so that the bit of this number is the lowest.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn low_bit(words: __m512i, bit: __m512i) -> __m512i {
    _mm512_srlv_epi32(words, _mm512_and_si512(bit, _mm512_set1_epi32(31)))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn load_places(places: &[u32; AT_A_TIME]) -> __m512i {
    #[allow(unsafe_code, reason = "a load from a reference")]
    // SAFETY: the array has the 64 bytes that are loaded, and need not be aligned.
    unsafe {
        _mm512_loadu_si512(places.as_ptr().cast())
    }
}
