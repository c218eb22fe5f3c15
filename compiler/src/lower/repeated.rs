//! One policy's statements in, findings out: what stands there twice, and
//! words for people that say nothing.
//!
//! Two statements are one and the same when they are written alike, whatever
//! their ids and places; of two such, the second changes nothing, and one of
//! them was likely meant to say something else.

use std::{collections::HashMap, hash::Hash};

use agentos_grammar::{
    Span,
    ast::{self, Item},
};

use crate::finding::{Finding, codes};

/// Reports what `policy` says twice.
pub(super) fn check(policy: &ast::Policy, found: &mut Vec<Finding>) {
    let mut bases = Seen::default();
    let mut rules = Seen::default();
    let mut rates = Seen::default();
    let mut signals = Seen::default();
    for item in &policy.items {
        match &item.node {
            Item::Extends(names) => {
                for name in names {
                    let said = format!("`{}` is extended twice", name.node);
                    bases.meet_name(&name.node, name.span, &said, found);
                }
            }
            Item::Rule(rule) => {
                rules.meet(
                    without_id(rule),
                    item.span,
                    "this rule stands here already",
                    found,
                );
                let mut approvers = Seen::default();
                for name in rule.approvers.iter().flat_map(|approvers| &approvers.of) {
                    let said = format!("`{}` is named twice, and is one approver", name.node);
                    approvers.meet_name(&name.node, name.span, &said, found);
                }
            }
            Item::Rate(rate) => {
                rates.meet(rate, item.span, "this rate stands here already", found);
            }
            Item::Intent(intent) => {
                for signal in &intent.signals {
                    let one = (&intent.category.node, &signal.node);
                    signals.meet(one, signal.span, "this signal stands here already", found);
                }
            }
            Item::About(_)
            | Item::Default(_)
            | Item::Combine(_)
            | Item::Mode(_)
            | Item::Normalize(_)
            | Item::Limits(_)
            | Item::Action(_)
            | Item::Patterns(_)
            | Item::Trust(_)
            | Item::Expect(_) => {}
        }
    }
}

/// Reports reasons, suggestions and descriptions that are empty.
pub(super) fn empty_texts(policy: &ast::Policy, found: &mut Vec<Finding>) {
    let mut look = |what: &'static str, text: Option<&ast::Name>| {
        let Some(text) = text.filter(|text| text.node.trim().is_empty()) else {
            return;
        };
        let message = format!("`{what}` says nothing");
        let finding = Finding::new(&codes::EMPTY_TEXT, text.span, message);
        let finding = finding.help("say it in a sentence, or take it out");
        found.push(if what == "about" {
            finding.without_whole("statement")
        } else {
            finding.without_clause(what)
        });
    };
    for item in &policy.items {
        match &item.node {
            Item::About(text) => look("about", Some(text)),
            Item::Rule(rule) => {
                look("because", rule.because.as_ref());
                look("suggest", rule.suggest.as_ref());
                look("help", rule.help.as_ref());
            }
            Item::Rate(rate) => look("because", rate.because.as_ref()),
            Item::Expect(expect) => look("because", expect.because.as_ref()),
            // A `default allow` without a reason is a finding of its own.
            Item::Default(default) if default.answer.node != ast::DefaultAnswer::Allow => {
                look("because", default.because.as_ref());
            }
            Item::Default(_)
            | Item::Extends(_)
            | Item::Combine(_)
            | Item::Mode(_)
            | Item::Normalize(_)
            | Item::Limits(_)
            | Item::Action(_)
            | Item::Patterns(_)
            | Item::Intent(_)
            | Item::Trust(_) => {}
        }
    }
}

/// What was met before, and where.
struct Seen<K>(HashMap<K, Span>);

impl<K> Default for Seen<K> {
    fn default() -> Seen<K> {
        Seen(HashMap::new())
    }
}

impl<K: Hash + Eq> Seen<K> {
    fn meet(&mut self, key: K, span: Span, said: &str, found: &mut Vec<Finding>) {
        let finding = self.again(key, span, said);
        found.extend(finding.map(|finding| finding.without_statement(span, "second one")));
    }

    /// The same for a name in a list.
    fn meet_name(&mut self, key: K, span: Span, said: &str, found: &mut Vec<Finding>) {
        let finding = self.again(key, span, said);
        found.extend(finding.map(Finding::without_entry));
    }

    fn again(&mut self, key: K, span: Span, said: &str) -> Option<Finding> {
        let first = *self.0.entry(key).or_insert(span);
        // What one text of a dialect became several times was not written twice.
        (first != span).then(|| {
            Finding::new(&codes::REPEATED, span, said)
                .other(first, "the first one")
                .help("take it out, or write what was meant")
        })
    }
}

/// All of a rule that decides.
fn without_id(rule: &ast::Rule) -> impl Hash + Eq + '_ {
    let ast::Rule {
        effect,
        actions,
        stage,
        approvers,
        when,
        unless,
        because,
        suggest,
        priority,
        id: _,
        severity,
        help,
    } = rule;
    let about = (effect, actions, stage, approvers);
    let decides = (when, unless, priority);
    (about, decides, (because, suggest, severity, help))
}
