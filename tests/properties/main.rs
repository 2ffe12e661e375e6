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

mod access;
mod advance;
mod against_oracle;
mod conditions;
mod consistency;
mod difference;
mod documents;
mod more;
mod openings;
mod oracle;
mod order;
mod removal;
mod tape;
mod transition;
mod union;
mod world;

use proptest::prelude::ProptestConfig;
use tenantry::api::Condition;
use tenantry::policy::Status;

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

/// The conditions in a status.
fn conditions_of(status: &Status) -> &[Condition] {
    match status {
        Status::Tenant(status) => &status.conditions,
        Status::User(status) => &status.conditions,
        Status::Role(status) => &status.conditions,
        Status::Organization(status) => &status.conditions,
        Status::UserGroup(status) => &status.conditions,
        Status::SharingRule(status) => &status.conditions,
        Status::Invitation(status) => &status.conditions,
    }
}

fn conditions_mut(status: &mut Status) -> &mut [Condition] {
    match status {
        Status::Tenant(status) => &mut status.conditions,
        Status::User(status) => &mut status.conditions,
        Status::Role(status) => &mut status.conditions,
        Status::Organization(status) => &mut status.conditions,
        Status::UserGroup(status) => &mut status.conditions,
        Status::SharingRule(status) => &mut status.conditions,
        Status::Invitation(status) => &mut status.conditions,
    }
}
