//! Blocked patterns in, what finds them in a text out.
//!
//! Patterns are compiled once, when the policy is made. They are read as every
//! pattern of a policy is, except that a glob may begin anywhere in the text
//! and ends with it, and that a pattern may match every text or none.

use agentos_grammar::ast::PatternKind;
use regex_automata::meta::Regex;

use super::{BlockedPattern, Invalid, Problem, settings::pattern_place};
use crate::pattern::{self, Budget, Compiled, PatternProblem, ProblemKind};

/// What finds each blocked pattern of a policy, in the policy's order.
#[derive(Clone, Debug, Default)]
pub(super) struct Matchers {
    list: Vec<Matcher>,
}

#[derive(Clone, Debug)]
enum Matcher {
    /// The lower-cased text has it as a part.
    Substring(String),
    Regex(Regex),
    /// With something that must not follow.
    Unless(fancy_regex::Regex),
    Every,
    None,
}

impl Matchers {
    /// Compiles `patterns`; `entry_of` says which entry of the source each was.
    pub(super) fn new(
        patterns: &[BlockedPattern],
        entry_of: &dyn Fn(usize) -> usize,
    ) -> Result<Matchers, Vec<Invalid>> {
        let mut list = Vec::with_capacity(patterns.len());
        let mut wrong = Vec::new();
        for (at, pattern) in patterns.iter().enumerate() {
            match matcher(pattern) {
                Ok(matcher) => list.push(matcher),
                Err(why) => {
                    let place = pattern_place(entry_of(at));
                    wrong.push(Invalid::new(place, Problem::Unreadable(why)));
                }
            }
        }
        if wrong.is_empty() {
            Ok(Matchers { list })
        } else {
            Err(wrong)
        }
    }

    /// The positions of the patterns that are in `text`.
    pub(super) fn find(&self, text: &str) -> impl Iterator<Item = usize> {
        let small = text.to_lowercase();
        let found = self.list.iter().map(move |matcher| match matcher {
            Matcher::Substring(part) => small.contains(part.as_str()),
            Matcher::Regex(regex) => regex.is_match(text),
            // A search that gives up has not shown that the text is harmless.
            Matcher::Unless(regex) => regex.is_match(text).unwrap_or(true),
            Matcher::Every => true,
            Matcher::None => false,
        });
        found
            .enumerate()
            .filter(|(_, found)| *found)
            .map(|(at, _)| at)
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

fn matcher(pattern: &BlockedPattern) -> Result<Matcher, String> {
    let unusable = |error: &dyn std::fmt::Display| error.to_string().replace('\n', " ");
    match compile(pattern) {
        Ok(Compiled::Substring(part)) => Ok(Matcher::Substring(part)),
        Ok(Compiled::Regex(regex) | Compiled::Glob(regex)) => Regex::new(&regex)
            .map(Matcher::Regex)
            .map_err(|error| unusable(&error)),
        Ok(Compiled::RegexUnless(regex, unless)) => {
            fancy_regex::Regex::new(&format!("(?:{regex})(?!{unless})"))
                .map(Matcher::Unless)
                .map_err(|error| unusable(&error))
        }
        Err(problems) if has(&problems, ProblemKind::Empty) => Ok(Matcher::Every),
        Err(problems) if has(&problems, ProblemKind::NeverMatches) => Ok(Matcher::None),
        Err(problems) => {
            let mut why: Vec<String> = problems.iter().map(sentence).collect();
            why.dedup();
            Err(why.join("; "))
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
