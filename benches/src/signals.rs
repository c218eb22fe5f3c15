//! The signals of intents, as the reference has them: a shipped file in, expressions of Python's `re` out.

/// The reference's signals, one a line: category, weight, expression, meaning.
const FILE: &str = include_str!("../data/intent-signals.tsv");

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

/// All signals.
///
/// # Panics
///
/// When a line has no expression.
pub fn signals() -> Vec<Signal> {
    let lines = FILE.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let expression = line.split('\t').nth(2).expect("the third is an expression");
            Signal {
                expression,
                before_look_ahead: expression.find("(?!").map(|at| &expression[..at]),
            }
        })
        .collect()
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
