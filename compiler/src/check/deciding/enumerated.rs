//! Small policies and all their requests: every finding is right, and none is
//! missed.

use std::collections::HashMap;

use agentos_runtime::{Cause, Engine, Request, table::Table};
use fastrand::Rng;

use crate::{
    Options, Sources, compile,
    prove::small::{Small, requests},
};

/// How many policies are drawn.
const DRAWS: u64 = 25;

fn draws() -> u64 {
    std::env::var("AGENTOS_DRAWS").map_or(DRAWS, |draws| draws.parse().unwrap())
}

/// By request, whether a rule of this id is true.
fn holds(engine: &Engine, requests: &[Request<'_>], id: &str) -> Vec<bool> {
    let spoken = requests.iter().map(|request| engine.explain(request));
    spoken
        .map(|spoken| {
            let mut spoken = spoken.iter();
            spoken.any(|spoke| spoke.rule == id && spoke.outcome.is_ok())
        })
        .collect()
}

/// What tests alone come to, which are the same in many policies.
#[derive(Default)]
struct Tests(HashMap<String, Vec<bool>>);

impl Tests {
    fn of(&mut self, head: &str, test: &str, requests: &[Request<'_>]) -> &[bool] {
        let declared = &head[head.find("action").unwrap()..];
        self.0.entry(test.to_owned()).or_insert_with(|| {
            let text = format!("policy t {{ default deny; {declared} deny * when {test} id it; }}");
            let (plan, findings) = compile(&Sources::one("t.policy", text), &Options::default());
            let plan = plan.unwrap_or_else(|| panic!("{findings:?}"));
            holds(&Engine::new(&plan.table()).unwrap(), requests, "it")
        })
    }
}

/// The table without one of its rules.
fn without(table: &Table<'_>, rule: usize) -> Engine {
    let mut table = table.clone();
    let part = &mut table.policies.to_mut()[0].parts.to_mut()[0];
    part.rules.to_mut().remove(rule);
    Engine::new(&table).unwrap()
}

#[test]
fn every_finding_is_right_and_none_is_missed() {
    let requests = requests();
    let options = Options {
        strict: false,
        proves: true,
    };
    let mut tests = Tests::default();
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    let (mut rules, mut entries) = (0, 0);
    for seed in 0..draws() {
        let mut random = Rng::with_seed(90_000 + seed);
        let small = Small::draw(&mut random);
        let text = small.text();
        let sources = Sources::one("p.policy", text.clone());
        let (Some(plan), findings) = compile(&sources, &options) else {
            continue;
        };
        let table = plan.table();
        let engine = Engine::new(&table).unwrap();
        let answers: Vec<_> = requests.iter().map(|asked| engine.decide(asked)).collect();
        let fits: Vec<bool> = answers
            .iter()
            .map(|answer| !matches!(answer.cause(), Cause::WrongShape { .. }))
            .collect();
        let rows = &table.policies[0].parts[0].rules;
        for (at, (row, rule)) in rows.iter().zip(&small.rules).enumerate() {
            rules += 1;
            let ir = &plan.program().policies[0].own().rules[at];
            let says = format!("seed {seed}, rule {at}: {text}");
            let of_rule: Vec<_> = findings
                .iter()
                .filter(|finding| super::finds(finding.lint))
                .filter(|finding| ir.span.contains(finding.primary.span))
                .collect();
            for finding in &of_rule {
                *counts.entry(finding.lint.name).or_default() += 1;
            }
            assert!(
                !of_rule.iter().any(|one| one.lint.name == "not-decided"),
                "{says}"
            );
            let whole = |name: &str| {
                let mut all = of_rule.iter();
                all.any(|one| one.lint.name == name && one.primary.span == ir.effect.span)
            };
            let is_true = holds(&engine, &requests, row.id);
            let is_about: Vec<bool> = requests
                .iter()
                .map(|request| {
                    row.actions
                        .iter()
                        .any(|word| ["*", &request.action].contains(word))
                })
                .collect();
            let others = without(&table, at);
            let matters: Vec<bool> = requests
                .iter()
                .zip(&answers)
                .map(|(request, answer)| {
                    answer.rule() == Some(row.id)
                        || others.decide(request).effect() != answer.effect()
                })
                .collect();
            let is_dead = !matters.contains(&true);
            let never = !is_true.contains(&true);
            assert_eq!(whole("never-holds"), never, "{says}");
            assert_eq!(whole("shadowed-rule"), is_dead && !never, "{says}");
            let all = || 0..requests.len();
            let always = all().all(|at| is_true[at] || !is_about[at] || !fits[at]);
            assert_eq!(
                whole("always-holds"),
                always && row.when.is_some(),
                "{says}"
            );
            if never || is_dead || always || rule.tests.is_empty() {
                continue;
            }
            // Tests that come to the same always.
            let mut idle = Vec::new();
            for test in rule.tests.iter().filter(|_| rule.tests.len() > 1) {
                let outcomes = tests.of(&small.head, test, &requests);
                let mut asked = all().filter(|&at| is_about[at] && fits[at]);
                if asked.all(|at| outcomes[at] != rule.is_any) {
                    idle.push(test.trim_start_matches("not ").to_owned());
                }
            }
            let mut told: Vec<String> = of_rule
                .iter()
                .filter(|finding| finding.lint.name == "idle-condition")
                .map(|finding| sources.text_at(finding.primary.span).to_owned())
                .map(|told| told.trim_start_matches("not ").to_owned())
                .collect();
            idle.sort();
            told.sort();
            assert_eq!(told, idle, "{says}");
            // Values of a list for which it never decides.
            for test in &rule.tests {
                let Some((field, list)) = test.split_once(" in [") else {
                    continue;
                };
                if field.starts_with("not ") {
                    continue;
                }
                for value in list.trim_end_matches(']').split(", ") {
                    let one = format!("{field} == {value}");
                    let has = tests.of(&small.head, &one, &requests);
                    let idle = all().any(|at| has[at] && is_true[at])
                        && !all().any(|at| has[at] && matters[at]);
                    let message = format!("with {value} this {} never decides", rule.effect);
                    let told = of_rule.iter().any(|finding| {
                        finding.message.starts_with(&message)
                            && sources.text_at(finding.primary.span).contains(field)
                    });
                    assert_eq!(told, idle, "`{one}`, {says}");
                    entries += 1;
                }
            }
        }
    }
    println!(
        "{rules} rules by {} requests, {entries} values of lists: {counts:?}",
        requests.len()
    );
}
