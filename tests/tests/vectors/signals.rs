//! Which of the 47 signals are in a text: exactly those that Python finds.
//!
//! The text is an action without params, whose canonical text is itself.

use std::collections::HashMap;

use agentos_compiler::{Options, Sources, compile, semantic, shipped};
use agentos_runtime::{IntentCategory, Map, SemanticPolicyEngine};

use super::{Compared, Line};

thread_local! {
    static SHIPPED: Shipped = Shipped::new();
}

struct Shipped {
    engine: SemanticPolicyEngine,
    /// The position of each signal in the policy.
    positions: HashMap<(IntentCategory, String), u64>,
}

impl Shipped {
    fn new() -> Shipped {
        let text = shipped::text("intents").expect("it is shipped");
        let (plan, _) = compile(&Sources::one("intents.policy", text), &Options::default());
        let plan = plan.expect("what is shipped compiles");
        let table = plan.table();
        let intents = table.policies.iter().flat_map(|policy| &*policy.intents);
        let signals = intents.flat_map(|intent| {
            let signals = intent.signals.iter();
            signals.map(|signal| (intent.category, signal.explain.to_owned()))
        });
        Shipped {
            engine: semantic::engine()
                .build()
                .expect("nothing is wrong with it"),
            positions: signals.zip(0..).collect(),
        }
    }
}

pub(crate) fn compare(line: &Line) -> Result<Compared, String> {
    let text = line.input["text"].as_str().ok_or("no text")?;
    let theirs: Vec<u64> = line.expect["signals"]
        .as_array()
        .ok_or("no signals")?
        .iter()
        .filter_map(serde_json::Value::as_u64)
        .collect();
    SHIPPED.with(|shipped| {
        let found = shipped
            .engine
            .signals(text, &Map::new())
            .map_err(|doubt| format!("the text {doubt}"))?;
        let mut ours = Vec::new();
        for found in found {
            let at = found.at.ok_or("a signal without a place")?;
            if text.get(at.start..at.end).is_none_or(str::is_empty) {
                return Err(format!("`{}` at {}..{}", found.signal, at.start, at.end));
            }
            ours.push(shipped.positions[&(found.category, found.signal)]);
        }
        if ours == theirs {
            Ok(Compared::Fine)
        } else {
            Err(format!("{ours:?}, not {theirs:?}"))
        }
    })
}
