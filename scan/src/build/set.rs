//! Patterns of every kind: what they are in, the set that finds them out.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir};

use super::{Pattern, Programmer, build};
use crate::{Matchers, Set};

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Sought<'p> {
    /// The text in lower case has this as a part, which is in lower case.
    Part(&'p str),
    /// The text has a match of this.
    Match {
        /// In the syntax of the `regex` crate.
        expression: &'p Hir,
        /// What must not follow it.
        unless: Option<&'p Hir>,
    },
    /// A value is, as a whole, a match of this, which asks for both ends.
    Whole(&'p Hir),
}

/// What has this text of ASCII, which is in lower case, as a part once it is in
/// lower case too.
fn in_any_case(part: &str) -> Hir {
    let last = part.len().saturating_sub(1);
    let letters = part.char_indices().map(|(at, letter)| {
        let others: &[char] = match letter {
            'k' => &['\u{212A}'],
            // Its lower case is an `i` and a dot.
            'i' if at == last => &['\u{130}'],
            _ => &[],
        };
        let all = [letter, letter.to_ascii_uppercase()];
        let all = all.iter().chain(others);
        let all = all.map(|&letter| ClassUnicodeRange::new(letter, letter));
        Hir::class(Class::Unicode(ClassUnicode::new(all)))
    });
    Hir::concat(letters.collect())
}

fn pattern((number, expression): &(u32, Hir)) -> Pattern<'_> {
    Pattern {
        number: *number,
        expression,
        unless: None,
    }
}

impl Set {
    /// Builds a set of patterns, each called by its number.
    ///
    /// # Errors
    ///
    /// The numbers of those that no automaton can find within its budget.
    pub fn build(patterns: &[(u32, Sought<'_>)]) -> Result<Set, Vec<u32>> {
        let (mut parts, mut regexes, mut wholes) = (Vec::new(), Vec::new(), Vec::new());
        for &(number, sought) in patterns {
            match sought {
                Sought::Part(part) => parts.push((number, part)),
                Sought::Match { expression, unless } => regexes.push(Pattern {
                    number,
                    expression,
                    unless,
                }),
                Sought::Whole(expression) => wholes.push(Pattern {
                    number,
                    expression,
                    unless: None,
                }),
            }
        }
        // What lower case makes of other letters can depend on where they stand.
        let (ascii, others): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|(_, part)| part.is_ascii());
        let ascii: Vec<(u32, Hir)> = ascii
            .into_iter()
            .map(|(number, part)| (number, in_any_case(part)))
            .collect();
        let lower: Vec<(u32, Hir)> = others
            .into_iter()
            .map(|(number, part)| (number, Hir::literal(part.as_bytes())))
            .collect();
        regexes.extend(ascii.iter().map(pattern));
        let lower: Vec<Pattern<'_>> = lower.iter().map(pattern).collect();
        let mut unfit = Vec::new();
        let mut automata = |patterns: &[Pattern<'_>]| {
            let built = build(patterns);
            unfit.extend(built.unfit);
            built.automata.into()
        };
        let (regexes, lower, wholes) = (automata(&regexes), automata(&lower), automata(&wholes));
        if !unfit.is_empty() {
            unfit.sort_unstable();
            return Err(unfit);
        }
        let mut numbers: Vec<u32> = patterns.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        Ok(Set {
            numbers: numbers.into(),
            regexes,
            lower,
            wholes,
        })
    }
}

impl Matchers {
    /// Builds what finds patterns: their numbers with what is looked for, and
    /// of those numbers which are looked for in texts, which of these mind where
    /// the text ends, and which are looked for in single fields; these rise.
    ///
    /// # Errors
    ///
    /// The numbers of those that no automaton can find within its budget.
    pub fn build(
        patterns: &[(u32, Sought<'_>)],
        text: &[u32],
        ends: &[u32],
        fields: &[u32],
    ) -> Result<Matchers, Vec<u32>> {
        let mut programmer = Programmer::default();
        let mut unfit = Vec::new();
        for &(number, sought) in patterns {
            let added = match sought {
                Sought::Part(_) => Some(()),
                Sought::Match { expression, unless } => programmer.add(number, expression, unless),
                Sought::Whole(expression) => programmer.add(number, expression, None),
            };
            if added.is_none() {
                unfit.push(number);
            }
        }
        let mut set = |numbers: &[u32]| {
            let patterns = patterns
                .iter()
                .filter(|(number, _)| numbers.binary_search(number).is_ok());
            let built = Set::build(&patterns.copied().collect::<Vec<_>>());
            built.map_err(|more| unfit.extend(more)).unwrap_or_default()
        };
        let (text, ends, fields) = (set(text), set(ends), set(fields));
        if !unfit.is_empty() {
            unfit.sort_unstable();
            unfit.dedup();
            return Err(unfit);
        }
        Ok(Matchers {
            text,
            ends,
            fields,
            programs: programmer.finish(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    /// Letters whose cases are odd, and those that they fold to.
    const LETTERS: [&str; 12] = [
        "k", "K", "\u{212A}", "i", "I", "\u{130}", "\u{307}", "s", "ſ", "a", "é", "-",
    ];

    #[test]
    fn parts_are_found_as_in_lower_case_whatever_finds_them() {
        let mut random = fastrand::Rng::with_seed(5);
        let mut draw = |most: usize| -> String {
            let letters = 1..random.usize(2..most);
            letters
                .map(|_| LETTERS[random.usize(..LETTERS.len())])
                .collect()
        };
        for round in 0..300 {
            let parts: Vec<String> = (0..=round % 7)
                .map(|_| draw(8).to_lowercase())
                .filter(|part| !part.is_empty())
                .collect();
            let mut sought: Vec<(u32, Sought<'_>)> = (0..)
                .zip(&parts)
                .map(|(number, part)| (number, Sought::Part(part)))
                .collect();
            let regex = regex_syntax::parse("never there").unwrap();
            if round % 2 == 0 {
                let unless = None;
                let expression = &regex;
                sought.push((60, Sought::Match { expression, unless }));
            }
            let set = Set::build(&sought).unwrap();
            let mut memory = Memory::default();
            for _ in 0..30 {
                let text = draw(40);
                let lower = text.to_lowercase();
                let mut found = [0];
                set.scan_lower(&lower, &mut memory, &mut found);
                set.scan(&text, &mut memory, &mut found);
                for (number, part) in parts.iter().enumerate() {
                    assert_eq!(
                        found[0] >> number & 1 == 1,
                        lower.contains(part.as_str()),
                        "{part:?} in {text:?}"
                    );
                }
            }
        }
    }
}
