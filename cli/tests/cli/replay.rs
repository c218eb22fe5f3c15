//! `agentos replay`.

mod logs;
#[cfg(feature = "parquet")]
mod rows;

use crate::{Folder, json};

const OLD: &str = "\
policy mail {
    default deny;
    action send_email { to: string }
    deny send_email unless to ends with \"@example.com\" id no-leak;
    allow send_email when to ends with \"@example.com\" id inside;
    allow read_file id read;
}
";
const NEW: &str = "\
policy mail {
    default deny;
    action send_email { to: string }
    escalate send_email unless to ends with \"@example.com\" id ask
        because \"a person looks at mail that leaves\";
    allow send_email when to ends with \"@example.com\" id inside;
    allow web_search id search;
}
";
/// Denied before, escalated now.
const LEAK: &str = r#"{"id": "r2", "agent_id": "a1", "action": "send_email", "params": {"to": "ann@elsewhere.org"}}"#;
/// Allowed before and now.
const SEND: &str = r#"{"id": "r1", "agent_id": "a1", "action": "send_email", "params": {"to": "ann@example.com"}}"#;
/// Allowed before, denied now.
const READ: &str = r#"{"action": "read_file"}"#;
/// Denied before, allowed now.
const SEARCH: &str = r#"{"action": "web_search"}"#;

fn folder() -> Folder {
    let folder = Folder::with("old.policy", OLD);
    folder.write("new.policy", NEW);
    folder
}

/// What comes of a log as one JSON document, compared with `old.policy`.
fn replayed(folder: &Folder, log: &str) -> serde_json::Value {
    let arguments = [
        "replay",
        log,
        "--policy",
        "new.policy",
        "--against",
        "old.policy",
        "--format",
        "json",
    ];
    json(&folder.run(arguments).fine())
}

#[test]
fn two_sets_of_policies_are_compared_over_a_log() {
    let folder = folder();
    folder.write(
        "day.jsonl",
        format!("{SEND}\n{LEAK}\n{READ}\n{SEARCH}\n{SEARCH}\n"),
    );
    let arguments = [
        "replay",
        "day.jsonl",
        "--policy",
        "new.policy",
        "--against",
        "old.policy",
    ];
    assert_eq!(
        folder.run(arguments).fine(),
        "\
newly allowed: 2
  2 requests
    before  deny: the default of `mail` (old.policy:1:1)
    now     allow: `search` of `mail` (new.policy:7:5)
    day.jsonl:4  {\"action\": \"web_search\"}
      `web_search` is allowed by rule `search`
    day.jsonl:5  {\"action\": \"web_search\"}
      `web_search` is allowed by rule `search`

newly denied: 1
  1 request
    before  allow: `read` of `mail` (old.policy:6:5)
    now     deny: the default of `mail` (new.policy:1:1)
    day.jsonl:3  {\"action\": \"read_file\"}
      no rule of policy `mail` allows `read_file`

newly escalated: 1
  1 request
    before  deny: `no-leak` of `mail` (old.policy:4:5)
    now     escalate: `ask` of `mail` (new.policy:4:5)
    day.jsonl:2  {\"id\": \"r2\", \"agent_id\": \"a1\", \"action\": \"send_email\", \"params\": {\"to\": \"ann@elsewhere.org\"}}
      a person looks at mail that leaves

would have changed 4 of 5 decisions: 2 newly allowed, 1 newly denied, 1 newly escalated
"
    );
}

#[test]
fn what_was_recorded_is_compared_with() {
    let folder = folder();
    let requests = format!("{SEND}\n{LEAK}\n{READ}\n{SEARCH}\n");
    let decided = folder
        .run_with(["eval", "--policy", "old.policy"], &requests)
        .fine();
    let records: Vec<String> = requests
        .lines()
        .zip(decided.lines())
        .map(|(request, decision)| {
            format!("{{\"time\": 1, \"request\": {request}, \"decision\": {decision}}}\n")
        })
        .collect();
    folder.write("day.jsonl", records.concat());
    let arguments = [
        "replay",
        "day.jsonl",
        "--policy",
        "new.policy",
        "--format",
        "json",
    ];
    let recorded = json(&folder.run(arguments).fine());
    assert_eq!(recorded["is_recorded"], true);
    assert_eq!(
        recorded["summary"],
        "would have changed 3 of 4 recorded decisions: 1 newly allowed, 1 newly denied, 1 newly escalated"
    );
    let old = &recorded["changes"][2]["old"];
    assert_eq!(
        (&old["rule"], &old["at"]),
        (&"no-leak".into(), &"old.policy:4:5".into())
    );
    // And equals what comparing the policies says.
    folder.write("requests.jsonl", requests);
    let compared = replayed(&folder, "requests.jsonl");
    assert_eq!(recorded["directions"], compared["directions"]);
    assert_eq!(recorded["rules"], compared["rules"]);
}

#[test]
fn policies_to_compare_with_go_before_what_was_recorded() {
    let folder = folder();
    folder.write("day.jsonl", r#"{"action": "read_file", "effect": "deny"}"#);
    assert_eq!(replayed(&folder, "day.jsonl")["changed"], 1);
    let arguments = ["replay", "day.jsonl", "--policy", "new.policy"];
    assert_eq!(
        folder.run(arguments).fine(),
        "would have changed none of 1 recorded decision\n"
    );
}

#[test]
fn with_nothing_to_compare_with_decisions_are_counted_by_rule() {
    let folder = folder();
    let arguments = ["replay", "-", "--policy", "new.policy"];
    assert_eq!(
        folder
            .run_with(arguments, format!("{SEND}\n{SEND}\n{READ}\n"))
            .fine(),
        "\
2  allow: `inside` of `mail` (new.policy:6:5)
1  deny: the default of `mail` (new.policy:1:1)

3 requests: 2 allow, 1 deny
"
    );
}

#[test]
fn the_comment_of_a_pull_request_says_it_in_its_first_line() {
    let folder = folder();
    folder.write("day.jsonl", format!("{SEND}\n{READ}\n"));
    let arguments = [
        "replay",
        "day.jsonl",
        "--policy",
        "new.policy",
        "--against",
        "old.policy",
        "--format",
        "markdown",
    ];
    assert_eq!(
        folder.run(arguments).fine(),
        "\
**Replay: would have changed 1 of 2 decisions: 1 newly denied.**

| change | decisions |
|---|---:|
| newly denied | 1 |

#### Newly denied

- 1 request: **deny** the default of `mail` (`new.policy:1:1`), before **allow** `read` of `mail` (`old.policy:6:5`)
  - `day.jsonl:2` `{\"action\": \"read_file\"}` → `` no rule of policy `mail` allows `read_file` ``
"
    );
}

#[test]
fn fail_on_looks_at_the_direction_of_the_changes() {
    let folder = folder();
    for (request, failing) in [
        (SEND, &[][..]),
        (READ, &["stricter", "any"]),
        (SEARCH, &["looser", "any"]),
        (LEAK, &["looser", "any"]),
    ] {
        folder.write("day.jsonl", request);
        for fail_on in ["looser", "stricter", "any"] {
            let run = folder.run([
                "replay",
                "day.jsonl",
                "--policy",
                "new.policy",
                "--against",
                "old.policy",
                "--fail-on",
                fail_on,
            ]);
            let code = i32::from(failing.contains(&fail_on));
            assert_eq!(
                (run.code, run.err.as_str()),
                (Some(code), ""),
                "{request} {fail_on}"
            );
            assert!(run.out.contains("would have changed"), "{}", run.out);
        }
    }
}

#[test]
fn fail_on_does_not_pass_what_it_cannot_compare() {
    let folder = folder();
    folder.write("day.jsonl", SEARCH);
    let run = folder.run([
        "replay",
        "day.jsonl",
        "--policy",
        "new.policy",
        "--fail-on",
        "looser",
    ]);
    assert_eq!(run.code, Some(2));
    assert_eq!(
        run.err,
        "error: `--fail-on` has nothing to compare with, as no line says what was decided\n\
         help: name the policies before this change with `--against`\n"
    );
    assert!(run.out.ends_with("1 request: 1 allow\n"), "{}", run.out);
}

#[test]
fn examples_are_as_many_as_asked_for() {
    let folder = folder();
    let reads: Vec<String> = (0..30)
        .map(|number| format!("{{\"action\": \"read_file\", \"id\": \"{number:030}\"}}\n"))
        .collect();
    folder.write("day.jsonl", format!("{}{READ}\n", reads.concat()));
    for (wanted, shown) in [("0", 0), ("1", 1), ("20", 20)] {
        let out = folder
            .run([
                "replay",
                "day.jsonl",
                "--policy",
                "new.policy",
                "--against",
                "old.policy",
                "--format",
                "json",
                "--examples",
                wanted,
            ])
            .fine();
        let document = json(&out);
        let group = &document["changes"][0];
        assert_eq!(group["requests"], 31);
        let examples = group["examples"].as_array().unwrap();
        assert_eq!(examples.len(), shown);
        if let Some(first) = examples.first() {
            assert_eq!(first["at"], "day.jsonl:31", "the shortest");
            assert_eq!(first["request"], json(READ));
            assert_eq!(first["old_reason"], "`read_file` is allowed by rule `read`");
        }
    }
    let err = folder
        .run([
            "replay",
            "day.jsonl",
            "--policy",
            "new.policy",
            "--examples",
            "21",
        ])
        .wrong();
    assert!(err.contains("0..=20"), "{err}");
}

#[test]
fn a_log_that_is_missing_or_taken_for_a_policy_is_a_wrong_call() {
    let folder = folder();
    folder.write("day.jsonl", READ);
    let err = folder
        .run(["replay", "no.jsonl", ".", "--policy", "new.policy"])
        .wrong();
    assert_eq!(
        err,
        "error: `no.jsonl`: there is no such file\nerror: `.`: a folder, where a file belongs\n"
    );
    let err = folder
        .run(["replay", "--policy", "new.policy", "day.jsonl"])
        .wrong();
    assert_eq!(
        err,
        "error: no log is named\nhelp: name it before `--policy`, which takes all the files that \
         follow it; `-` is standard input\n"
    );
}

#[test]
fn policies_with_errors_replay_nothing() {
    let folder = folder();
    folder.write("day.jsonl", READ);
    folder.write("bad.policy", "policy bad { block read_file; }");
    for arguments in [
        ["--policy", "bad.policy", "--against", "old.policy"],
        ["--policy", "new.policy", "--against", "bad.policy"],
    ] {
        let [a, b, c, d] = arguments;
        let run = folder.run(["replay", "day.jsonl", a, b, c, d]);
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
        assert!(run.err.contains("bad.policy:1:14"), "{}", run.err);
    }
}

#[test]
fn artifacts_are_compared_like_their_policies() {
    let folder = folder();
    folder.write("day.jsonl", format!("{READ}\n{SEARCH}\n"));
    let read = replayed(&folder, "day.jsonl");
    for (from, to) in [("old.policy", "old.agentos"), ("new.policy", "new.agentos")] {
        folder.run(["compile", from, "-o", to]).fine();
    }
    let opened = folder
        .run([
            "replay",
            "day.jsonl",
            "--policy",
            "new.agentos",
            "--against",
            "old.agentos",
            "--format",
            "json",
        ])
        .fine();
    assert_eq!(json(&opened), read);
}
