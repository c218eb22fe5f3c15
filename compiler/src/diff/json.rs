//! What differs to JSON for programs: one document, one shape.

use super::Diff;
use crate::replay::json::pretty;

/// The document, indented, with a line end after it.
///
/// # Panics
///
/// Never: all its keys are texts.
pub fn render(diff: &Diff) -> String {
    pretty(diff)
}
