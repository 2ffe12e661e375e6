//! What GitOps tools make of our conditions: Flux by kstatus, Argo CD by the script that `docs/install.md` shows.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::harness::{probes, repository};

/// The health script, out of the settings of Argo CD that the document shows.
fn script() -> String {
    let text = fs::read_to_string(repository().join("docs/install.md")).unwrap();
    let mut blocks = text
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    let settings = blocks.find(|block| block.contains("resource.customizations")).unwrap();
    let settings: Value = serde_saphyr::from_str(settings).unwrap();
    let customizations = settings["data"]["resource.customizations"].as_str().unwrap();
    let customizations: Value = serde_saphyr::from_str(customizations).unwrap();
    customizations["tenantry.dev/*"]["health.lua"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn object(name: &str, status: &Value) -> Value {
    let metadata = json!({"name": name, "namespace": "acme", "generation": 2});
    json!({"apiVersion": "tenantry.dev/v1alpha1", "kind": "User", "metadata": metadata, "spec": {}, "status": status})
}

/// Conditions by type and status, of the generation observed.
fn status(observed: i64, conditions: &[(&str, &str)]) -> Value {
    let conditions: Vec<Value> = conditions
        .iter()
        .map(|(name, status)| {
            json!({"type": name, "status": status, "reason": "Why", "message": "why", "observedGeneration": observed,
                "lastTransitionTime": "2026-11-24T12:00:00Z"})
        })
        .collect();
    json!({"observedGeneration": observed, "conditions": conditions})
}

#[test]
fn flux_and_argo_cd_see_the_same() {
    let ready = ("Ready", "True");
    let waiting = ("Ready", "False");
    let cases = [
        // What the definitions give an object that nobody has judged yet: without it, Flux would take it for ready.
        ("new", json!({"observedGeneration": -1}), "InProgress", "Progressing"),
        ("changed", status(1, &[ready]), "InProgress", "Progressing"),
        ("ready", status(2, &[ready, ("Complete", "True")]), "Current", "Healthy"),
        (
            "incomplete",
            status(2, &[ready, ("Complete", "False")]),
            "Current",
            "Healthy",
        ),
        (
            "waits",
            status(2, &[waiting, ("Complete", "True")]),
            "InProgress",
            "Progressing",
        ),
        (
            "refused",
            status(2, &[waiting, ("Stalled", "True")]),
            "Failed",
            "Degraded",
        ),
    ];
    let objects: Vec<Value> = cases.iter().map(|(name, status, ..)| object(name, status)).collect();
    let objects = json!(objects).to_string();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("health.lua");
    fs::write(&path, script()).unwrap();
    let flux = words(&probes::kstatus(&objects));
    let argo = words(&probes::argo_health(&path, &objects));
    for (name, _, to_flux, to_argo) in &cases {
        assert_eq!(
            (flux[*name].as_str(), argo[*name].as_str()),
            (*to_flux, *to_argo),
            "{name}"
        );
    }
}

/// The second of the columns, by the name in the first.
fn words(printed: &str) -> BTreeMap<String, String> {
    printed
        .lines()
        .map(|line| {
            let mut columns = line.split('\t');
            let name = columns.next().unwrap().rsplit('/').next().unwrap();
            (name.to_owned(), columns.next().unwrap().to_owned())
        })
        .collect()
}
