//! Objects with a name of the system's from a time when nothing guarded these names.

use serde_json::Value;

use super::{Plane, manifest};
use crate::harness::wait::until;

/// A Role and an Organization that are not as the system has them.
const FALSE: [(&str, &str, &str); 2] = [
    (
        "Role",
        "analyst",
        "{displayName: Mine, permissions: [{object: Campaign, actions: [View]}]}",
    ),
    ("Organization", "headquarters", "{displayName: Mine, code: MINE}"),
];
/// What both say.
const MINE: &str = "Mine";

/// Takes the guard away, as if the chart had not been there yet.
fn unguard(plane: &Plane, namespace: &str) {
    let admin = plane.control_plane.admin();
    admin
        .kubectl(&["delete", "validatingadmissionpolicybindings", "--all"])
        .ok();
    until("the guard to be gone", || {
        let probe = manifest(namespace, "Role", "analyst", FALSE[0].2);
        let create = ["create", "--dry-run=server", "-f", "-"];
        (admin.kubectl_with(&probe, &create).code == 0).then_some(())
    });
}

/// What a person declared is refused and stays: the controller writes no spec of theirs. The name works as the system's all
/// along, and they can always make way for the object.
#[test]
fn what_a_person_declared_is_refused_until_they_delete_it_whatever_its_kind() {
    let plane = Plane::start();
    let namespace = plane.namespace("unlabelled");
    unguard(&plane, &namespace);
    for (kind, name, spec) in FALSE {
        plane.apply(&namespace, kind, name, spec);
    }
    let running = plane.run("reserved");
    plane.apply(&namespace, "Tenant", "tenant", "{displayName: Acme}");
    for (kind, name, _) in FALSE {
        plane.reason(&namespace, kind, name, "ReservedName");
        assert_eq!(shown(&plane, &namespace, kind, name), MINE);
    }
    plane.apply(
        &namespace,
        "User",
        "ada",
        "{account: ada.smith, name: Ada, roles: [analyst]}",
    );
    let status = plane.reason(&namespace, "User", "ada", "Active");
    assert!(super::actions(&status, "Campaign").is_empty(), "{status}");
    assert_eq!(super::actions(&status, "Analytics"), ["Insights", "Tracking"]);

    for (kind, name, _) in FALSE {
        let resource = format!("{}s.tenantry.dev", kind.to_lowercase());
        let delete = ["delete", &resource, name, "-n", &namespace, "--wait=false"];
        plane.control_plane.admin().kubectl(&delete).ok();
        until("the system's own", || {
            let object = plane.get(&namespace, kind, name)?;
            (object["metadata"]["labels"]["tenantry.dev/system"] == "true").then_some(())
        });
        plane.reason(&namespace, kind, name, "Valid");
        assert_ne!(shown(&plane, &namespace, kind, name), MINE);
    }
    running.stop().unwrap();
}

/// One that says by its label that it is the system's is the controller's to write.
#[test]
fn what_the_system_made_is_put_right_whatever_its_kind() {
    let plane = Plane::start();
    let namespace = plane.namespace("labelled");
    unguard(&plane, &namespace);
    let label =
        |manifest: String| manifest.replacen("metadata: {", "metadata: {labels: {tenantry.dev/system: \"true\"}, ", 1);
    for (kind, name, spec) in FALSE {
        let manifest = label(manifest(&namespace, kind, name, spec));
        plane
            .control_plane
            .admin()
            .kubectl_with(&manifest, &["apply", "-f", "-"])
            .ok();
    }
    let running = plane.run("reserved");
    plane.apply(&namespace, "Tenant", "tenant", "{displayName: Acme}");
    for (kind, name, _) in FALSE {
        plane.reason(&namespace, kind, name, "Valid");
        assert_ne!(shown(&plane, &namespace, kind, name), MINE);
    }
    running.stop().unwrap();
}

fn shown(plane: &Plane, namespace: &str, kind: &str, name: &str) -> Value {
    plane.get(namespace, kind, name).unwrap()["spec"]["displayName"].clone()
}
