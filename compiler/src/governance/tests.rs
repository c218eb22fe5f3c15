//! One test a family of recorded weaknesses, named for what we do instead; and
//! what the vectors do not show.

use serde_json::json;

use super::*;

fn places(error: &InvalidPolicy) -> Vec<&str> {
    error
        .problems
        .iter()
        .map(|invalid| invalid.place.as_str())
        .collect()
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a test reads better without the borrow"
)]
fn dict(data: Value) -> Result<GovernancePolicy, InvalidPolicy> {
    GovernancePolicy::from_dict(&data)
}

#[test]
fn booleans_are_not_numbers() {
    for setting in Setting::ALL {
        let numeric = matches!(
            setting.takes(),
            Takes::PositiveInteger | Takes::Count | Takes::Fraction
        );
        for value in [true, false] {
            let error = dict(json!({ setting.name(): value })).err();
            assert_eq!(
                error.is_some(),
                setting.takes() != Takes::Boolean,
                "{setting} {numeric}"
            );
        }
    }
    let error = GovernancePolicy::from_yaml("max_tokens: true\n").unwrap_err();
    assert_eq!(
        error.problems[0].to_string().split(" to ").next(),
        Some("line 1: `max_tokens` must be a whole number from 1")
    );
}

#[test]
fn switches_take_true_or_false_and_a_name_takes_a_text() {
    for setting in ["require_human_approval", "log_all_calls"] {
        for value in [
            json!("false"),
            json!(1),
            json!(0),
            json!(""),
            json!([]),
            json!(null),
        ] {
            let error = dict(json!({ setting: value })).unwrap_err();
            assert_eq!(places(&error), [setting]);
        }
    }
    for value in [json!(""), json!(5), json!(null)] {
        assert_eq!(
            places(&dict(json!({ "name": value })).unwrap_err()),
            ["name"]
        );
    }
}

#[test]
fn the_name_is_written_to_yaml_and_read_back() {
    let policy = GovernancePolicy::new(Settings {
        name: "careful".to_owned(),
        ..Settings::default()
    })
    .unwrap();
    let back = GovernancePolicy::from_yaml(&policy.to_yaml()).unwrap();
    assert_eq!(back, policy);
    assert_eq!(back.name, "careful");
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_setting() {
    let error =
        GovernancePolicy::from_yaml("max_token: 100\npolicy:\n  max_tokens: 5\n").unwrap_err();
    assert_eq!(places(&error), ["max_token", "policy"]);
    let near = Problem::Unknown {
        nearest: Some(Setting::MaxTokens),
    };
    assert_eq!(error.problems[0].problem, near);
    assert_eq!(error.problems[1].line, Some(2));
}

#[test]
fn what_yaml_readers_take_for_different_things_is_refused() {
    for (yaml, place) in [
        ("max_tokens: yes\n", "max_tokens"),
        ("max_tokens: 010\n", "max_tokens"),
        ("max_tokens: 0o10\n", "max_tokens"),
        ("max_tokens: 1:30\n", "max_tokens"),
        ("max_tokens: 1e3\n", "max_tokens"),
        ("max_tokens: 1_000\n", "max_tokens"),
        ("log_all_calls: off\n", "log_all_calls"),
        ("allowed_tools: [read, on]\n", "allowed_tools"),
        ("allowed_tools: [2024-01-01]\n", "allowed_tools"),
        ("version: 2024-01-01\n", "version"),
        (
            "blocked_patterns: [{pattern: no, type: glob}]\n",
            "blocked_patterns",
        ),
    ] {
        let error = GovernancePolicy::from_yaml(yaml).unwrap_err();
        assert_eq!(places(&error), [place], "{yaml}");
        assert!(
            matches!(error.problems[0].problem, Problem::Yaml(_)),
            "{yaml} {error}"
        );
    }
}

#[test]
fn a_number_that_is_not_finite_is_no_text() {
    for (yaml, place) in [
        ("confidence_threshold: .nan\n", "confidence_threshold"),
        ("allowed_tools: [read, .inf]\n", "allowed_tools[1]"),
        ("blocked_patterns: [-.Inf]\n", "blocked_patterns[0]"),
    ] {
        let error = GovernancePolicy::from_yaml(yaml).unwrap_err();
        assert_eq!(places(&error), [place], "{yaml} {error}");
    }
}

#[test]
fn a_tab_before_a_setting_is_refused_at_its_line() {
    for yaml in ["\tmax_tokens: 5\n", "{\n\tmax_tokens: 5\n}\n"] {
        let error = GovernancePolicy::from_yaml(yaml).unwrap_err();
        assert!(
            matches!(&error.problems[0].problem, Problem::Yaml(why) if why.contains("tab")),
            "{yaml} {error}"
        );
        let line = yaml.lines().count().min(2) as u32;
        assert_eq!(error.problems[0].line, Some(line), "{yaml}");
    }
}

#[test]
fn a_text_where_a_list_of_patterns_belongs_is_refused_whole() {
    for yaml in ["blocked_patterns: rm -rf\n", "blocked_patterns: ''\n"] {
        let error = GovernancePolicy::from_yaml(yaml).unwrap_err();
        assert_eq!(places(&error), ["blocked_patterns"]);
    }
}

#[test]
fn nothing_where_a_list_of_patterns_belongs_is_a_problem_like_any_other() {
    for yaml in [
        "blocked_patterns:\n",
        "blocked_patterns: null\n",
        "blocked_patterns: 5\n",
    ] {
        let error = GovernancePolicy::from_yaml(yaml).unwrap_err();
        assert_eq!(places(&error), ["blocked_patterns"]);
    }
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let error = GovernancePolicy::from_yaml("max_tokens: 100\nmax_tokens: 200\n").unwrap_err();
    assert_eq!(places(&error), ["max_tokens"]);
    assert_eq!(error.problems[0].line, Some(2));
}

#[test]
fn a_drift_that_nothing_exceeds_is_a_conflict() {
    let settings = Settings {
        drift_threshold: 1.0,
        ..Settings::default()
    };
    assert_eq!(settings.detect_conflicts(), [Conflict::DriftUnchecked]);
}

#[test]
fn an_empty_pattern_is_refused_and_one_that_blocks_everything_is_a_conflict() {
    let error =
        dict(json!({"blocked_patterns": ["a", {"pattern": "", "type": "glob"}]})).unwrap_err();
    assert_eq!(places(&error), ["blocked_patterns[1]"]);
    let every = dict(json!({"blocked_patterns": ["a", {"pattern": "*", "type": "glob"}]})).unwrap();
    assert_eq!(
        every.detect_conflicts(),
        [Conflict::BlocksEverything { entry: 1 }]
    );
    assert_eq!(every.matches_pattern("x"), ["*"]);
}

#[test]
fn every_problem_is_reported_not_only_the_first() {
    let error = dict(json!({
        "max_tokens": 0, "timeout_seconds": "soon", "confidence_threshold": 2, "versoin": "1",
        "allowed_tools": ["a", 1], "blocked_patterns": [5, "ok", {"pattern": "(", "type": "regex"}],
        "version": "", "log_all_calls": "no",
    }))
    .unwrap_err();
    assert_eq!(
        places(&error),
        [
            "versoin",
            "max_tokens",
            "timeout_seconds",
            "confidence_threshold",
            "allowed_tools[1]",
            "version",
            "blocked_patterns[0]",
            "blocked_patterns[2]",
            "log_all_calls",
        ]
    );
    assert_eq!(error.to_string().lines().count(), 9);
}

#[test]
fn settings_made_in_rust_are_judged_as_those_from_a_file() {
    let nan = Settings {
        drift_threshold: f64::NAN,
        ..Settings::default()
    };
    assert_eq!(
        places(&GovernancePolicy::new(nan).unwrap_err()),
        ["drift_threshold"]
    );
    let all = Settings {
        max_tokens: 0,
        max_concurrent: u64::MAX,
        confidence_threshold: -0.1,
        drift_threshold: f64::INFINITY,
        version: String::new(),
        ..Settings::default()
    };
    assert_eq!(
        places(&all.validate().unwrap_err()),
        [
            "max_tokens",
            "max_concurrent",
            "confidence_threshold",
            "drift_threshold",
            "version"
        ]
    );
}

#[test]
fn a_list_without_end_is_refused_by_the_name_of_its_limit() {
    let tools = vec!["a"; MOST_ENTRIES + 1];
    let error = dict(json!({ "allowed_tools": tools })).unwrap_err();
    assert!(error.to_string().contains("MOST_ENTRIES"), "{error}");
}

#[test]
fn a_glob_begins_anywhere_and_ends_with_the_text() {
    let policy = GovernancePolicy::new(Settings {
        blocked_patterns: vec![("[sS]ecret*.exe", PatternType::Glob).into()],
        ..Settings::default()
    })
    .unwrap();
    assert_eq!(
        policy.matches_pattern("run my secret-tool.EXE"),
        ["[sS]ecret*.exe"]
    );
    assert!(policy.matches_pattern("secret.exe now").is_empty());
}

#[test]
fn a_boolean_in_a_numbers_place_is_refused_and_its_conflict_still_reported() {
    let fields = json!({"timeout_seconds": true});
    assert_eq!(
        conflicts_of(&fields),
        [Conflict::TimeoutTooShort { timeout_ms: 1_000 }]
    );
    assert!(GovernancePolicy::from_dict(&fields).is_err());
}

#[test]
fn every_event_has_a_name_of_its_own() {
    let names: std::collections::HashSet<_> = GovernanceEventType::ALL
        .map(GovernanceEventType::name)
        .into();
    assert_eq!(names.len(), GovernanceEventType::ALL.len());
    assert_eq!(
        GovernanceEventType::ToolCallBlocked.to_string(),
        "tool_call_blocked"
    );
}
