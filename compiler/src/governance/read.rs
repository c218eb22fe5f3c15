//! A JSON or YAML value in, settings and everything that is wrong with their
//! kinds out.
//!
//! What cannot be read keeps its default, so that what can be is judged too.
//! Ranges are judged afterwards, as for settings made in Rust.

use super::{
    BlockedPattern, Invalid, PatternType, Problem, Setting, Settings,
    given::Given,
    setting::{Takes, whole},
    settings::{TYPES, pattern_place, type_name},
};
use crate::nearest::nearest;

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
