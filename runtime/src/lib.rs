//! What a compiled policy needs to run: a [`table`] in, decisions about requests out.
//!
//! Contents: [`Policy`] is a table that was compiled into the program;
//! [`Engine`] is any table made ready. Both answer a [`Request`] with a
//! [`Decision`].
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

#[cfg(feature = "artifact")]
pub mod artifact;
mod condition;
mod decide;
mod decision;
mod doubt;
#[cfg(feature = "build")]
mod ending;
mod engine;
mod explain;
mod found;
pub mod glob;
mod index;
#[cfg(feature = "json")]
mod json;
mod matcher;
#[cfg(feature = "build")]
pub mod matchers;
mod matches;
mod nearest;
mod number;
mod pages;
mod path;
mod policy;
mod prefixes;
mod prepare;
mod prepared;
mod report;
mod request;
mod semantic;
mod shape;
mod short;
pub mod table;
mod text;
pub mod time;
mod uses;
mod value;
mod view;
mod words;

pub use decision::{Cause, Decision};
pub use doubt::Doubt;
pub use engine::Engine;
pub use explain::{Spoke, SpokenClause};
pub use found::Found;
#[cfg(feature = "json")]
pub use json::{
    LONGEST_NUMBER, LONGEST_REQUEST, MOST_POLICIES, MOST_VALUES, RequestError, RequestProblem,
    RequestSource,
    record::{Record, RecordedDecision},
};
pub use matcher::MOST_LOOKED_AGAIN;
pub use number::{Number, NumberError};
pub use policy::Policy;
pub use prepare::{DEEPEST_CONDITION, DEEPEST_TYPE, MOST_ROWS, TableError};
pub use report::{DoubtReport, IntentReport, MOST_MATCHES, Match, Report};
pub use request::Request;
pub use semantic::{
    DenySet, IntentClassification, PolicyDenied, SemanticError, SemanticPolicyEngine, SignalMatch,
};
pub use shape::Mismatch;
pub use table::{Category as IntentCategory, Effect, Stage};
pub use text::LONGEST_TEXT;
pub use value::{DEEPEST_VALUE, Map, Spelling, Value};
pub use view::{Disguise, Disguises, LONGEST_VIEW};

/// For generated code only.
#[doc(hidden)]
pub mod __private {
    use std::borrow::Cow;

    use crate::table::{List, Place};

    /// A place in the sources.
    pub const fn at(source: u32, line: u32, column: u32) -> Place {
        Place {
            source,
            line,
            column,
        }
    }

    /// What finds patterns, as a table has it.
    pub const fn bytes(bytes: &'static [u8]) -> Cow<'static, [u8]> {
        Cow::Borrowed(bytes)
    }

    /// Rows as a table has them.
    pub const fn list<T: Clone>(rows: &'static [T]) -> List<'static, T> {
        Cow::Borrowed(rows)
    }
}
