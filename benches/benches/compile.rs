//! 10,000 rules as text in, what each step to an engine costs out; the peers beside it.
#![forbid(unsafe_code)]
#![allow(
    clippy::cast_precision_loss,
    reason = "figures are shown in three digits"
)]

use std::time::Duration;

use agentos_benches::{
    cedar::{self, Cedar},
    clock::median,
    ours, picked,
    rego::{self, Rego},
    report::{Table, duration, ratio, thousands},
    rules::{Workload, rules},
};
use agentos_compiler::{Options, Plan, Sources, check, compile, lower, read};
use agentos_runtime::{Engine, artifact};

/// How many rules.
const RULES: usize = 10_000;

/// How often each step is done; the median is told.
const TIMES: usize = 7;

/// How often a peer compiles, which takes seconds.
const TIMES_PEER: usize = 3;

const WORKLOADS: [Workload; 2] = [Workload::Spread, Workload::Mixed];

fn main() {
    if picked().is_none() {
        return;
    }
    let columns = WORKLOADS.map(steps);
    println!("## Compiling {RULES} rules\n");
    let mut table = Table::new(&[
        "step",
        WORKLOADS[0].name(),
        "to ours",
        WORKLOADS[1].name(),
        "to ours",
    ]);
    let whole = |column: &[Step]| {
        let step = column.iter().find(|step| step.name == WHOLE);
        step.expect("it is among the steps").taken
    };
    let wholes = [whole(&columns[0]), whole(&columns[1])];
    for (first, second) in columns[0].iter().zip(&columns[1]) {
        let mut row = vec![first.name.to_owned()];
        for (step, whole) in [first, second].into_iter().zip(wholes) {
            row.push(duration(step.taken));
            row.push(if step.peer {
                ratio(step.taken.as_nanos() as f64, whole.as_nanos() as f64)
            } else {
                String::new()
            });
        }
        table.row(row);
    }
    table.print();
    proving();
}

/// Of how many rules it is proved what they decide.
const PROVED: [usize; 4] = [10, 100, 1_000, 10_000];

/// What it takes to find everything that `agentos validate` finds, beside what is
/// found without proofs.
fn proving() {
    println!("## Proving what rules decide\n");
    let mut table = Table::new(&["workload", "rules", "compiled", "proved", "", "findings"]);
    for workload in Workload::ALL {
        for size in PROVED {
            eprintln!("proving, {}, {size} rules", workload.name());
            let text = ours::text(&rules(workload, size));
            let sources = Sources::one("authz.policy", text);
            let taken = |proves| {
                let options = Options {
                    strict: false,
                    proves,
                };
                median(TIMES_PEER, || (), |()| compile(&sources, &options))
            };
            let (compiled, proved) = (taken(false), taken(true));
            let options = Options {
                strict: false,
                proves: true,
            };
            let (_, findings) = compile(&sources, &options);
            table.row(vec![
                workload.name().to_owned(),
                thousands(size as f64),
                duration(compiled),
                duration(proved),
                ratio(proved.as_nanos() as f64, compiled.as_nanos() as f64),
                findings.len().to_string(),
            ]);
        }
    }
    table.print();
}

/// The step that the peers are compared with.
const WHOLE: &str = "agentos: text to engine";

struct Step {
    name: &'static str,
    taken: Duration,
    peer: bool,
}

fn steps(workload: Workload) -> Vec<Step> {
    eprintln!("compiling, {}", workload.name());
    let rules = rules(workload, RULES);
    let text = ours::text(&rules);
    let mut steps = Vec::new();
    let mut step = |name, taken| {
        steps.push(Step {
            name,
            taken,
            peer: false,
        });
    };

    let sources = Sources::one("authz.policy", text.as_str());
    let (id, source) = sources.iter().next().expect("there is one");
    let parse = || read(id, source);
    step("parse: text to tree", median(TIMES, || (), |()| parse()));
    let files = [parse().file];
    let program = || lower(&files).0;
    step(
        "lower: tree to IR",
        median(TIMES, || (), |()| lower(&files)),
    );
    let lowered = program();
    step(
        "check: IR to findings",
        median(TIMES, || (), |()| check(&lowered)),
    );
    step(
        "plan: IR to rows and matchers",
        median(TIMES, program, |program| Plan::new(program, &sources)),
    );
    let plan = Plan::new(lowered, &sources).expect("its patterns are small");
    step("table: rows lent", median(TIMES, || (), |()| plan.table()));
    let table = plan.table();
    let engine = |table: &_| Engine::new(table).expect("the compiler made the table");
    step(
        "engine: rows to index",
        median(TIMES, || (), |()| engine(&table)),
    );
    let bytes = artifact::write(&table).expect("it fits an artifact");
    step(
        "artifact: rows to bytes",
        median(TIMES, || (), |()| artifact::write(&table)),
    );
    step(
        "load: bytes to engine",
        median(
            TIMES,
            || (),
            |()| engine(&artifact::read(&bytes).expect("it was just written")),
        ),
    );
    let compiled = || {
        let sources = Sources::one("authz.policy", text.as_str());
        compile(&sources, &Options::default())
    };
    step(
        "compile: text to plan",
        median(TIMES, || (), |()| compiled()),
    );
    step(
        WHOLE,
        median(TIMES, || (), |()| ours::engine(&ours::plan(&text))),
    );

    let cedar = cedar::text(&rules);
    let (data, rego) = (rego::as_data(&rules), rego::as_rules(&rules));
    let mut peer = |name, taken| {
        steps.push(Step {
            name,
            taken,
            peer: true,
        });
    };
    peer(
        "Cedar: text to policies",
        median(TIMES_PEER, || (), |()| Cedar::new(&cedar)),
    );
    peer(
        "regorus: data and few rules to engine",
        median(TIMES_PEER, || (), |()| Rego::new(&data)),
    );
    peer(
        "regorus: rules to engine",
        median(TIMES_PEER, || (), |()| Rego::new(&rego)),
    );
    steps
}
