//! A text of the language in, its words, numbers, texts, signs and comments out,
//! each with its place: for editors, which look at texts that nobody finished.

use std::ops::Range;

use crate::parse::lex::{self, Kind};
use crate::span::SourceId;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `deny`, `no-secrets`
    Word,
    /// Anything that starts with a digit: `3`, `0.5`, `300s`.
    Number,
    /// `"…"`, `r"…"`, also one that nothing ends.
    Text,
    /// Any other character; several of `=<>!&|` stand together.
    Sign,
    /// `// …`, `/* … */`
    Comment,
}

/// A stretch of a text that is read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes.
    pub range: Range<usize>,
}

/// The tokens and comments of `text`, by rising place.
///
/// ```
/// use agentos_grammar::{TokenKind, tokens};
///
/// let text = "deny send; // all of them";
/// let kinds: Vec<TokenKind> = tokens(text).iter().map(|token| token.kind).collect();
/// assert_eq!(kinds, [TokenKind::Word, TokenKind::Word, TokenKind::Sign, TokenKind::Comment]);
/// ```
pub fn tokens(text: &str) -> Vec<Token> {
    let lexed = lex::lex(SourceId(0), text);
    let read = lexed.tokens.iter().map(|token| Token {
        kind: match token.kind {
            Kind::Word => TokenKind::Word,
            Kind::Number => TokenKind::Number,
            Kind::Text => TokenKind::Text,
            Kind::Sign => TokenKind::Sign,
        },
        range: token.range(),
    });
    let comments = lexed.comments.iter().map(|comment| Token {
        kind: TokenKind::Comment,
        range: comment.text.span.range(),
    });
    // What nothing ends begins with a quote, or is a comment.
    let broken = lexed.broken.iter().map(|range| Token {
        kind: match text.get(range.start..) {
            Some(rest) if rest.starts_with("/*") => TokenKind::Comment,
            _ => TokenKind::Text,
        },
        range: range.clone(),
    });
    let mut all: Vec<Token> = read.chain(comments).chain(broken).collect();
    all.sort_by_key(|token| token.range.start);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_ends_is_a_token_too() {
        let kinds = |text: &str| -> Vec<TokenKind> {
            tokens(text).into_iter().map(|token| token.kind).collect()
        };
        assert_eq!(kinds("a \"b"), [TokenKind::Word, TokenKind::Text]);
        assert_eq!(kinds("/* a"), [TokenKind::Comment]);
        assert_eq!(kinds("a /* b */ 1"), {
            use TokenKind::{Comment, Number, Word};
            [Word, Comment, Number]
        });
    }
}
