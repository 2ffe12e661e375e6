//! A status in place of one that cannot be written: what it grants no more must not stay visible because the rest is too
//! much, or unknown to an older CustomResourceDefinition.

use super::status::Status;
use crate::api::{
    Condition, ConditionStatus, InvitationStatus, OrganizationStatus, PUBLISHED, RoleStatus, SharingRuleStatus,
    TenantStatus, Truncated, Unpublished, UserStatus,
};

/// How much of a status is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Counts stand in place of lists.
    Lists,
    /// There are no counts either: an older definition does not know them.
    Counts,
    /// There is no phase either, and messages are cut: what every definition takes.
    Phase,
}

/// The longest message of a condition in the smallest status, in bytes.
const LONGEST_MESSAGE: usize = 1_024;

impl Reduction {
    /// From the smallest loss to the largest.
    pub const ALL: [Self; 3] = [Self::Lists, Self::Counts, Self::Phase];

    fn counts(self) -> bool {
        self == Self::Lists
    }

    fn phase(self) -> bool {
        self != Self::Phase
    }
}

impl Status {
    /// What is written in its place, with the condition `Published` that says why. What an invitation has been through stays:
    /// its state follows from that.
    #[must_use]
    pub fn reduced(&self, to: Reduction, why: Unpublished) -> Self {
        let conditions = conditions(self.conditions(), to, why);
        match self {
            Self::Tenant(status) => Self::Tenant(TenantStatus {
                users: status.users.filter(|_| to.counts()),
                conditions,
                ..TenantStatus::default()
            }),
            Self::User(status) => Self::User(Box::new(UserStatus {
                phase: status.phase.filter(|_| to.phase()),
                truncated: to.counts().then(|| truncated(status)).flatten(),
                conditions,
                ..UserStatus::default()
            })),
            Self::Role(status) => Self::Role(RoleStatus {
                kind: status.kind.filter(|_| to.phase()),
                conditions,
                ..RoleStatus::default()
            }),
            // The level is the count of the path.
            Self::Organization(status) => Self::Organization(OrganizationStatus {
                level: status.level.filter(|_| to.counts()),
                conditions,
                ..OrganizationStatus::default()
            }),
            Self::UserGroup(status) => {
                let mut status = status.clone();
                status.conditions = conditions;
                Self::UserGroup(status)
            }
            Self::SharingRule(status) => Self::SharingRule(SharingRuleStatus {
                phase: status.phase.filter(|_| to.phase()),
                conditions,
                ..SharingRuleStatus::default()
            }),
            Self::Invitation(status) => Self::Invitation(Box::new(InvitationStatus {
                phase: status.phase.filter(|_| to.phase()),
                conditions,
                ..(**status).clone()
            })),
        }
    }
}

/// How many entries each list has; `None` when all are empty.
fn truncated(status: &UserStatus) -> Option<Truncated> {
    let count = |length: usize| i32::try_from(length).ok().filter(|count| *count > 0);
    let truncated = Truncated {
        roles: count(status.roles.len()),
        permissions: count(status.permissions.len()),
        organizations: count(status.organizations.len()),
        groups: count(status.groups.len()),
        data: count(status.data.len()),
        fields: count(status.fields.len()),
    };
    Some(truncated).filter(|truncated| *truncated != Truncated::default())
}

/// The conditions there are, and the one that says that the status is not whole.
fn conditions(there: &[Condition], to: Reduction, why: Unpublished) -> Vec<Condition> {
    let there = there.iter().filter(|condition| condition.kind != PUBLISHED).cloned();
    let mut conditions: Vec<Condition> = there.chain([published(why)]).collect();
    if to == Reduction::Phase {
        for condition in &mut conditions {
            let end = condition.message.floor_char_boundary(LONGEST_MESSAGE);
            condition.message.truncate(end);
        }
    }
    conditions
}

fn published(why: Unpublished) -> Condition {
    let cause = match why {
        Unpublished::StatusTooLarge => "the status is too large to be stored",
        Unpublished::StatusRefused => "the API server refuses the status, the controller's log says why",
    };
    Condition {
        kind: PUBLISHED.to_owned(),
        status: ConditionStatus::False,
        reason: why.as_str().to_owned(),
        message: format!(
            "{cause}; `tenantry explain` prints what is left out here (see {})",
            why.link()
        ),
        last_transition_time: None,
        observed_generation: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{TENANT, evaluate, user};
    use super::*;

    fn whole() -> Status {
        let lines = [
            TENANT,
            "Role acme/editor {displayName: Editor, permissions: [{object: Campaign, actions: [Edit]}]}",
            "User acme/ada {account: ada.smith, name: Ada, roles: [editor, gone], temporaryRoles: [{role: analyst, validUntil: \"2027-01-01T00:00:00Z\"}]}",
        ];
        Status::User(Box::new(user(&evaluate(&lines), "ada")))
    }

    fn reduced(to: Reduction) -> Value {
        serde_json::to_value(whole().reduced(to, Unpublished::StatusRefused)).unwrap()
    }

    fn condition(status: &Value, kind: &str) -> Value {
        let mut conditions = status["conditions"].as_array().unwrap().iter();
        let condition = conditions.find(|condition| condition["type"] == kind).unwrap();
        json!([condition["status"], condition["reason"]])
    }

    #[test]
    fn counts_stand_in_place_of_lists_and_conditions_stay() {
        let status = reduced(Reduction::Lists);
        assert_eq!(status["phase"], "Active");
        assert_eq!(status["truncated"]["roles"], 2);
        assert!(status["truncated"].get("groups").is_none(), "an empty list is none");
        let fields: Vec<&String> = status.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["conditions", "phase", "truncated"]);
        assert_eq!(condition(&status, "Ready"), json!(["True", "Active"]));
        assert_eq!(condition(&status, "Complete"), json!(["False", "DependencyNotFound"]));
        assert_eq!(condition(&status, "Published"), json!(["False", "StatusRefused"]));
    }

    #[test]
    fn an_older_definition_gets_less_and_less() {
        let fields = |to| -> Vec<String> { reduced(to).as_object().unwrap().keys().cloned().collect() };
        assert_eq!(fields(Reduction::Counts), ["conditions", "phase"]);
        assert_eq!(fields(Reduction::Phase), ["conditions"]);
    }

    #[test]
    fn a_status_that_is_reduced_again_says_so_once_and_anew() {
        let first = whole().reduced(Reduction::Lists, Unpublished::StatusTooLarge);
        let second = first.reduced(Reduction::Counts, Unpublished::StatusRefused);
        assert_eq!(second, whole().reduced(Reduction::Counts, Unpublished::StatusRefused));
    }

    #[test]
    fn the_smallest_status_has_short_messages_only() {
        let mut status = whole();
        status.parts().0[0].message = "ä".repeat(40_000);
        let least = status.reduced(Reduction::Phase, Unpublished::StatusRefused);
        assert!(
            least
                .conditions()
                .iter()
                .all(|condition| condition.message.len() <= LONGEST_MESSAGE)
        );
    }

    #[test]
    fn an_invitation_keeps_what_it_has_been_through() {
        let status: InvitationStatus = serde_json::from_value(json!({
            "phase": "Waiting", "sentAt": "2026-11-24T10:00:00Z", "expiresAt": "2026-11-25T10:00:00Z", "attempt": 1,
        }))
        .unwrap();
        let least = Status::Invitation(Box::new(status)).reduced(Reduction::Phase, Unpublished::StatusRefused);
        let least = serde_json::to_value(least).unwrap();
        assert_eq!(least["sentAt"], "2026-11-24T10:00:00Z");
        assert_eq!(least["attempt"], 1);
    }
}
