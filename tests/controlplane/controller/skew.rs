//! Programs whose clock is not the machine's.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::access::Access;
use crate::harness::programs::run;
use crate::harness::repository;

/// Sets the clock of a program that is about to be started so many seconds ahead. Files go into the directory.
pub(super) fn skew(command: &mut Command, seconds: i64, directory: &Path) {
    command
        .env("LD_PRELOAD", library(directory))
        .env("SKEW", seconds.to_string());
}

/// Whoever it is, on a machine whose clock says that the server's certificate is not valid yet.
pub(super) fn careless(account: &Access) -> PathBuf {
    let text = std::fs::read(account.kubeconfig()).unwrap();
    let mut config: Value = serde_json::from_slice(&text).unwrap();
    let cluster = &mut config["clusters"][0]["cluster"];
    *cluster = json!({"server": cluster["server"], "insecure-skip-tls-verify": true});
    let careless = account.kubeconfig().with_extension("careless");
    std::fs::write(&careless, config.to_string()).unwrap();
    careless
}

/// Built by the C compiler that links Rust programs as well.
fn library(directory: &Path) -> PathBuf {
    let library = directory.join("skew.so");
    let source = repository().join("tests/controlplane/controller/skew.c");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source);
    run(&mut cc, "").ok();
    library
}
