//! Toolkit policies (`governance.toolkit/v1`): rules whose condition is a text.
//!
//! Home: the first rule that matches, by falling priority, then by order;
//! `warn` and `log` permit and flag; `require_approval` asks its approvers;
//! where nothing matches, `default_action`, and `deny` where that is not stated.
//! `rate_limit` is read as a rate, which only a kernel that counts can keep;
//! the rule grants nothing here.

use std::{cmp::Reverse, collections::HashMap};

use agentos_grammar::{
    Span, Spanned,
    ast::{
        Approvers, Combine, Condition, DefaultAnswer, Effect, Name, Policy, Rate, Rule, Stage,
        TimeUnit,
    },
    yaml::{self, Keys, Node},
};

use super::{
    condition,
    draft::{self, Draft, INFORMS, PolicyDraft, shown},
    expression,
};
use crate::finding::{Finding, codes};

/// What `action` may say.
#[derive(Clone, Copy)]
enum Action {
    Effect(Effect),
    RateLimit,
}

const ACTIONS: [(&str, Action); 6] = [
    ("allow", Action::Effect(Effect::Allow)),
    ("deny", Action::Effect(Effect::Deny)),
    ("warn", Action::Effect(Effect::Audit)),
    ("log", Action::Effect(Effect::Audit)),
    ("require_approval", Action::Effect(Effect::Escalate)),
    ("rate_limit", Action::RateLimit),
];

const DEFAULTS: [(&str, DefaultAnswer); 2] = [
    ("allow", DefaultAnswer::Allow),
    ("deny", DefaultAnswer::Deny),
];

const STAGES: [(&str, Stage); 4] = [
    ("pre_input", Stage::Input),
    ("pre_tool", Stage::Call),
    ("post_tool", Stage::Output),
    ("pre_output", Stage::Output),
];

const VERSIONS: [&str; 1] = ["governance.toolkit/v1"];

pub(super) fn read(draft: &mut Draft<'_>, document: &Node) -> Vec<Spanned<Policy>> {
    const OF: &str = "a toolkit policy";
    let Some(mut keys) = draft.reading.mapping(document, OF) else {
        return Vec::new();
    };
    if let Some(version) = draft.version(&mut keys, "apiVersion")
        && !VERSIONS.contains(&version.node.as_str())
    {
        let message = format!(
            "`{}` is no version of this dialect that is read here",
            shown(&version.node)
        );
        draft.not_understood(
            version.span,
            message,
            "read here is `governance.toolkit/v1`",
        );
    }
    let Some(name) = draft.required_text(&mut keys, OF, "name") else {
        return Vec::new();
    };
    let at = name.span;
    let mut policy = PolicyDraft::new(document.span, name);
    policy.version(draft.version(&mut keys, "version"));
    policy.about(draft.text_or_null(&mut keys, "description"));
    let default = default(draft, &mut policy, &mut keys, at);
    policy.combine(Combine::Priority);
    target(draft, &mut keys);
    let mut rates = Vec::new();
    if let Some(node) = keys.get("rules").filter(|node| !node.is_null()) {
        for (_, node, keys) in draft.elements(node, "rules") {
            let compiled = rule(draft, &mut policy, node, keys, &mut rates).is_some();
            draft.count(compiled);
        }
    }
    withhold(&mut policy, rates, default);
    let known = [
        "apiVersion",
        "version",
        "name",
        "description",
        "default_action",
        "rules",
        "scope",
    ];
    draft.ignored_keys(&keys, OF, &known, &INFORMS);
    vec![policy.finish(draft)]
}

fn default(
    draft: &mut Draft<'_>,
    policy: &mut PolicyDraft,
    keys: &mut Keys<'_>,
    at: Span,
) -> DefaultAnswer {
    let Some(entry) = keys.take("default_action") else {
        policy.default(DefaultAnswer::Deny, at, None);
        return DefaultAnswer::Deny;
    };
    let span = draft::entry_span(entry);
    let answer = draft.word(&entry.value, "default", &DEFAULTS, &codes::UNKNOWN_EFFECT);
    let answer = answer.map_or(DefaultAnswer::Deny, |answer| answer.node);
    if answer == DefaultAnswer::Allow {
        policy.default(
            answer,
            span,
            Some("as `default_action` of the toolkit policy says"),
        );
        draft.find(Finding::new(
            &codes::DIALECT_DEFAULT,
            span,
            "whatever no rule matches is allowed, as toolkit policies may have it",
        ));
    } else {
        policy.default(answer, span, None);
    }
    answer
}

/// Whom the policy is for, and what it builds on.
fn target(draft: &mut Draft<'_>, keys: &mut Keys<'_>) {
    let empty = |node: &Node| node.is_null() || node.as_sequence().is_some_and(<[_]>::is_empty);
    for key in ["agent", "agents"] {
        let everybody = |node: &Node| {
            node.as_sequence()
                .is_some_and(|names| names.iter().any(|name| name.as_str() == Some("*")))
        };
        if let Some(entry) = keys
            .take(key)
            .filter(|entry| !empty(&entry.value) && !everybody(&entry.value))
        {
            draft.not_understood(
                entry.key.span,
                format!("`{key}` narrows the whole policy to some agents, its default too"),
                "give the policy to those agents only where policies are assigned, and take the key out",
            );
        }
    }
    if let Some(entry) = keys.take("extends").filter(|entry| !empty(&entry.value)) {
        draft.not_understood(
            entry.key.span,
            "`extends` names files, and a policy here does not open files",
            "give the files together, and write `extends` with the names of policies in the language",
        );
    }
    // It settles which of several policies wins; here the strictest does.
    if let Some(node) = keys.get("scope") {
        draft.reading.text(node, "scope");
    }
}

fn rule(
    draft: &mut Draft<'_>,
    policy: &mut PolicyDraft,
    node: &Node,
    mut keys: Keys<'_>,
    rates: &mut Vec<Limited>,
) -> Option<()> {
    let name = draft.required_text(&mut keys, "a rule", "name");
    let action = match keys.get("action") {
        Some(node) => draft.word(node, "effect", &ACTIONS, &codes::UNKNOWN_EFFECT),
        None => Some(Spanned::new(Action::Effect(Effect::Deny), node.span)),
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
    let because = draft.text_or_null(&mut keys, "description");
    let stage = match keys.get("stage") {
        Some(node) => Some(draft.word(node, "stage", &STAGES, &codes::UNKNOWN_WORD)?),
        None => None,
    };
    let approvers = draft.list_of_texts(&mut keys, "approvers");
    let limit = keys.take("limit").filter(|entry| !entry.value.is_null());
    let enabled = keys
        .take("enabled")
        .map(|entry| (entry, draft.reading.boolean(&entry.value, "enabled")));
    let known = [
        "name",
        "description",
        "condition",
        "action",
        "limit",
        "approvers",
        "priority",
        "enabled",
        "stage",
    ];
    draft.ignored_keys(&keys, "a rule", &known, &INFORMS);
    let rate = match limit {
        Some(entry) => Some((entry, rate(draft, &entry.value)?)),
        None => None,
    };
    let (name, action, priority) = (name?, action?, priority?);
    let effect = match action.node {
        Action::Effect(effect) => Spanned::new(effect, action.span),
        Action::RateLimit => Spanned::new(Effect::Deny, action.span),
    };
    let (condition, disarmed_by) = condition_of(draft, condition?, effect.node)?;
    if let Some((entry, Some(value))) = enabled
        && !value.node
    {
        draft.unenforced(
            entry.key.span,
            format!("the rule `{}` is switched off", shown(&name.node)),
        );
        return None;
    }
    let id = policy.fresh(&name);
    let (actions, when) = condition::actions_of(condition);
    let actions = actions.unwrap_or_else(|| draft::every_action(node.span));
    let mut rule = draft::rule(effect, actions);
    rule.when = when;
    rule.because = because;
    rule.stage = stage;
    rule.priority = Some(priority);
    rule.id = Some(id.clone());
    if let Some((entry, (count, per))) = rate {
        // What the rule grants, it grants within the rate only, and nobody here counts.
        if matches!(action.node, Action::RateLimit) || !condition::restrains(rule.effect.node) {
            let message = format!(
                "the rate of `{}` is counted by a kernel only, so the rule grants nothing here",
                shown(&id.node)
            );
            draft.unenforced(entry.key.span, message);
            if rule.when.is_none() {
                let otherwise = Spanned::new(Effect::Deny, action.span);
                let (actions, because) = (rule.actions.clone(), rule.because.take());
                let rate = Rate {
                    actions,
                    count: count.clone(),
                    per: per.clone(),
                    scope: None,
                    otherwise,
                    because,
                };
                policy.rate(Spanned::new(rate, node.span));
            }
            rule.effect.node = Effect::Deny;
            let because = format!(
                "only a kernel that counts grants this, {} a {}",
                count.node,
                per.long_word()
            );
            rule.because = Some(Spanned::new(because, entry.value.span));
            rates.push(Limited {
                rule: Spanned::new(rule, node.span),
                position: policy.rules().len(),
            });
            return None;
        }
    } else if matches!(action.node, Action::RateLimit) {
        draft
            .reading
            .missing::<()>(node.span, "a rule with `rate_limit`", "limit");
        return None;
    }
    if rule.effect.node == Effect::Escalate {
        if !approvers.is_empty() {
            let span = approvers
                .iter()
                .fold(approvers[0].span, |all, name| all.to(name.span));
            let needed = Spanned::new(1, span);
            rule.approvers = Some(Spanned::new(
                Approvers {
                    needed,
                    of: approvers,
                    within: None,
                },
                span,
            ));
        }
    } else if let Some(first) = approvers.first() {
        draft.unenforced(first.span, "approvers of a rule that asks nobody");
    }
    draft.disarmed(rule.effect.node, &id, &disarmed_by);
    policy.rule(Spanned::new(rule, node.span));
    Some(())
}

/// The condition of a rule, its places those of the file.
fn condition_of(
    draft: &mut Draft<'_>,
    node: &Node,
    effect: Effect,
) -> Option<(Spanned<Condition>, Vec<Name>)> {
    let text = draft.reading.text(node, "condition")?;
    let alignment = yaml::Alignment::of(&draft.source.text, node)?;
    match expression::read(&text.node, node.span, effect) {
        Ok(mut expression) => {
            expression
                .condition
                .map_spans(&mut |span| alignment.map(span));
            for name in &mut expression.disarmed_by {
                name.span = alignment.map(name.span);
            }
            Some((expression.condition, expression.disarmed_by))
        }
        Err(unreadable) => {
            draft.not_understood(
                alignment.map(unreadable.span),
                unreadable.message,
                "read are `field == 'text'`, `!=`, `<`, `<=`, `>`, `>=` with a number, `field in ['a', 'b']`, a field alone, `and`, `or`",
            );
            None
        }
    }
}

/// `3/minute`
fn rate(draft: &mut Draft<'_>, node: &Node) -> Option<(Spanned<u64>, Spanned<TimeUnit>)> {
    let text = draft.reading.text(node, "limit")?;
    let parsed = text.node.split_once('/').and_then(|(count, per)| {
        let count: u64 = count.trim().parse().ok()?;
        let per = TimeUnit::from_long_word(&per.trim().to_lowercase())?;
        (per != TimeUnit::Millisecond).then_some((count, per))
    });
    if parsed.is_none() {
        let message = format!(
            "`limit` takes a number and a unit of time, not `{}`",
            shown(&text.node)
        );
        draft.reading.fail(
            agentos_grammar::SyntaxErrorKind::WrongShape,
            text.span,
            message,
            Some("write it as `3/minute`; units are second, minute, hour and day".to_owned()),
        );
    }
    let (count, per) = parsed?;
    Some((Spanned::new(count, text.span), Spanned::new(per, text.span)))
}

/// A rule whose grant rests on a rate, as a deny, and how many rules of the file
/// stand before it.
struct Limited {
    rule: Spanned<Rule>,
    position: usize,
}

/// When a rule is asked: the smaller, the earlier.
type Turn = (Reverse<i64>, usize);

/// Adds the denies where something after them would permit what a rate alone may
/// grant; where nothing would, the default denies.
fn withhold(policy: &mut PolicyDraft, limited: Vec<Limited>, default: DefaultAnswer) {
    let turn = |rule: &Rule, position: usize| -> Turn {
        (
            Reverse(rule.priority.as_ref().map_or(0, |priority| priority.node)),
            position,
        )
    };
    // The last turn at which something is permitted: whatever it is, what is not
    // told by its name, and what is.
    let mut any: Option<Turn> = None;
    let mut unnamed: Option<Turn> = None;
    let mut named: HashMap<&str, Turn> = HashMap::new();
    let rules = policy.rules().iter().enumerate();
    for (position, rule) in rules.filter(|(_, rule)| !condition::restrains(rule.effect.node)) {
        // A limited rule of the same position stands before it.
        let turn = turn(rule, position + 1);
        any = any.max(Some(turn));
        for action in &rule.actions {
            if condition::is_plain_name(&action.node) {
                let last = named.entry(action.node.as_str()).or_insert(turn);
                *last = turn.max(*last);
            } else {
                unnamed = unnamed.max(Some(turn));
            }
        }
    }
    let permitted = |limited: &Limited| {
        let mine = Some(turn(&limited.rule, limited.position));
        let actions = &limited.rule.actions;
        if actions
            .iter()
            .all(|action| condition::is_plain_name(&action.node))
        {
            let by_name = |name: &Name| named.get(name.node.as_str()).copied() > mine;
            unnamed > mine || actions.iter().any(by_name)
        } else {
            any > mine
        }
    };
    let withheld: Vec<(usize, Spanned<Rule>)> = limited
        .into_iter()
        .filter(|limited| default == DefaultAnswer::Allow || permitted(limited))
        .map(|limited| (limited.position, limited.rule))
        .collect();
    policy.insert_rules(withheld);
}
