//! Judges positions many at a time: the same bits as [`Fingerprint::block`], sooner.
//!
//! The one place of this crate with `unsafe`: calls of functions that need
//! instructions which were looked for just before, loads from arrays that are
//! as long, and look-ups at indexes that a table's length bounds. Where the
//! instructions are missing, the plain versions run. Tests hold the two to the
//! same bits.

use crate::{
    fingerprint::{BLOCK, Fingerprint, Window},
    literals::{Sieve, WINDOW},
};

/// Judges whole blocks: `words` of them, from `start` on. Before the first and
/// after the last there are as many bytes as a [`Window`] has.
pub(crate) fn judge(fingerprint: &Fingerprint, text: &[u8], start: usize, words: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "the instructions are there")]
        // SAFETY: the processor has AVX2.
        return unsafe { avx2::judge(fingerprint, text, start, words) };
    }
    plain(fingerprint, text, start, words);
}

/// Judges one block.
pub(crate) fn block(fingerprint: &Fingerprint, window: &Window) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "the instructions are there")]
        // SAFETY: the processor has AVX2.
        return unsafe { avx2::block(fingerprint, window) };
    }
    fingerprint.block(window)
}

/// How many bytes are sifted at a time.
pub(crate) const SIFTED: usize = 32;

/// How many bytes more than that are read.
const BEYOND: usize = WINDOW - 1;

/// Looks up the windows of whole blocks of a text: for each block, and for each
/// step within four bytes, a bit for each four bytes. Answers how many blocks
/// there are.
pub(crate) fn sift(sieve: &Sieve, text: &[u8], samples: &mut Vec<u8>) -> usize {
    let blocks = text.len().saturating_sub(BEYOND) / SIFTED;
    samples.clear();
    samples.resize(blocks * WINDOW / sieve.step, 0);
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "the instructions are there")]
        // SAFETY: the processor has AVX2.
        unsafe {
            avx2::sift(sieve, text, samples);
        }
        return blocks;
    }
    sift_plainly(sieve, text, samples);
    blocks
}

fn sift_plainly(sieve: &Sieve, text: &[u8], samples: &mut [u8]) {
    for (samples, block) in samples.chunks_mut(WINDOW / sieve.step).zip(sifted(text)) {
        for (step, sample) in samples.iter_mut().enumerate() {
            *sample = (0..8).fold(0, |bits, lane| {
                let at = step * sieve.step + lane * WINDOW;
                let window = std::array::from_fn(|byte| block[at + byte]);
                bits | u8::from(sieve.admits(window)) << lane
            });
        }
    }
}

/// The blocks of a text, each with the bytes beyond it.
fn sifted(text: &[u8]) -> impl Iterator<Item = &[u8; SIFTED + BEYOND]> {
    (0..)
        .step_by(SIFTED)
        .map_while(|at| text.get(at..)?.first_chunk())
}

fn plain(fingerprint: &Fingerprint, text: &[u8], start: usize, words: &mut [u64]) {
    for (word, window) in words.iter_mut().zip(windows(text, start)) {
        *word = fingerprint.block(window);
    }
}

/// The windows of the blocks from `start` on.
fn windows(text: &[u8], start: usize) -> impl Iterator<Item = &Window> {
    let rest = text.get(start.wrapping_sub(1)..).unwrap_or_default();
    (0..)
        .step_by(BLOCK)
        .map_while(|at| rest.get(at..)?.first_chunk())
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm_cvtsi32_si128, _mm_loadu_si128, _mm256_and_si256, _mm256_andnot_si256,
        _mm256_broadcastsi128_si256, _mm256_castsi256_ps, _mm256_cmpeq_epi8,
        _mm256_i32gather_epi32, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_movemask_ps,
        _mm256_mullo_epi32, _mm256_or_si256, _mm256_set1_epi8, _mm256_set1_epi32,
        _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_sllv_epi32, _mm256_srl_epi32,
        _mm256_srli_epi16, _mm256_srli_epi32, _mm256_sub_epi32,
    };

    use super::{BEYOND, Fingerprint, SIFTED, Sieve, Window, sifted, windows};
    use crate::{
        fingerprint::{BLOCK, Halves, WINDOW},
        literals::MULTIPLIER,
    };

    /// Steps of one, two and four bytes are loops of their own.
    #[target_feature(enable = "avx2")]
    pub(super) fn sift(sieve: &Sieve, text: &[u8], samples: &mut [u8]) {
        match sieve.step {
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
        assert!(bits.is_power_of_two() && sieve.shift == 32 - bits.trailing_zeros());
        let shift = _mm_cvtsi32_si128(sieve.shift.cast_signed());
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
                        sieve.bits.as_ptr().cast(),
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
        bytes: [(__m256i, __m256i); 3],
        before: (__m256i, __m256i),
        anywhere: __m256i,
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn judge(fingerprint: &Fingerprint, text: &[u8], start: usize, words: &mut [u64]) {
        let tables = tables(fingerprint);
        for (word, window) in words.iter_mut().zip(windows(text, start)) {
            *word = both_halves(&tables, window);
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn block(fingerprint: &Fingerprint, window: &Window) -> u64 {
        both_halves(&tables(fingerprint), window)
    }

    #[target_feature(enable = "avx2")]
    fn tables(fingerprint: &Fingerprint) -> Tables {
        Tables {
            bytes: [
                halves(&fingerprint.bytes[0]),
                halves(&fingerprint.bytes[1]),
                halves(&fingerprint.bytes[2]),
            ],
            before: halves(&fingerprint.before),
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
        let before = bits(tables.before, load::<AT, 0>(window));
        let zero = _mm256_setzero_si256();
        let refused = _mm256_andnot_si256(tables.anywhere, _mm256_cmpeq_epi8(before, zero));
        let all = _mm256_and_si256(_mm256_and_si256(first, second), third);
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::{DEPTH, Halves, Windows};

    fn draw(random: &mut fastrand::Rng) -> Fingerprint {
        let mut table = |ones: u32| {
            std::array::from_fn(|_| (0..ones).fold(0xFF, |bits: u8, _| bits & random.u8(..)))
        };
        let mut halves = || Halves {
            low: table(1),
            high: table(1),
        };
        Fingerprint {
            bytes: [halves(), halves(), halves()],
            before: halves(),
            anywhere: 0x11,
            windows: Windows::new(&[], &[], [0; 4]),
        }
    }

    #[test]
    fn the_fast_version_and_the_plain_one_agree_at_every_length_and_place() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..8 {
            let fingerprint = draw(&mut random);
            for length in 0..260 {
                let place = random.usize(..32);
                let bytes: Vec<u8> = (0..place + length).map(|_| random.u8(..)).collect();
                let text = &bytes[place..];
                for from in [0, 1, length / 2, length.saturating_sub(1)] {
                    let mut words = vec![0; length.div_ceil(BLOCK) + 1];
                    let written = fingerprint.judge(text, from, &mut words);
                    assert_eq!(written, length.saturating_sub(from).div_ceil(BLOCK));
                    for at in from..length {
                        let byte = |at: usize| text.get(at).copied().unwrap_or(0);
                        let before = at.checked_sub(1).map_or(0, byte);
                        let bytes: [u8; DEPTH] = std::array::from_fn(|beyond| byte(at + beyond));
                        let expected = at == 0 || fingerprint.admits(before, bytes);
                        let bit = words[(at - from) / BLOCK] >> ((at - from) % BLOCK) & 1 == 1;
                        assert_eq!(bit, expected, "length {length}, from {from}, at {at}");
                    }
                    let beyond = (from..length).len() % BLOCK;
                    if beyond != 0 {
                        assert_eq!(words[written - 1] >> beyond, 0, "nothing beyond the end");
                    }
                }
            }
        }
    }

    #[test]
    fn windows_are_sifted_alike_at_every_length_and_step() {
        let mut random = fastrand::Rng::with_seed(4);
        for step in [1, 2, 4] {
            for length in 0..300 {
                let bits: Box<[u32]> = (0..128).map(|_| random.u32(..)).collect();
                let sieve = Sieve {
                    bits,
                    shift: 32 - 12,
                    step,
                };
                let bytes: Vec<u8> = (0..length + 3).map(|_| random.u8(..)).collect();
                let text = &bytes[random.usize(..4)..];
                let (mut fast, mut slow) = (Vec::new(), Vec::new());
                let blocks = sift(&sieve, text, &mut fast);
                slow.resize(fast.len(), 0);
                sift_plainly(&sieve, text, &mut slow);
                assert_eq!(fast, slow, "step {step}, length {}", text.len());
                assert_eq!(blocks * WINDOW / step, fast.len());
            }
        }
    }

    #[test]
    fn whole_blocks_agree_with_the_plain_version() {
        let mut random = fastrand::Rng::with_seed(2);
        let text: Vec<u8> = (0..1000).map(|_| random.u8(..)).collect();
        let fingerprint = draw(&mut random);
        let (mut fast, mut slow) = ([0; 10], [0; 10]);
        judge(&fingerprint, &text, 7, &mut fast);
        plain(&fingerprint, &text, 7, &mut slow);
        assert_eq!(fast, slow);
    }

    #[test]
    #[ignore = "for checks that would check nothing without"]
    #[cfg(target_arch = "x86_64")]
    fn the_instructions_are_there() {
        assert!(is_x86_feature_detected!("avx2"));
    }
}
