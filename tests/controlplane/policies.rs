//! The chart's admission policies: who may make and change system objects, and let support staff in.

use serde_json::{Value, json};

use crate::chart::{Installed, Person, installed};
use crate::harness::Ran;
use crate::harness::access::Access;
use crate::harness::wait::until;

/// A manifest.
fn manifest(kind: &str, name: &str, spec: &Value) -> String {
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

#[track_caller]
fn refused(ran: &Ran, why: &str) {
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

const TAKES_ACTIVATE: &str = "takes the verb `activate` on users.tenantry.dev";

fn user(name: &str, of_type: &str, more: &Value) -> String {
    let mut spec = json!({"type": of_type, "account": format!("{name}.account"), "name": "Sam", "roles": ["analyst"]});
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    manifest("User", name, &spec)
}

fn activated() -> Value {
    json!({"activation": {"validUntil": "2099-01-01T00:00:00Z"}})
}

/// What it takes the verb to change on a service user.
fn sensitive() -> Vec<Value> {
    let period = json!({"role": "developer", "validUntil": "2099-01-01T00:00:00Z"});
    vec![
        activated(),
        json!({"roles": ["administrator"]}),
        json!({"temporaryRoles": [period]}),
        json!({"organizations": ["headquarters"]}),
        json!({"name": "Max", "roles": ["developer"]}),
    ]
}

fn patch(person: &Person<'_>, name: &str, spec: &Value) -> Ran {
    let patch = json!({"spec": spec}).to_string();
    person.kubectl("", &["patch", "tuser", name, "--type=merge", "--patch", &patch])
}

/// One who may write users and one who may activate them as well, once the policy is in force.
fn staff(namespace: &str) -> (Person<'static>, Person<'static>) {
    let person = |name| installed().person(name, namespace);
    let editor = person("edith").may("tenantry-users-editor", "create", "users.tenantry.dev");
    let admin = person("ada").may("tenantry-users-admin", "activate", "users.tenantry.dev");
    until("the policy to be in force", || {
        let probe = ["create", "--dry-run=server", "-f", "-"];
        let ran = editor.kubectl(&user("probe", "Service", &activated()), &probe);
        ran.err.contains(TAKES_ACTIVATE).then_some(())
    });
    (editor, admin)
}

#[test]
fn service_users_are_let_in_by_those_who_may_activate() {
    let namespace = installed().plane.namespace("service");
    let (editor, admin) = staff(&namespace);
    let create = |person: &Person<'_>, manifest: &str| person.kubectl(manifest, &["create", "-f", "-"]);

    refused(&create(&editor, &user("in", "Service", &activated())), TAKES_ACTIVATE);
    create(&editor, &user("sam", "Service", &json!({}))).ok();
    for spec in sensitive() {
        refused(&patch(&editor, "sam", &spec), TAKES_ACTIVATE);
        patch(&admin, "sam", &spec).ok();
    }
    refused(&patch(&editor, "sam", &json!({"activation": null})), TAKES_ACTIVATE);
    // What widens nothing, the kill switch above all, takes no more than write.
    patch(&editor, "sam", &json!({"name": "Sam Poole", "enabled": false})).ok();
    editor.kubectl("", &["delete", "tuser", "sam"]).ok();
    create(&admin, &user("in", "Service", &activated())).ok();
}

#[test]
fn other_users_are_not_held_to_it() {
    let namespace = installed().plane.namespace("ordinary");
    let (editor, _) = staff(&namespace);
    for of_type in ["Ordinary", "SSO"] {
        let name = of_type.to_lowercase();
        let email = json!({"email": format!("{name}@acme.example")});
        editor
            .kubectl(&user(&name, of_type, &email), &["create", "-f", "-"])
            .ok();
        for spec in &sensitive()[1..] {
            patch(&editor, &name, spec).ok();
        }
    }
}

#[test]
fn the_right_to_activate_can_be_held_to_a_name() {
    let namespace = installed().plane.namespace("named");
    let (editor, _) = staff(&namespace);
    for name in ["sam", "max"] {
        editor
            .kubectl(&user(name, "Service", &json!({})), &["create", "-f", "-"])
            .ok();
    }
    let admin = installed().plane.admin();
    let rule = [
        "--verb=activate",
        "--resource=users.tenantry.dev",
        "--resource-name=sam",
    ];
    admin
        .kubectl(&[&["create", "role", "sam", "-n", &namespace], &rule[..]].concat())
        .ok();
    let to = ["--role=sam", "--user=edith", "-n", &namespace];
    admin
        .kubectl(&[&["create", "rolebinding", "sam"], &to[..]].concat())
        .ok();
    until("the right to count", || {
        (patch(&editor, "sam", &activated()).code == 0).then_some(())
    });
    refused(&patch(&editor, "max", &activated()), TAKES_ACTIVATE);
}
