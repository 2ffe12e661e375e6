//! A cluster as storage: every kind listed and watched, statuses written by server-side apply.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{select, select_all};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use serde_json::{Map, Value as Json, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::announce::Announcement;
use super::clock::within;
use super::errors::{Asked, write_error};
use super::judge::{SYSTEM_LABEL, StatusWrite, SystemWrite};
use super::shown::Shown;
use super::storage::{Extent, Storage, WriteError};
use super::store::{Change, Store, Stored, snapshot};
use super::watch::{self, Watched, watch};
use crate::api::{
    API_VERSION, Invitation, Kind, Moment, Organization, Role, SharingRule, Tenant, Unpublished, User, UserGroup, crd,
};
use crate::manifests::{LiveHead, read_live};
use crate::policy::{Declared, Snapshot};

/// The name under which the controller's fields are kept.
const MANAGER: &str = "tenantry";

/// No write is waited for longer: with it the lease is still good when the answer would have come.
pub(super) const WRITE_LIMIT: Duration = Duration::from_secs(5);

/// The list of namespaces is not waited for longer; the right to see it may be missing, or the API server be away.
const NAMESPACES_FIRST: Duration = Duration::from_secs(10);

/// The objects of a cluster, all namespaces.
pub struct Cluster {
    client: Client,
    /// The instance that Events name.
    identity: String,
}

impl Cluster {
    /// The cluster behind a client made by [`client()`](super::client()). Events name `identity` as the instance that reports.
    #[must_use]
    pub fn new(client: Client, identity: &str) -> Self {
        Self {
            client,
            identity: identity.to_owned(),
        }
    }

    fn api(&self, kind: Kind, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &resource(kind))
    }
}

/// Everything that a cluster holds now, or one namespace of it; by namespace, sorted.
///
/// # Errors
/// When a kind cannot be listed.
pub async fn snapshots(client: &Client, namespace: Option<&str>) -> Result<Vec<Snapshot>, kube::Error> {
    let mut store = Store::default();
    for kind in Kind::ALL {
        let resource = resource(kind);
        let api: Api<DynamicObject> = match namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        let mut parameters = ListParams::default().limit(watch::PAGE);
        loop {
            let page = api.list(&parameters).await?;
            for stored in page.items.into_iter().filter_map(|object| read(kind, object)) {
                store.put(stored);
            }
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => parameters = parameters.continue_token(&token),
                None => break,
            }
        }
    }
    let mut namespaces: Vec<&str> = store.namespaces().collect();
    namespaces.sort_unstable();
    let snapshots = namespaces.into_iter().map(|namespace| {
        let objects = store.objects(namespace).into_iter();
        snapshot(namespace, objects.map(|stored| stored.declared.clone()))
    });
    Ok(snapshots.collect())
}

impl Storage for Cluster {
    async fn feed(self: Arc<Self>, changes: mpsc::Sender<Change>) {
        let watch = |watched: Watched, begun| {
            let api = Api::all_with(self.client.clone(), &watched.resource());
            watch(watched, api, changes.clone(), begun)
        };
        let (begun, listed) = oneshot::channel();
        let namespaces = watch(Watched::Namespaces, begun);
        let kinds = async {
            // Which namespaces are being deleted is to be known before anything is written.
            let _ = timeout(NAMESPACES_FIRST, listed).await;
            let watches = Kind::ALL.map(|kind| watch(Watched::Kind(kind), oneshot::channel().0));
            // One that gives up ends all: what is left would be half the truth.
            select_all(watches.map(Box::pin)).await;
        };
        select(pin!(namespaces), pin!(kinds)).await;
    }

    async fn write_status(&self, write: &StatusWrite, extent: Extent) -> Result<Stored, WriteError> {
        let judged = &write.judged;
        let api = self.api(judged.kind, &judged.namespace);
        let body = status_body(write, extent)?;
        within_bounds(&body)?;
        let asked = Asked::of("patch", &resource(judged.kind)).status();
        let answer = match extent {
            Extent::Own => {
                let parameters = PatchParams::apply(MANAGER).force();
                once(&asked, api.patch_status(&judged.name, &parameters, &Patch::Apply(body))).await?
            }
            Extent::Whole => {
                let parameters = PatchParams {
                    field_manager: Some(MANAGER.to_owned()),
                    ..PatchParams::default()
                };
                once(&asked, api.patch_status(&judged.name, &parameters, &Patch::Merge(body))).await?
            }
        };
        read(judged.kind, answer).ok_or(WriteError::Gone)
    }

    async fn write_system(&self, write: &SystemWrite) -> Result<Stored, WriteError> {
        let api = self.api(write.kind, &write.namespace);
        let mut object = write.object();
        let answer = match &write.instead_of {
            None => {
                let object = serde_json::from_value(object).map_err(|error| WriteError::Refused(error.to_string()))?;
                let parameters = PostParams {
                    field_manager: Some(MANAGER.to_owned()),
                    ..PostParams::default()
                };
                once(
                    &Asked::of("create", &resource(write.kind)),
                    api.create(&parameters, &object),
                )
                .await?
            }
            Some(there) => {
                if let Some(spec) = object.get_mut("spec") {
                    complete(spec, write.kind, "spec", &[]);
                }
                set_version(&mut object, there.version);
                let parameters = PatchParams {
                    field_manager: Some(MANAGER.to_owned()),
                    ..PatchParams::default()
                };
                once(
                    &Asked::of("patch", &resource(write.kind)),
                    api.patch(&write.name, &parameters, &Patch::Merge(object)),
                )
                .await?
            }
        };
        read(write.kind, answer).ok_or(WriteError::Gone)
    }

    async fn announce(&self, announcement: &Announcement) -> Result<(), WriteError> {
        let about = &announcement.about;
        // Each is an Event of its own: a recorder of series would count it as the last one of that reason, with its words.
        let event = Event {
            metadata: ObjectMeta {
                generate_name: Some(format!("{}-", about.name)),
                namespace: Some(about.namespace.clone()),
                ..ObjectMeta::default()
            },
            event_time: Some(MicroTime(Timestamp::now())),
            reporting_controller: Some("tenantry.dev/controller".to_owned()),
            reporting_instance: Some(self.identity.clone()),
            action: Some("Judge".to_owned()),
            reason: Some(announcement.reason.as_str().to_owned()),
            regarding: Some(ObjectReference {
                api_version: Some(API_VERSION.to_owned()),
                kind: Some(about.kind.as_str().to_owned()),
                namespace: Some(about.namespace.clone()),
                name: Some(about.name.clone()),
                uid: Some(about.uid.clone()),
                ..ObjectReference::default()
            }),
            note: Some(shortened(&announcement.note, LONGEST_NOTE).to_owned()),
            type_: Some(announcement.reason.event_type().as_str().to_owned()),
            ..Event::default()
        };
        let events: Api<Event> = Api::namespaced(self.client.clone(), &about.namespace);
        let asked = Asked::of("create", &ApiResource::erase::<Event>(&()));
        once(&asked, events.create(&PostParams::default(), &event))
            .await
            .map(|_| ())
    }
}

/// The longest note that an Event takes, in bytes.
const LONGEST_NOTE: usize = 1_024;

/// The beginning of a text, of no more bytes than that.
fn shortened(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}

/// The resource of a kind.
pub(super) fn resource(kind: Kind) -> ApiResource {
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

/// An object as the API server has it; `None` only when it has no name.
pub(super) fn read(kind: Kind, object: DynamicObject) -> Option<Stored> {
    let metadata = object.metadata;
    let name = metadata.name?;
    let head = LiveHead {
        name: name.clone(),
        created: metadata
            .creation_timestamp
            .and_then(|created| Moment::from_seconds(created.0.as_second())),
        deleting: metadata.deletion_timestamp.is_some(),
    };
    let status = object.data.get("status");
    let declared = read_live(kind, head, object.data.get("spec"), status)
        .inspect_err(|error| tracing::error!(%error, "the schemas of this program cannot be used"))
        .ok()?;
    let shown = match (&declared, kind) {
        (Declared::Broken(_), Kind::Invitation) => Shown::read(kind, status.map(without_history).as_ref()),
        _ => Shown::read(kind, status),
    };
    Some(Stored {
        kind,
        namespace: metadata.namespace.unwrap_or_default(),
        name,
        uid: metadata.uid.unwrap_or_default(),
        version: metadata.resource_version.as_deref().map_or(0, version),
        generation: metadata.generation.unwrap_or_default(),
        system: metadata
            .labels
            .is_some_and(|labels| labels.get(SYSTEM_LABEL).is_some_and(|value| value == "true")),
        owner: metadata.owner_references.into_iter().flatten().find_map(|owner| {
            let tenant = owner.api_version == API_VERSION && owner.kind == Kind::Tenant.as_str();
            tenant.then_some(owner.uid)
        }),
        declared,
        shown,
        unwritable: None,
    })
}

/// A resourceVersion as the number that it is.
pub(super) fn version(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| {
        tracing::error!(
            resource_version = text,
            "not a number: older and newer cannot be told apart"
        );
        0
    })
}

/// What an invitation has been through, which a refused one keeps.
const HISTORY: [&str; 4] = ["sentAt", "expiresAt", "attempt", "response"];

fn without_history(status: &Json) -> Json {
    let mut status = status.clone();
    if let Some(fields) = status.as_object_mut() {
        fields.retain(|field, _| !HISTORY.contains(&field.as_str()));
    }
    if let Some(conditions) = status.get_mut("conditions").and_then(Json::as_array_mut) {
        conditions.retain(|condition| condition.get("type").is_none_or(|kind| kind != "Delivered"));
    }
    status
}

fn status_body(write: &StatusWrite, extent: Extent) -> Result<Json, WriteError> {
    let judged = &write.judged;
    let mut status = serde_json::to_value(&write.status).map_err(|error| WriteError::Refused(error.to_string()))?;
    match extent {
        Extent::Whole => complete(&mut status, judged.kind, "status", &HISTORY),
        // The portal writes the response, the controller only reads it.
        Extent::Own => {
            if let Some(fields) = status.as_object_mut() {
                fields.remove("response");
            }
        }
    }
    let mut body = json!({
        "apiVersion": API_VERSION,
        "kind": judged.kind.as_str(),
        "metadata": {"name": judged.name, "namespace": judged.namespace},
        "status": status,
    });
    set_version(&mut body, judged.version);
    Ok(body)
}

fn set_version(object: &mut Json, version: u64) {
    if let Some(Json::Object(metadata)) = object.get_mut("metadata") {
        metadata.insert("resourceVersion".to_owned(), Json::String(version.to_string()));
    }
}

/// Names every field that a part of an object does not have, so that a merge takes it out.
fn complete(part: &mut Json, kind: Kind, name: &str, kept: &[&str]) {
    let schema = crd::schema(kind).and_then(|schema| schema.properties?.remove(name));
    if let (Some(schema), Some(fields)) = (schema, part.as_object_mut()) {
        complete_with(fields, schema, kept);
    }
}

/// A merge goes into objects, and so does this; it replaces lists whole.
fn complete_with(fields: &mut Map<String, Json>, schema: JSONSchemaProps, kept: &[&str]) {
    for (name, schema) in schema.properties.unwrap_or_default() {
        match fields.get_mut(&name) {
            None if kept.contains(&name.as_str()) => {}
            None => {
                fields.insert(name, Json::Null);
            }
            Some(Json::Object(fields)) => complete_with(fields, schema, &[]),
            Some(_) => {}
        }
    }
}

/// A status that is larger than this is no longer something to look at, and a burden to whoever watches it, long before etcd
/// refuses it; in bytes of JSON.
const LARGEST_STATUS: usize = 256 * 1_024;

/// Refuses a status that is too large without sending it.
fn within_bounds(body: &Json) -> Result<(), WriteError> {
    let size = body.get("status").map_or(0, |status| status.to_string().len());
    if size <= LARGEST_STATUS {
        return Ok(());
    }
    Err(WriteError::Invalid {
        why: Unpublished::StatusTooLarge,
        again: None,
        reason: format!("the status has {size} bytes, more than {LARGEST_STATUS}"),
    })
}

/// Waits for one request, not for ever.
async fn once<T>(asked: &Asked, request: impl Future<Output = kube::Result<T>>) -> Result<T, WriteError> {
    match within(WRITE_LIMIT, request).await {
        None => Err(WriteError::Busy {
            after: None,
            failed: false,
            reason: format!("no answer within {} s", WRITE_LIMIT.as_secs()),
        }),
        Some(Ok(answer)) => Ok(answer),
        Some(Err(error)) => Err(write_error(&error, asked)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_cut_to_bytes_and_between_characters() {
        assert_eq!(shortened("häuser", 100), "häuser");
        assert_eq!(shortened("häuser", 3), "hä");
        assert_eq!(shortened("häuser", 2), "h");
    }

    #[test]
    fn a_merge_takes_out_what_is_not_named_however_deep_it_lies() {
        let mut spec = json!({"displayName": "Administrator", "delegation": {"manageUsers": {"scope": "All"}}});
        complete(&mut spec, Kind::Role, "spec", &[]);
        assert_eq!(
            spec["delegation"]["manageUsers"],
            json!({"scope": "All", "attributes": null, "positions": null})
        );
        assert_eq!(spec["permissions"], Json::Null);
        assert!(spec.as_object().unwrap().contains_key("permissions"));
    }

    #[test]
    fn a_merge_leaves_what_is_to_be_kept() {
        let mut status = json!({"phase": "Invalid"});
        complete(&mut status, Kind::Invitation, "status", &HISTORY);
        let named: Vec<&String> = status.as_object().unwrap().keys().collect();
        assert_eq!(named, ["conditions", "observedGeneration", "phase"]);
    }
}
