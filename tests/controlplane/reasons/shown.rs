//! What a cluster shows of a case, held against the table and against what the library makes of the same manifests.

use std::collections::{BTreeMap, BTreeSet};

use kube::Client;
use serde_json::{Value, json};
use tenantry::api::{Kind, Moment};

use super::staged::Staged;
use crate::objects;
use crate::table::case::Case;
use crate::table::outcome::{self, Outcome, differences};

/// Objects that have no status: the API server takes none while a rule of the definition cannot be held against the object
/// itself, or does not hold. The controller says so in its log, once.
const WITHOUT_STATUS: [(&str, &str); 5] = [
    ("a_tenant_of_another_name_is_no_tenant", "Tenant/acme/acme"),
    ("an_unquoted_phone_or_account_is_a_number", "User/acme/a"),
    // Entries of the wrong type cannot be compared with the others.
    ("an_unquoted_phone_or_account_is_a_number", "User/acme/c"),
    ("null_is_absent_for_a_field_and_nothing_in_a_list", "User/acme/d"),
    ("every_kind_can_be_schema_invalid", "Invitation/acme/i"),
];

/// Every object of a cluster, by namespace, kind and name.
pub(super) struct Shown(BTreeMap<String, BTreeMap<(Kind, String), Value>>);

impl Shown {
    pub(super) async fn now(client: &Client) -> Self {
        let mut shown: BTreeMap<String, BTreeMap<(Kind, String), Value>> = BTreeMap::new();
        for kind in Kind::ALL {
            for object in objects::all(client, kind).await {
                let [namespace, name] = ["namespace", "name"].map(|key| object["metadata"][key].as_str().unwrap());
                let objects = shown.entry(namespace.to_owned()).or_default();
                objects.insert((kind, name.to_owned()), object);
            }
        }
        Self(shown)
    }

    /// All of them.
    pub(super) fn objects(&self) -> impl Iterator<Item = &Value> {
        self.0.values().flat_map(BTreeMap::values)
    }

    /// What is wrong with a case, or nothing.
    pub(super) fn judge(&self, staged: &Staged, expected: &Outcome) -> Option<String> {
        let mut lines = Vec::new();
        let mut statuses = BTreeMap::new();
        let mut without_status = BTreeSet::new();
        for namespace in staged.namespaces() {
            for ((kind, name), object) in self.0.get(namespace).into_iter().flatten() {
                let key = format!("{kind}/{}/{name}", staged.original(namespace));
                let mut status = staged.translated(&object["status"]);
                if WITHOUT_STATUS.contains(&(staged.case.name.as_str(), &key)) {
                    if status != json!({"observedGeneration": -1}) {
                        lines.push(format!("  {key}: no status expected, got {status}"));
                    }
                    without_status.insert(key);
                    continue;
                }
                lines.extend(
                    unobserved(&mut status, &object["metadata"]["generation"]).map(|wrong| format!("  {key}: {wrong}")),
                );
                statuses.insert(key, status);
            }
        }
        for object in &staged.objects {
            let key = format!(
                "{}/{}/{}",
                object.kind,
                staged.original(object.namespace()),
                object.name()
            );
            if !statuses.contains_key(&key) && !without_status.contains(&key) {
                lines.push(format!("  {key} is not there"));
            }
        }
        if lines.is_empty() {
            lines.extend(unlike(&staged.case, &statuses, &expected.statuses));
            let shown = Outcome {
                findings: staged.case.findings.clone(),
                messages: statuses.values().flat_map(outcome::messages).collect(),
                secrets: outcome::secrets(&outcome::read(&staged.text)),
                statuses,
            };
            lines.extend(differences(&staged.case, &shown));
        }
        (!lines.is_empty()).then(|| format!("{}\n{}", staged.case.name, lines.join("\n")))
    }
}

/// Takes out of a status what says of which generation and since when it is so; what of that is wrong.
fn unobserved(status: &mut Value, generation: &Value) -> Option<String> {
    let observed = status.as_object_mut()?.remove("observedGeneration");
    if observed.as_ref() != Some(generation) {
        return Some(format!("generation {generation}, but {observed:?} is observed"));
    }
    let conditions = status["conditions"].as_array_mut()?;
    for condition in conditions.iter_mut() {
        let fields = condition.as_object_mut()?;
        // What another has written says nothing of a generation.
        let observed = fields.remove("observedGeneration");
        let since = fields.remove("lastTransitionTime");
        let since = since.and_then(|since| Moment::parse(since.as_str()?));
        if since.is_none() || observed.as_ref() != Some(generation) {
            return Some(format!("{condition} is of {observed:?}, since {since:?}"));
        }
    }
    conditions.sort_by_key(|condition| condition["type"].to_string());
    None
}

/// Where a cluster and the library do not have the same statuses. Offline there is none of an object that is
/// SchemaInvalid.
fn unlike(case: &Case, shown: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>) -> Vec<String> {
    let schema_invalid = |key: &str| {
        let mut findings = case.findings.iter();
        findings.any(|finding| {
            finding.reason == "SchemaInvalid"
                && key == format!("{}/{}/{}", finding.kind, finding.namespace, finding.name)
        })
    };
    let keys: BTreeSet<&String> = shown.keys().chain(expected.keys()).collect();
    let mut lines = Vec::new();
    for key in keys {
        let mut expected = expected.get(key).cloned();
        if let Some(conditions) = expected.as_mut().and_then(|status| status["conditions"].as_array_mut()) {
            conditions.sort_by_key(|condition| condition["type"].to_string());
        }
        let shown = shown.get(key);
        if shown != expected.as_ref() && !(expected.is_none() && schema_invalid(key)) {
            let [shown, expected] = [shown, expected.as_ref()].map(|status| json!(status));
            lines.push(format!(
                "  {key}\n    on the cluster {shown}\n    offline        {expected}"
            ));
        }
    }
    lines
}
