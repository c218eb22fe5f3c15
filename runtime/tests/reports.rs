//! What people and programs read of a decision.
#![cfg(feature = "json")]

mod support;

use agentos_runtime::{
    Cause, Doubt, Effect, Engine, Number, Report, Request, RequestSource, Value,
    table::{
        Category, Check, Condition, DefaultAnswer, Field, Intent, Matcher, Pattern, Policy,
        Quantifier, Signal, Test, Type,
    },
};
use support::rows::*;

fn report(engine: &Engine, request: &Request<'_>) -> Report {
    engine.report(&engine.decide(request), request)
}

fn drop_signal(explain: &'static str) -> Signal<'static> {
    let matcher =
        Matcher::Regex(r"(?:\A|[^\pL\pN_])((?i)DROP\s+(?:TABLE|DATABASE))(?:\z|[^\pL\pN_])");
    Signal {
        weight: Number::new(9, 1),
        pattern: Pattern {
            source: r"\bDROP",
            at: at(7),
            matcher,
        },
        explain,
    }
}

fn intends() -> Condition<'static> {
    let check = Check::Intent(list([Category::DestructiveData]), Number::new(5, 1));
    Condition::Test(test(1, Field::Text, check))
}

#[test]
fn a_report_is_the_contract() {
    let mut deny = rule(Effect::Deny, "no-drop", "*", Some(intends()));
    deny.suggest = Some("use a view");
    let policy = Policy {
        intents: list([Intent {
            category: Category::DestructiveData,
            signals: list([
                drop_signal("SQL DROP statement"),
                Signal {
                    weight: Number::from(1),
                    ..drop_signal("")
                },
            ]),
        }]),
        ..policy("read_only", [deny])
    };
    let engine = Engine::new(&table([policy])).unwrap();
    let line = br#"{"id": "r1", "agent_id": "a1", "action": "database_query", "params": {"query": "\u00e9 DROP TABLE users"}}"#;
    let request = Request::from_json(line, RequestSource::Wire).unwrap();
    assert_eq!(
        report(&engine, &request).to_json(),
        concat!(
            r#"{"id":"r1","effect":"deny","signal":"SIGKILL","policy":"read_only","rule":"no-drop","at":"a.policy:2:3","#,
            r#""reason":"\\bDROP","suggestion":"use a view","#,
            r#""intents":[{"category":"destructive_data","confidence":1.0,"signals":["SQL DROP statement","\\bDROP"]}],"#,
            r#""matches":[{"field":"params.query","pattern":"\\bDROP","start":3,"end":13},"#,
            r#"{"field":"params.query","pattern":"\\bDROP","start":3,"end":13}],"clause":1,"doubt":null}"#
        )
    );
}

#[test]
fn a_permitted_request_has_no_signal() {
    let engine = Engine::new(&table([policy(
        "p",
        [rule(Effect::Allow, "any", "*", None)],
    )]))
    .unwrap();
    assert_eq!(
        report(&engine, &Request::new("a1", "read")).to_json(),
        concat!(
            r#"{"id":null,"effect":"allow","signal":null,"policy":"p","rule":"any","at":"a.policy:2:3","#,
            r#""reason":"`read` is allowed by rule `any`","suggestion":null,"intents":[],"matches":[],"clause":null,"doubt":null}"#
        )
    );
}

#[test]
fn a_line_that_is_no_request_is_denied_with_its_id() {
    let error =
        Request::from_json(br#"{"id": "r7", "acton": "x"}"#, RequestSource::Wire).unwrap_err();
    let report = Report::bad_request(&error);
    assert_eq!(
        (report.id.as_deref(), report.effect, report.signal),
        (Some("r7"), Effect::Deny, Some("SIGKILL"))
    );
    assert_eq!(
        report.reason,
        "this is no request: `acton` is not a key of a request (did you mean `action`?), at byte 13"
    );
}

#[test]
fn the_reason_is_that_of_the_rule_else_of_its_heaviest_signal_else_a_sentence() {
    let reason = |policy: Policy<'static>, request: Request<'_>| {
        report(&Engine::new(&table([policy])).unwrap(), &request).reason
    };
    let pay = || Request::new("a1", "pay");
    let mut because = rule(
        Effect::Escalate,
        "large",
        "pay",
        when(1, "amount", above(1000)),
    );
    assert_eq!(
        reason(policy("p", [because.clone()]), pay().param("amount", 2000)),
        "`pay` is escalated by rule `large`, as amount > 1000"
    );
    let lenient = Policy {
        default: DefaultAnswer::Allow,
        ..policy("p", [because.clone()])
    };
    assert_eq!(
        reason(lenient.clone(), pay()),
        "`pay` is escalated by rule `large`, as `amount` is missing"
    );
    assert_eq!(
        reason(lenient.clone(), pay().param("amount", 1)),
        "no rule of policy `p` speaks of `pay`, and its default is to allow"
    );
    assert_eq!(
        reason(
            Policy {
                default_because: Some("a test"),
                ..lenient
            },
            pay().param("amount", 1)
        ),
        "a test"
    );
    assert_eq!(
        reason(policy("p", []), pay()),
        "no rule of policy `p` allows `pay`"
    );
    because.because = Some("a person looks at it");
    assert_eq!(
        reason(policy("p", [because]), pay().param("amount", 2000)),
        "a person looks at it"
    );
    let declared = || Policy {
        actions: list([declare("pay", [("amount", Type::Decimal)])]),
        ..policy("p", [])
    };
    assert_eq!(
        reason(declared(), pay()),
        "`amount` is missing, and policy `p` declares it for `pay`"
    );
    assert_eq!(
        reason(declared(), pay().param("amount", "1")),
        "`amount` is a text, and policy `p` declares it for `pay` as `decimal`"
    );
}

#[test]
fn an_element_of_another_type_is_named() {
    let strings = Type::List(list([Type::String]));
    let lists = Type::List(list([strings.clone()]));
    let engine = Engine::new(&table([Policy {
        actions: list([declare("send", [("cc", strings), ("rows", lists)])]),
        ..policy("p", [])
    }]))
    .unwrap();
    let reason = |cc: Value<'static>, rows: Value<'static>| {
        let request = Request::new("a1", "send")
            .param("cc", cc)
            .param("rows", rows);
        report(&engine, &request).reason
    };
    let texts = || Value::from(vec![Value::from("x"), Value::from("y")]);
    assert_eq!(
        reason(vec![Value::from("x"), Value::from(5)].into(), texts()),
        "`cc[1]` is a number, and policy `p` declares `cc` for `send` as `[string]`"
    );
    assert_eq!(
        reason(texts(), vec![texts(), vec![Value::Null].into()].into()),
        "`rows[1][0]` is null, and policy `p` declares `rows` for `send` as `[[string]]`"
    );
    assert_eq!(
        reason("x".into(), texts()),
        "`cc` is a text, and policy `p` declares it for `send` as `[string]`"
    );
}

#[test]
fn a_doubt_that_no_policy_answers_is_still_said() {
    let engine = Engine::new(&table([Policy {
        default: DefaultAnswer::Abstain,
        ..policy(
            "p",
            [rule(
                Effect::Defer,
                "later",
                "pay",
                when(1, "amount", above(1000)),
            )],
        )
    }]))
    .unwrap();
    let request = Request::new("a1", "pay");
    let decision = engine.decide(&request);
    assert_eq!(
        (
            decision.effect(),
            decision.cause(),
            decision.rule(),
            decision.clause()
        ),
        (Effect::Deny, Cause::AllAbstain, Some("later"), Some(1))
    );
    let report = engine.report(&decision, &request);
    assert_eq!(
        report.reason,
        "no policy allows `pay`, and rule `later` is in doubt, as `amount` is missing"
    );
    assert_eq!(report.doubt.unwrap().problem, Doubt::Missing);
}

#[test]
fn a_doubt_names_its_field_and_what_is_the_matter() {
    let condition = |check: Check<'static>| when(3, "amount", check);
    let doubt = |check: Check<'static>, request: Request<'_>| {
        let policy = Policy {
            default: DefaultAnswer::Allow,
            ..policy("p", [rule(Effect::Deny, "r", "pay", condition(check))])
        };
        let report = report(&Engine::new(&table([policy])).unwrap(), &request);
        assert_eq!(report.clause, Some(3));
        let doubt = report.doubt.unwrap();
        assert_eq!(doubt.field, "amount");
        doubt.problem
    };
    let pay = || Request::new("a1", "pay");
    assert_eq!(doubt(above(1), pay()), Doubt::Missing);
    assert_eq!(
        doubt(above(1), pay().param("amount", Value::Null)),
        Doubt::Null
    );
    assert_eq!(
        doubt(above(1), pay().param("amount", "2")),
        Doubt::NotNumber
    );
    assert_eq!(
        doubt(
            above(1),
            pay().param("amount", Value::OutOfRange("1e99".into()))
        ),
        Doubt::OutOfRange
    );
    assert_eq!(doubt(is("x"), pay().param("amount", 1)), Doubt::NotText);
    assert_eq!(
        doubt(Check::Under("/srv"), pay().param("amount", "x")),
        Doubt::UnknownPath
    );
}

#[test]
fn matches_count_bytes_in_the_field_they_came_from() {
    let patterns = set(
        "secrets",
        [
            Matcher::Substring("i\u{307}x"),
            Matcher::Glob("(?i).*\\.pem"),
            Matcher::Regex("nothing"),
        ],
    );
    let by_itself = Test {
        quantifier: Quantifier::Any,
        ..test(2, param("cc"), Check::Matches(1))
    };
    let both = Condition::Any(list([
        Condition::Test(test(1, Field::Text, Check::Matches(0))),
        Condition::Test(by_itself),
    ]));
    let policy = Policy {
        patterns: list([patterns, set("", [Matcher::Regex("b+")])]),
        ..policy("p", [rule(Effect::Deny, "r", "*", Some(both))])
    };
    let engine = Engine::new(&table([policy])).unwrap();
    let request = Request::new("a1", "send")
        .param("body", "aé\u{130}X")
        .param("cc", ["a", "abb"])
        .param("file", "Key.PEM")
        .param("to", "to");
    let report = report(&engine, &request);
    let found: Vec<_> = report
        .matches
        .iter()
        .map(|found| (&*found.field, &*found.pattern, found.start, found.end))
        .collect();
    assert_eq!(
        found,
        [
            ("params.body", "i\u{307}x", 3, 6),
            ("params.file", "(?i).*\\.pem", 0, 7),
            ("params.cc[1]", "b+", 1, 3)
        ]
    );
}

#[test]
fn a_match_across_fields_counts_in_the_whole_text_and_one_in_a_key_in_that_key() {
    let policy = Policy {
        patterns: list([set(
            "s",
            [Matcher::Substring("one two"), Matcher::Substring("key")],
        )]),
        ..policy("p", [rule(Effect::Deny, "r", "*", when_text(0))])
    };
    let engine = Engine::new(&table([policy])).unwrap();
    let request = Request::new("a1", "act")
        .param("key", "one")
        .param("b", "two");
    let report = report(&engine, &request);
    let found: Vec<_> = report
        .matches
        .iter()
        .map(|found| (&*found.field, found.in_key, found.start, found.end))
        .collect();
    assert_eq!(found, [("text", false, 4, 11), ("params.key", true, 0, 3)]);
}

#[test]
fn the_name_of_a_param_makes_no_answer_milder() {
    let sets = || {
        list([set(
            "s",
            [
                Matcher::RegexUnless("(?i)delete", "(?i).*where"),
                Matcher::Regex(r"(?i)now\z"),
            ],
        )])
    };
    let when_not = |set| {
        let Some(Condition::Test(test)) = when_text(set) else {
            panic!("it is a test");
        };
        Some(Condition::Test(Test {
            negated: true,
            ..test
        }))
    };
    let decided = |effect, when, key: &str, value: &str| {
        let policy = Policy {
            patterns: sets(),
            ..policy("p", [rule(effect, "r", "*", when)])
        };
        let engine = Engine::new(&table([policy])).unwrap();
        let request = Request::new("a1", "act").param(key.to_owned(), value.to_owned());
        let decision = engine.decide(&request);
        let report = engine.report(&decision, &request);
        let places: Vec<_> = report
            .matches
            .into_iter()
            .map(|found| (found.field, found.start, found.end))
            .collect();
        (decision.rule().is_some(), places)
    };
    for (key, value) in [("where", "DELETE x"), ("x", "run it now")] {
        let (fires, places) = decided(Effect::Deny, when_text(0), key, value);
        assert!(fires, "{key}");
        assert_eq!(places[0].0, format!("params.{key}"));
        // What would permit by finding it looks at the canonical text alone.
        assert!(!decided(Effect::Allow, when_text(0), key, value).0, "{key}");
        assert!(!decided(Effect::Allow, when_not(0), key, value).0, "{key}");
        assert!(decided(Effect::Deny, when_not(0), key, value).0, "{key}");
    }
}

#[test]
fn every_rule_that_speaks_is_explained_clause_by_clause() {
    let mut large = Test {
        negated: true,
        ..test(2, Field::Attested(list(["status"])), is("verified"))
    };
    let clauses = Condition::All(list([
        Condition::Test(test(1, param("amount"), above(1000))),
        Condition::Test(large.clone()),
    ]));
    large.negated = false;
    let rules = [
        rule(
            Effect::Allow,
            "verified",
            "pay",
            Some(Condition::Test(large)),
        ),
        rule(
            Effect::Deny,
            "silent",
            "pay",
            when(1, "amount", above(5000)),
        ),
        rule(Effect::Deny, "elsewhere", "send", None),
        rule(Effect::Escalate, "large", "pay", Some(clauses)),
    ];
    let engine = Engine::new(&table([policy("p", rules)])).unwrap();
    let request = Request::new("a1", "pay").param("amount", 2000);
    let spoken = engine.explain(&request);
    let said: Vec<_> = spoken
        .iter()
        .map(|spoke| {
            let clauses: Vec<_> = spoke.clauses.iter().map(ToString::to_string).collect();
            (spoke.rule, spoke.effect, spoke.outcome, clauses.join("; "))
        })
        .collect();
    assert_eq!(
        said,
        [
            (
                "large",
                Effect::Escalate,
                Err(Doubt::Missing),
                "amount > 1000: true; not attested.status == \"verified\": in doubt, as attested.status is missing".to_owned()
            ),
            (
                "verified",
                Effect::Allow,
                Err(Doubt::Missing),
                "attested.status == \"verified\": in doubt, as attested.status is missing".to_owned()
            ),
        ]
    );
    assert_eq!(spoken[0].at, "a.policy:2:3");
    assert_eq!(spoken[0].policy, "p");
}
