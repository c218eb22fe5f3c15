//! Pattern sets, intents and single patterns in, what finds them out.

use agentos_grammar::{Spanned, ast};
use agentos_runtime::Number;

use super::CATEGORIES;
use crate::{
    finding::{Finding, Lint, codes},
    ir,
    nearest::nearest,
    pattern::{self, PatternPart, PatternProblem, ProblemKind},
};

/// A named set; its broken patterns are reported and left out.
pub(super) fn set(set: &ast::PatternSet, found: &mut Vec<Finding>) -> ir::PatternSet {
    let patterns = set
        .patterns
        .iter()
        .filter_map(|entry| {
            one(
                entry.kind,
                &entry.text,
                entry.unless_followed_by.as_ref(),
                found,
            )
        })
        .collect();
    if set.patterns.is_empty() {
        found.push(
            Finding::new(
                &codes::NEVER_MATCHES,
                set.name.span,
                format!(
                    "the set `{}` has no patterns, so it matches no text",
                    set.name.node
                ),
            )
            .help("write its patterns, or take it out"),
        );
    }
    ir::PatternSet {
        name: set.name.node.clone(),
        patterns,
    }
}

/// An intent; `None` where its category does not exist.
pub(super) fn intent(intent: &ast::Intent, found: &mut Vec<Finding>) -> Option<ir::Intent> {
    let mut signals = Vec::new();
    for signal in &intent.signals {
        let weight = confidence(&signal.weight, found);
        let pattern = one(
            ast::PatternKind::Regex,
            &signal.pattern,
            signal.unless_followed_by.as_ref(),
            found,
        );
        if let (Some(weight), Some(pattern)) = (weight, pattern) {
            let explain = signal
                .explain
                .as_ref()
                .map(|e| e.node.clone())
                .unwrap_or_default();
            signals.push(ir::Signal {
                weight,
                pattern,
                explain,
            });
        }
    }
    let category = category(&intent.category, found)?;
    if category == agentos_runtime::table::Category::Benign {
        found.push(
            Finding::new(
                &codes::UNKNOWN_INTENT,
                intent.category.span,
                "`benign` is what a request is when no signal matches, so it has none",
            )
            .help("give the signals to one of the other eight"),
        );
        return None;
    }
    Some(ir::Intent { category, signals })
}

/// The category of this name.
pub(super) fn category(
    name: &Spanned<String>,
    found: &mut Vec<Finding>,
) -> Option<agentos_runtime::table::Category> {
    let known = CATEGORIES.iter().find(|(word, _)| *word == name.node);
    if known.is_none() {
        let words = CATEGORIES.iter().map(|(word, _)| *word);
        let finding = Finding::new(
            &codes::UNKNOWN_INTENT,
            name.span,
            format!("no intent is called `{}`", name.node),
        );
        let all: Vec<&str> = words.clone().collect();
        found.push(match nearest(&name.node, words) {
            Some(near) => finding.meant(near),
            None => finding.help(format!("the intents are {}", all.join(", "))),
        });
    }
    known.map(|(_, category)| *category)
}

/// A weight, confidence or threshold: a number in 0..=1.
pub(super) fn confidence(text: &Spanned<String>, found: &mut Vec<Finding>) -> Option<Number> {
    let number = text.node.parse::<Number>().ok();
    let fits = number.is_some_and(|n| n >= Number::from(0) && n <= Number::from(1));
    if !fits {
        found.push(
            Finding::new(
                &codes::WEIGHT_OUT_OF_RANGE,
                text.span,
                format!("`{}` is not between 0 and 1", text.node),
            )
            .help("write a number from 0 to 1, such as 0.8"),
        );
        return None;
    }
    number
}

/// One pattern; its problems are reported at their place inside it.
pub(super) fn one(
    kind: ast::PatternKind,
    text: &ast::Name,
    unless_followed_by: Option<&ast::Name>,
    found: &mut Vec<Finding>,
) -> Option<ir::Pattern> {
    let tail = unless_followed_by.map(|tail| tail.node.as_str());
    match pattern::compile(kind, &text.node, tail, pattern::Budget::default()) {
        Ok(compiled) => {
            let source = match tail {
                Some(tail) => format!("{} unless followed by {tail}", text.node),
                None => text.node.clone(),
            };
            Some(ir::Pattern {
                source,
                span: text.span,
                compiled,
            })
        }
        Err(problems) => {
            let finding = |problem| finding(problem, text, unless_followed_by);
            found.extend(problems.into_iter().map(finding));
            None
        }
    }
}

fn finding(problem: PatternProblem, text: &ast::Name, tail: Option<&ast::Name>) -> Finding {
    let written = match problem.part {
        PatternPart::Text => text,
        PatternPart::UnlessFollowedBy => tail.unwrap_or(text),
    };
    let mut finding = Finding::new(lint(problem.kind), written.span, problem.message);
    finding.help = problem.help;
    if let Some(at) = problem.escape {
        finding = finding.escape(written.node.clone(), at);
    }
    // A long pattern is underlined as a whole: say which part of it is meant.
    match problem.range.and_then(|range| written.node.get(range)) {
        Some(part) if part != written.node && !part.contains(char::is_control) => {
            finding.label(format!("this part: `{part}`"))
        }
        Some(_) | None => finding,
    }
}

fn lint(kind: ProblemKind) -> &'static Lint {
    match kind {
        ProblemKind::Invalid => &codes::INVALID_PATTERN,
        ProblemKind::Empty => &codes::EMPTY_PATTERN,
        ProblemKind::NeverMatches => &codes::NEVER_MATCHES,
        ProblemKind::NotAnAutomaton => &codes::NOT_AN_AUTOMATON,
        ProblemKind::TooLarge => &codes::PATTERN_TOO_LARGE,
    }
}
