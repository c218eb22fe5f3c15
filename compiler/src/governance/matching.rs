//! Blocked patterns in, what finds them in a text out.
//!
//! Patterns are compiled once, when the policy is made. They are read as every
//! pattern of a policy is, except that a glob may begin anywhere in the text
//! and ends with it, and that a pattern may match every text or none.

use agentos_grammar::ast::PatternKind;
use agentos_runtime::matchers::{Finder, Unfit};

use super::{BlockedPattern, Invalid, Problem, settings::pattern_place};
use crate::pattern::{self, Budget, Compiled, PatternProblem, ProblemKind};

/// What finds the blocked patterns of a policy.
#[derive(Clone, Debug, Default)]
pub(super) struct Matchers {
    finder: Finder,
    /// The positions of those that it finds, by its own.
    searched: Vec<usize>,
    /// The positions of those that every text matches.
    every: Vec<usize>,
}

impl Matchers {
    /// Compiles `patterns`; `entry_of` says which entry of the source each was.
    pub(super) fn new(
        patterns: &[BlockedPattern],
        entry_of: &dyn Fn(usize) -> usize,
    ) -> Result<Matchers, Vec<Invalid>> {
        let mut found = Matchers::default();
        let (mut compiled, mut wrong) = (Vec::new(), Vec::new());
        let invalid = |at: usize, problems: &[PatternProblem]| {
            let mut why: Vec<String> = problems.iter().map(sentence).collect();
            why.dedup();
            let place = pattern_place(entry_of(at));
            Invalid::new(place, Problem::Unreadable(why.join("; ")))
        };
        for (at, pattern) in patterns.iter().enumerate() {
            match compile(pattern) {
                Ok(one) => {
                    compiled.push(one);
                    found.searched.push(at);
                }
                Err(problems) if has(&problems, ProblemKind::Empty) => found.every.push(at),
                Err(problems) if has(&problems, ProblemKind::NeverMatches) => {}
                Err(problems) => wrong.push(invalid(at, &problems)),
            }
        }
        let rows: Vec<_> = compiled.iter().map(Compiled::matcher).collect();
        match Finder::new(&rows) {
            Ok(finder) => found.finder = finder,
            Err(Unfit(numbers)) => {
                let outgrown = [pattern::outgrown()];
                let unfit = numbers.iter().filter_map(|&number| {
                    let at = found.searched.get(number as usize)?;
                    Some(invalid(*at, &outgrown))
                });
                wrong.extend(unfit);
            }
        }
        if wrong.is_empty() {
            Ok(found)
        } else {
            Err(wrong)
        }
    }

    /// The positions of the patterns that are in `text`, rising.
    pub(super) fn find(&self, text: &str) -> Vec<usize> {
        let searched = self.finder.find(text).into_iter();
        let searched = searched.filter_map(|number| self.searched.get(number).copied());
        let mut found: Vec<usize> = searched.chain(self.every.iter().copied()).collect();
        found.sort_unstable();
        found
    }
}

/// Whether every text matches this pattern.
pub(super) fn blocks_everything(pattern: &BlockedPattern) -> bool {
    compile(pattern).is_err_and(|problems| has(&problems, ProblemKind::Empty))
}

fn compile(pattern: &BlockedPattern) -> Result<Compiled, Vec<PatternProblem>> {
    match pattern.kind() {
        PatternKind::Glob => pattern::compile_dialect_glob(pattern.text(), Budget::default()),
        kind @ (PatternKind::Substring | PatternKind::Regex) => {
            pattern::compile(kind, pattern.text(), None, Budget::default())
        }
    }
}

fn has(problems: &[PatternProblem], kind: ProblemKind) -> bool {
    problems.iter().any(|problem| problem.kind == kind)
}

fn sentence(problem: &PatternProblem) -> String {
    match &problem.help {
        Some(help) => format!("{}: {help}", problem.message),
        None => problem.message.clone(),
    }
}
