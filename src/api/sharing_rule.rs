//! SharingRule: who besides the owner sees which records (S2 to S6).

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms::{ConditionText, ListMap, Name, RecordId, Set, Text, Word};
use super::rule::{Rule, Ruled, broken};
use super::{Condition, Moment};

/// Records of one object type and whom they are shared with. Exactly one of `ownerless`, `organizationAttribute`,
/// `condition`, `records` and `contentGroups` says which records.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "tenantry.dev",
    version = "v1alpha1",
    kind = "SharingRule",
    namespaced,
    status = "SharingRuleStatus",
    derive = "PartialEq",
    shortname = "tshare",
    category = "tenantry",
    doc = "Records of one object type and whom they are shared with.",
    selectable = ".spec.object",
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
    printcolumn(name = "Object", type_ = "string", json_path = ".spec.object"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = SharingRuleSpec::validations()))]
pub struct SharingRuleSpec {
    /// The rule's name for people.
    #[schemars(with = "Text")]
    pub display_name: String,
    /// The object type.
    #[schemars(with = "Word")]
    pub object: String,
    /// Records without owner and without organization (S2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownerless: Option<Ownerless>,
    /// A record belongs to the organization whose code a field holds (S3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_attribute: Option<OrganizationAttribute>,
    /// Records for which a CEL expression over `record`, `user` and `now` holds (S4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ConditionText>")]
    pub condition: Option<String>,
    /// The listed records (S5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Set<RecordId, 1000, 1>>")]
    pub records: Option<Vec<String>>,
    /// The content of the listed groups, groups below them included (S6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Set<RecordId, 1000, 1>>")]
    pub content_groups: Option<Vec<String>>,
    /// What may be done with the records; Read when absent. By condition: Read only; none with `organizationAttribute`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<SharedAccess>,
    /// Whom they are shared with; what is allowed depends on which records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Recipients>,
    /// When the sharing ends; at that very moment it is gone. Not with `organizationAttribute`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
}

/// Which records a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records<'a> {
    /// Those without owner and without organization.
    Ownerless,
    /// Those whose field holds the code of an organization.
    OrganizationAttribute(&'a str),
    /// Those for which the condition holds.
    Condition(&'a str),
    /// The listed ones.
    Listed(&'a [String]),
    /// The content of the listed groups.
    ContentGroups(&'a [String]),
}

impl SharingRuleSpec {
    /// Which records the rule is about; `None` when it does not say, or says it twice.
    #[must_use]
    pub fn which(&self) -> Option<Records<'_>> {
        let mut named = [
            self.ownerless.as_ref().map(|_| Records::Ownerless),
            self.organization_attribute
                .as_ref()
                .map(|attribute| Records::OrganizationAttribute(&attribute.field)),
            self.condition.as_deref().map(Records::Condition),
            self.records.as_deref().map(Records::Listed),
            self.content_groups.as_deref().map(Records::ContentGroups),
        ]
        .into_iter()
        .flatten();
        let first = named.next();
        first.filter(|_| named.next().is_none())
    }

    fn recipients(&self) -> [usize; 4] {
        self.to.as_ref().map_or([0; 4], |to| {
            [
                usize::from(to.everyone),
                to.organizations.len(),
                to.users.len(),
                to.groups.len(),
            ]
        })
    }
}

impl Ruled for SharingRuleSpec {
    const RULES: &'static [Rule<Self>] = &[
        Rule {
            cel: "[has(self.ownerless), has(self.organizationAttribute), has(self.condition), has(self.records), has(self.contentGroups)].filter(x, x).size() == 1",
            message: "a rule says exactly one of `ownerless`, `organizationAttribute`, `condition`, `records` and `contentGroups`",
            broken_at: |rule| broken(rule.which().is_none(), ""),
        },
        Rule {
            cel: "!has(self.access) || !(has(self.organizationAttribute) || (has(self.condition) && self.access == 'Edit'))",
            message: "`access` is Read with `condition`, and absent with `organizationAttribute`",
            broken_at: |rule| {
                let excess = rule.access.is_some_and(|access| {
                    rule.organization_attribute.is_some() || (rule.condition.is_some() && access == SharedAccess::Edit)
                });
                broken(excess, "access")
            },
        },
        Rule {
            cel: "!has(self.validUntil) || !has(self.organizationAttribute)",
            message: "`validUntil` is not allowed with `organizationAttribute`",
            broken_at: |rule| {
                broken(
                    rule.valid_until.is_some() && rule.organization_attribute.is_some(),
                    "validUntil",
                )
            },
        },
        Rule {
            cel: "!has(self.ownerless) || (has(self.to) && (has(self.to.everyone) && self.to.everyone ? !has(self.to.organizations) || self.to.organizations.size() == 0 : has(self.to.organizations) && self.to.organizations.size() > 0) && (!has(self.to.users) || self.to.users.size() == 0) && (!has(self.to.groups) || self.to.groups.size() == 0))",
            message: "ownerless records are shared with `everyone: true` alone or with `organizations`, at least one",
            broken_at: |rule| {
                let fits = matches!(rule.recipients(), [1, 0, 0, 0] | [0, 1..=usize::MAX, 0, 0]);
                broken(rule.ownerless.is_some() && !fits, "to")
            },
        },
        Rule {
            cel: "!has(self.organizationAttribute) || !has(self.to) || ((!has(self.to.everyone) || !self.to.everyone) && (!has(self.to.organizations) || self.to.organizations.size() == 0) && (!has(self.to.users) || self.to.users.size() == 0) && (!has(self.to.groups) || self.to.groups.size() == 0))",
            message: "`to` is not allowed with `organizationAttribute`",
            broken_at: |rule| {
                broken(
                    rule.organization_attribute.is_some() && rule.recipients() != [0; 4],
                    "to",
                )
            },
        },
        Rule {
            cel: "!has(self.condition) || (has(self.to) && (!has(self.to.everyone) || !self.to.everyone) && has(self.to.organizations) && self.to.organizations.size() > 0 && (!has(self.to.users) || self.to.users.size() == 0) && (!has(self.to.groups) || self.to.groups.size() == 0))",
            message: "records by condition are shared with `organizations`, at least one, and with nobody else",
            broken_at: |rule| {
                broken(
                    rule.condition.is_some() && !matches!(rule.recipients(), [0, 1..=usize::MAX, 0, 0]),
                    "to",
                )
            },
        },
        Rule {
            cel: "!(has(self.records) || has(self.contentGroups)) || (has(self.to) && (!has(self.to.everyone) || !self.to.everyone) && ((has(self.to.organizations) && self.to.organizations.size() > 0) || (has(self.to.users) && self.to.users.size() > 0) || (has(self.to.groups) && self.to.groups.size() > 0)))",
            message: "listed records and content groups are shared with `users`, `groups` or `organizations`, at least one in all",
            broken_at: |rule| {
                let listed = rule.records.is_some() || rule.content_groups.is_some();
                let [everyone, named @ ..] = rule.recipients();
                broken(listed && (everyone > 0 || named == [0; 3]), "to")
            },
        },
    ];
}

/// Records without owner and without organization; it has no settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ownerless {}

/// The field that holds the code of the organization to which a record belongs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrganizationAttribute {
    /// The field, of type String.
    #[schemars(with = "Word")]
    pub field: String,
}

/// What may be done with shared records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum SharedAccess {
    /// See them.
    #[default]
    Read,
    /// See and change them.
    Edit,
}

/// Whom records are shared with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recipients {
    /// Everyone of the tenant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub everyone: bool,
    /// The listed organizations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<Name, 100>")]
    pub organizations: Vec<String>,
    /// The listed users.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<Name, 100>")]
    pub users: Vec<String>,
    /// The users of the listed groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<Name, 100>")]
    pub groups: Vec<String>,
}

/// What the controller found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SharingRuleStatus {
    /// Its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<SharingRulePhase>,
    /// The generation of the spec that this status was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Complete, Stalled, Published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "ListMap<Condition>")]
    pub conditions: Vec<Condition>,
}

/// The state of a sharing rule; of several that apply the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SharingRulePhase {
    /// It is void.
    Invalid,
    /// Its time is over.
    Expired,
    /// It shares.
    Active,
}
