//! What a decision is, case by case.

mod support;

use agentos_runtime::{
    Cause, Decision, Effect, Engine, Map, Mismatch, Number, Request, Stage, Value,
    table::{
        Category, Check, Condition, DefaultAnswer, Field, Intent, Literal, Matcher, Pattern,
        Policy, Quantifier, Signal, Type,
    },
};
use support::rows::*;

fn effect(policies: impl Into<Vec<Policy<'static>>>, request: &Request<'_>) -> Effect {
    Engine::new(&table(policies))
        .unwrap()
        .decide(request)
        .effect()
}

fn pay() -> Request<'static> {
    Request::new("a1", "pay")
}

#[test]
fn the_strictest_rule_that_fires_wins_and_the_first_of_equals_is_named() {
    let engine = Engine::new(&table([policy(
        "p",
        [
            rule(Effect::Allow, "any", "*", None),
            rule(
                Effect::Escalate,
                "first",
                "pay",
                when(1, "amount", above(10)),
            ),
            rule(
                Effect::Escalate,
                "second",
                "pay",
                when(1, "amount", above(100)),
            ),
            rule(Effect::Deny, "other", "send", None),
        ],
    )]))
    .unwrap();
    let said = |amount: i64| {
        let request = pay().param("amount", amount);
        let decision = engine.decide(&request);
        (
            decision.effect(),
            decision.rule().unwrap(),
            decision.clause(),
        )
    };
    assert_eq!(said(5), (Effect::Allow, "any", None));
    assert_eq!(said(50), (Effect::Escalate, "first", Some(1)));
    assert_eq!(said(500), (Effect::Escalate, "first", Some(1)));
}

#[test]
fn a_rule_in_doubt_adds_to_the_default_and_does_not_stand_in_for_it() {
    let rules = [rule(
        Effect::Escalate,
        "large",
        "pay",
        when(1, "amount", above(1000)),
    )];
    let unknown = pay();
    assert_eq!(effect([policy("p", rules.clone())], &unknown), Effect::Deny);
    let lenient = Policy {
        default: DefaultAnswer::Allow,
        ..policy("p", rules.clone())
    };
    assert_eq!(effect([lenient], &unknown), Effect::Escalate);
    let abstaining = Policy {
        default: DefaultAnswer::Abstain,
        ..policy("p", rules)
    };
    assert_eq!(effect([abstaining.clone()], &unknown), Effect::Deny);
    let other = policy("q", [rule(Effect::Allow, "any", "*", None)]);
    assert_eq!(effect([abstaining, other], &unknown), Effect::Escalate);
}

#[test]
fn doubt_fires_what_is_strict_and_nothing_else() {
    let asked = |strictness| {
        let rules = [
            rule(strictness, "doubtful", "pay", when(1, "to", is("x"))),
            rule(Effect::Allow, "any", "*", None),
        ];
        let engine = Engine::new(&table([policy("p", rules)])).unwrap();
        let decision = engine.decide(&pay()).effect();
        let spoiled = engine.decide(&pay().param("to", 1)).effect();
        assert_eq!(decision, spoiled);
        decision
    };
    for strictness in [
        Effect::Allow,
        Effect::Audit,
        Effect::Defer,
        Effect::Escalate,
        Effect::Deny,
    ] {
        assert_eq!(asked(strictness), strictness);
    }
    let only = |strictness| {
        policy(
            "p",
            [rule(strictness, "doubtful", "pay", when(1, "to", is("x")))],
        )
    };
    assert_eq!(effect([only(Effect::Allow)], &pay()), Effect::Deny);
    assert_eq!(
        effect([only(Effect::Audit)], &pay()),
        Effect::Deny,
        "flagging permits nothing"
    );
}

#[test]
fn under_priority_the_first_that_is_true_decides_and_doubt_on_the_way_adds() {
    let rules = [
        rule(Effect::Audit, "watch", "pay", when(1, "to", is("x"))),
        rule(Effect::Defer, "wait", "pay", when(1, "when", is("x"))),
        rule(Effect::Allow, "any", "pay", None),
        rule(Effect::Deny, "never", "pay", None),
    ];
    let engine = Engine::new(&table([by_priority("p", rules)])).unwrap();
    let said = |request: &Request<'_>| {
        let decision = engine.decide(request);
        (
            decision.effect(),
            decision.rule().unwrap().to_owned(),
            decision.cause() == Cause::Doubt,
        )
    };
    assert_eq!(
        said(&pay().param("to", "y").param("when", "y")),
        (Effect::Allow, "any".into(), false)
    );
    assert_eq!(
        said(&pay().param("to", "x")),
        (Effect::Audit, "watch".into(), false)
    );
    assert_eq!(
        said(&pay().param("when", "y")),
        (Effect::Audit, "watch".into(), true)
    );
    assert_eq!(said(&pay()), (Effect::Defer, "wait".into(), true));
}

#[test]
fn what_a_declaration_does_not_have_is_absent() {
    let mut every = test(1, param("cc"), Check::EndsWith("@example.com"));
    every.quantifier = Quantifier::Every;
    let every = Some(Condition::Test(every));
    let base = policy(
        "p",
        [
            rule(Effect::Deny, "large", "*", when(1, "amount", above(10))),
            rule(Effect::Deny, "strange", "*", when(1, "note", is("strange"))),
            rule(Effect::Allow, "inside", "*", every),
        ],
    );
    let declared = Policy {
        actions: list([declare(
            "send",
            [
                ("note?", Type::String),
                ("cc?", Type::List(list([Type::String]))),
            ],
        )]),
        ..base
    };
    let engine = Engine::new(&table([declared])).unwrap();
    let send = || Request::new("a1", "send");
    let effect = |request: Request<'_>| engine.decide(&request).effect();
    assert_eq!(effect(send()), Effect::Allow);
    assert_eq!(effect(send().param("note", Value::Null)), Effect::Allow);
    assert_eq!(
        effect(send().param("amount", 1000)),
        Effect::Allow,
        "an undeclared param is not looked at"
    );
    assert_eq!(effect(send().param("note", "strange")), Effect::Deny);
    assert_eq!(effect(send().param("cc", ["a@example.com"])), Effect::Allow);
    assert_eq!(effect(send().param("cc", ["a@example.org"])), Effect::Deny);
    assert_eq!(
        effect(Request::new("a1", "other")),
        Effect::Deny,
        "nobody declares it, so all of this is missing"
    );
}

#[test]
fn a_call_that_breaks_its_declaration_is_denied_by_name() {
    let one_of = Type::OneOf(list([Literal::Text("card"), Literal::Text("cash")]));
    let declared = Policy {
        actions: list([declare(
            "pay",
            [
                ("amount", Type::Integer),
                ("by?", one_of),
                ("due?", Type::Timestamp),
            ],
        )]),
        ..policy("p", [rule(Effect::Allow, "any", "*", None)])
    };
    let engine = Engine::new(&table([declared])).unwrap();
    let mismatch = |request: Request<'_>| match engine.decide(&request).cause() {
        Cause::WrongShape { param, problem } => {
            Some((param.to_owned(), problem == Mismatch::Missing))
        }
        _ => None,
    };
    let missing = |name: &str| Some((name.to_owned(), true));
    let mistyped = |name: &str| Some((name.to_owned(), false));
    assert_eq!(mismatch(pay()), missing("amount"));
    assert_eq!(mismatch(pay().param("amount", "1")), mistyped("amount"));
    assert_eq!(mismatch(pay().param("amount", 1.5)), mistyped("amount"));
    assert_eq!(
        mismatch(pay().param("amount", Value::Null)),
        mistyped("amount")
    );
    assert_eq!(
        mismatch(pay().param("by", "cheque").param("amount", 1)),
        mistyped("by")
    );
    assert_eq!(
        mismatch(pay().param("amount", 1).param("due", "tomorrow")),
        mistyped("due")
    );
    assert_eq!(
        mismatch(
            pay()
                .param("amount", 1.0)
                .param("by", "cash")
                .param("more", "of it")
        ),
        None
    );
    assert_eq!(
        mismatch(pay().stage(Stage::Output)),
        None,
        "a result has no declaration"
    );
}

#[test]
fn exists_is_never_in_doubt() {
    let engine = Engine::new(&table([policy(
        "p",
        [rule(
            Effect::Allow,
            "any",
            "*",
            when(1, "m.k", Check::Exists),
        )],
    )]))
    .unwrap();
    let effect = |value: Value<'_>| engine.decide(&pay().param("m", value)).effect();
    let with = |value: Value<'static>| Value::Map([("k", value)].into_iter().collect());
    assert_eq!(effect(with(1.into())), Effect::Allow);
    assert_eq!(effect(with(Value::Null)), Effect::Deny);
    assert_eq!(effect(Value::Map(Map::new())), Effect::Deny);
    assert_eq!(effect("k".into()), Effect::Deny);
}

#[test]
fn only_the_policies_a_request_names_judge_it() {
    let allowing = policy("lenient", [rule(Effect::Allow, "any", "*", None)]);
    let base = Policy {
        base: true,
        ..policy("base", [rule(Effect::Deny, "none", "*", None)])
    };
    let flagging = policy("careful", [rule(Effect::Audit, "any", "*", None)]);
    let engine = Engine::new(&table([allowing, base, flagging])).unwrap();
    let said = |request: Request<'_>| {
        let decision = engine.decide(&request);
        (decision.effect(), decision.policy().map(str::to_owned))
    };
    assert_eq!(
        said(pay()),
        (Effect::Audit, Some("careful".into())),
        "a base is asked through others"
    );
    assert_eq!(
        said(pay().policy("lenient")),
        (Effect::Allow, Some("lenient".into()))
    );
    assert_eq!(
        said(pay().policy("lenient").policy("base")),
        (Effect::Deny, Some("base".into()))
    );
    let request = pay().policy("lenient").policy("lenint");
    let unknown = engine.decide(&request);
    assert_eq!(
        (unknown.effect(), unknown.cause()),
        (Effect::Deny, Cause::UnknownPolicy { position: 1 })
    );
    assert_eq!(
        engine.report(&unknown, &request).reason,
        "there is no policy `lenint`; did you mean `lenient`?"
    );
}

#[test]
fn silence_is_denied() {
    let abstaining = Policy {
        default: DefaultAnswer::Abstain,
        ..policy("p", [])
    };
    let engine = Engine::new(&table([abstaining])).unwrap();
    assert_eq!(engine.decide(&pay()).cause(), Cause::AllAbstain);
    assert_eq!(engine.decide(&pay()).effect(), Effect::Deny);
    let nothing = Engine::new(&table([])).unwrap();
    assert_eq!(
        (
            nothing.decide(&pay()).effect(),
            nothing.decide(&pay()).cause()
        ),
        (Effect::Deny, Cause::NoPolicies)
    );
    assert_eq!(Decision::bad_request().effect(), Effect::Deny);
}

#[test]
fn rules_of_another_stage_are_not_asked() {
    let mut on_input = rule(Effect::Deny, "input", "*", None);
    on_input.stage = Stage::Input;
    let engine = Engine::new(&table([policy(
        "p",
        [on_input, rule(Effect::Allow, "any", "*", None)],
    )]))
    .unwrap();
    assert_eq!(engine.decide(&pay()).effect(), Effect::Allow);
    assert_eq!(
        engine.decide(&pay().stage(Stage::Input)).rule(),
        Some("input")
    );
    assert_eq!(
        engine.decide(&pay().stage(Stage::Output)).cause(),
        Cause::Default
    );
}

#[test]
fn the_clause_that_settles_a_rule_is_named() {
    let test = |clause, name| Condition::Test(test(clause, param(name), above(0)));
    let condition = Condition::All(list([
        test(1, "a"),
        Condition::Any(list([test(2, "b"), test(3, "c")])),
    ]));
    let engine = Engine::new(&table([policy(
        "p",
        [
            rule(Effect::Deny, "r", "pay", Some(condition)),
            rule(Effect::Allow, "any", "*", None),
        ],
    )]))
    .unwrap();
    let clause = |a: Value<'static>, b: i64, c: i64| {
        let request = pay().param("a", a).param("b", b).param("c", c);
        let decision = engine.decide(&request);
        (
            decision.cause() == Cause::Doubt,
            decision.rule().map(str::to_owned),
            decision.clause(),
        )
    };
    let r = || Some("r".to_owned());
    assert_eq!(clause(1.into(), 1, 1), (false, r(), Some(2)));
    assert_eq!(clause(1.into(), 0, 1), (false, r(), Some(3)));
    assert_eq!(clause(Value::Null, 0, 1), (true, r(), Some(1)));
    assert_eq!(clause(Value::Null, 0, 0), (false, Some("any".into()), None));
}

/// Whether the text of a request has a pattern.
fn matches(matcher: &Matcher<'static>, request: &Request<'_>) -> bool {
    let rules = [
        rule(Effect::Deny, "found", "*", when_text(0)),
        rule(Effect::Allow, "any", "*", None),
    ];
    let in_text = Policy {
        patterns: list([set("s", [matcher.clone()])]),
        ..policy("p", rules)
    };
    effect([in_text], request) == Effect::Deny
}

/// Whether the param `p` has a pattern, looked at in the text and by itself.
fn finds(matcher: &Matcher<'static>, text: &'static str) -> bool {
    let rules = [
        rule(Effect::Deny, "found", "*", when(1, "p", Check::Matches(0))),
        rule(Effect::Allow, "any", "*", None),
    ];
    let by_itself = Policy {
        patterns: list([set("s", [matcher.clone()])]),
        ..policy("p", rules)
    };
    let request = Request::new("a1", ".").param("p", text);
    let found = effect([by_itself], &request) == Effect::Deny;
    assert_eq!(found, matches(matcher, &request), "{text}");
    found
}

#[test]
fn substrings_and_regexes_look_at_the_whole_text_and_globs_at_each_value() {
    let request = Request::new("a1", "read")
        .param("path", "/home/Key.PEM")
        .param("list", ["one", "two"]);
    assert!(matches(&Matcher::Substring("key.pem one"), &request));
    assert!(
        matches(&Matcher::Substring("two path"), &request),
        "keys come after the values"
    );
    assert!(matches(&Matcher::Regex(r"(?i)one\s+two"), &request));
    assert!(matches(&Matcher::Glob(r"(?is).*\.pem"), &request));
    assert!(matches(&Matcher::Glob("(?is)t.o"), &request));
    assert!(matches(&Matcher::Glob("read"), &request));
    assert!(
        !matches(&Matcher::Glob("(?is)path"), &request),
        "a key is no value"
    );
    assert!(!matches(&Matcher::Glob("(?is)one two"), &request));
}

#[test]
fn letters_are_folded_as_python_folds_them() {
    assert!(finds(&Matcher::Substring("straße"), "STRAßE"));
    assert!(finds(&Matcher::Substring("οδυσσευς"), "ΟΔΥΣΣΕΥΣ"));
    assert!(finds(&Matcher::Substring("k"), "\u{212A}"));
    assert!(!finds(&Matcher::Substring("ss"), "ß"));
}

#[test]
fn unless_followed_by_takes_every_way_to_match() {
    let without_where = || {
        Matcher::RegexUnless(
            r"(?:\A|[^\pL\pN_])((?is)DELETE\s+FROM)",
            r"(?i).*[^\pL\pN_\n]WHERE(?:\z|[^\pL\pN_])",
        )
    };
    assert!(finds(&without_where(), "delete from users"));
    assert!(!finds(&without_where(), "DELETE FROM users WHERE id = 1"));
    assert!(
        finds(&without_where(), "DELETE FROM users\nWHERE id = 1"),
        "a dot does not take a line's end"
    );
    assert!(finds(
        &without_where(),
        "DELETE FROM a WHERE b; DELETE FROM c"
    ));
    assert!(!finds(&without_where(), "é delete from ü where"));
    assert!(
        finds(&Matcher::RegexUnless("a+", "b"), "aab"),
        "one `a` less is followed by an `a`"
    );
    assert!(!finds(&Matcher::RegexUnless("a+", "[ab]"), "aab"));
    assert!(finds(&Matcher::RegexUnless("a|ab", "b"), "ab"));
    assert!(
        finds(&Matcher::RegexUnless("(?i)x", "y"), "XY"),
        "the flags of the one are not those of the other"
    );
    assert!(!finds(&Matcher::RegexUnless("(?i)x", "(?i)y"), "XY"));
}

#[test]
fn words_end_where_letters_of_any_alphabet_do() {
    let drop = || Matcher::Regex(r"(?:\A|[^\pL\pN_])((?i)DROP)(?:\z|[^\pL\pN_])");
    for (text, held) in [
        ("drop it", true),
        ("backdrop", false),
        ("é drop it", true),
        ("édrop it", false),
        ("é backdrop", false),
        ("dropë", false),
        ("“drop”", true),
    ] {
        assert_eq!(finds(&drop(), text), held, "{text}");
    }
    assert!(finds(
        &Matcher::Regex(r"[\pL\pN_]((?i)rop)(?:\z|[^\pL\pN_])|((?i)x)"),
        "édrop"
    ));
    assert!(finds(
        &Matcher::RegexUnless(r"(?:\A|[^\pL\pN_])(drop)", r"\s+by"),
        "é drop it"
    ));
    assert!(!finds(
        &Matcher::RegexUnless(r"(?:\A|[^\pL\pN_])(drop)", r"\s+by"),
        "édrop, drop by"
    ));
}

#[test]
fn what_must_not_follow_is_decided_however_often_it_may() {
    let rules = [
        rule(Effect::Deny, "found", "*", when_text(0)),
        rule(Effect::Allow, "any", "*", None),
    ];
    let policy = Policy {
        patterns: list([set(
            "s",
            [Matcher::RegexUnless(
                r"(?:\A|[^\pL\pN_])([a-z](?:a|aa)+)",
                ".",
            )],
        )]),
        ..policy("p", rules)
    };
    let engine = Engine::new(&table([policy])).unwrap();
    let effect = |text: String| engine.decide(&pay().param("p", text)).effect();
    assert_eq!(effect(format!("{}b", "a".repeat(100_000))), Effect::Allow);
    assert_eq!(effect(format!("{}\n", "a".repeat(100_000))), Effect::Deny);
}

#[test]
fn an_intent_is_as_sure_as_its_heaviest_signal() {
    let signal = |weight, part| Signal {
        weight,
        pattern: Pattern {
            source: part,
            at: at(5),
            matcher: Matcher::Substring(part),
        },
        explain: "",
    };
    let intends = |at: Number| {
        Some(Condition::Test(test(
            1,
            Field::Text,
            Check::Intent(list([Category::DataWrite]), at),
        )))
    };
    let decided = |threshold: Number, text: &'static str| {
        let rules = [
            rule(Effect::Deny, "i", "*", intends(threshold)),
            rule(Effect::Allow, "any", "*", None),
        ];
        let intents = list([
            Intent {
                category: Category::DataWrite,
                signals: list([
                    signal(Number::new(5, 1), "half"),
                    signal(Number::from(0), "none"),
                ]),
            },
            Intent {
                category: Category::DataRead,
                signals: list([signal(Number::from(1), "read")]),
            },
        ]);
        effect(
            [Policy {
                intents,
                ..policy("p", rules)
            }],
            &pay().param("q", text),
        )
    };
    assert_eq!(decided(Number::new(5, 1), "half"), Effect::Deny);
    assert_eq!(decided(Number::new(6, 1), "half"), Effect::Allow);
    assert_eq!(
        decided(Number::new(5, 1), "read"),
        Effect::Allow,
        "another category"
    );
    assert_eq!(
        decided(Number::from(0), "none"),
        Effect::Allow,
        "no weight is no sign"
    );
    assert_eq!(decided(Number::from(0), "half"), Effect::Deny);
}

#[test]
fn patterns_beyond_one_automaton_are_still_all_found() {
    let sources: Vec<&'static str> = (0..600)
        .map(|n| &*format!(r"(?:\A|[^\pL\pN_])((?i)word{n}[\pL\pN_]+)(?:\z|[^\pL\pN_])").leak())
        .collect();
    let matchers: Vec<_> = sources
        .iter()
        .map(|source| Matcher::Regex(source))
        .collect();
    let rules = [
        rule(Effect::Deny, "found", "*", when_text(0)),
        rule(Effect::Allow, "any", "*", None),
    ];
    let policy = Policy {
        patterns: list([set("s", matchers)]),
        ..policy("p", rules)
    };
    let engine = Engine::new(&table([policy])).unwrap();
    for n in [0, 249, 250, 599] {
        let request = pay().param("q", format!("a WORD{n}x b"));
        let decision = engine.decide(&request);
        assert_eq!(decision.effect(), Effect::Deny);
        let matches = engine.report(&decision, &request).matches;
        assert!(matches.iter().any(|found| found.pattern == sources[n]));
    }
    assert_eq!(
        engine.decide(&pay().param("q", "words 600")).effect(),
        Effect::Allow
    );
}
