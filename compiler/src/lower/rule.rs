//! A rule or a rate as written in, what it means out.

use std::collections::HashMap;

use agentos_grammar::{Span, Spanned, ast};

use super::{condition, scope::Scope};
use crate::{
    finding::{Finding, codes},
    ir,
    nearest::nearest,
};

/// Counts rules of a kind, to name those that have no id.
#[derive(Default)]
pub(super) struct Ids {
    made: HashMap<(ast::Effect, String), u32>,
}

impl Ids {
    /// `deny-send_email-1`: effect, action, position among its kind.
    fn make(&mut self, effect: ast::Effect, actions: &[Spanned<String>]) -> String {
        let action = match actions.first().map(|action| action.node.as_str()) {
            None | Some("*") => "all",
            Some(action) => action,
        };
        let count = self.made.entry((effect, action.to_owned())).or_insert(0);
        *count += 1;
        format!("{}-{action}-{count}", effect_word(effect))
    }
}

/// The word of the language for an effect.
pub(super) fn effect_word(effect: ast::Effect) -> &'static str {
    match effect {
        ast::Effect::Allow => "allow",
        ast::Effect::Audit => "audit",
        ast::Effect::Defer => "defer",
        ast::Effect::Escalate => "escalate",
        ast::Effect::Deny => "deny",
    }
}

/// Lowers a rule. What is broken in it is reported; the rest stands.
pub(super) fn lower(
    rule: &ast::Rule,
    span: Span,
    scope: &Scope,
    ids: &mut Ids,
    found: &mut Vec<Finding>,
) -> ir::Rule {
    let made = ids.make(rule.effect.node, &rule.actions);
    actions(&rule.actions, found);
    near_misses(&rule.actions, scope, found);
    let text = |name: &Option<ast::Name>| name.as_ref().map(|name| name.node.clone());
    ir::Rule {
        effect: rule.effect.clone(),
        id: text(&rule.id).unwrap_or(made),
        span,
        actions: rule.actions.clone(),
        stage: rule
            .stage
            .as_ref()
            .map(|stage| stage.node)
            .unwrap_or_default(),
        when: condition::of_rule(rule, scope, found),
        priority: rule.priority.clone(),
        because: text(&rule.because),
        suggest: text(&rule.suggest),
        approvers: rule
            .approvers
            .as_ref()
            .and_then(|approvers| self::approvers(approvers, &rule.effect, found)),
        severity: rule.severity.as_ref().map(|severity| severity.node),
        help: text(&rule.help),
    }
}

/// Lowers a rate; `None` where it counts nothing.
pub(super) fn rate(rate: &ast::Rate, span: Span, found: &mut Vec<Finding>) -> Option<ir::Rate> {
    actions(&rate.actions, found);
    if rate.otherwise.node <= ast::Effect::Audit {
        found.push(
            Finding::new(
                &codes::LIMIT_OUT_OF_RANGE,
                rate.otherwise.span,
                format!(
                    "`else {}` makes the rate without effect",
                    effect_word(rate.otherwise.node)
                ),
            )
            .help_in(
                "write `else deny`, `else escalate` or `else defer`",
                "write `else: deny`, `else: escalate` or `else: defer`",
            ),
        );
        return None;
    }
    if rate.count.node == 0 {
        let (effect, action) = (effect_word(rate.otherwise.node), one_name(&rate.actions));
        found.push(
            Finding::new(
                &codes::LIMIT_OUT_OF_RANGE,
                rate.count.span,
                "a rate of 0 lets nothing through, so there is nothing to count",
            )
            .help_in(
                format!("write a rule: `{effect} {action};`"),
                format!("write a rule: `- {effect}: {action}`"),
            ),
        );
        return None;
    }
    Some(ir::Rate {
        span,
        actions: rate.actions.clone(),
        count: rate.count.node,
        per_ms: unit_ms(rate.per.node),
        scope: rate
            .scope
            .as_ref()
            .map_or(ast::RateScope::Agent, |scope| scope.node),
        otherwise: rate.otherwise.node,
        because: rate.because.as_ref().map(|because| because.node.clone()),
    })
}

/// The actions as a rule would name them, where they are one short name.
fn one_name(actions: &[Spanned<String>]) -> &str {
    let plain = |name: &str| {
        name.len() <= 64
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    };
    match actions {
        [one] if plain(&one.node) => &one.node,
        _ => "…",
    }
}

/// How long a unit is.
pub(super) const fn unit_ms(unit: ast::TimeUnit) -> u64 {
    match unit {
        ast::TimeUnit::Millisecond => 1,
        ast::TimeUnit::Second => 1000,
        ast::TimeUnit::Minute => 60 * 1000,
        ast::TimeUnit::Hour => 60 * 60 * 1000,
        ast::TimeUnit::Day => 24 * 60 * 60 * 1000,
    }
}

/// A length of time in milliseconds; `None` where it is no whole number of them.
pub(super) fn duration_ms(duration: &ast::Duration) -> Option<u64> {
    let count: agentos_runtime::Number = duration.count.parse().ok()?;
    let scale = 10_i128.checked_pow(u32::from(count.scale()))?;
    let ms = count
        .mantissa()
        .checked_mul(i128::from(unit_ms(duration.unit)))?;
    (ms % scale == 0)
        .then(|| u64::try_from(ms / scale).ok())
        .flatten()
}

fn approvers(
    approvers: &Spanned<ast::Approvers>,
    effect: &Spanned<ast::Effect>,
    found: &mut Vec<Finding>,
) -> Option<ir::Approvers> {
    let mut wrong = |span, message: String, help: String| {
        found.push(Finding::new(&codes::APPROVERS_OUT_OF_RANGE, span, message).help(help));
    };
    if effect.node != ast::Effect::Escalate {
        let word = effect_word(effect.node);
        wrong(
            approvers.span,
            format!("only `escalate` has approvers, and this rule is `{word}`"),
            "take the approvers out, or make the rule `escalate`".to_owned(),
        );
        return None;
    }
    for name in &approvers.of {
        if name.node.trim().is_empty() {
            wrong(
                name.span,
                "an approver's name is empty".to_owned(),
                "name a person or a role".to_owned(),
            );
        }
    }
    let mut names: Vec<&str> = approvers.of.iter().map(|name| name.node.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let (needed, people) = (approvers.needed.node, names.len());
    if needed == 0 || needed as usize > people {
        wrong(
            approvers.needed.span,
            format!("{needed} approvals of {people} different people"),
            format!("need at least 1 and at most {people}, or name more people"),
        );
        return None;
    }
    let within_ms = match &approvers.within {
        None => None,
        Some(within) => match duration_ms(&within.node) {
            Some(ms) if ms > 0 => Some(ms),
            _ => {
                wrong(
                    within.span,
                    "an approval needs some time".to_owned(),
                    "write a time above zero, such as `60m`".to_owned(),
                );
                return None;
            }
        },
    };
    Some(ir::Approvers {
        needed,
        of: approvers.of.iter().map(|name| name.node.clone()).collect(),
        within_ms,
    })
}

fn actions(actions: &[Spanned<String>], found: &mut Vec<Finding>) {
    for action in actions
        .iter()
        .filter(|action| action.node.trim().is_empty())
    {
        found.push(
            Finding::new(
                &codes::WRONG_SHAPE,
                action.span,
                "an action's name is empty",
            )
            .help("name the action, or write `*` for all of them"),
        );
    }
}

/// A name that is nearly a declared one is likely meant to be it.
fn near_misses(actions: &[Spanned<String>], scope: &Scope, found: &mut Vec<Finding>) {
    for action in actions {
        let name = &action.node;
        if scope.actions.is_empty()
            || name.contains(['*', '?', '['])
            || scope.actions.contains_key(name)
        {
            continue;
        }
        // A long list of names is compared by length first: most are far off.
        let close = scope
            .actions
            .keys()
            .map(String::as_str)
            .filter(|known| known.len().abs_diff(name.len()) <= 1 && name.len() > 3);
        let near = close.filter(|known| {
            strsim::damerau_levenshtein(known, name) == 1 && !differs_in_number(known, name)
        });
        let Some(near) = near.min() else { continue };
        let finding = Finding::new(
            &codes::UNKNOWN_ACTION,
            action.span,
            format!("no action `{name}` is declared, but `{near}` is"),
        );
        found.push(match nearest(name, [near]) {
            Some(near) => finding.meant(near),
            None => finding.help(format!("declare `{name}` too")),
        });
    }
}

/// `step_1` and `step_2` are two names, not one and its misspelling.
fn differs_in_number(a: &str, b: &str) -> bool {
    let bare = |s: &str| {
        s.chars()
            .filter(|c| !c.is_ascii_digit())
            .collect::<String>()
    };
    a != b && bare(a) == bare(b)
}
