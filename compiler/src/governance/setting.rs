//! The settings of a `GovernancePolicy`: their names, what each takes, and
//! whether a given value is that.
//!
//! The native `limits` take the same numbers, so they are judged here too.

use std::fmt;

use agentos_runtime::Number;

/// The largest whole number a setting takes: 2^53, up to which every reader of
/// JSON and YAML agrees.
pub const LARGEST_INTEGER: u64 = 1 << 53;

/// One setting, in the order in which policies are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// `name`
    Name,
    /// `max_tokens`
    MaxTokens,
    /// `max_tool_calls`
    MaxToolCalls,
    /// `allowed_tools`
    AllowedTools,
    /// `blocked_patterns`
    BlockedPatterns,
    /// `require_human_approval`
    RequireHumanApproval,
    /// `timeout_seconds`
    TimeoutSeconds,
    /// `confidence_threshold`
    ConfidenceThreshold,
    /// `drift_threshold`
    DriftThreshold,
    /// `log_all_calls`
    LogAllCalls,
    /// `checkpoint_frequency`
    CheckpointFrequency,
    /// `max_concurrent`
    MaxConcurrent,
    /// `backpressure_threshold`
    BackpressureThreshold,
    /// `version`
    Version,
}

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A whole number above 0.
    PositiveInteger,
    /// A whole number, 0 included.
    Count,
    /// A number from 0 to 1.
    Fraction,
    /// `true` or `false`.
    Boolean,
    /// A text with something in it.
    FilledText,
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// A list of patterns.
    Patterns,
    /// A text, or a mapping with `pattern` and `type`.
    Pattern,
    /// `substring`, `regex` or `glob`.
    PatternType,
    /// Settings with their values.
    Mapping,
}

impl Setting {
    /// Every setting, in the order in which policies are written.
    pub const ALL: [Setting; 14] = [
        Setting::Name,
        Setting::MaxTokens,
        Setting::MaxToolCalls,
        Setting::AllowedTools,
        Setting::BlockedPatterns,
        Setting::RequireHumanApproval,
        Setting::TimeoutSeconds,
        Setting::ConfidenceThreshold,
        Setting::DriftThreshold,
        Setting::LogAllCalls,
        Setting::CheckpointFrequency,
        Setting::MaxConcurrent,
        Setting::BackpressureThreshold,
        Setting::Version,
    ];

    /// As policies write it.
    pub fn name(self) -> &'static str {
        match self {
            Setting::Name => "name",
            Setting::MaxTokens => "max_tokens",
            Setting::MaxToolCalls => "max_tool_calls",
            Setting::AllowedTools => "allowed_tools",
            Setting::BlockedPatterns => "blocked_patterns",
            Setting::RequireHumanApproval => "require_human_approval",
            Setting::TimeoutSeconds => "timeout_seconds",
            Setting::ConfidenceThreshold => "confidence_threshold",
            Setting::DriftThreshold => "drift_threshold",
            Setting::LogAllCalls => "log_all_calls",
            Setting::CheckpointFrequency => "checkpoint_frequency",
            Setting::MaxConcurrent => "max_concurrent",
            Setting::BackpressureThreshold => "backpressure_threshold",
            Setting::Version => "version",
        }
    }

    /// The setting of this name.
    pub fn named(name: &str) -> Option<Setting> {
        Setting::ALL
            .into_iter()
            .find(|setting| setting.name() == name)
    }

    /// What it takes.
    pub fn takes(self) -> Takes {
        match self {
            Setting::Name | Setting::Version => Takes::FilledText,
            Setting::MaxToolCalls => Takes::Count,
            Setting::AllowedTools => Takes::Texts,
            Setting::BlockedPatterns => Takes::Patterns,
            Setting::RequireHumanApproval | Setting::LogAllCalls => Takes::Boolean,
            Setting::ConfidenceThreshold | Setting::DriftThreshold => Takes::Fraction,
            Setting::MaxTokens
            | Setting::TimeoutSeconds
            | Setting::CheckpointFrequency
            | Setting::MaxConcurrent
            | Setting::BackpressureThreshold => Takes::PositiveInteger,
        }
    }

    /// Where its problems stand among those of other settings: numbers first,
    /// then lists, then texts and switches.
    pub(super) fn rank(self) -> usize {
        match self {
            Setting::MaxTokens => 0,
            Setting::MaxToolCalls => 1,
            Setting::TimeoutSeconds => 2,
            Setting::MaxConcurrent => 3,
            Setting::BackpressureThreshold => 4,
            Setting::CheckpointFrequency => 5,
            Setting::ConfidenceThreshold => 6,
            Setting::DriftThreshold => 7,
            Setting::AllowedTools => 8,
            Setting::Version => 9,
            Setting::BlockedPatterns => 10,
            Setting::Name => 11,
            Setting::RequireHumanApproval => 12,
            Setting::LogAllCalls => 13,
        }
    }
}

impl Takes {
    /// `text` as the whole number this takes; `None` where it is another kind
    /// of number, or takes none.
    ///
    /// ```
    /// use agentos_compiler::governance::Takes;
    ///
    /// assert_eq!(Takes::Count.integer("0"), Some(0));
    /// assert_eq!(Takes::PositiveInteger.integer("0"), None);
    /// assert_eq!(Takes::PositiveInteger.integer("5.0"), None);
    /// ```
    pub fn integer(self, text: &str) -> Option<u64> {
        let least = match self {
            Takes::PositiveInteger => 1,
            Takes::Count => 0,
            Takes::Fraction
            | Takes::Boolean
            | Takes::FilledText
            | Takes::Text
            | Takes::Texts
            | Takes::Patterns
            | Takes::Pattern
            | Takes::PatternType
            | Takes::Mapping => return None,
        };
        let number = whole(text)?;
        (least..=LARGEST_INTEGER)
            .contains(&number)
            .then_some(number)
    }

    /// `text` as a number from 0 to 1, where this is what is taken.
    pub fn fraction(self, text: &str) -> Option<Number> {
        if self != Takes::Fraction {
            return None;
        }
        let number: Number = text.parse().ok()?;
        (number >= Number::from(0) && number <= Number::from(1)).then_some(number)
    }
}

/// Digits, and nothing else.
pub(super) fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Reads after "must be".
impl fmt::Display for Takes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Takes::PositiveInteger => {
                write!(f, "a whole number from 1 to {LARGEST_INTEGER}")
            }
            Takes::Count => write!(f, "a whole number from 0 to {LARGEST_INTEGER}"),
            Takes::Fraction => f.write_str("a number from 0 to 1"),
            Takes::Boolean => f.write_str("true or false"),
            Takes::FilledText => f.write_str("a text that is not empty"),
            Takes::Text => f.write_str("a text"),
            Takes::Texts => f.write_str("a list of texts"),
            Takes::Patterns => f.write_str("a list of patterns"),
            Takes::Pattern => f.write_str("a text, or a mapping with `pattern` and `type`"),
            Takes::PatternType => f.write_str("`substring`, `regex` or `glob`"),
            Takes::Mapping => f.write_str("a mapping of settings to values"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_found_by_its_name() {
        for setting in Setting::ALL {
            assert_eq!(Setting::named(setting.name()), Some(setting));
        }
        assert_eq!(Setting::named("max_token"), None);
    }

    #[test]
    fn whole_numbers_stop_where_readers_begin_to_differ() {
        let takes = Takes::PositiveInteger;
        assert_eq!(takes.integer("9007199254740992"), Some(LARGEST_INTEGER));
        assert_eq!(takes.integer("9007199254740993"), None);
        assert_eq!(takes.integer("99999999999999999999999"), None);
        for text in ["", "-1", "+1", "1.0", "1e3", "1_000", " 1", "١"] {
            assert_eq!(takes.integer(text), None, "{text}");
        }
    }

    #[test]
    fn fractions_are_compared_exactly() {
        let takes = Takes::Fraction;
        assert_eq!(takes.fraction("1"), Some(Number::from(1)));
        assert_eq!(takes.fraction("0.0"), Some(Number::from(0)));
        for text in [
            "1.00000000000000000000000000000001",
            "-0.1",
            "NaN",
            "inf",
            "1e308",
            "80%",
        ] {
            assert_eq!(takes.fraction(text), None, "{text}");
        }
    }
}
