//! A tenant, and what is done to it, one edit after another.

use kube::Client;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use tenantry::api::{Kind, Moment};

use crate::controller::watcher::resource;

/// When a run begins, by the controllers' clock.
pub(crate) const BEGIN: &str = "2026-12-01T00:00:00Z";

/// One edit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Edit {
    /// An object comes to be, or gets another spec.
    Put(Kind, &'static str, &'static str),
    Delete(Kind, &'static str),
    /// An object is deleted, and there is another of its name at once.
    Replace(Kind, &'static str, &'static str),
    /// The clock goes on to that moment.
    Clock(&'static str),
}

use Edit::{Clock, Delete, Put, Replace};
use Kind::{Invitation, Organization, Role, SharingRule, Tenant, User, UserGroup};

/// What is there before the first controller starts, in the order in which it came.
pub(crate) const OBJECTS: [Edit; 13] = [
    Put(
        Tenant,
        "tenant",
        "{displayName: Acme, accounts: {positions: [manager]}, dataPermissions: {enabled: true}}",
    ),
    Put(
        Role,
        "editor",
        "{displayName: Editor, permissions: [{object: Campaign, actions: [Edit]}]}",
    ),
    Put(
        Role,
        "manager",
        "{displayName: Manager, assignment: Position, positions: [manager], permissions: [{object: Campaign, actions: [Publish]}]}",
    ),
    Put(
        Role,
        "publisher",
        "{displayName: Publisher, permissions: [{object: MarketingContent, actions: [Publish]}]}",
    ),
    Put(Organization, "emea", "{displayName: EMEA}"),
    Put(Organization, "berlin", "{displayName: Berlin, parent: emea}"),
    Put(
        User,
        "ada",
        "{account: ada.smith, name: Ada, roles: [administrator], organizations: [headquarters]}",
    ),
    Put(
        User,
        "bob",
        "{account: bob.smith, name: Bob, roles: [editor], organizations: [berlin]}",
    ),
    Put(
        User,
        "carol",
        "{account: carol.smith, name: Carol, roles: [ordinary-user], organizations: [emea], \
         temporaryRoles: [{role: publisher, validUntil: \"2026-12-02T00:00:00Z\"}]}",
    ),
    Put(
        User,
        "dave",
        "{account: dave.smith, name: Dave, roles: [ordinary-user, reviewer], position: manager}",
    ),
    Put(
        UserGroup,
        "launch",
        "{displayName: Launch, remarks: Spring, users: [bob, dave]}",
    ),
    Put(
        SharingRule,
        "spring",
        "{displayName: Spring, object: Campaign, records: [teaser], access: Edit, to: {groups: [launch], users: [dave]}}",
    ),
    Put(
        Invitation,
        "olga",
        "{email: olga@acme.example, name: Olga, roles: [editor]}",
    ),
];

/// How many objects of a kind are there then.
pub(crate) fn count(kind: Kind) -> usize {
    let objects = OBJECTS.iter().filter_map(|object| object.object());
    objects.filter(|(of, _)| *of == kind).count()
}

/// What follows, each when the one before has been dealt with.
pub(crate) const EDITS: [(&str, Edit); 11] = [
    (
        "a role loses an action",
        Put(
            Role,
            "editor",
            "{displayName: Editor, permissions: [{object: Campaign, actions: [View]}]}",
        ),
    ),
    (
        "a user gains a role",
        Put(
            User,
            "bob",
            "{account: bob.smith, name: Bob, roles: [editor, publisher], organizations: [berlin]}",
        ),
    ),
    (
        "a role comes that a user names",
        Put(
            Role,
            "reviewer",
            "{displayName: Reviewer, permissions: [{object: WeChatPage, actions: [View]}]}",
        ),
    ),
    (
        "a user is disabled",
        Put(
            User,
            "dave",
            "{account: dave.smith, name: Dave, roles: [ordinary-user, reviewer], position: manager, enabled: false}",
        ),
    ),
    ("a temporary role ends", Clock("2026-12-02T00:00:00Z")),
    (
        "a rule is replaced by another of its name",
        Replace(
            SharingRule,
            "spring",
            "{displayName: Spring, object: Campaign, records: [main], to: {groups: [launch], users: [dave]}}",
        ),
    ),
    ("a user is deleted", Delete(User, "dave")),
    ("an organization is deleted", Delete(Organization, "emea")),
    ("a role of the system is deleted", Delete(Role, "analyst")),
    (
        "a role is broken",
        Put(
            Role,
            "editor",
            "{displayName: Editor, permissions: [{object: Campaign, actions: [View, Juggle]}]}",
        ),
    ),
    (
        "the tenant is suspended",
        Put(
            Tenant,
            "tenant",
            "{displayName: Acme, accounts: {positions: [manager]}, dataPermissions: {enabled: true}, suspended: true}",
        ),
    ),
];

impl Edit {
    /// Makes it, as somebody, in a namespace. A clock is not moved here.
    pub(crate) async fn make(self, client: &Client, namespace: &str) -> kube::Result<()> {
        let api = |kind| -> Api<DynamicObject> { Api::namespaced_with(client.clone(), namespace, &resource(kind)) };
        match self {
            Put(kind, name, spec) | Replace(kind, name, spec) => {
                if matches!(self, Replace(..)) {
                    api(kind).delete(name, &DeleteParams::default()).await?;
                }
                let spec: Value = serde_saphyr::from_str(spec).unwrap();
                let object = json!({
                    "apiVersion": "tenantry.dev/v1alpha1",
                    "kind": kind.as_str(),
                    "metadata": {"name": name, "namespace": namespace},
                    "spec": spec,
                });
                let parameters = PatchParams::apply("people").force();
                api(kind).patch(name, &parameters, &Patch::Apply(object)).await?;
            }
            Delete(kind, name) => {
                api(kind).delete(name, &DeleteParams::default()).await?;
            }
            Clock(_) => {}
        }
        Ok(())
    }

    /// The object that it is about.
    pub(crate) fn object(self) -> Option<(Kind, &'static str)> {
        match self {
            Put(kind, name, _) | Delete(kind, name) | Replace(kind, name, _) => Some((kind, name)),
            Clock(_) => None,
        }
    }

    /// How many states of that object come of it.
    pub(crate) fn writes(self) -> usize {
        match self {
            Put(..) | Delete(..) => 1,
            Replace(..) => 2,
            Clock(_) => 0,
        }
    }

    /// The moment to which the clock goes.
    pub(crate) fn moment(self) -> Option<Moment> {
        match self {
            Clock(moment) => Some(Moment::parse(moment).unwrap()),
            Put(..) | Delete(..) | Replace(..) => None,
        }
    }
}
