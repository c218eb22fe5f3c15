//! What is wanted of rules in, a request of which it holds out, or that there is
//! none.
//!
//! The solver guesses what questions come to, and their fields are looked at one
//! by one. What cannot be is said to the solver, which then guesses otherwise.
//! Nobody sees a request that was not decided.

use std::collections::BTreeMap;

use agentos_runtime::{Request, table::Field};

use super::{
    atom::{Claim, Outcomes},
    circuit::Lit,
    disguise::{Behind, Unmasked},
    language::Around,
    meaning::Meaning,
    node::{Node, Root, agent},
    value::{Avoided, Values},
};

/// What a search came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found {
    /// It holds of this request.
    Request(Box<Request<'static>>),
    /// It holds of none.
    Nothing,
    /// That was not decided within the bounds.
    NotDecided,
}

/// What a question comes to; `None` is doubt.
pub(super) type Outcome = Option<bool>;

/// By number, what questions come to; `None` is what does not matter.
type Guess = Vec<Option<Outcome>>;

/// How often the solver guesses.
const MOST_GUESSES: usize = 400;

/// How often it does so before it is told everything that answers tell of each
/// other, which is much to remember; mostly a few guesses do.
const FEW_GUESSES: usize = 8;

/// How many guesses may be left open before it gives up.
const MOST_OPEN: usize = 8;

/// How many states a search for a text may come to; at first none.
pub(super) const MOST_STATES: usize = 4_000;

/// Something that a guess cannot be.
pub(super) enum Flaw {
    /// These questions cannot come to this together.
    Contradiction(Vec<usize>),
    /// Whether they can was not decided.
    NotDecided(Vec<usize>),
}

impl<'t> Meaning<'t> {
    /// A request of which all of these hold, as `holds` says of it as well.
    pub(crate) fn find(
        &mut self,
        wanted: &[Lit],
        holds: impl Fn(&Request<'static>) -> bool,
    ) -> Found {
        self.say_order();
        // What was not decided binds this search only.
        let here = self.circuit.input();
        let wanted: Vec<Lit> = wanted.iter().copied().chain([here]).collect();
        let mut open = 0;
        let mut may_be_sure = true;
        for guesses in 0..MOST_GUESSES {
            if guesses == FEW_GUESSES {
                self.say_what_follows();
            }
            if self.circuit.solve(&wanted).is_err() {
                return if open == 0 {
                    Found::Nothing
                } else {
                    Found::NotDecided
                };
            }
            let (mut guess, mut behind) = self.guess(&wanted);
            if may_be_sure && guess.contains(&Some(None)) {
                // A value that is what is asked for shows more than one that is missing.
                let sure: Vec<Lit> = wanted.iter().copied().chain([self.sure]).collect();
                may_be_sure = self.circuit.solve(&sure).is_ok();
                if may_be_sure {
                    (guess, behind) = self.guess(&wanted);
                }
            }
            let mut request = self.request(&guess, 0);
            if let Err(Flaw::NotDecided(_)) = request {
                // Something near may do, which is looked for sooner than found exactly.
                let near = self.near(&guess);
                if self.is_one(&wanted, &near) && holds(&near) {
                    return Found::Request(Box::new(near));
                }
                request = self.request(&guess, MOST_STATES);
            }
            let (questions, is_certain) = match request {
                Ok(request) if holds(&request) => return Found::Request(Box::new(request)),
                Ok(request) => match self.unmask(&behind, &request, &holds) {
                    Unmasked::Request(request) => return Found::Request(Box::new(request)),
                    Unmasked::Wrong => continue,
                    Unmasked::NotDecided => (asked(&guess).collect(), false),
                },
                Err(Flaw::Contradiction(questions)) => (questions, true),
                Err(Flaw::NotDecided(questions)) => (questions, false),
            };
            if !is_certain && self.followed < self.atoms.len() {
                // It may be known to be no way to guess.
                self.say_what_follows();
                continue;
            }
            open += usize::from(!is_certain);
            if open > MOST_OPEN {
                break;
            }
            let others = questions.iter().filter_map(|&atom| {
                let outcome = guess[atom]?;
                Some(!self.outcomes[atom][index(outcome)])
            });
            let clause: Vec<Lit> = others.chain((!is_certain).then_some(!here)).collect();
            self.circuit.require(clause);
        }
        Found::NotDecided
    }

    pub(super) fn values<'v>(
        &'v self,
        avoided: &'v [Avoided],
        around: Option<Around>,
        most_states: usize,
    ) -> Values<'v, 't> {
        Values {
            languages: &self.languages,
            avoided,
            around,
            most_states,
        }
    }

    /// What the solver thinks that each question comes to which makes this hold.
    fn guess(&self, wanted: &[Lit]) -> (Guess, Behind<'t>) {
        let needed = self.circuit.needed(wanted);
        let is_needed = |lit: Lit| needed[lit.var().idx() as usize];
        let outcomes = self.outcomes.iter();
        let guess = outcomes
            .map(|&[holds, fails, doubt]| {
                if !is_needed(holds) && !is_needed(doubt) {
                    None
                } else if self.circuit.holds(holds) {
                    Some(Some(true))
                } else {
                    Some(self.circuit.holds(fails).then_some(false))
                }
            })
            .collect();
        (guess, self.behind(is_needed))
    }

    /// The request that a guess is about, where a search for a text in it may come
    /// to so many states.
    fn request(
        &self,
        guess: &[Option<Outcome>],
        most_states: usize,
    ) -> Result<Request<'static>, Flaw> {
        let mut request = Request::new("", self.place.action.clone());
        request.stage = self.place.stage;
        let avoided = self.avoided(guess)?;
        for (root, node) in self.roots(guess) {
            let values = if let Root::Param(_) = root {
                self.values(&avoided, Some(Around::Both), most_states)
            } else {
                self.values(&[], None, most_states)
            };
            Self::set(&mut request, root, &node, &values)?;
        }
        self.add_texts(guess, &avoided, &mut request.params, most_states)?;
        Ok(request)
    }

    /// What is asked of each field.
    pub(super) fn roots(&self, guess: &[Option<Outcome>]) -> BTreeMap<Root<'_, 't>, Node<'_, 't>> {
        let mut roots: BTreeMap<Root<'_, 't>, Node<'_, 't>> = BTreeMap::new();
        for number in asked(guess) {
            let (Some(atom), Some(outcome)) = (self.atoms.get(number), guess[number]) else {
                continue;
            };
            let (root, names): (_, &[&'t str]) = match &atom.field {
                Field::Param(names) => (Root::Param(names.first()), names),
                Field::Context(names) => (Root::Context(names.first()), names),
                Field::Attested(names) => (Root::Attested(names.first()), names),
                Field::Agent => (Root::Agent, &[]),
                Field::Action | Field::Text => continue,
            };
            let node = roots.entry(root).or_default();
            node.at(names.get(1..).unwrap_or_default())
                .claims
                .push(Claim {
                    number,
                    of: atom.quantifier,
                    ask: &atom.ask,
                    declared: atom.declared,
                    wanted: Outcomes::one(outcome),
                });
        }
        roots
    }

    /// Sets a field of a request to a value that is what is wanted.
    pub(super) fn set(
        request: &mut Request<'static>,
        root: Root<'_, 't>,
        node: &Node<'_, 't>,
        values: &Values<'_, 't>,
    ) -> Result<(), Flaw> {
        let (map, name) = match root {
            Root::Param(name) => (&mut request.params, name),
            Root::Context(name) => (&mut request.context, name),
            Root::Attested(name) => (&mut request.attested, name),
            Root::Agent => {
                request.agent = agent(values, node)?.into();
                return Ok(());
            }
        };
        if let (Some(value), Some(name)) = (node.value(values, name.copied())?, name) {
            map.insert((**name).to_owned(), value);
        }
        Ok(())
    }
}

/// The questions that matter to a guess.
fn asked(guess: &[Option<Outcome>]) -> impl Iterator<Item = usize> {
    let all = guess.iter().enumerate();
    all.filter_map(|(number, outcome)| outcome.map(|_| number))
}

/// Where an outcome stands among the three.
pub(super) const fn index(outcome: Outcome) -> usize {
    match outcome {
        Some(true) => 0,
        Some(false) => 1,
        None => 2,
    }
}
