//! Every pattern that is there: what coverage is counted with.

mod support;

use agentos_runtime::{
    Cause, Engine, Request,
    table::{Policy, Table},
};
use proptest::{collection::vec, prelude::*, test_runner::TestCaseError};

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_report_lists_is_found(table in support::table().prop_map(named), requests in vec(support::request(), 12)) {
        agree(&table, &requests)?;
    }
}

/// What the patterns of a policy are called, by their positions.
const NAMES: [&str; 9] = ["0", "1", "2", "3", "4", "5", "6", "7", "8"];

/// The same with patterns that can be told from each other.
fn named(mut table: Table<'static>) -> Table<'static> {
    let name = |policy: &mut Policy<'static>| {
        let mut names = NAMES.into_iter();
        for set in policy.patterns.to_mut() {
            for pattern in set.patterns.to_mut() {
                pattern.source = names.next().unwrap();
            }
        }
        for intent in policy.intents.to_mut() {
            for signal in intent.signals.to_mut() {
                signal.pattern.source = names.next().unwrap();
                signal.explain = signal.pattern.source;
            }
        }
    };
    table.policies.to_mut().iter_mut().for_each(name);
    table
}

fn agree(table: &Table<'_>, requests: &[Request<'_>]) -> Result<(), TestCaseError> {
    let engine = Engine::new(table).unwrap();
    for request in requests {
        let found = engine.found(request);
        let decision = engine.decide(request);
        let report = engine.report(&decision, request);
        // The same again, whatever was asked in between.
        prop_assert_eq!(&engine.found(request), &found);
        let Some(found) = found
            .iter()
            .find(|found| Some(found.policy) == decision.policy())
        else {
            prop_assert!(decision.policy().is_none());
            continue;
        };
        let names: Vec<&str> = found
            .patterns
            .iter()
            .map(|at| NAMES[*at as usize])
            .collect();
        if matches!(decision.cause(), Cause::WrongShape { .. }) {
            prop_assert!(names.is_empty(), "{:?}", names);
            continue;
        }
        for listed in &report.matches {
            // A part that a test looks for is no pattern.
            let is_pattern = NAMES.contains(&listed.pattern.as_str());
            let is_found = names.contains(&listed.pattern.as_str());
            prop_assert!(!is_pattern || is_found, "{:?}: {:?}", listed, names);
        }
        let mut meant = report.intents.iter().flat_map(|intent| &intent.signals);
        prop_assert!(
            meant.all(|signal| names.contains(&signal.as_str())),
            "{:?}",
            report
        );
        let of_signals = names
            .iter()
            .filter(|name| ["6", "7", "8"].contains(name))
            .count();
        let meant = report
            .intents
            .iter()
            .map(|intent| intent.signals.len())
            .sum::<usize>();
        prop_assert_eq!(of_signals, meant);
    }
    Ok(())
}
