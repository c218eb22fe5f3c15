//! Lowers syntax trees to IR: names become what they stand for, defaults
//! become explicit, fields get types.
//!
//! After this pass no rule refers to anything that does not exist. Every
//! unknown name is reported, not only the first; what is sound goes on, so
//! that later checks see it. A policy that extends others gets their parts in
//! front of its own, and its sets, intents, actions and limits joined with
//! theirs.

mod action;
mod anchored;
mod condition;
mod limits;
mod own;
mod pattern;
mod repeated;
mod rule;
mod scope;
mod trust;

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use agentos_grammar::{Spanned, ast};

use crate::{
    finding::{Finding, codes},
    ir,
    nearest::nearest,
    shipped,
};

use own::Own;
use scope::Scope;

pub use action::is_enforced;

/// Policies and what was found while lowering them.
pub fn lower(files: &[ast::File]) -> (ir::Program, Vec<Finding>) {
    let mut cx = Cx::default();
    for policy in files.iter().flat_map(|file| &file.policies) {
        cx.add(policy);
    }
    let given: Vec<String> = cx
        .given
        .iter()
        .map(|policy| policy.name.node.clone())
        .collect();
    for name in &given {
        cx.extended(name, &mut Vec::new());
    }
    let mut program = ir::Program::default();
    for policy in std::mem::take(&mut cx.given) {
        let base = cx.bases.contains(&policy.name.node);
        program.policies.push(cx.join(policy, base));
    }
    (program, cx.found)
}

/// How many policies may extend each other in a row.
pub const MAX_EXTENDS_DEPTH: usize = 64;

/// The categories by the names policies call them.
pub const CATEGORIES: [(&str, agentos_runtime::table::Category); 9] = {
    use agentos_runtime::table::Category as C;
    [
        ("destructive_data", C::DestructiveData),
        ("data_exfiltration", C::DataExfiltration),
        ("privilege_escalation", C::PrivilegeEscalation),
        ("system_modification", C::SystemModification),
        ("code_execution", C::CodeExecution),
        ("network_access", C::NetworkAccess),
        ("data_read", C::DataRead),
        ("data_write", C::DataWrite),
        ("benign", C::Benign),
    ]
};

/// What each limit is called for short, and by the reference.
pub fn limit_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    limits::names()
}

#[derive(Default)]
struct Cx<'a> {
    /// The policies of the given files, in order, one a name.
    given: Vec<&'a Spanned<ast::Policy>>,
    /// All policies by name, shipped ones once somebody extends them.
    by_name: HashMap<String, &'a Spanned<ast::Policy>>,
    /// What each policy says itself, and the names it extends, nearest last.
    lowered: HashMap<String, Rc<Lowered>>,
    /// Policies that another one extends.
    bases: std::collections::HashSet<String>,
    found: Vec<Finding>,
}

/// A policy's own statements, and all policies it builds on, each once, those
/// that others build on first.
struct Lowered {
    own: Own,
    ancestors: Vec<Rc<Lowered>>,
}

impl<'a> Cx<'a> {
    fn add(&mut self, policy: &'a Spanned<ast::Policy>) {
        if let Some(first) = self.by_name.get(&policy.name.node) {
            self.found.push(
                Finding::new(
                    &codes::DUPLICATE_POLICY,
                    policy.name.span,
                    format!("policy `{}` is defined twice", policy.name.node),
                )
                .other(first.name.span, "first defined here")
                .help("rename one of them, or join the two"),
            );
            return;
        }
        self.shadowed(policy);
        self.by_name.insert(policy.name.node.clone(), policy);
        self.given.push(policy);
    }

    /// Who reads `extends baseline` thinks of the shipped one.
    fn shadowed(&mut self, policy: &Spanned<ast::Policy>) {
        let name = &policy.name.node;
        // The shipped policy itself, given as a file, hides nothing.
        let Some(shipped) = shipped::policy(name).filter(|shipped| **shipped != *policy) else {
            return;
        };
        self.found.push(
            Finding::new(
                &codes::SHADOWED_POLICY,
                policy.name.span,
                format!("this policy takes the name of the shipped policy `{name}`"),
            )
            .other(
                shipped.name.span,
                "the shipped one, which nothing reaches now",
            )
            .help_in(
                format!(
                    "give it a name of its own; `extends {name};` then builds on the shipped one"
                ),
                format!(
                    "give it a name of its own; `extends: {name}` then builds on the shipped one"
                ),
            ),
        );
    }

    /// Lowers the policy of this name after everything it extends.
    fn extended(&mut self, name: &str, path: &mut Vec<String>) -> Option<Rc<Lowered>> {
        if let Some(done) = self.lowered.get(name) {
            return Some(Rc::clone(done));
        }
        let policy = *self.by_name.get(name)?;
        path.push(name.to_owned());
        let mut ancestors: Vec<Rc<Lowered>> = Vec::new();
        let mut add = |lowered: Rc<Lowered>| {
            if !ancestors.iter().any(|known| Rc::ptr_eq(known, &lowered)) {
                ancestors.push(lowered);
            }
        };
        for base in extends(policy) {
            if let Some(lowered) = self.base(base, path) {
                for ancestor in &lowered.ancestors {
                    add(Rc::clone(ancestor));
                }
                add(lowered);
            }
        }
        path.pop();
        let scope = Scope::new(ancestors.iter().map(|ancestor| &ancestor.own));
        let own = own::lower(policy, scope, &mut self.found);
        let lowered = Rc::new(Lowered { own, ancestors });
        self.lowered.insert(name.to_owned(), Rc::clone(&lowered));
        Some(lowered)
    }

    fn base(&mut self, base: &Spanned<String>, path: &mut Vec<String>) -> Option<Rc<Lowered>> {
        if path.contains(&base.node) {
            let circle = path.iter().skip_while(|name| **name != base.node);
            let circle: Vec<String> = circle
                .chain([&base.node])
                .map(|name| format!("`{name}`"))
                .collect();
            self.found.push(
                Finding::new(
                    &codes::EXTENDS_CYCLE,
                    base.span,
                    format!(
                        "policies extend each other in a circle: {}",
                        circle.join(" extends ")
                    ),
                )
                .help("take one of these names out")
                .without_entry(),
            );
            return None;
        }
        if path.len() >= MAX_EXTENDS_DEPTH {
            self.found.push(
                Finding::new(
                    &codes::TOO_LARGE,
                    base.span,
                    format!(
                        "policies extend each other deeper than `MAX_EXTENDS_DEPTH` ({MAX_EXTENDS_DEPTH})"
                    ),
                )
                .help("extend the policies that are needed directly"),
            );
            return None;
        }
        if !self.by_name.contains_key(&base.node) {
            if let Some(policy) = shipped::policy(&base.node) {
                self.by_name.insert(base.node.clone(), policy);
            } else {
                self.unknown_policy(base, path);
                return None;
            }
        }
        self.bases.insert(base.node.clone());
        self.extended(&base.node, path)
    }

    /// Whoever is on the `path` cannot have been meant.
    fn unknown_policy(&mut self, base: &Spanned<String>, path: &[String]) {
        let names = self.by_name.keys().filter(|name| !path.contains(name));
        let mut known: Vec<&str> = names.map(String::as_str).collect();
        known.extend_from_slice(shipped::names());
        let finding = Finding::new(
            &codes::UNKNOWN_POLICY,
            base.span,
            format!("no policy is called `{}`", base.node),
        )
        .note("`extends` looks in the same file, in the files given with it, and among the shipped policies");
        self.found.push(match nearest(&base.node, known) {
            Some(near) => finding.meant(near),
            None => finding.help(format!("shipped policies: {}", shipped::names().join(", "))),
        });
    }

    /// The policy with everything it inherited.
    fn join(&self, policy: &ast::Policy, base: bool) -> ir::Policy {
        let lowered = self
            .lowered
            .get(&policy.name.node)
            .expect("every given policy was lowered before any was joined");
        let own = &lowered.own;
        let all = || {
            lowered
                .ancestors
                .iter()
                .map(|ancestor| &ancestor.own)
                .chain([own])
        };
        let mut patterns: Vec<ir::PatternSet> = Vec::new();
        let mut intents: BTreeMap<_, ir::Intent> = BTreeMap::new();
        let mut limits = ir::Limits::default();
        let mut trust: Option<ir::Trust> = None;
        for part in all() {
            for set in &part.patterns {
                match patterns.iter_mut().find(|known| known.name == set.name) {
                    Some(known) => known.patterns.extend(set.patterns.iter().cloned()),
                    None => patterns.push(set.clone()),
                }
            }
            for intent in &part.intents {
                intents
                    .entry(intent.category)
                    .or_insert_with(|| ir::Intent {
                        category: intent.category,
                        signals: Vec::new(),
                    })
                    .signals
                    .extend(intent.signals.iter().cloned());
            }
            limits::tighten(&mut limits, &part.limits);
            if let Some(more) = &part.trust {
                trust = Some(trust::join(trust, more));
            }
        }
        ir::Policy {
            name: policy.name.clone(),
            version: own.version.clone(),
            span: own.span,
            base,
            default: own
                .default
                .as_ref()
                .map_or(ast::DefaultAnswer::Deny, |d| d.answer.node),
            default_span: own.default.as_ref().map(|d| d.answer.span),
            default_because: own
                .default
                .as_ref()
                .and_then(|d| d.because.as_ref())
                .map(|because| because.node.clone()),
            mode: own.mode,
            normalize: all().any(|part| part.normalize),
            parts: all().map(|part| Rc::clone(&part.part)).collect(),
            actions: all()
                .flat_map(|part| part.actions.iter().cloned())
                .collect(),
            patterns,
            intents: intents.into_values().collect(),
            limits,
            rates: all().flat_map(|part| part.rates.iter().cloned()).collect(),
            trust,
            expects: own.expects.clone(),
        }
    }
}

fn extends(policy: &ast::Policy) -> impl Iterator<Item = &Spanned<String>> {
    policy.items.iter().flat_map(|item| match &item.node {
        ast::Item::Extends(names) => names.as_slice(),
        _ => &[],
    })
}
