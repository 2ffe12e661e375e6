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
mod lists;
mod managers;
mod objects;
mod policies;
mod reasons;
mod review;
mod rights;
mod schema;
mod service_users;
mod unchanged;

#[path = "../table"]
#[allow(dead_code, reason = "what only the offline runner of the table needs")]
mod table {
    pub(crate) mod case;
    pub(crate) mod file;
    pub(crate) mod openapi;
    pub(crate) mod outcome;
    pub(crate) mod reasons;
    pub(crate) mod sample;
    pub(crate) mod value;
}
