//! Field, operator and value of a dialect in, a condition of ours out.
//!
//! Where the home says that a missing field does not match, a rule asks first
//! whether the field is there: then the policy, printed in our own language,
//! shows what a caller wins by leaving it out, and where the rule holds somebody
//! back a finding says so. `allow` needs no such question: doubt never allows.

use agentos_grammar::{
    Span, Spanned,
    ast::{Check, Comparison, Condition, Effect, Field, Literal, Name, Test},
    yaml::{Node, Reading},
};

use super::draft::shown;
use crate::finding::{Finding, codes};

/// An operator of a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Compare(Comparison),
    In { negated: bool },
    Contains,
    Matches,
}

impl Operator {
    /// Those of every dialect with `field`, `operator` and `value`.
    pub(super) const BASIC: [(&'static str, Operator); 7] = [
        ("eq", Operator::Compare(Comparison::Equal)),
        ("ne", Operator::Compare(Comparison::NotEqual)),
        ("gt", Operator::Compare(Comparison::Greater)),
        ("lt", Operator::Compare(Comparison::Less)),
        ("in", Operator::In { negated: false }),
        ("not_in", Operator::In { negated: true }),
        ("matches", Operator::Matches),
    ];

    /// `gte` and `lte`, which some have too.
    pub(super) const ORDER: [(&'static str, Operator); 2] = [
        ("gte", Operator::Compare(Comparison::AtLeast)),
        ("lte", Operator::Compare(Comparison::AtMost)),
    ];
}

/// Fields that are there in every request.
const ALWAYS: [&str; 3] = ["action", "agent", "text"];

/// What the caller says of itself, by the names that the homes give it.
const CLAIMS: [&str; 6] = [
    "token_count",
    "tool_call_count",
    "confidence",
    "trust_score",
    "delegation_depth",
    "agent_namespace",
];

/// The field of ours that a dialect's field stands for.
///
/// `broadly`: the test looks for a part of a text, and a rule that matches more
/// than at home can only be stricter. Then `content` is the whole text of a
/// call: what is denied in one param is denied in all. Otherwise it is the
/// param of that name.
pub(super) fn field(name: &Name, broadly: bool) -> Spanned<Field> {
    let words: Vec<&str> = name.node.split('.').collect();
    let path: Vec<&str> = match words.as_slice() {
        ["tool_name" | "tool" | "action"] => vec!["action"],
        ["agent_id" | "agent_did" | "agent"] => vec!["agent"],
        ["content"] if broadly => vec!["text"],
        ["params" | "context", _, ..] => words,
        [claim] if CLAIMS.contains(claim) => vec!["context", claim],
        [param] => vec!["params", param],
        _ => [vec!["context"], words].concat(),
    };
    let path = path.into_iter().map(str::to_owned).collect();
    Spanned::new(Field { path }, name.span)
}

/// Whether a request may lack this field.
pub(super) fn may_miss(field: &Field) -> bool {
    !field
        .path
        .first()
        .is_some_and(|word| ALWAYS.contains(&word.as_str()))
}

/// Whether rules of this effect hold somebody back.
pub(super) fn restrains(effect: Effect) -> bool {
    effect > Effect::Audit
}

/// What a test is read for.
#[derive(Clone, Copy)]
pub(super) struct Purpose<'o> {
    /// The operators of the dialect.
    pub(super) operators: &'o [(&'static str, Operator)],
    /// Flags that its home reads regexes with.
    pub(super) flags: &'static str,
    /// What the rule answers.
    pub(super) effect: Effect,
    /// Whether a rule that matches more than at home can only be stricter.
    pub(super) broadly: bool,
}

/// Of each rule, whether nothing that is asked after it is stricter than it:
/// then the policy can only become stricter where the rule matches more than at
/// home. Rules are asked by falling priority, then as written; `default` comes
/// last, and an `action` that cannot be read counts as a deny.
pub(super) fn may_match_more(
    rules: &[Node],
    effect: impl Fn(&str) -> Option<Effect>,
    default: Effect,
) -> Vec<bool> {
    let rank = |rule: &Node| {
        let priority = rule
            .get("priority")
            .and_then(Node::as_integer)
            .unwrap_or_default();
        let effect = rule.get("action").and_then(Node::as_str).and_then(&effect);
        (priority, effect.unwrap_or(Effect::Deny))
    };
    let ranks: Vec<(i64, Effect)> = rules.iter().map(rank).collect();
    let mut order: Vec<usize> = (0..ranks.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(ranks[index].0), index));
    let mut may = vec![false; ranks.len()];
    let mut strictest = default;
    for &index in order.iter().rev() {
        let (_, effect) = ranks[index];
        may[index] = strictest <= effect;
        strictest = strictest.max(effect);
    }
    may
}

/// One test of a dialect.
pub(super) struct Tested {
    pub(super) condition: Spanned<Condition>,
    /// The field that disarms it by not being there, as the file calls it.
    pub(super) disarmed_by: Option<Name>,
}

/// `field operator value`, for a rule of this effect.
pub(super) fn test(
    reading: &mut Reading,
    name: &Name,
    operator: &Spanned<Operator>,
    value: &Node,
    purpose: Purpose<'_>,
) -> Option<Tested> {
    if name.node.split('.').any(str::is_empty) {
        let message = format!(
            "`{}` is no field: words with dots between them",
            shown(&name.node)
        );
        let kind = agentos_grammar::SyntaxErrorKind::WrongShape;
        reading.fail(kind, name.span, message, None);
        return None;
    }
    let looks_into = matches!(operator.node, Operator::Contains | Operator::Matches);
    let field = field(name, looks_into && purpose.broadly);
    let check = check(reading, operator.node, value, purpose.flags)?;
    let check = Spanned::new(check, union(operator.span, value.span));
    let span = union(name.span, check.span);
    let test = Spanned::new(
        Condition::Test(Test {
            quantifier: None,
            field,
            check,
        }),
        span,
    );
    Some(guarded(test, name, purpose.effect))
}

/// The same, asking first whether its field is there where that makes a difference.
pub(super) fn guarded(test: Spanned<Condition>, name: &Name, effect: Effect) -> Tested {
    let field = match &test.node {
        Condition::Test(test) => Some(test.field.clone()),
        Condition::And(_)
        | Condition::Or(_)
        | Condition::Not(_)
        | Condition::Exists(_)
        | Condition::Intent(_) => None,
    };
    match field {
        // Doubt never permits, so what would permit needs no question.
        Some(field) if effect != Effect::Allow && may_miss(&field) => {
            let exists = Spanned::new(Condition::Exists(field), name.span);
            let span = test.span;
            let condition = Spanned::new(Condition::And(vec![exists, test]), span);
            Tested {
                condition,
                disarmed_by: restrains(effect).then(|| name.clone()),
            }
        }
        _ => Tested {
            condition: test,
            disarmed_by: None,
        },
    }
}

fn check(reading: &mut Reading, operator: Operator, value: &Node, flags: &str) -> Option<Check> {
    Some(match operator {
        Operator::Compare(comparison) => {
            Check::Compare(comparison, reading.literal(value, "value")?)
        }
        Operator::Contains => Check::Contains(reading.literal(value, "value")?),
        Operator::Matches => {
            let pattern = reading.text(value, "value")?;
            Check::MatchesRegex(pattern.map(|pattern| case_kept(&pattern, flags)))
        }
        Operator::In { negated } => {
            let nodes = reading.list(value, "value")?;
            let list: Vec<Option<Spanned<Literal>>> = nodes
                .iter()
                .map(|node| reading.literal(node, "value"))
                .collect();
            Check::In {
                negated,
                list: list.into_iter().collect::<Option<_>>()?,
            }
        }
    })
}

/// A regex that minds case, as its home reads it, with the home's other flags.
fn case_kept(pattern: &str, flags: &str) -> String {
    let says_so = pattern.starts_with("(?i") || !minds_case(pattern);
    let case = if says_so { "" } else { "(?-i)" };
    format!("{flags}{case}{pattern}")
}

/// Whether a regex has a letter that case makes a difference to.
fn minds_case(pattern: &str) -> bool {
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        let letter = match c {
            '\\' => chars
                .next()
                .is_some_and(|escaped| matches!(escaped, 'x' | 'u' | 'U' | 'N')),
            c => c.is_alphabetic(),
        };
        if letter {
            return true;
        }
    }
    false
}

/// The finding of a rule that missing fields disarm.
pub(super) fn disarmed(effect: Effect, id: &str, by: &[Name]) -> Option<Finding> {
    let (first, rest) = by.split_first()?;
    let word = match effect {
        Effect::Deny => "deny",
        Effect::Escalate => "escalation",
        Effect::Defer => "deferral",
        Effect::Allow | Effect::Audit => return None,
    };
    let message = format!(
        "the {word} `{}` does not fire where `{}` is missing, as its home has it",
        shown(id),
        shown(&first.node)
    );
    let mut finding = Finding::new(&codes::DISARMED_DENY, first.span, message)
        .help("in the language the same test fires unless it is known to be false");
    for name in rest {
        finding = finding.other(name.span, "nor where this is missing");
    }
    Some(finding)
}

/// `tool_name == "x"` and `tool_name in […]`, at the top of a condition, as the
/// actions of a rule: then the rule is found by its action, and reads so.
///
/// A name that would be a glob stays a comparison.
pub(super) fn actions_of(
    condition: Spanned<Condition>,
) -> (Option<Vec<Name>>, Option<Spanned<Condition>>) {
    let span = condition.span;
    let parts = match condition.node {
        Condition::And(parts) => parts,
        node => vec![Spanned::new(node, span)],
    };
    let mut actions = None;
    let mut rest = Vec::new();
    for part in parts {
        match named(&part.node) {
            Some(names) if actions.is_none() => actions = Some(names),
            _ => rest.push(part),
        }
    }
    let rest = if rest.len() > 1 {
        Some(Spanned::new(Condition::And(rest), span))
    } else {
        rest.pop()
    };
    (actions, rest)
}

fn named(condition: &Condition) -> Option<Vec<Name>> {
    let Condition::Test(test) = condition else {
        return None;
    };
    if test.quantifier.is_some() || test.field.path != ["action"] {
        return None;
    }
    let name = |literal: &Spanned<Literal>| match &literal.node {
        Literal::Text(name) if is_plain_name(name) => {
            Some(Spanned::new(name.clone(), literal.span))
        }
        Literal::Text(_) | Literal::Number(_) | Literal::Boolean(_) => None,
    };
    match &test.check.node {
        Check::Compare(Comparison::Equal, literal) => Some(vec![name(literal)?]),
        Check::In {
            negated: false,
            list,
        } if !list.is_empty() => list.iter().map(name).collect(),
        _ => None,
    }
}

/// Whether a name stands for one action only, and for one at all.
pub(super) fn is_plain_name(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(['*', '?', '['])
}

/// What a rule about these names is about; names that would be globs become a
/// comparison, because their home compares them letter by letter.
pub(super) fn about(names: Vec<Name>, span: Span) -> (Vec<Name>, Option<Spanned<Condition>>) {
    if names.iter().all(|name| is_plain_name(&name.node)) {
        return (names, None);
    }
    let list = names
        .into_iter()
        .map(|name| name.map(Literal::Text))
        .collect();
    let check = Spanned::new(
        Check::In {
            negated: false,
            list,
        },
        span,
    );
    let field = Spanned::new(
        Field {
            path: vec!["action".to_owned()],
        },
        span,
    );
    let test = Condition::Test(Test {
        quantifier: None,
        field,
        check,
    });
    (
        super::draft::every_action(span),
        Some(Spanned::new(test, span)),
    )
}

/// Both places and what is between them.
fn union(a: Span, b: Span) -> Span {
    if a.source == b.source && a.start <= b.start {
        a.to(b)
    } else {
        b.to(a)
    }
}
