//! Checks agentos policies and compiles them to tables, artifacts and Rust.
#![forbid(unsafe_code)]

pub mod finding;
pub mod nearest;
pub mod source;

pub use finding::Finding;
pub use source::{Source, Sources};
