//! Random tables and requests, for properties that hold for all of them.
//!
//! Names and values come from small pools, so that tests are often true and
//! rules often meet. Some parts have many rules about one action, so that the
//! index has something to find.
#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod oracle;
pub(crate) mod rows;

use std::borrow::Cow;

use agentos_runtime::{
    Effect, Map, Number, Request, Spelling, Stage, Value,
    table::{
        Action, Category, Check, Combine, Condition, DefaultAnswer, Field, Intent, Limits, List,
        Literal, Matcher, Mode, Normalize, Order, Param, Part, Pattern, PatternSet, Place, Policy,
        Quantifier, Rule, Signal, Table, Test, Type,
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};

pub(crate) const AT: Place = Place {
    source: 0,
    line: 1,
    column: 1,
};

const ACTIONS: [&str; 5] = ["pay", "pay", "send.mail", "send.sms", "db.read"];
const ACTION_PATTERNS: [&str; 12] = [
    "pay",
    "pay",
    "pay",
    "*",
    "*",
    "send.*",
    "send.mail",
    "s*",
    "d?.read",
    "[ps]*",
    "db.read",
    "*.read",
];
const TEXTS: [&str; 12] = [
    "",
    "a",
    "ab",
    "abc",
    "DROP table",
    "/srv/a",
    "/srv/../etc",
    "2024-01-01T00:00:00Z",
    "secret",
    "é DROP ü",
    "éDROP",
    "éabd",
];
const PREFIXES: [&str; 6] = ["", "a", "ab", "abc", "b", "/srv"];
const DIRECTORIES: [&str; 6] = ["/", "/srv", "/srv/a", "/etc", "src", "/srv/b"];
const RULE_IDS: [&str; 80] = {
    const LETTERS: &str =
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabc";
    let mut ids = [""; 80];
    let mut at = 0;
    while at < 80 {
        // Not unique, and it does not have to be: a decision is compared by all it says.
        let (_, tail) = LETTERS.split_at(at);
        let (id, _) = tail.split_at(1);
        ids[at] = id;
        at += 1;
    }
    ids
};

fn text() -> impl Strategy<Value = &'static str> {
    select(&TEXTS[..])
}

fn number() -> impl Strategy<Value = Number> {
    (-3_i64..8, 0_u8..2).prop_map(|(mantissa, scale)| Number::new(mantissa.into(), scale))
}

pub(crate) fn list<T: Clone>(rows: Vec<T>) -> List<'static, T> {
    Cow::Owned(rows)
}

/// Fields with the type that most tests expect of them.
fn field() -> impl Strategy<Value = Field<'static>> {
    let path = |names: &[&'static str]| list(names.to_vec());
    select(vec![
        Field::Param(path(&["n"])),
        Field::Param(path(&["n"])),
        Field::Param(path(&["s"])),
        Field::Param(path(&["s"])),
        Field::Param(path(&["b"])),
        Field::Param(path(&["l"])),
        Field::Param(path(&["m", "k"])),
        Field::Param(path(&["m"])),
        Field::Context(path(&["n"])),
        Field::Attested(path(&["s"])),
        Field::Agent,
        Field::Action,
        Field::Text,
    ])
}

fn literal() -> impl Strategy<Value = Literal<'static>> {
    prop_oneof![
        4 => text().prop_map(Literal::Text),
        4 => number().prop_map(Literal::Number),
        1 => any::<bool>().prop_map(Literal::Boolean),
        1 => Just(Literal::Time(1_704_067_200_000_000_000)),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    select(vec![
        Order::Less,
        Order::AtMost,
        Order::Greater,
        Order::AtLeast,
    ])
}

fn check() -> impl Strategy<Value = Check<'static>> {
    let bound = prop_oneof![
        6 => number().prop_map(Literal::Number),
        1 => Just(Literal::Time(1_704_067_200_000_000_000)),
    ];
    prop_oneof![
        4 => literal().prop_map(Check::Equals),
        4 => (order(), bound).prop_map(|(order, bound)| Check::Compare(order, bound)),
        1 => vec(literal(), 0..4).prop_map(|literals| Check::OneOf(list(literals))),
        2 => vec(text().prop_map(Literal::Text), 1..4).prop_map(|literals| Check::OneOf(list(literals))),
        1 => vec(number().prop_map(Literal::Number), 1..4).prop_map(|literals| Check::OneOf(list(literals))),
        1 => literal().prop_map(Check::Contains),
        3 => select(&PREFIXES[..]).prop_map(Check::StartsWith),
        1 => select(&PREFIXES[..]).prop_map(Check::EndsWith),
        2 => select(&DIRECTORIES[..]).prop_map(Check::Under),
        1 => (0_u32..2).prop_map(Check::Matches),
        1 => Just(Check::Exists),
    ]
}

fn test() -> impl Strategy<Value = Test<'static>> {
    let quantifier = select(vec![
        Quantifier::Whole,
        Quantifier::Whole,
        Quantifier::Whole,
        Quantifier::Any,
        Quantifier::Every,
    ]);
    let looked = (
        1_u16..9,
        prop::bool::weighted(0.2),
        quantifier,
        field(),
        check(),
    )
        .prop_map(|(clause, negated, quantifier, field, check)| Test {
            clause,
            negated,
            quantifier,
            field,
            check,
        });
    let intent = (1_u16..9, any::<bool>(), number()).prop_map(|(clause, negated, at)| Test {
        clause,
        negated,
        quantifier: Quantifier::Whole,
        field: Field::Text,
        check: Check::Intent(list(vec![Category::DestructiveData]), at),
    });
    let found =
        (1_u16..9, prop::bool::weighted(0.3), 0_u32..2).prop_map(|(clause, negated, set)| Test {
            clause,
            negated,
            quantifier: Quantifier::Whole,
            field: Field::Text,
            check: Check::Matches(set),
        });
    prop_oneof![12 => looked, 1 => intent, 2 => found]
}

/// A check of the kind the index is made for, and the param it is about.
fn indexed_check(only_bounds: bool) -> BoxedStrategy<(&'static str, Check<'static>)> {
    let bound = (order(), number())
        .prop_map(|(order, number)| ("n", Check::Compare(order, Literal::Number(number))));
    if only_bounds {
        return bound.boxed();
    }
    prop_oneof![
        2 => text().prop_map(|text| ("s", Check::Equals(Literal::Text(text)))),
        2 => number().prop_map(|number| ("n", Check::Equals(Literal::Number(number)))),
        2 => any::<bool>().prop_map(|boolean| ("b", Check::Equals(Literal::Boolean(boolean)))),
        1 => vec(text().prop_map(Literal::Text), 1..4).prop_map(|texts| ("s", Check::OneOf(list(texts)))),
        2 => select(&PREFIXES[..]).prop_map(|prefix| ("s", Check::StartsWith(prefix))),
        2 => select(&DIRECTORIES[..]).prop_map(|directory| ("s", Check::Under(directory))),
        2 => bound,
    ]
    .boxed()
}

/// A test of the kind the index is made for; some are just not.
fn indexed_test(only_bounds: bool) -> impl Strategy<Value = Condition<'static>> {
    let quantifier = prop_oneof![14 => Just(Quantifier::Whole), 1 => Just(Quantifier::Every)];
    let root = prop_oneof![10 => Just(0), 1 => Just(1), 1 => Just(2)];
    (
        1_u16..9,
        prop::bool::weighted(0.07),
        quantifier,
        root,
        indexed_check(only_bounds),
    )
        .prop_map(|(clause, negated, quantifier, root, (field, check))| {
            let path = list(vec![field]);
            let field = match root {
                0 => Field::Param(path),
                1 => Field::Agent,
                _ => Field::Context(path),
            };
            Condition::Test(Test {
                clause,
                negated,
                quantifier,
                field,
                check,
            })
        })
}

fn indexed_condition(only_bounds: bool) -> impl Strategy<Value = Condition<'static>> {
    let several = vec(indexed_test(only_bounds), 2..4).prop_map(|all| Condition::All(list(all)));
    prop_oneof![2 => indexed_test(only_bounds), 1 => several]
}

fn condition() -> impl Strategy<Value = Condition<'static>> {
    let tree = test()
        .prop_map(Condition::Test)
        .prop_recursive(3, 8, 3, |inner| {
            prop_oneof![
                2 => vec(inner.clone(), 0..4).prop_map(|all| Condition::All(list(all))),
                1 => vec(inner, 0..4).prop_map(|any| Condition::Any(list(any))),
            ]
        });
    prop_oneof![1 => tree, 1 => indexed_condition(false)]
}

fn effect() -> impl Strategy<Value = Effect> {
    select(vec![
        Effect::Allow,
        Effect::Allow,
        Effect::Audit,
        Effect::Defer,
        Effect::Escalate,
        Effect::Deny,
    ])
}

fn stage() -> impl Strategy<Value = Stage> {
    prop_oneof![12 => Just(Stage::Call), 1 => Just(Stage::Input), 1 => Just(Stage::Output)]
}

fn rule(
    actions: &'static [&'static str],
    condition: impl Strategy<Value = Condition<'static>>,
) -> impl Strategy<Value = Rule<'static>> {
    let actions = vec(select(actions), 1..3);
    (
        effect(),
        select(&RULE_IDS[..]),
        actions,
        stage(),
        option::weighted(0.9, condition),
        0_i64..4,
    )
        .prop_map(|(effect, id, actions, stage, when, priority)| Rule {
            effect,
            id,
            at: AT,
            actions: list(actions),
            stage,
            when,
            priority,
            because: None,
            suggest: None,
            approvers: None,
            severity: None,
            help: None,
        })
}

fn part(rules: impl Strategy<Value = Vec<Rule<'static>>>) -> impl Strategy<Value = Part<'static>> {
    (select(vec![Combine::Strictest, Combine::Priority]), rules).prop_map(|(combine, rules)| Part {
        policy: "part",
        combine,
        rules: list(rules),
    })
}

fn declared() -> impl Strategy<Value = Action<'static>> {
    let ty = |name: &'static str| match name {
        "n" => Type::Decimal,
        "b" => Type::Boolean,
        "l" => Type::List(list(vec![Type::String])),
        _ => Type::String,
    };
    let names = prop::sample::subsequence(vec!["n", "s", "b", "l"], 0..=4);
    (select(&ACTIONS[..]), names, vec(any::<bool>(), 4)).prop_map(
        move |(name, params, optional)| Action {
            name,
            params: list(
                params
                    .into_iter()
                    .zip(optional)
                    .map(|(name, optional)| Param {
                        name,
                        ty: ty(name),
                        optional,
                    })
                    .collect(),
            ),
        },
    )
}

fn pattern(matcher: Matcher<'static>) -> Pattern<'static> {
    Pattern {
        source: "pattern",
        at: AT,
        matcher,
    }
}

fn policy(
    name: &'static str,
    part: impl Strategy<Value = Part<'static>>,
) -> impl Strategy<Value = Policy<'static>> {
    let default = select(vec![
        DefaultAnswer::Allow,
        DefaultAnswer::Deny,
        DefaultAnswer::Abstain,
    ]);
    let base = prop::bool::weighted(0.1);
    (default, vec(part, 1..3), vec(declared(), 0..2), base).prop_map(
        move |(default, parts, mut actions, base)| {
            actions.dedup_by_key(|action| action.name);
            Policy {
                name,
                version: "",
                at: AT,
                default,
                default_because: None,
                mode: Mode::Enforce,
                normalize: Normalize::Never,
                base,
                parts: list(parts),
                actions: list(actions),
                patterns: list(vec![
                    PatternSet {
                        name: "secrets",
                        patterns: list(vec![
                            pattern(Matcher::Substring("secret")),
                            pattern(Matcher::Regex("(?i)b(c|d)")),
                            pattern(Matcher::Glob("(?i).*rv/.*")),
                        ]),
                    },
                    PatternSet {
                        name: "",
                        patterns: list(vec![
                            pattern(Matcher::RegexUnless(r"(?:\A|[^\pL\pN_])((?i)a+)", "b")),
                            // A key undoes these, where the text without keys is not seen.
                            pattern(Matcher::RegexUnless("(?i)c", r".* l(?:\z|[^\pL\pN_])")),
                            pattern(Matcher::Regex(r"(?i)drop\z")),
                        ]),
                    },
                ]),
                intents: list(vec![Intent {
                    category: Category::DestructiveData,
                    signals: list(vec![
                        Signal {
                            weight: Number::new(5, 1),
                            pattern: pattern(Matcher::Regex(
                                r"(?:\A|[^\pL\pN_])((?i)DROP)(?:\z|[^\pL\pN_])",
                            )),
                            explain: "drop",
                        },
                        Signal {
                            weight: Number::new(2, 0),
                            pattern: pattern(Matcher::Substring("abc")),
                            explain: "",
                        },
                        Signal {
                            weight: Number::new(0, 0),
                            pattern: pattern(Matcher::Substring("a")),
                            explain: "",
                        },
                    ]),
                }]),
                matchers: Cow::Borrowed(&[]),
                limits: Limits::default(),
                rates: list(vec![]),
                trust: None,
            }
        },
    )
}

/// Policies with a few rules of all kinds.
pub(crate) fn table() -> impl Strategy<Value = Table<'static>> {
    let part = || part(vec(rule(&ACTION_PATTERNS, condition()), 0..8));
    prop_oneof![
        3 => policy("first", part()).prop_map(|policy| vec![policy]),
        1 => (policy("first", part()), policy("second", part())).prop_map(|(first, second)| vec![first, second]),
    ]
    .prop_map(of)
}

/// A policy with many rules about one action, mostly of one effect.
pub(crate) fn crowd() -> impl Strategy<Value = Table<'static>> {
    let usual = prop_oneof![2 => effect().prop_map(Some), 1 => Just(None)];
    let names = prop_oneof![
        2 => Just(&["pay"][..]),
        2 => Just(&["pay", "p*", "*"][..]),
        1 => Just(&["pay", "p*", "pa*", "*", "?ay", "p?y", "pa?", "[p]ay", "*y", "*ay", "pay*", "[!x]ay"][..]),
    ];
    (usual, names, any::<bool>())
        .prop_flat_map(|(usual, names, only_bounds)| {
            let rules = vec(
                (
                    rule(names, indexed_condition(only_bounds)),
                    prop::bool::weighted(0.8),
                ),
                8..40,
            );
            let rules = rules.prop_map(move |rules| {
                let with_effect = |(mut rule, is_usual): (Rule<'static>, bool)| {
                    rule.effect = usual.filter(|_| is_usual).unwrap_or(rule.effect);
                    rule
                };
                rules.into_iter().map(with_effect).collect()
            });
            policy("first", part(rules))
        })
        .prop_map(|policy| of(vec![policy]))
}

fn of(policies: Vec<Policy<'static>>) -> Table<'static> {
    rows::table(policies)
}

/// A value, mostly of the type that the field of that name has.
fn value(name: &'static str) -> BoxedStrategy<Value<'static>> {
    let any_value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number().prop_map(Value::from),
        Just(Value::OutOfRange("1e99".into())),
        text().prop_map(Value::from),
        vec(text(), 0..3).prop_map(Value::from),
        Just(Value::Map(Map::new())),
    ];
    let usual = match name {
        "n" => {
            prop_oneof![number().prop_map(|number| Value::Number(number, Spelling::Whole))].boxed()
        }
        "s" => text().prop_map(Value::from).boxed(),
        "b" => any::<bool>().prop_map(Value::from).boxed(),
        "l" => vec(text(), 0..3).prop_map(Value::from).boxed(),
        _ => option::weighted(0.8, text())
            .prop_map(|k| Value::Map(k.map(|k| ("k", k)).into_iter().collect()))
            .boxed(),
    };
    prop_oneof![6 => usual, 1 => any_value].boxed()
}

fn fields(names: &'static [&'static str]) -> impl Strategy<Value = Map<'static>> {
    let values: Vec<_> = names
        .iter()
        .map(|name| option::weighted(0.85, value(name)))
        .collect();
    values.prop_map(move |values| {
        names
            .iter()
            .copied()
            .zip(values)
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    })
}

pub(crate) fn request() -> impl Strategy<Value = Request<'static>> {
    let agent = select(vec!["a", "ab", "a", ""]);
    let policies = prop_oneof![
        4 => Just(vec![]),
        1 => vec(select(vec!["first", "second", "first", "frist"]), 1..3),
    ];
    let action = prop_oneof![9 => select(&ACTIONS[..]), 1 => Just("unknown")];
    (
        agent,
        action,
        fields(&["n", "s", "b", "l", "m"]),
        fields(&["n"]),
        fields(&["s"]),
        policies,
        stage(),
    )
        .prop_map(
            |(agent, action, params, context, attested, policies, stage)| Request {
                agent: agent.into(),
                action: action.into(),
                params,
                context,
                attested,
                policies: policies.into_iter().map(Cow::from).collect(),
                stage,
                ..Request::default()
            },
        )
}

/// A request for the action that [`crowd`] is about.
pub(crate) fn request_to_pay() -> impl Strategy<Value = Request<'static>> {
    request().prop_map(|request| Request {
        action: "pay".into(),
        policies: vec!["first".into()],
        ..request
    })
}
