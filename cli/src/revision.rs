//! What git has of policies in: `REVISION:PATH`, as `git show` takes it.

use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Output},
};

use agentos_compiler::{finding::Unread, grammar::limits::MAX_SOURCE_BYTES};
use agentos_runtime::artifact::MAX_ARTIFACT_BYTES;

use crate::{
    input::{self, Inputs},
    output::Failure,
};

/// A file or folder as it was at a commit, or is in the index.
pub(crate) struct Revision {
    revision: String,
    path: String,
}

impl Revision {
    /// `main:policies`; `None` where there is no colon.
    pub(crate) fn parse(side: &Path) -> Option<Revision> {
        let (revision, path) = side.to_str()?.split_once(':')?;
        // `C:\policies` is a place on a disk.
        let is_drive = revision.len() == 1 && path.starts_with(['\\', '/']);
        // Paths count from here, as they do on the disk.
        let path = path.trim_start_matches("./").trim_end_matches('/');
        let path = if path == "." { "" } else { path };
        (!is_drive).then(|| Revision {
            revision: revision.to_owned(),
            path: format!("./{path}"),
        })
    }

    /// The policies in there; git that is not there, or does not know it, is said.
    pub(crate) fn read(&self) -> Result<Inputs, Failure> {
        let name = format!("{}:{}", self.revision, self.path.trim_start_matches("./"));
        let failed = |message: String| {
            Failure::Unread(vec![Unread {
                name: name.clone(),
                message,
            }])
        };
        let object = format!("{}:{}", self.revision, self.path);
        let kind = self.git(&["cat-file", "-t", &object]).map_err(&failed)?;
        let files = if kind.trim_ascii() == b"tree" {
            self.files(&object).map_err(&failed)?
        } else {
            vec![String::new()]
        };
        if files.is_empty() {
            let message = "no file in this folder ends in .policy, .yaml or .yml";
            return Err(failed(message.to_owned()));
        }
        let mut inputs = Inputs::default();
        let mut unread = Vec::new();
        let mut total = 0;
        for file in files {
            let join = |start: &str| match (start.is_empty() || start.ends_with('/'), &*file) {
                (_, "") => start.to_owned(),
                (true, file) => format!("{start}{file}"),
                (false, file) => format!("{start}/{file}"),
            };
            let named = join(&name);
            let read = self.blob(&join(&object)).and_then(|bytes| {
                total += bytes.len();
                if total > input::MAX_ALL_BYTES {
                    let most = input::MAX_ALL_BYTES;
                    return Err(format!(
                        "with this file, all are larger than `MAX_ALL_BYTES` ({most} bytes)"
                    ));
                }
                inputs.add(named.clone(), bytes)
            });
            unread.extend(read.err().map(|message| Unread {
                name: named,
                message,
            }));
        }
        if unread.is_empty() {
            Ok(inputs)
        } else {
            Err(Failure::Unread(unread))
        }
    }

    /// The policy files of a folder and below it, sorted.
    fn files(&self, object: &str) -> Result<Vec<String>, String> {
        let listed = self.git(&["ls-tree", "-r", "-z", "--name-only", object])?;
        let names = listed.split(|&byte| byte == 0).map(|name| {
            String::from_utf8(name.to_vec())
                .map_err(|_| "the name of a file in there is not UTF-8".to_owned())
        });
        let mut names = names.collect::<Result<Vec<String>, String>>()?;
        names.retain(|name| input::is_policy(Path::new(name)));
        names.sort();
        Ok(names)
    }

    fn blob(&self, object: &str) -> Result<Vec<u8>, String> {
        let size = self.git(&["cat-file", "-s", object])?;
        let size = str::from_utf8(size.trim_ascii()).ok();
        let size = size.and_then(|size| size.parse::<usize>().ok());
        let most = MAX_SOURCE_BYTES.max(MAX_ARTIFACT_BYTES);
        if size.is_none_or(|size| size > most) {
            return Err(format!("larger than any policy may be ({most} bytes)"));
        }
        self.git(&["cat-file", "blob", object])
    }

    /// What git prints, or what it complains about.
    fn git(&self, arguments: &[impl AsRef<OsStr>]) -> Result<Vec<u8>, String> {
        // What begins like an option is no revision.
        if self.revision.starts_with('-') {
            return Err("no file, and no revision of git".to_owned());
        }
        let ran = Command::new("git").args(arguments).output();
        let Output {
            status,
            stdout,
            stderr,
        } = ran.map_err(|error| {
            format!("no file is called so, and `git`, which may know it, does not run: {error}")
        })?;
        if status.success() {
            return Ok(stdout);
        }
        let said = String::from_utf8_lossy(&stderr);
        let said = said.lines().next().unwrap_or_default();
        let said = said.trim_start_matches("fatal: ");
        Err(format!("no file is called so, and git says: {said}"))
    }
}
