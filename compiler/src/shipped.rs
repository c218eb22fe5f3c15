//! The policies we ship, by name, for `extends`.
//!
//! They are embedded as text and parsed on first use, so that `extends
//! baseline` works wherever the compiler does, also inside a macro. Their
//! source ids count from [`FIRST_ID`], so that places in them are told from
//! places in the user's own sources.

use std::sync::LazyLock;

use agentos_grammar::{SourceId, Spanned, ast};

use crate::source::Source;

/// The source id of the first shipped policy.
pub const FIRST_ID: u32 = 0x8000_0000;

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
            vec![$(Source::new(
                concat!("shipped/", $name, ".policy"),
                include_str!(concat!("../../policies/", $name, ".policy")),
            )),+]
        });
        const NAMES: &[&str] = &[$($name),+];
    };
}

shipped!(
    "audit",
    "baseline",
    "intents",
    "no_pii",
    "permissive",
    "read_only",
    "secrets",
    "strict"
);

static POLICIES: LazyLock<Vec<Spanned<ast::Policy>>> = LazyLock::new(|| {
    let sources = (FIRST_ID..).map(SourceId).zip(SOURCES.iter());
    sources
        .flat_map(|(id, source)| agentos_grammar::parse(id, &source.text).0.policies)
        .collect()
});

/// The names of the shipped policies, sorted.
pub fn names() -> &'static [&'static str] {
    NAMES
}

/// The shipped policy of this name.
pub fn policy(name: &str) -> Option<&'static Spanned<ast::Policy>> {
    POLICIES.iter().find(|policy| policy.name.node == name)
}

/// The text of a shipped policy.
pub fn source(id: SourceId) -> Option<&'static Source> {
    SOURCES.get(id.0.checked_sub(FIRST_ID)? as usize)
}

/// The text of the shipped policy of this name.
pub fn text(name: &str) -> Option<&'static str> {
    let at = NAMES.iter().position(|known| *known == name)?;
    SOURCES.get(at).map(|source| source.text.as_str())
}
