//! Where logs lie: `target/tmp/controlplane/run-*`, a directory a test program, in it one for each control plane.
//!
//! They outlive the test program, to be read; the next one clears away all but the last few. A panic names them.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many runs that are over keep their logs: each test on a node is one.
const KEPT: usize = 6;

/// A new, empty directory for a control plane.
pub(crate) fn fresh() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let directory = RUN.path.join(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
    fs::create_dir(&directory).unwrap();
    directory
}

/// The directory of this test program.
struct Run {
    path: PathBuf,
    /// Locked as long as the program lives.
    _lock: File,
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let runs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("controlplane");
    fs::create_dir_all(&runs).unwrap();
    clear(&runs);
    let path = tempfile::Builder::new()
        .prefix("run-")
        .tempdir_in(&runs)
        .unwrap()
        .keep();
    let lock = File::create(path.join("lock")).unwrap();
    lock.try_lock().unwrap();
    name_in_panics(path.clone());
    Run { path, _lock: lock }
});

/// Ends every report of a panic with the place of the logs.
fn name_in_panics(logs: PathBuf) {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        report(panic);
        eprintln!("logs of the control plane: {}", logs.display());
    }));
}

/// Removes what runs left behind that are over: the data of all, the logs of all but the last.
fn clear(runs: &Path) {
    let mut over: Vec<PathBuf> = fs::read_dir(runs)
        .unwrap()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|run| is_over(run))
        .collect();
    over.sort_by_key(|run| fs::metadata(run).and_then(|data| data.modified()).ok());
    let (old, last) = over.split_at(over.len().saturating_sub(KEPT));
    for run in old {
        remove(run);
    }
    for plane in last.iter().flat_map(fs::read_dir).flatten().flatten() {
        remove(&plane.path().join("etcd"));
    }
}

/// Whether nobody holds the lock. A run without one is about to begin.
fn is_over(run: &Path) -> bool {
    File::open(run.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok())
}

/// Another test program may be clearing as well.
fn remove(directory: &Path) {
    match fs::remove_dir_all(directory) {
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            eprintln!("{} stays: {error}", directory.display());
        }
        _ => {}
    }
}
