//! An outcome to JSON for programs: one document, one shape.

use super::Outcome;

/// The document, indented, with a line end after it.
///
/// # Panics
///
/// Never: all its keys are texts.
pub fn render(outcome: &Outcome) -> String {
    let mut json =
        serde_json::to_string_pretty(outcome).expect("every key of the document is a text");
    json.push('\n');
    json
}
