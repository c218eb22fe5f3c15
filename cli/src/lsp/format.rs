//! A text in, the edits that bring it into form out: none where it does not read.

use agentos_compiler::Sources;
use gen_lsp_types as lsp;
use similar::{Algorithm, DiffOp, TextDiff};

use super::document::Document;
use crate::fmt::{Form, in_form};

/// The edits, line by line, so that cursors and folds stay where they are.
pub(super) fn edits(document: &Document) -> Vec<lsp::TextEdit> {
    let sources = Sources::one(document.name.as_str(), &*document.text);
    let Some((id, source)) = sources.iter().next() else {
        return Vec::new();
    };
    let Form::Text(text) = in_form(id, source, None) else {
        return Vec::new();
    };
    let old: &str = &document.text;
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_lines(old, text.as_str());
    let old_lines = starts(diff.old_slices());
    let new_lines = starts(diff.new_slices());
    let changes = diff.ops().iter().filter_map(|op| match op {
        DiffOp::Equal { .. } => None,
        DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
            let bytes = |lines: &[usize], range: std::ops::Range<usize>| {
                lines[range.start]..lines[range.end]
            };
            let place = document.range(bytes(&old_lines, op.old_range()));
            let new = &text[bytes(&new_lines, op.new_range())];
            Some(lsp::TextEdit::new(place, new.to_owned()))
        }
    });
    changes.collect()
}

/// Where each line starts, and where the last one ends.
fn starts(lines: &[&str]) -> Vec<usize> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in lines {
        at += line.len();
        starts.push(at);
    }
    starts
}
