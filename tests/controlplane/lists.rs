//! Every list and mapping of every spec, found in the schemas, each in an object that an API server takes: one that is new
//! is covered by itself.

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use regex::Regex;
use serde_json::{Map, Value, json};
use tenantry::api::Kind;

use crate::objects::sound;
use crate::table::openapi::{below, items, published};
use crate::table::value::with;

/// A list or mapping of a spec, in an object with as many entries as one likes.
pub(crate) struct Collection {
    pub(crate) kind: Kind,
    /// As in `spec.permissions[0].actions`.
    pub(crate) path: String,
    object: Value,
    schema: JSONSchemaProps,
}

/// All of them.
pub(crate) fn collections() -> Vec<Collection> {
    let mut found = Vec::new();
    for kind in Kind::ALL {
        let root = published(kind);
        let object = sound(kind, "");
        find(kind, below(&root, "spec").unwrap(), "spec", &object, &mut found);
    }
    found
}

fn find(kind: Kind, schema: &JSONSchemaProps, path: &str, object: &Value, found: &mut Vec<Collection>) {
    let object = with(object, &companions(kind, path));
    if items(schema).is_some() || schema.additional_properties.is_some() {
        found.push(Collection {
            kind,
            path: path.to_owned(),
            object: object.clone(),
            schema: schema.clone(),
        });
    }
    if let Some(entry) = items(schema) {
        let one = json!([sample(entry, 0)]);
        let object = with(&object, &[(path.to_owned(), one)].into());
        find(
            kind,
            entry,
            &format!("{path}[0]"),
            &with(&object, &companions(kind, path)),
            found,
        );
    }
    for (name, property) in schema.properties.iter().flatten() {
        find(kind, property, &format!("{path}.{name}"), &object, found);
    }
}

/// Fields that must be there with a list, and null for one that must not.
fn companions(kind: Kind, path: &str) -> BTreeMap<String, Value> {
    let (companion, value) = match (kind, path) {
        (Kind::Role, "spec.positions") => ("spec.assignment", json!("Position")),
        (Kind::Role, "spec.data[0].columns") => ("spec.data[0].rows", json!("All")),
        (Kind::Role, "spec.delegation.manageUsers.positions") => {
            ("spec.delegation.manageUsers.scope", json!("ByPosition"))
        }
        (Kind::Role, "spec.delegation.manageUsers.attributes") => {
            ("spec.delegation.manageUsers.scope", json!("SameAttributes"))
        }
        (Kind::Role, "spec.delegation.assignRoles.roles") => ("spec.delegation.assignRoles.scope", json!("Listed")),
        (Kind::SharingRule, "spec.contentGroups") => ("spec.records", Value::Null),
        _ => return BTreeMap::new(),
    };
    [(companion.to_owned(), value)].into()
}

/// A value that the schema allows, another one for each `n`. Of a mapping only what is required.
fn sample(schema: &JSONSchemaProps, n: usize) -> Value {
    if let Some(options) = &schema.enum_ {
        return options[0].0.clone();
    }
    match schema.type_.as_deref() {
        Some("string") => text(schema, n).into(),
        Some("array") => json!([sample(items(schema).unwrap(), n)]),
        Some("object") => {
            let required = schema.required.iter().flatten();
            let field = |name: &String| (name.clone(), sample(below(schema, name).unwrap(), n));
            Value::Object(required.map(field).collect())
        }
        other => panic!("what is a value of type {other:?}?"),
    }
}

/// The longest text that the schema allows.
fn text(schema: &JSONSchemaProps, n: usize) -> String {
    let pattern = Regex::new(schema.pattern.as_deref().unwrap_or_default()).unwrap();
    let width = schema.max_length.unwrap().try_into().unwrap();
    let texts = [format!("{n:a>width$}"), "2099-01-01T00:00:00Z".to_owned()];
    let fitting = texts.into_iter().find(|text| pattern.is_match(text));
    fitting.unwrap_or_else(|| panic!("what is a text like {pattern}?"))
}

impl Collection {
    pub(crate) fn is_list(&self) -> bool {
        items(&self.schema).is_some()
    }

    /// How many entries there may be.
    pub(crate) fn most(&self) -> usize {
        let most = self.schema.max_items.or(self.schema.max_properties);
        most.unwrap().try_into().unwrap()
    }

    /// An object with so many entries, each as large as it may be.
    pub(crate) fn holding(&self, entries: usize) -> Value {
        let value = match items(&self.schema) {
            Some(entry) => (0..entries).map(|n| sample(entry, n)).collect(),
            None => {
                let values = below(&self.schema, "").unwrap();
                let entry = |n| (format!("a{n}"), sample(values, n));
                Value::Object((0..entries).map(entry).collect::<Map<_, _>>())
            }
        };
        with(&self.object, &[(self.path.clone(), value)].into())
    }

    /// An object in whose list something stands twice.
    pub(crate) fn holding_twice(&self) -> Value {
        let entry = sample(items(&self.schema).unwrap(), 0);
        with(&self.object, &[(self.path.clone(), json!([entry, entry]))].into())
    }

    /// Whether the API server compares the entries.
    pub(crate) fn has_rule(&self) -> bool {
        self.schema.x_kubernetes_validations.is_some()
    }

    /// How many entries an object has.
    pub(crate) fn count(&self, object: &Value) -> usize {
        let pointer = format!("/{}", self.path.replace("[0]", "/0").replace('.', "/"));
        match object.pointer(&pointer) {
            Some(Value::Array(entries)) => entries.len(),
            Some(Value::Object(entries)) => entries.len(),
            other => panic!("{other:?} at {}", self.path),
        }
    }
}
