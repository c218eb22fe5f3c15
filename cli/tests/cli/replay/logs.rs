//! What a log may be, and what is wrong with one.

use std::{io::Write as _, process::Stdio};

use flate2::write::GzEncoder;

use super::{LEAK, READ, SEARCH, SEND, folder, replayed};
use crate::{command, json};

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn zstd(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 1).unwrap()
}

#[test]
fn logs_are_read_packed_and_in_several_pieces() {
    let folder = folder();
    let (first, second) = (format!("{SEND}\n{LEAK}\n"), format!("{READ}\n{SEARCH}\n"));
    folder.write("plain.jsonl", format!("{first}{second}"));
    let mut plain = replayed(&folder, "plain.jsonl");
    // The places of examples name the log.
    let strip = |document: &mut serde_json::Value| {
        for group in document["changes"].as_array_mut().unwrap() {
            for example in group["examples"].as_array_mut().unwrap() {
                let at = example["at"].as_str().unwrap();
                example["at"] = at.split_once(':').unwrap().1.into();
            }
        }
    };
    strip(&mut plain);
    folder.write("day.gz", [gzip(&first), gzip(&second)].concat());
    folder.write("day.zst", [zstd(&first), zstd(&second)].concat());
    for log in ["day.gz", "day.zst"] {
        let mut packed = replayed(&folder, log);
        strip(&mut packed);
        assert_eq!(packed, plain, "{log}");
        // Through a pipe as well.
        let arguments = [
            "replay",
            "-",
            "--policy",
            "new.policy",
            "--against",
            "old.policy",
            "--format",
            "json",
        ];
        let bytes = std::fs::read(folder.path(log)).unwrap();
        let mut piped = json(&folder.run_with(arguments, bytes).fine());
        strip(&mut piped);
        assert_eq!(piped, plain, "{log}, piped");
    }
}

#[test]
#[cfg(unix)]
fn a_named_pipe_is_opened_once() {
    let folder = folder();
    let pipe = folder.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let writer = std::thread::spawn(move || {
        let mut pipe = std::fs::File::create(pipe).unwrap();
        // More than a pipe holds, so that it is read while it is written.
        pipe.write_all(format!("{READ}\n").repeat(10_000).as_bytes())
    });
    let out = folder
        .run(["replay", "pipe", "--policy", "new.policy"])
        .fine();
    assert!(out.ends_with("10,000 requests: 10,000 deny\n"), "{out}");
    writer.join().unwrap().unwrap();
}

#[test]
fn several_logs_are_one_each_once_and_each_with_its_lines() {
    let folder = folder();
    folder.write("a.jsonl", format!("{SEND}\n{READ}"));
    folder.write("b.jsonl", format!("\n{SEARCH}\n"));
    let arguments = [
        "replay",
        "a.jsonl",
        "b.jsonl",
        "./a.jsonl",
        "--policy",
        "new.policy",
        "--against",
        "old.policy",
        "--format",
        "json",
    ];
    let document = json(&folder.run(arguments).fine());
    assert_eq!(document["requests"], 3);
    let place = |group: usize| document["changes"][group]["examples"][0]["at"].clone();
    assert_eq!(
        (place(0), place(1)),
        ("b.jsonl:2".into(), "a.jsonl:2".into())
    );
}

#[test]
fn empty_lines_line_ends_of_windows_and_a_byte_order_mark_say_nothing() {
    let folder = folder();
    folder.write(
        "day.jsonl",
        format!("\u{feff}{READ}\r\n\r\n  \n{SEARCH}\r\n"),
    );
    let document = replayed(&folder, "day.jsonl");
    assert_eq!(
        (&document["requests"], &document["unreadable"]),
        (&2.into(), &0.into())
    );
    assert_eq!(document["changes"][0]["examples"][0]["at"], "day.jsonl:4");
}

#[test]
fn a_line_that_is_no_request_is_named_and_the_rest_goes_on() {
    let folder = folder();
    folder.write(
        "day.jsonl",
        format!("{SEND}\nnonsense\n{{\"action\": 1}}\n{READ}\n{{\"action\": \"x\", \"efect\": \"deny\"}}\n"),
    );
    let arguments = [
        "replay",
        "day.jsonl",
        "--policy",
        "new.policy",
        "--against",
        "old.policy",
    ];
    let run = folder.run(arguments);
    assert_eq!(run.code, Some(1));
    assert_eq!(
        run.err,
        "error: day.jsonl:2: not JSON: expected ident, at byte 1\n\
         error: day.jsonl:3: `action` takes a text, not a number, at byte 11\n\
         error: day.jsonl:5: `efect` is not a key of a request (did you mean `effect`?), at byte 16\n"
    );
    assert!(
        run.out
            .ends_with("would have changed 1 of 2 decisions: 1 newly denied; 3 lines unreadable\n"),
        "{}",
        run.out
    );
    let skipped = folder.run([
        "replay",
        "day.jsonl",
        "--policy",
        "new.policy",
        "--against",
        "old.policy",
        "--skip-unreadable",
    ]);
    assert_eq!(
        (skipped.code, &skipped.out, &skipped.err),
        (Some(0), &run.out, &run.err)
    );
}

#[test]
fn of_many_unreadable_lines_the_first_are_named() {
    let folder = folder();
    folder.write("day.jsonl", "[]\n".repeat(10_000));
    let run = folder.run(["replay", "day.jsonl", "--policy", "new.policy"]);
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(1), "no requests; 10,000 lines unreadable\n")
    );
    let lines: Vec<&str> = run.err.lines().collect();
    assert_eq!(lines.len(), 6, "{}", run.err);
    assert!(lines[4].starts_with("error: day.jsonl:5: "), "{}", run.err);
    assert_eq!(lines[5], "error: 9995 more lines are no request");
}

#[test]
fn an_empty_log_has_no_requests() {
    let folder = folder();
    for bytes in [Vec::new(), gzip(""), zstd("")] {
        folder.write("day", bytes);
        let out = folder
            .run(["replay", "day", "--policy", "new.policy"])
            .fine();
        assert_eq!(out, "no requests\n");
    }
}

#[test]
fn a_packed_log_that_is_cut_short_is_said() {
    let folder = folder();
    let text = format!("{READ}\n").repeat(1000);
    for (log, bytes) in [("day.gz", gzip(&text)), ("day.zst", zstd(&text))] {
        folder.write(log, &bytes[..bytes.len() - 9]);
        let err = folder
            .run(["replay", log, "--policy", "new.policy"])
            .wrong();
        assert!(
            err.starts_with(&format!("error: `{log}`: incomplete ")),
            "{err}"
        );
    }
}

#[test]
#[cfg(not(feature = "parquet"))]
fn a_parquet_file_needs_its_feature() {
    let folder = folder();
    folder.write("day.parquet", "PAR1");
    assert_eq!(
        folder
            .run(["replay", "day.parquet", "--policy", "new.policy"])
            .wrong(),
        "error: `day.parquet`: a Parquet file, and this `agentos` was built without the feature \
         `parquet`\n"
    );
}

#[test]
fn a_line_beyond_the_limit_is_unreadable_and_the_next_one_is_read() {
    let folder = folder();
    let long = format!("{{\"action\": \"{}\"}}", "x".repeat(17 << 20));
    folder.write("day.jsonl", format!("{long}\n{READ}\n"));
    let run = folder.run(["replay", "day.jsonl", "--policy", "new.policy"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains("`LONGEST_REQUEST` (16777216 bytes)"),
        "{}",
        run.err
    );
    assert!(
        run.out.ends_with("1 request: 1 deny; 1 line unreadable\n"),
        "{}",
        run.out
    );
}

#[test]
fn many_batches_give_the_outcome_of_their_order_each_time() {
    let folder = folder();
    // Lines of different lengths, with an unreadable one here and there.
    let mut log = String::new();
    for number in 0..30_000 {
        let request = [SEND, LEAK, READ, SEARCH, "x"][number * 7 % 5];
        log.push_str(request);
        log.push_str(&" ".repeat(number % 50));
        log.push('\n');
    }
    folder.write("day.jsonl", &log);
    let run = || {
        let run = folder.run([
            "replay",
            "day.jsonl",
            "--policy",
            "new.policy",
            "--against",
            "old.policy",
            "--skip-unreadable",
            "--format",
            "json",
        ]);
        assert_eq!(run.code, Some(0), "{}", run.err);
        run.out
    };
    let first = run();
    let document = json(&first);
    assert_eq!(
        (&document["requests"], &document["unreadable"]),
        (&24_000.into(), &6_000.into())
    );
    assert_eq!(document["changed"], 18_000);
    let line = |text: &str| {
        let found = log.lines().position(|line| line.trim_end() == text);
        format!("day.jsonl:{}", found.unwrap() + 1)
    };
    assert_eq!(document["changes"][0]["examples"][0]["at"], line(SEARCH));
    assert_eq!(document["unreadable_lines"][0]["at"], line("x"));
    for _ in 0..3 {
        assert_eq!(run(), first);
    }
}

#[test]
fn a_log_that_nobody_ends_is_read_as_it_comes() {
    // What is held does not grow: 100 MB through a pipe.
    let folder = folder();
    let mut child = command(&folder.path(""))
        .args(["replay", "-", "--policy", "new.policy"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let block = format!("{READ}{}\n", " ".repeat(10_000)).repeat(100);
    for _ in 0..100 {
        stdin.write_all(block.as_bytes()).unwrap();
    }
    let held = peak(child.id());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.ends_with("10,000 requests: 10,000 deny\n"), "{out}");
    if let Some(held) = held {
        assert!(held < 60_000, "{held} kB are held of 100 MB");
    }
}

/// The most memory that a process has had so far, in kB.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
