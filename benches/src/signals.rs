//! The signals of intents: the shipped policy in, expressions of Python's `re` out.

use agentos_grammar::{SourceId, ast::Item, parse};

/// The policy that has them.
const POLICY: &str = include_str!("../../policies/intents.policy");

/// How many there are.
pub const COUNT: usize = 47;

/// One signal: an expression that is searched for, in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// All of it.
    pub expression: &'static str,
    /// What stands before the look-ahead that ends it, where there is one:
    /// what engines without look-ahead can search for.
    pub before_look_ahead: Option<&'static str>,
}

/// All signals, in the order of the policy.
///
/// # Panics
///
/// When the policy is not one.
pub fn signals() -> Vec<Signal> {
    let (file, errors) = parse(SourceId(0), POLICY);
    assert!(
        errors.is_empty(),
        "the policy is checked before it is shipped: {errors:?}"
    );
    let items = file
        .policies
        .into_iter()
        .flat_map(|policy| policy.node.items);
    let intents = items.filter_map(|item| match item.node {
        Item::Intent(intent) => Some(intent.signals),
        _ => None,
    });
    let signal = |signal: agentos_grammar::ast::Signal| {
        let before: &'static str = signal.pattern.node.leak();
        match signal.unless_followed_by {
            None => Signal {
                expression: before,
                before_look_ahead: None,
            },
            Some(follower) => Signal {
                expression: format!("{before}(?!{})", follower.node).leak(),
                before_look_ahead: Some(before),
            },
        }
    };
    intents.flatten().map(|one| signal(one.node)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_signals_are_there_and_two_look_ahead() {
        let signals = signals();
        assert_eq!(signals.len(), COUNT);
        let ahead = signals
            .iter()
            .filter_map(|signal| signal.before_look_ahead)
            .collect::<Vec<_>>();
        assert_eq!(ahead, [r"\bDELETE\s+FROM\b", r"\bSELECT\b"]);
    }
}
