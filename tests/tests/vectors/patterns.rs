//! Which blocked patterns are in a text: as `GovernancePolicy` tells it, and as
//! a table does that was compiled of the same policy.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use agentos_compiler::grammar::ast::PatternKind;
use agentos_compiler::{
    Options, Sources, compile,
    finding::{Level, codes},
    governance::{GovernancePolicy, InvalidPolicy},
    pattern::{self, Budget, ProblemKind},
};
use agentos_runtime::{Effect, Engine, Request};
use serde_json::{Value, json};

use super::{Compared, Line};

thread_local! {
    /// By the patterns.
    static MADE: RefCell<HashMap<String, Rc<Made>>> = RefCell::default();
}

/// What a policy was made into.
struct Made {
    policy: Result<GovernancePolicy, InvalidPolicy>,
    /// `None`: the language refuses one of its patterns, which matches every text or none.
    engine: Option<Engine>,
}

pub(crate) fn compare(line: &Line) -> Result<Compared, String> {
    let patterns = &line.input["patterns"];
    let text = line.input["text"].as_str().ok_or("no text")?;
    let made = made(patterns)?;
    let expect_error = line.expect.get("error").is_some();
    let policy = match &made.policy {
        Ok(_) if expect_error && line.weakness.is_none() => {
            return Err("the policy was made".to_owned());
        }
        Ok(policy) => policy,
        Err(_) if expect_error => return Ok(Compared::Fine),
        Err(error) => return refused(line, patterns, error),
    };
    let ours = policy.matches_pattern(text);
    let theirs: Vec<&str> = line.expect["matches"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match line.weakness.as_deref() {
        // An expression that every text matches blocks every text.
        None
        | Some(
            "fp-substring"
            | "odd-empty-pattern"
            | "odd-glob-unanchored"
            | "odd-charlist"
            | "evade-glob-suffix"
            | "evade-invisible",
        ) => {
            let is_weak = line.weakness.is_some();
            let has_all = theirs.iter().all(|pattern| ours.contains(pattern));
            if !has_all || !is_weak && ours != theirs {
                return Err(format!("{ours:?}, not {theirs:?}"));
            }
        }
        Some(other) => return Err(format!("nobody decided what to do about `{other}`")),
    }
    if let Some(engine) = &made.engine {
        let found = found_by(engine, text);
        // In the dialect, a glob that may begin anywhere begins with a star.
        let bare = |pattern: &&str| pattern.trim_start_matches('*').to_owned();
        if !found
            .iter()
            .map(|pattern| bare(&&**pattern))
            .eq(ours.iter().map(bare))
        {
            return Err(format!("a table finds {found:?}, not {ours:?}"));
        }
    }
    Ok(Compared::Fine)
}

/// The patterns that a table finds in a text, which is an action without params.
fn found_by(engine: &Engine, text: &str) -> Vec<String> {
    let request = Request::new("", text);
    let decision = engine.decide(&request);
    if decision.effect() != Effect::Deny {
        return Vec::new();
    }
    let report = engine.report(&decision, &request);
    let found = report.matches.into_iter().map(|found| found.pattern);
    found.collect()
}

/// A pattern that we refuse and the reference takes.
fn refused(line: &Line, patterns: &Value, error: &InvalidPolicy) -> Result<Compared, String> {
    if line.weakness.as_deref() == Some("odd-empty-pattern") {
        return Ok(Compared::Fine);
    }
    let list = patterns.as_array().into_iter().flatten();
    let regexes = list.filter(|entry| entry["type"] == "regex");
    let needs_backtracking = regexes
        .filter_map(|entry| entry["pattern"].as_str())
        .filter_map(|regex| {
            pattern::compile(PatternKind::Regex, regex, None, Budget::default()).err()
        })
        .flatten()
        .any(|problem| problem.kind == ProblemKind::NotAnAutomaton && problem.help.is_some());
    let mut texts = patterns.as_array().into_iter().flatten();
    if texts.any(|entry| {
        entry["pattern"]
            .as_str()
            .is_some_and(|text| text.contains(r"\N{"))
    }) {
        return Ok(Compared::Refused("a character by its name, with a rewrite"));
    }
    if needs_backtracking {
        return Ok(Compared::Refused(
            "an expression that needs backtracking, with a rewrite",
        ));
    }
    Err(format!("refused: {error}"))
}

fn made(patterns: &Value) -> Result<Rc<Made>, String> {
    let key = patterns.to_string();
    if let Some(made) = MADE.with_borrow(|all| all.get(&key).cloned()) {
        return Ok(made);
    }
    let policy = GovernancePolicy::from_fields(&json!({"blocked_patterns": patterns}));
    let engine = match &policy {
        Ok(policy) => engine(&policy.to_yaml())?,
        Err(_) => None,
    };
    let made = Rc::new(Made { policy, engine });
    MADE.with_borrow_mut(|all| all.insert(key, Rc::clone(&made)));
    Ok(made)
}

fn engine(yaml: &str) -> Result<Option<Engine>, String> {
    let (plan, findings) = compile(&Sources::one("policy.yaml", yaml), &Options::default());
    let Some(plan) = plan else {
        let mut errors = findings
            .iter()
            .filter(|finding| finding.level == Level::Error);
        let is_about_all_or_none = errors.all(|finding| {
            std::ptr::eq(finding.lint, &raw const codes::EMPTY_PATTERN)
                || std::ptr::eq(finding.lint, &raw const codes::NEVER_MATCHES)
        });
        return if is_about_all_or_none {
            Ok(None)
        } else {
            Err(format!("{findings:?}\n{yaml}"))
        };
    };
    let engine = Engine::new(&plan.table()).map_err(|error| error.to_string())?;
    Ok(Some(engine))
}
