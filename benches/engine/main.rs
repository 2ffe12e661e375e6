//! The benchmarks behind `docs/performance.md`: each a ratio to something measured in the same run.
//!
//! `cargo bench` prints a Markdown table: [`evaluation`] on one thread, and whole [`processes`]. Times are processor times. What Cedar needs for the same
//! question is measured by a package of its own, in `benches/cedar`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a benchmark that cannot go on should stop"
)]

mod advance;
mod clock;
mod corpus;
mod evaluation;
mod processes;
mod report;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitCode;

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.split_first() {
        Some((mode, command)) if mode == processes::MEASURE => processes::measure(command),
        Some((mode, [input])) if mode == processes::PARSE => processes::parse(Path::new(input)),
        Some((mode, [users])) if mode == evaluation::EVALUATE => {
            Ok(evaluation::evaluate_alone(&users.to_string_lossy()))
        }
        // What `cargo bench` says; `cargo test` does not.
        _ if arguments.iter().any(|argument| argument == "--bench") => chosen(&arguments),
        _ => {
            println!("run me with `cargo bench`");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The parts of the table that are named, or all.
fn chosen(arguments: &[OsString]) -> io::Result<ExitCode> {
    let wanted = |part: &str| {
        let mut named = arguments.iter().filter(|argument| *argument != "--bench").peekable();
        named.peek().is_none() || named.any(|argument| argument == part)
    };
    let mut rows = Vec::new();
    if wanted("floor") {
        rows.extend(evaluation::against_the_floor());
    }
    if wanted("growth") {
        rows.extend(evaluation::growth()?);
    }
    if wanted("changes") {
        rows.extend(advance::changes());
    }
    if wanted("together") {
        rows.extend(advance::together());
    }
    if wanted("plan") {
        rows.extend(processes::plan()?);
    }
    if wanted("against") {
        rows.extend(processes::against()?);
    }
    report::print(&rows);
    Ok(ExitCode::SUCCESS)
}
