//! Reads a text that the grammar refuses: part by part, every mistake its own.
//!
//! The tokens say where a statement or an entry ends: at its `;`, before the
//! `}` around it, or where a word stands that can only begin the next one. Each
//! is then parsed alone as what its first word says, or was most likely meant
//! to say. Parts do not overlap, so a text costs no more for being wrong. A
//! sound text gives the same tree here as when it is parsed whole.
//!
//! Whether a `}` is missing or one too many is told by counting all of them.

mod block;

use std::borrow::Cow;

use crate::ast::{Effect, Item, Policy};
use crate::parse::build::{Build, Pair};
use crate::parse::expected::{CLAUSES, STATEMENTS};
use crate::parse::grammar::Rule;
use crate::parse::lex::{Kind, Lexed, Token};
use crate::parse::{Mistakes, Offset, Part, read};
use crate::span::{Span, Spanned};
use crate::words::{choice, nearest};
use crate::{Edit, SyntaxError, SyntaxErrorKind};
use block::Block;

/// The policies of a text, with what is sound in them.
pub(super) fn policies(lexed: &Lexed<'_>, mistakes: &mut Mistakes) -> Vec<Spanned<Policy>> {
    let count = |brace: &str| {
        lexed
            .tokens
            .iter()
            .filter(|token| lexed.text_of(**token) == brace)
            .count()
    };
    let (opened, closed) = (count("{"), count("}"));
    let text = masked(lexed);
    let mut recover = Recover {
        lexed,
        text: &text,
        mistakes,
        at: 0,
        missing: opened.saturating_sub(closed),
        extra: closed.saturating_sub(opened),
    };
    recover.policies()
}

/// The text with spaces in the place of what nothing ends.
fn masked<'t>(lexed: &Lexed<'t>) -> Cow<'t, str> {
    if lexed.broken.is_empty() {
        return Cow::Borrowed(lexed.text);
    }
    let mut text = String::with_capacity(lexed.text.len());
    for range in &lexed.broken {
        text.push_str(&lexed.text[text.len()..range.start]);
        text.extend(std::iter::repeat_n(' ', range.len()));
    }
    text.push_str(&lexed.text[text.len()..]);
    Cow::Owned(text)
}

struct Recover<'l, 't, 'm> {
    lexed: &'l Lexed<'t>,
    /// The text without what nothing ends.
    text: &'l str,
    mistakes: &'m mut Mistakes,
    /// The token that is looked at next.
    at: usize,
    /// How many `}` the text lacks, less those already said to be missing.
    missing: usize,
    /// How many `}` the text has too many, less those already said to be.
    extra: usize,
}

impl<'l, 't> Recover<'l, 't, '_> {
    // ---- tokens and mistakes ----

    fn token(&self, at: usize) -> Option<Token> {
        self.lexed.tokens.get(at).copied()
    }

    /// The text of a token; nothing beyond the last.
    fn word(&self, at: usize) -> &'t str {
        self.token(at).map_or("", |token| self.lexed.text_of(token))
    }

    fn span_of(&self, at: usize) -> Span {
        self.token(at).map_or_else(Span::default, |token| {
            Span::new(self.lexed.source, token.start as usize, token.end as usize)
        })
    }

    fn shown(&self, at: usize) -> String {
        self.token(at)
            .map_or_else(String::new, |token| self.lexed.shown(token))
    }

    fn begins_statement(&self, at: usize) -> bool {
        self.word(at) == "policy" || STATEMENTS.contains(&self.word(at))
    }

    fn error(&mut self, kind: SyntaxErrorKind, span: Span, message: String, help: Option<String>) {
        self.mistakes.push(SyntaxError {
            kind,
            span,
            message,
            help,
            related: None,
            edit: None,
        });
    }

    fn syntax(&mut self, at: usize, message: &str, help: &str) {
        self.error(
            SyntaxErrorKind::Syntax,
            self.span_of(at),
            message.to_owned(),
            Some(help.to_owned()),
        );
    }

    /// What is mended by another text in the place of the token.
    fn instead(&mut self, at: usize, message: &str, help: &str, text: &str) {
        let span = self.span_of(at);
        let error = SyntaxError {
            kind: SyntaxErrorKind::Syntax,
            span,
            message: message.to_owned(),
            help: Some(help.to_owned()),
            related: None,
            edit: None,
        };
        self.mistakes.push(error.edit(span, text));
    }

    fn build(&mut self, offset: Offset) -> Build<'_> {
        Build {
            source: self.lexed.source,
            offset,
            errors: self.mistakes,
        }
    }

    /// The tokens `from..to` as a part to parse.
    fn part(&self, from: usize, to: usize) -> Part<'l> {
        let start = self.token(from).map_or(0, |token| token.start as usize);
        let end = to
            .checked_sub(1)
            .and_then(|last| self.token(last))
            .map_or(start, |token| token.end as usize);
        let place = start..end.max(start);
        let offset = Offset {
            plus: start,
            minus: 0,
        };
        Part {
            text: Cow::Borrowed(&self.text[place.clone()]),
            offset,
            place,
        }
    }

    /// Whether a text or comment without an end stands in or right after the tokens `from..to`:
    /// what is wrong there was said.
    fn is_broken(&self, from: usize, to: usize) -> bool {
        let start = self.token(from).map_or(0, |token| token.start as usize);
        let end = self
            .token(to)
            .map_or(self.text.len(), |token| token.start as usize);
        self.lexed
            .broken
            .iter()
            .any(|range| range.start < end && start < range.end)
    }

    /// Whether a text or comment without an end stands right before the token at `at`.
    fn follows_broken(&self, at: usize) -> bool {
        let (Some(before), Some(token)) = (self.token(at.wrapping_sub(1)), self.token(at)) else {
            return false;
        };
        let broken = &self.lexed.broken;
        let next = broken.partition_point(|range| range.start < before.end as usize);
        broken
            .get(next)
            .is_some_and(|range| range.start < token.start as usize)
    }

    /// Where the braces end that the token at `open` opens.
    fn after_braces(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for at in open..self.lexed.tokens.len() {
            match self.word(at) {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at + 1;
            }
        }
        self.lexed.tokens.len()
    }

    /// The `{` at `open` is not closed where it should be, before the token at `before`.
    fn unclosed(&mut self, open: Option<usize>, before: usize) {
        self.missing = self.missing.saturating_sub(1);
        let Some(open) = open else {
            return;
        };
        if self.token(before).is_none()
            && self
                .lexed
                .broken
                .iter()
                .any(|range| range.end == self.text.len())
        {
            return;
        }
        let related = self
            .token(before)
            .map(|_| (self.span_of(before), "expected `}` before this".to_owned()));
        self.mistakes.push(SyntaxError {
            kind: SyntaxErrorKind::Syntax,
            span: self.span_of(open),
            message: "this `{` is never closed".to_owned(),
            help: Some("close it with `}`".to_owned()),
            related,
            edit: None,
        });
    }

    // ---- policies ----

    fn policies(&mut self) -> Vec<Spanned<Policy>> {
        let mut policies = Vec::new();
        // Statements without a policy around them are said to be so once in a row.
        let mut homeless = false;
        while self.token(self.at).is_some() && !self.mistakes.is_full() {
            match self.word(self.at) {
                "policy" => {
                    policies.push(self.policy());
                    homeless = false;
                }
                "}" => {
                    self.extra = self.extra.saturating_sub(1);
                    if !homeless {
                        self.instead(self.at, "this `}` closes nothing", "remove it", "");
                    }
                    self.at += 1;
                }
                ";" => self.empty_statement(),
                word => {
                    let is_word = self
                        .token(self.at)
                        .is_some_and(|token| token.kind == Kind::Word);
                    let known = STATEMENTS.iter().copied().chain(["policy"]);
                    if is_word && self.opens_policy() && nearest(word, known) == Some("policy") {
                        let span = self.span_of(self.at);
                        let error = SyntaxError {
                            kind: SyntaxErrorKind::UnknownKey,
                            span,
                            message: format!("unknown word `{}`", self.shown(self.at)),
                            help: Some("did you mean `policy`?".to_owned()),
                            related: None,
                            edit: None,
                        };
                        self.mistakes.push(error.edit(span, "policy"));
                        policies.push(self.policy());
                        homeless = false;
                        continue;
                    }
                    if !homeless {
                        let message = format!("expected `policy`, found `{}`", self.shown(self.at));
                        let help = "statements stand inside `policy name { … }`".to_owned();
                        self.error(
                            SyntaxErrorKind::Syntax,
                            self.span_of(self.at),
                            message,
                            Some(help),
                        );
                    }
                    if is_word && nearest(word, STATEMENTS.iter().copied()).is_some() {
                        self.statement();
                    } else {
                        self.skip();
                    }
                    homeless = true;
                }
            }
        }
        policies
    }

    /// Whether a `{` follows within the few words of a policy's head.
    fn opens_policy(&self) -> bool {
        (1..=3).any(|i| self.word(self.at + i) == "{")
    }

    fn policy(&mut self) -> Spanned<Policy> {
        let start = self.at;
        let mut end = start + 1;
        // The word after `policy` is its name, whatever it is.
        while !matches!(self.word(end), "" | "{" | "}" | ";")
            && (end == start + 1 || !self.begins_statement(end))
        {
            end += 1;
        }
        let opened = (self.word(end) == "{").then_some(end);
        self.at = end + usize::from(opened.is_some() || self.word(end) == ";");
        let head_end = if opened.is_some() { end + 1 } else { end };
        let head = self.parsed(
            Rule::lone_policy_head,
            start,
            head_end,
            "policy",
            |build, pair| Some(build.policy_head(pair)),
        );
        let (name, version) = head.unwrap_or_default();
        let items = self.body(opened);
        let end = self
            .at
            .checked_sub(1)
            .map_or_else(Span::default, |last| self.span_of(last));
        let span = self.span_of(start).to(end);
        Spanned::new(
            self.build(Offset::default())
                .whole_policy(name, version, items),
            span,
        )
    }

    /// Statements up to the `}` of a policy.
    fn body(&mut self, opened: Option<usize>) -> Vec<Spanned<Item>> {
        let mut items = Vec::new();
        loop {
            if self.mistakes.is_full() {
                return items;
            }
            match self.word(self.at) {
                "" => {
                    self.unclosed(opened, self.at);
                    return items;
                }
                "}" => {
                    let goes_on =
                        self.begins_statement(self.at + 1) && self.word(self.at + 1) != "policy";
                    self.at += 1;
                    if self.extra == 0 || !goes_on {
                        return items;
                    }
                    self.extra -= 1;
                    self.instead(self.at - 1, "this `}` closes nothing", "remove it", "");
                }
                ";" => self.empty_statement(),
                "policy" if self.missing > 0 || opened.is_none() => {
                    self.unclosed(opened, self.at);
                    return items;
                }
                "policy" => {
                    self.syntax(
                        self.at,
                        "a policy inside a policy",
                        "close the first one before it",
                    );
                    self.policy();
                }
                _ => items.extend(self.statement()),
            }
        }
    }

    fn empty_statement(&mut self) {
        self.instead(self.at, "nothing stands before this `;`", "remove it", "");
        self.at += 1;
    }

    // ---- statements ----

    /// The end of the statement that starts here, and the `{` that it opens.
    fn extent(&self) -> (usize, Option<usize>) {
        let mut end = self.at + 1;
        loop {
            match self.word(end) {
                ";" => return (end + 1, None),
                "{" => return (end, Some(end)),
                "" | "}" => return (end, None),
                _ if self.follows_broken(end) => return (end, None),
                _ if self.begins_statement(end) && self.ends_before(end) => return (end, None),
                _ => end += 1,
            }
        }
    }

    /// Whether a statement that starts here can be over before the word at `next`.
    ///
    /// It cannot where a name may stand: `id deny`, `when action == …`.
    fn ends_before(&self, next: usize) -> bool {
        const A_NAME_FOLLOWS: &[&str] = &[
            "on", "to", "of", "when", "unless", "id", "severity", "and", "or", "not", "in",
            "exists", "any", "every", "matches", "patterns", "per", "else", "policy",
        ];
        let Some(before) = self.token(next - 1) else {
            return false;
        };
        let word = self.word(next - 1);
        match before.kind {
            Kind::Text | Kind::Number => true,
            Kind::Sign => {
                let apart = self
                    .token(next)
                    .is_some_and(|token| token.start > before.end);
                matches!(word, "]" | ")") || (matches!(word, "*" | "?") && apart)
            }
            Kind::Word if next == self.at + 1 => false,
            Kind::Word
                if next == self.at + 2 && Effect::from_word(self.word(self.at)).is_some() =>
            {
                !CLAUSES.contains(&word)
            }
            Kind::Word if next == self.at + 2 => Block::of(self.word(self.at)).is_none(),
            Kind::Word => !A_NAME_FOLLOWS.contains(&word) && !STATEMENTS.contains(&word),
        }
    }

    /// Goes on behind the statement that starts here.
    fn skip(&mut self) {
        let (end, open) = self.extent();
        self.at = match open {
            Some(open) => self.after_braces(open),
            None => end,
        };
    }

    /// The statement that starts here.
    fn statement(&mut self) -> Option<Spanned<Item>> {
        let start = self.at;
        if self
            .token(start)
            .is_some_and(|token| token.kind != Kind::Word)
        {
            let message = format!("expected a statement, found `{}`", self.shown(start));
            self.error(SyntaxErrorKind::Syntax, self.span_of(start), message, None);
            self.skip();
            return None;
        }
        let written = self.word(start);
        let known = STATEMENTS.iter().copied().find(|word| *word == written);
        let Some(word) = known.or_else(|| self.misspelled()) else {
            self.skip();
            return None;
        };
        let (end, open) = self.extent();
        let item = match (Block::of(word), open) {
            (Some(block), Some(open)) => self.block(block, word, Some(open)),
            // The `{` was forgotten, and its `}` was not.
            (Some(block), None) if self.extra > 0 => {
                self.extra -= 1;
                self.block(block, word, None)
            }
            _ => {
                // The `{` that does not belong here is what is wrong.
                let to = open.map_or(end, |open| open + 1);
                self.at = open.map_or(end, |open| self.after_braces(open));
                self.parsed(Rule::lone_statement, start, to, word, |build, pair| {
                    build.statement(pair)
                })
            }
        };
        item.filter(|_| known.is_some())
    }

    /// Says that no statement starts with the word here; the word that was likely meant.
    fn misspelled(&mut self) -> Option<&'static str> {
        let written = self.word(self.at);
        let near = nearest(written, STATEMENTS.iter().copied());
        let effect = near.is_none_or(|word| Effect::from_word(word).is_some());
        let (kind, what) = match (near, effect) {
            (Some(_), true) => (SyntaxErrorKind::UnknownEffect, "effect"),
            _ => (SyntaxErrorKind::UnknownKey, "statement"),
        };
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("a rule starts with {}", choice(Effect::WORDS)),
        };
        let span = self.span_of(self.at);
        self.mistakes.push(SyntaxError {
            kind,
            span,
            message: format!("unknown {what} `{}`", self.shown(self.at)),
            help: Some(help),
            related: None,
            edit: near.map(|near| Edit::boxed(span, near)),
        });
        near
    }

    /// Parses the tokens `from..to`, their first word read as `word`, and makes something of them.
    fn parsed<T>(
        &mut self,
        rule: Rule,
        from: usize,
        to: usize,
        word: &str,
        make: impl FnOnce(&mut Build<'_>, Pair<'_>) -> Option<T>,
    ) -> Option<T> {
        let part = self.part(from, to).instead(word, self.word(from).len());
        let broken = self.is_broken(from, to);
        match read(self.lexed, rule, &part) {
            Ok(tree) => {
                let mut build = self.build(part.offset);
                tree.first().and_then(|pair| make(&mut build, pair))
            }
            Err(error) => {
                if !broken {
                    self.mistakes.push(error);
                }
                None
            }
        }
    }
}
