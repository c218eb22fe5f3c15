//! A place in a YAML policy in, what may be written there out.
//!
//! While somebody writes, YAML seldom reads; so the lines are looked at: the key that
//! stands before the place, and the keys that it is indented below. Only the language's
//! own YAML is known here, not that of other tools.

use agentos_compiler::grammar::{
    NameOf, Wanted,
    ast::{Combine, DefaultAnswer, Effect, Mode, PatternKind, Severity, Stage, TimeUnit, Type},
    wanted_in_condition,
};

/// The keys of a policy.
const POLICY: &[&str] = &[
    "policy",
    "version",
    "about",
    "extends",
    "default",
    "combine",
    "mode",
    "normalize",
    "limits",
    "actions",
    "patterns",
    "rules",
    "rates",
    "intents",
    "trust",
    "expect",
];
/// Those of a rule beside its effect.
const RULE: &[&str] = &[
    "when", "unless", "because", "suggest", "stage", "to", "needed", "within", "priority", "id",
    "severity", "help", "expect",
];
const TRUST: &[&str] = &["supervisors", "max_escalation_depth"];
const EXPECT: &[&str] = &["finding", "about", "because"];

/// What may be written at byte `at` of a YAML policy.
pub(super) fn wanted_at(text: &str, at: usize) -> Wanted {
    let Some(before) = text.get(..at) else {
        return Wanted::default();
    };
    let is_ours = |line: &str| line.starts_with("policy:") || line.trim() == "---";
    let is_blank = |line: &str| line.trim().is_empty() || line.starts_with('#');
    // A file that begins otherwise is of another tool.
    let is_new = before.lines().rev().skip(1).all(is_blank);
    if !is_new && !text.lines().any(is_ours) {
        return Wanted::default();
    }
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = &before[line_start..];
    if line.contains(" #") || line.trim_start().starts_with('#') {
        return Wanted::default();
    }
    let path = path(&before[..line_start], indent(line));
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let entry = line.trim_start().trim_start_matches("- ").trim_start();
    match entry.split_once(": ") {
        Some((key, value)) => value_of(key.trim(), value, &path),
        None if line.trim_start().starts_with('-') || !line.contains(':') => key_of(&path, line),
        None => Wanted::default(),
    }
}

/// What may stand behind a key.
fn value_of(key: &str, value: &str, path: &[&str]) -> Wanted {
    let inner = value.trim_start_matches(['"', '\'']);
    if matches!(key, "when" | "unless") {
        return wanted_in_condition(inner, inner.len());
    }
    // Of a list or mapping on one line, the last entry is being written.
    let last = value.rsplit(['[', ',', '{']).next().unwrap_or(value);
    let name = |of: NameOf| Wanted {
        names: vec![of],
        ..Wanted::default()
    };
    let fixed = |words: &[&'static str]| Wanted {
        words: words.to_vec(),
        ..Wanted::default()
    };
    if Effect::from_word(key).is_some() {
        return name(NameOf::Action);
    }
    match (key, path.first().copied().unwrap_or_default()) {
        ("extends", _) => name(NameOf::Policy),
        ("expect" | "finding", _) => name(NameOf::Finding),
        ("to", _) => name(NameOf::Supervisor),
        ("default", "") => fixed(DefaultAnswer::WORDS),
        ("combine", "") => fixed(Combine::WORDS),
        ("mode", "") => fixed(Mode::WORDS),
        ("normalize", "") => fixed(&["strict"]),
        ("severity", _) => fixed(Severity::WORDS),
        ("stage", _) => fixed(Stage::WORDS),
        ("per", _) => fixed(TimeUnit::LONG_WORDS),
        ("else", _) => fixed(Effect::WORDS),
        ("limits", "") if !last.contains(':') => name(NameOf::Limit),
        ("log_all_calls", _) => fixed(&["true", "false"]),
        (_, "actions") if !value.starts_with('{') || last.contains(':') => fixed(Type::WORDS),
        _ => Wanted::default(),
    }
}

/// What key may stand below these ones.
fn key_of(path: &[&str], line: &str) -> Wanted {
    let is_element = line.trim_start().starts_with('-');
    let mut wanted = Wanted::default();
    match path {
        [] if is_element => {}
        [] => wanted.words.extend(POLICY),
        ["rules", ..] => {
            wanted.words.extend(Effect::WORDS);
            wanted.words.extend(RULE);
        }
        ["limits"] => wanted.names.push(NameOf::Limit),
        ["intents"] => wanted.names.push(NameOf::Intent),
        ["extends"] => wanted.names.push(NameOf::Policy),
        ["trust"] => wanted.words.extend(TRUST),
        ["expect"] => wanted.words.extend(EXPECT),
        ["patterns", _] => wanted.words.extend(PatternKind::WORDS),
        // The effect of a rule whose actions stand below it, one a line.
        [.., key] if Effect::from_word(key).is_some() => wanted.names.push(NameOf::Action),
        _ => {}
    }
    if let [.., key] = path
        && is_element
        && Effect::from_word(key).is_some()
    {
        wanted = Wanted {
            names: vec![NameOf::Action],
            ..Wanted::default()
        };
    }
    wanted
}

/// The keys that a line with this indent stands below, the outermost first.
fn path(before: &str, mut indent_of_line: usize) -> Vec<String> {
    let mut path = Vec::new();
    for line in before.lines().rev() {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let own = indent(line);
        let is_element = content.starts_with('-');
        let key = content.trim_start_matches("- ").trim_start();
        // An element of a list may stand at the indent of the list's key.
        let key_indent = own + (content.len() - key.len());
        let opens = key.trim_end().strip_suffix(':');
        if let Some(key) = opens
            && (key_indent < indent_of_line || (own == indent_of_line && !is_element && own == 0))
            && (own < indent_of_line || !is_element)
        {
            path.insert(0, key.trim_matches(['"', '\'']).to_owned());
            indent_of_line = key_indent;
        } else if own < indent_of_line && is_element {
            indent_of_line = own;
        }
        if indent_of_line == 0 && !is_element {
            break;
        }
    }
    path
}

/// How far a line is indented; the dash of an element counts as space in front of it.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use agentos_compiler::{Options, Sources, compile};

    use super::*;

    fn at_end(text: &str) -> Wanted {
        wanted_at(text, text.len())
    }

    #[test]
    fn keys_stand_below_their_keys() {
        let words = |text: &str| at_end(text).words;
        assert!(words("").contains(&"policy"));
        assert!(words("policy: p\nex").contains(&"extends"));
        assert!(words("policy: p\nrules:\n  - ").contains(&"allow"));
        assert!(words("policy: p\nrules:\n- de").contains(&"deny"));
        assert!(words("policy: p\nrules:\n  - allow: a\n    wh").contains(&"when"));
        assert!(words("policy: p\nrules:\n  - deny: a\n    when: x\n    be").contains(&"because"));
        assert!(words("policy: p\ntrust:\n  ").contains(&"supervisors"));
        assert!(words("policy: p\ncombine: ").contains(&"strictest"));
        assert!(words("policy: p\nactions:\n  pay:\n    amount: ").contains(&"decimal"));
        assert!(words("policy: p\nactions:\n  pay: {amount: d").contains(&"decimal"));
        assert!(words("policy: p\nrules:\n  - deny: a\n    when: x ").contains(&"=="));
    }

    #[test]
    fn names_stand_behind_their_keys() {
        let names = |text: &str| at_end(text).names;
        assert_eq!(names("policy: p\nrules:\n  - allow: "), [NameOf::Action]);
        assert_eq!(
            names("policy: p\nrules:\n  - allow: [a, "),
            [NameOf::Action]
        );
        assert_eq!(
            names("policy: p\nrules:\n  - allow:\n      - "),
            [NameOf::Action]
        );
        assert_eq!(names("policy: p\nextends: "), [NameOf::Policy]);
        assert_eq!(names("policy: p\nextends: [a, b"), [NameOf::Policy]);
        assert_eq!(names("policy: p\nlimits:\n  to"), [NameOf::Limit]);
        assert_eq!(names("policy: p\nintents:\n  "), [NameOf::Intent]);
        let condition = "policy: p\nrules:\n  - deny: a\n    when: ";
        assert_eq!(names(condition), [NameOf::Field]);
        assert_eq!(
            names(&format!("{condition}text matches ")),
            [NameOf::PatternSet]
        );
        assert_eq!(names(&format!("{condition}'intent in [")), [NameOf::Intent]);
    }

    #[test]
    fn files_of_other_tools_are_left_alone() {
        assert_eq!(at_end("kernel:\n  version: 1\nru"), Wanted::default());
        assert_eq!(at_end("policy: p # al"), Wanted::default());
    }

    #[test]
    fn every_key_that_is_offered_is_one() {
        for key in POLICY {
            let text = format!("policy: p\nrules: []\n{key}: 1\n");
            let (_, findings) = compile(&Sources::one("a.yaml", text), &Options::default());
            assert!(
                findings
                    .iter()
                    .all(|found| found.lint.name != "unknown-key"),
                "{key}"
            );
        }
        for key in RULE.iter().filter(|key| **key != "expect") {
            let text = format!("policy: p\nrules:\n  - escalate: a\n    {key}: 1\n");
            let (_, findings) = compile(&Sources::one("a.yaml", text), &Options::default());
            assert!(
                findings
                    .iter()
                    .all(|found| found.lint.name != "unknown-key"),
                "{key}"
            );
        }
    }
}
