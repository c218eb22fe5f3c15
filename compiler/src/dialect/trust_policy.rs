//! Trust policies: rules as in rule documents, and trust in `defaults`.
//!
//! Home: the first rule that matches, by rising number (1 before 10), then by
//! order; a missing field matches nothing; `warn` lets nothing through, and
//! `require_approval` is `escalate`. Where nothing matches, `defaults` deny a
//! trust score, a delegation or a namespace out of bounds, and the rest is
//! allowed.

use agentos_grammar::{
    Span, Spanned,
    ast::{
        Check, Combine, Comparison, Condition, DefaultAnswer, Effect, Field, Literal, Name, Policy,
        Test,
    },
    yaml::{Entry, Keys, Node},
};

use super::{
    condition::{self, Operator, Purpose},
    draft::{self, Draft, INFORMS, PolicyDraft},
    rule_document,
};
use crate::finding::{Finding, codes};

const EFFECTS: [(&str, Effect); 4] = [
    ("allow", Effect::Allow),
    ("deny", Effect::Deny),
    // The home answers "not allowed".
    ("warn", Effect::Deny),
    ("require_approval", Effect::Escalate),
];

/// The number of a rule that states none.
const PRIORITY: i64 = 100;

/// What `defaults` say where they are silent.
const MIN_TRUST_SCORE: i64 = 500;
const MAX_DELEGATION_DEPTH: i64 = 3;

pub(super) fn read(draft: &mut Draft<'_>, document: &Node) -> Vec<Spanned<Policy>> {
    const OF: &str = "a trust policy";
    let Some(mut keys) = draft.reading.mapping(document, OF) else {
        return Vec::new();
    };
    let Some(name) = draft.required_text(&mut keys, OF, "name") else {
        return Vec::new();
    };
    let at = name.span;
    let mut policy = PolicyDraft::new(document.span, name);
    policy.version(draft.version(&mut keys, "version"));
    policy.about(draft.text_or_null(&mut keys, "description"));
    policy.default(
        DefaultAnswer::Allow,
        at,
        Some("trust policies allow whom no rule and no default holds back"),
    );
    draft.find(Finding::new(
        &codes::DIALECT_DEFAULT,
        at,
        "whatever no rule and no default matches is allowed, as trust policies have it",
    ));
    policy.combine(Combine::Priority);
    if let Some(node) = keys.get("rules").filter(|node| !node.is_null()) {
        for (_, node, keys) in draft.elements(node, "rules") {
            let compiled = rule(draft, &mut policy, node, keys).is_some();
            draft.count(compiled);
        }
    }
    defaults(draft, &mut policy, keys.take("defaults"), at);
    draft.ignored_keys(
        &keys,
        OF,
        &["name", "version", "description", "rules", "defaults"],
        &INFORMS,
    );
    vec![policy.finish(draft)]
}

fn rule(
    draft: &mut Draft<'_>,
    policy: &mut PolicyDraft,
    node: &Node,
    mut keys: Keys<'_>,
) -> Option<()> {
    let name = draft.required_text(&mut keys, "a rule", "name");
    let effect = match keys.get("action") {
        Some(node) => draft.word(node, "effect", &EFFECTS, &codes::UNKNOWN_EFFECT),
        None => Some(Spanned::new(Effect::Deny, node.span)),
    };
    let condition = keys.get("condition");
    if condition.is_none() {
        draft
            .reading
            .missing::<()>(keys.span, "a rule", "condition");
    }
    let priority = match keys.get("priority") {
        Some(node) => draft.reading.integer(node, "priority"),
        None => Some(Spanned::new(PRIORITY, node.span)),
    };
    let because = draft.text_or_null(&mut keys, "description");
    draft.ignored_keys(
        &keys,
        "a rule",
        &["name", "condition", "action", "priority", "description"],
        &INFORMS,
    );
    let operators = [&Operator::BASIC[..], &Operator::ORDER].concat();
    let effect_of_rule = effect.as_ref().map_or(Effect::Deny, |effect| effect.node);
    let purpose = Purpose {
        operators: &operators,
        flags: "(?s)",
        effect: effect_of_rule,
        broadly: effect_of_rule == Effect::Deny,
    };
    let condition = condition?;
    let tested = rule_document::test(draft, condition, purpose)?;
    let (name, effect, priority) = (name?, effect?, priority?);
    if !condition::restrains(effect.node) {
        never_at_home(draft, condition);
    }
    let id = policy.fresh(&name);
    draft.disarmed(effect.node, &id, tested.disarmed_by.as_slice());
    let (actions, when) = condition::actions_of(tested.condition);
    let mut rule = draft::rule(
        effect,
        actions.unwrap_or_else(|| draft::every_action(node.span)),
    );
    rule.when = when;
    rule.because = because;
    // Here the larger goes first.
    rule.priority = Some(priority.map(i64::saturating_neg));
    rule.id = Some(id);
    policy.rule(Spanned::new(rule, node.span));
    Some(())
}

/// The home takes regexes of some shapes for dangerous and lets them match
/// nothing; a rule that permits must not do more here.
fn never_at_home(draft: &mut Draft<'_>, condition: &Node) {
    let is_regex = condition.get("operator").and_then(Node::as_str) == Some("matches");
    let Some((node, pattern)) = condition
        .get("value")
        .and_then(|node| Some((node, node.as_str()?)))
    else {
        return;
    };
    if is_regex
        && (pattern.len() > 200
            || ["{", "(+", "(.*)*", "(.+)+"]
                .iter()
                .any(|part| pattern.contains(part)))
    {
        draft.not_understood(
            node.span,
            "trust policies let a regex with `{` or of more than 200 characters match nothing, so this never permits",
            "write it without `{`, or take the rule out",
        );
    }
}

fn defaults(draft: &mut Draft<'_>, policy: &mut PolicyDraft, entry: Option<&Entry>, at: Span) {
    let mut keys = entry
        .filter(|entry| !entry.value.is_null())
        .and_then(|entry| draft.reading.mapping(&entry.value, "defaults"));
    // After every rule of the file.
    let last = policy
        .rules()
        .iter()
        .filter_map(|rule| rule.priority.as_ref())
        .map(|it| it.node)
        .min();
    let last = last.unwrap_or_default().saturating_sub(1);
    let mut silent = Vec::new();
    let mut number = |draft: &mut Draft<'_>, key: &'static str, otherwise: i64| {
        let Some(entry) = keys.as_mut().and_then(|keys| keys.take(key)) else {
            silent.push(format!("`{key}: {otherwise}`"));
            return Some((at, Spanned::new(otherwise.to_string(), at)));
        };
        let value = draft.reading.number(&entry.value, key)?;
        Some((draft::entry_span(entry), value))
    };
    if let Some((span, least)) = number(draft, "min_trust_score", MIN_TRUST_SCORE) {
        let because = format!("the trust score is below {}", least.node);
        bound(
            draft,
            policy,
            "min_trust_score",
            "trust_score",
            span,
            Comparison::Less,
            least,
            because,
            last,
        );
    }
    if let Some((span, most)) = number(draft, "max_delegation_depth", MAX_DELEGATION_DEPTH) {
        let because = format!("delegated more than {} times", most.node);
        bound(
            draft,
            policy,
            "max_delegation_depth",
            "delegation_depth",
            span,
            Comparison::Greater,
            most,
            because,
            last,
        );
    }
    let Some(mut keys) = keys else {
        silently(draft, at, &silent);
        return;
    };
    if let Some(entry) = keys.take("allowed_namespaces") {
        namespaces(draft, policy, entry, last);
    }
    if let Some(entry) = keys.take("require_handshake")
        && let Some(true) = draft
            .reading
            .boolean(&entry.value, "require_handshake")
            .map(|it| it.node)
    {
        draft.unenforced(
            entry.key.span,
            "`require_handshake` is kept where agents meet, and nothing here sees that",
        );
    }
    silently(draft, keys.span, &silent);
    let known = [
        "min_trust_score",
        "max_delegation_depth",
        "allowed_namespaces",
        "require_handshake",
    ];
    draft.ignored_keys(&keys, "`defaults`", &known, &INFORMS);
}

/// Says which bounds the home sets where the file is silent.
fn silently(draft: &mut Draft<'_>, span: Span, silent: &[String]) {
    if !silent.is_empty() {
        let message = format!(
            "the file does not state {}, which its home then sets",
            silent.join(" and ")
        );
        draft.find(Finding::new(&codes::DIALECT_DEFAULT, span, message));
    }
}

/// `deny * when exists context.F and context.F < N`, after all rules.
#[expect(
    clippy::too_many_arguments,
    reason = "one call a line above, each naming all that differs"
)]
fn bound(
    draft: &mut Draft<'_>,
    policy: &mut PolicyDraft,
    id: &str,
    field: &str,
    span: Span,
    comparison: Comparison,
    value: Spanned<String>,
    because: String,
    priority: i64,
) {
    let name = Spanned::new(field.to_owned(), span);
    let path = vec!["context".to_owned(), field.to_owned()];
    let check = Check::Compare(comparison, value.map(Literal::Number));
    let test = test(path, check, span);
    last_rule(
        draft,
        policy,
        id,
        vec![condition::guarded(test, &name, Effect::Deny)],
        span,
        because,
        priority,
    );
}

fn namespaces(draft: &mut Draft<'_>, policy: &mut PolicyDraft, entry: &Entry, priority: i64) {
    let Some(nodes) = draft.reading.list(&entry.value, "allowed_namespaces") else {
        return;
    };
    let names: Vec<Name> = nodes
        .iter()
        .filter_map(|node| draft.reading.text(node, "allowed_namespaces"))
        .collect();
    if names.iter().any(|name| name.node == "*") {
        return;
    }
    let span = draft::entry_span(entry);
    if names.is_empty() {
        let message = "an empty list allows no namespace; every agent that states one is denied";
        draft.not_understood(span, message, "list the namespaces, or write `\"*\"`");
        return;
    }
    let list: Vec<Spanned<Literal>> = names
        .into_iter()
        .map(|name| name.map(Literal::Text))
        .collect();
    let tests = [
        vec!["context", "agent", "namespace"],
        vec!["context", "agent_namespace"],
    ]
    .into_iter()
    .map(|path| {
        let name = Spanned::new(path[1..].join("."), span);
        let path = path.into_iter().map(str::to_owned).collect();
        let check = Check::In {
            negated: true,
            list: list.clone(),
        };
        condition::guarded(test(path, check, span), &name, Effect::Deny)
    })
    .collect();
    let because = "the agent's namespace is none of those allowed".to_owned();
    last_rule(
        draft,
        policy,
        "allowed_namespaces",
        tests,
        span,
        because,
        priority,
    );
}

fn test(path: Vec<String>, check: Check, span: Span) -> Spanned<Condition> {
    let field = Spanned::new(Field { path }, span);
    Spanned::new(
        Condition::Test(Test {
            quantifier: None,
            field,
            check: Spanned::new(check, span),
        }),
        span,
    )
}

/// A deny that stands after every rule of the file, when one of `tests` holds.
fn last_rule(
    draft: &mut Draft<'_>,
    policy: &mut PolicyDraft,
    id: &str,
    tests: Vec<condition::Tested>,
    span: Span,
    because: String,
    priority: i64,
) {
    let id = policy.fresh(&Spanned::new(id.to_owned(), span));
    let by: Vec<Name> = tests
        .iter()
        .filter_map(|test| test.disarmed_by.clone())
        .collect();
    draft.disarmed(Effect::Deny, &id, by.get(..1).unwrap_or_default());
    let mut conditions: Vec<Spanned<Condition>> =
        tests.into_iter().map(|test| test.condition).collect();
    let when = if conditions.len() > 1 {
        Some(Spanned::new(Condition::Or(conditions), span))
    } else {
        conditions.pop()
    };
    let mut rule = draft::rule(Spanned::new(Effect::Deny, span), draft::every_action(span));
    rule.when = when;
    rule.because = Some(Spanned::new(because, span));
    rule.priority = Some(Spanned::new(priority, span));
    rule.id = Some(id);
    policy.rule(Spanned::new(rule, span));
}
