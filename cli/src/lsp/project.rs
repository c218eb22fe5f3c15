//! A text in an editor in, all texts that are compiled with it out.
//!
//! Below `.agents` and `policies` that is what `agentos validate` takes without
//! arguments: every policy file of both. Elsewhere it is the text and, of the files
//! beside it, those that define what it extends. What is open in the editor stands
//! before what is on the disk.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use agentos_compiler::{
    Source, Sources,
    grammar::{
        SourceId,
        ast::{self, Item},
    },
    read,
};
use gen_lsp_types::Uri;

use super::{
    document::{Document, Documents},
    uri,
};
use crate::input::{self, MAX_ALL_BYTES, PROJECT_FOLDERS};

/// How many files beside a text are looked at for what it extends.
const MOST_BESIDE: usize = 1_000;

/// Texts that are compiled together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Project {
    pub files: Vec<File>,
    /// Which of them it was asked for.
    pub main: usize,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct File {
    pub name: String,
    pub uri: Uri,
    pub text: Arc<str>,
}

impl Project {
    pub(super) fn sources(&self) -> Sources {
        let mut sources = Sources::new();
        for file in &self.files {
            sources.add(file.name.as_str(), &*file.text);
        }
        sources
    }

    /// The id of the text that it was asked for.
    pub(super) fn id(&self) -> SourceId {
        SourceId(self.main as u32)
    }

    /// The same with spaces in the place of the line of its main text that `byte` is in.
    pub(super) fn without_line(&self, byte: usize) -> Project {
        let mut project = self.clone();
        if let Some(file) = project.files.get_mut(self.main) {
            let byte = byte.min(file.text.len());
            let start = file.text[..byte].rfind('\n').map_or(0, |end| end + 1);
            let rest = &file.text[byte..];
            let end = byte + rest.find('\n').unwrap_or(rest.len());
            let mut text = file.text.to_string();
            text.replace_range(start..end, &" ".repeat(end - start));
            file.text = text.into();
        }
        project
    }

    /// Whether the same texts are compiled.
    pub(super) fn is_same(&self, other: &Project) -> bool {
        self.files == other.files
    }
}

/// What is on the disk, as far as it was read.
#[derive(Default)]
pub(super) struct Disk {
    known: HashMap<PathBuf, Known>,
}

struct Known {
    stamp: (Option<SystemTime>, u64),
    text: Arc<str>,
    /// What its policies are called, and what they extend.
    says: Option<Arc<Says>>,
}

struct Says {
    defines: Vec<String>,
    extends: Vec<String>,
}

impl Disk {
    /// What is compiled with a text.
    pub(super) fn project(&mut self, open: &Documents, document: &Document) -> Project {
        self.folder(open, document)
            .unwrap_or_else(|| self.alone(open, document))
    }

    /// All files of the project that the text belongs to by its folder.
    fn folder(&mut self, open: &Documents, document: &Document) -> Option<Project> {
        let path = document.path.as_deref()?;
        let is_ours = |folder: &&Path| {
            let name = folder.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| PROJECT_FOLDERS.contains(&name))
        };
        let root = path.ancestors().skip(1).find(is_ours)?.parent()?;
        let mut paths = Vec::new();
        for folder in PROJECT_FOLDERS.map(|name| root.join(name)) {
            if folder.is_dir() {
                paths.extend(input::walk_folder(&folder, input::is_policy).ok()?);
            }
            for other in open.iter() {
                let below = |path: &&PathBuf| path.starts_with(&folder) && input::is_policy(path);
                if let Some(path) = other.path.as_ref().filter(below)
                    && !paths.contains(path)
                {
                    paths.push(path.clone());
                }
            }
        }
        if !paths.iter().any(|known| known == path) {
            paths.push(path.to_owned());
        }
        let mut project = Project {
            files: Vec::new(),
            main: 0,
        };
        let mut bytes = 0;
        for other in &paths {
            if other == path {
                project.main = project.files.len();
            }
            // What cannot be read is said by `agentos validate`.
            if let Some(file) = self.file(open, other) {
                bytes += file.text.len();
                project.files.push(file);
            }
        }
        (bytes <= MAX_ALL_BYTES).then_some(project)
    }

    /// The text with the files beside it that it builds on.
    pub(super) fn alone(&mut self, open: &Documents, document: &Document) -> Project {
        let mut project = Project {
            files: vec![of_document(document)],
            main: 0,
        };
        let says = says(&document.name, &document.text);
        let mut defined: HashSet<String> = says.defines.into_iter().collect();
        let mut wanted: Vec<String> = says.extends;
        let Some(folder) = document.path.as_deref().and_then(Path::parent) else {
            return project;
        };
        let mut beside: Option<Vec<PathBuf>> = None;
        while let Some(name) = wanted.pop() {
            if defined.contains(&name) {
                continue;
            }
            let paths = beside.get_or_insert_with(|| beside_of(open, folder, document));
            for path in paths {
                let Some(file) = self.file(open, path) else {
                    continue;
                };
                // Most files are told apart without being read.
                if !file.text.contains(&name) {
                    continue;
                }
                let says = self.says(path, &file);
                if says.defines.contains(&name) && !project.files.contains(&file) {
                    defined.extend(says.defines.iter().cloned());
                    wanted.extend(says.extends.iter().cloned());
                    project.files.push(file);
                    break;
                }
            }
            defined.insert(name);
        }
        project
    }

    /// The names of the policies that stand in the files beside a text.
    pub(super) fn names_beside(&mut self, open: &Documents, document: &Document) -> Vec<String> {
        let Some(folder) = document.path.as_deref().and_then(Path::parent) else {
            return Vec::new();
        };
        let mut names = Vec::new();
        for path in beside_of(open, folder, document) {
            if let Some(file) = self.file(open, &path) {
                names.extend(self.says(&path, &file).defines.iter().cloned());
            }
        }
        names
    }

    /// A file as it is open, or else as it is on the disk.
    fn file(&mut self, open: &Documents, path: &Path) -> Option<File> {
        if let Some(document) = open_at(open, path) {
            return Some(of_document(document));
        }
        let metadata = fs::metadata(path).ok()?;
        let stamp = (metadata.modified().ok(), metadata.len());
        let known = self.known.get(path).filter(|known| known.stamp == stamp);
        let text = if let Some(known) = known {
            Arc::clone(&known.text)
        } else {
            let text: Arc<str> = input::read_beside(path).ok()?.into();
            let known = Known {
                stamp,
                text: Arc::clone(&text),
                says: None,
            };
            self.known.insert(path.to_owned(), known);
            text
        };
        Some(File {
            name: input::name(path),
            uri: uri::of(path),
            text,
        })
    }

    fn says(&mut self, path: &Path, file: &File) -> Arc<Says> {
        let known = self.known.get_mut(path);
        match known.filter(|known| Arc::ptr_eq(&known.text, &file.text)) {
            Some(known) => {
                let new = || Arc::new(says(&file.name, &file.text));
                Arc::clone(known.says.get_or_insert_with(new))
            }
            None => Arc::new(says(&file.name, &file.text)),
        }
    }
}

fn of_document(document: &Document) -> File {
    File {
        name: document.name.clone(),
        uri: document.uri.clone(),
        text: Arc::clone(&document.text),
    }
}

fn open_at<'o>(open: &'o Documents, path: &Path) -> Option<&'o Arc<Document>> {
    open.iter()
        .find(|document| document.path.as_deref() == Some(path))
}

/// The policy files beside a text, sorted, on the disk and in the editor.
fn beside_of(open: &Documents, folder: &Path, document: &Document) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let on_disk = entries.map(|entry| entry.path()).filter(|path| {
        let is_file = path.is_file();
        is_file && input::is_policy(path)
    });
    let in_editor = open.iter().filter_map(|document| document.path.clone());
    let in_editor =
        in_editor.filter(|path| path.parent() == Some(folder) && input::is_policy(path));
    let mut paths: Vec<PathBuf> = on_disk.chain(in_editor).collect();
    paths.retain(|path| Some(path) != document.path.as_ref());
    paths.sort();
    paths.dedup();
    paths.truncate(MOST_BESIDE);
    paths
}

/// What the policies of a text are called, and what they extend.
fn says(name: &str, text: &str) -> Says {
    let sources = Sources::one(name, text);
    let source: &Source = sources.get(SourceId(0));
    let read = read(SourceId(0), source);
    let policies = &read.file.policies;
    Says {
        defines: policies
            .iter()
            .map(|policy| policy.name.node.clone())
            .collect(),
        extends: policies.iter().flat_map(|policy| bases(policy)).collect(),
    }
}

fn bases(policy: &ast::Policy) -> impl Iterator<Item = String> {
    policy.items.iter().flat_map(|item| match &item.node {
        Item::Extends(names) => names.iter().map(|name| name.node.clone()).collect(),
        _ => Vec::new(),
    })
}
