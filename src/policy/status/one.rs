//! The status of one object, found by kind and name.

use std::sync::Arc;

use super::super::evaluate::{Access, Evaluation, Outcome, waiting};
use super::super::snapshot::{Object, Snapshot, find};
use super::{
    Status, VALID, carried_over, conditions, invalid_user, organization_status, refused_status, role_status,
    sharing_rule_status, user_group_status,
};
use crate::api::{InvitationPhase, Kind, OrganizationStatus, RoleType, SharingRulePhase};

impl Evaluation {
    /// The status of the object of that kind and name, sound or not; `None` when there is none. Of all objects it is what
    /// [`statuses`](Self::statuses) and [`refused`](Self::refused) say of them.
    #[must_use]
    pub fn status_of(&self, kind: Kind, name: &str) -> Option<Status> {
        let sound = match (kind, &self.outcome) {
            (Kind::Tenant, _) => self
                .tenant
                .as_ref()
                .filter(|tenant| tenant.name == name)
                .map(|_| self.tenant_status()),
            (_, Outcome::InForce(access)) => self.status_in_force(access, kind, name),
            (_, Outcome::NoTenant(snapshot)) => self.status_without_tenant(snapshot, kind, name),
        };
        sound.or_else(|| {
            let mut broken = self.broken.iter();
            let broken = broken.find(|broken| broken.kind == kind && broken.name.as_deref() == Some(name))?;
            Some(refused_status(kind, &broken.findings.iter().cloned().collect()))
        })
    }

    fn status_in_force(&self, access: &Access, kind: Kind, name: &str) -> Option<Status> {
        Some(match kind {
            Kind::Tenant => return None,
            Kind::User => Status::User(Box::new(self.user_status(access, access.users.by_name(name)?))),
            Kind::Role => {
                let role = access.roles.named(name)?;
                role_status(role.kind, &role.findings)
            }
            Kind::Organization => {
                let (ix, organization) = access.organizations.named(name)?;
                organization_status(access, ix, organization)
            }
            Kind::UserGroup => user_group_status(&access.groups.by_name(name)?.findings(&access.users, self.now)),
            Kind::SharingRule => {
                let rule = access.rules.by_name(name)?;
                sharing_rule_status(rule.phase(self.now), &rule.findings(&access.users, self.now))
            }
            Kind::Invitation => self.invitation_status(access, access.invitations.by_name(name)?),
        })
    }

    fn status_without_tenant(&self, snapshot: &Snapshot, kind: Kind, name: &str) -> Option<Status> {
        let waits = |deleting| waiting(deleting, &self.namespace);
        Some(match kind {
            Kind::Tenant => return None,
            Kind::User => Status::User(Box::new(invalid_user(&waits(deleting(&snapshot.users, name)?)))),
            Kind::Role => {
                let system = self.catalogue.system_role(name).is_some();
                let kind = if system { RoleType::System } else { RoleType::Custom };
                role_status(kind, &waits(deleting(&snapshot.roles, name)?))
            }
            Kind::Organization => Status::Organization(OrganizationStatus {
                conditions: conditions(&waits(deleting(&snapshot.organizations, name)?), VALID),
                ..OrganizationStatus::default()
            }),
            Kind::UserGroup => user_group_status(&waits(deleting(&snapshot.groups, name)?)),
            Kind::SharingRule => {
                sharing_rule_status(SharingRulePhase::Invalid, &waits(deleting(&snapshot.rules, name)?))
            }
            Kind::Invitation => {
                let invitation = snapshot.invitation(name)?;
                let findings = waits(invitation.deleting);
                carried_over(&invitation.spec.status, InvitationPhase::Invalid, &findings)
            }
        })
    }
}

/// Whether the object of that name has a `deletionTimestamp`; `None` when there is no such object.
fn deleting<S>(objects: &[Arc<Object<S>>], name: &str) -> Option<bool> {
    let place = find(objects, name).ok()?;
    objects.get(place).map(|object| object.deleting)
}
