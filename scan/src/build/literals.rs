//! Plain texts ready to be searched together: texts in, tables out.

use std::collections::HashMap;

use super::ordinary;
use crate::{
    fingerprint::Hashes,
    literals::{Beside, Entry, Group, Literals, Near, Sieve, Slot, WINDOW, folded, hash, slot_of},
    stored::Words,
};

/// How many literals may be known by the same four bytes. Beyond it, looking at
/// them all would take too long.
const MOST_ALIKE: usize = 256;

struct Literal {
    number: u32,
    text: Box<[u8]>,
}

impl Literals {
    /// Makes literals ready, each called by a number. Those that are too short,
    /// or too much like many others, are answered by their positions.
    ///
    /// ```
    /// use agentos_scan::{Literals, Samples};
    ///
    /// let (literals, others) = Literals::new(&[(0, "drop table"), (1, "api_key"), (2, "rm")]);
    /// let mut found = [0];
    /// literals.scan(b"please DROP TABLE users", &mut Samples::default(), &mut found);
    /// assert_eq!((found, others), ([0b001], vec![2]));
    /// ```
    pub fn new(literals: &[(u32, &str)]) -> (Literals, Vec<usize>) {
        let mut others = Vec::new();
        let mut by_step: [Vec<(usize, Literal)>; 3] = Default::default();
        for (position, &(number, text)) in literals.iter().enumerate() {
            let group = match text.len() {
                ..WINDOW => {
                    others.push(position);
                    continue;
                }
                WINDOW => 0,
                5..7 => 1,
                _ => 2,
            };
            by_step[group].push((
                position,
                Literal {
                    number,
                    text: text.as_bytes().into(),
                },
            ));
        }
        let mut groups = Vec::new();
        for (literals, step) in by_step.into_iter().zip([1, 2, 4]) {
            let (group, unlike) = Group::new(literals, step);
            others.extend(unlike);
            groups.extend(group);
        }
        others.sort_unstable();
        (
            Literals {
                groups: groups.into(),
                is_ascii: literals.iter().all(|(_, text)| text.is_ascii()),
            },
            others,
        )
    }
}

impl Beside {
    fn new(text: &[u8], offset: usize) -> Beside {
        let at = |place: Option<usize>| {
            let window = place.and_then(|place| text.get(place..)?.first_chunk());
            window.copied().map(folded)
        };
        match (at(Some(offset + WINDOW)), at(offset.checked_sub(WINDOW))) {
            (Some(after), _) => Beside::After(after),
            (None, Some(before)) => Beside::Before(before),
            (None, None) => Beside::Nothing,
        }
    }
}

impl Entry {
    fn words(self) -> [u32; 4] {
        let (kind, window) = match self.beside {
            Beside::Nothing => (0, 0),
            Beside::After(window) => (1, window),
            Beside::Before(window) => (2, window),
        };
        [self.literal, self.offset, kind, window]
    }
}

impl Group {
    /// None where there are no literals; and the positions of those that are
    /// too much alike.
    fn new(literals: Vec<(usize, Literal)>, step: usize) -> (Option<Group>, Vec<usize>) {
        let mut used: HashMap<u32, u32> = HashMap::new();
        let mut entries: HashMap<u32, Vec<Entry>> = HashMap::new();
        let (mut kept, mut unlike): (Vec<Literal>, _) = (Vec::new(), Vec::new());
        for (_, literal) in &literals {
            for window in literal.text.windows(WINDOW) {
                *used.entry(window_of(window)).or_default() += 1;
            }
        }
        for (position, literal) in literals {
            let windows: Vec<u32> = literal.text.windows(WINDOW).map(window_of).collect();
            let cost = |places: &[u32]| -> f64 {
                places
                    .iter()
                    .map(|window| commonness(*window) * f64::from(used[window]))
                    .sum()
            };
            let is_free = |places: &[u32]| {
                places.iter().all(|window| {
                    entries
                        .get(window)
                        .is_none_or(|known| known.len() < MOST_ALIKE)
                })
            };
            let best = windows
                .windows(step)
                .enumerate()
                .filter(|(_, places)| is_free(places))
                .min_by(|(_, one), (_, other)| cost(one).total_cmp(&cost(other)));
            let Some((offset, places)) = best else {
                unlike.push(position);
                continue;
            };
            for (offset, &window) in (offset as u32..).zip(places) {
                let entry = Entry {
                    literal: kept.len() as u32,
                    offset,
                    beside: Beside::new(&literal.text, offset as usize),
                };
                entries.entry(window).or_default().push(entry);
            }
            kept.push(literal);
        }
        if kept.is_empty() {
            return (None, unlike);
        }
        let (mut starts, mut texts) = (Vec::new(), Vec::new());
        for literal in &kept {
            starts.push([literal.number, texts.len() as u32]);
            texts.extend_from_slice(&literal.text);
        }
        starts.push([0, texts.len() as u32]);
        let mut entries: Vec<(u32, Vec<Entry>)> = entries.into_iter().collect();
        entries.sort_unstable_by_key(|(window, _)| *window);
        let pairs: Vec<u32> = entries
            .iter()
            .flat_map(|(window, entries)| entries.iter().map(|entry| entry.beside.with(*window)))
            .collect();
        let group = Group {
            pairs: Hashes::new(&pairs),
            sieve: sieve(
                &entries
                    .iter()
                    .map(|(window, _)| *window)
                    .collect::<Vec<_>>(),
                step,
            ),
            slots: slots(&entries),
            entries: entries
                .into_iter()
                .flat_map(|(_, entries)| entries)
                .map(Entry::words)
                .collect(),
            literals: starts.into(),
            texts: texts.into(),
        };
        (Some(group), unlike)
    }
}

fn window_of(bytes: &[u8]) -> u32 {
    folded(std::array::from_fn(|at| {
        bytes.get(at).copied().unwrap_or_default()
    }))
}

/// About how often a window is met in ordinary text.
fn commonness(window: u32) -> f64 {
    window
        .to_le_bytes()
        .into_iter()
        .map(ordinary::share)
        .product()
}

/// Beyond so many windows, most others would have bits in common.
const MOST_NEAR: usize = 128;

/// Windows that are much alike share a bit.
fn near(windows: &[u32]) -> Option<Box<[Near; 2]>> {
    let mut near = Box::new([[0; 32 * WINDOW]; 2]);
    for (number, window) in windows.iter().enumerate() {
        let bit = number * 16 / windows.len();
        for (place, byte) in window.to_le_bytes().into_iter().enumerate() {
            near[bit / 8][place << 5 | usize::from(byte & 31)] |= 1 << (bit % 8);
        }
    }
    (windows.len() <= MOST_NEAR).then_some(near)
}

pub(crate) fn sieve(windows: &[u32], step: usize) -> Sieve {
    let bits = (windows.len() * 64)
        .next_power_of_two()
        .clamp(1 << 14, 1 << 18);
    let shift = 32 - bits.trailing_zeros();
    let mut words = vec![0; bits / 32];
    for &window in windows {
        let bit = hash(window) >> shift;
        if let Some(word) = words.get_mut((bit >> 5) as usize) {
            *word |= 1 << (bit & 31);
        }
    }
    Sieve {
        bits: words.into(),
        shift: shift as u8,
        step: step as u8,
        near: near(windows),
    }
}

/// An open table that is at most half full.
fn slots(entries: &[(u32, Vec<Entry>)]) -> Words<[u32; 3]> {
    let mut slots = vec![Slot::default(); (entries.len() * 2).next_power_of_two()];
    let last = slots.len() - 1;
    let mut first = 0;
    for (window, entries) in entries {
        let mut place = slot_of(*window, last);
        while slots[place].count > 0 {
            place = (place + 1) & last;
        }
        slots[place] = Slot {
            window: *window,
            first,
            count: entries.len() as u32,
        };
        first += entries.len() as u32;
    }
    let words = slots.iter();
    words
        .map(|slot| [slot.window, slot.first, slot.count])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Samples;

    #[test]
    fn they_are_found_at_every_place_and_nowhere_else() {
        let mut random = fastrand::Rng::with_seed(3);
        for letters in ["ab", "abcdefgh ", "aé日-"] {
            let letters: Vec<char> = letters.chars().collect();
            let draw = |random: &mut fastrand::Rng, most: usize| -> String {
                (0..random.usize(1..most))
                    .map(|_| letters[random.usize(..letters.len())])
                    .collect()
            };
            for _ in 0..200 {
                let drawn: Vec<String> = (0..random.usize(1..40))
                    .map(|_| draw(&mut random, 14))
                    .collect();
                let given: Vec<(u32, &str)> = (0..)
                    .zip(&drawn)
                    .map(|(number, text)| (number, text.as_str()))
                    .collect();
                let (literals, others) = Literals::new(&given);
                let mut samples = Samples::default();
                for _ in 0..20 {
                    let mut text = draw(&mut random, 200);
                    if random.bool() {
                        let planted = &drawn[random.usize(..drawn.len())];
                        text.insert_str(0, &planted.to_ascii_uppercase());
                        text.push_str(planted);
                    }
                    let mut found = [0];
                    literals.scan(text.as_bytes(), &mut samples, &mut found);
                    let small = text.to_ascii_lowercase();
                    for (number, literal) in drawn.iter().enumerate() {
                        let is_other = others.contains(&number);
                        let expected = !is_other && small.contains(literal.as_str());
                        assert_eq!(
                            found[0] >> number & 1 == 1,
                            expected,
                            "{literal:?} in {text:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn only_letters_that_fold_to_ascii_matter_to_what_is_ascii() {
        let folding: String = ('\u{80}'..=char::MAX)
            .filter(|letter| letter.to_lowercase().any(|small| small.is_ascii()))
            .collect();
        assert_eq!(folding, "\u{130}\u{212A}");
        let (ascii, _) = Literals::new(&[(0, "token")]);
        assert!(ascii.ignore_case_of("“token” é"));
        assert!(!ascii.ignore_case_of("“to\u{212A}en”"));
        let (beyond, _) = Literals::new(&[(0, "café"), (1, "token")]);
        assert!(beyond.ignore_case_of("CAFE") && !beyond.ignore_case_of("CAFÉ"));
    }

    #[test]
    fn what_is_too_short_or_too_much_alike_is_left_to_others() {
        let alike: Vec<String> = (0..600)
            .map(|at| format!("aaaaaaaa{}", "a".repeat(at)))
            .collect();
        let given: Vec<(u32, &str)> = (0..)
            .zip(&alike)
            .map(|(at, text)| (at, text.as_str()))
            .collect();
        let (_, others) = Literals::new(&given);
        assert!(others.len() >= 600 - MOST_ALIKE, "{others:?}");
        assert_eq!(Literals::new(&[(0, "abc"), (1, ""), (2, "abcd")]).1, [0, 1]);
    }
}
