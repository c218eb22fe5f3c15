//! Compiled policies in, functions of `DataFusion` that decide recorded requests out.
//!
//! For logs that outgrow one machine: a plan over files is cut into parts, each part
//! asks the same engine that `agentos replay` asks, and counts are added up. The
//! functions carry their policies with them ([`PolicyCodec`]), so that a plan means
//! the same wherever it runs.
//!
//! ```
//! use agentos_compiler::{Options, Sources, compile, runtime::artifact};
//! use agentos_scale::{Policies, register};
//! use datafusion::prelude::SessionContext;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = "policy p { allow read; }";
//! let (plan, _) = compile(&Sources::one("p.policy", text), &Options::default());
//! let bytes = artifact::write(&plan.expect("it is sound").table())?;
//!
//! let context = SessionContext::new();
//! register(&context, &Policies::new([("new", bytes)])?.into());
//! let sql = r#"SELECT agentos_decide('new', '{"action": "read"}')['effect'] AS effect"#;
//! let rows = context.sql(sql).await?.to_string().await?;
//! assert!(rows.contains("| allow  |"), "{rows}");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod answers;
mod codec;
mod functions;
pub mod log;
mod policies;
pub mod replay;

pub use codec::PolicyCodec;
pub use functions::{deciding, register};
pub use policies::{Policies, Unfit};
