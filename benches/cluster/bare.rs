//! The bare client: it has been told what to write.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt as _, stream};
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, WatchEvent, WatchParams};
use serde_json::{Value, json};

use super::IN_FLIGHT;

/// All objects.
pub(crate) async fn list(api: &Api<DynamicObject>) -> Vec<DynamicObject> {
    let mut parameters = ListParams::default().limit(500);
    let mut objects = Vec::new();
    loop {
        let page = api.list(&parameters).await.unwrap();
        objects.extend(page.items);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return objects,
        }
    }
}

/// What happens to the objects from now on, for almost five minutes.
pub(crate) async fn watch(
    api: &Api<DynamicObject>,
) -> impl Stream<Item = kube::Result<WatchEvent<DynamicObject>>> + use<> {
    let now = api.list_metadata(&ListParams::default().limit(1)).await.unwrap();
    let version = now.metadata.resource_version.unwrap();
    api.watch(&WatchParams::default().timeout(290), &version).await.unwrap()
}

/// The patches that give the users of `onto` the statuses of those of `from`, by name.
pub(crate) async fn patches(from: &Api<DynamicObject>, onto: &Api<DynamicObject>) -> Vec<(String, Value)> {
    let versions: HashMap<String, String> = list(onto)
        .await
        .into_iter()
        .map(|object| (object.metadata.name.unwrap(), object.metadata.resource_version.unwrap()))
        .collect();
    let statuses = list(from).await.into_iter();
    statuses
        .map(|mut object| {
            let name = object.metadata.name.unwrap();
            (
                name.clone(),
                patch(&name, &versions[&name], object.data["status"].take()),
            )
        })
        .collect()
}

pub(crate) fn patch(name: &str, version: &str, status: Value) -> Value {
    json!({
        "apiVersion": "tenantry.dev/v1alpha1",
        "kind": "User",
        "metadata": {"name": name, "resourceVersion": version},
        "status": status,
    })
}

/// Writes them all; when each was answered, from the first on.
pub(crate) async fn write(api: &Api<DynamicObject>, patches: Vec<(String, Value)>) -> Vec<Duration> {
    let began = Instant::now();
    stream::iter(patches)
        .map(|(name, body)| async move {
            let parameters = PatchParams::apply("tenantry").force();
            api.patch_status(&name, &parameters, &Patch::Apply(body)).await.unwrap();
            began.elapsed()
        })
        .buffer_unordered(IN_FLIGHT)
        .collect()
        .await
}
