//! A change of one object shows in all that depend on it, and never keeps what it took away.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{actions, ready, shared};
use crate::harness::wait::until;

const EDITOR: &str = "{displayName: Editor, permissions: [{object: Campaign, actions: [Edit]}]}";
const READER: &str = "{displayName: Editor, permissions: [{object: Campaign, actions: [View]}]}";
const BOB: &str = "{account: bob.smith, name: Bob, roles: [editor]}";

fn campaign(status: &Value) -> Vec<String> {
    actions(status, "Campaign")
}

#[test]
fn a_changed_role_shows_in_the_status_of_those_who_have_it() {
    let namespace = shared().tenant("role");
    shared().apply(&namespace, "Role", "editor", EDITOR);
    shared().apply(&namespace, "User", "bob", BOB);
    shared().status(&namespace, "User", "bob", |status| campaign(status) == ["Edit", "View"]);
    shared().apply(&namespace, "Role", "editor", READER);
    shared().status(&namespace, "User", "bob", |status| campaign(status) == ["View"]);
}

#[test]
fn an_edit_that_voids_an_object_takes_away_what_it_gave() {
    let namespace = shared().tenant("closed");
    shared().apply(&namespace, "Role", "editor", EDITOR);
    shared().apply(&namespace, "User", "bob", BOB);
    shared().status(&namespace, "User", "bob", |status| campaign(status) == ["Edit", "View"]);
    // The API server takes it: only the catalogue knows that there is no such action.
    shared().apply(
        &namespace,
        "Role",
        "editor",
        "{displayName: Editor, permissions: [{object: Campaign, actions: [Edit, Juggle]}]}",
    );
    shared().reason(&namespace, "Role", "editor", "UnknownAction");
    let status = shared().status(&namespace, "User", "bob", |status| campaign(status).is_empty());
    assert_eq!(ready(&status), "Active");
    shared().apply(&namespace, "Role", "editor", READER);
    shared().status(&namespace, "User", "bob", |status| campaign(status) == ["View"]);
}

#[test]
fn a_suspended_tenant_leaves_nobody_any_access() {
    let namespace = shared().tenant("suspended");
    shared().apply(&namespace, "Role", "editor", EDITOR);
    shared().apply(&namespace, "User", "bob", BOB);
    shared().reason(&namespace, "User", "bob", "Active");
    shared().apply(&namespace, "Tenant", "tenant", "{displayName: Acme, suspended: true}");
    let status = shared().reason(&namespace, "User", "bob", "Disabled");
    assert!(campaign(&status).is_empty());
    shared().reason(&namespace, "Tenant", "tenant", "Suspended");
}

#[test]
fn a_credited_user_follows_her_home() {
    let home = shared().tenant("home");
    let guest = shared().tenant("guest");
    shared().apply(
        &home,
        "Tenant",
        "tenant",
        &format!("{{displayName: Home, accounts: {{creditedTo: [{guest}]}}}}"),
    );
    shared().apply(
        &home,
        "User",
        "robert",
        "{account: robert.smith, name: Robert, roles: [ordinary-user]}",
    );
    shared().apply(&guest, "Role", "editor", EDITOR);
    shared().apply(
        &guest,
        "User",
        "bob",
        &format!("{{type: Credited, home: {{tenant: {home}, user: robert}}, roles: [editor]}}"),
    );
    shared().reason(&guest, "User", "bob", "Active");
    shared().apply(
        &home,
        "User",
        "robert",
        "{account: robert.smith, name: Robert, roles: [ordinary-user], enabled: false}",
    );
    let status = shared().reason(&guest, "User", "bob", "Disabled");
    assert!(campaign(&status).is_empty());
    shared().apply(&home, "Tenant", "tenant", "{displayName: Home}");
    shared().reason(&guest, "User", "bob", "HomeRefused");
}

#[test]
fn a_status_that_somebody_forged_is_put_right() {
    let namespace = shared().tenant("forged");
    shared().apply(&namespace, "Role", "editor", READER);
    shared().apply(&namespace, "User", "bob", BOB);
    let before = shared().reason(&namespace, "User", "bob", "Active");
    let forged = r#"{"status":{"data":[{"object":"Event","rows":"All"}],"nextTransition":"2030-01-01T00:00:00Z","phase":"Pending"}}"#;
    let patch = [
        "patch",
        "tuser",
        "bob",
        "-n",
        &namespace,
        "--subresource=status",
        "--type=merge",
        "-p",
        forged,
    ];
    shared().control_plane.admin().kubectl(&patch).ok();
    shared().status(&namespace, "User", "bob", |status| *status == before);
    // Of this not even a moment is missed by the watcher.
    let wrong = namespace.wrong();
    assert!(wrong.len() == 1 && wrong[0].contains("Event: every row"), "{wrong:#?}");
}

#[test]
fn what_void_objects_suffer_is_told_in_an_event_without_identifiers() {
    let namespace = shared().tenant("events");
    shared().apply(
        &namespace,
        "User",
        "ada",
        "{account: ada.smith, name: Ada, email: ada@acme.example, roles: [ordinary-user]}",
    );
    shared().reason(&namespace, "User", "ada", "Active");
    shared().apply(
        &namespace,
        "User",
        "bob",
        "{account: bob.smith, name: Bob, email: ada@acme.example, roles: [ordinary-user]}",
    );
    shared().reason(&namespace, "User", "bob", "DuplicateIdentifier");
    let (reason, note) = event(&namespace, "bob");
    assert_eq!(reason, "Warning Refused");
    assert!(note.starts_with("DuplicateIdentifier: spec.email"), "{note}");
    assert!(!note.contains('@') && !note.contains("smith"), "{note}");
}

#[test]
fn a_phase_that_changes_is_told_in_an_event() {
    let namespace = shared().tenant("phases");
    shared().apply(
        &namespace,
        "User",
        "bob",
        "{account: bob.smith, name: Bob, roles: [ordinary-user]}",
    );
    shared().reason(&namespace, "User", "bob", "Active");
    shared().apply(
        &namespace,
        "User",
        "bob",
        "{account: bob.smith, name: Bob, roles: [ordinary-user], enabled: false}",
    );
    shared().reason(&namespace, "User", "bob", "Disabled");
    let told = event(&namespace, "bob");
    assert_eq!(
        told,
        (
            "Normal PhaseChanged".to_owned(),
            "the phase went from Active to Disabled".to_owned()
        )
    );
}

#[test]
fn what_an_object_waits_for_is_told_in_an_event() {
    let namespace = shared().tenant("waiting");
    shared().apply(
        &namespace,
        "Organization",
        "berlin",
        "{displayName: Berlin, parent: emea}",
    );
    shared().reason(&namespace, "Organization", "berlin", "DependencyNotFound");
    let (reason, note) = event(&namespace, "berlin");
    assert_eq!(reason, "Warning Waiting");
    assert!(note.starts_with("DependencyNotFound: spec.parent"), "{note}");
}

#[test]
fn what_heals_is_told_in_an_event_that_is_no_warning() {
    let namespace = shared().tenant("healing");
    let emea = "{displayName: EMEA}";
    let berlin = "{displayName: Berlin, parent: emea}";
    shared().apply(&namespace, "Organization", "berlin", berlin);
    shared().reason(&namespace, "Organization", "berlin", "DependencyNotFound");
    shared().apply(&namespace, "Organization", "emea", emea);
    shared().reason(&namespace, "Organization", "berlin", "Valid");
    let told: BTreeSet<String> = events(&namespace, "berlin", 2)
        .into_iter()
        .map(|(reason, _)| reason)
        .collect();
    assert_eq!(told, ["Normal Accepted", "Warning Waiting"].map(str::to_owned).into());
}

/// Waits for the one event on an object: its type and reason, and its note.
fn event(namespace: &str, about: &str) -> (String, String) {
    events(namespace, about, 1).remove(0)
}

/// Waits for so many events on an object.
fn events(namespace: &str, about: &str, count: usize) -> Vec<(String, String)> {
    let get = ["get", "events.events.k8s.io", "-n", namespace, "-o", "json"];
    let events = until("an event", || {
        let events: Value = serde_json::from_str(&shared().control_plane.admin().kubectl(&get).ok()).unwrap();
        let mut events = events["items"].as_array().unwrap().clone();
        events.retain(|event| event["regarding"]["name"] == about);
        (events.len() >= count).then_some(events)
    });
    assert_eq!(events.len(), count, "{events:#?}");
    let told = events.iter().map(|event| {
        let text = |field: &str| event[field].as_str().unwrap();
        (format!("{} {}", text("type"), text("reason")), text("note").to_owned())
    });
    told.collect()
}

#[test]
fn no_permission_was_ever_visible_that_plan_would_not_give() {
    let namespace = shared().tenant("watched");
    shared().apply(&namespace, "User", "bob", BOB);
    for _ in 0..5 {
        shared().apply(&namespace, "Role", "editor", EDITOR);
        shared().status(&namespace, "User", "bob", |status| campaign(status) == ["Edit", "View"]);
        shared().apply(&namespace, "Role", "editor", READER);
        shared().status(&namespace, "User", "bob", |status| campaign(status) == ["View"]);
    }
    assert!(namespace.assert_right() >= 10);
}
