//! Two tables at a stage in, requests that they answer otherwise out.

use std::collections::{BTreeSet, HashMap, HashSet};

use agentos_runtime::{
    Cause, Decision, Effect, Engine, Request,
    table::{self, Approvers, Policy, Rule, Stage, Table},
};
use serde_json::value::RawValue;

use super::{Changed, OfAction, Side, around::around, settings::Pairs, words};
use crate::{
    prove::{
        about::About,
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

/// One of the two tables.
struct Version<'c, 't> {
    table: &'c Table<'t>,
    engine: &'c Engine,
    about: Vec<About<'t>>,
    /// By where they were written.
    rules: HashMap<(&'t str, [u32; 3]), &'c Rule<'t>>,
}

/// Two tables at a stage.
pub(super) struct Comparing<'c, 't> {
    versions: [Version<'c, 't>; 2],
    engines: &'c [Engine; 2],
    /// Names of policies that are on both sides, where requests name some of them.
    common: Vec<&'t str>,
    looks_through: bool,
    stage: Stage,
    names: Names,
}

/// What both say of an action.
struct Case<'t> {
    meaning: Meaning<'t>,
    answers: [Answer; 2],
    /// The request names policies.
    is_named: Lit,
    action: String,
    stands_for_others: bool,
}

impl<'c, 't> Version<'c, 't> {
    /// The rule that says something.
    fn rule(&self, says: &Says) -> Option<&'c Rule<'t>> {
        let policy = self.table.policies.get(says.policy)?;
        policy.parts.get(says.rule.0)?.rules.get(says.rule.1)
    }

    /// The rule that a decision stands on.
    fn rule_of(&self, decision: &Decision<'_>) -> Option<&'c Rule<'t>> {
        decision.rule()?;
        let mut rules = self.rules.iter();
        let at = place(decision.at()?);
        let policy = decision.policy()?;
        let rule = rules.find(|((name, place), _)| *name == policy && *place == at);
        rule.map(|(_, rule)| *rule)
    }

    fn approvers_of(&self, decision: &Decision<'_>) -> Option<&'c Approvers<'t>> {
        self.rule_of(decision)?.approvers.as_ref()
    }

    /// The rules about an action.
    fn rules_about(&self, action: &str) -> Vec<&'c Rule<'t>> {
        let policies = self.table.policies.iter().zip(&self.about);
        let rules = policies.flat_map(|(policy, about)| {
            let rules = about.rules(action).into_iter();
            rules.filter_map(|(part, at)| policy.parts.get(part)?.rules.get(at))
        });
        rules.collect()
    }
}

impl<'c, 't> Comparing<'c, 't> {
    pub(super) fn new(
        tables: [&'c Table<'t>; 2],
        engines: &'c [Engine; 2],
        pairs: &Pairs<'c, 't>,
        stage: Stage,
    ) -> Comparing<'c, 't> {
        let [old, new] = engines;
        let version = |table: &'c Table<'t>, engine: &'c Engine| {
            let mut rules = HashMap::new();
            for policy in table.policies.iter() {
                let of_policy = policy.parts.iter().flat_map(|part| part.rules.iter());
                rules.extend(of_policy.map(|rule| ((policy.name, place(rule.at)), rule)));
            }
            let policies = table.policies.iter();
            Version {
                table,
                engine,
                about: policies.map(|policy| About::new(policy, stage)).collect(),
                rules,
            }
        };
        let [before, now] = tables;
        let versions = [version(before, old), version(now, new)];
        let policies = tables.into_iter().flat_map(|table| table.policies.iter());
        let policies: Vec<&Policy<'t>> = policies.collect();
        // Naming the only one is naming none.
        let are_many = tables.into_iter().any(|table| table.policies.len() > 1);
        Comparing {
            versions,
            engines,
            common: pairs.common().filter(|_| are_many).collect(),
            looks_through: !pairs.views_differ(),
            stage,
            names: Names::new(&policies, stage),
        }
    }

    /// Finds what is answered otherwise.
    pub(super) fn compare(&self, found: &mut Found<'c>) {
        if !self.names.are_all {
            found.open.insert("*".to_owned());
        }
        for (at, name) in self.names.names.iter().enumerate() {
            let mut case = self.case(name, at < self.names.others);
            self.compare_effects(&mut case, found);
            self.compare_approvers(&mut case, found);
        }
    }

    fn case(&self, action: &str, stands_for_others: bool) -> Case<'t> {
        let mut meaning = Meaning::new(Place {
            action: action.to_owned(),
            stage: self.stage,
        });
        meaning.looks_through = self.looks_through;
        let is_named = if self.common.is_empty() {
            meaning.circuit.no()
        } else {
            meaning.circuit.input()
        };
        let named = self.common.iter();
        meaning.named = named
            .map(|&name| {
                let input = meaning.circuit.input();
                (meaning.circuit.all([input, is_named]), name)
            })
            .collect();
        let one = meaning.named.iter().map(|&(is_it, _)| is_it);
        let clause: Vec<Lit> = one.chain([!is_named]).collect();
        meaning.circuit.require(clause);
        let answers = self.versions.each_ref().map(|version| {
            let policies = version.table.policies.iter().zip(&version.about);
            let asked: Vec<Asked<'_, 't>> = policies
                .map(|(policy, about)| {
                    let mut named = meaning.named.iter();
                    let by_name = named.find(|(_, name)| *name == policy.name);
                    let by_name = by_name.map(|&(is_it, _)| is_it);
                    let circuit = &mut meaning.circuit;
                    let unnamed = if policy.base { circuit.no() } else { !is_named };
                    let is_asked = circuit.any(by_name.into_iter().chain([unnamed]));
                    Asked {
                        policy,
                        about,
                        is_asked,
                    }
                })
                .collect();
            meaning.answer(&asked, |_, _| true)
        });
        Case {
            meaning,
            answers,
            is_named,
            action: action.to_owned(),
            stands_for_others,
        }
    }

    /// Requests whose answers have other effects.
    fn compare_effects(&self, case: &mut Case<'t>, found: &mut Found<'c>) {
        let [old, new] = [0, 1].map(|side: usize| case.answers[side].at_least);
        let circuit = &mut case.meaning.circuit;
        let both = old.into_iter().zip(new);
        let differs: Vec<Lit> = both.map(|(old, new)| circuit.differ(old, new)).collect();
        let differs = circuit.any(differs);
        if differs == circuit.no() {
            return;
        }
        // What needs no names is shown without.
        for is_named in [!case.is_named, case.is_named] {
            let mut wanted = vec![differs, is_named];
            let mut known: HashSet<(Basis<'_>, Basis<'_>)> = HashSet::new();
            let mut over: HashSet<[Effect; 2]> = HashSet::new();
            loop {
                let is_new = |request: &Request<'_>| {
                    let effects = self.effects(request);
                    effects[0] != effects[1] && !over.contains(&effects)
                };
                let request = match case.meaning.find(&wanted, is_new) {
                    search::Found::Nothing => break,
                    search::Found::NotDecided => {
                        found.open.insert(case.action.clone());
                        break;
                    }
                    search::Found::Request(request) => request,
                };
                let bases = self.engines.each_ref().map(|engine| engine.decide(&request));
                let [old, new] = bases.each_ref().map(Basis::from);
                let effects = [old.effect, new.effect];
                let lits = [
                    self.speaks(0, case, &bases[0]),
                    self.speaks(1, case, &bases[1]),
                ];
                self.add(case, found, [old.clone(), new.clone()], None, &request);
                let is_known = !known.insert((old, new)) || known.len() > MOST_KINDS;
                let circuit = &mut case.meaning.circuit;
                let mut pair = vec![
                    exactly(circuit, &case.answers[0], effects[0]),
                    exactly(circuit, &case.answers[1], effects[1]),
                ];
                if is_known {
                    over.insert(effects);
                } else {
                    pair.extend(lits);
                }
                wanted.push(!circuit.all(pair));
            }
        }
    }

    /// That what a decision stands on speaks.
    fn speaks(&self, side: usize, case: &mut Case<'t>, decision: &Decision<'_>) -> Lit {
        let answer = &case.answers[side];
        let version = &self.versions[side];
        let rule = version.rule_of(decision);
        let mut says = answer.rules.iter();
        let of_rule = says.find(|says| {
            let policy = version.table.policies.get(says.policy);
            policy.map(|policy| policy.name) == decision.policy()
                && version.rule(says).map(std::ptr::from_ref) == rule.map(std::ptr::from_ref)
        });
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
            for (is, now) in new.iter().filter(|(is, _)| is != was) {
                let both = case.meaning.circuit.all([*before, *now]);
                if both == case.meaning.circuit.no() {
                    continue;
                }
                for is_named in [!case.is_named, case.is_named] {
                    let is_it = |request: &Request<'_>| {
                        [(0, was), (1, is)].into_iter().all(|(side, wanted)| {
                            let decision = self.engines[side].decide(request);
                            decision.effect() == Effect::Escalate
                                && self.versions[side].approvers_of(&decision) == *wanted
                        })
                    };
                    match case.meaning.find(&[both, is_named], is_it) {
                        search::Found::Nothing => {}
                        search::Found::NotDecided => {
                            found.open.insert(case.action.clone());
                        }
                        search::Found::Request(request) => {
                            let bases =
                                self.engines.each_ref().map(|engine| engine.decide(&request));
                            let bases = bases.each_ref().map(Basis::from);
                            self.add(case, found, bases, Some([*was, *is]), &request);
                            break;
                        }
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
            (None, Some([old, new])) => (Direction::Other, approvers_side(old, new)),
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
        if actions.last().is_some_and(|last| last.action == case.action) {
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

    fn effects(&self, request: &Request<'_>) -> [Effect; 2] {
        let engines = self.engines.each_ref();
        engines.map(|engine| engine.decide(request).effect())
    }
}

const fn place(at: table::Place) -> [u32; 3] {
    [at.source, at.line, at.column]
}

/// How strict it is that these may approve, beside those. Without any, whoever
/// may approve at all can.
fn approvers_side(old: Option<&Approvers<'_>>, new: Option<&Approvers<'_>>) -> Side {
    let (old, new) = match (old, new) {
        (None, _) => return Side::Stricter,
        (_, None) => return Side::Looser,
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
    Side::of_all(sides).unwrap_or(Side::Neither)
}

/// That an answer has this effect.
fn exactly(circuit: &mut Circuit, answer: &Answer, effect: Effect) -> Lit {
    let stricter = answer.at_least.get(effect as usize + 1).copied();
    let stricter = stricter.unwrap_or(circuit.no());
    circuit.all([answer.at_least[effect as usize], !stricter])
}
