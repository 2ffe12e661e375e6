//! The rules of user groups (G1).

use std::sync::Arc;

use hashbrown::HashSet;

use super::by_name::{ByName, Named};
use super::finding::{Finding, Findings, Reason};
use super::snapshot::{Object, Snapshot};
use super::tenant::Settings;
use super::users::{UserRef, Users};
use super::words;
use crate::api::{Kind, Moment, UserGroupSpec};

/// A user group, judged as far as time does not matter.
#[derive(Clone, Debug)]
pub struct Group {
    /// The object.
    pub object: Arc<Object<UserGroupSpec>>,
    /// Whether it can be shared with.
    pub in_force: bool,
    findings: Findings,
}

impl Group {
    /// Whether it is the same group in the same force.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.object, &other.object) && self.findings == other.findings
    }

    /// Whether a user that it lists is missing.
    pub(super) fn misses_users(&self, users: &Users) -> bool {
        let missing = |name: &String| matches!(users.find(name), UserRef::Missing);
        self.object.spec.users.iter().any(missing)
    }

    /// Everything that is wrong at that moment; an entry of `users` that is missing or void is void.
    #[must_use]
    pub fn findings(&self, users: &Users, at: Moment) -> Findings {
        let mut findings = self.findings.clone();
        if self.object.deleting {
            return findings;
        }
        for (index, name) in self.object.spec.users.iter().enumerate() {
            let path = || format!("spec.users[{index}]");
            findings.extend(users.missing_or_void(name, at, |reason| Finding::partial(reason, path())));
        }
        findings
    }
}

impl Named for Group {
    fn name(&self) -> &str {
        &self.object.name
    }
}

/// All groups of a tenant, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    pub(super) all: ByName<Group>,
    broken: Arc<HashSet<String>>,
}

impl Groups {
    /// Judges every group of the snapshot, except for what users and time say.
    pub(super) fn judge(settings: &Settings, snapshot: &Snapshot) -> Self {
        let limit = usize::try_from(settings.limits.user_groups).unwrap_or(0);
        let youngest = beyond(limit, snapshot.groups.iter().map(|group| &**group));
        let all = snapshot.groups.iter();
        let all = all.map(|object| Arc::new(judge_group(settings, object, limit, &youngest)));
        let broken = snapshot.broken_names(Kind::UserGroup).map(str::to_owned).collect();
        Self {
            all: all.collect(),
            broken: Arc::new(broken),
        }
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Group> {
        self.all.iter().map(|group| &**group)
    }

    /// The group of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Group> {
        self.all.get(name).map(|group| &**group)
    }

    /// The finding for a group that is named and missing or void.
    pub(super) fn missing_or_void(&self, name: &str, finding: impl Fn(Reason) -> Finding) -> Option<Finding> {
        match self.by_name(name) {
            Some(group) if group.in_force => None,
            None if !self.broken.contains(name) => {
                let known = self.iter().map(|group| group.object.name.as_str());
                Some(words::missing(
                    finding(Reason::DependencyNotFound),
                    "user group",
                    name,
                    known,
                ))
            }
            _ => Some(words::void(finding(Reason::DependencyInvalid), "user group", name)),
        }
    }
}

fn judge_group(
    settings: &Settings,
    object: &Arc<Object<UserGroupSpec>>,
    limit: usize,
    youngest: &HashSet<String>,
) -> Group {
    let mut findings = Findings::default();
    let most = usize::try_from(settings.limits.users_per_group).unwrap_or(0);
    if object.deleting {
        findings.push(words::terminating());
    } else {
        if youngest.contains(&object.name) {
            findings.push(
                Finding::refused(Reason::LimitExceeded, "metadata.name")
                    .says(format!("the tenant has {limit} older user groups, which is the limit"))
                    .mend("delete a group, or raise the Tenant's spec.limits.userGroups"),
            );
        }
        if object.spec.users.len() > most {
            findings.push(
                Finding::refused(Reason::LimitExceeded, "spec.users")
                    .says(format!(
                        "the group lists {} users of at most {most}",
                        object.spec.users.len()
                    ))
                    .mend("split the group, or raise the Tenant's spec.limits.usersPerGroup"),
            );
        }
    }
    Group {
        object: Arc::clone(object),
        in_force: !findings.void(),
        findings,
    }
}

/// The names of the youngest beyond a limit; void objects keep their places (K5).
pub(super) fn beyond<'a, S: 'a>(limit: usize, objects: impl Iterator<Item = &'a Object<S>>) -> HashSet<String> {
    let mut by_age: Vec<&Object<S>> = objects.collect();
    if by_age.len() <= limit {
        return HashSet::new();
    }
    by_age.sort_by(|one, other| one.older(other));
    by_age
        .into_iter()
        .skip(limit)
        .map(|object| object.name.clone())
        .collect()
}
