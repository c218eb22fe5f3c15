//! What the tests of the whole share: random policies and requests.
#![forbid(unsafe_code)]

pub mod random;
