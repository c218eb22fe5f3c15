//! Letters sorted by what patterns say of them: classes in, an alphabet out.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use crate::symbols::{AFTER, BEFORE, MOST_SYMBOLS, SymbolSet, Symbols};

/// A class of letters, by its number among [`Classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Letters(u32);

/// Ranges of letters, both ends included, sorted and apart.
pub(crate) type Ranges = Rc<[(u32, u32)]>;

/// The classes of some patterns, each of them once.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    known: RefCell<HashMap<Ranges, Letters>>,
    all: RefCell<Vec<Ranges>>,
}

impl Classes {
    /// The class of the letters in these ranges, in any order.
    pub(crate) fn of(&self, mut ranges: Vec<(u32, u32)>) -> Letters {
        ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match joined.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => joined.push((first, last)),
            }
        }
        let ranges: Ranges = joined.into();
        let mut all = self.all.borrow_mut();
        *self
            .known
            .borrow_mut()
            .entry(ranges.clone())
            .or_insert_with(|| {
                all.push(ranges);
                Letters(all.len() as u32 - 1)
            })
    }

    /// What a class has.
    pub(crate) fn ranges(&self, letters: Letters) -> Ranges {
        self.all.borrow()[letters.0 as usize].clone()
    }
}

/// The last letter of Unicode.
const LAST: u32 = char::MAX as u32;

/// Finds the coarsest alphabet that tells these classes apart, and each class
/// as a set of its symbols. None where it would need too many.
pub(crate) fn alphabet(classes: &[Ranges]) -> Option<(Symbols, Vec<SymbolSet>)> {
    // What changes where: (letter, class, whether it begins there).
    let mut edges: Vec<(u32, u32, bool)> = Vec::new();
    for (class, ranges) in (0..).zip(classes) {
        for &(first, last) in ranges.iter() {
            edges.push((first, class, true));
            edges.push((last + 1, class, false));
        }
    }
    edges.sort_unstable();
    let mut runs: Vec<(u32, u8)> = Vec::new();
    let mut symbols: BTreeMap<Vec<u32>, u8> = BTreeMap::new();
    let mut members: Vec<u32> = Vec::new();
    let mut edges = edges.into_iter().peekable();
    let mut at = 0;
    while at <= LAST {
        while let Some((_, class, begins)) = edges.next_if(|&(place, ..)| place <= at) {
            match (begins, members.binary_search(&class)) {
                (true, Err(position)) => members.insert(position, class),
                (false, Ok(position)) => drop(members.remove(position)),
                (true, Ok(_)) | (false, Err(_)) => {}
            }
        }
        let symbol = match symbols.get(&members) {
            Some(&symbol) => symbol,
            None if symbols.len() + 2 < MOST_SYMBOLS => {
                let symbol = symbols.len() as u8 + 2;
                symbols.insert(members.clone(), symbol);
                symbol
            }
            None => return None,
        };
        if runs.last().is_none_or(|&(_, last)| last != symbol) {
            runs.push((at, symbol));
        }
        at = edges.peek().map_or(LAST + 1, |&(place, ..)| place);
    }
    let mut sets = vec![SymbolSet::default(); classes.len()];
    for (members, &symbol) in &symbols {
        for &class in members {
            sets[class as usize].insert(symbol);
        }
    }
    Some((of_runs(&runs, symbols.len() + 2), sets))
}

fn of_runs(runs: &[(u32, u8)], count: usize) -> Symbols {
    let symbol_at = |letter: u32| {
        let after = runs.partition_point(|&(start, _)| start <= letter);
        runs[after - 1].1
    };
    let beyond = runs.iter().filter(|&&(start, _)| start > 128);
    let beyond = [(128, symbol_at(128))].into_iter().chain(beyond.copied());
    let (starts, symbols): (Vec<u32>, Vec<u8>) = beyond.unzip();
    Symbols {
        count: count as u16,
        ascii: std::array::from_fn(|letter| symbol_at(letter as u32)),
        starts: starts.into(),
        symbols: symbols.into(),
    }
}

/// The symbols that stand for letters, of an alphabet with so many.
pub(crate) fn any_letter(count: u16) -> SymbolSet {
    let mut set = SymbolSet::default();
    for symbol in 0..count {
        let symbol = symbol as u8;
        if symbol != BEFORE && symbol != AFTER {
            set.insert(symbol);
        }
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_all_classes_treat_alike_share_a_symbol() {
        let word = Ranges::from([(0x61, 0x7A), (0x212A, 0x212A)]);
        let k = Ranges::from([(0x6B, 0x6B), (0x212A, 0x212A)]);
        let (symbols, sets) = alphabet(&[word, k]).unwrap();
        assert_eq!(symbols.count, 2 + 3);
        assert_eq!(symbols.of('k'), symbols.of('\u{212A}'));
        assert_eq!(symbols.of('a'), symbols.of('z'));
        assert_eq!(symbols.of('A'), symbols.of('é'));
        assert_ne!(symbols.of('a'), symbols.of('k'));
        assert!(sets[0].has(symbols.of('k')) && sets[1].has(symbols.of('k')));
        assert!(!sets[1].has(symbols.of('a')));
    }

    #[test]
    fn every_letter_has_the_symbol_of_its_run() {
        let class = Ranges::from([(0x7F, 0x81), (0x10_FFFF, 0x10_FFFF)]);
        let (symbols, sets) = alphabet(std::slice::from_ref(&class)).unwrap();
        for letter in [
            '\u{7E}',
            '\u{7F}',
            '\u{80}',
            '\u{81}',
            '\u{82}',
            '\u{10FFFE}',
            '\u{10FFFF}',
        ] {
            let is_in = class
                .iter()
                .any(|&(a, b)| (a..=b).contains(&(letter as u32)));
            assert_eq!(sets[0].has(symbols.of(letter)), is_in, "{letter:?}");
        }
    }
}
