//! Rules and requests in, what one decision costs each engine out.
//!
//! `cargo bench -p agentos-benches --bench authorize -- parsed "many actions"`
//! prints only the rows that hold each of these words.
#![forbid(unsafe_code)]
#![allow(
    clippy::cast_precision_loss,
    reason = "figures are shown in three digits"
)]

use agentos_benches::{
    cedar::{self, Cedar},
    clock::{Contender, Cost, race},
    generated::{LARGE, SIZES as GENERATED_SIZES, SMALL},
    ours, picked,
    rego::{self, Rego},
    report::{Table, duration, ratio, thousands, time},
    rules::{REQUESTS, Request, Rule, SIZES, Workload, permits, requests, rules},
};

/// What a decision starts from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Parsed,
    Bytes,
}

impl From {
    const fn name(self) -> &'static str {
        match self {
            From::Parsed => "parsed",
            From::Bytes => "bytes",
        }
    }
}

fn main() {
    let Some(words) = picked() else { return };
    println!("## Authorization\n");
    println!(
        "One decision: the median over batches of {REQUESTS} requests, engines taking turns.\n"
    );
    let mut interpreted = None;
    for from in [From::Parsed, From::Bytes] {
        let mut table = Table::new(columns(from));
        for workload in Workload::ALL {
            let mut smallest = None;
            for size in SIZES {
                let row = format!("{}, {}", from.name(), workload.name());
                if !words.iter().all(|word| row.contains(word.as_str())) {
                    continue;
                }
                eprintln!("{row}, {size} rules");
                let rules = rules(workload, size);
                let requests = requests(workload, &rules);
                let mut engines = Engines::new(&rules);
                if let Rego::Interpreter(_, reason) = &engines.rules {
                    assert_eq!(
                        size,
                        SIZES[SIZES.len() - 1],
                        "only the largest does not fit"
                    );
                    interpreted = Some(reason.clone());
                }
                let costs = engines.race(from, &rules, &requests);
                let first = *smallest.get_or_insert(costs[0].nanoseconds());
                table.row(cells(&row, size, &costs, first, from));
            }
        }
        table.print();
    }
    if let Some(reason) = interpreted {
        println!(
            "From {} rules written as rules, regorus interprets; its virtual machine says: {reason}.\n",
            SIZES[SIZES.len() - 1]
        );
    }
    if words.iter().all(|word| GENERATED.contains(word.as_str())) {
        generated();
    }
}

const GENERATED: &str = "generated, many actions";

/// The same rules as a table in memory and as Rust that a build script wrote.
fn generated() {
    let mut table = Table::new(&["workload", "rules", "table in memory", "generated Rust", ""]);
    for (size, policy) in GENERATED_SIZES.into_iter().zip([&SMALL, &LARGE]) {
        eprintln!("{GENERATED}, {size} rules");
        policy.prepare().expect("the compiler wrote it");
        let rules = rules(Workload::Spread, size);
        let requests = requests(Workload::Spread, &rules);
        let engine = ours::engine(&ours::plan(&ours::text(&rules)));
        let asked: Vec<_> = requests.iter().map(ours::request).collect();
        let mut contenders = [
            Contender::new("table", REQUESTS, |at| {
                engine.decide(&asked[at]).is_permitted()
            }),
            Contender::new("generated", REQUESTS, |at| {
                policy.decide(&asked[at]).is_permitted()
            }),
        ];
        agree(&mut contenders, &rules, &requests);
        let costs = race(&mut contenders, false);
        let [memory, generated] = [costs[0].nanoseconds(), costs[1].nanoseconds()];
        table.row(vec![
            GENERATED.to_owned(),
            thousands(size as f64),
            time(memory),
            time(generated),
            ratio(generated, memory),
        ]);
    }
    table.print();
}

fn columns(from: From) -> &'static [&'static str] {
    match from {
        From::Parsed => &[
            "from, workload",
            "rules",
            "agentos",
            "to 10 rules",
            "Cedar",
            "",
            "regorus, data",
            "",
            "regorus, rules",
            "",
        ],
        From::Bytes => &[
            "from, workload",
            "rules",
            "agentos",
            "p99.9",
            "Cedar",
            "",
            "p99.9",
            "regorus, data",
            "",
            "p99.9",
            "regorus, rules",
            "",
            "p99.9",
        ],
    }
}

fn cells(row: &str, size: usize, costs: &[Cost], first: f64, from: From) -> Vec<String> {
    let ours = costs[0].nanoseconds();
    let slowest = |cost: &Cost| cost.p999.map_or("–".to_owned(), duration);
    let mut cells = vec![row.to_owned(), thousands(size as f64), time(ours)];
    cells.push(match from {
        From::Parsed => ratio(ours, first),
        From::Bytes => slowest(&costs[0]),
    });
    for cost in &costs[1..] {
        cells.push(time(cost.nanoseconds()));
        cells.push(ratio(cost.nanoseconds(), ours));
        if from == From::Bytes {
            cells.push(slowest(cost));
        }
    }
    cells
}

/// All engines with the same rules.
struct Engines {
    ours: agentos_runtime::Engine,
    cedar: Cedar,
    data: Rego,
    rules: Rego,
}

impl Engines {
    fn new(rules: &[Rule]) -> Engines {
        Engines {
            ours: ours::engine(&ours::plan(&ours::text(rules))),
            cedar: Cedar::new(&cedar::text(rules)),
            data: Rego::new(&rego::as_data(rules)),
            rules: Rego::new(&rego::as_rules(rules)),
        }
    }

    fn race(&mut self, from: From, rules: &[Rule], requests: &[Request]) -> Vec<Cost> {
        let json: Vec<String> = requests.iter().map(Request::to_json).collect();
        let ours: Vec<_> = requests.iter().map(ours::request).collect();
        let cedar: Vec<_> = requests
            .iter()
            .map(|request| self.cedar.request(request))
            .collect();
        let rego: Vec<_> = json.iter().map(|json| Rego::request(json)).collect();
        let count = requests.len();
        let mut contenders = match from {
            From::Parsed => [
                Contender::new("agentos", count, |at| {
                    self.ours.decide(&ours[at]).is_permitted()
                }),
                Contender::new("Cedar", count, |at| self.cedar.permits(&cedar[at])),
                Contender::new("regorus, data", count, |at| {
                    self.data.permits(rego[at].clone())
                }),
                Contender::new("regorus, rules", count, |at| {
                    self.rules.permits(rego[at].clone())
                }),
            ],
            From::Bytes => [
                Contender::new("agentos", count, |at| {
                    ours::permits_json(&self.ours, &json[at])
                }),
                Contender::new("Cedar", count, |at| self.cedar.permits_json(&json[at])),
                Contender::new("regorus, data", count, |at| {
                    self.data.permits(Rego::request(&json[at]))
                }),
                Contender::new("regorus, rules", count, |at| {
                    self.rules.permits(Rego::request(&json[at]))
                }),
            ],
        };
        agree(&mut contenders, rules, requests);
        race(&mut contenders, from == From::Bytes)
    }
}

/// Stops the run where an engine says otherwise than the rules.
fn agree(contenders: &mut [Contender<'_>], rules: &[Rule], requests: &[Request]) {
    for (at, request) in requests.iter().enumerate() {
        let expected = permits(rules, request);
        for contender in &mut *contenders {
            let answer = contender.answer(at);
            let name = contender.name();
            assert_eq!(answer, expected, "{name} on {request:?}");
        }
    }
}
