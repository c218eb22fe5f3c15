//! Patterns made ready: rows in, what finds them in a text out.
//!
//! A [`Pattern`] looks at one text by itself; a [`Scanner`](crate::scanner::Scanner)
//! looks for many in one text. Both are compiled when an engine is made, and
//! nothing is while a request waits.

use std::ops::Range;

use regex_automata::{
    MatchKind,
    meta::{self, BuildError, Regex},
    nfa::thompson::WhichCaptures,
};
use regex_syntax::hir::Hir;

use crate::{
    doubt::{Doubt, Outcome},
    table,
    text::{self, Text},
};

/// The largest automaton of one pattern, or of patterns that are searched together, in bytes.
pub const LARGEST_AUTOMATON: usize = 10 << 20;

/// How often one `unless followed by` may step back in one text; beyond it,
/// whether it matches is in doubt.
pub const MOST_STEPS_BACK: usize = 100_000;

/// How much text the second half of one `unless followed by` may look at, in
/// bytes: each place where the first half is found may look at all that
/// follows. Beyond it, whether the whole matches is in doubt.
pub const MOST_LOOKED_AHEAD: usize = 32 << 20;

/// How much the lazily built states of one automaton may take, in bytes. Where
/// this is less than its largest states need, the search falls back to one
/// that is hundreds of times slower.
const STATES: usize = 16 << 20;

/// A pattern that is ready to look at a text.
pub(crate) struct Pattern {
    /// As written, for people.
    pub(crate) source: Box<str>,
    matcher: Matcher,
}

enum Matcher {
    Substring(Box<str>),
    Regex(Regex),
    Unless {
        first: Regex,
        whole: fancy_regex::Regex,
    },
    Glob(Regex),
}

/// Why a pattern cannot be made ready, for people.
pub(crate) struct Unusable {
    /// Its position among those that were given.
    pub(crate) position: usize,
    /// In one line.
    pub(crate) reason: String,
}

impl Pattern {
    /// Makes a pattern ready. One that looks `by_itself`, not only where a
    /// scanner found it, takes longer to make and is faster.
    pub(crate) fn new(row: &table::Pattern<'_>, by_itself: bool) -> Result<Pattern, String> {
        let one = |expression: &str| {
            // A half of an `unless` looks by itself in any case.
            let is_half = matches!(row.matcher, table::Matcher::RegexUnless(..));
            let config = config(MatchKind::LeftmostFirst);
            let config = if by_itself || is_half {
                config
            } else {
                config.hybrid(false).auto_prefilter(false)
            };
            let built = Regex::builder().configure(config).build(expression);
            built.map_err(|error| reason(&error))
        };
        let matcher = match row.matcher {
            table::Matcher::Substring(part) => Matcher::Substring(part.into()),
            table::Matcher::Regex(expression) => Matcher::Regex(one(expression)?),
            table::Matcher::RegexUnless(expression, follower) => {
                // Both are held to the one syntax before they meet.
                one(follower)?;
                let whole =
                    fancy_regex::RegexBuilder::new(&format!("(?:{expression})(?!{follower})"))
                        .backtrack_limit(MOST_STEPS_BACK)
                        .delegate_size_limit(LARGEST_AUTOMATON)
                        .build()
                        .map_err(|error| one_line(&error.to_string()))?;
                Matcher::Unless {
                    first: one(expression)?,
                    whole,
                }
            }
            table::Matcher::Glob(expression) => Matcher::Glob(one(&anchored(expression))?),
        };
        Ok(Pattern {
            source: row.source.into(),
            matcher,
        })
    }

    /// Whether an `unless followed by`, whose first half is in the text, is in
    /// it as a whole.
    pub(crate) fn is_whole_in(&self, text: &str) -> Outcome {
        match &self.matcher {
            Matcher::Unless { first, whole } => is_match(first, whole, text),
            Matcher::Substring(_) | Matcher::Regex(_) | Matcher::Glob(_) => Ok(true),
        }
    }

    /// Whether its regex, or the first half of its `unless followed by`, is in the text.
    pub(crate) fn is_first_in(&self, text: &str) -> bool {
        match &self.matcher {
            Matcher::Regex(regex) | Matcher::Glob(regex) | Matcher::Unless { first: regex, .. } => {
                regex.is_match(text)
            }
            Matcher::Substring(_) => true,
        }
    }

    /// Whether it is in a text that stands by itself. `small` is a buffer.
    pub(crate) fn is_in(&self, text: &str, small: &mut String) -> Outcome {
        match &self.matcher {
            Matcher::Substring(part) => {
                text::lower(text, small);
                Ok(small.contains(&**part))
            }
            Matcher::Regex(regex) | Matcher::Glob(regex) => Ok(regex.is_match(text)),
            Matcher::Unless { first, whole } => {
                Ok(first.is_match(text) && is_match(first, whole, text)?)
            }
        }
    }

    /// Where it is first found in a text that stands by itself: its first group
    /// that took part, since what stands outside of groups is there to be beside it.
    pub(crate) fn find(&self, text: &str) -> Option<Range<usize>> {
        match &self.matcher {
            Matcher::Substring(part) => {
                let mut small = String::new();
                text::lower(text, &mut small);
                let start = small.find(&**part)?;
                let (start, end) = text::raise(text, start, start + part.len());
                Some(start..end)
            }
            Matcher::Regex(regex) | Matcher::Glob(regex) => {
                let mut captures = regex.create_captures();
                regex.captures(text, &mut captures);
                let groups = (1..captures.group_len()).find_map(|group| captures.get_group(group));
                let whole = || captures.get_match().map(|found| found.range());
                groups.map(|span| span.range()).or_else(whole)
            }
            Matcher::Unless { whole, .. } => {
                let captures = whole.captures(text).ok().flatten()?;
                // The whole is the first group where no other one took part.
                captures
                    .iter()
                    .skip(1)
                    .flatten()
                    .next()
                    .or(captures.get(0))
                    .map(|found| found.range())
            }
        }
    }

    /// Where it is first found in a canonical text that was read.
    pub(crate) fn find_in(&self, text: &Text) -> Option<Range<usize>> {
        if !matches!(self.matcher, Matcher::Glob(_)) {
            return self.find(text.whole());
        }
        text.values().find_map(|(start, value)| {
            let found = self.find(value)?;
            Some(start + found.start..start + found.end)
        })
    }
}

fn is_match(first: &Regex, whole: &fancy_regex::Regex, text: &str) -> Outcome {
    let most = MOST_LOOKED_AHEAD / text.len().max(1);
    if first.find_iter(text).nth(most).is_some() {
        return Err(Doubt::TooManySteps);
    }
    whole.is_match(text).map_err(|_| Doubt::TooManySteps)
}

/// An expression for the whole of a text.
pub(crate) fn anchored(expression: &str) -> String {
    format!(r"\A(?:{expression})\z")
}

fn config(kind: MatchKind) -> meta::Config {
    meta::Config::new()
        .match_kind(kind)
        .nfa_size_limit(Some(LARGEST_AUTOMATON))
        .hybrid_cache_capacity(STATES)
        .onepass(false)
}

/// One automaton that finds all that match, of several.
pub(crate) fn from_hirs(expressions: &[&Hir]) -> Result<Regex, String> {
    let built = Regex::builder()
        .configure(config(MatchKind::All).which_captures(WhichCaptures::Implicit))
        .build_many_from_hir(expressions);
    built.map_err(|error| reason(&error))
}

fn reason(error: &BuildError) -> String {
    match (error.size_limit(), error.syntax_error()) {
        (Some(_), _) => format!("its automaton would be larger than {LARGEST_AUTOMATON} bytes"),
        (None, Some(error)) => one_line(&error.to_string()),
        (None, None) => one_line(&error.to_string()),
    }
}

/// The last line of a message of a regex library says what is wrong.
pub(crate) fn one_line(message: &str) -> String {
    let last = message
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
