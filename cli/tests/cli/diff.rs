//! `agentos diff`.

use std::process::Command;

use crate::{Folder, json};

const OLD: &str = "\
policy pay {
    default deny;
    action refund { amount: decimal }
    allow refund when amount <= 1000 id small;
    escalate refund when amount > 1000 id large;
}
";

/// What is said of the two.
const OUT: &str = "\
newly allowed
  `refund`
    before  escalate: `large` of `pay` (old.policy:5:5)
    now     allow: `small` of `pay` (new.policy:4:5)
    {\"action\": \"refund\", \"params\": {\"amount\": 1001}}
      params.amount  before    now
                999  allow     allow
               1000  allow     allow
               1001  escalate  allow  *
               1500  escalate  allow  *
               1501  escalate  escalate

looser: 1 newly allowed
";

fn new() -> String {
    OLD.replace("1000", "1500")
}

fn folder() -> Folder {
    let folder = Folder::with("old.policy", OLD);
    folder.write("new.policy", new());
    folder
}

#[test]
fn one_number_that_changed_names_its_rules_and_a_request_on_each_side() {
    let out = folder().run(["diff", "old.policy", "new.policy"]).fine();
    assert_eq!(out, OUT);
}

#[test]
fn the_page_shows_the_policies_and_what_is_said_of_them() {
    let page = include_str!("../../../docs/diff.md");
    assert!(page.contains(&format!("```policy\n{OLD}```\n")));
    let said = format!("```console\n$ agentos diff old.policy new.policy\n{OUT}```\n");
    assert!(page.contains(&said));
}

#[test]
fn every_request_that_is_shown_is_answered_so_by_eval() {
    let folder = folder();
    let diff = json(
        &folder
            .run(["diff", "old.policy", "new.policy", "--format", "json"])
            .fine(),
    );
    assert_eq!(diff["verdict"], "looser");
    let changed = &diff["changes"][0];
    let request = changed["actions"][0]["request"].to_string();
    for (policy, side) in [("old.policy", "old"), ("new.policy", "new")] {
        let run = folder.run_with(["eval", "--policy", policy], &request);
        let decision = json(&run.fine());
        assert_eq!(decision["effect"], changed[side]["effect"], "{policy}");
        assert_eq!(decision["rule"], changed[side]["rule"], "{policy}");
    }
}

#[test]
fn fail_on_looks_at_what_is_looser_and_what_is_stricter() {
    let folder = folder();
    folder.write("named.policy", OLD.replace("policy pay", "policy paid"));
    for (sides, fail_on, expected) in [
        (["old.policy", "new.policy"], "looser", 1),
        (["old.policy", "new.policy"], "stricter", 0),
        (["old.policy", "new.policy"], "any", 1),
        (["new.policy", "old.policy"], "looser", 0),
        (["new.policy", "old.policy"], "stricter", 1),
        (["old.policy", "old.policy"], "any", 0),
        // Of the same answers, under another name.
        (["old.policy", "named.policy"], "looser", 0),
        (["old.policy", "named.policy"], "stricter", 0),
        (["old.policy", "named.policy"], "any", 1),
    ] {
        let [old, new] = sides;
        let run = folder.run(["diff", old, new, "--fail-on", fail_on]);
        assert_eq!(run.code, Some(expected), "{old} {new} {fail_on}");
    }
}

#[test]
fn artifacts_and_folders_are_sides_too() {
    let folder = folder();
    folder
        .run(["compile", "old.policy", "-o", "old.agentos"])
        .fine();
    let run = folder.run(["diff", "old.agentos", "old.policy"]);
    assert_eq!(run.fine(), "identical: every request has the same answer\n");
    folder.write("before/a.policy", "policy a { default abstain; deny x; }");
    folder.write("before/b.policy", "policy b { default deny; allow x, y; }");
    folder.write("after/a.policy", "policy a { default abstain; }");
    folder.write("after/b.policy", "policy b { default deny; allow x, y; }");
    let out = folder.run(["diff", "before", "after"]).fine();
    assert!(
        out.contains("before  deny: `deny-x-1` of `a` (before/a.policy:1:29)"),
        "{out}"
    );
    assert!(out.ends_with("looser: 1 newly allowed\n"), "{out}");
}

#[test]
fn what_git_has_is_a_side_too() {
    let folder = Folder::with("policies/pay.policy", OLD);
    folder.write("policies/notes.txt", "no policy");
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "."],
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.com",
            "commit",
            "--quiet",
            "-m",
            "a",
        ],
    ] {
        let mut git = Command::new("git");
        let ended = git.args(arguments).current_dir(folder.path("")).status();
        assert!(ended.unwrap().success(), "{arguments:?}");
    }
    folder.write("policies/pay.policy", new());
    for (old, at) in [
        ("HEAD:policies", "HEAD:policies/pay.policy:5:5"),
        ("HEAD:policies/pay.policy", "HEAD:policies/pay.policy:5:5"),
        ("HEAD:./policies/", "HEAD:policies/pay.policy:5:5"),
    ] {
        let out = folder.run(["diff", old, "policies"]).fine();
        assert!(out.contains(at), "{out}");
    }
    for (side, says) in [
        ("HEAD:nothing", "no file is called so, and git says: "),
        ("nobody:policies", "no file is called so, and git says: "),
        ("--upload-pack=x:y", "unexpected argument"),
    ] {
        let run = folder.run(["diff", side, "policies"]);
        assert_eq!(run.code, Some(2));
        assert!(run.err.contains(says), "{}", run.err);
    }
}

#[test]
fn a_side_that_cannot_be_read_or_has_errors_is_said() {
    let folder = folder();
    let run = folder.run(["diff", "old.policy", "nothing.policy"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("`nothing.policy`"), "{}", run.err);
    folder.write("broken.policy", "policy p { allow }");
    let run = folder.run(["diff", "old.policy", "broken.policy"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.out.is_empty() && run.err.contains("broken.policy:1:"),
        "{}",
        run.err
    );
}

#[test]
fn sarif_and_markdown_are_for_pull_requests() {
    let folder = folder();
    let out = folder
        .run(["diff", "old.policy", "new.policy", "--format", "sarif"])
        .fine();
    assert!(crate::sarif().is_valid(&json(&out)), "{out}");
    let result = &json(&out)["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "diff-looser");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "new.policy");
    assert_eq!(place["region"]["startLine"], 4);
    let out = folder
        .run(["diff", "old.policy", "new.policy", "--format", "markdown"])
        .fine();
    assert!(
        out.starts_with("**Policies: looser: 1 newly allowed.**\n"),
        "{out}"
    );
}
