//! A stretch of a text and its findings in, what mends them out.

use agentos_compiler::Sources;
use gen_lsp_types as lsp;

use super::{diagnostics::Shown, document::Document};

/// What mends the findings that stand in `range`, the likeliest of each first. What
/// would make the text read worse is left out.
pub(super) fn actions(
    document: &Document,
    shown: &[Shown],
    range: &lsp::Range,
    has_versions: bool,
) -> Vec<lsp::CodeAction> {
    let sources = Sources::one(document.name.as_str(), &*document.text);
    let Some((_, source)) = sources.iter().next() else {
        return Vec::new();
    };
    let touches = |shown: &&Shown| {
        let own = &shown.diagnostic.range;
        own.start <= range.end && range.start <= own.end
    };
    let mut actions = Vec::new();
    for shown in shown.iter().filter(touches) {
        for rewrite in &shown.rewrites {
            if rewrite.done(source).is_none() {
                continue;
            }
            let place = document.range(rewrite.edit.span.range());
            let edit = lsp::TextEdit::new(place, rewrite.edit.text.clone());
            let title = format!("{}: {}", shown.lint.name, rewrite.title);
            actions.push(lsp::CodeAction {
                title,
                kind: Some(lsp::CodeActionKind::QuickFix),
                diagnostics: Some(vec![shown.diagnostic.clone()]),
                is_preferred: rewrite.is_likely.then_some(true),
                edit: Some(workspace_edit(document, edit, has_versions)),
                ..lsp::CodeAction::default()
            });
        }
    }
    actions
}

/// The edit for the version that it was made for, where the client takes that.
fn workspace_edit(
    document: &Document,
    edit: lsp::TextEdit,
    has_versions: bool,
) -> lsp::WorkspaceEdit {
    if !has_versions {
        return lsp::WorkspaceEdit {
            changes: Some([(document.uri.clone(), vec![edit])].into_iter().collect()),
            ..lsp::WorkspaceEdit::default()
        };
    }
    let text_document = lsp::OptionalVersionedTextDocumentIdentifier {
        version: Some(document.version),
        text_document_identifier: lsp::TextDocumentIdentifier {
            uri: document.uri.clone(),
        },
    };
    let change = lsp::TextDocumentEdit {
        text_document,
        edits: vec![edit.into()],
    };
    lsp::WorkspaceEdit {
        document_changes: Some(vec![change.into()]),
        ..lsp::WorkspaceEdit::default()
    }
}
