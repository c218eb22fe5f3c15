//! `limits { … }` in, bounds in the kernel's units out.

use agentos_grammar::{
    Span, Spanned,
    ast::{Limit, LimitValue},
};
use agentos_runtime::Number;

use super::rule::duration_ms;
use crate::{
    finding::{Finding, codes},
    governance::{Setting, Takes},
    ir::Limits,
    nearest::nearest,
};

/// Each limit, by the reference's name, and its short name.
const NAMES: [(Setting, &str); 9] = [
    (Setting::MaxTokens, "tokens"),
    (Setting::MaxToolCalls, "tool_calls"),
    (Setting::TimeoutSeconds, "timeout"),
    (Setting::MaxConcurrent, "concurrent"),
    (Setting::BackpressureThreshold, "backpressure"),
    (Setting::ConfidenceThreshold, "confidence"),
    (Setting::DriftThreshold, "drift"),
    (Setting::LogAllCalls, "log_all_calls"),
    (Setting::CheckpointFrequency, "checkpoint_frequency"),
];

/// What each limit is called for short, and by the reference.
pub(super) fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    NAMES
        .iter()
        .map(|(setting, short)| (*short, setting.name()))
}

/// Reads `entries` into `limits`; what is wrong is reported and left unset.
pub(super) fn lower(entries: &[Spanned<Limit>], limits: &mut Limits, found: &mut Vec<Finding>) {
    let mut seen: Vec<(Setting, Span)> = Vec::new();
    for entry in entries {
        let written = entry.name.node.as_str();
        let Some((setting, _)) = NAMES
            .iter()
            .find(|(setting, short)| setting.name() == written || *short == written)
        else {
            let words = NAMES
                .iter()
                .flat_map(|(setting, short)| [*short, setting.name()]);
            let finding = Finding::new(
                &codes::UNKNOWN_LIMIT,
                entry.name.span,
                format!("no limit is called `{written}`"),
            );
            let all: Vec<&str> = NAMES.iter().map(|(_, short)| *short).collect();
            found.push(match nearest(written, words) {
                Some(near) => finding.meant(near),
                None => finding.help(format!("the limits are {}", all.join(", "))),
            });
            continue;
        };
        if let Some((_, first)) = seen.iter().find(|(known, _)| known == setting) {
            found.push(
                Finding::new(
                    &codes::DUPLICATE_KEY,
                    entry.name.span,
                    format!("the limit `{written}` is set twice"),
                )
                .other(*first, "first set here"),
            );
            continue;
        }
        seen.push((*setting, entry.name.span));
        one(*setting, &entry.value, limits, found);
    }
}

/// What a limit takes, [`Setting::takes`] says; a time may have its unit too.
fn one(
    setting: Setting,
    value: &Spanned<LimitValue>,
    limits: &mut Limits,
    found: &mut Vec<Finding>,
) {
    let takes = setting.takes();
    let set = match setting {
        Setting::MaxTokens => fill(&mut limits.max_tokens, value, whole(takes, value)),
        Setting::MaxToolCalls => fill(&mut limits.max_tool_calls, value, whole(takes, value)),
        Setting::MaxConcurrent => fill(&mut limits.max_concurrent, value, whole(takes, value)),
        Setting::BackpressureThreshold => fill(
            &mut limits.backpressure_threshold,
            value,
            whole(takes, value),
        ),
        Setting::CheckpointFrequency => {
            fill(&mut limits.checkpoint_frequency, value, whole(takes, value))
        }
        Setting::ConfidenceThreshold => {
            fill(&mut limits.confidence_threshold, value, share(takes, value))
        }
        Setting::DriftThreshold => fill(&mut limits.drift_threshold, value, share(takes, value)),
        Setting::LogAllCalls => fill(&mut limits.log_all_calls, value, flag(value)),
        Setting::TimeoutSeconds => fill(&mut limits.timeout_ms, value, time(takes, value)),
        Setting::Name
        | Setting::AllowedTools
        | Setting::BlockedPatterns
        | Setting::RequireHumanApproval
        | Setting::Version => unreachable!("`NAMES` has the settings that are limits"),
    };
    if !set {
        let takes = if setting == Setting::TimeoutSeconds {
            "a time above 0, such as `300s`".to_owned()
        } else {
            takes.to_string()
        };
        found.push(
            Finding::new(
                &codes::LIMIT_OUT_OF_RANGE,
                value.span,
                format!("`{setting}` takes {takes}, not `{}`", show(&value.node)),
            )
            .help(format!("write {takes}")),
        );
    }
}

/// Sets a limit to what was read at `value`; whether there was anything.
fn fill<T>(limit: &mut Option<Spanned<T>>, value: &Spanned<LimitValue>, read: Option<T>) -> bool {
    *limit = read.map(|read| Spanned::new(read, value.span));
    limit.is_some()
}

fn whole(takes: Takes, value: &LimitValue) -> Option<u64> {
    match value {
        LimitValue::Number(text) => takes.integer(text),
        LimitValue::Boolean(_) | LimitValue::Duration(_) => None,
    }
}

fn share(takes: Takes, value: &LimitValue) -> Option<Number> {
    match value {
        LimitValue::Number(text) => takes.fraction(text),
        LimitValue::Boolean(_) | LimitValue::Duration(_) => None,
    }
}

fn flag(value: &LimitValue) -> Option<bool> {
    match value {
        LimitValue::Boolean(flag) => Some(*flag),
        LimitValue::Number(_) | LimitValue::Duration(_) => None,
    }
}

/// Milliseconds.
fn time(takes: Takes, value: &LimitValue) -> Option<u64> {
    match value {
        LimitValue::Number(_) => whole(takes, value)?.checked_mul(1000),
        LimitValue::Duration(duration) => duration_ms(duration).filter(|ms| *ms > 0),
        LimitValue::Boolean(_) => None,
    }
}

fn show(value: &LimitValue) -> String {
    match value {
        LimitValue::Number(text) => text.clone(),
        LimitValue::Boolean(flag) => flag.to_string(),
        LimitValue::Duration(duration) => {
            let unit = match duration.unit {
                agentos_grammar::ast::TimeUnit::Millisecond => "ms",
                agentos_grammar::ast::TimeUnit::Second => "s",
                agentos_grammar::ast::TimeUnit::Minute => "m",
                agentos_grammar::ast::TimeUnit::Hour => "h",
                agentos_grammar::ast::TimeUnit::Day => "d",
            };
            format!("{}{unit}", duration.count)
        }
    }
}

/// Joins `more` into `limits`: of two values of one limit the stricter stands.
pub(super) fn tighten(limits: &mut Limits, more: &Limits) {
    smaller(&mut limits.max_tokens, more.max_tokens.as_ref());
    smaller(&mut limits.max_tool_calls, more.max_tool_calls.as_ref());
    smaller(&mut limits.timeout_ms, more.timeout_ms.as_ref());
    smaller(&mut limits.max_concurrent, more.max_concurrent.as_ref());
    smaller(
        &mut limits.backpressure_threshold,
        more.backpressure_threshold.as_ref(),
    );
    smaller(
        &mut limits.checkpoint_frequency,
        more.checkpoint_frequency.as_ref(),
    );
    smaller(&mut limits.drift_threshold, more.drift_threshold.as_ref());
    larger(
        &mut limits.confidence_threshold,
        more.confidence_threshold.as_ref(),
    );
    larger(&mut limits.log_all_calls, more.log_all_calls.as_ref());
}

fn smaller<T: Ord + Clone>(into: &mut Option<Spanned<T>>, more: Option<&Spanned<T>>) {
    if let Some(more) = more
        && into.as_ref().is_none_or(|known| more.node < known.node)
    {
        *into = Some(more.clone());
    }
}

fn larger<T: Ord + Clone>(into: &mut Option<Spanned<T>>, more: Option<&Spanned<T>>) {
    if let Some(more) = more
        && into.as_ref().is_none_or(|known| more.node > known.node)
    {
        *into = Some(more.clone());
    }
}
