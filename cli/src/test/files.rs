//! Paths in; policy files, each with its cases and its page, out.
//!
//! `NAME.cases.toml` and `NAME.snap` belong to the policy file of that stem
//! beside them. A cases file without one, or with several, is an error: its
//! cases would silently test nothing, or something else.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use agentos_compiler::{Sources, cases::ENDING, finding::Unread, nearest::did_you_mean};

use crate::input::{self, EXTENSIONS, MAX_ALL_BYTES};

/// What the names of pages end in.
const PAGE_EXTENSION: &str = "snap";

/// What one run looks at.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The policies, compiled together.
    pub sources: Sources,
    /// Of each source, in order.
    pub policies: Vec<PolicyFile>,
}

/// A policy file, and what stands beside it.
#[derive(Debug)]
pub(super) struct PolicyFile {
    /// As it was found.
    pub path: PathBuf,
    /// Its cases, where it has any.
    pub cases: Option<CasesFile>,
    /// The text of its page, where it has one.
    pub page: Option<String>,
}

/// A cases file.
#[derive(Debug)]
pub(super) struct CasesFile {
    /// What it goes by.
    pub name: String,
    /// All of it.
    pub text: String,
}

impl PolicyFile {
    /// It, and all that may stand beside it.
    pub(super) fn paths(&self) -> [PathBuf; 3] {
        [self.path.clone(), cases_of(&self.path), self.page_path()]
    }

    /// How much stands beside it.
    fn bytes(&self) -> usize {
        let cases = self.cases.as_ref().map_or(0, |cases| cases.text.len());
        cases + self.page.as_ref().map_or(0, String::len)
    }

    /// Where its page stands.
    pub(super) fn page_path(&self) -> PathBuf {
        self.path.with_extension(PAGE_EXTENSION)
    }
}

impl Files {
    /// Every text that a run rests on; pages, where it does not write them.
    pub(super) fn texts(&self, with_pages: bool) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for (_, source) in self.sources.iter() {
            texts.push((source.name.clone(), source.text.clone()));
        }
        for file in &self.policies {
            if let Some(cases) = &file.cases {
                texts.push((cases.name.clone(), cases.text.clone()));
            }
            if let Some(page) = file.page.as_ref().filter(|_| with_pages) {
                texts.push((input::name(&file.page_path()), page.clone()));
            }
        }
        texts
    }
}

/// Whether a file is one that a change of means another run, by its name.
pub(super) fn is_wanted(path: &Path) -> bool {
    input::is_policy(path) || stem_of_cases(path).is_some()
}

/// Whether a file is a page, by its name.
pub(super) fn is_page(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == PAGE_EXTENSION)
}

/// `mail` of `mail.cases.toml`
fn stem_of_cases(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()?.strip_suffix(ENDING)
}

/// Reads the policies of `paths` with what stands beside them; without paths,
/// those of this project.
pub(super) fn read(paths: &[PathBuf]) -> Result<Files, Vec<Unread>> {
    let mut unread = Vec::new();
    let mut policies = Vec::new();
    let mut seen = HashSet::new();
    let mut add = |path: PathBuf| {
        let place = path.canonicalize().unwrap_or_else(|_| path.clone());
        if seen.insert(place) {
            policies.push(path);
        }
    };
    for path in found(paths)? {
        match stem_of_cases(&path) {
            None => add(path),
            Some(stem) if path.exists() => match policy_of(&path, stem) {
                Ok(policy) => add(policy),
                Err(message) => unread.push(failed(&path, message)),
            },
            Some(_) => unread.push(failed(&path, "there is no such file".to_owned())),
        }
    }
    // A cases file that was not named may have a second policy, too.
    for policy in &policies {
        let cases = cases_of(policy);
        if cases.is_file()
            && let Some(stem) = stem_of_cases(&cases)
            && let Err(message) = policy_of(&cases, stem)
        {
            let failure = failed(&cases, message);
            if !unread.contains(&failure) {
                unread.push(failure);
            }
        }
    }
    let sources = input::read_files(&policies).map_err(|more| unread.extend(more));
    let mut files = Vec::new();
    let mut total = 0;
    for path in policies {
        match beside(path) {
            Ok(file) => {
                total += file.bytes();
                files.push(file);
            }
            Err(failure) => unread.push(failure),
        }
        if total > MAX_ALL_BYTES {
            let message = format!(
                "with what stands beside this file, cases and pages are larger than \
                 `MAX_ALL_BYTES` ({MAX_ALL_BYTES} bytes)"
            );
            unread.extend(files.pop().map(|file| failed(&file.path, message)));
            break;
        }
    }
    match sources {
        Ok(sources) if unread.is_empty() => Ok(Files {
            sources,
            policies: files,
        }),
        _ => Err(unread),
    }
}

/// The policy and cases files of `paths`, folders walked.
fn found(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<Unread>> {
    let mut found = Vec::new();
    if paths.is_empty() {
        for folder in input::project_folders() {
            found.extend(input::walk_folder(&folder, is_wanted)?);
        }
        return if found.is_empty() {
            Err(vec![input::no_project()])
        } else {
            Ok(found)
        };
    }
    let mut unread = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        match input::walk_folder(path, is_wanted) {
            Ok(files) if files.is_empty() => {
                let message = "no file in this folder ends in .policy, .yaml or .yml";
                unread.push(failed(path, message.to_owned()));
            }
            Ok(files) => found.extend(files),
            Err(more) => unread.extend(more),
        }
    }
    if unread.is_empty() {
        Ok(found)
    } else {
        Err(unread)
    }
}

/// The one policy file that a cases file belongs to.
fn policy_of(cases: &Path, stem: &str) -> Result<PathBuf, String> {
    let names = EXTENSIONS.map(|extension| format!("{stem}.{extension}"));
    let there: Vec<&String> = names
        .iter()
        .filter(|name| cases.with_file_name(name).is_file())
        .collect();
    match there[..] {
        [name] => Ok(cases.with_file_name(name)),
        [] => {
            let [first, second, third] = &names;
            let near = did_you_mean(stem, stems_beside(cases).iter().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!("\nhelp: {near}"));
            Err(format!(
                "no policy file `{first}`, `{second}` or `{third}` stands beside it{near}"
            ))
        }
        [first, second, ..] => Err(format!(
            "it belongs to one policy file, and beside it stand `{first}` and `{second}`"
        )),
    }
}

/// The stems of the policy files in the folder of `cases`.
fn stems_beside(cases: &Path) -> Vec<String> {
    let folder = match cases.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let policies = entries
        .map(|entry| entry.path())
        .filter(|path| input::is_policy(path));
    policies
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

fn cases_of(policy: &Path) -> PathBuf {
    let mut name = policy.file_stem().unwrap_or_default().to_owned();
    name.push(ENDING);
    policy.with_file_name(name)
}

/// A policy file with what stands beside it.
fn beside(path: PathBuf) -> Result<PolicyFile, Unread> {
    let cases = cases_of(&path);
    let cases = if exists(&cases)? {
        let text = input::read_beside(&cases)?;
        let name = input::name(&cases);
        Some(CasesFile { name, text })
    } else {
        None
    };
    let mut file = PolicyFile {
        path,
        cases,
        page: None,
    };
    let page = file.page_path();
    if exists(&page)? {
        file.page = Some(input::read_beside(&page)?);
    }
    Ok(file)
}

/// Whether there is a file; an error where that cannot be known.
fn exists(path: &Path) -> Result<bool, Unread> {
    path.try_exists()
        .map_err(|error: io::Error| failed(path, error.to_string()))
}

fn failed(path: &Path, message: String) -> Unread {
    Unread {
        name: input::name(path),
        message,
    }
}
