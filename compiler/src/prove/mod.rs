//! What is asked of all texts in, the text that shows the answer out, or that
//! there is none, or that this was not decided.

pub(crate) mod example;
pub(crate) mod language;
pub(crate) mod matching;
pub(crate) mod member;
