//! Expressions that look at nothing but what they consume, and what may be asked of them.
//!
//! A body is kept small by its constructors: no alternative that matches
//! nothing, no list of one. [`Body::within`] is what the rest stands on: the
//! strings of a body that start, or end, with one of some characters.

use super::set::Set;

/// An expression without assertions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// No string.
    Never,
    /// The empty string.
    Empty,
    /// One character.
    Set(Set),
    /// One after the other; at least two.
    Cat(Vec<Body>),
    /// One of them; at least two, the first is tried first.
    Alt(Vec<Body>),
    /// Some number of times.
    Repeat(Box<Body>, Count),
}

/// How often something repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) min: u32,
    /// `None`: without end.
    pub(super) max: Option<u32>,
    /// Whether fewer are tried first.
    pub(super) lazy: bool,
}

/// An end of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    First,
    Last,
}

impl Body {
    pub(super) fn set(set: Set) -> Body {
        if set.is_empty() {
            Body::Never
        } else {
            Body::Set(set)
        }
    }

    pub(super) fn cat(parts: impl IntoIterator<Item = Body>) -> Body {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Body::Never => return Body::Never,
                Body::Empty => {}
                Body::Cat(inner) => flat.extend(inner),
                Body::Set(_) | Body::Alt(_) | Body::Repeat(..) => flat.push(part),
            }
        }
        match flat.len() {
            0 => Body::Empty,
            1 => flat.remove(0),
            _ => Body::Cat(flat),
        }
    }

    pub(super) fn alt(parts: impl IntoIterator<Item = Body>) -> Body {
        let mut flat: Vec<Body> = Vec::new();
        for part in parts {
            let inner = match part {
                Body::Never => continue,
                Body::Alt(inner) => inner,
                Body::Empty | Body::Set(_) | Body::Cat(_) | Body::Repeat(..) => vec![part],
            };
            for part in inner {
                match (flat.last_mut(), part) {
                    (Some(Body::Set(last)), Body::Set(set)) => *last = last.union(&set),
                    (Some(last), part) if *last == part => {}
                    (_, part) => flat.push(part),
                }
            }
        }
        match flat.as_slice() {
            [] => Body::Never,
            [_] => flat.remove(0),
            [Body::Empty, _] => flat.remove(1).repeat(Count {
                min: 0,
                max: Some(1),
                lazy: true,
            }),
            [_, Body::Empty] => flat.remove(0).optional(),
            _ => Body::Alt(flat),
        }
    }

    pub(super) fn repeat(self, count: Count) -> Body {
        match (self, count) {
            (_, Count { max: Some(0), .. })
            | (Body::Empty, _)
            | (Body::Never, Count { min: 0, .. }) => Body::Empty,
            (Body::Never, _) => Body::Never,
            (
                body,
                Count {
                    min: 1,
                    max: Some(1),
                    ..
                },
            ) => body,
            // `(?:x+)?` and the like are `x*`.
            (
                Body::Repeat(body, inner),
                Count {
                    min: 0,
                    max: Some(1),
                    lazy,
                },
            ) if inner.min <= 1 && inner.lazy == lazy => {
                Body::Repeat(body, Count { min: 0, ..inner })
            }
            (body, count) => Body::Repeat(Box::new(body), count),
        }
    }

    pub(super) fn optional(self) -> Body {
        self.repeat(Count {
            min: 0,
            max: Some(1),
            lazy: false,
        })
    }

    /// Whether the empty string is one of its strings.
    pub(super) fn nullable(&self) -> bool {
        match self {
            Body::Never | Body::Set(_) => false,
            Body::Empty => true,
            Body::Cat(parts) => parts.iter().all(Body::nullable),
            Body::Alt(parts) => parts.iter().any(Body::nullable),
            Body::Repeat(body, count) => count.min == 0 || body.nullable(),
        }
    }

    /// Whether it is `(?s).*`.
    pub(super) fn is_every_string(&self) -> bool {
        let all = |body: &Body| matches!(body, Body::Set(set) if set.is_all());
        matches!(self, Body::Repeat(body, Count { min: 0, max: None, .. }) if all(body))
    }

    /// How many parts it is written with.
    pub(super) fn size(&self) -> usize {
        match self {
            Body::Never | Body::Empty | Body::Set(_) => 1,
            Body::Cat(parts) | Body::Alt(parts) => parts.iter().map(Body::size).sum::<usize>() + 1,
            Body::Repeat(body, _) => body.size() + 1,
        }
    }

    /// The characters that its strings have at `side`.
    pub(super) fn edge(&self, side: Side) -> Set {
        match self {
            Body::Never | Body::Empty => Set::none(),
            Body::Set(set) => set.clone(),
            Body::Cat(parts) => {
                let mut sets = Vec::new();
                for part in from(side, parts) {
                    sets.push(part.edge(side));
                    if !part.nullable() {
                        break;
                    }
                }
                Set::union_of(sets)
            }
            Body::Alt(parts) => Set::union_of(parts.iter().map(|part| part.edge(side))),
            Body::Repeat(body, _) => body.edge(side),
        }
    }

    /// Its strings that have one of `set` at `side`; the empty one has none.
    pub(super) fn within(&self, side: Side, set: &Set) -> Body {
        let edge = self.edge(side);
        if !edge.meets(set) {
            return Body::Never;
        }
        if !self.nullable() && edge.is_subset(set) {
            return self.clone();
        }
        match self {
            Body::Never | Body::Empty => Body::Never,
            Body::Set(own) => Body::set(own.and(set)),
            Body::Cat(parts) => {
                let mut found = Body::Never;
                let mut inner = Body::Empty;
                // From the far end: a part that may be empty leaves the edge to the next one.
                for part in from(side.other(), parts) {
                    let whole = ordered(side, part.clone(), inner.clone());
                    found = match part.nullable() {
                        true if found == inner => {
                            ordered(side, part.within(side, set).optional(), inner)
                        }
                        true => Body::alt([ordered(side, part.within(side, set), inner), found]),
                        false => ordered(side, part.within(side, set), inner),
                    };
                    inner = whole;
                }
                found
            }
            Body::Alt(parts) => Body::alt(parts.iter().map(|part| part.within(side, set))),
            Body::Repeat(body, count) => {
                if !body.nullable() && edge.is_subset(set) {
                    return body.clone().repeat(Count { min: 1, ..*count });
                }
                let rest = Count {
                    min: count.min.saturating_sub(1),
                    max: count.max.map(|max| max - 1),
                    ..*count
                };
                ordered(side, body.within(side, set), body.clone().repeat(rest))
            }
        }
    }

    /// Its strings without the empty one.
    pub(super) fn nonempty(&self) -> Body {
        self.within(Side::First, &Set::all())
    }

    /// Whether a single line feed is one of its strings.
    pub(super) fn has_line_feed(&self) -> bool {
        match self {
            Body::Never | Body::Empty => false,
            Body::Set(set) => set.contains('\n'),
            Body::Cat(parts) => {
                let needed = parts.iter().filter(|part| !part.nullable()).count();
                parts
                    .iter()
                    .any(|part| part.has_line_feed() && needed == usize::from(!part.nullable()))
            }
            Body::Alt(parts) => parts.iter().any(Body::has_line_feed),
            Body::Repeat(body, count) => {
                body.has_line_feed() && (count.min <= 1 || body.nullable())
            }
        }
    }

    /// Without the part at its end that may as well be empty: what is left
    /// matches at the same places, though less far.
    #[must_use]
    pub(super) fn shortest(self) -> Body {
        if self.nullable() {
            return Body::Empty;
        }
        match self {
            Body::Never | Body::Empty | Body::Set(_) => self,
            Body::Cat(mut parts) => {
                while parts.last().is_some_and(Body::nullable) {
                    parts.pop();
                }
                let last = parts.pop().map(Body::shortest);
                Body::cat(parts.into_iter().chain(last))
            }
            Body::Alt(parts) => Body::alt(parts.into_iter().map(Body::shortest)),
            Body::Repeat(body, count) if count.min == 1 => body.shortest(),
            Body::Repeat(body, count) => body.repeat(Count {
                max: Some(count.min),
                lazy: false,
                ..count
            }),
        }
    }
}

impl Side {
    fn other(self) -> Side {
        match self {
            Side::First => Side::Last,
            Side::Last => Side::First,
        }
    }
}

/// The parts in order from `side`.
fn from(side: Side, parts: &[Body]) -> impl Iterator<Item = &Body> {
    let (forth, back) = match side {
        Side::First => (Some(parts.iter()), None),
        Side::Last => (None, Some(parts.iter().rev())),
    };
    forth
        .into_iter()
        .flatten()
        .chain(back.into_iter().flatten())
}

/// `outer` at `side`, `inner` beside it.
fn ordered(side: Side, outer: Body, inner: Body) -> Body {
    match side {
        Side::First => Body::cat([outer, inner]),
        Side::Last => Body::cat([inner, outer]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Body {
        Body::cat(text.chars().map(|c| Body::set(Set::one(c))))
    }

    fn star(body: Body) -> Body {
        body.repeat(Count {
            min: 0,
            max: None,
            lazy: false,
        })
    }

    #[test]
    fn constructors_keep_bodies_small() {
        assert_eq!(
            Body::cat([Body::Empty, chars("a"), Body::Empty]),
            chars("a")
        );
        assert_eq!(Body::cat([chars("a"), Body::Never]), Body::Never);
        assert_eq!(
            Body::alt([chars("a"), chars("b")]),
            Body::set(Set::range('a', 'b'))
        );
        assert_eq!(Body::alt([chars("ab"), Body::Never]), chars("ab"));
        assert_eq!(star(chars("a")).optional(), star(chars("a")));
        assert_eq!(Body::Never.optional(), Body::Empty);
    }

    #[test]
    fn what_starts_with_a_letter_may_start_after_an_empty_part() {
        let body = Body::cat([star(chars("a")), chars("b")]);
        assert_eq!(body.within(Side::First, &Set::one('b')), chars("b"));
        assert_eq!(body.within(Side::First, &Set::one('c')), Body::Never);
        assert_eq!(body.within(Side::First, &Set::range('a', 'b')), body);
        assert_eq!(body.within(Side::Last, &Set::one('b')), body);
        let plus = chars("a").repeat(Count {
            min: 1,
            max: None,
            lazy: false,
        });
        assert_eq!(
            body.within(Side::First, &Set::one('a')),
            Body::cat([plus, chars("b")])
        );
    }

    #[test]
    fn what_ends_with_a_letter_keeps_what_stands_before() {
        let ab = Body::set(Set::range('a', 'b'));
        assert_eq!(
            star(ab.clone()).within(Side::Last, &Set::one('b')),
            Body::cat([star(ab), chars("b")])
        );
        let body = Body::cat([chars("a"), star(chars("b"))]);
        assert_eq!(body.within(Side::Last, &Set::range('a', 'b')), body);
        assert_eq!(body.within(Side::Last, &Set::one('a')), chars("a"));
    }

    #[test]
    fn the_shortest_form_matches_at_the_same_places() {
        let plus = chars("a").repeat(Count {
            min: 1,
            max: None,
            lazy: false,
        });
        assert_eq!(
            Body::cat([plus.clone(), star(chars("b"))]).shortest(),
            chars("a")
        );
        assert_eq!(star(chars("b")).shortest(), Body::Empty);
    }

    #[test]
    fn a_line_feed_is_found_where_the_rest_may_be_empty() {
        assert!(Body::cat([star(chars("a")), chars("\n")]).has_line_feed());
        assert!(!Body::cat([chars("a"), chars("\n")]).has_line_feed());
        assert!(star(Body::set(Set::all())).has_line_feed());
        assert!(
            !chars("\n")
                .repeat(Count {
                    min: 2,
                    max: None,
                    lazy: false
                })
                .has_line_feed()
        );
    }
}
