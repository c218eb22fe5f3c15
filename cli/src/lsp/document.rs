//! What editors have open: changes in, texts with their versions out.

use std::{collections::BTreeMap, ops::Range, path::PathBuf, sync::Arc};

use agentos_compiler::read::is_yaml;
use gen_lsp_types as lsp;
use lsp::{TextDocumentContentChangeEvent as Change, Uri};

use super::{
    position::{Encoding, Lines},
    uri,
};
use crate::input;

/// A text that is open in an editor, at one version.
#[derive(Debug)]
pub(super) struct Document {
    pub uri: Uri,
    /// Where its file is, if it is one.
    pub path: Option<PathBuf>,
    /// What it is called in a compilation; says the spelling.
    pub name: String,
    pub version: i32,
    /// Which opening it belongs to: versions of another one mean nothing.
    pub opened: u64,
    pub text: Arc<str>,
    lines: Lines,
    encoding: Encoding,
}

impl Document {
    pub(super) fn range(&self, bytes: Range<usize>) -> lsp::Range {
        self.lines.range(&self.text, bytes, self.encoding)
    }

    pub(super) fn byte(&self, at: lsp::Position) -> usize {
        self.lines.byte(&self.text, at, self.encoding)
    }

    pub(super) fn is_yaml(&self) -> bool {
        is_yaml(&self.name)
    }
}

/// All that is open, as it was at one moment; a copy costs little.
#[derive(Clone, Debug, Default)]
pub(super) struct Documents {
    open: BTreeMap<String, Arc<Document>>,
    openings: u64,
    pub encoding: Encoding,
}

impl Documents {
    pub(super) fn open(&mut self, item: lsp::TextDocumentItem) {
        let path = uri::path(&item.uri);
        let name = match &path {
            Some(path) => input::name(path),
            None => unnamed(&item.uri, &String::from(item.language_id)),
        };
        self.openings += 1;
        let document = Document {
            path,
            name,
            version: item.version,
            opened: self.openings,
            lines: Lines::new(&item.text),
            text: item.text.into(),
            encoding: self.encoding,
            uri: item.uri,
        };
        self.open.insert(document.uri.0.clone(), Arc::new(document));
    }

    /// Does changes one after the other. Those of a text that is not open are none.
    pub(super) fn change(&mut self, uri: &Uri, version: i32, changes: Vec<Change>) {
        let Some(known) = self.open.get_mut(&uri.0) else {
            return;
        };
        let mut text = known.text.to_string();
        let mut lines = known.lines.clone();
        for change in changes {
            match change {
                Change::TextDocumentContentChangePartial(change) => {
                    let byte = |at| lines.byte(&text, at, self.encoding);
                    let (start, end) = (byte(change.range.start), byte(change.range.end));
                    text.replace_range(start..end.max(start), &change.text);
                }
                Change::TextDocumentContentChangeWholeDocument(change) => text = change.text,
            }
            lines = Lines::new(&text);
        }
        *known = Arc::new(Document {
            uri: known.uri.clone(),
            path: known.path.clone(),
            name: known.name.clone(),
            version,
            opened: known.opened,
            text: text.into(),
            lines,
            encoding: self.encoding,
        });
    }

    pub(super) fn close(&mut self, uri: &Uri) {
        self.open.remove(&uri.0);
    }

    pub(super) fn get(&self, uri: &Uri) -> Option<&Arc<Document>> {
        self.open.get(&uri.0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Document>> {
        self.open.values()
    }
}

/// What a text without a file is called.
fn unnamed(uri: &Uri, language: &str) -> String {
    let last = uri.0.rsplit(['/', ':']).next().unwrap_or_default();
    let name = if last.is_empty() { "untitled" } else { last };
    if input::is_policy(name.as_ref()) {
        name.to_owned()
    } else if language == "yaml" {
        format!("{name}.yaml")
    } else {
        format!("{name}.policy")
    }
}
