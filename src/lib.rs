//! Policies for AI agents, compiled into the program.
//!
//! ```
//! use agentos::{Effect, Request, policy};
//!
//! policy! {
//!     policy refunds {
//!         action refund { amount: decimal, order: string }
//!         allow refund when amount > 0 and amount <= 1000;
//!         escalate refund when amount > 1000 because "refunds above 1000 need a person";
//!     }
//! }
//!
//! let request = Request::new("billing-7", "refund").param("amount", 250).param("order", "A-17");
//! assert_eq!(POLICY.decide(&request).effect(), Effect::Allow);
//! assert_eq!(POLICY.decide(&Request::new("billing-7", "delete_account")).effect(), Effect::Deny);
//! ```
//!
//! A policy that is wrong does not build: each mistake is underlined where it
//! is written. With the feature `compile`, programs read policies while they
//! run, through [`compiler`].
#![forbid(unsafe_code)]

#[cfg(feature = "compile")]
pub use agentos_compiler as compiler;
pub use agentos_runtime::*;

/// For [`policy!`] and generated code only.
#[doc(hidden)]
pub mod __private {
    pub use agentos_macros::policy;
    pub use agentos_runtime::__private::*;
}

/// Compiles policies into a `static`, which decides: see [`Policy`].
///
/// - `policy! { policy mail { … } }` makes `pub static POLICY`.
/// - `policy! { static MAIL; policy mail { … } }` gives it another name;
///   `pub` and `pub(crate)` go in front as usual.
/// - `policy!(file = "policies/mail.policy")` reads files, whose paths count from
///   the crate's manifest; several go together with commas. The crate is built
///   anew when one changes.
///
/// Each error of the policy is an error of the build at its own token. The macro
/// still expands then, to a static that denies everything. Warnings are not shown:
/// a macro has no stable way to warn. `agentos validate`, or a `build.rs` that
/// calls `agentos_compiler::build`, shows those of policies in files.
#[macro_export]
macro_rules! policy {
    ($($tokens:tt)*) => {
        $crate::__private::policy! { [$crate] $($tokens)* }
    };
}
