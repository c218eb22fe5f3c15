//! Limits that defeat each other.

use agentos_grammar::{Span, ast::Effect};
use agentos_runtime::Number;

use crate::{
    finding::{Finding, codes},
    ir::Policy,
};

/// Less than this is hardly time to do anything.
const LEAST_USEFUL_TIMEOUT_MS: u64 = 5_000;

pub(super) fn check(policy: &Policy, found: &mut Vec<Finding>) {
    let limits = &policy.limits;
    let own = |span: Span| policy.span.contains(span);
    if let (Some(backpressure), Some(concurrent)) =
        (&limits.backpressure_threshold, &limits.max_concurrent)
        && backpressure.node >= concurrent.node
        && (own(backpressure.span) || own(concurrent.span))
    {
        found.push(
            Finding::new(
                &codes::LIMITS_CONFLICT,
                backpressure.span,
                format!(
                    "backpressure starts at {} and only {} run at one time, so it never starts",
                    backpressure.node, concurrent.node
                ),
            )
            .other(concurrent.span, "the bound it never gets past")
            .help("let backpressure start below `concurrent`"),
        );
    }
    if let Some(calls) = &limits.max_tool_calls
        && calls.node == 0
        && own(calls.span)
        && let Some(rule) = policy
            .own()
            .rules
            .iter()
            .find(|rule| rule.effect.node == Effect::Allow)
    {
        found.push(
            Finding::new(
                &codes::LIMITS_CONFLICT,
                calls.span,
                "no tool call is permitted, but a rule allows some",
            )
            .other(rule.effect.span, "allowed here")
            .help("raise `tool_calls`, or take the rule out"),
        );
    }
    if let Some(confidence) = &limits.confidence_threshold
        && confidence.node == Number::from(0)
        && own(confidence.span)
    {
        found.push(
            Finding::new(
                &codes::LIMITS_CONFLICT,
                confidence.span,
                "every confidence is at least 0, so this limit holds nobody back",
            )
            .help("write a confidence above 0, or take the limit out"),
        );
    }
    if let Some(timeout) = &limits.timeout_ms
        && timeout.node < LEAST_USEFUL_TIMEOUT_MS
        && own(timeout.span)
    {
        found.push(
            Finding::new(
                &codes::LIMITS_CONFLICT,
                timeout.span,
                format!("{} ms is hardly time to do anything", timeout.node),
            )
            .help("give at least 5s"),
        );
    }
}
