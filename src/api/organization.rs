//! Organization: a node of the tree under `headquarters` (O1 to O4).

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Condition;
use super::forms::{Code, ListMap, Name, Text};
use super::rule::{Rule, Ruled};

/// The root of every tree; a system object.
pub const HEADQUARTERS: &str = "headquarters";
/// The organization of users that belong to none; a system object.
pub const UNASSIGNED: &str = "unassigned";

/// A part of the tenant to which users and records belong.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "tenantry.dev",
    version = "v1alpha1",
    kind = "Organization",
    namespaced,
    status = "OrganizationStatus",
    derive = "PartialEq",
    shortname = "torg",
    category = "tenantry",
    doc = "A part of the tenant to which users and records belong, in a tree under headquarters. The organizations headquarters and unassigned are always there.",
    selectable = ".spec.parent",
    selectable = ".spec.code",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].reason"
    ),
    printcolumn(name = "Level", type_ = "integer", json_path = ".status.level"),
    printcolumn(name = "Code", type_ = "string", json_path = ".spec.code"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationSpec {
    /// The organization's name for people.
    #[schemars(with = "Text")]
    pub display_name: String,
    /// The organization above it.
    #[serde(default = "headquarters")]
    #[schemars(with = "Name")]
    pub parent: String,
    /// A code, unique within the tenant (O3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Code>")]
    pub code: Option<String>,
}

fn headquarters() -> String {
    HEADQUARTERS.to_owned()
}

impl Ruled for OrganizationSpec {
    const RULES: &'static [Rule<Self>] = &[];
}

/// What the controller found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationStatus {
    /// Its level; headquarters is 1. Only while in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<i32>,
    /// The names from headquarters down to itself. Only while in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub path: Vec<String>,
    /// The generation of the spec that this status was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Complete, Stalled, Published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "ListMap<Condition>")]
    pub conditions: Vec<Condition>,
}
