//! Two tables in, what the second one says otherwise out: requests that are
//! answered otherwise, one for each way to be, and settings; and whether all of it
//! is stricter or looser.
//!
//! It is not the texts that are compared. What rules of both tables say of an
//! action is put as gates over the same questions ([`answers`]); a request that
//! they answer otherwise is looked for until there is none left, and is decided by
//! both before anybody sees it. [`around`] tells what happens near numbers that are
//! otherwise, [`settings`] what is compared without requests, and [`text`],
//! [`markdown`], [`json`] and [`sarif`] print it.

mod answers;
mod around;
pub mod json;
pub mod markdown;
mod rules;
pub mod sarif;
mod sets;
mod settings;
mod side;
pub mod text;
mod words;

use agentos_runtime::{
    Engine, TableError,
    table::{Stage, Table},
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::replay::{BasisReport, Direction};

use sets::Sets;

pub use around::{Around, Near};
pub use settings::Setting;
pub use side::{Side, Verdict};

/// What a set of policies says otherwise than another one. Keys are added, never
/// renamed.
#[derive(Debug, Serialize)]
pub struct Diff {
    /// How strict the second set is, beside the first one.
    pub verdict: Verdict,
    /// One sentence.
    pub summary: String,
    /// Requests that are answered otherwise, those that need most care first.
    pub changes: Vec<Changed>,
    /// What is otherwise beside rules.
    pub settings: Vec<Setting>,
    /// Actions of which it was not decided whether there are more changes.
    pub not_decided: Vec<String>,
    /// Policies that only the first set has. Requests that name them are denied.
    pub gone: Vec<String>,
    /// Policies that only the second set has. Requests that name them were denied.
    pub added: Vec<String>,
}

/// Requests that are answered otherwise, all from one basis to one other.
#[derive(Debug, Serialize)]
pub struct Changed {
    /// What it means to whoever asked.
    pub direction: Direction,
    /// How strict the answer is now.
    pub side: Side,
    /// What decided before.
    pub old: BasisReport,
    /// What decides now.
    pub new: BasisReport,
    /// Who may approve, before and now, where that is what changed.
    pub approvers: Option<[String; 2]>,
    /// Of what it is.
    pub stage: &'static str,
    /// The actions, each with a request.
    pub actions: Vec<OfAction>,
}

/// A request that is answered otherwise.
#[derive(Debug, Serialize)]
pub struct OfAction {
    /// The action.
    pub action: String,
    /// Whether no rule names the action, and it stands for others.
    pub stands_for_others: bool,
    /// The request.
    pub request: Box<RawValue>,
    /// What happens around the numbers that are otherwise.
    pub around: Vec<Around>,
}

/// What `new` says otherwise than `old`: to requests that name no policy, and to
/// those that name one which is in both.
///
/// ```
/// use agentos_compiler::{Options, Sources, compile, diff::{Verdict, diff}};
///
/// let plan = |text: &str| {
///     compile(&Sources::one("pay.policy", text), &Options::default()).0.expect("it is sound")
/// };
/// let old = plan("policy pay { default deny; allow pay when params.amount <= 1000; }");
/// let new = plan("policy pay { default deny; allow pay when params.amount <= 500; }");
/// let diff = diff(&old.table(), &new.table())?;
/// assert_eq!(diff.verdict, Verdict::Stricter);
/// assert_eq!(diff.changes[0].old.rule.as_deref(), Some("allow-pay-1"));
/// # Ok::<(), agentos_runtime::TableError>(())
/// ```
///
/// # Errors
///
/// What is wrong with one of the tables.
pub fn diff<'t>(old: &'t Table<'t>, new: &'t Table<'t>) -> Result<Diff, TableError> {
    let engines = [Engine::new(old)?, Engine::new(new)?];
    let pairs = settings::Pairs::new([old, new]);
    let mut found = answers::Found::default();
    let stages = [Stage::Input, Stage::Call, Stage::Output];
    let about = stages.map(|stage| [old, new].map(|table| sets::about(table, stage)));
    for (stage, about) in stages.into_iter().zip(&about) {
        Sets::new([old, new], about, &engines, &pairs, stage).compare(&mut found);
    }
    let settings = pairs.settings();
    let changes = found.changes();
    let sides = changes.iter().map(|changed| changed.side);
    let sides: Vec<Side> = sides
        .chain(settings.iter().map(|setting| setting.side))
        .collect();
    let mut may_change = found.may_change.iter();
    let is_open = !found.open.is_empty() || may_change.any(|side| !sides.contains(side));
    let names = |table: &Table<'t>, other: &Table<'t>| -> Vec<String> {
        let names = table.policies.iter().map(|policy| policy.name);
        let is_gone = |name: &&str| !other.policies.iter().any(|policy| policy.name == *name);
        names.filter(is_gone).map(str::to_owned).collect()
    };
    let mut diff = Diff {
        verdict: Verdict::of(sides, is_open),
        summary: String::new(),
        changes,
        settings,
        not_decided: (&found.open | &found.open_together).into_iter().collect(),
        gone: names(old, new),
        added: names(new, old),
    };
    diff.summary = words::summary(&diff);
    Ok(diff)
}

#[cfg(test)]
mod tests;
