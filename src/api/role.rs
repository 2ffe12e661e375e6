//! Role: what its holders may do, which rows and columns they see, and what is masked for them (R1 to R12).

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Condition;
use super::forms::{ConditionText, FieldName, Keyed, ListMap, LongText, Name, Position, Set, Text, Word};
use super::rule::{Rule, RuleFault, Ruled, broken};

/// A set of permissions with the data they reach.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "tenantry.dev",
    version = "v1alpha1",
    kind = "Role",
    namespaced,
    status = "RoleStatus",
    derive = "PartialEq",
    shortname = "trole",
    category = "tenantry",
    doc = "What its holders may do, which rows and columns they see and what is masked for them. The roles administrator, analyst, developer and ordinary-user are always there and cannot be changed.",
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
    printcolumn(name = "Type", type_ = "string", json_path = ".status.type"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = RoleSpec::validations()))]
pub struct RoleSpec {
    /// The role's name for people.
    #[schemars(with = "Text")]
    pub display_name: String,
    /// What the role is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<LongText>")]
    pub description: Option<String>,
    /// Whether users name the role, or it is given to positions (R5).
    #[serde(default)]
    pub assignment: Assignment,
    /// The positions that have the role; with assignment Position only, at least one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<Position>")]
    pub positions: Vec<String>,
    /// The actions that it allows on each object type; what they imply and require comes along (R2, R3).
    #[schemars(with = "ListMap<Permission, 200, 1>")]
    pub permissions: Vec<Permission>,
    /// The rows and columns of each object type that its holders see (R7, R8).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "ListMap<DataScope, 200>")]
    pub data: Vec<DataScope>,
    /// Fields that are masked, or not to be grouped or filtered by, whatever other roles say (R9).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "ListMap<Restriction, 500>")]
    pub restrictions: Vec<Restriction>,
    /// What its holders may hand on (R12). Stored and validated; enforced by admission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<Delegation>,
}

impl Ruled for RoleSpec {
    const RULES: &'static [Rule<Self>] = &[Rule {
        cel: "(self.assignment == 'Position') == (has(self.positions) && self.positions.size() > 0)",
        message: "`positions` needs assignment Position, and assignment Position at least one of them",
        broken_at: |role| {
            broken(
                (role.assignment == Assignment::Position) == role.positions.is_empty(),
                "positions",
            )
        },
    }];

    fn parts(&self, path: &str, faults: &mut Vec<RuleFault>) {
        for (index, data) in self.data.iter().enumerate() {
            data.faults(&format!("{path}.data[{index}]"), faults);
        }
        if let Some(delegation) = &self.delegation {
            delegation.parts(&format!("{path}.delegation"), faults);
        }
    }
}

/// How a role comes to its holders (R5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Assignment {
    /// Users name it.
    #[default]
    Account,
    /// Users of its positions have it.
    Position,
}

/// Actions on one object type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Permission {
    /// The object type.
    #[schemars(with = "Word")]
    pub object: String,
    /// The actions; at least one.
    #[schemars(with = "Set<Word, 50, 1>")]
    pub actions: Vec<String>,
}

impl Keyed for Permission {
    const KEYS: &'static [&'static str] = &["object"];
}

/// The rows and columns of one object type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-kubernetes-validations" = DataScope::validations()))]
pub struct DataScope {
    /// The object type; one whose rows roles scope.
    #[schemars(with = "Word")]
    pub object: String,
    /// How many of the rows.
    pub rows: Rows,
    /// With rows Some: which, as a CEL expression over `record`, `user` and `now`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ConditionText>")]
    pub condition: Option<String>,
    /// The columns; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Set<Word, 100, 1>>")]
    pub columns: Option<Vec<String>>,
}

impl Keyed for DataScope {
    const KEYS: &'static [&'static str] = &["object"];
}

impl Ruled for DataScope {
    const RULES: &'static [Rule<Self>] = &[
        Rule {
            cel: "(self.rows == 'Some') == has(self.condition)",
            message: "`condition` is required with rows Some and not allowed otherwise",
            broken_at: |data| broken((data.rows == Rows::Some) != data.condition.is_some(), "condition"),
        },
        Rule {
            cel: "self.rows != 'None' || !has(self.columns)",
            message: "`columns` is not allowed with rows None",
            broken_at: |data| broken(data.rows == Rows::None && data.columns.is_some(), "columns"),
        },
    ];
}

/// How many of an object's rows, narrowest first (R7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Rows {
    /// None of them.
    #[default]
    None,
    /// Those for which a condition holds.
    Some,
    /// All of them.
    All,
}

/// A field that is masked, or not to be grouped or filtered by (R9).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Restriction {
    /// The object type.
    #[schemars(with = "Word")]
    pub object: String,
    /// The field.
    #[schemars(with = "Word")]
    pub field: String,
    /// What is restricted.
    pub mode: RestrictionMode,
}

impl Keyed for Restriction {
    const KEYS: &'static [&'static str] = &["object", "field", "mode"];
}

/// What a restriction takes away (R9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum RestrictionMode {
    /// Shown masked; may be grouped by, may not be filtered by.
    MaskedDisplay,
    /// Shown as it is; may be neither grouped nor filtered by.
    NoGroupingOrFiltering,
}

/// What the holders of a role may hand on (R12).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delegation {
    /// Whether they may create users.
    #[serde(default)]
    pub create_users: bool,
    /// Which users they may manage; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manage_users: Option<ManageUsers>,
    /// Which roles they may manage; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manage_roles: Option<ManageRoles>,
    /// Which roles they may assign; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign_roles: Option<AssignRoles>,
}

impl Delegation {
    fn parts(&self, path: &str, faults: &mut Vec<RuleFault>) {
        if let Some(users) = &self.manage_users {
            users.faults(&format!("{path}.manageUsers"), faults);
        }
        if let Some(roles) = &self.assign_roles {
            roles.faults(&format!("{path}.assignRoles"), faults);
        }
    }
}

/// Which users the holders of a role may manage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-kubernetes-validations" = ManageUsers::validations()))]
pub struct ManageUsers {
    /// How they are chosen.
    pub scope: ManageUsersScope,
    /// With scope ByPosition: the positions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<Position>")]
    pub positions: Vec<String>,
    /// With scope SameAttributes: the attributes that must equal one's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<FieldName>")]
    pub attributes: Vec<String>,
}

impl Ruled for ManageUsers {
    const RULES: &'static [Rule<Self>] = &[
        Rule {
            cel: "(self.scope == 'ByPosition') == (has(self.positions) && self.positions.size() > 0)",
            message: "`positions` needs scope ByPosition, and scope ByPosition at least one of them",
            broken_at: |users| {
                broken(
                    (users.scope == ManageUsersScope::ByPosition) == users.positions.is_empty(),
                    "positions",
                )
            },
        },
        Rule {
            cel: "(self.scope == 'SameAttributes') == (has(self.attributes) && self.attributes.size() > 0)",
            message: "`attributes` needs scope SameAttributes, and scope SameAttributes at least one of them",
            broken_at: |users| {
                broken(
                    (users.scope == ManageUsersScope::SameAttributes) == users.attributes.is_empty(),
                    "attributes",
                )
            },
        },
    ];
}

/// How the users that one may manage are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ManageUsersScope {
    /// All of them.
    All,
    /// Those of the listed positions.
    ByPosition,
    /// Those whose listed attributes equal one's own.
    SameAttributes,
}

/// Which roles the holders of a role may manage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ManageRoles {
    /// How they are chosen.
    pub scope: ManageRolesScope,
}

/// How the roles that one may manage are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ManageRolesScope {
    /// All of them.
    All,
    /// One's own and those that one created.
    Own,
}

/// Which roles the holders of a role may assign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-kubernetes-validations" = AssignRoles::validations()))]
pub struct AssignRoles {
    /// How they are chosen.
    pub scope: AssignRolesScope,
    /// With scope Listed: the roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<Name>")]
    pub roles: Vec<String>,
}

impl Ruled for AssignRoles {
    const RULES: &'static [Rule<Self>] = &[Rule {
        cel: "(self.scope == 'Listed') == (has(self.roles) && self.roles.size() > 0)",
        message: "`roles` needs scope Listed, and scope Listed at least one of them",
        broken_at: |assign| {
            broken(
                (assign.scope == AssignRolesScope::Listed) == assign.roles.is_empty(),
                "roles",
            )
        },
    }];
}

/// How the roles that one may assign are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AssignRolesScope {
    /// All of them.
    All,
    /// The listed ones.
    Listed,
    /// One's own and those that one created.
    Own,
}

/// What the controller found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleStatus {
    /// Whether it is one of the system's.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<RoleType>,
    /// The generation of the spec that this status was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Complete, Stalled, Published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "ListMap<Condition>")]
    pub conditions: Vec<Condition>,
}

/// Whether a role is one of the system's (R1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum RoleType {
    /// Always there, cannot be changed.
    System,
    /// Declared by people.
    Custom,
}
