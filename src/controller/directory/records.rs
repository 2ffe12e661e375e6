//! The objects of a directory as they were last seen, without I/O: manifests in, changes out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value as Json;

use super::super::judge::{StatusWrite, SystemWrite};
use super::super::shown::Shown;
use super::super::storage::WriteError;
use super::super::store::{Change, Stored};
use super::kept::Kept;
use super::news::{StatusNews, Subject};
use crate::api::{Condition, ConditionStatus, Kind, TENANT_NAME, is_label};
use crate::manifests::{Entry, LiveHead, Manifests, declared, read_live};
use crate::policy::{Declared, Origin, Status};
use crate::text::plain;

/// What tells an object from all others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) namespace: String,
    pub(super) kind: Kind,
    pub(super) name: String,
}

/// An object.
#[derive(Debug)]
struct Record {
    stored: Stored,
    /// Tells one content from another.
    content: String,
    source: Source,
    status: Option<Status>,
}

/// Where an object comes from.
#[derive(Clone, Debug)]
enum Source {
    /// A manifest, by its index.
    Manifest(usize),
    /// The system; that is what it says.
    System(Json),
}

/// All objects.
#[derive(Debug, Default)]
pub(super) struct Records {
    objects: BTreeMap<Key, Record>,
    /// What an earlier run has left and nobody has asked for yet.
    kept: BTreeMap<Key, Kept>,
    /// The manifests as they were last read, for places.
    manifests: Manifests,
    /// What was passed over when they were.
    passed: BTreeSet<String>,
    /// The latest state, counted over all objects.
    version: u64,
}

/// What a look at the manifests has found.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) changes: Vec<Change>,
    pub(super) gone: Vec<Gone>,
    /// What is no object that can be kept, if it was not said before.
    pub(super) passed: Vec<String>,
}

/// An object that is in no file any more.
#[derive(Debug)]
pub(super) struct Gone {
    pub(super) key: Key,
    pub(super) news: StatusNews,
}

impl Key {
    pub(super) fn new(namespace: &str, kind: Kind, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            kind,
            name: name.to_owned(),
        }
    }

    pub(super) fn of(stored: &Stored) -> Self {
        Self::new(&stored.namespace, stored.kind, &stored.name)
    }

    /// Of a manifest, if its name and namespace are such that a cluster would have it at all.
    fn of_entry(entry: &Entry) -> Option<Self> {
        let name = entry.name.as_deref()?;
        (is_label(name) && is_label(&entry.namespace)).then(|| Self::new(&entry.namespace, entry.kind, name))
    }

    fn subject(&self, system: bool) -> Subject {
        Subject {
            namespace: self.namespace.clone(),
            kind: self.kind,
            name: self.name.clone(),
            system,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

impl Records {
    /// No objects yet, and what an earlier run has kept of them.
    pub(super) fn new(kept: BTreeMap<Key, Kept>) -> Self {
        Self {
            kept,
            ..Self::default()
        }
    }

    /// How many objects come from manifests.
    pub(super) fn declared(&self) -> usize {
        let declared = |record: &&Record| matches!(record.source, Source::Manifest(_));
        self.objects.values().filter(declared).count()
    }

    /// Takes in what the manifests say now: what differs from before is a change, what they no longer name is gone.
    pub(super) fn see(&mut self, mut manifests: Manifests) -> Seen {
        let mut seen = Seen::default();
        let mut named = BTreeSet::new();
        for (index, entry) in manifests.entries.iter_mut().enumerate() {
            let Some(key) = Key::of_entry(entry).filter(|_| entry.duplicate_of.is_none()) else {
                continue;
            };
            let declared = declared(entry, Origin(0));
            named.insert(key.clone());
            seen.changes.extend(self.saw(&key, index, declared));
        }
        self.manifests = manifests;
        let passed: BTreeSet<String> = self.passed_over().collect();
        seen.passed = passed.difference(&self.passed).cloned().collect();
        self.passed = passed;
        self.forget(&named, &mut seen);
        seen
    }

    /// One manifest, and the change that it makes.
    fn saw(&mut self, key: &Key, index: usize, declared: Declared) -> Option<Change> {
        let content = content(&declared);
        let known = self.objects.get_mut(key);
        let from_manifest = |record: &&mut Record| matches!(record.source, Source::Manifest(_));
        if let Some(known) = known.filter(from_manifest) {
            known.source = Source::Manifest(index);
            if known.stored.declared == declared {
                return None;
            }
            known.stored.generation += i64::from(known.content != content);
            known.content = content;
            known.stored.declared = declared;
            self.version += 1;
            known.stored.version = self.version;
            return Some(Change::Applied(Box::new(known.stored.clone())));
        }
        // An object of the system of that name is another object; a person's takes its place.
        let kept = self.kept.remove(key).filter(|kept| kept.spec.is_none());
        let record = self.record(key, Source::Manifest(index), content, declared, kept);
        Some(self.insert(key, record))
    }

    /// An object that has not been seen in this run, and what an earlier run knew of it.
    fn record(&mut self, key: &Key, source: Source, content: String, declared: Declared, kept: Option<Kept>) -> Record {
        self.version += 1;
        let (uid, generation, status) = match kept {
            Some(kept) => {
                let generation = kept.generation + i64::from(kept.content != content);
                (kept.uid, generation, kept.status)
            }
            None => (self.new_uid(), 1, None),
        };
        let system = matches!(source, Source::System(_));
        Record {
            stored: Stored {
                kind: key.kind,
                namespace: key.namespace.clone(),
                name: key.name.clone(),
                uid,
                version: self.version,
                generation,
                system,
                owner: self.tenant_of(key).filter(|_| system),
                declared,
                shown: status.as_ref().map(Shown::of).unwrap_or_default(),
                unwritable: None,
            },
            content,
            source,
            status,
        }
    }

    /// The uid of the Tenant, with which the system's objects go away.
    fn tenant_of(&self, key: &Key) -> Option<String> {
        let tenant = Key::new(&key.namespace, Kind::Tenant, TENANT_NAME);
        self.objects.get(&tenant).map(|record| record.stored.uid.clone())
    }

    fn insert(&mut self, key: &Key, record: Record) -> Change {
        let change = Change::Applied(Box::new(record.stored.clone()));
        self.objects.insert(key.clone(), record);
        change
    }

    /// What no manifest names is gone, and so are the system's objects where there is no Tenant. Those that an earlier run
    /// has left are there again.
    fn forget(&mut self, named: &BTreeSet<Key>, seen: &mut Seen) {
        let has_tenant = |key: &Key| named.contains(&Key::new(&key.namespace, Kind::Tenant, TENANT_NAME));
        for (key, kept) in std::mem::take(&mut self.kept) {
            let record = match &kept.spec {
                Some(spec) if has_tenant(&key) => {
                    let spec = spec.clone();
                    let declared = system_object(&key, &spec);
                    declared.map(|declared| (Source::System(spec), declared, kept.clone()))
                }
                _ => None,
            };
            match record {
                Some((source, declared, kept)) => {
                    let content = kept.content.clone();
                    let record = self.record(&key, source, content, declared, Some(kept));
                    seen.changes.push(self.insert(&key, record));
                }
                None => {
                    let system = kept.spec.is_some();
                    seen.gone.push(Gone::new(key, system, kept.status));
                }
            }
        }
        let gone = |key: &Key, record: &Record| match record.source {
            Source::Manifest(_) => !named.contains(key),
            Source::System(_) => !has_tenant(key),
        };
        for (key, record) in self.objects.extract_if(.., |key, record| gone(key, record)) {
            self.version += 1;
            seen.changes.push(Change::Deleted {
                kind: key.kind,
                namespace: key.namespace.clone(),
                name: key.name.clone(),
                uid: record.stored.uid,
                version: self.version,
            });
            seen.gone.push(Gone::new(key, record.stored.system, record.status));
        }
    }

    /// The object that a status is for, as it would be kept with it.
    pub(super) fn with_status(&self, write: &StatusWrite) -> Result<Kept, WriteError> {
        let record = self.objects.get(&Key::of(&write.judged)).ok_or(WriteError::Gone)?;
        if record.stored.uid != write.judged.uid {
            return Err(WriteError::Gone);
        }
        if record.stored.version != write.judged.version {
            return Err(WriteError::Conflict);
        }
        Ok(Kept {
            status: Some(write.status.clone()),
            ..record.kept()
        })
    }

    /// Has the object show a status that is kept by now.
    pub(super) fn set_status(&mut self, write: &StatusWrite) -> Result<(Stored, StatusNews), WriteError> {
        let key = Key::of(&write.judged);
        let record = self.objects.get_mut(&key).ok_or(WriteError::Gone)?;
        self.version += 1;
        record.stored.version = self.version;
        record.stored.shown = write.shown.clone();
        let before = record.status.replace(write.status.clone());
        let stored = record.stored.clone();
        let news = StatusNews {
            subject: key.subject(stored.system),
            place: self.place(&key),
            before,
            after: Some(write.status.clone()),
        };
        Ok((stored, news))
    }

    /// An object of the system as it would be kept, and how to have it once it is.
    pub(super) fn with_system(&mut self, write: &SystemWrite) -> Result<(Key, Kept, NewRecord), WriteError> {
        let key = Key::new(&write.namespace, write.kind, &write.name);
        let known = self.objects.get(&key);
        let state = |stored: &Stored| (stored.uid.clone(), stored.version);
        let expected = write.instead_of.as_deref().map(state);
        if known.map(|record| state(&record.stored)) != expected
            || known.is_some_and(|record| matches!(record.source, Source::Manifest(_)))
        {
            return Err(WriteError::Conflict);
        }
        let kept = known.map(Record::kept);
        let declared = system_object(&key, &write.spec)
            .ok_or_else(|| WriteError::Refused("the schemas of this program cannot be used".to_owned()))?;
        let content = content(&declared);
        let record = self.record(&key, Source::System(write.spec.clone()), content, declared, kept);
        Ok((key, record.kept(), NewRecord(record)))
    }

    /// Has an object of the system that is kept by now.
    pub(super) fn set_system(&mut self, key: Key, NewRecord(record): NewRecord) -> Stored {
        let stored = record.stored.clone();
        self.objects.insert(key, record);
        stored
    }

    /// Where that stands which makes an object void, wholly or in part.
    fn place(&self, key: &Key) -> Option<String> {
        let record = self.objects.get(key)?;
        let Source::Manifest(index) = record.source else {
            return None;
        };
        let entry = self.manifests.entries.get(index)?;
        let place = match entry.faults.first() {
            Some(fault) => fault.place,
            None => {
                // A message begins with the field that it is about.
                let (field, _) = failing(record.status.as_ref()?)?.message.split_once(": ")?;
                *self.manifests.locate(&[(&entry.origin, field)]).first()?
            }
        };
        Some(self.in_words(entry.origin.source, place))
    }

    fn in_words(&self, source: usize, place: crate::manifests::Place) -> String {
        let name = self.manifests.sources.get(source).map_or("", |source| &source.name);
        format!("{name}:{}:{}", place.line, place.column)
    }

    /// What stands in the manifests and is no object that a cluster could have, in words.
    fn passed_over(&self) -> impl Iterator<Item = String> {
        let errors = self.manifests.errors.iter().map(ToString::to_string);
        let strays = self.manifests.strays.iter().map(|stray| {
            let place = self.in_words(stray.origin.source, stray.origin.place);
            let subject: Vec<&str> = [&stray.kind, &stray.name]
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect();
            let subject = subject.join(" ");
            let fault = &stray.fault;
            if subject.is_empty() {
                format!("{place} {}; {}", fault.message, fault.help)
            } else {
                format!("{place} {subject}: {}; {}", fault.message, fault.help)
            }
        });
        let entries = self.manifests.entries.iter().filter_map(|entry| {
            let place = self.in_words(entry.origin.source, entry.origin.place);
            let (kind, name) = (entry.kind, plain(entry.name.as_deref().unwrap_or_default(), 63));
            if entry.duplicate_of.is_some() {
                let namespace = plain(&entry.namespace, 63);
                return Some(format!(
                    "{place} {kind} {namespace}/{name} is declared a second time; remove one of the two"
                ));
            }
            if Key::of_entry(entry).is_some() {
                return None;
            }
            let fault = entry.faults.first()?;
            let place = self.in_words(entry.origin.source, fault.place);
            Some(format!("{place} {kind} {name}: {}; {}", fault.message, fault.help))
        });
        errors.chain(strays).chain(entries)
    }

    fn new_uid(&self) -> String {
        format!("{:x}-{:x}", jiff::Timestamp::now().as_nanosecond(), self.version)
    }
}

/// An object of the system that is about to be kept.
#[derive(Debug)]
pub(super) struct NewRecord(Record);

impl Record {
    fn kept(&self) -> Kept {
        Kept {
            uid: self.stored.uid.clone(),
            generation: self.stored.generation,
            content: self.content.clone(),
            spec: match &self.source {
                Source::Manifest(_) => None,
                Source::System(spec) => Some(spec.clone()),
            },
            status: self.status.clone(),
        }
    }
}

impl Gone {
    fn new(key: Key, system: bool, status: Option<Status>) -> Self {
        let news = StatusNews {
            subject: key.subject(system),
            place: None,
            before: status,
            after: None,
        };
        Self { key, news }
    }
}

/// The condition that says what is wrong: with the whole object, or else with a part.
fn failing(status: &Status) -> Option<&Condition> {
    let fails = |kind: &str| {
        let mut conditions = status.conditions().iter();
        conditions.find(|condition| condition.kind == kind && condition.status == ConditionStatus::False)
    };
    fails("Ready").or_else(|| fails("Complete"))
}

/// What an object of the system says; `None` only if the schemas of this program cannot be used.
fn system_object(key: &Key, spec: &Json) -> Option<Declared> {
    let head = LiveHead {
        name: key.name.clone(),
        created: None,
        deleting: false,
    };
    read_live(key.kind, head, Some(spec), None).ok()
}

/// A number that differs, as good as always, when what an object says does. It is the same in every run.
fn content(declared: &Declared) -> String {
    fn json(spec: &impl Serialize) -> String {
        serde_json::to_string(spec).unwrap_or_default()
    }
    let text = match declared {
        Declared::Tenant(object) => json(&object.spec),
        Declared::User(object) => json(&object.spec),
        Declared::Role(object) => json(&object.spec),
        Declared::Organization(object) => json(&object.spec),
        Declared::UserGroup(object) => json(&object.spec),
        Declared::SharingRule(object) => json(&object.spec),
        Declared::Invitation(object) => json(&object.spec.spec),
        Declared::Broken(broken) => {
            let findings = broken.findings.iter();
            let findings = findings.map(|finding| format!("{}: {}\n", finding.path, finding.message));
            findings.collect()
        }
    };
    // FNV-1a: short, and fixed for good, which the hash of the standard library is not.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
