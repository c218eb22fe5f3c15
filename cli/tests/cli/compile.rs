//! `agentos compile`.

use crate::{Folder, MAIL};

#[test]
fn rust_goes_to_standard_output() {
    let folder = Folder::with("mail.policy", MAIL);
    let out = folder
        .run(["compile", "mail.policy", "--emit", "rust"])
        .fine();
    assert!(out.contains("mail.policy"), "{out}");
    assert!(out.contains("mail stays in the house"), "{out}");
}

#[test]
fn an_artifact_goes_to_its_file_and_nowhere_else() {
    let folder = Folder::with("mail.policy", MAIL);
    let out = folder
        .run(["compile", "mail.policy", "-o", "out.agentos"])
        .fine();
    assert_eq!(out, "");
    assert_eq!(folder.names(), ["mail.policy", "out.agentos"]);
}

#[test]
fn the_file_says_what_is_emitted_unless_the_caller_does() {
    let folder = Folder::with("mail.policy", MAIL);
    folder
        .run(["compile", "mail.policy", "-o", "mail.rs"])
        .fine();
    assert_eq!(
        folder.read("mail.rs"),
        folder
            .run(["compile", "mail.policy", "--emit", "rust"])
            .fine()
    );
}

#[test]
fn the_same_text_gives_the_same_bytes() {
    let folder = Folder::with("mail.policy", MAIL);
    for name in ["a.agentos", "b.agentos"] {
        folder.run(["compile", "mail.policy", "-o", name]).fine();
    }
    let bytes = |name| std::fs::read(folder.path(name)).unwrap();
    assert_eq!(bytes("a.agentos"), bytes("b.agentos"));
}

#[test]
fn an_artifact_may_be_piped() {
    let folder = Folder::with("mail.policy", MAIL);
    folder
        .run(["compile", "mail.policy", "-o", "mail.agentos"])
        .fine();
    let piped = crate::command(&folder.path(""))
        .args(["compile", "mail.policy", "--emit", "artifact"])
        .output()
        .unwrap();
    assert_eq!(
        piped.stdout,
        std::fs::read(folder.path("mail.agentos")).unwrap()
    );
}

#[test]
fn warnings_are_counted_and_errors_stop_it() {
    let folder = Folder::with("open.policy", "policy open { default allow; }");
    let run = folder.run(["compile", "open.policy", "-o", "open.agentos"]);
    assert_eq!(run.code, Some(0));
    assert_eq!(run.err, "1 warning: `agentos validate` shows more\n");
    let run = folder.run(["compile", "open.policy", "--strict", "-o", "strict.agentos"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("error[AOS0401]"), "{}", run.err);
    assert_eq!(folder.names(), ["open.agentos", "open.policy"]);
}

#[test]
fn a_place_that_cannot_be_written_is_a_wrong_call() {
    let folder = Folder::with("mail.policy", MAIL);
    let err = folder
        .run(["compile", "mail.policy", "-o", "no/such/folder.agentos"])
        .wrong();
    assert!(
        err.starts_with("error: cannot write `no/such/folder.agentos`: "),
        "{err}"
    );
    let err = folder.run(["compile", "mail.policy", "-o", "."]).wrong();
    assert!(err.starts_with("error: cannot write `.`: "), "{err}");
}

#[test]
fn nothing_to_compile_is_a_wrong_call() {
    Folder::new().run(["compile"]).wrong();
}
