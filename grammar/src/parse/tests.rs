//! Tests of the parser: what the language means, and what is said of mistakes.
