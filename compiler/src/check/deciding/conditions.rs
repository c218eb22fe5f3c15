//! Parts of a rule's condition that come to the same always, and values in its lists
//! for which it never decides.

use agentos_grammar::Span;
use agentos_runtime::table::{Check, Condition, Rule, Test};

use crate::{
    finding::{Finding, codes},
    ir,
    prove::{atom::Ask, meaning::Part, search::Found},
};

use super::{Actions, Checking, Subject};

/// Lists of more values are not looked at one by one.
const MOST_ENTRIES: usize = 64;

impl<'t> Checking<'_, 't> {
    pub(super) fn check_conditions(
        &mut self,
        subject: Subject<'_, 't>,
        actions: &Actions,
        found: &mut Vec<Finding>,
    ) {
        if !self.asks_for_nothing(subject.rule) {
            self.check_parts(subject, actions, found);
            self.check_entries(subject, actions, found);
        }
    }

    /// Whether a rule asks for an intent that no signal shows, which is a finding of
    /// its own.
    pub(super) fn asks_for_nothing(&self, rule: &Rule<'t>) -> bool {
        let mut tests = rule.when.iter().flat_map(tests_of);
        tests.any(|test| {
            matches!(test.check, Check::Intent(..))
                && Ask::new(self.policy, &test.check) == Ask::Matches(Vec::new())
        })
    }

    /// Parts of a condition that never hold, where one of several has to, or always,
    /// where all have to.
    fn check_parts(
        &mut self,
        subject: Subject<'_, 't>,
        actions: &Actions,
        found: &mut Vec<Finding>,
    ) {
        let tests = subject.ir.when.as_ref().map(ir::Condition::tests);
        let tests = tests.unwrap_or_default();
        let mut told: Vec<u16> = Vec::new();
        for part in self.idle_parts(subject, actions) {
            // What is part of a part that was told is told with it.
            if part.clauses.iter().any(|clause| told.contains(clause)) {
                continue;
            }
            told.extend(&part.clauses);
            let tests = tests.iter();
            let tests = tests.filter(|test| part.clauses.contains(&test.clause));
            let span = tests.map(|test| test.span).reduce(Span::to);
            found.extend(span.map(|span| {
                Finding::new(
                    &codes::IDLE_CONDITION,
                    span,
                    "this part of the condition comes to the same for every request",
                )
                .help("take the part out, or write what was meant")
            }));
        }
    }

    /// Those parts of a rule's condition, outer ones before what is in them.
    fn idle_parts(&mut self, subject: Subject<'_, 't>, actions: &Actions) -> Vec<Part> {
        let (policy, at) = (self.policy, subject.at);
        // By part, as far as no action tells otherwise.
        let mut idle: Option<Vec<Option<Part>>> = None;
        for name in &actions.names {
            let alone = self.alone(name, at);
            let Some(&of_rule) = alone.rules.get(&at) else {
                continue;
            };
            let parts = alone.meaning.parts(policy, subject.rule);
            let known = idle.unwrap_or_else(|| parts.iter().cloned().map(Some).collect());
            let left = known.into_iter().zip(parts).map(|(known, part)| {
                let wanted = if part.is_way { part.holds } else { !part.holds };
                let is_idle = known.is_some()
                    && alone.meaning.find(&[wanted, of_rule.fits], |_| true) == Found::Nothing;
                is_idle.then_some(part)
            });
            let left: Vec<Option<Part>> = left.collect();
            if left.iter().all(Option::is_none) {
                return Vec::new();
            }
            idle = Some(left);
        }
        idle.into_iter().flatten().flatten().collect()
    }

    /// Values in the lists of a rule's tests for which it never decides.
    fn check_entries(
        &mut self,
        subject: Subject<'_, 't>,
        actions: &Actions,
        found: &mut Vec<Finding>,
    ) {
        let Subject { rule, ir, .. } = subject;
        let ir_tests = ir.when.as_ref().map(ir::Condition::tests);
        let tests = rule.when.iter().flat_map(tests_of);
        for (test, ir_test) in tests.zip(ir_tests.into_iter().flatten()) {
            let Check::OneOf(values) = &test.check else {
                continue;
            };
            if test.negated || !(2..=MOST_ENTRIES).contains(&values.len()) {
                continue;
            }
            for value in values.iter() {
                let entry = Some((test, value));
                if !self.decides_alone(subject, actions, entry)
                    && let Some(request) = self.is_idle(subject, actions, entry)
                {
                    let message = format!(
                        "with {value} this {} never decides: another rule always does",
                        rule.effect
                    );
                    let finding = Finding::new(&codes::SHADOWED_RULE, ir_test.span, message)
                        .help("take it out of the list, or narrow what stands in its way");
                    found.push(self.shown(finding, subject, &request));
                }
            }
        }
    }
}

/// The tests of a condition, as they stand in it.
fn tests_of<'p, 't>(condition: &'p Condition<'t>) -> Vec<&'p Test<'t>> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().flat_map(tests_of).collect(),
        Condition::Test(test) => vec![test],
    }
}
