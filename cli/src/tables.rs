//! Policy files and artifacts in, the engine of all their policies out.

use std::path::PathBuf;

use agentos_compiler::{Options, Plan};
use agentos_runtime::{
    Engine, TableError, artifact,
    table::{Policy, Table},
};

use crate::{
    input::{self, Artifact, Inputs},
    output::{self, Failure},
};

/// Policies that were read: their table borrows from it.
pub(crate) struct Read {
    /// Of those that are texts.
    plan: Option<Plan>,
    artifacts: Vec<Artifact>,
}

impl Read {
    /// Reads the policies of `files`, be they texts or artifacts. `None` where the
    /// texts have errors, which were then shown.
    pub(crate) fn files(files: &[PathBuf]) -> Result<Option<Read>, Failure> {
        let inputs = input::read_policies(files).map_err(Failure::Unread)?;
        Ok(Read::inputs(inputs))
    }

    /// The same of what was read already.
    pub(crate) fn inputs(inputs: Inputs) -> Option<Read> {
        let (plan, findings) = agentos_compiler::compile(&inputs.sources, &Options::default());
        output::show_errors(&inputs.sources, &findings);
        let plan = plan?;
        Some(Read {
            plan: (!inputs.sources.is_empty()).then_some(plan),
            artifacts: inputs.artifacts,
        })
    }

    /// All of them as one table.
    pub(crate) fn table(&self) -> Result<Table<'_>, Failure> {
        let mut parts: Vec<Table<'_>> = self.plan.iter().map(Plan::table).collect();
        let mut unread = Vec::new();
        for artifact in &self.artifacts {
            match artifact::read(&artifact.bytes) {
                Ok(table) => parts.push(table),
                Err(error) => unread.push(artifact.unread(error.to_string())),
            }
        }
        if unread.is_empty() {
            Ok(join(parts))
        } else {
            Err(Failure::Unread(unread))
        }
    }
}

/// Why policies that are each sound make no engine.
pub(crate) fn discord(error: &TableError) -> Failure {
    Failure::Usage(format!("these policies do not go together: {error}"))
}

/// Makes the policies of `files` ready, be they texts or artifacts. `None` where
/// the texts have errors, which were then shown.
pub(crate) fn open(files: &[PathBuf]) -> Result<Option<Engine>, Failure> {
    let Some(read) = Read::files(files)? else {
        return Ok(None);
    };
    let engine = Engine::new(&read.table()?);
    engine.map(Some).map_err(|error| discord(&error))
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
