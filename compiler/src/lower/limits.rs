//! `limits { … }` in, bounds in the kernel's units out.

use agentos_grammar::{
    Span, Spanned,
    ast::{Limit, LimitValue},
};
use agentos_runtime::Number;

use super::rule::duration_ms;
use crate::{
    finding::{Finding, codes},
    ir::Limits,
    nearest::did_you_mean,
};

/// Each limit's long name (the reference's) and its short one.
const NAMES: [(&str, &str); 9] = [
    ("max_tokens", "tokens"),
    ("max_tool_calls", "tool_calls"),
    ("timeout_seconds", "timeout"),
    ("max_concurrent", "concurrent"),
    ("backpressure_threshold", "backpressure"),
    ("confidence_threshold", "confidence"),
    ("drift_threshold", "drift"),
    ("log_all_calls", "log_all_calls"),
    ("checkpoint_frequency", "checkpoint_frequency"),
];

/// Reads `entries` into `limits`; what is wrong is reported and left unset.
pub(super) fn lower(entries: &[Spanned<Limit>], limits: &mut Limits, found: &mut Vec<Finding>) {
    let mut seen: Vec<(&str, Span)> = Vec::new();
    for entry in entries {
        let written = entry.name.node.as_str();
        let Some((name, _)) = NAMES
            .iter()
            .find(|(long, short)| *long == written || *short == written)
        else {
            let words = NAMES.iter().flat_map(|(long, short)| [*short, *long]);
            let finding = Finding::new(
                &codes::UNKNOWN_LIMIT,
                entry.name.span,
                format!("no limit is called `{written}`"),
            );
            let all: Vec<&str> = NAMES.iter().map(|(_, short)| *short).collect();
            found.push(match did_you_mean(written, words) {
                Some(help) => finding.help(help),
                None => finding.help(format!("the limits are {}", all.join(", "))),
            });
            continue;
        };
        if let Some((_, first)) = seen.iter().find(|(known, _)| known == name) {
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
        seen.push((name, entry.name.span));
        one(name, &entry.value, limits, found);
    }
}

fn one(name: &str, value: &Spanned<LimitValue>, limits: &mut Limits, found: &mut Vec<Finding>) {
    let mut wrong = |takes: &str| {
        found.push(
            Finding::new(
                &codes::LIMIT_OUT_OF_RANGE,
                value.span,
                format!("`{name}` takes {takes}, not `{}`", show(&value.node)),
            )
            .help(format!("write {takes}")),
        );
    };
    let count = |least: u64, takes: &str, wrong: &mut dyn FnMut(&str)| {
        let number = match &value.node {
            LimitValue::Number(text) => text.parse::<u64>().ok().filter(|n| *n >= least),
            LimitValue::Boolean(_) | LimitValue::Duration(_) => None,
        };
        if number.is_none() {
            wrong(takes);
        }
        number.map(|n| Spanned::new(n, value.span))
    };
    let share = |wrong: &mut dyn FnMut(&str)| {
        let number = match &value.node {
            LimitValue::Number(text) => text
                .parse::<Number>()
                .ok()
                .filter(|n| *n >= Number::from(0) && *n <= Number::from(1)),
            LimitValue::Boolean(_) | LimitValue::Duration(_) => None,
        };
        if number.is_none() {
            wrong("a number from 0 to 1");
        }
        number.map(|n| Spanned::new(n, value.span))
    };
    let positive = "a whole number above 0";
    match name {
        "max_tokens" => limits.max_tokens = count(1, positive, &mut wrong),
        "max_tool_calls" => {
            limits.max_tool_calls = count(0, "a whole number, 0 or more", &mut wrong);
        }
        "max_concurrent" => limits.max_concurrent = count(1, positive, &mut wrong),
        "backpressure_threshold" => limits.backpressure_threshold = count(1, positive, &mut wrong),
        "checkpoint_frequency" => limits.checkpoint_frequency = count(1, positive, &mut wrong),
        "confidence_threshold" => limits.confidence_threshold = share(&mut wrong),
        "drift_threshold" => limits.drift_threshold = share(&mut wrong),
        "log_all_calls" => match &value.node {
            LimitValue::Boolean(flag) => {
                limits.log_all_calls = Some(Spanned::new(*flag, value.span));
            }
            LimitValue::Number(_) | LimitValue::Duration(_) => wrong("`true` or `false`"),
        },
        "timeout_seconds" => {
            let ms = match &value.node {
                LimitValue::Number(text) => text
                    .parse::<u64>()
                    .ok()
                    .and_then(|seconds| seconds.checked_mul(1000)),
                LimitValue::Duration(duration) => duration_ms(duration),
                LimitValue::Boolean(_) => None,
            };
            match ms.filter(|ms| *ms > 0) {
                Some(ms) => limits.timeout_ms = Some(Spanned::new(ms, value.span)),
                None => wrong("a time above 0, such as `300s`"),
            }
        }
        _ => unreachable!("`NAMES` has the names that are matched here"),
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
