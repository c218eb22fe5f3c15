//! The same log through `agentos replay` and through a plan: the same numbers.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

const OLD: &str = r#"
policy mail "1.0" {
    default deny;
    action send_email { to: string }
    deny send_email unless to ends with "@example.com" because "mail stays in the house";
    allow send_email when to ends with "@example.com";
    allow read_file;
    audit "db.*";
}
policy night { default abstain; deny * when agent == "night" because "nobody looks"; }
"#;

const NEW: &str = r#"
policy mail "1.1" {
    default deny;
    action send_email { to: string }
    escalate send_email unless to ends with "@example.com" because "a person looks at it";
    allow send_email when to ends with "@example.com";
    allow web_search, "db.*";
    deny db.drop;
}
"#;

/// `{"action": "web_search"}`, packed.
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x4c\x2e\xc9\xcc\xcf\x53\xb2\x52\x50\x2a\x4f\x4d\x8a\x2f\x4e\x4d\x2c\x4a\xce\x50\xaa\xe5\x02\x00\x3e\xe5\xf5\x6f\x19\x00\x00\x00";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x20\x19\xc9\x00\x00{\"action\": \"web_search\"}\n";

/// Lines of every kind: requests, records, what is no request, and nothing.
fn log() -> String {
    let mut lines = Vec::new();
    for n in 0..4_000 {
        let agent = if n % 11 == 0 { "night" } else { "day" };
        lines.push(match n % 8 {
            0 => format!(r#"{{"id":"r{n}","agent_id":"{agent}","action":"send_email","params":{{"to":"a{n}@example.com"}}}}"#),
            1 => format!(r#"{{"agent_id":"{agent}","action":"send_email","params":{{"to":"a{n}@else.org"}},"effect":"deny"}}"#),
            2 => r#"{"action":"send_email","params":{"to":7}}"#.to_owned(),
            3 => format!(r#"{{"request":{{"agent_id":"{agent}","action":"read_file","id":"{n}"}},"decision":{{"effect":"allow","policy":"mail","rule":"r","at":"m:{n}:1"}}}}"#),
            4 => r#"{"action":"web_search","policies":["mail"],"effect":"audit"}"#.to_owned(),
            5 => format!(r#"{{"action":"db.t{}","stage":"call"}}"#, n % 3),
            6 if n % 3 == 0 => format!(r#"{{"action":"x","unknown":{n}}}"#),
            6 => r#"{"action":"db.drop","policies":["nobody"]}"#.to_owned(),
            _ if n % 3 == 0 => "  ".to_owned(),
            _ => format!(r#"{{"action":"ä\u0000 {n}", "params":{{"text":"\"quoted\", and 'so'"}}}}"#),
        });
    }
    lines.join("\n") + "\r\n"
}

/// What a process prints and ends with.
fn run(command: &mut Command) -> (String, Option<i32>) {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        !text.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    (text, output.status.code())
}

fn agentos(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/Cargo.toml"))
        .arg("--")
        .current_dir(folder);
    command
}

fn scale(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentos-scale"));
    command.current_dir(folder);
    command
}

/// An outcome without what a plan does not know: lines, and which of the shortest
/// requests of a group comes first.
fn counts(outcome: &str) -> Value {
    let mut outcome: Value = serde_json::from_str(outcome).unwrap();
    for change in outcome["changes"].as_array_mut().unwrap() {
        let shown = change["examples"].take();
        assert!(shown[0]["request"].is_object(), "{change}");
        change["examples"] = shown[0]["length"].clone();
        // Records of one rule may name several places for it.
        if change["old"]["cause"] == "recorded" {
            change["old"]["at"].take();
        }
    }
    outcome["unreadable_lines"].take();
    outcome
}

/// A column for each part of a request; the last row is none.
const PARTS: &str = r#"
SELECT * FROM (VALUES
    ('send_email', '{"to": "a@b.c"}', 'day', '["mail"]', '{"effect": "allow", "rule": "r"}'),
    ('read_file', NULL, NULL, '[]', 'deny'),
    ('web_search', '{}', 'night', NULL, NULL),
    ('db.x', '{', 'day', NULL, 'deny')
) AS log (action, params, agent_id, policies, decision)"#;

/// The lines as a column of a Parquet file, and one of parts, written by plans.
fn to_parquet(folder: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let context = datafusion::prelude::SessionContext::new();
        let log = folder.join("day.jsonl").display().to_string();
        agentos_scale::log::register_logs(&context, "log", &[log])
            .await
            .unwrap();
        for (name, rows) in [
            ("day.parquet", "SELECT line AS request, 1 AS n FROM log"),
            ("parts.parquet", PARTS),
        ] {
            let to = folder.join(name).display().to_string();
            let sql = format!("COPY ({rows}) TO '{to}' STORED AS PARQUET");
            context.sql(&sql).await.unwrap().collect().await.unwrap();
        }
    });
}

#[test]
fn a_plan_counts_what_replay_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("day.jsonl"), log()).unwrap();
    for (name, text) in [("old", OLD), ("new", NEW)] {
        fs::write(path.join(format!("{name}.policy")), text).unwrap();
        let made = agentos(path)
            .args(["compile", &format!("{name}.policy"), "-o"])
            .arg(format!("{name}.agentos"))
            .status();
        assert!(made.unwrap().success());
    }
    to_parquet(path);
    for log in ["day.jsonl", "day.parquet", "parts.parquet"] {
        for against in [None, Some("old.agentos")] {
            let arguments = |command: &mut Command| {
                command.args(["--policy", "new.agentos", "--format", "json"]);
                if let Some(against) = against {
                    command.args(["--against", against]);
                }
            };
            let mut command = agentos(path);
            command.args(["replay", log, "--examples", "1"]);
            arguments(&mut command);
            let (expected, status) = run(&mut command);
            let expected = counts(&expected);
            assert!(expected["unreadable"].as_u64() > Some(0));
            // A record is no request, and so no cell of the column `request`.
            let is_compared = against.is_some() || log != "day.parquet";
            assert_eq!(expected["changed"].as_u64() > Some(0), is_compared);
            for partitions in ["1", "2", "7"] {
                let mut command = scale(path);
                command.args([log, "--partitions", partitions]);
                arguments(&mut command);
                let (found, ended) = run(&mut command);
                assert_eq!(counts(&found), expected, "{log} {against:?} {partitions}");
                assert_eq!((ended, status), (Some(1), Some(1)));
            }
        }
    }
}

#[test]
fn a_packed_log_is_one_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("new.policy"), NEW).unwrap();
    let made = agentos(path)
        .args(["compile", "new.policy", "-o", "new.agentos"])
        .status();
    assert!(made.unwrap().success());
    for (name, bytes) in [("day.jsonl.gz", GZIP), ("day.jsonl.zst", ZSTD)] {
        fs::write(path.join(name), bytes).unwrap();
        let mut command = scale(path);
        command.args([name, "--policy", "new.agentos"]);
        let (text, status) = run(&mut command);
        assert!(text.ends_with("\n1 request: 1 allow\n"), "{text}");
        assert_eq!(status, Some(0));
    }
}

#[test]
fn several_logs_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("a.jsonl"), "{\"action\": \"web_search\"}\n").unwrap();
    fs::write(path.join("b.log"), "{\"action\": \"web_search\"}").unwrap();
    fs::write(path.join("new.policy"), NEW).unwrap();
    let made = agentos(path)
        .args(["compile", "new.policy", "-o", "new.agentos"])
        .status();
    assert!(made.unwrap().success());
    let mut command = scale(path);
    command.args(["a.jsonl", "b.log", "--policy", "new.agentos"]);
    let (text, status) = run(&mut command);
    assert_eq!(
        text,
        "2  allow: `allow-web_search-1` of `mail` (new.policy:7:5)\n\n2 requests: 2 allow\n"
    );
    assert_eq!(status, Some(0));
}

#[test]
fn what_cannot_be_read_is_a_wrong_call() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("new.policy"), NEW).unwrap();
    fs::write(path.join("day.jsonl"), "{}").unwrap();
    let made = agentos(path)
        .args(["compile", "new.policy", "-o", "new.agentos"])
        .status();
    assert!(made.unwrap().success());
    // Cells end there, and a line has one.
    fs::write(path.join("parted.jsonl"), "{}\n{\u{2}}\n").unwrap();
    fs::write(path.join("latin.jsonl"), b"{\"action\": \"\xe9\"}\n").unwrap();
    fs::write(path.join("no.parquet"), "{}\n").unwrap();
    for (log, policy, expected) in [
        ("parted.jsonl", "new.agentos", "incorrect number of fields"),
        ("latin.jsonl", "new.agentos", "UTF-8"),
        ("no.parquet", "new.agentos", "no.parquet"),
        (
            "none.jsonl",
            "new.agentos",
            "`none.jsonl`: there is no such file",
        ),
        ("day.jsonl", "no.agentos", "cannot read `no.agentos`"),
        ("day.jsonl", "new.policy", "help: `agentos compile"),
    ] {
        let output = scale(path)
            .args([log, "--policy", policy])
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}
