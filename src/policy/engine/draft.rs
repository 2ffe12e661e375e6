//! The evaluation of a whole tenant, in two steps: whoever is at home elsewhere has to wait for what the homes say.

use std::sync::Arc;

use super::super::catalogue::Catalogue;
use super::super::evaluate::{Access, Evaluation, Outcome};
use super::super::finding::Findings;
use super::super::groups::Groups;
use super::super::homes::{HomeTenant, HomeUser, Homes};
use super::super::invitations::{self, Invitations};
use super::super::organizations::Organizations;
use super::super::registry::Registry;
use super::super::roles::Roles;
use super::super::sharing::{self, SharingRules};
use super::super::snapshot::{Object, Snapshot, find};
use super::super::tenant::{self, Settings};
use super::super::users::{self, User, Users, profile_of};
use crate::api::{Kind, Moment, UserCounts, UserPhase, UserSpec, UserType};

/// A tenant of which everything is evaluated but its Credited users, and what depends on them.
pub(in crate::policy) struct Draft<'a> {
    catalogue: &'a Arc<Catalogue>,
    snapshot: &'a Snapshot,
    now: Moment,
    tenant_findings: Findings,
    in_force: Option<InForce>,
}

/// The same of a tenant in force.
struct InForce {
    access: Access,
    registry: Registry,
    /// In the order of the snapshot; none for those who are to wait.
    users: Vec<Option<Arc<User>>>,
}

impl<'a> Draft<'a> {
    /// Evaluates all that no home is asked for.
    pub(in crate::policy) fn new(catalogue: &'a Arc<Catalogue>, snapshot: &'a Snapshot, now: Moment) -> Self {
        let judged = snapshot.tenant.as_ref().map(|tenant| tenant::judge(catalogue, tenant));
        let (tenant_findings, settings) = judged.unwrap_or_default();
        Self {
            catalogue,
            snapshot,
            now,
            tenant_findings,
            in_force: settings.map(|settings| in_force(catalogue, settings, snapshot, now)),
        }
    }

    /// What this tenant says, as a home, about the users of those names; `None` when it is not in force.
    pub(in crate::policy) fn as_home<'n>(&self, wanted: impl IntoIterator<Item = &'n str>) -> Option<HomeTenant> {
        let InForce { access, users, .. } = self.in_force.as_ref()?;
        let user = |name: &str| {
            let place = find(&self.snapshot.users, name).ok();
            match (place.and_then(|place| users.get(place)), place) {
                (Some(Some(user)), _) => Some(HomeUser::Sound(Box::new(user.profile(access.settings.suspended)))),
                (Some(None), Some(place)) => {
                    let spec = &self.snapshot.users.get(place)?.spec;
                    Some(HomeUser::Sound(Box::new(profile_of(spec, Vec::new()))))
                }
                _ => access.users.broken.contains(name).then_some(HomeUser::Broken),
            }
        };
        let wanted = wanted.into_iter();
        Some(HomeTenant {
            credited_to: access.settings.credited_to.clone(),
            users: wanted.filter_map(|name| Some((name.to_owned(), user(name)?))).collect(),
        })
    }

    /// Evaluates the rest with what the homes say.
    pub(in crate::policy) fn finish(self, homes: &Homes) -> (Evaluation, Registry) {
        let (outcome, registry) = match self.in_force {
            None => (Outcome::NoTenant(Box::new(self.snapshot.clone())), Registry::default()),
            Some(InForce {
                mut access,
                registry,
                users,
            }) => {
                let judge = judge(self.catalogue, self.snapshot, &access, &registry, homes, self.now);
                let all = registry.users.iter().zip(users);
                let all = all.map(|((ix, object), user)| user.unwrap_or_else(|| Arc::new(judge.user(ix, object))));
                access.users.all = all.collect();
                settle(&mut access, self.catalogue, self.snapshot, self.now);
                (Outcome::InForce(Box::new(access)), registry)
            }
        };
        let evaluation = Evaluation {
            namespace: self.snapshot.namespace.clone(),
            now: self.now,
            catalogue: Arc::clone(self.catalogue),
            tenant: self.snapshot.tenant.clone(),
            tenant_findings: self.tenant_findings,
            broken: self.snapshot.broken.clone(),
            outcome,
        };
        (evaluation, registry)
    }
}

fn in_force(catalogue: &Catalogue, settings: Settings, snapshot: &Snapshot, now: Moment) -> InForce {
    let roles = Roles::judge(catalogue, &settings, snapshot, &Roles::default());
    let organizations = Organizations::judge(&settings, snapshot, &Organizations::default());
    let mut registry = Registry::new(snapshot, &organizations, settings.limits.users_per_organization);
    let groups = Groups::judge(&settings, snapshot);
    groups.iter().for_each(|group| registry.join(group));
    let invitations = Invitations::judge(&invitations::Around {
        settings: &settings,
        snapshot,
        roles: &roles,
        organizations: &organizations,
        registry: &registry,
    });
    let access = Access {
        settings: Arc::new(settings),
        roles: Arc::new(roles),
        organizations: Arc::new(organizations),
        users: Users {
            broken: broken_users(snapshot),
            ..Users::default()
        },
        groups,
        rules: SharingRules::default(),
        invitations,
        counts: UserCounts::default(),
        next_transition: None,
    };
    let nobody = Homes::default();
    let judge = judge(catalogue, snapshot, &access, &registry, &nobody, now);
    let waits = |user: &Object<UserSpec>| user.spec.kind == UserType::Credited;
    let users = registry.users.iter();
    let users = users.map(|(ix, object)| (!waits(object)).then(|| Arc::new(judge.user(ix, object))));
    let users = users.collect();
    InForce {
        access,
        registry,
        users,
    }
}

/// The names that only broken users have.
pub(super) fn broken_users(snapshot: &Snapshot) -> Arc<hashbrown::HashSet<String>> {
    Arc::new(snapshot.broken_names(Kind::User).map(str::to_owned).collect())
}

/// What the rules of a user look at.
pub(super) fn judge<'a>(
    catalogue: &'a Catalogue,
    snapshot: &'a Snapshot,
    access: &'a Access,
    registry: &'a Registry,
    homes: &'a Homes,
    now: Moment,
) -> users::Judge<'a> {
    users::Judge {
        namespace: &snapshot.namespace,
        catalogue,
        settings: &access.settings,
        roles: &access.roles,
        organizations: &access.organizations,
        registry,
        invitations: &access.invitations,
        homes,
        now,
    }
}

/// Adds what follows from all users together.
fn settle(access: &mut Access, catalogue: &Catalogue, snapshot: &Snapshot, now: Moment) {
    let judge = sharing::Judge {
        catalogue,
        settings: &access.settings,
        snapshot,
        organizations: &access.organizations,
        groups: &access.groups,
    };
    let rules = judge.rules().map(|rule| Arc::new(rule.settled(&access.users, now)));
    access.rules.all = rules.collect();
    let invitations = access.invitations.all.iter();
    let invitations = invitations.map(|one| Arc::new((**one).clone().settled(&access.users, now)));
    access.invitations.all = invitations.collect();
    for user in access.users.iter() {
        *of_phase(&mut access.counts, user.state.phase) += 1;
    }
    let users = access.users.iter().filter_map(|user| user.next_transition);
    let rules = access.rules.iter().filter_map(|rule| rule.next_transition);
    let invitations = access.invitations.iter().filter_map(|one| one.next_transition);
    access.next_transition = users.chain(rules).chain(invitations).min();
}

/// How many users there are of that phase.
pub(super) fn of_phase(counts: &mut UserCounts, phase: UserPhase) -> &mut i32 {
    match phase {
        UserPhase::Invalid => &mut counts.invalid,
        UserPhase::Disabled => &mut counts.disabled,
        UserPhase::Expired => &mut counts.expired,
        UserPhase::Pending => &mut counts.pending,
        UserPhase::Active => &mut counts.active,
    }
}
