//! The engine, with its index and its automata, decides as the long way does.

mod support;

use agentos_runtime::Engine;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_decides_as_the_rows_say(table in support::table(), requests in prop::collection::vec(support::request(), 12)) {
        let engine = Engine::new(&table).unwrap();
        for request in &requests {
            let expected = support::oracle::decide(&table, request);
            prop_assert_eq!(support::oracle::said(&engine.decide(request)), expected, "{:#?}", request);
        }
    }
}
