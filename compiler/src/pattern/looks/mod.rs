//! Takes the assertions out of an expression: what is left consumes, and says what must stand beside it.
//!
//! `\b` in Python and in the `regex` crate differ (a combining mark ends a word
//! in one and not in the other), and an automaton that looks nowhere is the
//! quickest one. So each assertion is worked into its neighbours: in `\bDROP\b`
//! what follows the first `\b` is known to be a letter, so no word may stand
//! before it; `FROM\b.*` is `FROM` and then nothing or something that starts
//! with no letter. What remains is at the two ends of the whole expression, as
//! [`Piece::before`] and [`Piece::after`].
//!
//! A set of pieces means any of them. Everything here is exact; what cannot be
//! had this way becomes a problem.

use std::ops::Range;

use super::{
    PatternProblem, ProblemKind,
    body::{Body, Side},
    limits::EXPANSION,
    set::Set,
    syntax::Expr,
};

mod around;
mod piece;
mod repeat;

pub(super) use piece::{Beside, Piece, Tail};

use piece::{assert, keep, merge, plain};

/// The pieces of `expr`; none when nothing matches it.
pub(super) fn resolve(expr: &Expr) -> Result<Vec<Piece>, Vec<PatternProblem>> {
    // Short patterns may grow as if they were not that short.
    const SHORT: usize = 100;
    let mut cx = Cx {
        most_parts: EXPANSION * size(expr).max(SHORT),
        problems: Vec::new(),
    };
    let pieces = cx.expr(expr);
    if cx.problems.is_empty() {
        Ok(pieces)
    } else {
        Err(cx.problems)
    }
}

/// `pieces`, right after a place that asks for `beside`.
pub(super) fn after(beside: &Beside, pieces: &[Piece]) -> Result<Vec<Piece>, PatternProblem> {
    let mut cx = Cx {
        most_parts: usize::MAX,
        problems: Vec::new(),
    };
    let asks = Piece {
        after: beside.clone(),
        ..Piece::plain(Body::Empty)
    };
    let found = cx.cat(&[asks], pieces);
    cx.problems.pop().map_or(Ok(found), Err)
}

/// An expression that nothing comes after: nobody asks an atomic group there
/// to give back, and what may be empty after a look ahead may be left out.
pub(super) fn at_the_end(expr: Expr) -> Expr {
    match expr {
        Expr::Atomic(inner, _) => at_the_end(*inner),
        Expr::Cat(mut parts) => {
            let last_look = parts
                .iter()
                .rposition(|part| matches!(part, Expr::Around(_)));
            while last_look.is_some_and(|look| look + 1 < parts.len())
                && parts
                    .last()
                    .and_then(body)
                    .is_some_and(|body| body.nullable())
            {
                parts.pop();
            }
            let last = parts.pop().map(at_the_end);
            Expr::Cat(parts.into_iter().chain(last).collect())
        }
        Expr::Alt(parts) => Expr::Alt(parts.into_iter().map(at_the_end).collect()),
        Expr::Empty | Expr::Set(_) | Expr::Repeat(..) | Expr::Assert(_) | Expr::Around(_) => expr,
    }
}

struct Cx {
    /// How many parts the bodies may have.
    most_parts: usize,
    problems: Vec<PatternProblem>,
}

impl Cx {
    fn expr(&mut self, expr: &Expr) -> Vec<Piece> {
        if let Some(body) = body(expr) {
            return plain(body);
        }
        match expr {
            Expr::Empty | Expr::Set(_) => unreachable!("what has no assertion is a body"),
            Expr::Cat(parts) => {
                // Neighbours without assertions go together: joining copies.
                let mut pieces = plain(Body::Empty);
                let mut rest = parts.as_slice();
                while let Some((first, after)) = rest.split_first() {
                    let bodies: Vec<Body> = rest.iter().map_while(body).collect();
                    let next = if bodies.is_empty() {
                        rest = after;
                        self.expr(first)
                    } else {
                        rest = &rest[bodies.len()..];
                        plain(Body::cat(bodies))
                    };
                    pieces = self.cat(&pieces, &next);
                }
                pieces
            }
            Expr::Alt(parts) => merge(parts.iter().flat_map(|part| self.expr(part)).collect()),
            Expr::Repeat(inner, count, range) => {
                let pieces = self.expr(inner);
                self.repeat(&pieces, *count, range)
            }
            Expr::Atomic(inner, range) => self.atomic(inner, range),
            Expr::Assert(assertion) => assert(*assertion),
            Expr::Around(around) => self.around(around),
        }
    }

    fn cat(&mut self, left: &[Piece], right: &[Piece]) -> Vec<Piece> {
        let mut joined = Vec::new();
        for x in left {
            for y in right {
                self.join(x, y, &mut joined);
            }
        }
        let joined = merge(joined);
        self.bounded(joined)
    }

    fn bounded(&mut self, pieces: Vec<Piece>) -> Vec<Piece> {
        if pieces.iter().map(|piece| piece.body.size()).sum::<usize>() <= self.most_parts {
            return pieces;
        }
        self.too_large();
        Vec::new()
    }

    fn too_large(&mut self) {
        if self
            .problems
            .iter()
            .all(|problem| problem.kind != ProblemKind::TooLarge)
        {
            self.problems.push(PatternProblem {
                range: None,
                ..PatternProblem::new(
                    ProblemKind::TooLarge,
                    0..0,
                    format!("with its assertions worked in, the pattern would be more than `EXPANSION` ({EXPANSION}) times as large"),
                )
                .help("split it, or look at fewer places")
            });
        }
    }

    /// Puts `y` right after `x`: what each asks of its neighbour is asked of the other's body.
    fn join(&mut self, x: &Piece, y: &Piece, joined: &mut Vec<Piece>) {
        if x.tail != Tail::None && !(y.body == Body::Empty && y.lead.is_none()) {
            self.not_at_the_end(&x.tail);
            return;
        }
        if let Some((lead, range)) = &y.lead {
            if x.body != Body::Empty || x.lead.is_some() {
                self.problems.push(not_at_the_start(range.clone()));
                return;
            }
            // Both stand at one place: what must be before `x` is the end of what leads `y`.
            let lead = lead.within(Side::Last, &x.before.set);
            let piece = Piece {
                lead: Some((lead, range.clone())),
                ..y.clone()
            };
            let piece = Piece {
                after: self.after_both(x, &piece),
                tail: self.tails(x, y),
                ..piece
            };
            keep(piece, joined);
            return;
        }
        let tail = self.tails(x, y);
        for left in halves(&x.body, y.before.is_any(), Side::Last, &y.before) {
            for right in halves(&y.body, x.after.is_any(), Side::First, &x.after) {
                let (left, right) = (&left, &right);
                let before = if left.body == Body::Empty && x.lead.is_none() {
                    x.before.and(&y.before)
                } else {
                    x.before.clone()
                };
                let lead = match &x.lead {
                    // The end of the lead is what stands before `y`.
                    Some((lead, range)) if left.body == Body::Empty && !y.before.is_any() => {
                        Some((lead.within(Side::Last, &y.before.set), range.clone()))
                    }
                    lead => lead.clone(),
                };
                let mut after = if right.body == Body::Empty {
                    x.after.and(&y.after)
                } else {
                    y.after.clone()
                };
                if right.ends_the_text {
                    after = after.and(&Beside::of(Set::none(), true));
                }
                let body = Body::cat([left.body.clone(), right.body.clone()]);
                keep(
                    Piece {
                        before,
                        lead,
                        body,
                        after,
                        tail: tail.clone(),
                    },
                    joined,
                );
            }
        }
    }

    fn after_both(&mut self, x: &Piece, y: &Piece) -> Beside {
        if y.body == Body::Empty {
            return x.after.and(&y.after);
        }
        if !x.after.is_any() {
            // `(?!a)(?<=bc)d`: nobody writes it, and it can be written the other way round.
            let range = y.lead.as_ref().map_or(0..0, |(_, range)| range.clone());
            self.problems.push(not_at_the_start(range));
        }
        y.after.clone()
    }

    fn tails(&mut self, x: &Piece, y: &Piece) -> Tail {
        match (&x.tail, &y.tail) {
            (Tail::None, tail) | (tail, Tail::None) => tail.clone(),
            (Tail::Unless(first, range), Tail::Unless(second, _)) => {
                Tail::Unless(merge([first.as_slice(), second].concat()), range.clone())
            }
            (Tail::Follows(..) | Tail::Unless(..), tail) => {
                self.not_at_the_end(tail);
                Tail::None
            }
        }
    }

    fn not_at_the_end(&mut self, tail: &Tail) {
        let (range, help) = match tail {
            Tail::None => return,
            Tail::Follows(_, range) => (
                range,
                "write what follows into the pattern itself, or test for it beside: `text matches r\"…\" and text matches r\"…\"`",
            ),
            Tail::Unless(_, range) => (
                range,
                "move it to the end of the pattern; in pattern sets and intents, `unless followed by r\"…\"` says the same; for something that may stand anywhere, test for it beside: `text matches r\"…\" and not text matches r\"…\"`",
            ),
        };
        let problem = PatternProblem::new(
            ProblemKind::NotAnAutomaton,
            range.clone(),
            "a look ahead at more than one character, and not at the end of the pattern, needs backtracking",
        );
        push_once(&mut self.problems, problem.help(help));
    }
}

fn not_at_the_start(range: Range<usize>) -> PatternProblem {
    PatternProblem::new(
        ProblemKind::NotAnAutomaton,
        range,
        "a look behind at more than one character, and not at the start of the pattern, needs backtracking",
    )
    .help("move it to the start of the pattern, or make two tests of it: `text matches r\"…\" and not text matches r\"…\"`")
}

fn push_once(problems: &mut Vec<PatternProblem>, problem: PatternProblem) {
    if !problems.contains(&problem) {
        problems.push(problem);
    }
}

/// `expr`, if it has no assertion.
fn body(expr: &Expr) -> Option<Body> {
    Some(match expr {
        Expr::Empty => Body::Empty,
        Expr::Set(set) => Body::set(set.clone()),
        Expr::Cat(parts) => Body::cat(parts.iter().map(body).collect::<Option<Vec<_>>>()?),
        Expr::Alt(parts) => Body::alt(parts.iter().map(body).collect::<Option<Vec<_>>>()?),
        Expr::Repeat(inner, count, _) => body(inner)?.repeat(*count),
        Expr::Atomic(..) | Expr::Assert(_) | Expr::Around(_) => return None,
    })
}

/// How many parts an expression is written with.
fn size(expr: &Expr) -> usize {
    match expr {
        Expr::Empty | Expr::Set(_) | Expr::Assert(_) => 1,
        Expr::Cat(parts) | Expr::Alt(parts) => parts.iter().map(size).sum::<usize>() + 1,
        Expr::Repeat(inner, ..) | Expr::Atomic(inner, _) => size(inner) + 1,
        Expr::Around(around) => size(&around.inner) + 1,
    }
}

/// A part of a body that meets what its neighbour asks for.
struct Half {
    body: Body,
    /// It is the line feed that ends the text.
    ends_the_text: bool,
}

/// The body as it may stand beside something that asks for `beside` on `side`.
fn halves(body: &Body, anything: bool, side: Side, beside: &Beside) -> Vec<Half> {
    let half = |body| Half {
        body,
        ends_the_text: false,
    };
    if anything || *body == Body::Empty {
        return vec![half(body.clone())];
    }
    let mut halves = vec![half(body.within(side, &beside.set))];
    if side == Side::First
        && beside.last_line_feed
        && !beside.set.contains('\n')
        && body.has_line_feed()
    {
        halves.push(Half {
            body: Body::set(Set::one('\n')),
            ends_the_text: true,
        });
    }
    if body.nullable() {
        halves.push(half(Body::Empty));
    }
    halves.retain(|half| half.body != Body::Never);
    halves
}
