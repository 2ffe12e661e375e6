//! Statuses: what an evaluation says about each object, in the words of the API.
//!
//! What a status holds depends on objects and moment only, never on when it is written. Generations and transition times
//! are the writer's to add.

mod one;

use serde::Serialize;

use super::access::{data, fields, held};
use super::action_set::ActionSet;
use super::evaluate::{Access, Evaluation, Outcome, waiting};
use super::finding::{Class, Finding, Findings};
use super::invitations::Invitation;
use super::organizations::{Organization, OrganizationIx};
use super::roles::RoleIx;
use super::snapshot::Snapshot;
use super::users::User;
use crate::api::{
    Condition, ConditionStatus, HeldData, HeldField, HeldPermission, HeldRole, InvitationPhase, InvitationStatus, Kind,
    OrganizationStatus, RoleStatus, RoleType, SharingRulePhase, SharingRuleStatus, TenantStatus, UserGroupStatus,
    UserPhase, UserStatus,
};

/// The status of one object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Status {
    /// Of a Tenant.
    Tenant(TenantStatus),
    /// Of a User.
    User(Box<UserStatus>),
    /// Of a Role.
    Role(RoleStatus),
    /// Of an Organization.
    Organization(OrganizationStatus),
    /// Of a UserGroup.
    UserGroup(UserGroupStatus),
    /// Of a SharingRule.
    SharingRule(SharingRuleStatus),
    /// Of an Invitation.
    Invitation(Box<InvitationStatus>),
}

impl Status {
    /// Its conditions.
    #[must_use]
    pub fn conditions(&self) -> &Vec<Condition> {
        match self {
            Self::Tenant(status) => &status.conditions,
            Self::User(status) => &status.conditions,
            Self::Role(status) => &status.conditions,
            Self::Organization(status) => &status.conditions,
            Self::UserGroup(status) => &status.conditions,
            Self::SharingRule(status) => &status.conditions,
            Self::Invitation(status) => &status.conditions,
        }
    }

    /// Its conditions and the generation that it was computed from, both for a writer to complete.
    pub fn parts(&mut self) -> (&mut Vec<Condition>, &mut Option<i64>) {
        match self {
            Self::Tenant(status) => (&mut status.conditions, &mut status.observed_generation),
            Self::User(status) => (&mut status.conditions, &mut status.observed_generation),
            Self::Role(status) => (&mut status.conditions, &mut status.observed_generation),
            Self::Organization(status) => (&mut status.conditions, &mut status.observed_generation),
            Self::UserGroup(status) => (&mut status.conditions, &mut status.observed_generation),
            Self::SharingRule(status) => (&mut status.conditions, &mut status.observed_generation),
            Self::Invitation(status) => (&mut status.conditions, &mut status.observed_generation),
        }
    }

    /// Its phase, for the kinds that have one.
    #[must_use]
    pub fn phase(&self) -> Option<&'static str> {
        match self {
            Self::User(status) => status.phase.map(phase_name),
            Self::SharingRule(status) => status.phase.map(sharing_rule_phase_name),
            Self::Invitation(status) => status.phase.map(invitation_phase_name),
            Self::Tenant(_) | Self::Role(_) | Self::Organization(_) | Self::UserGroup(_) => None,
        }
    }
}

/// An object with its status.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported<'a> {
    /// The object's kind.
    pub kind: Kind,
    /// Its name.
    pub name: &'a str,
    /// Its status.
    pub status: Status,
}

impl Evaluation {
    /// The status of every schema-valid object, and of every system object while the Tenant is in force, sorted by kind and
    /// name.
    pub fn statuses(&self) -> Box<dyn Iterator<Item = Reported<'_>> + '_> {
        match &self.outcome {
            Outcome::InForce(access) => {
                let users = access.users.iter().map(|one| {
                    let status = Status::User(Box::new(self.user_status(access, one)));
                    reported(Kind::User, &one.object.name, status)
                });
                Box::new(
                    self.statuses_before_users(access)
                        .chain(users)
                        .chain(self.group_statuses(access)),
                )
            }
            Outcome::NoTenant(snapshot) => Box::new(self.statuses_without_tenant(snapshot)),
        }
    }

    /// Of the kinds that come before users.
    fn statuses_before_users<'a>(&'a self, access: &'a Access) -> impl Iterator<Item = Reported<'a>> + 'a {
        let invitations = access
            .invitations
            .iter()
            .map(move |one| reported(Kind::Invitation, &one.object.name, self.invitation_status(access, one)));
        let organizations = access
            .organizations
            .iter()
            .map(move |(ix, one)| reported(Kind::Organization, &one.name, organization_status(access, ix, one)));
        let roles = access
            .roles
            .iter()
            .map(|(_, one)| reported(Kind::Role, &one.name, role_status(one.kind, &one.findings)));
        let rules = access.rules.iter().map(move |one| {
            let status = sharing_rule_status(one.phase(self.now), &one.findings(&access.users, self.now));
            reported(Kind::SharingRule, &one.object.name, status)
        });
        invitations
            .chain(organizations)
            .chain(roles)
            .chain(rules)
            .chain(self.reported_tenant())
    }

    fn group_statuses<'a>(&'a self, access: &'a Access) -> impl Iterator<Item = Reported<'a>> + 'a {
        access.groups.iter().map(move |one| {
            let findings = one.findings(&access.users, self.now);
            reported(Kind::UserGroup, &one.object.name, user_group_status(&findings))
        })
    }

    fn reported_tenant(&self) -> impl Iterator<Item = Reported<'_>> + '_ {
        let tenant = self.tenant.iter();
        tenant.map(|tenant| reported(Kind::Tenant, &tenant.name, self.tenant_status()))
    }

    fn statuses_without_tenant<'a>(&'a self, snapshot: &'a Snapshot) -> impl Iterator<Item = Reported<'a>> + 'a {
        let waiting = |deleting| waiting(deleting, &self.namespace);
        let invitations = snapshot.invitations.iter().map(move |one| {
            let status = carried_over(&one.spec.status, InvitationPhase::Invalid, &waiting(one.deleting));
            reported(Kind::Invitation, &one.name, status)
        });
        let organizations = snapshot.organizations.iter().map(move |one| {
            let conditions = conditions(&waiting(one.deleting), VALID);
            let status = OrganizationStatus {
                conditions,
                ..OrganizationStatus::default()
            };
            reported(Kind::Organization, &one.name, Status::Organization(status))
        });
        let roles = snapshot.roles.iter().map(move |one| {
            let system = self.catalogue.system_role(&one.name).is_some();
            let kind = if system { RoleType::System } else { RoleType::Custom };
            reported(Kind::Role, &one.name, role_status(kind, &waiting(one.deleting)))
        });
        let rules = snapshot.rules.iter().map(move |one| {
            let status = sharing_rule_status(SharingRulePhase::Invalid, &waiting(one.deleting));
            reported(Kind::SharingRule, &one.name, status)
        });
        let users = snapshot.users.iter().map(move |one| {
            let status = invalid_user(&waiting(one.deleting));
            reported(Kind::User, &one.name, Status::User(Box::new(status)))
        });
        let groups = snapshot
            .groups
            .iter()
            .map(move |one| reported(Kind::UserGroup, &one.name, user_group_status(&waiting(one.deleting))));
        invitations
            .chain(organizations)
            .chain(roles)
            .chain(rules)
            .chain(self.reported_tenant())
            .chain(users)
            .chain(groups)
    }

    /// The status of every object that is not schema-valid, the system's own aside: those stand among the others.
    pub fn refused(&self) -> impl Iterator<Item = Reported<'_>> + '_ {
        self.broken.iter().filter_map(|broken| {
            let name = broken.name.as_deref()?;
            let system = match broken.kind {
                Kind::Role => self.catalogue.system_role(name).is_some(),
                Kind::Organization => Kind::Organization.reserves(name),
                _ => false,
            };
            if system && self.access().is_some() {
                return None;
            }
            let findings = broken.findings.iter().cloned().collect();
            Some(reported(broken.kind, name, refused_status(broken.kind, &findings)))
        })
    }

    /// Conditions only while the Tenant is void.
    fn tenant_status(&self) -> Status {
        let access = self.access();
        let suspended = access.is_some_and(|access| access.settings.suspended);
        Status::Tenant(TenantStatus {
            users: access.map(|access| access.counts),
            next_transition: access.and_then(|access| access.next_transition),
            observed_generation: None,
            conditions: conditions(&self.tenant_findings, if suspended { "Suspended" } else { VALID }),
        })
    }

    /// The computed access of one user (U6).
    #[must_use]
    pub fn user_status(&self, access: &Access, user: &User) -> UserStatus {
        let phase = user.state.phase;
        let mut status = UserStatus {
            phase: Some(phase),
            next_transition: user.next_transition,
            conditions: conditions(&user.findings, phase_name(phase)),
            ..UserStatus::default()
        };
        if phase == UserPhase::Active {
            status.roles = self.held_roles(access, user);
            status.permissions = self.held_permissions(access, user);
            status.organizations = access.entered(user).map(|entered| entered.name.clone()).collect();
            status.groups = user.groups.iter().map(|name| name.to_string()).collect();
            status.data = self.held_data(access, user);
            status.fields = self.held_fields(access, user);
        }
        status
    }

    fn held_roles(&self, access: &Access, user: &User) -> Vec<HeldRole> {
        let held = user.state.roles.iter().map(|held| HeldRole {
            name: role_name(access, held.role),
            via: held.via().collect(),
            valid_until: held.valid_until(),
        });
        held.collect()
    }

    fn held_permissions(&self, access: &Access, user: &User) -> Vec<HeldPermission> {
        let mut permissions = Vec::new();
        for (_, object) in self
            .catalogue
            .objects()
            .filter(|(_, object)| object.actions.intersects(&user.state.actions))
        {
            let giving = held(&access.roles, &user.state).filter(|(_, role)| role.actions.intersects(&object.actions));
            permissions.push(HeldPermission {
                object: object.name.clone(),
                actions: self.action_names(&object.actions, &user.state.actions),
                roles: giving.map(|(_, role)| role.name.clone()).collect(),
            });
        }
        permissions
    }

    /// The names of the actions that two sets have in common, sorted.
    pub(super) fn action_names(&self, one: &ActionSet, other: &ActionSet) -> Vec<String> {
        let common = one.iter().filter(|action| other.contains(*action));
        common
            .filter_map(|action| Some(self.catalogue.action(action)?.name.clone()))
            .collect()
    }

    fn held_data(&self, access: &Access, user: &User) -> Vec<HeldData> {
        let seen = data(&self.catalogue, &access.settings, &access.roles, &user.state);
        let seen = seen.into_iter().filter_map(|data| {
            let columns = data.columns.map(|columns| {
                let names = columns.iter().filter_map(|field| access.settings.fields.get(*field));
                names.map(|field| field.name.clone()).collect()
            });
            Some(HeldData {
                object: self.catalogue.object(data.object)?.name.clone(),
                rows: data.rows,
                roles: data.roles.iter().map(|ix| role_name(access, *ix)).collect(),
                columns,
            })
        });
        seen.collect()
    }

    fn held_fields(&self, access: &Access, user: &User) -> Vec<HeldField> {
        let seen = fields(&access.settings, &access.roles, &user.state)
            .into_iter()
            .filter_map(|(ix, seen)| {
                Some(HeldField {
                    object: self.catalogue.object(ix.object)?.name.clone(),
                    field: access.settings.fields.get(ix)?.name.clone(),
                    display: seen.display,
                    group: seen.group,
                    filter: seen.filter,
                })
            });
        seen.collect()
    }

    /// A status keeps what was sent, when, and the answer (I6).
    fn invitation_status(&self, access: &Access, invitation: &Invitation) -> Status {
        let findings = invitation.findings(self.now, access.named_user_void_from(invitation));
        let phase = invitation.phase(self.now, &findings);
        carried_over(&invitation.object.spec.status, phase, &findings)
    }
}

const VALID: &str = "Valid";

fn reported(kind: Kind, name: &str, status: Status) -> Reported<'_> {
    Reported { kind, name, status }
}

fn role_name(access: &Access, ix: RoleIx) -> String {
    access.roles.get(ix).map(|role| role.name.clone()).unwrap_or_default()
}

fn phase_name(phase: UserPhase) -> &'static str {
    match phase {
        UserPhase::Invalid => "Invalid",
        UserPhase::Disabled => "Disabled",
        UserPhase::Expired => "Expired",
        UserPhase::Pending => "Pending",
        UserPhase::Active => "Active",
    }
}

fn invitation_phase_name(phase: InvitationPhase) -> &'static str {
    match phase {
        InvitationPhase::Invalid => "Invalid",
        InvitationPhase::Revoked => "Revoked",
        InvitationPhase::Completed => "Completed",
        InvitationPhase::Failed => "Failed",
        InvitationPhase::Expired => "Expired",
        InvitationPhase::Waiting => "Waiting",
        InvitationPhase::Pending => "Pending",
    }
}

fn sharing_rule_phase_name(phase: SharingRulePhase) -> &'static str {
    match phase {
        SharingRulePhase::Invalid => "Invalid",
        SharingRulePhase::Expired => "Expired",
        SharingRulePhase::Active => "Active",
    }
}

/// The status of an object that is not even schema-valid.
fn refused_status(kind: Kind, findings: &Findings) -> Status {
    match kind {
        Kind::Invitation => carried_over(&InvitationStatus::default(), InvitationPhase::Invalid, findings),
        Kind::Organization => Status::Organization(OrganizationStatus {
            conditions: conditions(findings, VALID),
            ..OrganizationStatus::default()
        }),
        Kind::Role => Status::Role(RoleStatus {
            conditions: conditions(findings, VALID),
            ..RoleStatus::default()
        }),
        Kind::SharingRule => sharing_rule_status(SharingRulePhase::Invalid, findings),
        Kind::Tenant => Status::Tenant(TenantStatus {
            conditions: conditions(findings, VALID),
            ..TenantStatus::default()
        }),
        Kind::User => Status::User(Box::new(invalid_user(findings))),
        Kind::UserGroup => user_group_status(findings),
    }
}

fn invalid_user(findings: &Findings) -> UserStatus {
    UserStatus {
        phase: Some(UserPhase::Invalid),
        conditions: conditions(findings, VALID),
        ..UserStatus::default()
    }
}

fn carried_over(was: &InvitationStatus, phase: InvitationPhase, findings: &Findings) -> Status {
    let mut conditions = conditions(findings, invitation_phase_name(phase));
    let delivered = was.conditions.iter().filter(|condition| condition.kind == "Delivered");
    conditions.extend(delivered.map(|condition| Condition {
        last_transition_time: None,
        observed_generation: None,
        ..condition.clone()
    }));
    Status::Invitation(Box::new(InvitationStatus {
        phase: Some(phase),
        sent_at: was.sent_at,
        expires_at: was.expires_at,
        attempt: was.attempt,
        response: was.response.clone(),
        observed_generation: None,
        conditions,
    }))
}

/// Level and path only while in force.
fn organization_status(access: &Access, ix: OrganizationIx, organization: &Organization) -> Status {
    let in_force = organization.in_force && !organization.findings.void();
    let path = if in_force {
        access.organizations.path(ix)
    } else {
        Vec::new()
    };
    Status::Organization(OrganizationStatus {
        level: organization
            .level
            .filter(|_| in_force)
            .and_then(|level| i32::try_from(level).ok()),
        path: path.into_iter().map(str::to_owned).collect(),
        observed_generation: None,
        conditions: conditions(&organization.findings, VALID),
    })
}

fn role_status(kind: RoleType, findings: &Findings) -> Status {
    Status::Role(RoleStatus {
        kind: Some(kind),
        observed_generation: None,
        conditions: conditions(findings, VALID),
    })
}

fn sharing_rule_status(phase: SharingRulePhase, findings: &Findings) -> Status {
    Status::SharingRule(SharingRuleStatus {
        phase: Some(phase),
        observed_generation: None,
        conditions: conditions(findings, sharing_rule_phase_name(phase)),
    })
}

fn user_group_status(findings: &Findings) -> Status {
    Status::UserGroup(UserGroupStatus {
        observed_generation: None,
        conditions: conditions(findings, VALID),
    })
}

/// Ready, Complete and, only when True, Stalled. `ready` is the reason of a Ready that is True.
#[must_use]
pub fn conditions(findings: &Findings, ready: &str) -> Vec<Condition> {
    let void = findings.first(|finding| finding.class.voids());
    let partial = findings.first(|finding| finding.class == Class::Partial);
    let stalled = findings.first(|finding| finding.class != Class::Warning && finding.reason.stalls());
    let mut conditions = vec![
        void.map_or_else(|| holds("Ready", ready, "in force"), |found| fails("Ready", found)),
        partial.map_or_else(
            || holds("Complete", "Complete", "everything that it names is in force"),
            |found| fails("Complete", found),
        ),
    ];
    if let Some((finding, more)) = stalled {
        conditions.push(condition(
            "Stalled",
            ConditionStatus::True,
            finding.reason.as_str(),
            message(finding, more),
        ));
    }
    conditions
}

fn holds(kind: &str, reason: &str, message: &str) -> Condition {
    condition(kind, ConditionStatus::True, reason, message.to_owned())
}

fn fails(kind: &str, (finding, more): (&Finding, usize)) -> Condition {
    condition(
        kind,
        ConditionStatus::False,
        finding.reason.as_str(),
        message(finding, more),
    )
}

fn condition(kind: &str, status: ConditionStatus, reason: &str, message: String) -> Condition {
    Condition {
        kind: kind.to_owned(),
        status,
        reason: reason.to_owned(),
        message,
        last_transition_time: None,
        observed_generation: None,
    }
}

/// Field, what is wrong, mend, where to read more, and how many more findings of the same classes there are.
fn message(finding: &Finding, more: usize) -> String {
    let more = if more > 0 {
        format!(" (and {more} more)")
    } else {
        String::new()
    };
    let Finding {
        path,
        reason,
        message,
        mend,
        ..
    } = finding;
    format!("{path}: {message}; {mend} (see {}){more}", reason.link())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TENANT, evaluate};
    use super::*;
    use crate::api::Moment;

    #[test]
    fn what_is_not_even_schema_valid_says_so_in_its_conditions() {
        let lines = [
            "Tenant acme/tenant {color: red}",
            "User acme/one {color: red}",
            "Role acme/one {color: red}",
            "Organization acme/one {color: red}",
            "UserGroup acme/one {color: red}",
            "SharingRule acme/one {color: red}",
            "Invitation acme/one {color: red}",
        ];
        let evaluations = evaluate(&lines);
        let told: Vec<String> = evaluations[0]
            .refused()
            .map(|one| {
                let ready = one
                    .status
                    .conditions()
                    .iter()
                    .find(|condition| condition.kind == "Ready");
                format!("{} {}", one.kind, ready.map_or("-", |ready| ready.reason.as_str()))
            })
            .collect();
        let kinds = [
            "Tenant",
            "User",
            "Role",
            "Organization",
            "UserGroup",
            "SharingRule",
            "Invitation",
        ];
        assert_eq!(told, kinds.map(|kind| format!("{kind} SchemaInvalid")));
    }

    #[test]
    fn whether_an_invitation_was_delivered_is_carried_over_and_nothing_of_others() {
        let condition = |kind: &str| Condition {
            kind: kind.to_owned(),
            status: ConditionStatus::False,
            reason: "Rejected".to_owned(),
            message: "no such mailbox".to_owned(),
            last_transition_time: Some(Moment::MIN),
            observed_generation: Some(3),
        };
        let was = InvitationStatus {
            conditions: vec![condition("Approved"), condition("Delivered"), condition("Ready")],
            ..InvitationStatus::default()
        };
        let status = carried_over(&was, InvitationPhase::Failed, &Findings::default());
        let ours = status
            .conditions()
            .iter()
            .filter(|condition| condition.kind != "Delivered");
        assert!(ours.clone().all(|condition| condition.reason != "Rejected"));
        assert_eq!(ours.count(), 2, "{status:?}");
        let delivered = status
            .conditions()
            .iter()
            .find(|condition| condition.kind == "Delivered");
        let expected = Condition {
            last_transition_time: None,
            observed_generation: None,
            ..condition("Delivered")
        };
        assert_eq!(delivered, Some(&expected));
    }

    #[test]
    fn a_broken_manifest_of_an_object_of_the_system_stands_among_the_others() {
        let broken = [
            "Role acme/analyst {color: red}",
            "Organization acme/headquarters {color: red}",
        ];
        let refused = |lines: &[&str]| evaluate(lines)[0].refused().count();
        assert_eq!(refused(&[&[TENANT][..], &broken].concat()), 0);
        assert_eq!(refused(&broken), 2);
    }
}
