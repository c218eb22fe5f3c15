//! Policy files and artifacts in, the engine of all their policies out.

use std::path::PathBuf;

use agentos_compiler::Options;
use agentos_runtime::{
    Engine, artifact,
    table::{Policy, Table},
};

use crate::{
    input,
    output::{self, Failure},
};

/// Makes the policies of `files` ready, be they texts or artifacts. `None` where
/// the texts have errors, which were then shown.
pub(crate) fn open(files: &[PathBuf]) -> Result<Option<Engine>, Failure> {
    let inputs = input::read_policies(files).map_err(Failure::Unread)?;
    let (plan, findings) = agentos_compiler::compile(&inputs.sources, &Options::default());
    output::show_errors(&inputs.sources, &findings);
    let Some(plan) = plan else {
        return Ok(None);
    };
    let mut parts = Vec::new();
    if !inputs.sources.is_empty() {
        parts.push(plan.table());
    }
    let mut unread = Vec::new();
    for artifact in &inputs.artifacts {
        match artifact::read(&artifact.bytes) {
            Ok(table) => parts.push(table),
            Err(error) => unread.push(artifact.unread(error.to_string())),
        }
    }
    if !unread.is_empty() {
        return Err(Failure::Unread(unread));
    }
    let engine = Engine::new(&join(parts));
    engine
        .map(Some)
        .map_err(|error| Failure::Usage(format!("these policies do not go together: {error}")))
}

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
