//! What a compiled policy needs to run: [`table`]s, and numbers that compare exactly.
#![forbid(unsafe_code)]

mod number;
pub mod table;

pub use number::{Number, NumberError};
