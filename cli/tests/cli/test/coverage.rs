//! `agentos test --coverage`.

use super::{SMALL, SUPPORT, project};
use crate::{Folder, json};

/// A case in which a key is found, and `chat` is allowed in vain.
const KEY: &str = "\
[[request]]
name = \"a key\"
action = \"chat\"
params.text = \"AKIAABCDEFGHIJKLMNOP\"
decision = \"deny\"
rule = \"no-keys\"
";

#[test]
fn what_no_case_reached_is_shown_with_its_place() {
    let out = project(&format!("{SMALL}\n{KEY}"))
        .run(["test", "--coverage"])
        .fine();
    let (_, coverage) = out.split_once(" s\n").unwrap();
    assert_eq!(
        coverage,
        "\
`support` (policies/support.policy): 66.7 %, 3 of 4 rules, 1 of 2 patterns
  policies/support.policy:4: pattern `password` of `keys` matched in no case
  policies/support.policy:5: rule `allow-chat-1` fired, and decided no case
  policies/support.policy:7: rule `large` fired in no case
coverage: 66.7 % (4 of 6 rules, patterns and signals)
"
    );
}

#[test]
fn an_allow_in_doubt_did_not_fire() {
    let folder = Folder::with("p.policy", "policy p { allow pay when params.amount < 5; }");
    folder.write(
        "p.cases.toml",
        "[[request]]\nname = 'a'\naction = 'pay'\ndecision = 'deny'\n",
    );
    let out = folder.run(["test", "p.policy", "--coverage"]).fine();
    assert!(out.contains("0 of 1 rule\n"), "{out}");
}

#[test]
fn patterns_are_matched_where_rules_look_for_them() {
    let policy = "policy p { default allow because \"a test\"; \
         patterns names { regex r\"^get\"; regex r\"^put\"; } \
         deny read when action matches names id r; \
         deny * when any params.to matches r\"evil\" id t; \
         deny * when not params.from matches r\"@example\" and exists params.from id f; \
         intent destructive_data { signal 0.9 r\"drop table\" \"a drop\"; signal 0.1 r\"wipe\"; } }";
    let folder = Folder::with("p.policy", policy);
    let case = |name: &str, action: &str, params: &str, decision: &str| {
        format!(
            "[[request]]\nname = '{name}'\naction = '{action}'\n{params}\ndecision = '{decision}'\n"
        )
    };
    // Nothing looks for `names` in the action `get`.
    folder.write("p.cases.toml", case("a", "get", "", "allow"));
    let out = folder.run(["test", "p.policy", "--coverage=json", "--filter=a"]);
    let out = json(&out.out);
    let matched = |out: &serde_json::Value, kind: &str| -> Vec<u64> {
        let items = out["policies"][0][kind].as_array().unwrap();
        items
            .iter()
            .map(|item| item["matched"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(matched(&out, "patterns"), [0, 0, 0, 0], "{out}");
    // In a list, in what a negated test looks for, in signals.
    let cases = [
        case("a", "x", "params.to = ['a', 'evil']", "deny") + "rule = 't'\n",
        case("b", "x", "params.from = 'a@example'", "allow"),
        case("c", "x", "params.q = 'drop table'", "allow"),
    ];
    folder.write("p.cases.toml", cases.concat());
    let out = json(&folder.run(["test", "p.policy", "--coverage=json"]).out);
    assert_eq!(matched(&out, "patterns"), [0, 0, 1, 1], "{out}");
    assert_eq!(matched(&out, "signals"), [1, 0], "{out}");
    assert_eq!(out["policies"][0]["signals"][0]["signal"], "a drop");
    assert_eq!(out["policies"][0]["signals"][1]["signal"], "wipe");
}

#[test]
fn a_pattern_behind_a_disguise_is_matched() {
    let policy = "policy p { default allow because \"a test\"; normalize strict; \
         deny * when text matches r\"secret\" id s; }";
    let folder = Folder::with("p.policy", policy);
    folder.write(
        "p.cases.toml",
        "[[request]]\nname = 'a'\naction = 'x'\nparams.q = '\u{ff53}ecret'\ndecision = 'deny'\nrule = 's'\n",
    );
    let out = folder.run(["test", "p.policy", "--coverage"]).fine();
    assert!(
        out.contains("100.0 %, 1 of 1 rule, 1 of 1 pattern\n"),
        "{out}"
    );
}

#[test]
fn what_is_inherited_is_covered_where_it_stands() {
    let folder = Folder::with(
        "a.policy",
        "policy a { patterns k { regex r\"key\"; } deny * when text matches k id keys; }",
    );
    folder.write("b.policy", "policy b { extends a, secrets; allow chat; }");
    folder.write(
        "b.cases.toml",
        "[[request]]\nname = 'a'\naction = 'chat'\nparams.q = 'key'\ndecision = 'deny'\nrule = 'a/keys'\n",
    );
    let run = folder.run(["test", "a.policy", "b.policy", "--coverage"]);
    let out = run.fine();
    assert!(
        out.contains("`a` (a.policy): 100.0 %, 1 of 1 rule, 1 of 1 pattern\n"),
        "{out}"
    );
    // The shipped policy is not for them to cover.
    assert!(
        out.contains("`b` (b.policy): 100.0 %, 1 of 1 rule\n"),
        "{out}"
    );
}

#[test]
fn lcov_has_each_line_with_the_least_that_was_reached_on_it() {
    let folder = project(&format!("{SMALL}\n{KEY}"));
    let run = folder.run(["test", "--coverage=lcov"]);
    assert_eq!(run.code, Some(0));
    assert!(
        run.err.contains("2 passed"),
        "people read standard error then: {}",
        run.err
    );
    assert_eq!(
        run.out,
        "\
TN:
SF:policies/support.policy
FN:5,support/allow-chat-1
FN:6,support/small
FN:7,support/large
FN:8,support/no-keys
FNDA:1,support/allow-chat-1
FNDA:1,support/small
FNDA:0,support/large
FNDA:1,support/no-keys
FNF:4
FNH:3
DA:4,0
DA:5,1
DA:6,1
DA:7,0
DA:8,1
LF:5
LH:3
end_of_record
"
    );
    folder
        .run(["test", "--coverage=lcov", "--coverage-output", "c.info"])
        .fine();
    assert_eq!(folder.read("c.info"), run.out);
}

#[test]
fn a_rule_in_several_lines_is_covered_in_all_of_them() {
    let folder = Folder::with(
        "p.policy",
        "policy p {\n  allow\n    chat\n    id talk;\n}\n",
    );
    folder.write(
        "p.cases.toml",
        "[[request]]\nname = 'a'\naction = 'chat'\ndecision = 'allow'\nrule = 'talk'\n",
    );
    let out = folder.run(["test", "p.policy", "--coverage=lcov"]).out;
    assert!(out.contains("DA:2,1\nDA:3,1\nDA:4,1\nLF:3\n"), "{out}");
}

#[test]
fn json_has_coverage_by_policy() {
    let folder = project(&format!("{SMALL}\n{KEY}"));
    let alone = json(&folder.run(["test", "--coverage=json"]).out);
    let inside = json(&folder.run(["test", "--coverage", "--format=json"]).out);
    assert_eq!(inside["coverage"], alone);
    let policy = &alone["policies"][0];
    assert_eq!(
        (&policy["policy"], &policy["file"]),
        (&"support".into(), &"policies/support.policy".into())
    );
    assert_eq!(
        policy["rules"][0],
        json(r#"{"rule": "allow-chat-1", "line": 5, "column": 5, "fired": 1, "decided": 0}"#)
    );
    assert_eq!(policy["patterns"][0]["matched"], 1);
    assert_eq!(policy["patterns"][1]["set"], "keys");
}

#[test]
fn too_little_coverage_ends_with_1() {
    let folder = project(SMALL);
    folder.run(["test", "--fail-under", "10"]).fine();
    let run = folder.run(["test", "--fail-under", "90%"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.err, "error: coverage is 16.7 %, under 90 %\n");
}

#[test]
fn a_policy_without_cases_is_not_covered() {
    let folder = project(SMALL);
    folder.write("policies/other.policy", SUPPORT.replace("support", "other"));
    let out = folder.run(["test", "--coverage"]).fine();
    assert!(
        out.contains("`other` (policies/other.policy): 0.0 %, 0 of 4 rules"),
        "{out}"
    );
}

#[test]
fn coverage_is_not_written_over_what_the_run_reads() {
    let folder = project(SMALL);
    for file in ["support.policy", "support.cases.toml"] {
        let output = format!("--coverage-output=policies/{file}");
        let err = folder.run(["test", "--coverage=lcov", &output]).wrong();
        assert!(err.contains("would be written over"), "{err}");
    }
    assert_eq!(folder.read("policies/support.policy"), SUPPORT);
    assert_eq!(folder.read("policies/support.cases.toml"), SMALL);
    // Results are there even where coverage cannot be written.
    let run = folder.run(["test", "--coverage", "--coverage-output=none/c"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.out.contains("1 passed") && run.err.contains("cannot write `none/c`"),
        "{run:?}"
    );
}
