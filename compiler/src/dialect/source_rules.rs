//! Regex rules for source files: `pattern`, `languages`, `severity`, `suggestion`.
//!
//! Home: each line of a file is searched, in any case, for the rules of its
//! language, which its name tells; what matches is a violation, and the rest is
//! fine. Here a call says its language in `params.language`, and one that does
//! not is searched for the rules of all languages.

use agentos_grammar::{
    Spanned,
    ast::{Check, Condition, DefaultAnswer, Effect, Field, Literal, Name, Policy, Test},
    yaml::{Keys, Node},
};

use super::draft::{self, Draft, INFORMS, PolicyDraft, SEVERITIES};
use crate::finding::{Finding, codes};

pub(super) fn read(draft: &mut Draft<'_>, document: &Node) -> Vec<Spanned<Policy>> {
    const OF: &str = "a file of source rules";
    let Some(mut keys) = draft.reading.mapping(document, OF) else {
        return Vec::new();
    };
    let stem = Spanned::new(draft.stem().to_owned(), draft::first_key(document));
    let name = draft.optional_text(&mut keys, "name").unwrap_or(stem);
    let at = name.span;
    let mut policy = PolicyDraft::new(document.span, name);
    policy.version(draft.version(&mut keys, "version"));
    policy.about(draft.text_or_null(&mut keys, "description"));
    policy.default(
        DefaultAnswer::Allow,
        at,
        Some("source rules let pass what none of them finds"),
    );
    draft.find(Finding::new(
        &codes::DIALECT_DEFAULT,
        at,
        "whatever no rule finds is allowed, as source rules have it",
    ));
    if let Some(node) = keys.get("rules").filter(|node| !node.is_null()) {
        for (_, node, keys) in draft.elements(node, "rules") {
            let compiled = rule(draft, &mut policy, node, keys).is_some();
            draft.count(compiled);
        }
    }
    draft.ignored_keys(
        &keys,
        OF,
        &["version", "name", "description", "rules"],
        &INFORMS,
    );
    vec![policy.finish(draft)]
}

fn rule(
    draft: &mut Draft<'_>,
    policy: &mut PolicyDraft,
    node: &Node,
    mut keys: Keys<'_>,
) -> Option<()> {
    const OF: &str = "a source rule";
    let name = draft.required_text(&mut keys, OF, "name");
    let pattern = draft.required_text(&mut keys, OF, "pattern");
    let because = draft.optional_text(&mut keys, "message");
    let suggest = draft.text_or_null(&mut keys, "suggestion");
    let help = draft.text_or_null(&mut keys, "description");
    let severity = keys
        .get("severity")
        .and_then(|node| draft.word(node, "severity", &SEVERITIES, &codes::UNKNOWN_WORD));
    let languages = draft.list_of_texts(&mut keys, "languages");
    let known = [
        "name",
        "pattern",
        "message",
        "severity",
        "suggestion",
        "languages",
        "description",
    ];
    draft.ignored_keys(&keys, OF, &known, &INFORMS);
    let (name, pattern) = (name?, pattern?);
    let found = found(pattern);
    let when = match of_language(languages) {
        Some(language) => {
            let span = found.span;
            Spanned::new(Condition::And(vec![language, found]), span)
        }
        None => found,
    };
    let mut rule = draft::rule(
        Spanned::new(Effect::Deny, name.span),
        draft::every_action(node.span),
    );
    rule.when = Some(when);
    rule.because = because;
    rule.suggest = suggest;
    rule.help = help;
    rule.severity = severity;
    rule.id = Some(policy.fresh(&name));
    policy.rule(Spanned::new(rule, node.span));
    Some(())
}

/// `text matches r"…"`
fn found(pattern: Name) -> Spanned<Condition> {
    let span = pattern.span;
    // The home searches line by line.
    let lines = pattern.node.contains(['^', '$']);
    let pattern = pattern.map(|pattern| {
        if lines {
            format!("(?m){pattern}")
        } else {
            pattern
        }
    });
    let field = Spanned::new(
        Field {
            path: vec!["text".to_owned()],
        },
        span,
    );
    let check = Spanned::new(Check::MatchesRegex(pattern), span);
    Spanned::new(
        Condition::Test(Test {
            quantifier: None,
            field,
            check,
        }),
        span,
    )
}

/// `params.language in […]`; none where every language is meant.
fn of_language(languages: Vec<Name>) -> Option<Spanned<Condition>> {
    let first = languages.first()?.span;
    let span = languages.iter().fold(first, |all, name| all.to(name.span));
    let list = languages
        .into_iter()
        .map(|name| name.map(Literal::Text))
        .collect();
    let path = vec!["params".to_owned(), "language".to_owned()];
    let field = Spanned::new(Field { path }, span);
    let check = Spanned::new(
        Check::In {
            negated: false,
            list,
        },
        span,
    );
    Some(Spanned::new(
        Condition::Test(Test {
            quantifier: None,
            field,
            check,
        }),
        span,
    ))
}
