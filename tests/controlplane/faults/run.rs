//! The work, done once by controllers behind proxies, with at most one thing going wrong.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Namespace;
use kube::Client;
use kube::api::{Api, DeleteParams, ObjectMeta, PostParams};
use tenantry::api::{Kind, Moment};
use tenantry::controller::{Activity, Clock, Cluster, Controller, Ended, LeaseSettings, Metrics, with_lease_telling};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::fault::{Disturbance, Point};
use super::proxy::{self, Proxy};
use super::script::{Script, Signal, Write};
use super::stage::Stage;
use super::witness::{Seen, State};
use super::workload::{BEGIN, EDITS, Edit, OBJECTS};
use crate::controller::slow::Slow;
use crate::controller::watcher::resource;

/// How long a step may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a watch is held up when the controller has nothing left to do.
const SILENCE: Duration = Duration::from_millis(150);
/// A run in which fewer Events were sent than in the undisturbed one is over when nothing has been written for so long.
const QUIET: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(5);
/// After so many milliseconds a status is offered again that was refused.
const REFUSED_AGAIN: u64 = 200;

const LEASE: &str = "tenantry-controller";

/// What came of a run.
pub(crate) struct Record {
    /// All objects at the end of each step.
    pub(crate) states: Vec<State>,
    pub(crate) seen: Seen,
    pub(crate) writes: Vec<Write>,
    pub(crate) events: Vec<(usize, Point)>,
    pub(crate) took: Duration,
}

impl Record {
    /// Whether an object of that kind changed in a step.
    pub(crate) fn changed(&self, step: usize, kind: Kind) -> bool {
        let of = |state: &State| -> State {
            let objects = state.iter().filter(|((of, _), _)| *of == kind);
            objects.map(|(key, object)| (key.clone(), object.clone())).collect()
        };
        let before = step.checked_sub(1).map(|before| of(&self.states[before]));
        before != Some(of(&self.states[step]))
    }
}

/// Does the work. It goes on when all objects are as they were then in the `undisturbed` run; without one, when they are
/// what the policy says.
pub(crate) async fn run(
    stage: &'static Stage,
    disturbance: Option<Disturbance>,
    undisturbed: Option<&Record>,
) -> Result<Record, String> {
    let began = Instant::now();
    let (script, signals) = Script::new(disturbance.clone());
    let script = Arc::new(script);
    let admin = stage.admin();
    let namespace = namespace(&admin).await;
    stage.witness.begin(&namespace, 0);
    for object in OBJECTS {
        made(object, &admin, &namespace).await;
    }
    let clock = Arc::new(Clock::new(Moment::parse(BEGIN), 1));
    clock.stop_at(Moment::parse(BEGIN));
    let mut run = Run {
        stage,
        controller: Instance::start(stage, &namespace, &script, &clock, "first").await,
        admin,
        namespace,
        clock,
        script,
        signals,
        held: None,
        undisturbed,
        states: Vec::new(),
    };
    let ended = run.work(disturbance.as_ref()).await;
    let ended = match ended {
        Ok(()) => run.controller.stop().await,
        Err(error) => Err(error),
    };
    let seen = stage.witness.take(&run.namespace);
    ended?;
    Ok(Record {
        states: run.states,
        seen,
        writes: run.script.writes(),
        events: run.script.events(),
        took: began.elapsed(),
    })
}

/// A new namespace.
async fn namespace(admin: &Client) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(1);
    let name = format!("run-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let namespace = Namespace {
        metadata: ObjectMeta {
            name: Some(name.clone()),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    };
    let api: Api<Namespace> = Api::all(admin.clone());
    api.create(&PostParams::default(), &namespace).await.unwrap();
    name
}

async fn made(edit: Edit, admin: &Client, namespace: &str) {
    let made = edit.make(admin, namespace).await;
    made.unwrap_or_else(|error| panic!("{edit:?}: {error}"));
}

struct Run<'a> {
    stage: &'static Stage,
    admin: Client,
    namespace: String,
    clock: Arc<Clock>,
    script: Arc<Script>,
    signals: mpsc::UnboundedReceiver<Signal>,
    /// The controller that is alive.
    controller: Instance,
    /// Since when a watch has been held up while the controller had nothing left to do.
    held: Option<Option<Instant>>,
    undisturbed: Option<&'a Record>,
    states: Vec<State>,
}

impl Run<'_> {
    async fn work(&mut self, disturbance: Option<&Disturbance>) -> Result<(), String> {
        for step in 0..=EDITS.len() {
            let mut old = Vec::new();
            if let Some(Disturbance::OldStart(at, kinds)) = disturbance
                && *at == step
            {
                for kind in kinds {
                    old.push((*kind, self.list(*kind).await));
                }
            }
            self.script.begin(step);
            self.stage.witness.begin(&self.namespace, step);
            let away = matches!(disturbance, Some(Disturbance::Away(at)) if *at == step);
            if away {
                self.controller.kill();
            }
            if let Some((_, edit)) = step.checked_sub(1).map(|at| EDITS[at]) {
                if let Some(moment) = edit.moment() {
                    self.clock.stop_at(Some(moment));
                    self.clock.advance(Duration::from_secs(7 * 86_400));
                }
                let before = self.written(edit);
                made(edit, &self.admin, &self.namespace).await;
                // Until the witness has seen it, all would seem to be done.
                self.wait("the witness", |run| run.written(edit) >= before + edit.writes())
                    .await?;
            }
            if away {
                self.next().await;
            }
            self.settle(step, |_| true).await?;
            if !old.is_empty() {
                self.script.give_old(old);
                self.next().await;
                self.settle(step, |_| true).await?;
            }
            let state = self.stage.witness.look(&self.namespace, Seen::state);
            self.states.push(state);
        }
        // Events, which nobody waits for, may still be on their way.
        let sent = |writes: &[Write]| writes.iter().filter(|write| write.is_event_sent()).count();
        let wanted = self.undisturbed.map(|undisturbed| sent(&undisturbed.writes));
        let mut last = (0, Instant::now());
        self.settle(EDITS.len(), |script| {
            let writes = script.writes();
            if writes.len() != last.0 {
                last = (writes.len(), Instant::now());
            }
            script.struck() && (wanted == Some(sent(&writes)) || last.1.elapsed() >= QUIET)
        })
        .await
    }

    /// How often the witness has seen the object of an edit written.
    fn written(&self, edit: Edit) -> usize {
        self.stage.witness.look(&self.namespace, |seen| {
            let object = edit.object().map(|(kind, name)| (kind, name.to_owned()));
            object
                .and_then(|object| seen.writes.get(&object))
                .copied()
                .unwrap_or_default()
        })
    }

    async fn wait(&self, what: &str, until: impl Fn(&Self) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !until(self) {
            if Instant::now() > deadline {
                return Err(format!("{what}: not within {PATIENCE:?}"));
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Waits until all objects are as they should be at the end of a step, and the controller knows it.
    async fn settle(&mut self, step: usize, mut and: impl FnMut(&Script) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            while let Ok(signal) = self.signals.try_recv() {
                match signal {
                    Signal::Kill => self.next().await,
                    Signal::Held => self.held = Some(None),
                }
            }
            let settled = self.controller.settled();
            if let Some(since) = &mut self.held {
                if !settled {
                    *since = None;
                } else if since.get_or_insert_with(Instant::now).elapsed() >= SILENCE {
                    self.held = None;
                    self.script.release();
                }
            } else if settled && self.told_all() && self.wrong(step).is_none() && and(&self.script) {
                return Ok(());
            }
            if self.controller.ended.is_finished() {
                return Err(format!("step {step}: the controller has ended"));
            }
            if Instant::now() > deadline {
                let wrong = self.wrong(step).unwrap_or_else(|| {
                    format!(
                        "settled: {settled}, told all: {}, struck: {}",
                        self.told_all(),
                        self.script.struck()
                    )
                });
                return Err(format!("step {step}: not within {PATIENCE:?}: {wrong}"));
            }
            sleep(PAUSE).await;
        }
    }

    /// What is not as it should be at the end of a step.
    fn wrong(&self, step: usize) -> Option<String> {
        self.stage.witness.look(&self.namespace, |seen| match self.undisturbed {
            Some(undisturbed) => difference(&seen.state(), &undisturbed.states[step]),
            None => seen.wrong(&self.stage.catalogue, &self.namespace, self.clock.now()),
        })
    }

    /// Whether the controller has been told everything that was stored.
    fn told_all(&self) -> bool {
        self.stage.witness.look(&self.namespace, |seen| {
            Kind::ALL
                .into_iter()
                .all(|kind| self.controller.proxy.told(kind) >= seen.version(kind))
        })
    }

    /// Kills the controller without its giving the lease back, and starts the next one. To keep that short nobody waits
    /// for the end of the lease: it is taken away.
    async fn next(&mut self) {
        self.controller.kill();
        let leases: Api<Lease> = Api::namespaced(self.admin.clone(), &self.namespace);
        match leases.delete(LEASE, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.is_not_found() => {}
            deleted => drop(deleted.unwrap()),
        }
        self.controller = Instance::start(self.stage, &self.namespace, &self.script, &self.clock, "second").await;
    }

    /// A list as a controller gets it now.
    async fn list(&self, kind: Kind) -> Bytes {
        let plural = resource(kind).plural;
        let path = format!("/apis/tenantry.dev/v1alpha1/namespaces/{}/{plural}", self.namespace);
        let request = axum::http::Request::get(path).body(Vec::new()).unwrap();
        Bytes::from(self.admin.request_text(request).await.unwrap())
    }
}

/// The first object that two states do not have alike.
fn difference(one: &State, other: &State) -> Option<String> {
    let mut keys = one.keys().chain(other.keys());
    let key = keys.find(|key| one.get(*key) != other.get(*key))?;
    let (kind, name) = key;
    let (Some(one), Some(other)) = (one.get(key), other.get(key)) else {
        return Some(format!("{kind}/{name} is only in one of both"));
    };
    let mut parts = ["generation", "labels", "owners", "spec", "status"].into_iter();
    let part = parts.find(|part| one[part] != other[part])?;
    Some(format!("{part} of {kind}/{name} is {}, not {}", one[part], other[part]))
}

/// A controller with its proxy.
struct Instance {
    runtime: Option<Runtime>,
    proxy: Arc<Proxy>,
    activity: watch::Receiver<Activity>,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<Result<(), Ended>>,
}

impl Instance {
    async fn start(
        stage: &'static Stage,
        namespace: &str,
        script: &Arc<Script>,
        clock: &Arc<Clock>,
        identity: &'static str,
    ) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = {
            let _inside = runtime.enter();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let proxy = Arc::new(Proxy {
                upstream: stage.upstream(),
                admin: stage.admin(),
                namespace: namespace.to_owned(),
                script: Arc::clone(script),
                shut: AtomicBool::new(false),
                told: Default::default(),
            });
            runtime.spawn(proxy::serve(listener, Arc::clone(&proxy)));
            proxy
        };
        let (tells, activity) = watch::channel(Activity::Busy);
        let (stop, stopped) = oneshot::channel();
        let settings = LeaseSettings {
            namespace: namespace.to_owned(),
            name: LEASE.to_owned(),
            identity: identity.to_owned(),
        };
        let clock = Arc::clone(clock);
        let ended = runtime.spawn(async move {
            let client = stage.controller(port);
            let storage = Arc::new(Slow {
                cluster: Arc::new(Cluster::new(client.clone(), identity)),
                way: Arc::default(),
                again: Arc::new(AtomicU64::new(REFUSED_AGAIN)),
            });
            let controller = |fence, held| Controller {
                storage,
                catalogue: Arc::clone(&stage.catalogue),
                clock,
                fence,
                held: Some(held),
                metrics: Arc::new(Metrics::default()),
                listen: None,
            };
            with_lease_telling(client, settings, controller, tells, async {
                let _ = stopped.await;
            })
            .await
        });
        Self {
            runtime: Some(runtime),
            proxy,
            activity,
            stop: Some(stop),
            ended,
        }
    }

    fn settled(&self) -> bool {
        matches!(*self.activity.borrow(), Activity::Settled { .. })
    }

    /// Ends it at once, wherever it is.
    fn kill(&mut self) {
        self.proxy.shut.store(true, Ordering::SeqCst);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Asks it to end and waits until it has.
    async fn stop(&mut self) -> Result<(), String> {
        let _ = self.stop.take().map(|stop| stop.send(()));
        match timeout(PATIENCE, &mut self.ended).await {
            Ok(Ok(Ok(()))) => Ok(()),
            ended => Err(format!("asked to end: {ended:?}")),
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.kill();
    }
}
