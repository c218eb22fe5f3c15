//! What the engine finds, denies and refuses to be made of.

use agentos_runtime::{DenySet, IntentCategory, IntentCategory::*, Map, PolicyDenied, Value};

use super::{EngineBuilder, engine};

fn params(query: &str) -> Map<'_> {
    [("query", Value::from(query))].into_iter().collect()
}

fn denied(engine: EngineBuilder, query: &str) -> Option<(IntentCategory, f64)> {
    let engine = engine.build().unwrap();
    let denied = engine.check("act", &params(query)).err()?;
    Some((
        denied.classification.category,
        denied.classification.confidence,
    ))
}

fn problems(engine: EngineBuilder) -> Vec<String> {
    let invalid = engine.build().err().expect("something is wrong with it");
    invalid.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn the_heaviest_signal_gives_the_category_and_of_equals_the_first() {
    let engine = engine().build().unwrap();
    let told = engine.classify("run", &params("pg_dump prod; sudo true"));
    assert_eq!((told.category, told.confidence), (DataExfiltration, 0.7));
    assert_eq!(told.matched_signals, ["database dump tool"]);
    assert_eq!(
        told.explanation,
        "data_exfiltration at 70%: database dump tool"
    );
    assert!(told.is_dangerous());
    let told = engine.classify("chat", &params("hello"));
    assert_eq!((told.category, told.confidence), (Benign, 0.0));
    assert_eq!(told.explanation, "no signal is found");
    assert!(!told.is_dangerous());
}

#[test]
fn what_is_denied_by_default_are_the_five_dangerous_categories_from_a_half_on() {
    let hit = |query| denied(engine(), query).map(|(category, _)| category);
    assert_eq!(hit("DROP TABLE t"), Some(DestructiveData));
    assert_eq!(hit("pg_dump t"), Some(DataExfiltration));
    assert_eq!(hit("passwd"), Some(PrivilegeEscalation));
    assert_eq!(hit("kill -9 1"), Some(SystemModification));
    assert_eq!(hit("import subprocess"), Some(CodeExecution));
    assert_eq!(hit("DELETE FROM t WHERE id = 1"), None);
    assert_eq!(hit("socket.connect"), None);
    assert_eq!(hit("SELECT 1"), None);
}

#[test]
fn a_heavier_intent_that_is_not_denied_hides_none_that_is() {
    let only_deletions = engine().deny([DestructiveData]);
    let query = "DELETE FROM users -- GRANT ALL";
    let built = only_deletions.clone().build().unwrap();
    assert_eq!(
        built.classify("act", &params(query)).category,
        PrivilegeEscalation
    );
    assert_eq!(denied(only_deletions, query), Some((DestructiveData, 0.85)));
    let greeting = engine().custom_signal(Benign, "hello", 0.99, "greeting");
    assert_eq!(
        denied(greeting, "hello rm -rf /"),
        Some((SystemModification, 0.95))
    );
}

#[test]
fn a_denial_says_for_whom_and_may_be_for_another_list() {
    let engine = engine().build().unwrap();
    let deny = DenySet::new([DataRead]).unwrap();
    let PolicyDenied {
        classification,
        policy_name,
    } = engine
        .check_for("prod-guard", "act", &params("SELECT 1"), deny)
        .unwrap_err();
    assert_eq!(
        (classification.category, &*policy_name),
        (DataRead, "prod-guard")
    );
    let denied = engine.check("act", &params("sudo ls")).unwrap_err();
    assert_eq!(
        denied.to_string(),
        "denied by semantic policy: privilege_escalation at 70%: sudo invocation"
    );
}

#[test]
fn a_weight_counts_as_it_was_written_and_shows_three_places() {
    let weighing = |weight, threshold| {
        let engine = engine().custom_signal(CodeExecution, "zzz", weight, "z");
        denied(engine.confidence_threshold(threshold), "zzz")
    };
    assert_eq!(weighing(0.5004, 0.5004), Some((CodeExecution, 0.5)));
    assert_eq!(weighing(0.4995, 0.4995), Some((CodeExecution, 0.499)));
    assert_eq!(weighing(0.0625, 0.0), Some((CodeExecution, 0.062)));
    assert_eq!(weighing(0.4995, 0.49951), None);
    // A confidence that is shown to reach the threshold does.
    assert_eq!(weighing(0.4996, 0.5), Some((CodeExecution, 0.5)));
    assert_eq!(weighing(0.0, 0.0), None, "a weight of 0 counts for nothing");
}

#[test]
fn everything_that_is_wrong_with_an_engine_is_named() {
    let wrong = engine()
        .custom_signal(CodeExecution, "zzz", 2.0, "loud")
        .custom_signal(CodeExecution, "zzz", -0.1, "quiet")
        .custom_signal(CodeExecution, "(a", 0.5, "open")
        .deny([])
        .confidence_threshold(1.5);
    let problems = problems(wrong);
    assert_eq!(problems.len(), 5, "{problems:#?}");
    assert_eq!(
        problems[0],
        "the weight 2 of the signal `loud` is not between 0 and 1"
    );
    assert!(problems[1].contains("-0.1"));
    assert!(problems[2].starts_with("the expression `(a` of the signal `open`: "));
    assert!(problems[3].contains("the list of denied categories is empty"));
    assert_eq!(
        problems[4],
        "the confidence threshold 1.5 is not between 0 and 1"
    );
}

#[test]
fn signals_are_found_with_their_places_in_values_and_in_keys() {
    let engine = engine().build().unwrap();
    let inner: Map<'_> = [("sudo", Value::from(vec!["x", "rm -rf /"]))]
        .into_iter()
        .collect();
    let params: Map<'_> = [("run", Value::from(inner))].into_iter().collect();
    let found = engine.signals("act", &params).unwrap();
    let places: Vec<_> = found
        .iter()
        .map(|found| {
            let at = found.at.as_ref().expect("it has a place");
            let place = (&*at.field, at.in_key, at.start, at.end);
            (&*found.signal, place)
        })
        .collect();
    assert_eq!(
        places,
        [
            ("sudo invocation", ("params.run.sudo", true, 0, 4)),
            (
                "recursive force delete",
                ("params.run.sudo[1]", false, 0, 6)
            ),
        ]
    );
}

#[test]
fn a_key_behind_the_values_hides_no_signal() {
    let engine = engine().build().unwrap();
    let params: Map<'_> = [("where", "DELETE FROM users")].into_iter().collect();
    let told = engine.classify("database_query", &params);
    assert_eq!((told.category, told.confidence), (DestructiveData, 0.85));
}

#[test]
fn a_signal_may_rest_on_the_notation_of_what_is_nested_and_needs_none() {
    let engine = engine()
        .custom_signal(CodeExecution, "'k': 'v'", 0.8, "notation")
        .build()
        .unwrap();
    let map: Map<'_> = [("k", "v")].into_iter().collect();
    let params: Map<'_> = [("a", Value::from(vec![Value::from(map)]))]
        .into_iter()
        .collect();
    let told = engine.classify("act", &params);
    assert_eq!(told.matched_signals, ["notation"]);
    assert_eq!(engine.signals("act", &params).unwrap()[0].at, None);
    // An escape of that notation hides nothing.
    let params: Map<'_> = [("a", vec![Value::from(vec!["x\nreboot"])])]
        .into_iter()
        .collect();
    assert_eq!(engine.classify("act", &params).category, SystemModification);
}

#[test]
fn a_call_that_cannot_be_read_is_dangerous_and_denied() {
    let engine = engine().build().unwrap();
    let long = "x".repeat(agentos_runtime::LONGEST_TEXT + 1);
    let told = engine.classify("act", &params(&long));
    assert!(told.is_dangerous());
    assert_eq!(told.explanation, "no signal is found; the text is too long");
    assert!(engine.check("act", &params(&long)).is_err());
    assert!(engine.signals("act", &params(&long)).is_err());
}

#[test]
fn classifications_are_json_of_the_names_the_api_has() {
    let engine = engine().build().unwrap();
    let told = engine.classify("act", &params("sudo ls"));
    assert_eq!(
        serde_json::to_value(&told).unwrap(),
        serde_json::json!({
            "category": "privilege_escalation",
            "confidence": 0.7,
            "matched_signals": ["sudo invocation"],
            "explanation": "privilege_escalation at 70%: sudo invocation",
            "is_dangerous": true,
        })
    );
}
