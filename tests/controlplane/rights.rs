//! The chart's roles as the API server reads them: what the controller and people may do, and what not.

use serde_json::json;
use tenantry::api::{Kind, crd};

use crate::chart::{NAMESPACE, installed};
use crate::harness::access::Access;
use crate::objects::sound;

fn can(access: &Access, verb: &str, resource: &str, namespace: &str) -> bool {
    let arguments = ["auth", "can-i", verb, resource, "--namespace", namespace];
    access.kubectl(&arguments).code == 0
}

/// The plurals of our kinds, with the group.
fn resources() -> Vec<String> {
    let plural = |kind| format!("{}.tenantry.dev", crd::definition(kind).spec.names.plural);
    Kind::ALL.map(plural).to_vec()
}

#[test]
fn the_controller_writes_every_status_and_no_spec() {
    let installed = installed();
    let namespace = installed.plane.namespace("statuses");
    let controller = &installed.controller;
    for kind in Kind::ALL {
        let object = sound(kind, &namespace);
        installed
            .plane
            .admin()
            .kubectl_with(&object.to_string(), &["create", "-f", "-"])
            .ok();
        let plural = format!("{}.tenantry.dev", crd::definition(kind).spec.names.plural);
        let name = object["metadata"]["name"].as_str().unwrap();

        let mut status = object.clone();
        status.as_object_mut().unwrap().remove("spec");
        status["status"] = json!({"observedGeneration": 1});
        let apply = [
            "apply",
            "--server-side",
            "--field-manager=tenantry",
            "--force-conflicts",
        ];
        let apply = [&apply[..], &["--subresource=status", "-f", "-"]].concat();
        controller.kubectl_with(&status.to_string(), &apply).ok();

        assert!(
            !can(controller, "patch", &format!("{plural}/{name}"), &namespace),
            "{plural}"
        );
    }
    for ours in [
        "roles.tenantry.dev/administrator",
        "organizations.tenantry.dev/unassigned",
    ] {
        assert!(can(controller, "patch", ours, &namespace), "{ours}");
    }
}

#[test]
fn the_controller_may_do_no_more() {
    let installed = installed();
    let namespace = installed.plane.namespace("more");
    let controller = &installed.controller;
    for resource in resources() {
        for verb in ["list", "watch"] {
            assert!(can(controller, verb, &resource, &namespace), "{verb} {resource}");
        }
        for verb in ["get", "update", "patch", "delete", "deletecollection", "activate"] {
            assert!(!can(controller, verb, &resource, &namespace), "{verb} {resource}");
        }
    }
    let lease = "leases.coordination.k8s.io";
    let own = format!("{lease}/tenantry-controller");
    for (allowed, verb, resource, namespace) in [
        (true, "create", "events.events.k8s.io", namespace.as_str()),
        (true, "create", lease, NAMESPACE),
        (true, "get", &own, NAMESPACE),
        (true, "update", &own, NAMESPACE),
        (false, "delete", &own, NAMESPACE),
        (false, "get", &format!("{lease}/another"), NAMESPACE),
        (false, "list", lease, NAMESPACE),
        (false, "create", lease, &namespace),
        (false, "get", "secrets", NAMESPACE),
        (false, "list", "secrets", &namespace),
        (false, "create", "secrets", NAMESPACE),
        (false, "get", "pods", NAMESPACE),
        (false, "create", "rolebindings.rbac.authorization.k8s.io", &namespace),
    ] {
        assert_eq!(can(controller, verb, resource, namespace), allowed, "{verb} {resource}");
    }
}

#[test]
fn who_plans_reads_everything_and_writes_nothing() {
    let namespace = installed().plane.namespace("plan");
    let reviewer = installed()
        .person("rhea", &namespace)
        .may("tenantry-plan", "list", "users.tenantry.dev");
    for resource in resources() {
        for verb in ["get", "list", "watch"] {
            assert!(reviewer.can(verb, &resource), "{verb} {resource}");
        }
        for verb in ["create", "update", "patch", "delete", "deletecollection", "activate"] {
            assert!(!reviewer.can(verb, &resource), "{verb} {resource}");
        }
    }
}

#[test]
fn an_administrator_of_users_writes_users_and_no_status() {
    let namespace = installed().plane.namespace("admin");
    let admin = installed()
        .person("ada", &namespace)
        .may("tenantry-users-admin", "activate", "users.tenantry.dev");
    admin
        .kubectl(&sound(Kind::User, &namespace).to_string(), &["create", "-f", "-"])
        .ok();
    let patch = r#"{"status": {"phase": "Active"}}"#;
    let patch = [
        "patch",
        "tuser",
        "bob",
        "--subresource=status",
        "--type=merge",
        "--patch",
        patch,
    ];
    let ran = admin.kubectl("", &patch);
    assert!(ran.code != 0 && ran.err.contains("users/status"), "{}", ran.err);
    for resource in resources() {
        let users = resource.starts_with("users.");
        for verb in ["get", "create", "delete"] {
            assert_eq!(admin.can(verb, &resource), users, "{verb} {resource}");
        }
    }
}
