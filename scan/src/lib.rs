//! Which of many patterns are in a text.
//!
//! [`build`] makes automata of expressions; [`Automaton::scan`] finds which of
//! them are in a text, exactly, in a time that grows with the text alone. What
//! automata cannot find well is named, for slower engines. [`Literals`] are texts
//! without anything to match but themselves, however many.
#![deny(unsafe_code)]

mod automaton;
mod build;
mod dfa;
mod fingerprint;
mod literals;
mod simd;
mod symbols;

pub use automaton::{Automaton, Scratch};
pub use build::{Built, Pattern, build};
pub use literals::{Literals, Samples};
