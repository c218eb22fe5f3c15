//! Tokens in; the text they were written as, and which tokens stand at which
//! of its bytes, out.
//!
//! Each token is laid out at its own line and column, so that the text is
//! lexed as it was written (`no-secrets` stays one word) and places in it are
//! places in the user's file. Tokens without a usable place, as other macros
//! make them, follow the one before after a space.

use std::ops::Range;

use proc_macro2::{Delimiter, Group, Spacing, Span, TokenStream, TokenTree};

/// A text made of tokens.
pub(crate) struct Layout {
    file: String,
    text: String,
    /// Where each token stands; by rising place.
    tokens: Vec<(Range<usize>, TokenTree)>,
    /// The line that the end of the text is in, from 1.
    line: usize,
    /// The column that the end of the text is at, in characters from 0.
    column: usize,
    /// Whether the last token holds on to the next one.
    joined: bool,
}

/// Tokens that are further apart come from different files.
const MOST_LINES_BETWEEN: usize = 10_000;

impl Layout {
    /// Lays out `tokens`.
    pub(crate) fn new(tokens: TokenStream) -> Layout {
        let first = tokens.clone().into_iter().next();
        let span = first.as_ref().map_or_else(Span::call_site, start_span);
        let mut layout = Layout {
            file: span.unwrap().file(),
            text: String::new(),
            tokens: Vec::new(),
            line: 1,
            column: 0,
            joined: false,
        };
        // The text begins at the user's own line, so that decisions name it.
        let line = span.start().line;
        if line <= MOST_LINES_BETWEEN {
            layout.lines(line.saturating_sub(1));
        }
        layout.walk(tokens);
        layout
    }

    /// The file that the first token is in.
    pub(crate) fn file(&self) -> String {
        self.file.clone()
    }

    /// The text.
    pub(crate) fn text(&self) -> String {
        self.text.clone()
    }

    /// The tokens in a range of the text, or the next one after it, or the last.
    pub(crate) fn tokens_at(&self, range: Range<usize>) -> TokenStream {
        let from = self
            .tokens
            .partition_point(|(place, _)| place.end <= range.start);
        let inside = self
            .tokens
            .iter()
            .skip(from)
            .take_while(|(place, _)| place.start < range.end);
        let inside: TokenStream = inside.map(|(_, token)| token.clone()).collect();
        if !inside.is_empty() {
            return inside;
        }
        let near = self.tokens.get(from).or(self.tokens.last());
        near.map(|(_, token)| token.clone()).into_iter().collect()
    }

    fn walk(&mut self, tokens: TokenStream) {
        for token in tokens {
            match &token {
                TokenTree::Group(group) => self.group(group),
                TokenTree::Punct(punct) => {
                    self.put(&punct.to_string(), token.span(), token.clone());
                    self.joined = punct.spacing() == Spacing::Joint;
                }
                TokenTree::Ident(_) | TokenTree::Literal(_) => {
                    self.put(&token.to_string(), token.span(), token.clone());
                }
            }
        }
    }

    fn group(&mut self, group: &Group) {
        let (open, close) = match group.delimiter() {
            Delimiter::Brace => ("{", "}"),
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => return self.walk(group.stream()),
        };
        // A token that stands for the delimiter, to be underlined alone.
        let mark = |span: Span| {
            let mut mark = Group::new(group.delimiter(), TokenStream::new());
            mark.set_span(span);
            TokenTree::Group(mark)
        };
        self.put(open, group.span_open(), mark(group.span_open()));
        self.walk(group.stream());
        self.put(close, group.span_close(), mark(group.span_close()));
    }

    fn put(&mut self, text: &str, span: Span, token: TokenTree) {
        let at = span.start();
        let below = at.line.saturating_sub(self.line);
        if at.line > self.line && below <= MOST_LINES_BETWEEN {
            self.lines(below);
        }
        if at.line == self.line && at.column >= self.column {
            let gap = at.column - self.column;
            self.text.extend(std::iter::repeat_n(' ', gap));
            self.column = at.column;
        } else if !self.joined && !self.text.is_empty() {
            self.text.push(' ');
            self.column += 1;
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.tokens.push((start..self.text.len(), token));
        for c in text.chars() {
            if c == '\n' {
                self.line += 1;
                self.column = 0;
            } else {
                self.column += 1;
            }
        }
        self.joined = false;
    }

    fn lines(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n('\n', count));
        self.line += count;
        if count > 0 {
            self.column = 0;
        }
    }
}

fn start_span(token: &TokenTree) -> Span {
    match token {
        TokenTree::Group(group) => group.span_open(),
        token => token.span(),
    }
}
