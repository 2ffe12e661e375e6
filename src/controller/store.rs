//! What the controller has seen of the cluster: every object, judged by itself, and who credits whom.
//!
//! An object is never replaced by an older state of itself, nor brought back by one, wherever that comes from: a write's own
//! answer goes in here as a watch event does, so nothing is judged from before the last own write.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::sync::Arc;

use super::shown::{Sets, Shown, keys};
use crate::api::Kind;
use crate::policy::{Declared, Snapshot};

/// An object as it was last seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its kind.
    pub(crate) kind: Kind,
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
    /// What tells it from an earlier object of its name.
    pub(crate) uid: String,
    /// Its resourceVersion. API servers number states upwards, across all objects.
    pub(crate) version: u64,
    /// The generation of its spec.
    pub(crate) generation: i64,
    /// Whether it carries the label of what belongs to the system.
    pub(crate) system: bool,
    /// The uid of the Tenant that it goes with, by its owner references.
    pub(crate) owner: Option<String>,
    /// What its spec says.
    pub(crate) declared: Declared,
    /// What its status shows.
    pub(crate) shown: Shown,
    /// A status that storage will not take for as long as the object stays as it is, by its hash.
    pub(crate) unwritable: Option<u64>,
}

/// What happened to the objects of a cluster.
#[derive(Debug)]
pub enum Change {
    /// All objects of a kind follow.
    Listing(Kind),
    /// There is this object, in this state.
    Applied(Box<Stored>),
    /// An object is gone.
    Deleted {
        /// Its kind.
        kind: Kind,
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// The last object of that name that is gone.
        uid: String,
        /// The resourceVersion of its deletion.
        version: u64,
    },
    /// Those were all objects of a kind, as of that resourceVersion.
    Listed(Kind, u64),
    /// Something is known of a namespace itself.
    Namespace(NamespaceChange),
}

/// What happened to the namespaces of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamespaceChange {
    /// All that are there follow.
    Listing,
    /// It is being deleted.
    Leaving(String),
    /// It is there, and not being deleted.
    Staying(String),
    /// It is gone.
    Gone(String),
    /// Those were all.
    Listed,
}

/// All objects, by namespace, kind and name.
#[derive(Debug, Default)]
pub(super) struct Store {
    namespaces: HashMap<String, Namespace>,
    /// By home tenant: the tenants that credit users of it, and how many each.
    credits: HashMap<String, HashMap<String, usize>>,
    /// By tenant: the homes whose users it credits, and how many of each.
    homes: HashMap<String, BTreeMap<String, usize>>,
    /// What a list under way has named so far.
    listing: HashMap<Kind, HashSet<(String, String)>>,
    listed: BTreeSet<Kind>,
    /// Up to which resourceVersion it is known of each kind what has been deleted.
    deleted: HashMap<Kind, u64>,
    /// By namespace: the statuses that a pass under way writes, each as one hash.
    expected: HashMap<String, HashSet<u64>>,
    /// What statuses show, each once.
    shown: Sets,
}

type Namespace = BTreeMap<Kind, BTreeMap<String, Arc<Stored>>>;

impl Store {
    /// Whether every kind has been listed once.
    pub(super) fn synced(&self) -> bool {
        self.listed.len() == Kind::ALL.len()
    }

    /// Takes a change in; returns the objects that may have to be evaluated, or written, because of it: namespace, kind, name.
    pub(super) fn take(&mut self, change: Change) -> Vec<(String, Kind, String)> {
        match change {
            Change::Listing(kind) => {
                self.listing.insert(kind, HashSet::new());
                Vec::new()
            }
            Change::Applied(stored) => {
                if let Some(seen) = self.listing.get_mut(&stored.kind) {
                    seen.insert((stored.namespace.clone(), stored.name.clone()));
                }
                let object = (stored.namespace.clone(), stored.kind, stored.name.clone());
                self.put(*stored).then_some(object).into_iter().collect()
            }
            Change::Deleted {
                kind,
                namespace,
                name,
                uid,
                version,
            } => {
                self.knows_deletions(kind, version);
                let same = self
                    .find(&namespace, kind, &name)
                    .is_some_and(|stored| stored.uid == uid);
                if same {
                    self.remove(&namespace, kind, &name);
                }
                same.then_some((namespace, kind, name)).into_iter().collect()
            }
            Change::Listed(kind, version) => {
                self.listed.insert(kind);
                self.knows_deletions(kind, version);
                let seen = self.listing.remove(&kind).unwrap_or_default();
                self.forget_unlisted(kind, version, &seen)
            }
            // No object of ours.
            Change::Namespace(_) => Vec::new(),
        }
    }

    /// Takes in what a write was answered with; returns whether something may have to be written because of it. The answer
    /// may come after the object has been deleted again: then it is not to come back. Or after a newer state: if that shows
    /// something else, somebody has undone the write, and what the watch brought may have looked like no change.
    pub(super) fn answered(&mut self, stored: Stored) -> bool {
        match self.find(&stored.namespace, stored.kind, &stored.name) {
            Some(known) if known.version > stored.version => known.shown.hash != stored.shown.hash,
            Some(_) => self.put(stored),
            None => {
                let deleted = self.deleted.get(&stored.kind).copied().unwrap_or_default();
                stored.version > deleted && self.put(stored)
            }
        }
    }

    /// A pass over the namespace is about to write these statuses. The watch may bring such a state before the answer does:
    /// what was wanted makes nothing dirty.
    pub(super) fn expect<'a>(&mut self, namespace: &str, statuses: impl Iterator<Item = (&'a Stored, u64)>) {
        let expected = statuses.map(|(judged, hash)| expectation(judged, hash));
        self.expected.insert(namespace.to_owned(), expected.collect());
    }

    /// The pass is over.
    pub(super) fn expect_nothing(&mut self, namespace: &str) {
        self.expected.remove(namespace);
    }

    fn is_expected(&self, stored: &Stored) -> bool {
        let expected = self.expected.get(&stored.namespace);
        expected.is_some_and(|expected| expected.contains(&expectation(stored, stored.shown.hash)))
    }

    fn knows_deletions(&mut self, kind: Kind, version: u64) {
        let deleted = self.deleted.entry(kind).or_default();
        *deleted = version.max(*deleted);
    }

    /// Keeps a newer state of an object; returns whether something may have to be written because of it.
    pub(super) fn put(&mut self, mut stored: Stored) -> bool {
        stored.shown.share(&mut self.shown);
        let known = self.find(&stored.namespace, stored.kind, &stored.name);
        // One spec is kept once, wherever it is kept.
        if let Some(known) = known.filter(|known| known.declared == stored.declared) {
            stored.declared = known.declared.clone();
        }
        if known.is_some_and(|known| known.version >= stored.version) {
            return false;
        }
        // Metadata alone, such as a label of somebody's, changes nothing.
        let matters = known.is_none_or(|known| {
            known.uid != stored.uid
                || known.generation != stored.generation
                || known.system != stored.system
                || known.owner != stored.owner
                || known.declared != stored.declared
                || (known.shown.hash != stored.shown.hash && !self.is_expected(&stored))
                || known.unwritable.is_some()
        });
        self.remove(&stored.namespace.clone(), stored.kind, &stored.name.clone());
        self.count_home(&stored, true);
        let objects = self.namespaces.entry(stored.namespace.clone()).or_default();
        let objects = objects.entry(stored.kind).or_default();
        objects.insert(stored.name.clone(), Arc::new(stored));
        matters
    }

    /// Remembers that storage will not take a status of an object in the state that was judged.
    pub(super) fn mark_unwritable(&mut self, judged: &Stored, hash: u64) {
        let objects = self.namespaces.get_mut(&judged.namespace);
        let object = objects.and_then(|objects| objects.get_mut(&judged.kind)?.get_mut(&judged.name));
        if let Some(object) = object.filter(|object| object.version == judged.version) {
            Arc::make_mut(object).unwritable = Some(hash);
        }
    }

    /// Has that status offered again; returns whether there was one.
    pub(super) fn forget_unwritable(&mut self, namespace: &str, kind: Kind, name: &str) -> bool {
        let objects = self.namespaces.get_mut(namespace);
        let object = objects.and_then(|objects| objects.get_mut(&kind)?.get_mut(name));
        object.is_some_and(|object| Arc::make_mut(object).unwritable.take().is_some())
    }

    /// An object as it was last seen.
    pub(super) fn find(&self, namespace: &str, kind: Kind, name: &str) -> Option<&Arc<Stored>> {
        self.namespaces.get(namespace)?.get(&kind)?.get(name)
    }

    /// Whether a namespace holds something.
    pub(super) fn holds(&self, namespace: &str) -> bool {
        self.namespaces.contains_key(namespace)
    }

    /// All namespaces that hold something.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.namespaces.keys().map(String::as_str)
    }

    /// The objects of a namespace, sorted by kind and name.
    pub(super) fn objects(&self, namespace: &str) -> Vec<Arc<Stored>> {
        let kinds = self.namespaces.get(namespace).into_iter().flat_map(BTreeMap::values);
        kinds.flat_map(BTreeMap::values).map(Arc::clone).collect()
    }

    /// The tenants whose users a namespace credits, itself aside, sorted.
    pub(super) fn homes_of(&self, namespace: &str) -> impl Iterator<Item = &str> {
        let homes = self.homes.get(namespace).into_iter().flat_map(BTreeMap::keys);
        homes.map(String::as_str).filter(move |home| *home != namespace)
    }

    /// The tenants that credit users of that one.
    pub(super) fn crediting(&self, home: &str) -> impl Iterator<Item = &str> {
        let crediting = self.credits.get(home);
        crediting.into_iter().flat_map(|by| by.keys().map(String::as_str))
    }

    fn remove(&mut self, namespace: &str, kind: Kind, name: &str) {
        let Some(objects) = self.namespaces.get_mut(namespace) else {
            return;
        };
        let gone = objects.get_mut(&kind).and_then(|objects| objects.remove(name));
        if objects.values().all(BTreeMap::is_empty) {
            self.namespaces.remove(namespace);
        }
        if let Some(gone) = gone {
            self.count_home(&gone, false);
        }
    }

    /// What a list did not name is gone, unless it came after the list was made.
    fn forget_unlisted(
        &mut self,
        kind: Kind,
        version: u64,
        seen: &HashSet<(String, String)>,
    ) -> Vec<(String, Kind, String)> {
        let mut gone = Vec::new();
        for (namespace, objects) in &self.namespaces {
            for stored in objects.get(&kind).into_iter().flat_map(BTreeMap::values) {
                let key = (namespace.clone(), stored.name.clone());
                if stored.version <= version && !seen.contains(&key) {
                    gone.push(key);
                }
            }
        }
        for (namespace, name) in &gone {
            self.remove(namespace, kind, name);
        }
        gone.into_iter()
            .map(|(namespace, name)| (namespace, kind, name))
            .collect()
    }

    fn count_home(&mut self, stored: &Stored, more: bool) {
        let Some(home) = home(stored) else { return };
        let by = self.credits.entry(home.to_owned()).or_default();
        let count = by.entry(stored.namespace.clone()).or_default();
        *count = if more { *count + 1 } else { count.saturating_sub(1) };
        let count = *count;
        let homes = self.homes.entry(stored.namespace.clone()).or_default();
        homes.insert(home.to_owned(), count);
        if count == 0 {
            by.remove(&stored.namespace);
            homes.remove(home);
        }
        if by.is_empty() {
            self.credits.remove(home);
        }
        if homes.is_empty() {
            self.homes.remove(&stored.namespace);
        }
    }
}

/// That an object is to show a status of that hash.
fn expectation(stored: &Stored, hash: u64) -> u64 {
    keys().hash_one((stored.kind, &stored.name, hash))
}

/// The tenant that a Credited user is at home in.
fn home(stored: &Stored) -> Option<&str> {
    stored.declared.home().map(|home| home.tenant.as_str())
}

/// What the policy evaluates, of the objects of a namespace sorted by kind and name.
pub(super) fn snapshot(namespace: &str, objects: impl IntoIterator<Item = Declared>) -> Snapshot {
    let mut snapshot = Snapshot::new(namespace);
    objects.into_iter().for_each(|declared| snapshot.add(declared));
    snapshot
}

#[cfg(test)]
mod tests {
    use super::super::testing::stored;
    use super::*;

    fn applied(kind: Kind, name: &str, version: u64) -> Change {
        Change::Applied(Box::new(stored(kind, "acme", name, version)))
    }

    fn deleted(name: &str, uid: &str) -> Change {
        Change::Deleted {
            kind: Kind::User,
            namespace: "acme".to_owned(),
            name: name.to_owned(),
            uid: uid.to_owned(),
            version: 7,
        }
    }

    fn ada() -> (String, Kind, String) {
        ("acme".to_owned(), Kind::User, "ada".to_owned())
    }

    fn versions(store: &Store) -> Vec<(String, u64)> {
        let objects = store.objects("acme").into_iter();
        objects.map(|stored| (stored.name.clone(), stored.version)).collect()
    }

    #[test]
    fn an_older_state_never_replaces_a_newer_one() {
        let mut store = Store::default();
        assert_eq!(store.take(applied(Kind::User, "ada", 5)), [ada()]);
        assert!(store.take(applied(Kind::User, "ada", 4)).is_empty());
        assert!(store.take(applied(Kind::User, "ada", 5)).is_empty());
        assert_eq!(versions(&store), [("ada".to_owned(), 5)]);
    }

    #[test]
    fn an_answer_that_comes_after_the_deletion_does_not_bring_the_object_back() {
        let mut store = Store::default();
        store.take(applied(Kind::User, "ada", 5));
        store.take(deleted("ada", "uid-ada"));
        assert!(!store.answered(stored(Kind::User, "acme", "ada", 6)));
        assert!(versions(&store).is_empty());
        assert!(store.answered(stored(Kind::User, "acme", "ada", 8)), "made anew since");
        assert_eq!(versions(&store), [("ada".to_owned(), 8)]);
    }

    #[test]
    fn a_write_that_was_undone_before_it_was_answered_makes_its_tenant_dirty() {
        let mut store = Store::default();
        store.take(applied(Kind::User, "ada", 5));
        // A list brings the object as it was, in a newer state: of the write in between nobody has heard.
        assert!(store.take(applied(Kind::User, "ada", 7)).is_empty());
        let mut written = stored(Kind::User, "acme", "ada", 6);
        written.shown.hash = 99;
        assert!(store.answered(written));
        assert!(!store.answered(stored(Kind::User, "acme", "ada", 6)));
        assert_eq!(versions(&store), [("ada".to_owned(), 7)]);
    }

    #[test]
    fn a_change_of_metadata_alone_makes_nothing_dirty() {
        let mut store = Store::default();
        store.take(applied(Kind::User, "ada", 5));
        assert!(store.take(applied(Kind::User, "ada", 6)).is_empty());
        assert_eq!(versions(&store), [("ada".to_owned(), 6)]);
    }

    #[test]
    fn a_changed_status_makes_its_tenant_dirty() {
        let mut store = Store::default();
        store.take(applied(Kind::User, "ada", 5));
        let mut forged = stored(Kind::User, "acme", "ada", 6);
        forged.shown.hash = 99;
        assert_eq!(store.take(Change::Applied(Box::new(forged))), [ada()]);
    }

    #[test]
    fn a_status_that_is_being_written_makes_nothing_dirty_when_the_watch_brings_it_before_the_answer() {
        let mut store = Store::default();
        store.take(applied(Kind::User, "ada", 5));
        let judged = Arc::clone(store.find("acme", Kind::User, "ada").unwrap());
        store.expect("acme", [(&*judged, 7)].into_iter());
        let shows = |version, hash| {
            let mut written = stored(Kind::User, "acme", "ada", version);
            written.shown.hash = hash;
            written
        };
        assert!(!store.put(shows(6, 7)));
        assert_eq!(versions(&store), [("ada".to_owned(), 6)]);
        assert!(store.put(shows(7, 8)), "somebody else's");
        let mut changed = shows(8, 7);
        changed.generation += 1;
        assert!(store.put(changed), "another spec");
        store.expect_nothing("acme");
        assert!(store.put(shows(9, 8)));
        assert!(store.put(shows(10, 7)));
    }

    #[test]
    fn the_deletion_of_an_earlier_object_leaves_the_one_that_took_its_name() {
        let mut store = Store::default();
        store.take(applied(Kind::User, "ada", 5));
        assert!(store.take(deleted("ada", "another")).is_empty());
        assert_eq!(store.take(deleted("ada", "uid-ada")), [ada()]);
        assert!(store.namespaces().next().is_none());
    }

    #[test]
    fn a_list_forgets_what_it_does_not_name_unless_it_came_later() {
        let mut store = Store::default();
        store.take(applied(Kind::User, "ada", 5));
        store.take(applied(Kind::User, "bob", 6));
        store.take(applied(Kind::User, "eve", 9));
        store.take(applied(Kind::Role, "editor", 2));
        store.take(Change::Listing(Kind::User));
        store.take(applied(Kind::User, "bob", 6));
        let gone = store.take(Change::Listed(Kind::User, 8));
        assert_eq!(gone.len(), 1, "{gone:?}");
        assert_eq!((gone[0].0.as_str(), gone[0].1), ("acme", Kind::User));
        let left: Vec<String> = versions(&store).into_iter().map(|(name, _)| name).collect();
        assert_eq!(left, ["editor", "bob", "eve"]);
    }

    #[test]
    fn nothing_is_synced_before_every_kind_was_listed() {
        let mut store = Store::default();
        for kind in Kind::ALL {
            assert!(!store.synced());
            store.take(Change::Listing(kind));
            store.take(Change::Listed(kind, 1));
        }
        assert!(store.synced());
    }

    #[test]
    fn who_credits_whom_follows_the_users() {
        let mut store = Store::default();
        let mut guest = stored(Kind::User, "acme", "guest", 5);
        guest.declared = super::super::testing::credited("guest", "beta", "robert");
        store.take(Change::Applied(Box::new(guest)));
        assert_eq!(store.crediting("beta").collect::<Vec<_>>(), ["acme"]);
        assert_eq!(store.homes_of("acme").collect::<Vec<_>>(), ["beta"]);
        store.take(deleted("guest", "uid-guest"));
        assert!(store.crediting("beta").next().is_none());
    }

    #[test]
    fn an_unwritable_status_is_forgotten_with_the_next_state_of_the_object() {
        let mut store = Store::default();
        store.take(applied(Kind::User, "ada", 5));
        let judged = Arc::clone(store.find("acme", Kind::User, "ada").unwrap());
        store.mark_unwritable(&judged, 7);
        assert_eq!(store.find("acme", Kind::User, "ada").unwrap().unwritable, Some(7));
        assert_eq!(store.take(applied(Kind::User, "ada", 6)), [ada()]);
        assert_eq!(store.find("acme", Kind::User, "ada").unwrap().unwritable, None);
    }
}
