//! `expect` in our own YAML: before a rule in its list, or in the list of a
//! policy, where `about` names the section.

use super::Cx;
use crate::SyntaxErrorKind;
use crate::ast::{Expect, Item};
use crate::normalise;
use crate::span::Spanned;
use crate::words::{nearest, shown};
use crate::yaml::node::Node;
use crate::yaml::reading::Keys;

impl Cx<'_> {
    /// An `expect` among rules or rates; it is about what stands after it.
    pub(super) fn expect_next(&mut self, mut keys: Keys<'_>, after: &[Node]) -> Option<Item> {
        let finding = keys
            .get("expect")
            .and_then(|node| self.reading.text(node, "expect"));
        let because = self.optional_text(&mut keys, "because");
        self.reading.no_other_keys(&keys, "an `expect`", &[]);
        if after.iter().all(|node| node.get("expect").is_some()) {
            let message = "an `expect` with nothing after it that it is about".to_owned();
            let help = "put it right before the element it is about".to_owned();
            self.reading
                .fail(SyntaxErrorKind::WrongShape, keys.span, message, Some(help));
            return None;
        }
        Some(Item::Expect(Expect {
            finding: finding?,
            because,
        }))
    }

    /// The list under a policy's `expect`: each goes right before what it is about.
    pub(super) fn expects(&mut self, node: &Node, items: &mut Vec<Spanned<Item>>) {
        let Some(nodes) = self.reading.list(node, "expect") else {
            return;
        };
        // Where each goes is counted before any of them is put there.
        let mut placed = Vec::new();
        for node in nodes {
            placed.extend(
                self.expect_about(node, items)
                    .map(|(at, item)| (at, Spanned::new(item, node.span))),
            );
        }
        placed.sort_by_key(|(at, _)| *at);
        for (at, item) in placed.into_iter().rev() {
            items.insert(at, item);
        }
    }

    fn expect_about(&mut self, node: &Node, items: &[Spanned<Item>]) -> Option<(usize, Item)> {
        let mut keys = self.reading.mapping(node, "expect")?;
        let finding = self.required(&mut keys, "an `expect`", "finding", |cx, node| {
            cx.reading.text(node, "finding")
        });
        let about = self.required(&mut keys, "an `expect`", "about", |cx, node| {
            cx.reading.text(node, "about")
        });
        let because = self.optional_text(&mut keys, "because");
        self.reading.no_other_keys(&keys, "an `expect`", &[]);
        let (finding, about) = (finding?, about?);
        let expect = Item::Expect(Expect { finding, because });
        if about.node == "policy" {
            return Some((items.len(), expect));
        }
        if let Some(at) = items
            .iter()
            .position(|item| is_called(&item.node, &about.node))
        {
            return Some((at, expect));
        }
        let names: Vec<String> = items
            .iter()
            .filter_map(|item| normalise::about(&item.node))
            .collect();
        let known: Vec<&str> = names.iter().map(String::as_str).chain(["policy"]).collect();
        let message = format!("nothing in this policy is called `{}`", shown(&about.node));
        let near = nearest(&about.node, known).map(|near| format!("did you mean `{near}`?"));
        let help = near.unwrap_or_else(|| {
            "name a section (`limits`, `default`, `trust`, `rates`), one of its parts \
             (`patterns.NAME`, `actions.NAME`, `intents.CATEGORY`), or `policy`"
                .to_owned()
        });
        self.reading.fail(
            SyntaxErrorKind::UnknownWord,
            about.span,
            message,
            Some(help),
        );
        None
    }
}

fn is_called(item: &Item, about: &str) -> bool {
    normalise::about(item).is_some_and(|name| name == about)
}
