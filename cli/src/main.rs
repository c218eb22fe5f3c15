//! The `agentos` command.
fn main() {}
