//! Rows by hand, short enough to read in a test.
#![allow(clippy::unnecessary_wraps, reason = "a rule has its condition so")]

use std::borrow::Cow;

use agentos_runtime::{
    Effect, Number, Stage, matchers,
    table::{
        Action, Check, Combine, Condition, DefaultAnswer, Field, Limits, List, Literal, Matcher,
        Mode, Normalize, Order, Param, Part, Pattern, PatternSet, Place, Policy, Quantifier, Rule,
        Source, Table, Test, Type,
    },
};

pub(crate) fn list<T: Clone>(rows: impl Into<Vec<T>>) -> List<'static, T> {
    Cow::Owned(rows.into())
}

pub(crate) const fn at(line: u32) -> Place {
    Place {
        source: 0,
        line,
        column: 3,
    }
}

pub(crate) fn table(policies: impl Into<Vec<Policy<'static>>>) -> Table<'static> {
    let mut policies: Vec<Policy<'static>> = policies.into();
    for policy in &mut policies {
        policy.matchers = matchers::build(policy).unwrap().into();
    }
    Table {
        sources: list([Source {
            name: "a.policy",
            sha256: "",
        }]),
        policies: list(policies),
    }
}

/// A policy that denies by default, with rules of one part.
pub(crate) fn policy(name: &'static str, rules: impl Into<Vec<Rule<'static>>>) -> Policy<'static> {
    Policy {
        name,
        version: "",
        at: at(1),
        default: DefaultAnswer::Deny,
        default_because: None,
        mode: Mode::Enforce,
        normalize: Normalize::Never,
        base: false,
        parts: list([Part {
            policy: name,
            combine: Combine::Strictest,
            rules: list(rules),
        }]),
        actions: list([]),
        patterns: list([]),
        intents: list([]),
        matchers: (&[]).into(),
        limits: Limits::default(),
        rates: list([]),
        trust: None,
    }
}

/// The same, first match first.
pub(crate) fn by_priority(
    name: &'static str,
    rules: impl Into<Vec<Rule<'static>>>,
) -> Policy<'static> {
    let mut policy = policy(name, rules);
    policy.parts.to_mut()[0].combine = Combine::Priority;
    policy
}

pub(crate) fn rule(
    effect: Effect,
    id: &'static str,
    action: &'static str,
    when: Option<Condition<'static>>,
) -> Rule<'static> {
    Rule {
        effect,
        id,
        at: at(2),
        actions: list([action]),
        stage: Stage::Call,
        when,
        priority: 0,
        because: None,
        suggest: None,
        approvers: None,
        severity: None,
        help: None,
    }
}

pub(crate) fn param(name: &'static str) -> Field<'static> {
    Field::Param(list(name.split('.').collect::<Vec<_>>()))
}

pub(crate) fn test(clause: u16, field: Field<'static>, check: Check<'static>) -> Test<'static> {
    Test {
        clause,
        negated: false,
        quantifier: Quantifier::Whole,
        field,
        check,
    }
}

/// One test of a param, as a condition.
pub(crate) fn when(
    clause: u16,
    name: &'static str,
    check: Check<'static>,
) -> Option<Condition<'static>> {
    Some(Condition::Test(test(clause, param(name), check)))
}

/// A test of the text for the patterns of a set, as a condition.
pub(crate) fn when_text(set: u32) -> Option<Condition<'static>> {
    Some(Condition::Test(test(1, Field::Text, Check::Matches(set))))
}

pub(crate) fn is(text: &'static str) -> Check<'static> {
    Check::Equals(Literal::Text(text))
}

pub(crate) fn above(number: i64) -> Check<'static> {
    Check::Compare(Order::Greater, Literal::Number(Number::from(number)))
}

pub(crate) fn set(
    name: &'static str,
    matchers: impl Into<Vec<Matcher<'static>>>,
) -> PatternSet<'static> {
    let pattern = |matcher: Matcher<'static>| {
        let (Matcher::Substring(source)
        | Matcher::Regex(source)
        | Matcher::RegexUnless(source, _)
        | Matcher::Glob(source)) = matcher;
        Pattern {
            source,
            at: at(9),
            matcher,
        }
    };
    PatternSet {
        name,
        patterns: list(matchers.into().into_iter().map(pattern).collect::<Vec<_>>()),
    }
}

/// Declares an action; a name that ends in `?` is optional.
pub(crate) fn declare(
    name: &'static str,
    params: impl Into<Vec<(&'static str, Type<'static>)>>,
) -> Action<'static> {
    let param = |(name, ty): (&'static str, Type<'static>)| Param {
        name: name.trim_end_matches('?'),
        ty,
        optional: name.ends_with('?'),
    };
    Action {
        name,
        params: list(params.into().into_iter().map(param).collect::<Vec<_>>()),
    }
}
