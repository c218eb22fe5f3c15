//! Recorded behaviour in, every line compared with ours; the counts and each
//! difference out.
//!
//! `AGENTOS_VECTORS` names the folder with the recordings (a relative one
//! counts from the root of the workspace); without it, it is the copy in the
//! tree. A family whose file is missing is a failure, and so is a weakness that
//! nobody has decided on, or that `docs/compatibility.md` has no row for.
//!
//! A family is one file beside this one and one row of [`FAMILIES`].

mod intent;
mod kernel;
mod patterns;
mod policy_validate;
mod signals;
mod trust_root;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use serde_json::Value;

/// Recordings of one kind, and how a line of them is compared.
struct Family {
    name: &'static str,
    compare: fn(&Line) -> Result<Compared, String>,
}

/// What came of comparing a line.
enum Compared {
    /// It is as recorded, or, where that is weak, as we decided.
    Fine,
    /// We refuse to be made of what the recording is about, which is stricter;
    /// this is what was refused.
    Refused(&'static str),
    /// It is about more than what is compared here; this is what else.
    Left(&'static str),
}

/// Has a row for each weakness.
const COMPATIBILITY: &str = include_str!("../../../docs/compatibility.md");

const FAMILIES: &[Family] = &[
    Family {
        name: "policy_validate",
        compare: policy_validate::compare,
    },
    Family {
        name: "patterns",
        compare: patterns::compare,
    },
    Family {
        name: "signals",
        compare: signals::compare,
    },
    Family {
        name: "intent",
        compare: intent::compare,
    },
    Family {
        name: "kernel",
        compare: kernel::compare,
    },
    Family {
        name: "trust_root",
        compare: trust_root::compare,
    },
];

/// One recorded fact.
struct Line {
    id: String,
    /// The whole line, for numbers that no float holds.
    text: String,
    input: Value,
    expect: Value,
    /// Where the recording shows something that we do otherwise.
    weakness: Option<String>,
}

impl Line {
    fn read(text: &str) -> Result<Line, String> {
        let mut line: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let id = line["id"]
            .as_str()
            .ok_or("a line without an id")?
            .to_owned();
        let weakness = match &line["weakness"] {
            Value::Null => None,
            Value::String(name) => Some(name.clone()),
            other => return Err(format!("{id}: a weakness that is {other}")),
        };
        Ok(Line {
            id,
            text: text.to_owned(),
            input: line["input"].take(),
            expect: line["expect"].take(),
            weakness,
        })
    }
}

fn main() -> ExitCode {
    let folder = folder();
    println!("recordings in {}", folder.display());
    let failures: Vec<String> = FAMILIES
        .iter()
        .flat_map(|family| run(family, &folder))
        .collect();
    if failures.is_empty() {
        return ExitCode::SUCCESS;
    }
    for failure in &failures {
        println!("{failure}");
    }
    println!("{} differences", failures.len());
    ExitCode::FAILURE
}

fn folder() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    match env::var_os("AGENTOS_VECTORS") {
        Some(folder) => tests.join("..").join(folder),
        None => tests.join("vectors"),
    }
}

/// Compares a family, prints its counts, and gives back its failures.
fn run(family: &Family, folder: &Path) -> Vec<String> {
    let path = folder.join(format!("{}.jsonl", family.name));
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => return vec![format!("{}: {error}", path.display())],
    };
    let begun = Instant::now();
    let mut failures = Vec::new();
    let mut kept = 0;
    let mut decided: BTreeMap<String, usize> = BTreeMap::new();
    let mut besides: BTreeMap<String, usize> = BTreeMap::new();
    for (at, line) in text
        .split('\n')
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
    {
        let line = match Line::read(line) {
            Ok(line) => line,
            Err(error) => {
                failures.push(format!("{}:{}: {error}", path.display(), at + 1));
                continue;
            }
        };
        match (family.compare)(&line) {
            Ok(Compared::Fine) => match line.weakness {
                None => kept += 1,
                Some(weakness) => *decided.entry(weakness).or_default() += 1,
            },
            Ok(Compared::Refused(what)) => {
                *besides.entry(format!("refused, {what}")).or_default() += 1;
            }
            Ok(Compared::Left(what)) => {
                *besides.entry(format!("left, {what}")).or_default() += 1;
            }
            Err(difference) => {
                let weakness = line.weakness.as_deref().unwrap_or("to be kept");
                failures.push(format!(
                    "{} ({weakness}): {difference}\n    {}",
                    line.id, line.input
                ));
            }
        }
    }
    for weakness in decided.keys() {
        if !COMPATIBILITY.contains(&format!("| `{weakness}` |")) {
            failures.push(format!("docs/compatibility.md has no row for `{weakness}`"));
        }
    }
    let weak: usize = decided.values().sum();
    if kept + weak == 0 {
        failures.push(format!("{}: no line to compare", path.display()));
    }
    println!(
        "{}: {} lines compared, {kept} to be kept exactly, {weak} decided otherwise; {} besides ({:.1?})",
        family.name,
        kept + weak,
        besides.values().sum::<usize>(),
        begun.elapsed(),
    );
    for (what, count) in decided.iter().chain(&besides) {
        println!("    {what}: {count}");
    }
    failures
}
