//! Warnings, which stand on objects in force only.

use std::collections::BTreeSet;

use tenantry::api::{Kind, Moment, TenantSpec, UserSpec};
use tenantry::policy::{Class, Reason};

use super::organizations::is_system;
use super::roles::system_role;
use super::tenant::limits;
use super::{Found, Mark, Named, Oracle};
use crate::world::{Body, Doc};

impl Oracle<'_> {
    pub(crate) fn warnings(self) -> BTreeSet<Found> {
        let Some(tenant) = self.tenant() else {
            return BTreeSet::new();
        };
        let mut all = BTreeSet::new();
        for name in self.limits_near(tenant) {
            all.insert((
                Kind::Tenant,
                String::from("tenant"),
                warning(Reason::LimitNear, format!("spec.limits.{name}")),
            ));
        }
        for doc in self
            .library
            .valid
            .iter()
            .filter(|doc| doc.namespace == self.namespace && !self.void(doc))
        {
            let marks = match &doc.body {
                Body::Role(_) if system_role(doc.name()).is_none() && !self.is_used(tenant, doc.name()) => {
                    vec![warning(Reason::Unused, "metadata.name")]
                }
                Body::User(spec) => self.periods_over(spec),
                Body::Rule(spec) => self.over(spec.valid_until, "spec.validUntil"),
                _ => vec![],
            };
            all.extend(marks.into_iter().map(|mark| (doc.kind(), doc.name().to_owned(), mark)));
        }
        all
    }

    /// "Unused: a custom role that no user in force names or holds by position."
    fn is_used(self, tenant: &TenantSpec, role: &str) -> bool {
        self.oldest_first(Kind::User).into_iter().any(|doc| match &doc.body {
            Body::User(spec) => {
                let mut temporary = spec
                    .temporary_roles
                    .iter()
                    .filter(|temporary| self.now < temporary.valid_until);
                let position = spec
                    .position
                    .iter()
                    .filter(|position| super::tenant::positions(tenant).contains(position));
                let mut by_position = position.flat_map(|position| self.roles_of_position(position));
                let named = spec.roles.iter().any(|name| name == role) || temporary.any(|one| one.role == role);
                !self.void(doc) && (named || by_position.any(|name| name == role))
            }
            _ => false,
        })
    }

    /// "GrantOver: a temporaryRole, validUntil or activation that is over."
    fn periods_over(self, spec: &UserSpec) -> Vec<Mark> {
        let mut marks = self.over(spec.valid_until, "spec.validUntil");
        marks.extend(self.over(
            spec.activation.as_ref().map(|activation| activation.valid_until),
            "spec.activation",
        ));
        for (t, temporary) in spec.temporary_roles.iter().enumerate() {
            marks.extend(self.over(Some(temporary.valid_until), &format!("spec.temporaryRoles[{t}]")));
        }
        marks
    }

    fn over(self, until: Option<Moment>, path: &str) -> Vec<Mark> {
        let over = until.is_some_and(|until| self.now >= until);
        over.then(|| warning(Reason::GrantOver, path)).into_iter().collect()
    }

    /// "When a count >= 90 percent of it (not organizationLevels)."
    fn limits_near(self, tenant: &TenantSpec) -> Vec<&'static str> {
        let limits = limits(tenant);
        let custom = |docs: Vec<&Doc>| docs.into_iter().filter(|doc| system_role(doc.name()).is_none()).count();
        let counts = [
            ("roles", custom(self.oldest_first(Kind::Role)), limits.roles),
            (
                "userGroups",
                self.oldest_first(Kind::UserGroup).len(),
                limits.user_groups,
            ),
            ("usersPerGroup", self.most_in_a_group(), limits.users_per_group),
            ("conditionRules", self.rules_by_condition(), limits.condition_rules),
            (
                "organizationsPerLevel",
                self.most_on_a_level(),
                limits.organizations_per_level,
            ),
            (
                "usersPerOrganization",
                self.most_in_an_organization(),
                limits.users_per_organization,
            ),
        ];
        let near = counts.into_iter().filter(|(_, count, limit)| {
            let count = i64::try_from(*count).expect("few objects");
            count * 100 >= i64::from(*limit) * 90
        });
        near.map(|(name, _, _)| name).collect()
    }

    fn most_in_a_group(self) -> usize {
        let sizes = self
            .oldest_first(Kind::UserGroup)
            .into_iter()
            .map(|doc| match &doc.body {
                Body::Group(spec) => spec.users.len(),
                _ => 0,
            });
        sizes.max().unwrap_or(0)
    }

    fn rules_by_condition(self) -> usize {
        let mut rules = self.oldest_first(Kind::SharingRule);
        rules.retain(|doc| matches!(&doc.body, Body::Rule(spec) if spec.condition.is_some()));
        rules.len()
    }

    fn most_on_a_level(self) -> usize {
        let organizations = self
            .oldest_first(Kind::Organization)
            .into_iter()
            .filter(|doc| !is_system(doc.name()));
        let levels: Vec<i32> = organizations.filter_map(|doc| self.level(doc.name())).collect();
        let sizes = levels
            .iter()
            .map(|level| levels.iter().filter(|other| *other == level).count());
        sizes.max().unwrap_or(0)
    }

    /// Of those in force: a void one has no members.
    fn most_in_an_organization(self) -> usize {
        let organizations = self
            .oldest_first(Kind::Organization)
            .into_iter()
            .filter(|doc| !is_system(doc.name()) && self.look(Kind::Organization, doc.name()) == Named::InForce);
        let lists = |user: &&Doc, name: &str| match &user.body {
            Body::User(spec) => spec.organizations.iter().any(|listed| listed == name),
            _ => false,
        };
        let users = self.oldest_first(Kind::User);
        let sizes = organizations.map(|doc| users.iter().filter(|user| lists(user, doc.name())).count());
        sizes.max().unwrap_or(0)
    }
}

fn warning(reason: Reason, path: impl Into<String>) -> Mark {
    (path.into(), Class::Warning, reason)
}
