//! Deletion, in whatever order and manner: it never hangs, and what is going away grants nothing.

use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::thread;

use super::apply::{ends_as_planned, shuffled};
use super::{Namespace, actions, shared};
use crate::harness::wait::{until, until_right};

/// In how many goes all of a tenant is deleted.
const STAGES: usize = 5;

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
fn a_tenant_goes_away_in_any_order_and_manner_and_nobody_gains_anything_by_it() {
    let seed = RandomState::new().hash_one(());
    println!("seed of the order: {seed}");
    let tenants = ["background", "foreground", "orphan"].map(|cascade| {
        let (namespace, text) = shuffled("acme");
        shared()
            .control_plane
            .admin()
            .kubectl_with(&text, &["apply", "-f", "-"])
            .ok();
        (cascade, namespace, text)
    });
    // Beside each other: most of it is waiting.
    thread::scope(|scope| {
        for (cascade, namespace, text) in &tenants {
            scope.spawn(move || {
                ends_as_planned(namespace, text);
                goes_away(namespace, cascade, seed);
            });
        }
    });
}

fn goes_away(namespace: &Namespace<'_>, cascade: &str, seed: u64) {
    let mark = namespace.mark();
    let mut names = names(namespace);
    names.sort_by_key(|name| hash(seed, name));
    // Not all at once: who can gain something by what is left is to be seen.
    for some in names.chunks(names.len().div_ceil(STAGES)) {
        delete_all(namespace, cascade, some);
    }
    // Those of the system that came again while there was still a Tenant, or that were orphaned.
    until_right(&format!("the end of all, {cascade}, {names:?}"), || {
        let left = self::names(namespace);
        if !left.iter().any(|name| name.starts_with("tenant.")) {
            delete_all(namespace, cascade, &left);
        }
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?}"))
        }
    });
    let gained = namespace.gained_since(mark);
    assert!(gained.is_empty(), "{cascade}, {names:?}: {gained:#?}");
}

/// All there is of ours in a namespace, as in `user.tenantry.dev/ada`.
fn names(namespace: &str) -> Vec<String> {
    let get = ["get", "tenantry", "-n", namespace, "-o", "name"];
    let names = shared().control_plane.admin().kubectl(&get).ok();
    names.lines().map(str::to_owned).collect()
}

/// Deletes objects one after another, in this order.
fn delete_all(namespace: &str, cascade: &str, names: &[String]) {
    if !names.is_empty() {
        let cascade = format!("--cascade={cascade}");
        let mut arguments = vec!["-n", namespace, &cascade, "--ignore-not-found"];
        arguments.extend(names.iter().map(String::as_str));
        delete(&arguments);
    }
}

fn hash(seed: u64, name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, name).hash(&mut hasher);
    hasher.finish()
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
