//! The Helm chart, by the real Helm: what it renders from which values, and what it refuses.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a whole file of tests"
)]

mod helm;
#[path = "../controlplane/harness/programs.rs"]
mod programs;
mod rendered;
mod rights;
mod values;

use std::path::Path;

/// The root of the repository.
fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
