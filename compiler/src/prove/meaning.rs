//! What the rules of a table say of the calls of one action, as gates over
//! questions about their fields.

use std::collections::HashMap;

use agentos_runtime::table::{
    Action, Check, Combine, Condition, DefaultAnswer, Effect, Field, Literal, Normalize, Policy,
    Quantifier, Rule, Stage, Test,
};

use super::{
    about::{About, RuleAt},
    atom::{Ask, Atom, Declared, Kind, Of},
    circuit::{Circuit, Lit},
    language::Around,
    languages::Languages,
    outcome::outcome,
    text::is_of_values,
};

/// An action at a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) action: String,
    pub(crate) stage: Stage,
}

/// What rules say of the calls of one action.
pub(crate) struct Meaning<'t> {
    pub(crate) place: Place,
    pub(crate) circuit: Circuit,
    /// That nothing is in doubt.
    pub(super) sure: Lit,
    pub(crate) languages: Languages<'t>,
    pub(crate) atoms: Vec<Atom<'t>>,
    /// By atom: that it is true, false, in doubt.
    pub(crate) outcomes: Vec<[Lit; 3]>,
    known: HashMap<Atom<'t>, usize>,
    /// Of how many questions the solver knows the order of their numbers.
    pub(super) ordered: usize,
    /// Of how many questions the solver knows what follows from them.
    pub(super) followed: usize,
    /// By question, that what is behind a disguise makes the answer yes.
    pub(super) disguised: HashMap<Atom<'t>, Lit>,
    /// Whether disguises count.
    pub(crate) looks_through: bool,
}

/// A policy that is asked, and which of its rules are about what.
pub(crate) type Asked<'p, 't> = (&'p Policy<'t>, &'p About<'t>);

/// How a condition is looked at.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// Whether it is one of a rule that defers, escalates or denies.
    forbids: bool,
    /// Whether disguises are looked through.
    through: bool,
}

impl Look {
    fn of(rule: &Rule<'_>) -> Look {
        Look {
            forbids: rule.effect >= Effect::Defer,
            through: false,
        }
    }
}

/// When a condition is true and when it is false; otherwise it is in doubt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) holds: Lit,
    pub(crate) fails: Lit,
}

/// What a rule says.
#[derive(Clone, Debug)]
pub(crate) struct Says {
    /// The number of its policy among those that are asked.
    pub(crate) policy: usize,
    /// Where it stands in its policy.
    pub(crate) rule: RuleAt,
    pub(crate) effect: Effect,
    /// Its condition is true.
    pub(crate) holds: Lit,
    /// It is asked and adds its effect: true, in doubt, or true behind a disguise.
    pub(crate) adds: Lit,
    /// It is asked and true.
    pub(crate) answers: Lit,
}

/// A part of a condition.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The numbers of its tests.
    pub(crate) clauses: Vec<u16>,
    /// Whether it is one of several ways for the condition to be true; else one of
    /// several things that have to be.
    pub(crate) is_way: bool,
    /// It is true.
    pub(crate) holds: Lit,
}

/// What policies say together.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// All rules that are about the action.
    pub(crate) rules: Vec<Says>,
    /// By policy: whether declarations are broken.
    pub(crate) broken: Vec<Lit>,
    /// By effect: that the answer is that strict at least.
    pub(crate) at_least: [Lit; EFFECTS],
    /// The same of what rules and declarations say alone.
    pub(crate) said: [Lit; EFFECTS],
    /// The same of them and defaults: what others add to.
    pub(crate) added: [Lit; EFFECTS],
    /// A rule that is true, or a default, answers; else it is denied.
    pub(crate) answered: Lit,
}

/// How many effects there are.
const EFFECTS: usize = Effect::ALL.len();

impl<'t> Meaning<'t> {
    pub(crate) fn new(place: Place) -> Meaning<'t> {
        let mut circuit = Circuit::new();
        Meaning {
            place,
            sure: circuit.input(),
            circuit,
            languages: Languages::default(),
            atoms: Vec::new(),
            outcomes: Vec::new(),
            known: HashMap::new(),
            ordered: 0,
            followed: 0,
            disguised: HashMap::new(),
            looks_through: true,
        }
    }

    /// What policies say together; `is_there` tells the rules that count.
    pub(crate) fn answer(
        &mut self,
        policies: &[Asked<'_, 't>],
        is_there: impl Fn(usize, RuleAt) -> bool,
    ) -> Answer {
        let mut answer = Answer {
            rules: Vec::new(),
            broken: Vec::new(),
            at_least: [self.circuit.no(); EFFECTS],
            said: [self.circuit.no(); EFFECTS],
            added: [self.circuit.no(); EFFECTS],
            answered: self.circuit.no(),
        };
        // By effect, what adds it: rules and declarations, and everything.
        let mut said: [Vec<Lit>; EFFECTS] = Default::default();
        let mut added: [Vec<Lit>; EFFECTS] = Default::default();
        let mut answered = Vec::new();
        for (number, (policy, about)) in policies.iter().enumerate() {
            let mut rules = about.rules(&self.place.action);
            rules.retain(|&rule| is_there(number, rule));
            let mut of_policy = self.rules(policy, &rules);
            for says in &mut of_policy {
                says.policy = number;
            }
            let broken = self.broken(policy);
            let is_true: Vec<Lit> = of_policy.iter().map(|says| says.answers).collect();
            let is_true = self.circuit.any(is_true);
            let default = self.circuit.all([!is_true, !broken]);
            // Where declarations are broken, nothing else is asked.
            for says in &of_policy {
                said[says.effect as usize].push(says.adds);
            }
            said[Effect::Deny as usize].push(broken);
            match policy.default {
                DefaultAnswer::Allow => added[Effect::Allow as usize].push(default),
                DefaultAnswer::Deny => added[Effect::Deny as usize].push(default),
                DefaultAnswer::Abstain => {}
            }
            answered.push(match policy.default {
                DefaultAnswer::Abstain => is_true,
                DefaultAnswer::Allow | DefaultAnswer::Deny => self.circuit.yes(),
            });
            answer.rules.extend(of_policy);
            answer.broken.push(broken);
        }
        answer.answered = self.circuit.any(answered);
        answer.said = self.by_effect(said);
        for (added, said) in added.iter_mut().zip(answer.said) {
            added.push(said);
        }
        answer.added = self.by_effect(added);
        // What nobody answers is denied.
        let circuit = &mut self.circuit;
        answer.at_least = answer
            .added
            .map(|added| circuit.any([added, !answer.answered]));
        answer
    }

    /// By effect, that something adds it or a stricter one.
    fn by_effect(&mut self, added: [Vec<Lit>; EFFECTS]) -> [Lit; EFFECTS] {
        let mut at_least = [self.circuit.no(); EFFECTS];
        let mut stricter = self.circuit.no();
        for (at_least, added) in at_least.iter_mut().zip(added).rev() {
            stricter = self.circuit.any(added.into_iter().chain([stricter]));
            *at_least = stricter;
        }
        at_least
    }

    /// What the rules of a policy say that are about the action.
    fn rules(&mut self, policy: &Policy<'t>, rules: &[RuleAt]) -> Vec<Says> {
        let shape = self.shape(policy);
        let mut all = Vec::new();
        for rules in rules.chunk_by(|one, other| one.0 == other.0) {
            let Some(part) = rules.first().and_then(|first| policy.parts.get(first.0)) else {
                continue;
            };
            let mut rules: Vec<(RuleAt, &Rule<'t>)> = rules
                .iter()
                .filter_map(|&at| Some((at, part.rules.get(at.1)?)))
                .collect();
            if part.combine == Combine::Priority {
                rules.sort_by_key(|(_, rule)| std::cmp::Reverse(rule.priority));
            }
            // Those that are true stand in the way of what comes after.
            let mut open = self.circuit.yes();
            for (at, rule) in rules {
                let look = Look::of(rule);
                let reading = match &rule.when {
                    Some(when) => self.condition(policy, shape.as_ref(), when, look),
                    None => self.always(),
                };
                let disguised = match &rule.when {
                    Some(when) if self.looks_through && looks_through(policy, rule) => {
                        let look = Look {
                            through: true,
                            ..look
                        };
                        let through = self.condition(policy, shape.as_ref(), when, look);
                        self.circuit.all([reading.fails, !through.fails])
                    }
                    _ => self.circuit.no(),
                };
                let adds = match rule.effect {
                    Effect::Allow => reading.holds,
                    _ => self.circuit.any([!reading.fails, disguised]),
                };
                let says = Says {
                    policy: 0,
                    rule: at,
                    effect: rule.effect,
                    holds: reading.holds,
                    adds: self.circuit.all([adds, open]),
                    answers: self.circuit.all([reading.holds, open]),
                };
                if part.combine == Combine::Priority {
                    open = self.circuit.all([open, !reading.holds]);
                }
                all.push(says);
            }
        }
        all
    }

    fn always(&self) -> Reading {
        Reading {
            holds: self.circuit.yes(),
            fails: self.circuit.no(),
        }
    }

    /// The declaration of the action.
    fn shape<'p>(&self, policy: &'p Policy<'t>) -> Option<Action<'t>> {
        let mut actions = policy.actions.iter();
        let is_it = |action: &&'p Action<'t>| action.name == self.place.action;
        (self.place.stage == Stage::Call)
            .then(|| actions.find(is_it).cloned())
            .flatten()
    }

    /// Whether a call breaks what a policy declares.
    fn broken(&mut self, policy: &Policy<'t>) -> Lit {
        let Some(shape) = self.shape(policy) else {
            return self.circuit.no();
        };
        let mut misfits = Vec::new();
        for param in shape.params.iter() {
            let atom = Atom {
                field: Field::Param(vec![param.name].into()),
                declared: declared(param.optional),
                quantifier: Of::Whole,
                ask: Ask::HasType(Kind::new(&param.ty)),
                without_keys: false,
            };
            misfits.push(!self.atom(atom).holds);
        }
        self.circuit.any(misfits)
    }

    /// What the parts of a rule's condition come to, of which it is one of several.
    pub(crate) fn parts(&mut self, policy: &Policy<'t>, rule: &Rule<'t>) -> Vec<Part> {
        let shape = self.shape(policy);
        let mut parts = Vec::new();
        let mut left: Vec<&Condition<'t>> = rule.when.iter().collect();
        while let Some(condition) = left.pop() {
            let (children, is_way) = match condition {
                Condition::Test(_) => continue,
                Condition::All(children) => (children, false),
                Condition::Any(children) => (children, true),
            };
            left.extend(children.iter());
            for child in children.iter().filter(|_| children.len() > 1) {
                let mut clauses = Vec::new();
                add_clauses(child, &mut clauses);
                parts.push(Part {
                    clauses,
                    is_way,
                    holds: self
                        .condition(policy, shape.as_ref(), child, Look::of(rule))
                        .holds,
                });
            }
        }
        parts
    }

    /// That a test finds this one of the values that it asks for.
    pub(crate) fn entry(
        &mut self,
        policy: &Policy<'t>,
        test: &Test<'t>,
        literal: &Literal<'t>,
    ) -> Lit {
        let shape = self.shape(policy);
        let one = Test {
            check: Check::Equals(literal.clone()),
            ..test.clone()
        };
        self.plain_test(policy, shape.as_ref(), &one, false).holds
    }

    // How deep conditions nest is bounded where they are read.
    fn condition(
        &mut self,
        policy: &Policy<'t>,
        shape: Option<&Action<'t>>,
        condition: &Condition<'t>,
        look: Look,
    ) -> Reading {
        let (parts, is_all) = match condition {
            Condition::Test(test) => return self.test(policy, shape, test, look),
            Condition::All(parts) => (parts, true),
            Condition::Any(parts) => (parts, false),
        };
        let parts: Vec<Reading> = parts
            .iter()
            .map(|part| self.condition(policy, shape, part, look))
            .collect();
        let holds = parts.iter().map(|part| part.holds);
        let fails = parts.iter().map(|part| part.fails);
        if is_all {
            Reading {
                holds: self.circuit.all(holds),
                fails: self.circuit.any(fails),
            }
        } else {
            Reading {
                holds: self.circuit.any(holds),
                fails: self.circuit.all(fails),
            }
        }
    }

    fn test(
        &mut self,
        policy: &Policy<'t>,
        shape: Option<&Action<'t>>,
        test: &Test<'t>,
        look: Look,
    ) -> Reading {
        let Reading { holds, fails } = self.plain_test(policy, shape, test, look.forbids);
        if test.negated {
            return Reading {
                holds: fails,
                fails: holds,
            };
        }
        if !look.through || !sees(test) {
            return Reading { holds, fails };
        }
        let question = Atom {
            field: test.field.clone(),
            declared: Declared::No,
            quantifier: test.quantifier.into(),
            ask: Ask::new(policy, &test.check),
            without_keys: false,
        };
        // Nobody knows what a text says behind a disguise.
        let circuit = &mut self.circuit;
        let behind = self.disguised.entry(question);
        let behind = *behind.or_insert_with(|| circuit.input());
        let found = self.circuit.all([behind, fails]);
        Reading {
            holds: self.circuit.any([holds, found]),
            fails: self.circuit.all([fails, !behind]),
        }
    }

    /// A test without its `not`.
    fn plain_test(
        &mut self,
        policy: &Policy<'t>,
        shape: Option<&Action<'t>>,
        test: &Test<'t>,
        forbids: bool,
    ) -> Reading {
        let ask = Ask::new(policy, &test.check);
        let is_whole = test.quantifier == Quantifier::Whole;
        let declared = match &test.field {
            // What is always there.
            Field::Action | Field::Text if ask == Ask::Exists => return self.settled(Some(true)),
            Field::Action | Field::Text | Field::Agent if !is_whole && ask != Ask::Exists => {
                return self.settled(None);
            }
            Field::Action => {
                let outcome = self.of_action(&ask);
                return self.settled(outcome);
            }
            Field::Text if self.is_in_action(&ask) => return self.settled(Some(true)),
            // Of no pattern one is found.
            Field::Text if ask == Ask::Matches(Vec::new()) => return self.settled(Some(false)),
            Field::Param(names) => match shape {
                None => Declared::No,
                Some(shape) => {
                    let mut params = shape.params.iter();
                    let param = params.find(|param| Some(&param.name) == names.first());
                    let Some(param) = param else {
                        // What is not declared is absent.
                        let is_every = test.quantifier == Quantifier::Every;
                        return self.settled(Some(is_every && ask != Ask::Exists));
                    };
                    declared(param.optional)
                }
            },
            Field::Text | Field::Agent | Field::Context(_) | Field::Attested(_) => Declared::No,
        };
        let without_keys =
            forbids != test.negated && test.field == Field::Text && self.minds_end(&ask);
        self.atom(Atom {
            field: test.field.clone(),
            declared,
            // Elements are not asked whether they exist.
            quantifier: match ask {
                Ask::Exists => Of::Whole,
                _ => test.quantifier.into(),
            },
            ask,
            without_keys,
        })
    }

    /// Whether what stands behind a text may undo what is found in it.
    fn minds_end(&self, ask: &Ask<'t>) -> bool {
        // What is too large is not known not to.
        self.languages.of(ask).map_or(true, |languages| {
            let mut languages = languages.iter().flat_map(|languages| languages.iter());
            languages.any(|language| language.minds_end)
        })
    }

    /// What the action's name settles.
    fn of_action(&self, ask: &Ask<'t>) -> Option<bool> {
        let name = self.place.action.clone().into();
        outcome(&self.languages, Of::Whole, ask, &name).unwrap_or_default()
    }

    /// Whether the action's name alone has what is asked of the text.
    fn is_in_action(&self, ask: &Ask<'t>) -> bool {
        let Ok(Some(languages)) = self.languages.of(ask) else {
            return false;
        };
        languages.iter().enumerate().any(|(at, language)| {
            let around = if is_of_values(ask, at) {
                Around::Nothing
            } else {
                Around::After
            };
            // What stands behind it may undo a match.
            let is_certain = language.is_exact && (is_of_values(ask, at) || !language.minds_end);
            is_certain && language.has_within(&self.place.action, around) == Ok(true)
        })
    }

    fn settled(&self, outcome: Option<bool>) -> Reading {
        let (yes, no) = (self.circuit.yes(), self.circuit.no());
        Reading {
            holds: if outcome == Some(true) { yes } else { no },
            fails: if outcome == Some(false) { yes } else { no },
        }
    }

    /// What a question may come to.
    fn atom(&mut self, atom: Atom<'t>) -> Reading {
        let known = self.known.get(&atom).copied();
        let number = known.unwrap_or_else(|| {
            let effort = atom.effort();
            let [holds, doubt] = [(); 2].map(|()| self.circuit.input_of(effort));
            self.circuit.require([!holds, !doubt]);
            self.circuit.require([!self.sure, !doubt]);
            let is_sure = matches!(atom.ask, Ask::Exists | Ask::HasType(_));
            // Whether a text is too long to be read is another matter.
            if is_sure || atom.field == Field::Text {
                self.circuit.require([!doubt]);
            }
            let fails = self.circuit.all([!holds, !doubt]);
            // What is found with the keys is found.
            let twin = Atom {
                without_keys: !atom.without_keys,
                ..atom.clone()
            };
            if let Some(&twin) = self.known.get(&twin) {
                let twin = self.outcomes[twin][0];
                let [less, more] = if atom.without_keys {
                    [twin, holds]
                } else {
                    [holds, twin]
                };
                self.circuit.require([!less, more]);
            }
            let number = self.atoms.len();
            self.outcomes.push([holds, fails, doubt]);
            self.atoms.push(atom.clone());
            self.known.insert(atom, number);
            number
        });
        let [holds, fails, _] = self.outcomes[number];
        Reading { holds, fails }
    }
}

fn add_clauses(condition: &Condition<'_>, clauses: &mut Vec<u16>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| add_clauses(part, clauses));
        }
        Condition::Test(test) => clauses.push(test.clause),
    }
}

const fn declared(is_optional: bool) -> Declared {
    if is_optional {
        Declared::Optional
    } else {
        Declared::Required
    }
}

/// Whether what a disguise hides may make a rule add its effect.
pub(crate) fn looks_through(policy: &Policy<'_>, rule: &Rule<'_>) -> bool {
    if policy.normalize == Normalize::Never || rule.effect == Effect::Allow {
        return false;
    }
    let mut left: Vec<&Condition<'_>> = rule.when.iter().collect();
    while let Some(condition) = left.pop() {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => left.extend(parts.iter()),
            Condition::Test(test) if !test.negated && sees(test) => return true,
            Condition::Test(_) => {}
        }
    }
    false
}

/// Whether a test looks behind disguises.
const fn sees(test: &Test<'_>) -> bool {
    matches!(
        test.check,
        Check::Contains(Literal::Text(_)) | Check::Matches(_) | Check::Intent(..)
    )
}
