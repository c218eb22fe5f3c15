//! The `agentos` program in, what whole runs of it cost out, and what a program that uses us links.
//!
//! The program is built first, as a release. Each run is a process of its own,
//! start and end included.
#![forbid(unsafe_code)]
#![allow(
    clippy::cast_precision_loss,
    reason = "figures are shown in three digits"
)]

use std::{
    env,
    fmt::Write as _,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use agentos_benches::{
    picked,
    report::{Table, duration, thousands},
};
use serde_json::json;

/// How often each run is done; the median is told.
const TIMES: usize = 9;

/// How many requests `eval` answers.
const REQUESTS: usize = 100_000;

fn main() {
    if picked().is_none() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("benches lie in the workspace");
    println!("## Whole runs\n");
    let agentos = build(root);
    let mut table = Table::new(&["run", "", "median", "fastest"]);
    table.row(start(&agentos));
    table.row(validate(&agentos, root));
    table.row(eval(&agentos, root, &["read_only"]));
    table.row(eval(&agentos, root, &["read_only", "permissive"]));
    table.print();
    println!(
        "A program that depends on agentos links {} crates, agentos included: `cargo tree -p agentos --no-default-features -e normal,no-proc-macro`.\n",
        linked(root)
    );
}

/// Builds the program beside this one, and says where it is.
fn build(root: &Path) -> PathBuf {
    let bench = env::current_exe().expect("a running program has a file");
    // target/release/deps/process-…
    let release = bench
        .ancestors()
        .nth(2)
        .expect("benches lie in `deps` of a profile's folder");
    let target = release
        .parent()
        .expect("a profile lies in the target folder");
    eprintln!("building agentos");
    let built = cargo(root)
        .args(["build", "--release", "--quiet", "-p", "agentos-cli"])
        .env("CARGO_TARGET_DIR", target)
        .status()
        .expect("cargo runs this");
    assert!(built.success(), "agentos-cli does not build");
    release.join(format!("agentos{}", env::consts::EXE_SUFFIX))
}

fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}

/// What a process costs that does nothing.
fn start(agentos: &Path) -> Vec<String> {
    let (median, fastest) = timed(|| {
        let mut command = Command::new(agentos);
        command.arg("--version").stdout(Stdio::null());
        command
    });
    row("`agentos --version`", String::new(), median, fastest)
}

fn validate(agentos: &Path, root: &Path) -> Vec<String> {
    let name = "`agentos validate` on files people wrote";
    let folder = root.join("../shared/wild-policies");
    let Ok(entries) = fs::read_dir(&folder) else {
        let absent = "not there: ../shared/wild-policies".to_owned();
        return vec![name.to_owned(), absent, "–".to_owned(), "–".to_owned()];
    };
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml" || extension == "yml")
        })
        .collect();
    files.sort();
    let (median, fastest) = timed(|| {
        let mut command = Command::new(agentos);
        command.arg("validate").args(&files).stdout(Stdio::null());
        command
    });
    row(name, format!("{} files", files.len()), median, fastest)
}

fn eval(agentos: &Path, root: &Path, policies: &[&str]) -> Vec<String> {
    let input = Path::new(env!("CARGO_TARGET_TMPDIR")).join("requests.jsonl");
    let lines = requests();
    fs::write(&input, &lines).expect("the target folder can be written");
    let output = input.with_extension("decisions");
    let (median, fastest) = timed(|| {
        let mut command = Command::new(agentos);
        command.current_dir(root).arg("eval").arg("--policy");
        command
            .args(
                policies
                    .iter()
                    .map(|name| format!("policies/{name}.policy")),
            )
            .stdin(File::open(&input).expect("it was just written"))
            .stdout(File::create(&output).expect("the target folder can be written"));
        command
    });
    let decisions = fs::read_to_string(&output).expect("eval wrote it");
    assert_eq!(decisions.lines().count(), REQUESTS, "a decision a request");
    let denied = decisions
        .lines()
        .filter(|line| line.contains("\"effect\":\"deny\""))
        .count();
    let megabytes = lines.len() as f64 / 1e6;
    row(
        &format!("`agentos eval`, {}", policies.join(" beside ")),
        format!(
            "{} requests, {megabytes:.1} MB, {} denied",
            thousands(REQUESTS as f64),
            thousands(denied as f64)
        ),
        median,
        fastest,
    )
}

/// One request a line: what an agent with files, a database and the web does
/// all day, some of it forbidden.
fn requests() -> String {
    let mut lines = String::new();
    for number in 0..REQUESTS {
        let (action, params) = match number % 8 {
            0 => (
                "read_file",
                json!({"path": format!("/data/reports/{number}.txt")}),
            ),
            1 => (
                "database_query",
                json!({"query": format!("SELECT name, total FROM orders WHERE id = {number}")}),
            ),
            2 => (
                "web_search",
                json!({"query": "how do I read a large file line by line", "limit": number % 50}),
            ),
            3 => (
                "write_file",
                json!({"path": format!("/data/out/{number}.txt"), "content": "totals of the day"}),
            ),
            4 => (
                "list_files",
                json!({"path": "/data/reports", "recursive": true}),
            ),
            5 => ("database_query", json!({"query": "DROP TABLE users"})),
            6 => (
                "send_email",
                json!({"to": "team@example.com", "body": "The report of the day is attached."}),
            ),
            _ => (
                "shell",
                json!({"command": format!("rm -rf /tmp/build-{number}")}),
            ),
        };
        let request = json!({
            "id": format!("r{number}"),
            "agent_id": format!("agent_{}", number % 50),
            "action": action,
            "params": params,
        });
        writeln!(lines, "{request}").expect("writing to a text does not fail");
    }
    lines
}

/// How many crates a program has to link that depends on agentos.
fn linked(root: &Path) -> usize {
    let tree = cargo(root)
        .args(["tree", "-p", "agentos", "--no-default-features"])
        .args([
            "-e",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--no-dedupe",
        ])
        .args(["--format", "{p}"])
        .output()
        .expect("cargo runs this");
    assert!(tree.status.success(), "cargo tree does not answer");
    let tree = String::from_utf8(tree.stdout).expect("cargo prints UTF-8");
    let mut crates: Vec<&str> = tree.lines().filter(|line| !line.is_empty()).collect();
    crates.sort_unstable();
    crates.dedup();
    crates.len()
}

/// The median and the shortest time from start to exit.
fn timed(command: impl Fn() -> Command) -> (Duration, Duration) {
    let mut taken: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let mut command = command();
            command.stderr(Stdio::null());
            let start = Instant::now();
            let status = command.status().expect("agentos was just built");
            let taken = start.elapsed();
            let code = status.code();
            assert!(
                matches!(code, Some(0 | 1)),
                "{command:?} ended with {status}"
            );
            taken
        })
        .collect();
    taken.sort_unstable();
    (taken[TIMES / 2], taken[0])
}

fn row(name: &str, about: String, median: Duration, fastest: Duration) -> Vec<String> {
    vec![name.to_owned(), about, duration(median), duration(fastest)]
}
