//! What is asked of all texts in, the text that shows the answer out, or that
//! there is none, or that this was not decided.

pub(crate) mod about;
pub(crate) mod atom;
pub(crate) mod circuit;
mod disguise;
pub(crate) mod example;
pub(crate) mod fields;
mod follows;
pub(crate) mod language;
mod languages;
pub(crate) mod matching;
pub(crate) mod matters;
pub(crate) mod meaning;
pub(crate) mod member;
mod moment;
pub(crate) mod names;
mod near;
mod node;
mod number;
pub(crate) mod outcome;
pub(crate) mod search;
mod text;
pub(crate) mod value;
mod words;

#[cfg(test)]
pub(crate) mod small;
#[cfg(test)]
pub(crate) mod tests;
