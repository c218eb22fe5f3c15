//! Kernel policies: names to `blocked_actions`, `blocked_patterns`,
//! `require_approval`, `constraints`, at the top or under `policies`.
//!
//! Home: blocked actions are compared letter by letter; a blocked pattern is a
//! part of the params in any case; an action that needs approval is refused
//! until it has one; everything else is allowed. `constraints` are stored and
//! forgotten at home; here a param that is another than its constraint is denied.

use agentos_grammar::{
    Spanned,
    ast::{
        Check, Comparison, Condition, DefaultAnswer, Effect, Field, Literal, Name, Pattern,
        PatternKind, PatternSet, Policy, Test,
    },
    yaml::{Entry, Keys, Node},
};

use super::{
    condition,
    draft::{self, Draft, INFORMS, PolicyDraft, shown},
    kernel_template::matches_set,
};
use crate::finding::{Finding, codes};

const KNOWN: [&str; 4] = [
    "blocked_actions",
    "blocked_patterns",
    "require_approval",
    "constraints",
];

pub(super) fn read(draft: &mut Draft<'_>, document: &Node) -> Vec<Spanned<Policy>> {
    let of = "kernel policies";
    let Some(mut keys) = draft.reading.mapping(document, of) else {
        return Vec::new();
    };
    let named = match keys.get("policies") {
        Some(node) => {
            keys.get("version");
            draft.ignored_keys(&keys, of, &["policies", "version"], &INFORMS);
            match draft.reading.mapping(node, "policies") {
                Some(named) => named,
                None => return Vec::new(),
            }
        }
        None => keys,
    };
    named
        .entries
        .iter()
        .filter_map(|entry| policy(draft, entry))
        .collect()
}

fn policy(draft: &mut Draft<'_>, entry: &Entry) -> Option<Spanned<Policy>> {
    let name = draft.reading.key(entry, "policies")?;
    let mut keys = draft.reading.mapping(&entry.value, &name.node)?;
    let span = draft::entry_span(entry);
    let mut policy = PolicyDraft::new(span, name.clone());
    policy.about(draft.text_or_null(&mut keys, "description"));
    policy.default(
        DefaultAnswer::Allow,
        name.span,
        Some("kernel policies allow what they do not block"),
    );
    draft.find(Finding::new(
        &codes::DIALECT_DEFAULT,
        name.span,
        "whatever is not blocked is allowed, as kernel policies have it",
    ));
    names(
        draft,
        &mut policy,
        &mut keys,
        "blocked_actions",
        Effect::Deny,
    );
    patterns(draft, &mut policy, &mut keys);
    names(
        draft,
        &mut policy,
        &mut keys,
        "require_approval",
        Effect::Escalate,
    );
    if let Some(node) = keys.get("constraints").filter(|node| !node.is_null())
        && let Some(actions) = draft.reading.mapping(node, "constraints")
    {
        for entry in actions.entries {
            let compiled = constraint(draft, &mut policy, entry).is_some();
            draft.count(compiled);
        }
    }
    draft.ignored_keys(&keys, "a kernel policy", &KNOWN, &INFORMS);
    Some(policy.finish(draft))
}

/// A list of actions, and what happens to them.
fn names(
    draft: &mut Draft<'_>,
    policy: &mut PolicyDraft,
    keys: &mut Keys<'_>,
    key: &'static str,
    effect: Effect,
) {
    let Some(entry) = keys.take(key) else { return };
    let Some(nodes) = draft.reading.list(&entry.value, key) else {
        return;
    };
    let names: Vec<Name> = nodes
        .iter()
        .filter_map(|node| draft.reading.text(node, key))
        .collect();
    if nodes.is_empty() {
        return;
    }
    draft.count(names.len() == nodes.len());
    if names.is_empty() {
        return;
    }
    let span = draft::entry_span(entry);
    let (actions, when) = condition::about(names, span);
    let mut rule = draft::rule(Spanned::new(effect, entry.key.span), actions);
    rule.when = when;
    rule.id = Some(policy.fresh(&Spanned::new(key.to_owned(), entry.key.span)));
    policy.rule(Spanned::new(rule, span));
}

fn patterns(draft: &mut Draft<'_>, policy: &mut PolicyDraft, keys: &mut Keys<'_>) {
    let Some(entry) = keys.take("blocked_patterns") else {
        return;
    };
    let Some((set, span)) = substrings(draft, policy, entry, "blocked_patterns") else {
        return;
    };
    let mut rule = draft::rule(
        Spanned::new(Effect::Deny, entry.key.span),
        draft::every_action(entry.key.span),
    );
    rule.when = Some(matches_set(&set, span));
    rule.id = Some(set);
    policy.rule(Spanned::new(rule, span));
}

/// A list of substrings as a pattern set, counted as one rule of the file.
pub(super) fn substrings(
    draft: &mut Draft<'_>,
    policy: &mut PolicyDraft,
    entry: &Entry,
    name: &str,
) -> Option<(Name, agentos_grammar::Span)> {
    let nodes = draft.reading.list(&entry.value, entry.name())?;
    let patterns: Vec<Spanned<Pattern>> = nodes
        .iter()
        .filter_map(|node| {
            let text = draft.reading.text(node, entry.name())?;
            let pattern = Pattern {
                kind: PatternKind::Substring,
                text,
                unless_followed_by: None,
            };
            Some(Spanned::new(pattern, node.span))
        })
        .collect();
    if nodes.is_empty() {
        return None;
    }
    draft.count(patterns.len() == nodes.len());
    if patterns.is_empty() {
        return None;
    }
    let span = draft::entry_span(entry);
    let set = policy.fresh(&Spanned::new(name.to_owned(), entry.key.span));
    policy.patterns(Spanned::new(
        PatternSet {
            name: set.clone(),
            patterns,
        },
        span,
    ));
    Some((set, span))
}

/// `action: {param: value}`: another value is denied.
fn constraint(draft: &mut Draft<'_>, policy: &mut PolicyDraft, entry: &Entry) -> Option<()> {
    let action = draft.reading.key(entry, "constraints")?;
    let params = draft.reading.mapping(&entry.value, &action.node)?;
    let span = draft::entry_span(entry);
    let mut tests = Vec::new();
    let mut by = Vec::new();
    for param in params.entries {
        let name = draft.reading.key(param, "a param")?;
        let span = draft::entry_span(param);
        let check = match param.value.as_sequence() {
            Some(nodes) => {
                let list: Vec<Option<Spanned<Literal>>> = nodes
                    .iter()
                    .map(|node| draft.reading.literal(node, param.name()))
                    .collect();
                Check::In {
                    negated: true,
                    list: list.into_iter().collect::<Option<_>>()?,
                }
            }
            None => Check::Compare(
                Comparison::NotEqual,
                draft.reading.literal(&param.value, param.name())?,
            ),
        };
        let path = vec!["params".to_owned(), name.node.clone()];
        let field = Spanned::new(Field { path }, name.span);
        let test = Test {
            quantifier: None,
            field,
            check: Spanned::new(check, param.value.span),
        };
        let tested = condition::guarded(
            Spanned::new(Condition::Test(test), span),
            &name,
            Effect::Deny,
        );
        tests.push(tested.condition);
        by.extend(tested.disarmed_by);
        if name.node == "mode" {
            draft.unenforced(
                name.span,
                format!("`mode` is compared with the request's own `mode`; what `{}` does is not looked into", shown(&action.node)),
            );
        }
    }
    let when = if tests.len() > 1 {
        Spanned::new(Condition::Or(tests), span)
    } else {
        tests.pop()?
    };
    let id = policy.fresh(&Spanned::new(
        format!("constraints-{}", action.node),
        action.span,
    ));
    draft.disarmed(Effect::Deny, &id, &by);
    let (actions, about) = condition::about(vec![action.clone()], action.span);
    let when = match about {
        Some(about) => Spanned::new(Condition::And(vec![about, when]), span),
        None => when,
    };
    let mut rule = draft::rule(Spanned::new(Effect::Deny, action.span), actions);
    rule.when = Some(when);
    rule.id = Some(id);
    policy.rule(Spanned::new(rule, span));
    Some(())
}
