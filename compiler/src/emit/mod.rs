//! A table in, something that outlives the compiler out.
//!
//! [`rust`] prints rows as source text; artifacts are written by
//! [`agentos_runtime::artifact`].

pub mod rust;
