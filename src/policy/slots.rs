//! Where each user of a tenant stands: a number that stays hers for as long as she is there, whoever comes or goes.

use std::sync::Arc;

use super::snapshot::Object;
use crate::api::UserSpec;

/// The number of a user in her tenant. It says nothing about order, and another user may have it later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct UserIx(u32);

impl UserIx {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The schema-valid users by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    users: Vec<Option<Arc<Object<UserSpec>>>>,
    free: Vec<UserIx>,
}

impl Slots {
    /// Users in the order of their numbers.
    pub(super) fn new(users: &[Arc<Object<UserSpec>>]) -> Self {
        Self {
            users: users.iter().cloned().map(Some).collect(),
            free: Vec::new(),
        }
    }

    /// The user of that number.
    pub(super) fn get(&self, ix: UserIx) -> Option<&Arc<Object<UserSpec>>> {
        self.users.get(ix.index())?.as_ref()
    }

    /// All of them with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (UserIx, &Arc<Object<UserSpec>>)> {
        let numbered = (0..).map(UserIx).zip(&self.users);
        numbered.filter_map(|(ix, user)| Some((ix, user.as_ref()?)))
    }

    /// Gives a new user a number.
    pub(super) fn add(&mut self, user: Arc<Object<UserSpec>>) -> UserIx {
        if let Some(free) = self.free.pop() {
            self.put(free, user);
            return free;
        }
        self.users.push(Some(user));
        UserIx(u32::try_from(self.users.len() - 1).unwrap_or(u32::MAX))
    }

    /// Puts another state of the same user in her place.
    pub(super) fn put(&mut self, ix: UserIx, user: Arc<Object<UserSpec>>) {
        if let Some(slot) = self.users.get_mut(ix.index()) {
            *slot = Some(user);
        }
    }

    /// Frees the number of a user who is gone.
    pub(super) fn remove(&mut self, ix: UserIx) {
        if let Some(slot) = self.users.get_mut(ix.index()) {
            *slot = None;
            self.free.push(ix);
        }
    }

    /// The oldest of some users.
    pub(super) fn oldest(&self, of: &[UserIx]) -> Option<UserIx> {
        let known = of.iter().filter_map(|ix| Some((*ix, self.get(*ix)?)));
        known.min_by(|one, other| one.1.older(other.1)).map(|(ix, _)| ix)
    }

    /// Sorts some users by age, the oldest first.
    pub(super) fn sort_by_age(&self, users: &mut [UserIx]) {
        users.sort_by(|one, other| match (self.get(*one), self.get(*other)) {
            (Some(one), Some(other)) => one.older(other),
            _ => one.cmp(other),
        });
    }
}
