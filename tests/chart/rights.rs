//! Who gets which rights by the chart: the controller what it needs, people what is theirs, nobody a Secret.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::helm::{FULL, object, plurals, rendered};

/// One right: verb, API group, resource, and the names it is held to, if any.
type Right = (String, String, String, Vec<String>);

fn rights(role: &Value) -> BTreeSet<Right> {
    let strings = |value: &Value| -> Vec<String> {
        let values = value.as_array().into_iter().flatten();
        values.map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    let mut rights = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        let known = ["apiGroups", "resources", "resourceNames", "verbs"];
        assert!(
            rule.as_object()
                .unwrap()
                .keys()
                .all(|key| known.contains(&key.as_str())),
            "{rule}"
        );
        for verb in strings(&rule["verbs"]) {
            for group in strings(&rule["apiGroups"]) {
                for resource in strings(&rule["resources"]) {
                    let names = strings(&rule["resourceNames"]);
                    rights.insert((verb.clone(), group.clone(), resource, names));
                }
            }
        }
    }
    rights
}

/// Rights on our own kinds.
fn on_ours(verbs: &[&str], resources: impl IntoIterator<Item = String>) -> BTreeSet<Right> {
    let resources = resources.into_iter();
    resources
        .flat_map(|resource| {
            verbs
                .iter()
                .map(move |verb| right(verb, "tenantry.dev", &resource, &[]))
        })
        .collect()
}

fn right(verb: &str, group: &str, resource: &str, names: &[&str]) -> Right {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    (verb.to_owned(), group.to_owned(), resource.to_owned(), names)
}

#[test]
fn the_controller_may_do_what_it_does_and_no_more() {
    let objects = rendered(&[]);
    let mut expected = on_ours(&["list", "watch"], plurals());
    expected.extend(on_ours(
        &["patch"],
        plurals().iter().map(|kind| format!("{kind}/status")),
    ));
    expected.extend(on_ours(&["create"], ["organizations", "roles"].map(str::to_owned)));
    let roles = ["administrator", "analyst", "developer", "ordinary-user"];
    expected.insert(right("patch", "tenantry.dev", "roles", &roles));
    let organizations = ["headquarters", "unassigned"];
    expected.insert(right("patch", "tenantry.dev", "organizations", &organizations));
    expected.insert(right("create", "events.k8s.io", "events", &[]));
    expected.insert(right("list", "", "namespaces", &[]));
    expected.insert(right("watch", "", "namespaces", &[]));
    assert_eq!(rights(object(&objects, "ClusterRole", "tenantry-controller")), expected);

    let unnamed = rendered(&["--set-json", "reservedRoles=[]"]);
    let rights_without = rights(object(&unnamed, "ClusterRole", "tenantry-controller"));
    assert!(
        rights_without
            .iter()
            .all(|(verb, _, resource, _)| (verb.as_str(), resource.as_str()) != ("patch", "roles")),
        "no names at all would be every name"
    );

    let leases = |verb, names: &[&str]| right(verb, "coordination.k8s.io", "leases", names);
    let own = ["tenantry-controller"];
    assert_eq!(
        rights(object(&objects, "Role", "tenantry-lease")),
        BTreeSet::from([leases("create", &[]), leases("get", &own), leases("update", &own)])
    );
    assert_eq!(
        object(&objects, "Role", "tenantry-lease")["metadata"]["namespace"],
        "tenantry-system"
    );
}

#[test]
fn the_lease_right_follows_the_name() {
    let objects = rendered(&["--values", FULL]);
    let rights = rights(object(&objects, "Role", "access-lease"));
    assert!(rights.contains(&right("update", "coordination.k8s.io", "leases", &["another"])));
}

#[test]
fn people_get_what_their_role_says() {
    let objects = rendered(&[]);
    let view = ["get", "list", "watch"];
    let edit = [&view[..], &["create", "update", "patch", "delete"]].concat();
    for kind in plurals() {
        let mut admin = [&edit[..], &["deletecollection"]].concat();
        if kind == "users" {
            admin.push("activate");
        }
        for (level, verbs) in [("viewer", &view[..]), ("editor", &edit), ("admin", &admin)] {
            let role = object(&objects, "ClusterRole", &format!("tenantry-{kind}-{level}"));
            assert_eq!(rights(role), on_ours(verbs, [kind.clone()]), "{kind} {level}");
        }
    }
    let plan = object(&objects, "ClusterRole", "tenantry-plan");
    assert_eq!(rights(plan), on_ours(&view, plurals()));
}

#[test]
fn there_are_no_other_roles_and_nothing_is_aggregated() {
    let objects = rendered(&["--values", FULL]);
    let roles = objects
        .iter()
        .filter(|object| object["kind"].as_str().unwrap().ends_with("Role"));
    let mut count = 0;
    for role in roles {
        count += 1;
        assert!(role.get("aggregationRule").is_none());
        let labels = role["metadata"]["labels"].as_object().unwrap();
        assert!(
            labels
                .keys()
                .all(|label| !label.starts_with("rbac.authorization.k8s.io/")),
            "{labels:?}"
        );
        for (verb, group, resource, _) in rights(role) {
            assert!(![verb.as_str(), &group, &resource].contains(&"*"), "{role}");
            assert_ne!(resource, "secrets");
            assert!(!["escalate", "bind", "impersonate"].contains(&verb.as_str()), "{role}");
        }
    }
    assert_eq!(count, 1 + 1 + 3 * plurals().len() + 1);
    let bound = objects
        .iter()
        .filter(|object| object["kind"].as_str().unwrap().ends_with("RoleBinding"));
    assert_eq!(bound.count(), 2, "people are bound by whoever installs");
}
