//! Roles: `roles`, each with `allowed_tools` and `blocked_patterns`, and what is
//! `shared` by all of them. Each role becomes a policy of its name.
//!
//! Home: what has a blocked pattern, shared or the role's own, is refused, then
//! what is not an allowed tool; `max_actions` bounds how often a role may act.

use agentos_grammar::{
    Spanned,
    ast::{DefaultAnswer, Effect, LimitValue, Policy},
    yaml::{Entry, Node},
};

use super::{
    condition,
    draft::{self, Draft, INFORMS, PolicyDraft},
    kernel_policy::substrings,
    kernel_template::matches_set,
};

pub(super) fn read(draft: &mut Draft<'_>, document: &Node) -> Vec<Spanned<Policy>> {
    const OF: &str = "a file of roles";
    let Some(mut keys) = draft.reading.mapping(document, OF) else {
        return Vec::new();
    };
    let mut shared = None;
    if let Some(node) = keys.get("shared").filter(|node| !node.is_null())
        && let Some(mut keys) = draft.reading.mapping(node, "shared")
    {
        shared = keys
            .take("blocked_patterns")
            .filter(|entry| !entry.value.is_null());
        draft.ignored_keys(&keys, "`shared`", &["blocked_patterns"], &INFORMS);
    }
    let roles = keys
        .get("roles")
        .and_then(|node| draft.reading.mapping(node, "roles"));
    draft.ignored_keys(&keys, OF, &["shared", "roles"], &INFORMS);
    let entries = roles.map(|roles| roles.entries).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| role(draft, entry, shared))
        .collect()
}

fn role(draft: &mut Draft<'_>, entry: &Entry, shared: Option<&Entry>) -> Option<Spanned<Policy>> {
    let name = draft.reading.key(entry, "roles")?;
    let mut keys = draft.reading.mapping(&entry.value, &name.node)?;
    let mut policy = PolicyDraft::new(draft::entry_span(entry), name.clone());
    policy.about(draft.text_or_null(&mut keys, "description"));
    policy.default(DefaultAnswer::Deny, name.span, None);
    if let Some(entry) = keys
        .take("max_actions")
        .filter(|entry| !entry.value.is_null())
        && let Some(value) = draft.reading.number(&entry.value, "max_actions")
    {
        policy.limit(
            "max_tool_calls",
            entry.key.span,
            value.map(LimitValue::Number),
        );
    }
    let own = keys
        .take("blocked_patterns")
        .filter(|entry| !entry.value.is_null());
    for (blocked, called, because) in [
        (shared, "shared", "blocked for every role"),
        (own, "blocked_patterns", "blocked for this role"),
    ] {
        let Some(blocked) = blocked else { continue };
        let Some((set, span)) = substrings(draft, &mut policy, blocked, called) else {
            continue;
        };
        let mut rule = draft::rule(
            Spanned::new(Effect::Deny, blocked.key.span),
            draft::every_action(blocked.key.span),
        );
        rule.when = Some(matches_set(&set, span));
        rule.because = Some(Spanned::new(because.to_owned(), span));
        rule.id = Some(set);
        policy.rule(Spanned::new(rule, span));
    }
    if let Some(allowed) = keys
        .take("allowed_tools")
        .filter(|entry| !entry.value.is_null())
        && let Some(nodes) = draft.reading.list(&allowed.value, "allowed_tools")
        && !nodes.is_empty()
    {
        let tools: Vec<_> = nodes
            .iter()
            .filter_map(|node| draft.reading.text(node, "allowed_tools"))
            .collect();
        draft.count(tools.len() == nodes.len());
        if !tools.is_empty() {
            let span = draft::entry_span(allowed);
            let (actions, when) = condition::about(tools, span);
            let mut rule = draft::rule(Spanned::new(Effect::Allow, allowed.key.span), actions);
            rule.when = when;
            rule.id =
                Some(policy.fresh(&Spanned::new("allowed_tools".to_owned(), allowed.key.span)));
            policy.rule(Spanned::new(rule, span));
        }
    }
    let known = [
        "description",
        "allowed_tools",
        "blocked_patterns",
        "max_actions",
    ];
    draft.ignored_keys(&keys, "a role", &known, &INFORMS);
    Some(policy.finish(draft))
}
