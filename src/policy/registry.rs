//! What the users of a tenant leave to each other: who has which identifier, who has a place in an organization, which
//! groups list whom. It is brought up to date by one user or group at a time.

use std::sync::Arc;

use hashbrown::HashMap;

use super::finding::Finding;
use super::groups::Group;
use super::identifiers::{self, Identifiers};
use super::memberships::Memberships;
use super::organizations::Organizations;
use super::slots::{Slots, UserIx};
use super::snapshot::{Object, Snapshot};
use crate::api::UserSpec;

/// Identifiers, places and groups, by user.
#[derive(Clone, Debug, Default)]
pub(super) struct Registry {
    pub(super) users: Slots,
    identifiers: Identifiers,
    memberships: Memberships,
    /// By name of a user, whether there is one or not: the groups in force that list her, sorted.
    groups: HashMap<String, Vec<Arc<str>>>,
}

impl Registry {
    /// Of all users of a tenant, without groups.
    pub(super) fn new(snapshot: &Snapshot, organizations: &Organizations, limit: i32) -> Self {
        let users = Slots::new(&snapshot.users);
        let mut identifiers = Identifiers::with_room_for(snapshot.users.len());
        let mut memberships = Memberships::default();
        for (ix, user) in users.iter() {
            identifiers.add(ix, &user.spec, &users);
            memberships.add(ix, &user.spec);
        }
        memberships.count_all(limit, organizations, &users);
        Self {
            users,
            identifiers,
            memberships,
            groups: HashMap::new(),
        }
    }

    /// Takes a new user in.
    pub(super) fn add(&mut self, user: &Arc<Object<UserSpec>>) -> UserIx {
        let ix = self.users.add(Arc::clone(user));
        self.identifiers.add(ix, &user.spec, &self.users);
        self.memberships.add(ix, &user.spec);
        ix
    }

    /// Takes another state of a user in.
    pub(super) fn replace(&mut self, ix: UserIx, before: &UserSpec, user: &Arc<Object<UserSpec>>) {
        self.forget(ix, before);
        self.users.put(ix, Arc::clone(user));
        self.identifiers.add(ix, &user.spec, &self.users);
        self.memberships.add(ix, &user.spec);
    }

    /// Takes a user out.
    pub(super) fn remove(&mut self, ix: UserIx, before: &UserSpec) {
        self.forget(ix, before);
        self.users.remove(ix);
    }

    fn forget(&mut self, ix: UserIx, before: &UserSpec) {
        self.identifiers.remove(ix, before, &self.users);
        self.memberships.remove(ix, before);
    }

    /// The others who have an identifier of hers too.
    pub(super) fn rivals(&self, ix: UserIx, spec: &UserSpec) -> Vec<UserIx> {
        self.identifiers.rivals(ix, spec, &self.users)
    }

    /// What is wrong with her identifiers: an older user has them.
    pub(super) fn duplicates(&self, ix: UserIx, spec: &UserSpec) -> Vec<Finding> {
        self.identifiers.duplicates(ix, spec, &self.users)
    }

    /// Everyone who has a value as account, email or phone; a phone counts with and without its `+`.
    pub(super) fn holders<'a>(&'a self, value: &str) -> impl Iterator<Item = &'a Arc<Object<UserSpec>>> {
        let holders = self.identifiers.holders(&identifiers::lower(value), &self.users);
        holders.iter().filter_map(|ix| self.users.get(*ix))
    }

    /// Whether older users leave her no room in the organization.
    pub(super) fn keeps_out(&self, ix: UserIx, organization: &str) -> bool {
        self.memberships.keeps_out(ix, organization)
    }

    /// The users who list the organization.
    pub(super) fn listing(&self, organization: &str) -> &[UserIx] {
        self.memberships.listing(organization)
    }

    /// Finds out anew who has room in an organization; returns those for whom that has changed.
    pub(super) fn count(&mut self, organization: &str, limit: i32, organizations: &Organizations) -> Vec<UserIx> {
        self.memberships.count(organization, limit, organizations, &self.users)
    }

    /// The groups in force that list the user of that name, sorted.
    pub(super) fn groups_of(&self, user: &str) -> &[Arc<str>] {
        self.groups.get(user).map_or(&[], Vec::as_slice)
    }

    /// Takes a group in, if it is in force.
    pub(super) fn join(&mut self, group: &Group) {
        if !group.in_force {
            return;
        }
        let name: Arc<str> = Arc::from(group.object.name.as_str());
        for user in &group.object.spec.users {
            let groups = self.groups.entry_ref(user.as_str()).or_default();
            if let Err(place) = groups.binary_search(&name) {
                groups.insert(place, Arc::clone(&name));
            }
        }
    }

    /// Takes a group out as it was.
    pub(super) fn leave(&mut self, group: &Group) {
        for user in &group.object.spec.users {
            if let Some(groups) = self.groups.get_mut(user) {
                groups.retain(|name| **name != *group.object.name);
                if groups.is_empty() {
                    self.groups.remove(user);
                }
            }
        }
    }
}
