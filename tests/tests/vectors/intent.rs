//! What the semantic engine tells of calls, and what it denies.
//!
//! Sentences are ours: they name the same category, percentage and signals.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use agentos_compiler::{
    Options, Sources, compile,
    pattern::ProblemKind,
    semantic::{self, EngineProblem, InvalidEngine},
    shipped,
};
use agentos_runtime::{
    DenySet, Effect, Engine, IntentCategory, IntentClassification, Map, Request, RequestSource,
    SemanticError, SemanticPolicyEngine,
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Compared, Line};

type Outcome = Result<Compared, String>;

/// An engine, or why there is none.
type Made = Rc<Result<SemanticPolicyEngine, InvalidEngine>>;

thread_local! {
    /// By their custom signals.
    static ENGINES: RefCell<HashMap<String, Made>> = RefCell::default();
    /// The same signals in a policy, above a floor that allows.
    static POLICY: Engine = policy();
}

fn policy() -> Engine {
    let mut sources = Sources::new();
    for name in ["intents", "permissive"] {
        let text = shipped::text(name).expect("it is shipped");
        sources.add(format!("{name}.policy"), text);
    }
    let (plan, findings) = compile(&sources, &Options::default());
    let plan = plan.unwrap_or_else(|| panic!("{findings:?}"));
    Engine::new(&plan.table()).expect("a plan gives a sound table")
}

/// The params as they are written.
#[derive(Deserialize)]
struct Recorded<'l> {
    #[serde(borrow)]
    input: Input<'l>,
}

#[derive(Deserialize)]
struct Input<'l> {
    action: String,
    #[serde(borrow)]
    params: &'l RawValue,
}

pub(crate) fn compare(line: &Line) -> Outcome {
    let recorded: Recorded<'_> =
        serde_json::from_str(&line.text).map_err(|error| error.to_string())?;
    let action = &recorded.input.action;
    let request = format!(
        r#"{{"action": {}, "params": {}}}"#,
        Value::from(action.as_str()),
        recorded.input.params.get()
    );
    let request = Request::from_json(request.as_bytes(), RequestSource::Host)
        .map_err(|error| error.to_string())?;
    match line.input["op"].as_str().unwrap_or_default() {
        "classify" => classify(line, &request),
        "check" => check(line, action, &request.params),
        other => Err(format!("no operation is called `{other}`")),
    }
}

fn classify(line: &Line, request: &Request<'_>) -> Outcome {
    let made = engine(&Value::Null)?;
    let engine = made.as_ref().as_ref().map_err(ToString::to_string)?;
    let (action, params) = (&*request.action, &request.params);
    let ours = engine.classify(action, params);
    let dangerous = line.expect["is_dangerous"] == true;
    let is_denied = POLICY.with(|policy| policy.decide(request).effect()) == Effect::Deny;
    match line.weakness.as_deref() {
        None => {
            same(&ours, &line.expect)?;
            if dangerous && !is_denied {
                return Err("the policy `intents` does not deny it".to_owned());
            }
        }
        Some(weakness) if weakness.starts_with("fp-") => not_stricter(&ours, &line.expect)?,
        Some(weakness) if is_decided(weakness) => {
            if dangerous && !(ours.is_dangerous() && is_denied) {
                return Err(format!("milder: {ours:?}"));
            }
            finds_as_much(engine, action, params, &line.expect)?;
        }
        Some(other) => return Err(format!("nobody decided what to do about `{other}`")),
    }
    Ok(Compared::Fine)
}

/// Weaknesses that a test beside this one, or the comparison itself, is about.
fn is_decided(weakness: &str) -> bool {
    const DECIDED: [&str; 19] = [
        "evade-rm-flags",
        "evade-destructive-tool",
        "evade-sql-destructive",
        "evade-sql-comment",
        "evade-where-mention",
        "evade-tautology",
        "evade-newline-dot",
        "evade-repr-escape",
        "evade-param-key",
        "evade-masking",
        "evade-word-end",
        "evade-priv-esc",
        "evade-system-mod",
        "evade-exfil",
        "evade-code-exec",
        "evade-shell-quoting",
        "evade-unicode",
        "evade-language",
        "odd-none-not-denied",
    ];
    DECIDED.contains(&weakness)
}

/// Every signal that the reference finds is found here.
fn finds_as_much(
    engine: &SemanticPolicyEngine,
    action: &str,
    params: &Map<'_>,
    expect: &Value,
) -> Result<(), String> {
    let found = engine
        .signals(action, params)
        .map_err(|doubt| format!("the text {doubt}"))?;
    for signal in texts(&expect["matched_signals"]) {
        if !found.iter().any(|found| found.signal == signal) {
            return Err(format!("`{signal}` is not found"));
        }
    }
    Ok(())
}

fn check(line: &Line, action: &str, params: &Map<'_>) -> Outcome {
    let (input, expect) = (&line.input, &line.expect);
    let made = engine(&input["engine"])?;
    let engine = match made.as_ref() {
        Err(invalid) => return refused(line, invalid),
        Ok(_) if expect.get("engine_error").is_some() => {
            return Err("the engine was made".to_owned());
        }
        Ok(engine) => engine,
    };
    let deny = match &input["deny"] {
        Value::Null => engine.denied(),
        list => match DenySet::new(categories(list)?) {
            Ok(deny) => deny,
            Err(SemanticError::EmptyDeny) if texts(list).is_empty() => {
                return Ok(Compared::Refused("a list that denies nothing"));
            }
            Err(error) => return Err(error.to_string()),
        },
    };
    let policy_name = input["policy_name"].as_str().unwrap_or_default();
    let ours = engine.check_for(policy_name, action, params, deny);
    let theirs = expect["denied"].as_bool().ok_or("no outcome")?;
    match line.weakness.as_deref() {
        None | Some("odd-weight-range") => match (&ours, theirs) {
            (Ok(classification), false) => same(classification, expect)?,
            (Err(denied), true) => {
                same(&denied.classification, expect)?;
                let by = expect["policy_name"].as_str().unwrap_or_default();
                if denied.policy_name != by || !denied.to_string().contains(by) {
                    return Err(format!("denied by `{}`, not `{by}`", denied.policy_name));
                }
            }
            (ours, _) => return Err(format!("{ours:?}, not denied: {theirs}")),
        },
        Some("evade-masking" | "odd-threshold-rounding") => {
            if ours.is_ok() {
                return Err(format!("it passes: {ours:?}"));
            }
        }
        Some(other) => return Err(format!("nobody decided what to do about `{other}`")),
    }
    Ok(Compared::Fine)
}

/// Refusing to be made is right where the reference refuses as well, and where
/// we decided to.
fn refused(line: &Line, invalid: &InvalidEngine) -> Outcome {
    let first = &invalid.problems[0];
    if line.expect.get("engine_error").is_some() {
        return match first {
            EngineProblem::Pattern { .. } => Ok(Compared::Fine),
            other => Err(format!("refused for another reason: {other}")),
        };
    }
    let arguments = &line.input["engine"];
    let is_outside = |value: &Value| value.as_f64().is_some_and(|n| !(0.0..=1.0).contains(&n));
    let what = match first {
        EngineProblem::Weight { .. } => {
            let signals = arguments["custom_signals"].as_object();
            let mut lists = signals.into_iter().flat_map(|map| map.values());
            let outside = lists.any(|list| {
                let mut signals = list.as_array().into_iter().flatten();
                signals.any(|signal| is_outside(&signal[1]))
            });
            outside.then_some("a weight outside 0..=1")
        }
        EngineProblem::Setting(SemanticError::Threshold { .. }) => {
            is_outside(&arguments["confidence_threshold"]).then_some("a threshold outside 0..=1")
        }
        EngineProblem::Setting(SemanticError::EmptyDeny) => {
            let is_empty = arguments["deny"].as_array().is_some_and(Vec::is_empty);
            is_empty.then_some("a list that denies nothing")
        }
        EngineProblem::Pattern { problem, .. } => {
            let says_how = problem.kind == ProblemKind::NotAnAutomaton && problem.help.is_some();
            says_how.then_some("an expression that needs backtracking, with a rewrite")
        }
        _ => None,
    };
    what.map(Compared::Refused)
        .ok_or_else(|| format!("refused: {invalid}"))
}

fn same(ours: &IntentClassification, expect: &Value) -> Result<(), String> {
    let category = expect["category"].as_str().ok_or("no category")?;
    let signals = texts(&expect["matched_signals"]);
    let is_same = ours.category.name() == category
        && expect["confidence"].as_f64() == Some(ours.confidence)
        && ours.matched_signals == signals
        && expect["is_dangerous"] == ours.is_dangerous()
        && ours.doubt.is_none();
    if !is_same {
        return Err(format!("{ours:?}, not {expect}"));
    }
    let theirs = expect["explanation"].as_str().ok_or("no explanation")?;
    let percentage = theirs
        .split(['(', ' '])
        .find(|word| word.ends_with('%'))
        .unwrap_or_default();
    let says = |what: &str| ours.explanation.contains(what);
    let sentence = if signals.is_empty() {
        theirs == "No risk signals detected" && says("no signal")
    } else {
        says(category) && says(percentage) && signals.iter().all(|signal| says(signal))
    };
    if sentence {
        Ok(())
    } else {
        Err(format!("`{}` for `{theirs}`", ours.explanation))
    }
}

/// What the reference takes for harmful without need weighs no more here.
fn not_stricter(ours: &IntentClassification, expect: &Value) -> Result<(), String> {
    let theirs = expect["confidence"].as_f64().unwrap_or_default();
    if ours.confidence > theirs || ours.is_dangerous() && expect["is_dangerous"] != true {
        return Err(format!("stricter: {ours:?}"));
    }
    Ok(())
}

/// The engine of these arguments; its signals are compiled once.
fn engine(arguments: &Value) -> Result<Made, String> {
    let made = with_signals(&arguments["custom_signals"])?;
    let Ok(engine) = made.as_ref() else {
        return Ok(made);
    };
    let mut setting = Ok(engine.clone());
    if let Some(threshold) = arguments["confidence_threshold"].as_f64() {
        setting = setting.and_then(|engine| engine.confidence_threshold(threshold));
    }
    if !arguments["deny"].is_null() {
        let deny = DenySet::new(categories(&arguments["deny"])?);
        setting = setting.and_then(|engine| Ok(engine.deny(deny?)));
    }
    Ok(Rc::new(setting.map_err(|error| InvalidEngine {
        problems: vec![error.into()],
    })))
}

fn with_signals(custom: &Value) -> Result<Made, String> {
    let key = custom.to_string();
    if let Some(made) = ENGINES.with_borrow(|engines| engines.get(&key).cloned()) {
        return Ok(made);
    }
    let mut builder = semantic::engine();
    for (category, signals) in custom.as_object().into_iter().flatten() {
        let category = named(category)?;
        for signal in signals.as_array().into_iter().flatten() {
            let (Some(expression), Some(weight), Some(name)) =
                (signal[0].as_str(), signal[1].as_f64(), signal[2].as_str())
            else {
                return Err(format!("no signal: {signal}"));
            };
            builder = builder.custom_signal(category, expression, weight, name);
        }
    }
    let made = Rc::new(builder.build());
    ENGINES.with_borrow_mut(|engines| engines.insert(key, Rc::clone(&made)));
    Ok(made)
}

fn categories(list: &Value) -> Result<Vec<IntentCategory>, String> {
    texts(list).into_iter().map(named).collect()
}

fn named(name: &str) -> Result<IntentCategory, String> {
    let mut all = IntentCategory::ALL.into_iter();
    all.find(|category| category.name() == name)
        .ok_or_else(|| format!("no category is called `{name}`"))
}

fn texts(list: &Value) -> Vec<&str> {
    let values = list.as_array().into_iter().flatten();
    values.filter_map(Value::as_str).collect()
}
