//! Tenantry: declarative identity and access management for multi-tenant applications on Kubernetes.
//!
//! The library is a pure core behind a thin command line and a controller: [`api`] holds the custom resources, [`policy`]
//! works out who may do what until when, [`manifests`] reads YAML into what the policy judges, `controller` keeps the
//! results in the statuses of a cluster, `cli` prints them in the words of `words`.
//!
//! `controller` comes with the feature `cluster` and `cli` with the feature `cli`, both on by default. The rest is the
//! engine, which is always there.

// What the engine keeps for the rooms above it has no caller where these are left out.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

pub mod api;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cluster")]
pub mod controller;
pub mod manifests;
pub mod policy;
mod text;
mod words;

// The table of the contract is a test of the library's own, so that `cargo test --lib` judges every rule.
#[cfg(test)]
extern crate self as tenantry;
#[cfg(test)]
#[path = "../tests/table/contract.rs"]
mod contract;
