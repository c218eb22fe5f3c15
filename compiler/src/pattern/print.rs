//! Writes pieces down in the syntax of the `regex` crate, as short as a person would.
//!
//! Letters in any case stand once, under `(?i)`; sets that Unicode's folding
//! would widen stand in `(?-i:…)`. What stands beside a piece and is consumed
//! only to look at it stays outside the group that the piece is put in.

use std::{fmt::Write, sync::LazyLock};

use super::{
    body::{Body, Count},
    looks::{Beside, Piece, Tail},
    set::Set,
};

/// Any of `pieces`.
pub(super) fn regex(pieces: &[Piece]) -> String {
    let in_groups = pieces.iter().any(|piece| {
        piece.lead.is_some()
            || piece.tail != Tail::None
            || !is_zero_width(&piece.before)
            || !is_zero_width(&piece.after)
    });
    if !in_groups {
        return without_groups(pieces);
    }
    let mut out = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        if i > 0 {
            out.push('|');
        }
        beside(&mut out, &piece.before, r"\A", "(?m:^)");
        if let Some((lead, _)) = &piece.lead {
            in_scope(&mut out, lead, "(?:");
        }
        in_scope(&mut out, &piece.body, "(");
        beside(&mut out, &piece.after, r"\z", "(?m:$)");
        if let Tail::Follows(follows, _) = &piece.tail {
            out.push_str("(?:");
            out.push_str(&without_groups(follows));
            out.push(')');
        }
    }
    out
}

/// Any of `pieces`, where nobody asks what was found.
pub(super) fn unless(pieces: &[Piece]) -> String {
    without_groups(pieces)
}

fn without_groups(pieces: &[Piece]) -> String {
    let mut scope = Scope::default();
    for piece in pieces {
        scope.widen(&piece.body);
        if let Some((lead, _)) = &piece.lead {
            scope.widen(lead);
        }
    }
    let mut out = scope.flags();
    for (i, piece) in pieces.iter().enumerate() {
        if i > 0 {
            out.push('|');
        }
        scope.beside(&mut out, &piece.before, r"\A", "(?m:^)");
        if let Some((lead, _)) = &piece.lead {
            scope.body(&mut out, lead, Place::Part);
        }
        let alone = piece.before.is_any()
            && piece.lead.is_none()
            && piece.after.is_any()
            && piece.tail == Tail::None;
        scope.body(
            &mut out,
            &piece.body,
            if alone { Place::Alone } else { Place::Part },
        );
        scope.beside(&mut out, &piece.after, r"\z", "(?m:$)");
        if let Tail::Follows(follows, _) = &piece.tail {
            let _ = write!(out, "(?:{})", without_groups(follows));
        }
    }
    out
}

/// `body` in a group of its own, with its flags.
fn in_scope(out: &mut String, body: &Body, open: &str) {
    let mut scope = Scope::default();
    scope.widen(body);
    out.push_str(open);
    out.push_str(&scope.flags());
    scope.body(out, body, Place::Alone);
    out.push(')');
}

/// What may stand beside, outside of any flags.
fn beside(out: &mut String, beside: &Beside, edge: &str, line_edge: &str) {
    Scope::default().beside(out, beside, edge, line_edge);
}

fn is_zero_width(beside: &Beside) -> bool {
    beside.is_any()
        || beside.edge
            && (beside.set.is_empty() && !beside.last_line_feed || beside.set == Set::one('\n'))
}

/// What stands around an expression, and whether it has to be held together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Nothing, or `|`.
    Alone,
    /// Other parts.
    Part,
    /// A count after it.
    Counted,
}

/// The flags that hold where something is written.
#[derive(Clone, Copy, Default)]
struct Scope {
    any_case: bool,
    dot_all: bool,
}

impl Scope {
    /// Takes the flags that make `body` short.
    fn widen(&mut self, body: &Body) {
        match body {
            Body::Never | Body::Empty => {}
            Body::Set(set) => {
                self.dot_all |= set.is_all();
                self.any_case |= kind(set) == Kind::AnyCase;
            }
            Body::Cat(parts) | Body::Alt(parts) => parts.iter().for_each(|part| self.widen(part)),
            Body::Repeat(body, _) => self.widen(body),
        }
    }

    fn flags(self) -> String {
        match (self.any_case, self.dot_all) {
            (true, true) => "(?is)",
            (true, false) => "(?i)",
            (false, true) => "(?s)",
            (false, false) => "",
        }
        .to_owned()
    }

    fn beside(self, out: &mut String, beside: &Beside, edge: &str, line_edge: &str) {
        if beside.is_any() {
            return;
        }
        if beside.edge && beside.set == Set::one('\n') {
            out.push_str(line_edge);
            return;
        }
        let mut ways = Vec::new();
        if beside.edge {
            ways.push(edge.to_owned());
        }
        if beside.last_line_feed && !beside.set.contains('\n') {
            ways.push(format!(r"\n{edge}"));
        }
        if !beside.set.is_empty() {
            let mut set = String::new();
            self.set(&mut set, &beside.set);
            ways.push(set);
        }
        match ways.as_slice() {
            [way] => out.push_str(way),
            [first, second] if *second == format!(r"\n{first}") => {
                let _ = write!(out, r"\n?{first}");
            }
            ways => {
                let _ = write!(out, "(?:{})", ways.join("|"));
            }
        }
    }

    fn body(self, out: &mut String, body: &Body, place: Place) {
        if self.any_case && is_exact(body) {
            out.push_str("(?-i:");
            Scope {
                any_case: false,
                ..self
            }
            .body(out, body, Place::Alone);
            out.push(')');
            return;
        }
        match body {
            // No string: pieces that match nothing are dropped before they get here.
            Body::Never => out.push_str(r"[^\s\S]"),
            Body::Empty => {
                if place != Place::Alone {
                    out.push_str("(?:)");
                }
            }
            Body::Set(set) => self.set(out, set),
            Body::Cat(parts) => held(out, place == Place::Counted, |out| self.cat(out, parts)),
            Body::Alt(parts) => held(out, place > Place::Alone, |out| {
                for (i, part) in parts.iter().enumerate() {
                    if i > 0 {
                        out.push('|');
                    }
                    self.body(out, part, Place::Alone);
                }
            }),
            Body::Repeat(body, times) => held(out, place == Place::Counted, |out| {
                self.body(out, body, Place::Counted);
                count(out, *times);
            }),
        }
    }

    /// Parts in a row; neighbours that mind case share one group.
    fn cat(self, out: &mut String, parts: &[Body]) {
        let mut rest = parts;
        while let Some((first, after)) = rest.split_first() {
            let exact = if self.any_case && is_exact(first) {
                let run = rest.iter().take_while(|part| !has_any_case(part)).count();
                rest[..run]
                    .iter()
                    .rposition(is_exact)
                    .map_or(0, |last| last + 1)
            } else {
                0
            };
            if exact > 1 {
                out.push_str("(?-i:");
                Scope {
                    any_case: false,
                    ..self
                }
                .cat(out, &rest[..exact]);
                out.push(')');
                rest = &rest[exact..];
            } else {
                self.body(out, first, Place::Part);
                rest = after;
            }
        }
    }

    fn set(self, out: &mut String, set: &Set) {
        if self.any_case && kind(set) == Kind::Exact {
            out.push_str("(?-i:");
            Scope {
                any_case: false,
                ..self
            }
            .set(out, set);
            out.push(')');
            return;
        }
        if set.is_all() {
            out.push_str(if self.dot_all { "." } else { "(?s:.)" });
            return;
        }
        if !self.dot_all && *set == Set::one('\n').not() {
            out.push('.');
            return;
        }
        let shown = if self.any_case {
            shortest_in_any_case(set)
        } else {
            None
        };
        match shown.as_ref().unwrap_or(set).chars(1).as_deref() {
            Some(&[c]) => letter(out, c, false),
            _ => out.push_str(&class(set, self.any_case)),
        }
    }
}

/// How a set meets Unicode's case folding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It has no letters with cases, or is as short without `(?i)`.
    Neutral,
    /// It is shorter under `(?i)`.
    AnyCase,
    /// `(?i)` would widen it.
    Exact,
}

fn kind(set: &Set) -> Kind {
    if !set.is_folded() {
        return Kind::Exact;
    }
    let written = if is_written_negated(set) {
        set.not()
    } else {
        set.clone()
    };
    if shortest_in_any_case(&written).is_some() {
        Kind::AnyCase
    } else {
        Kind::Neutral
    }
}

/// Whether a set is one that people write as what it lacks.
fn is_written_negated(set: &Set) -> bool {
    set.contains(char::MAX)
}

fn any_set(body: &Body, holds: &dyn Fn(&Set) -> bool) -> bool {
    match body {
        Body::Never | Body::Empty => false,
        Body::Set(set) => holds(set),
        Body::Cat(parts) | Body::Alt(parts) => parts.iter().any(|part| any_set(part, holds)),
        Body::Repeat(body, _) => any_set(body, holds),
    }
}

/// Whether a body is to be written without `(?i)`.
fn is_exact(body: &Body) -> bool {
    any_set(body, &|set| kind(set) == Kind::Exact) && !has_any_case(body)
}

fn has_any_case(body: &Body) -> bool {
    any_set(body, &|set| kind(set) == Kind::AnyCase)
}

/// A smaller set that folds to `set`, if there is one.
fn shortest_in_any_case(set: &Set) -> Option<Set> {
    const FEW: usize = 12;
    const MANY_RANGES: usize = 40;
    if set.len() > MANY_RANGES {
        return None;
    }
    let shown = match set.chars(FEW) {
        Some(mut chars) => {
            // Small letters first: people write those.
            chars.sort_by_key(|c| (c.is_uppercase(), *c));
            let (mut shown, mut covered) = (Set::none(), Set::none());
            for c in chars {
                if !covered.contains(c) {
                    shown = shown.union(&Set::one(c));
                    covered = covered.union(&Set::one(c).simply_folded());
                }
            }
            shown
        }
        None => set.minus(&Set::ranges([
            ('A', 'Z'),
            ('\u{17F}', '\u{17F}'),
            ('\u{212A}', '\u{212A}'),
        ])),
    };
    (shown != *set && shown.simply_folded() == *set).then_some(shown)
}

/// `[…]`, or the name of the set, whichever is shortest.
fn class(set: &Set, any_case: bool) -> String {
    if is_written_negated(set) {
        return negated(&class_of(&set.not(), any_case));
    }
    class_of(set, any_case)
}

fn class_of(set: &Set, any_case: bool) -> String {
    let shortened = |set: Set| {
        let shorter = if any_case {
            shortest_in_any_case(&set)
        } else {
            None
        };
        shorter.unwrap_or(set)
    };
    let nothing = Set::none();
    let (mut name, mut base, mut fewest) = ("", &nothing, set.len());
    // Up to two ranges are what a person would write.
    for (other, candidate, exact) in bases().iter().filter(|_| set.len() > 2) {
        // Case folding adds a mark to `\pL`.
        if any_case && *exact || !set.meets(candidate) {
            continue;
        }
        if set == candidate {
            return listed(other, candidate, set);
        }
        let ranges = set.minus(candidate).len() + candidate.minus(set).len();
        if ranges < fewest {
            (name, base, fewest) = (other, candidate, ranges);
        }
    }
    listed(
        name,
        base,
        &set.and(base).union(&shortened(set.minus(base))),
    )
}

/// Sets that have a name, and whether case folding would widen them.
fn bases() -> &'static [(&'static str, Set, bool)] {
    static BASES: LazyLock<Vec<(&'static str, Set, bool)>> = LazyLock::new(|| {
        let (word, digit, space) = (Set::word(false), Set::digit(false), Set::space(false));
        let separators = Set::range('\x1c', '\x1f');
        vec![
            (r"\d", digit.clone(), false),
            (r"\s", space.minus(&separators), false),
            (r"\pL\pN_", word.clone(), true),
            (r"\pL\pN_\s", word.union(space).minus(&separators), true),
        ]
    });
    &BASES
}

/// `[…]` to `[^…]`
fn negated(class: &str) -> String {
    match class {
        r"\d" => r"\D".to_owned(),
        r"\s" => r"\S".to_owned(),
        class => format!("[^{}", class.strip_prefix('[').unwrap_or(class)),
    }
}

/// `set` as what it has beyond `base`, and lacks of it.
fn listed(name: &str, base: &Set, set: &Set) -> String {
    let mut out = format!("[{name}");
    if set == base {
        out.push(']');
        return if name.len() == 2 {
            name.to_owned()
        } else {
            out
        };
    }
    let (more, less) = (set.minus(base), base.minus(set));
    ranges(&mut out, &more);
    if !less.is_empty() {
        out.push_str("--[");
        ranges(&mut out, &less);
        out.push(']');
    }
    out.push(']');
    out
}

fn ranges(out: &mut String, set: &Set) {
    for (start, end) in set.pairs() {
        letter(out, start, true);
        if start == end {
            continue;
        }
        if u32::from(start) + 1 != u32::from(end) {
            out.push('-');
        }
        letter(out, end, true);
    }
}

fn letter(out: &mut String, c: char, in_class: bool) {
    let special = if in_class {
        r"\[]^-&~"
    } else {
        r"\.+*?()|[]{}^$"
    };
    match c {
        '\n' => out.push_str(r"\n"),
        '\r' => out.push_str(r"\r"),
        '\t' => out.push_str(r"\t"),
        c if special.contains(c) => {
            out.push('\\');
            out.push(c);
        }
        ' '..='~' => out.push(c),
        c if !c.is_ascii() && c.is_alphanumeric() => out.push(c),
        c if c.is_ascii() => {
            let _ = write!(out, r"\x{:02X}", u32::from(c));
        }
        c => {
            let _ = write!(out, r"\x{{{:X}}}", u32::from(c));
        }
    }
}

fn count(out: &mut String, count: Count) {
    match (count.min, count.max) {
        (0, None) => out.push('*'),
        (1, None) => out.push('+'),
        (0, Some(1)) => out.push('?'),
        (min, None) => {
            let _ = write!(out, "{{{min},}}");
        }
        (min, Some(max)) if min == max => {
            let _ = write!(out, "{{{min}}}");
        }
        (min, Some(max)) => {
            let _ = write!(out, "{{{min},{max}}}");
        }
    }
    if count.lazy {
        out.push('?');
    }
}

fn held(out: &mut String, together: bool, write: impl FnOnce(&mut String)) {
    if together {
        out.push_str("(?:");
    }
    write(out);
    if together {
        out.push(')');
    }
}
