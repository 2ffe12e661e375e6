//! What is rendered.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::helm::{CHART, FULL, has, helm, object, plurals, rendered, rendered_as, template, yaml};
use crate::programs::run;
use crate::repository;

#[test]
fn lint_is_clean() {
    for arguments in [&[][..], &["--values", FULL]] {
        let said = helm(&[&["lint", "--strict", CHART], arguments].concat()).ok();
        assert!(!said.contains("[WARNING]") && !said.contains("[ERROR]"), "{said}");
    }
}

#[test]
fn every_template_renders() {
    let text = template(&["--values", FULL]);
    for entry in fs::read_dir(Path::new(CHART).join("templates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if Path::new(&name)
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let source = format!("# Source: tenantry/templates/{name}\n");
            assert!(text.contains(&source), "nothing comes of {name}");
        }
    }
}

#[test]
fn no_object_stands_twice() {
    let objects = rendered(&["--values", FULL]);
    let names: BTreeSet<String> = objects
        .iter()
        .map(|object| format!("{} {}", object["kind"], object["metadata"]["name"]))
        .collect();
    assert_eq!(names.len(), objects.len());
}

#[test]
fn versions_are_those_of_the_package() {
    let chart = yaml("charts/tenantry/Chart.yaml");
    assert_eq!(chart["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
    let image = format!("tenantry:{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(container(&rendered(&[]), "tenantry")["image"], image);
}

#[test]
fn an_older_kubernetes_is_refused() {
    let with = |version| helm(&["template", "tenantry", CHART, "--kube-version", version]);
    with("1.33.0").ok();
    with("1.33.2-vendor.100").ok();
    let refused = with("1.32.9");
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("kubeVersion"), "{}", refused.err);
}

#[test]
fn definitions_are_the_generated_ones() {
    let directory = repository();
    let files = |path: &str| -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(directory.join(path))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, fs::read_to_string(path).unwrap())
            })
            .collect();
        files.sort();
        files
    };
    // `crds/` itself is held against the API by another test.
    assert!(
        files("crds") == files("charts/tenantry/files/crds"),
        "the chart's definitions are out of date: run `tenantry crd charts/tenantry/files/crds`"
    );
}

#[test]
fn definitions_are_rendered_as_they_are() {
    for keep in [true, false] {
        let objects = rendered(&["--values", FULL, "--set", &format!("crds.keep={keep}")]);
        for plural in plurals() {
            let mut definition =
                object(&objects, "CustomResourceDefinition", &format!("{plural}.tenantry.dev")).clone();
            let metadata = definition["metadata"].as_object_mut().unwrap();
            assert_eq!(metadata.remove("labels").unwrap()["team"], "platform");
            let annotations = metadata.remove("annotations").unwrap();
            let policy = annotations.get("helm.sh/resource-policy");
            assert_eq!(policy, keep.then(|| json!("keep")).as_ref());
            assert_eq!(annotations["example.com/owner"], "platform");
            assert_eq!(definition, yaml(&format!("crds/{plural}.yaml")));
        }
    }
}

#[test]
fn definitions_are_kept_unless_asked_otherwise_and_can_be_left_out() {
    let objects = rendered(&[]);
    for plural in plurals() {
        let definition = object(&objects, "CustomResourceDefinition", &format!("{plural}.tenantry.dev"));
        let annotations = json!({"helm.sh/resource-policy": "keep"});
        assert_eq!(definition["metadata"]["annotations"], annotations);
    }
    let without = rendered(&["--set", "crds.enabled=false"]);
    assert_eq!(of_kind(&without, "CustomResourceDefinition").count(), 0);
    assert_eq!(without.len() + plurals().len(), objects.len());
}

#[test]
fn a_package_holds_the_definitions() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    helm(&["package", CHART, "--destination", path]).ok();
    let package = format!("{path}/tenantry-{}.tgz", env!("CARGO_PKG_VERSION"));
    let rendered = helm(&["template", "tenantry", &package, "--namespace", "tenantry-system"]).ok();
    assert_eq!(rendered, template(&[]));
}

#[test]
fn pods_are_restricted() {
    for arguments in [&[][..], &["--values", FULL], &["--set", "runAsUser=null"]] {
        let objects = rendered(arguments);
        for deployment in of_kind(&objects, "Deployment") {
            let pod = &deployment["spec"]["template"]["spec"];
            let security = &pod["securityContext"];
            assert_eq!(security["runAsNonRoot"], true);
            assert_eq!(security["seccompProfile"], json!({"type": "RuntimeDefault"}));
            for container in pod["containers"].as_array().unwrap() {
                let expected = json!({
                    "allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"]},
                    "readOnlyRootFilesystem": true,
                });
                assert_eq!(container["securityContext"], expected);
            }
            for other in ["initContainers", "hostNetwork", "hostPID", "hostIPC"] {
                assert!(pod.get(other).is_none(), "{other}");
            }
            let volumes = pod["volumes"].as_array().into_iter().flatten();
            assert!(volumes.into_iter().all(|volume| volume.get("configMap").is_some()));
        }
    }
    let security = |arguments: &[&str]| pod(&rendered(arguments), "tenantry")["securityContext"].clone();
    assert_eq!(security(&[])["runAsUser"], 65532);
    assert_eq!(security(&[])["runAsGroup"], 65532);
    assert!(security(&["--set", "runAsUser=null"]).get("runAsUser").is_none());
}

#[test]
fn only_the_pod_mounts_the_token() {
    let objects = rendered(&[]);
    assert_eq!(
        object(&objects, "ServiceAccount", "tenantry")["automountServiceAccountToken"],
        false
    );
    assert_eq!(pod(&objects, "tenantry")["automountServiceAccountToken"], true);
    assert_eq!(pod(&objects, "tenantry")["serviceAccountName"], "tenantry");
}

#[test]
fn the_controller_is_called_as_the_values_say() {
    let arguments = |objects: &[Value], name: &str| container(objects, name)["args"].clone();
    let fixed = ["--lease-namespace=$(POD_NAMESPACE)", "--identity=$(POD_NAME)"];
    assert_eq!(
        arguments(&rendered(&[]), "tenantry"),
        json!([
            "controller",
            "--lease=tenantry-controller",
            fixed[0],
            fixed[1],
            "--listen=[::]:8080",
            "--log-format=json",
        ])
    );
    assert_eq!(
        arguments(&rendered(&["--values", FULL]), "access"),
        json!([
            "controller",
            "--lease=another",
            fixed[0],
            fixed[1],
            "--listen=0.0.0.0:9090",
            "--log-format=text",
            "--catalogue=/etc/tenantry/catalogue.yaml",
        ])
    );
}

/// It gets as far as looking for a cluster.
#[test]
fn the_program_understands_the_call() {
    let directory = tempfile::tempdir().unwrap();
    let catalogue = directory.path().join("catalogue.yaml");
    fs::write(&catalogue, "extends: builtin\n").unwrap();
    for (name, arguments) in [("tenantry", &[][..]), ("access", &["--values", FULL])] {
        let objects = rendered(arguments);
        let arguments = container(&objects, name)["args"].as_array().unwrap().iter();
        let arguments = arguments.map(|argument| {
            let argument = argument.as_str().unwrap();
            argument.replace("/etc/tenantry/catalogue.yaml", catalogue.to_str().unwrap())
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
        let nowhere = directory.path().join("kubeconfig");
        let ran = run(command.args(arguments).env_clear().env("KUBECONFIG", nowhere), "");
        assert!(ran.err.contains("no cluster to connect to"), "{}", ran.err);
    }
}

#[test]
fn values_come_through() {
    let full = yaml("tests/chart/full.yaml");
    let objects = rendered(&["--values", FULL]);
    let deployment = object(&objects, "Deployment", "access");
    assert_eq!(deployment["spec"]["replicas"], 3);
    let pod = pod(&objects, "access");
    for field in [
        "imagePullSecrets",
        "nodeSelector",
        "tolerations",
        "affinity",
        "topologySpreadConstraints",
        "priorityClassName",
    ] {
        assert_eq!(pod[field], full[field], "{field}");
    }
    assert_eq!(pod["serviceAccountName"], "decider");
    assert_eq!(pod["securityContext"]["runAsUser"], 1000);
    let container = container(&objects, "access");
    let digest = full["image"]["digest"].as_str().unwrap();
    assert_eq!(container["image"], format!("images.example/tenantry@{digest}"));
    assert_eq!(container["imagePullPolicy"], "Always");
    assert_eq!(container["resources"], full["resources"]);
    assert_eq!(container["ports"][0]["containerPort"], 9090);
    let filter = json!({"name": "TENANTRY_LOG", "value": "warn,tenantry=debug"});
    assert!(container["env"].as_array().unwrap().contains(&filter));
    let account = object(&objects, "ServiceAccount", "decider");
    assert_eq!(account["metadata"]["annotations"]["example.com/account"], "1");
    let template = &deployment["spec"]["template"]["metadata"];
    assert_eq!(template["labels"]["sidecar"], "no");
    assert_eq!(template["annotations"]["example.com/pod"], "yes");
    let service = object(&objects, "Service", "access-metrics");
    assert_eq!(service["metadata"]["labels"]["scrape"], "yes");
    assert_eq!(service["metadata"]["annotations"]["example.com/scrape"], "yes");
    assert_eq!(service["spec"]["ports"][0]["port"], 9090);
    let monitor = object(&objects, "ServiceMonitor", "access");
    assert_eq!(monitor["metadata"]["labels"]["release"], "prometheus");
    let endpoint = json!({"port": "http", "path": "/metrics", "interval": "30s", "scrapeTimeout": "10s"});
    assert_eq!(monitor["spec"]["endpoints"], json!([endpoint]));
    for object in &objects {
        assert_eq!(object["metadata"]["labels"]["team"], "platform", "{object}");
        assert_eq!(
            object["metadata"]["annotations"]["example.com/owner"], "platform",
            "{object}"
        );
    }
}

#[test]
fn selectors_find_the_pods_and_the_service() {
    for (release, name, arguments) in [
        (
            "tenantry",
            "tenantry",
            &["--set", "serviceMonitor.enabled=true,replicas=2"][..],
        ),
        ("other", "access", &["--values", FULL]),
        (
            "other",
            "other-tenantry",
            &[
                "--set",
                "serviceMonitor.enabled=true,replicas=2",
                "--set",
                "podLabels.app\\.kubernetes\\.io/name=mine",
            ],
        ),
    ] {
        let objects = rendered_as(release, arguments);
        let deployment = object(&objects, "Deployment", name);
        let pods = &deployment["spec"]["template"]["metadata"]["labels"];
        let service = object(&objects, "Service", &format!("{name}-metrics"));
        let monitor = object(&objects, "ServiceMonitor", name);
        let budget = object(&objects, "PodDisruptionBudget", name);
        for (selector, labels) in [
            (&deployment["spec"]["selector"]["matchLabels"], pods),
            (&service["spec"]["selector"], pods),
            (&budget["spec"]["selector"]["matchLabels"], pods),
            (
                &monitor["spec"]["selector"]["matchLabels"],
                &service["metadata"]["labels"],
            ),
        ] {
            let selector = selector.as_object().unwrap();
            assert!(!selector.is_empty());
            for (key, value) in selector {
                assert_eq!(&labels[key], value, "{key}");
            }
        }
    }
}

#[test]
fn a_catalogue_reaches_the_controller_and_its_change_rolls_the_pods() {
    let directory = tempfile::tempdir().unwrap();
    let checksum = |text: &str| {
        let path = directory.path().join("catalogue.yaml");
        fs::write(&path, text).unwrap();
        let objects = rendered(&["--set-file", &format!("catalogue={}", path.to_str().unwrap())]);
        let map = object(&objects, "ConfigMap", "tenantry-catalogue");
        assert_eq!(map["data"], json!({"catalogue.yaml": text}));
        let volumes = json!([{"name": "catalogue", "configMap": {"name": "tenantry-catalogue"}}]);
        assert_eq!(pod(&objects, "tenantry")["volumes"], volumes);
        let mount = &container(&objects, "tenantry")["volumeMounts"][0];
        assert_eq!(mount["mountPath"], "/etc/tenantry");
        let template = &object(&objects, "Deployment", "tenantry")["spec"]["template"];
        template["metadata"]["annotations"]["checksum/catalogue"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let one = checksum("extends: builtin\n");
    assert_ne!(
        one,
        checksum("extends: builtin\n# {{ fail \"text\" }} 'quoted' \"twice\"\n")
    );
    let without = rendered(&[]);
    assert_eq!(of_kind(&without, "ConfigMap").count(), 0);
    assert!(pod(&without, "tenantry").get("volumes").is_none());
}

#[test]
fn a_budget_needs_a_second_replica() {
    let has = |arguments: &[&str]| has(&rendered(arguments), "PodDisruptionBudget", "tenantry");
    assert!(!has(&[]));
    assert!(has(&["--set", "replicas=2"]));
    assert!(!has(&["--set", "replicas=2,podDisruptionBudget.enabled=false"]));
}

#[test]
fn what_is_switched_off_is_not_there() {
    let everything = rendered(&["--values", FULL]);
    for (switch, kinds) in [
        (
            "admissionPolicies.enabled",
            &["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"][..],
        ),
        ("rbac.create", &["ClusterRoleBinding", "Role", "RoleBinding"]),
        ("serviceAccount.create", &["ServiceAccount"]),
        ("serviceMonitor.enabled", &["ServiceMonitor"]),
    ] {
        let objects = rendered(&["--values", FULL, "--set", &format!("{switch}=false")]);
        for kind in kinds {
            assert!(of_kind(&everything, kind).next().is_some(), "{kind}");
            assert!(of_kind(&objects, kind).next().is_none(), "{switch} leaves {kind}");
        }
    }
    let off = "rbac.create=false,rbac.people=false,service.enabled=false,serviceMonitor.enabled=false";
    let objects = rendered(&["--values", FULL, "--set", off]);
    assert!(of_kind(&objects, "ClusterRole").next().is_none());
    assert!(of_kind(&objects, "Service").next().is_none());
}

#[test]
fn names_in_policies_and_rights_are_those_of_the_objects() {
    for (release, arguments) in [
        ("tenantry", &[][..]),
        ("tenantry", &["--values", FULL]),
        ("other", &["--set", "serviceAccount.create=false"]),
        (
            "other",
            &["--set", "serviceAccount.create=false,serviceAccount.name=mine"],
        ),
    ] {
        let objects = rendered_as(release, arguments);
        let deployment = of_kind(&objects, "Deployment").next().unwrap();
        let account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
            .as_str()
            .unwrap();
        for kind in ["ClusterRoleBinding", "RoleBinding"] {
            for binding in of_kind(&objects, kind) {
                let subject = json!([{"kind": "ServiceAccount", "name": account, "namespace": "tenantry-system"}]);
                assert_eq!(binding["subjects"], subject);
                let role = binding["roleRef"]["kind"].as_str().unwrap();
                assert!(has(&objects, role, binding["roleRef"]["name"].as_str().unwrap()));
            }
        }
        for binding in of_kind(&objects, "ValidatingAdmissionPolicyBinding") {
            let policy = binding["spec"]["policyName"].as_str().unwrap();
            assert!(has(&objects, "ValidatingAdmissionPolicy", policy));
            assert_eq!(binding["spec"]["validationActions"], json!(["Deny"]));
        }
        for policy in of_kind(&objects, "ValidatingAdmissionPolicy") {
            assert_eq!(policy["spec"]["failurePolicy"], "Fail");
        }
        let user = format!("'system:serviceaccount:tenantry-system:{account}'");
        let policies: Vec<_> = of_kind(&objects, "ValidatingAdmissionPolicy").collect();
        assert!(policies.iter().any(|policy| policy.to_string().contains(&user)));
    }
}

#[test]
fn reserved_names_are_those_of_the_system() {
    let catalogue = tenantry::policy::Catalogue::builtin().unwrap();
    let mut names: Vec<_> = catalogue.system_roles().iter().map(|role| role.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(yaml("charts/tenantry/values.yaml")["reservedRoles"], json!(names));
}

fn of_kind<'a>(objects: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |object| object["kind"] == kind)
}

fn pod<'a>(objects: &'a [Value], name: &str) -> &'a Value {
    &object(objects, "Deployment", name)["spec"]["template"]["spec"]
}

fn container<'a>(objects: &'a [Value], name: &str) -> &'a Value {
    &pod(objects, name)["containers"][0]
}
