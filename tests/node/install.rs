//! What `docs/install.md` says of a first installation.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::programs::run;
use crate::harness::wait::until;
use crate::node::Node;
use crate::release::{NAMESPACE, apply_acme, install, log, name, ready, restarts};

pub(crate) fn what_install_says_holds() {
    let node = Node::start();
    let mark = node.plane().audit().mark();
    install(&node, &[]);
    let pods = ready(&node, 1);
    assert_eq!(restarts(&pods[0]), 0, "{}", pods[0]);

    first_tenant(&node);
    until("the metrics by the Service", || {
        let metrics = get(&service(&node), "/metrics")?;
        metrics.contains("\ntenantry_").then_some(())
    });
    for path in ["/livez", "/readyz"] {
        assert!(get(&service(&node), path).is_some(), "{path}");
    }

    let account = format!("system:serviceaccount:{NAMESPACE}:tenantry");
    let writes = node.plane().audit().writes(mark);
    let mut ours = writes.iter().filter(|write| write.user == account).peekable();
    assert!(ours.peek().is_some(), "the controller has written nothing");
    let refused: Vec<_> = ours.filter(|write| write.code == 403).collect();
    assert!(refused.is_empty(), "{refused:?}");
    assert_sound(&log(&node, name(&pods[0])));
}

pub(crate) fn acme_is_judged_as_planned() {
    let node = Node::start();
    install(&node, &[]);
    apply_acme(&node);
}

/// The commands of the document, but for the flags in place of somebody at a terminal.
fn first_tenant(node: &Node) {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    node.admin().kubectl(&["create", "namespace", "acme"]).ok();
    tenantry(directory, &["new", "acme", "--administrator-email", "ada@acme.example"]);
    tenantry(directory, &["check", "acme"]);
    let acme = directory.join("acme");
    node.admin().kubectl(&["apply", "-f", acme.to_str().unwrap()]).ok();
    let wait = [
        "wait",
        "--namespace",
        "acme",
        "--for=condition=Ready",
        "tnt,tuser,trole,torg",
    ];
    node.admin()
        .kubectl(&[&wait[..], &["--all", "--timeout=60s"]].concat())
        .ok();
}

fn tenantry(directory: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    run(command.args(arguments).current_dir(directory), "").ok();
}

/// The address of the Service for metrics.
fn service(node: &Node) -> String {
    let service = node.get(&["service", "tenantry-metrics", "--namespace", NAMESPACE]);
    format!(
        "{}:{}",
        service["spec"]["clusterIP"].as_str().unwrap(),
        service["spec"]["ports"][0]["port"]
    )
}

/// What is answered with 200 there. Right after the installation kube-proxy may still be writing its rules.
fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.starts_with("HTTP/1.1 200 ").then_some(answer)
}

/// Every line is JSON, and none tells of an error. Warnings may be there: kinds that have just been defined cannot be
/// watched at once.
fn assert_sound(log: &[String]) {
    assert!(!log.is_empty());
    for line in log {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_ne!(event["level"], "ERROR", "{line}");
    }
}
