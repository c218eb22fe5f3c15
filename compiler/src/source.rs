//! The texts that are compiled together.

use agentos_grammar::{SourceId, Span};

/// One text and the name it is known by.
#[derive(Clone, Debug)]
pub struct Source {
    /// Usually a path; it decides the spelling: `.yaml` and `.yml` are YAML,
    /// everything else is the policy language.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// Texts that are compiled together; a [`SourceId`] counts them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// No texts yet.
    pub fn new() -> Sources {
        Sources::default()
    }

    /// One text.
    pub fn one(name: impl Into<String>, text: impl Into<String>) -> Sources {
        let mut sources = Sources::new();
        sources.add(name, text);
        sources
    }

    /// Adds a text.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.list.push(Source { name: name.into(), text: text.into() });
        SourceId(self.list.len() as u32 - 1)
    }

    /// The text `id` counts.
    ///
    /// # Panics
    ///
    /// When `id` was made by other sources.
    pub fn get(&self, id: SourceId) -> &Source {
        self.list.get(id.0 as usize).expect("a source id comes from the sources it is used with")
    }

    /// All texts with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0..).map(SourceId).zip(&self.list)
    }

    /// Line and column of the start of `span`, both from 1, the column in characters.
    pub fn line_column(&self, span: Span) -> (u32, u32) {
        let text = &self.get(span.source).text;
        let mut start = (span.start as usize).min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
        (line, column)
    }

    /// The text at `span`.
    pub fn text_at(&self, span: Span) -> &str {
        self.get(span.source).text.get(span.range()).unwrap_or_default()
    }
}
