//! Rules in, what Cedar's symbolic checker proves of them out.
//!
//! It puts a question as SMT-LIB to cvc5, a program of its own, which the
//! environment's `CVC5` names or the path has. One process answers all questions.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
    str::FromStr,
    time::{Duration, Instant},
};

use agentos_compiler::diff::Verdict;
use cedar_policy::{PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::{
    CedarSymCompiler, CompiledPolicySet, CompiledSchema, err::Error, solver::LocalSolver,
};
use tokio::runtime::{Builder, Runtime};

use crate::declared::{self, Rule};

/// How long the solver may think about one question.
const LONGEST_QUESTION: &str = "--tlimit-per=60000";

/// The checker, with its solver.
pub struct Symbolic {
    runtime: Runtime,
    checker: CedarSymCompiler<LocalSolver>,
}

/// Two policies and what requests may be, parsed.
pub struct Parsed {
    schema: Schema,
    policies: [PolicySet; 2],
}

/// Parses rules before and after a change.
///
/// # Panics
///
/// When Cedar does not read what we wrote.
pub fn parse(actions: &BTreeSet<&str>, rules: [&[Rule]; 2]) -> Parsed {
    Parsed {
        schema: schema(actions),
        policies: rules.map(|rules| policies(&declared::cedar(rules))),
    }
}

fn schema(actions: &BTreeSet<&str>) -> Schema {
    let schema = Schema::from_cedarschema_str(&declared::schema(actions));
    schema.expect("the schema is written as Cedar").0
}

fn policies(text: &str) -> PolicySet {
    PolicySet::from_str(text).expect("the rules are written as Cedar")
}

/// The solver's version, if there is one.
pub fn solver() -> Option<String> {
    let program = std::env::var("CVC5").unwrap_or_else(|_| "cvc5".to_owned());
    let said = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let line = said.lines().next()?;
    Some(line.trim_start_matches("This is ").to_owned())
}

impl Symbolic {
    /// The checker, if its solver is there.
    ///
    /// # Panics
    ///
    /// When the solver is there and does not start.
    pub fn new() -> Option<Symbolic> {
        solver()?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime on this thread");
        let checker = runtime.block_on(async {
            let solver = LocalSolver::cvc5_with_args([LONGEST_QUESTION]);
            CedarSymCompiler::new(solver.expect("it told its version")).expect("it takes any")
        });
        Some(Symbolic { runtime, checker })
    }

    /// How strict the second policy is beside the first; `None` where it takes longer
    /// than `limit` or the solver gives up.
    pub fn verdict(&mut self, parsed: &Parsed, limit: Duration) -> Option<Verdict> {
        let until = Instant::now() + limit;
        let schema = &parsed.schema;
        let symbols = symbols(schema);
        // Whether what the new one allows, the old one does; and the other way round.
        let (mut is_within, mut is_around) = (true, true);
        for about in schema.request_envs() {
            let [old, new] = [0, 1].map(|side| compile(&parsed.policies[side], &about, &symbols));
            if is_within {
                is_within = self.implies(&new, &old)?;
            }
            if is_around {
                is_around = self.implies(&old, &new)?;
            }
            if Instant::now() > until {
                return None;
            }
        }
        Some(match (is_within, is_around) {
            (true, true) => Verdict::Identical,
            (true, false) => Verdict::Stricter,
            (false, true) => Verdict::Looser,
            (false, false) => Verdict::Incomparable,
        })
    }

    /// The numbers of the rules that never decide, because an earlier one of their
    /// effect does or one that denies: `forbid` for each of those and `permit` for the
    /// rule itself always denies. `None` past `limit`.
    ///
    /// # Panics
    ///
    /// When Cedar does not read what we wrote.
    pub fn shadowed(&mut self, rules: &[Rule], limit: Duration) -> Option<Vec<usize>> {
        let until = Instant::now() + limit;
        let schema = schema(&declared::actions(rules));
        let symbols = symbols(&schema);
        let abouts: Vec<RequestEnv> = schema.request_envs().collect();
        let mut found = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            let stronger = rules.iter().enumerate().filter(|(other_at, other)| {
                let is_stronger = match (rule.allows, other.allows) {
                    (true, false) => true,
                    (false, true) => false,
                    (true, true) | (false, false) => *other_at < at,
                };
                is_stronger && other.action == rule.action
            });
            let mut text = declared::cedar_rule(rule, true);
            text.extend(stronger.map(|(_, other)| declared::cedar_rule(other, false)));
            let policies = policies(&text);
            let is_about = |about: &&RequestEnv| about.action().id().unescaped() == rule.action;
            let about = abouts.iter().find(is_about).expect("the schema has it");
            let compiled = compile(&policies, about, &symbols);
            let denies = self.checker.check_always_denies_opt(&compiled);
            if known(self.runtime.block_on(denies))? {
                found.push(at);
            }
            if Instant::now() > until {
                return None;
            }
        }
        Some(found)
    }

    fn implies(&mut self, one: &CompiledPolicySet, other: &CompiledPolicySet) -> Option<bool> {
        let implies = self.checker.check_implies_opt(one, other);
        known(self.runtime.block_on(implies))
    }
}

fn symbols(schema: &Schema) -> CompiledSchema {
    CompiledSchema::new(schema).expect("it is complete")
}

fn compile(
    policies: &PolicySet,
    about: &RequestEnv,
    symbols: &CompiledSchema,
) -> CompiledPolicySet {
    let environment = symbols.sym_env(about).expect("the schema made it");
    let schema = symbols.schema();
    CompiledPolicySet::compile_with_custom_symenv(policies, about, schema, environment)
        .expect("the rules fit the schema")
}

/// What the solver knows; `None` where it gave up.
fn known(answer: Result<bool, Error>) -> Option<bool> {
    match answer {
        Ok(answer) => Some(answer),
        Err(Error::SolverUnknown) => None,
        Err(error) => panic!("Cedar's checker: {error}"),
    }
}
