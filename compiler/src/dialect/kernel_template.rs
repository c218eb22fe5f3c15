//! Kernel templates: `kernel`, `signals`, and `policies` with patterns to deny.
//!
//! Only the patterns under `deny` mean something here: `SIGKILL` denies and
//! `SIGSTOP` escalates what has one of them, one rule for each stage in `scope`.
//! No home evaluates these files, so nothing is permitted by them: where no
//! pattern matches, the policy says nothing (`default abstain`). Everything
//! else in such a file is said to be unenforced, each part at its place.

use agentos_grammar::{
    Span, Spanned,
    ast::{
        Check, Condition, DefaultAnswer, Effect, Field, Mode, Name, Pattern, PatternKind,
        PatternSet, Policy, Stage, Test,
    },
    yaml::{Keys, Node},
};

use super::draft::{self, Draft, INFORMS, PolicyDraft, SEVERITIES, shown};
use crate::finding::{Finding, codes};

const EFFECTS: [(&str, Effect); 5] = [
    ("SIGKILL", Effect::Deny),
    ("SIGSTOP", Effect::Escalate),
    ("SIGTERM", Effect::Deny),
    ("deny", Effect::Deny),
    ("escalate", Effect::Escalate),
];

const STAGES: [(&str, Stage); 3] = [
    ("input", Stage::Input),
    ("action", Stage::Call),
    ("output", Stage::Output),
];

const MODES: [(&str, Mode); 3] = [
    ("strict", Mode::Enforce),
    ("permissive", Mode::Shadow),
    ("audit", Mode::Shadow),
];

pub(super) fn read(draft: &mut Draft<'_>, document: &Node) -> Vec<Spanned<Policy>> {
    let Some(mut keys) = draft.reading.mapping(document, "a kernel template") else {
        return Vec::new();
    };
    let at = draft::first_key(document);
    let mut name = Spanned::new(draft.stem().to_owned(), at);
    let mut version = None;
    let mut mode = None;
    if let Some(node) = keys.get("kernel")
        && let Some(mut kernel) = draft.reading.mapping(node, "kernel")
    {
        version = draft.version(&mut kernel, "version");
        name = draft.optional_text(&mut kernel, "template").unwrap_or(name);
        mode = kernel
            .get("mode")
            .and_then(|node| draft.word(node, "mode", &MODES, &codes::UNKNOWN_WORD));
        draft.ignored_keys(
            &kernel,
            "`kernel`",
            &["version", "mode", "template"],
            &INFORMS,
        );
    }
    let mut policy = PolicyDraft::new(document.span, name);
    policy.version(version);
    policy.about(draft.text_or_null(&mut keys, "description"));
    policy.default(DefaultAnswer::Abstain, at, None);
    draft.find(Finding::new(
        &codes::DIALECT_DEFAULT,
        at,
        "whatever no pattern matches is neither allowed nor denied by a kernel template",
    ));
    if let Some(mode) = mode.filter(|mode| mode.node == Mode::Shadow) {
        policy.mode(mode);
    }
    // Which signals there are; what each does stands with the policies.
    keys.get("signals");
    if let Some(node) = keys.get("policies").filter(|node| !node.is_null()) {
        for (_, node, keys) in draft.elements(node, "policies") {
            let compiled = entry(draft, &mut policy, node, keys);
            draft.count(compiled);
        }
    }
    let parts: Vec<_> = keys
        .rest()
        .filter(|entry| !INFORMS.contains(&entry.name()))
        .collect();
    for part in parts {
        draft.unenforced(
            part.key.span,
            format!(
                "`{}` is a part of kernel templates that is not enforced here",
                shown(part.name())
            ),
        );
    }
    vec![policy.finish(draft)]
}

/// One of `policies`; whether it became rules.
fn entry(draft: &mut Draft<'_>, policy: &mut PolicyDraft, node: &Node, mut keys: Keys<'_>) -> bool {
    let name = draft.required_text(&mut keys, "a policy of a template", "name");
    let effect = match keys.get("action") {
        Some(node) => draft.word(node, "signal", &EFFECTS, &codes::UNKNOWN_EFFECT),
        None => Some(Spanned::new(Effect::Deny, node.span)),
    };
    let stages = stages(draft, &mut keys, node.span);
    let because = draft
        .optional_text(&mut keys, "message")
        .or(draft.optional_text(&mut keys, "reason"));
    let help = draft
        .text_or_null(&mut keys, "description")
        .map(|help| help.map(|text| text.trim().to_owned()));
    let severity = keys
        .get("severity")
        .and_then(|node| draft.word(node, "severity", &SEVERITIES, &codes::UNKNOWN_WORD));
    // It says of which kind the other keys are.
    keys.get("type");
    let patterns = patterns(draft, &mut keys);
    let of = name
        .as_ref()
        .map_or_else(String::new, |name| format!(" of `{}`", shown(&name.node)));
    let rest: Vec<_> = keys
        .rest()
        .filter(|entry| !INFORMS.contains(&entry.name()))
        .collect();
    match (&patterns, rest.split_first()) {
        // One finding for a policy that has nothing but such parts.
        (None, Some((first, _))) => {
            draft.unenforced(
                first.key.span,
                format!(
                    "nothing{of} is enforced here, as `{}` is not",
                    shown(first.name())
                ),
            );
        }
        (None, None) => {
            draft.unenforced(
                node.span,
                "a policy without patterns to deny enforces nothing",
            );
        }
        (Some(_), _) => {
            for part in rest {
                draft.unenforced(part.key.span, match part.name() {
                    "exceptions" => format!("`exceptions`{of} is not enforced here: what they except is held back too"),
                    other => format!("`{}`{of} is not enforced here", shown(other)),
                });
            }
        }
    }
    let (Some(name), Some(effect), Some(stages), Some(patterns)) = (name, effect, stages, patterns)
    else {
        return false;
    };
    let id = policy.fresh(&name);
    let span = patterns.first().map_or(node.span, |first| {
        patterns
            .iter()
            .fold(first.span, |all, one| all.to(one.span))
    });
    let several = stages.len() > 1;
    for stage in stages {
        let word = stage.node.word();
        let mut rule = draft::rule(effect.clone(), draft::every_action(node.span));
        rule.when = Some(matches_set(&id, span));
        rule.stage = Some(stage).filter(|stage| stage.node != Stage::Call);
        rule.because.clone_from(&because);
        rule.severity.clone_from(&severity);
        rule.help.clone_from(&help);
        let suffix = if several {
            format!("-{word}")
        } else {
            String::new()
        };
        rule.id = Some(id.clone().map(|id| format!("{id}{suffix}")));
        policy.rule(Spanned::new(rule, node.span));
    }
    policy.patterns(Spanned::new(PatternSet { name: id, patterns }, span));
    true
}

/// What the policy looks at: calls, where it does not say.
fn stages(draft: &mut Draft<'_>, keys: &mut Keys<'_>, span: Span) -> Option<Vec<Spanned<Stage>>> {
    let Some(node) = keys.get("scope").filter(|node| !node.is_null()) else {
        return Some(vec![Spanned::new(Stage::Call, span)]);
    };
    let nodes = match node.as_sequence() {
        Some(nodes) => nodes,
        None => std::slice::from_ref(node),
    };
    let stages: Vec<Option<Spanned<Stage>>> = nodes
        .iter()
        .map(|node| draft.word(node, "scope", &STAGES, &codes::UNKNOWN_WORD))
        .collect();
    let stages: Vec<Spanned<Stage>> = stages.into_iter().collect::<Option<_>>()?;
    (!stages.is_empty()).then_some(stages)
}

/// The patterns under `deny`; none where there are none.
fn patterns(draft: &mut Draft<'_>, keys: &mut Keys<'_>) -> Option<Vec<Spanned<Pattern>>> {
    let list = keys.entries.iter().find(|entry| entry.name() == "deny")?;
    let mut patterns = Vec::new();
    let mut others = Vec::new();
    for (_, node, mut keys) in draft.elements(&list.value, "deny") {
        match keys.get("patterns") {
            Some(nodes) => {
                for node in draft.reading.list(nodes, "patterns").unwrap_or_default() {
                    if let Some(text) = draft.reading.text(node, "patterns") {
                        let pattern = Pattern {
                            kind: PatternKind::Regex,
                            text,
                            unless_followed_by: None,
                        };
                        patterns.push(Spanned::new(pattern, node.span));
                    }
                }
                others.extend(keys.rest().map(|entry| entry.key.span));
            }
            None => others.push(node.span),
        }
    }
    if patterns.is_empty() {
        // The caller says so, once for the whole policy.
        return None;
    }
    keys.get("deny");
    for span in others {
        draft.unenforced(
            span,
            "a denial by action, tables or regions is not enforced here, only patterns are",
        );
    }
    Some(patterns)
}

/// `text matches NAME`
pub(super) fn matches_set(set: &Name, span: Span) -> Spanned<Condition> {
    let field = Spanned::new(
        Field {
            path: vec!["text".to_owned()],
        },
        span,
    );
    let check = Spanned::new(Check::MatchesSet(set.clone()), span);
    Spanned::new(
        Condition::Test(Test {
            quantifier: None,
            field,
            check,
        }),
        span,
    )
}
