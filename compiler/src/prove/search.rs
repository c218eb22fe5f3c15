//! What is wanted of rules in, a request of which it holds out, or that there is
//! none.
//!
//! The solver guesses what questions come to, and their fields are looked at one
//! by one. What cannot be is said to the solver, which then guesses otherwise.
//! Nobody sees a request that was not decided.

use std::collections::BTreeMap;

use agentos_runtime::{
    Map, Number, Request, Value,
    table::{Field, Literal, Matcher, Order},
};

use super::{
    atom::{Answer, Ask, Claim, Declared, Of, Outcomes, Present},
    circuit::Lit,
    language::{Around, Language},
    meaning::Meaning,
    member::{Member, Wanted, any_member, member},
    outcome::spell,
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

/// How often the solver guesses.
const MOST_GUESSES: usize = 400;

/// How many guesses may be left open before it gives up.
const MOST_OPEN: usize = 8;

/// How many states a search for a text may come to; at first none.
const MOST_STATES: usize = 4_000;

/// Something that a guess cannot be.
pub(super) enum Flaw {
    /// These questions cannot come to this together.
    Contradiction(Vec<usize>),
    /// Whether they can was not decided.
    NotDecided(Vec<usize>),
}

impl<'t> Meaning<'t> {
    /// A request of which all of these hold, as `holds` says of it as well.
    pub(crate) fn find(&mut self, wanted: &[Lit], holds: impl Fn(&Request<'_>) -> bool) -> Found {
        self.order_numbers();
        // What was not decided binds this search only.
        let here = self.circuit.input();
        let wanted: Vec<Lit> = wanted.iter().copied().chain([here]).collect();
        let mut open = 0;
        for _ in 0..MOST_GUESSES {
            if self.circuit.solve(&wanted).is_err() {
                return if open == 0 {
                    Found::Nothing
                } else {
                    Found::NotDecided
                };
            }
            let guess = self.guess();
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
                Ok(_) => ((0..self.atoms.len()).collect(), false),
                Err(Flaw::Contradiction(questions)) => (questions, true),
                Err(Flaw::NotDecided(questions)) => (questions, false),
            };
            open += usize::from(!is_certain);
            if open > MOST_OPEN {
                break;
            }
            let others = questions
                .iter()
                .map(|&atom| !self.outcomes[atom][index(guess[atom])]);
            let clause: Vec<Lit> = others.chain((!is_certain).then_some(!here)).collect();
            self.circuit.require(clause);
        }
        Found::NotDecided
    }

    /// Says to the solver how comparisons with numbers follow from each other, which
    /// it would find out one by one.
    fn order_numbers(&mut self) {
        if self.ordered == self.atoms.len() {
            return;
        }
        self.ordered = self.atoms.len();
        // By field: where a number lies for the answer to be yes, and the question.
        let mut fields: BTreeMap<_, Vec<(Number, bool, usize, bool)>> = BTreeMap::new();
        for (number, atom) in self.atoms.iter().enumerate() {
            let (Of::Whole, Ask::Compare(order, Literal::Number(at))) =
                (atom.quantifier, &atom.ask)
            else {
                continue;
            };
            // What is absent is neither below nor above.
            if atom.declared == Declared::Optional {
                continue;
            }
            // `x < a` and `not x >= a` are one, and so are `x <= a` and `not x > a`.
            let (is_behind, is_turned) = match order {
                Order::Less => (false, false),
                Order::AtLeast => (false, true),
                Order::AtMost => (true, false),
                Order::Greater => (true, true),
            };
            // Names may have dots: fields that print alike are not one.
            let field = fields.entry(format!("{:?}", atom.field)).or_default();
            field.push((*at, is_behind, number, is_turned));
        }
        for mut comparisons in fields.into_values() {
            comparisons.sort_unstable();
            for pair in comparisons.windows(2) {
                let [(_, _, one, one_turned), (_, _, other, other_turned)] = *pair else {
                    continue;
                };
                let (below, above) = (self.outcomes[one], self.outcomes[other]);
                // Below the first one is below the second one.
                let one = below[usize::from(one_turned)];
                let other = above[usize::from(other_turned)];
                self.circuit.require([!one, other]);
                let one = below[usize::from(!one_turned)];
                let other = above[usize::from(!other_turned)];
                self.circuit.require([!other, one]);
            }
        }
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

    /// What the solver thinks that each question comes to.
    fn guess(&self) -> Vec<Option<bool>> {
        let outcomes = self.outcomes.iter();
        outcomes
            .map(|&[holds, fails, _]| {
                if self.circuit.holds(holds) {
                    Some(true)
                } else {
                    self.circuit.holds(fails).then_some(false)
                }
            })
            .collect()
    }

    /// The request that a guess is about, where a search for a text in it may come
    /// to so many states.
    fn request(
        &self,
        guess: &[Option<bool>],
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
    pub(super) fn roots(&self, guess: &[Option<bool>]) -> BTreeMap<Root<'_, 't>, Node<'_, 't>> {
        let mut roots: BTreeMap<Root<'_, 't>, Node<'_, 't>> = BTreeMap::new();
        for (number, atom) in self.atoms.iter().enumerate() {
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
                    wanted: Outcomes::one(guess[number]),
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

    /// What the text must not have.
    fn avoided(&self, guess: &[Option<bool>]) -> Result<Vec<Avoided>, Flaw> {
        let mut avoided = Vec::new();
        for (number, atom) in self.atoms.iter().enumerate() {
            if atom.field != Field::Text || guess[number] != Some(false) {
                continue;
            }
            let Ok(made) = self.languages.of(&atom.ask) else {
                return Err(Flaw::NotDecided(vec![number]));
            };
            let Some(made) = made else {
                continue;
            };
            avoided.extend((0..made.len()).map(|at| Avoided {
                number,
                languages: made.clone(),
                at,
                is_of_values: is_of_values(&atom.ask, at),
            }));
        }
        Ok(avoided)
    }

    /// Adds params for what the text is to have and does not yet.
    fn add_texts(
        &self,
        guess: &[Option<bool>],
        avoided: &[Avoided],
        params: &mut Map<'static>,
        most_states: usize,
    ) -> Result<(), Flaw> {
        let mut notes: Vec<Value<'static>> = Vec::new();
        let texts = self.atoms.iter().enumerate();
        let texts = texts.filter(|(_, atom)| atom.field == Field::Text);
        for (number, atom) in texts.filter(|&(number, _)| guess[number] == Some(true)) {
            let Ok(Some(languages)) = self.languages.of(&atom.ask) else {
                return Err(Flaw::NotDecided(vec![number]));
            };
            let mut is_none = true;
            let mut text = None;
            let whole = self.text(params);
            for (at, language) in languages.iter().enumerate() {
                let is_there = !is_of_values(&atom.ask, at) && language.has(&whole) == Ok(true);
                if is_there {
                    text = Some(None);
                    break;
                }
                let around = if is_of_values(&atom.ask, at) {
                    Around::Nothing
                } else {
                    Around::Both
                };
                let sought = Wanted {
                    language,
                    around,
                    is_in: true,
                };
                let wanted = avoided.iter().map(|avoided| avoided.wanted(Around::Both));
                let wanted: Vec<Wanted<'_>> = [sought].into_iter().chain(wanted).collect();
                match any_member(&wanted, most_states) {
                    Member::Text(found) => {
                        text = Some(Some(found));
                        break;
                    }
                    Member::None => {}
                    Member::NotDecided => is_none = false,
                }
            }
            match text {
                Some(Some(text)) => {
                    notes.push(Value::String(text.into()));
                    let name = self.note();
                    let value = match notes.as_slice() {
                        [note] => note.clone(),
                        notes => Value::List(notes.to_vec()),
                    };
                    params.insert(name, value);
                }
                Some(None) => {}
                None if is_none => return Err(self.no_text(guess, most_states)),
                None => return Err(Flaw::NotDecided(self.text_questions())),
            }
        }
        Ok(())
    }

    /// What is wrong where no value has what the text is to have: that may be so
    /// of every text.
    fn no_text(&self, guess: &[Option<bool>], most_states: usize) -> Flaw {
        let questions = self.text_questions();
        let not_decided = || Flaw::NotDecided(questions.clone());
        let mut wanted: Vec<(usize, std::rc::Rc<Vec<Language>>, bool)> = Vec::new();
        for &number in &questions {
            let ask = &self.atoms[number].ask;
            let Ok(Some(languages)) = self.languages.of(ask) else {
                continue;
            };
            let is_plain = languages.iter().enumerate().all(|(at, language)| {
                language.is_exact && !language.minds_end && !is_of_values(ask, at)
            });
            if is_plain && (guess[number] == Some(false) || languages.len() == 1) {
                wanted.push((number, languages, guess[number] == Some(true)));
            }
        }
        let is_none = |wanted: &[(usize, std::rc::Rc<Vec<Language>>, bool)]| {
            let all = wanted.iter().flat_map(|(_, languages, is_in)| {
                languages.iter().map(|language| Wanted {
                    language,
                    around: Around::Nothing,
                    is_in: *is_in,
                })
            });
            member(&all.collect::<Vec<_>>(), most_states) == Member::None
        };
        if !is_none(&wanted) {
            return not_decided();
        }
        let mut at = 0;
        while at < wanted.len() {
            let mut without = wanted.clone();
            without.remove(at);
            if is_none(&without) {
                wanted = without;
            } else {
                at += 1;
            }
        }
        Flaw::Contradiction(wanted.into_iter().map(|(number, ..)| number).collect())
    }

    fn text_questions(&self) -> Vec<usize> {
        let atoms = self.atoms.iter().enumerate();
        let texts = atoms.filter(|(_, atom)| atom.field == Field::Text);
        texts.map(|(number, _)| number).collect()
    }

    /// The canonical text of a call.
    pub(super) fn text(&self, params: &Map<'_>) -> String {
        let mut texts = vec![self.place.action.clone()];
        for (_, value) in params.iter() {
            spell(value, &mut texts);
        }
        for (name, value) in params.iter() {
            keys(name, value, &mut texts);
        }
        texts.join(" ")
    }

    /// The name of a param that nothing asks about.
    pub(super) fn note(&self) -> String {
        let is_taken = |name: &str| {
            self.atoms.iter().any(
                |atom| matches!(&atom.field, Field::Param(names) if names.first() == Some(&name)),
            )
        };
        let mut name = "note".to_owned();
        while is_taken(&name) {
            name.push('_');
        }
        name
    }
}

fn keys(name: &str, value: &Value<'_>, texts: &mut Vec<String>) {
    texts.push(name.to_owned());
    if let Value::Map(map) = value {
        for (name, value) in map.iter() {
            keys(name, value, texts);
        }
    }
}

/// Where an outcome stands among the three.
pub(super) const fn index(outcome: Option<bool>) -> usize {
    match outcome {
        Some(true) => 0,
        Some(false) => 1,
        None => 2,
    }
}

/// Whether what is asked is asked of each value of a text by itself.
pub(super) fn is_of_values(ask: &Ask<'_>, at: usize) -> bool {
    matches!(ask, Ask::Matches(matchers) if matches!(matchers.get(at), Some(Matcher::Glob(_))))
}

/// Where a field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Root<'m, 't> {
    Agent,
    Param(Option<&'m &'t str>),
    Context(Option<&'m &'t str>),
    Attested(Option<&'m &'t str>),
}

/// What is asked of a field, and of those below it.
#[derive(Default)]
pub(super) struct Node<'m, 't> {
    claims: Vec<Claim<'m, 't>>,
    below: BTreeMap<&'m str, Node<'m, 't>>,
}

impl<'m, 't> Node<'m, 't> {
    fn at(&mut self, names: &'m [&'t str]) -> &mut Node<'m, 't> {
        match names.split_first() {
            None => self,
            Some((first, others)) => self.below.entry(first).or_default().at(others),
        }
    }

    /// Forgets all other claims.
    pub(super) fn keep(&mut self, is_kept: &impl Fn(&Claim<'_, 't>) -> bool) {
        self.claims.retain(|claim| is_kept(claim));
        for node in self.below.values_mut() {
            node.keep(is_kept);
        }
    }

    /// A value for the field of this name, or that it is missing.
    fn value(&self, values: &Values<'_, 't>, name: Option<&str>) -> Result<Present, Flaw> {
        let avoided = name.map_or(Ok(None), |name| values.avoids_key(name));
        let Ok(avoided) = avoided else {
            return Err(Flaw::NotDecided(self.numbers()));
        };
        // Whatever is asked below comes to nothing where there is no map.
        let mut below = Vec::new();
        for node in self.below.values() {
            node.missing(&mut below);
        }
        let plain = if below.is_empty() {
            values.present(&self.claims, avoided)
        } else {
            Answer::None(below)
        };
        let core = match plain {
            Answer::Some(value) => return Ok(value),
            Answer::NotDecided => return Err(Flaw::NotDecided(self.numbers())),
            Answer::None(core) if self.below.is_empty() => {
                return Err(Flaw::Contradiction(core));
            }
            Answer::None(core) => core,
        };
        // A map, and in it what is asked for.
        let with = |flaw| match flaw {
            Flaw::Contradiction(mut more) => {
                more.extend(core.iter().copied());
                more.sort_unstable();
                more.dedup();
                Flaw::Contradiction(more)
            }
            Flaw::NotDecided(_) => Flaw::NotDecided(self.numbers()),
        };
        if let Some(number) = avoided {
            return Err(with(Flaw::Contradiction(vec![number])));
        }
        match values.map(&self.claims) {
            Answer::Some(_) => {}
            Answer::None(more) => return Err(with(Flaw::Contradiction(more))),
            Answer::NotDecided => return Err(Flaw::NotDecided(self.numbers())),
        }
        let mut map = Map::new();
        for (name, node) in &self.below {
            if let Some(value) = node.value(values, Some(name)).map_err(with)? {
                map.insert((*name).to_owned(), value);
            }
        }
        Ok(Some(Value::Map(map)))
    }

    /// The questions that come to something else where nothing is there.
    fn missing(&self, unmet: &mut Vec<usize>) {
        let others = self.claims.iter().filter(|claim| {
            let outcome = (*claim.ask == Ask::Exists).then_some(false);
            !claim.wanted.has(outcome)
        });
        unmet.extend(others.map(|claim| claim.number));
        for node in self.below.values() {
            node.missing(unmet);
        }
    }

    fn numbers(&self) -> Vec<usize> {
        let own = self.claims.iter().map(|claim| claim.number);
        let below = self.below.values().flat_map(Node::numbers);
        own.chain(below).collect()
    }
}

/// Who asks: nobody where that is missing.
fn agent<'t>(values: &Values<'_, 't>, node: &Node<'_, 't>) -> Result<String, Flaw> {
    match values.name(&node.claims) {
        Answer::Some(name) => Ok(name),
        Answer::None(core) => Err(Flaw::Contradiction(core)),
        Answer::NotDecided => Err(Flaw::NotDecided(node.numbers())),
    }
}
