//! Takes patterns apart at their wide gaps: a shape in, pieces to be found one
//! after the other out.
//!
//! `select .* into` read as one would keep its automaton busy to the end of
//! every line that has a `select`, and would multiply with every other pattern
//! of the kind. As two pieces each is short, and a look at what lies between
//! them decides.

use super::{
    alphabet::{Classes, Letters},
    shape::{Class1, Lead, Node, Shape},
};

/// How many ways of finding it a pattern may be taken apart into.
const MOST_WAYS: usize = 8;

/// How many letters of ASCII a gap has to admit to be worth it.
const WIDE: u32 = 96;

/// How many letters a gap with an end has to admit to be worth it.
const LONG: u32 = 64;

/// One way to find a pattern: its pieces, and what may lie before each but the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) first: Piece,
    pub(crate) rest: Vec<(Wide, Piece)>,
}

/// What may lie between two pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wide {
    pub(crate) letters: Letters,
    /// How many letters, at most.
    pub(crate) most: Option<u32>,
}

/// A part of a pattern that stands in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// What the letter before it has to be.
    pub(crate) lead: Lead,
    /// Whether that letter belongs to it, and not to what lies before it.
    pub(crate) owns_lead: bool,
    pub(crate) body: Node,
}

impl Piece {
    /// All of a shape.
    pub(crate) fn whole(shape: &Shape) -> Piece {
        Piece {
            lead: shape.lead.clone(),
            owns_lead: false,
            body: shape.body.clone(),
        }
    }
}

/// Finds the ways. One, with all in one piece, where there is nothing to gain.
/// None where it may begin behind the last letter: nobody looks there.
/// `every_end_counts` where something must not follow it.
pub(crate) fn ways(shape: &Shape, every_end_counts: bool, classes: &Classes) -> Option<Vec<Way>> {
    if begins_at_end(&shape.body) {
        return None;
    }
    let whole = || {
        vec![Way {
            first: Piece::whole(shape),
            rest: Vec::new(),
        }]
    };
    let Some(ways) = split(&shape.body, classes) else {
        return Some(whole());
    };
    let ways = ways
        .into_iter()
        .map(|split| split.way(&shape.lead, every_end_counts));
    Some(ways.collect::<Option<Vec<_>>>().unwrap_or_else(whole))
}

/// Nodes with gaps between them.
#[derive(Clone, Debug, Default)]
struct Split {
    first: Vec<Node>,
    rest: Vec<(Wide, Vec<Node>)>,
}

impl Split {
    fn of(node: Node) -> Split {
        Split {
            first: vec![node],
            rest: Vec::new(),
        }
    }

    fn then(&self, other: &Split) -> Split {
        let mut both = self.clone();
        let last = both
            .rest
            .last_mut()
            .map_or(&mut both.first, |(_, nodes)| nodes);
        last.extend_from_slice(&other.first);
        both.rest.extend_from_slice(&other.rest);
        both
    }

    /// None where a piece might be nothing.
    fn way(mut self, lead: &Lead, every_end_counts: bool) -> Option<Way> {
        // Whether there is something before the first piece or after the last
        // one does not matter, where nothing is asked of it.
        while self.first.iter().all(is_nullable) && *lead == Lead::Any && !self.rest.is_empty() {
            self.first = self.rest.remove(0).1;
        }
        if !every_end_counts {
            while self
                .rest
                .last()
                .is_some_and(|(_, nodes)| nodes.iter().all(is_nullable))
            {
                self.rest.pop();
            }
        }
        let pieces = [&self.first]
            .into_iter()
            .chain(self.rest.iter().map(|(_, nodes)| nodes));
        let is_nowhere =
            |nodes: &Vec<Node>| nodes.iter().all(is_nullable) || any_begins_at_end(nodes);
        if pieces.into_iter().any(is_nowhere) {
            return None;
        }
        let first = Piece {
            lead: lead.clone(),
            owns_lead: false,
            body: Node::All(self.first),
        };
        let rest = self
            .rest
            .into_iter()
            .map(|(gap, nodes)| (gap, piece(nodes)));
        Some(Way {
            first,
            rest: rest.collect(),
        })
    }
}

/// A piece that begins with one letter of a class has that as its lead.
fn piece(mut nodes: Vec<Node>) -> Piece {
    while let [Node::All(inner), ..] = nodes.as_slice() {
        let mut flat = inner.clone();
        flat.extend(nodes.drain(1..));
        nodes = flat;
    }
    match nodes.as_slice() {
        [Node::One(class), rest @ ..]
            if !class.edge && !rest.iter().all(is_nullable) && !any_begins_at_end(rest) =>
        {
            Piece {
                lead: Lead::Of(*class),
                owns_lead: true,
                body: Node::All(rest.to_vec()),
            }
        }
        _ => Piece {
            lead: Lead::Any,
            owns_lead: false,
            body: Node::All(nodes),
        },
    }
}

/// None where there is no gap, or there are too many ways.
fn split(node: &Node, classes: &Classes) -> Option<Vec<Split>> {
    match node {
        Node::All(nodes) => {
            let mut ways = vec![Split::default()];
            let mut is_split = false;
            for node in nodes {
                let next = split(node, classes);
                is_split |= next.is_some();
                let next = next.unwrap_or_else(|| vec![Split::of(node.clone())]);
                ways = ways
                    .iter()
                    .flat_map(|way| next.iter().map(|next| way.then(next)))
                    .collect();
                if ways.len() > MOST_WAYS {
                    return None;
                }
            }
            is_split.then_some(ways)
        }
        Node::Any(nodes) => {
            let splits: Vec<Option<Vec<Split>>> =
                nodes.iter().map(|node| split(node, classes)).collect();
            if splits.iter().all(Option::is_none) {
                return None;
            }
            let ways = nodes
                .iter()
                .zip(splits)
                .flat_map(|(node, split)| split.unwrap_or_else(|| vec![Split::of(node.clone())]));
            Some(ways.collect()).filter(|ways: &Vec<Split>| ways.len() <= MOST_WAYS)
        }
        Node::Repeat { node, least, most }
            if most.is_none_or(|most| most.saturating_sub(*least) >= LONG) =>
        {
            match node.as_ref() {
                Node::One(class) if is_wide(*class, classes) => {
                    let wide = Wide {
                        letters: class.letters,
                        most: most.map(|most| most - least),
                    };
                    Some(vec![Split {
                        first: vec![Node::One(*class); *least as usize],
                        rest: vec![(wide, Vec::new())],
                    }])
                }
                _ => None,
            }
        }
        Node::Repeat {
            node,
            least: 0,
            most: Some(1),
        } => {
            let mut ways = split(node, classes)?;
            ways.push(Split::default());
            Some(ways)
        }
        Node::One(_) | Node::Repeat { .. } => None,
    }
}

fn is_wide(class: Class1, classes: &Classes) -> bool {
    let ranges = classes.ranges(class.letters);
    let ascii = ranges.iter().filter(|(first, _)| *first < 128);
    let count: u32 = ascii
        .map(|(first, last)| (*last).min(127) - first + 1)
        .sum();
    count >= WIDE && !class.edge
}

/// Whether nothing at all may stand for it.
pub(crate) fn is_nullable(node: &Node) -> bool {
    match node {
        Node::One(_) => false,
        Node::All(nodes) => nodes.iter().all(is_nullable),
        Node::Any(nodes) => nodes.iter().any(is_nullable),
        Node::Repeat { node, least, .. } => *least == 0 || is_nullable(node),
    }
}

/// Whether it may begin with the end of the text.
fn begins_at_end(node: &Node) -> bool {
    match node {
        Node::One(class) => class.edge,
        Node::All(nodes) => any_begins_at_end(nodes),
        Node::Any(nodes) => nodes.iter().any(begins_at_end),
        Node::Repeat { node, .. } => begins_at_end(node),
    }
}

fn any_begins_at_end(nodes: &[Node]) -> bool {
    let nullable = nodes.iter().take_while(|node| is_nullable(node)).count();
    nodes.iter().take(nullable + 1).any(begins_at_end)
}

/// Whether it asks anything of what follows it.
pub(crate) fn looks_beyond(node: &Node) -> bool {
    match node {
        Node::One(class) => class.edge,
        Node::All(nodes) | Node::Any(nodes) => nodes.iter().any(looks_beyond),
        Node::Repeat { node, .. } => looks_beyond(node),
    }
}
