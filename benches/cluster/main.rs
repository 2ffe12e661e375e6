//! The controller against a bare client that writes the same patches, on a real control plane.
//!
//! `cargo bench --bench cluster` prints a Markdown table, `cargo bench --bench cluster -- role` a part of it: `settle`,
//! `role`, `user`, `expiry`, `restart`, `memory`. The controller is the program itself, in a process of its own; the bare
//! client knows beforehand what to write and has as many requests in flight.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    dead_code,
    reason = "a benchmark that cannot go on should stop; the tests use more of the harness"
)]

mod bare;
mod corpus;
#[path = "../../tests/controlplane/harness/mod.rs"]
mod harness;
mod program;
mod rows;

use rows::Row;

/// As many writes as the controller has in flight for one tenant.
const IN_FLIGHT: usize = 16;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("run me with `cargo bench --bench cluster`");
        return;
    }
    let wanted = |part: &str| {
        let mut named = arguments
            .iter()
            .filter(|argument| !argument.starts_with("--"))
            .peekable();
        named.peek().is_none() || named.any(|argument| argument == part)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let rows = runtime.block_on(async {
        let mut rows = Vec::new();
        if ["settle", "role", "user", "expiry", "restart"].into_iter().any(wanted) {
            rows.extend(rows::of_ten_thousand(&wanted).await);
        }
        if wanted("memory") {
            rows.extend(rows::memory().await);
        }
        rows
    });
    println!("| what | the controller | bare client | ratio | goal |\n|---|---:|---:|---:|---|");
    for row in rows {
        println!("{}", row.line());
    }
}

/// A duration in milliseconds or seconds, whichever reads better.
fn shown(duration: std::time::Duration) -> String {
    match duration.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1_000.0),
        seconds => format!("{seconds:.2} s"),
    }
}

impl Row {
    fn line(&self) -> String {
        format!(
            "| {} | {} | {} | {} | {} |",
            self.what, self.ours, self.bare, self.ratio, self.goal
        )
    }
}
