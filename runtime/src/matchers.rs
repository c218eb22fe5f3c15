//! Rows of a policy in, what finds their patterns out, as the bytes that stand
//! in [`Policy::matchers`](crate::table::Policy::matchers). For compilers.

use agentos_scan::{Matchers, Memory, Set, Sought};
use regex_syntax::hir::Hir;

pub use agentos_scan::MOST_STATES;

use crate::{
    ending,
    table::{Matcher, Policy},
    uses::Uses,
};

/// Patterns that no automaton finds within its budget: their numbers among those
/// of all the policy's sets, in order, and then of all its signals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} patterns outgrow their automata", .0.len())]
pub struct Unfit(pub Vec<u32>);

/// Builds what finds the patterns of a policy. Its row of matchers is not read.
///
/// # Errors
///
/// Where patterns are too large, or are no expressions as the compiler prints them.
pub fn build(policy: &Policy<'_>) -> Result<Vec<u8>, Unfit> {
    let uses = Uses::of(policy);
    let mut wanted = [uses.text.as_slice(), &uses.fields].concat();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let rows = wanted.iter().filter_map(|&number| {
        let row = uses.rows.get(number as usize)?;
        Some((number, &row.matcher))
    });
    let read = read(rows)?;
    let sought = read
        .iter()
        .map(|(number, expression)| (*number, expression.sought()));
    let ends = read.iter().filter(|(number, expression)| {
        expression.minds_end() && uses.text.binary_search(number).is_ok()
    });
    let ends: Vec<u32> = ends.map(|(number, _)| *number).collect();
    Matchers::build(&sought.collect::<Vec<_>>(), &uses.text, &ends, &uses.fields)
        .map(|matchers| matchers.to_bytes())
        .map_err(Unfit)
}

/// Finds patterns in texts that belong to no request.
#[derive(Clone, Debug, Default)]
pub struct Finder {
    set: Set,
    patterns: usize,
}

impl Finder {
    /// Builds what finds these.
    ///
    /// # Errors
    ///
    /// The positions of those that no automaton finds, or that are no expressions
    /// as the compiler prints them.
    pub fn new(patterns: &[Matcher<'_>]) -> Result<Finder, Unfit> {
        let read = read((0..).zip(patterns))?;
        let sought = read
            .iter()
            .map(|(number, expression)| (*number, expression.sought()));
        Ok(Finder {
            set: Set::build(&sought.collect::<Vec<_>>()).map_err(Unfit)?,
            patterns: patterns.len(),
        })
    }

    /// The positions of those that are in a text, rising.
    pub fn find(&self, text: &str) -> Vec<usize> {
        let (mut memory, mut found) = (Memory::default(), vec![0; self.patterns.div_ceil(64)]);
        self.set.scan(text, &mut memory, &mut found);
        self.set.scan_value(text, &mut memory, &mut found);
        if self.set.needs_lower() {
            self.set
                .scan_lower(&text.to_lowercase(), &mut memory, &mut found);
        }
        let is_found = |at: &usize| {
            let word = found.get(at / 64);
            word.is_some_and(|word| word >> (at % 64) & 1 == 1)
        };
        (0..self.patterns).filter(is_found).collect()
    }
}

/// Reads matchers, each with its number.
fn read<'m, 'p: 'm>(
    matchers: impl Iterator<Item = (u32, &'m Matcher<'p>)>,
) -> Result<Vec<(u32, Expression<'p>)>, Unfit> {
    let (mut read, mut unfit) = (Vec::new(), Vec::new());
    for (number, matcher) in matchers {
        match Expression::of(matcher) {
            Some(expression) => read.push((number, expression)),
            None => unfit.push(number),
        }
    }
    if unfit.is_empty() {
        Ok(read)
    } else {
        Err(Unfit(unfit))
    }
}

/// A matcher that was read.
enum Expression<'p> {
    Part(&'p str),
    Regex(Hir, Option<Hir>),
    Glob(Hir),
}

impl<'p> Expression<'p> {
    fn of(matcher: &Matcher<'p>) -> Option<Expression<'p>> {
        let parse = |text: &str| regex_syntax::parse(text).ok();
        Some(match *matcher {
            Matcher::Substring(part) => Expression::Part(part),
            Matcher::Regex(text) => Expression::Regex(parse(text)?, None),
            Matcher::RegexUnless(text, unless) => {
                Expression::Regex(parse(text)?, Some(parse(unless)?))
            }
            Matcher::Glob(text) => Expression::Glob(parse(&format!(r"\A(?:{text})\z"))?),
        })
    }

    fn sought(&self) -> Sought<'_> {
        match self {
            Expression::Part(part) => Sought::Part(part),
            Expression::Regex(expression, unless) => Sought::Match {
                expression,
                unless: unless.as_ref(),
            },
            Expression::Glob(expression) => Sought::Whole(expression),
        }
    }

    fn minds_end(&self) -> bool {
        match self {
            Expression::Regex(expression, None) => ending::asks_for_end(expression),
            Expression::Regex(_, Some(_)) => true,
            // A glob looks at each value by itself.
            Expression::Part(_) | Expression::Glob(_) => false,
        }
    }
}
