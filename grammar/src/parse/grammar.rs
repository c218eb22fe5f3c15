//! The parser that pest makes of `policy.pest`.

// The derive writes the items; their docs stand in the grammar itself.
#![allow(missing_docs, unreachable_pub, clippy::pedantic)]

#[derive(pest_derive::Parser)]
#[grammar = "policy.pest"]
pub(super) struct PolicyGrammar;
