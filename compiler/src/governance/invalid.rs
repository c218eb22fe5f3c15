//! What is wrong with a `GovernancePolicy`: one problem a place, all at once.

use std::fmt;

use super::{Setting, setting::Takes};

/// How much of a wrong value a message repeats, in characters.
const LONGEST_EXCERPT: usize = 60;

/// Everything that is wrong with a policy, in the order in which the settings
/// are judged; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPolicy {
    /// One by one.
    pub problems: Vec<Invalid>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Where: `max_tokens`, `allowed_tools[1]`, `blocked_patterns[0].type`;
    /// empty where it is the whole policy.
    pub place: String,
    /// The line of the YAML it was read from, counted from 1.
    pub line: Option<u32>,
    /// What.
    pub problem: Problem,
}

/// The kinds of problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A value of another kind, or out of range.
    Wrong {
        /// What belongs there.
        takes: Takes,
        /// What stands there, for people.
        got: String,
    },
    /// No setting has this name.
    Unknown {
        /// The one that was likely meant.
        nearest: Option<Setting>,
    },
    /// A pattern without a letter: it would block every text.
    EmptyPattern,
    /// A pattern that cannot be read, and why.
    Unreadable(String),
    /// More entries than a list may have.
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// Not YAML, or YAML that its readers take for different things, and why.
    Yaml(String),
}

impl Invalid {
    pub(super) fn new(place: impl Into<String>, problem: Problem) -> Invalid {
        Invalid {
            place: place.into(),
            line: None,
            problem,
        }
    }

    /// `got` stands where `takes` belongs.
    pub(super) fn wrong(place: impl Into<String>, takes: Takes, got: impl fmt::Display) -> Invalid {
        let got = excerpt(&got.to_string());
        Invalid::new(place, Problem::Wrong { takes, got })
    }

    /// The setting it is about; `None` for the whole policy and unknown names.
    pub fn setting(&self) -> Option<Setting> {
        let end = self.place.find(['[', '.']).unwrap_or(self.place.len());
        Setting::named(self.place.get(..end).unwrap_or_default())
    }

    /// Whole-policy problems and unknown names first, then by setting.
    pub(super) fn rank(&self) -> usize {
        self.setting().map_or(0, |setting| setting.rank() + 1)
    }
}

impl InvalidPolicy {
    /// The problems in the order in which settings are judged, one a place;
    /// `Ok` when there are none.
    pub(super) fn check(mut problems: Vec<Invalid>) -> Result<(), InvalidPolicy> {
        let mut places = std::collections::HashSet::new();
        problems.retain(|invalid| invalid.place.is_empty() || places.insert(invalid.place.clone()));
        problems.sort_by_key(Invalid::rank);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(InvalidPolicy { problems })
        }
    }
}

/// `text` on one line, and not longer than a message can bear.
fn excerpt(text: &str) -> String {
    let mut shown: String = text.chars().take(LONGEST_EXCERPT).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.replace(['\n', '\r'], " ")
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        let place = excerpt(&self.place);
        match &self.problem {
            Problem::Wrong { takes, got } if place.is_empty() => {
                write!(f, "a policy must be {takes}, and this is {got}")
            }
            Problem::Wrong { takes, got } => write!(f, "`{place}` must be {takes}, and is {got}"),
            Problem::Unknown {
                nearest: Some(near),
            } => {
                write!(f, "no setting is called `{place}`; did you mean `{near}`?")
            }
            Problem::Unknown { nearest: None } => {
                let names: Vec<&str> = Setting::ALL.iter().map(|setting| setting.name()).collect();
                write!(
                    f,
                    "no setting is called `{place}`; the settings are {}",
                    names.join(", ")
                )
            }
            Problem::EmptyPattern => {
                write!(
                    f,
                    "`{place}` is empty and would block every text; take it out"
                )
            }
            Problem::TooMany { count, most } => {
                write!(
                    f,
                    "`{place}` has {count} entries, over the limit of {most} (MOST_ENTRIES)"
                )
            }
            Problem::Yaml(why) if place.is_empty() => f.write_str(why),
            Problem::Unreadable(why) | Problem::Yaml(why) => write!(f, "`{place}`: {why}"),
        }
    }
}

/// One problem a line.
impl fmt::Display for InvalidPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, invalid) in self.problems.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{invalid}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidPolicy {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_place_and_what_belongs_there() {
        let invalid = Invalid::wrong("allowed_tools[1]", Takes::Text, "null");
        assert_eq!(
            invalid.to_string(),
            "`allowed_tools[1]` must be a text, and is null"
        );
        assert_eq!(invalid.setting(), Some(Setting::AllowedTools));
    }

    #[test]
    fn a_long_value_is_cut_and_kept_on_one_line() {
        let invalid = Invalid::wrong("version", Takes::FilledText, "a\n".repeat(100));
        let message = invalid.to_string();
        assert!(message.chars().count() < 140, "{message}");
        assert!(!message.contains('\n'), "{message}");
    }

    #[test]
    fn one_place_is_blamed_once() {
        let twice = vec![
            Invalid::wrong("version", Takes::FilledText, "2"),
            Invalid::wrong("max_tokens", Takes::PositiveInteger, "0"),
            Invalid::wrong("version", Takes::FilledText, "empty"),
        ];
        let checked = InvalidPolicy::check(twice).unwrap_err();
        let places: Vec<&str> = checked.problems.iter().map(|p| p.place.as_str()).collect();
        assert_eq!(places, ["max_tokens", "version"]);
    }
}
