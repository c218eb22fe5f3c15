//! Policies that the build script compiled into this program: [`SMALL`] and [`LARGE`].

include!(concat!(env!("OUT_DIR"), "/small.rs"));
include!(concat!(env!("OUT_DIR"), "/large.rs"));

/// How many rules [`SMALL`] and [`LARGE`] have.
pub const SIZES: [usize; 2] = [10, 1_000];
