//! What is wrong with the files of a run.

use super::{LARGE, SMALL, SUPPORT, closing, project};
use crate::{Folder, json};

#[test]
fn mistakes_in_cases_are_all_named_and_the_other_files_run() {
    let folder = project(
        &SMALL
            .replace("\"allow\"", "\"alow\"")
            .replace("rule", "ruel"),
    );
    folder.write("policies/b.policy", "policy b { allow chat; }");
    folder.write(
        "policies/b.cases.toml",
        "[[request]]\nname = 'b'\naction = 'chat'\ndecision = 'allow'\nrule = 'allow-chat-1'\n",
    );
    let run = folder.run(["test"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(
        run.err,
        "error: policies/support.cases.toml:5:12: `alow` is no effect\n\
         help: did you mean `allow`?\n\
         error: policies/support.cases.toml:6:1: `ruel` is not a key of a case\n\
         help: did you mean `rule`?\n"
    );
    assert_eq!(
        closing(&run.out),
        "2 policy files, 1 case: 1 passed, 2 mistakes"
    );
    let run = folder.run(["test", "--format", "json"]);
    let mistake = &json(&run.out)["mistakes"][0];
    assert_eq!(
        (&mistake["line"], &mistake["column"]),
        (&5.into(), &12.into())
    );
    assert_eq!(mistake["help"], "did you mean `allow`?");
}

#[test]
fn what_is_not_toml_is_named_with_its_line() {
    let run = project(&format!("{SMALL}\n[[request\n")).run(["test"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.starts_with("error: policies/support.cases.toml:8:"),
        "{}",
        run.err
    );
}

#[test]
fn a_floor_that_nobody_knows_is_a_mistake() {
    let run = project(&format!("floor = [\"permisive\", \"x\"]\n{SMALL}")).run(["test"]);
    assert_eq!(run.code, Some(1));
    let first = "support.cases.toml:1:10: `permisive` is no policy of this run, and none that is \
                 shipped\nhelp: did you mean `permissive`?";
    assert!(run.err.contains(first), "{}", run.err);
    assert!(
        run.err
            .contains("support.cases.toml:1:23: `x` is no policy"),
        "{}",
        run.err
    );
}

#[test]
fn a_cases_file_without_its_policy_is_a_wrong_call() {
    let folder = project(SMALL);
    folder.write("policies/suport.cases.toml", SMALL);
    let err = folder.run(["test"]).wrong();
    assert_eq!(
        err,
        "error: `policies/suport.cases.toml`: no policy file `suport.policy`, `suport.yaml` or \
         `suport.yml` stands beside it\nhelp: did you mean `support`?\n"
    );
    let run = folder.run(["test", "--format", "json"]);
    assert_eq!(run.code, Some(2));
    assert_eq!(
        json(&run.out)["unread"][0]["file"],
        "policies/suport.cases.toml"
    );
}

#[test]
fn a_cases_file_with_two_policies_is_a_wrong_call() {
    let folder = project(SMALL);
    folder.write("policies/support.yaml", "policy: other\ndefault: deny\n");
    for files in [
        "policies",
        "policies/support.yaml",
        "policies/support.cases.toml",
    ] {
        let err = folder.run(["test", files]).wrong();
        let message = "beside it stand `support.policy` and `support.yaml`";
        assert!(err.contains(message), "{files}: {err}");
        assert_eq!(err.lines().count(), 1, "it is said once: {err}");
    }
}

#[test]
fn a_run_without_cases_is_a_wrong_call() {
    let folder = Folder::with("policies/support.policy", SUPPORT);
    let err = folder.run(["test"]).wrong();
    assert!(
        err.contains("`policies/support.cases.toml`: there are no cases"),
        "{err}"
    );
    let err = Folder::new().run(["test"]).wrong();
    assert!(err.contains("`policies`: no policy file in here"), "{err}");
    let err = folder
        .run(["test", "none.policy", "none.cases.toml"])
        .wrong();
    assert_eq!(err.matches("there is no such file").count(), 2, "{err}");
}

#[test]
fn a_policy_with_an_error_is_drawn_and_runs_nothing() {
    let folder = project(LARGE);
    folder.write(
        "policies/support.policy",
        "policy support { extends baselin; }",
    );
    let run = folder.run(["test"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert!(run.err.contains("error[AOS0101]"), "{}", run.err);
    let run = folder.run(["test", "--format", "json"]);
    assert_eq!(json(&run.out)["findings"][0]["code"], "AOS0101");
}

#[test]
fn a_cases_file_that_is_no_text_is_a_wrong_call() {
    let folder = project("");
    folder.write("policies/support.cases.toml", b"\xff");
    let err = folder.run(["test"]).wrong();
    assert_eq!(
        err,
        "error: `policies/support.cases.toml`: not UTF-8: byte 0 begins no character\n"
    );
}

#[test]
fn what_cannot_be_asked_together_is_a_wrong_call() {
    let folder = project(SMALL);
    let err = folder.run(["test", "--watch", "--format", "json"]).wrong();
    assert!(err.contains("`--format text`"), "{err}");
    for format in ["--format=junit", "--format=json"] {
        let err = folder.run(["test", "--coverage=lcov", format]).wrong();
        assert!(err.contains("`--coverage-output FILE`"), "{err}");
    }
    folder.run(["test", "--coverage-output", "x"]).wrong();
    folder.run(["test", "--update", "--filter", "x"]).wrong();
    let err = folder.run(["test", "--fail-under", "101"]).wrong();
    assert!(err.contains("a number from 0 to 100"), "{err}");
    folder.run(["test", "--fail-under", "nan"]).wrong();
}

#[test]
fn more_floors_than_a_request_names_policies_are_a_mistake() {
    let floor = "\"permissive\", ".repeat(1001);
    let run = project(&format!("floor = [{floor}]\n{SMALL}")).run(["test"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.err
            .contains("support.cases.toml:2:1: this is no request: "),
        "{}",
        run.err
    );
    assert!(run.err.contains("`MOST_POLICIES` (1000)"), "{}", run.err);
}
