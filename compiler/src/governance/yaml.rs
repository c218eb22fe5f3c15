//! Governance policies as YAML: text to settings, and back.
//!
//! What is written reads back as it was, by readers of YAML 1.1 and 1.2 alike:
//! a text that either could take for something else stands in quotes.

use std::fmt::Write as _;

use agentos_grammar::{SourceId, Span, SyntaxError, yaml};

use super::{
    BlockedPattern, Invalid, Problem, Setting, Settings,
    given::Given,
    read::{self, Draft},
    setting::Takes,
    settings::type_name,
};

impl Settings {
    /// The settings as YAML, the name included.
    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        for setting in Setting::ALL {
            let _ = write!(out, "{setting}:");
            match setting {
                Setting::Name => entry(&mut out, &text(&self.name)),
                Setting::Version => entry(&mut out, &text(&self.version)),
                Setting::AllowedTools => {
                    list(&mut out, self.allowed_tools.iter().map(|tool| text(tool)));
                }
                Setting::BlockedPatterns => {
                    list(&mut out, self.blocked_patterns.iter().map(pattern));
                }
                Setting::MaxTokens
                | Setting::MaxToolCalls
                | Setting::RequireHumanApproval
                | Setting::TimeoutSeconds
                | Setting::LogAllCalls
                | Setting::CheckpointFrequency
                | Setting::MaxConcurrent
                | Setting::BackpressureThreshold => entry(&mut out, &self.get(setting).to_string()),
                Setting::ConfidenceThreshold => entry(&mut out, &number(self.confidence_threshold)),
                Setting::DriftThreshold => entry(&mut out, &number(self.drift_threshold)),
            }
        }
        out
    }
}

fn entry(out: &mut String, value: &str) {
    let _ = writeln!(out, " {value}");
}

fn list(out: &mut String, entries: impl ExactSizeIterator<Item = String>) {
    if entries.len() == 0 {
        return entry(out, "[]");
    }
    out.push('\n');
    for value in entries {
        let _ = writeln!(out, "  - {value}");
    }
}

fn pattern(pattern: &BlockedPattern) -> String {
    match pattern {
        BlockedPattern::Plain(source) => text(source),
        BlockedPattern::Typed(source, kind) => {
            format!("pattern: {}\n    type: {}", text(source), type_name(*kind))
        }
    }
}

/// Without an exponent, which YAML 1.1 takes for a text, and with a point.
fn number(value: f64) -> String {
    let digits = value.to_string();
    if digits.contains('.') {
        digits
    } else {
        format!("{digits}.0")
    }
}

/// Without quotes where every reader takes it for this text, in single quotes
/// where it fits on a line, in double quotes with escapes otherwise.
fn text(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && yaml::yaml_1_1(text) == yaml::Value::Text
        && yaml::yaml_1_2(text) == yaml::Value::Text;
    if plain {
        return text.to_owned();
    }
    if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            // What people read stays readable; the rest might be invisible.
            _ if c.is_alphanumeric() => out.push(c),
            _ => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

/// Reads settings from YAML: one document, a mapping.
pub(super) fn read(text: &str) -> Draft {
    let source = SourceId::default();
    let (documents, _, errors) = yaml::read(source, text);
    let lines = Lines { text };
    let document = documents.first();
    let mut traps = Vec::new();
    let given = document.map_or(Given::Null, |document| {
        Given::yaml(document, &mut |node| traps.push(trap(node)))
    });
    let mut draft = if errors.is_empty() || matches!(given, Given::Mapping(_)) {
        read::read(&given, true)
    } else {
        read::read(&Given::Mapping(Vec::new()), true)
    };
    if let Some(document) = document {
        let entries = document.as_mapping().unwrap_or_default();
        for invalid in &mut draft.problems {
            let key = invalid.place.split(['[', '.']).next().unwrap_or_default();
            let entry = entries.iter().find(|entry| entry.name() == key);
            invalid.line = entry.map(|entry| lines.of(entry.key.span));
        }
        for (span, why) in traps {
            let place = entries
                .iter()
                .find(|entry| entry.value.span.contains(span))
                .map(|entry| entry.name().to_owned())
                .unwrap_or_default();
            let problem = Problem::Yaml(why);
            // The more exact reason goes first; one place is blamed once.
            draft.problems.retain(|invalid| invalid.place != place);
            draft.problems.insert(
                0,
                Invalid {
                    place,
                    line: Some(lines.of(span)),
                    problem,
                },
            );
        }
    }
    for second in documents.get(1..).unwrap_or_default() {
        let mut invalid = Invalid::wrong("", Takes::Mapping, "several documents");
        invalid.line = Some(lines.of(second.span));
        draft.problems.push(invalid);
    }
    // What is not YAML goes before what it might have said.
    let mut problems: Vec<Invalid> = errors
        .into_iter()
        .map(|error| Invalid {
            place: lines.key(error.span),
            line: Some(lines.of(error.span)),
            problem: syntax(error),
        })
        .collect();
    problems.append(&mut draft.problems);
    Draft { problems, ..draft }
}

fn syntax(error: SyntaxError) -> Problem {
    Problem::Yaml(match error.help {
        Some(help) => format!("{}; {help}", error.message),
        None => error.message,
    })
}

fn trap(node: &yaml::Node) -> (Span, String) {
    let written = node
        .as_scalar()
        .map(|scalar| scalar.text.to_string())
        .unwrap_or_default();
    let why = format!(
        "`{written}` is {} to some readers of YAML and {} to others; put a text in quotes, or \
         write a number in plain decimal and a switch as true or false",
        yaml::yaml_1_1(&written),
        yaml::yaml_1_2(&written),
    );
    (node.span, why)
}

/// Where in the text a place is, for people.
struct Lines<'t> {
    text: &'t str,
}

impl Lines<'_> {
    /// Counted from 1.
    fn of(&self, span: Span) -> u32 {
        let before = self.text.as_bytes().iter().take(span.start as usize);
        before.filter(|byte| **byte == b'\n').count() as u32 + 1
    }

    /// The setting that begins the line of `span`, if one does.
    fn key(&self, span: Span) -> String {
        let line = (self.of(span) - 1) as usize;
        let line = self.text.lines().nth(line).unwrap_or_default();
        let key = line.split(':').next().unwrap_or_default().trim();
        Setting::named(key)
            .map(|setting| setting.name().to_owned())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::governance::{GovernancePolicy, PatternType};

    #[test]
    fn what_is_written_reads_back_as_it_was() {
        for odd in [
            "",
            " ",
            "yes",
            "null",
            "~",
            "1.5",
            "0x1F",
            "1_000",
            "1:30",
            "2024-01-01",
            "it's",
            "\"q\"",
            "a: b",
            "- x",
            "#c",
            "é工具",
            "two\nlines\n",
            "\t",
            "\u{200b}",
            "\u{0}",
            "\u{2028}",
            "\\",
            "😀",
            "a'b\u{85}c",
            "trail ",
            "%d",
            "@x",
            "{",
            "!t",
            "...",
            "---",
        ] {
            let settings = Settings {
                name: format!("n{odd}"),
                allowed_tools: vec![odd.to_owned(), format!("x{odd}")],
                blocked_patterns: vec![
                    BlockedPattern::Plain(format!("p{odd}")),
                    BlockedPattern::Typed(format!("{odd}*"), PatternType::Glob),
                ],
                confidence_threshold: 1e-9,
                drift_threshold: 1.0,
                ..Settings::default()
            };
            let yaml = settings.to_yaml();
            let back = read(&yaml);
            assert_eq!(back.problems, [], "{yaml}");
            assert_eq!(back.settings, settings, "{yaml}");
        }
    }

    #[test]
    fn a_written_policy_looks_as_people_write_it() {
        let settings = Settings {
            name: "careful".to_owned(),
            allowed_tools: vec!["read_file".to_owned()],
            blocked_patterns: vec!["rm -rf".into(), ("*.exe", PatternType::Glob).into()],
            ..Settings::default()
        };
        insta::assert_snapshot!(settings.to_yaml());
    }

    #[test]
    fn a_problem_says_its_line() {
        let error = GovernancePolicy::from_yaml("name: x\n\nmax_tokens: 0x\n").unwrap_err();
        assert_eq!(error.problems[0].line, Some(3));
        assert_eq!(error.problems[0].place, "max_tokens");
    }

    #[test]
    fn a_tab_indents_a_text_and_nothing_else() {
        for yaml in ["\tmax_tokens: 5\n", "allowed_tools: [a,\n\tb]\n"] {
            let error = GovernancePolicy::from_yaml(yaml).unwrap_err();
            assert!(error.to_string().contains("tab"), "{error}");
        }
        let text = GovernancePolicy::from_yaml("name: |\n  a\n  \tb\n\t# c\n").unwrap();
        assert_eq!(text.name, "a\n\tb\n");
    }

    #[test]
    fn two_documents_are_not_one_policy() {
        let error = GovernancePolicy::from_yaml("max_tokens: 1\n---\nmax_tokens: 2\n").unwrap_err();
        assert_eq!(error.problems[0].line, Some(3), "{error}");
    }
}
