//! One policy's own statements in, their meaning out.
//!
//! Declarations (actions, patterns, intents) are read first, so that a rule
//! may stand before what it refers to.

use std::{collections::HashMap, rc::Rc};

use agentos_grammar::{
    Span, Spanned,
    ast::{self, Item},
};

use super::{action, anchored, limits, pattern, repeated, rule, scope::Scope, trust};
use crate::{
    finding::{Finding, codes},
    ir,
    nearest::nearest,
};

/// What one policy says itself.
pub(super) struct Own {
    pub(super) span: Span,
    pub(super) version: String,
    pub(super) default: Option<ast::Default_>,
    pub(super) mode: ast::Mode,
    pub(super) normalize: bool,
    pub(super) part: Rc<ir::Part>,
    pub(super) actions: Vec<Rc<ir::Action>>,
    pub(super) patterns: Vec<ir::PatternSet>,
    pub(super) intents: Vec<ir::Intent>,
    pub(super) limits: ir::Limits,
    pub(super) rates: Vec<Rc<ir::Rate>>,
    pub(super) trust: Option<ir::Trust>,
    pub(super) expects: Vec<ir::Expect>,
}

/// Lowers `policy`, whose names may also stand for what `scope` inherited.
pub(super) fn lower(policy: &Spanned<ast::Policy>, scope: Scope, found: &mut Vec<Finding>) -> Own {
    let mut own = Own {
        span: policy.span,
        version: policy
            .version
            .as_ref()
            .map(|v| v.node.clone())
            .unwrap_or_default(),
        default: None,
        mode: ast::Mode::Enforce,
        normalize: false,
        part: Rc::new(ir::Part {
            policy: policy.name.node.clone(),
            span: policy.span,
            extends: Vec::new(),
            combine: ast::Combine::Strictest,
            rules: Vec::new(),
        }),
        actions: Vec::new(),
        patterns: Vec::new(),
        intents: Vec::new(),
        limits: ir::Limits::default(),
        rates: Vec::new(),
        trust: None,
        expects: Vec::new(),
    };
    let mut scope = scope;
    let mut combine = ast::Combine::Strictest;
    let mut sets: HashMap<&str, Span> = HashMap::new();
    for item in &policy.items {
        match &item.node {
            Item::Action(decl) => {
                if let Some(action) = action::lower(decl, &scope, found) {
                    let action = Rc::new(action);
                    scope.declare(&action);
                    own.actions.push(action);
                }
            }
            Item::Patterns(set) => {
                let lowered = pattern::set(set, found);
                if let Some(first) = sets.get(set.name.node.as_str()) {
                    found.push(
                        Finding::new(
                            &codes::DUPLICATE_NAME,
                            set.name.span,
                            format!("two pattern sets are called `{}`", set.name.node),
                        )
                        .other(*first, "the first one")
                        .help("join the two, or rename one of them"),
                    );
                } else {
                    sets.insert(&set.name.node, set.name.span);
                    scope.sets.insert(set.name.node.clone());
                    own.patterns.push(lowered);
                }
            }
            Item::Intent(intent) => {
                if let Some(intent) = pattern::intent(intent, found) {
                    scope.intents.insert(intent.category);
                    match own
                        .intents
                        .iter_mut()
                        .find(|known| known.category == intent.category)
                    {
                        Some(known) => known.signals.extend(intent.signals),
                        None => own.intents.push(intent),
                    }
                }
            }
            Item::Default(default) => own.default = Some(default.clone()),
            Item::Combine(word) => combine = word.node,
            Item::Mode(mode) => own.mode = mode.node,
            Item::Normalize(word) if word.node == "strict" => own.normalize = true,
            Item::Normalize(word) => found.push({
                let finding = Finding::new(
                    &codes::UNKNOWN_WORD,
                    word.span,
                    format!("`normalize` is not done `{}`", word.node),
                );
                match nearest(&word.node, ["strict"]) {
                    Some(near) => finding.meant(near),
                    None => finding.help("the one way is `normalize strict;`"),
                }
            }),
            Item::Limits(entries) => limits::lower(entries, &mut own.limits, found),
            Item::Trust(statement) => {
                own.trust = Some(trust::lower(statement, item.span, own.trust.take(), found));
            }
            Item::Expect(_) | Item::Rule(_) | Item::Rate(_) | Item::About(_) | Item::Extends(_) => {
            }
        }
    }
    let ids = policy.items.iter().filter_map(|item| match &item.node {
        Item::Rule(rule) => rule.id.as_ref(),
        _ => None,
    });
    for name in std::iter::once(&policy.name).chain(ids) {
        if name.node.trim().is_empty() {
            found.push(
                Finding::new(&codes::WRONG_SHAPE, name.span, "this name is empty")
                    .help("decisions name policies and rules by it: write a name"),
            );
        }
    }
    own.expects = expects(policy, found);
    let mut rules = Vec::new();
    let mut ids = rule::Ids::default();
    for item in &policy.items {
        match &item.node {
            Item::Rule(node) => {
                let rule = rule::lower(node, item.span, &scope, &mut ids, found);
                rules.push(rule);
            }
            Item::Rate(rate) => {
                own.rates
                    .extend(rule::rate(rate, item.span, found).map(Rc::new));
            }
            Item::About(_)
            | Item::Extends(_)
            | Item::Default(_)
            | Item::Combine(_)
            | Item::Mode(_)
            | Item::Normalize(_)
            | Item::Limits(_)
            | Item::Action(_)
            | Item::Patterns(_)
            | Item::Intent(_)
            | Item::Trust(_)
            | Item::Expect(_) => {}
        }
    }
    duplicate_ids(&rules, policy, found);
    repeated::check(policy, found);
    repeated::empty_texts(policy, found);
    anchored::check(policy, found);
    own.part = Rc::new(ir::Part {
        policy: policy.name.node.clone(),
        span: policy.span,
        extends: super::extends(policy)
            .map(|base| base.node.clone())
            .collect(),
        combine,
        rules,
    });
    own
}

/// Each `expect` with the statement after it; without one, with the policy.
fn expects(policy: &Spanned<ast::Policy>, found: &mut Vec<Finding>) -> Vec<ir::Expect> {
    let mut expects = Vec::new();
    for (at, item) in policy.items.iter().enumerate() {
        let Item::Expect(expect) = &item.node else {
            continue;
        };
        let mut later = policy.items[at..]
            .iter()
            .skip_while(|later| matches!(later.node, Item::Expect(_)));
        let about = match later.next() {
            // Rates that stand together are spoken of together, as in YAML.
            Some(first) if matches!(first.node, Item::Rate(_)) => later
                .take_while(|later| matches!(later.node, Item::Rate(_)))
                .fold(first.span, |all, rate| all.to(rate.span)),
            Some(statement) => statement.span,
            None => policy.span,
        };
        let word = expect.finding.node.as_str();
        match codes::ALL
            .iter()
            .find(|lint| lint.name == word || lint.code == word)
        {
            Some(lint) => expects.push(ir::Expect {
                lint,
                about,
                span: item.span,
            }),
            None => found.push({
                let finding = Finding::new(
                    &codes::UNKNOWN_FINDING,
                    expect.finding.span,
                    format!("no finding is called `{word}`"),
                );
                match nearest(word, codes::ALL.iter().map(|lint| lint.name)) {
                    Some(near) => finding.meant(near),
                    None => finding.help("`agentos explain --list` shows them all"),
                }
            }),
        }
    }
    expects
}

fn duplicate_ids(rules: &[ir::Rule], policy: &ast::Policy, found: &mut Vec<Finding>) {
    // The place to change is the id as written; a made id never meets another made one.
    let written: HashMap<Span, Span> = policy
        .items
        .iter()
        .filter_map(|item| match &item.node {
            Item::Rule(rule) => rule.id.as_ref().map(|id| (item.span, id.span)),
            _ => None,
        })
        .collect();
    let place = |rule: &ir::Rule| written.get(&rule.span).copied().unwrap_or(rule.span);
    let mut first: HashMap<&str, &ir::Rule> = HashMap::new();
    for rule in rules {
        if let Some(earlier) = first.get(rule.id.as_str()) {
            found.push(
                Finding::new(
                    &codes::DUPLICATE_RULE_ID,
                    place(rule),
                    format!("two rules have the id `{}`", rule.id),
                )
                .other(place(earlier), "the first one")
                .help("give one of them another id; decisions name rules by it"),
            );
        } else {
            first.insert(&rule.id, rule);
        }
    }
}
