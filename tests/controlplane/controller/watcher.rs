//! Sees every status of a user that is ever written, and holds it against what the policy says of the objects there were.
//!
//! Watches of several kinds do not keep step, and a controller writes what it saw a moment ago. So a status is judged a
//! little later, and is right when at some time shortly before or after it was written `plan` would have given all that it
//! shows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use kube::api::{Api, ApiResource, DynamicObject, WatchEvent, WatchParams};
use serde_json::Value;
use tenantry::api::{Invitation, Kind, Moment, Organization, Role, SharingRule, Tenant, User, UserGroup};
use tenantry::manifests::{LiveHead, read_live};
use tenantry::policy::{Catalogue, Declared, Snapshot, Status, evaluate_all};
use tokio::runtime::Builder;

use crate::harness::access::Access;

/// How long after something was so may a status still show it.
const BEFORE: Duration = Duration::from_secs(10);
/// How late may the watches be.
const AFTER: Duration = Duration::from_secs(3);

/// What is known so far.
#[derive(Clone)]
pub(crate) struct Watcher(Arc<Mutex<Known>>);

struct Known {
    catalogue: Arc<Catalogue>,
    /// By namespace, kind and name.
    objects: BTreeMap<String, BTreeMap<(Kind, String), Declared>>,
    /// What each user had, from when on.
    given: BTreeMap<(String, String), VecDeque<(Instant, Shown)>>,
    /// Statuses to be judged.
    shown: VecDeque<(Instant, String, String, Shown)>,
    judged: usize,
    wrong: Vec<String>,
}

/// `Object:Action`, `in ORGANIZATION`, `of GROUP`.
pub(crate) type Shown = BTreeSet<String>;

impl Watcher {
    /// Begins to watch, from the beginning of the cluster on.
    pub(crate) fn start(admin: &Access) -> Self {
        let watcher = Self(Arc::new(Mutex::new(Known {
            catalogue: Arc::new(Catalogue::builtin().unwrap()),
            objects: BTreeMap::new(),
            given: BTreeMap::new(),
            shown: VecDeque::new(),
            judged: 0,
            wrong: Vec::new(),
        })));
        let kubeconfig = admin.kubeconfig().to_owned();
        let known = watcher.clone();
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let client = Access::of(&kubeconfig).client().await;
                let watches = Kind::ALL.map(|kind| {
                    let api = Api::all_with(client.clone(), &resource(kind));
                    known.clone().watch(kind, api)
                });
                futures::future::join_all(watches).await;
            });
        });
        watcher
    }

    /// Fails the test when anything was ever shown that nobody had been given; tells how many statuses were judged so far.
    #[track_caller]
    pub(crate) fn assert_right(&self) -> usize {
        let (wrong, judged) = {
            let mut known = self.0.lock().unwrap();
            known.judge();
            (std::mem::take(&mut known.wrong), known.judged)
        };
        assert!(wrong.is_empty(), "{wrong:#?}");
        judged
    }

    async fn watch(self, kind: Kind, api: Api<DynamicObject>) {
        let mut version = "0".to_owned();
        loop {
            let parameters = WatchParams::default().timeout(290);
            let Ok(events) = api.watch(&parameters, &version).await else {
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            };
            let mut events = Box::pin(events);
            while let Some(Ok(event)) = events.next().await {
                let (object, gone) = match event {
                    WatchEvent::Added(object) | WatchEvent::Modified(object) => (object, false),
                    WatchEvent::Deleted(object) => (object, true),
                    WatchEvent::Bookmark(_) | WatchEvent::Error(_) => continue,
                };
                version = object.metadata.resource_version.clone().unwrap();
                self.0.lock().unwrap().take(kind, object, gone);
            }
        }
    }
}

impl Known {
    fn take(&mut self, kind: Kind, object: DynamicObject, gone: bool) {
        let (namespace, name) = (object.metadata.namespace.unwrap(), object.metadata.name.unwrap());
        let objects = self.objects.entry(namespace.clone()).or_default();
        let key = (kind, name.clone());
        let head = LiveHead {
            name: name.clone(),
            created: object
                .metadata
                .creation_timestamp
                .and_then(|created| Moment::from_seconds(created.0.as_second())),
            deleting: object.metadata.deletion_timestamp.is_some(),
        };
        let status = object.data.get("status");
        let declared = read_live(kind, head, object.data.get("spec"), status).unwrap();
        let changed = if gone {
            objects.remove(&key).is_some()
        } else {
            let before = objects.insert(key, declared.clone());
            before.as_ref() != Some(&declared)
        };
        if changed {
            self.evaluate(&namespace);
        }
        if kind == Kind::User
            && !gone
            && let Some(status) = status
        {
            let status: Value = status.clone();
            self.shown.push_back((Instant::now(), namespace, name, shown(&status)));
            self.judge();
        }
    }

    /// Remembers what everybody has now in a namespace and in those that credit its users.
    fn evaluate(&mut self, changed: &str) {
        let homes = |namespace: &str| self.homes(namespace);
        let credits = |namespace: &&String| *namespace == changed || homes(namespace).contains(changed);
        let judged: BTreeSet<String> = self.objects.keys().filter(credits).cloned().collect();
        let needed = judged
            .iter()
            .flat_map(|namespace| homes(namespace))
            .chain(judged.clone());
        let needed: BTreeSet<String> = needed.collect();
        let snapshots: Vec<Snapshot> = needed
            .iter()
            .filter_map(|namespace| {
                let mut snapshot = Snapshot::new(namespace);
                let objects = self.objects.get(namespace)?.values();
                objects.for_each(|declared| snapshot.add(declared.clone()));
                Some(snapshot)
            })
            .collect();
        let now = Instant::now();
        let evaluations = evaluate_all(&self.catalogue, &snapshots, Moment::from_clock());
        for evaluation in evaluations.iter().filter(|one| judged.contains(&one.namespace)) {
            for reported in evaluation.statuses() {
                let Status::User(status) = reported.status else {
                    continue;
                };
                let given = shown(&serde_json::to_value(status).unwrap());
                let key = (evaluation.namespace.clone(), reported.name.to_owned());
                let states = self.given.entry(key).or_default();
                if states.back().is_none_or(|(_, last)| *last != given) {
                    states.push_back((now, given));
                }
            }
        }
    }

    /// The namespaces whose users one credits.
    fn homes(&self, namespace: &str) -> BTreeSet<String> {
        let objects = self.objects.get(namespace).into_iter().flat_map(BTreeMap::values);
        let homes = objects.filter_map(|declared| match declared {
            Declared::User(user) => Some(user.spec.home.as_ref()?.tenant.clone()),
            _ => None,
        });
        homes.collect()
    }

    /// Judges the statuses that are old enough.
    fn judge(&mut self) {
        while let Some((at, namespace, name, shown)) = self.shown.front() {
            if at.elapsed() < AFTER {
                return;
            }
            let states = self.given.get(&(namespace.clone(), name.clone()));
            let states: Vec<_> = states.into_iter().flatten().collect();
            let had = states.iter().enumerate().any(|(ix, (since, given))| {
                // A state lasts until the next.
                let until = states.get(ix + 1).map(|(next, _)| *next);
                let near = *since <= *at + AFTER && until.is_none_or(|until| until + BEFORE >= *at);
                near && shown.is_subset(given)
            });
            self.judged += 1;
            if !had && !shown.is_empty() {
                self.wrong.push(format!("{namespace}/{name} showed {shown:?}"));
            }
            self.shown.pop_front();
        }
    }
}

pub(crate) fn shown(status: &Value) -> Shown {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let permissions = list(&status["permissions"]).into_iter().flat_map(|held| {
        let object = held["object"].as_str().unwrap().to_owned();
        list(&held["actions"])
            .into_iter()
            .map(move |action| format!("{object}:{}", action.as_str().unwrap()))
    });
    let organizations = list(&status["organizations"]).into_iter();
    let organizations = organizations.map(|name| format!("in {}", name.as_str().unwrap()));
    let groups = list(&status["groups"]).into_iter();
    let groups = groups.map(|name| format!("of {}", name.as_str().unwrap()));
    permissions.chain(organizations).chain(groups).collect()
}

pub(crate) fn resource(kind: Kind) -> ApiResource {
    match kind {
        Kind::Invitation => ApiResource::erase::<Invitation>(&()),
        Kind::Organization => ApiResource::erase::<Organization>(&()),
        Kind::Role => ApiResource::erase::<Role>(&()),
        Kind::SharingRule => ApiResource::erase::<SharingRule>(&()),
        Kind::Tenant => ApiResource::erase::<Tenant>(&()),
        Kind::User => ApiResource::erase::<User>(&()),
        Kind::UserGroup => ApiResource::erase::<UserGroup>(&()),
    }
}
