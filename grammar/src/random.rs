//! Random trees for property tests: everything that the language can say.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::ast::*;
use crate::span::{Span, Spanned};

fn spanned<T>(node: T) -> Spanned<T> {
    Spanned::new(node, Span::default())
}

fn of<T: std::fmt::Debug + Clone>(values: &'static [T]) -> impl Strategy<Value = Spanned<T>> {
    select(values).prop_map(spanned)
}

/// Texts that are easily taken for something else, and ordinary ones.
pub(crate) fn text() -> impl Strategy<Value = String> {
    const AWKWARD: &[&str] = &[
        "",
        " ",
        "no",
        "Yes",
        "on",
        "null",
        "~",
        "010",
        "1:30",
        "1e3",
        "0x1F",
        "2024-01-01",
        "=",
        "<<",
        "-",
        "- a",
        "? b",
        ": ",
        "a: b",
        "a #b",
        "#",
        "*",
        "*a",
        "&a",
        "!a",
        "[a]",
        "{a}",
        "a, b",
        "|",
        ">",
        "%a",
        "@a",
        "`",
        "'",
        "it's",
        "\"",
        "\\",
        "\\d+\\s",
        "\"###",
        "r\"x\"",
        "a\nb",
        "\r\n",
        "\r",
        "\t",
        "\0",
        "\u{85}",
        "\u{202e}",
        "\u{feff}",
        "é",
        "\u{1f600}",
        "//",
        "/*",
        "*/",
        "#[doc",
        "when",
        "and",
        "not",
        "true",
        "policy",
        "---",
        "...",
        "a.b",
        "a b",
        "1",
        " lead",
        "trail ",
        "a:",
        "\u{fffe}",
        "\u{e0001}",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];
    prop_oneof![
        2 => "[a-z]{1,6}( [a-z]{1,6}){0,3}",
        1 => select(AWKWARD).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// Names: mostly words.
fn name() -> impl Strategy<Value = Name> {
    prop_oneof![3 => "[a-zA-Z_][a-z0-9_]{0,6}(-[a-z0-9]{1,3})?", 1 => text()].prop_map(spanned)
}

fn said() -> impl Strategy<Value = Name> {
    text().prop_map(spanned)
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,4})?",
        Just("123456789012345678901234567890.50".to_owned())
    ]
}

fn action_name() -> impl Strategy<Value = Name> {
    prop_oneof![
        "[a-z_]{1,8}(\\.[a-z0-9_]{1,5}){0,2}".prop_map(spanned),
        select(&["*", "db.*", "file_?", "help", "on"][..])
            .prop_map(|name| spanned(name.to_owned())),
        name(),
    ]
}

fn literal() -> impl Strategy<Value = Spanned<Literal>> {
    prop_oneof![
        text().prop_map(Literal::Text),
        number().prop_map(Literal::Number),
        any::<bool>().prop_map(Literal::Boolean),
    ]
    .prop_map(spanned)
}

fn duration() -> impl Strategy<Value = Duration> {
    ("(0|[1-9][0-9]{0,5})", select(TimeUnit::ALL))
        .prop_map(|(count, unit)| Duration { count, unit })
}

fn field() -> impl Strategy<Value = Spanned<Field>> {
    let first = "[a-z_]{1,6}(-[a-z0-9]{1,3})?"
        .prop_filter("words of conditions begin no field", |word| {
            !crate::parse::CONDITION_WORDS.contains(&word.as_str())
        });
    let rest = vec(prop_oneof![3 => "[a-z0-9_]{1,6}", 1 => text()], 0..3);
    (first, rest).prop_map(|(first, rest)| {
        spanned(Field {
            path: std::iter::once(first).chain(rest).collect(),
        })
    })
}

fn check() -> impl Strategy<Value = Spanned<Check>> {
    prop_oneof![
        (select(Comparison::ALL), literal())
            .prop_map(|(sign, literal)| Check::Compare(sign, literal)),
        (any::<bool>(), vec(literal(), 0..4))
            .prop_map(|(negated, list)| Check::In { negated, list }),
        literal().prop_map(Check::Contains),
        said().prop_map(Check::StartsWith),
        said().prop_map(Check::EndsWith),
        said().prop_map(Check::MatchesRegex),
        name().prop_map(Check::MatchesSet),
        said().prop_map(Check::Like),
        said().prop_map(Check::Under),
    ]
    .prop_map(spanned)
}

/// Conditions, nested a few levels deep.
pub(crate) fn condition() -> impl Strategy<Value = Spanned<Condition>> {
    let test = (option::of(of(Quantifier::ALL)), field(), check()).prop_map(
        |(quantifier, field, check)| {
            Condition::Test(Test {
                quantifier,
                field,
                check,
            })
        },
    );
    let intent = (vec(name(), 1..4), option::of(number().prop_map(spanned)))
        .prop_map(|(categories, at)| Condition::Intent(IntentTest { categories, at }));
    let leaf = prop_oneof![4 => test, 1 => field().prop_map(Condition::Exists), 1 => intent]
        .prop_map(spanned);
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Condition::And),
            vec(inner.clone(), 2..4).prop_map(Condition::Or),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
        .prop_map(spanned)
    })
}

fn param_type() -> impl Strategy<Value = Spanned<Type>> {
    let word =
        select(Type::WORDS).prop_map(|word| Type::from_word(word).expect("it is one of the words"));
    let leaf =
        prop_oneof![4 => word, 1 => vec(literal(), 0..3).prop_map(Type::OneOf)].prop_map(spanned);
    leaf.prop_recursive(3, 4, 1, |inner| {
        (inner, any::<bool>(), any::<bool>()).prop_map(|(inner, list, optional)| {
            let ty = if list {
                spanned(Type::List(Box::new(inner)))
            } else {
                inner
            };
            let optional = optional && !matches!(ty.node, Type::Optional(_));
            if optional {
                spanned(Type::Optional(Box::new(ty)))
            } else {
                ty
            }
        })
    })
}

fn rule() -> impl Strategy<Value = Item> {
    let approvers = (
        1..4_u32,
        vec(said(), 1..4),
        option::of(duration().prop_map(spanned)),
    )
        .prop_map(|(needed, of, within)| {
            spanned(Approvers {
                needed: spanned(needed),
                of,
                within,
            })
        });
    let head = (
        of(Effect::ALL),
        vec(action_name(), 1..4),
        option::of(of(Stage::ALL)),
        option::of(approvers),
    );
    let conditions = (option::of(condition()), option::of(condition()));
    let texts = (option::of(said()), option::of(said()), option::of(said()));
    let rest = (
        option::of(any::<i64>().prop_map(spanned)),
        option::of(name()),
        option::of(of(Severity::ALL)),
    );
    (head, conditions, texts, rest).prop_map(
        |(
            (effect, actions, stage, approvers),
            (when, unless),
            (because, suggest, help),
            (priority, id, severity),
        )| {
            Item::Rule(Box::new(Rule {
                effect,
                actions,
                stage,
                approvers,
                when,
                unless,
                because,
                suggest,
                priority,
                id,
                severity,
                help,
            }))
        },
    )
}

fn rate() -> impl Strategy<Value = Item> {
    let head = (
        vec(action_name(), 1..3),
        any::<u64>().prop_map(spanned),
        of(TimeUnit::ALL),
    );
    (
        head,
        option::of(of(RateScope::ALL)),
        of(Effect::ALL),
        option::of(said()),
    )
        .prop_map(|((actions, count, per), scope, otherwise, because)| {
            Item::Rate(Rate {
                actions,
                count,
                per,
                scope,
                otherwise,
                because,
            })
        })
}

fn limits() -> impl Strategy<Value = Item> {
    let value = prop_oneof![
        number().prop_map(LimitValue::Number),
        any::<bool>().prop_map(LimitValue::Boolean),
        duration().prop_map(LimitValue::Duration),
    ];
    let limit =
        (name(), value.prop_map(spanned)).prop_map(|(name, value)| spanned(Limit { name, value }));
    vec(limit, 0..6).prop_map(|mut limits| {
        keep_first(&mut limits, |limit| limit.name.node.clone());
        Item::Limits(limits)
    })
}

fn action() -> impl Strategy<Value = Item> {
    let plain = action_name().prop_filter("declared by its whole name", |name| {
        !name.contains(['*', '?'])
    });
    let param = (name(), param_type()).prop_map(|(name, ty)| spanned(ParamDecl { name, ty }));
    (plain, vec(param, 0..4)).prop_map(|(name, mut params)| {
        keep_first(&mut params, |param| param.name.node.clone());
        Item::Action(ActionDecl { name, params })
    })
}

fn patterns() -> impl Strategy<Value = Item> {
    let pattern = (
        select(PatternKind::ALL),
        said(),
        option::weighted(0.2, said()),
    )
        .prop_map(|(kind, text, unless_followed_by)| {
            spanned(Pattern {
                kind,
                text,
                unless_followed_by,
            })
        });
    (name(), vec(pattern, 0..5))
        .prop_map(|(name, patterns)| Item::Patterns(PatternSet { name, patterns }))
}

fn intent() -> impl Strategy<Value = Item> {
    let signal = (
        number().prop_map(spanned),
        said(),
        option::of(said()),
        option::of(said()),
    )
        .prop_map(|(weight, pattern, unless_followed_by, explain)| {
            spanned(Signal {
                weight,
                pattern,
                unless_followed_by,
                explain,
            })
        });
    (name(), vec(signal, 0..4))
        .prop_map(|(category, signals)| Item::Intent(Intent { category, signals }))
}

fn trust() -> impl Strategy<Value = Item> {
    let supervisor = (name(), any::<i64>(), any::<bool>()).prop_map(|(name, level, agent)| {
        spanned(Supervisor {
            name,
            level: spanned(level),
            agent,
        })
    });
    (
        vec(supervisor, 0..4),
        option::of(any::<i64>().prop_map(spanned)),
    )
        .prop_map(|(supervisors, max_escalation_depth)| {
            Item::Trust(Trust {
                supervisors,
                max_escalation_depth,
            })
        })
}

fn item() -> impl Strategy<Value = Item> {
    let default = (of(DefaultAnswer::ALL), option::of(said()))
        .prop_map(|(answer, because)| Item::Default(Default_ { answer, because }));
    let expect = (name(), option::of(said()))
        .prop_map(|(finding, because)| Item::Expect(Expect { finding, because }));
    prop_oneof![
        1 => said().prop_map(Item::About),
        1 => vec(name(), 1..4).prop_map(Item::Extends),
        1 => default,
        1 => of(Combine::ALL).prop_map(Item::Combine),
        1 => of(Mode::ALL).prop_map(Item::Mode),
        1 => name().prop_map(Item::Normalize),
        1 => limits(),
        2 => action(),
        2 => patterns(),
        6 => rule(),
        2 => rate(),
        2 => intent(),
        1 => trust(),
        2 => expect,
    ]
}

fn policy() -> impl Strategy<Value = Spanned<Policy>> {
    (name(), option::of(said()), vec(item(), 0..8)).prop_map(|(name, version, mut items)| {
        // What may stand once; what YAML makes a key of.
        keep_first(&mut items, |item| match item {
            Item::Action(action) => (0, action.name.node.clone()),
            Item::Patterns(set) => (1, set.name.node.clone()),
            Item::Intent(intent) => (2, intent.category.node.clone()),
            Item::About(_) => (3, String::new()),
            Item::Extends(_) => (4, String::new()),
            Item::Default(_) => (5, String::new()),
            Item::Combine(_) => (6, String::new()),
            Item::Mode(_) => (7, String::new()),
            Item::Normalize(_) => (8, String::new()),
            Item::Limits(_) => (9, String::new()),
            Item::Trust(_) => (10, String::new()),
            Item::Rule(_) | Item::Rate(_) | Item::Expect(_) => (11, format!("{item:?}")),
        });
        spanned(Policy {
            name,
            version,
            items: items.into_iter().map(spanned).collect(),
        })
    })
}

fn keep_first<T, K: PartialEq>(list: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut seen = Vec::new();
    list.retain(|entry| {
        let key = key(entry);
        let new = !seen.contains(&key);
        seen.push(key);
        new
    });
}

/// Files without comments and without mistakes.
pub(crate) fn file() -> impl Strategy<Value = File> {
    vec(policy(), 0..3).prop_map(|policies| File {
        policies,
        comments: Vec::new(),
    })
}

/// `text` with remarks at some of `places`, each written as `write` says, and what they say.
pub(crate) fn with_remarks(
    mut text: String,
    places: &[usize],
    chosen: &[(Index, bool)],
    write: fn(&str, bool) -> String,
) -> (String, Vec<String>) {
    let mut said = Vec::new();
    if places.is_empty() {
        return (text, said);
    }
    let mut chosen: Vec<(usize, bool)> = chosen
        .iter()
        .map(|(at, how)| (*at.get(places), *how))
        .collect();
    chosen.sort_unstable();
    for (i, (place, how)) in chosen.into_iter().enumerate().rev() {
        let remark = format!("remark {i}.");
        text.insert_str(place, &write(&remark, how));
        said.push(remark);
    }
    (text, said)
}
