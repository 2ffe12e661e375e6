//! What an API server does with a schema before it looks at rules: fill in defaults and judge structure. A second, small
//! writing of that, so that the reader of manifests is not held against itself.

use std::cell::RefCell;
use std::collections::HashMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use regex::Regex;
use serde_json::{Number, Value};
use tenantry::api::{Kind, crd};

/// The part of an object that no schema of ours describes.
const METADATA: &str = ".metadata";

/// The schema of a property, a list's items, or a map's values.
pub(crate) fn below<'s>(schema: &'s JSONSchemaProps, key: &str) -> Option<&'s JSONSchemaProps> {
    let property = schema.properties.as_ref().and_then(|properties| properties.get(key));
    property.or(match &schema.additional_properties {
        Some(JSONSchemaPropsOrBool::Schema(schema)) => Some(schema),
        _ => None,
    })
}

/// The schema of a list's items.
pub(crate) fn items(schema: &JSONSchemaProps) -> Option<&JSONSchemaProps> {
    match &schema.items {
        Some(JSONSchemaPropsOrArray::Schema(schema)) => Some(schema),
        _ => None,
    }
}

/// The schema of an object of that kind as a cluster has it, its root.
pub(crate) fn published(kind: Kind) -> JSONSchemaProps {
    let version = crd::definition(kind).spec.versions.remove(0);
    version.schema.unwrap().open_api_v3_schema.unwrap()
}

/// Whether the list that holds the entry at that path, like `spec.roles[1]`, has a rule of its own.
pub(crate) fn list_has_rule(schema: &JSONSchemaProps, entry: &str) -> bool {
    let (list, _) = entry.rsplit_once('[').unwrap();
    let list = list
        .split(['.', '['])
        .fold(schema, |at, step| match step.strip_suffix(']') {
            Some(_) => items(at).unwrap(),
            None => below(at, step).unwrap(),
        });
    list.x_kubernetes_validations.is_some()
}

/// Fills in what is absent and has a default.
pub(crate) fn default(schema: &JSONSchemaProps, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, property) in schema.properties.iter().flatten() {
                if let (None, Some(default)) = (fields.get(key), &property.default) {
                    fields.insert(key.clone(), default.0.clone());
                }
            }
            for (key, value) in fields {
                if let Some(schema) = below(schema, key) {
                    default(schema, value);
                }
            }
        }
        Value::Array(values) => {
            if let Some(schema) = items(schema) {
                values.iter_mut().for_each(|value| default(schema, value));
            }
        }
        _ => {}
    }
}

/// The paths of what has the wrong structure. Unknown fields count: an API server drops them, an editor marks them.
pub(crate) fn faults(schema: &JSONSchemaProps, value: &Value, path: &str) -> Vec<String> {
    let mut faults = Vec::new();
    judge(schema, value, path, &mut faults);
    faults
}

fn judge(schema: &JSONSchemaProps, value: &Value, path: &str, faults: &mut Vec<String>) {
    let sound = match value {
        Value::Object(_) => schema.type_.as_deref() == Some("object"),
        Value::Array(items) => schema.type_.as_deref() == Some("array") && list_is_sound(schema, items.len()),
        Value::String(text) => schema.type_.as_deref() == Some("string") && text_is_sound(schema, text),
        Value::Number(number) => number_is_sound(schema, number),
        Value::Bool(_) => schema.type_.as_deref() == Some("boolean"),
        Value::Null => false,
    };
    let listed = schema.enum_.as_ref();
    if !sound || listed.is_some_and(|values| values.iter().all(|one| one.0 != *value)) {
        faults.push(path.to_owned());
        return;
    }
    match value {
        Value::Object(fields) if path != METADATA => {
            let required = schema.required.iter().flatten();
            faults.extend(
                required
                    .filter(|key| !fields.contains_key(*key))
                    .map(|key| format!("{path}.{key}")),
            );
            if schema.max_properties.is_some_and(|most| exceeds(fields.len(), most)) {
                faults.push(path.to_owned());
            }
            for (key, value) in fields {
                let path = format!("{path}.{key}");
                match below(schema, key) {
                    Some(schema) => judge(schema, value, &path, faults),
                    None if path.matches('.').count() > 1 => faults.push(path),
                    None => {}
                }
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                let path = format!("{path}[{index}]");
                if let Some(schema) = items(schema) {
                    judge(schema, value, &path, faults);
                }
            }
        }
        _ => {}
    }
}

fn list_is_sound(schema: &JSONSchemaProps, length: usize) -> bool {
    schema.max_items.is_none_or(|most| !exceeds(length, most))
        && schema.min_items.is_none_or(|least| exceeds(length, least - 1))
}

fn exceeds(length: usize, most: i64) -> bool {
    i64::try_from(length).unwrap() > most
}

fn text_is_sound(schema: &JSONSchemaProps, text: &str) -> bool {
    let length = text.chars().count();
    schema.max_length.is_none_or(|most| !exceeds(length, most))
        && schema.min_length.is_none_or(|least| exceeds(length, least - 1))
        && schema.pattern.as_ref().is_none_or(|pattern| matches(pattern, text))
}

/// Patterns are compiled once.
fn matches(pattern: &str, text: &str) -> bool {
    thread_local!(static PATTERNS: RefCell<HashMap<String, Regex>> = RefCell::default());
    PATTERNS.with_borrow_mut(|patterns| {
        let compiled = patterns.entry(pattern.to_owned());
        compiled.or_insert_with(|| Regex::new(pattern).unwrap()).is_match(text)
    })
}

fn number_is_sound(schema: &JSONSchemaProps, number: &Number) -> bool {
    let value = number.as_f64().unwrap();
    let of_type = match schema.type_.as_deref() {
        Some("integer") => number.is_i64() || number.is_u64(),
        Some("number") => true,
        _ => false,
    };
    of_type && schema.minimum.is_none_or(|least| value >= least) && schema.maximum.is_none_or(|most| value <= most)
}
