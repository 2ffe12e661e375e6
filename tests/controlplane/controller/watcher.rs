//! Sees every status of a user that is ever written, and holds it against what the policy says of the objects as they were.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use kube::api::{Api, ApiResource, DynamicObject, WatchEvent, WatchParams};
use serde_json::Value;
use tenantry::api::{Invitation, Organization, Role, SharingRule, Tenant, User, UserGroup};
use tokio::runtime::Builder;

use crate::harness::access::Access;

/// Everything that happened to our objects, in the order in which the API server wrote it.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Arc<Mutex<BTreeMap<u64, Seen>>>);

/// One state of one object.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) gone: bool,
    pub(crate) object: Value,
}

impl Watcher {
    /// Begins to watch, from the beginning of the cluster on.
    pub(crate) fn start(admin: &Access) -> Self {
        let watcher = Self::default();
        let kubeconfig = admin.kubeconfig().to_owned();
        let seen = watcher.clone();
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let client = Access::of(&kubeconfig).client().await;
                let kinds = [
                    ApiResource::erase::<Invitation>(&()),
                    ApiResource::erase::<Organization>(&()),
                    ApiResource::erase::<Role>(&()),
                    ApiResource::erase::<SharingRule>(&()),
                    ApiResource::erase::<Tenant>(&()),
                    ApiResource::erase::<User>(&()),
                    ApiResource::erase::<UserGroup>(&()),
                ];
                let watches = kinds.map(|kind| seen.clone().watch(Api::all_with(client.clone(), &kind)));
                futures::future::join_all(watches).await;
            });
        });
        watcher
    }

    async fn watch(self, api: Api<DynamicObject>) {
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
                let seen = Seen {
                    at: Instant::now(),
                    gone,
                    object: serde_json::to_value(object).unwrap(),
                };
                self.0.lock().unwrap().insert(version.parse().unwrap(), seen);
            }
        }
    }

    /// All that has been seen so far, by resourceVersion.
    pub(crate) fn seen(&self) -> BTreeMap<u64, Seen> {
        self.0.lock().unwrap().clone()
    }
}
