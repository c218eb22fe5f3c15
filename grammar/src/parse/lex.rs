//! Cuts a text into tokens and comments, and finds what no token can be made of.
//!
//! The grammar reads the text itself; the tokens serve what a grammar cannot
//! do: bounds before it recurses, comments for the printers, the word that
//! stands where something went wrong, and where the next statement begins.
//! Both cut a text alike: strings, comments and words have the same ends.

use std::ops::Range;

use crate::ast::Comment;
use crate::limits::{MAX_NESTING, MAX_RAW_MARKS, MAX_TOKENS};
use crate::parse::{Mistakes, text};
use crate::span::{SourceId, Span, Spanned};
use crate::words::{is_invisible, shown};
use crate::{SyntaxError, SyntaxErrorKind};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `deny`, `no-secrets`
    Word,
    /// Anything that starts with a digit: `3`, `0.5`, `300s`.
    Number,
    /// `"…"`, `r"…"`
    Text,
    /// Any other character; several of `=<>!&|` stand together.
    Sign,
}

/// A stretch of a text that the grammar looks at as one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Token {
    /// The bytes it covers.
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A text, cut up.
pub(super) struct Lexed<'t> {
    pub(super) source: SourceId,
    pub(super) text: &'t str,
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<Comment>,
    /// Texts and comments that nothing ends: the grammar must not look at them.
    pub(super) broken: Vec<Range<usize>>,
    pub(super) errors: Mistakes,
}

/// Cuts `text` up.
///
/// A string that no quote ends turns every string after it inside out. Then the
/// first string that swallows the end of a statement is taken to be the one.
pub(super) fn lex(source: SourceId, text: &str) -> Lexed<'_> {
    let mut lexer = Lexer::new(source, text, None);
    lexer.run();
    let unended = lexer.unended;
    if let Some(unended) = unended {
        let suspect = lexer
            .swallows_end
            .or(lexer.swallows_line)
            .unwrap_or(unended)
            .min(unended);
        lexer = Lexer::new(source, text, Some(suspect));
        lexer.run();
    }
    lexer.out
}

struct Lexer<'t> {
    at: usize,
    /// Only white space so far on this line.
    line_is_blank: bool,
    /// The string at this place ends with its line.
    cut_string: Option<usize>,
    /// The first plain string that runs over a line end.
    swallows_line: Option<usize>,
    /// The first plain string that runs over a line end and a `;` before it.
    swallows_end: Option<usize>,
    /// The string that the end of the text cut off.
    unended: Option<usize>,
    out: Lexed<'t>,
}

impl<'t> Lexer<'t> {
    fn new(source: SourceId, text: &'t str, cut_string: Option<usize>) -> Lexer<'t> {
        let out = Lexed {
            source,
            text,
            tokens: Vec::new(),
            comments: Vec::new(),
            broken: Vec::new(),
            errors: Mistakes::default(),
        };
        Lexer {
            at: 0,
            line_is_blank: true,
            cut_string,
            swallows_line: None,
            swallows_end: None,
            unended: None,
            out,
        }
    }

    fn run(&mut self) {
        while let Some(c) = self.rest().chars().next()
            && self.out.tokens.len() <= MAX_TOKENS
        {
            match c {
                '\n' => {
                    self.at += 1;
                    self.line_is_blank = true;
                }
                ' ' | '\t' | '\r' => self.at += 1,
                '\u{feff}' => self.at += c.len_utf8(),
                '/' if self.rest().starts_with("//") => self.line_comment(),
                '/' if self.rest().starts_with("/*") => self.block_comment(),
                '#' if self.doc_attribute() => {}
                '"' => self.string(),
                'r' if text::raw_quotes(self.rest()).is_some() => self.raw_string(),
                'a'..='z' | 'A'..='Z' | '_' => self.token(Kind::Word, word_end(self.rest())),
                '0'..='9' => self.token(Kind::Number, number_end(self.rest())),
                '-' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                    self.token(Kind::Number, 1 + number_end(&self.rest()[1..]));
                }
                '=' | '<' | '>' | '!' | '&' | '|' => {
                    let end = self
                        .rest()
                        .find(|c| !"=<>!&|".contains(c))
                        .unwrap_or(self.rest().len());
                    self.token(Kind::Sign, end);
                }
                c => self.token(Kind::Sign, c.len_utf8()),
            }
        }
    }

    fn rest(&self) -> &'t str {
        &self.out.text[self.at..]
    }

    fn token(&mut self, kind: Kind, len: usize) {
        self.out.tokens.push(Token {
            kind,
            start: self.at as u32,
            end: (self.at + len) as u32,
        });
        self.at += len;
        self.line_is_blank = false;
    }

    fn line_comment(&mut self) {
        let len = self.rest().find('\n').unwrap_or(self.rest().len());
        let inner = &self.rest()[2..len];
        let inner = inner.strip_prefix(['/', '!']).unwrap_or(inner);
        let inner = inner.strip_prefix(' ').unwrap_or(inner);
        self.comment(len, inner.trim_end().to_owned());
    }

    fn block_comment(&mut self) {
        let rest = self.rest();
        let (mut at, mut depth) = (2, 1_usize);
        while depth > 0 {
            let Some(next) = rest[at..].find(['*', '/']) else {
                self.unended(
                    rest.len(),
                    "this comment is never ended",
                    "end it with `*/`",
                );
                return;
            };
            at += next;
            if rest[at..].starts_with("*/") {
                depth -= 1;
                at += 2;
            } else if rest[at..].starts_with("/*") {
                depth += 1;
                at += 2;
                if depth > MAX_NESTING {
                    self.error_at(
                        SyntaxErrorKind::TooLarge,
                        self.at + at - 2..self.at + at,
                        format!("more than {MAX_NESTING} comments in each other (MAX_NESTING)"),
                        None,
                    );
                    self.out.broken.push(self.at..self.out.text.len());
                    self.at = self.out.text.len();
                    return;
                }
            } else {
                at += 1;
            }
        }
        let inner = &rest[2..at - 2];
        // A third opening mark makes it a doc comment, as with lines.
        let inner = inner.strip_prefix(['*', '!']).unwrap_or(inner);
        self.comment(at, inner.trim().to_owned());
    }

    /// `#[doc = "…"]`: what Rust makes of `/// …`.
    fn doc_attribute(&mut self) -> bool {
        let rest = self.rest();
        let after = |at: usize, part: &str| -> Option<usize> {
            let skipped = rest.get(at..)?.trim_start_matches([' ', '\t', '\r', '\n']);
            let at = rest.len() - skipped.len();
            skipped.starts_with(part).then_some(at + part.len())
        };
        let bang = if rest.starts_with("#!") { 2 } else { 1 };
        let Some(at) = after(bang, "[")
            .and_then(|at| after(at, "doc"))
            .and_then(|at| after(at, "="))
        else {
            return false;
        };
        let Some(start) = after(at, "") else {
            return false;
        };
        if text::raw_quotes(&rest[start..]).is_some_and(|marks| marks > MAX_RAW_MARKS) {
            return false;
        }
        let Some(len) = text::literal_end(&rest[start..]) else {
            return false;
        };
        let Some(end) = after(start + len, "]") else {
            return false;
        };
        let said = text::decode(&rest[start..start + len], |_, _| {});
        self.comment(end, said.trim().to_owned());
        true
    }

    fn comment(&mut self, len: usize, said: String) {
        let place = self.at..self.at + len;
        self.invisible(place.clone());
        let span = Span::new(self.out.source, place.start, place.end);
        let own_line = self.line_is_blank;
        self.out.comments.push(Comment {
            text: Spanned::new(said, span),
            own_line,
        });
        self.at = place.end;
    }

    fn string(&mut self) {
        let (start, rest) = (self.at, self.rest());
        if self.cut_string == Some(start) {
            let line = rest.find('\n').unwrap_or(rest.len());
            self.unended(
                rest[..line].trim_end().len(),
                "this text is never ended",
                "end it with `\"`",
            );
            return;
        }
        let Some(len) = text::literal_end(rest) else {
            self.unended = Some(start);
            self.unended(rest.len(), "this text is never ended", "end it with `\"`");
            return;
        };
        if let Some(line) = rest[..len].find('\n') {
            self.swallows_line.get_or_insert(start);
            if rest[..line].trim_end().ends_with(';') {
                self.swallows_end.get_or_insert(start);
            }
        }
        self.invisible(start..start + len);
        self.token(Kind::Text, len);
    }

    fn raw_string(&mut self) {
        let rest = self.rest();
        let marks = text::raw_quotes(rest).unwrap_or_default();
        if marks > MAX_RAW_MARKS {
            let place = self.at..self.at + text::literal_end(rest).unwrap_or(rest.len());
            let message =
                format!("more than {MAX_RAW_MARKS} `#` around a raw text (MAX_RAW_MARKS)");
            self.error_at(
                SyntaxErrorKind::TooLarge,
                place.start..place.start + marks + 2,
                message,
                Some("write it as `\"…\"`, with `\\\"` for a quote and `\\\\` for a backslash"),
            );
            self.out.broken.push(place.clone());
            self.at = place.end;
            return;
        }
        let Some(len) = text::literal_end(rest) else {
            let help = format!("end it with `\"{}`", "#".repeat(marks));
            self.unended(rest.len(), "this text is never ended", &help);
            return;
        };
        self.invisible(self.at..self.at + len);
        self.token(Kind::Text, len);
    }

    /// From here on `len` bytes are not to be looked at.
    fn unended(&mut self, len: usize, message: &str, help: &str) {
        let place = self.at..self.at + len;
        let line = self.rest().find('\n').unwrap_or(len).min(len);
        let shown = place.start..place.start + self.rest()[..line].trim_end().len().max(1);
        self.error_at(
            SyntaxErrorKind::Syntax,
            shown,
            message.to_owned(),
            Some(help),
        );
        self.out.broken.push(place.clone());
        self.at = place.end;
        self.line_is_blank = false;
    }

    /// Marks that reorder or hide text make a reviewer read another policy than we do.
    fn invisible(&mut self, place: Range<usize>) {
        let text = self.out.text;
        if text[place.clone()].is_ascii() {
            return;
        }
        for (at, c) in text[place.clone()]
            .char_indices()
            .filter(|(_, c)| is_reordering(*c))
        {
            let at = place.start + at;
            self.error_at(
                SyntaxErrorKind::Syntax,
                at..at + c.len_utf8(),
                format!(
                    "an invisible character that changes the order of what is seen: `{}`",
                    c.escape_unicode()
                ),
                Some("remove it; in a text with escapes, write it as shown"),
            );
        }
    }

    fn error_at(
        &mut self,
        kind: SyntaxErrorKind,
        place: Range<usize>,
        message: String,
        help: Option<&str>,
    ) {
        self.out.errors.push(SyntaxError {
            kind,
            span: Span::new(self.out.source, place.start, place.end),
            message,
            help: help.map(str::to_owned),
            related: None,
            edit: None,
        });
    }
}

/// Marks that make text run the other way, or end where it does not.
fn is_reordering(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Where the word that `rest` starts with ends.
pub(super) fn word_end(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let letters = |from: usize| {
        from + bytes[from..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
            .count()
    };
    let mut end = letters(0);
    loop {
        let dashes = bytes[end..].iter().take_while(|b| **b == b'-').count();
        let next = letters(end + dashes);
        if dashes == 0 || next == end + dashes {
            return end;
        }
        end = next;
    }
}

/// Where what starts with a digit ends: a number, a duration, or neither.
fn number_end(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut end = 0;
    while let Some(b) = bytes.get(end) {
        let next_is_digit = bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        let exponent = end > 0 && matches!(bytes[end - 1], b'e' | b'E');
        match b {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => end += 1,
            b'.' if next_is_digit => end += 1,
            b'+' | b'-' if exponent && next_is_digit => end += 1,
            _ => break,
        }
    }
    end
}

impl<'t> Lexed<'t> {
    /// The text of a token.
    pub(super) fn text_of(&self, token: Token) -> &'t str {
        &self.text[token.range()]
    }

    /// The index of the first token that starts at `at` or later.
    pub(super) fn index_at(&self, at: usize) -> usize {
        self.tokens
            .partition_point(|token| (token.start as usize) < at)
    }

    /// A mistake when the text passes a limit that holds the grammar within its means.
    pub(super) fn too_large(&self) -> Option<SyntaxError> {
        let (token, message) = match self.tokens.get(MAX_TOKENS) {
            Some(token) => (
                *token,
                format!("more than {MAX_TOKENS} words and signs (MAX_TOKENS)"),
            ),
            None => (
                self.too_deep()?,
                format!("more than {MAX_NESTING} brackets in each other (MAX_NESTING)"),
            ),
        };
        Some(SyntaxError {
            kind: SyntaxErrorKind::TooLarge,
            span: Span::new(self.source, token.start as usize, token.end as usize),
            message,
            help: None,
            related: None,
            edit: None,
        })
    }

    /// The first token at which brackets and `not`s stand too deep in each other.
    ///
    /// The grammar calls itself for each of them; this holds it within the stack.
    fn too_deep(&self) -> Option<Token> {
        // How many `not`s stand before each open bracket.
        let mut open: Vec<usize> = Vec::new();
        let (mut outer, mut nots) = (0, 0);
        self.tokens.iter().copied().find(|token| {
            match self.text_of(*token) {
                "(" | "[" | "{" => {
                    open.push(nots);
                    outer += nots;
                    nots = 0;
                }
                ")" | "]" | "}" => {
                    outer -= open.pop().unwrap_or_default();
                    nots = 0;
                }
                "not" => nots += 1,
                _ => nots = 0,
            }
            open.len() + outer + nots > MAX_NESTING
        })
    }

    /// The token as a message shows it.
    pub(super) fn shown(&self, token: Token) -> String {
        let text = self.text_of(token);
        if text.chars().all(is_invisible) {
            return text
                .chars()
                .map(|c| c.escape_unicode().to_string())
                .collect();
        }
        shown(text)
    }
}
