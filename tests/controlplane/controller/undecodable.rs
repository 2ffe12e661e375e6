//! What an older CustomResourceDefinition let in is refused by name, and its status says so.

use serde_json::{Value, json};

use super::{Plane, ready};

/// Makes the definition of a kind take any spec.
fn loosen(plane: &Plane, plural: &str) {
    let admin = plane.control_plane.admin();
    let name = format!("{plural}.tenantry.dev");
    let mut definition: Value =
        serde_json::from_str(&admin.kubectl(&["get", "crd", &name, "-o", "json"]).ok()).unwrap();
    let loose = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let schema = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    schema["properties"]["spec"] = loose;
    admin
        .kubectl_with(&definition.to_string(), &["replace", "-f", "-"])
        .ok();
}

#[test]
fn an_object_that_nobody_can_decode_is_refused_by_name() {
    let plane = Plane::start();
    let namespace = plane.tenant("older");
    plane.apply(
        &namespace,
        "Role",
        "editor",
        "{displayName: Editor, permissions: [{object: Campaign, actions: [Edit]}]}",
    );
    loosen(&plane, "users");
    // The API server learns the looser definition a moment later.
    crate::harness::wait::until("the older definition", || {
        let manifest = super::manifest(
            &namespace,
            "User",
            "bob",
            "{account: bob.smith, name: 7, roles: {editor: true}}",
        );
        let applied = plane
            .control_plane
            .admin()
            .kubectl_with(&manifest, &["apply", "-f", "-"]);
        (applied.code == 0).then_some(())
    });
    plane.apply(
        &namespace,
        "User",
        "ada",
        "{account: ada.smith, name: Ada, roles: [editor]}",
    );
    plane.control_plane.install_crds().ok();

    let running = plane.run("decoder");
    let status = plane.status(&namespace, "User", "bob", |status| ready(status) == "SchemaInvalid");
    assert_eq!(status["phase"], "Invalid");
    let stalled = status["conditions"].as_array().unwrap().iter();
    assert!(
        stalled.into_iter().any(|condition| condition["type"] == "Stalled"),
        "{status}"
    );
    // One that cannot be read does not hold up the others.
    plane.reason(&namespace, "User", "ada", "Active");
    running.stop().unwrap();
}
