//! The rules of invitations (I1 to I7): whether one is in force, what has become of it, and until when.
//!
//! An invitation grants nothing by itself. Time changes it in two ways: its link ends, and a `validUntil` in the past
//! refuses one that nobody has accepted.

use std::sync::Arc;

use hashbrown::HashMap;

use super::by_name::{ByName, Named};
use super::finding::{Finding, Findings, Reason};
use super::identifiers::lower;
use super::moments::{ahead, first_change};
use super::organizations::Organizations;
use super::registry::Registry;
use super::roles::{RoleRef, Roles};
use super::snapshot::{InvitationState, Object, Snapshot};
use super::tenant::Settings;
use super::users::Users;
use super::words;
use crate::api::{
    ADMINISTRATOR_INVITATION, AccountFormat, Assignment, Attributes, ConditionStatus, HEADQUARTERS, InvitationPhase,
    InvitationSpec, Kind, Language, Moment, UserSpec, UserType,
};

/// An invitation, judged as far as time does not matter.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The object.
    pub object: Arc<Object<InvitationState>>,
    /// Whether the person is a user, or has answered.
    pub completed: bool,
    /// The next moment at which time alone changes its status.
    pub next_transition: Option<Moment>,
    /// The next moment at which time alone may change anything of it, be it only what a message names first.
    pub(super) next_look: Option<Moment>,
    /// What is wrong whatever the time and whoever else is invited.
    own: Findings,
    /// What is wrong whatever the time.
    findings: Findings,
}

impl Named for Invitation {
    fn name(&self) -> &str {
        &self.object.name
    }
}

/// All invitations of a tenant, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Invitations {
    pub(super) all: ByName<Invitation>,
}

/// What the rules of an invitation look at.
pub(super) struct Around<'a> {
    pub(super) settings: &'a Settings,
    pub(super) snapshot: &'a Snapshot,
    pub(super) roles: &'a Roles,
    pub(super) organizations: &'a Organizations,
    pub(super) registry: &'a Registry,
}

impl Invitations {
    /// Judges every invitation of the snapshot, except for what its `user` says and for what time says.
    pub(super) fn judge(around: &Around<'_>) -> Self {
        let objects = around.snapshot.invitations.iter();
        let mut all: Vec<Invitation> = objects.map(|object| around.judge(object)).collect();
        refuse_younger(&mut all);
        Self {
            all: all.into_iter().map(Arc::new).collect(),
        }
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Invitation> {
        self.all.iter().map(|invitation| &**invitation)
    }

    /// The invitation of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Invitation> {
        self.all.get(name).map(|invitation| &**invitation)
    }

    /// From when on a user made by the invitation of that name is void: it is missing, void, revoked or itself for a user,
    /// or will be.
    #[must_use]
    pub fn over_from(&self, name: &str) -> Option<Moment> {
        let Some(invitation) = self.all.get(name) else {
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

    /// The same invitation, after a look at the user that it names and at what time will do to it.
    pub(super) fn settled(mut self, users: &Users, now: Moment) -> Self {
        let void_from = self.user_void_from(users);
        let ahead = ahead(now, self.moments(void_from));
        self.next_look = ahead.first().copied();
        self.next_transition = first_change(now, ahead, |at| {
            let findings = self.findings(at, void_from);
            (self.phase(at, &findings), findings.shown())
        });
        self
    }

    /// From when on the user is void whom it asks to set a password.
    pub(super) fn user_void_from(&self, users: &Users) -> Option<Moment> {
        users.by_name(self.user()?)?.void_from
    }

    /// Whether anything is wrong with it whatever the time.
    pub(super) fn has_findings(&self) -> bool {
        self.findings.iter().next().is_some()
    }

    /// The name of the user whom it asks to set a password.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.object.spec.spec.user.as_deref()
    }
}

/// One invitation per email, phone or user at a time: a younger one is refused while an older one is neither Completed nor
/// revoked, void or not. All invitations of a person have to be among them.
pub(super) fn refuse_younger(all: &mut [Invitation]) {
    let mut by_age: Vec<usize> = (0..all.len()).collect();
    by_age.sort_by(|one, other| match (all.get(*one), all.get(*other)) {
        (Some(one), Some(other)) => one.object.older(&other.object),
        _ => one.cmp(other),
    });
    let mut open: HashMap<(&'static str, String), String> = HashMap::new();
    for ix in by_age {
        let Some(invitation) = all.get_mut(ix) else { continue };
        invitation.findings = invitation.own.clone();
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
    for invitation in all.iter_mut().filter(|invitation| invitation.object.deleting) {
        invitation.findings = Findings::only(words::terminating());
    }
}

/// The field that says whom, and its value as it is compared.
pub(super) fn recipient(spec: &InvitationSpec) -> Option<(&'static str, String)> {
    let email = spec
        .email
        .as_deref()
        .map(|email| ("spec.email", lower(email).into_owned()));
    let phone = || spec.phone.clone().map(|phone| ("spec.phone", phone));
    let user = || spec.user.clone().map(|user| ("spec.user", user));
    email.or_else(phone).or_else(user)
}

/// The identifiers that the email or phone stands for, as they are compared; a phone counts with and without its `+`.
pub(super) fn identifiers(spec: &InvitationSpec) -> Vec<String> {
    let phone = spec.phone.as_deref();
    let values = [
        spec.email.as_deref(),
        phone,
        phone.map(|phone| phone.trim_start_matches('+')),
    ];
    values
        .into_iter()
        .flatten()
        .map(|value| lower(value).into_owned())
        .collect()
}

impl Around<'_> {
    /// One invitation, except for what those of the same person, its `user` and time say.
    pub(super) fn judge(&self, object: &Arc<Object<InvitationState>>) -> Invitation {
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
            next_transition: None,
            next_look: None,
            own: findings,
            findings: Findings::default(),
        }
    }

    /// The email or phone is an identifier of a user that has no `invitation` or this one.
    fn is_a_user_already(&self, object: &Object<InvitationState>) -> bool {
        self.holders(&object.spec.spec).any(|user| {
            let invitation = user.spec.invitation.as_deref();
            invitation.is_none_or(|name| name == object.name)
        })
    }

    /// The users who have the email or phone as an identifier.
    fn holders(&self, spec: &InvitationSpec) -> impl Iterator<Item = &Arc<Object<UserSpec>>> {
        let values = identifiers(spec).into_iter();
        values.flat_map(|value| self.registry.holders(&value).collect::<Vec<_>>())
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
        let user = self.snapshot.user(&object.name);
        let broken = self.snapshot.broken_names(Kind::User).any(|name| name == object.name);
        let same = self.holders(spec).any(|holder| holder.name == object.name);
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
        match self.snapshot.user(name) {
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
