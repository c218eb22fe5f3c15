//! The agentos policy language: text to syntax tree, and back.
//!
//! Both spellings, the language itself ([`parse`]) and YAML ([`yaml`]), end in
//! the same tree ([`ast`]). Every mistake of a text is reported in one run.

#![forbid(unsafe_code)]

pub mod ast;
pub mod error;
pub mod limits;
mod normalise;
mod number;
mod parse;
mod place;
pub mod print;
#[cfg(test)]
mod random;
pub mod span;
pub mod words;
pub mod yaml;

pub use error::{Edit, SyntaxError, SyntaxErrorKind};
pub use normalise::normalise;
pub use parse::{
    NameOf, Token, TokenKind, Wanted, keywords, parse, parse_condition, parse_type, tokens, wanted,
    wanted_in_condition,
};
pub use place::{Part, at};
pub use span::{SourceId, Span, Spanned};
