//! What the policy judges: all objects of one namespace, shared with whoever keeps them.

mod edit;

use std::cmp::Ordering;
use std::sync::Arc;

use super::finding::{Finding, Findings, Origin};
use crate::api::{
    Home, InvitationSpec, InvitationStatus, Kind, Moment, OrganizationSpec, RoleSpec, SharingRuleSpec, TenantSpec,
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
    earlier(one.0, other.0).then_with(|| one.1.cmp(other.1))
}

/// The order of two creations: one that is unknown comes last.
pub(super) fn earlier(one: Option<Moment>, other: Option<Moment>) -> Ordering {
    let created = |moment: Option<Moment>| moment.map_or((1, None), |moment| (0, Some(moment)));
    created(one).cmp(&created(other))
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
    /// For a role: the positions that it names. Any, when absent.
    pub positions: Option<Vec<String>>,
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

impl Declared {
    /// The user of another tenant whom a Credited user names as home.
    #[must_use]
    pub fn home(&self) -> Option<&Home> {
        match self {
            Self::User(user) => user.spec.home.as_ref(),
            _ => None,
        }
    }
}

/// All objects of one namespace. Each list is sorted by name and holds no name twice.
#[derive(Clone, Debug, Default, PartialEq)]
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

    /// The users of other tenants whom Credited users name as homes.
    pub fn homes(&self) -> impl Iterator<Item = &Home> {
        self.users.iter().filter_map(|user| user.spec.home.as_ref())
    }

    /// Sorts every list by name, so that nothing depends on the order in which objects came.
    pub fn sort(&mut self) {
        self.users.sort_by(|one, other| one.name.cmp(&other.name));
        self.roles.sort_by(|one, other| one.name.cmp(&other.name));
        self.organizations.sort_by(|one, other| one.name.cmp(&other.name));
        self.groups.sort_by(|one, other| one.name.cmp(&other.name));
        self.rules.sort_by(|one, other| one.name.cmp(&other.name));
        self.invitations.sort_by(|one, other| one.name.cmp(&other.name));
        self.broken.sort_by(|one, other| {
            let key = |broken: &Broken| (broken.origin, broken.kind);
            key(one).cmp(&key(other)).then_with(|| one.name.cmp(&other.name))
        });
    }

    /// Gives what files declare the history that a cluster knows of the same objects: when they were created, and what
    /// invitations have been through. Both snapshots are sorted.
    pub fn take_history(&mut self, live: &Self) {
        fn same<'l, S>(live: &'l [Arc<Object<S>>], name: &str) -> Option<&'l Object<S>> {
            let at = find(live, name).ok()?;
            live.get(at).map(|object| &**object)
        }
        fn ages<S: Clone>(declared: &mut [Arc<Object<S>>], live: &[Arc<Object<S>>]) {
            for object in declared.iter_mut().filter(|object| object.created.is_none()) {
                if let Some(known) = same(live, &object.name) {
                    Arc::make_mut(object).created = known.created;
                }
            }
        }
        ages(self.tenant.as_mut_slice(), live.tenant.as_slice());
        ages(&mut self.users, &live.users);
        ages(&mut self.roles, &live.roles);
        ages(&mut self.organizations, &live.organizations);
        ages(&mut self.groups, &live.groups);
        ages(&mut self.rules, &live.rules);
        ages(&mut self.invitations, &live.invitations);
        let nothing = InvitationStatus::default();
        for invitation in self.invitations.iter_mut().filter(|one| one.spec.status == nothing) {
            if let Some(known) = same(&live.invitations, &invitation.name) {
                Arc::make_mut(invitation).spec.status = known.spec.status.clone();
            }
        }
    }

    /// The user of that name.
    pub(super) fn user(&self, name: &str) -> Option<&Arc<Object<UserSpec>>> {
        find(&self.users, name).ok().and_then(|place| self.users.get(place))
    }

    /// The invitation of that name.
    pub(super) fn invitation(&self, name: &str) -> Option<&Arc<Object<InvitationState>>> {
        let place = find(&self.invitations, name).ok()?;
        self.invitations.get(place)
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

/// Where an object of that name stands in a sorted list, or would stand.
pub(super) fn find<S>(objects: &[Arc<Object<S>>], name: &str) -> Result<usize, usize> {
    objects.binary_search_by(|object| object.name.as_str().cmp(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::UserGroupSpec;

    fn group(name: &str, created: Option<Moment>) -> Arc<Object<UserGroupSpec>> {
        Arc::new(Object {
            name: name.to_owned(),
            created,
            deleting: false,
            origin: Origin(0),
            spec: UserGroupSpec {
                display_name: name.to_owned(),
                remarks: "-".to_owned(),
                users: Vec::new(),
            },
        })
    }

    #[test]
    fn what_a_file_declares_is_as_old_as_the_object_that_it_changes() {
        let [early, late] = [1, 2].map(Moment::from_seconds);
        let mut files = Snapshot::new("acme");
        files.groups = vec![group("dated", late), group("known", None), group("new", None)];
        let mut live = Snapshot::new("acme");
        live.groups = vec![group("dated", early), group("known", early)];
        files.take_history(&live);
        let created: Vec<Option<Moment>> = files.groups.iter().map(|group| group.created).collect();
        assert_eq!(created, [late, early, None]);
    }

    #[test]
    fn an_invitation_in_a_file_has_been_through_what_the_cluster_knows_unless_the_file_tells() {
        let invitation = |name: &str, attempt: Option<i32>| {
            Arc::new(Object {
                name: name.to_owned(),
                created: None,
                deleting: false,
                origin: Origin(0),
                spec: InvitationState {
                    spec: serde_json::from_value(serde_json::json!({"email": "eve@acme.example"})).unwrap(),
                    status: InvitationStatus {
                        attempt,
                        ..InvitationStatus::default()
                    },
                },
            })
        };
        let mut files = Snapshot::new("acme");
        files.invitations = vec![
            invitation("bare", None),
            invitation("new", None),
            invitation("telling", Some(1)),
        ];
        let mut live = Snapshot::new("acme");
        live.invitations = vec![invitation("bare", Some(3)), invitation("telling", Some(3))];
        files.take_history(&live);
        let attempts: Vec<Option<i32>> = files.invitations.iter().map(|one| one.spec.status.attempt).collect();
        assert_eq!(attempts, [Some(3), None, Some(1)]);
    }

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
