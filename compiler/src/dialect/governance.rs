//! `GovernancePolicy` files: limits, allowed tools, blocked patterns.
//!
//! Home: `allowed_tools`, where there are any, are all that is allowed, and
//! otherwise everything is; blocked patterns deny whatever has one of them,
//! coming in, called or coming out; `require_human_approval` asks somebody
//! before every call. Limits that the file does not state have the home's
//! values. A glob may begin anywhere in a value.

use agentos_grammar::{
    Spanned,
    ast::{DefaultAnswer, Effect, LimitValue, Pattern, PatternKind, PatternSet, Policy, Stage},
    yaml::{Keys, Node},
};

use super::{
    condition,
    draft::{self, Draft, INFORMS, PolicyDraft},
    kernel_template::matches_set,
};
use crate::finding::{Finding, codes};

/// The limits, each with its home's value.
const LIMITS: [(&str, &str); 8] = [
    ("max_tokens", "4096"),
    ("max_tool_calls", "10"),
    ("timeout_seconds", "300"),
    ("confidence_threshold", "0.8"),
    ("drift_threshold", "0.15"),
    ("checkpoint_frequency", "5"),
    ("max_concurrent", "10"),
    ("backpressure_threshold", "8"),
];

const KINDS: [(&str, PatternKind); 3] = [
    ("substring", PatternKind::Substring),
    ("regex", PatternKind::Regex),
    ("glob", PatternKind::Glob),
];

pub(super) fn read(draft: &mut Draft<'_>, document: &Node) -> Vec<Spanned<Policy>> {
    let Some(mut keys) = draft.reading.mapping(document, "a governance policy") else {
        return Vec::new();
    };
    let at = draft::first_key(document);
    let stem = Spanned::new(draft.stem().to_owned(), at);
    let name = draft.optional_text(&mut keys, "name").unwrap_or(stem);
    let mut policy = PolicyDraft::new(document.span, name);
    policy.version(draft.version(&mut keys, "version"));
    policy.about(draft.text_or_null(&mut keys, "description"));
    limits(draft, &mut policy, &mut keys);
    tools(draft, &mut policy, &mut keys, document);
    blocked(draft, &mut policy, &mut keys);
    let known: Vec<&str> = LIMITS
        .iter()
        .map(|(name, _)| *name)
        .chain([
            "name",
            "version",
            "allowed_tools",
            "blocked_patterns",
            "require_human_approval",
            "log_all_calls",
        ])
        .collect();
    draft.ignored_keys(&keys, "a governance policy", &known, &INFORMS);
    vec![policy.finish(draft)]
}

fn limits(draft: &mut Draft<'_>, policy: &mut PolicyDraft, keys: &mut Keys<'_>) {
    let mut silent = Vec::new();
    for (name, otherwise) in LIMITS {
        let Some(entry) = keys.take(name) else {
            silent.push(format!("`{name}: {otherwise}`"));
            let value = LimitValue::Number(otherwise.to_owned());
            policy.limit(name, keys.span, Spanned::new(value, keys.span));
            continue;
        };
        if let Some(value) = draft.reading.number(&entry.value, name) {
            policy.limit(name, entry.key.span, value.map(LimitValue::Number));
        }
    }
    let (at, logged) = if let Some(entry) = keys.take("log_all_calls") {
        (
            entry.key.span,
            draft.reading.boolean(&entry.value, "log_all_calls"),
        )
    } else {
        silent.push("`log_all_calls: true`".to_owned());
        (keys.span, Some(Spanned::new(true, keys.span)))
    };
    if let Some(logged) = logged {
        policy.limit("log_all_calls", at, logged.map(LimitValue::Boolean));
    }
    if !silent.is_empty() {
        let span = keys
            .entries
            .first()
            .map_or(keys.span, |entry| entry.key.span);
        let message = format!(
            "the file does not state {}, which its home then sets",
            silent.join(", ")
        );
        draft.find(Finding::new(&codes::DIALECT_DEFAULT, span, message));
    }
}

/// Who may call what, and whether somebody is asked.
fn tools(draft: &mut Draft<'_>, policy: &mut PolicyDraft, keys: &mut Keys<'_>, document: &Node) {
    let allowed = keys.take("allowed_tools");
    let approval = keys.take("require_human_approval");
    let asked = approval
        .and_then(|entry| {
            draft
                .reading
                .boolean(&entry.value, "require_human_approval")
        })
        .is_some_and(|value| value.node);
    let span = allowed
        .or(approval)
        .map_or_else(|| draft::first_key(document), draft::entry_span);
    let mut tools = Vec::new();
    let mut broken = false;
    if let Some(entry) = allowed {
        for node in draft
            .reading
            .list(&entry.value, "allowed_tools")
            .unwrap_or_default()
        {
            let tool = draft.reading.text(node, "allowed_tools");
            broken |= tool.is_none();
            tools.extend(tool);
        }
        broken |= entry.value.as_sequence().is_none();
    }
    if broken {
        policy.default(DefaultAnswer::Deny, span, None);
        return;
    }
    // With a list, only its tools are asked for: the others are denied at once.
    let effect = if asked {
        Effect::Escalate
    } else {
        Effect::Allow
    };
    let word_span = if asked {
        approval.map_or(span, draft::entry_span)
    } else {
        span
    };
    if tools.is_empty() {
        policy.default(
            DefaultAnswer::Allow,
            span,
            Some("governance policies allow every tool where they list none"),
        );
        draft.find(Finding::new(
            &codes::DIALECT_DEFAULT,
            span,
            "every tool is allowed, as governance policies have it where they list none",
        ));
    } else {
        policy.default(DefaultAnswer::Deny, span, None);
        draft.count(true);
    }
    if asked {
        draft.count(true);
    }
    if tools.is_empty() && !asked {
        return;
    }
    let (actions, when) = if tools.is_empty() {
        (draft::every_action(word_span), None)
    } else {
        condition::about(tools, span)
    };
    let mut rule = draft::rule(Spanned::new(effect, word_span), actions);
    rule.when = when;
    let id = if asked {
        "require_human_approval"
    } else {
        "allowed_tools"
    };
    rule.id = Some(policy.fresh(&Spanned::new(id.to_owned(), word_span)));
    policy.rule(Spanned::new(rule, word_span));
}

fn blocked(draft: &mut Draft<'_>, policy: &mut PolicyDraft, keys: &mut Keys<'_>) {
    let Some(entry) = keys.take("blocked_patterns") else {
        return;
    };
    let Some(nodes) = draft.reading.list(&entry.value, "blocked_patterns") else {
        return;
    };
    let patterns: Vec<Spanned<Pattern>> = nodes
        .iter()
        .filter_map(|node| Some(Spanned::new(pattern(draft, node)?, node.span)))
        .collect();
    if nodes.is_empty() {
        return;
    }
    draft.count(patterns.len() == nodes.len());
    if patterns.is_empty() {
        return;
    }
    let span = draft::entry_span(entry);
    let name = policy.fresh(&Spanned::new("blocked_patterns".to_owned(), entry.key.span));
    policy.patterns(Spanned::new(
        PatternSet {
            name: name.clone(),
            patterns,
        },
        span,
    ));
    deny_at_every_stage(policy, &name, span, None);
}

/// `deny *` of what matches a set, in calls, coming in, and coming out.
pub(super) fn deny_at_every_stage(
    policy: &mut PolicyDraft,
    set: &Spanned<String>,
    span: agentos_grammar::Span,
    because: Option<&str>,
) {
    for stage in [Stage::Call, Stage::Input, Stage::Output] {
        let mut rule = draft::rule(
            Spanned::new(Effect::Deny, set.span),
            draft::every_action(set.span),
        );
        rule.when = Some(matches_set(set, span));
        rule.because = because.map(|because| Spanned::new(because.to_owned(), span));
        rule.stage = (stage != Stage::Call).then(|| Spanned::new(stage, span));
        let suffix = if stage == Stage::Call {
            String::new()
        } else {
            format!("-{}", stage.word())
        };
        rule.id = Some(set.clone().map(|set| format!("{set}{suffix}")));
        policy.rule(Spanned::new(rule, span));
    }
}

/// A text, or `{pattern, type}`.
fn pattern(draft: &mut Draft<'_>, node: &Node) -> Option<Pattern> {
    let (kind, text) = if node.as_mapping().is_none() {
        (
            PatternKind::Substring,
            draft.reading.text(node, "blocked_patterns")?,
        )
    } else {
        const OF: &str = "a blocked pattern";
        let mut keys = draft.reading.mapping(node, OF)?;
        let text = draft.required_text(&mut keys, OF, "pattern");
        let kind = match keys.get("type") {
            Some(node) => draft.word(node, "pattern type", &KINDS, &codes::UNKNOWN_WORD),
            None => draft.reading.missing(keys.span, OF, "type"),
        };
        draft.ignored_keys(&keys, OF, &["pattern", "type"], &INFORMS);
        (kind?.node, text?)
    };
    let text = match kind {
        // At home it may begin anywhere.
        PatternKind::Glob if !text.node.starts_with('*') => text.map(|text| format!("*{text}")),
        PatternKind::Substring | PatternKind::Regex | PatternKind::Glob => text,
    };
    Some(Pattern {
        kind,
        text,
        unless_followed_by: None,
    })
}
