//! IR in, findings out: what policies say that their authors hardly mean.
//!
//! One file a check. A check looks at what a policy says itself; what it
//! inherited is checked where it was written. No check changes the IR.

pub(crate) mod deciding;
mod intents;
mod limits;
mod patterns;
mod rules;
mod trust;

use crate::{finding::Finding, ir};

/// Everything the checks have to say.
pub fn check(program: &ir::Program) -> Vec<Finding> {
    let mut found = Vec::new();
    for policy in &program.policies {
        rules::check(policy, &mut found);
        patterns::check(policy, &mut found);
        intents::check(policy, &mut found);
        limits::check(policy, &mut found);
        trust::check(policy, &mut found);
    }
    found
}
