//! Decisions over recorded requests in; how many change, by which rules, and
//! examples of them out.
//!
//! A [`Tally`] is told of each request with what decides it now and what decided
//! it before, each as a [`Basis`]. Tallies of parts of a log add up, in the order
//! of the log, to that of the whole. It ends in an [`Outcome`]: plain data, which
//! [`text`], [`markdown`] and [`json`] print.
//!
//! What is held is bounded: [`MOST_GROUPS`] groups of changes, in each at most
//! [`MOST_EXAMPLES`] requests, none longer than [`LONGEST_EXAMPLE`], and names of
//! [`LONGEST_NAME`].

mod basis;
mod change;
pub mod columns;
pub mod json;
pub mod markdown;
mod outcome;
mod tally;
pub mod text;
pub(crate) mod words;

use std::borrow::Cow;

pub use basis::{Basis, Cause};
pub use change::{Change, Direction};
pub use outcome::{BasisReport, Counted, Example, Group, Judges, Outcome, UnreadableLine};
pub use tally::{Line, LineAt, Tally};

/// The most groups of changes that are told apart, each a rule after and a rule
/// before. Changes beyond are counted, and in no group.
pub const MOST_GROUPS: usize = 10_000;

/// The most requests that a group shows.
pub const MOST_EXAMPLES: u8 = 20;

/// The longest request that is shown, in bytes; of longer ones the place is.
pub const LONGEST_EXAMPLE: usize = 2_000;

/// The most lines that are no requests and are named, not only counted.
pub const MOST_UNREADABLE: usize = 5;

/// The longest name and the longest message that are kept of a line, in bytes;
/// longer ones are cut.
pub const LONGEST_NAME: usize = 300;

/// A text of a log, no longer than what is kept of it.
fn cut(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() <= LONGEST_NAME {
        return text;
    }
    let end = text.floor_char_boundary(LONGEST_NAME);
    Cow::Owned(format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests;
