//! Calls that kernel policies judge by their blocked patterns alone: refused or not.
//!
//! Lines that are about more (actions, approvals, constraints, state, handlers,
//! policies that are not there) are left for the kernel.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use agentos_compiler::{Options, Sources, compile, shipped};
use agentos_runtime::{Effect, Engine, Request, RequestSource};
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};

use super::{Compared, Line};

const LEFT: Compared = Compared::Left("for the kernel");

thread_local! {
    /// By the policies given to the kernel; `None`: they do not compile.
    static ENGINES: RefCell<HashMap<String, Rc<Option<Engine>>>> = RefCell::default();
}

/// The requests as they are written.
#[derive(Deserialize)]
struct Recorded<'l> {
    #[serde(borrow)]
    input: Input<'l>,
}

#[derive(Deserialize)]
struct Input<'l> {
    #[serde(borrow, default)]
    requests: Vec<Call<'l>>,
    #[serde(borrow, default)]
    params: Option<&'l RawValue>,
}

#[derive(Deserialize)]
struct Call<'l> {
    #[serde(borrow)]
    params: &'l RawValue,
}

pub(crate) fn compare(line: &Line) -> Result<Compared, String> {
    let recorded: Recorded<'_> =
        serde_json::from_str(&line.text).map_err(|error| error.to_string())?;
    let Some(calls) = calls(&line.input, &recorded.input) else {
        return Ok(LEFT);
    };
    let own = line.input["kernel"]["policies"].as_object();
    let is_about_patterns = calls.iter().flat_map(|call| &call.policies).all(|name| {
        match own.and_then(|own| own.get(*name)) {
            Some(policy) => is_patterns_only(policy),
            // Of those that the kernel brings along, this one has nothing else.
            None => *name == "no_pii",
        }
    });
    if !is_about_patterns || calls.iter().all(|call| call.policies.is_empty()) {
        return Ok(LEFT);
    }
    let brought_along = calls
        .iter()
        .flat_map(|call| &call.policies)
        .any(|name| own.is_none_or(|own| !own.contains_key(*name)));
    let engine = engine(own, brought_along)?;
    let Some(engine) = engine.as_ref() else {
        return refused(line);
    };
    let results = line.expect["results"].as_array().ok_or("no results")?;
    for (call, result) in calls.iter().zip(results) {
        let denied = call.denied_by(engine)?;
        let success = result["success"].as_bool();
        match (line.weakness.as_deref(), success) {
            (None, Some(success)) if denied == success => {
                return Err(format!("denied: {denied}"));
            }
            (Some(weakness), _) if !is_decided(weakness) => {
                return Err(format!("nobody decided what to do about `{weakness}`"));
            }
            (Some(weakness), Some(false)) if !weakness.starts_with("fp-") && !denied => {
                return Err("milder".to_owned());
            }
            (_, Some(_)) => {}
            (_, None) => return Err(format!("no outcome: {result}")),
        }
    }
    Ok(Compared::Fine)
}

/// Weaknesses that a test beside this one is about.
fn is_decided(weakness: &str) -> bool {
    const DECIDED: [&str; 5] = [
        "evade-json-escape",
        "fp-json-syntax",
        "fp-ssn-substring",
        "open-pii-values",
        "open-action-not-scanned",
    ];
    DECIDED.contains(&weakness)
}

/// Policies that do not compile judge nothing, so nothing is permitted by them.
fn refused(line: &Line) -> Result<Compared, String> {
    let policies = &line.input["kernel"]["policies"];
    let has_empty = |policy: &Value| {
        let patterns = policy["blocked_patterns"].as_array();
        patterns.is_some_and(|patterns| patterns.iter().any(|pattern| pattern == ""))
    };
    match line.weakness.as_deref() {
        Some("crash-policy-shape" | "odd-charlist") => Ok(Compared::Fine),
        None if policies
            .as_object()
            .is_some_and(|all| all.values().any(has_empty)) =>
        {
            Ok(Compared::Refused(
                "an empty pattern, which every text matches",
            ))
        }
        _ => Err("the policies do not compile".to_owned()),
    }
}

/// One call and the policies it is judged by.
struct Judged<'l> {
    action: &'l str,
    params: &'l str,
    policies: Vec<&'l str>,
}

impl Judged<'_> {
    fn denied_by(&self, engine: &Engine) -> Result<bool, String> {
        let request = format!(
            r#"{{"action": {}, "params": {}, "policies": {}}}"#,
            json!(self.action),
            self.params,
            json!(self.policies)
        );
        let mut request = Request::from_json(request.as_bytes(), RequestSource::Host)
            .map_err(|error| error.to_string())?;
        request.policies.push("permissive".into());
        Ok(engine.decide(&request).effect() == Effect::Deny)
    }
}

/// The calls of a line; `None` where it is about state, handlers or what a
/// request gives back to the next.
fn calls<'l>(input: &'l Value, recorded: &Input<'l>) -> Option<Vec<Judged<'l>>> {
    let judged = |call: &'l Value, policies: &'l Value, params: &'l RawValue| {
        Some(Judged {
            action: call["action"].as_str()?,
            params: params.get(),
            policies: policies
                .as_array()?
                .iter()
                .map(Value::as_str)
                .collect::<Option<_>>()?,
        })
    };
    if input["op"] == "stateless_execute" {
        return Some(vec![judged(input, &input["policies"], recorded.params?)?]);
    }
    let kernel = input["kernel"].as_object()?;
    if kernel.keys().any(|key| key != "policies") {
        return None;
    }
    let requests = input["requests"].as_array()?.iter();
    requests
        .zip(&recorded.requests)
        .map(|(request, recorded)| {
            let is_plain = request.get("handler").is_none();
            let context = request["context"].as_object().filter(|_| is_plain)?;
            let is_known = |key: &String| ["agent_id", "policies"].contains(&key.as_str());
            if !context.keys().all(is_known) {
                return None;
            }
            judged(request, &request["context"]["policies"], recorded.params)
        })
        .collect()
}

fn is_patterns_only(policy: &Value) -> bool {
    policy
        .as_object()
        .is_some_and(|keys| keys.keys().eq(["blocked_patterns"]))
}

/// An engine of the policies given to the kernel and, where one is asked for,
/// of those that it brings along.
fn engine(
    own: Option<&Map<String, Value>>,
    brought_along: bool,
) -> Result<Rc<Option<Engine>>, String> {
    let key = own.map(|own| json!(own).to_string()).unwrap_or_default();
    if let Some(engine) = ENGINES.with_borrow(|engines| engines.get(&key).cloned()) {
        return Ok(engine);
    }
    let mut sources = Sources::new();
    for name in ["permissive", "no_pii"] {
        let is_asked = name == "permissive" || brought_along;
        if is_asked && own.is_none_or(|own| !own.contains_key(name)) {
            let text = shipped::text(name).ok_or("it is shipped")?;
            sources.add(format!("{name}.policy"), text);
        }
    }
    if own.is_some() {
        // JSON is YAML, but for controls that it may leave as they are.
        let escaped: Vec<String> = key
            .chars()
            .map(|letter| match letter {
                '\x7f'..='\u{9f}' => format!("\\u{:04x}", u32::from(letter)),
                _ => letter.to_string(),
            })
            .collect();
        sources.add("kernel.yaml", escaped.concat());
    }
    let (plan, _) = compile(&sources, &Options::default());
    let engine = plan.map(|plan| Engine::new(&plan.table())).transpose();
    let engine = Rc::new(engine.map_err(|error| error.to_string())?);
    ENGINES.with_borrow_mut(|engines| engines.insert(key, Rc::clone(&engine)));
    Ok(engine)
}
