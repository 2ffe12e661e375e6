//! The examples as somebody applies them.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use crate::harness::{repository, shared};

/// The manifests of an example, document by document.
pub(crate) fn documents(directory: &Path) -> Vec<String> {
    let mut documents = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            documents.extend(self::documents(&path));
        } else if name.ends_with(".yaml") && !name.ends_with(".test.yaml") {
            let text = fs::read_to_string(&path).unwrap();
            documents.extend(text.split("\n---\n").map(str::to_owned));
        }
    }
    documents
}

fn applies_in_any_order(example: &str, namespaces: &[&str]) {
    for namespace in namespaces {
        shared().admin().kubectl(&["create", "namespace", namespace]).ok();
    }
    let mut documents = documents(&repository().join("examples").join(example));
    let order = RandomState::new();
    documents.sort_by_key(|document| order.hash_one(document));
    let text = documents.join("\n---\n");
    let applied = shared()
        .admin()
        .kubectl_with(&text, &["apply", "--validate=strict", "-f", "-"]);
    assert_eq!((applied.code, applied.err.as_str()), (0, ""), "in this order:\n{text}");
    let made = applied.out.lines().filter(|line| line.ends_with(" created")).count();
    assert!(made > 5 && made == applied.out.lines().count(), "{}", applied.out);
    applies_as_it_stands(example, made);
}

/// kubectl reads every YAML and JSON file of the directory itself, and finds the same objects there.
fn applies_as_it_stands(example: &str, objects: usize) {
    let directory = repository().join("examples").join(example);
    let arguments = ["apply", "--validate=strict", "-f", directory.to_str().unwrap()];
    let applied = shared().admin().kubectl(&arguments);
    assert_eq!((applied.code, applied.err.as_str()), (0, ""));
    let found = applied.out.lines().filter(|line| line.ends_with(" unchanged")).count();
    assert_eq!(
        (found, applied.out.lines().count()),
        (objects, objects),
        "{}",
        applied.out
    );
}

#[test]
fn acme_applies_in_any_order() {
    applies_in_any_order("acme", &["acme"]);
}

#[test]
fn the_agency_and_its_client_apply_in_any_order() {
    applies_in_any_order("agency", &["agency", "client"]);
}
