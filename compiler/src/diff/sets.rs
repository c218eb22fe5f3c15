//! Two tables at a stage in; which of their policies are compared with which.
//!
//! All of them together are compared, and where there are several, each with the
//! one of its name. What a policy says alone is told apart by its own rules, which
//! are few; so where it was not decided what all of them answer together, it is
//! known at least how each of them may change that.

use std::collections::BTreeSet;

use agentos_runtime::{
    Engine,
    table::{DefaultAnswer, Policy, Stage, Table},
};

use super::{
    Side,
    answers::{Comparing, Found, Scope},
    settings::Pairs,
};
use crate::prove::{about::About, meaning::Asked};

/// The policies of a table with which of their rules are about what at a stage.
pub(super) fn about<'t>(table: &'t Table<'t>, stage: Stage) -> Vec<About<'t>> {
    let policies = table.policies.iter();
    policies.map(|policy| About::new(policy, stage)).collect()
}

/// The policies of two tables at a stage.
pub(super) struct Sets<'c, 't> {
    engines: &'c [Engine; 2],
    pairs: &'c Pairs<'c, 't>,
    stage: Stage,
    /// All of both.
    policies: [Vec<Asked<'c, 't>>; 2],
}

impl<'c, 't> Sets<'c, 't> {
    pub(super) fn new(
        tables: [&'c Table<'t>; 2],
        about: &'c [Vec<About<'t>>; 2],
        engines: &'c [Engine; 2],
        pairs: &'c Pairs<'c, 't>,
        stage: Stage,
    ) -> Sets<'c, 't> {
        let [old, new] = [0, 1].map(|side: usize| {
            let policies = tables[side].policies.iter();
            policies.zip(&about[side]).collect()
        });
        Sets {
            engines,
            pairs,
            stage,
            policies: [old, new],
        }
    }

    /// Finds what is answered otherwise.
    pub(super) fn compare(&self, found: &mut Found<'c>) {
        let together = self.of(|policy| !policy.base, None);
        // Naming the only one is naming none.
        if self.policies.iter().all(|policies| policies.len() < 2) {
            together.compare(found);
            return;
        }
        // What needs no name is shown without.
        together.compare(found);
        let open_together = std::mem::take(&mut found.open);
        let mut may_change: BTreeSet<Side> = BTreeSet::new();
        for [old, new] in &self.pairs.pairs {
            let is_it =
                |policy: &Policy<'t>| std::ptr::eq(policy, *old) || std::ptr::eq(policy, *new);
            let named = (old.name == new.name).then_some(old.name);
            let pair = self.of(is_it, named);
            if named.is_some() {
                pair.compare(found);
            }
            if !old.base || !new.base {
                may_change.extend(pair.may_change(self.others_answer(is_it)));
            }
        }
        for policy in self.pairs.alone().filter(|policy| !policy.base) {
            let is_it = |other: &Policy<'t>| std::ptr::eq(other, policy);
            let alone = self.of(is_it, None);
            may_change.extend(alone.may_change(self.others_answer(is_it)));
        }
        if !open_together.is_empty() {
            found.may_change.extend(may_change);
            found.open_together.extend(open_together);
        }
    }

    fn of(&self, is_it: impl Fn(&Policy<'t>) -> bool, named: Option<&'c str>) -> Comparing<'c, 't> {
        let policies = self.policies.each_ref().map(|policies| {
            let policies = policies.iter().filter(|(policy, _)| is_it(policy));
            policies.copied().collect()
        });
        Comparing::new(Scope {
            engines: self.engines,
            pairs: self.pairs,
            stage: self.stage,
            named,
            policies,
        })
    }

    /// Whether beside these another one answers every request, before and now.
    fn others_answer(&self, is_it: impl Fn(&Policy<'t>) -> bool) -> bool {
        let answers = |policy: &Policy<'t>| {
            !policy.base && !is_it(policy) && policy.default != DefaultAnswer::Abstain
        };
        let mut both = self.policies.iter();
        both.all(|policies| policies.iter().any(|(policy, _)| answers(policy)))
    }
}
