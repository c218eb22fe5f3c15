//! What Python 3.11 was seen to do with patterns, compared with what ours do in the engines that run them.
//!
//! A line of `data/python_re.jsonl` has a `pattern` and either a `text` with
//! whether it `matches`, or the kind of problem that it is `refused` with.
//! Recorded with `re.search(pattern, text, re.IGNORECASE)`; a `glob` with
//! `fnmatch.translate` matched, a `dialect_glob` with the same searched; an
//! `unless` is a `(?!…)` behind the pattern.
#![allow(missing_docs)]

use std::{collections::BTreeMap, path::Path};

use agentos_compiler::pattern::{
    Budget, Compiled, PatternProblem, ProblemKind, compile, compile_dialect_glob,
};
use agentos_grammar::ast::PatternKind;
use regex_automata::meta::Regex;
use serde_json::Value;

#[test]
fn patterns_match_where_python_finds_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/python_re.jsonl");
    let data = std::fs::read_to_string(path).expect("the recording is in the tree");
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    for line in data.lines() {
        let row: Value = serde_json::from_str(line).expect("a line is JSON");
        let compiled = compiled(&row);
        let found = match (&row["text"], &row["refused"]) {
            (Value::String(text), Value::Null) => {
                *compared.entry(way(&compiled)).or_default() += 1;
                assert_eq!(
                    finds(&compiled, text),
                    row["matches"].as_bool(),
                    "{line} {compiled:?}"
                );
                continue;
            }
            (Value::Null, Value::String(kind)) => kind,
            _ => panic!("neither compared nor refused: {line}"),
        };
        *compared.entry("refused").or_default() += 1;
        let problems = compiled.expect_err(line);
        for problem in problems {
            assert_eq!(format!("{:?}", problem.kind), *found, "{line}");
        }
    }
    // Nothing is left out: the recording is compared whole.
    assert_eq!(compared.values().sum::<usize>(), data.lines().count());
    for way in [
        "substring",
        "regex",
        "unless",
        "glob",
        "every text",
        "no text",
        "refused",
    ] {
        assert!(
            compared.get(way).is_some_and(|&lines| lines > 5),
            "{way}: {compared:?}"
        );
    }
}

fn compiled(row: &Value) -> Result<Compiled, Vec<PatternProblem>> {
    let text = row["pattern"].as_str().expect("a line has a pattern");
    let kind = match row["kind"].as_str() {
        Some("dialect_glob") => return compile_dialect_glob(text, Budget::default()),
        Some("glob") => PatternKind::Glob,
        Some("substring") => PatternKind::Substring,
        None => PatternKind::Regex,
        Some(other) => panic!("no kind of pattern: {other}"),
    };
    compile(kind, text, row["unless"].as_str(), Budget::default())
}

fn way(compiled: &Result<Compiled, Vec<PatternProblem>>) -> &'static str {
    match compiled {
        Ok(Compiled::Substring(_)) => "substring",
        Ok(Compiled::Regex(_)) => "regex",
        Ok(Compiled::RegexUnless(..)) => "unless",
        Ok(Compiled::Glob(_)) => "glob",
        Err(problems) if problems[0].kind == ProblemKind::Empty => "every text",
        Err(_) => "no text",
    }
}

/// Whether the text has it, in the engines that the runtime has.
fn finds(compiled: &Result<Compiled, Vec<PatternProblem>>, text: &str) -> Option<bool> {
    let regex = |expression: &str| Regex::new(expression).expect("ours are well-formed");
    match compiled {
        Ok(Compiled::Substring(part)) => Some(text.to_lowercase().contains(part.as_str())),
        Ok(Compiled::Regex(expression)) => Some(regex(expression).is_match(text)),
        Ok(Compiled::RegexUnless(expression, follower)) => {
            // The second half is an expression by itself, too.
            regex(follower);
            let whole = fancy_regex::Regex::new(&format!("(?:{expression})(?!{follower})")).ok()?;
            whole.is_match(text).ok()
        }
        Ok(Compiled::Glob(expression)) => {
            let found = regex(expression).find(text);
            assert!(
                found
                    .as_ref()
                    .is_none_or(|found| found.range() == (0..text.len()))
            );
            Some(found.is_some())
        }
        Err(problems) => match problems.as_slice() {
            [problem] if problem.kind == ProblemKind::Empty => Some(true),
            [problem] if problem.kind == ProblemKind::NeverMatches => Some(false),
            _ => None,
        },
    }
}
