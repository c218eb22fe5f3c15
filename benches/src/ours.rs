//! Rules and requests in, what agentos says of them out.

use agentos_compiler::{Options, Plan, Sources, compile, shipped};
use agentos_runtime::{Engine, Request, RequestSource};

use crate::rules;

mod patterns;

pub use crate::language::text;
pub use patterns::{Patterns, compile as compile_patterns};

/// The plan of a policy.
///
/// # Panics
///
/// When it has errors.
pub fn plan(text: &str) -> Plan {
    let sources = Sources::one("authz.policy", text);
    let (plan, findings) = compile(&sources, &Options::default());
    plan.unwrap_or_else(|| panic!("the rules do not compile: {:?}", findings.first()))
}

/// The plan of a policy that is shipped.
///
/// # Panics
///
/// When there is none of that name.
pub fn shipped(name: &str) -> Plan {
    plan(shipped::text(name).expect("it is shipped"))
}

/// The engine of a plan.
///
/// # Panics
///
/// When the runtime refuses its table.
pub fn engine(plan: &Plan) -> Engine {
    Engine::new(&plan.table()).expect("the runtime takes what the compiler makes")
}

/// A request as we have it.
pub fn request(request: &rules::Request) -> Request<'_> {
    Request::new(request.agent.as_str(), request.action.as_str())
        .id(request.id.as_str())
        .param("amount", request.amount)
        .param("path", request.path.as_str())
        .attested("user", request.user.as_str())
}

/// Whether the request in these bytes is allowed.
pub fn permits_json(engine: &Engine, json: &str) -> bool {
    // Bytes that are no request are denied.
    Request::from_json(json.as_bytes(), RequestSource::Host)
        .is_ok_and(|request| engine.decide(&request).is_permitted())
}
