//! Changes, carried out on the objects of a tenant and sorted by what they concern.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::homes::Homes;
use super::super::snapshot::{Declared, Object, Snapshot};
use super::Change;
use crate::api::{Kind, UserSpec};

/// A user as she was and as she is, while she is schema-valid.
pub(super) struct UserEdit {
    pub(super) name: String,
    pub(super) before: Option<Arc<Object<UserSpec>>>,
    pub(super) after: Option<Arc<Object<UserSpec>>>,
}

/// What has become other.
#[derive(Default)]
pub(super) struct Edits {
    /// The Tenant.
    pub(super) tenant: bool,
    /// Any role, sound or broken.
    pub(super) roles: bool,
    /// Any organization, sound or broken.
    pub(super) organizations: bool,
    /// Any user group, sound or broken.
    pub(super) groups: bool,
    /// Any sharing rule that is sound.
    pub(super) rules: bool,
    pub(super) users: Vec<UserEdit>,
    /// The names of invitations, sound or broken.
    pub(super) invitations: Vec<String>,
    /// The names of homes that say something else.
    pub(super) homes: Vec<String>,
    /// The broken objects that have come or gone.
    pub(super) broken: BTreeSet<(Kind, String)>,
    /// All objects that have changed.
    pub(super) objects: BTreeSet<(Kind, String)>,
}

impl Edits {
    /// Carries changes out. Those that change nothing are left out.
    pub(super) fn carry_out(
        changes: impl IntoIterator<Item = Change>,
        snapshot: &mut Snapshot,
        homes: &mut Homes,
    ) -> Self {
        let mut edits = Self::default();
        for change in changes {
            match change {
                Change::Applied(declared) => {
                    if let (kind, Some(name)) = declared.key() {
                        let name = name.to_owned();
                        edits.replace(snapshot, kind, name, Some(declared));
                    }
                }
                Change::Deleted(kind, name) => edits.replace(snapshot, kind, name, None),
                Change::Home(tenant, says) => {
                    if homes.replace(&tenant, says) {
                        edits.homes.push(tenant);
                    }
                }
            }
        }
        edits
    }

    fn replace(&mut self, snapshot: &mut Snapshot, kind: Kind, name: String, with: Option<Declared>) {
        let before = snapshot.replace(kind, &name, with.clone());
        if before == with {
            return;
        }
        for broken in [&before, &with] {
            if matches!(broken, Some(Declared::Broken(_))) {
                self.broken.insert((kind, name.clone()));
            }
        }
        match kind {
            Kind::Tenant => self.tenant = true,
            Kind::Role => self.roles = true,
            Kind::Organization => self.organizations = true,
            Kind::UserGroup => self.groups = true,
            Kind::SharingRule => self.rules = true,
            Kind::User => self.users.push(UserEdit {
                name: name.clone(),
                before: user(before),
                after: user(with),
            }),
            Kind::Invitation => self.invitations.push(name.clone()),
        }
        self.objects.insert((kind, name));
    }
}

fn user(declared: Option<Declared>) -> Option<Arc<Object<UserSpec>>> {
    match declared? {
        Declared::User(user) => Some(user),
        _ => None,
    }
}
