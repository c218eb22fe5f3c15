//! The settings of a governance policy as plain data; which of them are out of
//! their range, and which defeat each other, out.

use agentos_runtime::{Number, table::Limits};
use serde_json::{Map, Value, json};

use super::{
    Conflict, Invalid, InvalidPolicy, PatternType, Problem, Setting, conflicts,
    matching::blocks_everything,
    setting::{LARGEST_INTEGER, Takes},
};

/// How many entries a list of a policy may have.
pub const MOST_ENTRIES: usize = 10_000;

/// What a governance policy says, before anybody asks whether it may.
///
/// ```
/// use agentos_compiler::governance::{GovernancePolicy, Settings};
///
/// let policy = GovernancePolicy::new(Settings {
///     name: "careful".to_owned(),
///     max_tool_calls: 5,
///     blocked_patterns: vec!["password".into()],
///     ..Settings::default()
/// })?;
/// assert_eq!(policy.timeout_seconds, 300);
/// # Ok::<(), agentos_compiler::governance::InvalidPolicy>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What people call the policy.
    pub name: String,
    /// Most tokens a request.
    pub max_tokens: u64,
    /// Most tool calls a request; 0 forbids them.
    pub max_tool_calls: u64,
    /// The tools that may be called; none listed: all.
    pub allowed_tools: Vec<String>,
    /// What must not stand in a text.
    pub blocked_patterns: Vec<BlockedPattern>,
    /// Whether a person approves each tool call.
    pub require_human_approval: bool,
    /// Most seconds a request.
    pub timeout_seconds: u64,
    /// Least confidence, 0 to 1.
    pub confidence_threshold: f64,
    /// Most semantic drift, 0 to 1.
    pub drift_threshold: f64,
    /// Whether every tool call is logged.
    pub log_all_calls: bool,
    /// A checkpoint every so many calls.
    pub checkpoint_frequency: u64,
    /// Most executions at one time.
    pub max_concurrent: u64,
    /// Executions at one time from which on they are slowed down.
    pub backpressure_threshold: u64,
    /// Which version of the policy this is.
    pub version: String,
}

/// A blocked pattern: a text alone, found as a substring, or with its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BlockedPattern {
    /// Found as a substring.
    Plain(String),
    /// Found as its type says.
    Typed(String, PatternType),
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            name: "default".to_owned(),
            max_tokens: 4096,
            max_tool_calls: 10,
            allowed_tools: Vec::new(),
            blocked_patterns: Vec::new(),
            require_human_approval: false,
            timeout_seconds: 300,
            confidence_threshold: 0.8,
            drift_threshold: 0.15,
            log_all_calls: true,
            checkpoint_frequency: 5,
            max_concurrent: 10,
            backpressure_threshold: 8,
            version: "1.0.0".to_owned(),
        }
    }
}

impl Settings {
    /// Whether every setting is in its range.
    ///
    /// # Errors
    ///
    /// Every setting that is not.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        InvalidPolicy::check(self.problems(&|entry| entry))
    }

    /// What is out of range; `entry_of` says which entry of the source a
    /// blocked pattern was.
    pub(super) fn problems(&self, entry_of: &dyn Fn(usize) -> usize) -> Vec<Invalid> {
        let mut found = Vec::new();
        for (setting, value) in [
            (Setting::MaxTokens, self.max_tokens),
            (Setting::MaxToolCalls, self.max_tool_calls),
            (Setting::TimeoutSeconds, self.timeout_seconds),
            (Setting::MaxConcurrent, self.max_concurrent),
            (Setting::BackpressureThreshold, self.backpressure_threshold),
            (Setting::CheckpointFrequency, self.checkpoint_frequency),
        ] {
            let least = u64::from(setting.takes() == Takes::PositiveInteger);
            if !(least..=LARGEST_INTEGER).contains(&value) {
                found.push(Invalid::wrong(setting.name(), setting.takes(), value));
            }
        }
        for (setting, value) in [
            (Setting::ConfidenceThreshold, self.confidence_threshold),
            (Setting::DriftThreshold, self.drift_threshold),
        ] {
            if fraction(setting, value).is_none() {
                found.push(Invalid::wrong(setting.name(), setting.takes(), value));
            }
        }
        for (setting, text) in [
            (Setting::Name, &self.name),
            (Setting::Version, &self.version),
        ] {
            if text.is_empty() {
                found.push(Invalid::wrong(
                    setting.name(),
                    setting.takes(),
                    "an empty text",
                ));
            }
        }
        for (setting, count) in [
            (Setting::AllowedTools, self.allowed_tools.len()),
            (Setting::BlockedPatterns, self.blocked_patterns.len()),
        ] {
            if count > MOST_ENTRIES {
                let problem = Problem::TooMany {
                    count,
                    most: MOST_ENTRIES,
                };
                found.push(Invalid::new(setting.name(), problem));
            }
        }
        for (at, pattern) in self.blocked_patterns.iter().enumerate() {
            if pattern.text().is_empty() {
                found.push(Invalid::new(
                    pattern_place(entry_of(at)),
                    Problem::EmptyPattern,
                ));
            }
        }
        found
    }

    /// Settings that defeat each other, in a fixed order.
    ///
    /// ```
    /// use agentos_compiler::governance::{Conflict, Settings};
    ///
    /// let settings = Settings { max_concurrent: 4, ..Settings::default() };
    /// assert_eq!(
    ///     settings.detect_conflicts(),
    ///     [Conflict::BackpressureNeverTriggers { backpressure_threshold: 8, max_concurrent: 4 }]
    /// );
    /// ```
    pub fn detect_conflicts(&self) -> Vec<Conflict> {
        let mut found = conflicts(&self.limits(), self.allowed_tools.len());
        for (entry, pattern) in self.blocked_patterns.iter().enumerate() {
            if blocks_everything(pattern) {
                found.push(Conflict::BlocksEverything { entry });
            }
        }
        found
    }

    /// The bounds a kernel keeps for this policy. A threshold out of its range
    /// is left out.
    pub fn limits(&self) -> Limits {
        Limits {
            max_tokens: Some(self.max_tokens),
            max_tool_calls: Some(self.max_tool_calls),
            timeout_ms: Some(self.timeout_seconds.saturating_mul(1_000)),
            max_concurrent: Some(self.max_concurrent),
            backpressure_threshold: Some(self.backpressure_threshold),
            confidence_threshold: fraction(Setting::ConfidenceThreshold, self.confidence_threshold),
            drift_threshold: fraction(Setting::DriftThreshold, self.drift_threshold),
            log_all_calls: Some(self.log_all_calls),
            checkpoint_frequency: Some(self.checkpoint_frequency),
        }
    }

    /// One setting as a JSON value.
    pub fn get(&self, setting: Setting) -> Value {
        match setting {
            Setting::Name => json!(self.name),
            Setting::MaxTokens => json!(self.max_tokens),
            Setting::MaxToolCalls => json!(self.max_tool_calls),
            Setting::AllowedTools => json!(self.allowed_tools),
            Setting::BlockedPatterns => self
                .blocked_patterns
                .iter()
                .map(BlockedPattern::to_value)
                .collect(),
            Setting::RequireHumanApproval => json!(self.require_human_approval),
            Setting::TimeoutSeconds => json!(self.timeout_seconds),
            Setting::ConfidenceThreshold => json!(self.confidence_threshold),
            Setting::DriftThreshold => json!(self.drift_threshold),
            Setting::LogAllCalls => json!(self.log_all_calls),
            Setting::CheckpointFrequency => json!(self.checkpoint_frequency),
            Setting::MaxConcurrent => json!(self.max_concurrent),
            Setting::BackpressureThreshold => json!(self.backpressure_threshold),
            Setting::Version => json!(self.version),
        }
    }

    /// All settings as a JSON object, in the order in which policies are written.
    pub fn to_dict(&self) -> Map<String, Value> {
        Setting::ALL
            .into_iter()
            .map(|setting| (setting.name().to_owned(), self.get(setting)))
            .collect()
    }
}

impl BlockedPattern {
    /// The text to find.
    pub fn text(&self) -> &str {
        match self {
            BlockedPattern::Plain(text) | BlockedPattern::Typed(text, _) => text,
        }
    }

    /// How it is found.
    pub fn kind(&self) -> PatternType {
        match self {
            BlockedPattern::Plain(_) => PatternType::Substring,
            BlockedPattern::Typed(_, kind) => *kind,
        }
    }

    fn to_value(&self) -> Value {
        match self {
            BlockedPattern::Plain(text) => json!(text),
            BlockedPattern::Typed(text, kind) => {
                json!({"pattern": text, "type": type_name(*kind)})
            }
        }
    }
}

impl From<&str> for BlockedPattern {
    fn from(text: &str) -> BlockedPattern {
        BlockedPattern::Plain(text.to_owned())
    }
}

impl From<(&str, PatternType)> for BlockedPattern {
    fn from((text, kind): (&str, PatternType)) -> BlockedPattern {
        BlockedPattern::Typed(text.to_owned(), kind)
    }
}

/// As policies write it.
pub(super) fn type_name(kind: PatternType) -> &'static str {
    match kind {
        PatternType::Substring => "substring",
        PatternType::Regex => "regex",
        PatternType::Glob => "glob",
    }
}

pub(super) const TYPES: [PatternType; 3] = [
    PatternType::Substring,
    PatternType::Regex,
    PatternType::Glob,
];

pub(super) fn pattern_place(entry: usize) -> String {
    format!("{}[{entry}]", Setting::BlockedPatterns)
}

/// `value` as an exact number, where `setting` takes it.
fn fraction(setting: Setting, value: f64) -> Option<Number> {
    // The shortest digits that are this number; without an exponent.
    setting
        .takes()
        .fraction(&value.abs().to_string())
        .filter(|_| value >= 0.0)
}
