//! Policies and a request in, the strictest answer out.
//!
//! A rule whose condition is true gives its effect as an answer. A rule whose
//! condition is in doubt only adds to the answer: it makes it at least as
//! strict as its effect, and does not stand in for a default or a rule further
//! down. So what spoils a field can make an answer stricter, never milder.

use crate::{
    Effect,
    condition::{Buffers, Look, Settled},
    decision::{Cause, Decision},
    prepared::{Part, Policy, Rule},
    request::Request,
    shape::Shape,
    table::{Combine, DefaultAnswer, Stage},
};

/// Answers for policies one after the other, remembering the strictest.
pub(crate) struct Deciding<'e, 'r> {
    request: &'r Request<'r>,
    buffers: &'r mut Buffers,
    /// The strictest answer so far; the first of equals.
    answer: Option<Decision<'e>>,
    /// Whether a rule that is true, or a default, was among them.
    answered: bool,
}

impl<'e, 'r> Deciding<'e, 'r> {
    pub(crate) fn new(request: &'r Request<'r>, buffers: &'r mut Buffers) -> Deciding<'e, 'r> {
        buffers.text.clear();
        Deciding {
            request,
            buffers,
            answer: None,
            answered: false,
        }
    }

    /// The answer of all policies that were asked.
    pub(crate) fn finish(self) -> Decision<'e> {
        let abstained = Decision::refused(Cause::AllAbstain);
        match self.answer {
            Some(answer) if self.answered || answer.effect == Effect::Deny => answer,
            Some(_) | None => abstained,
        }
    }

    /// Asks a policy; `true` where nothing can change the answer any more.
    pub(crate) fn ask(&mut self, policy: &'e Policy) -> bool {
        let shape = policy.shape(self.request);
        if let Some(shape) = shape
            && let Some((param, problem)) = shape.mismatch(self.request)
        {
            self.add(Decision {
                effect: Effect::Deny,
                policy: Some(policy),
                rule: None,
                clause: None,
                cause: Cause::WrongShape { param, problem },
            });
            self.answered = true;
            return true;
        }
        self.buffers.scan.clear();
        let mut answered = false;
        for part in &policy.parts {
            answered |= self.ask_part(policy, part, shape);
            if self.is_denied() {
                return true;
            }
        }
        if !answered {
            let effect = match policy.default {
                DefaultAnswer::Allow => Some(Effect::Allow),
                DefaultAnswer::Deny => Some(Effect::Deny),
                DefaultAnswer::Abstain => None,
            };
            if let Some(effect) = effect {
                self.add(Decision {
                    effect,
                    policy: Some(policy),
                    rule: None,
                    clause: None,
                    cause: Cause::Default,
                });
                answered = true;
            }
        }
        self.answered |= answered;
        self.is_denied()
    }

    /// Whether a rule of the part is true.
    fn ask_part(&mut self, policy: &'e Policy, part: &'e Part, shape: Option<&'e Shape>) -> bool {
        let mut answered = false;
        for rule in &part.rules {
            if rule.applies(self.request) && self.ask_rule(policy, rule, shape) {
                answered = true;
                if part.combine == Combine::Priority {
                    break;
                }
            }
        }
        answered
    }

    /// Whether a rule is true; adds its effect if it is, or if it is in doubt
    /// and its effect is one that doubt calls for.
    fn ask_rule(&mut self, policy: &'e Policy, rule: &'e Rule, shape: Option<&'e Shape>) -> bool {
        let settled = match &rule.when {
            None => Settled {
                outcome: Ok(true),
                clause: None,
            },
            Some(when) => Look {
                policy,
                request: self.request,
                shape,
                buffers: self.buffers,
            }
            .settle(when),
        };
        let cause = match settled.outcome {
            Ok(true) => Cause::Rule,
            Err(_) if rule.effect != Effect::Allow => Cause::Doubt,
            Ok(false) | Err(_) => return false,
        };
        self.add(Decision {
            effect: rule.effect,
            policy: Some(policy),
            rule: Some(rule),
            clause: settled.clause,
            cause,
        });
        cause == Cause::Rule
    }

    fn add(&mut self, answer: Decision<'e>) {
        if self
            .answer
            .is_none_or(|strictest| strictest.effect < answer.effect)
        {
            self.answer = Some(answer);
        }
    }

    fn is_denied(&self) -> bool {
        self.answer
            .is_some_and(|answer| answer.effect == Effect::Deny)
    }
}

impl Policy {
    /// The declaration of the action, where the request is a call of it.
    pub(crate) fn shape(&self, request: &Request<'_>) -> Option<&Shape> {
        if request.stage != Stage::Call {
            return None;
        }
        self.shapes
            .iter()
            .find(|(name, _)| **name == *request.action)
            .map(|(_, shape)| shape)
    }
}
