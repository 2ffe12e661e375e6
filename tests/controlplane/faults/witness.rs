//! Sees all that the API server stores, past the proxies: every state of every object of every run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::StreamExt as _;
use kube::api::{Api, DynamicObject, WatchEvent, WatchParams};
use serde_json::{Value, json};
use tenantry::api::{Kind, Moment};
use tenantry::manifests::{LiveHead, read_live};
use tenantry::policy::{Catalogue, Snapshot, evaluate_all};
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::controller::watcher::{Shown, resource, shown};
use crate::harness::access::Access;

/// After which a watch that was refused is asked for again.
const PAUSE: Duration = Duration::from_millis(50);

/// By kind and name, without what is different in every run.
pub(crate) type State = BTreeMap<(Kind, String), Value>;

/// What is known of all namespaces.
#[derive(Clone, Default)]
pub(crate) struct Witness(Arc<Mutex<BTreeMap<String, Seen>>>);

/// What has been seen of a namespace.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    step: usize,
    objects: BTreeMap<(Kind, String), DynamicObject>,
    /// How often each object was written, deletions included.
    pub(crate) writes: BTreeMap<(Kind, String), usize>,
    /// The last resourceVersion of each kind.
    versions: BTreeMap<Kind, u64>,
    /// What users were shown to have, and in which step.
    pub(crate) shown: Vec<(usize, String, Shown)>,
}

impl Witness {
    /// Begins to watch a control plane on which there is nothing yet.
    pub(crate) fn start(admin: &Access) -> Self {
        let witness = Self::default();
        let known = witness.clone();
        let admin = Access::of(admin.kubeconfig());
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let client = admin.client().await;
                let watches = Kind::ALL.map(|kind| {
                    let api = Api::all_with(client.clone(), &resource(kind));
                    known.clone().watch(kind, api)
                });
                futures::future::join_all(watches).await;
            });
        });
        witness
    }

    /// What users are shown from now on belongs to that step.
    pub(crate) fn begin(&self, namespace: &str, step: usize) {
        self.known().entry(namespace.to_owned()).or_default().step = step;
    }

    /// What has been seen of a namespace so far.
    pub(crate) fn look<T>(&self, namespace: &str, look: impl FnOnce(&Seen) -> T) -> T {
        look(self.known().entry(namespace.to_owned()).or_default())
    }

    /// The same, and forgets it.
    pub(crate) fn take(&self, namespace: &str) -> Seen {
        self.known().remove(namespace).unwrap_or_default()
    }

    async fn watch(self, kind: Kind, api: Api<DynamicObject>) {
        let mut version = "0".to_owned();
        loop {
            let parameters = WatchParams::default().timeout(290);
            let Ok(events) = api.watch(&parameters, &version).await else {
                sleep(PAUSE).await;
                continue;
            };
            let mut events = Box::pin(events);
            while let Some(event) = events.next().await {
                let (object, gone) = match event {
                    Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => (object, false),
                    Ok(WatchEvent::Deleted(object)) => (object, true),
                    Ok(WatchEvent::Bookmark(bookmark)) => {
                        version = bookmark.metadata.resource_version;
                        continue;
                    }
                    Ok(WatchEvent::Error(status)) => panic!("the witness has missed something: {status:?}"),
                    Err(_) => break,
                };
                version = object.metadata.resource_version.clone().unwrap();
                let namespace = object.metadata.namespace.clone().unwrap();
                let mut known = self.known();
                known.entry(namespace).or_default().take(kind, object, gone);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.0.lock().unwrap()
    }
}

impl Seen {
    fn take(&mut self, kind: Kind, object: DynamicObject, gone: bool) {
        let name = object.metadata.name.clone().unwrap();
        let version = object.metadata.resource_version.as_deref().unwrap();
        self.versions.insert(kind, version.parse().unwrap());
        *self.writes.entry((kind, name.clone())).or_default() += 1;
        if kind == Kind::User && !gone {
            let shown = shown(&object.data["status"]);
            self.shown.push((self.step, name.clone(), shown));
        }
        if gone {
            self.objects.remove(&(kind, name));
        } else {
            self.objects.insert((kind, name), object);
        }
    }

    /// The last resourceVersion of a kind.
    pub(crate) fn version(&self, kind: Kind) -> u64 {
        self.versions.get(&kind).copied().unwrap_or_default()
    }

    /// All objects as they are now.
    pub(crate) fn state(&self) -> State {
        let objects = self.objects.iter();
        objects
            .map(|(key, object)| {
                let metadata = &object.metadata;
                let owners = metadata.owner_references.iter().flatten();
                let owners: Vec<String> = owners.map(|owner| format!("{}/{}", owner.kind, owner.name)).collect();
                let state = json!({
                    "generation": metadata.generation,
                    "labels": metadata.labels,
                    "owners": owners,
                    "spec": object.data["spec"],
                    "status": object.data["status"],
                });
                (key.clone(), state)
            })
            .collect()
    }

    /// The first object whose status is not what the policy says of the objects there are; `None` when all are.
    pub(crate) fn wrong(&self, catalogue: &Arc<Catalogue>, namespace: &str, now: Moment) -> Option<String> {
        let mut snapshot = Snapshot::new(namespace);
        for ((kind, name), object) in &self.objects {
            let head = LiveHead {
                name: name.clone(),
                created: object
                    .metadata
                    .creation_timestamp
                    .as_ref()
                    .and_then(|created| Moment::from_seconds(created.0.as_second())),
                deleting: object.metadata.deletion_timestamp.is_some(),
            };
            snapshot.add(read_live(*kind, head, object.data.get("spec"), object.data.get("status")).unwrap());
        }
        let evaluations = evaluate_all(catalogue, &[snapshot], now);
        let mut reported = evaluations.iter().flat_map(|evaluation| evaluation.statuses());
        reported.find_map(|reported| {
            let Some(object) = self.objects.get(&(reported.kind, reported.name.to_owned())) else {
                return Some(format!("{}/{} is not there", reported.kind, reported.name));
            };
            let mut wanted = serde_json::to_value(reported.status).unwrap();
            let mut found = object.data["status"].clone();
            let current = found["observedGeneration"] == json!(object.metadata.generation);
            for status in [&mut wanted, &mut found] {
                without_moments(status);
            }
            (!current || wanted != found)
                .then(|| format!("{}/{} is {found}, not {wanted}", reported.kind, reported.name))
        })
    }
}

/// Takes out what the policy does not say.
fn without_moments(status: &mut Value) {
    status.as_object_mut().unwrap().remove("observedGeneration");
    let Some(conditions) = status["conditions"].as_array_mut() else {
        return;
    };
    for condition in conditions.iter_mut() {
        let fields = condition.as_object_mut().unwrap();
        fields.remove("observedGeneration");
        fields.remove("lastTransitionTime");
    }
    conditions.sort_by_key(|condition| condition["type"].as_str().unwrap().to_owned());
}
