//! The harness itself: what the other tests take for granted.

use std::io::Write as _;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::ObjectMeta;
use tempfile::NamedTempFile;

use crate::harness::audit::{Write, count};
use crate::harness::wait::eventually;
use crate::harness::{ControlPlane, probes, shared};

fn config_map(name: &str) -> ConfigMap {
    let metadata = ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    };
    ConfigMap {
        metadata,
        ..ConfigMap::default()
    }
}

#[tokio::test]
async fn a_killed_api_server_comes_back_with_all_that_was_written() {
    let plane = ControlPlane::start();
    let maps: Api<ConfigMap> = Api::namespaced(plane.admin().client().await, "default");
    maps.create(&Default::default(), &config_map("kept")).await.unwrap();

    plane.kill_api_server();
    maps.get("kept").await.unwrap_err();

    plane.start_api_server();
    eventually("the client to find its way back", async || maps.get("kept").await.ok()).await;
    let namespace = plane.namespace("after");
    eventually("the controllers to be back at work", async || {
        let created = plane
            .admin()
            .kubectl(&["get", "serviceaccount", "default", "-n", &namespace]);
        (created.code == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn writes_are_told_by_user_and_resource() {
    let namespace = shared().namespace("audit");
    let admin = shared().admin();
    admin
        .kubectl(&["create", "serviceaccount", "writer", "-n", &namespace])
        .ok();
    let binding = [
        "create",
        "rolebinding",
        "writer",
        "--clusterrole=admin",
        "-n",
        &namespace,
    ];
    admin
        .kubectl(&[&binding[..], &[&format!("--serviceaccount={namespace}:writer")]].concat())
        .ok();
    let writer = shared().service_account(&namespace, "writer").client().await;
    let maps: Api<ConfigMap> = Api::namespaced(writer.clone(), &namespace);

    let mark = shared().audit().mark();
    eventually("the right to write", async || {
        maps.create(&Default::default(), &config_map("mine")).await.ok()
    })
    .await;
    maps.get("mine").await.unwrap();
    maps.delete("mine", &Default::default()).await.unwrap();
    let elsewhere: Api<ConfigMap> = Api::namespaced(writer, "default");
    let refused = elsewhere.create(&Default::default(), &config_map("mine")).await;
    assert!(matches!(refused, Err(kube::Error::Api(status)) if status.is_forbidden()));

    let user = format!("system:serviceaccount:{namespace}:writer");
    let writes = shared().audit().writes(mark);
    let mut writes: Vec<Write> = writes.into_iter().filter(|write| write.user == user).collect();
    // Until the API server knows the right, it refuses.
    writes.retain(|write| write.code != 403 || write.namespace == "default");
    let told: Vec<_> = writes
        .iter()
        .map(|write| {
            (
                write.verb.as_str(),
                write.namespace.as_str(),
                write.name.as_str(),
                write.code,
            )
        })
        .collect();
    let here = namespace.as_str();
    let expected = [
        ("create", here, "mine", 201),
        ("delete", here, "mine", 200),
        ("create", "default", "", 403),
    ];
    assert_eq!(told, expected);
    assert_eq!(count(&writes)[&(user.as_str(), String::from("configmaps"))], 3);
}

#[test]
fn helm_and_the_probes_are_there() {
    shared().admin().helm(&["list"]).ok();
    let namespace = shared().namespace("probes");
    let object = format!(
        r#"{{"apiVersion":"tenantry.dev/v1alpha1","kind":"UserGroup","metadata":{{"name":"team","namespace":"{namespace}"}},
        "spec":{{"displayName":"Team","remarks":"Spring"}}}}"#
    );
    shared().admin().kubectl_with(&object, &["apply", "-f", "-"]).ok();
    let objects = shared()
        .admin()
        .kubectl(&["get", "tenantry", "-n", &namespace, "-o", "json"])
        .ok();
    // Nobody has looked at the object yet, or it waits for a Tenant.
    let said = probes::kstatus(&objects);
    assert!(
        said.starts_with(&format!("UserGroup/{namespace}/team\tInProgress\t")),
        "{said}"
    );
    let mut script = NamedTempFile::new().unwrap();
    writeln!(
        script,
        "hs = {{status = 'Progressing', message = obj.spec.displayName}} return hs"
    )
    .unwrap();
    let said = probes::argo_health(script.path(), &objects);
    assert_eq!(said, format!("UserGroup/{namespace}/team\tProgressing\tTeam\n"));
}
