//! Intents at a confidence that none of their signals has.

use agentos_runtime::Number;

use crate::{
    finding::{Finding, codes},
    ir::{Check, Condition, Policy},
};

pub(super) fn check(policy: &Policy, found: &mut Vec<Finding>) {
    let rules = policy.own().rules.iter();
    for test in rules
        .filter_map(|rule| rule.when.as_ref())
        .flat_map(Condition::tests)
    {
        let Check::Intent(categories, at) = &test.check else {
            continue;
        };
        for category in categories {
            let mut intents = policy.intents.iter();
            let signals = intents
                .find(|intent| intent.category == *category)
                .map(|intent| intent.signals.iter().map(|signal| signal.weight));
            // Without signals, that is another finding.
            let Some(heaviest) = signals.and_then(Iterator::max) else {
                continue;
            };
            if heaviest < *at {
                found.push(unreached(test.span, category.name(), heaviest, *at));
            }
        }
    }
}

fn unreached(span: agentos_grammar::Span, category: &str, heaviest: Number, at: Number) -> Finding {
    Finding::new(
        &codes::INTENT_WITHOUT_SIGNALS,
        span,
        format!("no signal of `{category}` weighs {at}, so it is never seen with that confidence"),
    )
    .note(format!("its heaviest signal weighs {heaviest}"))
    .help(format!(
        "ask for {heaviest} at most, or add a signal that weighs more"
    ))
}
