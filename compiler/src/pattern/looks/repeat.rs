//! What repeats, where its turns ask something of each other; and what gives nothing back.

use std::ops::Range;

use super::{
    Cx, body,
    piece::{Beside, Piece, Tail, keep, merge, plain},
    push_once,
};
use crate::pattern::{
    PatternProblem, ProblemKind,
    body::{Body, Count, Side},
    limits::UNROLLED,
    set::Set,
    syntax::{Expr, width},
};

impl Cx {
    pub(super) fn repeat(
        &mut self,
        pieces: &[Piece],
        count: Count,
        range: &Range<usize>,
    ) -> Vec<Piece> {
        if let [piece] = pieces
            && piece.is_plain()
        {
            return plain(piece.body.clone().repeat(count));
        }
        let rest = count.max.map(|max| max.saturating_sub(count.min));
        if count.min > UNROLLED || rest.is_some_and(|rest| rest > UNROLLED) {
            self.problems.push(
                PatternProblem::new(
                    ProblemKind::TooLarge,
                    range.clone(),
                    format!("a group with an assertion in it repeats more often than `UNROLLED` ({UNROLLED})"),
                )
                .help("take the assertion out of the group, or repeat it without end: `*`, `+`"),
            );
            return Vec::new();
        }
        let mut repeated = match rest {
            Some(rest) => {
                let mut repeated = plain(Body::Empty);
                for _ in 0..rest {
                    if !self.problems.is_empty() {
                        return Vec::new();
                    }
                    repeated = self.cat(pieces, &repeated);
                    repeated = if count.lazy {
                        merge([plain(Body::Empty), repeated].concat())
                    } else {
                        merge([repeated, plain(Body::Empty)].concat())
                    };
                }
                repeated
            }
            None => self.star(pieces, range),
        };
        for _ in 0..count.min {
            if !self.problems.is_empty() {
                return Vec::new();
            }
            repeated = self.cat(pieces, &repeated);
        }
        repeated
    }

    /// Any number of `pieces`, each next to the one before: paths in a small
    /// automaton, whose states say how the last one ended and what it asks next.
    pub(super) fn star(&mut self, pieces: &[Piece], range: &Range<usize>) -> Vec<Piece> {
        if let Some((around, what)) =
            pieces
                .iter()
                .find_map(|piece| match (&piece.lead, &piece.tail) {
                    (Some((_, range)), _) => Some((range, "behind")),
                    (None, Tail::Follows(_, range) | Tail::Unless(_, range)) => {
                        Some((range, "ahead"))
                    }
                    (None, Tail::None) => None,
                })
        {
            let message = format!(
                "a look {what} at more than one character, in something that repeats, needs backtracking"
            );
            push_once(
                &mut self.problems,
                PatternProblem::new(ProblemKind::NotAnAutomaton, around.clone(), message)
                    .help("write what may repeat without it, and test for the rest beside it"),
            );
            return Vec::new();
        }
        // A turn that consumes nothing is as good as none.
        let turns: Vec<Piece> = pieces
            .iter()
            .map(|piece| Piece {
                body: piece.body.nonempty(),
                ..piece.clone()
            })
            .filter(|turn| turn.body != Body::Never)
            .collect();
        let Some(states) = states(&turns) else {
            self.too_large();
            return Vec::new();
        };
        if turns.iter().any(|turn| turn.body.has_line_feed())
            && states
                .iter()
                .any(|(_, after)| after.last_line_feed && !after.set.contains('\n'))
        {
            self.problems.push(
                PatternProblem::new(
                    ProblemKind::NotAnAutomaton,
                    range.clone(),
                    "a `$` in something that repeats over line feeds needs backtracking",
                )
                .help(r"write `\Z`, or `(?m)`"),
            );
            return Vec::new();
        }
        let turn = |from: Option<&Beside>,
                    last: &Set,
                    permitted: &dyn Fn(&Piece) -> bool,
                    to: &(Set, Beside)| {
            Body::alt(
                turns
                    .iter()
                    .filter(|turn| turn.after == to.1 && permitted(turn))
                    .map(|turn| {
                        let body = turn.body.within(Side::Last, last);
                        from.map_or(body.clone(), |from| body.within(Side::First, &from.set))
                    }),
            )
        };
        let mut paths: Vec<Vec<Body>> = states
            .iter()
            .map(|(last, after)| {
                let follows = |turn: &Piece| last.is_subset(&turn.before.set);
                states
                    .iter()
                    .map(|to| turn(Some(after), &to.0, &follows, to))
                    .collect()
            })
            .collect();
        if !close(&mut paths, self.most_parts) {
            self.too_large();
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut starts: Vec<&Beside> = Vec::new();
        for start in turns.iter().map(|turn| &turn.before) {
            if starts.contains(&start) {
                continue;
            }
            starts.push(start);
            let begins = |turn: &Piece| turn.before == *start;
            let first: Vec<Body> = states
                .iter()
                .map(|to| turn(None, &to.0, &begins, to))
                .collect();
            for (j, (_, after)) in states.iter().enumerate() {
                let body = Body::alt(first.iter().zip(&paths).enumerate().map(
                    |(i, (first, paths))| {
                        let path = paths[j].clone();
                        Body::cat([first.clone(), if i == j { path.optional() } else { path }])
                    },
                ));
                keep(
                    Piece {
                        before: start.clone(),
                        after: after.clone(),
                        ..Piece::plain(body)
                    },
                    &mut found,
                );
            }
        }
        found.push(Piece::plain(Body::Empty));
        self.bounded(merge(found))
    }

    /// What it took first it keeps; exact where that is a matter of the next character.
    pub(super) fn atomic(&mut self, inner: &Expr, range: &Range<usize>) -> Vec<Piece> {
        if is_of_one_length(inner) {
            // However it matches, it ends at one place.
            return self.expr(inner);
        }
        if let Some(Body::Repeat(one, count)) = body(inner)
            && let Body::Set(set) = &*one
        {
            let times = |min, max| {
                Body::Set(set.clone()).repeat(Count {
                    min,
                    max,
                    lazy: false,
                })
            };
            if count.lazy {
                return plain(times(count.min, Some(count.min)));
            }
            // It stops where no other follows, or where it has all it may.
            let fewer = times(count.min, count.max.map(|max| max.saturating_sub(1)));
            let mut pieces = vec![Piece {
                after: Beside::of(set.not(), true),
                ..Piece::plain(fewer)
            }];
            pieces.extend(count.max.map(|max| Piece::plain(times(max, Some(max)))));
            return merge(pieces);
        }
        match inner {
            Expr::Atomic(inner, range) => self.atomic(inner, range),
            Expr::Cat(parts) => {
                let Some((last, fixed)) = parts.split_last() else {
                    return plain(Body::Empty);
                };
                let mut pieces = plain(Body::Empty);
                for part in fixed {
                    let next = if is_of_one_length(part) {
                        self.expr(part)
                    } else {
                        self.atomic_problem(range);
                        return Vec::new();
                    };
                    pieces = self.cat(&pieces, &next);
                }
                let last = self.atomic(last, range);
                self.cat(&pieces, &last)
            }
            Expr::Alt(_) | Expr::Repeat(..) => {
                self.atomic_problem(range);
                Vec::new()
            }
            Expr::Empty | Expr::Set(_) | Expr::Assert(_) | Expr::Around(_) => self.expr(inner),
        }
    }

    pub(super) fn atomic_problem(&mut self, range: &Range<usize>) {
        self.problems.push(
            PatternProblem::new(ProblemKind::NotAnAutomaton, range.clone(), "a group that gives nothing back, and could have, needs backtracking")
                .help("write a plain group `(?:…)` or repeat (`+` for `++`): here it finds the same and more, and is never slow"),
        );
    }
}

/// Whether all it matches is equally long.
fn is_of_one_length(expr: &Expr) -> bool {
    let (shortest, longest) = width(expr);
    Some(shortest) == longest
}

/// How a turn may have ended, and what it asks of the next; `None` when there are too many ways.
fn states(turns: &[Piece]) -> Option<Vec<(Set, Beside)>> {
    const MOST: usize = 8;
    let mut kinds = vec![Set::all()];
    for turn in turns {
        kinds = kinds
            .iter()
            .flat_map(|kind| [kind.and(&turn.before.set), kind.minus(&turn.before.set)])
            .filter(|kind| !kind.is_empty())
            .collect();
        if kinds.len() > MOST {
            return None;
        }
    }
    let mut states: Vec<(Set, Beside)> = Vec::new();
    for turn in turns {
        let last = turn.body.edge(Side::Last);
        for kind in kinds.iter().filter(|kind| kind.meets(&last)) {
            let state = (kind.clone(), turn.after.clone());
            if !states.contains(&state) {
                states.push(state);
            }
        }
    }
    (states.len() <= MOST).then_some(states)
}

/// From single steps to all paths of one step or more; false when there is too much to write.
fn close(paths: &mut [Vec<Body>], most_parts: usize) -> bool {
    for k in 0..paths.len() {
        let (loop_, again) = (paths[k][k].clone(), |min| Count {
            min,
            max: None,
            lazy: false,
        });
        let to_k: Vec<Body> = paths.iter().map(|row| row[k].clone()).collect();
        let from_k = paths[k].clone();
        for (i, row) in paths.iter_mut().enumerate() {
            for (j, path) in row.iter_mut().enumerate() {
                let any_loop = loop_.clone().repeat(again(0));
                *path = match (i == k, j == k) {
                    (true, true) => loop_.clone().repeat(again(1)),
                    (true, false) => Body::cat([any_loop, from_k[j].clone()]),
                    (false, true) => Body::cat([to_k[i].clone(), any_loop]),
                    (false, false) => {
                        let detour = Body::cat([to_k[i].clone(), any_loop, from_k[j].clone()]);
                        Body::alt([std::mem::replace(path, Body::Never), detour])
                    }
                };
            }
        }
        if paths.iter().flatten().map(Body::size).sum::<usize>() > most_parts {
            return false;
        }
    }
    true
}
