//! The log of the controller: where it is JSON, every line of the standard error is, the last too.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a file of tests"
)]

use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs the controller without a cluster to its end: its exit code and the lines of its log.
fn ended(arguments: &[&str], log: &str) -> (Option<i32>, Vec<Value>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    command
        .args(["controller", "--log-format", "json"])
        .args(arguments)
        .env("KUBECONFIG", "/there/is/none")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env("TENANTRY_LOG", log)
        .stdin(Stdio::null());
    let ran = command.output().unwrap();
    let text = String::from_utf8(ran.stderr).unwrap();
    let lines = text.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| unreadable(line, &error));
        assert!(line["message"].is_string(), "{line}");
        line
    });
    (ran.status.code(), lines.collect())
}

#[allow(clippy::panic, reason = "it fails the test")]
fn unreadable(line: &str, error: &serde_json::Error) -> Value {
    panic!("{error}: {line}")
}

#[test]
fn why_the_program_ends_is_a_line_like_the_others() {
    for (arguments, says) in [
        (&[][..], "no cluster to connect to"),
        (&["--catalogue", "/there/is/none"], "/there/is/none"),
        (&["--what"], "unexpected argument '--what'"),
    ] {
        let (code, lines) = ended(arguments, "");
        assert_eq!(code, Some(2));
        let last = lines.last().unwrap();
        assert_eq!(last["level"], "ERROR");
        assert!(last["message"].as_str().unwrap().contains(says), "{last}");
    }
}

#[test]
fn a_wish_for_the_log_that_cannot_be_read_is_told_in_the_log() {
    let (_, lines) = ended(&[], "what=ever=is");
    let told = lines.first().unwrap();
    assert_eq!(told["message"], "TENANTRY_LOG is ignored", "{told}");
}
