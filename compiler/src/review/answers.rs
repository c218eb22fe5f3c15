//! A policy in, what each action it names gets out, a table an action: rules that
//! cannot speak any more, because a stricter one always does, are left out.

use agentos_runtime::{
    glob::Glob,
    table::{Combine, Condition, DefaultAnswer, Effect, Part, Policy, Rule, Stage},
};

use super::words::{code, list};
use crate::prove::about::RuleAt;

/// What the calls of an action get.
pub(super) struct Answers<'p, 't> {
    /// The action, or what stands for it.
    pub(super) word: Option<&'t str>,
    pub(super) groups: Vec<Group<'p, 't>>,
    /// Whether a rule of one of them always holds.
    pub(super) is_certain: bool,
}

/// Rules that are asked together.
pub(super) struct Group<'p, 't> {
    /// How, where there are several or their order matters.
    pub(super) how: Option<String>,
    pub(super) rules: Vec<(RuleAt, &'p Rule<'t>)>,
}

/// Each action that the policy names at a stage, in the order in which it does, and
/// at the end every other one.
pub(super) fn answers<'p, 't>(policy: &'p Policy<'t>, stage: Stage) -> Vec<Answers<'p, 't>> {
    let mut answers: Vec<Answers<'p, 't>> = words(policy, stage)
        .into_iter()
        .map(|word| answer(policy, stage, Some(word)))
        .collect();
    answers.push(answer(policy, stage, None));
    answers
}

/// The words that a policy has for actions.
pub(super) fn words<'t>(policy: &Policy<'t>, stage: Stage) -> Vec<&'t str> {
    let rules = policy.parts.iter().flat_map(|part| &*part.rules);
    let rules = rules.filter(|rule| rule.stage == stage);
    let in_rules = rules.flat_map(|rule| &*rule.actions);
    let in_rates = policy.rates.iter().flat_map(|rate| &*rate.actions);
    let declared = policy.actions.iter().map(|action| &action.name);
    let all = declared.chain(in_rates).filter(|_| stage == Stage::Call);
    let mut words: Vec<&'t str> = Vec::new();
    for &word in all.chain(in_rules) {
        if word != "*" && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// What an action gets; `None` is one that the policy does not name.
fn answer<'p, 't>(policy: &'p Policy<'t>, stage: Stage, word: Option<&'t str>) -> Answers<'p, 't> {
    let parts = policy.parts.iter().enumerate();
    let parts: Vec<(&Part<'t>, Vec<(RuleAt, &Rule<'t>)>)> = parts
        .map(|(at, part)| (part, speaking((at, part), stage, word)))
        .filter(|(_, rules)| !rules.is_empty())
        .collect();
    let all_strictest = parts
        .iter()
        .all(|(part, _)| part.combine == Combine::Strictest);
    let mut groups = Vec::new();
    if all_strictest {
        let rules: Vec<_> = parts.into_iter().flat_map(|(_, rules)| rules).collect();
        if !rules.is_empty() {
            groups.push(Group {
                how: None,
                rules: strictest(rules),
            });
        }
    } else {
        let are_many = parts.len() > 1;
        for (part, rules) in parts {
            let of = if are_many {
                format!(" of {}", code(part.policy))
            } else {
                String::new()
            };
            let (rules, how) = match part.combine {
                Combine::Strictest => (strictest(rules), format!("The strictest{of} that holds:")),
                Combine::Priority => (by_priority(rules), format!("The first{of} that holds:")),
            };
            groups.push(Group {
                how: Some(how),
                rules,
            });
        }
    }
    let mut last = groups.iter().filter_map(|group| group.rules.last());
    let is_certain = last.any(|(_, rule)| always(rule));
    Answers {
        word,
        groups,
        is_certain,
    }
}

fn speaking<'p, 't>(
    (part_at, part): (usize, &'p Part<'t>),
    stage: Stage,
    word: Option<&str>,
) -> Vec<(RuleAt, &'p Rule<'t>)> {
    let rules = part.rules.iter().enumerate();
    let rules = rules.filter(|(_, rule)| {
        rule.stage == stage
            && rule.actions.iter().any(|pattern| match word {
                Some(name) => *pattern == name || Glob::new(pattern).matches(name),
                None => *pattern == "*",
            })
    });
    rules.map(|(at, rule)| ((part_at, at), rule)).collect()
}

type Rules<'p, 't> = Vec<(RuleAt, &'p Rule<'t>)>;

/// Falling strictness, up to the first rule that always fires.
fn strictest<'p, 't>(mut rules: Rules<'p, 't>) -> Rules<'p, 't> {
    rules.sort_by_key(|(_, rule)| std::cmp::Reverse((rule.effect, always(rule))));
    up_to_certain(rules)
}

/// Falling priority, then order, up to the first rule that always fires.
fn by_priority<'p, 't>(mut rules: Rules<'p, 't>) -> Rules<'p, 't> {
    rules.sort_by_key(|(_, rule)| std::cmp::Reverse(rule.priority));
    up_to_certain(rules)
}

fn up_to_certain<'p, 't>(mut rules: Rules<'p, 't>) -> Rules<'p, 't> {
    if let Some(at) = rules.iter().position(|(_, rule)| always(rule)) {
        rules.truncate(at + 1);
    }
    rules
}

pub(super) fn always(rule: &Rule<'_>) -> bool {
    match &rule.when {
        None => true,
        Some(Condition::All(parts)) => parts.is_empty(),
        Some(Condition::Any(_) | Condition::Test(_)) => false,
    }
}

/// What the default answers.
pub(super) fn default(policy: &Policy<'_>) -> String {
    match policy.default {
        DefaultAnswer::Allow => format!("**{}**", Effect::Allow),
        DefaultAnswer::Deny => format!("**{}**", Effect::Deny),
        DefaultAnswer::Abstain => "nothing".to_owned(),
    }
}

/// What the calls of an action carry, where that is declared.
pub(super) fn carried(policy: &Policy<'_>, action: &str) -> Option<String> {
    let mut actions = policy.actions.iter();
    let declared = actions.find(|declared| declared.name == action)?;
    if declared.params.is_empty() {
        return Some("Calls carry no params that are declared.".to_owned());
    }
    let params = list(&declared.params, |param| {
        let may = if param.optional {
            ", may be missing"
        } else {
            ""
        };
        format!("{} ({}{may})", code(param.name), param.ty)
    });
    Some(format!("Calls carry {params}."))
}
