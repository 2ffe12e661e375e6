//! Two managers of one object: what the second adds by server-side apply, the first one sees and takes back. Were lists sets
//! and maps to the API server, a role that somebody adds to a user would stay there, and no diff would show it.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::Value;
use tenantry::api::{Kind, crd};

use crate::harness::wait::until;
use crate::harness::{ControlPlane, Ran, shared};
use crate::lists::{Collection, collections};

/// Who declares the objects.
const GIT: &str = "--field-manager=git";
/// Somebody else.
const OTHER: &str = "--field-manager=other";
const FORCE: &str = "--force-conflicts";

/// A namespace on a control plane.
struct Place<'p> {
    plane: &'p ControlPlane,
    namespace: String,
}

impl<'p> Place<'p> {
    fn on(plane: &'p ControlPlane, name: &str) -> Self {
        let namespace = plane.namespace(name);
        Self { plane, namespace }
    }

    fn kubectl(&self, object: &Value, arguments: &[&str]) -> Ran {
        let mut object = object.clone();
        object["metadata"]["namespace"] = self.namespace.as_str().into();
        let file = ["-n", &self.namespace, "-f", "-"];
        self.plane
            .admin()
            .kubectl_with(&object.to_string(), &[arguments, &file].concat())
    }

    fn apply(&self, manager: &str, object: &Value, more: &[&str]) -> Ran {
        self.kubectl(object, &[&["apply", "--server-side", manager], more].concat())
    }

    fn diff(&self, object: &Value, more: &[&str]) -> Ran {
        self.kubectl(object, &[&["diff", "--server-side", GIT], more].concat())
    }

    fn stored(&self, object: &Value) -> Value {
        let list = self.kubectl(object, &["get", "-o", "json"]).ok();
        serde_json::from_str::<Value>(&list).unwrap()["items"][0].clone()
    }
}

#[track_caller]
fn conflicts(ran: &Ran, what: &str) {
    assert!(
        ran.code != 0 && ran.err.contains("conflict with"),
        "{what}: {}{}",
        ran.out,
        ran.err
    );
}

/// The next diff and apply of the first manager, who declared so many entries, after somebody brought them to two.
fn sees_and_takes_back(place: &Place<'_>, list: &Collection, entries: usize, what: &str) {
    let declared = list.holding(entries);
    assert_eq!(list.count(&place.stored(&declared)), 2, "{what}");
    conflicts(&place.diff(&declared, &[]), what);
    conflicts(&place.apply(GIT, &declared, &[]), what);
    let shown = place.diff(&declared, &[FORCE]);
    assert!(
        shown.code == 1 && shown.out.lines().any(|line| line.starts_with('-')),
        "{what}: {shown:?}"
    );
    place.apply(GIT, &declared, &[FORCE]).ok();
    assert_eq!(list.count(&place.stored(&declared)), entries, "{what}");
    assert_eq!(place.diff(&declared, &[]).code, 0, "{what}");
}

#[test]
fn what_another_manager_adds_to_a_list_is_seen_and_taken_back() {
    let lists = collections();
    assert!(lists.len() > 25, "{}", lists.len());
    for list in lists {
        let what = format!("{} {}", list.kind, list.path);
        let place = Place::on(shared(), "managers");
        place.apply(GIT, &list.holding(1), &[]).ok();
        conflicts(&place.apply(OTHER, &list.holding(2), &[]), &what);
        place.apply(OTHER, &list.holding(2), &[FORCE]).ok();
        sees_and_takes_back(&place, &list, 1, &what);
    }
}

/// What a manifest leaves out belongs to whoever sets it. An empty list is declared.
#[test]
fn what_another_manager_adds_to_an_empty_list_is_seen_too() {
    let list = collections()
        .into_iter()
        .find(|list| list.path == "spec.temporaryRoles")
        .unwrap();
    let place = Place::on(shared(), "empty");
    place.apply(GIT, &list.holding(0), &[]).ok();
    conflicts(&place.apply(OTHER, &list.holding(2), &[]), &list.path);
    place.apply(OTHER, &list.holding(2), &[FORCE]).ok();
    sees_and_takes_back(&place, &list, 0, &list.path);
    // A write that is no apply asks nobody.
    place
        .kubectl(&list.holding(2), &["replace", "--field-manager=editor"])
        .ok();
    sees_and_takes_back(&place, &list, 0, &list.path);
}

/// The rules that compare entries stay within what the API server spends on a rule.
#[test]
fn a_list_may_be_as_long_as_its_bound_says() {
    for list in collections() {
        let place = Place::on(shared(), "longest");
        place
            .kubectl(&list.holding(list.most()), &["create", "--dry-run=server"])
            .ok();
        let over = place.kubectl(&list.holding(list.most() + 1), &["create", "--dry-run=server"]);
        assert!(
            over.err.contains("Too many") || over.err.contains("must have at most"),
            "{} {}: {}",
            list.kind,
            list.path,
            over.err
        );
    }
}

/// Applied on the client's side it is seen and taken back without being asked to; but what is added to a mapping stays.
#[test]
fn a_client_that_applies_takes_back_what_another_manager_adds_to_a_list() {
    for list in collections().into_iter().filter(Collection::is_list) {
        let what = format!("{} {}", list.kind, list.path);
        let place = Place::on(shared(), "client");
        place.kubectl(&list.holding(1), &["apply"]).ok();
        place
            .kubectl(&list.holding(2), &["replace", "--field-manager=editor"])
            .ok();
        let declared = list.holding(1);
        assert_eq!(place.kubectl(&declared, &["diff"]).code, 1, "{what}");
        place.kubectl(&declared, &["apply"]).ok();
        assert_eq!(list.count(&place.stored(&declared)), 1, "{what}");
    }
}

/// The definition of a kind with its lists as they were once: sets, and maps by keys.
fn former(kind: Kind) -> CustomResourceDefinition {
    let mut definition = crd::definition(kind);
    let version = &mut definition.spec.versions[0];
    version.schema.as_mut().unwrap().open_api_v3_schema = crd::schema(kind);
    definition
}

#[test]
fn objects_of_former_definitions_are_applied_on_as_if_nothing_had_been() {
    let plane = ControlPlane::start();
    for kind in Kind::ALL {
        let definition = serde_json::to_string(&former(kind)).unwrap();
        plane.admin().kubectl_with(&definition, &["apply", "-f", "-"]).ok();
    }
    let wait = ["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"];
    plane.admin().kubectl(&wait).ok();

    let made: Vec<_> = collections()
        .into_iter()
        .map(|list| {
            let (alone, shared) = (Place::on(&plane, "alone"), Place::on(&plane, "shared"));
            for place in [&alone, &shared] {
                until("the kind to be served", || {
                    (place.apply(GIT, &list.holding(1), &[]).code == 0).then_some(())
                });
            }
            // With former definitions an entry can be added, and nobody sees it.
            let added = shared.apply(OTHER, &list.holding(2), &[]).code == 0;
            (list, alone, shared, added)
        })
        .collect();
    assert!(made.iter().filter(|(.., added)| *added).count() > 15);

    plane.install_crds();
    for (list, alone, shared, added) in made {
        let what = format!("{} {}", list.kind, list.path);
        let declared = list.holding(1);
        // Only who manages what is written anew, once.
        let generation = |place: &Place<'_>| place.stored(&declared)["metadata"]["generation"].clone();
        alone.apply(GIT, &declared, &[]).ok();
        assert_eq!(generation(&alone), 1, "{what}");
        if added {
            sees_and_takes_back(&shared, &list, 1, &what);
        }
    }
}
