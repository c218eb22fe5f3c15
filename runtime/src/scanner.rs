//! Which of many patterns are in a request's canonical text.
//!
//! A [`Scanner`] reads the text a few times for all of them: once for the
//! substrings, once for the regexes, once for the globs. What few patterns
//! `agentos-scan` leaves to others, `aho-corasick` and the automata of `regex`
//! look for.
//!
//! These cannot tell words in a text that is not ASCII. For such texts there
//! are wider ones that do not mind where words end; what they find is looked at
//! again, by itself.

use agentos_scan::{Automaton, Literals, Samples, Scratch};
use aho_corasick::{AhoCorasick, automaton::OverlappingState};
use regex_automata::{Anchored, Input, PatternSet, meta::Regex, util::syntax};
use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

use crate::{
    doubt::{Doubt, Outcome},
    matcher::{Pattern, Unusable, anchored, from_hirs, one_line},
    table,
    text::Text,
};

/// How many regexes one automaton may look for at once. Beyond this, lazily
/// built states outgrow their cache.
const MOST_TOGETHER: usize = 250;

/// How much text patterns may look at again by themselves, in bytes: the length
/// of the text for each of them. Beyond it, whether they are there is in doubt,
/// and where they are is not said.
pub const MOST_LOOKED_AGAIN: usize = 8 << 20;

/// Finds which of many patterns are in a canonical text.
#[derive(Default)]
pub(crate) struct Scanner {
    literals: Literals,
    /// Substrings that are too short for `literals`, or too much alike.
    substrings: Option<AhoCorasick>,
    /// Patterns by the order of `substrings`.
    substring_ids: Box<[u32]>,
    automata: Box<[Automaton]>,
    regexes: Box<[Together]>,
    /// The same without the ends of words; none where no regex minds them.
    wider: Box<[Together]>,
    /// What `wider` finds more often than it is there.
    again: Box<[u32]>,
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
    scratch: Scratch,
    samples: Samples,
}

impl Scan {
    /// Forgets what was found.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if self.done {
            self.done = false;
            self.found.clear();
            self.doubtful.clear();
        }
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
        let mut substrings: Vec<(u32, &str)> = Vec::new();
        let mut regexes: Vec<(u32, Hir)> = Vec::new();
        let mut followers: Vec<Option<Hir>> = Vec::new();
        let mut globs: Vec<(u32, Hir)> = Vec::new();
        for &id in wanted {
            let Some(row) = rows.get(id as usize) else {
                continue;
            };
            match row.matcher {
                table::Matcher::Substring(part) => {
                    substrings.push((id, part));
                }
                table::Matcher::Regex(expression) => {
                    regexes.push((id, parse(id, expression)?));
                    followers.push(None);
                }
                table::Matcher::RegexUnless(expression, follower) => {
                    regexes.push((id, parse(id, expression)?));
                    followers.push(Some(parse(id, follower)?));
                }
                table::Matcher::Glob(expression) => {
                    globs.push((id, parse(id, &anchored(expression))?));
                }
            }
        }
        let patterns = regexes.iter().zip(&followers);
        let patterns = patterns.map(|((id, expression), follower)| agentos_scan::Pattern {
            number: *id,
            expression,
            unless: follower.as_ref(),
        });
        let built = agentos_scan::build(&patterns.collect::<Vec<_>>());
        let is_other = |id: &u32| built.others.binary_search(id).is_ok();
        let unless = regexes.iter().zip(&followers);
        let unless = unless.filter(|((id, _), follower)| follower.is_some() && is_other(id));
        let unless = unless.map(|((id, _), _)| *id).collect();
        regexes.retain(|(id, _)| is_other(id));
        let again: Vec<u32> = regexes
            .iter()
            .filter(|(_, hir)| hir.properties().look_set().contains_word_unicode())
            .map(|(id, _)| *id)
            .collect();
        let wider = if again.is_empty() {
            Vec::new()
        } else {
            regexes
                .iter()
                .map(|(id, hir)| (*id, widened(hir)))
                .collect()
        };
        let (literals, others) = Literals::new(&substrings);
        let others = others.iter().filter_map(|&at| substrings.get(at).copied());
        let (substring_ids, parts): (Vec<u32>, Vec<&str>) = others.unzip();
        let automaton = (!parts.is_empty())
            .then(|| AhoCorasick::new(&parts))
            .transpose()
            .map_err(|error| Unusable {
                position: substring_ids.first().map_or(0, |&id| id as usize),
                reason: one_line(&error.to_string()),
            })?;
        Ok(Scanner {
            literals,
            substrings: automaton,
            substring_ids: substring_ids.into(),
            automata: built.automata.into(),
            regexes: together(&regexes)?.into(),
            wider: together(&wider)?.into(),
            again: again.into(),
            globs: together(&globs)?.into(),
            unless,
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
        let text_or_small = if self.literals.ignore_case_of(text.whole()) {
            text.whole()
        } else {
            text.lower()
        };
        self.literals
            .scan(text_or_small.as_bytes(), &mut scan.samples, &mut scan.found);
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
        for automaton in &self.automata {
            automaton.scan(text.whole(), &mut scan.scratch, &mut scan.found);
        }
        let is_wider = !self.wider.is_empty() && !text.whole().is_ascii();
        for regexes in if is_wider { &self.wider } else { &self.regexes } {
            regexes.scan(&Input::new(text.whole()), &mut scan.set, &mut scan.found);
        }
        if is_wider {
            self.look_again(patterns, text.whole(), scan);
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

impl Scanner {
    /// Takes out what the wider automata found and is not there.
    fn look_again(&self, patterns: &[Pattern], text: &str, scan: &mut Scan) {
        let mut left = looks(text);
        for &id in &self.again {
            let Some(pattern) = patterns
                .get(id as usize)
                .filter(|_| is_set(&scan.found, id))
            else {
                continue;
            };
            if left == 0 {
                set(&mut scan.doubtful, id);
            }
            if left == 0 || !pattern.is_first_in(text) {
                unset(&mut scan.found, id);
            }
            left = left.saturating_sub(1);
        }
    }
}

/// How many patterns may look at a text by themselves.
pub(crate) fn looks(text: &str) -> usize {
    MOST_LOOKED_AGAIN / text.len().max(1)
}

fn parse(id: u32, expression: &str) -> Result<Hir, Unusable> {
    syntax::parse(expression).map_err(|error| Unusable {
        position: id as usize,
        reason: one_line(&error.to_string()),
    })
}

/// An expression that matches wherever this one does, and does not mind where
/// words begin and end. How deep expressions nest is bounded where they are read.
fn widened(hir: &Hir) -> Hir {
    if !hir.properties().look_set().contains_word_unicode() {
        return hir.clone();
    }
    match hir.kind() {
        HirKind::Look(
            Look::WordUnicode
            | Look::WordUnicodeNegate
            | Look::WordStartUnicode
            | Look::WordEndUnicode
            | Look::WordStartHalfUnicode
            | Look::WordEndHalfUnicode,
        ) => Hir::empty(),
        HirKind::Look(_) | HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            sub: Box::new(widened(&repetition.sub)),
            ..repetition.clone()
        }),
        HirKind::Capture(capture) => widened(&capture.sub),
        HirKind::Concat(hirs) => Hir::concat(hirs.iter().map(widened).collect()),
        HirKind::Alternation(hirs) => Hir::alternation(hirs.iter().map(widened).collect()),
    }
}

/// Groups regexes into as few automata as the limits allow.
fn together(regexes: &[(u32, Hir)]) -> Result<Vec<Together>, Unusable> {
    let mut groups = Vec::new();
    let mut left: Vec<&[(u32, Hir)]> = regexes.chunks(MOST_TOGETHER).rev().collect();
    while let Some(part) = left.pop() {
        let hirs: Vec<&Hir> = part.iter().map(|(_, hir)| hir).collect();
        match from_hirs(&hirs) {
            Ok(regex) => groups.push(Together {
                regex,
                ids: part.iter().map(|(id, _)| *id).collect(),
            }),
            Err(_) if part.len() > 1 => {
                let (first, second) = part.split_at(part.len() / 2);
                left.extend([second, first]);
            }
            Err(reason) => {
                let position = part.first().map_or(0, |(id, _)| *id as usize);
                return Err(Unusable { position, reason });
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
