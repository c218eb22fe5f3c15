//! One policy's statements in, findings out: regexes that are tied to the start
//! or the end of the canonical text.
//!
//! `text` is the action, then every value, then every key. So `^rm` looks at
//! the action's name, and `\.pem$` at the last key; their authors mostly meant
//! a param. What a policy inherits is looked at where it was written.

use std::collections::HashMap;

use agentos_grammar::{
    Spanned,
    ast::{self, Check, Condition, Item, PatternKind},
};
use regex_syntax::hir::Look;

use crate::finding::{Finding, codes};

/// Reports the anchored regexes that `policy` looks for in `text`.
pub(super) fn check(policy: &ast::Policy, found: &mut Vec<Finding>) {
    let sets: HashMap<&str, &ast::PatternSet> = policy
        .items
        .iter()
        .filter_map(|item| match &item.node {
            Item::Patterns(set) => Some((set.name.node.as_str(), set)),
            _ => None,
        })
        .collect();
    let mut asked: HashMap<&str, &ast::Name> = HashMap::new();
    for item in &policy.items {
        if let Item::Intent(intent) = &item.node {
            let signals = intent.signals.iter();
            found.extend(signals.filter_map(|signal| finding(&signal.pattern)));
        }
        let Item::Rule(rule) = &item.node else {
            continue;
        };
        for condition in rule.when.iter().chain(&rule.unless) {
            tests(condition, &mut |check| {
                if let Check::MatchesRegex(regex) = check {
                    found.extend(finding(regex));
                } else if let Check::MatchesSet(name) = check {
                    asked.entry(name.node.as_str()).or_insert(name);
                }
            });
        }
    }
    let mut asked: Vec<&ast::Name> = asked.into_values().collect();
    asked.sort_by_key(|name| name.span.start);
    for name in asked {
        let set = sets.get(name.node.as_str());
        let regexes = set
            .iter()
            .flat_map(|set| &set.patterns)
            .filter(|pattern| pattern.kind == PatternKind::Regex);
        for regex in regexes {
            found.extend(
                finding(&regex.text)
                    .map(|finding| finding.other(name.span, "`text` is looked at here")),
            );
        }
    }
}

/// What a condition asks of `text`. Its depth was bounded when it was read.
fn tests<'a>(condition: &'a Spanned<Condition>, look: &mut impl FnMut(&'a Check)) {
    match &condition.node {
        Condition::And(parts) | Condition::Or(parts) => {
            for part in parts {
                tests(part, look);
            }
        }
        Condition::Not(inner) => tests(inner, look),
        Condition::Test(test) => {
            if test.field.path == ["text"] {
                look(&test.check.node);
            }
        }
        Condition::Exists(_) | Condition::Intent(_) => {}
    }
}

fn finding(regex: &ast::Name) -> Option<Finding> {
    let (at_start, at_end) = anchors(&regex.node);
    let said = match (at_start, at_end) {
        (true, true) => "from its start, the action's name, to its end, the last key",
        (true, false) => "at its start, which is the action's name",
        (false, true) => "at its end, which is the last key of the params",
        (false, false) => return None,
    };
    Some(
        Finding::new(
            &codes::ANCHORED_TEXT,
            regex.span,
            format!("this looks at the whole of `text` {said}"),
        )
        .help(
            r"test the field that is meant, such as `params.path matches …`; or use `\b`, or a glob, which looks at each value by itself",
        ),
    )
}

/// Whether all matches begin at the start of the text, and end at its end. Of
/// what Rust's syntax does not have, nothing is said.
fn anchors(regex: &str) -> (bool, bool) {
    let rust = match regex.strip_suffix(r"\Z") {
        Some(before) if !before.ends_with('\\') => format!(r"{before}\z"),
        Some(_) | None => regex.to_owned(),
    };
    let Ok(parsed) = regex_syntax::parse(&rust) else {
        return (false, false);
    };
    let looks = parsed.properties();
    (
        looks.look_set_prefix().contains(Look::Start),
        looks.look_set_suffix().contains(Look::End),
    )
}

#[cfg(test)]
mod tests {
    use super::anchors;

    #[test]
    fn an_anchor_that_every_match_passes_is_seen() {
        for (regex, seen) in [
            ("^rm", (true, false)),
            (r"\.pem$", (false, true)),
            (r"\.pem\Z", (false, true)),
            (r"\Arm", (true, false)),
            ("^a$|^b$", (true, true)),
            (r"(^|\s)rm", (false, false)),
            (r"rm(\s|$)", (false, false)),
            ("(?m)^rm$", (false, false)),
            (r"\^rm\$", (false, false)),
            ("^(?!rm)", (false, false)),
        ] {
            assert_eq!(anchors(regex), seen, "{regex}");
        }
    }
}
