//! `agentos test`.

mod coverage;
mod mistakes;
mod pages;
mod watch;

use crate::{Folder, json};

/// What the tests of this verb are about.
const SUPPORT: &str = "\
policy support \"1.0\" {
    default deny;
    action refund { amount: decimal }
    patterns keys { regex r\"AKIA[0-9A-Z]{16}\"; substring \"password\"; }
    allow chat;
    allow refund when amount > 0 and amount <= 1000 id small;
    escalate refund when amount > 1000 because \"ask somebody\" id large;
    deny * when text matches keys because \"a secret would leave\" id no-keys;
}
";

/// A case of it that passes.
const SMALL: &str = "\
[[request]]
name = \"a small refund\"
action = \"refund\"
params.amount = 250
decision = \"allow\"
rule = \"small\"
";

/// One that does not.
const LARGE: &str = "\
[[request]]
name = \"a large refund\"
action = \"refund\"
params.amount = 5000
decision = \"allow\"
rule = \"small\"
reason = \"it is small\"
";

/// A project with `SUPPORT` and these cases of it.
fn project(cases: &str) -> Folder {
    let folder = Folder::with("policies/support.policy", SUPPORT);
    folder.write("policies/support.cases.toml", cases);
    folder
}

/// A closing line without its time.
fn closing(out: &str) -> &str {
    let line = out.lines().last().unwrap_or_default();
    line.rsplit_once(" in ").map_or(line, |(before, _)| before)
}

#[test]
fn cases_that_pass_are_counted() {
    let folder = project(SMALL);
    for files in [
        "policies",
        "policies/support.policy",
        "policies/support.cases.toml",
    ] {
        let out = folder.run(["test", files]).fine();
        assert_eq!(closing(&out), "1 policy file, 1 case: 1 passed", "{out}");
        assert_eq!(out.lines().count(), 1, "{out}");
    }
    // The policies of the project are the default.
    folder.write(".agents/open.policy", "policy open { allow *; }");
    let out = folder.run(["test"]).out;
    assert_eq!(closing(&out), "2 policy files, 1 case: 1 passed");
}

#[test]
fn a_case_that_fails_shows_the_difference_and_the_rules_that_spoke() {
    let run = project(&format!("{SMALL}\n{LARGE}")).run(["test"]);
    assert_eq!((run.code, run.err.as_str()), (Some(1), ""), "{run:?}");
    let expected = "\
FAIL a large refund
  policies/support.cases.toml:8
  effect: expected `allow`, got `escalate`
  rule:   expected `small`, got `large`
  reason: expected `it is small`, got `ask somebody`
  answer: escalate (policies/support.policy:7:5): ask somebody
  rules that spoke:
    escalate `large` of `support` (policies/support.policy:7:5): true
      amount > 1000: true

";
    assert!(run.out.starts_with(expected), "{}", run.out);
    assert_eq!(
        closing(&run.out),
        "1 policy file, 2 cases: 1 passed, 1 failed"
    );
}

#[test]
fn a_rule_in_doubt_is_shown_with_what_it_is_in_doubt_about() {
    let policy = "policy p { default abstain; deny pay when params.amount > 5 id large; }";
    let folder = Folder::with("p.policy", policy);
    folder.write(
        "p.cases.toml",
        "[[request]]\nname = 'no amount'\naction = 'pay'\ndecision = 'allow'\n",
    );
    let out = folder.run(["test", "p.policy"]).out;
    assert!(
        out.contains("(p.policy:1:29): missing\n      amount > 5: missing"),
        "{out}"
    );
}

#[test]
fn where_no_rule_spoke_that_is_said() {
    let out = project("[[request]]\nname = 'x'\naction = 'y'\ndecision = 'allow'\n")
        .run(["test"])
        .out;
    assert!(
        out.contains("effect: expected `allow`, got `deny`"),
        "{out}"
    );
    assert!(
        !out.contains("rule:   "),
        "no rule was expected, and none decided: {out}"
    );
    assert!(
        out.contains("no rule of policy `support` allows `y`"),
        "{out}"
    );
    assert!(out.contains("\n  no rule spoke\n"), "{out}");
}

#[test]
fn a_rule_that_is_not_there_is_named_with_the_nearest_one() {
    let out = project(&SMALL.replace("\"small\"", "\"smal\""))
        .run(["test"])
        .out;
    let help = "help:   no rule of these policies is called `smal`; did you mean `small`?";
    assert!(out.contains(help), "{out}");
    // An inherited rule is called by its policy, too.
    let folder = Folder::with("p.policy", "policy p { extends secrets; default deny; }");
    folder.write(
        "p.cases.toml",
        "[[request]]\nname = 'x'\naction = 'y'\nparams.a = 'AKIAABCDEFGHIJKLMNOP'\ndecision = 'deny'\nrule = 'no-secrets'\n",
    );
    let out = folder.run(["test", "p.policy"]).out;
    assert!(out.contains("did you mean `secrets/no-secrets`?"), "{out}");
}

#[test]
fn a_floor_is_asked_beside_the_policy() {
    let folder = Folder::with("p.policy", "policy p { default abstain; deny pay; }");
    let case = "[[request]]\nname = 'chat'\naction = 'chat'\ndecision = 'allow'\n";
    folder.write("p.cases.toml", case);
    assert_eq!(
        folder.run(["test", "p.policy"]).code,
        Some(1),
        "all abstain"
    );
    folder.write("p.cases.toml", format!("floor = ['permissive']\n{case}"));
    folder.run(["test", "p.policy"]).fine();
    // One of the run, too.
    folder.write("house.policy", "policy house { allow chat id talk; }");
    folder.write(
        "p.cases.toml",
        format!("floor = ['house']\n{case}rule = 'talk'\n"),
    );
    folder.run(["test", "p.policy", "house.policy"]).fine();
}

#[test]
fn cases_ask_the_policies_of_their_file_and_a_base_through_its_child() {
    let policies =
        "policy base { deny pay id none; } policy shop { extends base; allow chat id talk; }";
    let folder = Folder::with("shop.policy", policies);
    folder.write(
        "shop.cases.toml",
        "[[request]]\nname = 'a'\naction = 'chat'\ndecision = 'allow'\nrule = 'talk'\n\
         [[request]]\nname = 'b'\naction = 'pay'\ndecision = 'deny'\nrule = 'base/none'\n",
    );
    folder.run(["test", "shop.policy"]).fine();
    // A base with cases of its own is asked by itself.
    folder.write("a.policy", "policy a { deny pay id none; }");
    folder.write("b.policy", "policy b { extends a; allow chat; }");
    folder.write(
        "a.cases.toml",
        "[[request]]\nname = 'a'\naction = 'pay'\ndecision = 'deny'\nrule = 'none'\n",
    );
    folder.run(["test", "a.policy", "b.policy"]).fine();
}

#[test]
fn a_policy_of_a_dialect_has_cases_too() {
    let folder = Folder::with(
        "mail.yaml",
        "policy: mail\ndefault: deny\nrules:\n  - allow: read\n",
    );
    folder.write(
        "mail.cases.toml",
        "[[request]]\nname = 'a'\naction = 'read'\ndecision = 'allow'\nrule = 'allow-read-1'\n",
    );
    folder.run(["test", "."]).fine();
}

#[test]
fn a_filter_runs_the_cases_whose_name_has_it() {
    let folder = project(&format!("{SMALL}\n{LARGE}"));
    let out = folder.run(["test", "--filter", "small"]).fine();
    assert_eq!(closing(&out), "1 policy file, 1 case: 1 passed");
    let err = folder.run(["test", "--filter", "smoll"]).wrong();
    assert_eq!(err, "error: no case has `smoll` in its name\n");
}

#[test]
fn json_has_every_case_with_its_answer() {
    let run = project(&format!("{SMALL}\n{LARGE}")).run(["test", "--format", "json"]);
    assert_eq!(run.code, Some(1));
    let out = json(&run.out);
    assert_eq!(out["cases"][0]["passed"], true);
    assert_eq!(out["cases"][0]["effect"], "allow");
    let failed = &out["cases"][1];
    assert_eq!(failed["name"], "a large refund");
    assert_eq!(failed["file"], "policies/support.cases.toml");
    assert_eq!(
        (&failed["line"], &failed["passed"]),
        (&8.into(), &false.into())
    );
    assert_eq!(
        failed["differences"][1],
        json(r#"{"part": "rule", "expected": "small", "got": "large"}"#)
    );
    assert_eq!(failed["rules"][0]["rule"], "large");
    assert_eq!(failed["rules"][0]["clauses"][0]["outcome"], "true");
    let summary = &out["summary"];
    assert_eq!(
        (&summary["passed"], &summary["failed"]),
        (&1.into(), &1.into())
    );
    assert!(out["coverage"].is_null());
}

#[test]
fn junit_has_a_suite_a_cases_file() {
    let folder = project(&format!("{SMALL}\n{LARGE}"));
    let run = folder.run(["test", "--format", "junit"]);
    assert_eq!(run.code, Some(1));
    for part in [
        "<testsuites name=\"agentos test\" tests=\"2\" skipped=\"0\" failures=\"1\" errors=\"0\"",
        "<testsuite name=\"policies/support.cases.toml\"",
        "<testcase name=\"a small refund\" classname=\"support\"",
        "message=\"effect: expected allow, got escalate; ",
    ] {
        assert!(run.out.contains(part), "{part}\n{}", run.out);
    }
    folder.write("policies/support.cases.toml", format!("{SMALL}x = 1\n"));
    let run = folder.run(["test", "--format", "junit"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.out
            .contains("<error message=\"`x` is not a key of a case"),
        "{}",
        run.out
    );
}

#[test]
fn text_that_would_disturb_a_terminal_is_written_out() {
    let case = SMALL
        .replace("a small", "\\u001b[2J")
        .replace("= 250", "= 5000");
    let out = project(&case).run(["test"]).out;
    assert!(
        out.contains("FAIL \\u{1b}[2J refund") && !out.contains('\u{1b}'),
        "{out}"
    );
}
