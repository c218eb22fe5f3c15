//! What the tests of the whole share: random policies and requests.
#![forbid(unsafe_code)]

pub mod random;

#[cfg(doctest)]
#[doc = include_str!("../../docs/intents.md")]
struct Intents;
