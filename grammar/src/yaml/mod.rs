//! YAML texts in; their trees, and policies in our own YAML, out.
//!
//! [`read`] gives what any text says, with places in bytes, and bounds what it
//! may cost. [`parse`] reads our own spelling into the syntax tree. [`Reading`]
//! is what both we and the dialects of others look at nodes with.

mod align;
mod native;
mod node;
mod read;
mod reading;
mod scan;
mod typing;

#[cfg(test)]
mod tests;

pub use align::Alignment;
pub use native::{is_policy, parse, parse_node};
pub use node::{Entry, Kind, Node, Scalar, Style};
pub use read::read;
pub use reading::{Keys, Reading};
pub use typing::{Value, yaml_1_1, yaml_1_2};
