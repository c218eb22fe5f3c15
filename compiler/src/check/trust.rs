//! A hierarchy of supervisors that can hold: a root that is no agent, and
//! every level below it reachable.

use std::collections::{BTreeSet, HashMap};

use crate::{
    finding::{Finding, codes},
    ir::Policy,
};

pub(super) fn check(policy: &Policy, found: &mut Vec<Finding>) {
    // A hierarchy that was only inherited is checked where it was written.
    let Some(trust) = policy
        .trust
        .as_ref()
        .filter(|trust| policy.span.contains(trust.span))
    else {
        return;
    };
    let mut names: HashMap<&str, usize> = HashMap::new();
    let mut levels: BTreeSet<i64> = BTreeSet::new();
    for (at, supervisor) in trust.supervisors.iter().enumerate() {
        let name = supervisor.name.node.as_str();
        if let Some(first) = names.insert(name, at) {
            found.push(
                Finding::new(
                    &codes::DUPLICATE_NAME,
                    supervisor.name.span,
                    format!("supervisor `{name}` is named twice"),
                )
                .other(trust.supervisors[first].name.span, "first named here"),
            );
        }
        let level = supervisor.level.node;
        if level < 0 || u32::try_from(level).is_err() {
            found.push(
                Finding::new(
                    &codes::SUPERVISOR_LEVELS,
                    supervisor.level.span,
                    format!(
                        "level {level} is no level: the root is 0, and larger is further from it"
                    ),
                )
                .help("count the levels from 0"),
            );
            continue;
        }
        if level == 0 && supervisor.agent {
            found.push(
                Finding::new(
                    &codes::AGENT_AT_THE_ROOT,
                    supervisor.name.span,
                    format!("`{name}` is an agent, and level 0 must be deterministic"),
                )
                .help("give the agent a level above 0, and put a root that is none at 0"),
            );
        }
        levels.insert(level);
    }
    if trust.supervisors.is_empty() || levels.is_empty() {
        return;
    }
    let highest = levels.last().copied().unwrap_or_default();
    // Levels are a set, so the first number that is not where it belongs is the gap.
    let gap = (0..)
        .zip(&levels)
        .find(|(want, have)| want != *have)
        .map(|(want, _)| want);
    if let Some(missing) = gap {
        let message = if missing == 0 {
            "nobody is at level 0, so there is no trust root".to_owned()
        } else {
            format!("nobody is at level {missing}, but somebody is at level {highest}")
        };
        let help = if missing == 0 {
            "add one: `supervisor \"trust-root\" level 0;`"
        } else {
            "close the gap: escalation climbs one level at a time"
        };
        found.push(Finding::new(&codes::SUPERVISOR_LEVELS, trust.span, message).help(help));
    }
}
