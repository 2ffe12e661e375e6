//! User: a person of a tenant, her roles and how long they last.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms::{
    Account, AttributeValues, Attributes, Email, ListMap, Name, Phone, Position, Set, Text, WholeList, Word,
};
use super::rule::{ChangeRule, Rule, RuleFault, Ruled, broken, period_is_backwards};
use super::{Condition, Moment};

/// The most roles that a user can have: as many as a tenant may have, and those of the system.
const MOST_ROLES: u64 = 1_004;

/// A person: how she is known, which roles and organizations she has, and until when.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "tenantry.dev",
    version = "v1alpha1",
    kind = "User",
    namespaced,
    status = "UserStatus",
    derive = "PartialEq",
    shortname = "tuser",
    category = "tenantry",
    doc = "A person of a tenant. Her metadata.name is her id for life: records name it as owner and creator.",
    selectable = ".spec.account",
    selectable = ".spec.email",
    selectable = ".spec.type",
    selectable = ".spec.position",
    selectable = ".spec.enabled",
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
    printcolumn(name = "Type", type_ = "string", json_path = ".spec.type"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Until", type_ = "string", json_path = ".spec.validUntil"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = UserSpec::validations()))]
pub struct UserSpec {
    /// How the person signs in (U1); cannot change.
    #[serde(rename = "type", default)]
    pub kind: UserType,
    /// What she signs in with; required for all but Credited users, who have none; cannot change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Account>")]
    pub account: Option<String>,
    /// Credited only: the user of another tenant whom this one lets in (U11); cannot change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<Home>,
    /// Her name for people; required for all but Credited users, where the home's is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Text>")]
    pub name: Option<String>,
    /// Her email.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Email>")]
    pub email: Option<String>,
    /// Her phone number, as `+` and digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Phone>")]
    pub phone: Option<String>,
    /// Her position, one of the tenant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Position>")]
    pub position: Option<String>,
    /// Attributes that the tenant declares.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    #[schemars(with = "AttributeValues")]
    pub attributes: Attributes,
    /// Roles given by account; at least one.
    #[schemars(with = "Set<Name, 50, 1>")]
    pub roles: Vec<String>,
    /// Roles for a period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "WholeList<TemporaryRole>")]
    pub temporary_roles: Vec<TemporaryRole>,
    /// Organizations that she may enter. Once it lists any it may not be emptied: list `unassigned` to take her out of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<Name>")]
    pub organizations: Vec<String>,
    /// The kill switch: while false she has no access.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// When her access begins; at once when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Moment>,
    /// When her access ends; at that very moment it is gone (U3). Permanent when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
    /// Service users only: present means activated by the tenant's administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// The Bound invitation that made this user: she lives only while it is in force and not revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Name>")]
    pub invitation: Option<String>,
}

fn enabled() -> bool {
    true
}

impl Ruled for UserSpec {
    const RULES: &'static [Rule<Self>] = &[
        Rule {
            cel: "self.type == 'Credited' ? !has(self.account) : has(self.account)",
            message: "`account` is required for every type but Credited, which has none",
            broken_at: |user| broken((user.kind == UserType::Credited) == user.account.is_some(), "account"),
        },
        Rule {
            cel: "self.type == 'Credited' ? has(self.home) : !has(self.home)",
            message: "`home` is required for a Credited user and belongs to no other",
            broken_at: |user| broken((user.kind == UserType::Credited) != user.home.is_some(), "home"),
        },
        Rule {
            cel: "self.type == 'Credited' || has(self.name)",
            message: "`name` is required for every type but Credited",
            broken_at: |user| broken(user.kind != UserType::Credited && user.name.is_none(), "name"),
        },
        Rule {
            cel: "self.type == 'Service' || !has(self.activation)",
            message: "only a Service user has an `activation`",
            broken_at: |user| {
                broken(
                    user.kind != UserType::Service && user.activation.is_some(),
                    "activation",
                )
            },
        },
        Rule {
            cel: "!has(self.validFrom) || !has(self.validUntil) || timestamp(self.validUntil) > timestamp(self.validFrom)",
            message: "`validUntil` must be after `validFrom`",
            broken_at: |user| broken(period_is_backwards(user.valid_from, user.valid_until), "validUntil"),
        },
        Rule {
            cel: "!has(self.temporaryRoles) || self.temporaryRoles.all(a, self.temporaryRoles.exists_one(b, a == b))",
            message: "a list holds no value twice; remove the repeated temporary role",
            broken_at: |user| repeated(&user.temporary_roles).map(|index| format!("temporaryRoles[{index}]")),
        },
    ];

    const CHANGE_RULES: &'static [ChangeRule<Self>] = &[
        ChangeRule {
            cel: "self.type == oldSelf.type",
            message: "`type` cannot change",
            holds: |old, new| old.kind == new.kind,
        },
        ChangeRule {
            cel: "has(self.account) == has(oldSelf.account) && (!has(self.account) || self.account == oldSelf.account)",
            message: "`account` cannot change",
            holds: |old, new| old.account == new.account,
        },
        ChangeRule {
            cel: "has(self.home) == has(oldSelf.home) && (!has(self.home) || self.home == oldSelf.home)",
            message: "`home` cannot change",
            holds: |old, new| old.home == new.home,
        },
        ChangeRule {
            cel: "!has(oldSelf.organizations) || oldSelf.organizations.size() == 0 || (has(self.organizations) && self.organizations.size() > 0)",
            message: "`organizations` may not be emptied; list `unassigned` to take the user out of all",
            holds: |old, new| old.organizations.is_empty() || !new.organizations.is_empty(),
        },
    ];

    fn parts(&self, path: &str, faults: &mut Vec<RuleFault>) {
        for (index, role) in self.temporary_roles.iter().enumerate() {
            role.faults(&format!("{path}.temporaryRoles[{index}]"), faults);
        }
    }
}

/// The index of the first value that stands earlier in the list.
fn repeated<T: PartialEq>(list: &[T]) -> Option<usize> {
    list.iter()
        .enumerate()
        .position(|(index, value)| list.iter().take(index).any(|earlier| earlier == value))
}

/// How a person signs in (U1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UserType {
    /// With account and password.
    #[default]
    Ordinary,
    /// Through the tenant's single sign-on.
    SSO,
    /// With her account in another tenant.
    Credited,
    /// Support staff; needs activation by the tenant's administrator.
    Service,
}

/// The user of another tenant whom a Credited user is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Home {
    /// Her tenant (namespace).
    #[schemars(with = "Name")]
    pub tenant: String,
    /// Her name there.
    #[schemars(with = "Name")]
    pub user: String,
}

/// A role for a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = TemporaryRole::validations()))]
pub struct TemporaryRole {
    /// The role.
    #[schemars(with = "Name")]
    pub role: String,
    /// From when, inclusive; from ever when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Moment>,
    /// Until when, exclusive.
    pub valid_until: Moment,
}

impl Ruled for TemporaryRole {
    const RULES: &'static [Rule<Self>] = &[Rule {
        cel: "!has(self.validFrom) || timestamp(self.validUntil) > timestamp(self.validFrom)",
        message: "`validUntil` must be after `validFrom`",
        broken_at: |role| {
            broken(
                period_is_backwards(role.valid_from, Some(role.valid_until)),
                "validUntil",
            )
        },
    }];
}

/// A Service user's activation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Activation {
    /// Until when, exclusive.
    pub valid_until: Moment,
}

/// The computed access.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserStatus {
    /// The state of her access as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<UserPhase>,
    /// Her roles in force, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MOST_ROLES))]
    pub roles: Vec<HeldRole>,
    /// What she may do, closure included, sorted by object (U6).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub permissions: Vec<HeldPermission>,
    /// The organizations that she may enter, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub organizations: Vec<String>,
    /// The groups that list her, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub groups: Vec<String>,
    /// The rows and columns that she sees of each object whose rows roles scope (R7, R8), sorted by object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub data: Vec<HeldData>,
    /// The fields that are not wholly free (R9, R11), sorted by object and field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10_000))]
    pub fields: Vec<HeldField>,
    /// How long the lists are that are left out; there only when the status cannot be written whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncated: Option<Truncated>,
    /// The next moment at which this status changes by time alone.
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

/// How many entries the lists of a status have that is not written whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Truncated {
    /// Roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<i32>,
    /// Permissions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<i32>,
    /// Organizations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizations: Option<i32>,
    /// Groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<i32>,
    /// Objects with scoped rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<i32>,
    /// Fields that are not wholly free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<i32>,
}

/// The state of a user's access; of several that apply the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum UserPhase {
    /// She is void.
    Invalid,
    /// She, her tenant or her home is switched off.
    Disabled,
    /// Her time is over.
    Expired,
    /// Her time is still to come.
    Pending,
    /// She has access.
    Active,
}

/// A role that a user has now.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldRole {
    /// The role.
    #[schemars(with = "Word")]
    pub name: String,
    /// In which ways she has it, sorted.
    #[schemars(length(max = 3))]
    pub via: Vec<Via>,
    /// The latest end, only if every way ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
}

/// How a user comes to have a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Via {
    /// Her spec names it.
    Direct,
    /// It is given to her position.
    Position,
    /// Her spec names it for a period.
    Temporary,
}

/// What a user may do with one object type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct HeldPermission {
    /// The object type.
    #[schemars(with = "Word")]
    pub object: String,
    /// The actions, sorted.
    #[schemars(length(max = 1000))]
    pub actions: Vec<String>,
    /// The roles that, alone, give at least one of the actions, sorted.
    #[schemars(length(max = MOST_ROLES))]
    pub roles: Vec<String>,
}

/// The rows and columns that a user sees of one object type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct HeldData {
    /// The object type.
    #[schemars(with = "Word")]
    pub object: String,
    /// How many of the rows.
    pub rows: super::Rows,
    /// The roles that give that width, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MOST_ROLES))]
    pub roles: Vec<String>,
    /// The columns, sorted; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10_000))]
    pub columns: Option<Vec<String>>,
}

/// How a user sees a field that is not wholly free.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct HeldField {
    /// The object type.
    #[schemars(with = "Word")]
    pub object: String,
    /// The field.
    #[schemars(with = "Word")]
    pub field: String,
    /// How its values are shown.
    pub display: Display,
    /// Whether she may group by it.
    pub group: bool,
    /// Whether she may filter by it.
    pub filter: bool,
}

/// How the values of a field are shown, loosest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Display {
    /// As they are.
    #[default]
    Clear,
    /// With the middle masked (R10).
    Masked,
    /// Not at all.
    Hidden,
}
