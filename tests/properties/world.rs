//! Worlds: small but nasty tenants, as the list of documents that declare them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use serde_json::{Value, json};
use tenantry::api::rule::Ruled as _;
use tenantry::api::{
    API_VERSION, InvitationSpec, InvitationStatus, Kind, Moment, OrganizationSpec, RoleSpec, SharingRuleSpec,
    TenantSpec, UserGroupSpec, UserSpec,
};
use tenantry::policy::{
    Broken, Catalogue, Evaluation, Finding, InvitationState, Object, Origin, Reason, Snapshot, evaluate_all,
};

use crate::documents;

/// The moment at which worlds are judged, 2026-12-01T00:00:00Z, in seconds.
pub(crate) const NOW: i64 = 1_796_083_200;

/// The catalogue built in, and two objects that need each other across modules.
pub(crate) static CATALOGUE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::load(EXTENSION, "extension").expect("a sound catalogue")));

const EXTENSION: &str = "
extends: builtin
modules: [Core, Tags, Recommendation, Loyalty]
objects:
- name: LoyaltyCard
  module: Loyalty
  data: true
  rows: true
  customer: true
  manualSharing: true
  fields: [{name: tier, type: String}, {name: gold, type: Bool}]
  actions:
  - {name: View, access: Read}
  - {name: Edit, access: Edit, implies: [View], requires: ['Customer:View']}
- name: Desk
  actions:
  - {name: Use, access: Read, requires: ['LoyaltyCard:Edit']}
";

/// What a document declares.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Tenant(Box<TenantSpec>),
    User(Box<UserSpec>),
    Role(Box<RoleSpec>),
    Organization(Box<OrganizationSpec>),
    Group(Box<UserGroupSpec>),
    Rule(Box<SharingRuleSpec>),
    Invitation(Box<InvitationSpec>, Box<InvitationStatus>),
    /// Nothing that could be read, but of a Role the positions.
    Broken(Kind, Vec<String>),
}

/// One document.
#[derive(Clone, PartialEq)]
pub(crate) struct Doc {
    pub(crate) namespace: String,
    pub(crate) name: Option<String>,
    pub(crate) created: Option<Moment>,
    pub(crate) deleting: bool,
    pub(crate) body: Body,
}

impl Doc {
    pub(crate) fn kind(&self) -> Kind {
        match &self.body {
            Body::Tenant(_) => Kind::Tenant,
            Body::User(_) => Kind::User,
            Body::Role(_) => Kind::Role,
            Body::Organization(_) => Kind::Organization,
            Body::Group(_) => Kind::UserGroup,
            Body::Rule(_) => Kind::SharingRule,
            Body::Invitation(..) => Kind::Invitation,
            Body::Broken(kind, _) => *kind,
        }
    }

    /// The name, empty when there is none.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    pub(crate) fn same_object(&self, other: &Self) -> bool {
        self.name.is_some()
            && (self.kind(), &self.namespace, &self.name) == (other.kind(), &other.namespace, &other.name)
    }

    /// The same document when its spec cannot be read any more.
    pub(crate) fn broken(&self) -> Self {
        let positions = match &self.body {
            Body::Role(role) => role.positions.clone(),
            Body::Broken(_, positions) => positions.clone(),
            _ => Vec::new(),
        };
        Self {
            body: Body::Broken(self.kind(), positions),
            ..self.clone()
        }
    }

    /// What the rules of one object alone say about it.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        match &self.body {
            Body::Tenant(spec) => spec.faults("spec", &mut faults),
            Body::User(spec) => spec.faults("spec", &mut faults),
            Body::Role(spec) => spec.faults("spec", &mut faults),
            Body::Organization(spec) => spec.faults("spec", &mut faults),
            Body::Group(spec) => spec.faults("spec", &mut faults),
            Body::Rule(spec) => spec.faults("spec", &mut faults),
            Body::Invitation(spec, _) => spec.faults("spec", &mut faults),
            Body::Broken(..) => {}
        }
        faults
            .into_iter()
            .map(|fault| format!("{}: {}", fault.path, fault.message))
            .collect()
    }

    /// The manifest.
    pub(crate) fn json(&self) -> Value {
        let mut metadata = json!({"namespace": self.namespace});
        let facts = [
            ("name", self.name.clone()),
            ("creationTimestamp", self.created.map(|created| created.to_string())),
            (
                "deletionTimestamp",
                self.deleting.then(|| String::from("2026-11-30T00:00:00Z")),
            ),
        ];
        for (key, value) in facts {
            if let Some(value) = value {
                metadata[key] = value.into();
            }
        }
        let spec = match &self.body {
            Body::Tenant(spec) => serde_json::to_value(spec),
            Body::User(spec) => serde_json::to_value(spec),
            Body::Role(spec) => serde_json::to_value(spec),
            Body::Organization(spec) => serde_json::to_value(spec),
            Body::Group(spec) => serde_json::to_value(spec),
            Body::Rule(spec) => serde_json::to_value(spec),
            Body::Invitation(spec, _) => serde_json::to_value(spec),
            Body::Broken(_, positions) => Ok(json!({"positions": positions, "broken": true})),
        };
        let mut manifest = json!({
            "apiVersion": API_VERSION,
            "kind": self.kind().as_str(),
            "metadata": metadata,
            "spec": spec.expect("a spec is JSON"),
        });
        if let Body::Invitation(_, status) = &self.body {
            manifest["status"] = serde_json::to_value(status).expect("a status is JSON");
        }
        manifest
    }
}

impl fmt::Debug for Doc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.json())
    }
}

/// Some tenants, as the documents that declare them; of two for the same object the first counts.
#[derive(Clone, PartialEq)]
pub(crate) struct World {
    pub(crate) docs: Vec<Doc>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.docs.iter().try_for_each(|doc| write!(f, "\n{doc:?}"))
    }
}

/// Any world of up to three tenants.
pub(crate) fn worlds() -> impl Strategy<Value = World> {
    let tape = || prop::collection::vec(any::<u8>(), 64);
    let tenants = prop::collection::vec(tape(), 1..=3);
    let others = prop::collection::vec(tape(), 0..40);
    // Calm, restless and wild worlds.
    let calm = prop::sample::select(vec![250, 60, 60, 12]);
    (tenants, others, calm).prop_map(|(tenants, others, calm)| World::read(&tenants, &others, calm))
}

impl World {
    fn read(tenants: &[Vec<u8>], others: &[Vec<u8>], calm: usize) -> Self {
        let docs = documents::all(tenants, others, calm);
        for doc in &docs {
            assert_eq!(
                doc.faults(),
                Vec::<String>::new(),
                "the generator makes sound documents: {doc:?}"
            );
        }
        Self { docs }
    }

    /// The same without those that declare an object again.
    pub(crate) fn without_duplicates(&self) -> Self {
        let mut docs: Vec<Doc> = Vec::new();
        for doc in &self.docs {
            if !docs.iter().any(|earlier| earlier.same_object(doc)) {
                docs.push(doc.clone());
            }
        }
        Self { docs }
    }

    /// The same without one of its documents.
    pub(crate) fn without(&self, index: usize) -> Self {
        let mut docs = self.docs.clone();
        docs.remove(index);
        Self { docs }
    }

    /// The same with another document in the place of one.
    pub(crate) fn with(&self, index: usize, doc: Doc) -> Self {
        let mut docs = self.docs.clone();
        docs[index] = doc;
        Self { docs }
    }

    pub(crate) fn snapshots(&self) -> Vec<Snapshot> {
        self.snapshots_from((0..).map(Origin))
    }

    /// The same when nothing comes from a file.
    pub(crate) fn snapshots_of_a_cluster(&self) -> Vec<Snapshot> {
        self.snapshots_from(std::iter::repeat(Origin(0)))
    }

    fn snapshots_from(&self, origins: impl Iterator<Item = Origin>) -> Vec<Snapshot> {
        let mut snapshots: BTreeMap<&str, Snapshot> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for (origin, doc) in origins.zip(&self.docs) {
            let snapshot = snapshots
                .entry(&doc.namespace)
                .or_insert_with(|| Snapshot::new(&doc.namespace));
            let again = doc.name.is_some() && !seen.insert((doc.kind(), &doc.namespace, doc.name()));
            add(snapshot, doc, origin, again);
        }
        let mut snapshots: Vec<Snapshot> = snapshots.into_values().collect();
        snapshots.iter_mut().for_each(Snapshot::sort);
        snapshots
    }

    /// What the engine says now.
    pub(crate) fn evaluate(&self) -> Vec<Evaluation> {
        self.evaluate_at(crate::tape::moment(0))
    }

    /// What the engine says at a moment.
    pub(crate) fn evaluate_at(&self, now: Moment) -> Vec<Evaluation> {
        evaluate_all(&CATALOGUE, &self.snapshots(), now)
    }
}

fn add(snapshot: &mut Snapshot, doc: &Doc, origin: Origin, again: bool) {
    if again {
        let finding = Finding::refused(Reason::DuplicateObject, "metadata.name");
        return snapshot.broken.push(broken(doc, origin, finding));
    }
    match &doc.body {
        Body::Tenant(spec) => snapshot.tenant = Some(object(doc, origin, spec)),
        Body::User(spec) => snapshot.users.push(object(doc, origin, spec)),
        Body::Role(spec) => snapshot.roles.push(object(doc, origin, spec)),
        Body::Organization(spec) => snapshot.organizations.push(object(doc, origin, spec)),
        Body::Group(spec) => snapshot.groups.push(object(doc, origin, spec)),
        Body::Rule(spec) => snapshot.rules.push(object(doc, origin, spec)),
        Body::Invitation(spec, status) => {
            let state = InvitationState {
                spec: (**spec).clone(),
                status: (**status).clone(),
            };
            snapshot.invitations.push(object(doc, origin, &state));
        }
        Body::Broken(..) => {
            let finding = Finding::refused(Reason::SchemaInvalid, "spec.broken");
            snapshot.broken.push(broken(doc, origin, finding));
        }
    }
}

fn object<S: Clone>(doc: &Doc, origin: Origin, spec: &S) -> Arc<Object<S>> {
    Arc::new(Object {
        name: doc.name().to_owned(),
        created: doc.created,
        deleting: doc.deleting,
        origin,
        spec: spec.clone(),
    })
}

fn broken(doc: &Doc, origin: Origin, finding: Finding) -> Arc<Broken> {
    let Body::Broken(kind, positions) = doc.broken().body else {
        unreachable!("it was just broken")
    };
    Arc::new(Broken {
        kind,
        name: doc.name.clone(),
        origin,
        findings: vec![finding],
        positions: Some(positions),
    })
}
