//! What rules ask of a request: one question about one field, whose outcome is
//! true, false or in doubt. Rules that ask the same share it.

use agentos_runtime::{
    Value,
    table::{Category, Check, Field, Literal, Matcher, Order, Policy, Quantifier, Type},
};

/// A question about a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Atom<'t> {
    pub(crate) field: Field<'t>,
    /// What the declaration of the action says of the field.
    pub(crate) declared: Declared,
    pub(crate) quantifier: Of,
    pub(crate) ask: Ask<'t>,
    /// Whether it is asked of the text without its keys, too, as it is where finding
    /// more can only make an answer stricter.
    pub(crate) without_keys: bool,
}

impl Atom<'_> {
    /// How hard it is to find a value for which it comes to something.
    pub(crate) fn effort(&self) -> u32 {
        let of_ask = match &self.ask {
            Ask::Exists | Ask::Equals(_) | Ask::Compare(..) | Ask::OneOf(_) | Ask::HasType(_) => 1,
            Ask::StartsWith(_) | Ask::EndsWith(_) | Ask::Under(_) | Ask::Contains(_) => 4,
            Ask::Matches(matchers) => (matchers.len() as u32).saturating_mul(16),
        };
        if self.field == Field::Text {
            of_ask.saturating_mul(2)
        } else {
            of_ask
        }
    }
}

/// What the declaration of the action says of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Declared {
    /// Nothing: where it is not there, that is doubt.
    No,
    /// It has to be there.
    Required,
    /// It may be missing, and is absent then.
    Optional,
}

/// [`Quantifier`], which has no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Of {
    Whole,
    Any,
    Every,
}

impl From<Quantifier> for Of {
    fn from(quantifier: Quantifier) -> Of {
        match quantifier {
            Quantifier::Whole => Of::Whole,
            Quantifier::Any => Of::Any,
            Quantifier::Every => Of::Every,
        }
    }
}

/// What is asked: a [`Check`] whose patterns stand in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ask<'t> {
    Exists,
    Equals(Literal<'t>),
    Compare(Order, Literal<'t>),
    OneOf(Vec<Literal<'t>>),
    Contains(Literal<'t>),
    StartsWith(&'t str),
    EndsWith(&'t str),
    Under(&'t str),
    /// One of these is found.
    Matches(Vec<Matcher<'t>>),
    /// It is of the type that is declared: never in doubt.
    HasType(Kind<'t>),
}

/// [`Type`], which has no hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind<'t> {
    String,
    Integer,
    Decimal,
    Boolean,
    Timestamp,
    OneOf(Vec<Literal<'t>>),
    List(Box<Kind<'t>>),
}

impl<'t> Kind<'t> {
    pub(crate) fn new(ty: &Type<'t>) -> Kind<'t> {
        match ty {
            Type::String => Kind::String,
            Type::Integer => Kind::Integer,
            Type::Decimal => Kind::Decimal,
            Type::Boolean => Kind::Boolean,
            Type::Timestamp => Kind::Timestamp,
            Type::OneOf(literals) => Kind::OneOf(literals.to_vec()),
            Type::List(element) => {
                let element = element.first().map_or(Kind::String, Kind::new);
                Kind::List(Box::new(element))
            }
        }
    }
}

impl<'t> Ask<'t> {
    /// What a check of a policy asks.
    pub(crate) fn new(policy: &Policy<'t>, check: &Check<'t>) -> Ask<'t> {
        match check {
            Check::Exists => Ask::Exists,
            Check::Equals(literal) => Ask::Equals(literal.clone()),
            Check::Compare(order, bound) => Ask::Compare(*order, bound.clone()),
            Check::OneOf(literals) => Ask::OneOf(literals.to_vec()),
            Check::Contains(literal) => Ask::Contains(literal.clone()),
            Check::StartsWith(start) => Ask::StartsWith(start),
            Check::EndsWith(end) => Ask::EndsWith(end),
            Check::Under(directory) => Ask::Under(directory),
            Check::Matches(set) => {
                let set = policy.patterns.get(*set as usize);
                let patterns = set
                    .map(|set| &set.patterns)
                    .into_iter()
                    .flat_map(|set| set.iter());
                Ask::Matches(patterns.map(|pattern| pattern.matcher.clone()).collect())
            }
            Check::Intent(categories, at) => Ask::Matches(signals(policy, categories, *at)),
        }
    }
}

/// What shows one of these intents with at least this confidence.
fn signals<'t>(
    policy: &Policy<'t>,
    categories: &[Category],
    at: agentos_runtime::Number,
) -> Vec<Matcher<'t>> {
    let intents = policy.intents.iter();
    let intents = intents.filter(|intent| categories.contains(&intent.category));
    let signals = intents.flat_map(|intent| intent.signals.iter());
    let heavy = signals.filter(|signal| signal.weight >= at && signal.weight > 0.into());
    heavy.map(|signal| signal.pattern.matcher.clone()).collect()
}

/// Outcomes of a question, any of which will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Outcomes(u8);

impl Outcomes {
    pub(crate) const TRUE: Outcomes = Outcomes(1);
    pub(crate) const FALSE: Outcomes = Outcomes(2);
    pub(crate) const DOUBT: Outcomes = Outcomes(4);
    pub(crate) const ALL: Outcomes = Outcomes(7);

    pub(crate) fn has(self, outcome: Option<bool>) -> bool {
        self.0 & Outcomes::one(outcome).0 != 0
    }

    /// Whether some are among both.
    pub(crate) fn meets(self, other: Outcomes) -> bool {
        self.0 & other.0 != 0
    }

    /// That one alone; `None` is doubt.
    pub(crate) fn one(outcome: Option<bool>) -> Outcomes {
        match outcome {
            Some(true) => Outcomes::TRUE,
            Some(false) => Outcomes::FALSE,
            None => Outcomes::DOUBT,
        }
    }

    /// All but these.
    pub(crate) fn others(self) -> Outcomes {
        Outcomes(Outcomes::ALL.0 & !self.0)
    }
}

/// What is to come of a question; `number` says whose it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'c, 't> {
    pub(crate) number: usize,
    pub(crate) of: Of,
    pub(crate) ask: &'c Ask<'t>,
    pub(crate) declared: Declared,
    pub(crate) wanted: Outcomes,
}

/// What a search for a value comes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer<T> {
    Some(T),
    /// There is none, as these claims contradict each other.
    None(Vec<usize>),
    /// That was not decided within the bounds.
    NotDecided,
}

impl<T> Answer<T> {
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Answer::Some(value) => Answer::Some(change(value)),
            Answer::None(core) => Answer::None(core),
            Answer::NotDecided => Answer::NotDecided,
        }
    }
}

/// A value that is not there, or there.
pub(crate) type Present = Option<Value<'static>>;
