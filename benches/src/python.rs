//! Expressions and texts in, what Python's `re` finds and how long it takes out: the reference's way.
//!
//! The expressions are searched for one after the other; the clock runs inside
//! the one Python process.

use std::{
    io::{self, Write},
    process::{Command, Stdio},
};

use serde::Deserialize;
use serde_json::json;

const PROGRAM: &str = include_str!("reference.py");

/// Why there is none.
pub const ABSENT: &str = "Python is skipped: there is no `python3` here.";

/// What it says of some texts.
#[derive(Debug, Deserialize)]
pub struct Searched {
    /// The numbers of the expressions that match one of them, rising.
    pub found: Vec<usize>,
    /// The median of what a search for all in one text takes.
    pub nanoseconds: f64,
}

/// What it says of each list of texts; none where there is no `python3`.
///
/// # Panics
///
/// When there is one, and it fails.
pub fn search(expressions: &[&str], texts: &[&[String]]) -> Option<Vec<Searched>> {
    let child = Command::new("python3")
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match child {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        child => child.expect("python3 can be started"),
    };
    let given = json!({ "expressions": expressions, "texts": texts }).to_string();
    // It reads all of this before it writes anything.
    let mut input = child.stdin.take().expect("it is a pipe");
    input.write_all(given.as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "python3 does not fail");
    Some(serde_json::from_slice(&output.stdout).expect("it writes what is read here"))
}
