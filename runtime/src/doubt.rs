//! Why a test is neither true nor false: [`Doubt`].

use std::fmt;

/// Why a test is neither true nor false. Reads after the name of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// It should be there and is not.
    Missing,
    /// It is null.
    Null,
    /// A test of texts looks at something else.
    NotText,
    /// A test of numbers looks at something else.
    NotNumber,
    /// A test of booleans looks at something else.
    NotBoolean,
    /// A test of elements looks at something else.
    NotList,
    /// Something below it is asked for.
    NotMap,
    /// It is compared with values of other types only.
    OtherType,
    /// A number that cannot be held exactly.
    OutOfRange,
    /// A text that is no moment in RFC 3339.
    NotTime,
    /// A path whose directory cannot be known.
    UnknownPath,
    /// Values inside values beyond [`DEEPEST_VALUE`](crate::DEEPEST_VALUE).
    TooDeep,
    /// A text beyond [`LONGEST_TEXT`](crate::LONGEST_TEXT).
    TooLong,
    /// What it says behind a disguise is a text beyond [`LONGEST_VIEW`](crate::LONGEST_VIEW).
    ViewTooLong,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Doubt::Missing => "is missing",
            Doubt::Null => "is null",
            Doubt::NotText => "is not a text",
            Doubt::NotNumber => "is not a number",
            Doubt::NotBoolean => "is not a boolean",
            Doubt::NotList => "is not a list",
            Doubt::NotMap => "is not inside a map",
            Doubt::OtherType => "has another type than what it is compared with",
            Doubt::OutOfRange => "is a number with too many digits to be exact",
            Doubt::NotTime => "is not a moment in RFC 3339",
            Doubt::UnknownPath => "is a path that cannot be placed",
            Doubt::TooDeep => "is nested too deeply",
            Doubt::TooLong => "is too long",
            Doubt::ViewTooLong => "is too long once its disguises are off",
        })
    }
}

/// What a test or a condition comes to.
pub(crate) type Outcome = Result<bool, Doubt>;

/// True when one is; else in doubt when one is.
pub(crate) fn any(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
    let mut all = Ok(false);
    for outcome in outcomes {
        match outcome {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(_) if all.is_err() => {}
            Err(_) => all = outcome,
        }
    }
    all
}

/// False when one is; else in doubt when one is.
pub(crate) fn every(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
    any(outcomes
        .into_iter()
        .map(|outcome| outcome.map(|held| !held)))
    .map(|failed| !failed)
}
