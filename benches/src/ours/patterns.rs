//! Patterns as policies write them in, which of them are in a text out: as the runtime searches.

use agentos_compiler::pattern::{Budget, Compiled, compile as compile_one};
use agentos_grammar::ast::PatternKind;
use agentos_scan::{Memory, Set, Sought};
use regex_syntax::hir::Hir;

use crate::finders::{Finder, words};

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
    set: Set,
    memory: Memory,
    /// The text in lower case.
    lower: String,
    count: usize,
}

impl Patterns {
    /// Makes what searches for them.
    ///
    /// # Panics
    ///
    /// When no automaton finds one of them.
    pub fn new(patterns: &[Compiled]) -> Patterns {
        let parse = |text: &str| regex_syntax::parse(text).expect("the compiler printed it");
        let expressions: Vec<Option<(Hir, Option<Hir>)>> = patterns
            .iter()
            .map(|pattern| match pattern {
                Compiled::Substring(_) => None,
                Compiled::Regex(text) => Some((parse(text), None)),
                Compiled::RegexUnless(text, unless) => Some((parse(text), Some(parse(unless)))),
                Compiled::Glob(_) => panic!("no set here has globs"),
            })
            .collect();
        let rows = patterns.iter().zip(&expressions).zip(0..);
        let rows: Vec<(u32, Sought<'_>)> = rows
            .map(|((pattern, expression), number)| {
                let sought = match (pattern, expression) {
                    (Compiled::Substring(part), _) => Sought::Part(part),
                    (_, Some((expression, unless))) => Sought::Match {
                        expression,
                        unless: unless.as_ref(),
                    },
                    (_, None) => unreachable!("it was parsed"),
                };
                (number, sought)
            })
            .collect();
        Patterns {
            set: Set::build(&rows).expect("they are small"),
            memory: Memory::default(),
            lower: String::new(),
            count: patterns.len(),
        }
    }
}

impl Patterns {
    /// What is in a text that arrives in parts.
    pub fn find_in_parts(&self, parts: &[&str]) -> Vec<u64> {
        let mut found = words(self.count);
        let mut arriving = self.set.arriving();
        for part in parts {
            arriving.push(part, &mut found);
        }
        arriving.finish(&mut found);
        found
    }
}

impl Finder for Patterns {
    fn name(&self) -> &'static str {
        "agentos"
    }

    #[inline]
    fn find(&mut self, text: &str, found: &mut [u64]) {
        if self.set.needs_lower() {
            self.lower = text.to_lowercase();
            self.set.scan_lower(&self.lower, &mut self.memory, found);
        }
        self.set.scan(text, &mut self.memory, found);
    }

    fn bytes(&self) -> Option<usize> {
        Some(self.set.bytes())
    }
}
