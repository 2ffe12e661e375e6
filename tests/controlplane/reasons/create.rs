//! Putting a case on a cluster: what was created earlier in the case is older there too.
//!
//! A cluster says itself when an object was created, in whole seconds. Objects are created from the oldest to the youngest,
//! and a second apart where the names of two that could have the same second would say the opposite.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::Client;
use serde_json::{Value, json};
use tenantry::api::{Kind, Moment};

use super::staged::{Object, Staged};
use crate::objects;

/// Keeps what is being deleted from going away.
const FINALIZER: &str = "tenantry.example/kept";

/// Creates the namespaces and objects of a case. `parameters` are as in a URL.
pub(super) async fn create(client: &Client, staged: &Staged, parameters: &str) {
    for namespace in staged.namespaces() {
        objects::create_namespace(client, namespace).await;
    }
    let before = headquarters_before(staged);
    let (older, younger): (Vec<&Object>, Vec<&Object>) = staged
        .objects
        .iter()
        .filter(|object| before.is_none() || object.kind != Kind::Tenant)
        .partition(|object| before.is_some() && object.created < before && object.created.is_some());
    let mut clock = Clock::default();
    for object in older {
        clock.create(client, object, object.manifest.clone(), parameters).await;
    }
    let between = clock.next_second().await;
    for object in younger {
        clock.create(client, object, object.manifest.clone(), parameters).await;
    }
    if before.is_some() {
        let tenants = staged.objects.iter().filter(|object| object.kind == Kind::Tenant);
        for tenant in tenants {
            let mut manifest = tenant.manifest.clone();
            if let Some(before) = manifest.pointer_mut("/spec/dataPermissions/headquartersBefore") {
                *before = between.to_string().into();
            }
            clock.create(client, tenant, manifest, parameters).await;
        }
    }
}

/// The moment that parts users in the case. On the cluster it becomes the one between the users created before and the rest.
fn headquarters_before(staged: &Staged) -> Option<Moment> {
    let tenants = staged
        .objects
        .iter()
        .map(|object| &object.manifest["spec"]["dataPermissions"]);
    let mut moments = tenants.filter_map(|data| Moment::parse(data["headquartersBefore"].as_str()?));
    moments.next()
}

/// What the cluster's clock has shown.
#[derive(Default)]
struct Clock {
    /// The youngest object of each kind in each namespace: when it was created, and its name.
    youngest: BTreeMap<(Kind, String), (Moment, String)>,
}

impl Clock {
    async fn create(&mut self, client: &Client, object: &Object, mut manifest: Value, parameters: &str) {
        let key = (object.kind, object.namespace().to_owned());
        if let Some((created, name)) = self.youngest.get(&key)
            && name.as_str() > object.name()
        {
            after(*created).await;
        }
        if object.deleted {
            manifest["metadata"]["finalizers"] = json!([FINALIZER]);
        }
        let answer = objects::create(client, object.kind, parameters, &manifest).await;
        let answer = answer.unwrap_or_else(|refusal| panic!("{manifest}: {refusal}"));
        let created = answer["metadata"]["creationTimestamp"].as_str().unwrap();
        let created = Moment::parse(created).unwrap();
        self.youngest.insert(key, (created, object.name().to_owned()));
        if let Some(status) = &object.status {
            objects::merge_status(client, object.kind, &manifest, status).await;
        }
        if object.deleted {
            objects::delete(client, object.kind, &manifest).await;
        }
    }

    /// The second after all that has been created, once it is there.
    async fn next_second(&self) -> Moment {
        let youngest = self.youngest.values().map(|(created, _)| *created).max();
        let Some(youngest) = youngest else {
            return Moment::from_clock();
        };
        after(youngest).await
    }
}

/// Waits until that second is over; the one that follows.
async fn after(moment: Moment) -> Moment {
    while Moment::from_clock() <= moment {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Moment::from_clock()
}
