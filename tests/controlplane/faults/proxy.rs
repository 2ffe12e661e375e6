//! What stands between one controller and the API server: plain HTTP on loopback in, HTTPS out, with the token that came
//! in. It passes everything on, but for what the [`Script`] says.
//!
//! Lists and watches of all namespaces are narrowed to that of the run. So runs have nothing to do with each other, and the
//! controller still sees what an API server gives out: a watch goes on from the resourceVersion of a list.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, BodyDataStream, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::future::pending;
use futures::{StreamExt as _, stream};
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::{Client, client};
use serde_json::{Value, json};
use tenantry::api::Kind;
use tokio::net::TcpListener;
use tokio::task::yield_now;

use super::fault::{ListFault, WatchFault, WriteFault};
use super::script::{Asked, Script, Signal};
use crate::controller::watcher::resource;

/// The proxy of one controller.
pub(crate) struct Proxy {
    /// To the API server, as nobody: who asks is in the requests.
    pub(crate) upstream: Client,
    /// One who may do everything.
    pub(crate) admin: Client,
    pub(crate) namespace: String,
    pub(crate) script: Arc<Script>,
    /// Nothing passes any more: the controller is dead.
    pub(crate) shut: AtomicBool,
    /// How far each kind has been told, as a resourceVersion.
    pub(crate) told: Mutex<BTreeMap<Kind, u64>>,
}

/// Serves until the runtime ends.
pub(crate) async fn serve(listener: TcpListener, proxy: Arc<Proxy>) {
    let routes = Router::new().fallback(pass).with_state(proxy);
    axum::serve(listener, routes).await.unwrap();
}

async fn pass(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    match Asked::of(&parts, &body) {
        Asked::List(kind) => proxy.list(kind, &parts).await,
        Asked::Watch(kind) => proxy.watch(kind, &parts).await,
        Asked::Write(name) => proxy.write(&name, &parts, body).await,
        // As it comes: it may be a watch.
        Asked::Other => {
            let (mut parts, body) = proxy.forward(&parts, body).await.into_parts();
            parts.headers.remove(header::TRANSFER_ENCODING);
            Response::from_parts(parts, Body::new(body))
        }
    }
}

impl Proxy {
    /// How far a kind has been told.
    pub(crate) fn told(&self, kind: Kind) -> u64 {
        self.told.lock().unwrap().get(&kind).copied().unwrap_or_default()
    }

    fn tell(&self, kind: Kind, version: &Value) {
        let version: u64 = version.as_str().unwrap().parse().unwrap();
        let mut told = self.told.lock().unwrap();
        let told = told.entry(kind).or_default();
        *told = version.max(*told);
    }

    async fn list(&self, kind: Kind, parts: &Parts) -> Response {
        let continues = parts.uri.query().is_some_and(|query| query.contains("continue="));
        let fault = self.script.list(kind, continues);
        match fault {
            Some(ListFault::Failed) => return status(500, "InternalError", "etcdserver: leader changed"),
            Some(ListFault::Expired) => return status(410, "Expired", "the provided continue parameter is too old"),
            Some(ListFault::Torn) | None => {}
        }
        let (answer, list) = match self.script.old_list(kind) {
            Some(old) => (answer(StatusCode::OK, Body::empty()), old),
            None => {
                let (answer, list) = whole(self.forward(parts, Bytes::new()).await).await.into_parts();
                let list = to_bytes(list, usize::MAX).await.unwrap();
                (Response::from_parts(answer, Body::empty()), list)
            }
        };
        if fault == Some(ListFault::Torn) {
            return torn(answer.map(|_| Body::from(list))).await;
        }
        if answer.status().is_success() {
            self.script.listed(kind, list.clone());
            let list: Value = serde_json::from_slice(&list).unwrap();
            self.tell(kind, &list["metadata"]["resourceVersion"]);
        }
        answer.map(|_| Body::from(list))
    }

    async fn watch(self: Arc<Self>, kind: Kind, parts: &Parts) -> Response {
        match self.script.refused(kind) {
            Some(410) => return status(410, "Expired", "too old resource version: 1 (2)"),
            Some(code) => return status(code, "TooManyRequests", "storage is (re)initializing"),
            None => {}
        }
        let (parts, body) = self.forward(parts, Bytes::new()).await.into_parts();
        let watching = Watching {
            proxy: self,
            kind,
            upstream: Body::new(body).into_data_stream(),
            read: Vec::new(),
            then: Then::Read,
        };
        let lines = stream::unfold(watching, async |mut watching| {
            let piece = watching.next().await?;
            Some((piece, watching))
        });
        Response::from_parts(parts, Body::from_stream(lines))
    }

    async fn write(&self, name: &str, parts: &Parts, body: Bytes) -> Response {
        let (number, fault) = self.script.write(name);
        match fault {
            Some(WriteFault::KilledBefore) => return self.kill().await,
            Some(WriteFault::Conflict) => return status(409, "Conflict", "the object has been modified"),
            Some(WriteFault::Missing) => return status(404, "NotFound", "not found"),
            Some(WriteFault::TooMany) => return too_many(),
            Some(WriteFault::Failed) => return status(500, "InternalError", "etcdserver: leader changed"),
            Some(WriteFault::Invalid) => return status(422, "Invalid", "the object is invalid"),
            Some(WriteFault::TooLarge) => return status(500, "", "etcdserver: request is too large"),
            Some(WriteFault::Undeclared) => {
                return status(
                    500,
                    "",
                    "failed to create typed patch object: .status.x: field not declared in schema",
                );
            }
            Some(WriteFault::Overtaken) => self.touch(name).await,
            Some(WriteFault::KilledAfter | WriteFault::TimedOut | WriteFault::Torn) | None => {}
        }
        let answer = whole(self.forward(parts, body).await).await;
        self.script.answered(number, answer.status().as_u16());
        match fault {
            Some(WriteFault::KilledAfter) => self.kill().await,
            Some(WriteFault::TimedOut) => status(504, "Timeout", "request did not complete within requested timeout"),
            Some(WriteFault::Torn) => torn(answer).await,
            _ => answer,
        }
    }

    /// Never answers: nobody is there any more.
    async fn kill(&self) -> Response {
        self.shut.store(true, Ordering::SeqCst);
        self.script.signal(Signal::Kill);
        pending().await
    }

    /// Changes an object in a way that matters to nobody.
    async fn touch(&self, name: &str) {
        let (kind, name) = name.trim_end_matches(" status").split_once('/').unwrap();
        let resource = resource(Kind::from_name(kind).unwrap());
        let api: Api<DynamicObject> = Api::namespaced_with(self.admin.clone(), &self.namespace, &resource);
        let patch = json!({"metadata": {"annotations": {"touched": "yes"}}});
        api.patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .unwrap();
    }

    async fn forward(&self, parts: &Parts, body: Bytes) -> axum::http::Response<client::Body> {
        if self.shut.load(Ordering::SeqCst) {
            return pending().await;
        }
        let mut request = axum::http::Request::builder()
            .method(parts.method.clone())
            .uri(self.narrowed(parts));
        for name in [header::AUTHORIZATION, header::ACCEPT, header::CONTENT_TYPE] {
            if let Some(value) = parts.headers.get(&name) {
                request = request.header(name, value);
            }
        }
        let request = request.body(client::Body::from(body)).unwrap();
        match self.upstream.send(request).await {
            // The client is going with the runtime of the controller that was killed.
            Err(_) if self.shut.load(Ordering::SeqCst) => pending().await,
            answer => answer.unwrap(),
        }
    }

    /// The path and query to ask for: of all our namespaces, the run's.
    fn narrowed(&self, parts: &Parts) -> String {
        let asked = parts.uri.path_and_query().unwrap().as_str();
        match asked.strip_prefix("/apis/tenantry.dev/v1alpha1/") {
            Some(rest) if !rest.starts_with("namespaces/") => {
                let rest = match self.script.small_pages() {
                    true => rest.replace("limit=500", "limit=1"),
                    false => rest.to_owned(),
                };
                format!("/apis/tenantry.dev/v1alpha1/namespaces/{}/{rest}", self.namespace)
            }
            _ => asked.to_owned(),
        }
    }
}

/// A watch that is passed on line by line.
struct Watching {
    proxy: Arc<Proxy>,
    kind: Kind,
    upstream: BodyDataStream,
    /// What has come of lines that have not ended.
    read: Vec<u8>,
    then: Then,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The next line.
    Read,
    /// The next line, until the watch is let go: then 410.
    ReadUntilReleased,
    /// The connection is lost.
    Torn,
    /// An orderly end.
    End,
}

impl Watching {
    /// The next piece of the answer. An error ends the connection in the middle of it.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let line = loop {
            let line = match self.then {
                Then::End => return None,
                Then::Torn => return Some(lost().await),
                Then::Read => self.line().await?,
                Then::ReadUntilReleased => {
                    let script = Arc::clone(&self.proxy.script);
                    tokio::select! {
                        line = self.line() => line?,
                        () = script.released() => return self.expire(),
                    }
                }
            };
            let event: Value = serde_json::from_slice(&line).unwrap();
            let metadata = &event["object"]["metadata"];
            let fault = match metadata["name"].as_str() {
                Some(name) => self.proxy.script.event(self.kind, name),
                // A bookmark, or an error of the API server's own.
                None => None,
            };
            match fault {
                None => {
                    if metadata["resourceVersion"].is_string() {
                        self.proxy.tell(self.kind, &metadata["resourceVersion"]);
                    }
                    break line;
                }
                Some(WatchFault::Ended) => return None,
                Some(WatchFault::Torn | WatchFault::Refused | WatchFault::Expired | WatchFault::OldList) => {
                    return Some(lost().await);
                }
                Some(WatchFault::TornInLine) => {
                    self.then = Then::Torn;
                    break line.slice(..line.len() / 2);
                }
                Some(WatchFault::ExpiredInStream) => return self.expire(),
                Some(WatchFault::Withheld) => {
                    self.proxy.script.signal(Signal::Held);
                    self.proxy.script.released().await;
                    return Some(lost().await);
                }
                Some(WatchFault::Skipped) => {
                    self.proxy.script.signal(Signal::Held);
                    self.then = Then::ReadUntilReleased;
                }
            }
        };
        Some(Ok(line))
    }

    fn expire(&mut self) -> Option<io::Result<Bytes>> {
        self.then = Then::End;
        let error = failure(410, "Expired", "too old resource version: 1 (2)");
        let event = json!({"type": "ERROR", "object": error});
        Some(Ok(Bytes::from(format!("{event}\n"))))
    }

    /// The next line, with its end; `None` when there are no more.
    async fn line(&mut self) -> Option<Bytes> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let rest = self.read.split_off(end + 1);
                return Some(Bytes::from(std::mem::replace(&mut self.read, rest)));
            }
            let more = self.upstream.next().await?.ok()?;
            self.read.extend(more);
        }
    }
}

/// The end of a connection, once what was sent before has gone.
async fn lost() -> io::Result<Bytes> {
    yield_now().await;
    yield_now().await;
    Err(io::ErrorKind::ConnectionReset.into())
}

/// An answer that is all there.
async fn whole(answer: axum::http::Response<client::Body>) -> Response {
    let (mut parts, body) = answer.into_parts();
    parts.headers.remove(header::TRANSFER_ENCODING);
    let body = to_bytes(Body::new(body), usize::MAX).await.unwrap();
    Response::from_parts(parts, Body::from(body))
}

/// The same, but the connection ends in the middle of it.
async fn torn(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let half = body.slice(..body.len() / 2);
    let pieces = stream::once(async { Ok(half) }).chain(stream::once(lost()));
    Response::from_parts(parts, Body::from_stream(pieces))
}

fn answer(code: StatusCode, body: impl Into<Body>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (code, headers, body.into()).into_response()
}

fn status(code: u16, reason: &str, message: &str) -> Response {
    let body = failure(code, reason, message).to_string();
    answer(StatusCode::from_u16(code).unwrap(), body)
}

fn failure(code: u16, reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code})
}

/// As API priority and fairness says it: not in an object.
fn too_many() -> Response {
    let headers = [
        (header::RETRY_AFTER, "1"),
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
    ];
    let text = "Too many requests, please try again later.\n";
    (StatusCode::TOO_MANY_REQUESTS, headers, text).into_response()
}
