//! Rules and requests in, what agentos says of them out.

use agentos_compiler::{
    Options, Plan, Sources, compile,
    diff::{Verdict, diff},
    finding::{Finding, codes},
    shipped,
};
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

/// How strict the second plan is beside the first one.
///
/// # Panics
///
/// When the runtime refuses one of their tables.
pub fn verdict(plans: &[Plan; 2]) -> Verdict {
    let [old, new] = [plans[0].table(), plans[1].table()];
    let diff = diff(&old, &new).expect("the runtime takes what the compiler makes");
    diff.verdict
}

/// Everything that `agentos validate` finds.
pub fn proved(text: &str) -> Vec<Finding> {
    let options = Options {
        strict: false,
        proves: true,
    };
    compile(&Sources::one("authz.policy", text), &options).1
}

/// The lines, from 0, of rules that never decide; `None` where one is not decided.
pub fn shadowed(text: &str) -> Option<Vec<usize>> {
    let findings = proved(text);
    let is = |finding: &Finding, lint: &codes::Lint| finding.lint.code == lint.code;
    if findings.iter().any(|finding| is(finding, &codes::NOT_DECIDED)) {
        return None;
    }
    let never = [&codes::SHADOWED_RULE, &codes::NEVER_HOLDS];
    let never = |finding: &&Finding| never.iter().any(|lint| is(finding, lint));
    let line = |finding: &Finding| {
        let before = &text[..finding.primary.span.start as usize];
        before.matches('\n').count()
    };
    let mut lines: Vec<usize> = findings.iter().filter(never).map(line).collect();
    lines.sort_unstable();
    lines.dedup();
    Some(lines)
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
