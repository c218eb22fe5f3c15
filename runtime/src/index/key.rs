//! A condition in, the tests by which its rule may be found out.

use crate::{
    Number,
    condition::{Bound, Check, Condition, Field, Literal, Test},
    table::{Order, Quantifier},
};

/// A test that has to hold for its rule to fire, as far as the index minds.
pub(super) enum Key<'r> {
    /// One of these texts.
    Texts(Field, Vec<&'r str>),
    Numbers(Field, Vec<Number>),
    Booleans(Field, Vec<bool>),
    Prefix(Field, &'r str),
    Directory(Field, String),
}

/// Which group a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) field: Field,
    pub(super) of: KeyKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum KeyKind {
    Texts,
    Numbers,
    Booleans,
    Prefix,
    Directory,
    Bounds,
}

/// One value of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Atom {
    Text(Box<str>),
    Number(Number),
    Boolean(bool),
}

impl Key<'_> {
    pub(super) fn kind(&self) -> Kind {
        let (field, of) = match self {
            Key::Texts(field, _) => (field, KeyKind::Texts),
            Key::Numbers(field, _) => (field, KeyKind::Numbers),
            Key::Booleans(field, _) => (field, KeyKind::Booleans),
            Key::Prefix(field, _) => (field, KeyKind::Prefix),
            Key::Directory(field, _) => (field, KeyKind::Directory),
        };
        Kind { field: *field, of }
    }

    pub(super) fn atoms(&self) -> Vec<Atom> {
        match self {
            Key::Texts(_, texts) => texts
                .iter()
                .map(|text| Atom::Text((*text).into()))
                .collect(),
            Key::Numbers(_, numbers) => numbers.iter().copied().map(Atom::Number).collect(),
            Key::Booleans(_, booleans) => booleans.iter().copied().map(Atom::Boolean).collect(),
            Key::Prefix(_, prefix) => vec![Atom::Text((*prefix).into())],
            Key::Directory(_, prefix) => vec![Atom::Text(prefix.as_str().into())],
        }
    }
}

/// The tests that have to hold for a condition to hold.
fn conjuncts(condition: &Condition) -> Vec<&Condition> {
    let mut found = Vec::new();
    let mut left = vec![condition];
    while let Some(condition) = left.pop() {
        match condition {
            Condition::All(conditions) => left.extend(conditions.iter().rev()),
            Condition::Any(_) | Condition::Test(_) => found.push(condition),
        }
    }
    found
}

fn is_plain(test: &Test) -> bool {
    !test.negated && test.quantifier == Quantifier::Whole && test.field != Field::Text
}

/// The keys by which a rule with that condition may be found.
pub(super) fn keys(condition: &Condition) -> Vec<Key<'_>> {
    let tests = conjuncts(condition)
        .into_iter()
        .filter_map(|condition| match condition {
            Condition::Test(test) if is_plain(test) => Some(test),
            Condition::Test(_) | Condition::All(_) | Condition::Any(_) => None,
        });
    tests.filter_map(key).collect()
}

fn key(test: &Test) -> Option<Key<'_>> {
    let field = test.field;
    match &test.check {
        Check::Equals(Literal::Text(text)) => Some(Key::Texts(field, vec![text])),
        Check::Equals(Literal::Number(number)) => Some(Key::Numbers(field, vec![*number])),
        Check::Equals(Literal::Boolean(boolean)) => Some(Key::Booleans(field, vec![*boolean])),
        Check::OneOf(literals) => {
            // With two types in the list, a value of neither is in doubt: no group is that.
            let (texts, numbers, booleans) = literals.untimed()?;
            match (texts, numbers, booleans) {
                ([_, ..], [], []) => Some(Key::Texts(
                    field,
                    texts.iter().map(|text| &**text).collect(),
                )),
                ([], [_, ..], []) => Some(Key::Numbers(field, numbers.to_vec())),
                ([], [], [_, ..]) => Some(Key::Booleans(field, booleans.to_vec())),
                _ => None,
            }
        }
        Check::StartsWith(prefix) => Some(Key::Prefix(field, prefix)),
        Check::Under(directory) => Some(Key::Directory(field, directory.prefix()?)),
        Check::Equals(Literal::Time(_))
        | Check::Exists
        | Check::Compare(..)
        | Check::Contains(_)
        | Check::EndsWith(_)
        | Check::Matches(_)
        | Check::Found(_) => None,
    }
}

/// The bounds, where a condition is nothing but bounds on one field.
pub(super) fn bounds(condition: &Condition) -> Option<(Field, Vec<(Order, Number)>)> {
    let mut field = None;
    let mut bounds = Vec::new();
    for condition in conjuncts(condition) {
        let Condition::Test(test) = condition else {
            return None;
        };
        let Check::Compare(order, Bound::Number(edge)) = test.check else {
            return None;
        };
        if !is_plain(test) || field.is_some_and(|field| field != test.field) {
            return None;
        }
        field = Some(test.field);
        bounds.push((order, edge));
    }
    Some((field?, bounds))
}
