//! A policy in, what each action it names gets out: rules that cannot speak any
//! more, because a stricter one always does, are left out.

use agentos_runtime::{
    glob::Glob,
    table::{Combine, Condition, DefaultAnswer, Effect, Part, Policy, Rule, Stage},
};

use super::words::{code, condition};

/// Each action that the policy names, in the order in which it does, and at
/// the end every other one.
pub(super) fn answers(policy: &Policy<'_>) -> Vec<(String, String)> {
    let rules = || policy.parts.iter().flat_map(|part| &*part.rules);
    let in_calls = rules().filter(|rule| rule.stage == Stage::Call);
    let in_rules = in_calls.flat_map(|rule| &*rule.actions);
    let in_rates = policy.rates.iter().flat_map(|rate| &*rate.actions);
    let declared = policy.actions.iter().map(|action| &action.name);
    let mut names: Vec<&str> = Vec::new();
    for name in declared.chain(in_rules).chain(in_rates) {
        if *name != "*" && !names.contains(name) {
            names.push(name);
        }
    }
    let mut answers: Vec<(String, String)> = names
        .iter()
        .map(|name| (code(name), answer(policy, Some(name))))
        .collect();
    let rest = if answers.is_empty() {
        "every action"
    } else {
        "every other action"
    };
    answers.push((rest.to_owned(), answer(policy, None)));
    answers
}

/// What `action` gets; `None` is one that the policy does not name.
fn answer(policy: &Policy<'_>, action: Option<&str>) -> String {
    let all_strictest = policy
        .parts
        .iter()
        .all(|part| part.combine == Combine::Strictest);
    if all_strictest {
        let rules: Vec<&Rule<'_>> = policy
            .parts
            .iter()
            .flat_map(|part| speaking(part, action))
            .collect();
        return lines(policy, &strictest(rules), true);
    }
    // Each part has its own order; the strictest of their answers stands.
    let mut certain = false;
    let mut parts: Vec<String> = Vec::new();
    for part in policy.parts.iter() {
        let rules: Vec<&Rule<'_>> = speaking(part, action).collect();
        if rules.is_empty() {
            continue;
        }
        let (rules, how) = match part.combine {
            Combine::Strictest => (strictest(rules), "the strictest"),
            Combine::Priority => (by_priority(rules), "the first"),
        };
        certain |= rules.last().is_some_and(|rule| always(rule));
        parts.push(format!(
            "{how} of {}:<br>{}",
            code(part.policy),
            lines(policy, &rules, false)
        ));
    }
    match (parts.is_empty(), certain) {
        (true, _) => otherwise(policy),
        (false, true) => parts.join("<br>"),
        (false, false) => format!("{}<br>otherwise {}", parts.join("<br>"), otherwise(policy)),
    }
}

fn speaking<'p, 't>(
    part: &'p Part<'t>,
    action: Option<&'p str>,
) -> impl Iterator<Item = &'p Rule<'t>> {
    part.rules.iter().filter(move |rule| {
        rule.stage == Stage::Call
            && rule.actions.iter().any(|pattern| match action {
                Some(name) => *pattern == name || Glob::new(pattern).matches(name),
                None => *pattern == "*",
            })
    })
}

/// Falling strictness, up to the first rule that always fires.
fn strictest<'p, 't>(mut rules: Vec<&'p Rule<'t>>) -> Vec<&'p Rule<'t>> {
    rules.sort_by_key(|rule| std::cmp::Reverse((rule.effect, always(rule))));
    up_to_certain(rules)
}

/// Falling priority, then order, up to the first rule that always fires.
fn by_priority<'p, 't>(mut rules: Vec<&'p Rule<'t>>) -> Vec<&'p Rule<'t>> {
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.priority));
    up_to_certain(rules)
}

fn up_to_certain<'p, 't>(mut rules: Vec<&'p Rule<'t>>) -> Vec<&'p Rule<'t>> {
    if let Some(at) = rules.iter().position(|rule| always(rule)) {
        rules.truncate(at + 1);
    }
    rules
}

fn always(rule: &Rule<'_>) -> bool {
    match &rule.when {
        None => true,
        Some(Condition::All(parts)) => parts.is_empty(),
        Some(Condition::Any(_) | Condition::Test(_)) => false,
    }
}

fn lines(policy: &Policy<'_>, rules: &[&Rule<'_>], with_default: bool) -> String {
    let certain = rules.last().is_some_and(|rule| always(rule));
    let mut lines: Vec<String> = Vec::new();
    for rule in rules {
        let when = match &rule.when {
            Some(when) if !always(rule) => format!(" when {}", condition(policy, when)),
            _ if rules.len() > 1 => " otherwise".to_owned(),
            _ => String::new(),
        };
        lines.push(format!("**{}**{when} ({})", rule.effect, code(rule.id)));
    }
    if with_default && !certain {
        let default = otherwise(policy);
        lines.push(if lines.is_empty() {
            default
        } else {
            format!("otherwise {default}")
        });
    }
    lines.join("<br>")
}

fn otherwise(policy: &Policy<'_>) -> String {
    match policy.default {
        DefaultAnswer::Allow => format!("**{}** (default)", Effect::Allow),
        DefaultAnswer::Deny => format!("**{}** (default)", Effect::Deny),
        DefaultAnswer::Abstain => "nothing (default)".to_owned(),
    }
}
