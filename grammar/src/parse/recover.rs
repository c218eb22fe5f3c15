//! Reads a text that the grammar refuses: part by part, every mistake its own.
//!
//! The tokens say where a statement or an entry ends: at its `;`, before the
//! `}` around it, or where a word stands that can only begin the next one. Each
//! is then parsed alone as what its first word says, or was most likely meant
//! to say. Parts do not overlap, so a text costs no more for being wrong. A
//! sound text gives the same tree here as when it is parsed whole.
//!
//! Whether a `}` is missing or one too many is told by counting all of them.

use std::borrow::Cow;

use crate::ast::{
    ActionDecl, Effect, Intent, Item, Name, PatternKind, PatternSet, Policy, TimeUnit, Trust,
};
use crate::parse::build::{Build, Entry, Pair};
use crate::parse::expected::{CLAUSES, STATEMENTS};
use crate::parse::grammar::Rule;
use crate::parse::lex::{Kind, Lexed, Token};
use crate::parse::{Mistakes, Part, read};
use crate::span::{Span, Spanned};
use crate::words::{choice, nearest};
use crate::{SyntaxError, SyntaxErrorKind};

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

/// The blocks of a policy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Limits,
    Action,
    Patterns,
    Intent,
    Trust,
}

impl Block {
    fn of(word: &str) -> Option<Block> {
        Some(match word {
            "limits" => Block::Limits,
            "action" => Block::Action,
            "patterns" => Block::Patterns,
            "intent" => Block::Intent,
            "trust" => Block::Trust,
            _ => return None,
        })
    }

    /// The rule of one entry.
    fn entry(self) -> Rule {
        match self {
            Block::Limits => Rule::lone_limit,
            Block::Action => Rule::lone_param,
            Block::Patterns => Rule::lone_pattern,
            Block::Intent => Rule::lone_signal,
            Block::Trust => Rule::lone_trust_entry,
        }
    }

    /// How many words stand before its `{`.
    fn head_words(self) -> usize {
        match self {
            Block::Limits | Block::Trust => 1,
            Block::Action | Block::Patterns | Block::Intent => 2,
        }
    }

    /// A block that collects entries when its own head is wrong.
    fn nameless(self) -> Item {
        let name = Name::default();
        match self {
            Block::Limits => Item::Limits(Vec::new()),
            Block::Action => Item::Action(ActionDecl {
                name,
                params: Vec::new(),
            }),
            Block::Patterns => Item::Patterns(PatternSet {
                name,
                patterns: Vec::new(),
            }),
            Block::Intent => Item::Intent(Intent {
                category: name,
                signals: Vec::new(),
            }),
            Block::Trust => Item::Trust(Trust {
                supervisors: Vec::new(),
                max_escalation_depth: None,
            }),
        }
    }
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

    fn build(&mut self, base: i64) -> Build<'_> {
        Build {
            source: self.lexed.source,
            base,
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
        Part {
            text: Cow::Borrowed(&self.text[place.clone()]),
            base: start as i64,
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
                    policies.extend(self.policy());
                    homeless = false;
                }
                "}" => {
                    self.extra = self.extra.saturating_sub(1);
                    if !homeless {
                        self.syntax(self.at, "this `}` closes nothing", "remove it");
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
                        let message = format!("unknown word `{}`", self.shown(self.at));
                        let help = "did you mean `policy`?".to_owned();
                        self.error(
                            SyntaxErrorKind::UnknownKey,
                            self.span_of(self.at),
                            message,
                            Some(help),
                        );
                        policies.extend(self.policy());
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
                    if STATEMENTS.contains(&self.word(self.at)) {
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

    fn policy(&mut self) -> Option<Spanned<Policy>> {
        let start = self.at;
        let mut end = start + 1;
        while !matches!(self.word(end), "" | "{" | "}" | ";") && !self.begins_statement(end) {
            end += 1;
        }
        let opened = (self.word(end) == "{").then_some(end);
        self.at = end + usize::from(opened.is_some() || self.word(end) == ";");
        let head_end = if opened.is_some() { end + 1 } else { end };
        let part = self
            .part(start, head_end)
            .instead("policy", self.word(start).len());
        let head = read(self.lexed, Rule::lone_policy_head, &part);
        let base = part.base;
        let (name, version) = match head {
            Ok(tree) => tree
                .first()
                .map(|pair| self.build(base).policy_head(pair))?,
            Err(error) => {
                if !self.is_broken(start, head_end) {
                    self.mistakes.push(error);
                }
                (Name::default(), None)
            }
        };
        let items = self.body(opened);
        let end = self
            .at
            .checked_sub(1)
            .map_or_else(Span::default, |last| self.span_of(last));
        let span = self.span_of(start).to(end);
        Some(Spanned::new(
            self.build(0).whole_policy(name, version, items),
            span,
        ))
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
                    self.syntax(self.at - 1, "this `}` closes nothing", "remove it");
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
        self.syntax(self.at, "nothing stands before this `;`", "remove it");
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
            (Some(_), true) => (SyntaxErrorKind::UnknownWord, "effect"),
            _ => (SyntaxErrorKind::UnknownKey, "statement"),
        };
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("a rule starts with {}", choice(Effect::WORDS)),
        };
        let message = format!("unknown {what} `{}`", self.shown(self.at));
        self.error(kind, self.span_of(self.at), message, Some(help));
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
        let base = part.base;
        let broken = self.is_broken(from, to);
        match read(self.lexed, rule, &part) {
            Ok(tree) => {
                let mut build = Build {
                    source: self.lexed.source,
                    base,
                    errors: self.mistakes,
                };
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

    // ---- blocks ----

    /// The block that starts here; without an `open` its `{` was forgotten.
    fn block(&mut self, block: Block, word: &str, open: Option<usize>) -> Option<Spanned<Item>> {
        let start = self.at;
        let head_end = open.map_or(start + block.head_words(), |open| open + 1);
        let head = self.parsed(Rule::lone_head, start, head_end, word, |build, pair| {
            Some(build.head(pair))
        });
        self.at = head_end;
        let entries = self.entries(block, open);
        let last = self
            .at
            .checked_sub(1)
            .map_or_else(Span::default, |last| self.span_of(last));
        let span = self.span_of(start).to(last);
        let sound = head.is_some();
        let item = self
            .build(0)
            .block(head.unwrap_or_else(|| block.nameless()), entries);
        sound.then(|| Spanned::new(item, span))
    }

    /// Entries up to the `}` of a block.
    fn entries(&mut self, block: Block, open: Option<usize>) -> Vec<Entry> {
        let mut entries = Vec::new();
        loop {
            if self.mistakes.is_full() {
                return entries;
            }
            match self.word(self.at) {
                "" => {
                    self.unclosed(open, self.at);
                    return entries;
                }
                "}" => {
                    self.at += 1;
                    return entries;
                }
                ";" => self.empty_statement(),
                "," if block == Block::Action => {
                    self.syntax(self.at, "nothing stands before this `,`", "remove it");
                    self.at += 1;
                }
                _ if self.missing > 0
                    && self.begins_statement(self.at)
                    && self.word(self.at + 1) != ":" =>
                {
                    self.unclosed(open, self.at);
                    return entries;
                }
                _ => entries.extend(self.entry(block)),
            }
        }
    }

    fn entry(&mut self, block: Block) -> Option<Entry> {
        let start = self.at;
        let mut end = start + 1;
        let mut lists = 0_usize;
        loop {
            match self.word(end) {
                "[" => lists += 1,
                "]" => lists = lists.saturating_sub(1),
                "," if block == Block::Action && lists == 0 => break,
                ";" if block == Block::Action => break,
                ";" => {
                    end += 1;
                    break;
                }
                "" | "}" | "{" => break,
                _ if self.begins_entry(block, end) => break,
                _ => {}
            }
            end += 1;
        }
        self.at = end;
        if self.word(end) == "{" {
            let message = format!(
                "expected {}, found `{{`",
                if block == Block::Action {
                    "`,` or `}`"
                } else {
                    "`;`"
                }
            );
            self.error(SyntaxErrorKind::Syntax, self.span_of(end), message, None);
            self.at = self.after_braces(end);
            return None;
        }
        // The first word stays what it is.
        let first = self.word(start);
        let entry = self.parsed(block.entry(), start, end, first, |build, pair| {
            build.entry(pair)
        });
        if block == Block::Action && entry.is_some() {
            self.separator(end);
        } else if block == Block::Action && matches!(self.word(end), "," | ";") {
            self.at += 1;
        }
        entry
    }

    /// What stands between two params.
    fn separator(&mut self, at: usize) {
        match self.word(at) {
            "," => self.at += 1,
            ";" => {
                self.syntax(at, "params are set apart by `,`", "write `,`");
                self.at += 1;
            }
            "" | "}" => {}
            _ if self.begins_statement(at) && self.missing > 0 => {}
            _ => {
                let message = format!("expected `,` after `{}`", self.shown(at - 1));
                self.error(SyntaxErrorKind::Syntax, self.span_of(at - 1), message, None);
            }
        }
    }

    /// Whether the word at `at` can only be the first of the next entry.
    fn begins_entry(&self, block: Block, at: usize) -> bool {
        let (Some(before), Some(token)) = (self.token(at - 1), self.token(at)) else {
            return false;
        };
        if token.kind != Kind::Word {
            return false;
        }
        let word = self.word(at);
        if self.begins_statement(at) && self.missing > 0 && self.word(at + 1) != ":" {
            return block == Block::Action || matches!(before.kind, Kind::Text | Kind::Number);
        }
        match block {
            Block::Limits => {
                let value =
                    before.kind == Kind::Number || matches!(self.word(at - 1), "true" | "false");
                // `300 s` is one value in two words.
                let unit = self.word(at + 1) == ";"
                    && nearest(word, TimeUnit::WORDS.iter().copied()).is_some();
                value && at > self.at + 1 && !unit
            }
            Block::Action => self.word(at + 1) == ":" && self.word(at - 1) != ":",
            Block::Patterns => before.kind == Kind::Text && PatternKind::from_word(word).is_some(),
            Block::Intent => before.kind == Kind::Text && word == "signal",
            Block::Trust => {
                matches!(word, "supervisor" | "max_escalation_depth")
                    && (before.kind == Kind::Number || self.word(at - 1) == "agent")
            }
        }
    }
}
