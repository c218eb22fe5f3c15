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
    body::{Body, Count, Side},
    limits::{EXPANSION, UNROLLED},
    set::Set,
    syntax::{Around, Assertion, Expr, width},
};

/// What may stand right beside a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Beside {
    /// One of these.
    pub(super) set: Set,
    /// Or nothing: the text ends there.
    pub(super) edge: bool,
    /// Or a line feed and then nothing; always so where `set` has the line feed.
    pub(super) last_line_feed: bool,
}

/// What must stand, or must not stand, after a piece, and is not consumed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tail {
    None,
    Follows(Vec<Piece>, Range<usize>),
    Unless(Vec<Piece>, Range<usize>),
}

/// A part of an expression that consumes, between what it asks of its neighbours.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) before: Beside,
    /// A text that stands before it and is not part of it; `before` is what stands before that.
    pub(super) lead: Option<(Body, Range<usize>)>,
    pub(super) body: Body,
    pub(super) after: Beside,
    pub(super) tail: Tail,
}

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

impl Beside {
    pub(super) fn any() -> Beside {
        Beside::of(Set::all(), true)
    }

    pub(super) fn of(set: Set, edge: bool) -> Beside {
        let last_line_feed = set.contains('\n');
        Beside {
            set,
            edge,
            last_line_feed,
        }
    }

    pub(super) fn is_any(&self) -> bool {
        self.edge && self.set.is_all()
    }

    fn is_within(&self, other: &Beside) -> bool {
        self.edge <= other.edge
            && self.last_line_feed <= other.last_line_feed
            && self.set.is_subset(&other.set)
    }

    fn is_impossible(&self) -> bool {
        !self.edge && !self.last_line_feed && self.set.is_empty()
    }

    fn and(&self, other: &Beside) -> Beside {
        Beside {
            set: self.set.and(&other.set),
            edge: self.edge && other.edge,
            last_line_feed: self.last_line_feed && other.last_line_feed,
        }
    }

    /// What this does not permit, where that is a matter of one character.
    fn complement(&self) -> Option<Beside> {
        let simple = !self.last_line_feed || self.set.contains('\n');
        simple.then(|| Beside::of(self.set.not(), !self.edge))
    }

    /// What this does not permit, as pieces: the complement of a line feed at
    /// the end takes two characters.
    pub(super) fn not(&self) -> Vec<Piece> {
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
    pub(super) fn plain(body: Body) -> Piece {
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
    fn asks_more(&self, other: &Piece) -> bool {
        self.before.is_within(&other.before)
            && self.after.is_within(&other.after)
            && self.body == other.body
            && self.lead == other.lead
            && self.tail == other.tail
    }

    fn asks_alike(&self, other: &Piece) -> bool {
        self.before == other.before
            && self.after == other.after
            && self.lead == other.lead
            && self.tail == other.tail
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
                self.repeat(pieces, *count, range)
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
                "move it to the end of the pattern or write `unless followed by r\"…\"`; for something that may stand anywhere, test for it beside: `text matches r\"…\" and not text matches r\"…\"`",
            ),
        };
        let problem = PatternProblem::new(
            ProblemKind::NotAnAutomaton,
            range.clone(),
            "a look ahead at more than one character, and not at the end of the pattern, needs backtracking",
        );
        push_once(&mut self.problems, problem.help(help));
    }

    fn repeat(&mut self, pieces: Vec<Piece>, count: Count, range: &Range<usize>) -> Vec<Piece> {
        if let [piece] = pieces.as_slice()
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
                    repeated = self.cat(&pieces, &repeated);
                    repeated = if count.lazy {
                        merge([plain(Body::Empty), repeated].concat())
                    } else {
                        merge([repeated, plain(Body::Empty)].concat())
                    };
                }
                repeated
            }
            None => self.star(&pieces, range),
        };
        for _ in 0..count.min {
            if !self.problems.is_empty() {
                return Vec::new();
            }
            repeated = self.cat(&pieces, &repeated);
        }
        repeated
    }

    /// Any number of `pieces`, each next to the one before: paths in a small
    /// automaton, whose states say how the last one ended and what it asks next.
    fn star(&mut self, pieces: &[Piece], range: &Range<usize>) -> Vec<Piece> {
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
    fn atomic(&mut self, inner: &Expr, range: &Range<usize>) -> Vec<Piece> {
        let (least, most) = width(inner);
        if Some(least) == most {
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
                let (last, fixed) = parts.split_last().expect("a list of parts has two or more");
                let mut pieces = plain(Body::Empty);
                for part in fixed {
                    let next = if matches!(width(part), (least, Some(most)) if least == most) {
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

    fn atomic_problem(&mut self, range: &Range<usize>) {
        self.problems.push(
            PatternProblem::new(ProblemKind::NotAnAutomaton, range.clone(), "a group that gives nothing back, and could have, needs backtracking")
                .help("write a plain group `(?:…)` or repeat (`+` for `++`): here it finds the same and more, and is never slow"),
        );
    }

    fn around(&mut self, around: &Around) -> Vec<Piece> {
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

    fn not_ahead(&mut self, inner: Vec<Piece>, range: &Range<usize>) -> Vec<Piece> {
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

    fn not_behind(&mut self, inner: Vec<Piece>, range: &Range<usize>) -> Vec<Piece> {
        let mut pieces = plain(Body::Empty);
        for piece in inner {
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

/// An assertion as the two sides it asks for.
fn assert(assertion: Assertion) -> Vec<Piece> {
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

fn plain(body: Body) -> Vec<Piece> {
    if body == Body::Never {
        Vec::new()
    } else {
        vec![Piece::plain(body)]
    }
}

/// Keeps a piece that some text matches.
fn keep(piece: Piece, kept: &mut Vec<Piece>) {
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
fn merge(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut merged: Vec<Piece> = Vec::new();
    for piece in pieces {
        match merged.iter_mut().find(|other| other.asks_alike(&piece)) {
            Some(other) => {
                other.body =
                    Body::alt([std::mem::replace(&mut other.body, Body::Never), piece.body])
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
