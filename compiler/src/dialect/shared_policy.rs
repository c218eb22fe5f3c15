//! Shared policies: `scope`, and rules whose `conditions` must all hold.
//!
//! Home: the first rule that matches, by falling priority, then by order; a
//! rule without conditions matches; a missing field matches nothing; where
//! nothing matches, allowed.

use agentos_grammar::{
    Spanned,
    ast::{Combine, Condition, DefaultAnswer, Effect, Policy},
    yaml::{Keys, Node},
};

use super::{
    condition::{self, Operator, Purpose},
    draft::{self, Draft, INFORMS, PolicyDraft},
    rule_document,
};
use crate::finding::{Finding, codes};

/// What `action` may say.
#[derive(Clone, Copy)]
enum Action {
    Effect(Effect),
    RateLimit,
}

const ACTIONS: [(&str, Action); 5] = [
    ("allow", Action::Effect(Effect::Allow)),
    ("deny", Action::Effect(Effect::Deny)),
    ("audit", Action::Effect(Effect::Audit)),
    ("escalate", Action::Effect(Effect::Escalate)),
    ("rate_limit", Action::RateLimit),
];

/// What `scope` may say; it sorts policies, and narrows none of them.
const SCOPES: [(&str, ()); 4] = [("agent", ()), ("tool", ()), ("flow", ()), ("mesh", ())];

pub(super) fn read(draft: &mut Draft<'_>, document: &Node) -> Vec<Spanned<Policy>> {
    const OF: &str = "a shared policy";
    let Some(mut keys) = draft.reading.mapping(document, OF) else {
        return Vec::new();
    };
    let name = draft.required_text(&mut keys, OF, "name");
    match keys.get("scope") {
        Some(node) => drop(draft.word(node, "scope", &SCOPES, &codes::UNKNOWN_WORD)),
        None => drop(draft.reading.missing::<()>(keys.span, OF, "scope")),
    }
    let Some(name) = name else { return Vec::new() };
    let at = name.span;
    let mut policy = PolicyDraft::new(document.span, name);
    policy.version(draft.version(&mut keys, "version"));
    policy.about(draft.text_or_null(&mut keys, "description"));
    policy.default(
        DefaultAnswer::Allow,
        at,
        Some("shared policies allow what no rule matches"),
    );
    draft.find(Finding::new(
        &codes::DIALECT_DEFAULT,
        at,
        "whatever no rule matches is allowed, as shared policies have it",
    ));
    policy.combine(Combine::Priority);
    if let Some(node) = keys.get("rules").filter(|node| !node.is_null()) {
        let rules = node.as_sequence().unwrap_or_default();
        let may_match_more = condition::may_match_more(rules, effect_of, Effect::Allow);
        for (index, node, keys) in draft.elements(node, "rules") {
            let broadly = may_match_more[index];
            let compiled = rule(draft, &mut policy, node, keys, broadly).is_some();
            draft.count(compiled);
        }
    }
    draft.ignored_keys(
        &keys,
        OF,
        &[
            "version",
            "name",
            "description",
            "scope",
            "rules",
            "metadata",
        ],
        &INFORMS,
    );
    vec![policy.finish(draft)]
}

fn effect_of(word: &str) -> Option<Effect> {
    let (_, action) = ACTIONS.iter().find(|(known, _)| *known == word)?;
    Some(match action {
        Action::Effect(effect) => *effect,
        Action::RateLimit => Effect::Deny,
    })
}

fn rule(
    draft: &mut Draft<'_>,
    policy: &mut PolicyDraft,
    node: &Node,
    mut keys: Keys<'_>,
    broadly: bool,
) -> Option<()> {
    let name = draft.required_text(&mut keys, "a rule", "id");
    let action = match keys.get("action") {
        Some(node) => draft.word(node, "effect", &ACTIONS, &codes::UNKNOWN_EFFECT),
        None => draft.reading.missing(keys.span, "a rule", "action"),
    };
    let priority = match keys.get("priority") {
        Some(node) => draft.reading.integer(node, "priority"),
        None => Some(Spanned::new(0, node.span)),
    };
    let effect = action.as_ref().map(|action| {
        let effect = match action.node {
            Action::Effect(effect) => effect,
            Action::RateLimit => {
                // The home permits no call that such a rule matches.
                draft.unenforced(
                    action.span,
                    "a rate without a number: every call that it matches is denied, as at home",
                );
                Effect::Deny
            }
        };
        Spanned::new(effect, action.span)
    });
    let purpose = Purpose {
        operators: &Operator::BASIC,
        flags: "",
        effect: effect.as_ref().map_or(Effect::Deny, |effect| effect.node),
        broadly,
    };
    let mut parts = Vec::new();
    let mut disarmed_by = Vec::new();
    let mut sound = true;
    if let Some(list) = keys.get("conditions").filter(|node| !node.is_null()) {
        match draft.reading.list(list, "conditions") {
            None => sound = false,
            Some(nodes) => {
                for node in nodes {
                    match rule_document::test(draft, node, purpose) {
                        None => sound = false,
                        Some(tested) => {
                            disarmed_by.extend(tested.disarmed_by);
                            match tested.condition.node {
                                Condition::And(inner) => parts.extend(inner),
                                other => parts.push(Spanned::new(other, tested.condition.span)),
                            }
                        }
                    }
                }
            }
        }
    }
    let known = ["id", "action", "conditions", "priority"];
    draft.ignored_keys(&keys, "a rule", &known, &INFORMS);
    let (name, effect, priority) = (name?, effect?, priority?);
    if !sound {
        return None;
    }
    let id = policy.fresh(&name);
    draft.disarmed(effect.node, &id, &disarmed_by);
    let span = parts.first().map_or(node.span, |first| first.span);
    let condition = (!parts.is_empty()).then(|| Spanned::new(Condition::And(parts), span));
    let (actions, when) = condition.map_or((None, None), condition::actions_of);
    let mut rule = draft::rule(
        effect,
        actions.unwrap_or_else(|| draft::every_action(node.span)),
    );
    rule.when = when;
    rule.priority = Some(priority);
    rule.id = Some(id);
    policy.rule(Spanned::new(rule, node.span));
    Some(())
}
