//! The chart's admission policy on system objects: who may make and change them.

use serde_json::{Value, json};

use crate::chart::{Installed, installed};
use crate::harness::Ran;
use crate::harness::access::Access;
use crate::harness::wait::until;

/// A manifest.
pub(crate) fn manifest(kind: &str, name: &str, spec: &Value) -> String {
    let metadata = json!({"name": name});
    json!({"apiVersion": "tenantry.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}).to_string()
}

fn role(name: &str, display_name: &str) -> String {
    let permissions = json!([{"object": "Campaign", "actions": ["View"]}]);
    manifest(
        "Role",
        name,
        &json!({"displayName": display_name, "permissions": permissions}),
    )
}

fn organization(name: &str, display_name: &str) -> String {
    manifest("Organization", name, &json!({"displayName": display_name}))
}

/// Applies a manifest as the controller does.
fn apply(access: &Access, manifest: &str, namespace: &str) -> Ran {
    let arguments = [
        "apply",
        "--server-side",
        "--field-manager=tenantry",
        "--force-conflicts",
        "-f",
        "-",
    ];
    access.kubectl_with(manifest, &[&arguments, &["--namespace", namespace][..]].concat())
}

fn create(access: &Access, manifest: &str, namespace: &str) -> Ran {
    access.kubectl_with(manifest, &["create", "-f", "-", "--namespace", namespace])
}

/// Fails the test unless the API server forbade it, for that reason.
#[track_caller]
pub(crate) fn refused(ran: &Ran, why: &str) {
    assert_ne!(ran.code, 0, "accepted: {}", ran.out);
    assert!(ran.err.contains("(Forbidden)") && ran.err.contains(why), "{}", ran.err);
}

const NOT_HERS: &str = "belongs to the controller";

/// The control plane once it guards system objects, and a namespace.
fn guarded() -> (&'static Installed, String) {
    let installed = installed();
    let namespace = installed.plane.namespace("guarded");
    until("the policy to be in force", || {
        let probe = ["create", "--dry-run=server", "-f", "-", "--namespace", &namespace];
        let ran = installed.plane.admin().kubectl_with(&role("analyst", "A"), &probe);
        ran.err.contains(NOT_HERS).then_some(())
    });
    (installed, namespace)
}

#[test]
fn only_the_controller_makes_system_objects() {
    let (installed, namespace) = guarded();
    let admin = installed.plane.admin();
    let roles = ["administrator", "analyst", "developer", "ordinary-user"].map(|name| role(name, "A"));
    let organizations = ["headquarters", "unassigned"].map(|name| organization(name, "A"));
    let system: Vec<String> = roles.into_iter().chain(organizations).collect();
    for manifest in &system {
        refused(&create(admin, manifest, &namespace), NOT_HERS);
        refused(&apply(admin, manifest, &namespace), NOT_HERS);
    }
    let invitation = json!({"email": "ada@acme.example", "roles": ["administrator"]});
    let invitation = manifest("Invitation", "administrator", &invitation);
    refused(&create(admin, &invitation, &namespace), NOT_HERS);
    for manifest in &system {
        apply(&installed.controller, manifest, &namespace).ok();
    }
}

#[test]
fn other_names_and_the_same_names_of_other_kinds_are_free() {
    let (installed, namespace) = guarded();
    let group = |name| manifest("UserGroup", name, &json!({"displayName": "A", "remarks": "A"}));
    for manifest in [
        role("analysts", "A"),
        role("headquarters", "A"),
        organization("emea", "A"),
        organization("administrator", "A"),
        group("administrator"),
        group("unassigned"),
    ] {
        create(installed.plane.admin(), &manifest, &namespace).ok();
        apply(installed.plane.admin(), &manifest.replace("\"A\"", "\"B\""), &namespace).ok();
    }
}

#[test]
fn people_change_nothing_of_a_system_object_but_metadata() {
    let (installed, namespace) = guarded();
    let admin = installed.plane.admin();
    for (resource, name, as_made, changed) in [
        ("trole", "analyst", role("analyst", "A"), role("analyst", "B")),
        (
            "torg",
            "headquarters",
            organization("headquarters", "A"),
            organization("headquarters", "B"),
        ),
    ] {
        apply(&installed.controller, &as_made, &namespace).ok();
        let on = |arguments: &[&str]| admin.kubectl(&[arguments, &["--namespace", &namespace]].concat());
        let patch = r#"{"spec": {"displayName": "B"}}"#;
        refused(
            &on(&["patch", resource, name, "--type=merge", "--patch", patch]),
            NOT_HERS,
        );
        refused(&apply(admin, &changed, &namespace), NOT_HERS);
        refused(
            &admin.kubectl_with(&changed, &["replace", "-f", "-", "--namespace", &namespace]),
            NOT_HERS,
        );

        on(&["label", resource, name, "team=a"]).ok();
        on(&["annotate", resource, name, "note=a"]).ok();
        apply(admin, &as_made, &namespace).ok();
        apply(&installed.controller, &changed, &namespace).ok();
        on(&["delete", resource, name]).ok();
    }
}

#[test]
fn the_garbage_collector_is_not_held_up() {
    let (installed, namespace) = guarded();
    let admin = installed.plane.admin();
    let on = |arguments: &[&str]| admin.kubectl(&[arguments, &["--namespace", &namespace]].concat());
    let make = || {
        let tenant = manifest("Tenant", "tenant", &json!({"displayName": "A"}));
        create(admin, &tenant, &namespace).ok();
        let uid = on(&["get", "tnt", "tenant", "-o", "jsonpath={.metadata.uid}"]).ok();
        let mut owned: Value = serde_json::from_str(&role("analyst", "A")).unwrap();
        let owner = json!({"apiVersion": "tenantry.dev/v1alpha1", "kind": "Tenant", "name": "tenant", "uid": uid});
        owned["metadata"]["ownerReferences"] = json!([owner]);
        apply(&installed.controller, &owned.to_string(), &namespace).ok();
    };

    make();
    on(&["delete", "tnt", "tenant", "--cascade=background"]).ok();
    until("the role to go with its tenant", || {
        (on(&["get", "trole", "analyst"]).code != 0).then_some(())
    });

    // A policy in its way would have the deletion hang. That the role stays takes a collector that has seen the role before
    // it sees the deletion, which nobody can wait for.
    until("the role to stay without its tenant", || {
        make();
        on(&["delete", "tnt", "tenant", "--cascade=orphan", "--timeout=60s"]).ok();
        let owners = on(&["get", "trole", "analyst", "-o", "jsonpath={.metadata.ownerReferences}"]);
        (owners.code == 0 && owners.out.is_empty()).then_some(())
    });
}

#[test]
fn the_api_server_finds_no_wrong_type_in_a_policy() {
    let get = ["get", "validatingadmissionpolicies", "-o", "json"];
    let policies = until("the policies to be checked", || {
        let policies: Value = serde_json::from_str(&installed().plane.admin().kubectl(&get).ok()).unwrap();
        let items = policies["items"].as_array().unwrap().clone();
        items
            .iter()
            .all(|policy| policy["status"].get("typeChecking").is_some())
            .then_some(items)
    });
    assert_eq!(policies.len(), 2);
    for policy in policies {
        assert_eq!(
            policy["status"]["typeChecking"],
            json!({}),
            "{}",
            policy["metadata"]["name"]
        );
    }
}
