//! `agentos eval`.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::Stdio,
};

use crate::{Folder, MAIL, command, json};

const SEND: &str = r#"{"id": "r1", "agent_id": "a1", "action": "send_email", "params": {"to": "ann@example.com"}}"#;
const LEAK: &str = r#"{"id": "r2", "agent_id": "a1", "action": "send_email", "params": {"to": "ann@elsewhere.org"}}"#;

fn decisions(out: &str) -> Vec<serde_json::Value> {
    out.lines().map(json).collect()
}

#[test]
fn a_request_a_line_gets_a_decision_a_line() {
    let folder = Folder::with("mail.policy", MAIL);
    let input = format!("{SEND}\n{LEAK}\n");
    let out = folder
        .run_with(["eval", "--policy", "mail.policy"], &input)
        .fine();
    let decisions = decisions(&out);
    assert_eq!(decisions.len(), 2);
    assert_eq!(
        (&decisions[0]["id"], &decisions[0]["effect"]),
        (&json("\"r1\""), &json("\"allow\""))
    );
    assert_eq!(
        (&decisions[1]["id"], &decisions[1]["effect"]),
        (&json("\"r2\""), &json("\"deny\""))
    );
    assert_eq!(decisions[1]["policy"], "mail");
    assert_eq!(decisions[1]["at"], "mail.policy:4:5");
    assert_eq!(decisions[1]["reason"], "mail stays in the house");
    for key in ["signal", "rule", "suggestion", "intents", "matches"] {
        assert!(decisions[1].get(key).is_some(), "{key}");
    }
}

#[test]
fn requests_may_stand_in_a_file() {
    let folder = Folder::with("mail.policy", MAIL);
    folder.write("requests.jsonl", format!("{SEND}\n{LEAK}"));
    let from_file = folder
        .run([
            "eval",
            "--policy",
            "mail.policy",
            "--input",
            "requests.jsonl",
        ])
        .fine();
    assert_eq!(
        from_file.lines().count(),
        2,
        "the last line needs no line end"
    );
    let input = folder.read("requests.jsonl");
    let piped = folder
        .run_with(["eval", "--policy", "mail.policy", "--input", "-"], input)
        .fine();
    assert_eq!(from_file, piped);
}

#[test]
fn a_line_that_is_no_request_is_denied_and_the_rest_goes_on() {
    let folder = Folder::with("mail.policy", MAIL);
    let mut input = Vec::new();
    for line in [
        b"not json".as_slice(),
        b"[]",
        b"{\"action\": 7}",
        b"{\"agent_id\": \"a\", \"action\": \"\xff\"}",
        b"",
        SEND.as_bytes(),
    ] {
        input.extend_from_slice(line);
        input.push(b'\n');
    }
    let out = folder
        .run_with(["eval", "--policy", "mail.policy"], input)
        .fine();
    let decisions = decisions(&out);
    assert_eq!(decisions.len(), 6, "{out}");
    for decision in &decisions[..5] {
        assert_eq!(decision["effect"], "deny", "{decision}");
        assert!(
            !decision["reason"].as_str().unwrap().is_empty(),
            "{decision}"
        );
    }
    assert_eq!(decisions[5]["effect"], "allow");
}

#[test]
fn a_line_without_an_end_is_denied_in_bounded_memory() {
    let folder = Folder::with("mail.policy", MAIL);
    let mut input = b"{\"agent_id\": \"".to_vec();
    input.resize(40_000_000, b'x');
    input.push(b'\n');
    input.extend_from_slice(SEND.as_bytes());
    let out = folder
        .run_with(["eval", "--policy", "mail.policy"], input)
        .fine();
    let decisions = decisions(&out);
    assert_eq!(decisions.len(), 2, "{out}");
    assert_eq!(decisions[0]["effect"], "deny");
    assert!(
        decisions[0]["reason"]
            .as_str()
            .unwrap()
            .contains("`LONGEST_REQUEST` (16777216 bytes)"),
        "{out}"
    );
    assert_eq!(decisions[1]["effect"], "allow");
}

#[test]
fn a_request_nested_too_deeply_is_denied() {
    let folder = Folder::with("mail.policy", MAIL);
    let deep = format!(
        "{{\"agent_id\": \"a\", \"action\": \"send_email\", \"params\": {{\"to\": {}{}}}}}\n",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let out = folder
        .run_with(["eval", "--policy", "mail.policy"], deep)
        .fine();
    assert_eq!(decisions(&out)[0]["effect"], "deny", "{out}");
}

#[test]
fn every_file_judges_unless_the_request_names_its_policies() {
    let folder = Folder::with("mail.policy", MAIL);
    folder.write("stop.policy", "policy stop { deny *; }");
    let arguments = ["eval", "--policy", "mail.policy", "stop.policy"];
    let out = folder.run_with(arguments, SEND).fine();
    assert_eq!(decisions(&out)[0]["policy"], "stop");
    let named = SEND.replace("\"params\"", "\"policies\": [\"mail\"], \"params\"");
    assert_eq!(
        decisions(&folder.run_with(arguments, &named).fine())[0]["effect"],
        "allow"
    );
    let unknown = SEND.replace("\"params\"", "\"policies\": [\"mial\"], \"params\"");
    let out = folder.run_with(arguments, &unknown).fine();
    let decision = &decisions(&out)[0];
    assert_eq!(decision["effect"], "deny");
    assert!(
        decision["reason"].as_str().unwrap().contains("mial"),
        "{out}"
    );
}

#[test]
fn an_artifact_decides_like_its_policy() {
    let folder = Folder::with("mail.policy", MAIL);
    folder
        .run(["compile", "mail.policy", "-o", "mail.agentos"])
        .fine();
    let input = format!("{SEND}\n{LEAK}\n");
    let read = folder
        .run_with(["eval", "--policy", "mail.policy"], &input)
        .fine();
    let opened = folder
        .run_with(["eval", "--policy", "mail.agentos"], &input)
        .fine();
    assert_eq!(read, opened);
}

#[test]
fn texts_and_artifacts_judge_together_each_with_its_own_places() {
    let folder = Folder::with("mail.policy", MAIL);
    folder.write(
        "read.policy",
        "policy read { default abstain; deny read_file; }",
    );
    folder
        .run(["compile", "mail.policy", "-o", "mail.agentos"])
        .fine();
    let arguments = ["eval", "--policy", "mail.agentos", "read.policy"];
    let read = r#"{"agent_id": "a1", "action": "read_file"}"#;
    let out = folder
        .run_with(arguments, format!("{LEAK}\n{read}\n"))
        .fine();
    let places: Vec<_> = decisions(&out)
        .iter()
        .map(|decision| decision["at"].clone())
        .collect();
    assert_eq!(places, ["mail.policy:4:5", "read.policy:1:32"]);
    let err = folder
        .run(["eval", "--policy", "mail.agentos", "mail.policy"])
        .wrong();
    assert!(err.contains("`mail`"), "two policies of one name: {err}");
}

#[test]
fn a_damaged_artifact_is_refused() {
    let folder = Folder::with("mail.policy", MAIL);
    folder
        .run(["compile", "mail.policy", "-o", "mail.agentos"])
        .fine();
    let whole = std::fs::read(folder.path("mail.agentos")).unwrap();
    let mut flipped = whole.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    for damaged in [flipped, whole[..whole.len() / 2].to_vec()] {
        folder.write("damaged.agentos", damaged);
        let err = folder.run(["eval", "--policy", "damaged.agentos"]).wrong();
        assert!(err.starts_with("error: `damaged.agentos`: "), "{err}");
    }
}

#[test]
fn explain_says_what_each_clause_came_to() {
    let folder = Folder::with(
        "pay.policy",
        "policy pay { deny pay when params.a == 1 or params.b == 1 or params.c == 1; }",
    );
    let request = r#"{"agent_id": "a1", "action": "pay", "params": {"a": 1, "b": 2}}"#;
    let out = folder
        .run_with(["eval", "--policy", "pay.policy", "--explain"], request)
        .fine();
    assert_eq!(out.lines().count(), 1, "still a decision a line");
    let rule = &decisions(&out)[0]["explain"][0];
    assert_eq!(
        (&rule["policy"], &rule["outcome"]),
        (&json("\"pay\""), &json("\"true\""))
    );
    let clauses: Vec<(u64, &str, &str)> = rule["clauses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|clause| {
            let text = |key: &str| clause[key].as_str().unwrap();
            (
                clause["number"].as_u64().unwrap(),
                text("test"),
                text("outcome"),
            )
        })
        .collect();
    assert_eq!(
        clauses,
        [
            (1, "a == 1", "true"),
            (2, "b == 1", "false"),
            (3, "c == 1", "missing"),
        ]
    );
}

#[test]
fn warnings_are_counted_and_do_not_stop_it() {
    let folder = Folder::with("open.policy", "policy open { default allow; }");
    let run = folder.run_with(["eval", "--policy", "open.policy"], SEND);
    assert_eq!(run.code, Some(0));
    assert_eq!(run.err, "1 warning: `agentos validate` shows more\n");
    assert_eq!(decisions(&run.out)[0]["effect"], "allow");
}

#[test]
fn a_decision_comes_before_the_next_request_is_there() {
    let folder = Folder::with("mail.policy", MAIL);
    let mut child = command(&folder.path(""))
        .args(["eval", "--policy", "mail.policy"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for request in [SEND, LEAK, SEND] {
        stdin.write_all(format!("{request}\n").as_bytes()).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(line.starts_with('{'), "{line}");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_policy_or_an_input_that_is_missing_is_a_wrong_call() {
    let folder = Folder::with("mail.policy", MAIL);
    assert!(folder.run(["eval"]).wrong().contains("--policy"));
    let err = folder
        .run(["eval", "--policy", "mail.policy", "--input", "no.jsonl"])
        .wrong();
    assert_eq!(err, "error: `no.jsonl`: there is no such file\n");
    let err = folder
        .run(["eval", "--policy", "mail.policy", "--input", "."])
        .wrong();
    assert_eq!(err, "error: `.`: a folder, where a file belongs\n");
}
