//! Which crate may know which: the picture in ARCHITECTURE.md, held.

use std::{collections::BTreeSet, path::Path, process::Command};

use serde_json::Value;

/// Every package of the workspace and the ones of ours it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("agentos-grammar", &[]),
    ("agentos-scan", &[]),
    ("agentos-runtime", &["agentos-scan"]),
    ("agentos-compiler", &["agentos-grammar", "agentos-runtime"]),
    ("agentos-macros", &["agentos-compiler", "agentos-grammar"]),
    (
        "agentos",
        &["agentos-compiler", "agentos-macros", "agentos-runtime"],
    ),
    (
        "agentos-cli",
        &["agentos-compiler", "agentos-grammar", "agentos-runtime"],
    ),
    ("agentos-scale", &["agentos-compiler", "agentos-runtime"]),
];

/// What is built only where it is asked for: it takes minutes.
const NOT_BUILT_BY_DEFAULT: &[&str] = &["agentos-scale", "agentos-benches"];

/// Of the packages that only those need, some that others might come to link.
const NEVER_BY_DEFAULT: &[&str] = &["arrow", "ballista", "datafusion", "object_store", "tokio"];

/// How many packages the runtime is and links: the README says it without ours.
const IN_RUNTIME: usize = 10;

/// What the runtime never links, however far down.
const NEVER_IN_RUNTIME: &[&str] = &[
    "pest",
    "syn",
    "granit-parser",
    "tokio",
    "proc-macro2",
    "clap",
    "codespan-reporting",
];

fn cargo(args: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root)
        .output()
        .expect("cargo runs, since it runs this test");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

#[test]
fn crates_know_only_what_the_architecture_says() {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version=1", "--no-deps"])).unwrap();
    for (name, allowed) in ARROWS {
        let package = metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .find(|package| package["name"] == *name)
            .unwrap_or_else(|| panic!("no package {name}"));
        let ours: BTreeSet<&str> = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .filter_map(|dependency| dependency["name"].as_str())
            .filter(|dependency| dependency.starts_with("agentos"))
            .collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert!(
            ours.is_subset(&allowed),
            "{name} depends on {ours:?}, may on {allowed:?}"
        );
    }
}

#[test]
fn what_takes_minutes_is_not_built_by_default() {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version=1", "--no-deps"])).unwrap();
    let by_default = metadata["workspace_default_members"].as_array().unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    for name in NOT_BUILT_BY_DEFAULT {
        let package = packages.iter().find(|package| package["name"] == *name);
        let package = package.unwrap_or_else(|| panic!("no package {name}"));
        assert!(!by_default.contains(&package["id"]), "{name}");
    }
    // Without a package, the tree is that of the default members.
    let tree = cargo(&["tree", "-e", "normal,build,dev", "--prefix", "none"]);
    let built: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(built.contains("agentos-cli"), "{built:?}");
    for never in NEVER_BY_DEFAULT {
        assert!(!built.contains(never), "{never} is built by default");
    }
}

#[test]
fn what_policy_users_link_has_no_parser_and_no_tokio() {
    // Features of one build are joined, so the tree is asked for the one package alone.
    let tree = cargo(&[
        "tree",
        "-p",
        "agentos-runtime",
        "-e",
        "normal,no-proc-macro",
        "--prefix",
        "none",
    ]);
    let linked: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty())
        .collect();
    for never in NEVER_IN_RUNTIME {
        assert!(
            !linked.contains(never),
            "the runtime links {never}: {linked:?}"
        );
    }
    assert_eq!(linked.len(), IN_RUNTIME, "{linked:?}");
}
