//! Looks ahead and behind: at one character they ask something of a neighbour,
//! at more they go to the ends of the expression.

use std::ops::Range;

use super::{
    Cx, not_at_the_start,
    piece::{Beside, Piece, Tail, keep, merge, plain},
};
use crate::pattern::{
    PatternProblem, ProblemKind,
    body::{Body, Count},
    limits::UNROLLED,
    set::Set,
    syntax::Around,
};

impl Cx {
    pub(super) fn around(&mut self, around: &Around) -> Vec<Piece> {
        let inner = self.expr(&around.inner);
        if let Some(range) = inner
            .iter()
            .find_map(|piece| match (&piece.tail, &piece.lead) {
                (Tail::Unless(_, range) | Tail::Follows(_, range), _)
                | (Tail::None, Some((_, range))) => Some(range),
                (Tail::None, None) => None,
            })
        {
            self.problems.push(
                PatternProblem::new(
                    ProblemKind::NotAnAutomaton,
                    range.clone(),
                    "a look ahead or behind inside another needs backtracking",
                )
                .help("make two tests of it: `text matches r\"…\" and not text matches r\"…\"`"),
            );
            return Vec::new();
        }
        match (around.ahead, around.negative) {
            (true, false) => ahead(inner, &around.range),
            (true, true) => self.not_ahead(inner, &around.range),
            (false, false) => behind(inner, &around.range),
            (false, true) => self.not_behind(inner, &around.range),
        }
    }

    pub(super) fn not_ahead(&mut self, inner: Vec<Piece>, range: &Range<usize>) -> Vec<Piece> {
        let mut pieces = plain(Body::Empty);
        let mut unless = Vec::new();
        for piece in ahead(inner, range) {
            let asked = match (&piece.tail, piece.before.is_any(), piece.after.is_any()) {
                (Tail::None, true, _) => piece.after.complement().map(|after| Piece {
                    after,
                    ..Piece::plain(Body::Empty)
                }),
                (Tail::None, false, true) => piece.before.complement().map(|before| Piece {
                    before,
                    ..Piece::plain(Body::Empty)
                }),
                (Tail::None | Tail::Follows(..) | Tail::Unless(..), ..) => None,
            };
            match (asked, piece.tail) {
                (Some(asked), _) => {
                    let mut kept = Vec::new();
                    keep(asked, &mut kept);
                    pieces = self.cat(&pieces, &kept);
                }
                (None, Tail::Follows(follows, _)) => {
                    unless.extend(follows.into_iter().map(|found| Piece {
                        before: piece.before.clone(),
                        ..found
                    }));
                }
                (None, tail) => unless.push(Piece { tail, ..piece }),
            }
        }
        if !unless.is_empty() {
            for piece in &mut pieces {
                piece.tail = Tail::Unless(unless.clone(), range.clone());
            }
        }
        pieces
    }

    pub(super) fn not_behind(&mut self, inner: Vec<Piece>, range: &Range<usize>) -> Vec<Piece> {
        let mut pieces = plain(Body::Empty);
        for piece in inner {
            if piece.body == Body::Empty && piece.after.is_any() {
                let asked = piece.before.complement().map(|before| Piece {
                    before,
                    ..Piece::plain(Body::Empty)
                });
                pieces = self.cat(&pieces, asked.as_slice());
                continue;
            }
            let sets = sets(&piece.body);
            let (true, true, Some(sets)) = (piece.before.is_any(), piece.after.is_any(), sets)
            else {
                self.problems.push(not_at_the_start(range.clone()));
                return Vec::new();
            };
            // Before `ab` stands: no `b`; or `b`, and before that no `a`.
            let ways = (0..sets.len()).rev().map(|i| {
                let known = Body::cat(sets[i + 1..].iter().cloned().map(Body::set));
                Piece {
                    before: Beside::of(sets[i].not(), true),
                    lead: (known != Body::Empty).then(|| (known, range.clone())),
                    ..Piece::plain(Body::Empty)
                }
            });
            let ways: Vec<Piece> = ways.collect();
            pieces = self.cat(&pieces, &ways);
        }
        pieces
    }
}

/// `(?=…)`: a character is asked for, anything longer must follow.
fn ahead(inner: Vec<Piece>, range: &Range<usize>) -> Vec<Piece> {
    let asked = inner.into_iter().map(|piece| {
        let body = if piece.after.is_any() {
            piece.body.shortest()
        } else {
            piece.body
        };
        let nothing = Piece {
            before: piece.before,
            ..Piece::plain(Body::Empty)
        };
        match body {
            Body::Empty => Piece {
                after: piece.after,
                ..nothing
            },
            Body::Set(set) if piece.after.is_any() => Piece {
                after: Beside::of(set, false),
                ..nothing
            },
            body => {
                let follows = Piece {
                    after: piece.after,
                    ..Piece::plain(body)
                };
                Piece {
                    tail: Tail::Follows(vec![follows], range.clone()),
                    ..nothing
                }
            }
        }
    });
    let mut pieces: Vec<Piece> = Vec::new();
    for piece in asked {
        // One character or another, and the end or not, is one question.
        let same = pieces.iter_mut().find(|other| {
            other.before == piece.before && other.tail == Tail::None && piece.tail == Tail::None
        });
        match same {
            Some(other) => {
                other.after = Beside {
                    set: other.after.set.union(&piece.after.set),
                    edge: other.after.edge || piece.after.edge,
                    last_line_feed: other.after.last_line_feed || piece.after.last_line_feed,
                }
            }
            None => pieces.push(piece),
        }
    }
    pieces
}

/// `(?<=…)`: a character is asked for, anything longer must lead.
fn behind(inner: Vec<Piece>, range: &Range<usize>) -> Vec<Piece> {
    let asked = inner.into_iter().map(|piece| {
        let nothing = Piece {
            after: piece.after,
            ..Piece::plain(Body::Empty)
        };
        match piece.body {
            Body::Empty => Piece {
                before: piece.before,
                ..nothing
            },
            Body::Set(set) if piece.before.is_any() => Piece {
                before: Beside::of(set, false),
                ..nothing
            },
            body => Piece {
                before: piece.before,
                lead: Some((body, range.clone())),
                ..nothing
            },
        }
    });
    merge(asked.collect())
}

/// `body` as a list of sets, if it is one.
fn sets(body: &Body) -> Option<Vec<Set>> {
    match body {
        Body::Set(set) => Some(vec![set.clone()]),
        Body::Cat(parts) => {
            let lists: Option<Vec<Vec<Set>>> = parts.iter().map(sets).collect();
            lists.map(|lists| lists.concat())
        }
        Body::Repeat(
            inner,
            Count {
                min,
                max: Some(max),
                ..
            },
        ) if min == max && *max <= UNROLLED => {
            sets(inner).map(|sets| (0..*max).flat_map(|_| sets.clone()).collect())
        }
        Body::Never | Body::Empty | Body::Alt(_) | Body::Repeat(..) => None,
    }
}
