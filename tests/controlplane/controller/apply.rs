//! What is applied, in whatever order, comes to what `plan` says.

use std::hash::{BuildHasher, RandomState};

use super::{Namespace, shared};
use crate::examples::documents;
use crate::harness::planned::{difference, plan, statuses};
use crate::harness::repository;
use crate::harness::wait::until_right;

/// The example in a namespace of its own, its documents in an order of their own.
pub(super) fn shuffled(example: &str) -> (Namespace<'static>, String) {
    let namespace = shared().namespace(example);
    let text = documents(&repository().join("examples").join(example));
    let mut text: Vec<String> = text
        .iter()
        .map(|document| document.replace(&format!("namespace: {example}"), &format!("namespace: {namespace}")))
        .collect();
    let order = RandomState::new();
    text.sort_by_key(|document| order.hash_one(document));
    (namespace, text.join("\n---\n"))
}

#[test]
fn acme_ends_in_what_plan_prints_in_ten_random_orders() {
    let admin = shared().control_plane.admin();
    let applied: Vec<(Namespace<'_>, String)> = (0..10).map(|_| shuffled("acme")).collect();
    for (_, text) in &applied {
        admin.kubectl_with(text, &["apply", "-f", "-"]).ok();
    }
    for (namespace, text) in &applied {
        ends_as_planned(namespace, text);
    }
}

/// Waits until all that was applied is as `plan` says.
pub(super) fn ends_as_planned(namespace: &str, text: &str) {
    let admin = shared().control_plane.admin();
    until_right(&format!("statuses as planned, applied in this order:\n{text}"), || {
        let live = admin.kubectl(&["get", "tenantry", "-n", namespace, "-o", "json"]).ok();
        let shown = statuses(&serde_json::from_str(&live).unwrap());
        let yaml = admin.kubectl(&["get", "tenantry", "-n", namespace, "-o", "yaml"]).ok();
        let differs = difference(&plan(&["-"], text), &shown).or_else(|| difference(&plan(&["-"], &yaml), &shown));
        differs.map_or(Ok(()), Err)
    });
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
