//! A rule in, a request that it decides out.

use agentos_runtime::{Engine, Request, table::Effect};

use crate::{plan::Plan, prove::search::Found};

use super::{Anywhere, Checking, Subject, asked};

/// What was found out about when a rule decides.
pub(crate) enum Witness {
    /// It decides this request, given as `agentos eval` reads it.
    Decides(String),
    /// It holds of this request and has a part in the answer, which is this one.
    HasAPart(String, Effect),
    /// There is no request that it decides.
    Never,
    /// That was not decided within the checker's bounds.
    NotDecided,
}

/// A request that the rule decides which stands there among the own rules of a policy.
pub(crate) fn witness(plan: &Plan, policy_at: usize, rule_at: usize) -> Witness {
    let table = plan.table();
    let (Ok(engine), Some(policy)) = (Engine::new(&table), table.policies.get(policy_at)) else {
        return Witness::NotDecided;
    };
    let at = (policy.parts.len().saturating_sub(1), rule_at);
    let part = policy.parts.get(at.0);
    let Some(rule) = part.and_then(|part| part.rules.get(rule_at)) else {
        return Witness::NotDecided;
    };
    let place = (policy_at, policy, rule.stage);
    let mut checking = Checking::new(plan.program(), &table, &engine, place);
    let Some(ir) = checking.ir_rule(policy_at, at) else {
        return Witness::NotDecided;
    };
    checking.witness(Subject { at, rule, ir })
}

impl<'t> Checking<'_, 't> {
    fn witness(&mut self, subject: Subject<'_, 't>) -> Witness {
        let (engine, policy) = (self.engine, self.policy);
        let id = subject.rule.id;
        let decides = |request: &Request<'_>| {
            let request = asked(policy, request);
            let decision = engine.decide(&request);
            decision.rule() == Some(id) && decision.policy() == Some(policy.name)
        };
        let words: Vec<_> = subject.rule.actions.iter().collect();
        let actions: Vec<_> = words.iter().map(|word| self.actions(word)).collect();
        // A request that is made for it alone mostly does.
        for name in actions.iter().flat_map(|actions| &actions.names) {
            let Found::Request(request) = self.find_alone(subject, name, None, |_| true) else {
                continue;
            };
            let filled = [false, true].map(|high| self.fields.filled(&request, subject.rule, high));
            let mut requests = std::iter::once(&*request).chain(&filled);
            if let Some(request) = requests.find(|request| decides(request)) {
                return Witness::Decides(self.json(request));
            }
        }
        let mut is_decided = true;
        for actions in &actions {
            for name in &actions.names {
                let case = self.case(name);
                let Some(&of_rule) = case.rules.get(&subject.at) else {
                    continue;
                };
                let wanted = [of_rule.holds, of_rule.matters];
                if let Found::Request(request) = case.meaning.find(&wanted, decides) {
                    return Witness::Decides(self.json(&request));
                }
            }
            let wanted = |rule: super::OfRule| vec![rule.holds, rule.matters];
            match self.anywhere(actions, subject.at, None, wanted) {
                Anywhere::Request(request) => {
                    let answer = engine.decide(&asked(policy, &request)).effect();
                    return Witness::HasAPart(self.json(&request), answer);
                }
                Anywhere::Nowhere => {}
                Anywhere::NotDecided => is_decided = false,
            }
        }
        if is_decided {
            Witness::Never
        } else {
            Witness::NotDecided
        }
    }
}
