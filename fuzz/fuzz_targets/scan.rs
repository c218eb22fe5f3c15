//! Patterns and a text in: automata and literals find what slow engines find.
//!
//! The first byte says what the patterns are: `p`atterns of policies, `r`egexes
//! of the library, `l`iterals, else what is drawn from the bytes. The first three
//! stand in lines, each with what must not follow it after a tab, and are
//! followed by a zero byte and the text. `i` has the text alone, for the signals
//! of the shipped intents.
#![no_main]

use std::{cell::RefCell, collections::BTreeSet};

use agentos_compiler::{
    Options, Sources, compile,
    grammar::ast::PatternKind,
    pattern::{self, Budget, Compiled},
    shipped,
};
use agentos_fuzz::{Oracle, engine};
use agentos_runtime::{
    Request,
    table::{Matcher, Normalize},
};
use agentos_scan::{Matchers, Memory, Set, Sought};
use arbitrary::Unstructured;
use libfuzzer_sys::{Corpus, fuzz_target};
use regex_syntax::hir::Hir;

/// How many patterns are searched together.
const MOST_PATTERNS: usize = 5;

/// The longest pattern, in bytes. What patterns cost is for another target.
const LONGEST_PATTERN: usize = 200;

/// How many bytes of text are judged ahead, and more.
const LONG: usize = 9_000;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((first, rest)) = bytes.split_first() else {
        return Corpus::Reject;
    };
    let written = String::from_utf8_lossy(rest);
    let (patterns, text) = written.split_once('\0').unwrap_or((&written, ""));
    let lines = patterns
        .lines()
        .filter(|line| line.len() <= LONGEST_PATTERN)
        .take(MOST_PATTERNS);
    match first {
        b'p' => of_policies(lines, text),
        b'r' => regexes(
            lines.map(|line| {
                line.split_once('\t')
                    .map_or((line, None), |(text, unless)| (text, Some(unless)))
            }),
            text,
        ),
        b'l' => literals(&lines.collect::<Vec<_>>(), text),
        b'i' => SIGNALS.with(|shipped| signals(shipped, &written)),
        _ => drawn(rest).unwrap_or_default(),
    }
    Corpus::Keep
});

thread_local! {
    /// What is left of a search is there for the next one, of other patterns.
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// A pattern that is compared.
struct Compared {
    expression: Hir,
    unless: Option<Hir>,
    oracle: Oracle,
}

impl Compared {
    fn new(expression: Hir, unless: Option<Hir>) -> Option<Compared> {
        let oracle = Oracle::new(&expression, unless.as_ref())?;
        Some(Compared {
            expression,
            unless,
            oracle,
        })
    }
}

/// The number of the pattern at this position: not dense, in several words.
fn number(position: usize) -> u32 {
    position as u32 * 19 + 5
}

fn compare(patterns: &[Compared], text: &str) {
    let all: Vec<u32> = (0..patterns.len()).map(number).collect();
    // What has another shape, or is too large by itself, is named, and only that.
    let (matchers, unfit) = match Matchers::build(&sought(patterns), &all, &[], &[]) {
        Ok(matchers) => (matchers, Vec::new()),
        Err(unfit) => {
            assert!(unfit.is_sorted() && !unfit.is_empty());
            let fit: Vec<(u32, Sought<'_>)> = sought(patterns)
                .into_iter()
                .filter(|(number, _)| !unfit.contains(number))
                .collect();
            let numbers: Vec<u32> = fit.iter().map(|(number, _)| *number).collect();
            let Ok(matchers) = Matchers::build(&fit, &numbers, &[], &[]) else {
                return;
            };
            (matchers, unfit)
        }
    };
    let bytes = matchers.to_bytes();
    let opened = Matchers::open(bytes.clone().into()).expect("it was just written");
    assert_eq!(opened, matchers);
    let cut = bytes.len() * (text.len() % 97) / 97;
    assert!(Matchers::open(bytes[..cut].to_vec().into()).is_err());
    for text in lengths(text) {
        let found = found_by(&opened, &text, patterns.len());
        for (position, pattern) in patterns.iter().enumerate() {
            let number = number(position);
            if unfit.contains(&number) {
                assert!(!found.contains(&number));
                continue;
            }
            let Some(expected) = pattern.oracle.is_in(&text) else {
                continue;
            };
            let shown = || {
                let unless = pattern.unless.as_ref().map(ToString::to_string);
                format!("`{}` unless {unless:?} in {text:?}", pattern.expression)
            };
            assert_eq!(found.contains(&number), expected, "{}", shown());
            if let Some(place) = opened.programs.find(number, &text) {
                assert!(expected && text.get(place).is_some(), "{}", shown());
            } else {
                assert!(!expected || text.len() > LONG, "{}", shown());
            }
        }
    }
}

fn sought(patterns: &[Compared]) -> Vec<(u32, Sought<'_>)> {
    let rows = patterns.iter().enumerate();
    rows.map(|(position, pattern)| {
        let unless = pattern.unless.as_ref();
        let expression = &pattern.expression;
        (number(position), Sought::Match { expression, unless })
    })
    .collect()
}

fn found_by(matchers: &Matchers, text: &str, patterns: usize) -> BTreeSet<u32> {
    let mut found = vec![0; number(patterns) as usize / 64 + 1];
    MEMORY.with_borrow_mut(|memory| matchers.text.scan(text, memory, &mut found));
    let mut in_parts = vec![0; found.len()];
    let mut arriving = matchers.text.arriving();
    // How long they are depends on the input, and on nothing else.
    let (mut rest, length) = (text, 1 + text.len() * 7 % 130);
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.ceil_char_boundary(length));
        arriving.push(part, &mut in_parts);
        rest = after;
    }
    arriving.finish(&mut in_parts);
    assert_eq!(in_parts, found, "in parts of {length} bytes: {text:?}");
    set(&found)
}

fn set(words: &[u64]) -> BTreeSet<u32> {
    (0..words.len() as u32 * 64)
        .filter(|bit| words[*bit as usize / 64] >> (bit % 64) & 1 == 1)
        .collect()
}

/// The text, parts of it, and longer ones it is a part of.
fn lengths(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    let cut = text.floor_char_boundary(text.len() / 2);
    all.push(text[..cut].to_owned());
    all.push(text[cut..].to_owned());
    // At another place of a block, and across the end of one.
    all.push(" ".repeat(1 + text.len() % 67) + text);
    // Now and then longer than what is judged ahead.
    match text.len() % 64 {
        1 => all.push(text.repeat(LONG / text.len())),
        2 => all.push("- ".repeat(LONG / 2) + text),
        _ => {}
    }
    all
}

fn regexes<'t>(lines: impl Iterator<Item = (&'t str, Option<&'t str>)>, text: &str) {
    let parse = |text: &str| regex_syntax::parse(text).ok();
    let patterns = lines.filter_map(|(expression, unless)| {
        let unless = match unless {
            Some(unless) => Some(parse(unless)?),
            None => None,
        };
        Compared::new(parse(expression)?, unless)
    });
    compare(&patterns.collect::<Vec<_>>(), text);
}

fn of_policies<'t>(lines: impl Iterator<Item = &'t str>, text: &str) {
    let compiled: Vec<Compiled> = lines.filter_map(compiled).collect();
    let parse = |text: &str| regex_syntax::parse(text).expect("the compiler writes expressions");
    let patterns = compiled.iter().filter_map(|compiled| match compiled {
        Compiled::Substring(_) | Compiled::Glob(_) => None,
        Compiled::Regex(regex) => Compared::new(parse(regex), None),
        Compiled::RegexUnless(regex, unless) => Compared::new(parse(regex), Some(parse(unless))),
    });
    compare(&patterns.collect::<Vec<_>>(), text);

    // The engine searches for them together, whatever kind they are of.
    let Some(engine) = engine(&compiled, Normalize::Never) else {
        return;
    };
    let oracles: Vec<Option<Oracle>> = compiled.iter().map(Oracle::of).collect();
    for text in lengths(text).into_iter().step_by(3) {
        let request = Request::new("", text.as_str());
        let report = engine.report(&engine.decide(&request), &request);
        for (position, oracle) in oracles.iter().enumerate() {
            let Some(expected) = oracle.as_ref().and_then(|oracle| oracle.is_in(&text)) else {
                continue;
            };
            let name = position.to_string();
            let is_found = report.matches.iter().any(|found| found.pattern == name);
            assert_eq!(is_found, expected, "{:?} in {text:?}", compiled[position]);
        }
    }
}

/// A line of a policy: `s `ubstring, `g `lob, else a regex.
fn compiled(line: &str) -> Option<Compiled> {
    let (kind, text) = match line.split_at_checked(2) {
        Some(("s ", text)) => (PatternKind::Substring, text),
        Some(("g ", text)) => (PatternKind::Glob, text),
        _ => (PatternKind::Regex, line),
    };
    let (text, unless) = match text.split_once('\t') {
        Some((text, unless)) => (text, Some(unless)),
        None => (text, None),
    };
    pattern::compile(kind, text, unless, Budget::default()).ok()
}

fn literals(lines: &[&str], text: &str) {
    let small: Vec<String> = lines.iter().map(|line| line.to_lowercase()).collect();
    let parts = small.iter().filter(|part| !part.is_empty()).enumerate();
    let rows: Vec<(u32, Sought<'_>)> = parts
        .map(|(position, part)| (number(position), Sought::Part(part)))
        .collect();
    let set_of_parts = Set::build(&rows).expect("parts are small");
    for text in lengths(text) {
        let lower = text.to_lowercase();
        let mut found = vec![0; number(rows.len()) as usize / 64 + 1];
        MEMORY.with_borrow_mut(|memory| {
            set_of_parts.scan(&text, memory, &mut found);
            set_of_parts.scan_lower(&lower, memory, &mut found);
        });
        let found = set(&found);
        for (number, sought) in &rows {
            let Sought::Part(part) = sought else {
                unreachable!("all are parts");
            };
            let expected = lower.contains(part);
            assert_eq!(found.contains(number), expected, "{part:?} in {text:?}");
        }
    }
}

/// The signals of the shipped intents.
struct Signals {
    matchers: Matchers,
    oracles: Vec<Oracle>,
}

thread_local! {
    static SIGNALS: Signals = Signals::new();
}

impl Signals {
    fn new() -> Signals {
        let text = shipped::text("intents").expect("it is shipped");
        let (plan, _) = compile(&Sources::one("intents.policy", text), &Options::default());
        let plan = plan.expect("what is shipped compiles");
        let parse =
            |text: &str| regex_syntax::parse(text).expect("the compiler writes expressions");
        let table = plan.table();
        let intents = table.policies.iter().flat_map(|policy| &*policy.intents);
        let matchers =
            intents.flat_map(|intent| intent.signals.iter().map(|signal| &signal.pattern.matcher));
        let patterns = matchers.map(|matcher| match matcher {
            Matcher::Regex(regex) => Compared::new(parse(regex), None),
            Matcher::RegexUnless(regex, unless) => Compared::new(parse(regex), Some(parse(unless))),
            Matcher::Substring(_) | Matcher::Glob(_) => None,
        });
        let patterns: Vec<Compared> = patterns
            .map(|one| one.expect("a signal is a regex"))
            .collect();
        let all: Vec<u32> = (0..patterns.len()).map(number).collect();
        let matchers = Matchers::build(&sought(&patterns), &all, &[], &[]);
        Signals {
            matchers: matchers.expect("they are small"),
            oracles: patterns.into_iter().map(|one| one.oracle).collect(),
        }
    }
}

fn signals(signals: &Signals, text: &str) {
    for text in [text, &format!("{:1$}{text}", "", text.len() % 67)] {
        let found = found_by(&signals.matchers, text, signals.oracles.len());
        for (position, oracle) in signals.oracles.iter().enumerate() {
            if let Some(expected) = oracle.is_in(text) {
                let is_found = found.contains(&number(position));
                assert_eq!(is_found, expected, "signal {position} in {text:?}");
            }
        }
    }
}

/// What patterns and texts are made of: letters that fold oddly, that are words
/// to some and not to others, ends of lines.
const LETTERS: [&str; 16] = [
    "a", "b", "k", "s", "i", " ", "\n", "-", "é", "ſ", "\u{212A}", "İ", "\u{301}", "日", "_", "1",
];

/// How deep groups are drawn.
const DEEPEST_GROUP: u32 = 2;

fn drawn(bytes: &[u8]) -> arbitrary::Result<()> {
    let mut draw = Draw(Unstructured::new(bytes));
    let mut lines = Vec::new();
    for _ in 0..draw.0.int_in_range(1..=MOST_PATTERNS)? {
        let expression = draw.expression()?;
        let unless = match draw.0.arbitrary()? {
            true => Some(format!("(?i)b|{}", draw.rest(1)?)),
            false => None,
        };
        lines.push((expression, unless));
    }
    let mut text = String::new();
    while !draw.0.is_empty() {
        text.push_str(draw.one(&LETTERS)?);
    }
    regexes(
        lines
            .iter()
            .map(|(text, unless)| (text.as_str(), unless.as_deref())),
        &text,
    );
    Ok(())
}

struct Draw<'b>(Unstructured<'b>);

impl Draw<'_> {
    fn one<'a>(&mut self, of: &[&'a str]) -> arbitrary::Result<&'a str> {
        self.0.choose(of).copied()
    }

    /// An expression that begins with a letter, so that it does so rarely.
    fn expression(&mut self) -> arbitrary::Result<String> {
        let first = self.one(&["a", "ab", "k", "s[ak]", "(?:ab|s)", "İ", "日"])?;
        let mut whole = format!("{first}{}", self.rest(DEEPEST_GROUP)?);
        if self.0.arbitrary()? {
            let lead = self.one(&[r"(?:\A|[^\pL\pN_])", r"\A", r"[b ]", r"(?m:^)"])?;
            let trail = self.one(&["", r"(?:\z|[^\pL\pN_])", r"\n?\z", r"(?m:$)", r"\pL"])?;
            whole = format!("{lead}({whole}){trail}");
        }
        let folds = self.one(&["", "(?i)"])?;
        Ok(format!("{folds}{whole}"))
    }

    fn rest(&mut self, deeper: u32) -> arbitrary::Result<String> {
        (0..self.0.int_in_range(0..=4)?)
            .map(|_| self.part(deeper))
            .collect()
    }

    fn part(&mut self, deeper: u32) -> arbitrary::Result<String> {
        let repeat = |draw: &mut Self| draw.one(&["", "?", "{1,2}", "*", "+", "{0,3}"]);
        Ok(
            match self.0.int_in_range(0..=if deeper == 0 { 6 } else { 9 })? {
                0 | 1 => self.one(&LETTERS)?.to_owned(),
                2 => {
                    let class = self.one(&["[ab]", r"\s", r"\w", r"[^a\n]", "[iİı]", r"\d"])?;
                    format!("{class}{}", repeat(self)?)
                }
                3 | 4 => self
                    .one(&[".*", ".+", r"[^\n]*", "(?s:.)*", r"[^|]*", ".{0,3}"])?
                    .to_owned(),
                5 => format!("{}{}", self.one(&["a", "b", "k", "日"])?, repeat(self)?),
                6 => self.one(&["[^ ](?:.*[^ ])?", "(?:.*[^a])?"])?.to_owned(),
                7 => format!("(?:{}|{})", self.rest(deeper - 1)?, self.rest(deeper - 1)?),
                8 => format!("(?:a{})?", self.rest(deeper - 1)?),
                _ => format!("(?:b{}){}", self.rest(deeper - 1)?, repeat(self)?),
            },
        )
    }
}
