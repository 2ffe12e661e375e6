//! What the policy judges: all objects of one namespace, shared with whoever keeps them.

use std::cmp::Ordering;
use std::sync::Arc;

use super::finding::{Finding, Findings, Origin};
use crate::api::{
    InvitationSpec, InvitationStatus, Kind, Moment, OrganizationSpec, RoleSpec, SharingRuleSpec, TenantSpec,
    UserGroupSpec, UserSpec,
};

/// A schema-valid object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object<S> {
    /// Its `metadata.name`.
    pub name: String,
    /// When it was created; a file usually does not say.
    pub created: Option<Moment>,
    /// Whether it has a `deletionTimestamp`.
    pub deleting: bool,
    /// Where it came from.
    pub origin: Origin,
    /// What it says.
    pub spec: S,
}

impl<S> Object<S> {
    /// The order of age: earlier creation, then smaller name; one without a creation is younger than all that have one.
    #[must_use]
    pub fn older(&self, other: &Self) -> Ordering {
        older((self.created, &self.name), (other.created, &other.name))
    }
}

/// The order of age of two objects, each its creation and its name.
#[must_use]
pub fn older(one: (Option<Moment>, &str), other: (Option<Moment>, &str)) -> Ordering {
    let created = |moment: Option<Moment>| moment.map_or((1, None), |moment| (0, Some(moment)));
    created(one.0).cmp(&created(other.0)).then_with(|| one.1.cmp(other.1))
}

/// An invitation with what has become of it.
#[derive(Clone, Debug, PartialEq)]
pub struct InvitationState {
    /// What it says.
    pub spec: InvitationSpec,
    /// What has become of it so far.
    pub status: InvitationStatus,
}

/// An object that is not schema-valid: SchemaInvalid or DuplicateObject. It keeps its name and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    /// Its kind.
    pub kind: Kind,
    /// Its name, when it has one.
    pub name: Option<String>,
    /// Where it came from.
    pub origin: Origin,
    /// Why.
    pub findings: Vec<Finding>,
    /// For a role: the positions that it names, as far as they can be read.
    pub positions: Vec<String>,
}

/// What one manifest, or one object of a cluster, says.
#[derive(Clone, Debug, PartialEq)]
pub enum Declared {
    /// A Tenant.
    Tenant(Arc<Object<TenantSpec>>),
    /// A User.
    User(Arc<Object<UserSpec>>),
    /// A Role.
    Role(Arc<Object<RoleSpec>>),
    /// An Organization.
    Organization(Arc<Object<OrganizationSpec>>),
    /// A UserGroup.
    UserGroup(Arc<Object<UserGroupSpec>>),
    /// A SharingRule.
    SharingRule(Arc<Object<SharingRuleSpec>>),
    /// An Invitation.
    Invitation(Arc<Object<InvitationState>>),
    /// Something of any kind that is not schema-valid.
    Broken(Arc<Broken>),
}

/// All objects of one namespace. Each list is sorted by name and holds no name twice.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The namespace: the tenant's id.
    pub namespace: String,
    /// The Tenant.
    pub tenant: Option<Arc<Object<TenantSpec>>>,
    /// The Users.
    pub users: Vec<Arc<Object<UserSpec>>>,
    /// The Roles; the system's may stand among them.
    pub roles: Vec<Arc<Object<RoleSpec>>>,
    /// The Organizations; the system's may stand among them.
    pub organizations: Vec<Arc<Object<OrganizationSpec>>>,
    /// The UserGroups.
    pub groups: Vec<Arc<Object<UserGroupSpec>>>,
    /// The SharingRules.
    pub rules: Vec<Arc<Object<SharingRuleSpec>>>,
    /// The Invitations.
    pub invitations: Vec<Arc<Object<InvitationState>>>,
    /// What is not schema-valid.
    pub broken: Vec<Arc<Broken>>,
}

impl Snapshot {
    /// An empty namespace.
    #[must_use]
    pub fn new(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            ..Self::default()
        }
    }

    /// Takes an object in. [`sort`](Self::sort) once all are there, unless they came sorted.
    pub fn add(&mut self, declared: Declared) {
        match declared {
            Declared::Tenant(tenant) => self.tenant = Some(tenant),
            Declared::User(user) => self.users.push(user),
            Declared::Role(role) => self.roles.push(role),
            Declared::Organization(organization) => self.organizations.push(organization),
            Declared::UserGroup(group) => self.groups.push(group),
            Declared::SharingRule(rule) => self.rules.push(rule),
            Declared::Invitation(invitation) => self.invitations.push(invitation),
            Declared::Broken(broken) => self.broken.push(broken),
        }
    }

    /// Sorts every list by name, so that nothing depends on the order in which objects came.
    pub fn sort(&mut self) {
        self.users.sort_by(|one, other| one.name.cmp(&other.name));
        self.roles.sort_by(|one, other| one.name.cmp(&other.name));
        self.organizations.sort_by(|one, other| one.name.cmp(&other.name));
        self.groups.sort_by(|one, other| one.name.cmp(&other.name));
        self.rules.sort_by(|one, other| one.name.cmp(&other.name));
        self.invitations.sort_by(|one, other| one.name.cmp(&other.name));
        self.broken.sort_by_key(|broken| broken.origin);
    }

    /// What is wrong with the first broken object of that kind and name: what a system object shows that only a broken
    /// manifest declares.
    pub(super) fn broken_findings(&self, kind: Kind, name: &str) -> Findings {
        let broken = self
            .broken
            .iter()
            .find(|broken| broken.kind == kind && broken.name.as_deref() == Some(name));
        broken
            .map(|broken| broken.findings.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// The names of a kind that broken objects have.
    pub(super) fn broken_names(&self, kind: Kind) -> impl Iterator<Item = &str> + '_ {
        self.broken
            .iter()
            .filter(move |broken| broken.kind == kind)
            .filter_map(|broken| broken.name.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_is_creation_then_name_and_a_file_is_younger_than_all_that_have_one() {
        let early = Moment::from_seconds(1);
        let late = Moment::from_seconds(2);
        assert_eq!(older((early, "b"), (late, "a")), Ordering::Less);
        assert_eq!(older((early, "b"), (early, "a")), Ordering::Greater);
        assert_eq!(older((None, "a"), (late, "b")), Ordering::Greater);
        assert_eq!(older((None, "B"), (None, "a")), Ordering::Less);
    }
}
