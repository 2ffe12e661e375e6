//! The controller at work on a real API server, with no more rights than the chart gives it.
//!
//! [`shared`] runs one for all tests of this program, by the real clock. A test that moves the clock, or stops the
//! controller, has a control plane of its own ([`Plane::start`]).

mod apply;
mod changes;
mod crowd;
mod deletion;
mod lease;
mod leaving;
mod log;
mod refused;
mod reserved;
mod rights;
mod skew;
pub(crate) mod slow;
mod time;
mod twice;
pub(crate) mod undecodable;
pub(crate) mod watcher;

use std::fmt::{self, Display};
use std::ops::Deref;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tenantry::controller::{
    Activity, Clock, Cluster, Controller, Ended, Fence, Held as LeaseHeld, LeaseSettings, Metrics, with_lease_telling,
};
use tenantry::policy::Catalogue;
use tokio::runtime::Builder;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use self::skew::{careless, skew};
use self::slow::Slow;
use self::watcher::Watcher;
use crate::harness::access::Access;
use crate::harness::wait::{PATIENCE, until, until_right};
use crate::harness::{self, ControlPlane, repository};

/// Where the chart is installed.
pub(crate) const SYSTEM: &str = "tenantry-system";
/// The lease of the chart.
const LEASE: &str = "tenantry-controller";

/// A control plane with the chart installed, but for the pods that nobody there could run.
pub(crate) struct Plane {
    pub(crate) control_plane: Held,
    /// The controller's ServiceAccount.
    pub(crate) account: Access,
}

/// A control plane, whoever it belongs to.
pub(crate) enum Held {
    Shared(&'static ControlPlane),
    Own(Box<ControlPlane>),
}

impl Deref for Held {
    type Target = ControlPlane;

    fn deref(&self) -> &ControlPlane {
        match self {
            Self::Shared(plane) => plane,
            Self::Own(plane) => plane,
        }
    }
}

/// A controller in this process.
pub(crate) struct Running {
    pub(crate) clock: Arc<Clock>,
    pub(crate) metrics: Arc<Metrics>,
    activity: watch::Receiver<Activity>,
    lease: watch::Receiver<LeaseHeld>,
    way: Arc<AtomicU64>,
    again: Arc<AtomicU64>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), Ended>>>,
}

/// A controller in this process that has its control plane to itself, a clock and a catalogue of its own, and tells when it
/// is done.
pub(crate) struct Alone {
    pub(crate) clock: Arc<Clock>,
    activity: watch::Receiver<Activity>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), Ended>>,
}

struct Shared {
    plane: Plane,
    watcher: Watcher,
    _controller: Running,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let plane = Plane::on(Held::Shared(harness::shared()));
    let watcher = Watcher::start(plane.control_plane.admin());
    Shared {
        _controller: plane.run("shared"),
        watcher,
        plane,
    }
});

/// A namespace of a test. Where there is a [`Watcher`], the test that is done with it fails when any user of it was ever shown to
/// have what nobody had given her.
pub(crate) struct Namespace<'a> {
    name: String,
    plane: &'a Plane,
    /// Whether all is to be right in the end.
    watched: bool,
}

impl Deref for Namespace<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

impl Display for Namespace<'_> {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.write_str(self)
    }
}

impl Namespace<'_> {
    /// How many statuses of users there have been, all of them right.
    pub(crate) fn assert_right(&self) -> usize {
        let (wrong, statuses) = self.watched();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", self.name);
        statuses
    }

    /// What was wrong, where something has to be.
    pub(crate) fn wrong(mut self) -> Vec<String> {
        self.watched = false;
        self.watched().0
    }

    /// The state that it is in, for [`Self::gained_since`].
    pub(crate) fn mark(&self) -> u64 {
        self.seen();
        watcher().latest(&self.name)
    }

    /// What users were shown to have since then that they had not before.
    pub(crate) fn gained_since(&self, mark: u64) -> Vec<String> {
        self.seen();
        watcher().gained_since(&self.name, mark)
    }

    /// What the watcher says.
    fn watched(&self) -> (Vec<String>, usize) {
        self.seen();
        watcher().wrong(&self.name)
    }

    /// Waits until the watcher has been told of all that is there now.
    fn seen(&self) {
        let get = ["get", "tenantry", "-n", &self.name, "-o", "json"];
        let list: Value = serde_json::from_str(&self.plane.control_plane.admin().kubectl(&get).ok()).unwrap();
        for object in list["items"].as_array().unwrap() {
            let version = object["metadata"]["resourceVersion"].as_str().unwrap();
            let version = version.parse().unwrap();
            until("the watcher", || watcher().knows(&self.name, version).then_some(()));
        }
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        if self.watched && !std::thread::panicking() {
            self.assert_right();
        }
    }
}

/// The control plane that all tests of this program share, with a controller by the real clock.
pub(crate) fn shared() -> &'static Plane {
    &SHARED.plane
}

/// What is known of every status ever written there.
fn watcher() -> &'static Watcher {
    &SHARED.watcher
}

impl Plane {
    /// One of its own, without a controller.
    pub(crate) fn start() -> Self {
        let plane = ControlPlane::start();
        plane.install_crds().ok();
        Self::on(Held::Own(Box::new(plane)))
    }

    fn on(control_plane: Held) -> Self {
        let chart = repository().join("charts/tenantry");
        let install = [
            "install",
            "tenantry",
            chart.to_str().unwrap(),
            "--namespace",
            SYSTEM,
            "--create-namespace",
            "--set",
            "replicas=0,crds.enabled=false",
        ];
        control_plane.admin().helm(&install).ok();
        let account = control_plane.service_account(SYSTEM, "tenantry");
        Self { control_plane, account }
    }

    /// Runs a controller under the chart's ServiceAccount.
    pub(crate) fn run(&self, identity: &str) -> Running {
        Running::start(&self.account, LEASE, identity)
    }

    /// Runs the program itself under the chart's ServiceAccount, its clock so many seconds ahead.
    pub(crate) fn spawn(&self, identity: &str, ahead: i64) -> Spawned {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
        command
            .args(["controller", "--listen", "127.0.0.1:0"])
            .args(["--lease-namespace", SYSTEM, "--identity", identity])
            .env("KUBECONFIG", self.account.kubeconfig())
            .stdin(Stdio::null());
        if ahead != 0 {
            skew(&mut command, ahead, self.control_plane.directory());
            command.env("KUBECONFIG", careless(&self.account));
        }
        Spawned(command.spawn().unwrap())
    }

    /// A new namespace with a Tenant in it.
    pub(crate) fn tenant(&self, prefix: &str) -> Namespace<'_> {
        let namespace = self.namespace(prefix);
        self.apply(&namespace, "Tenant", "tenant", "{displayName: Acme}");
        namespace
    }

    /// A new namespace.
    pub(crate) fn namespace(&self, prefix: &str) -> Namespace<'_> {
        Namespace {
            name: self.control_plane.namespace(prefix),
            plane: self,
            watched: matches!(self.control_plane, Held::Shared(_)),
        }
    }

    /// Applies an object whose spec is given in YAML, on one line.
    pub(crate) fn apply(&self, namespace: &str, kind: &str, name: &str, spec: &str) {
        let manifest = manifest(namespace, kind, name, spec);
        self.control_plane
            .admin()
            .kubectl_with(&manifest, &["apply", "-f", "-"])
            .ok();
    }

    /// An object as it is now; `None` when it is not there.
    pub(crate) fn get(&self, namespace: &str, kind: &str, name: &str) -> Option<Value> {
        let resource = format!("{}s.tenantry.dev", kind.to_lowercase());
        let got = self
            .control_plane
            .admin()
            .kubectl(&["get", &resource, name, "-n", namespace, "-o", "json"]);
        (got.code == 0).then(|| serde_json::from_str(&got.out).unwrap())
    }

    /// Waits until the status of an object is as wanted, and gives it.
    pub(crate) fn status(&self, namespace: &str, kind: &str, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        until_right(&format!("{kind} {namespace}/{name}"), || {
            let object = self.get(namespace, kind, name).ok_or("it is not there")?;
            let status = object["status"].clone();
            let current = status["observedGeneration"] == object["metadata"]["generation"];
            if current && wanted(&status) {
                Ok(status)
            } else {
                Err(status.to_string())
            }
        })
    }

    /// Waits until an object has a Ready condition with that reason.
    pub(crate) fn reason(&self, namespace: &str, kind: &str, name: &str, reason: &str) -> Value {
        self.status(namespace, kind, name, |status| ready(status) == reason)
    }
}

/// The reason of a status' Ready condition.
pub(crate) fn ready(status: &Value) -> &str {
    let conditions = status["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ready = conditions.iter().find(|condition| condition["type"] == "Ready");
    ready.and_then(|ready| ready["reason"].as_str()).unwrap_or_default()
}

/// The actions that a user's status shows on an object.
pub(crate) fn actions(status: &Value, object: &str) -> Vec<String> {
    let permissions = status["permissions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let held = permissions.iter().filter(|held| held["object"] == object);
    let actions = held.flat_map(|held| held["actions"].as_array().into_iter().flatten());
    actions
        .filter_map(|action| action.as_str().map(str::to_owned))
        .collect()
}

/// A manifest of one object; its spec in YAML, on one line.
pub(crate) fn manifest(namespace: &str, kind: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: tenantry.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n---\n"
    )
}

impl Running {
    /// Starts one as somebody, who has to have the rights for it.
    pub(crate) fn start(account: &Access, lease: &str, identity: &str) -> Self {
        let clock = Arc::new(Clock::system());
        let metrics = Arc::new(Metrics::default());
        let (stop, stopped) = oneshot::channel();
        let (sender, activity) = watch::channel(Activity::Busy);
        let config = account.kubeconfig().to_owned();
        let settings = LeaseSettings {
            namespace: SYSTEM.to_owned(),
            name: lease.to_owned(),
            identity: identity.to_owned(),
        };
        let (its_clock, its_metrics) = (Arc::clone(&clock), Arc::clone(&metrics));
        let (way, again) = (Arc::default(), Arc::default());
        let (its_way, its_again) = (Arc::clone(&way), Arc::clone(&again));
        let (tell, lease) = mpsc::channel();
        let thread = in_thread(async move {
            let client = Access::of(&config).client().await;
            let cluster = Arc::new(Cluster::new(client.clone(), &settings.identity));
            let controller = |fence, held: watch::Receiver<LeaseHeld>| {
                tell.send(held.clone()).unwrap();
                Controller {
                    storage: Arc::new(Slow {
                        cluster,
                        way: its_way,
                        again: its_again,
                    }),
                    catalogue: Arc::new(Catalogue::builtin().unwrap()),
                    clock: its_clock,
                    fence,
                    held: Some(held),
                    metrics: its_metrics,
                    listen: None,
                }
            };
            with_lease_telling(client, settings, controller, sender, async {
                // A dropped sender stops it as well: the test has failed.
                let _ = stopped.await;
            })
            .await
        });
        Self {
            clock,
            metrics,
            activity,
            lease: lease.recv().unwrap(),
            way,
            again,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Waits until all that it has heard of is judged and written. What a test has seen it write, it has heard of.
    pub(crate) fn settled(&self) {
        until("the controller to settle", || {
            matches!(*self.activity.borrow(), Activity::Settled { .. }).then_some(())
        });
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(mut self) -> Result<(), Ended> {
        let _ = self.stop.take().map(|stop| stop.send(()));
        self.thread.take().unwrap().join().unwrap()
    }

    /// From now on every status is on its way to the API server for so long.
    pub(crate) fn slow_down(&self, way: Duration) {
        self.way.store(way.as_millis().try_into().unwrap(), Ordering::SeqCst);
    }

    /// From now on a status that is refused is offered again after so long.
    pub(crate) fn offer_again_after(&self, again: Duration) {
        self.again
            .store(again.as_millis().try_into().unwrap(), Ordering::SeqCst);
    }

    /// Waits until it has found out that the lease is not its own any more. It has not ended by then: this returns at once.
    pub(crate) fn lost_lease(&self) {
        let mut lease = self.lease.clone();
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let lost = runtime.block_on(async { timeout(PATIENCE, lease.wait_for(|held| *held == LeaseHeld::Lost)).await });
        lost.unwrap().unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(mut self) -> Result<(), Ended> {
        let thread = self.thread.take().unwrap();
        until("the end of the controller", || thread.is_finished().then_some(()));
        thread.join().unwrap()
    }
}

impl Alone {
    /// Starts one under a ServiceAccount.
    pub(crate) fn start(account: &Access, clock: Clock, catalogue: Catalogue) -> Self {
        let clock = Arc::new(clock);
        let (stop, stopped) = oneshot::channel();
        let (sender, activity) = watch::channel(Activity::Busy);
        let (config, its_clock) = (account.kubeconfig().to_owned(), Arc::clone(&clock));
        let thread = in_thread(async move {
            let client = Access::of(&config).client().await;
            let controller = Controller {
                storage: Arc::new(Cluster::new(client, "alone")),
                catalogue: Arc::new(catalogue),
                clock: its_clock,
                fence: Arc::new(Fence::open()),
                held: None,
                metrics: Arc::default(),
                listen: None,
            };
            controller
                .run_telling(sender, async {
                    let _ = stopped.await;
                })
                .await
        });
        Self {
            clock,
            activity,
            stop,
            thread,
        }
    }

    /// Whether all that it has heard of is judged and written.
    pub(crate) fn is_settled(&self) -> bool {
        assert!(!self.thread.is_finished(), "the controller has ended");
        matches!(*self.activity.borrow(), Activity::Settled { .. })
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(self) {
        let _ = self.stop.send(());
        self.thread.join().unwrap().unwrap();
    }
}

/// Runs a controller until it ends.
fn in_thread(controller: impl Future<Output = Result<(), Ended>> + Send + 'static) -> JoinHandle<Result<(), Ended>> {
    std::thread::spawn(|| {
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(controller)
    })
}

/// A controller in a process of its own.
pub(crate) struct Spawned(Child);

impl Spawned {
    /// Sends it a signal, as in `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let signal = format!("-{name}");
        let sent = Command::new("kill").args([&signal, &self.0.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Waits until it has ended by itself; its exit code.
    pub(crate) fn ended(mut self) -> Option<i32> {
        until("the end of the process", || self.0.try_wait().unwrap()).code()
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
