//! UserGroup: users from any organization, to share with (G1).

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Condition;
use super::forms::{ListMap, LongText, Name, Set, Text};
use super::rule::{Rule, Ruled};

/// A list of users to share with.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "tenantry.dev",
    version = "v1alpha1",
    kind = "UserGroup",
    namespaced,
    status = "UserGroupStatus",
    derive = "PartialEq",
    shortname = "tgroup",
    category = "tenantry",
    doc = "Users from any organization, to share records with.",
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
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct UserGroupSpec {
    /// The group's name for people.
    #[schemars(with = "Text")]
    pub display_name: String,
    /// What the group is for.
    #[schemars(with = "LongText")]
    pub remarks: String,
    /// Its users.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<Name, 1000>")]
    pub users: Vec<String>,
}

impl Ruled for UserGroupSpec {
    const RULES: &'static [Rule<Self>] = &[];
}

/// What the controller found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserGroupStatus {
    /// The generation of the spec that this status was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Complete, Stalled, Published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "ListMap<Condition>")]
    pub conditions: Vec<Condition>,
}
