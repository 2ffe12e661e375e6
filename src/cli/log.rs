//! The log on the standard error: how much is said by `TENANTRY_LOG`, like `debug` or `tenantry=debug,kube=info`.

use std::io::{self, IsTerminal as _};

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// The form of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// Begins the log of this process, unless it has begun.
pub(super) fn begin(format: LogFormat, least: LevelFilter) {
    let filter = EnvFilter::builder()
        .with_default_directive(least.into())
        .with_env_var("TENANTRY_LOG")
        .from_env_lossy();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
        .with_writer(io::stderr);
    // Whoever runs several commands in one process has the first one's log.
    let _ = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
}
