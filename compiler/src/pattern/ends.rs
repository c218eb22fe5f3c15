//! Settles how an expression may end: what must follow it, and what must not.

use std::ops::Range;

use super::{
    PatternProblem, ProblemKind,
    body::{Body, Side},
    looks::{self, Beside, Piece, Tail},
    set::Set,
};

/// Settles what stands after the pieces: a text that must follow becomes
/// context, and texts that must not follow become one list for all pieces.
pub(super) fn settle(
    pieces: Vec<Piece>,
    more: Option<&[Piece]>,
) -> Result<(Vec<Piece>, Vec<Piece>), PatternProblem> {
    let mut ends: Vec<(Piece, Vec<Piece>)> = Vec::new();
    // The look that makes the pieces differ, for its place.
    let mut look = None;
    for piece in pieces {
        let mut unless = more.unwrap_or_default().to_vec();
        match &piece.tail {
            Tail::None => {}
            Tail::Follows(_, range) if more.is_some() => {
                return Err(PatternProblem::new(
                    ProblemKind::NotAnAutomaton,
                    range.clone(),
                    "a pattern that asks for one thing after it and refuses another needs backtracking",
                )
                .help("make two tests of it: `text matches r\"…\" and not text matches r\"…\"`"));
            }
            Tail::Follows(follows, range) => {
                let follows = looks::after(&piece.after, follows)?;
                if !follows.is_empty() {
                    let tail = Tail::Follows(follows, range.clone());
                    ends.push((
                        Piece {
                            after: Beside::any(),
                            tail,
                            ..piece
                        },
                        unless,
                    ));
                }
                continue;
            }
            Tail::Unless(refused, range) => {
                look = Some(range.clone());
                unless.extend(refused.clone());
            }
        }
        if unless.is_empty() {
            ends.push((piece, unless));
            continue;
        }
        // Inside the second expression nothing is consumed, so what must stand
        // after the first goes there too.
        unless.extend(piece.after.not());
        let piece = Piece {
            after: Beside::any(),
            tail: Tail::None,
            ..piece
        };
        ends.extend(by_last_character(piece, unless).ok_or_else(|| differing_ends(look.clone()))?);
    }
    ends.retain(|(_, unless)| {
        !unless
            .iter()
            .any(|piece| piece.body.nullable() && piece.after.is_any())
    });
    let mut ends = ends.into_iter();
    let Some((first, unless)) = ends.next() else {
        return Ok((Vec::new(), Vec::new()));
    };
    let mut pieces = vec![first];
    for (piece, other) in ends {
        if other != unless {
            return Err(differing_ends(look));
        }
        pieces.push(piece);
    }
    if unless
        .iter()
        .any(|piece| piece.lead.is_some() || matches!(piece.tail, Tail::Unless(..)))
    {
        let message = "what must not follow looks behind or ahead itself, which needs backtracking";
        return Err(PatternProblem::whole(ProblemKind::NotAnAutomaton, message)
            .help("make two tests of it: `text matches r\"…\" and not text matches r\"…\"`"));
    }
    Ok((pieces, unless))
}

fn differing_ends(look: Option<Range<usize>>) -> PatternProblem {
    let message =
        "what must not follow is not the same for every way to match, which needs backtracking";
    PatternProblem {
        range: look,
        ..PatternProblem::whole(ProblemKind::NotAnAutomaton, message)
    }
    .help("write each alternative as a pattern of its own")
}

/// What must not follow may depend on the character before: then the piece is
/// split by its last one. `None` where that may be outside of the piece.
fn by_last_character(piece: Piece, unless: Vec<Piece>) -> Option<Vec<(Piece, Vec<Piece>)>> {
    let mut kinds = vec![(Set::all(), Vec::new())];
    for refused in unless {
        if refused.before.is_any() {
            for (_, list) in &mut kinds {
                list.push(refused.clone());
            }
            continue;
        }
        let bare = Piece {
            before: Beside::any(),
            ..refused.clone()
        };
        kinds = kinds
            .into_iter()
            .flat_map(|(kind, list)| {
                let with = list.iter().cloned().chain([bare.clone()]).collect();
                [
                    (kind.and(&refused.before.set), with),
                    (kind.minus(&refused.before.set), list),
                ]
            })
            .filter(|(kind, _)| !kind.is_empty())
            .collect();
    }
    if let [(_, unless)] = kinds.as_mut_slice() {
        return Some(vec![(piece, std::mem::take(unless))]);
    }
    if piece.body.nullable() {
        return None;
    }
    let split = kinds
        .into_iter()
        .map(|(kind, unless)| {
            let body = piece.body.within(Side::Last, &kind);
            (
                Piece {
                    body,
                    ..piece.clone()
                },
                unless,
            )
        })
        .filter(|(piece, _)| piece.body != Body::Never);
    Some(split.collect())
}
