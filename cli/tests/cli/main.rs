//! The command as its users meet it: processes, files, streams, exit codes.

mod action;
mod bad_input;
mod call;
mod compile;
mod diff;
mod eval;
mod explain;
mod fmt;
mod graph;
mod replay;

mod test;
mod validate;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A policy that is fine, even strictly.
const MAIL: &str = "\
policy mail \"1.0\" {
    default deny;
    action send_email { to: string }
    deny send_email unless to ends with \"@example.com\" because \"mail stays in the house\";
    allow send_email when to ends with \"@example.com\";
}
";

/// A folder of its own for one test.
struct Folder {
    inner: tempfile::TempDir,
}

/// What a process left behind.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Folder {
    fn new() -> Folder {
        Folder {
            inner: tempfile::tempdir().unwrap(),
        }
    }

    fn with(name: &str, text: &str) -> Folder {
        let folder = Folder::new();
        folder.write(name, text);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.inner.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.inner.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Runs `agentos` in this folder.
    fn run<const N: usize>(&self, arguments: [&str; N]) -> Run {
        self.run_with(arguments, "")
    }

    /// Runs `agentos` in this folder with something on standard input.
    fn run_with<const N: usize>(&self, arguments: [&str; N], input: impl AsRef<[u8]>) -> Run {
        let mut child = command(self.inner.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.as_ref().to_vec();
        // A process that refuses its arguments never reads what it is given.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        Run {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// What says whether a document is SARIF.
fn sarif() -> jsonschema::Validator {
    let schema = include_str!("../../../compiler/tests/data/sarif-schema-2.1.0.json");
    // The standard writes a closing bracket of a pattern without its backslash.
    let schema = json(&schema.replace("{2}]?$", r"{2}\\]?$"));
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// The command, in `folder`, with nothing of our own environment that it looks at.
fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentos"));
    command
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env("TERM", "xterm");
    command
}

impl Run {
    /// The result, where all went well and nothing was complained about.
    fn fine(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{self:?}");
        self.out
    }

    /// The complaint, where the call itself was wrong and had no result.
    fn wrong(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{self:?}");
        assert!(!self.err.contains("panicked"), "{self:?}");
        self.err
    }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
