//! Tenant: the settings of one tenant. One namespace is one tenant (T1).

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms::{Code, Email, FieldName, Keyed, ListMap, NameOrAny, Position, Set, Text, Word};
use super::rule::{Rule, Ruled, broken};
use super::{Condition, Moment};

/// The only name a Tenant may have.
pub const TENANT_NAME: &str = "tenant";

/// What this tenant is called, how its accounts look, which modules and object types it has, and how far it may grow.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "tenantry.dev",
    version = "v1alpha1",
    kind = "Tenant",
    namespaced,
    status = "TenantStatus",
    derive = "PartialEq",
    shortname = "tnt",
    category = "tenantry",
    doc = "A tenant: one namespace, isolated from every other. It is always named `tenant`; without it nothing else in the namespace grants anything.",
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
    printcolumn(name = "Active users", type_ = "integer", json_path = ".status.users.active"),
    printcolumn(name = "Suspended", type_ = "boolean", json_path = ".spec.suspended"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = TenantSpec::validations()))]
pub struct TenantSpec {
    /// The tenant's name for people.
    #[schemars(with = "Text")]
    pub display_name: String,
    /// The first administrator; she is invited by mail with the role `administrator` (T2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrator: Option<Administrator>,
    /// Optional modules of the catalogue that the tenant has; `Core` is always there (T9).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<Word>")]
    pub modules: Vec<String>,
    /// While true nobody of the tenant has any access.
    #[serde(default)]
    pub suspended: bool,
    /// How the root of the organization tree is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headquarters: Option<Headquarters>,
    /// Account settings (T7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Accounts>,
    /// Data permissions; off until switched on (T3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_permissions: Option<DataPermissions>,
    /// What this tenant says about object types of the catalogue: who shares their records, which fields they have (T4, T6).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "ListMap<ObjectSettings, 30>")]
    pub objects: Vec<ObjectSettings>,
    /// How far the tenant may grow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// The most fields that all objects of a tenant declare together.
const MOST_FIELDS: usize = 500;

impl Ruled for TenantSpec {
    const RULES: &'static [Rule<Self>] = &[Rule {
        cel: "!has(self.objects) || self.objects.map(o, has(o.fields) ? o.fields.size() : 0).sum() <= 500",
        message: "the objects of a tenant declare at most 500 fields in all; remove some",
        broken_at: |spec| {
            broken(
                spec.objects.iter().map(|object| object.fields.len()).sum::<usize>() > MOST_FIELDS,
                "objects",
            )
        },
    }];

    fn parts(&self, path: &str, faults: &mut Vec<super::RuleFault>) {
        for (o, object) in self.objects.iter().enumerate() {
            for (f, field) in object.fields.iter().enumerate() {
                field.faults(&format!("{path}.objects[{o}].fields[{f}]"), faults);
            }
        }
    }
}

/// The person who becomes the tenant's first administrator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Administrator {
    /// Her name for people.
    #[schemars(with = "Text")]
    pub name: String,
    /// Where the invitation goes.
    #[schemars(with = "Email")]
    pub email: String,
}

/// How `headquarters`, the root of the organization tree, is shown (O2).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Headquarters {
    /// Its name for people; `Headquarters` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Text>")]
    pub display_name: Option<String>,
    /// Its code; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Code>")]
    pub code: Option<String>,
}

/// Account settings (T7).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Accounts {
    /// What an account may look like.
    #[serde(default)]
    pub format: AccountFormat,
    /// Whether every user needs an email; SSO users need one always.
    #[serde(default)]
    pub email_required: bool,
    /// What a password must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordSettings>,
    /// The positions that a user may have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<Position, 500>")]
    pub positions: Vec<String>,
    /// Whether every user needs a position.
    #[serde(default)]
    pub position_required: bool,
    /// Further attributes of an account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "ListMap<AttributeDeclaration>")]
    pub attributes: Vec<AttributeDeclaration>,
    /// Tenants (namespaces) that may credit this tenant's users; `*` means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<NameOrAny>")]
    pub credited_to: Vec<String>,
}

/// What an account may look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccountFormat {
    /// 4 to 36 letters, digits and `. _ @ -`, or an email.
    #[default]
    Any,
    /// An email.
    Email,
}

/// What a password must look like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasswordSettings {
    /// How long, and of what.
    #[serde(default)]
    pub rule: PasswordRule,
    /// Whether the password must not contain the account, in any case.
    #[serde(default = "yes")]
    pub excludes_account: bool,
}

fn yes() -> bool {
    true
}

/// How long a password is, and of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PasswordRule {
    /// 8 to 30 characters with a letter, a digit and a symbol.
    #[default]
    Composed,
    /// 15 to 128 of any.
    Long,
}

/// An attribute that the accounts of this tenant have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttributeDeclaration {
    /// Its name, as in `user.attributes.NAME`.
    #[schemars(with = "FieldName")]
    pub name: String,
    /// Whether every user needs it; false when absent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// The values it may have; any text when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<Text>")]
    pub values: Vec<String>,
}

impl Keyed for AttributeDeclaration {
    const KEYS: &'static [&'static str] = &["name"];
}

/// Data permissions: who sees which records (T3, T5).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataPermissions {
    /// Whether they are on.
    #[serde(default)]
    pub enabled: bool,
    /// What a user sees after login.
    #[serde(default)]
    pub visibility: Visibility,
    /// Users without an organization that were created before this moment belong to Headquarters, later ones to Unassigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headquarters_before: Option<Moment>,
}

/// What a user sees after login (T5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Visibility {
    /// What is shared with the user, her groups and the current organization.
    #[default]
    UserAndOrganization,
    /// What belongs to the current organization and to the user.
    CurrentOrganizationOnly,
}

/// What this tenant says about one object type of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectSettings {
    /// The object type.
    #[schemars(with = "Word")]
    pub object: String,
    /// The basic data permission (T4); `Exclusive` when absent. Only for objects that take part in data permissions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<ObjectAccess>,
    /// Fields of its records beyond the catalogue's, or marks on those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "ListMap<FieldDeclaration, 100>")]
    pub fields: Vec<FieldDeclaration>,
}

impl Keyed for ObjectSettings {
    const KEYS: &'static [&'static str] = &["object"];
}

/// The basic data permission of an object type (T4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ObjectAccess {
    /// The owner, the owner's organization and its ancestors.
    #[default]
    Exclusive,
    /// Everyone reads; the owner, the owner's organization and its ancestors edit.
    PublicReadOnly,
    /// Everyone reads and edits.
    PublicReadWrite,
}

/// A field of an object's records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-kubernetes-validations" = FieldDeclaration::validations()))]
pub struct FieldDeclaration {
    /// Its name, as in `record.NAME`.
    #[schemars(with = "FieldName")]
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether it is hidden from everyone without `DataSpace:PersonalInfo` (T6, R11); false when absent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restricted: bool,
}

impl Keyed for FieldDeclaration {
    const KEYS: &'static [&'static str] = &["name"];
}

/// The names that conditions give to a record's own facts, and the words that CEL keeps for itself.
pub const RESERVED_FIELD_NAMES: [&str; 28] = [
    "id",
    "creator",
    "owner",
    "organization",
    "organizations",
    "contentGroups",
    "creatorRoles",
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

impl Ruled for FieldDeclaration {
    const RULES: &'static [Rule<Self>] = &[Rule {
        cel: "!(self.name in ['id', 'creator', 'owner', 'organization', 'organizations', 'contentGroups', 'creatorRoles', 'true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while'])",
        message: "a field cannot have the name of a system attribute or of a CEL word; choose another name",
        broken_at: |field| broken(RESERVED_FIELD_NAMES.contains(&field.name.as_str()), "name"),
    }];
}

/// The type of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum FieldType {
    /// Text.
    String,
    /// A whole number of 64 bits.
    Int,
    /// A floating-point number of 64 bits.
    Double,
    /// True or false.
    Bool,
    /// A moment.
    Timestamp,
    /// A list of texts.
    StringList,
}

/// How far a tenant may grow; beyond a limit the youngest objects are refused (K5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    /// Levels of the organization tree, headquarters included (O1).
    #[schemars(range(min = 1, max = 32))]
    pub organization_levels: i32,
    /// Organizations on one level (O1).
    #[schemars(range(min = 1, max = 100_000))]
    pub organizations_per_level: i32,
    /// Users of one organization (O1).
    #[schemars(range(min = 1, max = 100_000))]
    pub users_per_organization: i32,
    /// Custom roles.
    #[schemars(range(min = 1, max = 1_000))]
    pub roles: i32,
    /// User groups (G1).
    #[schemars(range(min = 1, max = 1_000))]
    pub user_groups: i32,
    /// Users of one group (G1).
    #[schemars(range(min = 1, max = 1_000))]
    pub users_per_group: i32,
    /// Sharing rules by condition (S4).
    #[schemars(range(min = 1, max = 500))]
    pub condition_rules: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            organization_levels: 5,
            organizations_per_level: 100,
            users_per_organization: 50,
            roles: 200,
            user_groups: 100,
            users_per_group: 50,
            condition_rules: 50,
        }
    }
}

/// What the controller found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantStatus {
    /// How many users there are of each phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<UserCounts>,
    /// The earliest moment at which something of this tenant changes by time alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_transition: Option<Moment>,
    /// The generation of the spec that this status was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Complete, Stalled, Published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "ListMap<Condition>")]
    pub conditions: Vec<Condition>,
}

/// How many users there are of each phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct UserCounts {
    /// Users that have their access now.
    pub active: i32,
    /// Users whose access is still to begin.
    pub pending: i32,
    /// Users that are switched off.
    pub disabled: i32,
    /// Users whose access is over.
    pub expired: i32,
    /// Users that are void.
    pub invalid: i32,
}
