//! `GovernancePolicy`: settings for an agent, as a program holds them while it
//! runs: made from Rust, JSON or YAML, out comes a policy that is right in
//! every setting, or everything that is wrong with it.
//!
//! Which settings defeat each other ([`conflicts`]) and what each takes
//! ([`Takes`]) is also what the checks of policy files ask.
//!
//! Contents: [`Settings`] are the data, [`GovernancePolicy`] the checked ones;
//! [`InvalidPolicy`] says what is wrong; [`Conflict`] what is right by itself
//! and not together; [`Diff`] what two policies differ in.

mod compare;
mod conflict;
mod given;
mod invalid;
mod matching;
mod read;
mod setting;
mod settings;
mod yaml;

use std::{fmt, ops::Deref};

use serde_json::Value;

pub use agentos_grammar::ast::PatternKind as PatternType;
pub use compare::{Change, Diff, Versions};
pub use conflict::{Conflict, conflicts};
pub use invalid::{Invalid, InvalidPolicy, Problem};
pub use setting::{LARGEST_INTEGER, Setting, Takes};
pub use settings::{BlockedPattern, MOST_ENTRIES, Settings};

use given::Given;
use matching::Matchers;
use read::Draft;

/// Settings that hold what they promise: every one in its range, every blocked
/// pattern readable. Reads like its [`Settings`].
#[derive(Clone, Debug)]
pub struct GovernancePolicy {
    settings: Settings,
    matchers: Matchers,
}

/// What governance reports while agents run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GovernanceEventType {
    /// A policy was asked.
    PolicyCheck,
    /// A policy was broken.
    PolicyViolation,
    /// A tool call was refused.
    ToolCallBlocked,
    /// A checkpoint was made.
    CheckpointCreated,
    /// An agent strayed from its task.
    DriftDetected,
}

impl GovernancePolicy {
    /// The policy of these settings.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them, not only the first.
    pub fn new(settings: Settings) -> Result<GovernancePolicy, InvalidPolicy> {
        let entries = (0..settings.blocked_patterns.len()).collect();
        GovernancePolicy::build(Draft {
            settings,
            problems: Vec::new(),
            entries,
        })
    }

    /// The policy that a JSON object describes; what it leaves out has its
    /// default.
    ///
    /// ```
    /// use agentos_compiler::governance::GovernancePolicy;
    /// use serde_json::json;
    ///
    /// let wrong = json!({"max_token": 5, "version": 2});
    /// let error = GovernancePolicy::from_dict(&wrong).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "no setting is called `max_token`; did you mean `max_tokens`?\n\
    ///      `version` must be a text that is not empty, and is `2`"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it: values of the wrong kind or range,
    /// and names that are no settings.
    pub fn from_dict(data: &Value) -> Result<GovernancePolicy, InvalidPolicy> {
        GovernancePolicy::build(read::read(&Given::json(data), true))
    }

    /// The same, where a pattern of type `substring` stays one that was given
    /// with its type.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn from_fields(fields: &Value) -> Result<GovernancePolicy, InvalidPolicy> {
        GovernancePolicy::build(read::read(&Given::json(fields), false))
    }

    /// The policy that a YAML text describes.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, with its lines; also two equal keys,
    /// and values that readers of YAML take for different things.
    pub fn from_yaml(text: &str) -> Result<GovernancePolicy, InvalidPolicy> {
        GovernancePolicy::build(yaml::read(text))
    }

    fn build(draft: Draft) -> Result<GovernancePolicy, InvalidPolicy> {
        let Draft {
            settings,
            mut problems,
            entries,
        } = draft;
        let entry_of = |at: usize| entries.get(at).copied().unwrap_or(at);
        problems.extend(settings.problems(&entry_of));
        let matchers = match Matchers::new(&settings.blocked_patterns, &entry_of) {
            Ok(matchers) => matchers,
            Err(more) => {
                problems.extend(more);
                Matchers::default()
            }
        };
        InvalidPolicy::check(problems)?;
        Ok(GovernancePolicy { settings, matchers })
    }

    /// The settings, to change some of them and make another policy.
    pub fn into_settings(self) -> Settings {
        self.settings
    }

    /// The blocked patterns that `text` matches, in the policy's order.
    ///
    /// ```
    /// use agentos_compiler::governance::{GovernancePolicy, PatternType, Settings};
    ///
    /// let policy = GovernancePolicy::new(Settings {
    ///     blocked_patterns: vec!["password".into(), (r"rm\s+-rf", PatternType::Regex).into()],
    ///     ..Settings::default()
    /// })?;
    /// assert_eq!(policy.matches_pattern("RM  -rf my Passwords"), ["password", r"rm\s+-rf"]);
    /// # Ok::<(), agentos_compiler::governance::InvalidPolicy>(())
    /// ```
    pub fn matches_pattern(&self, text: &str) -> Vec<&str> {
        let patterns = &self.settings.blocked_patterns;
        self.matchers
            .find(text)
            .into_iter()
            .filter_map(|at| patterns.get(at))
            .map(BlockedPattern::text)
            .collect()
    }
}

/// The conflicts of what a JSON object describes, also where something else is
/// wrong with it; what cannot be read has its default.
pub fn conflicts_of(data: &Value) -> Vec<Conflict> {
    read::read(&Given::json(data), true)
        .settings
        .detect_conflicts()
}

impl Default for GovernancePolicy {
    /// The policy of the default settings.
    fn default() -> GovernancePolicy {
        GovernancePolicy {
            settings: Settings::default(),
            matchers: Matchers::default(),
        }
    }
}

impl Deref for GovernancePolicy {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.settings
    }
}

impl PartialEq for GovernancePolicy {
    fn eq(&self, other: &GovernancePolicy) -> bool {
        self.settings == other.settings
    }
}

/// The policy in a line: what it is called, and its main bounds.
impl fmt::Display for GovernancePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, setting) in [
            Setting::Name,
            Setting::Version,
            Setting::MaxTokens,
            Setting::MaxToolCalls,
            Setting::RequireHumanApproval,
        ]
        .into_iter()
        .enumerate()
        {
            if at > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{setting}: {}", self.get(setting))?;
        }
        Ok(())
    }
}

impl GovernanceEventType {
    /// Every type.
    pub const ALL: [GovernanceEventType; 5] = [
        GovernanceEventType::PolicyCheck,
        GovernanceEventType::PolicyViolation,
        GovernanceEventType::ToolCallBlocked,
        GovernanceEventType::CheckpointCreated,
        GovernanceEventType::DriftDetected,
    ];

    /// As reports write it: `policy_check`.
    pub fn name(self) -> &'static str {
        match self {
            GovernanceEventType::PolicyCheck => "policy_check",
            GovernanceEventType::PolicyViolation => "policy_violation",
            GovernanceEventType::ToolCallBlocked => "tool_call_blocked",
            GovernanceEventType::CheckpointCreated => "checkpoint_created",
            GovernanceEventType::DriftDetected => "drift_detected",
        }
    }
}

impl fmt::Display for GovernanceEventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
