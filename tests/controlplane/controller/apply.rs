//! What is applied, in whatever order, comes to what `plan` says.

use std::hash::{BuildHasher, RandomState};
use std::process::Command;

use serde_json::Value;

use super::shared;
use crate::examples::documents;
use crate::harness::programs::run;
use crate::harness::repository;
use crate::harness::wait::until_right;

/// Runs `plan -o json` at this moment; its objects by kind and name.
fn plan(arguments: &[&str], input: &str) -> Vec<(String, Value)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    let ran = run(command.args(["plan", "-o", "json"]).args(arguments), input);
    let list: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
    statuses(&list)
}

/// The objects of a list and their statuses, without what only a cluster has, sorted.
fn statuses(list: &Value) -> Vec<(String, Value)> {
    let items = list["items"].as_array().unwrap().iter();
    let mut statuses: Vec<(String, Value)> = items
        .map(|item| {
            let name = format!(
                "{}/{}",
                item["kind"].as_str().unwrap(),
                item["metadata"]["name"].as_str().unwrap()
            );
            let mut status = item["status"].clone();
            if let Some(fields) = status.as_object_mut() {
                fields.remove("observedGeneration");
            }
            for condition in status["conditions"].as_array_mut().into_iter().flatten() {
                let fields = condition.as_object_mut().unwrap();
                fields.remove("observedGeneration");
                fields.remove("lastTransitionTime");
            }
            if let Some(conditions) = status["conditions"].as_array_mut() {
                conditions.sort_by_key(|condition| condition["type"].as_str().unwrap().to_owned());
            }
            (name, status)
        })
        .collect();
    statuses.sort_by(|one, other| one.0.cmp(&other.0));
    statuses
}

/// The first object that two lists do not have alike.
fn difference(one: &[(String, Value)], other: &[(String, Value)]) -> Option<String> {
    if one == other {
        return None;
    }
    let first = one.iter().find(|object| !other.contains(object));
    let second = other.iter().find(|object| !one.contains(object));
    Some(format!("{first:?}\nis not\n{second:?}"))
}

fn ends_in_what_plan_prints(example: &str) {
    let namespace = shared().control_plane.namespace(example);
    let admin = shared().control_plane.admin();
    let text = documents(&repository().join("examples").join(example));
    let mut text: Vec<String> = text
        .iter()
        .map(|document| document.replace(&format!("namespace: {example}"), &format!("namespace: {namespace}")))
        .collect();
    let order = RandomState::new();
    text.sort_by_key(|document| order.hash_one(document));
    let text = text.join("\n---\n");
    admin.kubectl_with(&text, &["apply", "-f", "-"]).ok();

    until_right(&format!("statuses as planned, applied in this order:\n{text}"), || {
        let live = admin.kubectl(&["get", "tenantry", "-n", &namespace, "-o", "json"]).ok();
        let shown = statuses(&serde_json::from_str(&live).unwrap());
        let yaml = admin.kubectl(&["get", "tenantry", "-n", &namespace, "-o", "yaml"]).ok();
        let differs = difference(&plan(&["-"], &text), &shown).or_else(|| difference(&plan(&["-"], &yaml), &shown));
        differs.map_or(Ok(()), Err)
    });
}

#[test]
fn acme_ends_in_what_plan_prints_in_whatever_order_it_is_applied() {
    for _ in 0..3 {
        ends_in_what_plan_prints("acme");
    }
}

#[test]
fn people_can_wait_for_an_object_with_kubectl() {
    let namespace = shared().tenant("wait");
    shared().apply(
        &namespace,
        "User",
        "ada",
        "{account: ada.smith, name: Ada, roles: [ordinary-user, later]}",
    );
    let admin = shared().control_plane.admin();
    let wait = |condition: &str| {
        let condition = format!("--for=condition={condition}");
        admin
            .kubectl(&["wait", &condition, "--timeout=60s", "tuser/ada", "-n", &namespace])
            .ok()
    };
    wait("Ready");
    wait("Complete=False");
    shared().apply(
        &namespace,
        "Role",
        "later",
        "{displayName: Later, permissions: [{object: Campaign, actions: [View]}]}",
    );
    wait("Complete");
}
