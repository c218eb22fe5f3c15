//! Policies and lines in, what came of replaying them out.

use agentos_runtime::{Engine, Record, RequestSource};

use super::*;
use crate::{Options, Sources, compile};

fn engine(name: &str, text: &str) -> Engine {
    let (plan, findings) = compile(&Sources::one(name, text), &Options::default());
    Engine::new(&plan.unwrap_or_else(|| panic!("{findings:#?}")).table()).unwrap()
}

fn add<'e>(tally: &mut Tally<'e>, judges: Judges<'e>, line: u64, text: &str) {
    let at = LineAt { log: 0, line };
    match Record::from_json(text.as_bytes(), RequestSource::Host) {
        Err(error) => tally.add_unreadable(at, &error.to_string()),
        Ok(record) => {
            let new = Basis::from(&judges.new.decide(&record.request));
            let old = match judges.old {
                Some(old) => Some(Basis::from(&old.decide(&record.request))),
                None => record.decision.map(Basis::from),
            };
            let text = &text.as_bytes()[record.span];
            tally.add(new, old, Line { at, text });
        }
    }
}

fn finish(tally: Tally<'_>, judges: Judges<'_>) -> Outcome {
    tally.finish(judges, &["log".to_owned()])
}

/// What comes of `lines` under `new`, compared with `old` or with what they say.
fn replay(new: &str, old: Option<&str>, lines: &[&str]) -> Outcome {
    let new = engine("new.policy", new);
    let old = old.map(|old| engine("old.policy", old));
    let judges = Judges {
        new: &new,
        old: old.as_ref(),
    };
    let mut tally = Tally::new(3);
    for (number, line) in (1..).zip(lines) {
        add(&mut tally, judges, number, line);
    }
    finish(tally, judges)
}

const OLD: &str =
    "policy p { allow read; deny pay when params.n > 9 id much; allow pay; audit send; }";
const NEW: &str = "policy p { deny read id no-read; escalate pay when params.n > 9 id much; allow pay; allow send, ask; }";
const LINES: [&str; 9] = [
    r#"{"action": "read", "id": "long"}"#,
    r#"{"action": "pay", "params": {"n": 1}}"#,
    r#"{"action": "pay", "params": {"n": 10}}"#,
    r#"{"action": "read"}"#,
    r#"{"action": "send"}"#,
    r#"{"action": "ask"}"#,
    "{}",
    r#"{"action": "read", "id": "r"}"#,
    r#"{"action": "none"}"#,
];

#[test]
fn the_outcome_reads_as_a_person_and_as_a_pull_request_want_it() {
    let outcome = replay(NEW, Some(OLD), &LINES);
    insta::assert_snapshot!(format!(
        "{}\n{}\n{}",
        LINES.join("\n"),
        text::render(&outcome),
        markdown::render(&outcome)
    ));
}

#[test]
fn what_is_audited_or_deferred_is_told_apart_and_counted_together() {
    let outcome = replay(
        "policy p { allow a; audit b, c; defer d; }",
        Some("policy p { audit a; allow b, c; }"),
        &["a", "b", "c", "d"]
            .map(|action| format!("{{\"action\": \"{action}\"}}"))
            .each_ref()
            .map(String::as_str),
    );
    let directions = serde_json::to_value(outcome.directions).unwrap();
    let expected = serde_json::json!({
        "newly_allowed": 0, "newly_denied": 0, "newly_escalated": 0, "other": 4,
        "no_longer_audited": 1, "newly_deferred": 1, "newly_audited": 2,
    });
    assert_eq!(directions, expected);
    assert!(
        outcome
            .summary
            .ends_with("1 no longer audited, 1 newly deferred, 2 newly audited"),
        "{}",
        outcome.summary
    );
}

#[test]
fn with_nothing_to_compare_with_rules_are_counted() {
    let outcome = replay(NEW, None, &LINES);
    assert_eq!((outcome.compared, outcome.changed), (0, 0));
    insta::assert_snapshot!(format!(
        "{}\n{}",
        text::render(&outcome),
        markdown::render(&outcome)
    ));
}

#[test]
fn examples_are_the_shortest_requests_and_of_equals_the_first() {
    let read = r#"{"action": "read"}"#;
    let padded = r#"{"action":  "read"}"#;
    let outcome = replay(NEW, Some(OLD), &[padded, padded, read, padded, read]);
    let [group] = &outcome.changes[..] else {
        panic!("{outcome:?}")
    };
    assert_eq!(group.requests, 5);
    let places: Vec<&str> = group.examples.iter().map(|one| one.at.as_str()).collect();
    assert_eq!(places, ["log:3", "log:5", "log:1"]);
}

#[test]
fn parts_of_a_log_add_up_to_the_whole() {
    let (new, old) = (engine("new.policy", NEW), engine("old.policy", OLD));
    let judges = Judges {
        new: &new,
        old: Some(&old),
    };
    let count = |mut tally, lines: std::ops::Range<usize>| {
        for at in lines {
            add(&mut tally, judges, at as u64 + 1, LINES[at]);
        }
        tally
    };
    // With and without room for all groups.
    for room in 0..6 {
        let limited = || Tally::new(2).with_room(room);
        let whole = count(limited(), 0..LINES.len());
        let whole = json::render(&finish(whole, judges));
        for first in 0..=LINES.len() {
            for second in first..=LINES.len() {
                let mut tally = count(limited(), 0..first);
                tally.merge(count(Tally::new(2), first..second));
                tally.merge(count(Tally::new(2), second..LINES.len()));
                let parts = json::render(&finish(tally, judges));
                assert_eq!(parts, whole, "{room} groups, cut at {first} and {second}");
            }
        }
    }
}

#[test]
fn changes_beyond_the_groups_are_counted_still() {
    let (new, old) = (engine("new.policy", NEW), engine("old.policy", OLD));
    let judges = Judges {
        new: &new,
        old: Some(&old),
    };
    let mut tally = Tally::new(3).with_room(1);
    for line in LINES {
        add(&mut tally, judges, 1, line);
    }
    let outcome = finish(tally, judges);
    assert_eq!(outcome.changes.len(), 1);
    assert_eq!(outcome.changes[0].requests, 3);
    assert_eq!((outcome.changed, outcome.ungrouped), (6, 3));
    assert!(text::render(&outcome).contains("3 changes more, in more groups than `MOST_GROUPS`"));
    assert!(markdown::render(&outcome).contains("3 changes in further groups"));
}

#[test]
fn a_recorded_rule_is_one_rule_wherever_it_stood_that_day() {
    let record = |line: u32| {
        format!(
            r#"{{"request": {{"action": "read"}}, "decision": {{"effect": "allow", "policy": "p", "rule": "r", "at": "p.policy:{line}:1"}}}}"#
        )
    };
    let outcome = replay(NEW, None, &[&record(1), &record(2)]);
    let [group] = &outcome.changes[..] else {
        panic!("{outcome:?}")
    };
    assert_eq!(group.requests, 2);
    assert_eq!(group.old.at.as_deref(), Some("p.policy:1:1"));
    assert_eq!(
        outcome.summary,
        "would have changed 2 of 2 recorded decisions: 2 newly denied"
    );
}

#[test]
fn requests_without_a_recorded_decision_are_said_to_be_so() {
    let outcome = replay(
        NEW,
        None,
        &[
            r#"{"action": "read", "effect": "deny"}"#,
            r#"{"action": "read"}"#,
        ],
    );
    assert_eq!(
        outcome.summary,
        "would have changed none of 1 recorded decision; 1 request without a recorded decision"
    );
}

#[test]
fn a_long_request_is_placed_and_not_shown() {
    let long = format!(
        r#"{{"action": "read", "id": "{}"}}"#,
        "x".repeat(LONGEST_EXAMPLE)
    );
    let outcome = replay(NEW, Some(OLD), &[&long]);
    let example = &outcome.changes[0].examples[0];
    assert_eq!(
        (example.length, example.request.is_none()),
        (long.len(), true)
    );
    let text = text::render(&outcome);
    assert!(text.contains("log:1  a request of 2,028 bytes\n"), "{text}");
}

#[test]
fn what_a_log_calls_things_is_cut_where_it_is_long() {
    let name = "é".repeat(LONGEST_NAME);
    let record = format!(
        r#"{{"action": "read", "decision": {{"effect": "allow", "policy": "{name}", "rule": "{name}", "at": "{name}"}}}}"#
    );
    let unknown = format!(r#"{{"{name}": 1}}"#);
    let outcome = replay(NEW, None, &[&record, &unknown]);
    let old = &outcome.changes[0].old;
    for kept in [&old.policy, &old.rule, &old.at] {
        assert_eq!(
            kept.as_deref(),
            Some(&*format!("{}…", &name[..LONGEST_NAME]))
        );
    }
    let message = &outcome.unreadable_lines[0].message;
    assert!(message.len() <= LONGEST_NAME + "…".len(), "{message}");
}

#[test]
fn only_the_first_unreadable_lines_are_named() {
    let outcome = replay(NEW, Some(OLD), &["x"; MOST_UNREADABLE + 2]);
    assert_eq!(outcome.unreadable, MOST_UNREADABLE as u64 + 2);
    assert_eq!(outcome.unreadable_lines.len(), MOST_UNREADABLE);
    assert_eq!(outcome.summary, "no requests; 7 lines unreadable");
}

#[test]
fn nothing_in_a_log_breaks_out_of_its_place() {
    let line = "{\"action\": \"read\", \"id\": \"```\\n@team | \u{202e} <b>\"}";
    let record = format!(
        r#"{{"request": {line}, "decision": {{"effect": "allow", "policy": "`|\n# p", "rule": "r\u0007"}}}}"#
    );
    let outcome = replay(NEW, None, &[&record]);
    let page = markdown::render(&outcome);
    assert!(
        page.contains(
            "before **allow** `r\\u{7}` of `` `|\\n# p ``\n  - `log:1` ````{\"action\": \"read\", \
             \"id\": \"```\\n@team | \\u{202e} <b>\"}````"
        ),
        "{page}"
    );
    let text = text::render(&outcome);
    assert!(text.contains("`r\\u{7}` of ``|\\n# p`\n"), "{text}");
    assert!(!text.contains('\u{202e}'), "{text}");
}

#[test]
fn a_comment_is_never_longer_than_hosts_take() {
    let (new, old) = (engine("new.policy", NEW), engine("old.policy", OLD));
    let judges = Judges {
        new: &new,
        old: Some(&old),
    };
    let mut tally = Tally::new(usize::from(MOST_EXAMPLES));
    let id = "\u{202e}".repeat(600);
    for number in 0..20 {
        for action in ["read", "ask", "send", "pay"] {
            let n = number + 10;
            let text = format!(r#"{{"action": "{action}", "id": "{id}", "params": {{"n": {n}}}}}"#);
            add(&mut tally, judges, number, &text);
        }
    }
    let page = markdown::render(&finish(tally, judges));
    assert!(page.len() <= markdown::LONGEST_COMMENT, "{}", page.len());
    assert!(page.contains("in further groups"), "{page}");
}
