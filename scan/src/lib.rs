//! Which of many patterns are in a text.
//!
//! With the feature `build`, expressions and plain texts become a [`Set`] of
//! automata. It finds which of them are in a text, exactly, in a time that grows
//! with the text alone. [`Programs`] say where. All of that is tables, which
//! [`Matchers`] write to bytes, and use where the bytes are.
#![deny(unsafe_code)]
#![cfg_attr(
    not(feature = "build"),
    allow(dead_code, reason = "what only builders ask is there for them")
)]

mod automaton;
#[cfg(feature = "build")]
mod build;
mod candidates;
mod dfa;
mod fingerprint;
mod follower;
mod gaps;
mod program;
mod repeats;
mod search;
mod set;
mod simd;
mod stored;
mod symbols;

pub use automaton::{Automaton, Scratch};
#[cfg(feature = "build")]
pub use build::{Built, MOST_STATES, Pattern, Sought, build};
pub use program::Programs;
pub use set::{Arriving, Matchers, Memory, Set};
pub use stored::Malformed;
