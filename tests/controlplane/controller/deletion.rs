//! Deletion, in whatever order and manner: it never hangs, and what is going away grants nothing.

use super::{actions, shared};
use crate::harness::wait::until;

const EDITOR: &str = "{displayName: Editor, permissions: [{object: Campaign, actions: [Edit]}]}";
const BOB: &str = "{account: bob.smith, name: Bob, roles: [editor]}";

fn delete(arguments: &[&str]) {
    let arguments = [&["delete", "--wait=false"], arguments].concat();
    shared().control_plane.admin().kubectl(&arguments).ok();
}

#[test]
fn a_deleted_role_grants_nothing() {
    let namespace = shared().tenant("norole");
    shared().apply(&namespace, "Role", "editor", EDITOR);
    shared().apply(&namespace, "User", "bob", BOB);
    shared().status(&namespace, "User", "bob", |status| {
        !actions(status, "Campaign").is_empty()
    });
    delete(&["trole/editor", "-n", &namespace]);
    shared().status(&namespace, "User", "bob", |status| {
        actions(status, "Campaign").is_empty()
    });
}

#[test]
fn an_object_that_only_a_foreign_finalizer_keeps_grants_nothing() {
    let namespace = shared().tenant("finalizer");
    shared().apply(&namespace, "Role", "editor", EDITOR);
    shared().apply(&namespace, "User", "bob", BOB);
    shared().status(&namespace, "User", "bob", |status| {
        !actions(status, "Campaign").is_empty()
    });
    let finalizer = r#"{"metadata":{"finalizers":["example.com/keep"]}}"#;
    let patch = [
        "patch",
        "trole",
        "editor",
        "-n",
        &namespace,
        "--type=merge",
        "-p",
        finalizer,
    ];
    shared().control_plane.admin().kubectl(&patch).ok();
    delete(&["trole/editor", "-n", &namespace]);
    shared().reason(&namespace, "Role", "editor", "Terminating");
    shared().status(&namespace, "User", "bob", |status| {
        actions(status, "Campaign").is_empty()
    });
}

#[test]
fn a_deleted_system_object_comes_again() {
    let namespace = shared().tenant("system");
    let uid = |kind: &str, name: &str| {
        until("the system object", || {
            let object = shared().get(&namespace, kind, name)?;
            object["metadata"]["uid"].as_str().map(str::to_owned)
        })
    };
    for (kind, name) in [("Role", "analyst"), ("Organization", "unassigned")] {
        let before = uid(kind, name);
        delete(&[
            &format!("{}s.tenantry.dev/{name}", kind.to_lowercase()),
            "-n",
            &namespace,
        ]);
        until("another object of the name", || {
            (uid(kind, name) != before).then_some(())
        });
        shared().reason(&namespace, kind, name, "Valid");
    }
}

#[test]
fn a_deleted_tenant_takes_the_objects_of_the_system_with_it_and_leaves_peoples_waiting() {
    for cascade in ["background", "foreground", "orphan"] {
        let namespace = shared().tenant(cascade);
        shared().apply(
            &namespace,
            "User",
            "bob",
            "{account: bob.smith, name: Bob, roles: [ordinary-user]}",
        );
        shared().reason(&namespace, "User", "bob", "Active");
        shared().reason(&namespace, "Role", "analyst", "Valid");
        delete(&["tnt/tenant", "-n", &namespace, &format!("--cascade={cascade}")]);
        shared().reason(&namespace, "User", "bob", "NoTenant");
        until(&format!("the end of the Tenant, {cascade}"), || {
            shared().get(&namespace, "Tenant", "tenant").is_none().then_some(())
        });
        if cascade == "orphan" {
            shared().reason(&namespace, "Role", "analyst", "NoTenant");
        } else {
            until("the end of the system's objects", || {
                shared().get(&namespace, "Role", "analyst").is_none().then_some(())
            });
        }
        // It is as if it had never been away.
        shared().apply(&namespace, "Tenant", "tenant", "{displayName: Acme}");
        shared().reason(&namespace, "User", "bob", "Active");
        shared().reason(&namespace, "Role", "analyst", "Valid");
        until("the new Tenant as the owner", || {
            let uid = shared().get(&namespace, "Tenant", "tenant")?["metadata"]["uid"].clone();
            let owner = shared().get(&namespace, "Role", "analyst")?["metadata"]["ownerReferences"][0]["uid"].clone();
            (owner == uid).then_some(())
        });
    }
}

#[test]
fn a_namespace_goes_away_with_all_that_is_in_it() {
    let namespace = shared().tenant("leaving");
    shared().apply(&namespace, "Role", "editor", EDITOR);
    shared().apply(&namespace, "User", "bob", BOB);
    shared().reason(&namespace, "User", "bob", "Active");
    delete(&["namespace", &namespace]);
    until("the end of the namespace", || {
        let got = shared()
            .control_plane
            .admin()
            .kubectl(&["get", "namespace", &namespace]);
        (got.code != 0).then_some(())
    });
}
