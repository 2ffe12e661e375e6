//! The lists and mappings of a spec as a cluster has them.
//!
//! The types of a spec say which lists are sets and which are maps by keys. To an API server that would also mean that
//! whoever adds an entry by server-side apply owns it, unseen by the others: a role added to a user would stay. So each
//! list is published as one value, `atomic`, and a mapping too; that nothing stands twice becomes a rule, where the API
//! server can afford to evaluate it. The reader of manifests and of stored objects finds what stands twice in every list.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{JSONSchemaProps, ValidationRule};

use super::walk::below;

/// The most comparisons of two entries of one list: while an API server evaluates a rule it stops at a cost of 1,000,000, and
/// one comparison costs 14 when the keys have 100 characters.
const IN_A_LIST: i64 = 40_000;
/// The same for all lists of an object that have the rule: before an API server takes a definition it estimates each rule, and
/// refuses one above 10,000,000. It takes 32 for a comparison of names.
const IN_AN_OBJECT: i64 = 300_000;

/// Publishes every list and mapping of a spec.
pub(super) fn publish(spec: &mut JSONSchemaProps) {
    publish_within(spec, 1);
}

/// `times` is how often the schema can apply in one object.
fn publish_within(schema: &mut JSONSchemaProps, times: i64) {
    if schema.type_.as_deref() == Some("array") {
        publish_list(schema, times);
    } else if schema.additional_properties.is_some() {
        schema.x_kubernetes_map_type = Some("atomic".to_owned());
    }
    let times = times.saturating_mul(schema.max_items.or(schema.max_properties).unwrap_or(1));
    below(schema).for_each(|schema| publish_within(schema, times));
}

fn publish_list(list: &mut JSONSchemaProps, times: i64) {
    let kind = list.x_kubernetes_list_type.replace("atomic".to_owned());
    let keys = list.x_kubernetes_list_map_keys.take().unwrap_or_default();
    let rule = match kind.as_deref() {
        Some("set") => differ(),
        Some("map") => differ_by(&keys),
        _ => return,
    };
    if is_affordable(list.max_items.unwrap_or(i64::MAX), times) {
        list.x_kubernetes_validations.get_or_insert_default().push(rule);
    }
}

/// Whether the entries of a list can be compared with one another.
fn is_affordable(most: i64, times: i64) -> bool {
    let comparisons = most.saturating_mul(most);
    comparisons <= IN_A_LIST && comparisons.saturating_mul(times) <= IN_AN_OBJECT
}

/// No value stands twice.
fn differ() -> ValidationRule {
    ValidationRule {
        rule: "self.all(a, self.exists_one(b, b == a))".to_owned(),
        message: Some("a list holds no value twice; remove the repetition".to_owned()),
        ..ValidationRule::default()
    }
}

/// No two entries have the same keys.
fn differ_by(keys: &[String]) -> ValidationRule {
    let same: Vec<_> = keys.iter().map(|key| format!("b.{key} == a.{key}")).collect();
    let names: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
    ValidationRule {
        rule: format!("self.all(a, self.exists_one(b, {}))", same.join(" && ")),
        message: Some(format!("two entries have the same {}; merge them", names.join(", "))),
        ..ValidationRule::default()
    }
}
