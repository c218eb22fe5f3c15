//! What is wrong with a table is said, whoever wrote it.

mod support;

use agentos_runtime::{
    Cause, DEEPEST_CONDITION, Effect, Engine, Number, Policy as Compiled, Request, TableError,
    matchers,
    table::{
        Category, Check, Condition, Field, Literal, Matcher, Order, Place, Policy, Quantifier,
        Rule, Table, Test, Type,
    },
};
use support::rows::*;

fn refusal(policies: impl Into<Vec<Policy<'static>>>) -> String {
    Engine::new(&table(policies))
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

fn testing(field: Field<'static>, check: Check<'static>) -> Policy<'static> {
    policy(
        "p",
        [rule(
            Effect::Deny,
            "r",
            "*",
            Some(Condition::Test(test(1, field, check))),
        )],
    )
}

fn with_patterns(matcher: Matcher<'static>) -> Policy<'static> {
    Policy {
        patterns: list([set("s", [matcher])]),
        ..testing(Field::Text, Check::Matches(0))
    }
}

#[test]
fn an_index_that_leads_nowhere_is_named() {
    assert_eq!(
        refusal([testing(Field::Text, Check::Matches(3))]),
        "rule `r` of policy `p` names pattern set 3, and there are 0"
    );
    let lost = Rule {
        at: Place {
            source: 7,
            line: 1,
            column: 1,
        },
        ..rule(Effect::Deny, "r", "*", None)
    };
    assert_eq!(
        refusal([policy("p", [lost])]),
        "`r` is said to stand in source 7, and there are 1"
    );
}

#[test]
fn names_that_stand_twice_are_refused() {
    assert_eq!(
        refusal([policy("p", []), policy("p", [])]),
        "two policies are called `p`"
    );
    let twice = Policy {
        actions: list([declare("pay", []), declare("pay", [])]),
        ..policy("p", [])
    };
    assert_eq!(refusal([twice]), "policy `p` declares `pay` twice");
    let params = [("a", Type::String), ("a?", Type::Decimal)];
    let twice = Policy {
        actions: list([declare("pay", params)]),
        ..policy("p", [])
    };
    assert_eq!(refusal([twice]), "policy `p` declares `pay.a` twice");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let order = Check::Compare(Order::Less, Literal::Text("x"));
    assert_eq!(
        refusal([testing(param("a"), order)]),
        "rule `r` of policy `p` asks `a < \"x\"`: only numbers and times have an order"
    );
    let intent = Check::Intent(list([Category::Benign]), Number::new(5, 1));
    assert_eq!(
        refusal([testing(param("a"), intent)]),
        "rule `r` of policy `p` asks `intent in [benign] at 0.5`: an intent is that of the whole text"
    );
    assert_eq!(
        refusal([testing(Field::Param(list([])), Check::Exists)]),
        "rule `r` of policy `p` asks `exists params.`: a field needs a name"
    );
    let huge = Check::Equals(Literal::Number(Number::new(1, 200)));
    assert!(refusal([testing(param("a"), huge)]).ends_with("a number has more than 38 digits"));
    let list_of_two = Type::List(list([Type::String, Type::String]));
    let odd = Policy {
        actions: list([declare("pay", [("a", list_of_two)])]),
        ..policy("p", [])
    };
    assert_eq!(
        refusal([odd]),
        "param `a` of action `pay` of policy `p`: a list has one type of element"
    );
}

#[test]
fn a_condition_or_type_that_is_too_deep_is_refused() {
    let deep = |depth: usize| {
        let leaf = Condition::Test(test(1, param("a"), Check::Exists));
        let condition = (1..depth).fold(leaf, |inner, _| Condition::All(list([inner])));
        policy("p", [rule(Effect::Deny, "r", "*", Some(condition))])
    };
    assert_eq!(refusal([deep(DEEPEST_CONDITION)]), "");
    assert_eq!(
        refusal([deep(DEEPEST_CONDITION + 1)]),
        "the condition of rule `r` of policy `p` is nested more than 64 deep"
    );
    let nested = (0..20).fold(Type::String, |inner, _| Type::List(list([inner])));
    let odd = Policy {
        actions: list([declare("pay", [("a", nested)])]),
        ..policy("p", [])
    };
    assert_eq!(
        refusal([odd]),
        "param `a` of action `pay` of policy `p`: lists of lists are nested too deeply"
    );
}

#[test]
fn patterns_that_nothing_finds_are_refused() {
    let whole = table([with_patterns(Matcher::Regex("a+b"))]);
    let refusal = |matchers: &[u8]| {
        let mut table = whole.clone();
        table.policies.to_mut()[0].matchers = matchers.to_vec().into();
        Engine::new(&table).err().map(|error| error.to_string())
    };
    let bytes = whole.policies[0].matchers.to_vec();
    assert_eq!(refusal(&bytes), None);
    let expected =
        "policy `p` does not say how to find its patterns as this version does: compile it again";
    for end in 0..bytes.len() {
        assert_eq!(
            refusal(&bytes[..end]).as_deref(),
            Some(expected),
            "cut at {end}"
        );
    }
    let mut other = bytes.clone();
    other[0] += 1;
    assert_eq!(
        refusal(&other).as_deref(),
        Some(expected),
        "another version"
    );
    let others = table(
        [testing(Field::Action, Check::Matches(0))].map(|policy| Policy {
            patterns: list([set("s", [Matcher::Regex("a+b")])]),
            ..policy
        }),
    );
    let of_fields = others.policies[0].matchers.to_vec();
    assert_eq!(
        refusal(&of_fields).as_deref(),
        Some(expected),
        "not for texts"
    );
}

#[test]
fn expressions_that_no_automaton_finds_are_numbered() {
    for (matcher, is_fit) in [
        (Matcher::Regex("a+b"), true),
        (Matcher::Regex("a(b"), false),
        (Matcher::RegexUnless("a", "b)"), false),
        (Matcher::Glob("[z-a]"), false),
        (Matcher::Regex(r"a\bb"), false),
        (Matcher::Regex(r"(?:(?:\w{100}){100}){100}"), false),
    ] {
        let built = matchers::build(&with_patterns(matcher));
        assert_eq!(built.err(), (!is_fit).then(|| matchers::Unfit(vec![0])));
    }
}

#[test]
fn quantified_tests_of_what_is_no_list_are_in_doubt() {
    let every = Test {
        quantifier: Quantifier::Every,
        ..test(1, Field::Action, is("pay"))
    };
    let rules = [
        rule(Effect::Deny, "r", "*", Some(Condition::Test(every))),
        rule(Effect::Allow, "any", "*", None),
    ];
    let engine = Engine::new(&table([policy("p", rules)])).unwrap();
    assert_eq!(
        engine.decide(&Request::new("a1", "pay")).cause(),
        Cause::Doubt
    );
}

#[test]
fn a_compiled_policy_with_a_broken_table_denies_everything() {
    let allowing = policy("p", [rule(Effect::Allow, "any", "*", None)]);
    let sound = Compiled::new(table([allowing.clone()]));
    assert_eq!(sound.prepare(), Ok(()));
    assert_eq!(
        sound.decide(&Request::new("a1", "pay")).effect(),
        Effect::Allow
    );

    let broken = Compiled::new(Table {
        sources: list([]),
        ..table([allowing])
    });
    let error = TableError::Source {
        name: "p".into(),
        source_index: 0,
        sources: 0,
    };
    assert_eq!(broken.prepare(), Err(&error));
    let request = Request::new("a1", "pay");
    let decision = broken.decide(&request);
    assert_eq!(
        (decision.effect(), decision.cause()),
        (Effect::Deny, Cause::BrokenTable)
    );
    assert_eq!(
        broken.engine().report(&decision, &request).reason,
        "the policies cannot be used: `p` is said to stand in source 0, and there are 0"
    );
}
