//! Parts of an expression, and what they ask of what stands beside them.

use std::ops::Range;

use crate::pattern::{body::Body, set::Set, syntax::Assertion};

/// What may stand right beside a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pattern) struct Beside {
    /// One of these.
    pub(in crate::pattern) set: Set,
    /// Or nothing: the text ends there.
    pub(in crate::pattern) edge: bool,
    /// Or a line feed and then nothing; always so where `set` has the line feed.
    pub(in crate::pattern) last_line_feed: bool,
}

/// What must stand, or must not stand, after a piece, and is not consumed.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::pattern) enum Tail {
    None,
    Follows(Vec<Piece>, Range<usize>),
    Unless(Vec<Piece>, Range<usize>),
}

/// A part of an expression that consumes, between what it asks of its neighbours.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::pattern) struct Piece {
    pub(in crate::pattern) before: Beside,
    /// A text that stands before it and is not part of it; `before` is what stands before that.
    pub(in crate::pattern) lead: Option<(Body, Range<usize>)>,
    pub(in crate::pattern) body: Body,
    pub(in crate::pattern) after: Beside,
    pub(in crate::pattern) tail: Tail,
}

impl Beside {
    pub(in crate::pattern) fn any() -> Beside {
        Beside::of(Set::all(), true)
    }

    pub(in crate::pattern) fn of(set: Set, edge: bool) -> Beside {
        let last_line_feed = set.contains('\n');
        Beside {
            set,
            edge,
            last_line_feed,
        }
    }

    pub(in crate::pattern) fn is_any(&self) -> bool {
        self.edge && self.set.is_all()
    }

    pub(super) fn is_within(&self, other: &Beside) -> bool {
        self.edge <= other.edge
            && self.last_line_feed <= other.last_line_feed
            && self.set.is_subset(&other.set)
    }

    pub(super) fn is_impossible(&self) -> bool {
        !self.edge && !self.last_line_feed && self.set.is_empty()
    }

    pub(super) fn and(&self, other: &Beside) -> Beside {
        Beside {
            set: self.set.and(&other.set),
            edge: self.edge && other.edge,
            last_line_feed: self.last_line_feed && other.last_line_feed,
        }
    }

    /// What this does not permit, where that is a matter of one character.
    pub(super) fn complement(&self) -> Option<Beside> {
        let simple = !self.last_line_feed || self.set.contains('\n');
        simple.then(|| Beside::of(self.set.not(), !self.edge))
    }

    /// What this does not permit, as pieces: the complement of a line feed at
    /// the end takes two characters.
    pub(in crate::pattern) fn not(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut others = self.set.not();
        if self.last_line_feed && !self.set.contains('\n') {
            others = others.minus(&Set::one('\n'));
            pieces.push(Piece::plain(Body::cat([
                Body::set(Set::one('\n')),
                Body::set(Set::all()),
            ])));
        }
        if !others.is_empty() {
            pieces.push(Piece::plain(Body::set(others)));
        }
        if !self.edge {
            pieces.push(Piece {
                after: Beside::of(Set::none(), true),
                ..Piece::plain(Body::Empty)
            });
        }
        pieces
    }
}

impl Piece {
    pub(in crate::pattern) fn plain(body: Body) -> Piece {
        Piece {
            before: Beside::any(),
            lead: None,
            body,
            after: Beside::any(),
            tail: Tail::None,
        }
    }

    /// Whether it asks nothing of its neighbours.
    pub(super) fn is_plain(&self) -> bool {
        self.before.is_any()
            && self.after.is_any()
            && self.lead.is_none()
            && self.tail == Tail::None
    }

    /// Whether it is `other`, but for what it asks of its neighbours.
    pub(super) fn asks_more(&self, other: &Piece) -> bool {
        self.before.is_within(&other.before)
            && self.after.is_within(&other.after)
            && self.body == other.body
            && self.lead == other.lead
            && self.tail == other.tail
    }

    pub(super) fn asks_alike(&self, other: &Piece) -> bool {
        self.before == other.before
            && self.after == other.after
            && self.lead == other.lead
            && self.tail == other.tail
    }
}

/// An assertion as the two sides it asks for.
pub(super) fn assert(assertion: Assertion) -> Vec<Piece> {
    let at = |before, after| Piece {
        before,
        after,
        ..Piece::plain(Body::Empty)
    };
    let edge = || Beside::of(Set::none(), true);
    let line = || Beside::of(Set::one('\n'), true);
    let word = |ascii| Beside::of(Set::word(ascii).clone(), false);
    let other = |ascii| Beside::of(Set::not_word(ascii).clone(), true);
    match assertion {
        Assertion::TextStart => vec![at(edge(), Beside::any())],
        Assertion::TextEnd => vec![at(Beside::any(), edge())],
        Assertion::LastLineEnd => vec![at(
            Beside::any(),
            Beside {
                last_line_feed: true,
                ..edge()
            },
        )],
        Assertion::LineStart => vec![at(line(), Beside::any())],
        Assertion::LineEnd => vec![at(Beside::any(), line())],
        Assertion::Boundary { ascii } => {
            vec![at(word(ascii), other(ascii)), at(other(ascii), word(ascii))]
        }
        Assertion::NotBoundary { ascii } => {
            vec![
                at(word(ascii), word(ascii)),
                // In an empty text Python finds no `\B`.
                at(
                    other(ascii),
                    Beside::of(Set::not_word(ascii).clone(), false),
                ),
                at(
                    Beside::of(Set::not_word(ascii).clone(), false),
                    other(ascii),
                ),
            ]
        }
    }
}

pub(super) fn plain(body: Body) -> Vec<Piece> {
    if body == Body::Never {
        Vec::new()
    } else {
        vec![Piece::plain(body)]
    }
}

/// Keeps a piece that some text matches.
pub(super) fn keep(piece: Piece, kept: &mut Vec<Piece>) {
    let no_lead = matches!(&piece.lead, Some((Body::Never, _)));
    if piece.body != Body::Never
        && !piece.before.is_impossible()
        && !piece.after.is_impossible()
        && !no_lead
    {
        kept.push(piece);
    }
}

/// One piece for all that ask alike, and none that asks more of the same.
pub(super) fn merge(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut merged: Vec<Piece> = Vec::new();
    for piece in pieces {
        match merged.iter_mut().find(|other| other.asks_alike(&piece)) {
            Some(other) => {
                let first = std::mem::replace(&mut other.body, Body::Never);
                other.body = Body::alt([first, piece.body]);
            }
            None => merged.push(piece),
        }
    }
    let mut i = 0;
    while i < merged.len() {
        let asks_more = |(j, other): (usize, &Piece)| i != j && merged[i].asks_more(other);
        if merged.iter().enumerate().any(asks_more) {
            merged.remove(i);
        } else {
            i += 1;
        }
    }
    merged
}
