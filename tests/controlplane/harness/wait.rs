//! Waiting: for what must come, with a deadline. Nothing in these tests sleeps and hopes.

use std::thread;
use std::time::{Duration, Instant};

/// How long a control plane on a busy machine may take for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// How often is looked.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until there is something to see, and fails the test when nothing has come within [`PATIENCE`].
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    until_right(what, || look().ok_or_else(|| "nothing".to_owned()))
}

/// Looks until all is right, and fails the test with what is wrong when it is not within [`PATIENCE`].
pub(crate) fn until_right<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look() {
            Ok(seen) => return seen,
            Err(wrong) => assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}: {wrong}"),
        }
        thread::sleep(PAUSE);
    }
}

/// The same for looks that are awaited.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(PAUSE).await;
    }
}
