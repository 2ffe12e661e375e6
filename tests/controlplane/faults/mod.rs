//! What can go wrong between the controller and the API server, systematically: at every write and at every event of a
//! fixed piece of work, one fault at a time.
//!
//! [`workload`] is the work: a tenant, and edits of it one after another. [`proxy`] stands between the controller and the
//! API server; it knows every request by name ([`script`]) and does to one of them what a [`fault`] says. [`witness`] sees
//! what the API server stores, past the proxy. [`run`] does the work once. [`verdict`] holds what came of it against a run
//! in which nothing went wrong, and [`matrix`] does that for all faults.
//!
//! `cargo test` runs a sample, always the same. All of it, which prints the table of `docs/reliability.md`:
//! `cargo test --test controlplane faults -- --ignored --nocapture`.

mod fault;
mod matrix;
mod proxy;
mod run;
mod script;
mod stage;
mod verdict;
mod witness;
mod workload;
