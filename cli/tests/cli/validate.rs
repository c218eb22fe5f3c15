//! `agentos validate`.

use crate::{Folder, MAIL, json};

const WARNING: &str = "policy open { default allow; }\n";
const ERROR: &str = "policy bad { extends baselin; }\n";
/// A dialect: fine, but for a note.
const NOTE: &str = "\
version: \"1.0\"
name: mail
rules:
  - name: no-mail
    condition: {field: tool_name, operator: eq, value: send_email}
    action: deny
defaults:
  action: allow
";

#[test]
fn a_policy_without_findings_is_fine() {
    let folder = Folder::with("mail.policy", MAIL);
    for strict in ["--format=text", "--strict"] {
        let out = folder.run(["validate", "mail.policy", strict]).fine();
        assert_eq!(out, "1 file, 1 policy, 2 rules: no findings\n");
    }
}

#[test]
fn an_error_ends_with_1_and_is_drawn_on_standard_error() {
    let run = Folder::with("bad.policy", ERROR).run(["validate", "bad.policy"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), "1 file: 1 error\n"));
    assert!(run.err.contains("error[AOS0101]"), "{}", run.err);
    assert!(run.err.contains("bad.policy:1:22"), "{}", run.err);
    assert!(run.err.contains("`baseline`"), "{}", run.err);
    assert!(run.err.contains("agentos explain AOS0101"), "{}", run.err);
}

#[test]
fn a_warning_is_shown_and_becomes_an_error_when_strict() {
    let folder = Folder::with("open.policy", WARNING);
    let run = folder.run(["validate", "open.policy"]);
    assert_eq!(run.code, Some(0));
    assert_eq!(run.out, "1 file, 1 policy, 0 rules: 1 warning\n");
    assert!(run.err.contains("warning[AOS0401]"), "{}", run.err);
    let run = folder.run(["validate", "open.policy", "--strict"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), "1 file: 1 error\n"));
    assert!(run.err.contains("error[AOS0401]"), "{}", run.err);
}

#[test]
fn a_note_is_an_error_when_strict_and_silent_otherwise() {
    let folder = Folder::with("mail.yaml", NOTE);
    assert!(
        folder
            .run(["validate", "mail.yaml"])
            .fine()
            .contains("no findings")
    );
    let run = folder.run(["validate", "mail.yaml", "--strict"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains("error[AOS0505]"), "{}", run.err);
}

#[test]
fn the_policies_of_the_project_are_the_default() {
    let folder = Folder::with("policies/deep/mail.policy", MAIL);
    folder.write("policies/cases.toml", "not a policy");
    assert!(folder.run(["validate"]).fine().starts_with("1 file, "));
    folder.write(".agents/open.policy", WARNING);
    assert!(folder.run(["validate"]).out.starts_with("2 files, "));
}

#[test]
fn a_project_without_policies_is_a_wrong_call() {
    let err = Folder::new().run(["validate"]).wrong();
    assert!(
        err.contains("`policies`") && err.contains("`.agents`"),
        "{err}"
    );
    let folder = Folder::with("policies/readme.md", "none yet");
    folder.run(["validate"]).wrong();
}

#[test]
fn a_folder_is_walked_and_files_named_twice_count_once() {
    let folder = Folder::with("p/mail.policy", MAIL);
    folder.write("p/more/open.YML", "policy: open\ndefault: deny\n");
    let out = folder
        .run(["validate", "p", "p/mail.policy", "./p/more"])
        .fine();
    assert!(out.starts_with("2 files, 2 policies"), "{out}");
}

#[test]
#[cfg(unix)]
fn a_link_back_is_walked_once() {
    let folder = Folder::with("p/mail.policy", MAIL);
    std::os::unix::fs::symlink("..", folder.path("p/up")).unwrap();
    assert!(folder.run(["validate", "p"]).fine().starts_with("1 file, "));
}

#[test]
fn a_folder_without_policies_is_a_wrong_call() {
    let folder = Folder::with("p/readme.md", "");
    let err = folder.run(["validate", "p"]).wrong();
    assert_eq!(
        err,
        "error: `p`: no file in this folder ends in .policy, .yaml or .yml\n"
    );
}

#[test]
fn files_are_compiled_together() {
    let folder = Folder::with("base.policy", "policy base { deny delete_file; }");
    folder.write("mail.policy", "policy mail { extends base; }");
    folder
        .run(["validate", "base.policy", "mail.policy"])
        .fine();
    assert_eq!(folder.run(["validate", "mail.policy"]).code, Some(1));
}

#[test]
fn json_goes_to_standard_output() {
    let run = Folder::with("bad.policy", ERROR).run(["validate", "bad.policy", "--format", "json"]);
    assert_eq!((run.code, run.err.as_str()), (Some(1), ""));
    let document = json(&run.out);
    let finding = &document["findings"][0];
    assert_eq!(finding["code"], "AOS0101");
    assert_eq!(finding["file"], "bad.policy");
    assert_eq!(
        finding["span"]["start"],
        json(r#"{"byte": 21, "line": 1, "column": 22}"#)
    );
    assert_eq!(
        document["summary"],
        json(r#"{"files": 1, "errors": 1, "warnings": 0, "notes": 0}"#)
    );
}

#[test]
fn json_without_findings_is_a_document_too() {
    let out = Folder::with("mail.policy", MAIL).run(["validate", "mail.policy", "--format=json"]);
    assert_eq!(json(&out.fine())["findings"], json("[]"));
}

#[test]
fn github_gets_a_line_a_finding() {
    let run = Folder::with("bad.policy", ERROR).run(["validate", "bad.policy", "--format=github"]);
    assert_eq!((run.code, run.err.as_str()), (Some(1), ""));
    assert!(
        run.out
            .starts_with("::error file=bad.policy,line=1,endLine=1,col=22,"),
        "{}",
        run.out
    );
    assert_eq!(run.out.lines().count(), 1);
}

#[test]
fn sarif_is_valid_whatever_is_found() {
    let validator = crate::sarif();
    let folder = Folder::with("mail.policy", MAIL);
    folder.write("bad.policy", ERROR);
    folder.write("open.policy", WARNING);
    folder.write("odd name %:,.yaml", NOTE);
    folder.write("broken.policy", "policy \u{1b} { \u{202e} ;;");
    for (arguments, code, results) in [
        (vec!["mail.policy"], 0, 0),
        (
            vec!["bad.policy", "open.policy", "odd name %:,.yaml", "--strict"],
            1,
            3,
        ),
        (vec!["broken.policy"], 1, 1),
        (vec!["missing.policy"], 2, 0),
    ] {
        let arguments = ["validate", "--format", "sarif"]
            .into_iter()
            .chain(arguments);
        let output = crate::command(&folder.path(""))
            .args(arguments.clone())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code));
        let document = json(std::str::from_utf8(&output.stdout).unwrap());
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new());
        let run = &document["runs"][0];
        assert!(
            run["results"].as_array().unwrap().len() >= results,
            "{document:#}"
        );
        assert_eq!(run["invocations"][0]["executionSuccessful"], code != 2);
    }
}
