//! The rules of invitations (I1 to I7): whether one is in force, what has become of it, and until when.
//!
//! An invitation grants nothing by itself. Time changes it in two ways: its link ends, and a `validUntil` in the past
//! refuses one that nobody has accepted.

use std::sync::Arc;

use hashbrown::HashMap;

use super::finding::{Finding, Findings, Reason};
use super::identifiers::{Identifiers, lower};
use super::organizations::Organizations;
use super::roles::{RoleRef, Roles};
use super::snapshot::{InvitationState, Object, Snapshot};
use super::tenant::Settings;
use super::words;
use crate::api::{
    ADMINISTRATOR_INVITATION, AccountFormat, Assignment, Attributes, ConditionStatus, HEADQUARTERS, InvitationPhase,
    InvitationSpec, Kind, Language, Moment, UserType,
};

/// An invitation, judged as far as time does not matter.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The object.
    pub object: Arc<Object<InvitationState>>,
    /// Whether the person is a user, or has answered.
    pub completed: bool,
    /// What is wrong whatever the time.
    findings: Findings,
}

/// All invitations of a tenant, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Invitations {
    all: Vec<Invitation>,
    by_name: HashMap<String, usize>,
}

/// What the rules of an invitation look at.
pub(super) struct Around<'a> {
    pub(super) settings: &'a Settings,
    pub(super) snapshot: &'a Snapshot,
    pub(super) roles: &'a Roles,
    pub(super) organizations: &'a Organizations,
    pub(super) identifiers: &'a Identifiers<'a>,
}

impl Invitations {
    /// Judges every invitation of the snapshot, except for what its `user` says and for what time says.
    pub(super) fn judge(around: &Around<'_>) -> Self {
        let mut all: Vec<Invitation> = around
            .snapshot
            .invitations
            .iter()
            .map(|object| around.judge(object))
            .collect();
        refuse_younger(&mut all);
        for invitation in &mut all {
            if invitation.object.deleting {
                invitation.findings = Findings::only(words::terminating());
            }
        }
        let by_name = all
            .iter()
            .enumerate()
            .map(|(ix, one)| (one.object.name.clone(), ix))
            .collect();
        Self { all, by_name }
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Invitation> {
        self.all.iter()
    }

    /// From when on a user made by the invitation of that name is void: it is missing, void, revoked or itself for a user,
    /// or will be.
    #[must_use]
    pub fn over_from(&self, name: &str) -> Option<Moment> {
        let Some(invitation) = self.by_name.get(name).and_then(|ix| self.all.get(*ix)) else {
            return Some(Moment::MIN);
        };
        let spec = &invitation.object.spec.spec;
        if invitation.findings.void() || spec.revoked || spec.user.is_some() {
            return Some(Moment::MIN);
        }
        invitation.already_over_from()
    }
}

impl Invitation {
    /// From when on a `validUntil` in the past refuses it; never once it is Completed (I7).
    fn already_over_from(&self) -> Option<Moment> {
        self.object.spec.spec.valid_until.filter(|_| !self.completed)
    }

    /// Everything that is wrong at that moment. `user_void_from` is from when on the user it names is void.
    #[must_use]
    pub fn findings(&self, at: Moment, user_void_from: Option<Moment>) -> Findings {
        let mut findings = self.findings.clone();
        if self.object.deleting {
            return findings;
        }
        if self.already_over_from().is_some_and(|over| at >= over) {
            findings.push(
                Finding::refused(Reason::AlreadyOver, "spec.validUntil")
                    .says("the access would be over before it begins")
                    .mend("choose a later `validUntil`, or delete the invitation"),
            );
        }
        if let (Some(name), Some(from)) = (&self.object.spec.spec.user, user_void_from)
            && at >= from
            && !findings
                .iter()
                .any(|finding| finding.reason == Reason::DependencyInvalid)
        {
            findings.push(words::void(
                Finding::waiting(Reason::DependencyInvalid, "spec.user"),
                "user",
                name,
            ));
        }
        findings
    }

    /// The first phase that applies (I6).
    #[must_use]
    pub fn phase(&self, at: Moment, findings: &Findings) -> InvitationPhase {
        let InvitationState { spec, status } = &self.object.spec;
        let this_attempt = status.attempt == Some(spec.attempt);
        let reached = |moment: Option<Moment>| moment.is_some_and(|moment| at >= moment);
        let rejected = status.conditions.iter().any(|condition| {
            condition.kind == "Delivered"
                && condition.status == ConditionStatus::False
                && condition.reason == "Rejected"
        });
        if findings.void() {
            InvitationPhase::Invalid
        } else if spec.revoked {
            InvitationPhase::Revoked
        } else if self.completed {
            InvitationPhase::Completed
        } else if rejected && this_attempt {
            InvitationPhase::Failed
        } else if reached(spec.accept_before) || (this_attempt && reached(status.expires_at)) {
            InvitationPhase::Expired
        } else if this_attempt && status.sent_at.is_some() {
            InvitationPhase::Waiting
        } else {
            InvitationPhase::Pending
        }
    }

    /// The moments at which time alone can change it.
    #[must_use]
    pub fn moments(&self, user_void_from: Option<Moment>) -> Vec<Moment> {
        let InvitationState { spec, status } = &self.object.spec;
        [
            self.already_over_from(),
            spec.accept_before,
            status.expires_at,
            user_void_from,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The name of the user whom it asks to set a password.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.object.spec.spec.user.as_deref()
    }
}

/// One invitation per email, phone or user at a time: a younger one is refused while an older one is neither Completed nor
/// revoked, void or not.
fn refuse_younger(all: &mut [Invitation]) {
    let mut by_age: Vec<usize> = (0..all.len()).collect();
    by_age.sort_by(|one, other| match (all.get(*one), all.get(*other)) {
        (Some(one), Some(other)) => one.object.older(&other.object),
        _ => one.cmp(other),
    });
    let mut open: HashMap<(&'static str, String), String> = HashMap::new();
    for ix in by_age {
        let Some(invitation) = all.get_mut(ix) else { continue };
        let spec = &invitation.object.spec.spec;
        let Some((path, who)) = recipient(spec) else { continue };
        if let (Some(older), false) = (open.get(&(path, who.clone())), invitation.completed) {
            invitation.findings.push(
                Finding::refused(Reason::AlreadyInvited, path)
                    .says(format!(
                        "the older invitation `{older}` of the same person is still open"
                    ))
                    .mend("revoke or delete the older one, or this one"),
            );
        }
        if !invitation.completed && !spec.revoked {
            let name = invitation.object.name.clone();
            open.entry((path, who)).or_insert(name);
        }
    }
}

/// The field that says whom, and its value as it is compared.
fn recipient(spec: &InvitationSpec) -> Option<(&'static str, String)> {
    let email = spec
        .email
        .as_deref()
        .map(|email| ("spec.email", lower(email).into_owned()));
    let phone = || spec.phone.clone().map(|phone| ("spec.phone", phone));
    let user = || spec.user.clone().map(|user| ("spec.user", user));
    email.or_else(phone).or_else(user)
}

impl Around<'_> {
    fn judge(&self, object: &Arc<Object<InvitationState>>) -> Invitation {
        let spec = &object.spec.spec;
        let mut findings = Findings::default();
        let completed = object.spec.status.response.is_some() || self.is_a_user_already(object);
        self.reserved_name(object, &mut findings);
        if spec.user.is_some() {
            self.named_user(spec, &mut findings);
        } else {
            if !completed {
                self.name_taken(object, &mut findings);
            }
            self.new_user(spec, &mut findings);
        }
        Invitation {
            object: Arc::clone(object),
            completed,
            findings,
        }
    }

    /// The email or phone is an identifier of a user that has no `invitation` or this one.
    fn is_a_user_already(&self, object: &Object<InvitationState>) -> bool {
        self.holders(&object.spec.spec).any(|user| {
            let invitation = self
                .snapshot
                .users
                .get(user)
                .map(|user| user.spec.invitation.as_deref());
            matches!(invitation, Some(invitation) if invitation.is_none_or(|name| name == object.name))
        })
    }

    /// The users who have the email or phone as an identifier; a phone counts with and without its `+`, as everywhere.
    fn holders(&self, spec: &InvitationSpec) -> impl Iterator<Item = usize> {
        let phone = spec.phone.as_deref();
        let values = [
            spec.email.as_deref(),
            phone,
            phone.map(|phone| phone.trim_start_matches('+')),
        ];
        values
            .into_iter()
            .flatten()
            .flat_map(|value| self.identifiers.holders(&lower(value)).collect::<Vec<_>>())
    }

    /// `administrator` is the controller's, for `Tenant.spec.administrator` (T2).
    fn reserved_name(&self, object: &Object<InvitationState>, findings: &mut Findings) {
        let of_the_system = self.settings.administrator.as_ref().map(|person| InvitationSpec {
            email: Some(person.email.clone()),
            phone: None,
            user: None,
            name: Some(person.name.clone()),
            roles: Some(vec![super::catalogue::ADMINISTRATOR.to_owned()]),
            organizations: vec![HEADQUARTERS.to_owned()],
            position: None,
            attributes: Attributes::default(),
            login: None,
            valid_until: None,
            membership: None,
            ttl: "24h".to_owned(),
            attempt: 1,
            accept_before: None,
            revoked: false,
            language: Language::En,
        });
        if Kind::Invitation.reserves(&object.name) && Some(normal(&object.spec.spec)) != of_the_system {
            findings.push(
                Finding::refused(Reason::ReservedName, "metadata.name")
                    .says(format!(
                        "`{ADMINISTRATOR_INVITATION}` is the invitation that Tenant.spec.administrator makes"
                    ))
                    .mend("give the invitation another name, or change the Tenant's spec.administrator"),
            );
        }
    }

    /// A user of the invitation's name with another email or phone.
    fn name_taken(&self, object: &Object<InvitationState>, findings: &mut Findings) {
        let spec = &object.spec.spec;
        let user = self
            .snapshot
            .users
            .binary_search_by(|user| user.name.as_str().cmp(&object.name))
            .ok();
        let broken = self.snapshot.broken_names(Kind::User).any(|name| name == object.name);
        let same = user.is_some_and(|ix| self.holders(spec).any(|holder| holder == ix));
        if (user.is_some() && !same) || (user.is_none() && broken) {
            findings.push(
                Finding::refused(Reason::NameTaken, "metadata.name")
                    .says(format!("the user `{}` has another email or phone", object.name))
                    .mend("give the invitation the name that the new user is to have"),
            );
        }
    }

    /// An Ordinary user with an email, who is to set a password; whether she is void is judged with time.
    fn named_user(&self, spec: &InvitationSpec, findings: &mut Findings) {
        let Some(name) = spec.user.as_deref() else { return };
        let waiting = |reason| Finding::waiting(reason, "spec.user");
        let found = self
            .snapshot
            .users
            .binary_search_by(|user| user.name.as_str().cmp(name));
        match found.ok().and_then(|ix| self.snapshot.users.get(ix)) {
            Some(user) if user.spec.kind != UserType::Ordinary || user.spec.email.is_none() => findings.push(
                waiting(Reason::DependencyInvalid)
                    .says(format!("the user `{name}` is not Ordinary or has no email"))
                    .mend("name an Ordinary user with an email"),
            ),
            Some(_) => {}
            None if self.snapshot.broken_names(Kind::User).any(|broken| broken == name) => {
                findings.push(words::void(waiting(Reason::DependencyInvalid), "user", name));
            }
            None => {
                let known = self.snapshot.users.iter().map(|user| user.name.as_str());
                findings.push(words::missing(waiting(Reason::DependencyNotFound), "user", name, known));
            }
        }
    }

    /// What the user to be would need: account, position, attributes, roles, organizations.
    fn new_user(&self, spec: &InvitationSpec, findings: &mut Findings) {
        if spec.phone.is_some() && self.settings.account_format == AccountFormat::Email {
            findings.push(
                Finding::refused(Reason::AccountFormat, "spec.phone")
                    .says("the tenant's accounts are emails, and a phone number is none")
                    .mend("invite by email"),
            );
        }
        self.settings
            .judge_position_required(spec.position.as_deref(), findings);
        self.settings.judge_attributes(&spec.attributes, false, findings);
        if let Some(position) = spec
            .position
            .as_deref()
            .filter(|name| !self.settings.positions.contains(*name))
        {
            let finding = Finding::waiting(Reason::DependencyNotFound, "spec.position");
            findings.push(self.settings.unknown_position(finding, position));
        }
        for (index, name) in spec.roles.iter().flatten().enumerate() {
            let path = format!("spec.roles[{index}]");
            findings.extend(
                self.roles
                    .missing_or_void(name, |reason| Finding::waiting(reason, &path)),
            );
            if let RoleRef::InForce(ix) = self.roles.find(name)
                && self
                    .roles
                    .get(ix)
                    .is_some_and(|role| role.assignment == Assignment::Position)
            {
                findings.push(words::not_assignable(
                    Finding::waiting(Reason::DependencyInvalid, path),
                    name,
                ));
            }
        }
        for (index, name) in spec.organizations.iter().enumerate() {
            let path = format!("spec.organizations[{index}]");
            findings.extend(
                self.organizations
                    .missing_or_void(name, |reason| Finding::waiting(reason, &path)),
            );
        }
    }
}

/// A spec with the defaults that have no place in the schema left out.
fn normal(spec: &InvitationSpec) -> InvitationSpec {
    let mut spec = spec.clone();
    spec.login = spec.login.filter(|login| *login != Default::default());
    spec.membership = spec.membership.filter(|membership| *membership != Default::default());
    spec
}

#[cfg(test)]
mod tests {
    use super::super::testing::{evaluate, findings};
    use super::*;

    #[test]
    fn a_void_user_is_found_on_an_invitation_that_is_refused_for_another_reason() {
        let evaluations = evaluate(&[
            "Tenant acme/tenant {displayName: Acme}",
            "User acme/bob {account: bob.smith, name: Bob, email: bob@x.io, roles: [ordinary-user], invitation: gone}",
            "Invitation acme/first {user: bob}",
            "Invitation acme/second {user: bob}",
        ]);
        let of_second: Vec<Reason> = findings(&evaluations)
            .into_iter()
            .filter_map(|(_, name, _, reason)| (name == "second").then_some(reason))
            .collect();
        assert_eq!(of_second, [Reason::AlreadyInvited, Reason::DependencyInvalid]);
    }
}
