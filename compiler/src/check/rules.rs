//! Defaults and rules that permit more than they seem to.

use agentos_grammar::ast::{Combine, DefaultAnswer, Effect};

use crate::{
    finding::{Finding, codes},
    ir::{Field, Policy},
};

pub(super) fn check(policy: &Policy, found: &mut Vec<Finding>) {
    default_allow(policy, found);
    for rule in &policy.own().rules {
        if rule.effect.node == Effect::Allow {
            allow_on_context(rule, found);
        }
        if rule.effect.node == Effect::Audit
            && rule.when.is_none()
            && let Some(everything) = rule.actions.iter().find(|action| action.node == "*")
        {
            found.push(
                Finding::new(
                    &codes::AUDIT_EVERYTHING,
                    everything.span,
                    "`audit *` permits every action that no stricter rule decides",
                )
                .help("name the actions to flag; what nothing allows then stays with the default"),
            );
        }
        if let Some(priority) = &rule.priority
            && policy.own().combine == Combine::Strictest
        {
            found.push(
                Finding::new(
                    &codes::UNUSED_PRIORITY,
                    priority.span,
                    format!(
                        "`priority {}` has no effect: the strictest rule wins here",
                        priority.node
                    ),
                )
                .help_in(
                    "take it out, or write `combine priority;`",
                    "take it out, or write `combine: priority`",
                )
                .without_clause("priority"),
            );
        }
    }
}

fn default_allow(policy: &Policy, found: &mut Vec<Finding>) {
    if policy.default == DefaultAnswer::Allow
        && policy
            .default_because
            .as_ref()
            .is_none_or(|because| because.trim().is_empty())
        && let Some(span) = policy.default_span
    {
        found.push(
            Finding::new(
                &codes::DEFAULT_ALLOW,
                span,
                format!(
                    "`{}` permits every action that no rule is about",
                    policy.name.node
                ),
            )
            .help_in(
                "write `default deny;`, or say why this is right: `default allow because \"…\";`",
                "write `default: deny`, or say why this is right: `default: {allow: \"…\"}`",
            )
            .instead("deny"),
        );
    }
}

fn allow_on_context(rule: &crate::ir::Rule, found: &mut Vec<Finding>) {
    let tests = rule
        .when
        .as_ref()
        .map(crate::ir::Condition::tests)
        .unwrap_or_default();
    let mut said: Vec<&Vec<String>> = Vec::new();
    for test in tests {
        let Field::Context(path) = &test.field.node else {
            continue;
        };
        if said.contains(&path) {
            continue;
        }
        said.push(path);
        let path = path.join(".");
        found.push(
            Finding::new(
                &codes::ALLOW_ON_CONTEXT,
                test.field.span,
                format!("this allow rests on `context.{path}`, which the caller says of itself"),
            )
            .help(format!(
                "look at `attested.{path}`, which the host or a credential says"
            ))
            .instead(format!("attested.{path}")),
        );
    }
}
