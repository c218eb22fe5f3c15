//! Bounds on what is read, each with a name that its error gives.

/// The largest source text, in bytes.
pub const MAX_SOURCE_BYTES: usize = 8 * 1024 * 1024;

/// How deep brackets, `not`s and comments may stand in each other in the policy language.
pub const MAX_NESTING: usize = 64;

/// How many words, texts and signs a source in the policy language may hold.
pub const MAX_TOKENS: usize = 1_000_000;

/// How many `#` may stand around a raw text: `r###"…"###`.
pub const MAX_RAW_MARKS: usize = 3;

/// How deep lists and mappings of a YAML text may stand in each other.
pub const MAX_YAML_NESTING: usize = 64;

/// How many texts, lists and mappings a YAML text may hold.
pub const MAX_YAML_NODES: usize = 1_000_000;

/// How many nodes the aliases of a YAML text may repeat together.
pub const MAX_ALIAS_NODES: usize = 10_000;

/// How many bytes of text the aliases of a YAML text may repeat together.
pub const MAX_ALIAS_BYTES: usize = 1024 * 1024;

/// How many mistakes of one source are listed.
pub const MAX_ERRORS: usize = 1_000;
