//! What rules say in, when each of them changes the answer out.

use std::collections::HashMap;

use agentos_runtime::table::{Combine, DefaultAnswer, Effect, Policy};

use super::{
    about::{About, RuleAt},
    circuit::{Circuit, Lit},
    meaning::{Answer, Meaning, Says},
};

/// When a rule of a policy is what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfRule {
    /// Its condition is true of a call that breaks no declaration.
    pub(crate) holds: Lit,
    /// Its condition is not true of such a call.
    pub(crate) does_not: Lit,
    /// The call breaks no declaration.
    pub(crate) fits: Lit,
    /// It is asked and true.
    pub(crate) answers: Lit,
    /// It decides, or without it the answer would be another one.
    pub(crate) matters: Lit,
}

/// Beyond so many rules of a `combine priority` about one action, one that is
/// asked and true is taken to matter.
const MOST_COMPARED: usize = 200;

/// When each of a policy's own rules is what it is, without those that are gone.
pub(crate) fn of_rules<'t>(
    meaning: &mut Meaning<'t>,
    policy: &Policy<'t>,
    about: &About<'t>,
    is_there: impl Fn(RuleAt) -> bool,
) -> HashMap<RuleAt, OfRule> {
    let policies = [(policy, about)];
    let answer = meaning.answer(&policies, |_, rule| is_there(rule));
    let own = policy.parts.len().saturating_sub(1);
    let is_own = |says: &&Says| says.rule.0 == own;
    let combine = policy.parts.last().map(|part| part.combine);
    let broken: Vec<Lit> = answer.broken.clone();
    let broken = meaning.circuit.any(broken);
    let decides = decides(meaning, &answer, broken);
    let count = answer.rules.iter().filter(is_own).count();
    let is_strictest = combine == Some(Combine::Strictest);
    let changes: Vec<Lit> = if is_strictest {
        stands_in(meaning, policy, &answer)
    } else {
        let rules = answer.rules.iter();
        let changes = rules.map(|says| {
            if !is_own(&says) || count > MOST_COMPARED {
                return says.answers;
            }
            let there = |rule| rule != says.rule && is_there(rule);
            let without = meaning.answer(&policies, |_, rule| there(rule));
            differ(meaning, &answer, &without)
        });
        changes.collect()
    };
    let circuit = &mut meaning.circuit;
    let matters = decides.into_iter().zip(changes);
    let matters: Vec<Lit> = matters
        .map(|(decides, changes)| circuit.any([decides, changes]))
        .collect();
    let own = answer.rules.iter().zip(matters);
    let own = own.filter(|(says, _)| is_own(says));
    own.map(|(says, matters)| {
        let of_rule = OfRule {
            holds: meaning.circuit.all([says.holds, !broken]),
            does_not: meaning.circuit.all([!says.holds, !broken]),
            fits: !broken,
            answers: says.answers,
            matters,
        };
        (says.rule, of_rule)
    })
    .collect()
}

/// When each rule decides: nothing that speaks is stricter, and none before it is
/// as strict.
pub(crate) fn decides(meaning: &mut Meaning<'_>, answer: &Answer, broken: Lit) -> Vec<Lit> {
    let circuit = &mut meaning.circuit;
    let mut earlier = [circuit.no(); Effect::ALL.len()];
    let mut decides = Vec::with_capacity(answer.rules.len());
    for says in &answer.rules {
        let effect = says.effect as usize;
        let stricter = answer.added.get(effect + 1).copied();
        let stricter = stricter.unwrap_or(circuit.no());
        decides.push(circuit.all([says.adds, !broken, !stricter, !earlier[effect]]));
        earlier[effect] = circuit.any([earlier[effect], says.adds]);
    }
    decides
}

/// Whether two answers are not one.
fn differ(meaning: &mut Meaning<'_>, one: &Answer, other: &Answer) -> Lit {
    let pairs = one.at_least.iter().zip(&other.at_least);
    let circuit = &mut meaning.circuit;
    let differ: Vec<Lit> = pairs
        .map(|(&one, &other)| circuit.differ(one, other))
        .collect();
    circuit.any(differ)
}

/// When each rule alone stands in for a default where the strictest one wins.
fn stands_in(meaning: &mut Meaning<'_>, policy: &Policy<'_>, answer: &Answer) -> Vec<Lit> {
    let circuit = &mut meaning.circuit;
    if policy.default == DefaultAnswer::Allow {
        return vec![circuit.no(); answer.rules.len()];
    }
    let denied = answer.said[Effect::Deny as usize];
    let answers: Vec<Lit> = answer.rules.iter().map(|says| says.answers).collect();
    let others = others(circuit, &answers);
    let both = answers.iter().zip(others);
    both.map(|(&answers, others)| circuit.all([answers, !others, !denied]))
        .collect()
}

/// For each of these, whether one of the others holds.
fn others(circuit: &mut Circuit, all: &[Lit]) -> Vec<Lit> {
    let mut after = vec![circuit.no()];
    for &part in all.iter().skip(1).rev() {
        let last = after.last().copied().unwrap_or(part);
        after.push(circuit.any([part, last]));
    }
    let mut before = circuit.no();
    let mut others = Vec::with_capacity(all.len());
    for (&part, after) in all.iter().zip(after.into_iter().rev()) {
        others.push(circuit.any([before, after]));
        before = circuit.any([before, part]);
    }
    others
}
