//! Warnings: what is worth a look though nothing is wrong. Offline output only, and on objects in force only.

use hashbrown::HashSet;

use super::evaluate::{Access, Evaluation};
use super::finding::{Finding, Found, Origin, Reason};
use super::memberships::most_in_one;
use super::roles::{RoleIx, RoleRef};
use crate::api::{Kind, Moment, RoleType, TENANT_NAME};

impl Evaluation {
    /// Every warning.
    #[must_use]
    pub fn warnings(&self) -> Vec<Found> {
        let Some(access) = self.access() else { return Vec::new() };
        let mut warnings = limits_near(self, access);
        warnings.extend(unused_roles(access, self.now));
        warnings.extend(grants_over(access, self.now));
        warnings
    }
}

fn found(kind: Kind, name: &str, origin: Option<Origin>, finding: Finding) -> Found {
    Found {
        kind,
        name: name.to_owned(),
        origin,
        finding,
    }
}

/// A custom role that no user in force names, or holds by position.
fn unused_roles(access: &Access, now: Moment) -> Vec<Found> {
    let used = used_roles(access, now);
    let unused = access
        .roles
        .iter()
        .filter(|(ix, role)| role.kind == RoleType::Custom && role.in_force && !used.contains(ix));
    unused
        .map(|(_, role)| {
            let finding = Finding::warning(Reason::Unused, "metadata.name")
                .says(format!("nobody has the role `{}`", role.name))
                .mend("give it to a user, or remove it");
            found(Kind::Role, &role.name, role.origin(), finding)
        })
        .collect()
}

fn used_roles(access: &Access, now: Moment) -> HashSet<RoleIx> {
    let mut used = HashSet::new();
    for user in access
        .users
        .iter()
        .filter(|user| user.void_from.is_none_or(|from| now < from))
    {
        let spec = &user.object.spec;
        let temporary = spec
            .temporary_roles
            .iter()
            .filter(|role| now < role.valid_until)
            .map(|role| &role.role);
        used.extend(
            spec.roles
                .iter()
                .chain(temporary)
                .filter_map(|name| match access.roles.find(name) {
                    RoleRef::InForce(ix) => Some(ix),
                    RoleRef::Missing | RoleRef::Void => None,
                }),
        );
        used.extend(
            spec.position
                .iter()
                .flat_map(|position| access.roles.of_position(position)),
        );
    }
    used
}

/// A limit reached at 90 percent or more.
fn limits_near(evaluation: &Evaluation, access: &Access) -> Vec<Found> {
    let limits = &access.settings.limits;
    let most_in_a_group = access
        .groups
        .iter()
        .map(|group| group.object.spec.users.len())
        .max()
        .unwrap_or(0);
    let counts = [
        (
            "organizationsPerLevel",
            access.organizations.most_on_a_level(),
            limits.organizations_per_level,
        ),
        (
            "usersPerOrganization",
            most_in_one(access.users.iter().map(|user| &user.object.spec), &access.organizations),
            limits.users_per_organization,
        ),
        ("roles", access.roles.custom(), limits.roles),
        ("userGroups", access.groups.iter().count(), limits.user_groups),
        ("usersPerGroup", most_in_a_group, limits.users_per_group),
        ("conditionRules", access.rules.conditions(), limits.condition_rules),
    ];
    let near = counts.into_iter().filter(|(_, count, limit)| {
        usize::try_from(*limit).is_ok_and(|limit| count.saturating_mul(10) >= limit.saturating_mul(9))
    });
    near.map(|(name, count, limit)| {
        let finding = Finding::warning(Reason::LimitNear, format!("spec.limits.{name}"))
            .says(format!("{count} of {limit} are reached"))
            .mend("raise the limit, or remove what is no longer needed");
        found(
            Kind::Tenant,
            TENANT_NAME,
            evaluation.tenant.as_ref().map(|tenant| tenant.origin),
            finding,
        )
    })
    .collect()
}

/// A period that is over.
fn grants_over(access: &Access, now: Moment) -> Vec<Found> {
    let mut warnings = Vec::new();
    let over = |path: String, until: Moment| {
        Finding::warning(Reason::GrantOver, path)
            .says(format!("the period ended at {until}"))
            .mend("remove it, or choose a later end")
    };
    for user in access
        .users
        .iter()
        .filter(|user| user.void_from.is_none_or(|from| now < from))
    {
        let spec = &user.object.spec;
        let temporary = spec.temporary_roles.iter().enumerate();
        let periods = temporary.map(|(index, role)| (format!("spec.temporaryRoles[{index}]"), role.valid_until));
        let validity = spec.valid_until.map(|until| ("spec.validUntil".to_owned(), until));
        let activation = spec
            .activation
            .as_ref()
            .map(|activation| ("spec.activation".to_owned(), activation.valid_until));
        for (path, until) in periods
            .chain(validity)
            .chain(activation)
            .filter(|(_, until)| now >= *until)
        {
            warnings.push(found(
                Kind::User,
                &user.object.name,
                Some(user.object.origin),
                over(path, until),
            ));
        }
    }
    for rule in access.rules.iter().filter(|rule| rule.in_force) {
        if let Some(until) = rule.object.spec.valid_until.filter(|until| now >= *until) {
            let finding = over("spec.validUntil".to_owned(), until);
            warnings.push(found(
                Kind::SharingRule,
                &rule.object.name,
                Some(rule.object.origin),
                finding,
            ));
        }
    }
    warnings
}
