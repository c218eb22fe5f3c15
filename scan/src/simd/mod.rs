//! Judges positions many at a time: the bits of [`Fingerprint::block`], sooner;
//! or, by halves of bytes, those of [`Fingerprint::block_by_halves`], which are
//! more.
//!
//! The one place of this crate with `unsafe`: calls of functions that need
//! instructions which were looked for just before, loads from arrays that are
//! as long and stores to them, loads of the lanes that are there alone, and
//! look-ups at indexes that the length of a table or a text bounds. Where the
//! instructions are missing, the plain versions run. Tests hold the two to the
//! same bits.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod listed;
#[cfg(target_arch = "x86_64")]
use crate::fingerprint::{Blocks, DEPTH, Fingerprint, Window, Windows};

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

/// How many places are written at a time, whether there are as many or not.
const AT_A_TIME: usize = 16;

/// How many places there have to be room for, for so many words.
pub(crate) const fn room(words: usize) -> usize {
    words * u64::BITS as usize + AT_A_TIME
}

/// Lists the bits of words, rising; answers how many there are. What stands
/// behind them in `places`, which has [`room`] for all, does not matter.
pub(crate) fn places(words: &[u64], places: &mut [u32]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_there() {
        #[allow(unsafe_code, reason = "the instructions are there")]
        // SAFETY: the processor has what this function needs.
        return unsafe { listed::places(words, places) };
    }
    places_plainly(words, places)
}

fn places_plainly(words: &[u64], places: &mut [u32]) -> usize {
    let mut count = 0;
    for (&word, start) in words.iter().zip((0..).step_by(u64::BITS as usize)) {
        let mut left = word;
        while left != 0 {
            if let Some(place) = places.get_mut(count) {
                *place = start + left.trailing_zeros();
            }
            left &= left - 1;
            count += 1;
        }
    }
    count
}

/// So many places are looked at one by one sooner than together.
#[cfg(target_arch = "x86_64")]
const FEW: usize = 8;

/// Of the first `count` places of a text, which rise and count from `start` on,
/// keeps those where a letter starts and a pattern may begin; answers how many
/// remain.
pub(crate) fn admitted(
    windows: &Windows,
    text: &[u8],
    start: usize,
    places: &mut [u32],
    count: usize,
) -> usize {
    #[cfg(target_arch = "x86_64")]
    if count > FEW && avx512::is_there() {
        // The last bytes of a text are less than a window.
        let whole = text.len().saturating_sub(start + DEPTH - 1);
        let count = count.min(places.len());
        let is_whole = |place: &u32| (*place as usize) < whole;
        let all = places.get(..count).unwrap_or_default();
        let far = all.iter().rev().take_while(|place| !is_whole(place));
        let near = count - far.count();
        let mut beyond = [0; DEPTH - 1];
        let mut others = 0;
        for (to, place) in beyond.iter_mut().zip(all.get(near..).unwrap_or_default()) {
            *to = *place;
            others += 1;
        }
        #[allow(unsafe_code, reason = "the instructions are there")]
        // SAFETY: the processor has what this function needs.
        let mut kept = unsafe { listed::admitted(windows, text, start, places, near) };
        for &place in beyond.iter().take(others) {
            if let Some(to) = places.get_mut(kept) {
                *to = place;
            }
            kept += usize::from(is_admitted(windows, text, start + place as usize));
        }
        return kept;
    }
    admitted_plainly(windows, text, start, places, count)
}

fn admitted_plainly(
    windows: &Windows,
    text: &[u8],
    start: usize,
    places: &mut [u32],
    count: usize,
) -> usize {
    let mut kept = 0;
    for at in 0..count {
        let Some(&place) = places.get(at) else {
            break;
        };
        // The next one is put at the same place where this one is not kept:
        // whether it is cannot be foreseen, and a branch would guess.
        if let Some(to) = places.get_mut(kept) {
            *to = place;
        }
        kept += usize::from(is_admitted(windows, text, start + place as usize));
    }
    kept
}

#[inline]
fn is_admitted(windows: &Windows, text: &[u8], place: usize) -> bool {
    let is_start = text.get(place).is_some_and(|byte| byte & 0xC0 != 0x80);
    is_start & windows.admits(text, place)
}

#[cfg(all(test, feature = "build"))]
mod tests {
    use super::*;
    use crate::fingerprint::{BLOCK, Halves, folded};

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
    fn the_bits_of_words_are_listed_alike() {
        let mut random = fastrand::Rng::with_seed(5);
        for count in 0..40 {
            let mut draw = || match random.u8(..4) {
                0 => 0,
                1 => u64::MAX << random.u32(..64),
                2 => random.u64(..) & random.u64(..) & random.u64(..),
                _ => random.u64(..),
            };
            let words: Vec<u64> = (0..count).map(|_| draw()).collect();
            let (mut fast, mut slow) = (vec![0; room(count)], vec![0; room(count)]);
            let listed = places(&words, &mut fast);
            assert_eq!(listed, places_plainly(&words, &mut slow));
            assert_eq!(fast[..listed], slow[..listed]);
            let bits: u32 = words.iter().map(|word| word.count_ones()).sum();
            assert_eq!(listed, bits as usize);
            assert!(
                slow[..listed]
                    .iter()
                    .all(|&place| { words[place as usize / 64] >> (place % 64) & 1 == 1 })
            );
        }
    }

    #[test]
    fn places_are_admitted_alike() {
        let mut random = fastrand::Rng::with_seed(6);
        let mut kept = 0;
        for round in 0..300 {
            let most = if random.bool() { 127 } else { 255 };
            let text: Vec<u8> = (0..random.usize(..200))
                .map(|_| random.u8(..=most))
                .collect();
            let mut draw = |mask: u32| -> Vec<u32> {
                let known = text.windows(DEPTH).filter(|_| random.u8(..8) == 0);
                let known = known.map(|window| folded(*window.first_chunk().unwrap()) & mask);
                known.collect()
            };
            let (four, three) = (draw(u32::MAX), draw(0x00FF_FFFF));
            let three: &[u32] = if round % 2 == 0 { &three } else { &[] };
            let windows = Windows::new(&four, three, [0, 1 << 40, 0, 1 << 5]);
            let start = random.usize(..=text.len());
            let given: Vec<u32> = (0..text.len() - start)
                .filter(|_| random.bool())
                .map(|place| place as u32)
                .collect();
            let (mut fast, mut slow) = (given.clone(), given.clone());
            fast.resize(room(4), u32::MAX);
            let count = admitted(&windows, &text, start, &mut fast, given.len());
            let expected = admitted_plainly(&windows, &text, start, &mut slow, given.len());
            assert_eq!(fast[..count], slow[..expected]);
            kept += count;
        }
        assert!(kept > 1000, "{kept}");
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
