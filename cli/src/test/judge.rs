//! Files in, what their cases came to out.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use agentos_compiler::{
    Options, Plan, Sources,
    cases::{self, Case, Cases, Mistake, Part},
    nearest::{did_you_mean, nearest},
    review, shipped,
};
use agentos_runtime::{
    Engine, Request, RequestSource,
    table::{Policy, Table},
};
use similar::TextDiff;

use super::{
    coverage::Reached,
    files::{CasesFile, Files, PolicyFile},
    outcome::{Outcome, Page, PageState, Ran, Suite},
};
use crate::{
    input,
    output::{self, Failure},
    spoken::Spoken,
    tables,
};

/// What is asked of a run.
pub(super) struct Asked<'a> {
    /// Only cases whose name has this text.
    pub filter: Option<&'a str>,
    /// Whether pages are written, where they differ.
    pub update: bool,
}

/// Runs the cases of `files`, whose policies are compiled in `plan`.
pub(super) fn judge(
    files: &Files,
    plan: &Plan,
    asked: &Asked<'_>,
    begun: Instant,
) -> Result<Outcome, Failure> {
    let own = plan.table();
    let mut mistakes = Vec::new();
    let mut read = Vec::new();
    for (at, file) in files.policies.iter().enumerate() {
        let Some(file) = &file.cases else { continue };
        match cases::read(&file.text) {
            Ok(cases) => read.push((at, file, cases)),
            Err(found) => mistakes.extend(named(file, found)),
        }
    }
    // Floors may be shipped policies that nobody compiled.
    read.retain(|(_, file, cases)| {
        let unknown = unknown_floors(cases, &own);
        let is_sound = unknown.is_empty();
        mistakes.extend(named(file, unknown));
        is_sound
    });
    let floors = floors(&read, &own);
    let parts = [own.clone()]
        .into_iter()
        .chain(floors.values().map(Plan::table));
    let table = tables::join(parts);
    let engine = Engine::new(&table).map_err(|error| tables::discord(&error))?;
    let mut reached = Reached::new(&files.sources, plan, &table);
    let mut suites = Vec::new();
    for (at, file, cases) in &read {
        let policies = asked_of(&own, *at);
        let floor = cases.floor.iter().map(|named| named.name.as_str());
        let all: Vec<&str> = policies.iter().copied().chain(floor).collect();
        let judging = Judging {
            engine: &engine,
            table: &table,
            policies: &all,
        };
        let mut results = Vec::new();
        for case in &cases.cases {
            if asked.filter.is_none_or(|text| case.name.contains(text)) {
                match judging.run(case, &mut reached) {
                    Ok(ran) => results.push(ran),
                    Err(mistake) => mistakes.extend(named(file, vec![mistake])),
                }
            }
        }
        suites.push(Suite {
            file: file.name.clone(),
            policies: policies.iter().map(|name| (*name).to_owned()).collect(),
            results,
        });
    }
    let mut pages = Vec::new();
    for (at, file) in files.policies.iter().enumerate() {
        // Who runs some cases only is busy with something else.
        if asked.filter.is_none() {
            pages.extend(page(&own, at, file, asked.update)?);
        }
    }
    Ok(Outcome {
        suites,
        mistakes,
        pages,
        coverage: reached.coverage(),
        files: files.policies.len(),
        time: begun.elapsed(),
    })
}

fn named(file: &CasesFile, mistakes: Vec<Mistake>) -> impl Iterator<Item = (String, Mistake)> {
    let name = file.name.clone();
    mistakes
        .into_iter()
        .map(move |mistake| (name.clone(), mistake))
}

/// The policies of a file that its cases ask: those that no other one of that
/// file extends, since they are asked through it. There is one: a file without
/// a policy does not compile, nor do policies that extend each other in a circle.
fn asked_of<'t>(table: &Table<'t>, file: usize) -> Vec<&'t str> {
    let of_file = |policy: &&Policy<'_>| policy.at.source as usize == file;
    let all: Vec<&Policy<'t>> = table.policies.iter().filter(of_file).collect();
    let is_extended = |name: &str| {
        all.iter().any(|other| {
            let parts = other.parts.iter().rev().skip(1);
            other.name != name && parts.into_iter().any(|part| part.policy == name)
        })
    };
    all.iter()
        .map(|policy| policy.name)
        .filter(|name| !is_extended(name))
        .collect()
}

fn unknown_floors(cases: &Cases, own: &Table<'_>) -> Vec<Mistake> {
    let known = || {
        let own = own.policies.iter().map(|policy| policy.name);
        own.chain(shipped::names().iter().copied())
    };
    let unknown = cases
        .floor
        .iter()
        .filter(|named| known().all(|name| name != named.name));
    unknown
        .map(|named| Mistake {
            at: named.at,
            message: format!(
                "`{}` is no policy of this run, and none that is shipped",
                named.name
            ),
            help: did_you_mean(&named.name, known())
                .or_else(|| Some("name its file too, to have it in this run".to_owned())),
        })
        .collect()
}

/// The shipped policies that cases name and that are not compiled already.
fn floors(read: &[(usize, &CasesFile, Cases)], own: &Table<'_>) -> BTreeMap<String, Plan> {
    let mut floors = BTreeMap::new();
    for named in read.iter().flat_map(|(_, _, cases)| &cases.floor) {
        let is_own = own.policies.iter().any(|policy| policy.name == named.name);
        if is_own || floors.contains_key(&named.name) {
            continue;
        }
        if let Some(text) = shipped::text(&named.name) {
            let name = format!("shipped/{}.policy", named.name);
            let (plan, _) =
                agentos_compiler::compile(&Sources::one(name, text), &Options::default());
            let plan = plan.expect("a shipped policy compiles");
            floors.insert(named.name.clone(), plan);
        }
    }
    floors
}

/// Runs cases of one file.
struct Judging<'e, 't> {
    engine: &'e Engine,
    table: &'e Table<'t>,
    policies: &'e [&'e str],
}

impl Judging<'_, '_> {
    /// Runs a case. What bounds a request bounds the policies it asks, too.
    fn run(&self, case: &Case, reached: &mut Reached<'_>) -> Result<Ran, Mistake> {
        let text = case.request(self.policies);
        let request =
            Request::from_json(text.as_bytes(), RequestSource::Host).map_err(|error| Mistake {
                at: case.at,
                message: format!("this is no request: {}", error.problem),
                help: None,
            })?;
        let begun = Instant::now();
        let decision = self.engine.decide(&request);
        let time: Duration = begun.elapsed();
        let report = self.engine.report(&decision, &request);
        let spoke = self.engine.explain(&request);
        reached.add(&report, &spoke, &self.engine.found(&request));
        let differences = case.differences(&report);
        let has_failed = !differences.is_empty();
        Ok(Ran {
            name: case.name.clone(),
            at: case.at,
            help: differences
                .iter()
                .find(|difference| difference.part == Part::Rule)
                .and_then(|difference| self.no_such_rule(difference.expected.as_deref()?)),
            report,
            differences,
            spoke: spoke
                .iter()
                .filter(|_| has_failed)
                .map(Spoken::new)
                .collect(),
            time,
        })
    }

    /// What is to be said of a rule that none of the policies has.
    fn no_such_rule(&self, rule: &str) -> Option<String> {
        let asked = self.table.policies.iter();
        let asked = asked.filter(|policy| self.policies.contains(&policy.name));
        let parts = asked.flat_map(|policy| policy.parts.iter());
        let ids: Vec<&str> = parts
            .flat_map(|part| part.rules.iter())
            .map(|rule| rule.id)
            .collect();
        if ids.contains(&rule) {
            return None;
        }
        // An inherited rule is called by its policy and its own name.
        let inherited = ids.iter().find(|id| id.rsplit('/').next() == Some(rule));
        let near = inherited
            .copied()
            .or_else(|| nearest(rule, ids.iter().copied()));
        let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        Some(format!(
            "no rule of these policies is called `{rule}`{near}"
        ))
    }
}

/// What became of the page of a policy file; nothing where there is none.
fn page(
    table: &Table<'_>,
    at: usize,
    file: &PolicyFile,
    update: bool,
) -> Result<Option<Page>, Failure> {
    if file.page.is_none() && !update {
        return Ok(None);
    }
    let now = review::beside(table, at);
    let before = file.page.as_deref();
    let path = file.page_path();
    let state = if before.is_some_and(|before| is_same(before, &now)) {
        PageState::Current
    } else if update {
        output::write_whole(&path, now.as_bytes())?;
        PageState::Written
    } else {
        PageState::Stale(difference(before.unwrap_or_default(), &now))
    };
    Ok(Some(Page {
        policy: input::name(Path::new(&file.path)),
        path,
        state,
    }))
}

/// Equal but for how lines end: a checkout may have changed that.
fn is_same(before: &str, now: &str) -> bool {
    before.lines().eq(now.lines())
}

/// The lines that differ.
fn difference(before: &str, now: &str) -> String {
    let lines = |text: &str| text.replace("\r\n", "\n");
    let (before, now) = (lines(before), lines(now));
    TextDiff::from_lines(&before, &now)
        .unified_diff()
        .context_radius(0)
        .to_string()
}
