//! What `tenantry plan` says of manifests, in a form to hold against what stands in a cluster.

use std::process::Command;

use serde_json::Value;

use super::programs::run;

/// Runs `plan -o json` at this moment; its objects by kind and name.
pub(crate) fn plan(arguments: &[&str], input: &str) -> Vec<(String, Value)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    let ran = run(command.args(["plan", "-o", "json"]).args(arguments), input);
    let list: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
    statuses(&list)
}

/// The objects of a list and their statuses, without what only a cluster has, sorted.
pub(crate) fn statuses(list: &Value) -> Vec<(String, Value)> {
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
pub(crate) fn difference(one: &[(String, Value)], other: &[(String, Value)]) -> Option<String> {
    if one == other {
        return None;
    }
    let first = one.iter().find(|object| !other.contains(object));
    let second = other.iter().find(|object| !one.contains(object));
    Some(format!("{first:?}\nis not\n{second:?}"))
}
