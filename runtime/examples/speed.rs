//! Prints how long decisions take, for tables of 10 to 10,000 rules.
//!
//! `cargo run --release -p agentos-runtime --features json --example speed`

use std::{borrow::Cow, hint::black_box, time::Instant};

use agentos_runtime::{
    Effect, Engine, Number, Request, RequestSource, Stage,
    table::{
        Check, Combine, Condition, DefaultAnswer, Field, Limits, List, Literal, Matcher, Mode,
        Order, Part, Pattern, PatternSet, Place, Policy, Quantifier, Rule, Source, Table, Test,
    },
};

const AT: Place = Place {
    source: 0,
    line: 1,
    column: 1,
};
const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

type RulesOf<'r> = dyn Fn(usize) -> Vec<Rule<'static>> + 'r;

fn main() {
    let spread = |n: usize| {
        let rules = (0..n).map(|i| {
            let bound = test(
                "amount",
                Check::Compare(Order::AtMost, Literal::Number(Number::from(1000))),
            );
            rule(
                if i % 10 == 0 {
                    Effect::Deny
                } else {
                    Effect::Allow
                },
                text(format!("tool.{i}")),
                (i % 3 == 0).then_some(bound),
            )
        });
        rules.collect()
    };
    let equality = |n: usize| {
        let rules = (0..n).map(|i| {
            let account = test(
                "account",
                Check::Equals(Literal::Text(text(format!("account-{i}")))),
            );
            rule(Effect::Allow, "pay", Some(account))
        });
        rules.collect()
    };
    let prefix = |n: usize| {
        let rules = (0..n).map(|i| {
            rule(
                Effect::Allow,
                "pay",
                Some(test(
                    "path",
                    Check::StartsWith(text(format!("/srv/data/{i}/"))),
                )),
            )
        });
        rules.collect()
    };
    let under = |n: usize| {
        let rules = (0..n).map(|i| {
            rule(
                Effect::Allow,
                "pay",
                Some(test("path", Check::Under(text(format!("/srv/data/{i}"))))),
            )
        });
        rules.collect()
    };
    let bounds = |n: usize| {
        let rules = (0..n).map(|i| {
            let bound = Check::Compare(Order::AtMost, Literal::Number(Number::from(i as u64)));
            rule(Effect::Allow, "pay", Some(test("amount", bound)))
        });
        rules.collect()
    };
    let secrets = |n: usize| {
        let mut rules: Vec<Rule<'static>> = spread(n);
        let found = Test {
            field: Field::Text,
            ..leaf("", Check::Matches(0))
        };
        rules.push(rule(Effect::Deny, "*", Some(Condition::Test(found))));
        rules
    };
    let kinds: [(&str, &RulesOf); 6] = [
        ("spread over actions", &spread),
        ("one action, equality", &equality),
        ("one action, prefix", &prefix),
        ("one action, under", &under),
        ("one action, amount <= N", &bounds),
        ("spread, and a pattern set", &secrets),
    ];
    for (name, rules) in kinds {
        for size in SIZES {
            let started = Instant::now();
            let engine = Engine::new(&table(rules(size))).unwrap();
            let ready = started.elapsed();
            // Requests all over the table, so that caches are not kinder than life.
            let lines: Vec<String> = (0..997_usize)
                .map(|i| {
                    let at = i.wrapping_mul(7_919) % size;
                    let action = if name.starts_with("spread") { format!("tool.{at}") } else { "pay".to_owned() };
                    format!(
                        r#"{{"id": "r{i}", "agent_id": "billing-7", "action": "{action}", "params": {{"amount": {at}.25, "account": "account-{at}", "path": "/srv/data/{at}/report.txt", "note": "for the third quarter"}}}}"#
                    )
                })
                .collect();
            let requests: Vec<Request<'_>> = lines
                .iter()
                .map(|line| Request::from_json(line.as_bytes(), RequestSource::Wire).unwrap())
                .collect();
            let decided = best(requests.len(), || {
                for request in &requests {
                    black_box(engine.decide(black_box(request)));
                }
            });
            let from_bytes = best(lines.len(), || {
                for line in &lines {
                    let request =
                        Request::from_json(black_box(line.as_bytes()), RequestSource::Wire)
                            .unwrap();
                    black_box(engine.decide(&request));
                }
            });
            println!(
                "{name:28} {size:6} rules: {decided:8.1} ns a decision, {from_bytes:8.1} ns from bytes, ready in {ready:.1?}"
            );
        }
    }
}

/// Nanoseconds for each of `count`, in the best of many runs.
fn best(count: usize, mut run: impl FnMut()) -> f64 {
    let run = (0..200).map(|_| {
        let started = Instant::now();
        run();
        started.elapsed()
    });
    let best = run.min().unwrap_or_default();
    best.as_secs_f64() * 1e9 / f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn text(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn list<T: Clone>(rows: Vec<T>) -> List<'static, T> {
    Cow::Owned(rows)
}

fn leaf(field: &'static str, check: Check<'static>) -> Test<'static> {
    Test {
        clause: 1,
        negated: false,
        quantifier: Quantifier::Whole,
        field: Field::Param(list(vec![field])),
        check,
    }
}

fn test(field: &'static str, check: Check<'static>) -> Condition<'static> {
    Condition::Test(leaf(field, check))
}

fn rule(effect: Effect, action: &'static str, when: Option<Condition<'static>>) -> Rule<'static> {
    Rule {
        effect,
        id: "rule",
        at: AT,
        actions: list(vec![action]),
        stage: Stage::Call,
        when,
        priority: 0,
        because: None,
        suggest: None,
        approvers: None,
        severity: None,
        help: None,
    }
}

fn table(rules: Vec<Rule<'static>>) -> Table<'static> {
    let pattern = |matcher| Pattern {
        source: "",
        at: AT,
        matcher,
    };
    let secrets = vec![
        pattern(Matcher::Substring("password")),
        pattern(Matcher::Substring("api_key")),
        pattern(Matcher::Regex("(?i)AKIA[0-9A-Z]{16}")),
        pattern(Matcher::Regex(r"(?i)\bDROP\s+(TABLE|DATABASE)\b")),
        pattern(Matcher::Regex(r"(?i)\b\d{3}-\d{2}-\d{4}\b")),
    ];
    let policy = Policy {
        name: "speed",
        version: "",
        at: AT,
        default: DefaultAnswer::Deny,
        default_because: None,
        mode: Mode::Enforce,
        base: false,
        parts: list(vec![Part {
            policy: "speed",
            combine: Combine::Strictest,
            rules: list(rules),
        }]),
        actions: list(vec![]),
        patterns: list(vec![PatternSet {
            name: "secrets",
            patterns: list(secrets),
        }]),
        intents: list(vec![]),
        limits: Limits::default(),
        rates: list(vec![]),
        trust: None,
    };
    Table {
        sources: list(vec![Source {
            name: "speed.policy",
            sha256: "",
        }]),
        policies: list(vec![policy]),
    }
}
