//! A source text in, its syntax tree out, whatever spelling or dialect it is in.

use agentos_grammar::{SourceId, ast};

use crate::{
    dialect::{self, RuleCount},
    finding::{Finding, codes, syntax::from_syntax},
    source::Source,
};

/// A text that was read.
#[derive(Debug)]
pub struct Read {
    /// What it says; without policies where it could not be read.
    pub file: ast::File,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// The spelling: `policy`, `yaml`, or the name of a dialect.
    pub dialect: &'static str,
    /// How its rules are accounted for.
    pub rules: RuleCount,
}

/// Whether a file of this name is YAML.
pub fn is_yaml(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
}

/// Reads one text; its name says the spelling.
pub fn read(id: SourceId, source: &Source) -> Read {
    let mut read = if is_yaml(&source.name) {
        dialect::read(id, source)
    } else {
        let (file, errors) = agentos_grammar::parse(id, &source.text);
        Read {
            rules: RuleCount::of(&file),
            file,
            findings: errors.into_iter().map(from_syntax).collect(),
            dialect: "policy",
        }
    };
    if read.file.policies.is_empty() && read.findings.is_empty() {
        let start = agentos_grammar::Span::new(id, 0, 0);
        read.findings.push(
            Finding::new(
                &codes::EMPTY_SOURCE,
                start,
                if source.text.is_empty() {
                    "this file is empty"
                } else {
                    "there is no policy in this file"
                },
            )
            .help(if is_yaml(&source.name) {
                "write one: `policy: my_policy`, and its `rules`"
            } else {
                "write one: `policy my_policy { default deny; }`"
            }),
        );
    }
    read
}
