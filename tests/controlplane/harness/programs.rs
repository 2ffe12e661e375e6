//! The programs: where they are, and running one to its end.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread;

use super::repository;

/// Where a program is.
pub(crate) fn program(name: &str) -> PathBuf {
    directory().join(name)
}

/// The directory of the programs. They are built when they are not there yet, which takes minutes and is told on stderr.
fn directory() -> &'static Path {
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| build(&[]));
    &DIRECTORY
}

/// Builds what is missing, for a node too with `node`; where the programs are.
pub(crate) fn build(arguments: &[&str]) -> PathBuf {
    let script = repository().join("tests/controlplane/real/build");
    let built = Command::new(&script)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    assert!(built.status.success(), "{} failed: see above", script.display());
    PathBuf::from(String::from_utf8(built.stdout).unwrap().trim_end())
}

/// What came of a program.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// What it printed, when all went well; else the test fails.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }
}

/// Runs a program with text on its standard input.
pub(crate) fn run(command: &mut Command, input: &str) -> Ran {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // A program that does not read all of it closes its end.
        scope.spawn(move || drop(stdin.write_all(input.as_bytes())));
        child.wait_with_output().unwrap()
    });
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
