//! The JSON schema that editors judge manifests by while they are written, made from the schemas of the CRDs.
//!
//! It is one schema for all kinds, which switches on `kind`; objects of other API groups pass, as they may share a file
//! with ours. What only a rule can say, and that entries of a list differ by their keys, stays with `check`.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::{Map, Number, Value, json};

use super::schema::whole;
use crate::api::forms::NAME_PATTERN;
use crate::api::{API_VERSION, GROUP, Kind, TENANT_NAME, crd};

/// The schema, in draft-07: what editors understand best.
#[must_use]
pub fn editor_schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Objects of Tenantry",
        "type": "object",
        "if": {"properties": {"apiVersion": {"pattern": format!("^{}(/|$)", GROUP.replace('.', "\\."))}}},
        "then": {"$ref": "#/definitions/ours"},
        "else": {
            "if": {"properties": {"apiVersion": {"const": "v1"}, "kind": {"const": "List"}}, "required": ["kind"]},
            "then": {"properties": {"items": {"type": "array", "items": {"$ref": "#"}}}},
        },
        "definitions": definitions(),
    })
}

fn definitions() -> Value {
    let kinds = Kind::ALL.into_iter().map(|kind| (kind.to_string(), object(kind)));
    let ours = [("ours".to_owned(), switch())];
    Value::Object(kinds.chain(ours).collect())
}

/// What all of our objects share, and then which of the kinds it is.
fn switch() -> Value {
    let kinds: Vec<&str> = Kind::ALL.into_iter().map(Kind::as_str).collect();
    json!({
        "title": "an object of Tenantry",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {"description": "The group and version of every kind.", "const": API_VERSION},
            "kind": {"description": "What the object is.", "enum": kinds},
        },
        "allOf": [by_kind()],
    })
}

/// If it is this kind, then its schema, else if it is the next. Editors complete by a chain, where in a list of conditions
/// they would mix the fields of all kinds.
fn by_kind() -> Value {
    Kind::ALL.into_iter().rfold(Value::Bool(true), |otherwise, kind| {
        json!({
            "if": {"properties": {"kind": {"const": kind.as_str()}}, "required": ["kind"]},
            "then": {"$ref": format!("#/definitions/{kind}")},
            "else": otherwise,
        })
    })
}

fn object(kind: Kind) -> Value {
    let root = crd::schema(kind).unwrap_or_default();
    let part = |name: &str| {
        let part = root.properties.as_ref().and_then(|parts| parts.get(name));
        part.map_or(Value::Bool(true), |part| {
            // What the API server fills in there is nothing that a person would write.
            let mut part = part.clone();
            part.default = None;
            translated(&part)
        })
    };
    json!({
        "description": root.description.as_deref().unwrap_or_default(),
        "type": "object",
        "properties": {
            "apiVersion": true,
            "kind": true,
            "metadata": metadata(kind),
            "spec": part("spec"),
            "status": part("status"),
        },
        "additionalProperties": false,
    })
}

/// What may stand in `metadata`, as [`super::metadata`] has it for the reader of manifests.
fn metadata(kind: Kind) -> Value {
    let label = json!({"type": "string", "maxLength": 63, "pattern": super::metadata::LABEL_VALUE});
    let texts = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let text = json!({"type": "string"});
    let number = json!({"type": "integer"});
    let namespace = json!({
        "description": "The tenant's id: one namespace is one tenant.",
        "type": "string", "minLength": 1, "maxLength": 63, "pattern": NAME_PATTERN,
    });
    json!({
        "description": "The object's name, namespace, labels and annotations.",
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": name(kind),
            "namespace": namespace,
            "labels": {"description": "Labels, to select objects by.", "type": "object", "additionalProperties": label},
            "annotations": texts,
            "creationTimestamp": text,
            "deletionGracePeriodSeconds": number,
            "deletionTimestamp": text,
            "finalizers": {"type": "array", "items": text, "uniqueItems": true},
            "generateName": text,
            "generation": number,
            "managedFields": {"type": "array"},
            "ownerReferences": {"type": "array", "items": owner()},
            "resourceVersion": text,
            "selfLink": text,
            "uid": text,
        },
        "additionalProperties": false,
    })
}

fn name(kind: Kind) -> Value {
    let message = kind.name_rule().message;
    match kind {
        Kind::Tenant => json!({"description": message, "const": TENANT_NAME}),
        _ => json!({
            "description": message,
            "type": "string", "minLength": 1, "maxLength": 63, "pattern": NAME_PATTERN,
        }),
    }
}

fn owner() -> Value {
    let text = json!({"type": "string"});
    let boolean = json!({"type": "boolean"});
    json!({
        "type": "object",
        "required": ["apiVersion", "kind", "name", "uid"],
        "properties": {
            "apiVersion": text, "kind": text, "name": text, "uid": text,
            "controller": boolean, "blockOwnerDeletion": boolean,
        },
        "additionalProperties": false,
    })
}

/// A part of a CRD's schema in the words of JSON Schema.
fn translated(props: &JSONSchemaProps) -> Value {
    let mut schema = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            schema.insert(key.to_owned(), value);
        }
    };
    set("type", props.type_.clone().map(Value::String));
    set("description", props.description.clone().map(Value::String));
    set("default", props.default.as_ref().map(|default| default.0.clone()));
    set(
        "enum",
        props
            .enum_
            .as_ref()
            .map(|values| values.iter().map(|value| value.0.clone()).collect()),
    );
    set("pattern", props.pattern.as_deref().map(|pattern| ecma(pattern).into()));
    set("minLength", props.min_length.map(Value::from));
    set("maxLength", props.max_length.map(Value::from));
    set("minimum", props.minimum.map(number));
    set("maximum", props.maximum.map(number));
    set("minItems", props.min_items.map(Value::from));
    set("maxItems", props.max_items.map(Value::from));
    set("uniqueItems", differ(props).then_some(Value::Bool(true)));
    set("items", items(props));
    set("minProperties", props.min_properties.map(Value::from));
    set("maxProperties", props.max_properties.map(Value::from));
    set("required", props.required.clone().map(Value::from));
    set("properties", properties(props));
    set("additionalProperties", others(props));
    Value::Object(schema)
}

/// Whether no two entries of a list may be the same; of a list that is a map by keys this is the part that can be said.
fn differ(props: &JSONSchemaProps) -> bool {
    matches!(props.x_kubernetes_list_type.as_deref(), Some("set" | "map"))
}

fn items(props: &JSONSchemaProps) -> Option<Value> {
    match &props.items {
        Some(JSONSchemaPropsOrArray::Schema(items)) => Some(translated(items)),
        _ => None,
    }
}

fn properties(props: &JSONSchemaProps) -> Option<Value> {
    let properties = props.properties.as_ref()?;
    Some(Value::Object(
        properties
            .iter()
            .map(|(name, property)| (name.clone(), translated(property)))
            .collect(),
    ))
}

/// What fields without a name in the schema hold: none are allowed unless it says so.
fn others(props: &JSONSchemaProps) -> Option<Value> {
    match &props.additional_properties {
        Some(JSONSchemaPropsOrBool::Schema(values)) => Some(translated(values)),
        Some(JSONSchemaPropsOrBool::Bool(allowed)) => Some(Value::Bool(*allowed)),
        None => (props.type_.as_deref() == Some("object")).then_some(Value::Bool(false)),
    }
}

fn number(bound: f64) -> Value {
    whole(bound).map_or_else(
        || Number::from_f64(bound).map_or(Value::Null, Value::Number),
        Value::from,
    )
}

/// A pattern in the form of ECMA-262, with the same meaning whether or not an editor sets the flag `u`.
fn ecma(pattern: &str) -> String {
    let mut ecma = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once(r"\x{") {
        let (digits, after) = after.split_once('}').unwrap_or((after, ""));
        ecma.push_str(before);
        ecma.push_str(&format!(r"\u{digits:0>4}"));
        rest = after;
    }
    ecma.push_str(rest);
    ecma.replace(r"\p{Cc}", r"\u0000-\u001F\u007F-\u009F")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;

    use super::super::metadata;
    use super::super::schema::{Compiler, Schema};
    use super::*;
    use crate::api::forms::STRING_RULES;

    /// Every pattern that is part of a schema.
    fn patterns(schema: &JSONSchemaProps, found: &mut BTreeSet<String>) {
        found.extend(schema.pattern.clone());
        let properties = schema.properties.iter().flat_map(|properties| properties.values());
        properties.for_each(|property| patterns(property, found));
        if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
            patterns(items, found);
        }
        if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
            patterns(values, found);
        }
    }

    #[test]
    fn a_pattern_means_the_same_in_ecma_form() {
        let mut found = BTreeSet::new();
        for kind in Kind::ALL {
            patterns(&crd::schema(kind).unwrap(), &mut found);
        }
        assert!(found.len() > 5, "{found:?}");
        for pattern in found {
            let ecma = ecma(&pattern);
            assert!(!ecma.contains(r"\p") && !ecma.contains(r"\x"), "{ecma}");
            let [ours, theirs] = [&pattern, &ecma].map(|pattern| Regex::new(pattern).unwrap());
            for letter in (0..=0x2100).filter_map(char::from_u32) {
                let text = letter.to_string();
                assert_eq!(ours.is_match(&text), theirs.is_match(&text), "{pattern}: {letter:?}");
            }
        }
    }

    #[test]
    fn metadata_has_the_fields_that_the_reader_knows() {
        let Schema::Object(known) = metadata::schema(&mut Compiler::new(&STRING_RULES)).unwrap() else {
            panic!("metadata is a mapping")
        };
        let known: BTreeSet<&str> = known.fields.iter().map(|field| field.name.as_str()).collect();
        let schema = super::metadata(Kind::User);
        let ours: BTreeSet<&str> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(ours, known);
    }
}
