//! How strict something is beside what it was, and what that comes to together.

use serde::Serialize;

/// How strict something is now, beside what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// It lets more through.
    Looser,
    /// It is otherwise, and neither of the two is the stricter one.
    Neither,
    /// It lets less through.
    Stricter,
}

/// How strict policies are, beside other ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every request has the same answer.
    Identical,
    /// Some have a stricter one, none a milder one.
    Stricter,
    /// Some have a milder one, none a stricter one.
    Looser,
    /// Some have a stricter one, some a milder one.
    Incomparable,
    /// What was found decides nothing yet, and not everything could be looked for.
    NotDecided,
}

impl Side {
    /// In the order in which they are shown: what needs most care first.
    pub const ALL: [Side; 3] = [Side::Looser, Side::Neither, Side::Stricter];

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Side::Looser => "looser",
            Side::Neither => "neither",
            Side::Stricter => "stricter",
        }
    }

    /// The side of something where less is stricter and nothing is no bound;
    /// `None` where it is the same.
    pub(super) fn of_bound<T: Ord>(old: Option<T>, new: Option<T>) -> Option<Side> {
        match (old, new) {
            (None, None) => None,
            (None, Some(_)) => Some(Side::Stricter),
            (Some(_), None) => Some(Side::Looser),
            (Some(old), Some(new)) => match new.cmp(&old) {
                std::cmp::Ordering::Less => Some(Side::Stricter),
                std::cmp::Ordering::Equal => None,
                std::cmp::Ordering::Greater => Some(Side::Looser),
            },
        }
    }

    /// The side of something that has several, each of which has one.
    pub(super) fn of_all(sides: impl IntoIterator<Item = Side>) -> Option<Side> {
        let differs = |one: Side, other: Side| if one == other { one } else { Side::Neither };
        sides.into_iter().reduce(differs)
    }

    const fn turned(self) -> Side {
        match self {
            Side::Looser => Side::Stricter,
            Side::Neither => Side::Neither,
            Side::Stricter => Side::Looser,
        }
    }

    /// The side of something where more is stricter and nothing is no bound.
    pub(super) fn of_floor<T: Ord>(old: Option<T>, new: Option<T>) -> Option<Side> {
        match (old, new) {
            (Some(old), Some(new)) => Side::of_bound(Some(old), Some(new)).map(Side::turned),
            (old, new) => Side::of_bound(old, new),
        }
    }
}

impl Verdict {
    /// What changes come to, where all were looked for.
    pub(super) fn of(sides: impl IntoIterator<Item = Side>, is_open: bool) -> Verdict {
        match (Side::of_all(sides), is_open) {
            (Some(Side::Neither), _) => Verdict::Incomparable,
            (_, true) => Verdict::NotDecided,
            (Some(Side::Looser), false) => Verdict::Looser,
            (Some(Side::Stricter), false) => Verdict::Stricter,
            (None, false) => Verdict::Identical,
        }
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Verdict::Identical => "identical",
            Verdict::Stricter => "stricter",
            Verdict::Looser => "looser",
            Verdict::Incomparable => "incomparable",
            Verdict::NotDecided => "not decided",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_ways_changed_is_neither() {
        use Side::{Looser, Neither, Stricter};
        for (sides, is_open, verdict) in [
            (vec![], false, Verdict::Identical),
            (vec![], true, Verdict::NotDecided),
            (vec![Looser, Looser], false, Verdict::Looser),
            (vec![Looser], true, Verdict::NotDecided),
            (vec![Stricter], false, Verdict::Stricter),
            (vec![Stricter, Looser], false, Verdict::Incomparable),
            (vec![Stricter, Looser], true, Verdict::Incomparable),
            (vec![Neither], false, Verdict::Incomparable),
            (vec![Neither, Stricter], false, Verdict::Incomparable),
        ] {
            assert_eq!(Verdict::of(sides.clone(), is_open), verdict, "{sides:?}");
        }
    }

    #[test]
    fn no_bound_is_the_loosest() {
        assert_eq!(Side::of_bound(None, Some(1)), Some(Side::Stricter));
        assert_eq!(Side::of_bound(Some(1), None), Some(Side::Looser));
        assert_eq!(Side::of_bound(Some(1), Some(2)), Some(Side::Looser));
        assert_eq!(Side::of_floor(Some(1), Some(2)), Some(Side::Stricter));
        assert_eq!(Side::of_floor(None, Some(2)), Some(Side::Stricter));
        assert_eq!(Side::of_bound(Some(2), Some(2)), None);
        assert_eq!(Side::of_floor::<u8>(None, None), None);
    }
}
