//! Reads the blocks of a text that the grammar refuses: entry by entry, every
//! mistake its own.
//!
//! An entry ends at its `;` (a param at its `,`), before the `}` of the block,
//! or where a word stands that can only begin the next one.

use crate::SyntaxErrorKind;
use crate::ast::{ActionDecl, Intent, Item, Name, PatternKind, PatternSet, TimeUnit, Trust};
use crate::parse::Offset;
use crate::parse::build::Entry;
use crate::parse::grammar::Rule;
use crate::parse::lex::Kind;
use crate::parse::recover::Recover;
use crate::span::{Span, Spanned};
use crate::words::nearest;

/// The blocks of a policy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    Limits,
    Action,
    Patterns,
    Intent,
    Trust,
}

impl Block {
    pub(super) fn of(word: &str) -> Option<Block> {
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

impl Recover<'_, '_, '_> {
    /// The block that starts here; without an `open` its `{` was forgotten.
    pub(super) fn block(
        &mut self,
        block: Block,
        word: &str,
        open: Option<usize>,
    ) -> Option<Spanned<Item>> {
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
            .build(Offset::default())
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
                    self.instead(self.at, "nothing stands before this `,`", "remove it", "");
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
                _ if self.follows_broken(end) || self.begins_entry(block, end) => break,
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
                self.instead(at, "params are set apart by `,`", "write `,`", ",");
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
