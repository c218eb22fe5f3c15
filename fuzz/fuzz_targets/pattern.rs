//! The text of a pattern in: it compiles to what the engine takes and finds as
//! it should, or its problems have places and one line each.
//!
//! The first byte says which kind: `s`ubstring, `g`lob, glob of a `d`ialect,
//! regex `u`nless followed by another, else regex. Then the pattern, after a
//! zero byte what must not follow it, and after another one a text to search.
#![no_main]

use agentos_compiler::{
    grammar::ast::PatternKind,
    pattern::{Budget, Compiled, PatternPart, PatternProblem, compile, compile_dialect_glob},
};
use agentos_fuzz::{Oracle, engine};
use agentos_runtime::{Effect, Request, table::Normalize};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus { run(&String::from_utf8_lossy(bytes)) });

fn run(input: &str) -> Corpus {
    let mut letters = input.chars();
    let Some(first) = letters.next() else {
        return Corpus::Reject;
    };
    let (pattern, rest) = letters
        .as_str()
        .split_once('\0')
        .unwrap_or((letters.as_str(), ""));
    let (unless, text) = rest.split_once('\0').unwrap_or(("", rest));
    let unless = (first == 'u').then_some(unless);
    let budget = Budget::default();
    let compiled = match first {
        's' => compile(PatternKind::Substring, pattern, None, budget),
        'g' => compile(PatternKind::Glob, pattern, None, budget),
        'd' => compile_dialect_glob(pattern, budget),
        _ => compile(PatternKind::Regex, pattern, unless, budget),
    };
    let compiled = match compiled {
        Ok(compiled) => compiled,
        Err(problems) => {
            said_well(&problems, pattern, unless.unwrap_or_default());
            return Corpus::Keep;
        }
    };
    let oracle = Oracle::of(&compiled);
    let Some(engine) = engine(std::slice::from_ref(&compiled), Normalize::Never) else {
        return Corpus::Keep;
    };
    for text in [text, pattern] {
        let request = Request::new("", text);
        let decision = engine.decide(&request);
        let report = engine.report(&decision, &request);
        for found in &report.matches {
            assert!(
                text.get(found.start..found.end).is_some(),
                "{found:?} in {text:?}"
            );
        }
        let Some(expected) = oracle.as_ref().and_then(|oracle| oracle.is_in(text)) else {
            continue;
        };
        assert_eq!(
            decision.effect() == Effect::Deny,
            expected,
            "{compiled:?} in {text:?}"
        );
        assert_eq!(report.matches.len(), usize::from(expected), "{text:?}");
        if !matches!(first, 's' | 'g' | 'd')
            && let Some(expected) = as_written(pattern, unless, text)
        {
            assert_eq!(
                decision.effect() == Effect::Deny,
                expected,
                "`{pattern}` unless {unless:?}, which is {compiled:?}, in {text:?}"
            );
        }
        if first == 's' && !matches!(compiled, Compiled::Substring(_)) {
            panic!("a substring compiles to {compiled:?}");
        }
    }
    Corpus::Keep
}

/// Problems are for people: each stands at its place and in one line.
fn said_well(problems: &[PatternProblem], pattern: &str, unless: &str) {
    assert!(!problems.is_empty());
    for problem in problems {
        let text = match problem.part {
            PatternPart::Text => pattern,
            PatternPart::UnlessFollowedBy => unless,
        };
        let range = problem.range.clone().unwrap_or(0..text.len());
        assert!(text.get(range).is_some(), "{problem:?} in `{text}`");
        assert!(!problem.message.is_empty(), "{problem:?}");
    }
}

/// What a backtracking engine finds with a pattern as it is written, where
/// Python's dialect and that engine's are one: the letters of ASCII, and
/// nothing that one of the two has by itself.
fn as_written(pattern: &str, unless: Option<&str>, text: &str) -> Option<bool> {
    let texts = [pattern, unless.unwrap_or_default()];
    if text.is_empty()
        || !text.is_ascii()
        || text.bytes().any(|byte| (0x1C..=0x1F).contains(&byte))
        || !texts.iter().all(|text| is_common(text))
    {
        return None;
    }
    let unless = unless.map_or(String::new(), |unless| format!("(?!{unless})"));
    Oracle::backtracking(&format!("(?i)(?:{pattern}){unless}"))?.is_in(text)
}

fn is_common(pattern: &str) -> bool {
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        let is_common = match letter {
            '\\' => letters.next().is_some_and(|escaped| {
                matches!(
                    escaped,
                    'b' | 'B' | 'w' | 'W' | 'd' | 'D' | 's' | 'S' | 'n' | 't'
                )
            }),
            // What stands behind it is the same in both.
            '(' => match next {
                Some('?') => {
                    letters.next();
                    match letters.next() {
                        Some(':' | '=' | '!') => true,
                        Some('<') => matches!(letters.next(), Some('=' | '!')),
                        _ => false,
                    }
                }
                _ => true,
            },
            // Python reads `{,2}` and `{x` otherwise, and classes nest in one only.
            '{' => next.is_some_and(|next| next.is_ascii_digit()),
            '$' | '[' | '#' => false,
            _ => letter.is_ascii(),
        };
        if !is_common {
            return false;
        }
    }
    true
}
