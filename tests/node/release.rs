//! The release on a node, and the tenant that it looks after.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::planned::{difference, plan, statuses};
use crate::harness::repository;
use crate::harness::wait::{until, until_right};
use crate::images;
use crate::node::{Node, has_condition};

pub(crate) const NAMESPACE: &str = "tenantry-system";

/// The chart of this tree.
pub(crate) fn chart() -> PathBuf {
    repository().join("charts/tenantry")
}

/// `helm VERB` of the release, as `docs/install.md` says it.
pub(crate) fn helm(node: &Node, verb: &str, chart: &Path, more: &[&str]) {
    let image = format!("image.repository={}", images::REPOSITORY);
    let fixed = [
        verb,
        "tenantry",
        chart.to_str().unwrap(),
        "--namespace",
        NAMESPACE,
        "--set",
        &image,
        "--wait",
        "--timeout=2m",
    ];
    let ran = node.admin().helm(&[&fixed, more].concat());
    assert_eq!(ran.code, 0, "{}{}\n{}", ran.out, ran.err, told(node));
}

pub(crate) fn install(node: &Node, more: &[&str]) {
    helm(node, "install", &chart(), &[&["--create-namespace"], more].concat());
}

/// What the cluster tells of the release's pods, for a test that fails.
fn told(node: &Node) -> String {
    let ask = |what: &[&str]| node.admin().kubectl(&[what, &["--namespace", NAMESPACE]].concat()).out;
    ask(&["describe", "pods"]) + &ask(&["get", "events"])
}

/// The release's pods, without those that are on their way out.
pub(crate) fn pods(node: &Node) -> Vec<Value> {
    let selector = "app.kubernetes.io/name=tenantry";
    let mut list = node.get(&["pods", "--namespace", NAMESPACE, "--selector", selector]);
    let Value::Array(pods) = list["items"].take() else {
        panic!("{list}");
    };
    let stays = |pod: &Value| pod["metadata"]["deletionTimestamp"].is_null();
    pods.into_iter().filter(stays).collect()
}

pub(crate) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap()
}

/// How often the kubelet has had to start the container anew.
pub(crate) fn restarts(pod: &Value) -> u64 {
    pod["status"]["containerStatuses"][0]["restartCount"].as_u64().unwrap()
}

/// Waits until so many pods are ready, and there are no others.
pub(crate) fn ready(node: &Node, count: usize) -> Vec<Value> {
    until("the pods", || {
        let pods = pods(node);
        (pods.len() == count && pods.iter().all(|pod| has_condition(pod, "Ready"))).then_some(pods)
    })
}

/// The lines that a pod has logged, in its first container.
pub(crate) fn log(node: &Node, pod: &str) -> Vec<String> {
    let directories = fs::read_dir(node.plane().directory().join("pods")).unwrap();
    let mut paths = directories.map(|entry| entry.unwrap().path());
    let prefix = format!("{NAMESPACE}_{pod}_");
    let directory = paths.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&prefix));
    let log = fs::read_to_string(directory.unwrap().join("controller/0.log")).unwrap();
    // Before each stand the moment, the stream, and whether the line is whole.
    let lines = log.lines().filter_map(|line| line.splitn(4, ' ').last());
    lines.map(str::to_owned).collect()
}

/// Who holds the lease: a pod's name, and what tells this run of it from others.
pub(crate) fn holder(node: &Node) -> Option<String> {
    let lease = ["get", "lease", "tenantry-controller", "--namespace", NAMESPACE];
    let got = node
        .admin()
        .kubectl(&[&lease[..], &["-o", "jsonpath={.spec.holderIdentity}"]].concat());
    (got.code == 0 && !got.out.is_empty()).then_some(got.out)
}

/// Applies the example and waits until all of it stands there as planned.
pub(crate) fn apply_acme(node: &Node) {
    node.admin().kubectl(&["create", "namespace", "acme"]).ok();
    let acme = repository().join("examples/acme");
    let acme = acme.to_str().unwrap();
    node.admin().kubectl(&["apply", "--validate=strict", "-f", acme]).ok();
    until_right("acme as `plan` says it of the files", || {
        difference(&plan(&[acme], ""), &live(node)).map_or(Ok(()), Err)
    });
}

/// Lets somebody in and waits until she is, and all else in the tenant stands there as planned.
pub(crate) fn lets_in(node: &Node, user: &str) {
    let manifest = format!(
        "apiVersion: tenantry.dev/v1alpha1\nkind: User\nmetadata: {{name: {user}, namespace: acme}}\n\
         spec: {{account: {user}, name: Somebody, email: {user}@acme.example, attributes: {{region: EMEA}}, \
         roles: [ordinary-user]}}\n"
    );
    node.admin().kubectl_with(&manifest, &["apply", "-f", "-"]).ok();
    let resource = format!("tuser/{user}");
    let ready = ["wait", "--for=condition=Ready", "--timeout=60s", "--namespace=acme"];
    node.admin().kubectl(&[&ready[..], &[&resource]].concat()).ok();
    until_right("acme as `plan` says it of what is in the cluster", || {
        let objects = node
            .admin()
            .kubectl(&["get", "tenantry", "--namespace=acme", "-o", "yaml"])
            .ok();
        difference(&plan(&["-"], &objects), &live(node)).map_or(Ok(()), Err)
    });
}

fn live(node: &Node) -> Vec<(String, Value)> {
    statuses(&node.get(&["tenantry", "--namespace=acme"]))
}

/// What tells the definitions and all objects of the tenant from others that would take their place, and their specs.
pub(crate) fn declared(node: &Node) -> Vec<(String, Value)> {
    let definitions = node.get(&["crd"]);
    let objects = node.get(&["tenantry", "--namespace=acme"]);
    let all = [&definitions, &objects].map(|list| list["items"].as_array().unwrap());
    let all = all.into_iter().flatten();
    // The definitions may change with the release.
    all.map(|object| {
        let spec = if object["kind"] == "CustomResourceDefinition" {
            Value::Null
        } else {
            object["spec"].clone()
        };
        (object["metadata"]["uid"].as_str().unwrap().to_owned(), spec)
    })
    .collect()
}
