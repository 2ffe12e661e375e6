//! Runs Helm on the chart, with no configuration but its own.

use std::process::Command;

use serde_json::Value;
use tenantry::api::{Kind, crd};

use crate::programs::{Ran, program, run};
use crate::repository;

pub(crate) const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/tenantry");
pub(crate) const FULL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chart/full.yaml");

/// `helm ARGUMENTS`, whatever comes of it.
pub(crate) fn helm(arguments: &[&str]) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(program("helm"));
    run(command.args(arguments).env_clear().env("HOME", home.path()), "")
}

/// The objects that a release `tenantry` in `tenantry-system` would hold.
pub(crate) fn rendered(arguments: &[&str]) -> Vec<Value> {
    documents(&template(arguments))
}

/// The same for a release of another name.
pub(crate) fn rendered_as(release: &str, arguments: &[&str]) -> Vec<Value> {
    documents(&template_as(release, arguments))
}

/// As text.
pub(crate) fn template(arguments: &[&str]) -> String {
    template_as("tenantry", arguments)
}

fn template_as(release: &str, arguments: &[&str]) -> String {
    try_template(release, arguments).ok()
}

pub(crate) fn try_template(release: &str, arguments: &[&str]) -> Ran {
    let fixed = ["template", release, CHART, "--namespace", "tenantry-system"];
    helm(&[&fixed, arguments].concat())
}

/// Templates of which nothing comes leave empty documents.
fn documents(text: &str) -> Vec<Value> {
    let documents: Vec<Option<Value>> = serde_saphyr::from_multiple(text).unwrap();
    documents.into_iter().flatten().collect()
}

/// The one object of that kind and name.
pub(crate) fn object<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let mut found = objects.iter().filter(|object| is(object, kind, name));
    let first = found.next().unwrap_or_else(|| panic!("no {kind} {name}"));
    assert!(found.next().is_none(), "{kind} {name} twice");
    first
}

pub(crate) fn has(objects: &[Value], kind: &str, name: &str) -> bool {
    objects.iter().any(|object| is(object, kind, name))
}

fn is(object: &Value, kind: &str, name: &str) -> bool {
    object["kind"] == kind && object["metadata"]["name"] == name
}

/// The plurals of our kinds.
pub(crate) fn plurals() -> Vec<String> {
    Kind::ALL.map(|kind| crd::definition(kind).spec.names.plural).to_vec()
}

/// Reads a YAML file below the repository's root.
pub(crate) fn yaml(path: &str) -> Value {
    let path = repository().join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
