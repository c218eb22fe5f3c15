//! Policy files and artifacts in, one table of all their policies out.

use agentos_runtime::table::{Policy, Table};

/// All policies of `tables`, in order; places point into all their sources.
pub(crate) fn join<'t>(tables: impl IntoIterator<Item = Table<'t>>) -> Table<'t> {
    let mut sources = Vec::new();
    let mut policies = Vec::new();
    for table in tables {
        let before = sources.len() as u32;
        sources.extend(table.sources.into_owned());
        for mut policy in table.policies.into_owned() {
            shift(&mut policy, before);
            policies.push(policy);
        }
    }
    Table {
        sources: sources.into(),
        policies: policies.into(),
    }
}

/// Counts the places of `policy` in sources that have `by` more in front.
fn shift(policy: &mut Policy<'_>, by: u32) {
    if by == 0 {
        return;
    }
    policy.at.source += by;
    for part in policy.parts.to_mut() {
        for rule in part.rules.to_mut() {
            rule.at.source += by;
        }
    }
    for set in policy.patterns.to_mut() {
        for pattern in set.patterns.to_mut() {
            pattern.at.source += by;
        }
    }
    for intent in policy.intents.to_mut() {
        for signal in intent.signals.to_mut() {
            signal.pattern.at.source += by;
        }
    }
    for rate in policy.rates.to_mut() {
        rate.at.source += by;
    }
}
