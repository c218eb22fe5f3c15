//! Makes policies, statements and their parts of what the grammar found.
//!
//! The shape is sound by then. What is still wrong is a word that is not of
//! its set, a number that is none, a thing said twice: each is a mistake of
//! its own, and what is sound around it goes into the tree.

mod condition;
mod rule;

use std::str::FromStr;

use crate::ast::{
    ActionDecl, Combine, Default_, DefaultAnswer, Duration, Expect, Intent, Item, Limit,
    LimitValue, Mode, Name, ParamDecl, Pattern, PatternKind, PatternSet, Policy, Signal,
    Supervisor, TimeUnit, Trust,
};
use crate::parse::grammar::Rule;
use crate::parse::text;
use crate::parse::{Mistakes, Offset};
use crate::span::{SourceId, Span, Spanned};
use crate::words::{shown, unknown_word};
use crate::{SyntaxError, SyntaxErrorKind, number};

pub(super) type Pair<'t> = pest::iterators::Pair<'t, Rule>;

const SOUND: &str = "the grammar gives this rule this part";

/// Where the parsed text stands in its source, and the mistakes found so far.
pub(super) struct Build<'e> {
    pub(super) source: SourceId,
    /// Where the parsed text stands in the source.
    pub(super) offset: Offset,
    pub(super) errors: &'e mut Mistakes,
}

/// One entry of a block.
pub(super) enum Entry {
    Limit(Spanned<Limit>),
    Param(Spanned<ParamDecl>),
    Pattern(Spanned<Pattern>),
    Signal(Spanned<Signal>),
    Supervisor(Spanned<Supervisor>),
    /// The word, and the depth.
    Depth(Span, Spanned<i64>),
}

impl Build<'_> {
    // ---- places ----

    fn place(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.offset.of(start), self.offset.of(end))
    }

    /// From the first to the last token of `pair`.
    ///
    /// pest counts what was skipped in search of an optional part into a rule,
    /// so the end is that of the last rule inside it.
    pub(super) fn span(&self, pair: &Pair<'_>) -> Span {
        let start = pair.as_span().start();
        let mut end = pair.as_span().end();
        let mut last = pair.clone().into_inner().next_back();
        while let Some(inner) = last {
            end = inner.as_span().end();
            last = inner.into_inner().next_back();
        }
        self.place(start, end)
    }

    fn at<T>(&self, pair: &Pair<'_>, node: T) -> Spanned<T> {
        Spanned::new(node, self.span(pair))
    }

    fn error(&mut self, span: Span, message: String, help: Option<String>) {
        self.errors.push(SyntaxError {
            kind: SyntaxErrorKind::Syntax,
            span,
            message,
            help,
            related: None,
            edit: None,
        });
    }

    /// `what` was said at `first` and again at `second`.
    fn twice(&mut self, what: &str, whole: &str, first: Span, second: Span) {
        self.errors.push(SyntaxError {
            kind: SyntaxErrorKind::DuplicateKey,
            span: second,
            message: format!("`{}` stands twice in {whole}", shown(what)),
            help: Some("keep one of them".to_owned()),
            related: Some((first, "first here".to_owned())),
            edit: None,
        });
    }

    // ---- policies ----

    /// Of a `policy`.
    pub(super) fn policy(&mut self, pair: Pair<'_>) -> Spanned<Policy> {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let (name, version) = self.policy_head(parts.next().expect(SOUND));
        let mut items = Vec::with_capacity(parts.len());
        for part in parts.filter(|part| part.as_rule() != Rule::close) {
            items.extend(self.statement(part));
        }
        Spanned::new(self.whole_policy(name, version, items), span)
    }

    /// Of a `policy_head`: name and version.
    pub(super) fn policy_head(&mut self, pair: Pair<'_>) -> (Name, Option<Name>) {
        let mut parts = pair.into_inner().skip(1);
        let name = self.name(&parts.next().expect(SOUND));
        let version = parts
            .next()
            .filter(|part| part.as_rule() == Rule::version)
            .map(|part| self.name(&part));
        (name, version)
    }

    /// A policy of these parts; what may stand once and stands twice is a mistake.
    pub(super) fn whole_policy(
        &mut self,
        name: Name,
        version: Option<Name>,
        items: Vec<Spanned<Item>>,
    ) -> Policy {
        let mut seen: Vec<(&str, Span)> = Vec::new();
        let items = items
            .into_iter()
            .filter(|item| {
                let word = match item.node {
                    Item::About(_) => "about",
                    Item::Extends(_) => "extends",
                    Item::Default(_) => "default",
                    Item::Combine(_) => "combine",
                    Item::Mode(_) => "mode",
                    Item::Normalize(_) => "normalize",
                    Item::Limits(_) => "limits",
                    Item::Trust(_) => "trust",
                    Item::Action(_)
                    | Item::Patterns(_)
                    | Item::Rule(_)
                    | Item::Rate(_)
                    | Item::Intent(_)
                    | Item::Expect(_) => return true,
                };
                let span = Span {
                    end: item.span.start + word.len() as u32,
                    ..item.span
                };
                let first = seen.iter().find(|(known, _)| *known == word);
                if let Some((_, first)) = first {
                    self.twice(word, "this policy", *first, span);
                    return false;
                }
                seen.push((word, span));
                true
            })
            .collect();
        Policy {
            name,
            version,
            items,
        }
    }

    // ---- statements ----

    /// Of one of the rules of `statement`; nothing when what is left is no statement.
    pub(super) fn statement(&mut self, pair: Pair<'_>) -> Option<Spanned<Item>> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let item = match rule {
            Rule::limits | Rule::action | Rule::patterns | Rule::intent | Rule::trust => {
                let mut parts = pair.into_inner();
                let head = self.head(parts.next().expect(SOUND));
                let mut entries = Vec::with_capacity(parts.len());
                for part in parts {
                    entries.extend(self.entry(part));
                }
                Some(self.block(head, entries))
            }
            Rule::policy_rule => self.rule(pair).map(|rule| Item::Rule(Box::new(rule))),
            Rule::rate => self.rate(pair).map(Item::Rate),
            _ => self.line(pair),
        };
        item.map(|item| Spanned::new(item, span))
    }

    /// Of a statement of one line.
    fn line(&mut self, pair: Pair<'_>) -> Option<Item> {
        let rule = pair.as_rule();
        let mut parts = pair
            .into_inner()
            .skip(1)
            .filter(|part| !matches!(part.as_rule(), Rule::comma | Rule::semi));
        let first = parts.next().expect(SOUND);
        Some(match rule {
            Rule::about => Item::About(self.name(&first)),
            Rule::normalize => Item::Normalize(self.name(&first)),
            Rule::extends => {
                let mut names = vec![self.name(&first)];
                names.extend(parts.map(|part| self.name(&part)));
                Item::Extends(names)
            }
            Rule::expect => Item::Expect(Expect {
                finding: self.name(&first),
                because: parts.next().map(|because| self.said_after_word(because)),
            }),
            Rule::default => Item::Default(Default_ {
                answer: self.word(
                    &first,
                    "default",
                    DefaultAnswer::from_word,
                    DefaultAnswer::WORDS,
                )?,
                because: parts.next().map(|because| self.said_after_word(because)),
            }),
            Rule::combine => Item::Combine(self.word(
                &first,
                "way to combine",
                Combine::from_word,
                Combine::WORDS,
            )?),
            _ => Item::Mode(self.word(&first, "mode", Mode::from_word, Mode::WORDS)?),
        })
    }

    // ---- blocks ----

    /// Of a block's head: an item without entries.
    pub(super) fn head(&mut self, pair: Pair<'_>) -> Item {
        let rule = pair.as_rule();
        let name = pair.into_inner().nth(1).expect(SOUND);
        match rule {
            Rule::limits_head => Item::Limits(Vec::new()),
            Rule::trust_head => Item::Trust(Trust {
                supervisors: Vec::new(),
                max_escalation_depth: None,
            }),
            Rule::patterns_head => Item::Patterns(PatternSet {
                name: self.name(&name),
                patterns: Vec::new(),
            }),
            Rule::intent_head => Item::Intent(Intent {
                category: self.name(&name),
                signals: Vec::new(),
            }),
            _ => {
                let name = self.name(&name);
                Item::Action(ActionDecl {
                    name,
                    params: Vec::new(),
                })
            }
        }
    }

    /// Of one entry of a block; nothing of its punctuation, and of an entry without a meaning.
    pub(super) fn entry(&mut self, pair: Pair<'_>) -> Option<Entry> {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::limit => {
                let mut parts = pair.into_inner();
                let name = self.name(&parts.next().expect(SOUND));
                let value = self.limit_value(&parts.next().expect(SOUND))?;
                Some(Entry::Limit(Spanned::new(Limit { name, value }, span)))
            }
            Rule::param => {
                let mut parts = pair.into_inner();
                let name = self.name(&parts.next().expect(SOUND));
                let ty = self.param_type(parts.next_back().expect(SOUND))?;
                Some(Entry::Param(Spanned::new(ParamDecl { name, ty }, span)))
            }
            Rule::pattern => {
                let mut parts = pair.into_inner();
                let kind = parts.next().expect(SOUND);
                let text = self.name(&parts.next().expect(SOUND));
                let unless_followed_by = self.lookahead(parts.next());
                let kind = self
                    .word(
                        &kind,
                        "pattern kind",
                        PatternKind::from_word,
                        PatternKind::WORDS,
                    )?
                    .node;
                Some(Entry::Pattern(Spanned::new(
                    Pattern {
                        kind,
                        text,
                        unless_followed_by,
                    },
                    span,
                )))
            }
            Rule::signal => {
                let mut parts = pair.into_inner().skip(1);
                let weight = self.number(&parts.next().expect(SOUND));
                let pattern = self.name(&parts.next().expect(SOUND));
                let mut signal = Signal {
                    weight,
                    pattern,
                    unless_followed_by: None,
                    explain: None,
                };
                for part in parts {
                    match part.as_rule() {
                        Rule::explanation => signal.explain = Some(self.name(&part)),
                        Rule::lookahead => signal.unless_followed_by = self.lookahead(Some(part)),
                        _ => {}
                    }
                }
                Some(Entry::Signal(Spanned::new(signal, span)))
            }
            Rule::supervisor => {
                let mut parts = pair.into_inner().skip(1);
                let name = self.name(&parts.next().expect(SOUND));
                let level = self.integer(&parts.nth(1).expect(SOUND));
                let agent = parts
                    .next()
                    .is_some_and(|part| part.as_rule() == Rule::kw_agent);
                Some(Entry::Supervisor(Spanned::new(
                    Supervisor {
                        name,
                        level: level?,
                        agent,
                    },
                    span,
                )))
            }
            Rule::escalation_depth => {
                let mut parts = pair.into_inner();
                let word = self.span(&parts.next().expect(SOUND));
                let depth = self.integer(&parts.next().expect(SOUND))?;
                Some(Entry::Depth(word, depth))
            }
            _ => None,
        }
    }

    /// The block of this head with these entries; what is said twice in it is a mistake.
    pub(super) fn block(&mut self, head: Item, entries: Vec<Entry>) -> Item {
        let mut item = head;
        let mut depth: Option<Span> = None;
        for entry in entries {
            match (&mut item, entry) {
                (Item::Limits(limits), Entry::Limit(limit)) => {
                    // There are fewer than thirty limits; a longer list is full of mistakes.
                    match limits
                        .iter()
                        .take(64)
                        .find(|known| known.name == limit.name)
                    {
                        Some(known) => self.twice(
                            &limit.name,
                            "these limits",
                            known.name.span,
                            limit.name.span,
                        ),
                        None => limits.push(limit),
                    }
                }
                (Item::Action(action), Entry::Param(param)) => action.params.push(param),
                (Item::Patterns(set), Entry::Pattern(pattern)) => set.patterns.push(pattern),
                (Item::Intent(intent), Entry::Signal(signal)) => intent.signals.push(signal),
                (Item::Trust(trust), Entry::Supervisor(supervisor)) => {
                    trust.supervisors.push(supervisor);
                }
                (Item::Trust(trust), Entry::Depth(word, value)) => {
                    if let Some(first) = depth {
                        self.twice("max_escalation_depth", "this block", first, word);
                    } else {
                        depth = Some(word);
                        trust.max_escalation_depth = Some(value);
                    }
                }
                // The grammar gives each block its own entries.
                _ => {}
            }
        }
        item
    }

    fn limit_value(&mut self, pair: &Pair<'_>) -> Option<Spanned<LimitValue>> {
        let value = match pair.as_str() {
            "true" => LimitValue::Boolean(true),
            "false" => LimitValue::Boolean(false),
            text if number::plain(text).is_some() => LimitValue::Number(self.number(pair).node),
            _ => LimitValue::Duration(self.duration(pair)?.node),
        };
        Some(self.at(pair, value))
    }

    fn lookahead(&mut self, pair: Option<Pair<'_>>) -> Option<Name> {
        let pair = pair.filter(|pair| pair.as_rule() == Rule::lookahead)?;
        Some(self.said_after_word(pair))
    }

    // ---- names, words, numbers ----

    /// The name or text that `pair` is, in quotes or not.
    pub(super) fn name(&mut self, pair: &Pair<'_>) -> Name {
        let said = self.said(pair.as_str(), pair.as_span().start());
        self.at(pair, said)
    }

    /// What the text or word `written` at `start` says.
    pub(super) fn said(&mut self, written: &str, start: usize) -> String {
        if text::literal_end(written).is_none() {
            return written.to_owned();
        }
        let mut wrong = Vec::new();
        let said = text::decode(written, |place, help| wrong.push((place, help)));
        for (place, help) in wrong {
            let span = self.place(start + place.start, start + place.end);
            let message = format!("unknown escape `{}`", shown(&written[place]));
            self.error(span, message, Some(help.to_owned()));
        }
        said
    }

    /// The text at the end of `because "…"`.
    fn said_after_word(&mut self, pair: Pair<'_>) -> Name {
        self.name(&pair.into_inner().next_back().expect(SOUND))
    }

    /// The fixed word that `pair` is; a mistake when it is none.
    fn word<T>(
        &mut self,
        pair: &Pair<'_>,
        what: &str,
        read: fn(&str) -> Option<T>,
        known: &[&str],
    ) -> Option<Spanned<T>> {
        let span = self.span(pair);
        let node = read(pair.as_str());
        if node.is_none() {
            self.errors
                .push(unknown_word(what, pair.as_str(), span, known));
        }
        node.map(|node| Spanned::new(node, span))
    }

    /// The number that `pair` is, as written; a mistake when others may read it otherwise.
    pub(super) fn number(&mut self, pair: &Pair<'_>) -> Spanned<String> {
        let text = pair.as_str();
        let plain = number::plain(text);
        if plain.as_deref() == Some(text) {
            return self.at(pair, text.to_owned());
        }
        let span = self.span(pair);
        let help = match &plain {
            Some(plain) => format!("write `{plain}`"),
            None => "write its digits out".to_owned(),
        };
        self.error(
            span,
            format!("the number `{}` is not written out", shown(text)),
            Some(help),
        );
        Spanned::new(plain.unwrap_or_else(|| text.to_owned()), span)
    }

    fn integer<T: FromStr>(&mut self, pair: &Pair<'_>) -> Option<Spanned<T>> {
        let number = self.number(pair);
        let value = number.node.parse().ok();
        if value.is_none() {
            let negative = number.node.starts_with('-');
            let message = if number.node.contains('.') {
                format!("`{}` is no whole number", shown(&number.node))
            } else if negative && "-1".parse::<T>().is_err() {
                format!("`{}` is below zero", shown(&number.node))
            } else {
                format!("`{}` is out of range", shown(&number.node))
            };
            self.error(number.span, message, None);
        }
        Some(Spanned::new(value?, number.span))
    }

    fn duration(&mut self, pair: &Pair<'_>) -> Option<Spanned<Duration>> {
        let text = pair.as_str();
        let digits = text
            .find(|c: char| !matches!(c, '0'..='9' | '.' | '_'))
            .unwrap_or(text.len());
        let (count, unit) = text.split_at(digits);
        let start = pair.as_span().start();
        let span = self.place(start + digits, start + text.len());
        let known = TimeUnit::from_word(unit);
        if known.is_none() {
            self.errors
                .push(unknown_word("unit", unit, span, TimeUnit::WORDS));
        }
        let span = self.span(pair);
        if count.contains('.') || number::plain(count).as_deref() != Some(count) {
            let message = format!("`{}` is no whole number of a unit of time", shown(text));
            let help = "write digits alone before the unit, as in `90m`";
            self.error(span, message, Some(help.to_owned()));
            return None;
        }
        Some(Spanned::new(
            Duration {
                count: count.to_owned(),
                unit: known?,
            },
            span,
        ))
    }
}
