//! Doubt is strict: dropping or spoiling a field that a policy tests by name
//! never makes an answer milder.
//!
//! Random policies, random requests; each field is left out and given every
//! type that no test of it accepts. Fields that are declared optional or that
//! some rule asks for with `exists` are out of it: their absence is an answer.

use agentos_compiler::{Options, Sources, compile};
use agentos_runtime::{Effect, Engine, Request, RequestSource};
use agentos_tests::random::{self, Field, Shape};
use fastrand::Rng;
use serde_json::Value;

/// How many policies are drawn, where `AGENTOS_DRAWS` does not say.
const POLICIES: u64 = 120;
const REQUESTS: usize = 30;

fn effect(engine: &Engine, request: &Value) -> Effect {
    let text = request.to_string();
    let request = Request::from_json(text.as_bytes(), RequestSource::Host)
        .expect("a drawn request is a request");
    engine.decide(&request).effect()
}

#[test]
fn spoiling_a_field_never_makes_an_answer_milder() {
    let mut compared = 0_u64;
    let mut stricter = 0_u64;
    for seed in 0..random::draws(POLICIES) {
        let policy = random::policy(
            seed,
            "drawn",
            Shape {
                text: false,
                exists: seed % 4 == 0,
                rules: 6,
            },
        );
        let (plan, findings) = compile(
            &Sources::one("drawn.policy", policy.source.as_str()),
            &Options::default(),
        );
        let plan = plan.unwrap_or_else(|| panic!("{findings:?}\n{}", policy.source));
        let engine = Engine::new(&plan.table()).expect("a plan gives a sound table");
        let mut rng = Rng::with_seed(seed ^ 0xD0B7);
        for _ in 0..REQUESTS {
            let request = random::request(&mut rng, &policy);
            let before = effect(&engine, &request);
            for field in tested(&policy, request["action"].as_str().unwrap_or_default()) {
                let mut variants = vec![without(&request, field)];
                for value in random::spoiled(field.kind) {
                    let mut variant = request.clone();
                    variant[field.root][field.name] = value;
                    variants.push(variant);
                }
                for variant in variants {
                    let after = effect(&engine, &variant);
                    compared += 1;
                    stricter += u64::from(after > before);
                    assert!(
                        after >= before,
                        "{before:?} became {after:?} by spoiling {}.{}\n{}\n{request}\n{variant}",
                        field.root,
                        field.name,
                        policy.source
                    );
                }
            }
        }
    }
    println!("spoiled fields compared: {compared}, stricter: {stricter}");
    assert!(
        stricter > compared / 100,
        "spoiling must matter in some of them"
    );
}

/// The fields that count: named in the policy, and not optional for this
/// action nor asked for through `exists`.
fn tested(policy: &random::Policy, action: &str) -> Vec<&'static Field> {
    let own = policy
        .declared
        .iter()
        .find(|(name, _)| *name == action)
        .map(|(_, params)| params);
    random::DECLARED
        .iter()
        .chain(random::LOOSE)
        .filter(|field| {
            let full = format!("{}.{}", field.root, field.name);
            let asked = policy.source.contains(&format!("exists {full}"))
                || policy.source.contains(&format!("exists {}", field.name));
            let optional =
                own.is_some_and(|params| params.iter().any(|p| p.name == field.name && p.optional));
            policy.source.contains(field.name) && !asked && !optional
        })
        .collect()
}

fn without(request: &Value, field: &Field) -> Value {
    let mut request = request.clone();
    if let Some(root) = request[field.root].as_object_mut() {
        root.shift_remove(field.name);
    }
    request
}
