//! The cases of every shipped policy, through every way of building it: in
//! memory, through an artifact, as Rust from a build script, and through
//! `policy!`. All give the answer that the case states, and equal reports.
//!
//! `agentos test` runs the same cases through the first of these ways; both read
//! them with `agentos_compiler::cases`.

use std::{collections::BTreeMap, fs, path::PathBuf};

use agentos::{Engine, Request, RequestSource, policy};
use agentos_compiler::{
    Options, Plan, Sources,
    cases::{self, Cases},
    compile,
    runtime::{Report, artifact},
};
use serde_json::{Value, json};

/// What the build script made of the shipped policies.
#[allow(missing_docs, unreachable_pub, reason = "generated")]
mod built {
    include!(concat!(env!("OUT_DIR"), "/shipped.rs"));
    include!(concat!(env!("OUT_DIR"), "/together.rs"));
}

policy!(
    static MACRO;
    file = "../policies/audit.policy",
    file = "../policies/baseline.policy",
    "../policies/intents.policy",
    "../policies/no_pii.policy",
    "../policies/permissive.policy",
    "../policies/read_only.policy",
    "../policies/secrets.policy",
    "../policies/strict.policy",
);

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../policies")
}

/// The files of the shipped policies with this end, by name.
fn files(end: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder()).expect("the shipped policies are in the tree") {
        let path = entry.expect("a folder can be listed").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("names are UTF-8");
        if let Some(stem) = name.strip_suffix(end) {
            let text = fs::read_to_string(&path).expect("a shipped file is a text");
            found.insert(stem.to_owned(), text);
        }
    }
    found
}

fn cases() -> BTreeMap<String, Cases> {
    let read = |(name, text): (String, String)| {
        let cases = cases::read(&text).unwrap_or_else(|mistakes| panic!("{name}: {mistakes:#?}"));
        (name, cases)
    };
    files(".cases.toml").into_iter().map(read).collect()
}

fn plan() -> Plan {
    let mut sources = Sources::new();
    for (name, text) in files(".policy") {
        sources.add(format!("policies/{name}.policy"), text);
    }
    let (plan, findings) = compile(
        &sources,
        &Options {
            strict: true,
            ..Options::default()
        },
    );
    plan.unwrap_or_else(|| panic!("{findings:#?}"))
}

/// The answer to a request.
fn answer(engine: &Engine, request: &str) -> Report {
    let request = Request::from_json(request.as_bytes(), RequestSource::Host).expect("a request");
    engine.report(&engine.decide(&request), &request)
}

/// The same for comparison: what the ways call a source differs.
fn report(engine: &Engine, request: &str) -> Value {
    let report = answer(engine, request).to_json();
    let mut report: Value = serde_json::from_str(&report).expect("a report is JSON");
    if let Some(at) = report["at"].as_str() {
        let line = at.rsplit('/').next().unwrap_or_default().to_owned();
        report["at"] = json!(line);
    }
    report
}

#[test]
fn every_way_of_building_the_shipped_policies_gives_the_answers_of_their_cases() {
    let plan = plan();
    let table = plan.table();
    let memory = Engine::new(&table).expect("a plan gives a sound table");
    let bytes = artifact::write(&table).expect("a small table is a small artifact");
    let read = artifact::read(&bytes).expect("what was written reads back");
    let opened = Engine::new(&read).expect("an artifact of a plan is sound");
    let ways = [
        ("artifact", &opened),
        ("build.rs", built::TOGETHER.engine()),
        ("policy!", MACRO.engine()),
    ];
    let mut wrong = Vec::new();
    let mut count = 0;
    for (policy, cases) in cases() {
        let mut policies = vec![policy.as_str()];
        policies.extend(cases.floor.iter().map(|floor| floor.name.as_str()));
        for case in &cases.cases {
            count += 1;
            let request = case.request(&policies);
            for difference in case.differences(&answer(&memory, &request)) {
                wrong.push(format!("{policy}, {}: {difference:?}", case.name));
            }
            let answer = report(&memory, &request);
            // Compiled by itself, a policy answers as it does alone among others.
            let alone = case.request(&[&policy]);
            let by_itself = built::SHIPPED.iter().find(|(name, _)| *name == policy);
            let (_, by_itself) = by_itself.expect("every shipped policy is compiled by itself");
            let (answer_alone, other) =
                (report(&memory, &alone), report(by_itself.engine(), &alone));
            if other != answer_alone {
                wrong.push(format!(
                    "{policy}, {}: by itself {other}, not {answer_alone}",
                    case.name
                ));
            }
            for (way, engine) in ways {
                let other = report(engine, &request);
                if other != answer {
                    wrong.push(format!(
                        "{policy}, {}: {way} says {other}, not {answer}",
                        case.name
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} cases\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{count} cases, each four ways");
}

#[test]
fn every_shipped_policy_has_cases_and_every_rule_of_it_decides_one() {
    let cases = cases();
    let names: Vec<String> = files(".policy").into_keys().collect();
    assert_eq!(names, cases.keys().cloned().collect::<Vec<_>>());
    let plan = plan();
    let table = plan.table();
    for policy in &*table.policies {
        let decided: Vec<&str> = cases[policy.name]
            .cases
            .iter()
            .filter_map(|case| case.rule.as_deref())
            .collect();
        for rule in policy.parts.iter().flat_map(|part| &*part.rules) {
            assert!(
                decided.contains(&rule.id),
                "no case of `{}` decides `{}`",
                policy.name,
                rule.id
            );
        }
    }
}

#[test]
fn a_policy_that_takes_away_permits_nothing_by_itself() {
    let plan = plan();
    let memory = Engine::new(&plan.table()).expect("a plan gives a sound table");
    for policy in [
        "secrets",
        "intents",
        "read_only",
        "no_pii",
        "strict",
        "baseline",
    ] {
        let request = json!({"action": "chat", "policies": [policy]}).to_string();
        assert_eq!(report(&memory, &request)["effect"], "deny", "{policy}");
    }
}
