//! What is no policy, and how each verb says so: one clear error, nothing
//! skipped, in bounded time and memory.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use crate::{Folder, MAIL, json};

/// Every verb that reads a policy, with `FILE` for its name.
fn each_verb(folder: &Folder, file: &str, check: impl Fn(&str)) {
    for run in [
        folder.run(["validate", file]),
        folder.run(["eval", "--policy", file]),
        folder.run(["compile", file, "--emit", "rust"]),
        folder.run(["fmt", file]),
        folder.run(["replay", "-", "--policy", file]),
    ] {
        check(&run.wrong());
    }
}

#[test]
fn a_missing_file_is_named() {
    each_verb(&Folder::new(), "no.policy", |err| {
        assert_eq!(err, "error: `no.policy`: there is no such file\n");
    });
}

#[test]
fn every_missing_file_is_named() {
    let folder = Folder::with("mail.policy", MAIL);
    let err = folder
        .run(["validate", "a.policy", "mail.policy", "b.policy"])
        .wrong();
    assert_eq!(
        err,
        "error: `a.policy`: there is no such file\nerror: `b.policy`: there is no such file\n"
    );
}

#[test]
fn a_missing_file_is_in_the_json_too() {
    let run = Folder::new().run(["validate", "no.policy", "--format", "json"]);
    assert_eq!(run.code, Some(2));
    let document = json(&run.out);
    assert_eq!(
        document["unread"],
        json(r#"[{"file": "no.policy", "message": "there is no such file"}]"#)
    );
    assert!(run.err.contains("no.policy"), "{}", run.err);
}

#[test]
fn a_missing_file_is_an_annotation_too() {
    let run = Folder::new().run(["validate", "no.policy", "--format", "github"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.out.starts_with("::error file=no.policy,"),
        "{}",
        run.out
    );
}

#[test]
fn a_folder_is_no_policy() {
    let folder = Folder::with("p/readme.md", "");
    for arguments in [
        ["eval", "--policy", "p"].as_slice(),
        &["compile", "p", "--emit", "rust"],
        &["fmt", "p"],
        &["replay", "-", "--policy", "p"],
    ] {
        let output = crate::command(&folder.path(""))
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(err, "error: `p`: a folder, where a file belongs\n");
    }
}

#[test]
fn bytes_that_are_no_text_are_placed() {
    let folder = Folder::new();
    folder.write("a.policy", b"policy \xff { }");
    each_verb(&folder, "a.policy", |err| {
        assert_eq!(
            err,
            "error: `a.policy`: no policy, since it is not UTF-8 (byte 7 begins no character), \
             and no artifact\n"
        );
    });
}

#[test]
fn an_artifact_where_a_policy_belongs_is_named_as_one() {
    let folder = Folder::with("mail.policy", MAIL);
    folder
        .run(["compile", "mail.policy", "-o", "mail.agentos"])
        .fine();
    let mut bytes = std::fs::read(folder.path("mail.agentos")).unwrap();
    bytes.pop();
    folder.write("cut.agentos", &bytes);
    for (file, message) in [
        (
            "mail.agentos",
            "an artifact, where a policy file belongs: name the policies it was made of",
        ),
        (
            "cut.agentos",
            "a damaged artifact, where a policy file belongs",
        ),
    ] {
        for run in [
            folder.run(["validate", file]),
            folder.run(["compile", file, "--emit", "rust"]),
            folder.run(["fmt", file]),
        ] {
            assert_eq!(run.wrong(), format!("error: `{file}`: {message}\n"));
        }
    }
    bytes.extend(b"xy");
    folder.write("long.agentos", &bytes);
    let err = folder.run(["eval", "--policy", "long.agentos"]).wrong();
    assert!(
        err.contains("1 byte stands after the end of the artifact"),
        "{err}"
    );
}

#[test]
fn a_file_without_a_byte_is_called_empty() {
    let folder = Folder::with("none.policy", "");
    for run in [
        folder.run(["validate", "none.policy"]),
        folder.run(["eval", "--policy", "none.policy"]),
        folder.run(["compile", "none.policy", "--emit", "rust"]),
        folder.run(["fmt", "none.policy"]),
    ] {
        assert_eq!(run.code, Some(1));
        assert!(run.err.contains("this file is empty"), "{}", run.err);
    }
}

#[test]
fn a_huge_file_is_refused_by_its_size() {
    let folder = Folder::new();
    let file = std::fs::File::create(folder.path("huge.policy")).unwrap();
    file.set_len(100_000_000).unwrap();
    let start = Instant::now();
    each_verb(&folder, "huge.policy", |err| {
        assert!(err.contains("`huge.policy`: larger than"), "{err}");
        assert!(err.contains("MAX_SOURCE_BYTES"), "{err}");
    });
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
#[cfg(unix)]
fn a_file_without_an_end_is_refused() {
    let folder = Folder::new();
    std::os::unix::fs::symlink("/dev/zero", folder.path("endless.policy")).unwrap();
    let err = folder.run(["validate", "endless.policy"]).wrong();
    assert!(err.contains("MAX_SOURCE_BYTES"), "{err}");
}

#[test]
#[cfg(unix)]
fn a_name_with_a_line_end_stays_in_its_line() {
    let name = "a\n\u{1b}[31m::error::b.policy";
    let folder = Folder::with(name, "policy bad { extends baselin; }");
    let run = folder.run(["validate", name]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains(r"a\n\u{1b}[31m::error::b.policy:1:22"),
        "{}",
        run.err
    );
    assert!(!run.err.contains('\u{1b}'), "{}", run.err);
    let github = folder.run(["validate", name, "--format", "github"]);
    assert_eq!(github.out.lines().count(), 1, "{}", github.out);
    let document = json(&folder.run(["validate", name, "--format", "json"]).out);
    assert_eq!(document["findings"][0]["file"], name);
    let err = folder.run(["validate", "no\nsuch.policy"]).wrong();
    assert_eq!(err, "error: `no\\nsuch.policy`: there is no such file\n");
}

#[test]
fn deep_nesting_is_refused_by_its_bound() {
    let folder = Folder::new();
    let condition = format!("{}amount > 1{}", "(".repeat(10_000), ")".repeat(10_000));
    folder.write(
        "a.policy",
        format!("policy a {{ deny pay when {condition}; }}"),
    );
    folder.write(
        "not.policy",
        format!(
            "policy a {{ deny pay when {} exists b; }}",
            "not ".repeat(10_000)
        ),
    );
    folder.write(
        "type.policy",
        format!(
            "policy a {{ action pay {{ a: {}string{} }} }}",
            "[".repeat(10_000),
            "]".repeat(10_000)
        ),
    );
    folder.write(
        "a.yaml",
        format!(
            "policy: a\nabout: {}{}\n",
            "[".repeat(10_000),
            "]".repeat(10_000)
        ),
    );
    folder.write(
        "block.yaml",
        (0..10_000).fold(String::new(), |text, depth| {
            text + &format!("{}-\n", " ".repeat(depth.min(400)))
        }),
    );
    folder.write(
        "when.yaml",
        format!("policy: a\nrules:\n  - deny: pay\n    when: '{condition}'\n"),
    );
    for name in [
        "a.policy",
        "not.policy",
        "type.policy",
        "a.yaml",
        "when.yaml",
    ] {
        let run = folder.run(["validate", name, "--format", "json"]);
        assert_eq!(run.code, Some(1), "{name} {}", run.err);
        let findings = json(&run.out)["findings"].clone();
        let codes: Vec<_> = findings
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["code"].clone())
            .collect();
        assert_eq!(codes, ["AOS0008"], "{name} {findings:#}");
    }
    assert_eq!(folder.run(["validate", "block.yaml"]).code, Some(1));
}

#[test]
fn aliases_of_aliases_are_refused_by_their_bound() {
    let mut text =
        "policy: laughs\nabout:\n  - &a0 [lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 8].join(", ");
        writeln!(text, "  - &a{level} [{aliases}]").unwrap();
    }
    let folder = Folder::with("laughs.yaml", &text);
    let start = Instant::now();
    let run = folder.run(["validate", "laughs.yaml"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains("MAX_ALIAS"), "{}", run.err);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_pattern_that_explodes_is_refused_by_its_budget() {
    let folder = Folder::with(
        "a.policy",
        "policy a { deny * when text matches r\"((a{1,1000}){1,1000}){1,1000}\"; }",
    );
    let start = Instant::now();
    let run = folder.run(["validate", "a.policy"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains("AOS0205"), "{}", run.err);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_empty_file_is_no_policy() {
    let folder = Folder::with("empty.policy", "");
    folder.write("empty.yaml", "# nothing\n");
    for name in ["empty.policy", "empty.yaml"] {
        let run = folder.run(["validate", name]);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.err.contains("AOS0009"), "{}", run.err);
    }
}

#[test]
fn a_policy_with_errors_decides_nothing() {
    let folder = Folder::with("bad.policy", "policy bad { extends baselin; allow *; }");
    let run = folder.run_with(["eval", "--policy", "bad.policy"], "{}\n");
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert!(run.err.contains("AOS0101"), "{}", run.err);
    let run = folder.run(["compile", "bad.policy", "-o", "bad.agentos"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(folder.names(), ["bad.policy"]);
}
