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
///
/// Each rule stands on a line of its own, at its start. That a rule never decides for
/// one member of a list is a finding as well, whose place is that list.
pub fn shadowed(text: &str) -> Option<Vec<usize>> {
    let findings = proved(text);
    let is = |finding: &Finding, lint: &codes::Lint| finding.lint.code == lint.code;
    let open = |finding| is(finding, &codes::NOT_DECIDED);
    if findings.iter().any(open) {
        return None;
    }
    let never =
        |finding: &&Finding| is(finding, &codes::SHADOWED_RULE) || is(finding, &codes::NEVER_HOLDS);
    let before = |finding: &Finding| &text[..finding.primary.span.start as usize];
    let of_rules = findings.iter().filter(never).map(before);
    let of_rules = of_rules.filter(|before| before.ends_with('\n'));
    let mut lines: Vec<usize> = of_rules
        .map(|before| before.matches('\n').count())
        .collect();
    lines.sort_unstable();
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
