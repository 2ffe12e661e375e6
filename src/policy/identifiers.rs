//! Identifiers: account, email and phone, all unique within the tenant, across fields (U2, U12).

use std::borrow::Cow;
use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::finding::{Finding, Reason};
use super::snapshot::{Object, earlier};
use crate::api::UserSpec;

/// Who has which identifier. Users are the indexes of the snapshot's list.
#[derive(Debug, Default)]
pub(super) struct Identifiers<'a> {
    /// The oldest schema-valid user with the value.
    owners: HashMap<Cow<'a, str>, usize>,
    /// Younger users with a value that an older one has.
    younger: HashMap<Cow<'a, str>, Vec<usize>>,
}

/// How many identifiers a user has at most.
const MOST: usize = 4;

/// ASCII lower case, in which identifiers are compared.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// A user's identifiers with the field each comes from; a phone counts with and without its `+`. What a Credited user
/// takes from home does not count.
fn of(spec: &UserSpec) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
    let phone = spec.phone.as_deref();
    [
        ("spec.account", spec.account.as_deref().map(lower)),
        ("spec.email", spec.email.as_deref().map(lower)),
        ("spec.phone", phone.map(Cow::Borrowed)),
        (
            "spec.phone",
            phone.map(|phone| Cow::Borrowed(phone.trim_start_matches('+'))),
        ),
    ]
    .into_iter()
    .filter_map(|(path, value)| Some((path, value?)))
}

impl<'a> Identifiers<'a> {
    /// Gives every value to the oldest user that has it, void or not.
    pub(super) fn new(users: &'a [Arc<Object<UserSpec>>]) -> Self {
        let mut by_age: Vec<(usize, &'a Object<UserSpec>)> = users.iter().map(|user| &**user).enumerate().collect();
        // They come sorted by name, and a stable sort leaves those of one moment so: that is the order of age, and nobody's
        // name is looked at, which is far away in memory.
        by_age.sort_by(|one, other| earlier(one.1.created, other.1.created));
        let mut identifiers = Self {
            owners: HashMap::with_capacity(users.len() * MOST),
            younger: HashMap::new(),
        };
        for (ix, user) in by_age {
            for (_, value) in of(&user.spec) {
                identifiers.claim(value, ix);
            }
        }
        identifiers
    }

    fn claim(&mut self, value: Cow<'a, str>, user: usize) {
        match self.owners.entry(value) {
            Entry::Vacant(free) => {
                free.insert(user);
            }
            Entry::Occupied(taken) if *taken.get() != user => {
                self.younger.entry(taken.key().clone()).or_default().push(user);
            }
            Entry::Occupied(_) => {}
        }
    }

    /// Everyone who has the value, the oldest first.
    pub(super) fn holders(&self, value: &str) -> impl Iterator<Item = usize> {
        let younger = self.younger.get(value).into_iter().flatten();
        self.owners.get(value).into_iter().chain(younger).copied()
    }

    /// The fields whose value belongs to an older user, each once.
    pub(super) fn judge(&self, ix: usize, spec: &UserSpec) -> Vec<Finding> {
        if self.younger.is_empty() {
            return Vec::new();
        }
        let mut findings: Vec<Finding> = Vec::new();
        for (path, value) in of(spec) {
            let taken = self.owners.get(value.as_ref()).is_some_and(|owner| *owner != ix);
            if taken && findings.last().is_none_or(|last| last.path != path) {
                let field = path.trim_start_matches("spec.");
                findings.push(
                    Finding::refused(Reason::DuplicateIdentifier, path)
                        .says(format!("an older user has this {field} as account, email or phone"))
                        .mend(format!("give the user another {field}, or remove one of the two users")),
                );
            }
        }
        findings
    }
}
