//! The CustomResourceDefinitions, made from the types of this module: what `tenantry crd` prints and a cluster installs,
//! and the schemas that the reader of manifests checks structure by.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, ValidationRule,
};
use kube::CustomResourceExt;
use serde_json::json;

use super::lists;
use super::walk::below;
use super::{Invitation, Kind, Organization, Role, SharingRule, Tenant, User, UserGroup};

/// The most characters of a string in a status for which no other bound is named.
const STATUS_TEXT: i64 = 100;

/// The definition of a kind, as a cluster installs it.
#[must_use]
pub fn definition(kind: Kind) -> CustomResourceDefinition {
    let mut crd = derived(kind);
    for root in roots(&mut crd) {
        if let Some(spec) = part(root, "spec") {
            lists::publish(spec);
        }
    }
    crd
}

/// The schema of a kind, its root, with the lists of the spec as their types have them: sets, and maps by keys.
#[must_use]
pub fn schema(kind: Kind) -> Option<JSONSchemaProps> {
    let version = derived(kind).spec.versions.into_iter().next()?;
    version.schema?.open_api_v3_schema
}

fn derived(kind: Kind) -> CustomResourceDefinition {
    let mut crd = match kind {
        Kind::Invitation => Invitation::crd(),
        Kind::Organization => Organization::crd(),
        Kind::Role => Role::crd(),
        Kind::SharingRule => SharingRule::crd(),
        Kind::Tenant => Tenant::crd(),
        Kind::User => User::crd(),
        Kind::UserGroup => UserGroup::crd(),
    };
    for root in roots(&mut crd) {
        finish(kind, root);
    }
    crd
}

/// The schema of each version, its root.
fn roots(crd: &mut CustomResourceDefinition) -> impl Iterator<Item = &mut JSONSchemaProps> {
    let schemas = crd
        .spec
        .versions
        .iter_mut()
        .filter_map(|version| version.schema.as_mut());
    schemas.filter_map(|schema| schema.open_api_v3_schema.as_mut())
}

/// `spec` or `status`.
fn part<'r>(root: &'r mut JSONSchemaProps, name: &str) -> Option<&'r mut JSONSchemaProps> {
    root.properties.as_mut()?.get_mut(name)
}

fn finish(kind: Kind, root: &mut JSONSchemaProps) {
    forbid_null(root);
    let rule = kind.name_rule();
    root.x_kubernetes_validations = Some(vec![ValidationRule {
        rule: rule.cel.to_owned(),
        message: Some(rule.message.to_owned()),
        ..ValidationRule::default()
    }]);
    // An object that the controller has not seen yet is not ready (K2), for which tools look at this number.
    if let Some(status) = part(root, "status") {
        status.default = Some(JSON(json!({"observedGeneration": -1})));
        bound(status);
    }
}

/// Gives what a status lists and says a bound and a list type where its type names none.
fn bound(schema: &mut JSONSchemaProps) {
    match schema.type_.as_deref() {
        Some("array") => {
            schema.x_kubernetes_list_type.get_or_insert_with(|| "atomic".to_owned());
        }
        Some("string") if schema.enum_.is_none() => {
            schema.max_length.get_or_insert(STATUS_TEXT);
        }
        _ => {}
    }
    below(schema).for_each(bound);
}

/// Takes out what `Option` leaves behind: a null would be stored, and mean something else than absent.
fn forbid_null(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    if let Some(values) = &mut schema.enum_ {
        values.retain(|value| !value.0.is_null());
    }
    below(schema).for_each(forbid_null);
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
        JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
    };

    use super::*;

    /// Calls `visit` with every schema of a spec or status as a cluster has it, and its path; `[]` is an entry of a list.
    fn every(part: &str, visit: &mut impl FnMut(&JSONSchemaProps, &str)) {
        fn walk(schema: &mut JSONSchemaProps, path: &str, visit: &mut impl FnMut(&JSONSchemaProps, &str)) {
            visit(schema, path);
            for (name, property) in schema.properties.iter_mut().flatten() {
                walk(property, &format!("{path}.{name}"), visit);
            }
            if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
                walk(items, &format!("{path}[]"), visit);
            }
            if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
                walk(values, &format!("{path}{{}}"), visit);
            }
        }
        for kind in Kind::ALL {
            let mut crd = definition(kind);
            let root = roots(&mut crd).next().unwrap();
            walk(super::part(root, part).unwrap(), &format!("{kind}.{part}"), visit);
        }
    }

    #[test]
    fn every_list_mapping_and_text_has_its_bound() {
        let check = &mut |schema: &JSONSchemaProps, path: &str| match schema.type_.as_deref() {
            Some("array") => assert!(schema.max_items.is_some(), "{path}"),
            Some("string") => assert!(schema.max_length.is_some() || schema.enum_.is_some(), "{path}"),
            Some("object") if schema.additional_properties.is_some() => {
                assert!(schema.max_properties.is_some(), "{path}");
            }
            _ => {}
        };
        every("spec", check);
        every("status", check);
    }

    #[test]
    fn nothing_is_nullable() {
        let check = &mut |schema: &JSONSchemaProps, path: &str| assert_eq!(schema.nullable, None, "{path}");
        every("spec", check);
        every("status", check);
    }

    /// The last applied list would never equal the stored one, and `kubectl apply` would never say `unchanged`.
    #[test]
    fn no_default_stands_in_an_entry_of_a_list() {
        every("spec", &mut |schema, path| {
            assert!(schema.default.is_none() || !path.contains("[]"), "{path}");
        });
    }

    #[test]
    fn every_list_and_mapping_of_a_spec_is_one_value() {
        let mut lists = 0;
        every("spec", &mut |schema, path| {
            if schema.additional_properties.is_some() {
                assert_eq!(schema.x_kubernetes_map_type.as_deref(), Some("atomic"), "{path}");
            }
            if schema.type_.as_deref() == Some("array") {
                assert_eq!(schema.x_kubernetes_list_type.as_deref(), Some("atomic"), "{path}");
                assert_eq!(schema.x_kubernetes_list_map_keys, None, "{path}");
                lists += 1;
            }
        });
        assert!(lists > 20, "{lists}");
    }

    #[test]
    fn of_the_lists_of_a_status_only_conditions_are_shared() {
        every("status", &mut |schema, path| {
            if schema.type_.as_deref() == Some("array") {
                let shared = if path.ends_with(".status.conditions") {
                    "map"
                } else {
                    "atomic"
                };
                assert_eq!(schema.x_kubernetes_list_type.as_deref(), Some(shared), "{path}");
            }
        });
    }

    /// They are too long, or there are too many of them, for an API server to compare all entries.
    #[test]
    fn only_these_lists_are_left_to_the_engine_to_compare() {
        let mut left = Vec::new();
        every("spec", &mut |schema, path| {
            // Of temporary roles the rule stands on the spec.
            let compared = schema.x_kubernetes_validations.is_some() || path == "User.spec.temporaryRoles";
            if schema.type_.as_deref() == Some("array") && !compared {
                left.push(path.to_owned());
            }
        });
        assert_eq!(
            left,
            [
                "Role.spec.data[].columns",
                "Role.spec.permissions[].actions",
                "Role.spec.restrictions",
                "SharingRule.spec.contentGroups",
                "SharingRule.spec.records",
                "Tenant.spec.accounts.positions",
                "UserGroup.spec.users",
            ]
        );
    }
}
