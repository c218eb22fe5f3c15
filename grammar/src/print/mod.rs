//! Prints a syntax tree in one canonical shape, in either spelling.
//!
//! What was printed parses to the same tree again (in YAML: to the tree in the
//! order of YAML's sections), and prints the same again. Comments are kept,
//! each beside the part it was written at.

mod comments;
mod dsl;
mod expression;
mod page;
mod quote;
mod yaml;

pub use dsl::dsl;
pub use yaml::yaml;

/// Lines are broken where they would be longer, as far as their parts allow.
const WIDTH: usize = 100;

/// The same in YAML, where short mappings read best on one line.
const YAML_WIDTH: usize = 120;

/// How many columns a text takes.
fn columns(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests;
