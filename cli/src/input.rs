//! Paths in, the texts to compile out.
//!
//! Every path that cannot be read is named, not only the first. Sizes are
//! looked at before anything is read, and again while reading, since a pipe
//! has none.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, BufRead, Read as _},
    path::{Path, PathBuf},
};

use agentos_compiler::{Sources, finding::Unread, grammar::limits::MAX_SOURCE_BYTES};
use agentos_runtime::{
    LONGEST_REQUEST,
    artifact::{self, MAX_ARTIFACT_BYTES, is_artifact},
};

/// How deep folders are walked.
const MAX_FOLDER_DEPTH: usize = 32;
/// How many policy files one walk may find.
const MAX_WALKED_FILES: usize = 10_000;
/// How many bytes of policies are compiled together.
pub(crate) const MAX_ALL_BYTES: usize = 256 * 1024 * 1024;
const A_FOLDER: &str = "a folder, where a file belongs";
/// What policy files end in.
pub(crate) const EXTENSIONS: [&str; 3] = ["policy", "yaml", "yml"];
/// Where a project keeps its policies.
pub(crate) const PROJECT_FOLDERS: [&str; 2] = [".agents", "policies"];

/// What a list of files holds.
#[derive(Default)]
pub(crate) struct Inputs {
    /// Those that are texts.
    pub sources: Sources,
    /// Those that `agentos compile` made.
    pub artifacts: Vec<Artifact>,
}

/// A file that begins as an artifact does.
pub(crate) struct Artifact {
    name: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

impl Artifact {
    /// Why it cannot be used.
    pub(crate) fn unread(&self, message: String) -> Unread {
        Unread {
            name: self.name.clone(),
            message,
        }
    }
}

/// Reads all `files`, each once; folders are refused.
pub(crate) fn read_files(files: &[PathBuf]) -> Result<Sources, Vec<Unread>> {
    let mut sources = Sources::new();
    each_once(files, |file| {
        let text = read_text(file)?;
        let length = text.len();
        sources.add(name(file), text);
        Ok(length)
    })?;
    Ok(sources)
}

/// Reads all `files`, each once, be they texts or artifacts.
pub(crate) fn read_policies(files: &[PathBuf]) -> Result<Inputs, Vec<Unread>> {
    let mut inputs = Inputs::default();
    each_once(files, |file| {
        let bytes = read_bytes(
            file,
            |head| if is_artifact(head) { ARTIFACT } else { SOURCE },
        )?;
        let length = bytes.len();
        inputs.add(name(file), bytes)?;
        Ok(length)
    })?;
    Ok(inputs)
}

impl Inputs {
    /// Adds a file, or says what stands in the way.
    pub(crate) fn add(&mut self, name: String, bytes: Vec<u8>) -> Result<(), String> {
        if is_artifact(&bytes) {
            self.artifacts.push(Artifact { name, bytes });
        } else {
            self.sources.add(name, text(bytes)?);
        }
        Ok(())
    }
}

/// Reads each of `files` once and sums up their bytes; names all that fail.
fn each_once(
    files: &[PathBuf],
    mut read: impl FnMut(&Path) -> Result<usize, String>,
) -> Result<(), Vec<Unread>> {
    let mut unread = Vec::new();
    let mut seen = HashSet::new();
    let mut total = 0;
    for file in files {
        if file.canonicalize().is_ok_and(|place| !seen.insert(place)) {
            continue;
        }
        match read(file) {
            Ok(length) => total += length,
            Err(message) => unread.push(Unread {
                name: name(file),
                message,
            }),
        }
        if total > MAX_ALL_BYTES {
            let message = format!(
                "with this file, all are larger than `MAX_ALL_BYTES` ({MAX_ALL_BYTES} bytes)"
            );
            unread.push(Unread {
                name: name(file),
                message,
            });
            break;
        }
    }
    if unread.is_empty() {
        Ok(())
    } else {
        Err(unread)
    }
}

/// The policy files of `paths`: files as they are, folders walked, sorted.
pub(crate) fn walk(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<Unread>> {
    let mut files = Vec::new();
    let mut unread = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        match walk_folder(path, is_policy) {
            Ok(found) if found.is_empty() => {
                let message = "no file in this folder ends in .policy, .yaml or .yml".to_owned();
                unread.push(Unread {
                    name: name(path),
                    message,
                });
            }
            Ok(found) => files.extend(found),
            Err(more) => unread.extend(more),
        }
    }
    if unread.is_empty() {
        Ok(files)
    } else {
        Err(unread)
    }
}

/// The policy files of `paths`; without any, those of this project.
pub(crate) fn named_or_project(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<Unread>> {
    if !paths.is_empty() {
        return walk(paths);
    }
    let mut files = Vec::new();
    for folder in project_folders() {
        files.extend(walk_folder(&folder, is_policy)?);
    }
    if files.is_empty() {
        return Err(vec![no_project()]);
    }
    Ok(files)
}

/// The folders in which this project keeps its policies.
pub(crate) fn project_folders() -> impl Iterator<Item = PathBuf> {
    let folders = PROJECT_FOLDERS.iter().map(PathBuf::from);
    folders.filter(|folder| folder.is_dir())
}

/// Why a project without policies has nothing to look at.
pub(crate) fn no_project() -> Unread {
    let [first, second] = PROJECT_FOLDERS;
    Unread {
        name: second.to_owned(),
        message: format!("no policy file in here, nor in `{first}`; name the files to check"),
    }
}

/// The files in a folder and below it that are wanted, sorted; links back are
/// walked once.
pub(crate) fn walk_folder(
    folder: &Path,
    is_wanted: fn(&Path) -> bool,
) -> Result<Vec<PathBuf>, Vec<Unread>> {
    let mut walk = Walk {
        is_wanted,
        seen: HashSet::new(),
        files: Vec::new(),
    };
    match walk.folder(folder, 0) {
        Ok(()) => Ok(walk.files),
        Err(unread) => Err(vec![unread]),
    }
}

struct Walk {
    is_wanted: fn(&Path) -> bool,
    seen: HashSet<PathBuf>,
    files: Vec<PathBuf>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), Unread> {
        let failed = |message: String| Unread {
            name: name(folder),
            message,
        };
        let broken = |error: io::Error| failed(reason(&error));
        if depth > MAX_FOLDER_DEPTH {
            return Err(failed(format!(
                "folders stand deeper in each other than `MAX_FOLDER_DEPTH` ({MAX_FOLDER_DEPTH})"
            )));
        }
        if !self.seen.insert(folder.canonicalize().map_err(broken)?) {
            return Ok(());
        }
        let entries: io::Result<Vec<_>> = fs::read_dir(folder).and_then(Iterator::collect);
        let mut paths: Vec<PathBuf> = entries
            .map_err(broken)?
            .iter()
            .map(fs::DirEntry::path)
            .collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                self.folder(&path, depth + 1)?;
            } else if (self.is_wanted)(&path) {
                self.files.push(path);
            }
            if self.files.len() > MAX_WALKED_FILES {
                return Err(failed(format!(
                    "more policy files than `MAX_WALKED_FILES` ({MAX_WALKED_FILES})"
                )));
            }
        }
        Ok(())
    }
}

/// Whether a file is a policy file, by its name.
pub(crate) fn is_policy(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    EXTENSIONS
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// The text of one file, or one line on what stood in the way.
fn read_text(path: &Path) -> Result<String, String> {
    text(read_bytes(path, |head| {
        if is_artifact(head) { ARTIFACT } else { SOURCE }
    })?)
}

/// The text of a file that is read beside policies, with their bound.
pub(crate) fn read_beside(path: &Path) -> Result<String, Unread> {
    let text = read_bytes(path, |_| SOURCE).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            format!("not UTF-8: byte {at} begins no character")
        })
    });
    text.map_err(|message| Unread {
        name: name(path),
        message,
    })
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    if is_artifact(&bytes) {
        return Err(match artifact::read(&bytes) {
            Ok(_) => "an artifact, where a policy file belongs: name the policies it was made of",
            Err(_) => "a damaged artifact, where a policy file belongs",
        }
        .to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        format!(
            "no policy, since it is not UTF-8 (byte {} begins no character), and no artifact",
            error.utf8_error().valid_up_to()
        )
    })
}

/// How many bytes a file may have, and what that bound is called.
type Bound = (usize, &'static str);
const SOURCE: Bound = (MAX_SOURCE_BYTES, "MAX_SOURCE_BYTES");
const ARTIFACT: Bound = (MAX_ARTIFACT_BYTES, "MAX_ARTIFACT_BYTES");
/// How many bytes tell an artifact from a text.
const HEAD_BYTES: u64 = 64;

/// The bytes of one file within the bound that its first ones call for.
fn read_bytes(path: &Path, bound: impl FnOnce(&[u8]) -> Bound) -> Result<Vec<u8>, String> {
    let mut file = open_file(path)?;
    let mut bytes = Vec::new();
    file.by_ref()
        .take(HEAD_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| reason(&error))?;
    let (most, name) = bound(&bytes);
    let too_large = || format!("larger than `{name}` ({most} bytes)");
    if file
        .metadata()
        .is_ok_and(|metadata| metadata.len() > most as u64)
    {
        return Err(too_large());
    }
    let left = most as u64 + 1 - bytes.len() as u64;
    file.take(left)
        .read_to_end(&mut bytes)
        .map_err(|error| reason(&error))?;
    if bytes.len() > most {
        Err(too_large())
    } else {
        Ok(bytes)
    }
}

/// Opens a file to be read in a stream.
pub(crate) fn open(path: &Path) -> Result<File, Unread> {
    open_file(path).map_err(|message| Unread {
        name: name(path),
        message,
    })
}

/// Adds a line to `line`, without its end; of one that is too long, just more
/// than a request may have. `false` at the end of the input.
pub(crate) fn next_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    let read = from
        .by_ref()
        .take(LONGEST_REQUEST as u64 + 1)
        .read_until(b'\n', line)?;
    if read > 0 && line.last() == Some(&b'\n') {
        line.pop();
    } else if read > LONGEST_REQUEST {
        from.skip_until(b'\n')?;
    }
    Ok(read > 0)
}

fn open_file(path: &Path) -> Result<File, String> {
    let file = File::open(path).map_err(|error| reason(&error))?;
    let metadata = file.metadata().map_err(|error| reason(&error))?;
    if metadata.is_dir() {
        Err(A_FOLDER.to_owned())
    } else {
        Ok(file)
    }
}

/// What an error of the system means, without its number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        io::ErrorKind::IsADirectory => A_FOLDER.to_owned(),
        _ => error.to_string(),
    }
}

/// The name a path goes by in findings and decisions.
pub(crate) fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
