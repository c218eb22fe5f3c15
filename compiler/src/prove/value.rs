//! What is to come of questions about one field in, a value that they come to
//! so for out, or that there is none.

use std::rc::Rc;

use agentos_runtime::{
    Number, Spelling, Value,
    table::{Literal, Order},
};

use super::{
    atom::{Answer, Ask, Claim, Declared, Kind, Of, Outcomes, Present},
    language::{Around, Language, TooLarge},
    languages::Languages,
    member::Wanted,
    moment::{around_moments, moments, moments_of, spelled},
    number::{Range, around_numbers, numbers, whole_after, whole_before},
    outcome::{missing, outcome, spell},
    words::fixed,
};

/// Finds values. The text that they become part of must not be in some languages.
pub(crate) struct Values<'v, 't> {
    pub(crate) languages: &'v Languages<'t>,
    /// What must not be found.
    pub(crate) avoided: &'v [Avoided],
    /// How the field stands in the text; nothing where it is no part of it.
    pub(crate) around: Option<Around>,
    /// How many states a search for one text may come to.
    pub(crate) most_states: usize,
}

/// What must not be found in the text.
pub(crate) struct Avoided {
    /// Whose claim that is.
    pub(crate) number: usize,
    pub(crate) languages: Rc<Vec<Language>>,
    /// Which of them.
    pub(crate) at: usize,
    /// Whether it is looked for in each value by itself.
    pub(crate) is_of_values: bool,
}

impl Avoided {
    /// That a value is not it, which stands so in the text.
    pub(crate) fn wanted(&self, around: Around) -> Wanted<'_> {
        let around = if self.is_of_values {
            Around::Nothing
        } else {
            around
        };
        Wanted {
            language: &self.languages[self.at],
            around,
            is_in: false,
        }
    }

    /// Whether it is found whatever stands behind a value that has it.
    pub(super) fn is_certain(&self) -> bool {
        let language = &self.languages[self.at];
        language.is_exact && (self.is_of_values || !language.minds_end)
    }
}

/// Which values are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// Some that may do.
    Some,
    /// One of each kind that the questions tell apart.
    Kinds,
    /// All of one type.
    All,
}

/// What a value breaks by its text.
enum Broken {
    Nothing,
    /// This claim.
    Claim(usize),
    /// Some claim, maybe.
    Maybe,
}

impl<'t> Values<'_, 't> {
    /// Which claim a key of this name breaks.
    pub(crate) fn avoids_key(&self, name: &str) -> Result<Option<usize>, TooLarge> {
        if self.around.is_none() {
            return Ok(None);
        }
        for avoided in self.avoided.iter().filter(|avoided| !avoided.is_of_values) {
            if avoided.languages[avoided.at].has_within(name, Around::Both)? {
                // What stands behind the key may undo it.
                let number = Some(avoided.number).filter(|_| avoided.is_certain());
                return number.ok_or(TooLarge).map(Some);
            }
        }
        Ok(None)
    }

    /// The name of who asks; none where that is to be missing.
    pub(crate) fn name(&self, claims: &[Claim<'_, 't>]) -> Answer<String> {
        let missing = contradicted(claims, where_missing);
        let Some(core) = missing else {
            return Answer::Some(String::new());
        };
        let name = match self.likely(claims) {
            Answer::NotDecided => self.string(claims),
            decided => decided,
        };
        match either(name, || Answer::None(core)) {
            // A name without letters is none.
            Answer::Some(Value::String(name)) if !name.is_empty() => Answer::Some(name.into()),
            Answer::Some(_) | Answer::NotDecided => Answer::NotDecided,
            Answer::None(core) => Answer::None(core),
        }
    }

    /// A value for a field, or that it is to be missing, as it has to be where
    /// its name breaks this claim.
    pub(crate) fn present(
        &self,
        claims: &[Claim<'_, 't>],
        avoided: Option<usize>,
    ) -> Answer<Present> {
        match contradicted(claims, where_missing) {
            None => Answer::Some(None),
            Some(missing) => either(
                match avoided {
                    None => self.there(claims).map(Some),
                    Some(number) => Answer::None(vec![number]),
                },
                || Answer::None(missing),
            ),
        }
    }

    /// A value for a field that is there.
    fn there(&self, claims: &[Claim<'_, 't>]) -> Answer<Value<'static>> {
        match self.likely(claims) {
            Answer::NotDecided => {}
            decided => return decided,
        }
        let found = either(self.scalar(claims), || self.list(claims));
        either(found, || self.map(claims))
    }

    /// A value that is soon found: what it has to equal, or one that is nothing in
    /// particular. Decided where it has to equal something.
    fn likely(&self, claims: &[Claim<'_, 't>]) -> Answer<Value<'static>> {
        let mut pinned = claims.iter().filter_map(|claim| {
            let literals: &[Literal<'_>] = match claim.ask {
                Ask::Equals(literal) => std::slice::from_ref(literal),
                Ask::OneOf(literals) => literals,
                _ => return None,
            };
            let is_pinned = claim.of == Of::Whole && claim.wanted == Outcomes::TRUE;
            let values: Option<Vec<Value<'static>>> = literals.iter().map(literal_value).collect();
            values
                .filter(|_| is_pinned)
                .map(|values| (claim.number, values))
        });
        if let Some((number, values)) = pinned.next() {
            return match self.one_of(claims, &values, Tried::Kinds) {
                Answer::None(mut core) => {
                    add(&mut core, number);
                    Answer::None(core)
                }
                answer => answer,
            };
        }
        let asked = claims.iter().filter(|claim| claim.wanted == Outcomes::TRUE);
        let mut likely: Vec<Value<'static>> = asked
            .flat_map(|claim| self.examples(claim.of, claim.ask))
            .take(MOST_EXAMPLES)
            .collect();
        let outside = claims.iter().filter_map(|claim| match claim.ask {
            Ask::Under(directory) if claim.wanted == Outcomes::FALSE => Some(directory),
            _ => None,
        });
        likely.extend(outside.flat_map(|directory| {
            let out = format!("{}/../something", directory.trim_end_matches('/'));
            ["/something".to_owned(), out].map(|text| Value::String(text.into()))
        }));
        likely.extend([Value::String("something".into()), 1.into(), true.into()]);
        match self.one_of(claims, &likely, Tried::Some) {
            Answer::Some(value) => Answer::Some(value),
            Answer::None(_) | Answer::NotDecided => Answer::NotDecided,
        }
    }

    /// Values of which the answer to a question is likely to be yes.
    fn examples(&self, of: Of, ask: &Ask<'t>) -> Vec<Value<'static>> {
        let text = |text: String| Value::String(text.into());
        let examples: Vec<Value<'static>> = match ask {
            Ask::Compare(order, Literal::Number(bound)) => {
                let beyond = match order {
                    Order::Less => whole_before(*bound),
                    Order::Greater => whole_after(*bound),
                    Order::AtMost | Order::AtLeast => Some(*bound),
                };
                beyond.map(number_value).into_iter().collect()
            }
            Ask::Contains(literal) => {
                let alone = literal_value(literal);
                let list = alone.clone().map(|value| Value::List(vec![value]));
                alone.into_iter().chain(list).collect()
            }
            Ask::StartsWith(start) => {
                vec![text((*start).to_owned()), text(format!("{start}something"))]
            }
            Ask::EndsWith(end) => vec![text((*end).to_owned())],
            Ask::Under(directory) => vec![
                text((*directory).to_owned()),
                text(format!("{}/something", directory.trim_end_matches('/'))),
                text(format!("/something/..{directory}")),
            ],
            Ask::Matches(_) => {
                let languages = self.languages.of(ask).ok().flatten();
                let languages = languages.iter().flat_map(|languages| languages.iter());
                languages
                    .filter_map(|language| language.example.clone().map(text))
                    .collect()
            }
            Ask::Exists | Ask::Equals(_) | Ask::Compare(..) | Ask::OneOf(_) | Ask::HasType(_) => {
                Vec::new()
            }
        };
        match of {
            Of::Whole => examples,
            Of::Any | Of::Every => {
                let lists = examples.into_iter().map(|example| vec![example]);
                lists.map(Value::List).collect()
            }
        }
    }

    /// A value that is no list and no map.
    fn scalar(&self, claims: &[Claim<'_, 't>]) -> Answer<Value<'static>> {
        let found = self.string(claims);
        let found = either(found, || self.number(claims));
        either(found, || {
            let both = [true, false].map(Value::Boolean);
            self.one_of(claims, &both, Tried::All)
        })
    }

    /// A map, of which nothing is asked but whether it is there.
    pub(crate) fn map(&self, claims: &[Claim<'_, 't>]) -> Answer<Value<'static>> {
        self.one_of(
            claims,
            &[Value::Map(agentos_runtime::Map::new())],
            Tried::All,
        )
    }

    /// The first of these values that all questions come to what is wanted for.
    pub(super) fn one_of(
        &self,
        claims: &[Claim<'_, 't>],
        values: &[Value<'static>],
        tried: Tried,
    ) -> Answer<Value<'static>> {
        let mut core = Vec::new();
        let mut is_decided = tried != Tried::Some;
        'values: for value in values {
            for claim in claims {
                match outcome(self.languages, claim.of, claim.ask, value) {
                    Ok(outcome) if claim.wanted.has(outcome) => {}
                    Ok(_) => {
                        add(&mut core, claim.number);
                        continue 'values;
                    }
                    Err(TooLarge) => {
                        is_decided = false;
                        continue 'values;
                    }
                }
            }
            match self.avoids(value) {
                Ok(Broken::Nothing) => return Answer::Some(value.clone()),
                Ok(Broken::Claim(number)) if tried == Tried::All => add(&mut core, number),
                Ok(Broken::Claim(_) | Broken::Maybe) | Err(TooLarge) => is_decided = false,
            }
        }
        if is_decided {
            Answer::None(core)
        } else {
            Answer::NotDecided
        }
    }

    /// What a value breaks by its text.
    fn avoids(&self, value: &Value<'_>) -> Result<Broken, TooLarge> {
        let Some(around) = self.around else {
            return Ok(Broken::Nothing);
        };
        let mut texts = Vec::new();
        spell(value, &mut texts);
        let mut broken = Broken::Nothing;
        for avoided in self.avoided {
            let wanted = avoided.wanted(around);
            for text in &texts {
                if wanted.language.has_within(text, wanted.around)? {
                    if avoided.is_certain() {
                        return Ok(Broken::Claim(avoided.number));
                    }
                    broken = Broken::Maybe;
                }
            }
        }
        Ok(broken)
    }

    fn number(&self, claims: &[Claim<'_, 't>]) -> Answer<Value<'static>> {
        let range = Range::new(claims);
        if let Some(core) = range.contradiction() {
            return Answer::None(core);
        }
        let mut bounds = Vec::new();
        for claim in claims {
            numbers(claim.ask, &mut bounds);
        }
        bounds.retain(|&bound| range.has(bound));
        let Some(numbers) = around_numbers(bounds) else {
            return Answer::NotDecided;
        };
        let values: Vec<Value<'static>> = numbers.into_iter().map(number_value).collect();
        match self.one_of(claims, &values, Tried::Kinds) {
            Answer::None(mut core) => {
                // They left the others out.
                for number in range.numbers() {
                    add(&mut core, number);
                }
                Answer::None(core)
            }
            answer => answer,
        }
    }

    pub(crate) fn string(&self, claims: &[Claim<'_, 't>]) -> Answer<Value<'static>> {
        let mut times = Vec::new();
        for claim in claims {
            moments(claim.ask, &mut times);
        }
        let words = self.words(claims);
        if times.is_empty() {
            return words;
        }
        either(words, || {
            let Some(moments) = around_moments(times) else {
                return Answer::NotDecided;
            };
            let values: Vec<Value<'static>> = moments
                .into_iter()
                .filter_map(spelled)
                .flat_map(|text| [text.clone(), text.replace('Z', "+00:00")])
                .map(|text| Value::String(text.into()))
                .collect();
            // A moment has many spellings, of which texts tell some apart.
            let is_timed = |claim: &Claim<'_, 't>| {
                let mut times = Vec::new();
                moments_of(claim.ask, &mut times);
                !times.is_empty() || fixed(claim, &Value::String("".into())).is_some()
            };
            let tried = if claims.iter().all(is_timed) {
                Tried::Kinds
            } else {
                Tried::Some
            };
            self.one_of(claims, &values, tried)
        })
    }

    /// A list: an element for each question that needs one, all of them such
    /// that the others come to what is wanted.
    fn list(&self, claims: &[Claim<'_, 't>]) -> Answer<Value<'static>> {
        let any_list = Value::List(Vec::new());
        let mut each: Vec<Claim<'_, 't>> = Vec::new();
        let mut needed: Vec<Claim<'_, 't>> = Vec::new();
        // What is asked of the elements.
        let asked = claims.iter().map(|claim| match (claim.of, claim.ask) {
            (Of::Whole, Ask::Contains(literal)) => Ask::Equals(literal.clone()),
            (Of::Whole, Ask::HasType(Kind::List(element))) => Ask::HasType((**element).clone()),
            (_, ask) => ask.clone(),
        });
        let asked: Vec<Ask<'t>> = asked.collect();
        for (claim, ask) in claims.iter().zip(&asked) {
            let is_any = claim.of == Of::Any
                || claim.of == Of::Whole && matches!(claim.ask, Ask::Contains(_));
            let is_every = claim.of == Of::Every
                || claim.of == Of::Whole && matches!(claim.ask, Ask::HasType(Kind::List(_)));
            if !is_any && !is_every {
                // It is settled by being a list.
                match outcome(self.languages, claim.of, claim.ask, &any_list) {
                    Ok(outcome) if claim.wanted.has(outcome) => continue,
                    _ => return Answer::None(vec![claim.number]),
                }
            }
            let element = |wanted| Claim {
                of: Of::Whole,
                ask,
                wanted,
                declared: Declared::No,
                ..*claim
            };
            // What settles it where one element comes to it.
            let decisive = Some(is_any);
            if claim.wanted.has(Some(!is_any)) {
                // The empty list comes to it, and so do more elements of the kind.
                each.push(element(Outcomes::one(Some(!is_any))));
            } else if claim.wanted.has(decisive) {
                needed.push(element(Outcomes::one(decisive)));
            } else {
                each.push(element(Outcomes::one(decisive).others()));
                needed.push(element(Outcomes::DOUBT));
            }
        }
        let mut elements = Vec::new();
        for claim in needed {
            let all = [each.clone(), vec![claim]].concat();
            match either(self.scalar(&all), || self.odd(&all)) {
                Answer::Some(element) => elements.push(element),
                // Another way to come to what is wanted was not tried.
                Answer::None(core) if claims.iter().all(|claim| is_single(claim.wanted)) => {
                    return Answer::None(core);
                }
                _ => return Answer::NotDecided,
            }
        }
        let list = Value::List(elements);
        match self.one_of(claims, &[list], Tried::Some) {
            Answer::Some(list) => Answer::Some(list),
            _ => Answer::NotDecided,
        }
    }

    /// An element that is none of what is asked about.
    fn odd(&self, claims: &[Claim<'_, 't>]) -> Answer<Value<'static>> {
        let odd = [Value::Null, Value::List(Vec::new())];
        self.one_of(claims, &odd, Tried::Kinds)
    }
}

/// How many likely values are tried.
const MOST_EXAMPLES: usize = 32;

fn is_single(outcomes: Outcomes) -> bool {
    [Outcomes::TRUE, Outcomes::FALSE, Outcomes::DOUBT].contains(&outcomes)
}

/// The first answer; where it says that there is none, the second one, with
/// the claims of both.
pub(crate) fn either<T>(first: Answer<T>, second: impl FnOnce() -> Answer<T>) -> Answer<T> {
    match first {
        Answer::Some(value) => Answer::Some(value),
        Answer::NotDecided => match second() {
            Answer::Some(value) => Answer::Some(value),
            Answer::None(_) | Answer::NotDecided => Answer::NotDecided,
        },
        Answer::None(core) => match second() {
            Answer::None(other) => {
                let mut core = core;
                for number in other {
                    add(&mut core, number);
                }
                Answer::None(core)
            }
            other => other,
        },
    }
}

fn add(core: &mut Vec<usize>, number: usize) {
    if !core.contains(&number) {
        core.push(number);
    }
}

/// The value that a literal is; none for a moment, which has many spellings.
fn literal_value(literal: &Literal<'_>) -> Option<Value<'static>> {
    match literal {
        Literal::Text(text) => Some(Value::String((*text).to_owned().into())),
        Literal::Number(number) => Some(number_value(*number)),
        Literal::Boolean(boolean) => Some(Value::Boolean(*boolean)),
        Literal::Time(_) => None,
    }
}

fn number_value(number: Number) -> Value<'static> {
    let spelling = if number.is_integer() {
        Spelling::Whole
    } else {
        Spelling::Pointed
    };
    Value::Number(number, spelling)
}

/// The first claim that cannot be met by what its question may come to.
pub(crate) fn contradicted<'t>(
    claims: &[Claim<'_, 't>],
    comes_to: impl Fn(&Claim<'_, 't>) -> Outcomes,
) -> Option<Vec<usize>> {
    let unmet = claims
        .iter()
        .find(|claim| !claim.wanted.meets(comes_to(claim)))?;
    Some(vec![unmet.number])
}

/// What the question of a claim comes to where nothing is there.
fn where_missing(claim: &Claim<'_, '_>) -> Outcomes {
    Outcomes::one(missing(claim.ask, claim.declared, claim.of))
}
