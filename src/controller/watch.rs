//! One kind of a cluster, or its namespaces, listed and then watched.
//!
//! A loop of our own, because it has to refuse a list that is older than what it has already seen, which the watchers of
//! libraries take for the present: an API server that lags would bring deleted objects back to life.

use std::time::Duration;

use futures::{Stream, TryStreamExt as _};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, WatchEvent, WatchParams};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::clock::within;
use super::cluster::{read, resource, version};
use super::errors::{Asked, words};
use super::outages::OUTAGES;
use super::store::{Change, NamespaceChange};
use crate::api::Kind;

/// Objects in one answer.
pub(super) const PAGE: u32 = 500;
/// How long a watch lasts before it is asked for again, in seconds.
const WATCH_SECONDS: u32 = 290;
/// A watch that says nothing for this long, not even that it is still there, is asked for again.
const SILENCE: Duration = Duration::from_secs(130);
/// No list is waited for longer.
const LIST_LIMIT: Duration = Duration::from_secs(60);

const SHORTEST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A watch that brings nothing and ends sooner than this is not asked for again at once.
const BRIEF: Duration = Duration::from_secs(1);
/// What has not worked for so long is begun anew: first with a list, and when that stays older than what has been seen, by a
/// new process. The API server may have been given an earlier state of everything.
const FRUITLESS: Duration = Duration::from_secs(300);

/// Why a list or a watch ended.
#[derive(Debug)]
enum End {
    /// Nobody listens.
    Unheard,
    /// The API server no longer has the states since the last one seen.
    TooOld,
    /// A list is older than what has been seen.
    Behind,
    /// It may not be asked for.
    Forbidden(String),
    /// Something went wrong.
    Failed(String),
}

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    /// The objects of a kind.
    Kind(Kind),
    /// Which namespaces are being deleted.
    Namespaces,
}

/// Sends every change of what is watched for as long as somebody listens. Gives up when the cluster has gone back in time
/// for good. Tells when it has been listed for the first time, or may not be.
pub(super) async fn watch(
    watched: Watched,
    api: Api<DynamicObject>,
    changes: mpsc::Sender<Change>,
    begun: oneshot::Sender<()>,
) {
    let mut begun = Some(begun);
    let mut watcher = Watcher {
        watched,
        resource: watched.resource(),
        api,
        changes,
        seen: 0,
    };
    let who = watcher.asked("watch").to_string();
    let mut wait = SHORTEST_WAIT;
    let mut listed = false;
    let mut worked = Instant::now();
    let mut behind = None;
    loop {
        let (before, began) = (watcher.seen, Instant::now());
        let end = if listed {
            watcher.follow().await
        } else {
            watcher.list().await
        };
        let well = watcher.seen != before || (end.is_ok() && (!listed || began.elapsed() >= BRIEF));
        if matches!(end, Ok(()) | Err(End::Forbidden(_))) {
            // Nobody may want to know.
            let _ = begun.take().map(|begun| begun.send(()));
        }
        if well {
            wait = SHORTEST_WAIT;
            worked = Instant::now();
            behind = None;
        }
        match end {
            Ok(()) if well => {
                listed = true;
                continue;
            }
            Ok(()) => tracing::debug!(who, "the watch ended at once"),
            Err(End::Unheard) => return,
            Err(End::TooOld) => {
                tracing::info!(who, "the watch is too far behind: listing again");
                listed = false;
            }
            Err(End::Behind) if behind.get_or_insert(began).elapsed() >= FRUITLESS => {
                tracing::error!(who, "every list is older than what has been seen: giving up");
                return;
            }
            Err(End::Behind) => tracing::warn!(who, "a list is older than what has been seen: asking again"),
            Err(End::Failed(reason) | End::Forbidden(reason)) => {
                match OUTAGES.failed(&who, &reason) {
                    Some(failures) => tracing::warn!(who, failures, reason, "interrupted; it will be tried again"),
                    None => tracing::debug!(who, reason, "interrupted; it will be tried again"),
                }
                listed &= worked.elapsed() < FRUITLESS;
            }
        }
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

impl Watched {
    /// The resource to ask for.
    pub(super) fn resource(self) -> ApiResource {
        match self {
            Self::Kind(kind) => resource(kind),
            Self::Namespaces => ApiResource::erase::<Namespace>(&()),
        }
    }

    fn listing(self) -> Change {
        match self {
            Self::Kind(kind) => Change::Listing(kind),
            Self::Namespaces => Change::Namespace(NamespaceChange::Listing),
        }
    }

    fn listed(self, version: u64) -> Change {
        match self {
            Self::Kind(kind) => Change::Listed(kind, version),
            Self::Namespaces => Change::Namespace(NamespaceChange::Listed),
        }
    }

    /// That an object is there; `None` when it has no name.
    fn applied(self, object: DynamicObject) -> Option<Change> {
        match self {
            Self::Kind(kind) => Some(Change::Applied(Box::new(read(kind, object)?))),
            Self::Namespaces => {
                let leaving = object.metadata.deletion_timestamp.is_some();
                let name = object.metadata.name?;
                Some(Change::Namespace(match leaving {
                    true => NamespaceChange::Leaving(name),
                    false => NamespaceChange::Staying(name),
                }))
            }
        }
    }

    fn deleted(self, object: DynamicObject) -> Change {
        let metadata = object.metadata;
        let name = metadata.name.unwrap_or_default();
        match self {
            Self::Kind(kind) => Change::Deleted {
                kind,
                namespace: metadata.namespace.unwrap_or_default(),
                name,
                uid: metadata.uid.unwrap_or_default(),
                version: metadata.resource_version.as_deref().map_or(0, version),
            },
            Self::Namespaces => Change::Namespace(NamespaceChange::Gone(name)),
        }
    }
}

struct Watcher {
    watched: Watched,
    resource: ApiResource,
    api: Api<DynamicObject>,
    changes: mpsc::Sender<Change>,
    /// The latest state seen, as a resourceVersion.
    seen: u64,
}

impl Watcher {
    async fn list(&mut self) -> Result<(), End> {
        let mut parameters = ListParams::default().limit(PAGE);
        self.send(self.watched.listing()).await?;
        let mut listed = None;
        loop {
            let page = within(LIST_LIMIT, self.api.list(&parameters)).await;
            let page = page.ok_or_else(silent)?.map_err(|error| self.failed("list", &error))?;
            // Every page is of the state of the first.
            let at = page.metadata.resource_version.as_deref().map_or(0, version);
            let at = *listed.get_or_insert(at);
            if at < self.seen {
                return Err(End::Behind);
            }
            for object in page.items {
                self.applied(object).await?;
            }
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => parameters = parameters.continue_token(&token),
                None => {
                    self.seen = at;
                    OUTAGES.works(&self.asked("watch").to_string());
                    return self.send(self.watched.listed(at)).await;
                }
            }
        }
    }

    /// Follows from the latest state seen until the watch ends.
    async fn follow(&mut self) -> Result<(), End> {
        let parameters = WatchParams::default().timeout(WATCH_SECONDS);
        let version = self.seen.to_string();
        let events = within(LIST_LIMIT, self.api.watch(&parameters, &version)).await;
        let events = events
            .ok_or_else(silent)?
            .map_err(|error| self.failed("watch", &error))?;
        OUTAGES.works(&self.asked("watch").to_string());
        self.events(Box::pin(events)).await
    }

    async fn events(
        &mut self,
        mut events: impl Stream<Item = kube::Result<WatchEvent<DynamicObject>>> + Unpin + Send,
    ) -> Result<(), End> {
        loop {
            let event = within(SILENCE, events.try_next()).await;
            match event
                .ok_or_else(silent)?
                .map_err(|error| self.failed("watch", &error))?
            {
                None => return Ok(()),
                Some(WatchEvent::Added(object) | WatchEvent::Modified(object)) => {
                    self.saw(object.metadata.resource_version.as_deref());
                    self.applied(object).await?;
                }
                Some(WatchEvent::Deleted(object)) => {
                    self.saw(object.metadata.resource_version.as_deref());
                    self.send(self.watched.deleted(object)).await?;
                }
                Some(WatchEvent::Bookmark(bookmark)) => self.saw(Some(&bookmark.metadata.resource_version)),
                Some(WatchEvent::Error(status)) => return Err(self.failed("watch", &kube::Error::Api(status))),
            }
        }
    }

    fn saw(&mut self, seen: Option<&str>) {
        self.seen = self.seen.max(seen.map_or(0, version));
    }

    async fn applied(&self, object: DynamicObject) -> Result<(), End> {
        match self.watched.applied(object) {
            Some(change) => self.send(change).await,
            None => Ok(()),
        }
    }

    fn failed(&self, verb: &'static str, error: &kube::Error) -> End {
        match error {
            kube::Error::Api(status) if status.code == 410 => End::TooOld,
            kube::Error::Api(status) if status.code == 403 => End::Forbidden(words(error, &self.asked(verb))),
            _ => End::Failed(words(error, &self.asked(verb))),
        }
    }

    fn asked(&self, verb: &'static str) -> Asked {
        Asked::of(verb, &self.resource)
    }

    async fn send(&self, change: Change) -> Result<(), End> {
        self.changes.send(change).await.map_err(|_| End::Unheard)
    }
}

fn silent() -> End {
    End::Failed("the API server does not answer in time".to_owned())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::{Arc, Mutex};

    use axum::body::Body;
    use axum::http::{Request, Response};
    use kube::Client;
    use serde_json::json;
    use tokio::time::timeout;
    use tower::service_fn;

    use super::*;

    /// An API server whose lists are of those states, the last one again and again, and whose watches end at once as told.
    fn server(lists: &'static [u64], watch: &'static str, asked: &Arc<Mutex<Vec<&'static str>>>) -> Api<DynamicObject> {
        let asked = Arc::clone(asked);
        let service = service_fn(move |request: Request<kube::client::Body>| {
            let mut asked = asked.lock().unwrap();
            let watching = request.uri().query().is_some_and(|query| query.contains("watch=true"));
            let body = if watching {
                asked.push("watch");
                watch.to_owned()
            } else {
                let nth = asked.iter().filter(|what| **what == "list").count();
                asked.push("list");
                let version = lists[nth.min(lists.len() - 1)].to_string();
                json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": version}, "items": []})
                    .to_string()
            };
            std::future::ready(Ok::<_, Infallible>(Response::new(Body::from(body))))
        });
        Api::all_with(Client::new(service, "default"), &resource(Kind::User))
    }

    const GONE: &str = r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","code":410}}"#;

    #[tokio::test(start_paused = true)]
    async fn a_cluster_that_stays_behind_what_has_been_seen_is_given_up() {
        let asked = Arc::default();
        let (changes, mut heard) = mpsc::channel(10_000);
        let began = Instant::now();
        watch(
            Watched::Kind(Kind::User),
            server(&[9, 5], GONE, &asked),
            changes,
            oneshot::channel().0,
        )
        .await;
        assert!(began.elapsed() >= FRUITLESS);
        let mut lists = Vec::new();
        while let Ok(change) = heard.try_recv() {
            if let Change::Listed(_, version) = change {
                lists.push(version);
            }
        }
        assert_eq!(lists, [9]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_that_always_ends_at_once_is_asked_for_ever_more_slowly() {
        let asked = Arc::default();
        let (changes, _heard) = mpsc::channel(10_000);
        let watching = watch(
            Watched::Kind(Kind::User),
            server(&[9], "", &asked),
            changes,
            oneshot::channel().0,
        );
        let minute = Duration::from_secs(60);
        assert!(timeout(minute, watching).await.is_err(), "it goes on");
        let asked = asked.lock().unwrap().len();
        assert!((5..20).contains(&asked), "{asked}");
    }
}
