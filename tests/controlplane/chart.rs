//! The chart on a real API server: what Helm installs, keeps and takes over again.

use std::sync::LazyLock;

use serde_json::Value;

use crate::harness::access::Access;
use crate::harness::wait::until;
use crate::harness::{ControlPlane, Ran, repository};

/// The namespace of the release.
pub(crate) const NAMESPACE: &str = "tenantry-system";

/// A control plane on which Helm has installed the chart, for the tests of what is in it.
pub(crate) struct Installed {
    pub(crate) plane: ControlPlane,
    /// The chart's ServiceAccount.
    pub(crate) controller: Access,
}

impl Installed {
    /// Runs kubectl in a namespace as a person whom RoleBindings may name.
    pub(crate) fn person(&self, name: &str, namespace: &str) -> Person<'_> {
        Person {
            admin: self.plane.admin(),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        }
    }
}

/// The control plane of all tests that do not remove or replace the release.
pub(crate) fn installed() -> &'static Installed {
    static INSTALLED: LazyLock<Installed> = LazyLock::new(|| {
        let plane = ControlPlane::start();
        install(&plane, NAMESPACE, &[]);
        let controller = plane.service_account(NAMESPACE, "tenantry");
        Installed { plane, controller }
    });
    &INSTALLED
}

/// Somebody without rights but those that are bound in a namespace.
pub(crate) struct Person<'a> {
    admin: &'a Access,
    name: String,
    namespace: String,
}

impl Person<'_> {
    /// Binds a ClusterRole and waits until it counts.
    pub(crate) fn may(self, cluster_role: &str, verb: &str, resource: &str) -> Self {
        let binding = format!("{}-{cluster_role}", self.name);
        self.admin
            .kubectl(&[
                "create",
                "rolebinding",
                &binding,
                "--namespace",
                &self.namespace,
                "--clusterrole",
                cluster_role,
                "--user",
                &self.name,
            ])
            .ok();
        until("the binding to count", || self.can(verb, resource).then_some(()));
        self
    }

    pub(crate) fn can(&self, verb: &str, resource: &str) -> bool {
        self.kubectl("", &["auth", "can-i", verb, resource]).code == 0
    }

    /// Runs kubectl with text on its standard input.
    pub(crate) fn kubectl(&self, input: &str, arguments: &[&str]) -> Ran {
        let fixed = ["--as", &self.name, "--namespace", &self.namespace];
        self.admin.kubectl_with(input, &[&fixed, arguments].concat())
    }
}

/// Installs the chart as the release `tenantry`, or brings it up to date.
fn install(plane: &ControlPlane, namespace: &str, arguments: &[&str]) {
    let chart = repository().join("charts/tenantry");
    let chart = chart.to_str().unwrap();
    let fixed = [
        "upgrade",
        "--install",
        "tenantry",
        chart,
        "--create-namespace",
        "--namespace",
        namespace,
    ];
    plane.admin().helm(&[&fixed, arguments].concat()).ok();
}

fn uninstall(plane: &ControlPlane, namespace: &str) {
    plane
        .admin()
        .helm(&["uninstall", "tenantry", "--namespace", namespace])
        .ok();
}

#[test]
fn definitions_and_tenants_survive_the_release() {
    let plane = ControlPlane::start();
    install(&plane, NAMESPACE, &[]);
    let namespace = plane.namespace("kept");
    let tenant = r#"{"apiVersion": "tenantry.dev/v1alpha1", "kind": "Tenant", "metadata": {"name": "tenant"},
        "spec": {"displayName": "Kept"}}"#;
    plane
        .admin()
        .kubectl_with(tenant, &["create", "--namespace", &namespace, "-f", "-"])
        .ok();
    let definitions = || uids(&plane, &["crd"]);
    let tenants = || uids(&plane, &["tnt", "--namespace", &namespace]);
    let before = (definitions(), tenants());
    assert_eq!((before.0.len(), before.1.len()), (7, 1));

    install(&plane, NAMESPACE, &["--set", "replicas=2"]);
    uninstall(&plane, NAMESPACE);
    assert_eq!((definitions(), tenants()), before);
    let ours = [
        "clusterrole,validatingadmissionpolicy",
        "-l",
        "app.kubernetes.io/name=tenantry",
    ];
    assert!(uids(&plane, &ours).is_empty(), "more than definitions is left");

    install(&plane, NAMESPACE, &[]);
    uninstall(&plane, NAMESPACE);
    install(&plane, "elsewhere", &["--take-ownership", "--set", "crds.keep=false"]);
    assert_eq!((definitions(), tenants()), before);
    uninstall(&plane, "elsewhere");
    until("the definitions to go when they are not to be kept", || {
        definitions().is_empty().then_some(())
    });
}

fn uids(plane: &ControlPlane, what: &[&str]) -> Vec<String> {
    let listed = plane.admin().kubectl(&[&["get", "-o", "json"], what].concat()).ok();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let items = listed["items"].as_array().unwrap().iter();
    items
        .map(|item| item["metadata"]["uid"].as_str().unwrap().to_owned())
        .collect()
}
