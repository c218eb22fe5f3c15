//! Moves a tree to another place: every span of it goes through a function.
//!
//! A condition or a type that stands inside a YAML text is parsed from what
//! the YAML reader made of that text; its places are moved to where its bytes
//! stand in the file.

use crate::ast::{Check, Condition, Literal, Type};
use crate::span::{Span, Spanned};

type Move<'f> = &'f mut dyn FnMut(Span) -> Span;

impl Condition {
    /// Puts every place inside this condition where `f` says.
    pub fn map_spans(&mut self, f: &mut dyn FnMut(Span) -> Span) {
        match self {
            Condition::And(parts) | Condition::Or(parts) => {
                for part in parts {
                    part.map_spans(f);
                }
            }
            Condition::Not(inner) => inner.map_spans(f),
            Condition::Exists(field) => place(field, f),
            Condition::Intent(test) => {
                places(&mut test.categories, f);
                test.at.iter_mut().for_each(|at| place(at, f));
            }
            Condition::Test(test) => {
                test.quantifier
                    .iter_mut()
                    .for_each(|quantifier| place(quantifier, f));
                place(&mut test.field, f);
                place(&mut test.check, f);
                match &mut test.check.node {
                    Check::Compare(_, literal) | Check::Contains(literal) => place(literal, f),
                    Check::In { negated: _, list } => places::<Literal>(list, f),
                    Check::StartsWith(said)
                    | Check::EndsWith(said)
                    | Check::MatchesRegex(said)
                    | Check::MatchesSet(said)
                    | Check::Like(said)
                    | Check::Under(said) => place(said, f),
                }
            }
        }
    }
}

impl Spanned<Condition> {
    /// Puts this condition, and every place inside it, where `f` says.
    pub fn map_spans(&mut self, f: &mut dyn FnMut(Span) -> Span) {
        place(self, f);
        self.node.map_spans(f);
    }
}

impl Spanned<Type> {
    /// Puts this type, and every place inside it, where `f` says.
    pub fn map_spans(&mut self, f: &mut dyn FnMut(Span) -> Span) {
        place(self, f);
        match &mut self.node {
            Type::List(inner) | Type::Optional(inner) => inner.map_spans(f),
            Type::OneOf(list) => places(list, f),
            Type::String
            | Type::Integer
            | Type::Decimal
            | Type::Boolean
            | Type::Timestamp
            | Type::Shell
            | Type::Sql
            | Type::Path
            | Type::Url
            | Type::Python => {}
        }
    }
}

fn place<T>(spanned: &mut Spanned<T>, f: Move<'_>) {
    spanned.span = f(spanned.span);
}

fn places<T>(list: &mut [Spanned<T>], f: Move<'_>) {
    for spanned in list {
        place(spanned, f);
    }
}
