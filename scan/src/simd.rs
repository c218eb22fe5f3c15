//! Judges positions many at a time: the same bits as [`Fingerprint::block`], sooner.
//!
//! The one place of this crate with `unsafe`: a call of a function that needs
//! instructions which were looked for just before, and loads of 32 bytes from
//! arrays that are longer. Where the instructions are missing, the plain
//! version runs. A test holds the two to the same bits.

#[cfg(target_arch = "x86_64")]
use crate::fingerprint::{BLOCK, WINDOW};
use crate::fingerprint::{Fingerprint, Window};

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

fn plain(fingerprint: &Fingerprint, text: &[u8], start: usize, words: &mut [u64]) {
    for (word, window) in words.iter_mut().zip(windows(text, start)) {
        *word = fingerprint.block(window);
    }
}

/// The windows of the blocks from `start` on.
fn windows(text: &[u8], start: usize) -> impl Iterator<Item = &Window> {
    let rest = text.get(start.wrapping_sub(1)..).unwrap_or_default();
    (0..)
        .step_by(crate::fingerprint::BLOCK)
        .map_while(|at| rest.get(at..)?.first_chunk())
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_andnot_si256,
        _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
        _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    };

    use super::{BLOCK, Fingerprint, WINDOW, Window, windows};
    use crate::fingerprint::Halves;

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
    use crate::fingerprint::{BLOCK, DEPTH, Halves, Windows};

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
            windows: Windows::new(None, [0; 4]),
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
    fn whole_blocks_agree_with_the_plain_version() {
        let mut random = fastrand::Rng::with_seed(2);
        let text: Vec<u8> = (0..1000).map(|_| random.u8(..)).collect();
        let fingerprint = draw(&mut random);
        let (mut fast, mut slow) = ([0; 10], [0; 10]);
        judge(&fingerprint, &text, 7, &mut fast);
        plain(&fingerprint, &text, 7, &mut slow);
        assert_eq!(fast, slow);
    }
}
