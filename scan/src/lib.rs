//! Which of many patterns are in a text.
//!
//! [`build`] makes automata of expressions; [`Automaton::scan`] finds which of
//! them are in a text, exactly, in a time that grows with the text alone. What
//! automata cannot find well is named, for slower engines.
#![deny(unsafe_code)]

mod automaton;
mod build;
mod dfa;
mod fingerprint;
mod simd;
mod symbols;

pub use automaton::{Automaton, Scratch};
pub use build::{Built, Pattern, build};
