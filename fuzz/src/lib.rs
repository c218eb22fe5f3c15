//! What the fuzz targets share: patterns in, an engine of a table with them, or
//! what a slow and simple engine finds, out.
#![forbid(unsafe_code)]

use std::{borrow::Cow, cell::RefCell};

use agentos_compiler::pattern::Compiled;
use agentos_runtime::{
    Effect, Engine, Stage,
    matchers::{self, Unfit},
    table::{
        Check, Combine, Condition, DefaultAnswer, Field, Limits, Mode, Normalize, Part, Pattern,
        PatternSet, Place, Policy, Quantifier, Rule, Table, Test,
    },
};
use regex_automata::nfa::thompson::{
    self,
    pikevm::{self, PikeVM},
};
use regex_syntax::hir::Hir;

/// An engine that denies a call whose text has one of these patterns. Each is
/// called by its position in reports. None where one of them outgrows its automaton.
///
/// # Panics
///
/// When a small one does, or the runtime says something against the table.
pub fn engine(patterns: &[Compiled], normalize: Normalize) -> Option<Engine> {
    let at = Place {
        source: 0,
        line: 1,
        column: 1,
    };
    let names: Vec<String> = (0..patterns.len()).map(|at| at.to_string()).collect();
    let rows = names.iter().zip(patterns).map(|(source, pattern)| Pattern {
        source,
        at,
        matcher: pattern.matcher(),
    });
    let rule = Rule {
        effect: Effect::Deny,
        id: "found",
        at,
        actions: Cow::Borrowed(&["*"]),
        stage: Stage::Call,
        when: Some(Condition::Test(Test {
            clause: 1,
            negated: false,
            quantifier: Quantifier::Whole,
            field: Field::Text,
            check: Check::Matches(0),
        })),
        priority: 0,
        because: None,
        suggest: None,
        approvers: None,
        severity: None,
        help: None,
    };
    let mut policy = Policy {
        name: "fuzz",
        version: "",
        at,
        default: DefaultAnswer::Allow,
        default_because: None,
        mode: Mode::Enforce,
        normalize,
        base: false,
        parts: vec![Part {
            policy: "fuzz",
            combine: Combine::Strictest,
            rules: vec![rule].into(),
        }]
        .into(),
        actions: Cow::Borrowed(&[]),
        patterns: vec![PatternSet {
            name: "",
            patterns: rows.collect(),
        }]
        .into(),
        intents: Cow::Borrowed(&[]),
        matchers: Cow::Borrowed(&[]),
        limits: Limits::NONE,
        rates: Cow::Borrowed(&[]),
        trust: None,
    };
    match matchers::build(&policy) {
        Ok(built) => policy.matchers = built.into(),
        Err(Unfit(numbers)) => {
            let unfit = numbers.iter().filter_map(|&at| patterns.get(at as usize));
            for pattern in unfit {
                assert!(may_be_large(pattern), "no automaton finds {pattern:?}");
            }
            return None;
        }
    }
    let engine = Engine::new(&Table {
        sources: vec![agentos_runtime::table::Source {
            name: "fuzz.policy",
            sha256: "",
        }]
        .into(),
        policies: vec![policy].into(),
    });
    Some(engine.unwrap_or_else(|error| panic!("{patterns:?} compile, and then {error}")))
}

/// Whether an automaton of this may have many states.
fn may_be_large(pattern: &Compiled) -> bool {
    match pattern {
        Compiled::Substring(_) => false,
        Compiled::Regex(text) | Compiled::Glob(text) | Compiled::RegexUnless(text, _) => {
            text.contains('{') || text.len() > 200
        }
    }
}

/// Finds one pattern, slowly: no fingerprints, no deterministic automata.
pub enum Oracle {
    /// In the lower-cased text.
    Substring(String),
    /// One thread for each way to read the text.
    Threads(Box<(PikeVM, RefCell<pikevm::Cache>)>),
    /// By backtracking.
    Backtracking(Box<fancy_regex::Regex>),
}

/// How often an oracle may step back.
const MOST_STEPS_BACK: usize = 100_000;

impl Oracle {
    /// Finds an expression, where the other one does not follow. None where
    /// the slow engine does not take it.
    pub fn new(expression: &Hir, unless: Option<&Hir>) -> Option<Oracle> {
        let Some(unless) = unless else {
            let nfa = thompson::Compiler::new()
                .configure(thompson::Config::new().nfa_size_limit(Some(1 << 20)))
                .build_from_hir(expression)
                .ok()?;
            let regex = PikeVM::new_from_nfa(nfa).ok()?;
            let cache = RefCell::new(regex.create_cache());
            return Some(Oracle::Threads(Box::new((regex, cache))));
        };
        Oracle::backtracking(&format!("(?:{expression})(?!{unless})"))
    }

    /// Finds an expression by backtracking. None where it is none.
    pub fn backtracking(expression: &str) -> Option<Oracle> {
        fancy_regex::RegexBuilder::new(expression)
            .backtrack_limit(MOST_STEPS_BACK)
            .build()
            .ok()
            .map(|regex| Oracle::Backtracking(Box::new(regex)))
    }

    /// Finds what the compiler made.
    pub fn of(compiled: &Compiled) -> Option<Oracle> {
        let hir = |text: &str| regex_syntax::parse(text).expect("the compiler writes expressions");
        match compiled {
            Compiled::Substring(text) => Some(Oracle::Substring(text.clone())),
            Compiled::Regex(regex) => Oracle::new(&hir(regex), None),
            Compiled::RegexUnless(regex, unless) => Oracle::new(&hir(regex), Some(&hir(unless))),
            Compiled::Glob(regex) => Oracle::new(&hir(&format!(r"\A(?:{regex})\z")), None),
        }
    }

    /// Whether it is in a text; none where that takes too many steps.
    pub fn is_in(&self, text: &str) -> Option<bool> {
        match self {
            Oracle::Substring(part) => Some(text.to_lowercase().contains(part)),
            Oracle::Threads(threads) => {
                let (regex, cache) = &**threads;
                Some(regex.is_match(&mut cache.borrow_mut(), text))
            }
            Oracle::Backtracking(regex) => regex.is_match(text).ok(),
        }
    }
}
