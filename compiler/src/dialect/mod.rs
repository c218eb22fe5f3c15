//! A YAML text in, its syntax tree out, whichever of the shapes that people
//! already have it is in.
//!
//! A document is recognised by its keys and read whole, or refused by name and
//! place; one that nobody knows is an error, never a policy without rules. Each
//! dialect keeps its home's order, defaults and reading of a missing field, and
//! where that is milder than our own language a finding says so. What is not
//! read here has no effect here, and a finding says that too.
//!
//! `docs/dialects.md` has a row for each.

mod condition;
mod draft;
mod expression;
mod governance;
mod kernel_policy;
mod kernel_template;
mod refused;
mod roles;
mod rule_document;
mod shape;
mod shared_policy;
mod signals;
mod source_rules;
mod toolkit;
mod trust_policy;

#[cfg(test)]
mod tests;

use agentos_grammar::{
    SourceId, Spanned, ast,
    yaml::{self, Node, Reading},
};

use crate::{
    finding::{Finding, codes, syntax::from_syntax},
    read::Read,
    source::Source,
};

use draft::Draft;
use shape::Shape;

/// How the rules of a file are accounted for: `compiled` and `unenforced`
/// together are `in_file`.
///
/// What counts as a rule of a file is the dialect's own: an entry of `rules`
/// or `policies`, a list of patterns or tools, a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleCount {
    /// Rules that stand in the file.
    pub in_file: usize,
    /// Those that became rules, rates or signals of ours.
    pub compiled: usize,
    /// Those that nothing here enforces; a finding stands at each.
    pub unenforced: usize,
}

impl RuleCount {
    /// The rules of policies in our own language: all of them are compiled.
    pub fn of(file: &ast::File) -> RuleCount {
        let items = file.policies.iter().flat_map(|policy| &policy.items);
        let rules =
            items.filter(|item| matches!(item.node, ast::Item::Rule(_) | ast::Item::Rate(_)));
        let rules = rules.count();
        RuleCount {
            in_file: rules,
            compiled: rules,
            unenforced: 0,
        }
    }
}

/// Reads a YAML text: our own spelling, or a dialect.
pub fn read(id: SourceId, source: &Source) -> Read {
    let (documents, comments, errors) = yaml::read(id, &source.text);
    let mut read = Read {
        file: ast::File {
            policies: Vec::new(),
            comments,
        },
        findings: errors.into_iter().map(from_syntax).collect(),
        dialect: "yaml",
        rules: RuleCount::default(),
    };
    for document in documents.iter().filter(|document| !document.is_null()) {
        one(id, source, document, &mut read);
    }
    read.findings
        .sort_by_key(|finding| finding.primary.span.start);
    read
}

/// Reads one document into `read`.
fn one(id: SourceId, source: &Source, document: &Node, read: &mut Read) {
    let Some(shape) = Shape::of(document) else {
        read.findings.push(unknown(document));
        return;
    };
    if shape == Shape::Native {
        let mut reading = Reading::new();
        let policies = yaml::parse_node(id, &source.text, document, &mut reading);
        read.findings
            .extend(reading.errors.into_iter().map(from_syntax));
        let file = ast::File {
            policies: policies.into_iter().collect(),
            comments: Vec::new(),
        };
        read.rules = read.rules.plus(RuleCount::of(&file));
        read.file.policies.extend(file.policies);
        return;
    }
    read.dialect = shape.name();
    let mut draft = Draft::new(source);
    let policies: Vec<Spanned<ast::Policy>> = match shape {
        Shape::RuleDocument => rule_document::read(&mut draft, document),
        Shape::TrustPolicy => trust_policy::read(&mut draft, document),
        Shape::SharedPolicy => shared_policy::read(&mut draft, document),
        Shape::Toolkit => toolkit::read(&mut draft, document),
        Shape::KernelTemplate => kernel_template::read(&mut draft, document),
        Shape::Governance => governance::read(&mut draft, document),
        Shape::KernelPolicy => kernel_policy::read(&mut draft, document),
        Shape::Roles => roles::read(&mut draft, document),
        Shape::SourceRules => source_rules::read(&mut draft, document),
        Shape::Signals => signals::read(&mut draft, document),
        Shape::Refused(refused) => {
            read.findings.push(refused.finding(document));
            return;
        }
        Shape::Native => Vec::new(),
    };
    let (findings, rules) = draft.finish();
    read.findings.extend(findings);
    read.rules = read.rules.plus(rules);
    read.file.policies.extend(policies);
}

impl RuleCount {
    fn plus(self, other: RuleCount) -> RuleCount {
        RuleCount {
            in_file: self.in_file + other.in_file,
            compiled: self.compiled + other.compiled,
            unenforced: self.unenforced + other.unenforced,
        }
    }
}

fn unknown(document: &Node) -> Finding {
    let (span, message) = match document.as_mapping().and_then(<[_]>::first) {
        Some(entry) => (
            entry.key.span,
            "a file of a shape that nobody here knows".to_owned(),
        ),
        None => (
            document.span,
            format!("a policy is a mapping, and this is {}", document.what()),
        ),
    };
    Finding::new(&codes::UNKNOWN_DIALECT, span, message)
        .note("`docs/dialects.md` says how each dialect is recognised")
        .help("begin it with `policy:` and its name, and write it in the language's own YAML")
}
