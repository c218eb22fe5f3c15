//! Calls that governance policies judge by their blocked patterns alone: refused
//! or not, by which policy, for which pattern.
//!
//! Lines about supervisors and about tools that are not on a list are left for
//! the trust root.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use agentos_compiler::{Options, Sources, compile, governance::GovernancePolicy};
use agentos_runtime::{Effect, Engine, Request, RequestSource};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{Compared, Line};

const LEFT: Compared = Compared::Left("for the trust root");

thread_local! {
    /// By the policies.
    static ENGINES: RefCell<HashMap<String, Rc<Engine>>> = RefCell::default();
}

/// The arguments as they are written.
#[derive(Deserialize)]
struct Recorded<'l> {
    #[serde(borrow)]
    input: Input<'l>,
}

#[derive(Deserialize)]
struct Input<'l> {
    #[serde(borrow, default)]
    action: Option<Action<'l>>,
}

#[derive(Deserialize)]
struct Action<'l> {
    #[serde(borrow, default)]
    arguments: Option<&'l RawValue>,
}

pub(crate) fn compare(line: &Line) -> Result<Compared, String> {
    let input = &line.input;
    if input["op"] != "validate_action" {
        return Ok(LEFT);
    }
    let tool = match &input["action"]["tool"] {
        Value::String(tool) => tool.as_str(),
        Value::Null => "",
        _ => return Ok(LEFT),
    };
    let policies = input["policies"].as_array().ok_or("no policies")?;
    let has_patterns = policies.iter().any(|policy| {
        let patterns = policy["blocked_patterns"].as_array();
        patterns.is_some_and(|patterns| !patterns.is_empty())
    });
    if !has_patterns
        || !policies
            .iter()
            .all(|policy| is_about_patterns(policy, tool))
    {
        return Ok(LEFT);
    }
    let recorded: Recorded<'_> =
        serde_json::from_str(&line.text).map_err(|error| error.to_string())?;
    let arguments = recorded.input.action.and_then(|action| action.arguments);
    let arguments = arguments.map_or("{}", RawValue::get);
    let params = if input["action"]["arguments"].is_object() || arguments == "{}" {
        arguments.to_owned()
    } else {
        format!(r#"{{"arguments": {arguments}}}"#)
    };
    let request = format!(r#"{{"action": {}, "params": {params}}}"#, json!(tool));
    let request = Request::from_json(request.as_bytes(), RequestSource::Host)
        .map_err(|error| error.to_string())?;
    let engine = engine(policies)?;
    let decision = engine.decide(&request);
    let denied = decision.effect() == Effect::Deny;
    let allowed = line.expect["allowed"].as_bool().ok_or("no outcome")?;
    match line.weakness.as_deref() {
        None => {
            if denied == allowed {
                return Err(format!("denied: {denied}"));
            }
            if denied {
                let report = engine.report(&decision, &request);
                let ours = (
                    report.policy.as_deref().unwrap_or_default(),
                    report.matches.first().map_or("", |found| &found.pattern),
                );
                let theirs = blamed(policies, &line.expect)?;
                if ours.0 != theirs.0
                    || ours.1.trim_start_matches('*') != theirs.1.trim_start_matches('*')
                {
                    return Err(format!("denied by {ours:?}, not {theirs:?}"));
                }
            }
        }
        Some("fp-args-repr") => {}
        Some(
            "evade-args-repr" | "evade-glob-args" | "evade-invisible" | "open-tool-not-scanned",
        ) => {
            if !denied && !allowed {
                return Err("milder".to_owned());
            }
        }
        Some(other) => return Err(format!("nobody decided what to do about `{other}`")),
    }
    Ok(Compared::Fine)
}

/// Whether a policy has patterns only, or a list that has the tool.
fn is_about_patterns(policy: &Value, tool: &str) -> bool {
    let keys = policy.as_object().into_iter().flat_map(|keys| keys.keys());
    let known = ["name", "version", "blocked_patterns", "allowed_tools"];
    keys.into_iter().all(|key| known.contains(&key.as_str()))
        && policy["allowed_tools"]
            .as_array()
            .is_none_or(|tools| tools.is_empty() || tools.iter().any(|known| known == tool))
}

/// The policy, as it is called here, and the pattern that the recording names.
fn blamed<'l>(policies: &[Value], expect: &'l Value) -> Result<(String, &'l str), String> {
    let named = expect["policy_name"].as_str().ok_or("no policy")?;
    let at = policies
        .iter()
        .position(|policy| policy["name"].as_str().unwrap_or("default") == named)
        .ok_or("another policy")?;
    let reason = expect["reason"].as_str().ok_or("no reason")?;
    let pattern = reason
        .strip_prefix("Blocked pattern '")
        .and_then(|rest| rest.strip_suffix("' detected in arguments"))
        .ok_or_else(|| format!("another reason: {reason}"))?;
    Ok((called(at), pattern))
}

fn called(at: usize) -> String {
    format!("policy{at}")
}

/// The policies in one table, called by their position, since names may repeat.
fn engine(policies: &[Value]) -> Result<Rc<Engine>, String> {
    let key = json!(policies).to_string();
    if let Some(engine) = ENGINES.with_borrow(|engines| engines.get(&key).cloned()) {
        return Ok(engine);
    }
    let mut sources = Sources::new();
    for (at, policy) in policies.iter().enumerate() {
        let mut fields = policy.clone();
        fields["name"] = json!(called(at));
        let policy = GovernancePolicy::from_fields(&fields).map_err(|error| error.to_string())?;
        sources.add(format!("{at}.yaml"), policy.to_yaml());
    }
    let (plan, findings) = compile(&sources, &Options::default());
    let plan = plan.ok_or_else(|| format!("{findings:?}"))?;
    let engine = Engine::new(&plan.table()).map_err(|error| error.to_string())?;
    let engine = Rc::new(engine);
    ENGINES.with_borrow_mut(|engines| engines.insert(key, Rc::clone(&engine)));
    Ok(engine)
}
