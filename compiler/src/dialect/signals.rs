//! Weighted signals: categories of intent, each with patterns and weights.
//!
//! Home: five of the nine categories are denied, from a confidence of 0.5 on;
//! the rest is allowed. There only the category with the heaviest signal is
//! compared with those five; here each of them is.

use agentos_grammar::{
    Spanned,
    ast::{Condition, DefaultAnswer, Effect, Intent, IntentTest, Name, Policy, Signal},
    yaml::{Entry, Keys, Node},
};

use super::draft::{self, Draft, INFORMS, PolicyDraft};
use crate::finding::{Finding, codes};

/// What the home denies where nobody says what to deny.
const DENIED: [&str; 5] = [
    "destructive_data",
    "data_exfiltration",
    "privilege_escalation",
    "system_modification",
    "code_execution",
];

/// From which confidence on.
const THRESHOLD: &str = "0.5";

pub(super) fn read(draft: &mut Draft<'_>, document: &Node) -> Vec<Spanned<Policy>> {
    const OF: &str = "a file of signals";
    let Some(mut keys) = draft.reading.mapping(document, OF) else {
        return Vec::new();
    };
    let stem = Spanned::new(draft.stem().to_owned(), draft::first_key(document));
    let name = draft.optional_text(&mut keys, "name").unwrap_or(stem);
    let at = name.span;
    let mut policy = PolicyDraft::new(document.span, name);
    policy.version(draft.version(&mut keys, "version"));
    policy.about(draft.text_or_null(&mut keys, "description"));
    policy.default(
        DefaultAnswer::Allow,
        at,
        Some("files of signals allow what is not classified as dangerous"),
    );
    draft.find(Finding::new(
        &codes::DIALECT_DEFAULT,
        at,
        "whatever is not classified as one of five intents is allowed, as files of signals have it",
    ));
    let entry = keys.take("signals");
    let categories = entry.and_then(|entry| draft.reading.mapping(&entry.value, "signals"));
    let mut denied: Vec<Name> = Vec::new();
    for entry in categories
        .map(|categories| categories.entries)
        .unwrap_or_default()
    {
        if let Some(category) = category(draft, &mut policy, entry)
            && DENIED.contains(&category.node.as_str())
        {
            denied.push(category);
        }
    }
    if let Some(entry) = entry
        && !denied.is_empty()
    {
        let span = entry.key.span;
        let test = IntentTest {
            categories: denied,
            at: Some(Spanned::new(THRESHOLD.to_owned(), span)),
        };
        let mut rule = draft::rule(Spanned::new(Effect::Deny, span), draft::every_action(span));
        rule.when = Some(Spanned::new(Condition::Intent(test), span));
        rule.id = Some(policy.fresh(&Spanned::new("denied-intents".to_owned(), span)));
        policy.rule(Spanned::new(rule, draft::entry_span(entry)));
    }
    draft.ignored_keys(
        &keys,
        OF,
        &["version", "name", "description", "signals"],
        &INFORMS,
    );
    vec![policy.finish(draft)]
}

/// A category with its signals, its name where it has any.
fn category(draft: &mut Draft<'_>, policy: &mut PolicyDraft, entry: &Entry) -> Option<Name> {
    let category = draft.reading.key(entry, "signals")?;
    let nodes = draft.reading.list(&entry.value, &category.node)?;
    let mut signals = Vec::new();
    for node in nodes {
        let read = draft
            .reading
            .mapping(node, "a signal")
            .and_then(|keys| signal(draft, keys));
        draft.count(read.is_some());
        signals.extend(read.map(|signal| Spanned::new(signal, node.span)));
    }
    if signals.is_empty() {
        return None;
    }
    policy.intent(Spanned::new(
        Intent {
            category: category.clone(),
            signals,
        },
        draft::entry_span(entry),
    ));
    Some(category)
}

fn signal(draft: &mut Draft<'_>, mut keys: Keys<'_>) -> Option<Signal> {
    const OF: &str = "a signal";
    let pattern = draft.required_text(&mut keys, OF, "pattern");
    let weight = match keys.get("weight") {
        Some(node) => draft.reading.number(node, "weight"),
        None => draft.reading.missing(keys.span, OF, "weight"),
    };
    let explain = draft.text_or_null(&mut keys, "explanation");
    draft.ignored_keys(&keys, OF, &["pattern", "weight", "explanation"], &INFORMS);
    Some(Signal {
        weight: weight?,
        pattern: pattern?,
        unless_followed_by: None,
        explain,
    })
}
