//! Finds for each comment of a file the part it is printed with.
//!
//! A comment on its own lines belongs to what follows it, one at the end of a
//! line to what stands before it there, one inside a statement to that
//! statement, and one before a closing brace to the block. Every comment
//! belongs to exactly one part, so none is lost, whatever its place.

use std::collections::{HashMap, HashSet};

use crate::ast::{Comment, File, Item, Policy};
use crate::span::{Span, Spanned};
use crate::words::is_invisible;

/// What comments are printed with: the file, a policy, a statement of it, or
/// an entry of that statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    File,
    Policy(usize),
    Item(usize, usize),
    Entry(usize, usize, usize),
}

/// One line of a comment, without markers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    /// An empty line stands after it.
    pub(super) apart: bool,
}

/// The comments of a file by the part they are printed with.
#[derive(Default)]
pub(super) struct Comments<'s> {
    source: Option<&'s str>,
    /// On lines of their own, above the part.
    before: HashMap<Part, Vec<Line>>,
    /// At the end of the part's last line.
    beside: HashMap<Part, String>,
    /// On lines of their own, after everything inside the part.
    inside: HashMap<Part, Vec<Line>>,
    /// Parts that an empty line stands before.
    apart: HashSet<Part>,
    /// Where the first comment above a part starts.
    first: HashMap<Part, u32>,
}

impl<'s> Comments<'s> {
    /// Those of `file`, which `source` was parsed to.
    pub(super) fn of(file: &File, source: Option<&'s str>) -> Comments<'s> {
        let mut comments = Comments {
            source,
            ..Comments::default()
        };
        let roots = nodes(file);
        for comment in &file.comments {
            comments.assign(&roots, Part::File, comment);
        }
        comments.find_gaps(&roots);
        comments
    }

    /// The lines above `part`.
    pub(super) fn before(&self, part: Part) -> &[Line] {
        self.before.get(&part).map_or(&[], Vec::as_slice)
    }

    /// What stands at the end of the last line of `part`.
    pub(super) fn beside(&self, part: Part) -> Option<&str> {
        self.beside.get(&part).map(String::as_str)
    }

    /// The lines at the end of the inside of `part`.
    pub(super) fn inside(&self, part: Part) -> &[Line] {
        self.inside.get(&part).map_or(&[], Vec::as_slice)
    }

    /// Whether the author set `part` apart from what is before it.
    pub(super) fn is_apart(&self, part: Part) -> bool {
        self.apart.contains(&part)
    }

    /// Whether any comment is printed with an entry of the statement, or inside it.
    pub(super) fn touch_entries(&self, policy: usize, item: usize, entries: usize) -> bool {
        let entry = |entry| Part::Entry(policy, item, entry);
        !self.inside(Part::Item(policy, item)).is_empty()
            || (0..entries)
                .any(|i| !self.before(entry(i)).is_empty() || self.beside(entry(i)).is_some())
    }

    /// Puts comments only where a YAML reader finds them again at the same part.
    ///
    /// YAML has no closing braces: the end of a block is where the next part
    /// begins, and the last line of a block is that of its last entry.
    pub(super) fn without_braces(mut self, file: &File) -> Comments<'s> {
        for (p, policy) in file.policies.iter().enumerate() {
            for (i, item) in policy.items.iter().enumerate() {
                let part = Part::Item(p, i);
                let Some(entries) = entries(&item.node) else {
                    continue;
                };
                let inside = self.inside.remove(&part).unwrap_or_default();
                let flow = matches!(item.node, Item::Limits(_) | Item::Action(_));
                let one_line =
                    flow && inside.is_empty() && !self.touch_entries(p, i, entries.len());
                let beside = if one_line {
                    None
                } else {
                    self.beside.remove(&part)
                };
                let before = self.before.entry(part).or_default();
                before.extend(inside);
                before.extend(beside.map(|text| Line { text, apart: false }));
            }
            let last = p + 1 == file.policies.len();
            let after = if last {
                Part::File
            } else {
                Part::Policy(p + 1)
            };
            let part = Part::Policy(p);
            let mut lines = self.inside.remove(&part).unwrap_or_default();
            lines.extend(
                self.beside
                    .remove(&part)
                    .map(|text| Line { text, apart: false }),
            );
            let after = if last {
                self.inside.entry(after)
            } else {
                self.before.entry(after)
            };
            after.or_default().splice(0..0, lines);
        }
        self
    }

    /// Finds the part of one comment that stands in `owner`, around these nodes of it.
    fn assign(&mut self, nodes: &[Node], owner: Part, comment: &Comment) {
        let at = comment.text.span.start;
        let next = nodes.partition_point(|node| node.span.start <= at);
        let previous = next.checked_sub(1).and_then(|i| nodes.get(i));
        if let Some(node) = previous.filter(|node| node.span.end > at) {
            if node.is_block {
                return self.assign(&node.children, node.part, comment);
            }
            return self.put_before(node.part, comment);
        }
        if let Some(node) =
            previous.filter(|node| !comment.own_line && self.on_one_line(node.span.end, at))
        {
            // Without a closing brace, a block ends where its last entry does.
            let mut node = node;
            while let Some(last) = node
                .children
                .last()
                .filter(|last| last.span.end == node.span.end)
            {
                node = last;
            }
            let one_line = !comment.text.node.contains('\n');
            if one_line && !self.beside.contains_key(&node.part) {
                self.beside.insert(node.part, visible(&comment.text.node));
            } else {
                self.put_before(node.part, comment);
            }
        } else if let Some(node) = nodes.get(next) {
            self.put_before(node.part, comment);
        } else {
            let lines = self.lines(comment);
            self.inside.entry(owner).or_default().extend(lines);
        }
    }

    fn put_before(&mut self, part: Part, comment: &Comment) {
        let lines = self.lines(comment);
        self.before.entry(part).or_default().extend(lines);
        self.first.entry(part).or_insert(comment.text.span.start);
    }

    /// Without a source, what stands behind something stands on its line.
    fn on_one_line(&self, end: u32, start: u32) -> bool {
        let between = self
            .source
            .and_then(|source| source.get(end as usize..start as usize));
        between.is_none_or(|between| !between.contains('\n'))
    }

    /// The lines of a comment, moved left together.
    fn lines(&self, comment: &Comment) -> Vec<Line> {
        let text = &comment.text.node;
        let margin = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let rest = text.lines().skip(1).filter(|line| !line.trim().is_empty());
        let margin = rest.map(margin).min().unwrap_or_default();
        let mut lines: Vec<Line> = text
            .lines()
            .enumerate()
            .map(|(i, line)| {
                let line = if i == 0 {
                    line
                } else {
                    line.get(margin..).unwrap_or_default()
                };
                Line {
                    text: visible(line.trim_end()),
                    apart: false,
                }
            })
            .collect();
        if lines.is_empty() {
            lines.push(Line {
                text: String::new(),
                apart: false,
            });
        }
        if let Some(last) = lines.last_mut() {
            last.apart = self.blank_line_after(comment.text.span.end as usize);
        }
        lines
    }

    fn blank_line_after(&self, end: usize) -> bool {
        let Some(rest) = self.source.and_then(|source| source.as_bytes().get(end..)) else {
            return false;
        };
        let mut ends = rest
            .iter()
            .filter(|b| !matches!(b, b' ' | b'\t' | b'\r'))
            .take(2);
        ends.next() == Some(&b'\n') && ends.next() == Some(&b'\n')
    }

    /// Whether `start` is the first of its line, and the line before it is empty.
    fn blank_line_before(&self, start: usize) -> bool {
        /// Nobody indents a line further than this and sets it apart.
        const FARTHEST: usize = 1000;
        let Some(before) = self
            .source
            .and_then(|source| source.as_bytes().get(..start))
        else {
            return false;
        };
        let near = before.iter().rev().take(FARTHEST);
        // In YAML a dash begins the elements of a list.
        let mut ends = near
            .filter(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'-'))
            .take(2);
        ends.next() == Some(&b'\n') && ends.next() == Some(&b'\n')
    }

    fn find_gaps(&mut self, nodes: &[Node]) {
        for node in nodes {
            let first = self.first.get(&node.part);
            let start = first.map_or(node.span.start, |first| node.span.start.min(*first));
            if self.blank_line_before(start as usize) {
                self.apart.insert(node.part);
            }
            self.find_gaps(&node.children);
        }
    }
}

/// A part and where it was written.
struct Node {
    part: Part,
    span: Span,
    is_block: bool,
    children: Vec<Node>,
}

fn nodes(file: &File) -> Vec<Node> {
    let policies = file.policies.iter().enumerate();
    sorted(policies.map(|(p, policy)| Node {
        part: Part::Policy(p),
        span: policy.span,
        is_block: true,
        children: items(p, policy),
    }))
}

fn items(p: usize, policy: &Policy) -> Vec<Node> {
    sorted(policy.items.iter().enumerate().map(|(i, item)| {
        let entries = entries(&item.node);
        let is_block = entries.is_some();
        let leaf = |(e, span)| Node {
            part: Part::Entry(p, i, e),
            span,
            is_block: false,
            children: Vec::new(),
        };
        let children = sorted(
            entries
                .unwrap_or_default()
                .into_iter()
                .enumerate()
                .map(leaf),
        );
        Node {
            part: Part::Item(p, i),
            span: item.span,
            is_block,
            children,
        }
    }))
}

/// By place: a YAML text may hold its sections in any order.
fn sorted(nodes: impl Iterator<Item = Node>) -> Vec<Node> {
    let mut nodes: Vec<Node> = nodes.collect();
    nodes.sort_by_key(|node| node.span.start);
    nodes
}

/// The places of the entries of a block; nothing of what is no block.
fn entries(item: &Item) -> Option<Vec<Span>> {
    fn spans<T>(entries: &[Spanned<T>]) -> Vec<Span> {
        entries.iter().map(|entry| entry.span).collect()
    }
    match item {
        Item::Limits(limits) => Some(spans(limits)),
        Item::Action(action) => Some(spans(&action.params)),
        Item::Patterns(set) => Some(spans(&set.patterns)),
        Item::Intent(intent) => Some(spans(&intent.signals)),
        Item::Trust(trust) => {
            let mut spans = spans(&trust.supervisors);
            spans.extend(trust.max_escalation_depth.as_ref().map(|depth| depth.span));
            Some(spans)
        }
        Item::About(_)
        | Item::Extends(_)
        | Item::Default(_)
        | Item::Combine(_)
        | Item::Mode(_)
        | Item::Normalize(_)
        | Item::Rule(_)
        | Item::Rate(_)
        | Item::Expect(_) => None,
    }
}

/// The text with what nobody sees, or what no YAML holds, spelled out.
fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\t' && (c.is_control() || is_invisible(c) || matches!(c, '\u{fffe}' | '\u{ffff}'))
        {
            visible.extend(c.escape_unicode());
        } else {
            visible.push(c);
        }
    }
    visible
}
