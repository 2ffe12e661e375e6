//! The end of a namespace: all that is in it goes, and nothing is written there on the way.

use futures::{StreamExt as _, stream};
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::json;
use tenantry::api::Kind;
use tokio::runtime::Builder;

use super::watcher::resource;
use super::{Plane, SYSTEM, shared};
use crate::harness::audit::{Mark, Write};
use crate::harness::wait::until;
use crate::objects;

/// Users created at a time.
const AT_A_TIME: usize = 16;
const USERS: usize = 600;

/// What the controller asked to have written in a namespace since then.
fn writes(plane: &Plane, namespace: &str, since: Mark) -> Vec<Write> {
    let user = format!("system:serviceaccount:{SYSTEM}:tenantry");
    let mut writes = plane.control_plane.audit().writes(since);
    writes.retain(|write| write.namespace == namespace && write.user == user);
    writes
}

fn users(plane: &Plane, namespace: &str, count: usize) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = plane.control_plane.admin().client().await;
        let created = stream::iter(0..count).map(|number| {
            let user = json!({
                "apiVersion": "tenantry.dev/v1alpha1",
                "kind": "User",
                "metadata": {"name": format!("user-{number}"), "namespace": namespace},
                "spec": {"account": format!("user.{number}"), "name": "One of many", "roles": ["ordinary-user"]},
            });
            let client = client.clone();
            async move { objects::create(&client, Kind::User, "", &user).await.unwrap() }
        });
        created.buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await;
    });
}

fn delete(plane: &Plane, namespace: &str) {
    let delete = ["delete", "namespace", namespace, "--wait=false"];
    plane.control_plane.admin().kubectl(&delete).ok();
}

fn gone(plane: &Plane, namespace: &str) {
    until("the end of the namespace", || {
        let got = plane.control_plane.admin().kubectl(&["get", "namespace", namespace]);
        (got.code != 0).then_some(())
    });
}

#[test]
fn nothing_is_written_in_a_namespace_that_is_going() {
    let plane = Plane::start();
    let namespace = plane.tenant("leaving");
    users(&plane, &namespace, USERS);
    let running = plane.run("leaving");
    plane.reason(&namespace, "User", &format!("user-{}", USERS - 1), "Active");
    plane.reason(&namespace, "Tenant", "tenant", "Valid");
    running.settled();
    let refused = refused(&running.metrics.text());
    let mark = plane.control_plane.audit().mark();
    delete(&plane, &namespace);
    gone(&plane, &namespace);
    running.settled();
    let written = writes(&plane, &namespace, mark);
    assert!(
        written.is_empty(),
        "{} writes, the first {:?}",
        written.len(),
        written.first()
    );
    assert_eq!(self::refused(&running.metrics.text()), refused);
    running.stop().unwrap();
}

/// The writes that an alarm is set on, and the Events that were not sent.
fn refused(metrics: &str) -> Vec<String> {
    let lines = metrics.lines().filter(|line| {
        (line.starts_with("tenantry_writes_total") && line.contains("Refused"))
            || line.starts_with("tenantry_events_dropped")
    });
    lines.map(str::to_owned).collect()
}

#[test]
fn without_the_right_to_see_namespaces_the_first_refusal_tells() {
    let plane = Plane::start();
    let admin = plane.control_plane.admin();
    let role: serde_json::Value = serde_json::from_str(
        &admin
            .kubectl(&["get", "clusterrole", "tenantry-controller", "-o", "json"])
            .ok(),
    )
    .unwrap();
    let rules = role["rules"].as_array().unwrap();
    let at = rules
        .iter()
        .position(|rule| rule["resources"][0] == "namespaces")
        .unwrap();
    let patch = json!([{"op": "remove", "path": format!("/rules/{at}")}]).to_string();
    let less = [
        "patch",
        "clusterrole",
        "tenantry-controller",
        "--type=json",
        "-p",
        &patch,
    ];
    admin.kubectl(&less).ok();
    let namespace = plane.tenant("leaving");
    users(&plane, &namespace, USERS);
    let running = plane.run("blind");
    plane.reason(&namespace, "User", &format!("user-{}", USERS - 1), "Active");
    running.settled();
    let mark = plane.control_plane.audit().mark();
    delete(&plane, &namespace);
    gone(&plane, &namespace);
    running.settled();
    let written = writes(&plane, &namespace, mark);
    println!("{} writes", written.len());
    assert!(written.len() < 100, "{} writes", written.len());
    // Another namespace of that name is as any other.
    admin.kubectl(&["create", "namespace", &namespace]).ok();
    plane.apply(&namespace, "Tenant", "tenant", "{displayName: Acme}");
    plane.reason(&namespace, "Tenant", "tenant", "Valid");
    plane.reason(&namespace, "Role", "analyst", "Valid");
    running.stop().unwrap();
}

#[test]
fn a_namespace_that_comes_again_is_as_any_other() {
    let namespace = shared().tenant("again");
    shared().reason(&namespace, "Tenant", "tenant", "Valid");
    delete(shared(), &namespace);
    gone(shared(), &namespace);
    shared()
        .control_plane
        .admin()
        .kubectl(&["create", "namespace", &namespace])
        .ok();
    shared().apply(&namespace, "Tenant", "tenant", "{displayName: Acme}");
    shared().reason(&namespace, "Tenant", "tenant", "Valid");
    shared().reason(&namespace, "Role", "analyst", "Valid");
}

#[test]
fn a_user_who_is_being_deleted_by_herself_shows_it() {
    let namespace = shared().tenant("ending");
    shared().apply(
        &namespace,
        "User",
        "bob",
        "{account: bob.smith, name: Bob, roles: [ordinary-user]}",
    );
    shared().reason(&namespace, "User", "bob", "Active");
    let finalizers = |list: &'static [&'static str]| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = shared().control_plane.admin().client().await;
            let api: Api<DynamicObject> = Api::namespaced_with(client, &namespace, &resource(Kind::User));
            let patch = Patch::Merge(json!({"metadata": {"finalizers": list}}));
            api.patch("bob", &PatchParams::default(), &patch).await.unwrap();
        });
    };
    finalizers(&["acme.example/keep"]);
    let delete = ["delete", "tuser", "bob", "-n", &namespace, "--wait=false"];
    shared().control_plane.admin().kubectl(&delete).ok();
    shared().reason(&namespace, "User", "bob", "Terminating");
    finalizers(&[]);
}
