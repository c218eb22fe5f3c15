//! Our own YAML: a document with a `policy` key becomes a policy of the syntax tree.
//!
//! The sections may stand in any order; in the tree they stand in one: about,
//! extends, default, combine, mode, normalize, limits, actions, patterns,
//! rules, rates, intents, trust. All mistakes of a document are collected, and
//! what is sound in it is read.

mod action;
mod condition;
mod expect;
mod rule;
mod section;

use crate::SyntaxError;
use crate::ast::{Combine, Default_, DefaultAnswer, File, Item, Mode, Name, Policy};
use crate::span::{SourceId, Span, Spanned};
use crate::yaml::node::{Entry, Node};
use crate::yaml::read;
use crate::yaml::reading::{Keys, Reading};

/// Reads `text` as policies in our own YAML, a document each.
///
/// ```
/// use agentos_grammar::{SourceId, yaml};
///
/// let (file, errors) = yaml::parse(SourceId(0), "policy: reader\nrules:\n  - allow: read_file\n");
/// assert_eq!(errors, []);
/// assert_eq!(file.policies[0].name.node, "reader");
/// ```
pub fn parse(source: SourceId, text: &str) -> (File, Vec<SyntaxError>) {
    let (documents, comments, errors) = read(source, text);
    let mut reading = Reading { errors };
    let mut policies = Vec::new();
    for document in documents.iter().filter(|document| !document.is_null()) {
        policies.extend(parse_node(source, text, document, &mut reading));
    }
    reading.errors.sort_by_key(|error| error.span.start);
    (File { policies, comments }, reading.errors)
}

/// Whether a document is a policy in our own YAML.
pub fn is_policy(document: &Node) -> bool {
    document.get("policy").is_some()
}

/// Reads one document of `text`; its mistakes go to `reading`.
pub fn parse_node(
    source: SourceId,
    text: &str,
    document: &Node,
    reading: &mut Reading,
) -> Option<Spanned<Policy>> {
    let keys = reading.mapping(document, "a policy")?;
    Cx {
        source,
        text,
        reading,
    }
    .policy(keys)
}

/// What the parts of a document are read with.
struct Cx<'t> {
    source: SourceId,
    text: &'t str,
    reading: &'t mut Reading,
}

impl Cx<'_> {
    fn policy(&mut self, mut keys: Keys<'_>) -> Option<Spanned<Policy>> {
        let name = match keys.get("policy") {
            Some(node) => self.reading.text(node, "policy"),
            None => self.reading.missing(keys.span, "a policy", "policy"),
        };
        let version = keys
            .get("version")
            .and_then(|node| self.reading.version(node, "version"));
        let mut items = Vec::new();
        self.one(&mut items, &mut keys, "about", |cx, node| {
            Some(Item::About(cx.reading.text(node, "about")?))
        });
        self.one(&mut items, &mut keys, "extends", |cx, node| {
            Some(Item::Extends(cx.reading.texts(node, "extends")?))
        });
        self.one(&mut items, &mut keys, "default", |cx, node| {
            Some(Item::Default(cx.default(node)?))
        });
        self.one(&mut items, &mut keys, "combine", |cx, node| {
            let combine =
                cx.reading
                    .word(node, "way to combine", Combine::WORDS, Combine::from_word);
            Some(Item::Combine(combine?))
        });
        self.one(&mut items, &mut keys, "mode", |cx, node| {
            Some(Item::Mode(cx.reading.word(
                node,
                "mode",
                Mode::WORDS,
                Mode::from_word,
            )?))
        });
        self.one(&mut items, &mut keys, "normalize", |cx, node| {
            Some(Item::Normalize(cx.reading.text(node, "normalize")?))
        });
        // `timeout: 300s` and the like stand in `limits`, not beside it.
        self.one(&mut items, &mut keys, "limits", |cx, node| {
            Some(Item::Limits(cx.limits(node)?))
        });
        self.named(&mut items, &mut keys, "actions", |cx, entry| {
            Some(Item::Action(cx.action(entry)?))
        });
        self.named(&mut items, &mut keys, "patterns", |cx, entry| {
            Some(Item::Patterns(cx.pattern_set(entry)?))
        });
        self.listed(&mut items, &mut keys, "rules", |cx, keys| {
            Some(Item::Rule(Box::new(cx.rule(keys)?)))
        });
        self.listed(&mut items, &mut keys, "rates", |cx, keys| {
            Some(Item::Rate(cx.rate(keys)?))
        });
        self.named(&mut items, &mut keys, "intents", |cx, entry| {
            Some(Item::Intent(cx.intent(entry)?))
        });
        self.one(&mut items, &mut keys, "trust", |cx, node| {
            Some(Item::Trust(cx.trust(node)?))
        });
        if let Some(node) = keys.get("expect") {
            self.expects(node, &mut items);
        }
        self.reading.no_other_keys(&keys, "a policy", &[]);
        Some(Spanned::new(
            Policy {
                name: name?,
                version,
                items,
            },
            keys.span,
        ))
    }

    /// A section that is one statement.
    fn one(
        &mut self,
        items: &mut Vec<Spanned<Item>>,
        keys: &mut Keys<'_>,
        key: &'static str,
        read: impl FnOnce(&mut Self, &Node) -> Option<Item>,
    ) {
        if let Some(entry) = keys.take(key)
            && let Some(item) = read(self, &entry.value)
        {
            items.push(Spanned::new(item, entry_span(entry)));
        }
    }

    /// A section that is a mapping with a statement under each name.
    fn named(
        &mut self,
        items: &mut Vec<Spanned<Item>>,
        keys: &mut Keys<'_>,
        key: &'static str,
        mut read: impl FnMut(&mut Self, &Entry) -> Option<Item>,
    ) {
        let Some(node) = keys.get(key) else { return };
        let Some(named) = self.reading.mapping(node, key) else {
            return;
        };
        for entry in named.entries {
            if let Some(item) = read(self, entry) {
                items.push(Spanned::new(item, entry_span(entry)));
            }
        }
    }

    /// A section that is a list with a statement in each element, or an `expect`.
    fn listed(
        &mut self,
        items: &mut Vec<Spanned<Item>>,
        keys: &mut Keys<'_>,
        key: &'static str,
        mut read: impl FnMut(&mut Self, Keys<'_>) -> Option<Item>,
    ) {
        let Some(node) = keys.get(key) else { return };
        let Some(nodes) = self.reading.list(node, key) else {
            return;
        };
        for (index, node) in nodes.iter().enumerate() {
            let Some(element) = self.reading.mapping(node, &format!("{key}[{index}]")) else {
                continue;
            };
            let item = if node.get("expect").is_some() {
                self.expect_next(element, nodes.get(index + 1..).unwrap_or_default())
            } else {
                read(self, element)
            };
            items.extend(item.map(|item| Spanned::new(item, node.span)));
        }
    }

    fn default(&mut self, node: &Node) -> Option<Default_> {
        if node.as_mapping().is_none() {
            return Some(Default_ {
                answer: self.default_answer(node)?,
                because: None,
            });
        }
        let mut keys = self.reading.mapping(node, "default")?;
        // `{answer: allow, because: "…"}`, or `{allow: "…"}` for short.
        if let Some(answer) = keys.get("answer") {
            let answer = self.default_answer(answer);
            let because = self.optional_text(&mut keys, "because");
            self.reading.no_other_keys(&keys, "`default`", &[]);
            return Some(Default_ {
                answer: answer?,
                because,
            });
        }
        let [entry] = keys.entries else {
            return self.reading.wrong(
                node,
                "default",
                "one of `allow`, `deny`, `abstain` and its reason",
            );
        };
        let answer = self.default_answer(&entry.key);
        let because = self.reading.text(&entry.value, entry.name());
        Some(Default_ {
            answer: answer?,
            because: Some(because?),
        })
    }

    fn default_answer(&mut self, node: &Node) -> Option<Spanned<DefaultAnswer>> {
        self.reading.word(
            node,
            "default",
            DefaultAnswer::WORDS,
            DefaultAnswer::from_word,
        )
    }

    fn optional_text(&mut self, keys: &mut Keys<'_>, key: &'static str) -> Option<Name> {
        keys.get(key).and_then(|node| self.reading.text(node, key))
    }
}

/// From the key to the end of its value.
fn entry_span(entry: &Entry) -> Span {
    // What an alias stands for may be elsewhere.
    if entry.value.span.start < entry.key.span.start {
        return entry.key.span;
    }
    entry.key.span.to(entry.value.span)
}
