//! The rules of users: who is void, in which phase, and with which roles and organizations at a moment (U1 to U6, U11).
//!
//! [`Judge::user`] is a function of what all users have in common, of what the others leave to her ([`Registry`]), of her own
//! spec and of the moment. [`UserState`] is a user at a moment; the next transition is the first moment ahead at which that
//! differs from now.

use std::sync::Arc;

use hashbrown::HashSet;

use super::action_set::ActionSet;
use super::by_name::{ByName, Named};
use super::catalogue::Catalogue;
use super::finding::{Finding, Findings, Reason};
use super::held::{Held, held_roles};
use super::homes::{Home, HomeProfile, Homes};
use super::invitations::Invitations;
use super::moments::ahead;
use super::organizations::{OrganizationIx, OrganizationRef, Organizations};
use super::registry::Registry;
use super::roles::{RoleRef, Roles};
use super::slots::UserIx;
use super::snapshot::Object;
use super::tenant::Settings;
use super::words;
use crate::api::{HEADQUARTERS, Moment, UNASSIGNED, UserPhase, UserSpec, UserType};

/// A user, judged.
#[derive(Clone, Debug)]
pub struct User {
    /// Her number.
    pub(super) ix: UserIx,
    /// The object.
    pub object: Arc<Object<UserSpec>>,
    /// From when on she is void; at [`Moment::MIN`] always, never when absent.
    pub void_from: Option<Moment>,
    /// Her home, for a Credited user whose home answers.
    pub home: Option<Box<HomeProfile>>,
    /// The organizations in force to which she belongs, sorted by name: she may enter them while she is Active.
    pub belongs: Vec<OrganizationIx>,
    /// The names of the user groups in force that list her, sorted.
    pub groups: Vec<Arc<str>>,
    /// How she stands now.
    pub state: UserState,
    /// Everything that is wrong now.
    pub findings: Findings,
    /// The next moment at which time alone changes her status.
    pub next_transition: Option<Moment>,
    /// The next moment at which time alone may change anything of her, be it only what a message names first.
    pub(super) next_look: Option<Moment>,
    /// What is wrong whatever the time.
    standing: Findings,
}

/// A user at a moment. Only an Active one has anything.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct UserState {
    /// Her phase.
    pub phase: UserPhase,
    /// Her roles, sorted by name.
    pub roles: Vec<Held>,
    /// Whether every restriction of the tenant holds for her, because a role of hers may be missing one.
    pub cautious: bool,
    /// What she may do, closure included.
    pub actions: ActionSet,
}

impl UserState {
    fn without_access(phase: UserPhase) -> Self {
        Self {
            phase,
            roles: Vec::new(),
            cautious: false,
            actions: ActionSet::default(),
        }
    }
}

impl Named for User {
    fn name(&self) -> &str {
        &self.object.name
    }
}

/// All users of a tenant, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Users {
    pub(super) all: ByName<User>,
    pub(super) broken: Arc<HashSet<String>>,
}

/// What a name of a user stands for.
#[derive(Clone, Copy, Debug)]
pub enum UserRef<'a> {
    /// No user has the name.
    Missing,
    /// Only a broken object has the name.
    Broken,
    /// A schema-valid user, void or not.
    Known(&'a User),
}

/// Everything that the rules of a user look at.
pub(super) struct Judge<'a> {
    pub(super) namespace: &'a str,
    pub(super) catalogue: &'a Catalogue,
    pub(super) settings: &'a Settings,
    pub(super) roles: &'a Roles,
    pub(super) organizations: &'a Organizations,
    pub(super) registry: &'a Registry,
    pub(super) invitations: &'a Invitations,
    pub(super) homes: &'a Homes,
    pub(super) now: Moment,
}

impl Users {
    /// What the name stands for.
    #[must_use]
    pub fn find(&self, name: &str) -> UserRef<'_> {
        match self.all.get(name) {
            Some(user) => UserRef::Known(user),
            None if self.broken.contains(name) => UserRef::Broken,
            None => UserRef::Missing,
        }
    }

    /// The user of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&User> {
        self.all.get(name).map(|user| &**user)
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &User> {
        self.all.iter().map(|user| &**user)
    }

    /// From when on the user of that name is void.
    #[must_use]
    pub fn void_from(&self, name: &str) -> Option<Moment> {
        match self.find(name) {
            UserRef::Known(user) => user.void_from,
            UserRef::Missing | UserRef::Broken => Some(Moment::MIN),
        }
    }

    /// The finding for a user that is named and at that moment missing or void.
    pub(super) fn missing_or_void(
        &self,
        name: &str,
        at: Moment,
        finding: impl Fn(Reason) -> Finding,
    ) -> Option<Finding> {
        if matches!(self.find(name), UserRef::Missing) {
            let known = self.iter().map(|user| user.object.name.as_str());
            return Some(words::missing(finding(Reason::DependencyNotFound), "user", name, known));
        }
        let void = self.void_from(name).is_some_and(|from| at >= from);
        void.then(|| words::void(finding(Reason::DependencyInvalid), "user", name))
    }
}

impl Judge<'_> {
    /// The user of that number, now.
    pub(super) fn user(&self, ix: UserIx, object: &Arc<Object<UserSpec>>) -> User {
        let home = self.home(&object.spec);
        let mut standing = Findings::default();
        if object.deleting {
            standing = Findings::only(words::terminating());
        } else {
            self.standing(ix, &object.spec, home.profile(), &mut standing);
        }
        let void_from = if standing.void() {
            Some(Moment::MIN)
        } else {
            self.void_by_others_from(&object.spec, &home)
        };
        let mut user = User {
            ix,
            object: Arc::clone(object),
            void_from,
            home: home.profile().cloned().map(Box::new),
            belongs: self.belongs(ix, object),
            groups: self.registry.groups_of(&object.name).to_vec(),
            state: UserState::without_access(UserPhase::Invalid),
            findings: Findings::default(),
            next_transition: None,
            next_look: None,
            standing,
        };
        user.findings = self.findings(&user, &home, self.now);
        user.state = self.state(&user, self.now);
        let ahead = self.ahead(&user);
        user.next_look = ahead.first().copied();
        user.next_transition = self.next_transition(&user, &home, &ahead);
        user
    }

    /// Findings that no passing of time changes.
    fn standing(&self, ix: UserIx, spec: &UserSpec, home: Option<&HomeProfile>, findings: &mut Findings) {
        findings.extend(self.registry.duplicates(ix, spec));
        self.account_format(spec, findings);
        self.email_required(spec, home, findings);
        let credited = spec.kind == UserType::Credited;
        if !credited {
            self.settings
                .judge_position_required(spec.position.as_deref(), findings);
        }
        self.settings.judge_attributes(&spec.attributes, credited, findings);
        if let Some(position) = spec
            .position
            .as_deref()
            .filter(|name| !self.settings.positions.contains(*name))
        {
            let finding = Finding::partial(Reason::DependencyNotFound, "spec.position");
            findings.push(self.settings.unknown_position(finding, position));
        }
        for (index, name) in spec.roles.iter().enumerate() {
            self.direct_role(index, name, findings);
        }
        for (index, name) in spec.organizations.iter().enumerate() {
            self.organization(ix, index, name, findings);
        }
    }

    /// The account has the tenant's format (T7).
    fn account_format(&self, spec: &UserSpec, findings: &mut Findings) {
        if spec
            .account
            .as_deref()
            .is_some_and(|account| !self.settings.accepts_account(account))
        {
            findings.push(
                Finding::refused(Reason::AccountFormat, "spec.account")
                    .says("the account does not have the tenant's format")
                    .mend(match self.settings.account_format {
                        crate::api::AccountFormat::Any => "use 4 to 36 letters, digits and `. _ @ -`, or an email",
                        crate::api::AccountFormat::Email => "use an email",
                    }),
            );
        }
    }

    /// SSO users need an email always, others when the tenant says so; for Credited users the effective one counts, once
    /// home is known.
    fn email_required(&self, spec: &UserSpec, home: Option<&HomeProfile>, findings: &mut Findings) {
        let known = match (spec.kind, home) {
            (UserType::Credited, None) => return,
            (UserType::Credited, Some(home)) => spec.email.is_some() || home.email.is_some(),
            _ => spec.email.is_some(),
        };
        if !known && (spec.kind == UserType::SSO || self.settings.email_required) {
            findings.push(
                Finding::refused(Reason::EmailRequired, "spec.email")
                    .says("the user needs an email")
                    .mend("add it"),
            );
        }
    }

    /// A role that is missing or void grants nothing, nor does one that is given by position only.
    fn direct_role(&self, index: usize, name: &str, findings: &mut Findings) {
        let path = || format!("spec.roles[{index}]");
        match self.roles.find(name) {
            RoleRef::InForce(ix) if self.roles.assignable(ix) => {}
            RoleRef::InForce(_) => {
                findings.push(words::not_assignable(
                    Finding::partial(Reason::RoleNotAssignable, path()),
                    name,
                ));
            }
            RoleRef::Missing | RoleRef::Void => {
                findings.extend(
                    self.roles
                        .missing_or_void(name, |reason| Finding::partial(reason, path())),
                );
            }
        }
    }

    /// An organization that is missing, void or full lets the user not in.
    fn organization(&self, ix: UserIx, index: usize, name: &str, findings: &mut Findings) {
        let path = || format!("spec.organizations[{index}]");
        findings.extend(
            self.organizations
                .missing_or_void(name, |reason| Finding::partial(reason, path())),
        );
        if self.registry.keeps_out(ix, name) {
            let limit = self.settings.limits.users_per_organization;
            findings.push(
                Finding::partial(Reason::LimitExceeded, path())
                    .says(format!(
                        "the organization `{name}` has {limit} older users, which is the limit"
                    ))
                    .mend("take a user out of it, or raise the Tenant's spec.limits.usersPerOrganization"),
            );
        }
    }

    fn home(&self, spec: &UserSpec) -> Home<'_> {
        match (&spec.home, spec.kind) {
            (Some(home), UserType::Credited) => Home::Asked(self.homes.find(self.namespace, &home.tenant, &home.user)),
            _ => Home::None,
        }
    }

    /// From when on the user is void by what others do: her home (U11) or the invitation she lives by.
    fn void_by_others_from(&self, spec: &UserSpec, home: &Home<'_>) -> Option<Moment> {
        let invitation = self.invitation_over_from(spec);
        let home = match home.finding(spec, Moment::MIN) {
            Some(_) => Some(Moment::MIN),
            None => home.moments().find(|at| home.finding(spec, *at).is_some()),
        };
        invitation.into_iter().chain(home).min()
    }

    /// From when on the invitation is over that she lives by.
    fn invitation_over_from(&self, spec: &UserSpec) -> Option<Moment> {
        self.invitations.over_from(spec.invitation.as_deref()?)
    }

    /// Everything that is wrong with the user at that moment.
    fn findings(&self, user: &User, home: &Home<'_>, at: Moment) -> Findings {
        let mut findings = user.standing.clone();
        let spec = &user.object.spec;
        if user.object.deleting {
            return findings;
        }
        for (index, temporary) in spec
            .temporary_roles
            .iter()
            .enumerate()
            .filter(|(_, role)| at < role.valid_until)
        {
            let path = format!("spec.temporaryRoles[{index}].role");
            findings.extend(
                self.roles
                    .missing_or_void(&temporary.role, |reason| Finding::partial(reason, &path)),
            );
        }
        findings.extend(home.finding(spec, at));
        if self.invitation_over_from(spec).is_some_and(|over| at >= over) {
            findings.push(
                Finding::waiting(Reason::InvitationOver, "spec.invitation")
                    .says("the invitation is missing, void, revoked, or itself for a user")
                    .mend("mend the invitation, or remove `invitation` to let the user live by herself"),
            );
        }
        findings
    }

    fn state(&self, user: &User, at: Moment) -> UserState {
        user.state_at(at, self.catalogue, self.settings, self.roles)
    }

    /// The organizations to which the user belongs: those in force that she lists and that have room for her. One that lists
    /// none belongs, while data permissions are enabled, to headquarters or unassigned (T3).
    fn belongs(&self, ix: UserIx, object: &Object<UserSpec>) -> Vec<OrganizationIx> {
        let in_force = |name: &str| match self.organizations.find(name) {
            OrganizationRef::InForce(ix) => Some(ix),
            OrganizationRef::Missing | OrganizationRef::Void(_) => None,
        };
        let listed = &object.spec.organizations;
        if listed.is_empty() {
            let default = if self.settings.belongs_to_headquarters(object.created) {
                HEADQUARTERS
            } else {
                UNASSIGNED
            };
            return in_force(default)
                .filter(|_| self.settings.data_permissions.enabled)
                .into_iter()
                .collect();
        }
        let has_room = |name: &&String| !self.registry.keeps_out(ix, name);
        let mut belongs: Vec<_> = listed
            .iter()
            .filter(has_room)
            .filter_map(|name| in_force(name))
            .collect();
        belongs.sort_unstable_by_key(|ix| self.organizations.place(*ix));
        belongs
    }

    /// The moments ahead at which time alone can change her.
    fn ahead(&self, user: &User) -> Vec<Moment> {
        if user.object.deleting {
            return Vec::new();
        }
        // Of a user who is void already the invitation's end can still change the reason.
        let over = self.invitation_over_from(&user.object.spec);
        let mut moments = user.moments();
        moments.extend(over);
        ahead(self.now, moments)
    }

    /// The first moment ahead at which the status, messages aside, differs from now's.
    fn next_transition(&self, user: &User, home: &Home<'_>, ahead: &[Moment]) -> Option<Moment> {
        let shown = user.findings.shown();
        let mut ahead = ahead.iter().copied();
        ahead.find(|at| {
            self.findings(user, home, *at).shown() != shown || self.looks_different(&self.state(user, *at), &user.state)
        })
    }

    /// Whether two states of a user give different statuses.
    fn looks_different(&self, one: &UserState, other: &UserState) -> bool {
        let fields = |state: &UserState| super::access::fields(self.settings, self.roles, state);
        let same_roles = one.roles.len() == other.roles.len()
            && one
                .roles
                .iter()
                .zip(&other.roles)
                .all(|(one, other)| one.shows_like(other));
        one.phase != other.phase || !same_roles || (one.cautious != other.cautious && fields(one) != fields(other))
    }
}

impl User {
    /// The first phase that applies.
    #[must_use]
    pub fn phase(&self, suspended: bool, at: Moment) -> UserPhase {
        let spec = &self.object.spec;
        let home = self.home.as_ref().map(|home| home.phase(at));
        let activated_until = spec.activation.as_ref().map(|activation| activation.valid_until);
        let service = spec.kind == UserType::Service;
        let ended = |end: Option<Moment>| end.is_some_and(|end| at >= end);
        if self.void_from.is_some_and(|from| at >= from) {
            UserPhase::Invalid
        } else if !spec.enabled || suspended || home == Some(UserPhase::Disabled) {
            UserPhase::Disabled
        } else if ended(spec.valid_until) || ended(activated_until) || home == Some(UserPhase::Expired) {
            UserPhase::Expired
        } else if spec.valid_from.is_some_and(|from| at < from)
            || (service && activated_until.is_none())
            || home == Some(UserPhase::Pending)
        {
            UserPhase::Pending
        } else {
            UserPhase::Active
        }
    }

    /// How she stands at that moment.
    pub(super) fn state_at(&self, at: Moment, catalogue: &Catalogue, settings: &Settings, roles: &Roles) -> UserState {
        let phase = self.phase(settings.suspended, at);
        if phase != UserPhase::Active {
            return UserState::without_access(phase);
        }
        let (held, cautious) = held_roles(settings, roles, &self.object.spec, at);
        UserState {
            phase,
            actions: roles.actions(&held, catalogue.no_actions()),
            roles: held,
            cautious,
        }
    }

    /// The organizations that she may enter now, sorted by name.
    #[must_use]
    pub fn organizations(&self) -> &[OrganizationIx] {
        if self.state.phase == UserPhase::Active {
            &self.belongs
        } else {
            &[]
        }
    }

    /// Whether her status is the same, as far as it is made from her alone.
    pub(super) fn shows_like(&self, other: &Self) -> bool {
        self.state == other.state
            && self.findings == other.findings
            && self.next_transition == other.next_transition
            && self.belongs == other.belongs
            && self.groups == other.groups
    }

    /// Whether anything is wrong with her.
    pub(super) fn has_findings(&self) -> bool {
        self.findings.iter().next().is_some()
    }

    /// The moments at which time alone can change her.
    #[must_use]
    pub fn moments(&self) -> Vec<Moment> {
        let spec = &self.object.spec;
        let activation = spec.activation.as_ref().map(|activation| activation.valid_until);
        let own = [spec.valid_from, spec.valid_until, activation, self.void_from];
        let temporary = spec
            .temporary_roles
            .iter()
            .flat_map(|role| [role.valid_from, Some(role.valid_until)]);
        let home = self
            .home
            .iter()
            .flat_map(|home| home.phases.iter().map(|(from, _)| Some(*from)));
        own.into_iter().chain(temporary).chain(home).flatten().collect()
    }

    /// What the tenants that credit her may know.
    #[must_use]
    pub(super) fn profile(&self, suspended: bool) -> HomeProfile {
        let spec = &self.object.spec;
        if spec.kind == UserType::Credited {
            return profile_of(spec, Vec::new());
        }
        let activation = spec.activation.as_ref().map(|activation| activation.valid_until);
        let changes = [
            Some(Moment::MIN),
            spec.valid_from,
            spec.valid_until,
            activation,
            self.void_from,
        ];
        let mut moments: Vec<Moment> = changes.into_iter().flatten().collect();
        moments.sort_unstable();
        moments.dedup();
        let phases = moments.into_iter().map(|at| (at, self.phase(suspended, at)));
        profile_of(spec, phases.collect())
    }
}

/// What the tenants that credit her may know of a user with these phases. Of one who is Credited herself none are asked for:
/// she is nobody's home.
pub(super) fn profile_of(spec: &UserSpec, phases: Vec<(Moment, UserPhase)>) -> HomeProfile {
    HomeProfile {
        kind: spec.kind,
        name: spec.name.clone(),
        email: spec.email.clone(),
        phone: spec.phone.clone(),
        phases,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{evaluate, user};
    use crate::api::Moment;

    #[test]
    fn the_next_transition_is_not_the_end_of_a_period_that_another_follows_unseen() {
        let evaluations = evaluate(&[
            "Tenant acme/tenant {displayName: Acme}",
            "User acme/bob {account: bob.smith, name: Bob, roles: [analyst], temporaryRoles: [{role: analyst, validUntil: '2026-12-02T00:00:00Z'}, {role: analyst, validFrom: '2026-12-02T00:00:00Z', validUntil: '2026-12-03T00:00:00Z'}]}",
        ]);
        let next = user(&evaluations, "bob").next_transition;
        assert_eq!(next, Moment::parse("2026-12-03T00:00:00Z"));
    }

    #[test]
    fn the_end_of_the_invitation_is_a_transition_of_a_user_who_is_void_for_a_lesser_reason() {
        let evaluations = evaluate(&[
            "Tenant acme/tenant {displayName: Acme}",
            "Tenant beta/tenant {displayName: Beta, accounts: {creditedTo: [acme]}}",
            "User acme/bob {type: Credited, home: {tenant: beta, user: gone}, roles: [analyst], invitation: eve}",
            "Invitation acme/eve {email: eve@x.io, roles: [analyst], membership: Bound, validUntil: '2026-12-03T00:00:00Z'}",
        ]);
        let next = user(&evaluations, "bob").next_transition;
        assert_eq!(next, Moment::parse("2026-12-03T00:00:00Z"));
    }
}
