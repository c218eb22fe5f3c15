//! The shipped policies as files, so that an editor can show them.
//!
//! They are written when the first of them is asked for, into a folder that nobody
//! else may write to, and go with the server.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use agentos_compiler::{grammar::SourceId, shipped};
use gen_lsp_types::Uri;
use tempfile::TempDir;

use super::uri;

/// The folder with the shipped policies, once there is one.
#[derive(Debug, Default)]
pub(super) struct Shipped {
    folder: Mutex<Option<TempDir>>,
}

impl Shipped {
    /// The address of the shipped policy with this source id.
    pub(super) fn uri(&self, id: SourceId) -> Option<Uri> {
        let source = shipped::source(id)?;
        let name = Path::new(&source.name).file_name()?;
        let path = self.folder()?.join(name);
        if !path.exists() {
            fs::write(&path, &source.text).ok()?;
            let mut permissions = path.metadata().ok()?.permissions();
            permissions.set_readonly(true);
            // Who writes into it all the same changes a copy.
            let _ = fs::set_permissions(&path, permissions);
        }
        Some(uri::of(&path))
    }

    /// Whether a file is one of them.
    pub(super) fn has(&self, path: &Path) -> bool {
        let folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        folder
            .as_ref()
            .is_some_and(|folder| path.starts_with(folder.path()))
    }

    /// Takes the folder away.
    pub(super) fn remove(&self) {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        *folder = None;
    }

    fn folder(&self) -> Option<PathBuf> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        if folder.is_none() {
            *folder = tempfile::Builder::new()
                .prefix("agentos-shipped-")
                .tempdir()
                .ok();
        }
        folder.as_ref().map(|folder| folder.path().to_owned())
    }
}
