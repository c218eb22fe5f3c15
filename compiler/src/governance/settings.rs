//! The settings of a governance policy as plain data, and whether each of them
//! is in its range.
//!
//! [`read`] makes them of a JSON or YAML value, where a setting may also be of
//! the wrong kind. Both ways every problem is reported, not only the first.

use agentos_runtime::{Number, table::Limits};
use serde_json::{Map, Value, json};

use super::{
    Conflict, Invalid, InvalidPolicy, PatternType, Problem, Setting, conflicts,
    given::Given,
    matching::blocks_everything,
    setting::{LARGEST_INTEGER, Takes, whole},
};
use crate::nearest::nearest;

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

const TYPES: [PatternType; 3] = [
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

/// Settings that were read, and what was wrong on the way.
pub(super) struct Draft {
    /// What could be read; the default where nothing could. A boolean in a
    /// number's place is refused, and counts as 1 or 0 for conflicts.
    pub(super) settings: Settings,
    /// Settings of the wrong kind, and names that are no settings.
    pub(super) problems: Vec<Invalid>,
    /// Which entry of the source each blocked pattern was.
    pub(super) entries: Vec<usize>,
}

/// Reads settings by name. `plain` turns a pattern of type `substring` into a
/// text alone, as policies that come from a file have it.
pub(super) fn read(given: &Given, plain: bool) -> Draft {
    let mut draft = Draft {
        settings: Settings::default(),
        problems: Vec::new(),
        entries: Vec::new(),
    };
    let Given::Mapping(entries) = given else {
        draft
            .problems
            .push(Invalid::wrong("", Takes::Mapping, given));
        return draft;
    };
    for (name, value) in entries {
        if let Some(setting) = Setting::named(name) {
            draft.set(setting, value, plain);
        } else {
            let names = Setting::ALL.iter().map(|setting| setting.name());
            let nearest = nearest(name, names).and_then(Setting::named);
            draft
                .problems
                .push(Invalid::new(name, Problem::Unknown { nearest }));
        }
    }
    draft
}

impl Draft {
    fn set(&mut self, setting: Setting, value: &Given, plain: bool) {
        match setting {
            Setting::AllowedTools => return self.allowed_tools(value),
            Setting::BlockedPatterns => return self.blocked_patterns(value, plain),
            Setting::Name
            | Setting::MaxTokens
            | Setting::MaxToolCalls
            | Setting::RequireHumanApproval
            | Setting::TimeoutSeconds
            | Setting::ConfidenceThreshold
            | Setting::DriftThreshold
            | Setting::LogAllCalls
            | Setting::CheckpointFrequency
            | Setting::MaxConcurrent
            | Setting::BackpressureThreshold
            | Setting::Version => {}
        }
        let fits = match (setting.takes(), value) {
            (Takes::PositiveInteger | Takes::Count, Given::Number(digits)) => {
                // What is out of range is left to `problems`, which says so.
                whole(digits).is_some_and(|number| self.integer(setting, number))
            }
            (Takes::PositiveInteger | Takes::Count, Given::Boolean(value)) => {
                self.integer(setting, u64::from(*value));
                false
            }
            (takes @ Takes::Fraction, Given::Number(digits)) => takes
                .fraction(digits)
                .is_some_and(|number| self.fraction(setting, number.to_f64())),
            (Takes::Boolean, Given::Boolean(value)) => self.boolean(setting, *value),
            (Takes::FilledText, Given::Text(text)) => self.text(setting, text),
            _ => false,
        };
        if !fits {
            self.problems
                .push(Invalid::wrong(setting.name(), setting.takes(), value));
        }
    }

    fn integer(&mut self, setting: Setting, value: u64) -> bool {
        let target = match setting {
            Setting::MaxTokens => &mut self.settings.max_tokens,
            Setting::MaxToolCalls => &mut self.settings.max_tool_calls,
            Setting::TimeoutSeconds => &mut self.settings.timeout_seconds,
            Setting::CheckpointFrequency => &mut self.settings.checkpoint_frequency,
            Setting::MaxConcurrent => &mut self.settings.max_concurrent,
            Setting::BackpressureThreshold => &mut self.settings.backpressure_threshold,
            Setting::Name
            | Setting::AllowedTools
            | Setting::BlockedPatterns
            | Setting::RequireHumanApproval
            | Setting::ConfidenceThreshold
            | Setting::DriftThreshold
            | Setting::LogAllCalls
            | Setting::Version => return false,
        };
        *target = value;
        true
    }

    fn fraction(&mut self, setting: Setting, value: f64) -> bool {
        match setting {
            Setting::ConfidenceThreshold => self.settings.confidence_threshold = value,
            _ => self.settings.drift_threshold = value,
        }
        true
    }

    fn boolean(&mut self, setting: Setting, value: bool) -> bool {
        match setting {
            Setting::RequireHumanApproval => self.settings.require_human_approval = value,
            _ => self.settings.log_all_calls = value,
        }
        true
    }

    fn text(&mut self, setting: Setting, text: &str) -> bool {
        match setting {
            Setting::Name => text.clone_into(&mut self.settings.name),
            _ => text.clone_into(&mut self.settings.version),
        }
        true
    }

    fn allowed_tools(&mut self, value: &Given) {
        let setting = Setting::AllowedTools;
        let Given::List(list) = value else {
            return self
                .problems
                .push(Invalid::wrong(setting.name(), setting.takes(), value));
        };
        for (at, entry) in list.iter().enumerate() {
            match entry {
                Given::Text(tool) => self.settings.allowed_tools.push(tool.clone()),
                _ => self.problems.push(Invalid::wrong(
                    format!("{setting}[{at}]"),
                    Takes::Text,
                    entry,
                )),
            }
        }
    }

    fn blocked_patterns(&mut self, value: &Given, plain: bool) {
        let setting = Setting::BlockedPatterns;
        let Given::List(list) = value else {
            return self
                .problems
                .push(Invalid::wrong(setting.name(), setting.takes(), value));
        };
        for (at, entry) in list.iter().enumerate() {
            match blocked_pattern(entry, &pattern_place(at)) {
                Ok(BlockedPattern::Typed(text, PatternType::Substring)) if plain => {
                    self.settings
                        .blocked_patterns
                        .push(BlockedPattern::Plain(text));
                    self.entries.push(at);
                }
                Ok(pattern) => {
                    self.settings.blocked_patterns.push(pattern);
                    self.entries.push(at);
                }
                Err(invalid) => self.problems.push(invalid),
            }
        }
    }
}

/// Keys beside `pattern` and `type` say nothing that is read: notes stand there.
fn blocked_pattern(entry: &Given, place: &str) -> Result<BlockedPattern, Invalid> {
    let entries = match entry {
        Given::Text(text) => return Ok(BlockedPattern::Plain(text.clone())),
        Given::Mapping(entries) => entries,
        Given::Null | Given::Boolean(_) | Given::Number(_) | Given::List(_) => {
            return Err(Invalid::wrong(place, Takes::Pattern, entry));
        }
    };
    let part = |name: &str| {
        entries
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    };
    let (Some(text), Some(kind)) = (part("pattern"), part("type")) else {
        return Err(Invalid::wrong(place, Takes::Pattern, entry));
    };
    let Given::Text(text) = text else {
        return Err(Invalid::wrong(
            format!("{place}.pattern"),
            Takes::Text,
            text,
        ));
    };
    let known = match kind {
        Given::Text(word) => TYPES.into_iter().find(|kind| type_name(*kind) == word),
        _ => None,
    };
    match known {
        Some(kind) => Ok(BlockedPattern::Typed(text.clone(), kind)),
        None => Err(Invalid::wrong(
            format!("{place}.type"),
            Takes::PatternType,
            kind,
        )),
    }
}
