//! Invitations.

use tenantry::api::{
    AccountFormat, ConditionStatus, HEADQUARTERS, InvitationPhase, InvitationSpec, InvitationStatus, Kind, TenantSpec,
    UserType,
};
use tenantry::policy::{Class, Reason};

use super::tenant::positions;
use super::users::{identifiers, phone_forms, position_and_attributes};
use super::{Mark, Named, Oracle, dependency, refused, waiting};
use crate::world::{Body, Doc};

impl<'a> Oracle<'a> {
    pub(super) fn invitation_findings(
        self,
        tenant: &TenantSpec,
        doc: &Doc,
        spec: &InvitationSpec,
        status: &InvitationStatus,
    ) -> Vec<Mark> {
        let mut marks = Vec::new();
        if doc.name() == "administrator" && !is_the_controllers(tenant, spec) {
            marks.push(refused("metadata.name", Reason::ReservedName));
        }
        if !self.completed(doc, spec, status) {
            marks.extend(self.while_not_completed(doc, spec));
        }
        match &spec.user {
            Some(user) => marks.extend(self.named_user_finding(user)),
            None => marks.extend(self.user_to_be_findings(tenant, spec)),
        }
        marks
    }

    /// "AlreadyInvited, NameTaken and AlreadyOver are not judged on one that is Completed."
    fn while_not_completed(self, doc: &Doc, spec: &InvitationSpec) -> Vec<Mark> {
        let mut marks = Vec::new();
        for older in self.older(doc) {
            if let Body::Invitation(rival, status) = &older.body {
                let open = !rival.revoked && !self.completed(older, rival, status);
                marks.extend(
                    same_person(spec, rival)
                        .filter(|_| open)
                        .map(|path| refused(path, Reason::AlreadyInvited)),
                );
            }
        }
        marks.sort();
        marks.dedup();
        if spec.user.is_none() && self.name_is_taken(doc.name(), spec) {
            marks.push(refused("metadata.name", Reason::NameTaken));
        }
        if spec.valid_until.is_some_and(|until| self.now >= until) {
            marks.push(refused("spec.validUntil", Reason::AlreadyOver));
        }
        marks
    }

    /// "One whose email or phone is an identifier of a schema-valid user that has no `invitation` or this one, or whose status
    /// has a `response`, is Completed at once."
    fn completed(self, doc: &Doc, spec: &InvitationSpec, status: &InvitationStatus) -> bool {
        let mut known_by = phone_forms(spec.phone.as_ref());
        known_by.extend(spec.email.iter().map(|email| email.to_ascii_lowercase()));
        let is_user = self.oldest_first(Kind::User).into_iter().any(|user| match &user.body {
            Body::User(user) => {
                let free = user
                    .invitation
                    .as_deref()
                    .is_none_or(|invitation| invitation == doc.name());
                free && identifiers(user).iter().any(|value| known_by.contains(value))
            }
            _ => false,
        });
        is_user || status.response.is_some()
    }

    /// "A User of that name with another email or phone."
    fn name_is_taken(self, name: &str, spec: &InvitationSpec) -> bool {
        match self.user_spec(name) {
            None => self.exists(Kind::User, name),
            Some((_, user)) => {
                let known_by = identifiers(user);
                let same_email = spec
                    .email
                    .as_ref()
                    .is_some_and(|email| known_by.contains(&email.to_ascii_lowercase()));
                let same_phone = phone_forms(spec.phone.as_ref())
                    .iter()
                    .any(|form| known_by.contains(form));
                !same_email && !same_phone
            }
        }
    }

    /// "An Ordinary user of this tenant with an email."
    fn named_user_finding(self, name: &str) -> Option<Mark> {
        let fits = self
            .user_spec(name)
            .is_some_and(|(_, user)| user.kind == UserType::Ordinary && user.email.is_some());
        match self.look(Kind::User, name) {
            Named::InForce if !fits => Some(waiting("spec.user", Reason::DependencyInvalid)),
            named => dependency(named, Class::Waiting, "spec.user"),
        }
    }

    fn user_to_be_findings(self, tenant: &TenantSpec, spec: &InvitationSpec) -> Vec<Mark> {
        let mut marks = position_and_attributes(tenant, spec.position.as_ref(), &spec.attributes, true);
        let format = tenant
            .accounts
            .as_ref()
            .map(|accounts| accounts.format)
            .unwrap_or_default();
        if spec.phone.is_some() && format == AccountFormat::Email {
            marks.push(refused("spec.phone", Reason::AccountFormat));
        }
        if spec
            .position
            .as_ref()
            .is_some_and(|position| !positions(tenant).contains(position))
        {
            marks.push(waiting("spec.position", Reason::DependencyNotFound));
        }
        for (r, role) in spec.roles.iter().flatten().enumerate() {
            let named = if self.by_position_only(role) {
                Named::Void
            } else {
                self.look(Kind::Role, role)
            };
            marks.extend(dependency(named, Class::Waiting, format!("spec.roles[{r}]")));
        }
        for (o, organization) in spec.organizations.iter().enumerate() {
            let named = self.look(Kind::Organization, organization);
            marks.extend(dependency(named, Class::Waiting, format!("spec.organizations[{o}]")));
        }
        marks
    }

    /// "Invalid > Revoked > Completed > Failed > Expired > Waiting > Pending (the first that applies)."
    pub(crate) fn invitation_phase(
        self,
        doc: &Doc,
        spec: &InvitationSpec,
        status: &InvitationStatus,
    ) -> InvitationPhase {
        let this_attempt = status.attempt == Some(spec.attempt);
        let rejected = status.conditions.iter().any(|condition| {
            condition.kind == "Delivered"
                && condition.status == ConditionStatus::False
                && condition.reason == "Rejected"
        });
        let past = |moment: Option<tenantry::api::Moment>| moment.is_some_and(|moment| self.now >= moment);
        if self.void(doc) {
            InvitationPhase::Invalid
        } else if spec.revoked {
            InvitationPhase::Revoked
        } else if self.completed(doc, spec, status) {
            InvitationPhase::Completed
        } else if rejected && this_attempt {
            InvitationPhase::Failed
        } else if past(spec.accept_before) || (this_attempt && past(status.expires_at)) {
            InvitationPhase::Expired
        } else if status.sent_at.is_some() && this_attempt {
            InvitationPhase::Waiting
        } else {
            InvitationPhase::Pending
        }
    }
}

/// Where an invitation names the person whom another one invites.
fn same_person(one: &InvitationSpec, other: &InvitationSpec) -> Option<&'static str> {
    let lower = |email: &Option<String>| email.as_ref().map(|email| email.to_ascii_lowercase());
    if one.email.is_some() && lower(&one.email) == lower(&other.email) {
        Some("spec.email")
    } else if one.phone.is_some() && one.phone == other.phone {
        Some("spec.phone")
    } else if one.user.is_some() && one.user == other.user {
        Some("spec.user")
    } else {
        None
    }
}

/// "The invitation that the controller makes for `Tenant.spec.administrator` (role administrator, organization headquarters;
/// another spec: ReservedName)."
fn is_the_controllers(tenant: &TenantSpec, spec: &InvitationSpec) -> bool {
    let Some(administrator) = &tenant.administrator else {
        return false;
    };
    spec.email.as_ref() == Some(&administrator.email)
        && spec.name.as_ref() == Some(&administrator.name)
        && spec.roles == Some(vec![String::from("administrator")])
        && spec.organizations == [HEADQUARTERS]
        && spec.position.is_none()
        && spec.attributes.is_empty()
        && spec.login.is_none()
        && spec.valid_until.is_none()
        && spec.membership.is_none()
        && spec.ttl == "24h"
        && spec.attempt == 1
        && spec.accept_before.is_none()
        && !spec.revoked
}
