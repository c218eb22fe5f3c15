//! Makes conditions, types and literals of what the grammar found.

use crate::ast::{
    Check, Comparison, Condition, Field, IntentTest, Literal, Name, Quantifier, Test, Type,
};
use crate::parse::build::{Build, Pair, SOUND};
use crate::parse::grammar::Rule;
use crate::parse::text;
use crate::span::Spanned;
use crate::words::unknown_word;

impl Build<'_> {
    /// Of a `condition`, or of any rule that conditions are made of.
    ///
    /// Parts joined by one word stand in one list; brackets keep what they hold apart.
    pub(in crate::parse) fn condition(&mut self, pair: Pair<'_>) -> Spanned<Condition> {
        let span = self.span(&pair);
        let node = match pair.as_rule() {
            Rule::condition | Rule::conjunction => {
                let joined = if pair.as_rule() == Rule::condition {
                    Condition::Or
                } else {
                    Condition::And
                };
                let mut parts: Vec<_> = pair
                    .into_inner()
                    .filter(|part| !matches!(part.as_rule(), Rule::kw_and | Rule::kw_or))
                    .map(|part| self.condition(part))
                    .collect();
                if parts.len() == 1 {
                    return parts.pop().expect("the length was looked at");
                }
                joined(parts)
            }
            Rule::negation => {
                let mut inner = pair.into_inner();
                let first = inner.next().expect(SOUND);
                if first.as_rule() != Rule::kw_not {
                    return self.condition(first);
                }
                Condition::Not(Box::new(self.condition(inner.next().expect(SOUND))))
            }
            Rule::group => {
                let inner = pair.into_inner().nth(1).expect(SOUND);
                self.condition(inner).node
            }
            Rule::exists => Condition::Exists(self.field(&pair.into_inner().nth(1).expect(SOUND))),
            Rule::intent_test => Condition::Intent(self.intent_test(pair)),
            _ => Condition::Test(self.test(pair)),
        };
        Spanned::new(node, span)
    }

    fn intent_test(&mut self, pair: Pair<'_>) -> IntentTest {
        let mut test = IntentTest {
            categories: Vec::new(),
            at: None,
        };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => test.categories.push(self.name(&part)),
                Rule::confidence => {
                    test.at = part.into_inner().nth(1).map(|number| self.number(&number));
                }
                _ => {}
            }
        }
        test
    }

    fn test(&mut self, pair: Pair<'_>) -> Test {
        let (mut quantifier, mut field, mut check) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::quantifier => {
                    let every = part.as_str() == Quantifier::Every.word();
                    let node = if every {
                        Quantifier::Every
                    } else {
                        Quantifier::Any
                    };
                    quantifier = Some(Spanned::new(node, self.span(&part)));
                }
                Rule::field => field = Some(self.field(&part)),
                _ => {
                    let span = self.span(&part);
                    check = Some(Spanned::new(
                        self.check(part.into_inner().next().expect(SOUND)),
                        span,
                    ));
                }
            }
        }
        Test {
            quantifier,
            field: field.expect(SOUND),
            check: check.expect(SOUND),
        }
    }

    fn check(&mut self, pair: Pair<'_>) -> Check {
        let rule = pair.as_rule();
        let mut parts = pair.into_inner();
        match rule {
            Rule::comparison => {
                let sign = parts.next().expect(SOUND);
                let comparison =
                    Comparison::from_word(sign.as_str()).expect("the grammar knows the same signs");
                Check::Compare(comparison, self.literal(&parts.next().expect(SOUND)))
            }
            Rule::membership => {
                let negated = parts
                    .peek()
                    .is_some_and(|first| first.as_rule() == Rule::kw_not);
                Check::In {
                    negated,
                    list: self.literals(parts.next_back().expect(SOUND)),
                }
            }
            Rule::contains => Check::Contains(self.literal(&parts.next_back().expect(SOUND))),
            Rule::matches => {
                let set = parts.len() == 3;
                let said = parts.next_back().expect(SOUND);
                let name = self.name(&said);
                if set || said.as_rule() == Rule::set_name {
                    Check::MatchesSet(name)
                } else {
                    Check::MatchesRegex(name)
                }
            }
            _ => {
                let said: Name = self.name(&parts.next_back().expect(SOUND));
                match rule {
                    Rule::starts_with => Check::StartsWith(said),
                    Rule::ends_with => Check::EndsWith(said),
                    Rule::like => Check::Like(said),
                    _ => Check::Under(said),
                }
            }
        }
    }

    /// The words between the dots; those in quotes may hold dots themselves.
    fn field(&mut self, pair: &Pair<'_>) -> Spanned<Field> {
        let start = pair.as_span().start();
        let mut path = Vec::new();
        let mut rest = pair.as_str();
        while !rest.is_empty() {
            let len =
                text::literal_end(rest).unwrap_or_else(|| rest.find('.').unwrap_or(rest.len()));
            let at = start + pair.as_str().len() - rest.len();
            path.push(self.said(&rest[..len], at));
            rest = rest[len..].strip_prefix('.').unwrap_or_default();
        }
        Spanned::new(Field { path }, self.span(pair))
    }

    fn literals(&mut self, pair: Pair<'_>) -> Vec<Spanned<Literal>> {
        pair.into_inner()
            .filter(|part| part.as_rule() == Rule::literal)
            .map(|literal| self.literal(&literal))
            .collect()
    }

    fn literal(&mut self, pair: &Pair<'_>) -> Spanned<Literal> {
        let node = match pair.as_str() {
            "true" => Literal::Boolean(true),
            "false" => Literal::Boolean(false),
            text if text::literal_end(text).is_some() => Literal::Text(self.name(pair).node),
            _ => Literal::Number(self.number(pair).node),
        };
        Spanned::new(node, self.span(pair))
    }

    /// Of a `param_type`; nothing when a word in it is no type.
    pub(in crate::parse) fn param_type(&mut self, pair: Pair<'_>) -> Option<Spanned<Type>> {
        let whole = self.span(&pair);
        let mut parts = pair.into_inner();
        let first = parts.next().expect(SOUND);
        let span = self.span(&first);
        let ty = match first.as_rule() {
            Rule::list_type => {
                let inner = self.param_type(first.into_inner().nth(1).expect(SOUND))?;
                Type::List(Box::new(inner))
            }
            Rule::one_of => {
                Type::OneOf(self.literals(first.into_inner().next_back().expect(SOUND)))
            }
            _ => {
                let word = first.as_str();
                let Some(ty) = Type::from_word(word) else {
                    // What is advised has to be fine wherever it is read.
                    self.errors
                        .push(unknown_word("type", word, span, Type::OF_VALUES));
                    return None;
                };
                ty
            }
        };
        let ty = Spanned::new(ty, span);
        Some(match parts.next() {
            Some(_) => Spanned::new(Type::Optional(Box::new(ty)), whole),
            None => ty,
        })
    }
}
