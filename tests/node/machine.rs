//! From the outside in: getting this machine ready, and playing a test on one of its own.

use std::env;
use std::process::{Command, Stdio};

use libtest_mimic::Failed;

use crate::harness::{programs, repository};
use crate::images;

/// Before the name of the test to play.
const INSIDE: &str = "--inside";

/// How `prepare` ends where no node can run.
const UNFIT: i32 = 77;

/// The test that this program is to play, where it has been started inside.
pub(crate) fn inside() -> Option<String> {
    let mut arguments = env::args().skip(1);
    arguments.next().filter(|first| first == INSIDE)?;
    arguments.next()
}

/// Builds and installs all that a node takes, or says why this machine cannot have one. Anything else that goes wrong fails
/// the whole program.
pub(crate) fn prepare() -> Result<(), String> {
    let script = repository().join("tests/node/prepare");
    let prepared = Command::new(&script)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    if prepared.status.code() == Some(UNFIT) {
        return Err(String::from_utf8_lossy(&prepared.stdout).trim_end().to_owned());
    }
    assert!(
        prepared.status.success(),
        "{}: {}: see above",
        script.display(),
        prepared.status
    );
    programs::build(&["node"]);
    images::build();
    Ok(())
}

/// Plays a test inside, and gives what it said when it fails.
pub(crate) fn play(name: &str) -> Result<(), Failed> {
    // The script cleans up after itself when this program is killed.
    let played = Command::new("setpriv")
        .args(["--pdeathsig", "TERM", "--"])
        .arg(repository().join("tests/node/machine"))
        .arg(env::current_exe().unwrap())
        .args([INSIDE, name])
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("setpriv (of util-linux): {error}"));
    if played.status.success() {
        return Ok(());
    }
    let said = [played.stdout, played.stderr].concat();
    Err(format!("{}\n{}", played.status, String::from_utf8_lossy(&said)).into())
}
