//! Objects into what the policy judges: one snapshot per namespace.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::objects::{self, Entry, Spec};
use super::{Fault, Manifests, Place};
use crate::policy::{Broken, Declared, Finding, Found, InvitationState, Object, Origin, Reason, Snapshot};

impl Manifests {
    /// All objects by namespace, sorted. The specs are taken out of the entries: what is left of those says where an object
    /// stands.
    pub fn take_snapshots(&mut self) -> Vec<Snapshot> {
        let mut snapshots: BTreeMap<String, Snapshot> = BTreeMap::new();
        for (index, entry) in (0..).zip(&mut self.entries) {
            let snapshot = match snapshots.get_mut(&entry.namespace) {
                Some(snapshot) => snapshot,
                None => snapshots
                    .entry(entry.namespace.clone())
                    .or_insert_with(|| Snapshot::new(&entry.namespace)),
            };
            snapshot.add(declared(entry, Origin(index)));
        }
        let mut snapshots: Vec<Snapshot> = snapshots.into_values().collect();
        snapshots.iter_mut().for_each(Snapshot::sort);
        snapshots
    }

    /// Where a fault of structure was seen: more exact than its path, which a duplicate key shares with the first.
    #[must_use]
    pub fn place_of_fault(&self, found: &Found) -> Option<Place> {
        let entry = self.entries.get(usize::try_from(found.origin?.0).ok()?)?;
        let same = |fault: &&Fault| fault.path == found.finding.path && fault.message == found.finding.message;
        entry.faults.iter().find(same).map(|fault| fault.place)
    }

    /// Where an object stands that a snapshot of these manifests holds.
    #[must_use]
    pub fn origin(&self, origin: Origin) -> Option<&objects::Origin> {
        self.entries
            .get(usize::try_from(origin.0).ok()?)
            .map(|entry| &entry.origin)
    }
}

/// What an entry says; its spec is taken out.
pub(crate) fn declared(entry: &mut Entry, origin: Origin) -> Declared {
    let spec = entry.spec.take();
    match (spec, entry.duplicate_of, &entry.name) {
        (Some(spec), None, Some(name)) => {
            let head = Head { name, entry, origin };
            match spec {
                Spec::Tenant(spec) => Declared::Tenant(head.object(*spec)),
                Spec::User(spec) => Declared::User(head.object(*spec)),
                Spec::Role(spec) => Declared::Role(head.object(*spec)),
                Spec::Organization(spec) => Declared::Organization(head.object(*spec)),
                Spec::UserGroup(spec) => Declared::UserGroup(head.object(*spec)),
                Spec::SharingRule(spec) => Declared::SharingRule(head.object(*spec)),
                Spec::Invitation(spec, status) => Declared::Invitation(head.object(InvitationState {
                    spec: *spec,
                    status: *status,
                })),
            }
        }
        (spec, duplicate_of, _) => {
            let positions = match spec {
                Some(Spec::Role(role)) => Some(role.positions),
                _ => entry.positions.take(),
            };
            let findings = match duplicate_of {
                Some(_) => vec![duplicate()],
                None => entry.faults.iter().map(schema_invalid).collect(),
            };
            Declared::Broken(Arc::new(Broken {
                kind: entry.kind,
                name: entry.name.clone(),
                origin,
                findings,
                positions,
            }))
        }
    }
}

struct Head<'a> {
    name: &'a str,
    entry: &'a Entry,
    origin: Origin,
}

impl Head<'_> {
    fn object<S>(&self, spec: S) -> Arc<Object<S>> {
        Arc::new(Object {
            name: self.name.to_owned(),
            created: self.entry.created,
            deleting: self.entry.deleting,
            origin: self.origin,
            spec,
        })
    }
}

/// The finding that a fault of structure is.
pub(super) fn schema_invalid(fault: &Fault) -> Finding {
    Finding::refused(Reason::SchemaInvalid, fault.path.as_str())
        .says(fault.message.as_str())
        .mend(fault.help.as_str())
}

fn duplicate() -> Finding {
    Finding::refused(Reason::DuplicateObject, "metadata.name")
        .says("an earlier document declares the same object")
        .mend("remove one of the two, or give one another name")
}
