//! One controller writes at a time: the one that holds the lease.
//!
//! A lease is read and replaced at the resourceVersion that was read, so of two that want it one gets a conflict. How old it
//! is nobody reads off another machine's clock: a lease counts as abandoned when it has not changed for its whole duration
//! by the clock of whoever wants it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::api::{Api, ApiResource, ObjectMeta, PostParams};
use tokio::sync::watch;
use tokio::time::sleep;

use super::clock::within;
use super::errors::{Asked, words};
use super::fence::{Fence, Stamp};
use super::outages::OUTAGES;

/// How long a lease is good without being renewed. Written into the lease; others keep to it.
const DURATION_SECONDS: u16 = 15;
const DURATION: Duration = Duration::from_secs(15);
/// How long its holder relies on it: with the longest write there is still nobody else.
const GOOD: Duration = Duration::from_secs(10);
/// How often it is renewed, and looked at by those who want it.
const PERIOD: Duration = Duration::from_secs(2);
/// No request for it is waited for longer.
const LIMIT: Duration = Duration::from_secs(3);

/// Whether the lease is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Somebody else has it.
    No,
    /// This process has it.
    Yes,
    /// This process had it and cannot be sure of it any more: it has to end.
    Lost,
}

/// Which lease, and for whom.
#[derive(Clone, Debug)]
pub struct LeaseSettings {
    /// The namespace of the lease.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Who wants it: unlike every other process, this one's predecessors included.
    pub identity: String,
}

/// A lease wanted by this process.
pub(super) struct Leadership {
    api: Api<Lease>,
    settings: LeaseSettings,
    fence: Arc<Fence>,
}

impl Leadership {
    pub(super) fn new(client: Client, settings: LeaseSettings, fence: Arc<Fence>) -> Self {
        Self {
            api: Api::namespaced(client, &settings.namespace),
            settings,
            fence,
        }
    }

    /// Takes the lease when it is free and holds on to it; says when that changes. Ends when the lease is lost.
    pub(super) async fn hold(&self, held: watch::Sender<Held>) {
        self.acquire().await;
        tracing::info!(lease = self.settings.name, "holds the lease");
        let _ = held.send(Held::Yes);
        self.keep().await;
        self.fence.shut();
        tracing::error!(lease = self.settings.name, "lost the lease");
        let _ = held.send(Held::Lost);
    }

    /// Gives the lease back, so that the next does not have to wait for its end.
    pub(super) async fn release(&self) {
        self.fence.shut();
        let Ok(Some(mut lease)) = self.read().await else { return };
        if self.is_holder(&lease) {
            let spec = lease.spec.get_or_insert_default();
            spec.holder_identity = None;
            spec.renew_time = Some(MicroTime(Timestamp::now()));
            if let Err(failure) = self.replace(&lease).await {
                tracing::warn!(reason = failure.reason, "the lease could not be given back");
            }
        }
    }

    async fn acquire(&self) {
        let mut observed: Option<(Option<String>, Instant)> = None;
        loop {
            let asked = Stamp::now();
            match self.read().await {
                Ok(None) => match self.create().await {
                    Ok(()) => return self.fence.renewed(asked, GOOD),
                    Err(failure) => self.failed(&failure, "the lease was not created"),
                },
                Ok(Some(lease)) => {
                    let version = &lease.metadata.resource_version;
                    let since = match &observed {
                        Some((seen, since)) if seen == version => *since,
                        _ => observed.insert((version.clone(), Instant::now())).1,
                    };
                    if may_be_taken(&lease, &self.settings.identity, since.elapsed()) {
                        match self.replace(&self.taken(lease)).await {
                            Ok(()) => return self.fence.renewed(asked, GOOD),
                            Err(failure) => self.failed(&failure, "the lease was not taken"),
                        }
                    }
                }
                Err(failure) => self.failed(&failure, "the lease cannot be read"),
            }
            sleep(PERIOD).await;
        }
    }

    /// Renews until that has failed for too long, or somebody else has the lease.
    async fn keep(&self) {
        while self.fence.lets_through() {
            sleep(PERIOD).await;
            let asked = Stamp::now();
            match self.read().await {
                Ok(Some(mut lease)) if self.is_holder(&lease) => {
                    lease.spec.get_or_insert_default().renew_time = Some(MicroTime(Timestamp::now()));
                    match self.replace(&lease).await {
                        Ok(()) => self.fence.renewed(asked, GOOD),
                        Err(failure) => self.failed(&failure, "the lease was not renewed"),
                    }
                }
                Ok(_) => return,
                Err(failure) => self.failed(&failure, "the lease cannot be read"),
            }
        }
    }

    async fn read(&self) -> Result<Option<Lease>, Failed> {
        self.once("get", self.api.get_opt(&self.settings.name)).await
    }

    async fn create(&self) -> Result<(), Failed> {
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(self.settings.name.clone()),
                ..ObjectMeta::default()
            },
            spec: None,
        };
        self.once("create", self.api.create(&PostParams::default(), &self.taken(lease)))
            .await
            .map(|_| ())
    }

    async fn replace(&self, lease: &Lease) -> Result<(), Failed> {
        let parameters = PostParams::default();
        let replace = self.api.replace(&self.settings.name, &parameters, lease);
        self.once("update", replace).await.map(|_| ())
    }

    /// The lease as this process takes it over.
    fn taken(&self, lease: Lease) -> Lease {
        let now = MicroTime(Timestamp::now());
        let before = lease.spec.unwrap_or_default();
        let transitions = match before.lease_transitions {
            Some(transitions) => transitions.saturating_add(1),
            None => 0,
        };
        Lease {
            metadata: lease.metadata,
            spec: Some(LeaseSpec {
                holder_identity: Some(self.settings.identity.clone()),
                lease_duration_seconds: Some(i32::from(DURATION_SECONDS)),
                acquire_time: Some(now.clone()),
                renew_time: Some(now),
                lease_transitions: Some(transitions),
                ..LeaseSpec::default()
            }),
        }
    }

    fn is_holder(&self, lease: &Lease) -> bool {
        holder(lease) == Some(&self.settings.identity)
    }

    async fn once<T>(&self, verb: &'static str, request: impl Future<Output = kube::Result<T>>) -> Result<T, Failed> {
        let asked = Asked::of(verb, &ApiResource::erase::<Lease>(&()));
        let answer = match within(LIMIT, request).await {
            None => Err(Failed {
                overtaken: false,
                reason: format!("no answer to `{asked}` within {} s", LIMIT.as_secs()),
            }),
            Some(answer) => answer.map_err(|error| Failed {
                overtaken: matches!(&error, kube::Error::Api(status) if status.code == 409),
                reason: words(&error, &asked),
            }),
        };
        if answer.is_ok() {
            OUTAGES.works(WHO);
        }
        answer
    }

    fn failed(&self, failure: &Failed, what: &str) {
        let Failed { overtaken, reason } = failure;
        let failures = if *overtaken { None } else { OUTAGES.failed(WHO, reason) };
        match failures {
            Some(failures) => tracing::warn!(lease = self.settings.name, failures, reason, "{what}"),
            None => tracing::debug!(lease = self.settings.name, reason, "{what}"),
        }
    }
}

/// As whom the lease meets an outage.
const WHO: &str = "lease";

/// Why a request for the lease failed.
struct Failed {
    /// Somebody else was quicker, as is usual where several want it.
    overtaken: bool,
    reason: String,
}

fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref()
}

/// Whether a lease that has not changed for so long may be taken: nobody has it, or not any more, or this process has it
/// without knowing, as the answer was lost.
fn may_be_taken(lease: &Lease, identity: &str, silent: Duration) -> bool {
    let free = holder(lease).is_none_or(|holder| holder.is_empty() || holder == identity);
    free || silent >= duration(lease)
}

/// How long a lease is to be left alone after its last change.
fn duration(lease: &Lease) -> Duration {
    let seconds = lease.spec.as_ref().and_then(|spec| spec.lease_duration_seconds);
    let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    seconds.map_or(DURATION, Duration::from_secs).max(DURATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_taken_from_nobody_from_oneself_or_after_a_long_silence() {
        let held = |holder: Option<&str>| Lease {
            spec: Some(LeaseSpec {
                holder_identity: holder.map(str::to_owned),
                ..LeaseSpec::default()
            }),
            ..Lease::default()
        };
        for (holder, silent, taken) in [
            (None, Duration::ZERO, true),
            (Some(""), Duration::ZERO, true),
            (Some("me"), Duration::ZERO, true),
            (Some("another"), DURATION - PERIOD, false),
            (Some("another"), DURATION, true),
        ] {
            assert_eq!(
                may_be_taken(&held(holder), "me", silent),
                taken,
                "{holder:?}, {silent:?}"
            );
        }
    }
}
