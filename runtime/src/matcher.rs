//! Patterns made ready: rows in, what finds them in a text out.
//!
//! A [`Pattern`] looks at one text by itself. A [`Scanner`] finds which of
//! many patterns are in a request's canonical text, reading it a few times for
//! all of them: once for the substrings, once for the regexes that fit one
//! automaton, once for the globs. Everything is compiled here, when an engine
//! is made; nothing is while a request waits.

use std::ops::Range;

use aho_corasick::{AhoCorasick, automaton::OverlappingState};
use regex_automata::{
    Anchored, Input, MatchKind, PatternSet,
    meta::{self, Regex},
};

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

/// How many regexes one automaton may look for at once. Beyond this, lazily
/// built states outgrow their cache.
const MOST_TOGETHER: usize = 250;

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
    pub(crate) fn new(row: &table::Pattern<'_>) -> Result<Pattern, String> {
        let one = |expression: &str| {
            regex(&[expression], MatchKind::LeftmostFirst).map_err(|unusable| unusable.reason)
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
    fn is_whole_in(&self, text: &str) -> Outcome {
        match &self.matcher {
            Matcher::Unless { first, whole } => is_match(first, whole, text),
            Matcher::Substring(_) | Matcher::Regex(_) | Matcher::Glob(_) => Ok(true),
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

fn anchored(expression: &str) -> String {
    format!(r"\A(?:{expression})\z")
}

fn regex(expressions: &[&str], kind: MatchKind) -> Result<Regex, Unusable> {
    let config = meta::Config::new()
        .match_kind(kind)
        .nfa_size_limit(Some(LARGEST_AUTOMATON))
        .hybrid_cache_capacity(STATES)
        .onepass(false);
    Regex::builder()
        .configure(config)
        .build_many(expressions)
        .map_err(|error| Unusable {
            position: error.pattern().map_or(0, |pattern| pattern.as_usize()),
            reason: match error.size_limit() {
                Some(_) => format!("its automaton would be larger than {LARGEST_AUTOMATON} bytes"),
                None => one_line(
                    &error
                        .syntax_error()
                        .map_or_else(|| error.to_string(), ToString::to_string),
                ),
            },
        })
}

/// The last line of a message of a regex library says what is wrong.
fn one_line(message: &str) -> String {
    let last = message
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// Finds which of many patterns are in a canonical text.
#[derive(Default)]
pub(crate) struct Scanner {
    substrings: Option<AhoCorasick>,
    /// Patterns by the order of `substrings`.
    substring_ids: Box<[u32]>,
    regexes: Box<[Together]>,
    globs: Box<[Together]>,
    /// Found by `regexes` where their first half is there.
    unless: Box<[u32]>,
}

/// Regexes that are searched together.
struct Together {
    regex: Regex,
    /// Patterns by the order of `regex`.
    ids: Box<[u32]>,
}

/// What a scanner found.
#[derive(Default)]
pub(crate) struct Scan {
    done: bool,
    found: Vec<u64>,
    doubtful: Vec<u64>,
    set: Option<PatternSet>,
}

impl Scan {
    /// Forgets what was found.
    pub(crate) fn clear(&mut self) {
        self.done = false;
        self.found.clear();
        self.doubtful.clear();
    }

    /// Whether one of these patterns was found.
    pub(crate) fn has_any(&self, ids: &[u32]) -> Outcome {
        if ids.iter().any(|&id| is_set(&self.found, id)) {
            return Ok(true);
        }
        if ids.iter().any(|&id| is_set(&self.doubtful, id)) {
            return Err(Doubt::TooManySteps);
        }
        Ok(false)
    }

    /// Whether this pattern was found.
    pub(crate) fn has(&self, id: u32) -> bool {
        is_set(&self.found, id)
    }
}

impl Scanner {
    /// Makes a scanner for those of a policy's patterns that `wanted` names.
    pub(crate) fn new(rows: &[&table::Pattern<'_>], wanted: &[u32]) -> Result<Scanner, Unusable> {
        let mut substrings: (Vec<u32>, Vec<&str>) = <_>::default();
        let mut regexes: Vec<(u32, &str)> = Vec::new();
        let mut globs: Vec<(u32, String)> = Vec::new();
        let mut unless = Vec::new();
        for &id in wanted {
            let Some(row) = rows.get(id as usize) else {
                continue;
            };
            match row.matcher {
                table::Matcher::Substring(part) => {
                    substrings.0.push(id);
                    substrings.1.push(part);
                }
                table::Matcher::Regex(expression) => regexes.push((id, expression)),
                table::Matcher::RegexUnless(expression, _) => {
                    regexes.push((id, expression));
                    unless.push(id);
                }
                table::Matcher::Glob(expression) => globs.push((id, anchored(expression))),
            }
        }
        let globs: Vec<(u32, &str)> = globs
            .iter()
            .map(|(id, expression)| (*id, expression.as_str()))
            .collect();
        let (substring_ids, parts) = substrings;
        let automaton = (!parts.is_empty())
            .then(|| AhoCorasick::new(&parts))
            .transpose()
            .map_err(|error| Unusable {
                position: substring_ids.first().map_or(0, |&id| id as usize),
                reason: one_line(&error.to_string()),
            })?;
        Ok(Scanner {
            substrings: automaton,
            substring_ids: substring_ids.into(),
            regexes: together(&regexes)?.into(),
            globs: together(&globs)?.into(),
            unless: unless.into(),
        })
    }

    /// Looks for them, unless that was done already. The text has to be
    /// [read](Text::read) before; `patterns` are all the policy has.
    pub(crate) fn scan(&self, patterns: &[Pattern], text: &mut Text, scan: &mut Scan) {
        if scan.done {
            return;
        }
        scan.done = true;
        let words = patterns.len().div_ceil(64);
        for bits in [&mut scan.found, &mut scan.doubtful] {
            bits.clear();
            bits.resize(words, 0);
        }
        if let Some(automaton) = &self.substrings {
            let lower = text.lower();
            let mut at = OverlappingState::start();
            // An automaton of the standard kind does not refuse a search.
            while automaton.try_find_overlapping(lower, &mut at).is_ok()
                && let Some(found) = at.get_match()
            {
                if let Some(&id) = self.substring_ids.get(found.pattern().as_usize()) {
                    set(&mut scan.found, id);
                }
            }
        }
        for regexes in &self.regexes {
            regexes.scan(&Input::new(text.whole()), &mut scan.set, &mut scan.found);
        }
        for globs in &self.globs {
            for (_, value) in text.values() {
                globs.scan(
                    &Input::new(value).anchored(Anchored::Yes),
                    &mut scan.set,
                    &mut scan.found,
                );
            }
        }
        for &id in &self.unless {
            if !is_set(&scan.found, id) {
                continue;
            }
            let pattern = patterns.get(id as usize);
            match pattern.map(|pattern| pattern.is_whole_in(text.whole())) {
                Some(Ok(true)) => {}
                Some(Ok(false)) => unset(&mut scan.found, id),
                Some(Err(_)) | None => {
                    unset(&mut scan.found, id);
                    set(&mut scan.doubtful, id);
                }
            }
        }
    }
}

/// Groups regexes into as few automata as the limits allow.
fn together(regexes: &[(u32, &str)]) -> Result<Vec<Together>, Unusable> {
    let mut groups = Vec::new();
    let mut left: Vec<&[(u32, &str)]> = regexes.chunks(MOST_TOGETHER).rev().collect();
    while let Some(part) = left.pop() {
        let expressions: Vec<&str> = part.iter().map(|(_, expression)| *expression).collect();
        match regex(&expressions, MatchKind::All) {
            Ok(regex) => groups.push(Together {
                regex,
                ids: part.iter().map(|(id, _)| *id).collect(),
            }),
            Err(_) if part.len() > 1 => {
                let (first, second) = part.split_at(part.len() / 2);
                left.extend([second, first]);
            }
            Err(unusable) => {
                let position = part.first().map_or(0, |(id, _)| *id as usize);
                return Err(Unusable {
                    position,
                    ..unusable
                });
            }
        }
    }
    Ok(groups)
}

impl Together {
    fn scan(&self, input: &Input<'_>, set_: &mut Option<PatternSet>, found: &mut [u64]) {
        let fitting = set_.take().filter(|set| set.capacity() >= self.ids.len());
        let mut patterns = fitting.unwrap_or_else(|| PatternSet::new(self.ids.len()));
        patterns.clear();
        self.regex.which_overlapping_matches(input, &mut patterns);
        for pattern in patterns.iter() {
            if let Some(&id) = self.ids.get(pattern.as_usize()) {
                set(found, id);
            }
        }
        *set_ = Some(patterns);
    }
}

fn is_set(bits: &[u64], id: u32) -> bool {
    bits.get(id as usize / 64)
        .is_some_and(|word| word >> (id % 64) & 1 == 1)
}

fn set(bits: &mut [u64], id: u32) {
    if let Some(word) = bits.get_mut(id as usize / 64) {
        *word |= 1 << (id % 64);
    }
}

fn unset(bits: &mut [u64], id: u32) {
    if let Some(word) = bits.get_mut(id as usize / 64) {
        *word &= !(1 << (id % 64));
    }
}
