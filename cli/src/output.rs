//! What the verbs print, and where: results to standard output, the rest to
//! standard error.
//!
//! A reader that has read enough (`| head`) closes the pipe; that ends the
//! output, and is no failure.

use std::{
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
};

use agentos_compiler::{
    Finding, Sources,
    finding::{
        Level, Summary, Unread,
        text::{self, Colour},
        visible,
    },
};

/// Why a verb could not do its work; the process ends with 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Files that were asked for and cannot be had.
    #[error("{}", Unreads(.0))]
    Unread(Vec<Unread>),
    /// A result that cannot be written where it was asked for.
    #[error("cannot write `{}`: {source}", visible(&path.display().to_string()))]
    Write {
        /// Where.
        path: PathBuf,
        /// What stood in the way.
        source: io::Error,
    },
    /// Standard input or output broke.
    #[error("{0}: {1}")]
    Pipe(&'static str, io::Error),
    /// Arguments that do not go together, or name nothing.
    #[error("{0}")]
    Usage(String),
}

struct Unreads<'u>(&'u [Unread]);

impl fmt::Display for Unreads<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, unread) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\nerror: " };
            write!(
                f,
                "{separator}`{}`: {}",
                visible(&unread.name),
                unread.message
            )?;
        }
        Ok(())
    }
}

/// Says what went wrong, on standard error.
pub(crate) fn report(failure: &Failure) {
    complain(&format!("error: {failure}\n"));
}

/// Prints a result.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Prints a result.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    closed_is_fine(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Whether writing went on, where a closed pipe is no failure.
pub(crate) fn closed_is_fine(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Pipe("cannot write to standard output", error)),
        Ok(()) => Ok(()),
    }
}

/// Says something on standard error.
pub(crate) fn complain(text: &str) {
    // Where standard error is gone, nobody is there to be told so.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Draws findings on standard error.
pub(crate) fn show(sources: &Sources, findings: &[Finding]) {
    complain(&text::render(sources, findings, colour()));
}

/// Draws the errors among findings on standard error. What is only worth a look
/// is counted where nothing stands in the way: these verbs run again and again,
/// and `validate` is the one to be read.
pub(crate) fn show_errors(sources: &Sources, findings: &[Finding]) {
    let errors: Vec<Finding> = findings
        .iter()
        .filter(|finding| finding.level == Level::Error)
        .cloned()
        .collect();
    show(sources, &errors);
    let summary = Summary::of(findings);
    if errors.is_empty() && !findings.is_empty() {
        complain(&format!("{summary}: `agentos validate` shows more\n"));
    }
}

/// The colour of what goes to standard error.
fn colour() -> Colour {
    if is_coloured(&io::stderr()) {
        Colour::Ansi
    } else {
        Colour::Plain
    }
}

/// Whether what goes to this stream is coloured: on a terminal that takes it,
/// unless the user refuses.
pub(crate) fn is_coloured(stream: &impl io::IsTerminal) -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    stream.is_terminal() && !refused && !dumb
}

/// Refuses to write what is made of `inputs` over one of them.
pub(crate) fn refuse_overwriting(output: &Path, inputs: &[PathBuf]) -> Result<(), Failure> {
    let Ok(output) = output.canonicalize() else {
        return Ok(());
    };
    let is_output = |file: &&PathBuf| file.canonicalize().is_ok_and(|file| file == output);
    match inputs.iter().find(is_output) {
        None => Ok(()),
        Some(input) => Err(Failure::Usage(format!(
            "`{}` would be written over the policy it is made of\nhelp: name another file after `-o`",
            visible(&input.display().to_string())
        ))),
    }
}

/// Writes a whole file or nothing: beside its place first, then into it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |source| Failure::Write {
        path: path.to_owned(),
        source,
    };
    // A link keeps pointing where it does; what it points at is written.
    let place = match path.canonicalize() {
        Ok(place) => place,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(failed(error)),
    };
    let known = place.metadata().ok();
    if let Some(known) = &known {
        if known.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        if !known.is_file() {
            // A device or a pipe has no place beside it to prepare.
            return std::fs::write(&place, bytes).map_err(failed);
        }
        if known.permissions().readonly() {
            return Err(failed(io::ErrorKind::PermissionDenied.into()));
        }
    }
    let folder = match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".agentos-");
    if let Some(known) = &known {
        builder.permissions(known.permissions());
    } else {
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    let mut beside = builder.tempfile_in(folder).map_err(failed)?;
    beside
        .write_all(bytes)
        .and_then(|()| beside.as_file().sync_all())
        .map_err(failed)?;
    beside
        .persist(&place)
        .map_err(|error| failed(error.error))?;
    Ok(())
}
