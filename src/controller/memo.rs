//! What the statuses of users came to in the last pass, so that the next makes only those that may be others: of 10,000
//! users one changes, and the rest need not be written out to find that they are as they were.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _};

use super::shown::keys;
use crate::policy::{Evaluation, Snapshot, User};

/// Hashes of statuses by the hash of what they were made from.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// What the statuses of all users depend on.
    around: Snapshot,
    hashes: HashMap<u64, u64>,
}

impl Memo {
    /// What is still true of it for a tenant that is now as in `snapshot`.
    pub(super) fn held_against(self, snapshot: &Snapshot) -> Self {
        let around = around(snapshot);
        let hashes = if self.around == around {
            self.hashes
        } else {
            HashMap::new()
        };
        Self { around, hashes }
    }

    /// One for the same tenant that knows nothing yet: what nobody asks for any more is not kept.
    pub(super) fn renewed(&self, users: usize) -> Self {
        Self {
            around: self.around.clone(),
            hashes: HashMap::with_capacity(users),
        }
    }

    /// The hash of the status that was made from this.
    pub(super) fn known(&self, key: u64) -> Option<u64> {
        self.hashes.get(&key).copied()
    }

    /// Remembers it.
    pub(super) fn note(&mut self, key: u64, hash: u64) {
        self.hashes.insert(key, hash);
    }
}

/// The hash of what the status of one user is made from, with what all of them depend on.
pub(super) fn key(evaluation: &Evaluation, user: &User, generation: i64) -> u64 {
    let mut hasher = keys().build_hasher();
    evaluation.hash_user(user, &mut hasher);
    hasher.write_i64(generation);
    hasher.finish()
}

/// What the status of every user can depend on besides what is judged of herself: the Tenant, its roles and organizations,
/// and to be safe whatever is broken.
fn around(snapshot: &Snapshot) -> Snapshot {
    Snapshot {
        namespace: snapshot.namespace.clone(),
        tenant: snapshot.tenant.clone(),
        roles: snapshot.roles.clone(),
        organizations: snapshot.organizations.clone(),
        broken: snapshot.broken.clone(),
        ..Snapshot::default()
    }
}
