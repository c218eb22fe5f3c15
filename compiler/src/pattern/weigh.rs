//! Says whether an expression stays within its automaton budget, in bounded time.
//!
//! Most do by far, which a sum over their parts shows; an automaton is built
//! only to settle the others.

use agentos_runtime::matchers::MOST_STATES;
use regex_automata::nfa::thompson::{self, WhichCaptures};

use super::{
    Budget, PatternProblem, ProblemKind,
    body::Body,
    looks::{Piece, Tail},
};

/// What a state of the automaton takes at least, in bytes.
const STATE_LEAST: u64 = 8;
/// What a state without transitions of its own takes at most, in bytes.
const STATE_MOST: u64 = 100;

/// How deep an expression may nest without a word from the parser.
const FLAT: u32 = 50;

/// What the smallest automaton takes, in bytes.
const SMALLEST: u64 = 2000;

/// Whether what finds `pieces`, written as `regex`, is within `budget`.
pub(super) fn weigh(pieces: &[Piece], regex: &str, budget: Budget) -> Result<(), PatternProblem> {
    let bytes = budget.automaton_bytes;
    let (states, most) = sum(pieces.iter().map(piece));
    if states.saturating_mul(STATE_LEAST) > bytes as u64 {
        return Err(too_large(bytes));
    }
    if most.saturating_add(SMALLEST) <= bytes as u64
        && pieces.iter().all(|piece| is_flat(&piece.body, FLAT))
    {
        return Ok(());
    }
    let Ok(hir) = regex_syntax::parse(regex) else {
        // Our own writing is well-formed: what is left is the parser's own bound on nesting.
        return Err(too_large(bytes));
    };
    // As the runtime builds them: one that reads forth, and one that reads back.
    for (reverse, captures) in [(false, WhichCaptures::All), (true, WhichCaptures::None)] {
        let config = thompson::Config::new()
            .nfa_size_limit(Some(bytes))
            .reverse(reverse)
            .which_captures(captures);
        if thompson::Compiler::new()
            .configure(config)
            .build_from_hir(&hir)
            .is_err()
        {
            return Err(too_large(bytes));
        }
    }
    Ok(())
}

fn too_large(bytes: usize) -> PatternProblem {
    PatternProblem::whole(
        ProblemKind::TooLarge,
        format!("the pattern outgrows `AUTOMATON_BYTES` ({bytes} bytes)"),
    )
    .help(SMALLER)
}

/// What is wrong with a pattern that no automaton finds within its budget.
pub fn outgrown() -> PatternProblem {
    PatternProblem::whole(
        ProblemKind::TooLarge,
        format!("no automaton of at most `MOST_STATES` ({MOST_STATES}) states finds the pattern"),
    )
    .help(SMALLER)
}

const SMALLER: &str =
    "repeat less (`{1000}` copies what it counts), or narrow what is repeated: `[a-z]` for `\\w`";

/// At least how many states, and at most how many bytes.
type Weight = (u64, u64);

fn piece(piece: &Piece) -> Weight {
    let lead = piece.lead.as_ref().map_or((0, 0), |(lead, _)| body(lead));
    let tail = match &piece.tail {
        Tail::None => (0, 0),
        Tail::Follows(pieces, _) | Tail::Unless(pieces, _) => sum(pieces.iter().map(self::piece)),
    };
    let context = (0, set(piece.before.set.len()) + set(piece.after.set.len()));
    sum([lead, tail, context, body(&piece.body)])
}

fn body(expr: &Body) -> Weight {
    match expr {
        Body::Never | Body::Empty => (0, STATE_MOST),
        Body::Set(one) => (1, set(one.len())),
        Body::Cat(parts) | Body::Alt(parts) => sum(parts.iter().map(body)),
        Body::Repeat(inner, count) => {
            let (states, most) = body(inner);
            let times = u64::from(count.max.unwrap_or(count.min).max(1));
            (
                states.saturating_mul(times),
                most.saturating_add(STATE_MOST).saturating_mul(times),
            )
        }
    }
}

fn is_flat(expr: &Body, deepest: u32) -> bool {
    match (expr, deepest.checked_sub(1)) {
        (_, None) => false,
        (Body::Never | Body::Empty | Body::Set(_), _) => true,
        (Body::Cat(parts) | Body::Alt(parts), Some(deepest)) => {
            parts.iter().all(|part| is_flat(part, deepest))
        }
        (Body::Repeat(inner, _), Some(deepest)) => is_flat(inner, deepest),
    }
}

/// At most how many bytes a set of so many ranges takes; single letters little,
/// and large sets share most of what they are made of.
fn set(ranges: usize) -> u64 {
    let ranges = ranges as u64;
    1400 + 120 * ranges.min(100) + 50 * ranges
}

fn sum(weights: impl IntoIterator<Item = Weight>) -> Weight {
    weights.into_iter().fold((0, 0), |(states, most), (s, m)| {
        (states.saturating_add(s), most.saturating_add(m))
    })
}
