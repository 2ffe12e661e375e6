//! Processor time: on a machine that others use too, the clock on the wall says little.

use std::time::Duration;

/// Measures what this thread takes.
pub(crate) struct Stopwatch(Duration);

impl Stopwatch {
    /// Begins.
    pub(crate) fn start() -> Self {
        Self(of_this_thread())
    }

    /// The time since.
    pub(crate) fn time(&self) -> Duration {
        of_this_thread().saturating_sub(self.0)
    }
}

#[cfg(unix)]
fn of_this_thread() -> Duration {
    let clock = nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID;
    Duration::from(clock.now().expect("a clock"))
}

/// Without that clock, the one on the wall.
#[cfg(not(unix))]
fn of_this_thread() -> Duration {
    std::time::UNIX_EPOCH.elapsed().expect("a time after 1970")
}
