//! Two policies in, how strict the second one is out, and what it takes to know: ours beside Cedar's symbolic checker.
//!
//! Both must say the same before either is timed; where they do not, the run ends
//! and shows both policies. `-- agree 500` draws 500 pairs of policies and compares
//! what is said of them, without times; `-- small`, `-- never` and `-- large` pick a
//! table.
#![forbid(unsafe_code)]
#![allow(
    clippy::cast_precision_loss,
    reason = "figures are shown in three digits"
)]

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use agentos_benches::{
    changes::{Change, narrowed},
    clock::median,
    declared::{self, Rule, actions},
    drawn, language, ours, picked,
    report::{Table, duration, ratio, thousands},
    rules::{self, When, Workload},
    symbolic::{self, Symbolic},
};
use agentos_compiler::{Plan, diff::Verdict};

/// How often each step is done; the median is told.
const TIMES: usize = 3;

/// How many rules both provers are given.
const SIZES: [usize; 3] = [10, 100, 1_000];

/// How many rules both are given to find those that never decide.
const SIZES_SHADOWED: [usize; 4] = [10, 100, 1_000, 10_000];

/// How many rules ours is given alone.
const SIZES_OURS: [usize; 2] = [1_000, 10_000];

/// How long Cedar's checker may take for one answer. One that took longer is not
/// asked for more rules of the workload.
const LIMIT: Duration = Duration::from_secs(60);

fn main() {
    let Some(words) = picked() else {
        return;
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut cedar = Symbolic::new();
    if let ["agree", count @ ..] = words.as_slice() {
        let count = count.first().map_or(Ok(500), |count| count.parse());
        agree(count.expect("a number of policies"), cedar.as_mut());
        return;
    }
    match symbolic::solver() {
        Some(version) => eprintln!("with {version}"),
        None => eprintln!("no cvc5, so nothing of Cedar's checker"),
    }
    let is_picked = |name| words.is_empty() || words.contains(&name);
    if is_picked("small") {
        changes(cedar.as_mut());
    }
    if is_picked("never") {
        shadowed(cedar.as_mut());
    }
    if is_picked("large") {
        large();
    }
}

/// Small changes of each workload, for both.
fn changes(mut cedar: Option<&mut Symbolic>) {
    println!("## Comparing two policies\n");
    let mut verdicts = Table::new(&["change", "is"]);
    for change in Change::ALL {
        verdicts.row(vec![
            change.name().to_owned(),
            change.verdict().words().to_owned(),
        ]);
    }
    verdicts.print();
    let mut table = Table::new(&[
        "workload", "rules", "agentos", "slowest", "Cedar", "", "slowest", "",
    ]);
    for workload in Workload::ALL {
        let mut is_asked = cedar.is_some();
        for size in SIZES {
            eprintln!("comparing, {}, {size} rules", workload.name());
            let rules = declared::rules(workload, size);
            let (mut taken, mut theirs) = (Vec::new(), Vec::new());
            for change in Change::ALL {
                let of = change.of(&rules);
                let (plans, time) = ours(&of);
                assert_eq!(ours::verdict(&plans), change.verdict(), "{}", shown(&of));
                eprintln!("  {}: {}", change.name(), duration(time));
                taken.push(time);
                let Some(cedar) = cedar.as_deref_mut().filter(|_| is_asked) else {
                    continue;
                };
                match beside(cedar, &of, change.verdict()) {
                    Some(time) => {
                        eprintln!("  {}, Cedar: {}", change.name(), duration(time));
                        theirs.push(time);
                    }
                    None => is_asked = false,
                }
            }
            let theirs = is_asked.then_some(theirs);
            table.row(row(workload, size, taken, theirs, cedar.is_some()));
        }
    }
    table.print();
}

/// What ours takes to compare two sets of rules, from their plans.
fn ours(of: &[Vec<Rule>; 2]) -> ([Plan; 2], Duration) {
    let actions = actions(of.iter().flatten());
    let plans = [0, 1].map(|side| ours::plan(&declared::ours(&actions, &of[side])));
    let taken = median(TIMES, || (), |()| ours::verdict(&plans));
    (plans, taken)
}

/// What Cedar takes for the same, from parsed policies, when it says the same;
/// `None` past the limit.
fn beside(cedar: &mut Symbolic, of: &[Vec<Rule>; 2], verdict: Verdict) -> Option<Duration> {
    let parsed = symbolic::parse(&actions(of.iter().flatten()), [&of[0], &of[1]]);
    let start = Instant::now();
    let theirs = cedar.verdict(&parsed, LIMIT)?;
    let first = start.elapsed();
    assert_eq!(theirs, verdict, "{}", shown(of));
    Some(again(first, || {
        cedar.verdict(&parsed, LIMIT);
    }))
}

/// The median of several times; of one, where that took seconds.
fn again(first: Duration, mut work: impl FnMut()) -> Duration {
    if first > Duration::from_secs(5) {
        return first;
    }
    median(TIMES, || (), |()| work())
}

fn row(
    workload: Workload,
    size: usize,
    mut ours: Vec<Duration>,
    theirs: Option<Vec<Duration>>,
    is_there: bool,
) -> Vec<String> {
    let told = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        [times[times.len() / 2], times[times.len() - 1]]
    };
    let ours = told(&mut ours);
    let mut row = vec![workload.name().to_owned(), thousands(size as f64)];
    row.extend(ours.map(duration));
    match theirs {
        Some(mut theirs) => {
            for (theirs, ours) in told(&mut theirs).into_iter().zip(ours) {
                row.push(duration(theirs));
                row.push(times(theirs, ours));
            }
        }
        None => {
            let why = missing(is_there);
            row.extend([why, "", why, ""].map(str::to_owned));
        }
    }
    row
}

fn times(theirs: Duration, ours: Duration) -> String {
    ratio(theirs.as_nanos() as f64, ours.as_nanos() as f64)
}

const fn missing(is_there: bool) -> &'static str {
    if is_there { "over 60 s" } else { "no cvc5" }
}

/// Rules that never decide, for both: a tenth as many again are added, each narrower
/// than one that is there.
fn shadowed(mut cedar: Option<&mut Symbolic>) {
    println!("## Finding rules that never decide\n");
    let mut table = Table::new(&["workload", "rules", "found", "agentos", "Cedar", ""]);
    for workload in Workload::ALL {
        let mut is_asked = cedar.is_some();
        for size in SIZES_SHADOWED {
            eprintln!("shadowed, {}, {size} rules", workload.name());
            let mut rules = declared::rules(workload, size);
            let narrow: Vec<Rule> = rules.iter().step_by(10).map(narrowed).collect();
            rules.extend(narrow);
            let actions = actions(&rules);
            let text = declared::ours(&actions, &rules);
            let found = found(actions.len(), &text).expect("they are plain");
            let taken = median(TIMES, || (), |()| ours::proved(&text));
            let mut row = vec![
                workload.name().to_owned(),
                thousands(rules.len() as f64),
                found.len().to_string(),
                duration(taken),
            ];
            let theirs = cedar.as_deref_mut().filter(|_| is_asked).and_then(|cedar| {
                let start = Instant::now();
                let theirs = cedar.shadowed(&rules, LIMIT)?;
                let first = start.elapsed();
                // What takes a hundred times as long for ten times the rules.
                is_asked = first * 100 < LIMIT;
                assert_eq!(theirs, found, "{text}");
                Some(again(first, || {
                    cedar.shadowed(&rules, LIMIT);
                }))
            });
            is_asked &= theirs.is_some();
            match theirs {
                Some(theirs) => row.extend([duration(theirs), times(theirs, taken)]),
                None => row.extend([missing(cedar.is_some()).to_owned(), String::new()]),
            }
            table.row(row);
        }
    }
    table.print();
}

/// The numbers of rules that never decide, as ours says. Before them stand the first
/// line and one for each action.
fn found(actions: usize, text: &str) -> Option<Vec<usize>> {
    let lines = ours::shadowed(text)?;
    Some(lines.into_iter().map(|line| line - actions - 1).collect())
}

/// Ours alone, where params are not declared: what they are is in doubt then, and texts
/// are looked through, which Cedar has no words for.
fn large() {
    println!("## Comparing two large policies\n");
    let mut table = Table::new(&[
        "workload",
        "rules",
        "one changed",
        "is",
        "a tenth changed",
        "is",
        "`deny *` of a text added",
        "is",
    ]);
    for workload in Workload::ALL {
        // What takes a hundred times as long for ten times the rules may take a minute.
        let mut is_asked = [true; 3];
        for size in SIZES_OURS {
            eprintln!("comparing, {}, {size} rules, ours alone", workload.name());
            let mut row = vec![workload.name().to_owned(), thousands(size as f64)];
            for (changed, is_asked) in changed(workload, size).into_iter().zip(&mut is_asked) {
                if !*is_asked {
                    row.extend(["–", ""].map(str::to_owned));
                    continue;
                }
                let plans = changed.map(|text| ours::plan(&text));
                let start = Instant::now();
                let verdict = ours::verdict(&plans);
                let first = start.elapsed();
                *is_asked = first * 100 < LIMIT;
                let taken = again(first, || {
                    ours::verdict(&plans);
                });
                eprintln!("  {}: {}", verdict.words(), duration(taken));
                row.extend([duration(taken), verdict.words().to_owned()]);
            }
            table.row(row);
        }
    }
    table.print();
}

/// A workload's rules before and after: one is changed, a tenth is, and what has a text
/// is denied.
fn changed(workload: Workload, size: usize) -> [[String; 2]; 3] {
    let old = rules::rules(workload, size);
    let text = language::text(&old);
    let every = |each: usize| {
        let mut new = old.clone();
        new.iter_mut().skip(5).step_by(each).for_each(change);
        language::text(&new)
    };
    let deny = "    deny * when text contains \"drop table\";\n}\n";
    let denied = text.trim_end().trim_end_matches('}').to_owned() + deny;
    [every(size), every(10), denied].map(|new| [text.clone(), new])
}

/// Another value for what a rule compares; an effect turned where it compares nothing.
fn change(rule: &mut rules::Rule) {
    match &mut rule.when {
        When::Always => rule.allows = !rule.allows,
        When::UserIs(text) | When::PathStartsWith(text) => text.push('x'),
        When::AmountAtMost(most) => *most = -*most - 1,
    }
}

/// Draws pairs of policies and compares what both say of them.
fn agree(count: u64, cedar: Option<&mut Symbolic>) {
    let Some(cedar) = cedar else {
        println!("no cvc5, so nothing to agree with");
        return;
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut open, mut differ) = (0, 0);
    let (mut of_rules, mut of_shadowed) = (0, 0);
    for number in 0..count {
        let of = drawn::pair(number);
        let all = actions(of.iter().flatten());
        let plans = [0, 1].map(|side| ours::plan(&declared::ours(&all, &of[side])));
        let ours = ours::verdict(&plans);
        let parsed = symbolic::parse(&all, [&of[0], &of[1]]);
        match cedar.verdict(&parsed, LIMIT) {
            Some(theirs) if ours == theirs => *counts.entry(ours.words()).or_default() += 1,
            Some(theirs) if ours != Verdict::NotDecided => {
                differ += 1;
                println!("{number}: ours {ours:?}, Cedar {theirs:?}\n{}", shown(&of));
            }
            _ => open += 1,
        }
        for rules in &of {
            let own = actions(rules);
            let text = declared::ours(&own, rules);
            match (found(own.len(), &text), cedar.shadowed(rules, LIMIT)) {
                (Some(ours), Some(theirs)) if ours == theirs => {
                    of_rules += rules.len();
                    of_shadowed += ours.len();
                }
                (Some(ours), Some(theirs)) => {
                    differ += 1;
                    println!("{number}: never decide: ours {ours:?}, Cedar {theirs:?}\n{text}");
                }
                _ => open += 1,
            }
        }
    }
    let mut table = Table::new(&["both say", "pairs"]);
    for (verdict, count) in counts {
        table.row(vec![verdict.to_owned(), thousands(count as f64)]);
    }
    table.print();
    println!("{of_rules} rules, of which both say that {of_shadowed} never decide;");
    println!("{open} were not decided by one of the two, {differ} differ.");
    assert_eq!(differ, 0, "the provers disagree");
}

/// Both policies, in both languages.
fn shown(of: &[Vec<Rule>; 2]) -> String {
    let all = actions(of.iter().flatten());
    let text = |rules: &Vec<Rule>| {
        let [ours, cedar] = [declared::ours(&all, rules), declared::cedar(rules)];
        format!("{ours}\n{cedar}\n")
    };
    let [old, new] = [text(&of[0]), text(&of[1])];
    format!("{old}and then\n\n{new}")
}
