//! Patterns in, which of them are in a text out: our peers, and what all engines have in common.

use std::hint::black_box;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use daachorse::DoubleArrayAhoCorasick;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use crate::clock::Contender;

/// Something that finds which of its patterns are in a text.
pub trait Finder {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Sets the bits of the patterns that are in the text, by their numbers.
    fn find(&mut self, text: &str, found: &mut [u64]);

    /// What its automata take, in bytes, where it tells.
    fn bytes(&self) -> Option<usize> {
        None
    }

    /// The numbers of patterns that it does not look for, or only for their start.
    fn inexact(&self) -> &[usize] {
        &[]
    }

    /// Whether it knows the letters of ASCII only.
    fn is_bytewise(&self) -> bool {
        false
    }
}

/// A [`Finder`] that is timed with a direct call.
pub trait Entrant: Finder {
    /// As a contender that looks for `count` patterns in each text.
    fn enter<'a>(&'a mut self, texts: &'a [String], count: usize) -> Contender<'a>;
}

impl<F: Finder> Entrant for F {
    fn enter<'a>(&'a mut self, texts: &'a [String], count: usize) -> Contender<'a> {
        let mut found = words(count);
        Contender::new(self.name(), texts.len(), move |at| {
            found.fill(0);
            self.find(&texts[at], &mut found);
            black_box(&found).iter().any(|&word| word != 0)
        })
    }
}

/// A bit for each of `count` patterns.
pub fn words(count: usize) -> Vec<u64> {
    vec![0; count.div_ceil(64)]
}

/// Sets the bit of a pattern.
#[inline]
pub fn set(found: &mut [u64], number: usize) {
    found[number / 64] |= 1 << (number % 64);
}

/// The numbers of the patterns whose bits are set.
pub fn numbers(found: &[u64]) -> Vec<usize> {
    (0..found.len() * 64)
        .filter(|number| found[number / 64] >> (number % 64) & 1 == 1)
        .collect()
}

/// How much memory an automaton of the `regex` crate may take: enough for all here.
const REGEX_BYTES: usize = 1 << 30;

/// How much memory it may fill with states while it searches. What it has by
/// default, 2 MB, is too little for 2,000 patterns.
const REGEX_STATES_BYTES: usize = 256 << 20;

/// All expressions in one automaton: `regex::RegexSet`.
pub struct Set {
    automaton: RegexSet,
    numbers: Vec<usize>,
    missing: Vec<usize>,
}

impl Set {
    /// Of expressions in any case; none where there is one it cannot look for.
    ///
    /// # Panics
    ///
    /// When it does not take one of them.
    pub fn new(expressions: &[Option<&str>]) -> Set {
        let (known, missing): (Vec<usize>, Vec<usize>) =
            (0..expressions.len()).partition(|&number| expressions[number].is_some());
        let automaton = RegexSetBuilder::new(expressions.iter().flatten())
            .case_insensitive(true)
            .size_limit(REGEX_BYTES)
            .dfa_size_limit(REGEX_STATES_BYTES)
            .build()
            .expect("it takes these expressions");
        Set {
            automaton,
            numbers: known,
            missing,
        }
    }
}

impl Finder for Set {
    fn name(&self) -> &'static str {
        "RegexSet"
    }

    fn find(&mut self, text: &str, found: &mut [u64]) {
        for at in &self.automaton.matches(text) {
            set(found, self.numbers[at]);
        }
    }

    fn inexact(&self) -> &[usize] {
        &self.missing
    }
}

/// An expression that is searched for by itself.
enum One {
    Regular(Regex),
    /// With a look-ahead.
    Fancy(fancy_regex::Regex),
}

/// One search an expression: `regex::Regex`, and `fancy_regex::Regex` for
/// look-aheads.
pub struct OneByOne(Vec<One>);

impl OneByOne {
    /// Of expressions in any case.
    ///
    /// # Panics
    ///
    /// When neither crate takes one of them.
    pub fn new(expressions: &[&str]) -> OneByOne {
        let one = |expression: &&str| {
            let regular = RegexBuilder::new(expression).case_insensitive(true).build();
            if let Ok(regular) = regular {
                return One::Regular(regular);
            }
            let fancy = fancy_regex::RegexBuilder::new(expression)
                .case_insensitive(true)
                .backtrack_limit(usize::MAX)
                .build();
            One::Fancy(fancy.expect("it takes look-aheads"))
        };
        OneByOne(expressions.iter().map(one).collect())
    }
}

impl Finder for OneByOne {
    fn name(&self) -> &'static str {
        "one by one"
    }

    fn find(&mut self, text: &str, found: &mut [u64]) {
        for (number, one) in self.0.iter().enumerate() {
            let is_there = match one {
                One::Regular(regex) => regex.is_match(text),
                One::Fancy(regex) => regex.is_match(text).expect("it has no limit"),
            };
            if is_there {
                set(found, number);
            }
        }
    }
}

/// Literals in any case of ASCII: the `aho-corasick` crate.
pub struct Corasick(AhoCorasick);

impl Corasick {
    /// Of literals.
    ///
    /// # Panics
    ///
    /// When there are too many for it.
    pub fn new(literals: &[&str]) -> Corasick {
        let built = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .build(literals);
        Corasick(built.expect("they are few"))
    }
}

impl Finder for Corasick {
    fn name(&self) -> &'static str {
        "aho-corasick"
    }

    fn find(&mut self, text: &str, found: &mut [u64]) {
        for at in self.0.find_overlapping_iter(text) {
            set(found, at.pattern().as_usize());
        }
    }

    fn bytes(&self) -> Option<usize> {
        Some(self.0.memory_usage())
    }
}

/// Literals in a copy of the text in lower case, which is made anew each time:
/// the `daachorse` crate.
pub struct Daachorse {
    automaton: DoubleArrayAhoCorasick<u32>,
    lower: Vec<u8>,
}

impl Daachorse {
    /// Of literals in lower case.
    ///
    /// # Panics
    ///
    /// When two are the same.
    pub fn new(literals: &[&str]) -> Daachorse {
        Daachorse {
            automaton: DoubleArrayAhoCorasick::new(literals).expect("no literal comes twice"),
            lower: Vec::new(),
        }
    }
}

impl Finder for Daachorse {
    fn name(&self) -> &'static str {
        "daachorse"
    }

    fn find(&mut self, text: &str, found: &mut [u64]) {
        self.lower.clear();
        self.lower.extend_from_slice(text.as_bytes());
        self.lower.make_ascii_lowercase();
        for at in self.automaton.find_overlapping_iter(&self.lower) {
            set(found, at.value() as usize);
        }
    }

    fn bytes(&self) -> Option<usize> {
        Some(self.automaton.heap_bytes())
    }
}
