//! The JSON schema for editors: it accepts what is sound and refuses what is not, as far as JSON Schema can say it.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a whole file of tests"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};
use tenantry::manifests::editor_schema;

use table::sample::{Listed, samples};

mod program;
mod table {
    pub(crate) mod file;
    pub(crate) mod sample;
    pub(crate) mod value;
}

/// Bad values that the schema lets pass: JSON Schema cannot say that entries of a list differ by their keys.
const BEYOND_JSON_SCHEMA: [&str; 5] = [
    r#"no_attribute_is_declared_twice (Twice): [{"name":"a"},{"name":"a","required":true}]"#,
    r#"no_field_twice (Twice): [{"name":"f","type":"Int"},{"name":"f","type":"String"}]"#,
    r#"no_object_of_data_twice (Twice): [{"object":"Event","rows":"All"},{"object":"Event","rows":"None"}]"#,
    r#"no_object_twice (Twice): [{"object":"Customer"},{"access":"Exclusive","object":"Customer"}]"#,
    r#"permissions_are_a_map_by_object (Twice): [{"actions":["View"],"object":"A"},{"actions":["Edit"],"object":"A"}]"#,
];

fn validator() -> Validator {
    jsonschema::draft7::new(&editor_schema()).unwrap()
}

fn faults(validator: &Validator, object: &Value) -> Vec<String> {
    validator.iter_errors(object).map(|fault| fault.to_string()).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of manifests below a folder; expectations are none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let all = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    let is_manifest = |path: &PathBuf| {
        let name = path.to_str().unwrap();
        name.ends_with(".yaml") && !name.ends_with(".test.yaml")
    };
    all.filter(is_manifest).collect()
}

#[test]
fn every_document_of_the_examples_is_accepted() {
    let validator = validator();
    let mut count = 0;
    for path in files(&root().join("examples")) {
        let text = fs::read_to_string(&path).unwrap();
        for object in serde_saphyr::from_multiple::<Value>(&text).unwrap() {
            let faults = faults(&validator, &object);
            assert!(faults.is_empty(), "{}: {faults:?}", path.display());
            count += 1;
        }
    }
    assert!(count > 40, "{count} documents");
}

#[test]
fn every_good_value_of_the_table_is_accepted() {
    let validator = validator();
    for sample in samples().iter().filter(|sample| sample.listed == Listed::Good) {
        let faults = faults(&validator, &sample.object);
        assert!(faults.is_empty(), "{} {}: {faults:?}", sample.kind, sample.label);
    }
}

#[test]
fn every_bad_value_of_the_table_is_refused_at_its_place() {
    let validator = validator();
    let mut passed = BTreeSet::new();
    for sample in samples()
        .iter()
        .filter(|sample| matches!(sample.listed, Listed::Bad | Listed::Twice))
    {
        let places = places(&validator, &sample.object);
        let (expected, around) = pointers(&sample.path);
        if places.is_empty() {
            passed.insert(sample.label.clone());
        } else {
            let found = places
                .iter()
                .any(|place| place.starts_with(&expected) || *place == around);
            assert!(found, "{}: {expected} is not among {places:?}", sample.label);
        }
    }
    assert_eq!(passed, BEYOND_JSON_SCHEMA.map(str::to_owned).into());
}

/// Where the faults are.
fn places(validator: &Validator, object: &Value) -> Vec<String> {
    let faults = validator.iter_errors(object);
    faults.map(|fault| fault.instance_path().to_string()).collect()
}

/// `/spec/roles/1` for `spec.roles[1]`, and what it stands in: a missing or unknown field, or a repeated entry, is a fault
/// of that.
fn pointers(path: &str) -> (String, String) {
    let place = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
    let around = place.rsplit_once('/').map(|(around, _)| around.to_owned());
    (place, around.unwrap_or_default())
}

#[test]
fn what_is_not_ours_passes_and_what_is_in_a_list_is_judged() {
    let validator = validator();
    let tenant = |name: &str| {
        json!({
            "apiVersion": "tenantry.dev/v1alpha1",
            "kind": "Tenant",
            "metadata": {"name": name, "namespace": "acme"},
            "spec": {"displayName": "Acme"},
        })
    };
    let list = |item: Value| json!({"apiVersion": "v1", "kind": "List", "items": [item]});
    for (object, sound) in [
        (
            json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}}),
            true,
        ),
        (tenant("tenant"), true),
        (tenant("acme"), false),
        (list(tenant("tenant")), true),
        (list(tenant("acme")), false),
        (
            json!({"apiVersion": "tenantry.dev/v1alpha1", "kind": "Usr", "metadata": {"name": "bob"}, "spec": {}}),
            false,
        ),
        (
            json!({"apiVersion": "tenantry.dev/v2", "kind": "Tenant", "metadata": {"name": "tenant"}, "spec": {"displayName": "A"}}),
            false,
        ),
        (
            json!({"kind": "Tenant", "metadata": {"name": "tenant"}, "spec": {"displayName": "A"}}),
            false,
        ),
    ] {
        assert_eq!(validator.is_valid(&object), sound, "{object}");
    }
}

#[test]
fn labels_annotations_and_a_status_are_allowed_in_their_forms() {
    let validator = validator();
    let organization = |metadata: Value, status: Value| {
        json!({
            "apiVersion": "tenantry.dev/v1alpha1",
            "kind": "Organization",
            "metadata": metadata,
            "spec": {"displayName": "EMEA"},
            "status": status,
        })
    };
    let status = json!({"level": 2, "path": ["headquarters", "emea"], "observedGeneration": 1});
    for (metadata, status, sound) in [
        (
            json!({"name": "emea", "labels": {"a/b": "c"}, "annotations": {"d": "any thing"}}),
            status.clone(),
            true,
        ),
        (
            json!({"name": "emea", "uid": "1", "creationTimestamp": "2026-11-24T12:00:00Z"}),
            status.clone(),
            true,
        ),
        (json!({"name": "emea", "labels": {"a": "b c"}}), status.clone(), false),
        (json!({"name": "emea", "labels": {"a": true}}), status.clone(), false),
        (json!({"name": "emea", "label": {}}), status.clone(), false),
        (json!({"name": "emea", "namespace": "Acme"}), status.clone(), false),
        (json!({"name": "EMEA"}), status, false),
        (json!({"name": "emea"}), json!({"phase": "Active"}), false),
    ] {
        let object = organization(metadata, status);
        assert_eq!(validator.is_valid(&object), sound, "{object}");
    }
}

#[test]
fn no_null_is_allowed_anywhere() {
    fn assert_no_null(value: &Value) {
        match value {
            Value::Null => panic!("a null in the schema"),
            Value::Array(items) => items.iter().for_each(assert_no_null),
            Value::Object(members) => members.values().for_each(assert_no_null),
            Value::String(text) => assert_ne!(text, "null"),
            Value::Bool(_) | Value::Number(_) => {}
        }
    }
    assert_no_null(&editor_schema());
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let directory = tempfile::tempdir().unwrap();
    let ran = program::run(&["schema", directory.path().to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let made = fs::read_to_string(directory.path().join("tenantry.json")).unwrap();
    assert_eq!(program::run(&["schema"]).out, made);
    let committed = fs::read_to_string(root().join("schemas/tenantry.json")).unwrap();
    assert!(
        committed == made,
        "schemas/tenantry.json is out of date: run `tenantry schema schemas`"
    );
}

/// Editors read only the lines above a document to learn its schema.
#[test]
fn every_example_names_the_schema_in_its_first_line() {
    for path in files(&root().join("examples")) {
        let text = fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap();
        let named = first.strip_prefix("# yaml-language-server: $schema=").map(Path::new);
        let schema = named.map(|named| path.parent().unwrap().join(named).canonicalize().unwrap());
        assert_eq!(schema, Some(root().join("schemas/tenantry.json")), "{}", path.display());
    }
}
