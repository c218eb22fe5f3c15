//! What the compiler has to say about a policy, and how it is said.
//!
//! A finding is data: a code, a place, a message. The renderers beside this
//! file turn findings into text, JSON, SARIF and GitHub annotations.

pub mod codes;
mod excerpt;
pub mod github;
pub mod json;
mod rewrite;
pub mod sarif;
mod summary;
pub mod syntax;
pub mod text;
mod visible;

use agentos_grammar::{Edit, Span};
use serde::Serialize;

pub use codes::{Level, Lint};
pub(crate) use rewrite::Fit;
pub use rewrite::Rewrite;
pub use summary::Summary;
pub use visible::visible;

/// One thing the compiler has to say about a policy.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its row in the table of codes.
    pub lint: &'static Lint,
    /// The level it counts with: the lint's own, or what `--strict` made of it.
    pub level: Level,
    /// One lower-case line without a final period; user text in backticks.
    pub message: String,
    /// The text to change, and a word on it (may be empty).
    pub primary: Label,
    /// Other places that have a part in it.
    pub secondary: Vec<Label>,
    /// Facts worth knowing, a line each.
    pub notes: Vec<String>,
    /// What to write instead.
    pub help: Option<String>,
    /// The same, ready to be done: ways to mend it, the likeliest first. Those that
    /// [`compile`](crate::compile) gives fit the text.
    pub rewrites: Vec<Rewrite>,
    /// The help in the words of YAML, where they are other ones.
    in_yaml: Option<String>,
}

/// A place in a source and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What; may be empty for a primary label.
    pub text: String,
}

/// A file that was asked for and is not among the sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// As it was asked for.
    #[serde(rename = "file")]
    pub name: String,
    /// What stood in the way: one lower-case line without a final period.
    pub message: String,
}

impl Finding {
    /// A finding of `lint` at `span`.
    pub fn new(lint: &'static Lint, span: Span, message: impl Into<String>) -> Finding {
        Finding {
            lint,
            level: lint.level,
            message: message.into(),
            primary: Label {
                span,
                text: String::new(),
            },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
            rewrites: Vec::new(),
            in_yaml: None,
        }
    }

    /// Says something at the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Finding {
        self.primary.text = text.into();
        self
    }

    /// Points at another place.
    #[must_use]
    pub fn other(mut self, span: Span, text: impl Into<String>) -> Finding {
        self.secondary.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Finding {
        self.notes.push(text.into());
        self
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Finding {
        self.help = Some(text.into());
        self
    }

    /// Says what to write instead, in the language and in YAML.
    #[must_use]
    pub(crate) fn help_in(
        mut self,
        language: impl Into<String>,
        yaml: impl Into<String>,
    ) -> Finding {
        self.help = Some(language.into());
        self.in_yaml = Some(yaml.into());
        self
    }

    /// Says which name was likely meant at the primary place.
    #[must_use]
    pub(crate) fn meant(self, near: &str) -> Finding {
        let rewrite = Rewrite::name(self.primary.span, near);
        self.help(format!("did you mean `{near}`?"))
            .rewrite(rewrite)
    }

    /// Says that a statement is to be taken out.
    #[must_use]
    pub(crate) fn without_statement(self, span: Span, what: &str) -> Finding {
        self.rewrite(Rewrite::without_statement(span, what))
    }

    /// Says that the entry of a list at the primary place is to be taken out.
    #[must_use]
    pub(crate) fn without_entry(self) -> Finding {
        let rewrite = Rewrite::without_entry(self.primary.span);
        self.rewrite(rewrite)
    }

    /// Says that the clause is to be taken out whose value stands at the primary place.
    #[must_use]
    pub(crate) fn without_clause(self, word: &'static str) -> Finding {
        let rewrite = Rewrite::without_clause(self.primary.span, word);
        self.rewrite(rewrite)
    }

    /// Says what may be written at the primary place, as one way of several.
    #[must_use]
    pub(crate) fn instead(self, text: impl Into<String>) -> Finding {
        let (span, text) = (self.primary.span, text.into());
        let title = format!("write `{text}`");
        self.rewrite(Rewrite::exact(title, Edit { span, text }, false))
    }

    /// Says that a `\` belongs in front of this byte of the text at the primary place.
    #[must_use]
    pub(crate) fn escape(self, said: String, at: usize) -> Finding {
        let rewrite = Rewrite::escape(self.primary.span, said, at);
        self.rewrite(rewrite)
    }

    /// Says that the statement or entry around the primary place is to be taken out.
    #[must_use]
    pub(crate) fn without_whole(self, what: &str) -> Finding {
        let rewrite = Rewrite::without_whole(self.primary.span, what);
        self.rewrite(rewrite)
    }

    /// Takes over the edit that the grammar knows.
    #[must_use]
    fn edit(self, edit: Edit) -> Finding {
        self.rewrite(Rewrite::of_syntax(edit))
    }

    fn rewrite(mut self, rewrite: Rewrite) -> Finding {
        self.rewrites.push(rewrite);
        self
    }

    /// Gives its help in the words of YAML.
    pub(crate) fn speak_yaml(&mut self) {
        if let Some(help) = self.in_yaml.take() {
            self.help = Some(help);
        }
    }
}

#[cfg(test)]
mod tests;
