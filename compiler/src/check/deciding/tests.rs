use crate::{Options, Sources, compile};

/// What is proved of a text: the finding, the marked text, the line of another
/// place that has a part in it.
fn found(text: &str) -> Vec<(&'static str, String, Option<u32>)> {
    let sources = Sources::one("p.policy", text);
    let options = Options {
        strict: false,
        proves: true,
    };
    let (_, findings) = compile(&sources, &options);
    let ours = findings.iter().filter(|finding| super::finds(finding.lint));
    ours.map(|finding| {
        let other = finding.secondary.first();
        (
            finding.lint.name,
            sources.text_at(finding.primary.span).to_owned(),
            other.map(|other| sources.line_column(other.span).0),
        )
    })
    .collect()
}

fn one(text: &str) -> (&'static str, String, Option<u32>) {
    let mut found = found(text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found.remove(0)
}

#[test]
fn a_rule_behind_a_wider_one_never_decides() {
    for (text, marked, line) in [
        ("policy p {\ndeny x;\nallow x;\n}", "allow", 2),
        (
            "policy p {\nallow x;\nallow x when params.a == 1;\n}",
            "allow",
            2,
        ),
        ("policy p {\ndeny w;\nallow r, w;\n}", "w", 2),
        (
            "policy p {\ndeny \"db.*\";\nescalate db.read, \"db.w*\";\n}",
            "escalate",
            2,
        ),
        (
            "policy p {\ndeny x when params.a > 10;\ndeny x when params.a > 20;\n}",
            "deny",
            2,
        ),
        (
            "policy p {\nallow x when params.a starts with \"ab\";\nallow x when params.a starts with \"abc\";\n}",
            "allow",
            2,
        ),
        (
            "policy p {\ncombine priority;\nallow x priority 2;\ndeny x when params.a == 1 priority 1;\n}",
            "deny",
            3,
        ),
        (
            "policy b {\ndeny * when text contains \"secret\";\n}\npolicy p {\nextends b;\nallow x when params.a contains \"secret\";\n}",
            "allow",
            2,
        ),
        (
            "policy p {\naction pay { to: one of [\"a\", \"b\"] }\ndeny pay when to == \"a\";\ndeny pay when to == \"b\";\nallow pay;\n}",
            "allow",
            3,
        ),
        (
            "policy p {\nnormalize strict;\ndeny x when text contains \"s\";\ndeny x when text contains \"st\" and params.a == 1;\n}",
            "",
            0,
        ),
    ] {
        if marked.is_empty() {
            // What is behind a disguise may make it decide.
            assert_eq!(found(text), [], "{text}");
        } else {
            assert_eq!(
                one(text),
                ("shadowed-rule", marked.to_owned(), Some(line)),
                "{text}"
            );
        }
    }
}

#[test]
fn a_rule_that_says_why_before_others_do_decides() {
    for text in [
        "policy p { deny x when params.a > 10 because \"too much\"; deny x; }",
        "policy p { default deny; deny x because \"never\"; allow y; }",
        "policy p { default allow because \"a sandbox\"; allow x; }",
        // Where the amount is in doubt the second one decides.
        "policy p { allow x when params.a > 20; escalate x when params.a <= 20; }",
        "policy p { allow x when params.a > 1; allow x when params.b > 1; }",
        "policy p { escalate * to \"a\" when text contains \"s\"; deny x when params.s == 1; }",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn a_condition_that_always_or_never_holds_is_found() {
    for (condition, name) in [
        ("amount > 10 and amount < 5", "never-holds"),
        ("amount > 10 and amount <= 10", "never-holds"),
        ("amount == 1 and amount == 2", "never-holds"),
        ("kind in [\"a\"] and kind != \"a\"", "never-holds"),
        (
            "at < \"2026-01-01T00:00:00Z\" and at > \"2026-02-01T00:00:00Z\"",
            "never-holds",
        ),
        (
            "name starts with \"ab\" and not name contains \"a\"",
            "never-holds",
        ),
        (
            "name matches r\"^a+$\" and name contains \"b\"",
            "never-holds",
        ),
        ("name == \"rm\" and not text contains \"rm\"", "never-holds"),
        (
            "text contains \"secret\" and not text matches r\"(?i)SECRET\"",
            "never-holds",
        ),
        ("action == \"other\"", "never-holds"),
        (
            "action == \"pay\" and not text contains \"pay\"",
            "never-holds",
        ),
        (
            "every tags starts with \"a\" and any tags == \"b\"",
            "never-holds",
        ),
        ("exists amount", "always-holds"),
        ("kind in [\"a\", \"b\"]", "always-holds"),
        ("amount > 10 or amount <= 10", "always-holds"),
        ("action starts with \"p\"", "always-holds"),
        ("text contains \"pay\"", "always-holds"),
    ] {
        let text = format!(
            "policy p {{ action pay {{ amount: decimal, kind: one of [\"a\", \"b\"], name: string, at: timestamp, tags: [string] }} allow pay when {condition}; }}"
        );
        assert_eq!(one(&text), (name, "allow".to_owned(), None), "{text}");
    }
    for condition in [
        "amount > 10 and amount < 11",
        "params.note > 10 or params.note <= 10",
        "name starts with \"ab\" and name ends with \"bc\"",
        "name contains \"rm\" and not text contains \"rm -rf\"",
        "any tags == \"a\" and any tags == \"b\"",
        "every tags starts with \"a\"",
        "at < \"2026-01-01T00:00:00Z\"",
        "name under \"/tmp\" and not name under \"/tmp/x\"",
        "context.level > 3",
        "text matches r\"pay(?!.*where)\"",
    ] {
        let text = format!(
            "policy p {{ action pay {{ amount: decimal, name: string, at: timestamp, tags: [string] }} allow pay when {condition}; }}"
        );
        assert_eq!(found(&text), [], "{text}");
    }
}

#[test]
fn a_part_of_a_condition_that_does_nothing_is_found() {
    for (condition, marked) in [
        (
            "amount > 5 and amount < 3 or b == 1",
            "amount > 5 and amount < 3",
        ),
        ("exists amount and b == 1", "exists amount"),
        (
            "(c == 2 or action == \"other\") and b == 1",
            "action == \"other\"",
        ),
        ("b == 1 and not (c == 2 and c == 3)", "c == 2 and c == 3"),
    ] {
        let text = format!(
            "policy p {{ action pay {{ amount: decimal, b: integer, c: integer }} allow pay when {condition}; }}"
        );
        assert_eq!(
            one(&text),
            ("idle-condition", marked.to_owned(), None),
            "{text}"
        );
    }
}

#[test]
fn a_value_in_a_list_that_another_rule_always_beats_is_found() {
    let text = "policy p {\ndeny go when params.tool == \"b\";\nallow go when params.tool in [\"a\", \"b\"];\n}";
    let marked = "params.tool in [\"a\", \"b\"]".to_owned();
    assert_eq!(one(text), ("shadowed-rule", marked, Some(2)));
    let text = "policy p { deny go when params.tool == \"b\" and params.n == 1; allow go when params.tool in [\"a\", \"b\"]; }";
    assert_eq!(found(text), []);
}

#[test]
fn rules_of_one_written_priority_contradict_each_other() {
    let policy = |first: &str, second: &str| {
        format!(
            "policy p {{\ncombine priority;\nallow x when params.a < 10 {first};\ndeny x when params.b == 1 {second};\n}}"
        )
    };
    assert_eq!(
        one(&policy("priority 5", "priority 5")),
        ("contradiction", "deny".to_owned(), Some(3))
    );
    for (first, second) in [("", ""), ("priority 5", "priority 4"), ("priority 0", "")] {
        assert_eq!(found(&policy(first, second)), []);
    }
}

#[test]
fn expected_findings_are_silent() {
    let text = "policy p { deny x; expect shadowed-rule because \"kept for later\"; allow x; }";
    assert_eq!(found(text), []);
}
