//! A request that shows a finding, and which rule decides it instead.

use agentos_grammar::Span;
use agentos_runtime::{
    Request, Spoke,
    table::{Policy, Rule},
};

use crate::finding::Finding;

use super::{Checking, Subject};

impl<'c, 't> Checking<'c, 't> {
    /// Whether the engine says that a rule is true of a request.
    pub(super) fn fires(&self, rule: &Rule<'t>) -> impl Fn(&Request<'_>) -> bool + use<'c, 't> {
        let (engine, policy) = (self.engine, self.policy);
        let id = rule.id;
        move |request| {
            let request = asked(policy, request);
            let spoken = engine.explain(&request);
            spoken.iter().any(|spoke| {
                spoke.rule == id && spoke.policy == policy.name && spoke.outcome.is_ok()
            })
        }
    }

    /// The finding with the request that shows it and the rule that decides instead.
    pub(super) fn shown(
        &self,
        finding: Finding,
        subject: Subject<'_, 't>,
        request: &Request<'_>,
    ) -> Finding {
        let asked = asked(self.policy, request);
        let decision = self.engine.decide(&asked);
        let spoken = self.engine.explain(&asked);
        let others = spoken
            .iter()
            .filter(|spoke| (spoke.policy, spoke.rule) != (self.policy.name, subject.rule.id));
        let decides = others
            .clone()
            .find(|spoke| Some(spoke.rule) == decision.rule())
            .or_else(|| others.max_by_key(|spoke| spoke.effect));
        let note = format!(
            "for example, the answer to {} is {}",
            self.json(request),
            decision.effect()
        );
        let finding = finding.note(match decides {
            Some(spoke) => format!("{note}, by `{}` of `{}`", spoke.rule, spoke.policy),
            None => note,
        });
        match decides.and_then(|spoke| self.span_of(spoke)) {
            Some(span) => finding.other(span, "decides instead"),
            None => finding,
        }
    }

    /// Where the rule that spoke was written.
    fn span_of(&self, spoke: &Spoke<'_>) -> Option<Span> {
        let mut policies = self.table.policies.iter().enumerate();
        let (policy, row) = policies.find(|(_, policy)| policy.name == spoke.policy)?;
        let parts = row.parts.iter().enumerate();
        let mut rules = parts.flat_map(|(part_at, part)| {
            let rules = part.rules.iter().enumerate();
            rules.map(move |(at, rule)| ((part_at, at), rule.id))
        });
        let (at, _) = rules.find(|(_, id)| *id == spoke.rule)?;
        self.ir_rule(policy, at).map(|rule| rule.effect.span)
    }

    /// A request as `agentos eval` reads it: where there are several policies it says
    /// which one is asked.
    pub(super) fn json(&self, request: &Request<'_>) -> String {
        if self.table.policies.len() == 1 {
            request.to_json()
        } else {
            asked(self.policy, request).to_json()
        }
    }
}

/// A request to one policy.
pub(super) fn asked<'r>(policy: &'r Policy<'_>, request: &'r Request<'_>) -> Request<'r> {
    Request {
        policies: vec![policy.name.into()],
        ..request.clone()
    }
}
