//! Rules of one written priority that say opposite things of one request: the order
//! in which they stand decides.

use agentos_runtime::{Effect, Request};

use crate::{
    finding::{Finding, codes},
    prove::search::Found,
};

use super::{Checking, Subject};

impl<'t> Checking<'_, 't> {
    pub(super) fn check_priorities(
        &mut self,
        subjects: &[Subject<'_, 't>],
        found: &mut Vec<Finding>,
    ) {
        for (at, &first) in subjects.iter().enumerate() {
            let opposed = subjects.iter().skip(at + 1).copied();
            let mut opposed = opposed.filter(|&second| are_opposed(first, second));
            let both = opposed.find_map(|second| Some((second, self.both(first, second)?)));
            let Some((second, request)) = both else {
                continue;
            };
            let message = format!(
                "this {} and this {} have one priority, and one request meets both",
                first.rule.effect, second.rule.effect
            );
            found.push(
                Finding::new(&codes::CONTRADICTION, second.ir.effect.span, message)
                    .other(first.ir.effect.span, "stands first, and decides")
                    .note(format!("for example: {}", self.json(&request)))
                    .help("give the one that is to win a larger priority"),
            );
        }
    }

    /// A request of which the first of two rules decides and the other one holds too.
    fn both(
        &mut self,
        first: Subject<'_, 't>,
        second: Subject<'_, 't>,
    ) -> Option<Box<Request<'static>>> {
        let fire = [self.fires(first.rule), self.fires(second.rule)];
        let names = self.names.all.clone();
        names.iter().find_map(|name| {
            let case = self.case(name);
            let answers = case.rules.get(&first.at)?.answers;
            let holds = case.rules.get(&second.at)?.holds;
            let both = |request: &Request<'_>| fire.iter().all(|fires| fires(request));
            match case.meaning.find(&[answers, holds], both) {
                Found::Request(request) => Some(request),
                Found::Nothing | Found::NotDecided => None,
            }
        })
    }
}

/// Whether two rules have one written priority, and one allows what the other denies.
fn are_opposed(first: Subject<'_, '_>, second: Subject<'_, '_>) -> bool {
    let written = |subject: Subject<'_, '_>| {
        let priority = subject.ir.priority.as_ref();
        priority.map(|priority| priority.node)
    };
    let effects = [first.rule.effect, second.rule.effect];
    let are_opposite =
        [[Effect::Allow, Effect::Deny], [Effect::Deny, Effect::Allow]].contains(&effects);
    are_opposite && written(first).is_some() && written(first) == written(second)
}
