//! One object in the place of another.

use std::sync::Arc;

use super::{Broken, Declared, Object, Snapshot, find};
use crate::api::Kind;

impl Declared {
    /// The kind of the object and its name, if it has one.
    #[must_use]
    pub fn key(&self) -> (Kind, Option<&str>) {
        match self {
            Self::Tenant(object) => (Kind::Tenant, Some(&object.name)),
            Self::User(object) => (Kind::User, Some(&object.name)),
            Self::Role(object) => (Kind::Role, Some(&object.name)),
            Self::Organization(object) => (Kind::Organization, Some(&object.name)),
            Self::UserGroup(object) => (Kind::UserGroup, Some(&object.name)),
            Self::SharingRule(object) => (Kind::SharingRule, Some(&object.name)),
            Self::Invitation(object) => (Kind::Invitation, Some(&object.name)),
            Self::Broken(broken) => (broken.kind, broken.name.as_deref()),
        }
    }
}

impl Snapshot {
    /// Puts an object in the place of whatever has that kind and name, or takes that out; returns what was there.
    pub(in crate::policy) fn replace(&mut self, kind: Kind, name: &str, with: Option<Declared>) -> Option<Declared> {
        let before = self.take(kind, name);
        match with {
            None => {}
            Some(Declared::Tenant(tenant)) => self.tenant = Some(tenant),
            Some(Declared::User(user)) => put(&mut self.users, user),
            Some(Declared::Role(role)) => put(&mut self.roles, role),
            Some(Declared::Organization(organization)) => put(&mut self.organizations, organization),
            Some(Declared::UserGroup(group)) => put(&mut self.groups, group),
            Some(Declared::SharingRule(rule)) => put(&mut self.rules, rule),
            Some(Declared::Invitation(invitation)) => put(&mut self.invitations, invitation),
            Some(Declared::Broken(broken)) => {
                let key = |broken: &Broken| (broken.origin, broken.kind, broken.name.clone());
                let place = self.broken.partition_point(|other| key(other) < key(&broken));
                self.broken.insert(place, broken);
            }
        }
        before
    }

    fn take(&mut self, kind: Kind, name: &str) -> Option<Declared> {
        let is_it = |broken: &Arc<Broken>| broken.kind == kind && broken.name.as_deref() == Some(name);
        if let Some(place) = self.broken.iter().position(is_it) {
            return Some(Declared::Broken(self.broken.remove(place)));
        }
        match kind {
            Kind::Tenant => self.tenant.take().map(Declared::Tenant),
            Kind::User => take(&mut self.users, name).map(Declared::User),
            Kind::Role => take(&mut self.roles, name).map(Declared::Role),
            Kind::Organization => take(&mut self.organizations, name).map(Declared::Organization),
            Kind::UserGroup => take(&mut self.groups, name).map(Declared::UserGroup),
            Kind::SharingRule => take(&mut self.rules, name).map(Declared::SharingRule),
            Kind::Invitation => take(&mut self.invitations, name).map(Declared::Invitation),
        }
    }
}

fn put<S>(objects: &mut Vec<Arc<Object<S>>>, object: Arc<Object<S>>) {
    match find(objects, &object.name) {
        Ok(place) => {
            if let Some(known) = objects.get_mut(place) {
                *known = object;
            }
        }
        Err(place) => objects.insert(place, object),
    }
}

fn take<S>(objects: &mut Vec<Arc<Object<S>>>, name: &str) -> Option<Arc<Object<S>>> {
    find(objects, name).ok().map(|place| objects.remove(place))
}
