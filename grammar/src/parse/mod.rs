//! Parses the policy language: text to tree, with every mistake of the text.
//!
//! A text is cut into tokens first, for the bounds and the comments. The
//! grammar then reads it whole; a text that it refuses is cut into statements
//! and entries, and each is read by itself, so that one mistake hides no other.

mod build;
mod expected;
mod grammar;
mod lex;
mod map_spans;
mod recover;
mod text;
mod tokens;
mod wanted;

use std::borrow::Cow;
use std::ops::Range;

use pest::Parser as _;

use crate::ast::{Condition, File, Type};
use crate::limits::{MAX_ERRORS, MAX_SOURCE_BYTES};
use crate::span::{SourceId, Span, Spanned};
use crate::{SyntaxError, SyntaxErrorKind};
use build::{Build, Pair};
use grammar::{PolicyGrammar, Rule};
use lex::Lexed;

pub(crate) use expected::{CLAUSES, CONDITION_WORDS};
pub use tokens::{Token, TokenKind, tokens};
pub use wanted::{NameOf, Wanted, keywords, wanted, wanted_in_condition};

/// Parses `text` as policies, and says every mistake in it by rising place.
///
/// What is sound goes into the tree, also beside mistakes; spans count bytes
/// of `text` and name `source`.
///
/// ```
/// use agentos_grammar::{SourceId, parse};
///
/// let (file, errors) = parse(SourceId(0), "policy mail { alow read; deny send; }");
/// assert_eq!(file.policies[0].items.len(), 1);
/// assert_eq!(errors[0].message, "unknown effect `alow`");
/// assert_eq!(errors[0].help.as_deref(), Some("did you mean `allow`?"));
/// ```
pub fn parse(source: SourceId, text: &str) -> (File, Vec<SyntaxError>) {
    if let Some(error) = too_long(source, text) {
        return (File::default(), vec![error]);
    }
    let mut lexed = lex::lex(source, text);
    let comments = std::mem::take(&mut lexed.comments);
    let mut mistakes = std::mem::take(&mut lexed.errors);
    let policies = if let Some(error) = lexed.too_large() {
        mistakes.push(error);
        Vec::new()
    } else if let Some(file) = whole(&lexed) {
        let mut build = Build {
            source,
            offset: Offset::default(),
            errors: &mut mistakes,
        };
        file.into_inner()
            .filter(|part| part.as_rule() == Rule::policy)
            .map(|policy| build.policy(policy))
            .collect()
    } else {
        recover::policies(&lexed, &mut mistakes)
    };
    (File { policies, comments }, mistakes.list())
}

/// The whole text as the grammar reads it, when nothing is wrong with it.
fn whole<'t>(lexed: &Lexed<'t>) -> Option<Pair<'t>> {
    if !lexed.broken.is_empty() {
        return None;
    }
    PolicyGrammar::parse(Rule::file, lexed.text).ok()?.next()
}

/// Parses `text` as what stands after `when`; places count from its start.
///
/// ```
/// use agentos_grammar::{SourceId, parse_condition};
///
/// let (condition, errors) = parse_condition(SourceId(0), "amount <= 1000 and exists order");
/// assert!(condition.is_some() && errors.is_empty());
/// ```
pub fn parse_condition(
    source: SourceId,
    text: &str,
) -> (Option<Spanned<Condition>>, Vec<SyntaxError>) {
    alone(source, text, Rule::lone_condition, |build, pair| {
        Some(build.condition(pair))
    })
}

/// Parses `text` as the type of a param, as in `[string]?`; places count from its start.
pub fn parse_type(source: SourceId, text: &str) -> (Option<Spanned<Type>>, Vec<SyntaxError>) {
    alone(source, text, Rule::lone_type, |build, pair| {
        build.param_type(pair)
    })
}

/// Parses all of `text` as `rule`, a part of the language in another text.
fn alone<T>(
    source: SourceId,
    text: &str,
    rule: Rule,
    make: impl FnOnce(&mut Build<'_>, Pair<'_>) -> Option<T>,
) -> (Option<T>, Vec<SyntaxError>) {
    if let Some(error) = too_long(source, text) {
        return (None, vec![error]);
    }
    let mut lexed = lex::lex(source, text);
    let mut mistakes = std::mem::take(&mut lexed.errors);
    for comment in &lexed.comments {
        mistakes.push(SyntaxError {
            kind: SyntaxErrorKind::Syntax,
            span: comment.text.span,
            message: "a comment inside a text".to_owned(),
            help: Some("write it beside the text".to_owned()),
            related: None,
            edit: None,
        });
    }
    if let Some(error) = lexed.too_large() {
        mistakes.push(error);
    }
    if !mistakes.is_empty() {
        return (None, mistakes.list());
    }
    let offset = Offset::default();
    let part = Part {
        text: Cow::Borrowed(text),
        offset,
        place: 0..text.len(),
    };
    let parsed = match read(&lexed, rule, &part) {
        Ok(tree) => {
            let mut build = Build {
                source,
                offset,
                errors: &mut mistakes,
            };
            tree.first().and_then(|pair| make(&mut build, pair))
        }
        Err(error) => {
            mistakes.push(error);
            None
        }
    };
    (parsed, mistakes.list())
}

/// A stretch of a text that is parsed by itself.
struct Part<'t> {
    /// What is parsed.
    text: Cow<'t, str>,
    /// What makes a place in `text` one in the source.
    offset: Offset,
    /// Where it stands in the source.
    place: Range<usize>,
}

/// How far a part stands behind its own start.
#[derive(Clone, Copy, Default)]
struct Offset {
    plus: usize,
    /// More than nothing when a longer word was put in the place of a misspelled one.
    minus: usize,
}

impl Offset {
    fn of(self, at: usize) -> usize {
        (at + self.plus).saturating_sub(self.minus)
    }
}

impl<'t> Part<'t> {
    /// The same part with `word` in the place of its first word, which is `len` bytes long.
    fn instead(self, word: &str, len: usize) -> Part<'t> {
        match self.text.split_at_checked(len) {
            Some((first, rest)) if first != word => {
                let text = Cow::Owned(format!("{word}{rest}"));
                let offset = Offset {
                    plus: self.offset.plus + len,
                    minus: word.len(),
                };
                Part {
                    text,
                    offset,
                    place: self.place,
                }
            }
            _ => self,
        }
    }
}

/// What the grammar made of a part.
struct Tree<'p> {
    pairs: pest::iterators::Pairs<'p, Rule>,
}

impl<'p> Tree<'p> {
    /// The rule inside the lone rule that was asked for.
    fn first(self) -> Option<Pair<'p>> {
        self.pairs.peek()?.into_inner().next()
    }
}

/// Parses a part of a text as one of the `lone_…` rules.
fn read<'p>(lexed: &Lexed<'_>, rule: Rule, part: &'p Part<'_>) -> Result<Tree<'p>, SyntaxError> {
    match PolicyGrammar::parse(rule, &part.text) {
        Ok(pairs) => Ok(Tree { pairs }),
        Err(error) => Err(expected::error(lexed, part, &error)),
    }
}

fn too_long(source: SourceId, text: &str) -> Option<SyntaxError> {
    (text.len() > MAX_SOURCE_BYTES).then(|| SyntaxError {
        kind: SyntaxErrorKind::TooLarge,
        span: Span::new(source, 0, 0),
        message: format!(
            "a source of {} bytes, over the limit of {MAX_SOURCE_BYTES} (MAX_SOURCE_BYTES)",
            text.len()
        ),
        help: None,
        related: None,
        edit: None,
    })
}

/// The mistakes found so far, as many as are listed.
#[derive(Default)]
struct Mistakes {
    list: Vec<SyntaxError>,
    /// The first that is not listed.
    beyond: Option<Span>,
}

impl Mistakes {
    fn push(&mut self, error: SyntaxError) {
        if self.list.len() < MAX_ERRORS {
            self.list.push(error);
        } else {
            self.beyond.get_or_insert(error.span);
        }
    }

    /// Whether no more are listed, so that looking for more is of no use.
    fn is_full(&self) -> bool {
        self.beyond.is_some()
    }

    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// By rising place.
    fn list(mut self) -> Vec<SyntaxError> {
        self.list
            .sort_by_key(|error| (error.span.start, error.span.end));
        if let Some(span) = self.beyond {
            let message =
                format!("more than {MAX_ERRORS} mistakes (MAX_ERRORS); the rest is not listed");
            self.list.push(SyntaxError {
                kind: SyntaxErrorKind::TooLarge,
                span,
                message,
                help: None,
                related: None,
                edit: None,
            });
        }
        self.list
    }
}

/// Where the tokens of a text start.
#[cfg(test)]
pub(crate) fn token_starts(text: &str) -> Vec<usize> {
    let lexed = lex::lex(SourceId(0), text);
    lexed
        .tokens
        .iter()
        .map(|token| token.start as usize)
        .collect()
}

#[cfg(test)]
mod tests;
