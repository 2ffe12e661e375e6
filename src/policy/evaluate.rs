//! The evaluation: everything that follows from the objects of one tenant at one moment.
//!
//! [`evaluate`] runs the rules in the order in which they need each other; each rule lives in the file named after its
//! subject.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::catalogue::Catalogue;
use super::engine::Draft;
use super::finding::{Findings, Found, Origin};
use super::groups::Groups;
use super::homes::{HomeTenant, HomeUser, Homes};
use super::invitations::{self, Invitations};
use super::organizations::{Organization, Organizations};
use super::roles::Roles;
use super::sharing::SharingRules;
use super::snapshot::{Broken, Object, Snapshot};
use super::tenant::Settings;
use super::users::{User, UserRef, UserState, Users};
use super::words;
use crate::api::{Kind, Moment, TenantSpec, UserCounts};

/// Everything that follows from the objects of one namespace at one moment. It owns all that a decision needs.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The namespace: the tenant's id.
    pub namespace: String,
    /// The moment.
    pub now: Moment,
    /// The catalogue that was asked.
    pub catalogue: Arc<Catalogue>,
    /// The Tenant's object.
    pub tenant: Option<Arc<Object<TenantSpec>>>,
    /// What is wrong with the Tenant.
    pub tenant_findings: Findings,
    /// What is not schema-valid.
    pub broken: Vec<Arc<Broken>>,
    /// What a Tenant in force makes of the rest, or what there is without one.
    pub outcome: Outcome,
}

/// What a namespace comes to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// There is a Tenant in force.
    InForce(Box<Access>),
    /// There is none: everything waits. The objects as they came.
    NoTenant(Box<Snapshot>),
}

/// Everyone's access in a tenant in force.
#[derive(Clone, Debug)]
pub struct Access {
    /// The Tenant's settings.
    pub settings: Arc<Settings>,
    /// The roles, the system's among them.
    pub roles: Arc<Roles>,
    /// The organizations, the system's among them.
    pub organizations: Arc<Organizations>,
    /// The users.
    pub users: Users,
    /// The user groups.
    pub groups: Groups,
    /// The sharing rules.
    pub rules: SharingRules,
    /// The invitations.
    pub invitations: Invitations,
    /// How many users there are of each phase.
    pub counts: UserCounts,
    /// The earliest moment at which anything changes by time alone.
    pub next_transition: Option<Moment>,
}

/// Works out what follows from the objects of one namespace at that moment, and of what its homes say.
#[must_use]
pub fn evaluate(catalogue: &Arc<Catalogue>, snapshot: &Snapshot, homes: &Homes, now: Moment) -> Evaluation {
    let (evaluation, _) = Draft::new(catalogue, snapshot, now).finish(homes);
    evaluation
}

impl Access {
    /// The next moment at which time alone may change anything, be it only what a message names first; what
    /// [`next_transition`](Self::next_transition) tells leaves messages aside.
    #[must_use]
    pub fn next_look(&self) -> Option<Moment> {
        let users = self.users.iter().filter_map(|user| user.next_look);
        let rules = self.rules.iter().filter_map(|rule| rule.next_look);
        let invitations = self.invitations.iter().filter_map(|one| one.next_look);
        users.chain(rules).chain(invitations).min()
    }

    /// From when on the user is void whom the invitation asks to set a password.
    #[must_use]
    pub fn named_user_void_from(&self, invitation: &invitations::Invitation) -> Option<Moment> {
        invitation.user_void_from(&self.users)
    }

    /// The organizations that the user may enter now, sorted by name.
    pub fn entered<'a>(&'a self, user: &'a User) -> impl Iterator<Item = &'a Organization> {
        let entered = user.organizations().iter();
        entered.filter_map(|ix| self.organizations.get(*ix))
    }
}

impl Evaluation {
    /// How a user of it stands at a moment, by time alone.
    pub(super) fn state_at(&self, access: &Access, user: &User, at: Moment) -> UserState {
        user.state_at(at, &self.catalogue, &access.settings, &access.roles)
    }

    /// Everyone's access, when there is a Tenant in force.
    #[must_use]
    pub fn access(&self) -> Option<&Access> {
        match &self.outcome {
            Outcome::InForce(access) => Some(access),
            Outcome::NoTenant(_) => None,
        }
    }

    /// Whether the input holds an object of that kind and name, sound or not.
    #[must_use]
    pub fn knows(&self, kind: Kind, name: &str) -> bool {
        self.broken
            .iter()
            .any(|broken| broken.kind == kind && broken.name.as_deref() == Some(name))
            || self
                .statuses()
                .any(|reported| reported.kind == kind && reported.name == name)
    }

    /// What this tenant says, as a home, about the users of those names; `None` when it is not in force.
    #[must_use]
    pub fn as_home<'a>(&self, wanted: impl IntoIterator<Item = &'a str>) -> Option<HomeTenant> {
        let access = self.access()?;
        let mut home = HomeTenant {
            credited_to: access.settings.credited_to.clone(),
            ..HomeTenant::default()
        };
        for name in wanted {
            let user = match access.users.find(name) {
                UserRef::Missing => continue,
                UserRef::Broken => HomeUser::Broken,
                UserRef::Known(user) => HomeUser::Sound(Box::new(user.profile(access.settings.suspended))),
            };
            home.users.insert(name.to_owned(), user);
        }
        Some(home)
    }

    /// Every finding of every object, warnings aside, each object's in order of precedence.
    #[must_use]
    pub fn findings(&self) -> Vec<Found> {
        let mut all = Vec::new();
        let mut add = |kind: Kind, name: &str, origin: Option<Origin>, findings: Findings| {
            all.extend(findings.sorted().into_iter().map(|finding| Found {
                kind,
                name: name.to_owned(),
                origin,
                finding,
            }));
        };
        if let Some(tenant) = &self.tenant {
            add(
                Kind::Tenant,
                &tenant.name,
                Some(tenant.origin),
                self.tenant_findings.clone(),
            );
        }
        for broken in &self.broken {
            let mut findings = Findings::default();
            findings.extend(broken.findings.iter().cloned());
            add(
                broken.kind,
                broken.name.as_deref().unwrap_or(""),
                Some(broken.origin),
                findings,
            );
        }
        match &self.outcome {
            Outcome::InForce(access) => access.each(self.now, &mut add),
            Outcome::NoTenant(snapshot) => without_tenant(snapshot, &mut add),
        }
        all
    }
}

type Add<'a> = dyn FnMut(Kind, &str, Option<Origin>, Findings) + 'a;

impl Access {
    fn each(&self, now: Moment, add: &mut Add<'_>) {
        // What a broken manifest does to a system object has been said already.
        for (_, role) in self.roles.iter().filter(|(_, role)| role.object.is_some()) {
            add(Kind::Role, &role.name, role.origin(), role.findings.clone());
        }
        for (_, organization) in self.organizations.iter().filter(|(_, one)| one.origin.is_some()) {
            add(
                Kind::Organization,
                &organization.name,
                organization.origin,
                organization.findings.clone(),
            );
        }
        for user in self.users.iter() {
            add(
                Kind::User,
                &user.object.name,
                Some(user.object.origin),
                user.findings.clone(),
            );
        }
        for group in self.groups.iter() {
            add(
                Kind::UserGroup,
                &group.object.name,
                Some(group.object.origin),
                group.findings(&self.users, now),
            );
        }
        for rule in self.rules.iter() {
            add(
                Kind::SharingRule,
                &rule.object.name,
                Some(rule.object.origin),
                rule.findings(&self.users, now),
            );
        }
        for invitation in self.invitations.iter() {
            let findings = invitation.findings(now, self.named_user_void_from(invitation));
            add(
                Kind::Invitation,
                &invitation.object.name,
                Some(invitation.object.origin),
                findings,
            );
        }
    }
}

/// What waits for a Tenant, or is being deleted.
pub(super) fn waiting(deleting: bool, namespace: &str) -> Findings {
    Findings::only(if deleting {
        words::terminating()
    } else {
        words::no_tenant(namespace)
    })
}

fn without_tenant(snapshot: &Snapshot, add: &mut Add<'_>) {
    fn each<S>(kind: Kind, namespace: &str, objects: &[Arc<Object<S>>], add: &mut Add<'_>) {
        for object in objects {
            add(
                kind,
                &object.name,
                Some(object.origin),
                waiting(object.deleting, namespace),
            );
        }
    }
    let namespace = snapshot.namespace.as_str();
    each(Kind::User, namespace, &snapshot.users, add);
    each(Kind::Role, namespace, &snapshot.roles, add);
    each(Kind::Organization, namespace, &snapshot.organizations, add);
    each(Kind::UserGroup, namespace, &snapshot.groups, add);
    each(Kind::SharingRule, namespace, &snapshot.rules, add);
    each(Kind::Invitation, namespace, &snapshot.invitations, add);
}

/// Evaluates several tenants together, so that they can credit each other's users (U11).
#[must_use]
pub fn evaluate_all(catalogue: &Arc<Catalogue>, snapshots: &[Snapshot], now: Moment) -> Vec<Evaluation> {
    let drafts: Vec<Draft<'_>> = snapshots
        .iter()
        .map(|snapshot| Draft::new(catalogue, snapshot, now))
        .collect();
    let mut wanted: HashMap<&str, HashSet<&str>> = HashMap::new();
    for home in snapshots.iter().flat_map(Snapshot::homes) {
        wanted.entry(&home.tenant).or_default().insert(&home.user);
    }
    let mut homes = Homes::default();
    for (draft, snapshot) in drafts.iter().zip(snapshots) {
        let wanted = wanted.remove(snapshot.namespace.as_str()).unwrap_or_default();
        if let Some(home) = draft.as_home(wanted) {
            homes.insert(snapshot.namespace.clone(), home);
        }
    }
    drafts.into_iter().map(|draft| draft.finish(&homes).0).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TENANT, evaluate};
    use super::*;

    /// When a user should be looked at again whose temporary roles end then, and of whom something is wrong.
    fn next_look(ends: [&str; 2]) -> Option<String> {
        let [one, other] = ends;
        let bob = format!(
            "User acme/bob {{account: bobb, name: Bob, roles: [missing], temporaryRoles: [\
             {{role: gone, validUntil: \"{one}\"}}, {{role: gone, validUntil: \"{other}\"}}]}}"
        );
        let evaluations = evaluate(&[TENANT, &bob]);
        let access = evaluations[0].access().unwrap();
        access.next_look().map(|at| at.to_string())
    }

    #[test]
    fn what_a_message_says_is_looked_at_again_when_it_may_change_and_never_for_what_is_over() {
        let (soon, late) = ("2026-12-05T00:00:00Z", "2026-12-06T00:00:00Z");
        assert_eq!(next_look([late, soon]).as_deref(), Some(soon));
        assert_eq!(next_look([NOW, late]).as_deref(), Some(late));
        assert_eq!(next_look([NOW, "2026-11-01T00:00:00Z"]), None);
    }

    #[test]
    fn a_finding_leads_back_to_the_manifest() {
        let evaluations = evaluate(&[
            TENANT,
            "Role acme/void {displayName: V, permissions: [{object: Campaign, actions: [Fly]}]}",
            "UserGroup acme/group {displayName: G, remarks: G, users: [nobody]}",
            "Role acme/broken {displayName: B, permissions: [{object: Campaign, actions: [View]}], color: red}",
        ]);
        let found = evaluations[0].findings();
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|found| found.origin.is_some()), "{found:?}");
    }

    #[test]
    fn an_object_is_known_by_kind_and_name_sound_or_not() {
        let lines = [
            TENANT,
            "User acme/sound {account: sound, name: S, roles: [ordinary-user]}",
            "User acme/broken {account: broken, name: B, roles: [ordinary-user], color: red}",
        ];
        let known = |lines: &[&str], kind, name| evaluate(lines)[0].knows(kind, name);
        for lines in [&lines[..], &lines[1..]] {
            assert!(known(lines, Kind::User, "sound"));
            assert!(known(lines, Kind::User, "broken"));
            assert!(!known(lines, Kind::User, "nobody"));
            assert!(!known(lines, Kind::UserGroup, "sound"));
            assert!(!known(lines, Kind::UserGroup, "broken"));
        }
    }
}
