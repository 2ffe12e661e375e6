//! The log on the standard error: how much is said by `TENANTRY_LOG`, like `debug` or `tenantry=debug,kube=info`.
//!
//! Where the log is JSON, every line is: why the program ends, and a panic, are entries of it too.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::panic::{self, PanicHookInfo};

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
    let filter = || EnvFilter::builder().with_default_directive(least.into());
    let (filter, ignored) = match filter().with_env_var("TENANTRY_LOG").from_env() {
        Ok(filter) => (filter, None),
        Err(error) => (filter().parse_lossy(""), Some(error)),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
        .with_writer(io::stderr);
    // Whoever runs several commands in one process has the first one's log.
    let _ = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    if format == LogFormat::Json {
        panic::set_hook(Box::new(log_panic));
    }
    if let Some(error) = ignored {
        tracing::warn!(%error, "TENANTRY_LOG is ignored");
    }
}

/// Whether a command line wants a log in JSON, also one that is wrong otherwise.
pub(super) fn is_json(arguments: &[OsString]) -> bool {
    let words: Vec<_> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    words.contains(&"--log-format=json") || words.windows(2).any(|two| two == ["--log-format", "json"])
}

/// Says why the program ends.
pub(super) fn end(error: &str) {
    tracing::error!("{error}");
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    let message = panic.payload_as_str().unwrap_or("no message");
    tracing::error!(location, "a defect of this program: {message}");
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_an_entry_of_the_log() {
        let written = Written::default();
        let its = written.clone();
        let log = tracing_subscriber::fmt().json().flatten_event(true);
        let log = log.with_writer(move || its.clone()).finish();
        let usual = panic::take_hook();
        panic::set_hook(Box::new(log_panic));
        let panicked = with_default(log, || panic::catch_unwind(|| panic!("impossible")));
        panic::set_hook(usual);
        assert!(panicked.is_err());
        let line: serde_json::Value = serde_json::from_slice(&written.0.lock().unwrap()).unwrap();
        assert_eq!(line["message"], "a defect of this program: impossible");
        assert!(
            line["location"].as_str().unwrap().starts_with("src/cli/log.rs:"),
            "{line}"
        );
    }

    #[test]
    fn a_wrong_call_is_told_in_the_form_that_it_wants() {
        for (line, json) in [
            ("tenantry controller --log-format json --what", true),
            ("tenantry controller --log-format=json --what", true),
            ("tenantry controller --log-format text --lease json", false),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(is_json(&words), json, "{line}");
        }
    }
}
