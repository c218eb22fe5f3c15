//! Policies and a request in, the strictest answer out.
//!
//! A rule whose condition is true gives its effect as an answer. A rule whose
//! condition is in doubt only adds to the answer: it makes it at least as
//! strict as its effect, and does not stand in for a default or a rule further
//! down. So what spoils a field can make an answer stricter, never milder. The
//! same goes for a condition that is true only of what is behind a disguise.

use crate::{
    Effect,
    condition::{Buffers, Look, Settled},
    decision::{Cause, Decision},
    index::{self, Exact, Rules},
    prepared::{Part, Policy, Rule},
    request::Request,
    shape::Shape,
    table::{Combine, DefaultAnswer},
};

/// Answers for policies one after the other, remembering the strictest.
pub(crate) struct Deciding<'e, 'r> {
    request: &'r Request<'r>,
    /// That of the action's name.
    hash: u64,
    buffers: &'r mut Buffers,
    /// The strictest answer so far; the first of equals.
    answer: Option<Decision<'e>>,
    /// Whether a rule that is true, or a default, was among them.
    answered: bool,
}

/// A policy that is being asked.
struct Asked<'e> {
    policy: &'e Policy,
    shape: Option<&'e Shape>,
    /// Whether one of its rules is true.
    answered: bool,
}

impl<'e, 'r> Deciding<'e, 'r> {
    pub(crate) fn new(request: &'r Request<'r>, buffers: &'r mut Buffers) -> Deciding<'e, 'r> {
        buffers.new_request();
        Deciding {
            request,
            hash: index::hash_of(&request.action),
            buffers,
            answer: None,
            answered: false,
        }
    }

    /// The answer of all policies that were asked.
    pub(crate) fn finish(self) -> Decision<'e> {
        match self.answer {
            Some(answer) if self.answered || answer.effect == Effect::Deny => answer,
            // What is in doubt answers nothing, but it says what was the matter.
            Some(doubtful) => Decision {
                effect: Effect::Deny,
                cause: Cause::AllAbstain,
                ..doubtful
            },
            None => Decision::refused(Cause::AllAbstain),
        }
    }

    /// Asks a policy; `true` where nothing can change the answer any more.
    pub(crate) fn ask(&mut self, policy: &'e Policy) -> bool {
        let Some(stage) = policy.stages.get(index::stage_index(self.request.stage)) else {
            return false;
        };
        let name = stage.names.get(&self.request.action, self.hash);
        let shape = name
            .and_then(|name| policy.shapes.get(name.shape? as usize))
            .map(|(_, shape)| shape);
        if let Some(shape) = shape
            && let Some((param, problem)) = shape.mismatch(self.request)
        {
            let cause = Cause::WrongShape { param, problem };
            self.add(Decision {
                effect: Effect::Deny,
                policy: Some(policy),
                rule: None,
                clause: None,
                cause,
            });
            return true;
        }
        self.buffers.new_policy();
        let mut asked = Asked {
            policy,
            shape,
            answered: false,
        };
        for (position, (part, rules)) in policy.parts.iter().zip(&stage.rules).enumerate() {
            self.ask_part(
                &mut asked,
                part,
                rules,
                name.and_then(|name| name.rules(position)),
            );
            if self.is_denied() {
                return true;
            }
        }
        if !asked.answered {
            let effect = match policy.default {
                DefaultAnswer::Allow => Effect::Allow,
                DefaultAnswer::Deny => Effect::Deny,
                DefaultAnswer::Abstain => return false,
            };
            self.add(Decision {
                effect,
                policy: Some(policy),
                rule: None,
                clause: None,
                cause: Cause::Default,
            });
        }
        self.answered = true;
        self.is_denied()
    }

    fn ask_part(
        &mut self,
        asked: &mut Asked<'e>,
        part: &'e Part,
        rules: &'e Rules,
        exact: Option<Exact>,
    ) {
        let mut lists = std::mem::take(&mut self.buffers.lists);
        let mut sorted = std::mem::take(&mut self.buffers.sorted);
        sorted.clear();
        let Asked { policy, shape, .. } = *asked;
        let mut look = Look {
            policy,
            request: self.request,
            shape,
            buffers: self.buffers,
            through: false,
        };
        rules.gather(exact, &mut look, &mut lists);
        while let Some(rule) = rules
            .next(&mut lists, &mut sorted)
            .and_then(|rank| part.rules.get(rank as usize))
        {
            match part.combine {
                Combine::Strictest if self.is_settled(asked, rule.effect) => break,
                Combine::Strictest => asked.answered |= self.ask_rule(asked, rule),
                Combine::Priority if self.ask_rule(asked, rule) => {
                    asked.answered = true;
                    break;
                }
                Combine::Priority if self.is_denied() => break,
                Combine::Priority => {}
            }
        }
        self.buffers.lists = lists;
        self.buffers.sorted = sorted;
    }

    /// Whether rules of that effect, and milder ones, cannot change anything.
    fn is_settled(&self, asked: &Asked<'e>, effect: Effect) -> bool {
        let Some(strictest) = self.answer else {
            return false;
        };
        // A rule that is true stands in for the default, whatever its effect.
        let stands_in = match asked.policy.default {
            DefaultAnswer::Allow => false,
            DefaultAnswer::Deny => !asked.answered,
            DefaultAnswer::Abstain => !asked.answered && !self.answered,
        };
        strictest.effect == Effect::Deny || (effect <= strictest.effect && !stands_in)
    }

    /// Whether a rule is true; adds its effect if it is, or if it is in doubt
    /// and its effect is one that doubt calls for.
    fn ask_rule(&mut self, asked: &Asked<'e>, rule: &'e Rule) -> bool {
        let Asked { policy, shape, .. } = *asked;
        let mut seen = false;
        let settled = match &rule.when {
            None => Settled {
                outcome: Ok(true),
                clause: None,
            },
            Some(when) => {
                let mut look = Look {
                    policy,
                    request: self.request,
                    shape,
                    buffers: self.buffers,
                    through: false,
                };
                let settled = look.settle(when);
                if settled.outcome == Ok(false) && look.has_views(rule.sees) {
                    seen = true;
                    look.through = true;
                    look.settle(when)
                } else {
                    settled
                }
            }
        };
        let cause = match settled.outcome {
            Ok(true) if seen => Cause::Disguise,
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
        let stage = self.stages.get(index::stage_index(request.stage))?;
        let name = stage
            .names
            .get(&request.action, index::hash_of(&request.action))?;
        self.shapes
            .get(name.shape? as usize)
            .map(|(_, shape)| shape)
    }
}
