//! The rules of users: who is void, in which phase, and with which roles and organizations at a moment (U1 to U6, U11).
//!
//! [`Users::judge`] finds what time does not change. [`UserState`] is a user at a moment; the next transition is the
//! first moment ahead at which that differs from now.

use std::sync::Arc;

use hashbrown::HashSet;

use super::action_set::ActionSet;
use super::catalogue::Catalogue;
use super::finding::{Finding, Findings, Reason};
use super::held::{Held, held_roles};
use super::homes::{Home, HomeProfile, Homes};
use super::identifiers::Identifiers;
use super::invitations::Invitations;
use super::memberships::Crowded;
use super::moments::ahead;
use super::organizations::{OrganizationIx, OrganizationRef, Organizations};
use super::roles::{RoleRef, Roles};
use super::snapshot::{Object, Snapshot};
use super::tenant::Settings;
use super::words;
use crate::api::{HEADQUARTERS, Kind, Moment, UNASSIGNED, UserPhase, UserSpec, UserType};

/// The number of a user in her tenant; the order is that of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserIx(u32);

impl UserIx {
    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A user, judged.
#[derive(Clone, Debug)]
pub struct User {
    /// The object.
    pub object: Arc<Object<UserSpec>>,
    /// From when on she is void; at [`Moment::MIN`] always, never when absent.
    pub void_from: Option<Moment>,
    /// Her home, for a Credited user whose home answers.
    pub home: Option<Box<HomeProfile>>,
    /// The organizations in force to which she belongs, sorted by name: she may enter them while she is Active.
    pub belongs: Vec<OrganizationIx>,
    /// How she stands now.
    pub state: UserState,
    /// Everything that is wrong now.
    pub findings: Findings,
    /// The next moment at which time alone changes her status.
    pub next_transition: Option<Moment>,
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

/// All users of a tenant, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Users {
    all: Vec<User>,
    broken: HashSet<String>,
    most_in_an_organization: usize,
}

/// What a name of a user stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserRef {
    /// No user has the name.
    Missing,
    /// Only a broken object has the name.
    Broken,
    /// A schema-valid user, void or not.
    Known(UserIx),
}

/// Everything that the rules of a user look at.
pub(super) struct Judge<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) settings: &'a Settings,
    pub(super) snapshot: &'a Snapshot,
    pub(super) roles: &'a Roles,
    pub(super) organizations: &'a Organizations,
    pub(super) identifiers: &'a Identifiers<'a>,
    pub(super) invitations: &'a Invitations,
    pub(super) homes: &'a Homes,
    pub(super) now: Moment,
}

impl Users {
    /// Judges every user of the snapshot.
    pub(super) fn judge(judge: &Judge<'_>) -> Self {
        let limit = judge.settings.limits.users_per_organization;
        let crowded = Crowded::new(limit, judge.snapshot, judge.organizations);
        let all = judge
            .snapshot
            .users
            .iter()
            .enumerate()
            .map(|(ix, object)| judge.user(ix, object, &crowded))
            .collect();
        let broken = judge.snapshot.broken_names(Kind::User).map(str::to_owned).collect();
        Self {
            all,
            broken,
            most_in_an_organization: crowded.most,
        }
    }

    /// What the name stands for.
    #[must_use]
    pub fn find(&self, name: &str) -> UserRef {
        match self.all.binary_search_by(|user| user.object.name.as_str().cmp(name)) {
            Ok(ix) => u32::try_from(ix).map_or(UserRef::Missing, |ix| UserRef::Known(UserIx(ix))),
            Err(_) if self.broken.contains(name) => UserRef::Broken,
            Err(_) => UserRef::Missing,
        }
    }

    /// The user of that number.
    #[must_use]
    pub fn get(&self, ix: UserIx) -> Option<&User> {
        self.all.get(ix.index())
    }

    /// The user of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&User> {
        match self.find(name) {
            UserRef::Known(ix) => self.get(ix),
            UserRef::Missing | UserRef::Broken => None,
        }
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (UserIx, &User)> {
        (0..).map(UserIx).zip(&self.all)
    }

    /// The largest number of users that one organization is listed by.
    #[must_use]
    pub fn most_in_an_organization(&self) -> usize {
        self.most_in_an_organization
    }

    /// From when on the user of that name is void.
    #[must_use]
    pub fn void_from(&self, name: &str) -> Option<Moment> {
        match self.find(name) {
            UserRef::Known(ix) => self.get(ix).and_then(|user| user.void_from),
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
        if self.find(name) == UserRef::Missing {
            let known = self.all.iter().map(|user| user.object.name.as_str());
            return Some(words::missing(finding(Reason::DependencyNotFound), "user", name, known));
        }
        let void = self.void_from(name).is_some_and(|from| at >= from);
        void.then(|| words::void(finding(Reason::DependencyInvalid), "user", name))
    }
}

impl Judge<'_> {
    fn user(&self, ix: usize, object: &Arc<Object<UserSpec>>, crowded: &Crowded) -> User {
        let home = self.home(&object.spec);
        let mut standing = Findings::default();
        if object.deleting {
            standing = Findings::only(words::terminating());
        } else {
            self.standing(ix, &object.spec, home.profile(), crowded, &mut standing);
        }
        let void_from = if standing.void() {
            Some(Moment::MIN)
        } else {
            self.void_by_others_from(&object.spec, &home)
        };
        let mut user = User {
            object: Arc::clone(object),
            void_from,
            home: home.profile().cloned().map(Box::new),
            belongs: self.belongs(&object.spec, object.created, |organization| {
                !crowded.keeps_out(ix, organization)
            }),
            state: UserState::without_access(UserPhase::Invalid),
            findings: Findings::default(),
            next_transition: None,
            standing,
        };
        user.findings = self.findings(&user, &home, self.now);
        user.state = self.state(&user, self.now);
        user.next_transition = self.next_transition(&user, &home);
        user
    }

    /// Findings that no passing of time changes.
    fn standing(
        &self,
        ix: usize,
        spec: &UserSpec,
        home: Option<&HomeProfile>,
        crowded: &Crowded,
        findings: &mut Findings,
    ) {
        findings.extend(self.identifiers.judge(ix, spec));
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
            self.organization(ix, index, name, crowded, findings);
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
    fn organization(&self, ix: usize, index: usize, name: &str, crowded: &Crowded, findings: &mut Findings) {
        let path = || format!("spec.organizations[{index}]");
        findings.extend(
            self.organizations
                .missing_or_void(name, |reason| Finding::partial(reason, path())),
        );
        if let OrganizationRef::InForce(organization) = self.organizations.find(name)
            && crowded.keeps_out(ix, organization)
        {
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
            (Some(home), UserType::Credited) => {
                Home::Asked(self.homes.find(&self.snapshot.namespace, &home.tenant, &home.user))
            }
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
    fn belongs(
        &self,
        spec: &UserSpec,
        created: Option<Moment>,
        has_room: impl Fn(OrganizationIx) -> bool,
    ) -> Vec<OrganizationIx> {
        let in_force = |name: &str| match self.organizations.find(name) {
            OrganizationRef::InForce(ix) => Some(ix),
            OrganizationRef::Missing | OrganizationRef::Void(_) => None,
        };
        if spec.organizations.is_empty() {
            let default = if self.settings.belongs_to_headquarters(created) {
                HEADQUARTERS
            } else {
                UNASSIGNED
            };
            return in_force(default)
                .filter(|_| self.settings.data_permissions.enabled)
                .into_iter()
                .collect();
        }
        let mut belongs: Vec<_> = spec
            .organizations
            .iter()
            .filter_map(|name| in_force(name))
            .filter(|ix| has_room(*ix))
            .collect();
        belongs.sort_unstable();
        belongs
    }

    /// The first moment ahead at which the status, messages aside, differs from now's.
    fn next_transition(&self, user: &User, home: &Home<'_>) -> Option<Moment> {
        if user.object.deleting {
            return None;
        }
        // Of a user who is void already the invitation's end can still change the reason.
        let over = self.invitation_over_from(&user.object.spec);
        let mut moments = user.moments();
        moments.extend(over);
        let shown = user.findings.shown();
        ahead(self.now, moments).into_iter().find(|at| {
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
        HomeProfile {
            kind: spec.kind,
            name: spec.name.clone(),
            email: spec.email.clone(),
            phone: spec.phone.clone(),
            phases: moments.into_iter().map(|at| (at, self.phase(suspended, at))).collect(),
        }
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
