//! The command line itself.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::Stdio,
};

use crate::{Folder, MAIL, command};

#[test]
fn no_verb_prints_the_help() {
    let out = Folder::new().run([]).fine();
    assert!(out.contains("Usage: agentos"), "{out}");
    assert!(out.contains("Examples:"), "{out}");
}

#[test]
fn every_verb_has_help_with_an_example() {
    for verb in [
        "validate",
        "test",
        "eval",
        "compile",
        "explain",
        "fmt",
        "replay",
        "completions",
    ] {
        let out = Folder::new().run([verb, "--help"]).fine();
        assert!(out.contains(&format!("  agentos {verb}")), "{out}");
    }
}

#[test]
fn the_version_names_the_command() {
    let out = Folder::new().run(["--version"]).fine();
    assert_eq!(out, format!("agentos {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_verb_or_flag_is_a_wrong_call() {
    let err = Folder::new().run(["validat"]).wrong();
    assert!(
        err.contains("'validate'"),
        "the nearest verb is named: {err}"
    );
    let err = Folder::new().run(["validate", "--strikt"]).wrong();
    assert!(err.contains("--strict"), "{err}");
}

#[test]
fn completions_know_the_verbs() {
    for shell in ["bash", "zsh", "fish"] {
        let out = Folder::new().run(["completions", shell]).fine();
        assert!(
            out.contains("validate") && out.contains("explain"),
            "{shell}"
        );
    }
    assert!(
        Folder::new()
            .run(["completions", "dos"])
            .wrong()
            .contains("bash")
    );
}

#[test]
fn colour_is_for_terminals_only() {
    let folder = Folder::with("a.policy", "policy a { block x; }");
    let run = folder.run(["validate", "a.policy"]);
    assert!(!run.err.contains('\u{1b}'), "{}", run.err);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = Folder::with("mail.policy", MAIL);
    let mut child = command(&folder.path(""))
        .args(["eval", "--policy", "mail.policy"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let line = "{\"agent_id\": \"a\", \"action\": \"send_email\", \"params\": {\"to\": \"x\"}}\n";
    let feeder = std::thread::spawn(move || {
        // Until the process has ended and nobody reads any more.
        while stdin.write_all(line.as_bytes()).is_ok() {}
    });
    let mut first = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    assert!(first.starts_with('{'), "{first}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = command(&Folder::new().path(""))
        .args(["explain", "--list"])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.starts_with("error: cannot write to standard output: "),
        "{err}"
    );
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_the_process_as_shells_expect() {
    use std::os::unix::process::ExitStatusExt as _;

    let folder = Folder::with("mail.policy", MAIL);
    let mut child = command(&folder.path(""))
        .args(["eval", "--policy", "mail.policy"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The answer to a first request shows that it is up and waiting.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"{}\n").unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut first)
        .unwrap();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    drop(stdin);
    let status = child.wait().unwrap();
    if are_interrupts_ignored() {
        // What was started in the background goes on to the end of its input.
        assert_eq!((status.signal(), status.code()), (None, Some(0)));
    } else {
        // A shell reports a process that ended by signal 2 as 130.
        assert_eq!(status.signal(), Some(2));
    }
}

/// Whether this process, and so those that it starts, was told to ignore interrupts.
#[cfg(unix)]
fn are_interrupts_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 0b10 != 0)
}
