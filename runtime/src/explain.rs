//! A request in, every rule that speaks of it with each of its clauses out.

use std::fmt;

use crate::{
    Doubt, Effect, Engine, condition::Look, engine::with_buffers, report::tests, request::Request,
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
}

impl Engine {
    /// Every rule that fires or is in doubt for a request, in the order in
    /// which they are considered, with each of its clauses. A policy whose
    /// declarations the request breaks has none: it denies.
    pub fn explain(&self, request: &Request<'_>) -> Vec<Spoke<'_>> {
        with_buffers(|buffers| {
            buffers.new_request();
            let mut spoken = Vec::new();
            for policy in self.applying(request) {
                buffers.new_policy();
                let shape = policy.shape(request);
                if shape.is_some_and(|shape| shape.mismatch(request).is_some()) {
                    continue;
                }
                let mut look = Look {
                    policy,
                    request,
                    shape,
                    buffers,
                };
                let rules = policy.parts.iter().flat_map(|part| &part.rules);
                for rule in rules.filter(|rule| rule.applies(request)) {
                    let outcome = rule
                        .when
                        .as_ref()
                        .map_or(Ok(true), |when| look.settle(when).outcome);
                    let outcome = match outcome {
                        Ok(false) => continue,
                        Ok(true) => Ok(()),
                        Err(doubt) => Err(doubt),
                    };
                    let clauses =
                        tests(rule)
                            .into_iter()
                            .zip(&rule.about.clauses)
                            .map(|(test, clause)| SpokenClause {
                                number: clause.number,
                                words: &clause.words,
                                field: &clause.field,
                                outcome: look.test(test),
                            });
                    spoken.push(Spoke {
                        policy: &policy.name,
                        rule: &rule.about.id,
                        effect: rule.effect,
                        at: self.spelled(rule.about.at),
                        outcome,
                        clauses: clauses.collect(),
                    });
                }
            }
            spoken
        })
    }
}

impl fmt::Display for SpokenClause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Ok(outcome) => write!(f, "{}: {outcome}", self.words),
            Err(doubt) => write!(f, "{}: in doubt, as {} {doubt}", self.words, self.field),
        }
    }
}
