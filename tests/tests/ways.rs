//! Every way of building a policy decides alike: in memory, through an
//! artifact, and as Rust that a build script made. Random policies, random
//! requests, and the whole report compared.

use agentos_compiler::{Options, Sources, compile};
use agentos_runtime::{Engine, Request, RequestSource, artifact};
use agentos_tests::random;
use fastrand::Rng;

include!(concat!(env!("OUT_DIR"), "/drawn.rs"));

const REQUESTS: usize = 400;

#[test]
fn every_way_of_building_a_policy_decides_alike() {
    let mut compared = 0;
    let mut effects = std::collections::BTreeMap::new();
    for (seed, generated) in DRAWN {
        let policy = random::policy(*seed, "drawn", random::drawn_shape(*seed));
        // The name of the source is part of a report, so it is the build script's.
        let name = generated.table().sources[0].name.to_owned();
        let sources = Sources::one(name, policy.source.as_str());
        let (plan, findings) = compile(&sources, &Options::default());
        let plan = plan.unwrap_or_else(|| panic!("{findings:?}\n{}", policy.source));
        let table = plan.table();
        let memory = Engine::new(&table).expect("a plan gives a sound table");
        let bytes = artifact::write(&table).expect("a small table is a small artifact");
        let read = artifact::read(&bytes).expect("what was written reads back");
        let opened = Engine::new(&read).expect("an artifact of a plan is sound");
        generated.prepare().expect("generated rows are sound");
        let mut rng = Rng::with_seed(*seed);
        for _ in 0..REQUESTS {
            let text = random::request(&mut rng, &policy).to_string();
            let request =
                Request::from_json(text.as_bytes(), RequestSource::Host).expect("a request");
            let report = |engine: &Engine| {
                let decision = engine.decide(&request);
                engine.report(&decision, &request).to_json()
            };
            let expected = report(&memory);
            assert_eq!(
                report(&opened),
                expected,
                "artifact\n{text}\n{}",
                policy.source
            );
            assert_eq!(
                report(generated.engine()),
                expected,
                "generated\n{text}\n{}",
                policy.source
            );
            *effects.entry(memory.decide(&request).effect()).or_insert(0) += 1;
            compared += 1;
        }
    }
    println!("decisions compared: {compared}, by effect {effects:?}");
    assert!(
        effects.len() == 5,
        "every effect is among them: {effects:?}"
    );
}
