//! Lists places 16 at a time: the bits of words in, those of them out where a
//! letter starts and a pattern may begin.

use std::arch::x86_64::{
    __m128i, __m512i, _mm_cvtsi32_si128, _mm512_add_epi8, _mm512_add_epi32, _mm512_and_si512,
    _mm512_castsi512_si128, _mm512_cmpge_epu32_mask, _mm512_cmpneq_epu32_mask,
    _mm512_cvtepu8_epi32, _mm512_loadu_si512, _mm512_mask_blend_epi8, _mm512_mask_expand_epi8,
    _mm512_mask_i32gather_epi32, _mm512_maskz_compress_epi8, _mm512_maskz_compress_epi32,
    _mm512_min_epu32, _mm512_movepi8_mask, _mm512_mullo_epi32, _mm512_or_si512,
    _mm512_permutex2var_epi8, _mm512_permutexvar_epi8, _mm512_permutexvar_epi32, _mm512_set_epi64,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_shuffle_i32x4,
    _mm512_slli_epi32, _mm512_srl_epi32, _mm512_srli_epi32, _mm512_srlv_epi32, _mm512_storeu_si512,
    _mm512_sub_epi32, _mm512_test_epi32_mask,
};

use super::{
    AT_A_TIME,
    avx512::{load, some},
};
use crate::fingerprint::{BLOCK, DEPTH, Hashes, MULTIPLIER, Windows, numbers_bits};

/// The numbers of all bits of a word, as bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn numbers() -> __m512i {
    let numbers: [u8; BLOCK] = const {
        let mut numbers = [0; BLOCK];
        let mut at = 0;
        while at < BLOCK {
            numbers[at] = at as u8;
            at += 1;
        }
        numbers
    };
    load(&numbers)
}

/// The first sixteen of bytes as places, which count on from a first one.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn sixteen(numbers: __m512i, first: i32) -> __m512i {
    let sixteen = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(numbers));
    _mm512_add_epi32(sixteen, _mm512_set1_epi32(first))
}

/// Writes the bits of a word behind the first `count` places, which count on from
/// a first one; answers how many places there are then.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) fn append(word: u64, first: i32, places: &mut [u32], count: usize) -> usize {
    let mut numbers = _mm512_maskz_compress_epi8(word, numbers());
    let of_word = word.count_ones() as usize;
    let mut written = 0;
    // Mostly there are a few; so as many as go at once are written.
    while let Some(behind) = places.get_mut(count + written..) {
        let Some(place) = behind.first_chunk_mut() else {
            break;
        };
        store(place, sixteen(numbers, first));
        written += AT_A_TIME;
        if written >= of_word {
            break;
        }
        numbers = _mm512_shuffle_i32x4::<0b11_11_10_01>(numbers, numbers);
    }
    count + of_word
}

/// Places in a register.
pub(super) struct Held {
    places: __m512i,
    /// How many there are, or were to be.
    count: usize,
}

impl Held {
    #[target_feature(enable = "avx512f")]
    pub(super) fn nothing() -> Held {
        Held {
            places: _mm512_setzero_si512(),
            count: 0,
        }
    }

    /// Holds the bits of a word too, as far as there is room; they count on from
    /// a first one.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
    pub(super) fn append(&mut self, word: u64, first: usize) {
        let room = u64::MAX << (self.count & 63);
        let places = _mm512_add_epi8(numbers(), _mm512_set1_epi8(first as i8));
        let places = _mm512_maskz_compress_epi8(word, places);
        self.places = _mm512_mask_expand_epi8(self.places, room, places);
        self.count += word.count_ones() as usize;
    }

    /// As [`admitted`] of these; none where there was no room for all. Each is less
    /// than 253, or the text has at most 256 bytes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
    pub(super) fn admitted(
        self,
        windows: &Windows,
        rest: &[u8],
        places: &mut [u32],
    ) -> Option<usize> {
        if self.count > AT_A_TIME {
            return None;
        }
        let here = sixteen(self.places, 0);
        let admitting = Admitting::new(windows, rest)?;
        let lanes = admitting.admit(here, self.windows(rest), lanes(self.count));
        store(
            places.first_chunk_mut()?,
            _mm512_maskz_compress_epi32(lanes, here),
        );
        Some(lanes.count_ones() as usize)
    }

    /// The windows at its first sixteen, of a text's first 256 bytes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn windows(&self, rest: &[u8]) -> __m512i {
        let four_times: [u8; BLOCK] = const {
            let mut numbers = [0; BLOCK];
            let mut at = 0;
            while at < BLOCK {
                numbers[at] = (at / DEPTH) as u8;
                at += 1;
            }
            numbers
        };
        let starts = _mm512_permutexvar_epi8(load(&four_times), self.places);
        let bytes = _mm512_add_epi8(starts, _mm512_set1_epi32(0x0302_0100));
        let (blocks, end) = rest.as_chunks::<BLOCK>();
        let mut of_text = [_mm512_setzero_si512(); 4];
        for (at, to) in of_text.iter_mut().enumerate() {
            *to = match blocks.get(at) {
                Some(block) => load(block),
                None if at == blocks.len() => some::<0>(end),
                None => _mm512_setzero_si512(),
            };
        }
        let [first, second, third, fourth] = of_text;
        let low = _mm512_permutex2var_epi8(first, bytes, second);
        let high = _mm512_permutex2var_epi8(third, bytes, fourth);
        _mm512_mask_blend_epi8(_mm512_movepi8_mask(bytes), low, high)
    }
}

/// So many lanes.
fn lanes(count: usize) -> u16 {
    let missing = AT_A_TIME.saturating_sub(count) as u32;
    u16::MAX.checked_shr(missing).unwrap_or(0)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn store(places: &mut [u32; AT_A_TIME], sixteen: __m512i) {
    #[allow(unsafe_code, reason = "a store to a reference")]
    // SAFETY: the array has the 64 bytes that are stored, and need not be aligned.
    unsafe {
        _mm512_storeu_si512(places.as_mut_ptr().cast(), sixteen);
    }
}

/// Of the first `count` places in the rest of a text keeps those where a letter
/// starts and a pattern may begin; answers how many remain. What stood behind the
/// first `count` may be lost.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) fn admitted(windows: &Windows, rest: &[u8], places: &mut [u32], count: usize) -> usize {
    let (Some(admitting), Some(gather)) = (Admitting::new(windows, rest), Gather::new(rest)) else {
        return super::admitted_plainly(windows, rest, places, count);
    };
    let mut kept = 0;
    for at in (0..count).step_by(AT_A_TIME) {
        let Some(here) = places.get(at..).and_then(|places| places.first_chunk()) else {
            break;
        };
        let here = load_places(here);
        let lanes = lanes(count - at);
        let lanes = admitting.admit(here, gather.windows(here, lanes), lanes);
        if let Some(to) = places.get_mut(kept..).and_then(|to| to.first_chunk_mut()) {
            store(to, _mm512_maskz_compress_epi32(lanes, here));
        }
        kept += lanes.count_ones() as usize;
    }
    kept
}

/// The windows of a text.
struct Gather<'t> {
    rest: &'t [u8],
    /// The last place with all bytes of a window, in each lane.
    last: __m512i,
}

impl<'t> Gather<'t> {
    /// None where the text has none, or is longer than lanes can number.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(rest: &'t [u8]) -> Option<Gather<'t>> {
        let last = i32::try_from(rest.len().checked_sub(DEPTH)?).ok()?;
        Some(Gather {
            rest,
            last: _mm512_set1_epi32(last),
        })
    }

    /// Those at these lanes of places.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn windows(&self, here: __m512i, lanes: u16) -> __m512i {
        // Of the last bytes of a text, which are less than a window, those before
        // them are shifted out.
        let whole = _mm512_min_epu32(here, self.last);
        #[allow(unsafe_code, reason = "look-ups at bounded indexes")]
        // SAFETY: four bytes of the text are there at the places that are
        // looked up, as they are not beyond the last one, nor negative.
        let bytes = unsafe {
            let zeros = _mm512_setzero_si512();
            _mm512_mask_i32gather_epi32::<1>(zeros, lanes, whole, self.rest.as_ptr().cast())
        };
        let beyond = _mm512_sub_epi32(here, whole);
        _mm512_srlv_epi32(bytes, _mm512_slli_epi32::<3>(beyond))
    }
}

/// What admits places of a text.
struct Admitting<'a> {
    /// How many places have all bytes of a window, in each lane.
    whole: __m512i,
    four: Table<'a>,
    /// Where there are any.
    three: Option<Table<'a>>,
    short: __m512i,
}

impl<'a> Admitting<'a> {
    /// None where the text is longer than lanes can number.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn new(windows: &'a Windows, rest: &[u8]) -> Option<Admitting<'a>> {
        let whole = rest.len().saturating_sub(DEPTH - 1);
        Some(Admitting {
            whole: _mm512_set1_epi32(i32::try_from(whole).ok()?),
            four: Table::new(&windows.four),
            three: if windows.three.is_empty() {
                None
            } else {
                Some(Table::new(&windows.three))
            },
            short: short(windows),
        })
    }

    /// Of these lanes of places, where these windows are, those that are admitted.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn admit(&self, here: __m512i, bytes: __m512i, lanes: u16) -> u16 {
        let folded = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
        let word = _mm512_permutexvar_epi32(_mm512_srli_epi32::<5>(bytes), self.short);
        let mut bits = _mm512_or_si512(self.four.look_up(folded, lanes), low_bit(word, bytes));
        if let Some(three) = &self.three {
            let folded = _mm512_and_si512(folded, _mm512_set1_epi32(0x00FF_FFFF));
            bits = _mm512_or_si512(bits, three.look_up(folded, lanes));
        }
        // What is no window, or not ASCII, is admitted; but not where it is not a
        // letter's start.
        let is_cut = _mm512_cmpge_epu32_mask(here, self.whole);
        let beyond = _mm512_set1_epi32(0x8080_8080_u32.cast_signed());
        let is_admitted = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(1))
            | _mm512_test_epi32_mask(bytes, beyond)
            | is_cut;
        let head = _mm512_and_si512(bytes, _mm512_set1_epi32(0xC0));
        let is_start = _mm512_cmpneq_epu32_mask(head, _mm512_set1_epi32(0x80));
        lanes & is_admitted & is_start
    }
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
    fn look_up(&self, windows: __m512i, lanes: u16) -> __m512i {
        let multiplier = _mm512_set1_epi32(MULTIPLIER.cast_signed());
        let bit = _mm512_srl_epi32(_mm512_mullo_epi32(windows, multiplier), self.shift);
        #[allow(unsafe_code, reason = "look-ups at bounded indexes")]
        // SAFETY: a bit's number is below the number of bits, as was asserted,
        // so that its word, of 32 bits, is one of the table.
        let words = unsafe {
            _mm512_mask_i32gather_epi32::<4>(
                _mm512_setzero_si512(),
                lanes,
                _mm512_srli_epi32::<5>(bit),
                self.bits.as_ptr().cast(),
            )
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
