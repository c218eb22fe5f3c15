//! Policy files in, a Rust file in `OUT_DIR` out: for a `build.rs`.
//!
//! ```no_run
//! // build.rs
//! agentos_compiler::build::compile("policies/mail.policy")?;
//! # Ok::<(), agentos_compiler::build::BuildError>(())
//! ```
//!
//! ```ignore
//! // src/main.rs
//! include!(concat!(env!("OUT_DIR"), "/mail.rs"));
//! // POLICY.decide(&request)
//! ```
//!
//! The file is written anew when a policy changes. A policy with errors stops
//! the build with its findings as text.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use agentos_grammar::limits::MAX_SOURCE_BYTES;
use proc_macro2::TokenStream;

use crate::{
    Finding, Options, Sources, compile as compile_sources, emit,
    finding::{
        Level,
        text::{self, Colour},
    },
};

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No policy file was named.
    #[error("no policy file was named")]
    NoFile,
    /// A policy file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A policy file is larger than a source may be.
    #[error("`{}` has {bytes} bytes, more than `MAX_SOURCE_BYTES` ({MAX_SOURCE_BYTES})", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// The policies have errors; they are in the text, one after the other.
    #[error("{count} errors in {files} policy files\n{findings}")]
    Rejected {
        /// How many errors.
        count: usize,
        /// In how many files.
        files: usize,
        /// All findings, as `agentos validate` prints them.
        findings: String,
    },
    /// The name of the static or the path of the crate is no Rust.
    #[error("`{0}` is no Rust name or path")]
    Name(String),
    /// This is not a build script.
    #[error("`OUT_DIR` is not set: call this from a build.rs, or say where to write")]
    NoOutDir,
    /// The file cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Compiles one policy file to `OUT_DIR/<its name>.rs`.
///
/// # Errors
///
/// See [`BuildError`].
pub fn compile(file: impl AsRef<Path>) -> Result<PathBuf, BuildError> {
    Policies::new().file(file).compile()
}

/// Policy files that are compiled together, and how.
#[derive(Clone, Debug)]
pub struct Policies {
    files: Vec<PathBuf>,
    krate: String,
    name: String,
    strict: bool,
}

impl Default for Policies {
    fn default() -> Policies {
        Policies::new()
    }
}

impl Policies {
    /// No files yet; a `pub static POLICY`, by the facade `::agentos`.
    pub fn new() -> Policies {
        Policies {
            files: Vec::new(),
            krate: "::agentos".to_owned(),
            name: "POLICY".to_owned(),
            strict: false,
        }
    }

    /// Adds a file; its path counts from the folder of the crate's manifest.
    #[must_use]
    pub fn file(mut self, file: impl AsRef<Path>) -> Policies {
        self.files.push(file.as_ref().to_owned());
        self
    }

    /// The path of the facade, where the dependency was renamed: `::renamed`.
    #[must_use]
    pub fn crate_path(mut self, path: impl Into<String>) -> Policies {
        self.krate = path.into();
        self
    }

    /// The name of the static.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Policies {
        self.name = name.into();
        self
    }

    /// Whether warnings and notes stop the build.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Policies {
        self.strict = strict;
        self
    }

    /// Writes `OUT_DIR/<name of the first file>.rs`.
    ///
    /// # Errors
    ///
    /// See [`BuildError`].
    pub fn compile(&self) -> Result<PathBuf, BuildError> {
        let first = self.files.first().ok_or(BuildError::NoFile)?;
        let stem = first.file_stem().unwrap_or(first.as_os_str());
        self.compile_to(Path::new(stem).with_extension("rs"))
    }

    /// Writes `file`; a relative path counts from `OUT_DIR`.
    ///
    /// # Errors
    ///
    /// See [`BuildError`].
    pub fn compile_to(&self, file: impl AsRef<Path>) -> Result<PathBuf, BuildError> {
        let file = file.as_ref();
        let path = if file.is_absolute() {
            file.to_owned()
        } else {
            Path::new(&env::var_os("OUT_DIR").ok_or(BuildError::NoOutDir)?).join(file)
        };
        let (text, warnings) = self.text()?;
        for file in &self.files {
            println!("cargo::rerun-if-changed={}", file.display());
        }
        for warning in warnings {
            println!("cargo::warning={warning}");
        }
        fs::write(&path, text).map_err(|source| BuildError::Write {
            path: path.clone(),
            source,
        })?;
        Ok(path)
    }

    /// The generated text, and each warning in a line.
    fn text(&self) -> Result<(String, Vec<String>), BuildError> {
        if self.files.is_empty() {
            return Err(BuildError::NoFile);
        }
        let wrong = |text: &str| BuildError::Name(text.to_owned());
        let name: syn::Ident = syn::parse_str(&self.name).map_err(|_| wrong(&self.name))?;
        let path: syn::Path = syn::parse_str(&self.krate).map_err(|_| wrong(&self.krate))?;
        let krate: TokenStream = quote::quote!(#path);
        let mut sources = Sources::new();
        for file in &self.files {
            sources.add(file.display().to_string(), read(file)?);
        }
        let (plan, findings) = compile_sources(
            &sources,
            &Options {
                strict: self.strict,
                proves: true,
            },
        );
        let Some(plan) = plan else {
            return Err(BuildError::Rejected {
                count: findings
                    .iter()
                    .filter(|finding| finding.level == Level::Error)
                    .count(),
                files: self.files.len(),
                findings: text::render(&sources, &findings, Colour::Plain),
            });
        };
        let warnings = findings
            .iter()
            .map(|finding| one_line(&sources, finding))
            .collect();
        Ok((emit::rust::text(&plan.table(), &name, &krate), warnings))
    }
}

fn read(path: &Path) -> Result<String, BuildError> {
    let read = |source| BuildError::Read {
        path: path.to_owned(),
        source,
    };
    let bytes = fs::metadata(path).map_err(read)?.len();
    if bytes > MAX_SOURCE_BYTES as u64 {
        return Err(BuildError::TooLarge {
            path: path.to_owned(),
            bytes,
        });
    }
    fs::read_to_string(path).map_err(read)
}

fn one_line(sources: &Sources, finding: &Finding) -> String {
    let (line, column) = sources.line_column(finding.primary.span);
    let name = &sources.get(finding.primary.span.source).name;
    let message = format!(
        "{name}:{line}:{column}: {}: {}",
        finding.lint.code, finding.message
    );
    message
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        (dir, path)
    }

    #[test]
    fn a_sound_policy_is_written_under_its_own_name() {
        let (dir, path) = file("mail.policy", "policy mail { allow read; }");
        let out = dir.path().join("mail.rs");
        let policies = Policies::new()
            .file(&path)
            .name("MAIL")
            .crate_path("::renamed");
        policies.compile_to(&out).unwrap();
        let text = fs::read_to_string(out).unwrap();
        assert!(
            text.contains("pub static MAIL: ::renamed::Policy"),
            "{text}"
        );
    }

    #[test]
    fn a_broken_policy_stops_the_build_with_its_findings() {
        let (dir, path) = file("mail.policy", "policy mail { forbid read; }");
        let error = Policies::new()
            .file(&path)
            .compile_to(dir.path().join("mail.rs"))
            .unwrap_err();
        assert!(
            matches!(&error, BuildError::Rejected { count: 1, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("forbid"), "{error}");
        assert!(!dir.path().join("mail.rs").exists());
    }

    #[test]
    fn warnings_are_errors_when_asked() {
        let (dir, path) = file("mail.policy", "policy mail { audit *; }");
        let out = dir.path().join("mail.rs");
        assert!(Policies::new().file(&path).compile_to(&out).is_ok());
        assert!(
            Policies::new()
                .file(&path)
                .strict(true)
                .compile_to(&out)
                .is_err()
        );
    }

    #[test]
    fn what_is_no_name_or_file_is_said() {
        let (_dir, path) = file("mail.policy", "policy mail { }");
        let out = std::env::temp_dir().join("never-written.rs");
        let named = Policies::new()
            .file(&path)
            .name("not a name")
            .compile_to(&out);
        assert!(matches!(named, Err(BuildError::Name(name)) if name == "not a name"));
        assert!(matches!(
            Policies::new().compile_to(&out),
            Err(BuildError::NoFile)
        ));
        let missing = Policies::new().file("no/such.policy").compile_to(&out);
        assert!(matches!(missing, Err(BuildError::Read { .. })));
    }
}
