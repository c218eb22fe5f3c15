//! Functions, plans and the command, and policies and a log to ask about.

mod cluster;
mod codec;
mod functions;
mod same;

use std::sync::Arc;

use agentos_compiler::{Options, Sources, compile};
use agentos_runtime::artifact;
use agentos_scale::Policies;

const NEW: &str = r#"policy mail { allow read; deny send when params.to == "x" id no-x; }"#;
const OLD: &str = "policy mail { allow read; allow send id all; }";

pub(crate) const LOG: &str = r#"{"action": "read", "effect": "deny"}
{"action": "send", "params": {"to": "x"}}
{"action": "send", "params": {"to": "y"}}

{"action": "send"
{"action": "send", "params": {"to": "x"}, "id": "longer"}
"#;

/// An artifact.
pub(crate) fn artifact(text: &str) -> Vec<u8> {
    let (plan, findings) = compile(&Sources::one("p.policy", text), &Options::default());
    let plan = plan.unwrap_or_else(|| panic!("{findings:#?}"));
    artifact::write(&plan.table()).unwrap()
}

/// `new` and `old`.
pub(crate) fn policies() -> Arc<Policies> {
    let policies = Policies::new([("new", artifact(NEW)), ("old", artifact(OLD))]);
    Arc::new(policies.unwrap())
}
