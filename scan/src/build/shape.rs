//! What an expression asks of a text: its syntax in, what stands before it, its
//! body and what stands after it out.
//!
//! Expressions come as the compiler prints them: an assertion stands at an end,
//! where the edge of the text can be read as one more letter. Others are no
//! shape of ours.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::alphabet::{Classes, Letters};

/// An expression, ready to become an automaton.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// What the letter before it has to be.
    pub(crate) lead: Lead,
    /// The expression itself, and what it asks of what follows.
    pub(crate) body: Node,
}

/// What the letter before an expression has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lead {
    /// Anything, or nothing.
    Any,
    /// One of these.
    Of(Class1),
}

/// One letter, or an edge of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Class1 {
    pub(crate) letters: Letters,
    /// Whether the edge of the text is one of them.
    pub(crate) edge: bool,
}

/// An expression without assertions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// One letter of these; or, where it says so, the end of the text.
    One(Class1),
    /// One after the other.
    All(Vec<Node>),
    /// One of them.
    Any(Vec<Node>),
    /// So often.
    Repeat {
        node: Box<Node>,
        least: u32,
        most: Option<u32>,
    },
}

/// Reads an expression: one shape, or one for each of its alternatives. None
/// where it has assertions inside, or flags that look at bytes.
pub(crate) fn shapes(hir: &Hir, classes: &Classes) -> Option<Vec<Shape>> {
    match (shape(hir, classes), hir.kind()) {
        (Some(shape), _) => Some(vec![shape]),
        (None, HirKind::Alternation(parts)) => {
            parts.iter().map(|part| shape(part, classes)).collect()
        }
        (None, _) => None,
    }
}

pub(crate) fn shape(hir: &Hir, classes: &Classes) -> Option<Shape> {
    let mut parts = match hir.kind() {
        HirKind::Concat(parts) => parts.clone(),
        _ => vec![hir.clone()],
    };
    // Asking twice is asking once.
    parts.dedup_by(|one, other| matches!(one.kind(), HirKind::Look(_)) && one == other);
    let parts = parts.as_slice();
    let core = parts
        .iter()
        .position(|part| matches!(part.kind(), HirKind::Capture(_)));
    let (lead, rest) = match (core, parts.split_first()) {
        (Some(0), _) => (Lead::Any, parts),
        (Some(_), Some((first, rest))) => match edge_or_letter(first, true, classes) {
            Some(class) => (Lead::Of(class), rest),
            // More letters have to stand before it.
            None => (Lead::Any, parts),
        },
        (None, Some((first, rest))) => match edge_or_letter(first, true, classes) {
            Some(class) if class.edge => (Lead::Of(class), rest),
            _ => (Lead::Any, parts),
        },
        _ => return None,
    };
    let body = sequence(rest, true, classes)?;
    Some(Shape { lead, body })
}

/// One letter or the edge of the text, as one class.
fn edge_or_letter(hir: &Hir, is_start: bool, classes: &Classes) -> Option<Class1> {
    let (edge, line) = if is_start {
        (Look::Start, Look::StartLF)
    } else {
        (Look::End, Look::EndLF)
    };
    match hir.kind() {
        HirKind::Look(look) if *look == edge => Some(Class1 {
            letters: classes.of(Vec::new()),
            edge: true,
        }),
        HirKind::Look(look) if *look == line => Some(Class1 {
            letters: classes.of(vec![(0x0A, 0x0A)]),
            edge: true,
        }),
        HirKind::Class(class) => Some(Class1 {
            letters: letters(class, classes)?,
            edge: false,
        }),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            let mut all = text.chars();
            let letter = all.next().filter(|_| all.next().is_none())? as u32;
            Some(Class1 {
                letters: classes.of(vec![(letter, letter)]),
                edge: false,
            })
        }
        HirKind::Alternation(parts) => {
            let (mut edge, mut letters) = (false, Vec::new());
            for part in parts {
                let class = edge_or_letter(part, is_start, classes)?;
                edge |= class.edge;
                letters.extend_from_slice(&classes.ranges(class.letters));
            }
            Some(Class1 {
                letters: classes.of(letters),
                edge,
            })
        }
        _ => None,
    }
}

fn sequence(parts: &[Hir], is_last: bool, classes: &Classes) -> Option<Node> {
    let last = parts.len().wrapping_sub(1);
    let nodes = parts
        .iter()
        .enumerate()
        .map(|(at, part)| node(part, is_last && at == last, classes));
    nodes.collect::<Option<Vec<_>>>().map(Node::All)
}

/// Where nothing follows it, an end of the text is one more letter.
fn node(hir: &Hir, is_last: bool, classes: &Classes) -> Option<Node> {
    match hir.kind() {
        HirKind::Empty => Some(Node::All(Vec::new())),
        HirKind::Look(_) if is_last => Some(Node::One(edge_or_letter(hir, false, classes)?)),
        HirKind::Look(_) => None,
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            let one = |letter: char| {
                let letters = classes.of(vec![(letter as u32, letter as u32)]);
                Node::One(Class1 {
                    letters,
                    edge: false,
                })
            };
            Some(Node::All(text.chars().map(one).collect()))
        }
        HirKind::Class(class) => Some(Node::One(Class1 {
            letters: letters(class, classes)?,
            edge: false,
        })),
        HirKind::Capture(capture) => node(&capture.sub, is_last, classes),
        HirKind::Concat(parts) => sequence(parts, is_last, classes),
        HirKind::Alternation(parts) => {
            let nodes = parts.iter().map(|part| node(part, is_last, classes));
            nodes.collect::<Option<Vec<_>>>().map(Node::Any)
        }
        HirKind::Repetition(repetition) => Some(Node::Repeat {
            node: Box::new(node(&repetition.sub, false, classes)?),
            least: repetition.min,
            most: repetition.max,
        }),
    }
}

fn letters(class: &Class, classes: &Classes) -> Option<Letters> {
    let ranges = match class {
        Class::Unicode(class) => {
            let ranges = class.ranges().iter();
            ranges
                .map(|range| (range.start() as u32, range.end() as u32))
                .collect()
        }
        Class::Bytes(class) if class.is_ascii() => {
            let ranges = class.ranges().iter();
            ranges
                .map(|range| (range.start().into(), range.end().into()))
                .collect()
        }
        Class::Bytes(_) => return None,
    };
    Some(classes.of(ranges))
}
