//! Patterns as policies write them in, which of them are in a text out: as the runtime searches.

use agentos_compiler::pattern::{Budget, Compiled, compile as compile_one};
use agentos_grammar::ast::PatternKind;
use agentos_scan::{Automaton, Pattern, Samples, Scratch, build};
use regex::{RegexSet, RegexSetBuilder};
use regex_syntax::hir::Hir;

use crate::finders::{Finder, set};

/// What a policy says that matches these patterns.
///
/// # Panics
///
/// When one of them is a finding.
pub fn compile<'t>(patterns: impl IntoIterator<Item = (PatternKind, &'t str)>) -> Vec<Compiled> {
    let patterns = patterns.into_iter();
    patterns
        .map(|(kind, text)| {
            let compiled = compile_one(kind, text, None, Budget::default());
            compiled.unwrap_or_else(|problems| panic!("`{text}`: {problems:?}"))
        })
        .collect()
}

/// Compiled patterns that are searched for together.
pub struct Patterns {
    literals: Option<Literals>,
    automata: Vec<Automaton>,
    /// Those that no automaton is good for, and their numbers.
    others: Option<(RegexSet, Vec<usize>)>,
    scratch: Scratch,
}

/// Literals, and the text in lower case.
struct Literals {
    all: agentos_scan::Literals,
    samples: Samples,
    lower: String,
}

impl Patterns {
    /// Makes what searches for them.
    ///
    /// # Panics
    ///
    /// When there is one that only the runtime's slowest way finds.
    pub fn new(patterns: &[Compiled]) -> Patterns {
        let mut parts: (Vec<usize>, Vec<&str>) = Default::default();
        let mut regexes: Vec<(usize, &str, Hir, Option<Hir>)> = Vec::new();
        let parse = |text: &str| regex_syntax::parse(text).expect("the compiler printed it");
        for (number, pattern) in patterns.iter().enumerate() {
            match pattern {
                Compiled::Substring(part) => {
                    parts.0.push(number);
                    parts.1.push(part);
                }
                Compiled::Regex(text) => regexes.push((number, text, parse(text), None)),
                Compiled::RegexUnless(text, unless) => {
                    regexes.push((number, text, parse(text), Some(parse(unless))));
                }
                Compiled::Glob(_) => panic!("no set here has globs"),
            }
        }
        let rows: Vec<Pattern<'_>> = regexes
            .iter()
            .map(|(number, _, expression, unless)| Pattern {
                number: *number as u32,
                expression,
                unless: unless.as_ref(),
            })
            .collect();
        let built = build(&rows);
        let is_other =
            |number: usize| -> bool { built.others.binary_search(&(number as u32)).is_ok() };
        let others: Vec<_> = regexes.iter().filter(|row| is_other(row.0)).collect();
        assert!(
            others.iter().all(|row| row.3.is_none()),
            "a look-ahead is left to backtracking"
        );
        Patterns {
            literals: (!parts.0.is_empty()).then(|| literals(&parts.0, &parts.1)),
            automata: built.automata,
            others: (!others.is_empty()).then(|| {
                let set = RegexSetBuilder::new(others.iter().map(|row| row.1))
                    .size_limit(1 << 30)
                    .build();
                let numbers = others.iter().map(|row| row.0).collect();
                (set.expect("the compiler printed them"), numbers)
            }),
            scratch: Scratch::default(),
        }
    }

    /// How many patterns no automaton is good for.
    pub fn others(&self) -> usize {
        self.others.as_ref().map_or(0, |(_, numbers)| numbers.len())
    }
}

/// The runtime's way to find literals.
fn literals(numbers: &[usize], parts: &[&str]) -> Literals {
    let numbers = numbers
        .iter()
        .map(|&number| u32::try_from(number).expect("they are few"));
    let numbered: Vec<(u32, &str)> = numbers.zip(parts.iter().copied()).collect();
    let (literals, others) = agentos_scan::Literals::new(&numbered);
    assert!(others.is_empty(), "all of them are long, and differ");
    Literals {
        all: literals,
        samples: Samples::default(),
        lower: String::new(),
    }
}

impl Literals {
    fn find(&mut self, text: &str, found: &mut [u64]) {
        let text = if self.all.ignore_case_of(text) {
            text
        } else {
            self.lower = text.to_lowercase();
            &self.lower
        };
        self.all.scan(text.as_bytes(), &mut self.samples, found);
    }

    fn bytes(&self) -> usize {
        self.all.bytes()
    }
}

impl Finder for Patterns {
    fn name(&self) -> &'static str {
        "agentos"
    }

    #[inline]
    fn find(&mut self, text: &str, found: &mut [u64]) {
        if let Some(literals) = &mut self.literals {
            literals.find(text, found);
        }
        for automaton in &self.automata {
            automaton.scan(text, &mut self.scratch, found);
        }
        if let Some((others, numbers)) = &self.others {
            for at in &others.matches(text) {
                set(found, numbers[at]);
            }
        }
    }

    fn bytes(&self) -> Option<usize> {
        let automata: usize = self.automata.iter().map(Automaton::bytes).sum();
        // What the others take is not told.
        let literals = self.literals.as_ref().map_or(0, Literals::bytes);
        self.others.is_none().then_some(automata + literals)
    }
}
