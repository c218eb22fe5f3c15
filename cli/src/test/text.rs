//! What a run came to, to text for people: each failure with what it differs in
//! and who spoke, what was not reached, and one line at the end.

use std::fmt::Write as _;

use agentos_compiler::{cases::Mistake, finding::visible};
use anstyle::{AnsiColor, Style};

use super::{
    coverage::{Coverage, Item, Kind, PolicyCoverage, share},
    outcome::{Outcome, Page, PageState, Ran, Suite},
};
use crate::{input, validate::counted};

/// How many lines of a page that differ are shown.
const MOST_LINES: usize = 40;

/// The colours of a terminal, or none.
#[derive(Clone, Copy, Default)]
pub(super) struct Paint {
    bad: Style,
    good: Style,
    strong: Style,
}

impl Paint {
    pub(super) fn new(is_coloured: bool) -> Paint {
        if !is_coloured {
            return Paint::default();
        }
        Paint {
            bad: AnsiColor::Red.on_default().bold(),
            good: AnsiColor::Green.on_default(),
            strong: Style::new().bold(),
        }
    }
}

/// What is to be read of a run.
pub(super) fn render(outcome: &Outcome, paint: Paint) -> String {
    let mut out = String::new();
    for suite in &outcome.suites {
        for ran in suite.results.iter().filter(|ran| !ran.has_passed()) {
            failure(&mut out, suite, ran, paint);
        }
    }
    for page in &outcome.pages {
        self::page(&mut out, page, paint);
    }
    out.push_str(&closing_line(outcome, paint));
    out
}

/// What is wrong in cases files, for standard error.
pub(super) fn mistakes(mistakes: &[(String, Mistake)]) -> String {
    let mut out = String::new();
    for (file, mistake) in mistakes {
        let at = mistake.at;
        let (file, message) = (visible(file), visible(&mistake.message));
        let _ = writeln!(out, "error: {file}:{}:{}: {message}", at.line, at.column);
        if let Some(help) = &mistake.help {
            let _ = writeln!(out, "help: {}", visible(help));
        }
    }
    out
}

/// A failure with what it differs in, and the rules that spoke.
fn failure(out: &mut String, suite: &Suite, ran: &Ran, paint: Paint) {
    let Paint { bad, good, strong } = paint;
    let _ = writeln!(
        out,
        "{bad}FAIL{bad:#} {strong}{}{strong:#}\n  {}:{}",
        visible(&ran.name),
        visible(&suite.file),
        ran.at.line
    );
    for difference in &ran.differences {
        let _ = writeln!(
            out,
            "  {:<7} expected {good}{}{good:#}, got {bad}{}{bad:#}",
            format!("{}:", difference.part),
            quoted(difference.expected.as_deref()),
            quoted(difference.got.as_deref()),
        );
    }
    if let Some(help) = &ran.help {
        let _ = writeln!(out, "  help:   {}", visible(help));
    }
    let place = ran.report.at.as_ref();
    let place = place.map_or(String::new(), |at| format!(" ({})", visible(at)));
    let _ = writeln!(
        out,
        "  answer: {}{place}: {}",
        ran.report.effect,
        visible(&ran.report.reason)
    );
    if ran.spoke.is_empty() {
        let _ = writeln!(out, "  no rule spoke");
    } else {
        let _ = writeln!(out, "  rules that spoke:");
    }
    for spoke in &ran.spoke {
        let _ = writeln!(
            out,
            "    {} `{}` of `{}` ({}): {}",
            spoke.effect,
            visible(&spoke.rule),
            visible(&spoke.policy),
            visible(&spoke.at),
            spoke.outcome
        );
        for clause in &spoke.clauses {
            let view = clause.view.as_ref();
            let view = view.map_or(String::new(), |view| format!(", seen through {view}"));
            let (test, outcome) = (visible(&clause.test), &clause.outcome);
            let _ = writeln!(out, "      {test}: {outcome}{view}");
        }
    }
    out.push('\n');
}

fn quoted(text: Option<&str>) -> String {
    text.map_or("none".to_owned(), |text| format!("`{}`", visible(text)))
}

fn page(out: &mut String, page: &Page, paint: Paint) {
    let Paint { bad, good, strong } = paint;
    let path = input::name(&page.path);
    let (path, policy) = (visible(&path), visible(&page.policy));
    match &page.state {
        PageState::Current => {}
        PageState::Written => {
            let _ = writeln!(
                out,
                "{good}wrote{good:#} {path}: review it with your change"
            );
        }
        PageState::Stale(difference) => {
            let _ = writeln!(
                out,
                "{bad}STALE{bad:#} {strong}{path}{strong:#}\n  it does not say what `{policy}` says now:"
            );
            for line in difference.lines().take(MOST_LINES) {
                let style = match line.as_bytes().first() {
                    Some(b'+') => good,
                    Some(b'-') => bad,
                    _ => Style::new(),
                };
                let _ = writeln!(out, "    {style}{}{style:#}", visible(line));
            }
            let more = difference.lines().count().saturating_sub(MOST_LINES);
            if more > 0 {
                let _ = writeln!(out, "    and {}", counted(more, "more line", "more lines"));
            }
            let _ = writeln!(
                out,
                "  help: if that is meant, write it: agentos test --update {policy}\n"
            );
        }
    }
}

/// `2 policy files, 7 cases: 6 passed, 1 failed in 0.02 s`
fn closing_line(outcome: &Outcome, paint: Paint) -> String {
    let (ran, failed) = (outcome.ran(), outcome.failed());
    let mut counts = vec![format!("{} passed", ran - failed)];
    let more = [
        (failed, "failed", "failed"),
        (outcome.mistakes.len(), "mistake", "mistakes"),
        (outcome.stale(), "stale page", "stale pages"),
    ];
    for (count, one, many) in more.into_iter().filter(|(count, ..)| *count > 0) {
        counts.push(counted(count, one, many));
    }
    let style = if outcome.is_fine() {
        paint.good
    } else {
        paint.bad
    };
    format!(
        "{}, {}: {style}{}{style:#} in {:.2} s\n",
        counted(outcome.files, "policy file", "policy files"),
        counted(ran, "case", "cases"),
        counts.join(", "),
        outcome.time.as_secs_f64()
    )
}

/// What no case reached, by policy.
pub(super) fn coverage(coverage: &Coverage, paint: Paint) -> String {
    let mut out = String::new();
    for policy in &coverage.policies {
        self::policy(&mut out, policy, paint);
    }
    let all = coverage.share();
    let _ = writeln!(
        out,
        "coverage: {:.1} % ({} of {} rules, patterns and signals)",
        all.percent(),
        all.reached,
        all.all
    );
    out
}

fn policy(out: &mut String, policy: &PolicyCoverage, paint: Paint) {
    let all = policy.share();
    let style = if all.reached == all.all {
        paint.good
    } else {
        paint.bad
    };
    let parts = [
        (share(policy.rules()), "rule", "rules"),
        (share(policy.patterns()), "pattern", "patterns"),
        (share(policy.signals()), "signal", "signals"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(share, ..)| share.all > 0)
        .map(|(share, one, many)| format!("{} of {}", share.reached, counted(share.all, one, many)))
        .collect();
    let parts = if parts.is_empty() {
        "nothing to reach".to_owned()
    } else {
        parts.join(", ")
    };
    let file = visible(&policy.file);
    let _ = writeln!(
        out,
        "`{}` ({file}): {style}{:.1} %{style:#}, {parts}",
        visible(&policy.policy),
        all.percent(),
    );
    for item in &policy.items {
        let Some(what) = not_reached(item) else {
            continue;
        };
        let _ = writeln!(out, "  {file}:{}: {what}", item.line);
    }
}

/// What is to be said of something that was not reached in full.
fn not_reached(item: &Item) -> Option<String> {
    let name = visible(&item.name);
    match (&item.kind, item.reached) {
        (Kind::Rule { .. }, 0) => Some(format!("rule `{name}` fired in no case")),
        (Kind::Rule { decided: 0 }, _) => Some(format!("rule `{name}` fired, and decided no case")),
        (Kind::Pattern { set }, 0) if set.is_empty() => {
            Some(format!("pattern `{name}` matched in no case"))
        }
        (Kind::Pattern { set }, 0) => Some(format!(
            "pattern `{name}` of `{}` matched in no case",
            visible(set)
        )),
        (Kind::Signal { intent }, 0) => {
            Some(format!("signal `{name}` of {intent} matched in no case"))
        }
        (Kind::Rule { .. } | Kind::Pattern { .. } | Kind::Signal { .. }, _) => None,
    }
}
