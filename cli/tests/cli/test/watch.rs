//! `agentos test --watch`, with files that change.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use super::{LARGE, SMALL, project};
use crate::{Folder, command};

/// Longer than any run takes, on any machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// Long enough for a run that should not happen.
const QUIET: Duration = Duration::from_millis(1500);

/// A process that watches, and the lines it prints.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(folder: &Folder, files: &[&str]) -> Watching {
        let mut child = command(&folder.path(""))
            .args(["test", "--watch"])
            .args(files)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        let err = BufReader::new(child.stderr.take().unwrap());
        let other = send.clone();
        thread::spawn(move || out.lines().for_each(|line| drop(send.send(line.unwrap()))));
        thread::spawn(move || err.lines().for_each(|line| drop(other.send(line.unwrap()))));
        Watching { child, lines }
    }

    /// Waits until a run has ended, with this in a line of it. The two streams
    /// come in any order.
    fn until(&self, part: &str) {
        let mut seen: Vec<String> = Vec::new();
        while !["watching for changes", part]
            .iter()
            .all(|part| seen.iter().any(|line| line.contains(part)))
        {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => seen.push(line),
                Err(error) => panic!("no `{part}`: {error}: {seen:#?}"),
            }
        }
    }

    /// Whether no other run follows. Lines of the last one may still come.
    fn is_quiet(&self) -> bool {
        let begun = Instant::now();
        while let Some(left) = QUIET.checked_sub(begun.elapsed()) {
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains("watching for changes") => return false,
                Ok(_) => {}
                Err(_) => return true,
            }
        }
        true
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It has ended already where the test went on to its end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_change_runs_the_cases_again() {
    let folder = project(SMALL);
    let watching = Watching::start(&folder, &[]);
    watching.until("1 case: 1 passed");
    folder.write("policies/support.cases.toml", format!("{SMALL}\n{LARGE}"));
    watching.until("FAIL a large refund");
    // A mistake ends nothing.
    folder.write("policies/support.policy", "policy support {");
    watching.until("error[");
    folder.write(
        "policies/support.policy",
        "policy support { allow refund id small; }",
    );
    watching.until("reason: expected `it is small`");
    // A new file is noticed, a file that says the same is not.
    folder.write("policies/deep/open.policy", "policy open { allow chat; }");
    watching.until("2 policy files");
    folder.write("policies/deep/open.policy", "policy open { allow chat; }");
    folder.write("policies/notes.md", "nothing of ours");
    assert!(watching.is_quiet());
    // A folder that goes takes its files with it.
    std::fs::rename(folder.path("policies/deep"), folder.path("deep")).unwrap();
    watching.until("1 policy file,");
}

#[test]
fn a_file_that_an_editor_replaces_is_still_watched() {
    let folder = project(SMALL);
    let watching = Watching::start(&folder, &["policies/support.policy"]);
    watching.until("1 passed");
    for round in 0..2 {
        let text = format!("{SMALL}reason = \"{round}\"\n");
        folder.write("policies/new", text);
        std::fs::rename(
            folder.path("policies/new"),
            folder.path("policies/support.cases.toml"),
        )
        .unwrap();
        watching.until(&format!("reason: expected `{round}`"));
    }
}

#[test]
fn an_update_that_writes_does_not_wake_itself() {
    let folder = project(SMALL);
    let watching = Watching::start(&folder, &["--update"]);
    watching.until("wrote policies/support.snap");
    assert!(watching.is_quiet());
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_with_130() {
    let folder = project(SMALL);
    let mut watching = Watching::start(&folder, &[]);
    watching.until("1 passed");
    let id = watching.child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status()
        .unwrap();
    assert!(sent.success());
    assert_eq!(watching.child.wait().unwrap().code(), Some(130));
}
