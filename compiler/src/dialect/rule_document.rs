//! Rule documents: `rules` with `condition: {field, operator, value}`, `defaults`.
//!
//! Home: the first rule that matches, by falling priority, then by order; a
//! missing field matches nothing; `block` is `deny`; where nothing matches,
//! `defaults.action`, and `deny` where that is not stated.

use agentos_grammar::{
    Spanned,
    ast::{Combine, DefaultAnswer, Effect, LimitValue, Policy},
    yaml::{Keys, Node},
};

use super::{
    condition::{self, Operator, Purpose},
    draft::{self, Draft, INFORMS, PolicyDraft},
    shape::TRUST_KEYS,
};
use crate::finding::{Finding, codes};

/// The effects and their synonyms.
const EFFECTS: [(&str, Effect); 4] = [
    ("allow", Effect::Allow),
    ("deny", Effect::Deny),
    ("audit", Effect::Audit),
    ("block", Effect::Deny),
];

/// The limits that `defaults` may state.
const LIMITS: [&str; 4] = [
    "max_tokens",
    "max_tool_calls",
    "confidence_threshold",
    "timeout_seconds",
];

pub(super) fn read(draft: &mut Draft<'_>, document: &Node) -> Vec<Spanned<Policy>> {
    const OF: &str = "a rule document";
    let Some(mut keys) = draft.reading.mapping(document, OF) else {
        return Vec::new();
    };
    let name = match keys.get("name") {
        Some(node) => draft.reading.text(node, "name"),
        // The home calls it `unnamed`; its file tells several of them apart.
        None => Some(Spanned::new(
            draft.stem().to_owned(),
            draft::first_key(document),
        )),
    };
    let Some(name) = name else { return Vec::new() };
    let mut policy = PolicyDraft::new(document.span, name);
    policy.version(draft.version(&mut keys, "version"));
    policy.about(draft.text_or_null(&mut keys, "description"));
    policy.combine(Combine::Priority);
    if let Some(node) = keys.get("rules").filter(|node| !node.is_null()) {
        let default = document
            .get("defaults")
            .and_then(|defaults| defaults.get("action"));
        let default = default
            .and_then(Node::as_str)
            .and_then(effect_of)
            .unwrap_or(Effect::Deny);
        let rules = node.as_sequence().unwrap_or_default();
        let may_match_more = condition::may_match_more(rules, effect_of, default);
        for (index, node, keys) in draft.elements(node, "rules") {
            let broadly = may_match_more[index];
            let compiled = rule(draft, &mut policy, node, keys, broadly).is_some();
            draft.count(compiled);
        }
    }
    match keys.get("defaults").filter(|node| !node.is_null()) {
        Some(node) => defaults(draft, &mut policy, node),
        None => policy.default(DefaultAnswer::Deny, draft::first_key(document), None),
    }
    elsewhere(draft, &mut keys);
    let known = [
        "version",
        "name",
        "description",
        "rules",
        "defaults",
        "scope",
        "inherit",
    ];
    draft.ignored_keys(&keys, OF, &known, &INFORMS);
    vec![policy.finish(draft)]
}

fn rule(
    draft: &mut Draft<'_>,
    policy: &mut PolicyDraft,
    node: &Node,
    mut keys: Keys<'_>,
    broadly: bool,
) -> Option<()> {
    let name = draft.required_text(&mut keys, "a rule", "name");
    let effect = match keys.get("action") {
        Some(node) => draft.word(node, "effect", &EFFECTS, &codes::UNKNOWN_EFFECT),
        None => draft.reading.missing(keys.span, "a rule", "action"),
    };
    let condition = keys.get("condition");
    if condition.is_none() {
        draft
            .reading
            .missing::<()>(keys.span, "a rule", "condition");
    }
    let priority = match keys.get("priority") {
        Some(node) => draft.reading.integer(node, "priority"),
        None => Some(Spanned::new(0, node.span)),
    };
    let message = draft
        .optional_text(&mut keys, "message")
        .filter(|message| !message.node.is_empty());
    let help = draft.text_or_null(&mut keys, "description");
    if let Some(entry) = keys.take("override")
        && let Some(true) = draft
            .reading
            .boolean(&entry.value, "override")
            .map(|value| value.node)
    {
        draft.unenforced(
            entry.key.span,
            "`override` replaces a rule of a folder above, and folders are not read here",
        );
    }
    let known = [
        "name",
        "condition",
        "action",
        "priority",
        "message",
        "override",
        "description",
    ];
    draft.ignored_keys(&keys, "a rule", &known, &INFORMS);
    let operators = [
        &Operator::BASIC[..],
        &Operator::ORDER,
        &[("contains", Operator::Contains)],
    ]
    .concat();
    let purpose = Purpose {
        operators: &operators,
        flags: "",
        effect: effect.as_ref().map_or(Effect::Deny, |effect| effect.node),
        broadly,
    };
    let tested = test(draft, condition?, purpose)?;
    let (name, effect) = (name?, effect?);
    let id = policy.fresh(&name);
    draft.disarmed(effect.node, &id, tested.disarmed_by.as_slice());
    let (actions, when) = condition::actions_of(tested.condition);
    let actions = actions.unwrap_or_else(|| draft::every_action(node.span));
    let mut rule = draft::rule(effect, actions);
    rule.when = when;
    rule.because = message;
    rule.priority = Some(priority?);
    rule.id = Some(id);
    rule.help = help;
    policy.rule(Spanned::new(rule, node.span));
    Some(())
}

fn effect_of(word: &str) -> Option<Effect> {
    EFFECTS
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, effect)| *effect)
}

/// `{field, operator, value}`
pub(super) fn test(
    draft: &mut Draft<'_>,
    node: &Node,
    purpose: Purpose<'_>,
) -> Option<condition::Tested> {
    const OF: &str = "a condition";
    let mut keys = draft.reading.mapping(node, "condition")?;
    let field = draft.required_text(&mut keys, OF, "field");
    let operator = match keys.get("operator") {
        Some(node) => draft.word(
            node,
            "operator",
            purpose.operators,
            &codes::UNKNOWN_OPERATOR,
        ),
        None => draft.reading.missing(keys.span, OF, "operator"),
    };
    let value = keys.get("value");
    if value.is_none() {
        draft.reading.missing::<()>(keys.span, OF, "value");
    }
    draft.ignored_keys(&keys, OF, &["field", "operator", "value"], &INFORMS);
    condition::test(&mut draft.reading, &field?, &operator?, value?, purpose)
}

fn defaults(draft: &mut Draft<'_>, policy: &mut PolicyDraft, node: &Node) {
    let Some(mut keys) = draft.reading.mapping(node, "defaults") else {
        return;
    };
    match keys.take("action") {
        None => policy.default(DefaultAnswer::Deny, node.span, None),
        Some(entry) => {
            let effect = draft.word(&entry.value, "effect", &EFFECTS, &codes::UNKNOWN_EFFECT);
            let span = draft::entry_span(entry);
            match effect.map(|effect| effect.node) {
                Some(Effect::Allow) => {
                    policy.default(
                        DefaultAnswer::Allow,
                        span,
                        Some("as `defaults.action` of the rule document says"),
                    );
                    draft.find(Finding::new(
                        &codes::DIALECT_DEFAULT,
                        span,
                        "whatever no rule matches is allowed, as rule documents may have it",
                    ));
                }
                Some(Effect::Audit) => {
                    draft.not_understood(
                        entry.value.span,
                        "a default of `audit` would permit and flag whatever no rule matches",
                        "write `allow` or `deny`, and rules that audit what is to be flagged",
                    );
                }
                Some(Effect::Deny | Effect::Defer | Effect::Escalate) | None => {
                    policy.default(DefaultAnswer::Deny, span, None);
                }
            }
        }
    }
    for limit in LIMITS {
        if let Some(entry) = keys.take(limit).filter(|entry| !entry.value.is_null())
            && let Some(value) = draft.reading.number(&entry.value, limit)
        {
            policy.limit(limit, entry.key.span, value.map(LimitValue::Number));
        }
    }
    for key in ["max_cpu", "max_memory_mb", "network_default"] {
        if let Some(entry) = keys.take(key).filter(|entry| !entry.value.is_null()) {
            draft.unenforced(
                entry.key.span,
                format!("`{key}` is kept by a sandbox, and none is here"),
            );
        }
    }
    for key in TRUST_KEYS {
        if let Some(entry) = keys.take(key) {
            draft.unenforced(
                entry.key.span,
                format!("`{key}` belongs to trust policies, whose `defaults` have no `action`"),
            );
        }
    }
    let known = [
        "action",
        "max_tokens",
        "max_tool_calls",
        "confidence_threshold",
        "timeout_seconds",
    ];
    draft.ignored_keys(&keys, "`defaults`", &known, &INFORMS);
}

/// What the home keeps for folders and sandboxes.
fn elsewhere(draft: &mut Draft<'_>, keys: &mut Keys<'_>) {
    for (key, why) in [
        (
            "scope",
            "`scope` narrows a document to a folder, and folders are not read here",
        ),
        (
            "inherit",
            "`inherit` reads the documents of the folders above, and folders are not read here",
        ),
        (
            "network_allowlist",
            "`network_allowlist` is kept by a sandbox, and none is here",
        ),
        (
            "tool_allowlist",
            "`tool_allowlist` is kept by a sandbox, and none is here",
        ),
    ] {
        let states_nothing = |node: &Node| {
            node.is_null()
                || node.as_sequence().is_some_and(<[_]>::is_empty)
                || node.as_bool() == Some(false)
        };
        if let Some(entry) = keys.take(key).filter(|entry| !states_nothing(&entry.value)) {
            draft.unenforced(entry.key.span, why);
        }
    }
}
