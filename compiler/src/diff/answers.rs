//! Two tables at a stage in, requests that they answer otherwise out.

use std::collections::{BTreeSet, HashMap, HashSet};

use agentos_runtime::{
    Cause, Decision, Effect, Engine, Request,
    table::{self, Approvers, Policy, Rule, Stage},
};
use serde_json::value::RawValue;

use super::{Changed, OfAction, Side, around::around, rules::Words, settings::Pairs, words};
use crate::{
    prove::{
        circuit::{Circuit, Lit},
        matters::decides,
        meaning::{Answer, Asked, Meaning, Place, Says},
        names::Names,
        search,
    },
    replay::{Basis, BasisReport, Change, Direction},
};

/// Beyond so many kinds of changes of an action, those of the same effects are one.
const MOST_KINDS: usize = 24;

/// What was found.
#[derive(Default)]
pub(super) struct Found<'e> {
    kinds: Vec<Kind<'e>>,
    known: HashMap<Key<'e>, usize>,
    /// Actions of which it was not decided whether there are more changes.
    pub(super) open: BTreeSet<String>,
    /// The same of policies that answer together.
    pub(super) open_together: BTreeSet<String>,
    /// How these may change more than what was found.
    pub(super) may_change: BTreeSet<Side>,
}

/// What changes of one kind have in common: the stage, what decided before and what
/// decides now, and what of the approvers changed.
type Key<'e> = (Stage, Basis<'e>, Basis<'e>, Option<[String; 2]>);

struct Kind<'e> {
    key: Key<'e>,
    direction: Direction,
    side: Side,
    engines: &'e [Engine; 2],
    actions: Vec<OfAction>,
}

impl Found<'_> {
    /// Those that need most care first.
    pub(super) fn changes(&mut self) -> Vec<Changed> {
        let kinds = std::mem::take(&mut self.kinds).into_iter();
        let changes = kinds.map(|kind| {
            let (stage, old, new, approvers) = kind.key;
            let [before, now] = kind.engines;
            Changed {
                direction: kind.direction,
                side: kind.side,
                old: BasisReport::new(&old, before),
                new: BasisReport::new(&new, now),
                approvers,
                stage: words::stage(stage),
                actions: kind.actions,
            }
        });
        let mut changes: Vec<Changed> = changes.collect();
        changes.sort_by_key(|changed| (changed.direction, changed.side));
        changes
    }
}

/// Some policies of one of the two tables.
struct Version<'c, 't> {
    policies: Vec<Asked<'c, 't>>,
    /// By where they were written.
    rules: HashMap<(&'c str, [u32; 3]), &'c Rule<'t>>,
}

/// Policies of both tables that are asked together, and which of their rules are
/// about what at a stage.
pub(super) struct Comparing<'c, 't> {
    versions: [Version<'c, 't>; 2],
    engines: &'c [Engine; 2],
    /// What requests have to name for it to be these that are asked.
    named: Option<&'c str>,
    looks_through: bool,
    stage: Stage,
    names: Names,
}

/// What is compared.
pub(super) struct Scope<'c, 't> {
    pub(super) engines: &'c [Engine; 2],
    pub(super) pairs: &'c Pairs<'c, 't>,
    pub(super) stage: Stage,
    /// What requests have to name for it to be these that are asked.
    pub(super) named: Option<&'c str>,
    /// The policies before and now.
    pub(super) policies: [Vec<Asked<'c, 't>>; 2],
}

/// What both say of an action.
struct Case<'t> {
    meaning: Meaning<'t>,
    answers: [Answer; 2],
    action: String,
    stands_for_others: bool,
}

/// What was shown of an action.
#[derive(Default)]
struct Shown<'c> {
    known: HashSet<[Basis<'c>; 2]>,
    /// Effects of which no more is shown.
    over: HashSet<[Effect; 2]>,
    /// That it is none of these.
    others: Vec<Lit>,
}

impl<'c, 't> Version<'c, 't> {
    fn new(policies: Vec<Asked<'c, 't>>) -> Version<'c, 't> {
        let mut rules = HashMap::new();
        for (policy, _) in &policies {
            let of_policy = policy.parts.iter().flat_map(|part| part.rules.iter());
            rules.extend(of_policy.map(|rule| ((policy.name, place(rule.at)), rule)));
        }
        Version { policies, rules }
    }

    /// The rule that says something.
    fn rule(&self, says: &Says) -> Option<&'c Rule<'t>> {
        let (policy, _) = self.policies.get(says.policy)?;
        policy.parts.get(says.rule.0)?.rules.get(says.rule.1)
    }

    /// The rule that a decision stands on.
    fn rule_of(&self, decision: &Decision<'c>) -> Option<&'c Rule<'t>> {
        decision.rule()?;
        let key = (decision.policy()?, place(decision.at()?));
        self.rules.get(&key).copied()
    }

    fn approvers_of(&self, decision: &Decision<'c>) -> Option<&'c Approvers<'t>> {
        self.rule_of(decision)?.approvers.as_ref()
    }

    /// The rules about an action.
    fn rules_about(&self, action: &str) -> Vec<&'c Rule<'t>> {
        let rules = self.policies.iter().flat_map(|(policy, about)| {
            let rules = about.rules(action).into_iter();
            rules.filter_map(|(part, at)| policy.parts.get(part)?.rules.get(at))
        });
        rules.collect()
    }
}

impl<'c, 't> Comparing<'c, 't> {
    pub(super) fn new(scope: Scope<'c, 't>) -> Comparing<'c, 't> {
        let both = scope.policies.iter().flatten();
        let policies: Vec<&Policy<'t>> = both.map(|(policy, _)| *policy).collect();
        let words = Words::changed(scope.pairs, &policies, scope.stage);
        Comparing {
            versions: scope.policies.map(Version::new),
            engines: scope.engines,
            named: scope.named,
            looks_through: !scope.pairs.views_differ(),
            stage: scope.stage,
            names: words.names(&policies, scope.stage),
        }
    }

    fn cases(&self) -> impl Iterator<Item = Case<'t>> {
        let names = self.names.all.iter().enumerate();
        names.map(|(at, name)| self.case(name, at < self.names.others))
    }

    /// Finds what is answered otherwise.
    pub(super) fn compare(&self, found: &mut Found<'c>) {
        if !self.names.are_all {
            found.open.insert("*".to_owned());
        }
        for mut case in self.cases() {
            self.compare_effects(&mut case, found);
            self.compare_approvers(&mut case, found);
        }
    }

    /// How what these say may change beside what others do. `others_answer` tells
    /// that they never leave a request without an answer.
    pub(super) fn may_change(&self, others_answer: bool) -> BTreeSet<Side> {
        let mut sides = BTreeSet::new();
        if !self.names.are_all {
            sides.extend([Side::Looser, Side::Stricter]);
        }
        for mut case in self.cases() {
            let [old, new] = &case.answers;
            for (side, from, to) in [(Side::Looser, old, new), (Side::Stricter, new, old)] {
                let circuit = &mut case.meaning.circuit;
                // Fewer are as strict as before, or one answers what nobody did.
                let both = from.added.iter().zip(&to.added);
                let mut ways: Vec<Lit> =
                    both.map(|(&from, &to)| circuit.all([from, !to])).collect();
                if !others_answer {
                    ways.push(circuit.all([!from.answered, to.answered]));
                }
                let changes = circuit.any(ways);
                if sides.contains(&side) || changes == circuit.no() {
                    continue;
                }
                if case.meaning.find(&[changes], |_| true) != search::Found::Nothing {
                    sides.insert(side);
                }
            }
        }
        sides
    }

    fn case(&self, action: &str, stands_for_others: bool) -> Case<'t> {
        let mut meaning = Meaning::new(Place {
            action: action.to_owned(),
            stage: self.stage,
        });
        meaning.looks_through = self.looks_through;
        let versions = self.versions.each_ref();
        let answers = versions.map(|version| meaning.answer(&version.policies, |_, _| true));
        Case {
            meaning,
            answers,
            action: action.to_owned(),
            stands_for_others,
        }
    }

    /// What both answer to a request.
    fn decide(&self, request: &Request<'_>) -> [Decision<'c>; 2] {
        self.engines.each_ref().map(|engine| engine.decide(request))
    }

    /// The request to these policies.
    fn asked(&self, request: &Request<'static>) -> Request<'static> {
        Request {
            policies: self
                .named
                .iter()
                .map(|&name| name.to_owned().into())
                .collect(),
            ..request.clone()
        }
    }

    /// Requests whose answers have other effects.
    fn compare_effects(&self, case: &mut Case<'t>, found: &mut Found<'c>) {
        let [old, new] = [0, 1].map(|side: usize| case.answers[side].at_least);
        let both = old.into_iter().zip(new).filter(|(old, new)| old != new);
        let differs: Vec<[Lit; 2]> = both
            .flat_map(|(old, new)| [[old, !new], [!old, new]])
            .collect();
        if differs.is_empty() {
            return;
        }
        let mut shown = Shown::default();
        // One is as strict and the other is not: to say which one leaves less to guess.
        for differs in differs {
            if !self.compare_effect(case, differs, &mut shown, found) {
                found.open.insert(case.action.clone());
                return;
            }
        }
    }

    /// Requests of which this holds, but not what was shown; `false` where it was not
    /// decided whether there are more.
    fn compare_effect(
        &self,
        case: &mut Case<'t>,
        differs: [Lit; 2],
        shown: &mut Shown<'c>,
        found: &mut Found<'c>,
    ) -> bool {
        loop {
            let is_new = |request: &Request<'static>| {
                let decisions = self.decide(&self.asked(request));
                let effects = decisions.map(|decision| decision.effect());
                effects[0] != effects[1] && !shown.over.contains(&effects)
            };
            let wanted: Vec<Lit> = differs.into_iter().chain(shown.others.clone()).collect();
            let request = match case.meaning.find(&wanted, is_new) {
                search::Found::Nothing => return true,
                search::Found::NotDecided => return false,
                search::Found::Request(request) => self.asked(&request),
            };
            let decisions = self.decide(&request);
            let bases = decisions.each_ref().map(Basis::from);
            let effects = decisions.map(|decision| decision.effect());
            let mut pair = vec![
                exactly(&mut case.meaning.circuit, &case.answers[0], effects[0]),
                exactly(&mut case.meaning.circuit, &case.answers[1], effects[1]),
            ];
            self.add(case, found, bases.clone(), None, &request);
            if shown.known.insert(bases) && shown.known.len() <= MOST_KINDS {
                pair.push(self.speaks(0, case, &decisions[0]));
                pair.push(self.speaks(1, case, &decisions[1]));
            } else {
                shown.over.insert(effects);
            }
            shown.others.push(!case.meaning.circuit.all(pair));
        }
    }

    /// That what a decision stands on speaks.
    fn speaks(&self, side: usize, case: &mut Case<'t>, decision: &Decision<'c>) -> Lit {
        let answer = &case.answers[side];
        let version = &self.versions[side];
        let rule = version.rule_of(decision).map(std::ptr::from_ref);
        let mut says = answer.rules.iter();
        let of_rule =
            says.find(|says| rule.is_some() && version.rule(says).map(std::ptr::from_ref) == rule);
        let circuit = &mut case.meaning.circuit;
        match (of_rule, decision.cause()) {
            (Some(says), _) => says.adds,
            (None, Cause::WrongShape { .. }) => circuit.any(answer.broken.iter().copied()),
            (None, _) => {
                let rules = answer.rules.iter();
                let same = rules.filter(|says| says.effect == decision.effect());
                !circuit.any(same.map(|says| says.adds))
            }
        }
    }

    /// Requests that are escalated before and now, to others.
    fn compare_approvers(&self, case: &mut Case<'t>, found: &mut Found<'c>) {
        let [old, new] = [0, 1].map(|side| self.approvers(side, case));
        for (was, before) in &old {
            for (is, now) in new
                .iter()
                .filter(|(is, _)| approvers_side(*was, *is).is_some())
            {
                let both = case.meaning.circuit.all([*before, *now]);
                if both == case.meaning.circuit.no() {
                    continue;
                }
                let is_it = |request: &Request<'static>| {
                    let decisions = self.decide(&self.asked(request));
                    [was, is].into_iter().enumerate().all(|(side, wanted)| {
                        decisions[side].effect() == Effect::Escalate
                            && self.versions[side].approvers_of(&decisions[side]) == *wanted
                    })
                };
                match case.meaning.find(&[both], is_it) {
                    search::Found::Nothing => {}
                    search::Found::NotDecided => {
                        found.open.insert(case.action.clone());
                    }
                    search::Found::Request(request) => {
                        let request = self.asked(&request);
                        let bases = self.decide(&request).each_ref().map(Basis::from);
                        self.add(case, found, bases, Some([*was, *is]), &request);
                    }
                }
            }
        }
    }

    /// By who may approve what is escalated, that it is they who decide.
    fn approvers(&self, side: usize, case: &mut Case<'t>) -> Vec<(Option<&'c Approvers<'t>>, Lit)> {
        let answer = &case.answers[side];
        let broken = answer.broken.iter().copied();
        let broken = case.meaning.circuit.any(broken);
        let decides = decides(&mut case.meaning, answer, broken);
        let mut all: Vec<(Option<&'c Approvers<'t>>, Vec<Lit>)> = Vec::new();
        for (says, decides) in answer.rules.iter().zip(decides) {
            if says.effect != Effect::Escalate {
                continue;
            }
            let rule = self.versions[side].rule(says);
            let of_rule = rule.and_then(|rule| rule.approvers.as_ref());
            match all.iter_mut().find(|(known, _)| *known == of_rule) {
                Some((_, rules)) => rules.push(decides),
                None => all.push((of_rule, vec![decides])),
            }
        }
        let circuit = &mut case.meaning.circuit;
        let all = all.into_iter();
        all.map(|(approvers, rules)| (approvers, circuit.any(rules)))
            .collect()
    }

    /// Keeps a request that shows a change.
    fn add(
        &self,
        case: &Case<'t>,
        found: &mut Found<'c>,
        [old, new]: [Basis<'c>; 2],
        approvers: Option<[Option<&Approvers<'t>>; 2]>,
        request: &Request<'static>,
    ) {
        let (direction, side) = match (Change::between(old.effect, new.effect), approvers) {
            (Some(change), _) => {
                let side = if change.is_looser() {
                    Side::Looser
                } else {
                    Side::Stricter
                };
                (change.direction(), side)
            }
            (None, Some([old, new])) => match approvers_side(old, new) {
                Some(side) => (Direction::OtherApproval, side),
                None => return,
            },
            (None, None) => return,
        };
        let approvers = approvers.map(|both| both.map(words::approvers));
        let key = (self.stage, old, new, approvers);
        let kinds = &mut found.kinds;
        let at = *found.known.entry(key.clone()).or_insert_with(|| {
            kinds.push(Kind {
                key,
                direction,
                side,
                engines: self.engines,
                actions: Vec::new(),
            });
            kinds.len() - 1
        });
        let actions = &mut kinds[at].actions;
        if actions.iter().any(|known| known.action == case.action) {
            return;
        }
        let Ok(json) = RawValue::from_string(request.to_json()) else {
            return;
        };
        let rules = self.versions.each_ref();
        let rules = rules.map(|version| version.rules_about(&case.action));
        actions.push(OfAction {
            action: case.action.clone(),
            stands_for_others: case.stands_for_others,
            request: json,
            around: around(rules.each_ref().map(Vec::as_slice), self.engines, request),
        });
    }
}

const fn place(at: table::Place) -> [u32; 3] {
    [at.source, at.line, at.column]
}

/// How strict it is that these may approve, beside those. Without any, whoever
/// may approve at all can.
fn approvers_side(old: Option<&Approvers<'_>>, new: Option<&Approvers<'_>>) -> Option<Side> {
    let (old, new) = match (old, new) {
        (None, None) => return None,
        (None, _) => return Some(Side::Stricter),
        (_, None) => return Some(Side::Looser),
        (Some(old), Some(new)) => (old, new),
    };
    let holds = |all: &Approvers<'_>, some: &Approvers<'_>| {
        some.of.iter().all(|name| all.of.contains(name))
    };
    let of = match (holds(old, new), holds(new, old)) {
        (true, true) => None,
        (true, false) => Some(Side::Stricter),
        (false, true) => Some(Side::Looser),
        (false, false) => Some(Side::Neither),
    };
    let needed = Side::of_floor(Some(old.needed), Some(new.needed));
    let within = Side::of_bound(old.within_ms, new.within_ms);
    let sides = [of, needed, within].into_iter().flatten();
    // The same names in another order are no change to anybody.
    Side::of_all(sides)
}

/// That an answer has this effect.
fn exactly(circuit: &mut Circuit, answer: &Answer, effect: Effect) -> Lit {
    let stricter = answer.at_least.get(effect as usize + 1).copied();
    let stricter = stricter.unwrap_or(circuit.no());
    circuit.all([answer.at_least[effect as usize], !stricter])
}
