//! Judges positions many at a time: the bits of [`Fingerprint::block`], sooner;
//! or, by halves of bytes, those of [`Fingerprint::block_by_halves`], which are
//! more.
//!
//! The one place of this crate with `unsafe`: calls of functions that need
//! instructions which were looked for just before, loads from arrays that are
//! as long, and look-ups at indexes that a table's length bounds. Where the
//! instructions are missing, the plain versions run. Tests hold the two to the
//! same bits.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

use crate::{
    fingerprint::{Blocks, Fingerprint, Window},
    literals::{Sieve, WINDOW},
};

/// Judges blocks of a text from a place on, a word a block.
pub(crate) fn judge(fingerprint: &Fingerprint, text: &[u8], from: usize, words: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_there() {
        #[allow(unsafe_code, reason = "the instructions are there")]
        // SAFETY: the processor has what this function needs.
        return unsafe { avx512::judge(fingerprint, text, from, words) };
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "the instructions are there")]
        // SAFETY: the processor has AVX2.
        return unsafe { avx2::judge(fingerprint, text, from, words) };
    }
    plain(fingerprint, text, from, words);
}

fn plain(fingerprint: &Fingerprint, text: &[u8], from: usize, words: &mut [u64]) {
    for (at, window) in Blocks::new(text, from, words.len()).windows() {
        if let Some(word) = words.get_mut(at) {
            *word = fingerprint.block(window);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::{BLOCK, Halves, Windows};

    fn draw(random: &mut fastrand::Rng) -> Fingerprint {
        let mut halves = || Halves {
            low: std::array::from_fn(|_| random.u8(..)),
            high: std::array::from_fn(|_| random.u8(..)),
        };
        let by_halves = std::array::from_fn(|_| halves());
        let before_by_halves = halves();
        let mut lookup = || std::array::from_fn(|_| random.u8(..) | random.u8(..));
        Fingerprint {
            bytes: std::array::from_fn(|_| lookup()),
            before: lookup(),
            by_halves,
            before_by_halves,
            anywhere: 0x11,
            windows: Windows::new(&[], &[], [0; 4]),
        }
    }

    /// Judges one block as the processor does.
    fn block(fingerprint: &Fingerprint, window: &Window) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if !avx512::is_there() && is_x86_feature_detected!("avx2") {
            return fingerprint.block_by_halves(window);
        }
        fingerprint.block(window)
    }

    #[test]
    fn every_position_of_a_text_is_judged_by_what_stands_around_it() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..8 {
            let fingerprint = draw(&mut random);
            for length in 0..260 {
                let place = random.usize(..32);
                let most = if random.bool() { 127 } else { 255 };
                let bytes: Vec<u8> = (0..place + length).map(|_| random.u8(..=most)).collect();
                let text = &bytes[place..];
                for from in [0, 1, length / 2, length.saturating_sub(1)] {
                    let mut words = vec![u64::MAX; length.div_ceil(BLOCK) + 1];
                    let written = fingerprint.judge(text, from, &mut words);
                    assert_eq!(written, length.saturating_sub(from).div_ceil(BLOCK));
                    for (at, word) in words.iter().enumerate().take(written) {
                        let start = from + at * BLOCK;
                        let window: Window = std::array::from_fn(|byte| {
                            let place = (start + byte).checked_sub(1);
                            place
                                .and_then(|place| text.get(place))
                                .copied()
                                .unwrap_or(0)
                        });
                        let here = (length - start).min(BLOCK);
                        let expected = block(&fingerprint, &window) & (u64::MAX >> (BLOCK - here));
                        let expected = expected | u64::from(start == 0);
                        assert_eq!(*word, expected, "length {length}, from {from}, word {at}");
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
    fn every_version_agrees_with_its_plain_twin_block_by_block() {
        let mut random = fastrand::Rng::with_seed(2);
        for _ in 0..200 {
            let fingerprint = draw(&mut random);
            let ascii = if random.bool() { 127 } else { 255 };
            let text: Vec<u8> = (0..1000).map(|_| random.u8(..=ascii)).collect();
            let text = &text[..random.usize(..1000)];
            let from = random.usize(..=text.len());
            let count = (text.len() - from).div_ceil(BLOCK);
            let (mut plain_words, mut halves) = (vec![0; count], vec![0; count]);
            let mut words = vec![0; count];
            for (at, window) in Blocks::new(text, from, count).windows() {
                plain_words[at] = fingerprint.block(window);
                halves[at] = fingerprint.block_by_halves(window);
            }
            plain(&fingerprint, text, from, &mut words);
            assert_eq!(words, plain_words);
            #[cfg(target_arch = "x86_64")]
            if avx512::is_there() {
                #[allow(unsafe_code, reason = "the instructions are there")]
                // SAFETY: the processor has what this function needs.
                unsafe {
                    avx512::judge(&fingerprint, text, from, &mut words);
                }
                assert_eq!(words, plain_words);
            }
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                #[allow(unsafe_code, reason = "the instructions are there")]
                // SAFETY: the processor has AVX2.
                unsafe {
                    avx2::judge(&fingerprint, text, from, &mut words);
                }
                assert_eq!(words, halves);
            }
        }
    }

    #[test]
    #[ignore = "for checks that would check nothing without"]
    #[cfg(target_arch = "x86_64")]
    fn the_instructions_are_there() {
        assert!(is_x86_feature_detected!("avx2"));
    }
}
