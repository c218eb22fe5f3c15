//! What the GitHub Action runs, without GitHub: a repository, a change, and what is
//! posted of it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{Folder, MAIL, json};

fn action() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../action")
}

/// A repository with a policy and a case, both committed.
fn repository() -> Folder {
    let folder = Folder::with("policies/mail.policy", MAIL);
    folder.write(
        "policies/mail.cases.toml",
        "[[request]]\nname = \"inside\"\naction = \"send_email\"\n\
         params.to = \"a@example.com\"\ndecision = \"allow\"\nrule = \"allow-send_email-1\"\n",
    );
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "."]);
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    git(
        &folder,
        &[&who[..], &["commit", "--quiet", "-m", "a"]].concat(),
    );
    folder
}

fn git(folder: &Folder, arguments: &[&str]) {
    let mut git = Command::new("git");
    let ended = git.args(arguments).current_dir(folder.path("")).status();
    assert!(ended.unwrap().success(), "{arguments:?}");
}

fn review(folder: &Folder, variables: &[(&str, &str)]) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_agentos")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    Command::new("bash")
        .arg(action().join("review"))
        .current_dir(folder.path(""))
        .env("PATH", format!("{}:{path}", binary.display()))
        .env("AGENTOS_BASE", "HEAD")
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn a_change_is_posted_with_its_verdict_its_findings_and_its_cases() {
    let folder = repository();
    let looser = MAIL.replace("deny send_email", "escalate send_email");
    folder.write("policies/mail.policy", &looser);
    let review = review(&folder, &[]);
    assert_eq!(review.status.code(), Some(1));
    let comment = folder.read(".agentos-review/comment.md");
    for part in [
        "**Policies: looser: 1 newly escalated.**",
        "`policies/mail.policy:4:5`",
        "`HEAD:policies/mail.policy:4:5`",
        "Checked: 1 file, 1 policy, 2 rules: no findings.",
        "Tested: 1 policy file, 1 case: 1 passed",
    ] {
        assert!(comment.contains(part), "{part}\n{comment}");
    }
    assert!(
        folder
            .read(".agentos-review/summary.md")
            .contains("```mermaid")
    );
    let changes = json(&folder.read(".agentos-review/sarif/changes.sarif"));
    assert_eq!(changes["runs"][0]["results"][0]["ruleId"], "diff-looser");
    let findings = json(&folder.read(".agentos-review/sarif/findings.sarif"));
    assert_eq!(findings["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn what_is_stricter_passes_and_what_is_broken_does_not() {
    let folder = repository();
    let stricter = MAIL.replace(
        "    allow send_email",
        "    deny send_email when to == \"x@example.com\";\n    allow send_email",
    );
    folder.write("policies/mail.policy", &stricter);
    assert_eq!(review(&folder, &[]).status.code(), Some(0));
    let run = review(&folder, &[("AGENTOS_FAIL_ON", "any")]);
    assert_eq!(run.status.code(), Some(1));
    let run = review(&folder, &[("AGENTOS_FAIL_ON", "loser")]);
    assert_eq!(run.status.code(), Some(2));
    let run = review(&folder, &[("AGENTOS_BASE", "nobody")]);
    assert_eq!(run.status.code(), Some(2));
    folder.write("policies/mail.policy", "policy mail { alow x; }");
    let run = review(&folder, &[]);
    assert_eq!(run.status.code(), Some(1));
    let said = String::from_utf8(run.stdout).unwrap();
    assert!(said.contains("policies/mail.policy:1:"), "{said}");
}

#[test]
fn a_policy_without_cases_is_reviewed_and_a_place_that_is_not_here_is_said() {
    let folder = repository();
    fs::remove_file(folder.path("policies/mail.cases.toml")).unwrap();
    let run = review(&folder, &[]);
    let said = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(0), "{said}");
    assert!(said.ends_with("\nTested: there are no cases.\n"), "{said}");
    let absolute = folder.path("policies");
    for place in [absolute.to_str().unwrap(), "nothing"] {
        let run = review(&folder, &[("AGENTOS_POLICIES", place)]);
        assert_eq!(run.status.code(), Some(2), "{place}");
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(said.starts_with("error: AGENTOS_POLICIES is "), "{said}");
    }
}

#[test]
fn an_error_that_several_verbs_meet_is_posted_once() {
    let folder = repository();
    folder.write("day.jsonl", "{\"action\": \"read\"}\n");
    folder.write(
        "policies/mail.policy",
        "policy mail { alow x; allow y when z == 1; }",
    );
    let run = review(&folder, &[("AGENTOS_LOG", "day.jsonl")]);
    let said = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("**Policies: they cannot be compared.**\n\n````text\nerror["),
        "{said}"
    );
    assert_eq!(said.matches("error[AOS0104]").count(), 1, "{said}");
    assert_eq!(said.matches("error[AOS0105]").count(), 1, "{said}");
    assert!(said.contains("\nChecked: 1 file: 2 errors.\n"), "{said}");
    assert!(said.ends_with("\nTested: nothing.\n"), "{said}");
}

#[test]
fn a_folder_without_policies_is_said_to_have_nothing_to_check() {
    let folder = repository();
    fs::remove_file(folder.path("policies/mail.policy")).unwrap();
    fs::remove_file(folder.path("policies/mail.cases.toml")).unwrap();
    folder.write("policies/notes.txt", "no policy");
    let run = review(&folder, &[]);
    let said = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(2), "{said}");
    assert!(
        said.contains("\nChecked: nothing, as no policy can be read.\n"),
        "{said}"
    );
    assert_eq!(said.matches("no file in this folder").count(), 1, "{said}");
}

#[test]
fn yesterdays_requests_are_decided_again() {
    let folder = repository();
    folder.write(
        "policies/mail.policy",
        MAIL.replace("deny send_email", "escalate send_email"),
    );
    folder.write(
        "day.jsonl",
        "{\"request\": {\"action\": \"send_email\", \"params\": {\"to\": \"a@b.org\"}}, \"effect\": \"deny\"}\n",
    );
    let run = review(
        &folder,
        &[("AGENTOS_LOG", "day.jsonl"), ("AGENTOS_FAIL_ON", "nothing")],
    );
    let said = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(0), "{said}");
    assert!(
        said.contains("would have changed 1 of 1 recorded decision"),
        "{said}"
    );
}

#[test]
fn the_action_sets_all_that_the_review_looks_at() {
    let review = fs::read_to_string(action().join("review")).unwrap();
    let action = fs::read_to_string(action().join("action.yml")).unwrap();
    let mut names: Vec<&str> = review
        .split("${")
        .filter_map(|rest| rest.split_once(":-"))
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("AGENTOS_"))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "AGENTOS_BASE",
            "AGENTOS_FAIL_ON",
            "AGENTOS_LOG",
            "AGENTOS_OUT",
            "AGENTOS_POLICIES"
        ]
    );
    for name in names {
        assert!(action.contains(&format!("        {name}: ")), "{name}");
    }
}
