//! `agentos test --update`, and pages that say something else than their policy.

use super::{SMALL, SUPPORT, closing, project};
use crate::json;

#[test]
fn update_writes_the_page_of_each_policy() {
    let folder = project(SMALL);
    folder.write("policies/deep/open.policy", "policy open { allow chat; }");
    let out = folder.run(["test", "--update"]).fine();
    assert!(out.contains("wrote policies/support.snap"), "{out}");
    assert!(out.contains("wrote policies/deep/open.snap"), "{out}");
    let page = folder.read("policies/support.snap");
    assert!(page.starts_with("# support 1.0\n"), "{page}");
    assert!(
        page.contains("| ask somebody |") && page.contains("(support.policy:7) |"),
        "{page}"
    );
    // What says so already is left alone.
    let out = folder.run(["test", "--update"]).fine();
    assert!(!out.contains("wrote"), "{out}");
    folder.run(["test"]).fine();
}

#[test]
fn a_page_is_the_same_from_wherever_it_is_made() {
    let folder = project(SMALL);
    folder.write(
        "policies/b.policy",
        "policy b { extends support, secrets; }",
    );
    folder.run(["test", "--update"]).fine();
    let page = folder.read("policies/b.snap");
    assert!(page.contains("(support.policy:7) |"), "{page}");
    assert!(page.contains("(shipped/secrets.policy:"), "{page}");
    let path = folder.path("policies");
    folder.run(["test", path.to_str().unwrap()]).fine();
    folder
        .run(["test", "./policies/b.policy", "policies/support.policy"])
        .fine();
}

#[test]
fn a_stale_page_is_a_failure_that_says_what_changed() {
    let folder = project(SMALL);
    folder.run(["test", "--update"]).fine();
    folder.write(
        "policies/support.policy",
        SUPPORT.replace("ask somebody", "ask the boss"),
    );
    let run = folder.run(["test"]);
    assert_eq!(run.code, Some(1));
    for part in [
        "STALE policies/support.snap\n",
        "-| **escalate** | `amount` is above 1000 | ask somebody |",
        "+| **escalate** | `amount` is above 1000 | ask the boss |",
        "agentos test --update policies/support.policy",
    ] {
        assert!(run.out.contains(part), "{part}\n{}", run.out);
    }
    assert_eq!(
        closing(&run.out),
        "1 policy file, 1 case: 1 passed, 1 stale page"
    );
    let run = folder.run(["test", "--format", "json"]);
    assert_eq!(json(&run.out)["pages"][0]["state"], "stale");
    let run = folder.run(["test", "--format", "junit"]);
    assert!(
        run.out.contains(
            "<testsuite name=\"pages\" tests=\"1\" skipped=\"0\" errors=\"0\" failures=\"1\">"
        ),
        "{}",
        run.out
    );
    // Who runs some cases only is busy with something else.
    folder.run(["test", "--filter", "small"]).fine();
    folder.run(["test", "--update"]).fine();
    folder.run(["test"]).fine();
}

#[test]
fn a_policy_without_a_page_needs_none() {
    let folder = project(SMALL);
    folder.run(["test"]).fine();
    assert!(!folder.path("policies/support.snap").exists());
}

#[test]
fn a_page_alone_is_checked() {
    let folder = project(SMALL);
    folder.run(["test", "--update"]).fine();
    std::fs::remove_file(folder.path("policies/support.cases.toml")).unwrap();
    let out = folder.run(["test"]).fine();
    assert_eq!(closing(&out), "1 policy file, 0 cases: 0 passed");
}
