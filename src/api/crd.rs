//! The CustomResourceDefinitions, made from the types of this module: what `tenantry crd` prints and a cluster installs,
//! and what the offline walker judges structure by.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool, ValidationRule,
};
use kube::CustomResourceExt;
use serde_json::json;

use super::{Invitation, Kind, Organization, Role, SharingRule, Tenant, User, UserGroup};

/// The definition of a kind.
#[must_use]
pub fn definition(kind: Kind) -> CustomResourceDefinition {
    let mut crd = match kind {
        Kind::Invitation => Invitation::crd(),
        Kind::Organization => Organization::crd(),
        Kind::Role => Role::crd(),
        Kind::SharingRule => SharingRule::crd(),
        Kind::Tenant => Tenant::crd(),
        Kind::User => User::crd(),
        Kind::UserGroup => UserGroup::crd(),
    };
    for version in &mut crd.spec.versions {
        if let Some(root) = version
            .schema
            .as_mut()
            .and_then(|schema| schema.open_api_v3_schema.as_mut())
        {
            finish(kind, root);
        }
    }
    crd
}

/// The schema of a kind, its root.
#[must_use]
pub fn schema(kind: Kind) -> Option<JSONSchemaProps> {
    let version = definition(kind).spec.versions.into_iter().next()?;
    version.schema?.open_api_v3_schema
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
    if let Some(status) = root
        .properties
        .as_mut()
        .and_then(|properties| properties.get_mut("status"))
    {
        status.default = Some(JSON(json!({"observedGeneration": -1})));
    }
}

/// Takes out what `Option` leaves behind: a null would be stored, and mean something else than absent.
fn forbid_null(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    if let Some(values) = &mut schema.enum_ {
        values.retain(|value| !value.0.is_null());
    }
    for property in schema
        .properties
        .iter_mut()
        .flat_map(|properties| properties.values_mut())
    {
        forbid_null(property);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        forbid_null(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        forbid_null(values);
    }
}
