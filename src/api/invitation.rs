//! Invitation: how a person comes to be a user (I1 to I7).

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms::{AttributeValues, Attributes, Duration, Email, ListMap, Name, Phone, Position, Set, Text};
use super::rule::{ChangeRule, Rule, Ruled, broken};
use super::{Condition, Moment};

/// The name of the invitation that the controller makes for `Tenant.spec.administrator` (T2).
pub const ADMINISTRATOR_INVITATION: &str = "administrator";

/// Whom to invite, and as what. Exactly one of `email`, `phone` and `user` says whom.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "tenantry.dev",
    version = "v1alpha1",
    kind = "Invitation",
    namespaced,
    status = "InvitationStatus",
    derive = "PartialEq",
    shortname = "tinv",
    category = "tenantry",
    doc = "Invites a person by mail or phone to become a user, or a user to set a password. It grants nothing by itself.",
    selectable = ".spec.email",
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
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Expires", type_ = "string", json_path = ".status.expiresAt"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = InvitationSpec::validations()))]
pub struct InvitationSpec {
    /// The email that the link goes to; cannot change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Email>")]
    pub email: Option<String>,
    /// The phone number of the person whom the link is passed on to; cannot change (I5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Phone>")]
    pub phone: Option<String>,
    /// An Ordinary user of this tenant with an email, who is to set a password; cannot change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Name>")]
    pub user: Option<String>,
    /// Her name for people, offered on the registration page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Text>")]
    pub name: Option<String>,
    /// The roles of the user to be; required unless `user`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Set<Name, 50, 1>>")]
    pub roles: Option<Vec<String>>,
    /// The organizations of the user to be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Set<Name>")]
    pub organizations: Vec<String>,
    /// The position of the user to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Position>")]
    pub position: Option<String>,
    /// The attributes of the user to be.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    #[schemars(with = "AttributeValues")]
    pub attributes: Attributes,
    /// How she will sign in; Local when absent. SSO with `email` only; cannot change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// When the access of the user to be ends (I7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
    /// Whether the user, once made, lives by herself; Independent when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership: Option<Membership>,
    /// How long the link works (I2).
    #[serde(default = "one_day")]
    #[schemars(with = "Duration")]
    pub ttl: String,
    /// Any change invites again; earlier links are dead.
    #[serde(default = "first")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub attempt: i32,
    /// After this moment nothing is sent and no link works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_before: Option<Moment>,
    /// True: links are dead; a user made by a Bound invitation is void.
    #[serde(default)]
    pub revoked: bool,
    /// The language of the mail and the pages.
    #[serde(default)]
    pub language: Language,
}

fn one_day() -> String {
    "24h".to_owned()
}

fn first() -> i32 {
    1
}

impl InvitationSpec {
    /// Whether a field from `name` to `membership` is set, none of which fits an invitation of a `user`.
    fn describes_a_new_user(&self) -> bool {
        self.name.is_some()
            || self.roles.is_some()
            || !self.organizations.is_empty()
            || self.position.is_some()
            || !self.attributes.is_empty()
            || self.login.is_some()
            || self.valid_until.is_some()
            || self.membership.is_some()
    }
}

impl Ruled for InvitationSpec {
    const RULES: &'static [Rule<Self>] = &[
        Rule {
            cel: "[has(self.email), has(self.phone), has(self.user)].filter(x, x).size() == 1",
            message: "an invitation has exactly one of `email`, `phone` and `user`",
            broken_at: |invitation| {
                let named = [&invitation.email, &invitation.phone, &invitation.user];
                broken(named.into_iter().flatten().count() != 1, "")
            },
        },
        Rule {
            cel: "has(self.user) || has(self.roles)",
            message: "`roles` is required, at least one",
            broken_at: |invitation| broken(invitation.user.is_none() && invitation.roles.is_none(), "roles"),
        },
        Rule {
            cel: "!has(self.user) || !(has(self.name) || has(self.roles) || (has(self.organizations) && self.organizations.size() > 0) || has(self.position) || (has(self.attributes) && self.attributes.size() > 0) || has(self.login) || has(self.validUntil) || has(self.membership))",
            message: "with `user` the person is a user already: remove `name`, `roles`, `organizations`, `position`, `attributes`, `login`, `validUntil` and `membership`",
            broken_at: |invitation| broken(invitation.user.is_some() && invitation.describes_a_new_user(), "user"),
        },
        Rule {
            cel: "!has(self.login) || self.login != 'SSO' || has(self.email)",
            message: "login SSO needs `email`",
            broken_at: |invitation| {
                broken(
                    invitation.login == Some(Login::SSO) && invitation.email.is_none(),
                    "login",
                )
            },
        },
    ];

    const CHANGE_RULES: &'static [ChangeRule<Self>] = &[
        ChangeRule {
            cel: "has(self.email) == has(oldSelf.email) && (!has(self.email) || self.email == oldSelf.email)",
            message: "`email` cannot change; make another invitation",
            holds: |old, new| old.email == new.email,
        },
        ChangeRule {
            cel: "has(self.phone) == has(oldSelf.phone) && (!has(self.phone) || self.phone == oldSelf.phone)",
            message: "`phone` cannot change; make another invitation",
            holds: |old, new| old.phone == new.phone,
        },
        ChangeRule {
            cel: "has(self.user) == has(oldSelf.user) && (!has(self.user) || self.user == oldSelf.user)",
            message: "`user` cannot change; make another invitation",
            holds: |old, new| old.user == new.user,
        },
        ChangeRule {
            cel: "(has(self.login) ? self.login : 'Local') == (has(oldSelf.login) ? oldSelf.login : 'Local')",
            message: "`login` cannot change; make another invitation",
            holds: |old, new| old.login.unwrap_or_default() == new.login.unwrap_or_default(),
        },
    ];
}

/// How an invited person will sign in (I1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Login {
    /// With account and password.
    #[default]
    Local,
    /// Through the tenant's single sign-on.
    SSO,
}

/// Whether the user that an invitation makes lives by herself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Membership {
    /// The user is created once and then lives by herself.
    #[default]
    Independent,
    /// The user changes and ends with the invitation.
    Bound,
}

/// A language of mails and pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

/// What became of the invitation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitationStatus {
    /// Its state (I6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<InvitationPhase>,
    /// When the link of this attempt was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Moment>,
    /// When the link of this attempt ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
    /// The attempt that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<i32>,
    /// What the person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<InvitationResponse>,
    /// The generation of the spec that this status was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Complete, Stalled, Delivered, Published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "ListMap<Condition>")]
    pub conditions: Vec<Condition>,
}

/// The state of an invitation; of several that apply the first counts (I6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum InvitationPhase {
    /// It is void.
    Invalid,
    /// It was revoked.
    Revoked,
    /// The person is a user.
    Completed,
    /// The mail was rejected.
    Failed,
    /// The link is over.
    Expired,
    /// The link was sent.
    Waiting,
    /// Nothing was sent yet.
    Pending,
}

/// What the person did.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct InvitationResponse {
    /// When.
    pub at: Moment,
    /// The user that she became, or is.
    #[schemars(with = "Name")]
    pub user: String,
}
