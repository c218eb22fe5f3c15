//! Limits in, the pairs of them that defeat each other out.
//!
//! Each limit may be fine by itself; what is reported here is that together
//! they do not do what somebody meant by writing them.

use std::fmt;

use agentos_runtime::{Number, table::Limits};

use super::Setting;

/// A request needs at least this long to do anything.
const SHORTEST_TIMEOUT_MS: u64 = 5_000;

/// Settings that defeat each other, or themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Executions are refused before they are ever slowed down.
    BackpressureNeverTriggers {
        /// From where on they are slowed down.
        backpressure_threshold: u64,
        /// From where on they are refused.
        max_concurrent: u64,
    },
    /// Tools are allowed, and not one call.
    ToolsWithoutCalls {
        /// How many tools.
        allowed: usize,
    },
    /// Every confidence reaches 0.
    ConfidenceUnchecked,
    /// Hardly anything ends that soon.
    TimeoutTooShort {
        /// How soon.
        timeout_ms: u64,
    },
    /// No drift exceeds 1.
    DriftUnchecked,
    /// Every text has this pattern.
    BlocksEverything {
        /// Which entry of `blocked_patterns`, counted from 0.
        entry: usize,
    },
}

/// Every conflict among `limits`, beside so many allowed tools.
///
/// ```
/// use agentos_compiler::governance::{Conflict, conflicts};
/// use agentos_runtime::table::Limits;
///
/// let limits = Limits { timeout_ms: Some(1_000), ..Limits::default() };
/// assert_eq!(conflicts(&limits, 0), [Conflict::TimeoutTooShort { timeout_ms: 1_000 }]);
/// ```
pub fn conflicts(limits: &Limits, allowed_tools: usize) -> Vec<Conflict> {
    let mut found = Vec::new();
    if let (Some(backpressure_threshold), Some(max_concurrent)) =
        (limits.backpressure_threshold, limits.max_concurrent)
        && backpressure_threshold >= max_concurrent
    {
        found.push(Conflict::BackpressureNeverTriggers {
            backpressure_threshold,
            max_concurrent,
        });
    }
    if limits.max_tool_calls == Some(0) && allowed_tools > 0 {
        found.push(Conflict::ToolsWithoutCalls {
            allowed: allowed_tools,
        });
    }
    if limits.confidence_threshold == Some(Number::from(0)) {
        found.push(Conflict::ConfidenceUnchecked);
    }
    if let Some(timeout_ms) = limits.timeout_ms
        && timeout_ms < SHORTEST_TIMEOUT_MS
    {
        found.push(Conflict::TimeoutTooShort { timeout_ms });
    }
    if limits.drift_threshold == Some(Number::from(1)) {
        found.push(Conflict::DriftUnchecked);
    }
    found
}

impl Conflict {
    /// The settings that take part, the one to change first.
    pub fn settings(self) -> &'static [Setting] {
        match self {
            Conflict::BackpressureNeverTriggers { .. } => {
                &[Setting::BackpressureThreshold, Setting::MaxConcurrent]
            }
            Conflict::ToolsWithoutCalls { .. } => &[Setting::MaxToolCalls, Setting::AllowedTools],
            Conflict::ConfidenceUnchecked => &[Setting::ConfidenceThreshold],
            Conflict::TimeoutTooShort { .. } => &[Setting::TimeoutSeconds],
            Conflict::DriftUnchecked => &[Setting::DriftThreshold],
            Conflict::BlocksEverything { .. } => &[Setting::BlockedPatterns],
        }
    }

    /// What to write instead.
    pub fn help(self) -> String {
        match self {
            Conflict::BackpressureNeverTriggers { max_concurrent, .. } => match max_concurrent {
                0 | 1 => "raise `max_concurrent` above `backpressure_threshold`".to_owned(),
                _ => format!(
                    "write a `backpressure_threshold` from 1 to {}",
                    max_concurrent - 1
                ),
            },
            Conflict::ToolsWithoutCalls { .. } => {
                "raise `max_tool_calls`, or take the allowed tools out".to_owned()
            }
            Conflict::ConfidenceUnchecked => {
                "write a `confidence_threshold` above 0, such as 0.8".to_owned()
            }
            Conflict::TimeoutTooShort { .. } => {
                format!("write at least {} seconds", SHORTEST_TIMEOUT_MS / 1_000)
            }
            Conflict::DriftUnchecked => {
                "write a `drift_threshold` below 1, such as 0.15".to_owned()
            }
            Conflict::BlocksEverything { .. } => {
                "say what must be there, or take the pattern out".to_owned()
            }
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Conflict::BackpressureNeverTriggers {
                backpressure_threshold,
                max_concurrent,
            } => {
                write!(
                    f,
                    "backpressure never begins: `backpressure_threshold` is \
                     {backpressure_threshold} and `max_concurrent` is {max_concurrent}"
                )
            }
            Conflict::ToolsWithoutCalls { allowed } => {
                let tools = if *allowed == 1 {
                    "tool is"
                } else {
                    "tools are"
                };
                write!(f, "{allowed} {tools} allowed, and `max_tool_calls` is 0")
            }
            Conflict::ConfidenceUnchecked => {
                f.write_str("`confidence_threshold` is 0, which every confidence reaches")
            }
            Conflict::TimeoutTooShort { timeout_ms } => {
                let (seconds, rest) = (timeout_ms / 1_000, timeout_ms % 1_000);
                match rest {
                    0 => write!(f, "`timeout_seconds` is {seconds}")?,
                    _ => write!(f, "the timeout is {timeout_ms} ms")?,
                }
                f.write_str(", in which hardly anything ends")
            }
            Conflict::DriftUnchecked => {
                f.write_str("`drift_threshold` is 1, which no drift exceeds")
            }
            Conflict::BlocksEverything { entry } => {
                write!(
                    f,
                    "every text has `blocked_patterns[{entry}]`, so everything is blocked"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_nobody_set_do_not_conflict() {
        assert_eq!(conflicts(&Limits::default(), 3), []);
        let half = Limits {
            backpressure_threshold: Some(8),
            ..Limits::default()
        };
        assert_eq!(conflicts(&half, 0), []);
    }

    #[test]
    fn all_conflicts_are_reported_in_one_order() {
        let limits = Limits {
            max_tool_calls: Some(0),
            timeout_ms: Some(1),
            max_concurrent: Some(10),
            backpressure_threshold: Some(10),
            confidence_threshold: Some(Number::from(0)),
            drift_threshold: Some(Number::from(1)),
            ..Limits::default()
        };
        assert_eq!(
            conflicts(&limits, 2),
            [
                Conflict::BackpressureNeverTriggers {
                    backpressure_threshold: 10,
                    max_concurrent: 10
                },
                Conflict::ToolsWithoutCalls { allowed: 2 },
                Conflict::ConfidenceUnchecked,
                Conflict::TimeoutTooShort { timeout_ms: 1 },
                Conflict::DriftUnchecked,
            ]
        );
    }

    #[test]
    fn the_smallest_positive_confidence_is_still_one() {
        let tiny = "0.000000000001".parse().ok();
        let limits = Limits {
            confidence_threshold: tiny,
            ..Limits::default()
        };
        assert_eq!(conflicts(&limits, 0), []);
    }
}
