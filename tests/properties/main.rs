//! What holds for every tenant, however nasty.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a whole folder of tests"
)]

mod against_oracle;
mod conditions;
mod documents;
mod oracle;
mod survey;
mod tape;
mod world;

use proptest::prelude::ProptestConfig;

/// As many cases as the variable PROPTEST_CASES says, else the usual number of a property.
fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|asked| asked.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(usual),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}
