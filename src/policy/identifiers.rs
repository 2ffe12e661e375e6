//! Identifiers: account, email and phone, all unique within the tenant, across fields (U2, U12).

use std::borrow::Cow;
use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::finding::{Finding, Reason};
use super::slots::{Slots, UserIx};
use crate::api::UserSpec;

/// Who has which identifier, void or not. A value is not kept: it is one of its holder's.
#[derive(Clone, Debug, Default)]
pub(super) struct Identifiers {
    values: HashTable<Value>,
    hasher: DefaultHashBuilder,
    /// How many values several users have.
    shared: usize,
}

/// An identifier that somebody has.
#[derive(Clone, Debug)]
struct Value {
    hash: u64,
    holders: Holders,
}

/// The users that have an identifier.
#[derive(Clone, Debug)]
enum Holders {
    One(UserIx),
    /// At least two.
    Several(Vec<UserIx>),
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
pub(super) fn of(spec: &UserSpec) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
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

impl Holders {
    fn all(&self) -> &[UserIx] {
        match self {
            Self::One(user) => std::slice::from_ref(user),
            Self::Several(users) => users,
        }
    }
}

impl Value {
    /// Whether it is that identifier.
    fn is(&self, value: &str, hash: u64, users: &Slots) -> bool {
        let holder = self.holders.all().first().and_then(|holder| users.get(*holder));
        self.hash == hash && holder.is_some_and(|holder| of(&holder.spec).any(|(_, held)| held == value))
    }
}

impl Identifiers {
    /// Nobody's, with room for those of so many users.
    pub(super) fn with_room_for(users: usize) -> Self {
        Self {
            values: HashTable::with_capacity(users * MOST),
            ..Self::default()
        }
    }

    /// Notes the identifiers of a user who is in her slot.
    pub(super) fn add(&mut self, ix: UserIx, spec: &UserSpec, users: &Slots) {
        for (_, value) in of(spec) {
            let hash = self.hasher.hash_one(&*value);
            let known = self.values.find_mut(hash, |known| known.is(&value, hash, users));
            match known.map(|known| &mut known.holders) {
                None => {
                    let holders = Holders::One(ix);
                    self.values
                        .insert_unique(hash, Value { hash, holders }, |value| value.hash);
                }
                Some(Holders::One(holder)) if *holder == ix => {}
                Some(Holders::Several(holders)) if holders.contains(&ix) => {}
                Some(Holders::Several(holders)) => holders.push(ix),
                Some(holders @ Holders::One(_)) => {
                    let both = [holders.all(), &[ix]].concat();
                    *holders = Holders::Several(both);
                    self.shared += 1;
                }
            }
        }
    }

    /// Forgets the identifiers of a user who is still in her slot.
    pub(super) fn remove(&mut self, ix: UserIx, spec: &UserSpec, users: &Slots) {
        for (_, value) in of(spec) {
            let hash = self.hasher.hash_one(&*value);
            let Ok(mut known) = self.values.find_entry(hash, |known| known.is(&value, hash, users)) else {
                continue;
            };
            match &mut known.get_mut().holders {
                Holders::One(holder) if *holder == ix => {
                    known.remove();
                }
                Holders::One(_) => {}
                Holders::Several(holders) => {
                    holders.retain(|holder| *holder != ix);
                    if let [last] = holders[..] {
                        known.get_mut().holders = Holders::One(last);
                        self.shared -= 1;
                    }
                }
            }
        }
    }

    /// Everyone who has the value.
    pub(super) fn holders(&self, value: &str, users: &Slots) -> &[UserIx] {
        let hash = self.hasher.hash_one(value);
        let known = self.values.find(hash, |known| known.is(value, hash, users));
        known.map_or(&[], |known| known.holders.all())
    }

    /// The others who have an identifier of hers too.
    pub(super) fn rivals(&self, ix: UserIx, spec: &UserSpec, users: &Slots) -> Vec<UserIx> {
        if self.shared == 0 {
            return Vec::new();
        }
        let holders = of(spec).flat_map(|(_, value)| self.holders(&value, users));
        holders.copied().filter(|holder| *holder != ix).collect()
    }

    /// The fields whose value belongs to an older user, each once: the oldest keeps it, void or not.
    pub(super) fn duplicates(&self, ix: UserIx, spec: &UserSpec, users: &Slots) -> Vec<Finding> {
        if self.shared == 0 {
            return Vec::new();
        }
        let mut findings: Vec<Finding> = Vec::new();
        for (path, value) in of(spec) {
            let owner = users.oldest(self.holders(&value, users));
            let taken = owner.is_some_and(|owner| owner != ix);
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
