//! agentos beside its peers: the same rules and requests, patterns and texts for every engine, timed in turns.
//!
//! `cargo bench -p agentos-benches` prints what `docs/benchmarks.md` explains.
//! Nothing here passes or fails on time; an engine that answers otherwise than
//! the rules say, or than the other engines, stops the run.
#![deny(unsafe_code)]
#![allow(
    clippy::cast_precision_loss,
    reason = "figures are shown in three digits"
)]

pub mod cedar;
pub mod changes;
pub mod clock;
pub mod declared;
pub mod drawn;
pub mod finders;
pub mod generated;
pub mod language;
pub mod ours;
pub mod phrases;
pub mod python;
pub mod rego;
pub mod report;
pub mod rules;
pub mod signals;
pub mod symbolic;
pub mod texts;
pub mod vectorscan;

/// What follows the name of a bench on the command line: words that pick rows.
///
/// `cargo test` runs benches too, and then without `--bench`: there is nothing
/// to measure in a test.
pub fn picked() -> Option<Vec<String>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let measure = arguments.iter().any(|argument| argument == "--bench");
    let words = arguments.into_iter().filter(|word| !word.starts_with("--"));
    measure.then(|| words.collect())
}
