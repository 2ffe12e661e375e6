//! What an older CustomResourceDefinition let in is refused by name, and its status says so.

use serde_json::{Value, json};

use super::{Plane, ready};
use crate::harness::wait::until_right;

/// Makes the definition of a kind take any spec, and any name.
pub(crate) fn loosen(plane: &Plane, plural: &str) {
    let admin = plane.control_plane.admin();
    let name = format!("{plural}.tenantry.dev");
    let mut definition: Value =
        serde_json::from_str(&admin.kubectl(&["get", "crd", &name, "-o", "json"]).ok()).unwrap();
    // kubectl remembers what it replaces with, and a later apply would take these out.
    definition["metadata"] = json!({"name": name});
    definition.as_object_mut().unwrap().remove("status");
    let loose = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let schema = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    schema["properties"]["spec"] = loose;
    schema.as_object_mut().unwrap().remove("x-kubernetes-validations");
    // These name fields that the loose schema does not know.
    let version = definition["spec"]["versions"][0].as_object_mut().unwrap();
    version.remove("selectableFields");
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
    loosen(&plane, "usergroups");
    // The API server learns the looser definition a moment later.
    until_right("the older definition", || {
        let manifest = super::manifest(&namespace, "UserGroup", "team", "{displayName: 7, users: {ada: true}}");
        let applied = plane
            .control_plane
            .admin()
            .kubectl_with(&manifest, &["apply", "--validate=false", "-f", "-"]);
        if applied.code == 0 { Ok(()) } else { Err(applied.err) }
    });
    plane.apply(
        &namespace,
        "User",
        "ada",
        "{account: ada.smith, name: Ada, roles: [editor]}",
    );
    plane.control_plane.install_crds().ok();

    let running = plane.run("decoder");
    let status = plane.status(&namespace, "UserGroup", "team", |status| {
        ready(status) == "SchemaInvalid"
    });
    let mut conditions = status["conditions"].as_array().unwrap().iter();
    assert!(conditions.any(|condition| condition["type"] == "Stalled"), "{status}");
    // One that cannot be read does not hold up the others.
    plane.reason(&namespace, "User", "ada", "Active");
    running.stop().unwrap();
}
