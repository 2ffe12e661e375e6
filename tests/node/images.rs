//! The images that the node gets: there is no registry to pull them from.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::repository;

/// The repository of our image; its tag is the one that the chart takes by default.
pub(crate) const REPOSITORY: &str = "tenantry.test/tenantry";

/// What holds the namespaces of a pod.
pub(crate) const PAUSE: &str = "tenantry.test/pause:1";

/// The image of this tree.
pub(crate) fn ours() -> String {
    format!("{REPOSITORY}:{}", env!("CARGO_PKG_VERSION"))
}

/// Where the archives lie.
pub(crate) fn archives() -> [PathBuf; 2] {
    ["tenantry.tar", "pause.tar"].map(|name| directory().join(name))
}

/// Builds both of them.
pub(crate) fn build() {
    fs::create_dir_all(directory()).unwrap();
    let [tenantry, pause] = archives();
    image(&ours(), &tenantry, &program());
    image(PAUSE, &pause, &pause_program());
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("node")
}

fn image(name: &str, archive: &Path, program: &Path) {
    let script = repository().join("tests/node/image");
    succeed(Command::new(script).arg(name).arg(archive).arg(program));
}

/// Our program of this tree, static. Unoptimized: what it takes to build a release shows nothing more.
fn program() -> PathBuf {
    let target = format!("{}-unknown-linux-musl", env::consts::ARCH);
    // Two up from what Cargo gives tests to write into, whatever that is called.
    let targets = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut cargo = Command::new(env::var_os("CARGO").as_deref().unwrap_or(OsStr::new("cargo")));
    // What Cargo tells tests about their package would make build scripts that look there run again.
    for (name, _) in env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes()))
        {
            cargo.env_remove(name);
        }
    }
    succeed(
        cargo
            .args([
                "build",
                "--locked",
                "--bin",
                "tenantry",
                "--target",
                &target,
                "--target-dir",
            ])
            .arg(targets)
            .current_dir(repository()),
    );
    targets.join(target).join("debug/tenantry")
}

/// One that does nothing until it is killed.
fn pause_program() -> PathBuf {
    let [source, program] = ["pause.rs", "pause"].map(|name| directory().join(name));
    fs::write(&source, "fn main() { loop { std::thread::park() } }").unwrap();
    succeed(
        Command::new(env::var_os("RUSTC").as_deref().unwrap_or(OsStr::new("rustc")))
            .args([
                "--edition=2024",
                "-Ctarget-feature=+crt-static",
                "-Cstrip=symbols",
                "-o",
            ])
            .args([&program, &source])
            .current_dir(repository()),
    );
    program
}

/// Runs a command whose progress may be seen.
fn succeed(command: &mut Command) {
    let status = command
        .stdin(Stdio::null())
        .status()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}
