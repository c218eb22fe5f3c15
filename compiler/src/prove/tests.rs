//! Random policies: what is found of them holds, and what is said to be nowhere
//! is not among many random requests.

use std::fmt::Write as _;

use agentos_runtime::{
    Effect, Engine, Request, Value,
    table::{Policy, Stage},
};
use fastrand::Rng;

use super::{
    about::About,
    meaning::{Meaning, Place},
    names::Names,
    search::Found,
};
use crate::{Options, Sources, compile};

const ACTIONS: [&str; 6] = ["read", "write", "db.read", "pay", "\"db.*\"", "*"];

const TEXTS: [&str; 8] = [
    "/tmp/x/../y",
    "a.key",
    "alpha",
    "beta",
    "alphabet",
    "rm -rf",
    "/tmp/x",
    "2026-01-01T00:00:00Z",
];

fn text(random: &mut Rng) -> &'static str {
    TEXTS[random.usize(..TEXTS.len())]
}

fn field(random: &mut Rng) -> &'static str {
    let fields = [
        "params.amount",
        "params.name",
        "params.tags",
        "context.level",
        "attested.user.id",
        "agent",
        "params.kind",
        "params.to.name",
    ];
    fields[random.usize(..fields.len())]
}

fn test(random: &mut Rng) -> String {
    let field = field(random);
    let quoted = text(random);
    let number = random.i32(-2..4) * 10;
    match random.usize(..24) {
        0 => format!("{field} > {number}"),
        1 => format!("{field} <= {number}"),
        2 => format!("{field} == \"{quoted}\""),
        3 => format!("{field} in [\"{quoted}\", \"{}\"]", text(random)),
        4 => format!("{field} contains \"{quoted}\""),
        5 => format!("{field} starts with \"{quoted}\""),
        6 => format!("{field} ends with \"{quoted}\""),
        7 => format!("{field} matches words"),
        8 => format!("exists {field}"),
        9 => format!("any {field} == \"{quoted}\""),
        10 => format!("every {field} starts with \"{quoted}\""),
        11 => format!("text contains \"{quoted}\""),
        12 => "text matches words".to_owned(),
        13 => "text matches rm".to_owned(),
        14 => format!("{field} == {number}"),
        15 => "action starts with \"db\"".to_owned(),
        16 => format!("{field} under \"/tmp{}\"", ["", "/x"][random.usize(..2)]),
        17 => format!("{field} < \"202{}-01-01T00:00:00Z\"", random.usize(4..8)),
        18 => format!("{field} in [{number}, {}]", number + 10),
        19 => "text matches lonely".to_owned(),
        20 => format!("intent in [data_write] at 0.{}", random.usize(3..8)),
        21 => format!("params.alpha == \"{quoted}\""),
        22 => format!("{field} matches lonely"),
        _ => format!("{field} == true"),
    }
}

fn condition(random: &mut Rng, depth: usize) -> String {
    match random.usize(..if depth == 0 { 1 } else { 4 }) {
        0 => test(random),
        1 => format!("not ({})", condition(random, depth - 1)),
        two => {
            let word = if two == 2 { "and" } else { "or" };
            let [one, other] = [(); 2].map(|()| condition(random, depth - 1));
            format!("({one} {word} {other})")
        }
    }
}

/// A policy of a few rules.
pub(crate) fn policy(random: &mut Rng) -> String {
    let mut policy = String::from("policy p {\n");
    let defaults = [
        "default deny;",
        "default allow because \"x\";",
        "default abstain;",
    ];
    let _ = writeln!(policy, "    {}", defaults[random.usize(..3)]);
    let is_priority = random.bool();
    if is_priority {
        policy.push_str("    combine priority;\n");
    }
    if random.bool() {
        policy.push_str("    action pay { amount: decimal, name: string?, tags: [string], kind: one of [\"alpha\", \"beta\"]? }\n");
    }
    policy.push_str("    patterns words { substring \"alpha\"; regex r\"be[a-t]a\\b\"; }\n");
    policy.push_str("    patterns lonely { regex r\"rm(?!.*alpha)\"; glob \"*.key\"; }\n");
    policy.push_str(
        "    intent data_write { signal 0.5 r\"write|beta\"; signal 0.7 r\"\\bpay\\b\"; }\n",
    );
    policy.push_str("    patterns rm { regex r\"\\brm\\s+-rf\\b\"; }\n");
    for _ in 0..random.usize(1..6) {
        let effect = ["allow", "audit", "defer", "escalate", "deny"][random.usize(..5)];
        let action = ACTIONS[random.usize(..ACTIONS.len())];
        let _ = write!(policy, "    {effect} {action}");
        if random.usize(..4) > 0 {
            let _ = write!(policy, " when {}", condition(random, 2));
        }
        if is_priority && random.bool() {
            let _ = write!(policy, " priority {}", random.i32(0..3));
        }
        policy.push_str(";\n");
    }
    policy.push('}');
    policy
}

fn value(random: &mut Rng) -> Value<'static> {
    match random.usize(..9) {
        0 => Value::Null,
        1 => random.bool().into(),
        2 | 3 => (random.i64(-3..5) * 10 + random.i64(-1..2)).into(),
        4 => {
            let values = (0..random.usize(..3)).map(|_| value(random));
            Value::List(values.collect())
        }
        5 => format!("{} {}", text(random), text(random)).into(),
        6 => "".into(),
        _ => text(random).into(),
    }
}

pub(crate) fn request(random: &mut Rng, action: &str) -> Request<'static> {
    let mut request = Request::new(
        ["", "alpha", "beta", "bot"][random.usize(..4)],
        action.to_owned(),
    );
    for name in ["amount", "name", "tags", "kind", "alpha"] {
        if random.usize(..3) > 0 {
            request.params.insert(name, value(random));
        }
    }
    if random.bool() {
        // What is declared fits more often so.
        request.params.insert("amount", random.i64(-30..50));
        request.params.insert("tags", vec![text(random)]);
        if random.bool() {
            request.params.remove("kind");
            request.params.insert("name", text(random));
        }
    }
    let mut inner = agentos_runtime::Map::new();
    inner.insert("id", value(random));
    inner.insert("name", value(random));
    match random.usize(..3) {
        0 => drop(request.attested.insert("user", Value::Map(inner))),
        1 => drop(request.params.insert("to", Value::Map(inner))),
        _ => {}
    }
    if random.bool() {
        request.context.insert("level", value(random));
    }
    request
}

#[test]
fn what_is_found_holds_and_what_is_not_is_nowhere() {
    let draws = std::env::var("AGENTOS_DRAWS").map_or(150, |draws| draws.parse().unwrap());
    let mut counts = [0_usize; 3];
    let mut compiled = 0;
    for seed in 0..draws {
        let mut random = Rng::with_seed(seed);
        let source = policy(&mut random);
        let sources = Sources::one("p.policy", source.clone());
        let (plan, findings) = compile(&sources, &Options::default());
        let Some(plan) = plan else {
            if std::env::var("SHOW").is_ok() {
                for finding in findings {
                    eprintln!("{} {:?}", finding.message, finding.help);
                }
            }
            continue;
        };
        compiled += 1;
        let table = plan.table();
        let engine = Engine::new(&table).unwrap();
        let policy: &Policy<'_> = &table.policies[0];
        let names = Names::new(&[policy], Stage::Call);
        let about = About::new(policy, Stage::Call);
        assert!(names.are_all);
        for action in names.all {
            let place = Place {
                action: action.clone(),
                stage: Stage::Call,
            };
            let mut meaning = Meaning::new(place);
            let answer = meaning.answer(&[(policy, &about)], |_, _| true);
            let samples: Vec<Request<'_>> =
                (0..200).map(|_| request(&mut random, &action)).collect();
            for effect in [Effect::Audit, Effect::Defer, Effect::Escalate, Effect::Deny] {
                for wanted in [true, false] {
                    let holds = |request: &Request<'_>| {
                        (engine.decide(request).effect() >= effect) == wanted
                    };
                    let goal = answer.at_least[effect as usize];
                    let goal = if wanted { goal } else { !goal };
                    let found = meaning.find(&[goal], holds);
                    let kind = match &found {
                        Found::Request(request) => {
                            assert!(holds(request));
                            0
                        }
                        Found::Nothing => {
                            if let Some(sample) = samples.iter().find(|sample| holds(sample)) {
                                panic!(
                                    "seed {seed}: {source}\nat least {effect:?} {wanted}: {sample:?}"
                                );
                            }
                            1
                        }
                        Found::NotDecided => {
                            if std::env::var("SHOW").is_ok() {
                                eprintln!("seed {seed} {action} {effect:?} {wanted}\n{source}");
                            }
                            2
                        }
                    };
                    counts[kind] += 1;
                }
            }
        }
    }
    let [found, nowhere, open] = counts;
    println!("{compiled} policies: {found} found, {nowhere} nowhere, {open} not decided");
    assert!(open * 100 < found + nowhere, "too much is not decided");
}

/// How many random requests each rule is held against.
const SAMPLES: usize = 2_000;

#[test]
fn findings_are_right_and_none_is_missed() {
    let draws = std::env::var("AGENTOS_DRAWS").map_or(60, |draws| draws.parse().unwrap());
    let options = Options {
        strict: false,
        proves: true,
    };
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    let (mut rules_seen, mut unseen, mut shown) = (0, 0, 0);
    for seed in 10_000..10_000 + draws {
        let mut random = Rng::with_seed(seed);
        let source = policy(&mut random);
        let sources = Sources::one("p.policy", source.clone());
        let (Some(plan), findings) = compile(&sources, &options) else {
            continue;
        };
        let table = plan.table();
        let engine = Engine::new(&table).unwrap();
        let rules = &plan.program().policies[0].own().rules;
        let names = Names::new(&[&table.policies[0]], Stage::Call).all;
        let samples: Vec<Request<'_>> = (0..SAMPLES)
            .map(|_| {
                let action = random.usize(..names.len());
                request(&mut random, &names[action])
            })
            .collect();
        let answers: Vec<_> = samples.iter().map(|sample| engine.decide(sample)).collect();
        let spoken: Vec<_> = samples
            .iter()
            .map(|sample| engine.explain(sample))
            .collect();
        for (at, rule) in rules.iter().enumerate() {
            rules_seen += 1;
            let of_rule = findings
                .iter()
                .filter(|finding| rule.span.contains(finding.primary.span));
            for finding in of_rule.clone() {
                *counts.entry(finding.lint.name).or_default() += 1;
            }
            // What is said of the rule as a whole.
            let codes: Vec<&str> = of_rule
                .clone()
                .filter(|finding| finding.primary.span == rule.effect.span)
                .map(|finding| finding.lint.name)
                .collect();
            let id = table.policies[0].parts[0].rules[at].id;
            let mut without = table.clone();
            without.policies.to_mut()[0].parts.to_mut()[0]
                .rules
                .to_mut()
                .remove(at);
            let without = Engine::new(&without).unwrap();
            let mut matters = false;
            for ((sample, answer), spoken) in samples.iter().zip(&answers).zip(&spoken) {
                let is_true = spoken
                    .iter()
                    .any(|spoke| spoke.rule == id && spoke.outcome.is_ok());
                let is_about = {
                    let mut words = rule.actions.iter();
                    let is_it =
                        |word: &str| agentos_runtime::glob::Glob::new(word).matches(&sample.action);
                    words.any(|word| is_it(&word.node))
                };
                let is_broken = matches!(answer.cause(), agentos_runtime::Cause::WrongShape { .. });
                let says = format!("seed {seed}, rule {at}: {source}\n{}", sample.to_json());
                if codes.contains(&"never-holds") {
                    assert!(!is_true, "{says}");
                }
                if codes.contains(&"always-holds") {
                    assert!(is_true || !is_about || is_broken, "{says}");
                }
                let does =
                    answer.rule() == Some(id) || without.decide(sample).effect() != answer.effect();
                if codes.contains(&"shadowed-rule") {
                    assert!(!does, "{says}");
                }
                matters |= does;
            }
            for finding in of_rule.filter(|finding| finding.lint.name == "shadowed-rule") {
                let note = &finding.notes[0];
                let json = &note[note.find('{').unwrap()..=note.rfind("} is ").unwrap()];
                let request =
                    Request::from_json(json.as_bytes(), agentos_runtime::RequestSource::Host)
                        .unwrap();
                let spoken = engine.explain(&request);
                assert!(
                    spoken
                        .iter()
                        .any(|spoke| spoke.rule == id && spoke.outcome.is_ok())
                );
                assert_ne!(engine.decide(&request).rule(), Some(id));
                shown += 1;
            }
            let is_said = ["shadowed-rule", "never-holds", "not-decided"];
            if !matters && !codes.iter().any(|code| is_said.contains(code)) {
                unseen += 1;
                if std::env::var("SHOW").is_ok() {
                    eprintln!("seed {seed}, rule {at} `{id}`: {source}");
                }
            }
        }
    }
    println!(
        "{rules_seen} rules, {counts:?}, {shown} requests shown; {unseen} that no sample decides by"
    );
}
