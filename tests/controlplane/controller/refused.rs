//! A status that the API server does not take: access that was taken away does not stay visible, and nothing is written
//! again and again.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use tenantry::api::Kind;
use tokio::runtime::Builder;

use super::{Namespace, Plane, actions, shared};
use crate::harness::audit::Mark;
use crate::harness::wait::{until, until_right};
use crate::objects;

/// Roles created at a time.
const AT_A_TIME: usize = 16;

const TENANT: &str =
    "{displayName: Acme, accounts: {positions: [manager]}, modules: [Tags, Recommendation], limits: {roles: 1000}}";

/// An action of each object.
const ACTIONS: [(&str, &str); 24] = [
    ("Campaign", "Publish"),
    ("Member", "HandOver"),
    ("MarketingContent", "Publish"),
    ("TransactionalContent", "Publish"),
    ("WeChatPage", "View"),
    ("TextMessage", "Send"),
    ("Customer", "Edit"),
    ("CustomerGroup", "Edit"),
    ("CustomerTag", "Edit"),
    ("Event", "View"),
    ("UserProfile", "View"),
    ("Analytics", "Tracking"),
    ("MyOverview", "Manage"),
    ("PublicOverview", "Manage"),
    ("Funnel", "Manage"),
    ("RoleDefinition", "Assign"),
    ("AccountSetting", "Change"),
    ("FrequencyCapping", "Change"),
    ("DataSpace", "ViewData"),
    ("AutomatedFlow", "Manage"),
    ("TrackingPlan", "Manage"),
    ("Metadata", "Manage"),
    ("UserTag", "Manage"),
    ("Recommendation", "Manage"),
];

/// The objects whose rows roles scope.
const SCOPED: [&str; 4] = ["Event", "UserProfile", "Funnel", "UserTag"];

/// The condition of a status of that type: its status and reason.
fn condition(status: &Value, kind: &str) -> Option<String> {
    let conditions = status["conditions"].as_array()?;
    let condition = conditions.iter().find(|condition| condition["type"] == kind)?;
    Some(format!("{} {}", condition["status"], condition["reason"]).replace('"', ""))
}

/// Creates custom roles given to the position `manager`, whose names are that long.
fn roles(plane: &Plane, namespace: &str, count: usize, length: usize, actions: &[(&str, &str)]) {
    let permissions: Vec<Value> = actions
        .iter()
        .map(|(object, action)| json!({"object": object, "actions": [action]}))
        .collect();
    let data = SCOPED.map(|object| json!({"object": object, "rows": "All"}));
    let (permissions, data) = (&permissions, &data);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = plane.control_plane.admin().client().await;
        let created = stream::iter(0..count).map(|number| {
            let name = format!("{:x<width$}-{number:04}", "role", width = length - 5);
            let role = json!({
                "apiVersion": "tenantry.dev/v1alpha1",
                "kind": "Role",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {
                    "displayName": "One of many", "assignment": "Position", "positions": ["manager"],
                    "permissions": permissions,
                    "data": data,
                },
            });
            let client = client.clone();
            async move { objects::create(&client, Kind::Role, "", &role).await.unwrap() }
        });
        created.buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await;
    });
}

/// How often each user's status was asked to be written since then, by the controller.
fn status_writes(plane: &Plane, namespace: &str, since: Mark) -> BTreeMap<(String, u16), usize> {
    let mut counts = BTreeMap::new();
    for write in plane.control_plane.audit().writes(since) {
        if write.namespace == namespace && write.resource == "users" && write.subresource == "status" {
            *counts.entry((write.name, write.code)).or_default() += 1;
        }
    }
    counts
}

/// The Events on an object of that reason.
fn events(plane: &Plane, namespace: &str, about: &str, reason: &str) -> usize {
    let get = ["get", "events.events.k8s.io", "-n", namespace, "-o", "json"];
    let list: Value = serde_json::from_str(&plane.control_plane.admin().kubectl(&get).ok()).unwrap();
    let events = list["items"].as_array().unwrap().iter();
    let about = events.filter(|event| event["regarding"]["name"] == about && event["reason"] == reason);
    about.count()
}

fn user(position: &str, more: &str) -> String {
    format!("{{account: bob.smith, name: Bob, roles: [ordinary-user], position: {position}{more}}}")
}

/// Bob, who has some access that his status shows.
fn visible(plane: &Plane, namespace: &Namespace<'_>) {
    plane.apply(
        namespace,
        "Role",
        "editor",
        "{displayName: Editor, permissions: [{object: WeChatPage, actions: [Edit]}]}",
    );
    let spec = "{account: bob.smith, name: Bob, roles: [ordinary-user, editor]}";
    plane.apply(namespace, "User", "bob", spec);
    plane.status(namespace, "User", "bob", |status| {
        actions(status, "WeChatPage") == ["Edit", "View"]
    });
}

#[test]
fn as_many_roles_as_a_tenant_may_have_are_shown() {
    let namespace = shared().namespace("many-roles");
    shared().apply(&namespace, "Tenant", "tenant", TENANT);
    roles(shared(), &namespace, 1_000, 9, &ACTIONS[..2]);
    shared().apply(&namespace, "User", "bob", &user("manager", ""));
    let status = shared().status(&namespace, "User", "bob", |status| {
        status["roles"].as_array().is_some_and(|roles| roles.len() == 1_001)
    });
    assert_eq!(condition(&status, "Published"), None);
}

#[test]
fn a_status_that_is_too_large_shows_counts_and_nothing_of_what_was_taken_away() {
    let namespace = shared().namespace("large");
    shared().apply(&namespace, "Tenant", "tenant", TENANT);
    visible(shared(), &namespace);
    roles(shared(), &namespace, 900, 63, &ACTIONS);
    // Bob loses what his status shows, and gains what it cannot hold.
    shared().apply(&namespace, "User", "bob", &user("manager", ""));
    let status = shared().status(&namespace, "User", "bob", |status| status["truncated"]["roles"] == 901);
    assert_eq!(condition(&status, "Published").as_deref(), Some("False StatusTooLarge"));
    assert_eq!(condition(&status, "Ready").as_deref(), Some("True Active"));
    assert_eq!(status["phase"], "Active");
    let mut fields: Vec<&String> = status.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["conditions", "observedGeneration", "phase", "truncated"]);
    until("the Event", || {
        (events(shared(), &namespace, "bob", "StatusTooLarge") == 1).then_some(())
    });
    // What is as it was is written no more, whatever else changes.
    let mark = shared().control_plane.audit().mark();
    shared().apply(
        &namespace,
        "User",
        "eve",
        "{account: eve.smith, name: Eve, roles: [ordinary-user]}",
    );
    shared().reason(&namespace, "User", "eve", "Active");
    let writes = status_writes(shared(), &namespace, mark);
    assert!(writes.keys().all(|(name, _)| name == "eve"), "{writes:?}");
    // And it is whole again when it fits.
    shared().apply(
        &namespace,
        "User",
        "bob",
        "{account: bob.smith, name: Bob, roles: [ordinary-user]}",
    );
    let status = shared().status(&namespace, "User", "bob", |status| status.get("truncated").is_none());
    assert_eq!(condition(&status, "Published"), None);
    assert_eq!(status["roles"][0]["name"], "ordinary-user");
}

/// Gives a definition another schema of its status.
fn redefine(plane: &Plane, plural: &str, edit: impl FnOnce(&mut Value)) {
    let admin = plane.control_plane.admin();
    let name = format!("{plural}.tenantry.dev");
    let mut definition: Value =
        serde_json::from_str(&admin.kubectl(&["get", "crd", &name, "-o", "json"]).ok()).unwrap();
    // kubectl remembers what it replaces with, and a later apply would take these out.
    definition["metadata"] = json!({"name": name});
    definition.as_object_mut().unwrap().remove("status");
    let schema = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    edit(&mut schema["properties"]["status"]["properties"]);
    admin
        .kubectl_with(&definition.to_string(), &["replace", "-f", "-"])
        .ok();
}

/// Waits until the API server goes by a schema of users' statuses: what it answers to a dry run.
fn takes(plane: &Plane, namespace: &str, status: &Value, taken: bool) {
    let admin = plane.control_plane.admin();
    let patch = json!({
        "apiVersion": "tenantry.dev/v1alpha1", "kind": "User",
        "metadata": {"name": "probe", "namespace": namespace}, "status": status,
    });
    let arguments = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--subresource=status",
        "--dry-run=server",
        "--validate=false",
        "-f",
        "-",
    ];
    until_right("the definition", || {
        let answer = admin.kubectl_with(&patch.to_string(), &arguments);
        if (answer.code == 0) == taken {
            Ok(())
        } else {
            Err(answer.err)
        }
    });
}

#[test]
fn an_older_definition_gets_what_it_takes_and_the_rest_once_it_is_updated() {
    for (field, probe, shows) in [
        // Neither a list nor the counts in its place are known.
        (
            vec!["fields", "truncated"],
            json!({"truncated": {"roles": 1}}),
            vec!["conditions", "observedGeneration", "phase"],
        ),
        (
            vec!["fields"],
            json!({"fields": [{"object": "Customer", "field": "email", "display": "Hidden", "group": false, "filter": false}]}),
            vec!["conditions", "observedGeneration", "phase", "truncated"],
        ),
    ] {
        let plane = Plane::start();
        let namespace = plane.namespace("older");
        plane.apply(&namespace, "Tenant", "tenant", "{displayName: Acme}");
        plane.apply(
            &namespace,
            "User",
            "probe",
            "{account: probe.smith, name: Probe, roles: [ordinary-user]}",
        );
        let running = plane.run("first");
        visible(&plane, &namespace);
        redefine(&plane, "users", |status| {
            for field in &field {
                status.as_object_mut().unwrap().remove(*field);
            }
        });
        takes(&plane, &namespace, &probe, false);
        let mark = plane.control_plane.audit().mark();
        // Bob loses what his status shows; that it names a field hides something from him keeps all of it from being taken.
        plane.apply(
            &namespace,
            "Tenant",
            "tenant",
            "{displayName: Acme, objects: [{object: Customer, fields: [{name: email, type: String, restricted: true}]}]}",
        );
        plane.apply(
            &namespace,
            "User",
            "bob",
            "{account: bob.smith, name: Bob, roles: [ordinary-user]}",
        );
        let status = plane.status(&namespace, "User", "bob", |status| {
            condition(status, "Published").as_deref() == Some("False StatusRefused")
        });
        let mut fields: Vec<&String> = status.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(fields, shows);
        running.settled();
        until("the Event", || {
            (events(&plane, &namespace, "bob", "StatusRefused") == 1).then_some(())
        });
        let metrics = running.metrics.text();
        assert!(
            metrics.contains("tenantry_writes_total{kind=\"User\",result=\"StatusRefused\"}"),
            "{metrics}"
        );
        // Nothing is written again while all stays as it is.
        let before = status_writes(&plane, &namespace, mark);
        let refused = before.keys().filter(|(_, code)| *code == 500).count();
        assert!(refused > 0, "{before:?}");
        plane.apply(
            &namespace,
            "UserGroup",
            "press",
            "{displayName: Press, remarks: Spring}",
        );
        plane.reason(&namespace, "UserGroup", "press", "Valid");
        running.settled();
        assert_eq!(status_writes(&plane, &namespace, mark), before);
        // A new process tries once.
        running.stop().unwrap();
        let mark = plane.control_plane.audit().mark();
        let running = plane.run("second");
        plane.apply(
            &namespace,
            "UserGroup",
            "radio",
            "{displayName: Radio, remarks: Spring}",
        );
        plane.reason(&namespace, "UserGroup", "radio", "Valid");
        running.settled();
        let writes = status_writes(&plane, &namespace, mark);
        assert!(writes.iter().all(|((_, code), _)| *code == 500), "{writes:?}");
        assert_eq!(events(&plane, &namespace, "bob", "StatusRefused"), 1);
        // When the definition is updated it heals by itself, here soon.
        running.offer_again_after(Duration::from_millis(200));
        plane.apply(
            &namespace,
            "User",
            "bob",
            "{account: bob.smith, name: Robert, roles: [ordinary-user]}",
        );
        plane.status(&namespace, "User", "bob", |status| {
            condition(status, "Published").is_some()
        });
        running.settled();
        plane.control_plane.install_crds().ok();
        let status = plane.status(&namespace, "User", "bob", |status| {
            condition(status, "Published").is_none()
        });
        assert_eq!(status["fields"][0]["field"], "email");
        running.stop().unwrap();
    }
}
