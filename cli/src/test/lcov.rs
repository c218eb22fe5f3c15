//! Coverage to an LCOV trace file, which editors and forges show beside the text.
//!
//! A rule is a function, and its lines are executed where it fires. A line with
//! several rules, patterns and signals counts what was reached least of them.

use std::{collections::BTreeMap, fmt::Write as _};

use super::coverage::{Coverage, Item, PolicyCoverage};

pub(super) fn render(coverage: &Coverage) -> String {
    let mut by_file: BTreeMap<&str, Vec<&PolicyCoverage>> = BTreeMap::new();
    for policy in &coverage.policies {
        by_file.entry(&policy.file).or_default().push(policy);
    }
    let mut out = String::new();
    for (file, policies) in by_file {
        source(&mut out, file, &policies).expect("a text takes what is written to it");
    }
    out
}

fn source(out: &mut String, file: &str, policies: &[&PolicyCoverage]) -> std::fmt::Result {
    writeln!(out, "TN:\nSF:{}", one_line(file))?;
    let rules = || {
        let each = policies
            .iter()
            .map(|policy| policy.rules().map(|rule| (*policy, rule)));
        each.flatten()
    };
    // A name of a function is one of its file.
    let name = |policy: &PolicyCoverage, rule: &Item| {
        one_line(&format!("{}/{}", policy.policy, rule.name))
    };
    for (policy, rule) in rules() {
        writeln!(out, "FN:{},{}", rule.line, name(policy, rule))?;
    }
    for (policy, rule) in rules() {
        writeln!(out, "FNDA:{},{}", rule.reached, name(policy, rule))?;
    }
    let fired = rules().filter(|(_, rule)| rule.reached > 0).count();
    writeln!(out, "FNF:{}\nFNH:{fired}", rules().count())?;
    let mut lines: BTreeMap<u32, u64> = BTreeMap::new();
    for item in policies.iter().flat_map(|policy| &policy.items) {
        for line in item.lines.clone() {
            let count = lines.entry(line).or_insert(item.reached);
            *count = item.reached.min(*count);
        }
    }
    for (line, count) in &lines {
        writeln!(out, "DA:{line},{count}")?;
    }
    let hit = lines.values().filter(|count| **count > 0).count();
    writeln!(out, "LF:{}\nLH:{hit}\nend_of_record", lines.len())
}

/// A record is a line.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
