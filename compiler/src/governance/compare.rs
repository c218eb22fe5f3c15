//! Two governance policies in; what differs, and which is stricter, out.

use std::{collections::HashSet, fmt};

use serde_json::Value;

use super::{Setting, Settings};
use crate::{Options, Sources, compile, diff::Verdict};

/// The settings in which two policies differ, from the first to the second.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// In the order in which policies are written.
    pub changes: Vec<Change>,
}

/// One setting that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which.
    pub setting: Setting,
    /// In the first policy.
    pub before: Value,
    /// In the second.
    pub after: Value,
}

/// The versions of two policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Of the first policy.
    pub old_version: String,
    /// Of the second.
    pub new_version: String,
    /// Whether they are two.
    pub versions_differ: bool,
}

impl Settings {
    /// What differs in `other`.
    pub fn diff(&self, other: &Settings) -> Diff {
        let changes = Setting::ALL.into_iter().filter_map(|setting| {
            let (before, after) = (self.get(setting), other.get(setting));
            (before != after).then_some(Change {
                setting,
                before,
                after,
            })
        });
        Diff {
            changes: changes.collect(),
        }
    }

    /// What differs in `other`, a line each, for people.
    pub fn format_diff(&self, other: &Settings) -> String {
        self.diff(other).to_string()
    }

    /// The version of each.
    pub fn compare_versions(&self, other: &Settings) -> Versions {
        Versions {
            old_version: self.version.clone(),
            new_version: other.version.clone(),
            versions_differ: self.version != other.version,
        }
    }

    /// Whether every setting is at least as strict as in `other`, and one is
    /// stricter.
    ///
    /// Tools and patterns are compared by what they are: another tool is
    /// milder however few there are, and patterns are stricter where they are in
    /// more texts, however they are written. Name and version have no part in it.
    pub fn is_stricter_than(&self, other: &Settings) -> bool {
        let sides = [
            less(self.max_tokens, other.max_tokens),
            less(self.max_tool_calls, other.max_tool_calls),
            less(self.timeout_seconds, other.timeout_seconds),
            less(self.max_concurrent, other.max_concurrent),
            less(self.backpressure_threshold, other.backpressure_threshold),
            less(self.checkpoint_frequency, other.checkpoint_frequency),
            less(other.confidence_threshold, self.confidence_threshold),
            less(self.drift_threshold, other.drift_threshold),
            less(other.require_human_approval, self.require_human_approval),
            less(other.log_all_calls, self.log_all_calls),
            self.tools_beside(other),
            self.patterns_beside(other),
        ];
        stricter(&sides)
    }

    /// Whether this policy is stricter by its settings' sizes alone: a shorter
    /// list of tools and a longer list of patterns count as stricter whatever
    /// stands in them, drift and logging do not count, and concurrency,
    /// backpressure and checkpoints count only against it.
    ///
    /// This is the answer that other implementations give;
    /// [`is_stricter_than`](Settings::is_stricter_than) is the one to rely on.
    pub fn is_stricter_by_settings(&self, other: &Settings) -> bool {
        let never_stricter = |side: Side| {
            if side == Side::Stricter {
                Side::Same
            } else {
                side
            }
        };
        let sides = [
            less(self.max_tokens, other.max_tokens),
            less(self.max_tool_calls, other.max_tool_calls),
            less(self.timeout_seconds, other.timeout_seconds),
            less(other.confidence_threshold, self.confidence_threshold),
            less(other.require_human_approval, self.require_human_approval),
            less(tools(self), tools(other)),
            less(other.blocked_patterns.len(), self.blocked_patterns.len()),
            never_stricter(less(self.max_concurrent, other.max_concurrent)),
            never_stricter(less(
                self.backpressure_threshold,
                other.backpressure_threshold,
            )),
            never_stricter(less(self.checkpoint_frequency, other.checkpoint_frequency)),
        ];
        stricter(&sides)
    }

    fn tools_beside(&self, other: &Settings) -> Side {
        let (these, others): (HashSet<_>, HashSet<_>) = (
            self.allowed_tools.iter().collect(),
            other.allowed_tools.iter().collect(),
        );
        // No list permits every tool.
        let within = |inner: &HashSet<_>, outer: &HashSet<_>| {
            outer.is_empty() || (!inner.is_empty() && inner.is_subset(outer))
        };
        Side::of(within(&these, &others), within(&others, &these))
    }

    fn patterns_beside(&self, other: &Settings) -> Side {
        let set = |settings: &Settings| -> HashSet<_> {
            let patterns = settings.blocked_patterns.iter();
            patterns
                .map(|pattern| (pattern.text().to_owned(), pattern.kind()))
                .collect()
        };
        let (these, others) = (set(self), set(other));
        if these == others {
            return Side::Same;
        }
        match self.patterns_mean(other) {
            Some(Verdict::Identical) => Side::Same,
            Some(Verdict::Stricter) => Side::Stricter,
            Some(Verdict::Looser | Verdict::Incomparable) => Side::Milder,
            Some(Verdict::NotDecided) | None => {
                Side::of(these.is_superset(&others), others.is_superset(&these))
            }
        }
    }

    /// How strict these patterns are beside the other ones by the texts in which they
    /// are; `None` where some cannot be compiled.
    fn patterns_mean(&self, other: &Settings) -> Option<Verdict> {
        let plan = |settings: &Settings| {
            let alone = Settings {
                blocked_patterns: settings.blocked_patterns.clone(),
                ..Settings::default()
            };
            let sources = Sources::one("patterns.yaml", alone.to_yaml());
            compile(&sources, &Options::default()).0
        };
        let (old, new) = (plan(other)?, plan(self)?);
        let diff = crate::diff::diff(&old.table(), &new.table()).ok()?;
        Some(diff.verdict)
    }
}

/// How strict one setting is beside the other policy's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Stricter,
    Same,
    /// Milder, or neither.
    Milder,
}

impl Side {
    fn of(at_least_as_strict: bool, at_most_as_strict: bool) -> Side {
        match (at_least_as_strict, at_most_as_strict) {
            (true, true) => Side::Same,
            (true, false) => Side::Stricter,
            (false, _) => Side::Milder,
        }
    }
}

/// The smaller is the stricter.
fn less<T: PartialOrd + Copy>(this: T, other: T) -> Side {
    Side::of(this <= other, other <= this)
}

fn tools(settings: &Settings) -> usize {
    match settings.allowed_tools.len() {
        0 => usize::MAX,
        some => some,
    }
}

fn stricter(sides: &[Side]) -> bool {
    !sides.contains(&Side::Milder) && sides.contains(&Side::Stricter)
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return f.write_str("no setting differs");
        }
        for (at, change) in self.changes.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(
                f,
                "{}: {} -> {}",
                change.setting, change.before, change.after
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::governance::PatternType;

    fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
        let mut settings = Settings::default();
        change(&mut settings);
        settings
    }

    fn tools_of(names: &[&str]) -> Settings {
        settings(|s| s.allowed_tools = names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn another_tool_is_not_stricter_however_few_there_are() {
        assert!(tools_of(&["a"]).is_stricter_by_settings(&tools_of(&["b", "c"])));
        assert!(!tools_of(&["a"]).is_stricter_than(&tools_of(&["b", "c"])));
        assert!(tools_of(&["b"]).is_stricter_than(&tools_of(&["b", "c"])));
        assert!(tools_of(&["b"]).is_stricter_than(&tools_of(&[])));
        assert!(!tools_of(&[]).is_stricter_than(&tools_of(&["b"])));
    }

    #[test]
    fn a_milder_setting_is_never_outweighed() {
        let base = Settings::default();
        for milder in [
            settings(|s| s.drift_threshold = 0.9),
            settings(|s| s.log_all_calls = false),
            settings(|s| s.max_concurrent = 11),
            settings(|s| s.backpressure_threshold = 9),
            settings(|s| s.checkpoint_frequency = 6),
        ] {
            let mixed = Settings {
                max_tokens: 1,
                ..milder
            };
            assert!(!mixed.is_stricter_than(&base), "{mixed:?}");
        }
    }

    #[test]
    fn every_stricter_setting_counts() {
        let base = Settings {
            log_all_calls: false,
            ..Settings::default()
        };
        for (name, stricter) in [
            ("drift", settings(|s| s.drift_threshold = 0.1)),
            ("concurrent", settings(|s| s.max_concurrent = 9)),
            ("backpressure", settings(|s| s.backpressure_threshold = 7)),
            ("logging", Settings::default()),
            (
                "pattern",
                settings(|s| s.blocked_patterns = vec!["x".into()]),
            ),
        ] {
            assert!(stricter.is_stricter_than(&base), "{name}");
            assert!(!base.is_stricter_than(&stricter), "{name}");
        }
    }

    #[test]
    fn patterns_are_compared_by_the_texts_they_are_in() {
        let of = |patterns: &[&str]| {
            settings(|s| s.blocked_patterns = patterns.iter().map(|&one| one.into()).collect())
        };
        let regex = |text: &str| {
            let kind = PatternType::Regex;
            settings(|s| s.blocked_patterns = vec![(text, kind).into()])
        };
        for (stricter, milder) in [
            (of(&["rm"]), of(&["rm -rf"])),
            (of(&["rm"]), of(&["rm -rf", "rm -r"])),
            (regex("r[mn]"), of(&["rm"])),
        ] {
            assert!(stricter.is_stricter_than(&milder), "{stricter:?}");
            assert!(!milder.is_stricter_than(&stricter), "{stricter:?}");
        }
        for (one, other) in [
            (of(&["rm"]), of(&["rm", "rm -rf"])),
            (of(&["RM"]), of(&["rm"])),
            (of(&["a"]), of(&["b"])),
        ] {
            assert!(!one.is_stricter_than(&other), "{one:?}");
            assert!(!other.is_stricter_than(&one), "{one:?}");
        }
    }

    #[test]
    fn a_diff_says_what_changes_and_nothing_else() {
        let after = settings(|s| s.max_tokens = 1);
        assert_eq!(
            Settings::default().format_diff(&after),
            "max_tokens: 4096 -> 1"
        );
        assert_eq!(after.format_diff(&after), "no setting differs");
    }
}
