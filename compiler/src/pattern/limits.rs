//! What a pattern may cost, each bound with its name.

/// The largest automaton a pattern may become, in bytes; what the `regex` crate permits of itself.
pub const AUTOMATON_BYTES: usize = 10 << 20;

/// The longest text of a pattern, in bytes.
pub const PATTERN_BYTES: usize = 64 << 10;

/// The deepest nesting of groups.
pub const GROUP_DEPTH: u32 = 150;

/// How many times as many parts a pattern may have once its assertions are worked into it.
pub const EXPANSION: usize = 16;

/// The most repeats of a group that holds an assertion which looks out of it.
pub const UNROLLED: u32 = 64;

/// What a pattern may cost; [`Default`] is what [`compile`](super::compile) is meant to be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The largest automaton, in bytes.
    pub automaton_bytes: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            automaton_bytes: AUTOMATON_BYTES,
        }
    }
}
