//! Two tables in, the names of actions that may be judged otherwise out: those that
//! a rule is about which only one of them has.

use std::collections::{BTreeSet, HashMap, HashSet};

use agentos_runtime::{
    glob::Glob,
    table::{
        Action, Approvers, Combine, Condition, DefaultAnswer, Effect, Field, Policy, Rule, Stage,
    },
};

use super::settings::Pairs;
use crate::prove::{
    about::is_glob,
    atom::{Ask, Kind, Of},
    names::Names,
};

/// Words for actions.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Words<'t> {
    All,
    These(BTreeSet<&'t str>),
}

impl<'t> Words<'t> {
    /// Those that rules of a stage have which are on one side only, among these
    /// policies.
    pub(super) fn changed(
        pairs: &Pairs<'_, 't>,
        policies: &[&Policy<'t>],
        stage: Stage,
    ) -> Words<'t> {
        let mut words = BTreeSet::new();
        let is_asked = |policy: &Policy<'t>| {
            let mut policies = policies.iter();
            policies.any(|asked| std::ptr::eq(*asked, policy))
        };
        for policy in pairs.alone().filter(|policy| is_asked(policy)) {
            if policy.default != DefaultAnswer::Abstain {
                return Words::All;
            }
            words.extend(policy.actions.iter().map(|action| action.name));
            let rules = policy.parts.iter().flat_map(|part| part.rules.iter());
            let rules = rules.filter(|rule| rule.stage == stage);
            words.extend(rules.flat_map(|rule| rule.actions.iter()));
        }
        for &[old, new] in pairs.pairs.iter().filter(|[old, _]| is_asked(old)) {
            let is_alike = old.default == new.default
                && old.base == new.base
                && old.normalize == new.normalize;
            if !is_alike {
                return Words::All;
            }
            declared(old, new, &mut words);
            if !of_parts(old, new, stage, &mut words) {
                return Words::All;
            }
        }
        Words::These(words)
    }

    /// Names that stand for all that these words are about, among those that the
    /// rules of all these policies tell apart.
    pub(super) fn names(&self, policies: &[&Policy<'_>], stage: Stage) -> Names {
        let words = match self {
            Words::All => return Names::of_rules(policies, stage),
            Words::These(words) => words,
        };
        if !words.iter().any(|word| is_glob(word)) {
            return Names {
                all: words.iter().map(|&word| word.to_owned()).collect(),
                others: 0,
                are_all: true,
            };
        }
        let globs: Vec<Glob> = words.iter().map(|word| Glob::new(word)).collect();
        let mut names = Names::of_rules(policies, stage);
        let is_about = |name: &String| globs.iter().any(|glob| glob.matches(name));
        let others = names.all.iter().take(names.others);
        names.others = others.filter(|name| is_about(name)).count();
        names.all.retain(is_about);
        names
    }
}

/// Actions that are declared otherwise.
fn declared<'t>(old: &Policy<'t>, new: &Policy<'t>, words: &mut BTreeSet<&'t str>) {
    let shape = |action: &Action<'t>| {
        let params = action.params.iter();
        let params = params.map(|param| (param.name, Kind::new(&param.ty), param.optional));
        params.collect::<HashSet<_>>()
    };
    let shapes = |policy: &Policy<'t>| -> HashMap<&'t str, _> {
        let actions = policy.actions.iter();
        actions.map(|action| (action.name, shape(action))).collect()
    };
    let (was, is) = (shapes(old), shapes(new));
    let names = was.keys().chain(is.keys());
    words.extend(names.filter(|&name| was.get(name) != is.get(name)));
}

/// What a rule means, wherever it stands and whatever it is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Means<'t> {
    effect: Effect,
    actions: BTreeSet<&'t str>,
    when: Option<When<'t>>,
    approvers: Option<(u32, Vec<&'t str>, Option<u64>)>,
    /// Where rules are asked one after the other.
    priority: Option<i64>,
}

/// A condition whose patterns stand in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum When<'t> {
    All(Vec<When<'t>>),
    Any(Vec<When<'t>>),
    Test(bool, Of, Field<'t>, Ask<'t>),
}

impl<'t> Means<'t> {
    fn new(policy: &Policy<'t>, combine: Combine, rule: &Rule<'t>) -> Means<'t> {
        let of = |approvers: &Approvers<'t>| {
            (approvers.needed, approvers.of.to_vec(), approvers.within_ms)
        };
        Means {
            effect: rule.effect,
            actions: rule.actions.iter().copied().collect(),
            when: rule.when.as_ref().map(|when| When::new(policy, when)),
            approvers: rule.approvers.as_ref().map(of),
            priority: (combine == Combine::Priority).then_some(rule.priority),
        }
    }
}

impl<'t> When<'t> {
    // How deep conditions nest is bounded where they are read.
    fn new(policy: &Policy<'t>, condition: &Condition<'t>) -> When<'t> {
        let all = |parts: &[Condition<'t>]| -> Vec<When<'t>> {
            parts.iter().map(|part| When::new(policy, part)).collect()
        };
        match condition {
            Condition::All(parts) => When::All(all(parts)),
            Condition::Any(parts) => When::Any(all(parts)),
            Condition::Test(test) => When::Test(
                test.negated,
                test.quantifier.into(),
                test.field.clone(),
                Ask::new(policy, &test.check),
            ),
        }
    }
}

/// Adds the words of rules that only one policy has; `false` where more than rules
/// is otherwise.
fn of_parts<'t>(
    old: &Policy<'t>,
    new: &Policy<'t>,
    stage: Stage,
    words: &mut BTreeSet<&'t str>,
) -> bool {
    let combines = |policy: &Policy<'t>| -> Vec<Combine> {
        policy.parts.iter().map(|part| part.combine).collect()
    };
    if combines(old) != combines(new) {
        return false;
    }
    for (was, is) in old.parts.iter().zip(new.parts.iter()) {
        let means = |policy: &Policy<'t>, rules: &[Rule<'t>]| -> Vec<Means<'t>> {
            let rules = rules.iter().filter(|rule| rule.stage == stage);
            rules
                .map(|rule| Means::new(policy, was.combine, rule))
                .collect()
        };
        let (mut was, mut is) = (means(old, &was.rules), means(new, &is.rules));
        let mut counts: HashMap<&Means<'t>, i64> = HashMap::new();
        for rule in &was {
            *counts.entry(rule).or_default() += 1;
        }
        for rule in &is {
            *counts.entry(rule).or_default() -= 1;
        }
        let changed: Vec<&Means<'t>> = counts
            .into_iter()
            .filter(|(_, count)| *count != 0)
            .map(|(rule, _)| rule)
            .collect();
        words.extend(changed.iter().flat_map(|rule| rule.actions.iter().copied()));
        // Which of two comes first may matter, too.
        let is_changed: HashSet<Means<'t>> = changed.into_iter().cloned().collect();
        was.retain(|rule| !is_changed.contains(rule));
        is.retain(|rule| !is_changed.contains(rule));
        let moved = was.iter().zip(&is).filter(|(was, is)| was != is);
        let moved = moved.flat_map(|(was, is)| was.actions.iter().chain(&is.actions));
        words.extend(moved);
    }
    true
}
