//! A request in, which patterns of the policies that judge it are there out.
//!
//! Deciding stops where the answer is settled; this goes on, so that whoever
//! tests a policy learns of every pattern that a request reaches.

use crate::{
    Engine,
    condition::{Buffers, Check, Field, Look, Test},
    prepared::Sees,
    request::Request,
    value::Value,
};

/// The patterns of a policy that are there in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'e> {
    /// The policy.
    pub policy: &'e str,
    /// Their positions among all its patterns, rising: those of its sets in
    /// order, then those of its intents' signals.
    pub patterns: Vec<u32>,
}

impl Engine {
    /// The patterns that are there in a request, for each policy that judges
    /// it: those that a rule about its action looks for, where that rule looks,
    /// and signals. A policy whose declarations the request breaks has none.
    pub fn found(&self, request: &Request<'_>) -> Vec<Found<'_>> {
        let mut all = Vec::new();
        self.look(request, |policy, look| {
            let mut patterns = Vec::new();
            if let Some(mut look) = look {
                look.found(&mut patterns);
            }
            patterns.sort_unstable();
            patterns.dedup();
            all.push(Found {
                policy: &policy.name,
                patterns,
            });
        });
        all
    }
}

impl Look<'_, '_> {
    fn found(&mut self, patterns: &mut Vec<u32>) {
        let policy = self.policy;
        let rules = policy.parts.iter().flat_map(|part| &part.rules);
        for rule in rules.filter(|rule| rule.applies(self.request)) {
            for test in rule.tests() {
                let sees = rule.sees != Sees::Nothing && test.sees() != Sees::Nothing;
                self.found_by(test, sees, patterns);
            }
        }
        let signals = policy.intents.iter().flat_map(|intent| &intent.signals);
        if !policy.intents.is_empty() && self.scan() {
            self.scan_views();
            let found = signals.map(|signal| signal.pattern);
            patterns.extend(found.filter(|&id| self.buffers.has(id)));
        }
    }

    fn found_by(&mut self, test: &Test, sees: bool, patterns: &mut Vec<u32>) {
        match &test.check {
            Check::Found(ids) if self.scan() => {
                if sees {
                    self.scan_views();
                }
                let Buffers {
                    scan, second_scan, ..
                } = &*self.buffers;
                let ids = ids.iter().copied();
                patterns.extend(ids.filter(|&id| {
                    scan.has(id) || second_scan.has(id) || (sees && self.buffers.has(id))
                }));
            }
            Check::Matches(ids) => match test.field {
                Field::Action => self.found_in(ids, &self.request.action, sees, patterns),
                Field::Agent => self.found_in(ids, &self.request.agent, sees, patterns),
                // Patterns of the canonical text are found by the scanner.
                Field::Text => {}
                Field::At(path) => match self.value(path) {
                    Ok(Some(Value::String(text))) => self.found_in(ids, text, sees, patterns),
                    Ok(Some(Value::List(values))) => {
                        for value in values {
                            if let Value::String(text) = value {
                                self.found_in(ids, text, sees, patterns);
                            }
                        }
                    }
                    Ok(_) | Err(_) => {}
                },
            },
            _ => {}
        }
    }

    /// Looks for patterns in a field by itself.
    fn found_in(&mut self, ids: &[u32], text: &str, sees: bool, patterns: &mut Vec<u32>) {
        let all = &self.policy.patterns;
        let Buffers {
            searching,
            field_views,
            ..
        } = &mut *self.buffers;
        let mut search = |text: &str| {
            let scan = all.scan_field(text, searching);
            patterns.extend(ids.iter().copied().filter(|&id| scan.has(id)));
        };
        search(text);
        if sees && let Ok(views) = field_views.of(text) {
            for view in views.all() {
                search(view.text.whole());
            }
        }
    }
}
