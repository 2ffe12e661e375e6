//! What only a cluster can tell, against a real control plane: see `harness`.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a whole folder of tests"
)]

mod chart;
mod controller;
mod crds;
mod examples;
mod faults;
mod harness;
mod health;
mod itself;
mod objects;
mod policies;
mod rights;
mod schema;

#[path = "../table"]
mod table {
    pub(crate) mod file;
    pub(crate) mod sample;
    pub(crate) mod value;
}
