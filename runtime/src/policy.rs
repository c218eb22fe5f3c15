//! A compiled-in table that decides: [`Policy`].

use std::sync::OnceLock;

use crate::{
    decision::Decision, engine::Engine, prepare::TableError, request::Request, table::Table,
};

/// A table that was compiled into the program, and its engine.
///
/// ```
/// use agentos_runtime::{Effect, Policy, Request, table::Table};
///
/// static POLICY: Policy = Policy::new(Table {
///     sources: std::borrow::Cow::Borrowed(&[]),
///     policies: std::borrow::Cow::Borrowed(&[]),
/// });
/// assert_eq!(POLICY.decide(&Request::new("a1", "read_file")).effect(), Effect::Deny);
/// ```
pub struct Policy {
    table: Table<'static>,
    engine: OnceLock<Engine>,
}

impl Policy {
    /// A policy; its engine is made when it is first used.
    pub const fn new(table: Table<'static>) -> Policy {
        Policy {
            table,
            engine: OnceLock::new(),
        }
    }

    /// The table it was made of.
    pub const fn table(&self) -> &Table<'static> {
        &self.table
    }

    /// Its engine; one that denies everything where the table is broken.
    pub fn engine(&self) -> &Engine {
        self.engine
            .get_or_init(|| Engine::of_static(&self.table).unwrap_or_else(Engine::broken))
    }

    /// Makes the engine, so that no request waits for it.
    ///
    /// # Errors
    ///
    /// What is wrong with the table; it denies everything then.
    pub fn prepare(&self) -> Result<(), &TableError> {
        self.engine().broken.as_ref().map_or(Ok(()), Err)
    }

    /// Answers a request: see [`Engine::decide`].
    pub fn decide(&self, request: &Request<'_>) -> Decision<'_> {
        self.engine().decide(request)
    }
}
