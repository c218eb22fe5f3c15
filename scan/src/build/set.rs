//! Patterns of every kind: what they are in, the set that finds them out.

use regex_syntax::hir::Hir;

use super::{Pattern, Programmer, build};
use crate::{Literals, Matchers, Set};

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
        let (literals, others) = Literals::new(&parts);
        let shorts: Vec<(u32, Hir)> = others
            .iter()
            .filter_map(|&at| parts.get(at))
            .map(|&(number, part)| (number, Hir::literal(part.as_bytes())))
            .collect();
        let shorts: Vec<Pattern<'_>> = shorts
            .iter()
            .map(|(number, expression)| Pattern {
                number: *number,
                expression,
                unless: None,
            })
            .collect();
        let mut unfit = Vec::new();
        let mut automata = |patterns: &[Pattern<'_>]| {
            let built = build(patterns);
            unfit.extend(built.unfit);
            built.automata.into()
        };
        let (shorts, regexes, wholes) = (automata(&shorts), automata(&regexes), automata(&wholes));
        if !unfit.is_empty() {
            unfit.sort_unstable();
            return Err(unfit);
        }
        let mut numbers: Vec<u32> = patterns.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        Ok(Set {
            numbers: numbers.into(),
            literals,
            shorts,
            regexes,
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
        let of = |numbers: &[u32]| -> Result<Set, Vec<u32>> {
            let patterns = patterns
                .iter()
                .filter(|(number, _)| numbers.binary_search(number).is_ok());
            Set::build(&patterns.copied().collect::<Vec<_>>())
        };
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
        if !unfit.is_empty() {
            return Err(unfit);
        }
        Ok(Matchers {
            text: of(text)?,
            ends: of(ends)?,
            fields: of(fields)?,
            programs: programmer.finish(),
        })
    }
}
