//! What is wrong with a text, before anybody asks what it means.

use crate::span::Span;

/// One mistake in a source text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Which kind of mistake.
    pub kind: SyntaxErrorKind,
    /// The text to change.
    pub span: Span,
    /// One lower-case line without a final period; user text in backticks.
    pub message: String,
    /// What to write instead, when that is known.
    pub help: Option<String>,
    /// Another place that has a part in it, and what that part is.
    pub related: Option<(Span, String)>,
    /// What `help` says, ready to be done.
    pub edit: Option<Box<Edit>>,
}

/// A text to write in the place of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes; empty where something is only put in.
    pub span: Span,
    /// What comes.
    pub text: String,
}

impl Edit {
    /// Beside a mistake, which most have none of.
    pub(crate) fn boxed(span: Span, text: impl Into<String>) -> Box<Edit> {
        let text = text.into();
        Box::new(Edit { span, text })
    }
}

impl SyntaxError {
    /// The same mistake with the text to write at `span` to mend it.
    #[must_use]
    pub(crate) fn edit(mut self, span: Span, text: impl Into<String>) -> SyntaxError {
        self.edit = Some(Edit::boxed(span, text));
        self
    }
}

/// The kinds of mistakes, one for each finding code of the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyntaxErrorKind {
    /// Not the language, or not YAML.
    Syntax,
    /// A word where one of a fixed set was expected: a type, a unit, a severity.
    UnknownWord,
    /// A word where an effect was expected.
    UnknownEffect,
    /// A word or sign where an operator was expected.
    UnknownOperator,
    /// A key (or a statement) that is not known here.
    UnknownKey,
    /// A key that must be there and is not.
    MissingKey,
    /// The same key, or the same statement that may stand once, twice.
    DuplicateKey,
    /// A value of another shape than the key takes: a list for a text.
    WrongShape,
    /// A YAML scalar that other YAML readers take for another type.
    YamlTyping,
    /// A bound on size, nesting or aliases was passed; the message names it.
    TooLarge,
}
