//! Limits that defeat each other: what [`governance::conflicts`] finds, at its
//! place.
//!
//! [`governance::conflicts`]: crate::governance::conflicts

use agentos_grammar::{Span, ast::Effect};

use crate::{
    finding::{Finding, codes},
    governance::{Setting, conflicts},
    ir::{Limits, Policy},
    plan::limits_row,
};

pub(super) fn check(policy: &Policy, found: &mut Vec<Finding>) {
    let allows = || {
        policy
            .own()
            .rules
            .iter()
            .filter(|rule| rule.effect.node == Effect::Allow)
    };
    for conflict in conflicts(&limits_row(&policy.limits), allows().count()) {
        let mut places = conflict
            .settings()
            .iter()
            .filter_map(|setting| match setting {
                Setting::AllowedTools => allows().next().map(|rule| rule.effect.span),
                setting => place(&policy.limits, *setting),
            });
        let Some(first) = places.next() else { continue };
        let others: Vec<Span> = places.collect();
        // What was only inherited is reported where it was written.
        if !std::iter::once(&first)
            .chain(&others)
            .any(|span| policy.span.contains(*span))
        {
            continue;
        }
        let mut finding = Finding::new(&codes::LIMITS_CONFLICT, first, conflict.to_string())
            .help(conflict.help());
        for other in others {
            finding = finding.other(other, "together with this");
        }
        found.push(finding);
    }
}

/// Where a limit was set.
fn place(limits: &Limits, setting: Setting) -> Option<Span> {
    match setting {
        Setting::MaxTokens => limits.max_tokens.as_ref().map(|limit| limit.span),
        Setting::MaxToolCalls => limits.max_tool_calls.as_ref().map(|limit| limit.span),
        Setting::TimeoutSeconds => limits.timeout_ms.as_ref().map(|limit| limit.span),
        Setting::MaxConcurrent => limits.max_concurrent.as_ref().map(|limit| limit.span),
        Setting::BackpressureThreshold => limits
            .backpressure_threshold
            .as_ref()
            .map(|limit| limit.span),
        Setting::ConfidenceThreshold => {
            limits.confidence_threshold.as_ref().map(|limit| limit.span)
        }
        Setting::DriftThreshold => limits.drift_threshold.as_ref().map(|limit| limit.span),
        Setting::LogAllCalls => limits.log_all_calls.as_ref().map(|limit| limit.span),
        Setting::CheckpointFrequency => {
            limits.checkpoint_frequency.as_ref().map(|limit| limit.span)
        }
        Setting::Name
        | Setting::AllowedTools
        | Setting::BlockedPatterns
        | Setting::RequireHumanApproval
        | Setting::Version => None,
    }
}
