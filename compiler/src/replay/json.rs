//! An outcome to JSON for programs: one document, one shape.

use serde::Serialize;

use super::Outcome;

/// The document, indented, with a line end after it.
///
/// # Panics
///
/// Never: all its keys are texts.
pub fn render(outcome: &Outcome) -> String {
    pretty(outcome)
}

/// Any such document.
pub(crate) fn pretty(document: &impl Serialize) -> String {
    let mut json =
        serde_json::to_string_pretty(document).expect("every key of the document is a text");
    json.push('\n');
    json
}
