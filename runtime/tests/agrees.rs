//! The engine, with its index and its automata, decides as the long way does.

mod support;

use agentos_runtime::{Engine, Request, table::Table};
use proptest::{collection::vec, prelude::*, test_runner::TestCaseError};
use support::oracle;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_few_rules_of_all_kinds(table in support::table(), requests in vec(support::request(), 12)) {
        agree(&table, &requests)?;
    }

    #[test]
    fn many_rules_about_one_action(table in support::crowd(), requests in vec(support::request_to_pay(), 24)) {
        agree(&table, &requests)?;
    }
}

fn agree(table: &Table<'_>, requests: &[Request<'_>]) -> Result<(), TestCaseError> {
    let engine = Engine::new(table).unwrap();
    for request in requests {
        let decided = oracle::said(&engine.decide(request));
        prop_assert_eq!(decided, oracle::decide(table, request), "{:#?}", request);
    }
    Ok(())
}
