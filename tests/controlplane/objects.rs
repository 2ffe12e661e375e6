//! Our objects as plain JSON through the API, where typed ones would not let wrong ones pass.

use std::collections::BTreeMap;

use axum::http::Request;
use axum::http::request::Builder;
use kube::Client;
use kube::core::Status;
use serde_json::{Value, json};
use tenantry::api::{Kind, crd};

use crate::harness::wait::eventually;
use crate::table::file::load;

/// Checked in full and answered, but not stored; unknown fields are refused, as kubectl has them refused.
pub(crate) const STRICT_DRY_RUN: &str = "dryRun=All&fieldValidation=Strict";

/// The sound object of a kind that the table starts from, in a namespace.
pub(crate) fn sound(kind: Kind, namespace: &str) -> Value {
    let mut sound: BTreeMap<String, Value> = load("sound.yaml");
    let mut object = sound.remove(kind.as_str()).unwrap();
    object["metadata"]["namespace"] = namespace.into();
    object
}

/// The place of a kind's objects in a namespace.
fn path(kind: Kind, namespace: &str) -> String {
    let plural = crd::definition(kind).spec.names.plural;
    format!("/apis/tenantry.dev/v1alpha1/namespaces/{namespace}/{plural}")
}

/// Creates an object. `parameters` are as in a URL.
pub(crate) async fn create(
    client: &Client,
    kind: Kind,
    parameters: &str,
    object: &Value,
) -> Result<Value, Box<Status>> {
    let namespace = object["metadata"]["namespace"].as_str().unwrap();
    let request = Request::post(format!("{}?{parameters}", path(kind, namespace)));
    send(client, request, object).await
}

/// An object of that namespace and name, as it is stored.
pub(crate) async fn get(client: &Client, kind: Kind, object: &Value) -> Value {
    let request = Request::get(path_of(kind, object)).body(Vec::new()).unwrap();
    answer(client, request).await.unwrap()
}

/// Creates a namespace.
pub(crate) async fn create_namespace(client: &Client, name: &str) {
    let request = Request::post("/api/v1/namespaces");
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    send(client, request, &namespace).await.unwrap();
}

/// All objects of a kind, everywhere.
pub(crate) async fn all(client: &Client, kind: Kind) -> Vec<Value> {
    let plural = crd::definition(kind).spec.names.plural;
    let request = Request::get(format!("/apis/tenantry.dev/v1alpha1/{plural}"));
    let mut list = answer(client, request.body(Vec::new()).unwrap()).await.unwrap();
    serde_json::from_value(list["items"].take()).unwrap()
}

/// Deletes an object.
pub(crate) async fn delete(client: &Client, kind: Kind, object: &Value) {
    let request = Request::delete(path_of(kind, object)).body(Vec::new()).unwrap();
    answer(client, request).await.unwrap();
}

/// Writes into the status of an object.
pub(crate) async fn merge_status(client: &Client, kind: Kind, object: &Value, status: &Value) {
    let request = Request::patch(format!("{}/status", path_of(kind, object)))
        .header("content-type", "application/merge-patch+json")
        .body(serde_json::to_vec(&json!({"status": status})).unwrap());
    answer(client, request.unwrap()).await.unwrap();
}

/// Replaces an object.
pub(crate) async fn replace(
    client: &Client,
    kind: Kind,
    parameters: &str,
    object: &Value,
) -> Result<Value, Box<Status>> {
    let request = Request::put(format!("{}?{parameters}", path_of(kind, object)));
    send(client, request, object).await
}

fn path_of(kind: Kind, object: &Value) -> String {
    let [namespace, name] = ["namespace", "name"].map(|key| object["metadata"][key].as_str().unwrap());
    format!("{}/{name}", path(kind, namespace))
}

/// A list as kubectl asks for it: as a table with columns.
pub(crate) async fn table(client: &Client, kind: Kind, namespace: &str) -> Value {
    let request = Request::get(path(kind, namespace))
        .header("accept", "application/json;as=Table;g=meta.k8s.io;v=v1")
        .body(Vec::new())
        .unwrap();
    answer(client, request).await.unwrap()
}

async fn send(client: &Client, request: Builder, body: &Value) -> Result<Value, Box<Status>> {
    let request = request
        .header("content-type", "application/json")
        .body(serde_json::to_vec(body).unwrap())
        .unwrap();
    match answer(client, request).await {
        Ok(answer) => Ok(answer),
        Err(kube::Error::Api(status)) => Err(status),
        Err(error) => panic!("{error}"),
    }
}

/// Sends a request until it is answered: an API server that has new definitions asks for patience.
async fn answer(client: &Client, request: Request<Vec<u8>>) -> kube::Result<Value> {
    eventually("an answer", async || match client.request(request.clone()).await {
        Err(kube::Error::Api(status)) if status.code == 429 => None,
        answer => Some(answer),
    })
    .await
}
