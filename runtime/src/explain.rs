//! A request in, every rule that speaks of it with each of its clauses out.

use std::fmt;

use crate::{
    Disguises, Doubt, Effect, Engine,
    condition::{Look, Test},
    matches,
    prepared::Sees,
    request::Request,
};

/// A rule that fires or is in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoke<'e> {
    /// The policy it is in.
    pub policy: &'e str,
    /// Its id.
    pub rule: &'e str,
    /// Its effect.
    pub effect: Effect,
    /// Where it was written: `file:line:column`.
    pub at: String,
    /// True, or in doubt because of this. An `allow` in doubt permits nothing.
    pub outcome: Result<(), Doubt>,
    /// Its tests, as they stand in its condition.
    pub clauses: Vec<SpokenClause<'e>>,
}

/// A test of a rule that spoke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpokenClause<'e> {
    /// Its number in its rule.
    pub number: u16,
    /// The test as its author would write it: `amount > 1000`.
    pub words: &'e str,
    /// The field it looks at.
    pub field: &'e str,
    /// True, false, or in doubt because of this.
    pub outcome: Result<bool, Doubt>,
    /// The disguises that what it found was seen through, where there was one.
    pub view: Option<Disguises>,
}

impl Engine {
    /// Every rule that fires or is in doubt for a request, in the order in
    /// which they are considered, with each of its clauses. A policy whose
    /// declarations the request breaks has none: it denies.
    pub fn explain(&self, request: &Request<'_>) -> Vec<Spoke<'_>> {
        let mut spoken = Vec::new();
        self.look(request, |policy, look| {
            let Some(mut look) = look else {
                return;
            };
            let rules = policy.parts.iter().flat_map(|part| &part.rules);
            for rule in rules.filter(|rule| rule.applies(request)) {
                look.through = false;
                let outcome = rule.when.as_ref().map_or(Ok(true), |when| {
                    let outcome = look.settle(when).outcome;
                    if outcome == Ok(false) && look.has_views(rule.sees) {
                        look.through = true;
                        return look.settle(when).outcome;
                    }
                    outcome
                });
                let outcome = match outcome {
                    Ok(false) => continue,
                    Ok(true) => Ok(()),
                    Err(doubt) => Err(doubt),
                };
                let clauses = rule.tests().into_iter().zip(&rule.about.clauses);
                let clauses = clauses.map(|(test, clause)| SpokenClause {
                    number: clause.number,
                    words: &clause.words,
                    field: &clause.field,
                    outcome: look.test(test),
                    view: disguises(&mut look, test, rule.sees),
                });
                spoken.push(Spoke {
                    policy: &policy.name,
                    rule: &rule.about.id,
                    effect: rule.effect,
                    at: self.spell(rule.about.at),
                    outcome,
                    clauses: clauses.collect(),
                });
            }
        });
        spoken
    }
}

/// The disguises that what a test found was seen through.
fn disguises(look: &mut Look<'_, '_>, test: &Test, sees: Sees) -> Option<Disguises> {
    if !look.through || test.negated {
        return None;
    }
    let mut matches = Vec::new();
    matches::of_test(look, test, sees, &mut matches);
    let views = matches.into_iter().filter_map(|found| found.view);
    views.reduce(Disguises::and)
}

impl fmt::Display for SpokenClause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Ok(outcome) => {
                write!(f, "{}: {outcome}", self.words)?;
                match self.view {
                    Some(view) => write!(f, ", seen through {view}"),
                    None => Ok(()),
                }
            }
            Err(doubt) => write!(f, "{}: in doubt, as {} {doubt}", self.words, self.field),
        }
    }
}
