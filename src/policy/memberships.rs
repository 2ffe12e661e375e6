//! Who lists an organization, and for whom it has no room (O1).

use hashbrown::{HashMap, HashSet};

use super::index::Index;
use super::organizations::{OrganizationRef, Organizations};
use super::slots::{Slots, UserIx};
use crate::api::UserSpec;

/// The users who list each organization, and those of them whom older ones keep out (O1, K5).
#[derive(Clone, Debug, Default)]
pub(super) struct Memberships {
    /// By name, whether there is such an organization or not.
    listed_by: Index<UserIx>,
    /// By name, of those with more users than the limit.
    kept_out: HashMap<String, HashSet<UserIx>>,
}

impl Memberships {
    /// Notes the organizations that a user lists.
    pub(super) fn add(&mut self, ix: UserIx, spec: &UserSpec) {
        for name in &spec.organizations {
            self.listed_by.add(name, ix);
        }
    }

    /// Forgets them.
    pub(super) fn remove(&mut self, ix: UserIx, spec: &UserSpec) {
        for name in &spec.organizations {
            self.listed_by.remove(name, &ix);
        }
    }

    /// The users who list the organization.
    pub(super) fn listing(&self, name: &str) -> &[UserIx] {
        self.listed_by.get(name)
    }

    /// Whether older users leave her no room in the organization.
    pub(super) fn keeps_out(&self, user: UserIx, name: &str) -> bool {
        let kept_out = self.kept_out.get(name);
        kept_out.is_some_and(|kept_out| kept_out.contains(&user))
    }

    /// Finds out who has no room in any organization.
    pub(super) fn count_all(&mut self, limit: i32, organizations: &Organizations, users: &Slots) {
        let names: Vec<String> = self.listed_by.names().map(str::to_owned).collect();
        for name in names {
            self.count(&name, limit, organizations, users);
        }
    }

    /// Finds out who has no room in one organization; returns those for whom that has changed. Headquarters and unassigned
    /// have room for all, and what is not in force keeps nobody out.
    pub(super) fn count(
        &mut self,
        name: &str,
        limit: i32,
        organizations: &Organizations,
        users: &Slots,
    ) -> Vec<UserIx> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let limited = organizations.in_force(name).is_some_and(|one| !one.system);
        let mut listing = match self.listed_by.get(name) {
            listing if limited && listing.len() > limit => listing.to_vec(),
            _ => Vec::new(),
        };
        users.sort_by_age(&mut listing);
        let now: HashSet<UserIx> = listing.into_iter().skip(limit).collect();
        let before = if now.is_empty() {
            self.kept_out.remove(name)
        } else {
            self.kept_out.insert(name.to_owned(), now.clone())
        };
        before.unwrap_or_default().symmetric_difference(&now).copied().collect()
    }
}

/// The largest number of users that list one organization which has a limit.
pub(super) fn most_in_one<'a>(users: impl Iterator<Item = &'a UserSpec>, organizations: &Organizations) -> usize {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in users.flat_map(|user| &user.organizations) {
        *counts.entry(name).or_default() += 1;
    }
    let limited = |name: &str| matches!(organizations.find(name), OrganizationRef::InForce(ix) if organizations.get(ix).is_some_and(|one| !one.system));
    counts
        .into_iter()
        .filter(|(name, _)| limited(name))
        .map(|(_, count)| count)
        .max()
        .unwrap_or(0)
}
