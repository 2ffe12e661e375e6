//! The result does not depend on the order in which objects, documents and files come (K1), except which of several rivals
//! without a creationTimestamp is the older: then names decide, and they are the same in any order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use tenantry::manifests::{Manifests, Source};
use tenantry::policy::{Evaluation, evaluate_all};

use crate::cases;
use crate::tape::moment;
use crate::world::{CATALOGUE, Doc, World, worlds};

/// Everything that is said about a namespace: statuses in their order, findings and warnings as a set.
type Said = (Vec<(String, String, Value)>, BTreeSet<String>);

fn said(evaluations: &[Evaluation]) -> BTreeMap<String, Said> {
    let each = evaluations.iter().map(|evaluation| {
        let statuses = evaluation.statuses().map(|reported| {
            let status = serde_json::to_value(&reported.status).expect("a status is JSON");
            (reported.kind.to_string(), reported.name.to_owned(), status)
        });
        let found = evaluation.findings().into_iter().chain(evaluation.warnings());
        let found = found.map(|found| format!("{} {} {:?}", found.kind, found.name, found.finding));
        (evaluation.namespace.clone(), (statuses.collect(), found.collect()))
    });
    each.collect()
}

/// The documents in another order, which `order` gives: a number for each.
fn in_order(world: &World, order: &[u32]) -> World {
    let mut docs: Vec<(u32, &Doc)> = order.iter().copied().cycle().zip(&world.docs).collect();
    docs.sort_by_key(|(place, _)| *place);
    World {
        docs: docs.into_iter().map(|(_, doc)| doc.clone()).collect(),
    }
}

/// The documents in files: in each of them some, as YAML documents or as a List.
fn files(world: &World, sizes: &[usize]) -> Vec<Source> {
    let mut rest = world.docs.as_slice();
    let mut files = Vec::new();
    for size in sizes.iter().copied().cycle() {
        let (now, later) = rest.split_at(size.min(rest.len()));
        rest = later;
        let text = if size % 2 == 0 { as_list(now) } else { as_documents(now) };
        let name = format!("{:03}.yaml", files.len());
        files.push(Source { name, text });
        if rest.is_empty() {
            break;
        }
    }
    files
}

fn as_documents(docs: &[Doc]) -> String {
    let texts: Vec<String> = docs.iter().map(|doc| doc.json().to_string()).collect();
    texts.join("\n---\n")
}

fn as_list(docs: &[Doc]) -> String {
    let items: Vec<Value> = docs.iter().map(Doc::json).collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

fn read(files: Vec<Source>) -> BTreeMap<String, Said> {
    let mut manifests = Manifests::of(files, "default").expect("the schemas are sound");
    let snapshots = manifests.take_snapshots();
    said(&evaluate_all(&CATALOGUE, &snapshots, moment(0)))
}

fn orders() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 40)
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn the_order_of_objects_changes_nothing(world in worlds(), order in orders()) {
        let world = world.without_duplicates();
        prop_assert_eq!(said(&in_order(&world, &order).evaluate()), said(&world.evaluate()));
    }

    #[test]
    fn the_order_of_tenants_changes_nothing(world in worlds()) {
        let mut snapshots = world.snapshots();
        snapshots.reverse();
        prop_assert_eq!(said(&evaluate_all(&CATALOGUE, &snapshots, moment(0))), said(&world.evaluate()));
    }
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn the_order_of_files_and_documents_changes_nothing(
        world in worlds(),
        order in orders(),
        sizes in prop::collection::vec(1_usize..9, 1..5),
    ) {
        let world = world.without_duplicates();
        let one_file = vec![Source { name: String::from("all.yaml"), text: as_documents(&world.docs) }];
        prop_assert_eq!(read(files(&in_order(&world, &order), &sizes)), read(one_file));
    }

    #[test]
    fn manifests_say_what_they_were_written_from(world in worlds()) {
        let one_file = vec![Source { name: String::from("all.yaml"), text: as_documents(&world.docs) }];
        let mut manifests = Manifests::of(one_file, "default").expect("the schemas are sound");
        let (read, written) = (manifests.take_snapshots(), world.snapshots());
        prop_assert_eq!(read.len(), written.len());
        for (read, written) in read.iter().zip(&written) {
            prop_assert_eq!(&read.namespace, &written.namespace);
            prop_assert_eq!(&read.tenant, &written.tenant);
            prop_assert_eq!(&read.users, &written.users);
            prop_assert_eq!(&read.roles, &written.roles);
            prop_assert_eq!(&read.organizations, &written.organizations);
            prop_assert_eq!(&read.groups, &written.groups);
            prop_assert_eq!(&read.rules, &written.rules);
            prop_assert_eq!(read.invitations.len(), written.invitations.len());
            prop_assert_eq!(read.broken.len(), written.broken.len());
        }
    }
}
