//! Rules and requests in, what regorus says of them out.
//!
//! Rego is written in two ways: each rule as a rule of its own, or the rules as
//! data that a handful of rules look things up in, which is what people do who
//! have many. Both run on regorus's virtual machine, the fastest of its three
//! ways to evaluate, where it takes the program; it has a limit on
//! instructions, and beyond that regorus interprets.

use std::{fmt::Write as _, sync::Arc};

use regorus::{
    CompiledPolicy, Engine, Value, languages::rego::compiler::Compiler, rvm::vm::RegoVM,
};
use serde_json::{Map, json};

use crate::rules::{Rule, When};

/// What is asked for.
const DECISION: &str = "data.authz.decision";

const HEAD: &str = "\
package authz
import rego.v1
default decision := false
decision if { allow; not deny }
";

const LOOK_UP: &str = "\
rules := data.rules[input.action]
allow if rules.always
allow if rules.users[input.attested.user]
allow if { some most in rules.amounts; input.params.amount <= most }
allow if { some prefix in rules.paths; startswith(input.params.path, prefix) }
deny if rules.never
deny if rules.denied_users[input.attested.user]
";

/// A program and its data.
pub struct Text {
    /// In Rego.
    pub rego: String,
    /// What the program looks things up in.
    pub data: serde_json::Value,
}

/// The rules as rules.
pub fn as_rules(rules: &[Rule]) -> Text {
    let mut rego = HEAD.to_owned();
    for rule in rules {
        let effect = if rule.allows { "allow" } else { "deny" };
        let when = match &rule.when {
            When::Always => String::new(),
            When::UserIs(user) => format!("; input.attested.user == \"{user}\""),
            When::PathStartsWith(prefix) => {
                format!("; startswith(input.params.path, \"{prefix}\")")
            }
            When::AmountAtMost(most) => format!("; input.params.amount <= {most}"),
        };
        let action = &rule.action;
        writeln!(rego, "{effect} if {{ input.action == \"{action}\"{when} }}")
            .expect("writing to a text does not fail");
    }
    // A rule that is negated has to be there.
    if rules.iter().all(|rule| rule.allows) {
        rego.push_str("default deny := false\n");
    }
    Text {
        rego,
        data: json!({}),
    }
}

/// The rules as data.
///
/// # Panics
///
/// When a rule denies on something that [`LOOK_UP`] has no line for.
pub fn as_data(rules: &[Rule]) -> Text {
    let mut actions = Map::new();
    for rule in rules {
        let entry = actions.entry(rule.action.clone()).or_insert(json!({}));
        match (rule.allows, &rule.when) {
            (true, When::Always) => entry["always"] = true.into(),
            (false, When::Always) => entry["never"] = true.into(),
            (true, When::UserIs(user)) => entry["users"][user] = true.into(),
            (false, When::UserIs(user)) => entry["denied_users"][user] = true.into(),
            (true, When::PathStartsWith(prefix)) => push(&mut entry["paths"], prefix.as_str()),
            (true, When::AmountAtMost(most)) => push(&mut entry["amounts"], *most),
            (false, When::PathStartsWith(_) | When::AmountAtMost(_)) => {
                panic!("no workload denies on a path or an amount")
            }
        }
    }
    Text {
        rego: format!("{HEAD}{LOOK_UP}"),
        data: json!({ "rules": actions }),
    }
}

fn push(list: &mut serde_json::Value, value: impl Into<serde_json::Value>) {
    if list.is_null() {
        *list = json!([]);
    }
    list.as_array_mut()
        .expect("it was made a list")
        .push(value.into());
}

/// regorus with a program compiled.
pub enum Rego {
    /// On the virtual machine.
    Machine(Box<RegoVM>),
    /// Interpreted; with the reason why the machine does not take it.
    Interpreter(CompiledPolicy, String),
}

impl Rego {
    /// Compiles a program.
    ///
    /// # Panics
    ///
    /// When it is none.
    pub fn new(text: &Text) -> Rego {
        let mut engine = Engine::new();
        let data = Value::from(text.data.clone());
        engine
            .add_policy("authz.rego".to_owned(), text.rego.clone())
            .expect("the rules are written as Rego");
        engine.add_data(data.clone()).expect("data is an object");
        let policy = engine
            .compile_with_entrypoint(&Arc::from(DECISION))
            .expect("the decision is there");
        match Compiler::compile_from_policy(&policy, &[DECISION]) {
            Ok(program) => {
                let mut machine = RegoVM::new();
                machine.load_program(program);
                // Its default stops it after 25,000 steps.
                machine.set_max_instructions(usize::MAX);
                machine
                    .set_data(data)
                    .expect("data and rules have other names");
                Rego::Machine(Box::new(machine))
            }
            Err(error) => Rego::Interpreter(policy, error.to_string()),
        }
    }

    /// A request as regorus has it.
    ///
    /// # Panics
    ///
    /// When the bytes are no JSON.
    pub fn request(json: &str) -> Value {
        Value::from_json_str(json).expect("a request as JSON")
    }

    /// Whether a request is allowed.
    ///
    /// # Panics
    ///
    /// When evaluating fails.
    pub fn permits(&mut self, request: Value) -> bool {
        let answer = match self {
            Rego::Machine(machine) => {
                machine.set_input(request);
                machine.execute().expect("the program runs to its end")
            }
            Rego::Interpreter(policy, _) => policy
                .eval_with_input(request)
                .expect("the program runs to its end"),
        };
        answer == Value::Bool(true)
    }
}
