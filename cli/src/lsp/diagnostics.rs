//! Findings in, what an editor shows of them out.

use std::collections::HashMap;

use agentos_compiler::{
    Finding, Sources,
    finding::{Level, Lint, Rewrite},
    grammar::Span,
};
use gen_lsp_types as lsp;
use lsp::Uri;

use super::{
    position::{Encoding, Lines},
    project::Project,
    shipped::Shipped,
};

/// A finding as it is shown, and what mends it.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub lint: &'static Lint,
    pub diagnostic: lsp::Diagnostic,
    pub rewrites: Vec<Rewrite>,
}

/// The findings of each file of a project.
pub(super) fn by_file(
    project: &Project,
    sources: &Sources,
    findings: Vec<Finding>,
    encoding: Encoding,
    shipped: &Shipped,
) -> Vec<Vec<Shown>> {
    let mut places = Places {
        project,
        sources,
        encoding,
        shipped,
        lines: HashMap::new(),
    };
    let mut by_file: Vec<Vec<Shown>> = project.files.iter().map(|_| Vec::new()).collect();
    for finding in findings {
        // One about a shipped policy is about no text of the user.
        if let Some(shown) = by_file.get_mut(finding.primary.span.source.0 as usize) {
            shown.push(places.shown(finding));
        }
    }
    by_file
}

/// Where spans are in the files that an editor knows.
pub(super) struct Places<'p> {
    pub project: &'p Project,
    pub sources: &'p Sources,
    pub encoding: Encoding,
    pub shipped: &'p Shipped,
    pub lines: HashMap<u32, Lines>,
}

impl Places<'_> {
    fn shown(&mut self, finding: Finding) -> Shown {
        let related: Vec<lsp::DiagnosticRelatedInformation> = finding
            .secondary
            .iter()
            .filter_map(|label| {
                let location = self.location(label.span)?;
                let message = label.text.clone();
                Some(lsp::DiagnosticRelatedInformation { location, message })
            })
            .collect();
        let lint = finding.lint;
        let diagnostic = lsp::Diagnostic {
            range: self.range(finding.primary.span),
            severity: Some(match finding.level {
                Level::Error => lsp::DiagnosticSeverity::Error,
                Level::Warning => lsp::DiagnosticSeverity::Warning,
                Level::Note => lsp::DiagnosticSeverity::Information,
            }),
            code: Some(lint.code.into()),
            code_description: Some(lsp::CodeDescription {
                href: Uri(page(lint)),
            }),
            source: Some("agentos".to_owned()),
            message: message(&finding).into(),
            related_information: (!related.is_empty()).then_some(related),
            data: Some(serde_json::json!({"name": lint.name})),
            ..lsp::Diagnostic::default()
        };
        Shown {
            lint,
            diagnostic,
            rewrites: finding.rewrites,
        }
    }

    /// The place of a span; `None` where no file has it.
    pub(super) fn location(&mut self, span: Span) -> Option<lsp::Location> {
        let uri = match self.project.files.get(span.source.0 as usize) {
            Some(file) => file.uri.clone(),
            None => self.shipped.uri(span.source)?,
        };
        let range = self.range(span);
        Some(lsp::Location { uri, range })
    }

    pub(super) fn range(&mut self, span: Span) -> lsp::Range {
        let text = &self.sources.get(span.source).text;
        let lines = self.lines.entry(span.source.0);
        let lines = lines.or_insert_with(|| Lines::new(text));
        lines.range(text, span.range(), self.encoding)
    }
}

/// All that is to be said, a line each.
fn message(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    let label = Some(&finding.primary.text).filter(|label| !label.is_empty());
    for line in label.into_iter().chain(&finding.notes) {
        text.push('\n');
        text.push_str(line);
    }
    if let Some(help) = &finding.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    text
}

/// Where the page of a finding is to be read.
fn page(lint: &Lint) -> String {
    let repository = env!("CARGO_PKG_REPOSITORY");
    format!(
        "{repository}/blob/main/compiler/src/finding/docs/{}.md",
        lint.name
    )
}
