//! Applying what is there already changes nothing, and says so: else every run of a pipeline reads like a change.

use std::collections::BTreeSet;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::{Value, json};
use tenantry::api::Kind;

use crate::harness::{ControlPlane, Ran, shared};
use crate::table::file::load;
use crate::table::openapi::{below, items, published};

/// The objects with every field written.
fn full() -> Vec<Value> {
    load("full.yaml")
}

fn kind(object: &Value) -> Kind {
    Kind::from_name(object["kind"].as_str().unwrap()).unwrap()
}

/// All of them as one manifest.
fn manifest() -> String {
    let complete = |mut object: Value| {
        object["apiVersion"] = json!("tenantry.dev/v1alpha1");
        object.to_string()
    };
    full().into_iter().map(complete).collect::<Vec<_>>().join("\n---\n")
}

fn kubectl(plane: &ControlPlane, namespace: &str, arguments: &[&str]) -> Ran {
    let file = ["-n", namespace, "-f", "-"];
    plane.admin().kubectl_with(&manifest(), &[arguments, &file].concat())
}

#[test]
fn applied_again_on_the_clients_side_all_is_unchanged() {
    let namespace = shared().namespace("unchanged");
    kubectl(shared(), &namespace, &["apply"]).ok();
    let again = kubectl(shared(), &namespace, &["apply"]);
    assert_eq!(again.err, "");
    let unchanged = again.out.lines().filter(|line| line.ends_with(" unchanged")).count();
    assert_eq!(
        (unchanged, again.out.lines().count()),
        (full().len(), full().len()),
        "{}",
        again.out
    );
    assert_eq!(kubectl(shared(), &namespace, &["diff"]).ok(), "");
}

/// kubectl says `serverside-applied` of everything then; the API server says whether it wrote. Nobody else may write there.
#[test]
fn applied_again_on_the_servers_side_nothing_is_written() {
    let plane = ControlPlane::start();
    plane.install_crds().ok();
    let namespace = plane.namespace("unwritten");
    let versions = || {
        let path = "jsonpath={range .items[*]}{.metadata.uid} {.metadata.resourceVersion}{'\\n'}{end}";
        kubectl(&plane, &namespace, &["get", "-o", path]).ok()
    };
    // A new object is stored without a status; the next write stores the one that stands in for it, and it alone.
    for _ in 0..2 {
        kubectl(&plane, &namespace, &["apply", "--server-side"]).ok();
    }
    let before = versions();
    assert_eq!(before.lines().count(), full().len());
    assert_eq!(kubectl(&plane, &namespace, &["diff", "--server-side"]).ok(), "");
    kubectl(&plane, &namespace, &["apply", "--server-side"]).ok();
    assert_eq!(versions(), before);
}

#[test]
fn every_field_is_written_in_full() {
    for kind in Kind::ALL {
        let mut fields = BTreeSet::new();
        declared(below(&published(kind), "spec").unwrap(), "spec", &mut fields);
        let mut used = BTreeSet::new();
        for object in full().iter().filter(|object| self::kind(object) == kind) {
            written(&object["spec"], "spec", &mut used);
        }
        let missing: Vec<_> = fields.difference(&used).collect();
        assert!(missing.is_empty(), "{kind}: full.yaml lacks {missing:?}");
    }
}

fn declared(schema: &JSONSchemaProps, path: &str, found: &mut BTreeSet<String>) {
    found.insert(path.to_owned());
    for (name, property) in schema.properties.iter().flatten() {
        declared(property, &format!("{path}.{name}"), found);
    }
    if let Some(entry) = items(schema) {
        declared(entry, &format!("{path}[]"), found);
    }
}

fn written(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    found.insert(path.to_owned());
    for (name, value) in value.as_object().into_iter().flatten() {
        written(value, &format!("{path}.{name}"), found);
    }
    for value in value.as_array().into_iter().flatten() {
        written(value, &format!("{path}[]"), found);
    }
}
