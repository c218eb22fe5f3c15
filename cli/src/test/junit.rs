//! What a run came to, to `JUnit` XML for build servers: a suite a cases file,
//! and one for the pages.

use agentos_compiler::cases::{Difference, Mistake};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::outcome::{Outcome, PageState, Ran};
use crate::{input, output::Failure};

pub(super) fn render(outcome: &Outcome) -> Result<String, Failure> {
    let mut report = Report::new("agentos test");
    report.set_time(outcome.time);
    for suite in &outcome.suites {
        let mut rows = TestSuite::new(suite.file.as_str());
        let policies = suite.policies.join(", ");
        for ran in &suite.results {
            let mut row = TestCase::new(ran.name.as_str(), status(&suite.file, ran));
            row.set_classname(policies.as_str()).set_time(ran.time);
            rows.add_test_case(row);
        }
        report.add_test_suite(rows);
    }
    if !outcome.mistakes.is_empty() {
        let mut rows = TestSuite::new("cases files");
        for (file, mistake) in &outcome.mistakes {
            rows.add_test_case(broken(file, mistake));
        }
        report.add_test_suite(rows);
    }
    if !outcome.pages.is_empty() {
        let mut rows = TestSuite::new("pages");
        for page in &outcome.pages {
            let status = match &page.state {
                PageState::Current | PageState::Written => TestCaseStatus::success(),
                PageState::Stale(difference) => failure(
                    &format!("it does not say what `{}` says now", page.policy),
                    difference,
                ),
            };
            rows.add_test_case(TestCase::new(input::name(&page.path), status));
        }
        report.add_test_suite(rows);
    }
    let mut text = report
        .to_string()
        .map_err(|error| Failure::Usage(format!("no JUnit document can be written: {error}")))?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

fn status(file: &str, ran: &Ran) -> TestCaseStatus {
    if ran.has_passed() {
        return TestCaseStatus::success();
    }
    let lines = ran.differences.iter().map(|difference| {
        let Difference {
            part,
            expected,
            got,
        } = difference;
        let none = || "none".to_owned();
        let (expected, got) = (
            expected.clone().unwrap_or_else(none),
            got.clone().unwrap_or_else(none),
        );
        format!("{part}: expected {expected}, got {got}")
    });
    let lines: Vec<String> = lines.collect();
    let spoke = ran
        .spoke
        .iter()
        .map(|spoke| format!("{} {} ({})\n", spoke.effect, spoke.rule, spoke.at));
    let more = format!(
        "{file}:{}\n{}\n{}\nrules that spoke:\n{}",
        ran.at.line,
        lines.join("\n"),
        ran.report.reason,
        spoke.collect::<String>()
    );
    failure(&lines.join("; "), &more)
}

fn failure(message: &str, more: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message).set_description(more);
    status
}

fn broken(file: &str, mistake: &Mistake) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    let help = mistake.help.as_ref();
    let help = help.map_or(String::new(), |help| format!("; {help}"));
    status.set_message(format!("{}{help}", mistake.message));
    let at = mistake.at;
    TestCase::new(format!("{file}:{}:{}", at.line, at.column), status)
}
