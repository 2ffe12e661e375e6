//! The loop: changes in, passes out.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use kube::Client;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep_until, timeout};
use tracing::Instrument as _;

use super::announce::Announcement;
use super::clock::Clock;
use super::fence::Fence;
use super::judge::{Judgement, Seen, Write, judge};
use super::lease::{Held, Leadership, LeaseSettings};
use super::leaving::Leaving;
use super::live::{Advanced, Live};
use super::metrics::{Metrics, seconds};
use super::outages::OUTAGES;
use super::pass::{Answer, IN_FLIGHT, Passed, Writer, Written};
use super::patience::Patience;
use super::probes::{self, Health};
use super::refusals::Refusals;
use super::storage::{Storage, WriteError};
use super::store::{Change, NamespaceChange, Store, Stored};
use super::tenants::Tenants;
use crate::api::{HEADQUARTERS, Kind, Moment, TENANT_NAME, UNASSIGNED};
use crate::policy::Catalogue;

/// Changes under way from the watches.
const CHANGES: usize = 4_096;
/// Events waiting to be sent.
const ANNOUNCEMENTS: usize = 1_000;
/// An ending process waits for its last writes no longer.
const LAST_WRITES: Duration = Duration::from_secs(10);
/// And then for the Events of what it wrote no longer.
const LAST_EVENTS: Duration = Duration::from_secs(2);

/// What a controller works with.
pub struct Controller<S> {
    /// Where objects come from and statuses go.
    pub storage: Arc<S>,
    /// The catalogue.
    pub catalogue: Arc<Catalogue>,
    /// The time that it judges by.
    pub clock: Arc<Clock>,
    /// Whether it may write.
    pub fence: Arc<Fence>,
    /// Whether it holds the lease; absent where there is none to hold.
    pub held: Option<watch::Receiver<Held>>,
    /// What it counts.
    pub metrics: Arc<Metrics>,
    /// Where it answers probes; nowhere when absent.
    pub listen: Option<SocketAddr>,
}

/// Whether a controller has anything to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activity {
    /// Something is to be seen, judged or written, or waits to be tried again.
    #[default]
    Busy,
    /// All that has come is judged and written.
    Settled {
        /// When time alone may change something.
        next: Option<Moment>,
    },
}

/// Why a controller ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// Another process may hold the lease by now.
    #[error("the lease is lost: another process may write now")]
    LeaseLost,
    /// The storage sends no more changes.
    #[error("the watches have ended")]
    WatchesEnded,
    /// The probes cannot be served.
    #[error("cannot serve the probes: {0}")]
    Probes(#[from] std::io::Error),
}

impl<S: Storage> Controller<S> {
    /// Runs until `shutdown` says so.
    ///
    /// # Errors
    /// When it has to end before.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), Ended> {
        self.run_telling(watch::Sender::default(), shutdown).await
    }

    /// Runs until `shutdown` says so, and tells whether anything is left to do.
    ///
    /// # Errors
    /// When it has to end before.
    pub async fn run_telling(
        self,
        activity: watch::Sender<Activity>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), Ended> {
        let (change_sender, changes) = mpsc::channel(CHANGES);
        let (answer_sender, answers) = mpsc::unbounded_channel();
        let (announcement_sender, announcements) = mpsc::channel(ANNOUNCEMENTS);
        let health = Arc::new(Health::new(Arc::clone(&self.metrics)));
        let mut background = JoinSet::new();
        background.spawn(Arc::clone(&self.storage).feed(change_sender));
        let mut announcing = JoinSet::new();
        let leaving = Arc::new(Leaving::default());
        announcing.spawn(announce(
            Arc::clone(&self.storage),
            Arc::clone(&self.fence),
            Arc::clone(&leaving),
            Arc::clone(&self.metrics),
            announcements,
        ));
        let mut probes = JoinSet::new();
        if let Some(address) = self.listen {
            probes.spawn(probes::serve(address, Arc::clone(&health)));
        }
        let writer = Arc::new(Writer {
            storage: self.storage,
            fence: self.fence,
            clock: Arc::clone(&self.clock),
            leaving: Arc::clone(&leaving),
            metrics: Arc::clone(&self.metrics),
            places: Semaphore::new(IN_FLIGHT),
            patience: Patience::default(),
            answers: answer_sender,
            announcements: announcement_sender,
        });
        let mut work = Work {
            store: Store::default(),
            tenants: Tenants::default(),
            catalogue: self.catalogue,
            clock: self.clock,
            leaving,
            metrics: self.metrics,
            activity,
            writer,
            live: Live::default(),
            advancing: false,
            passes: JoinSet::new(),
            refusals: Refusals::default(),
        };
        let ended = work
            .go_on(Inputs {
                changes,
                answers,
                held: self.held,
                probes: &mut probes,
                health: &health,
                shutdown,
            })
            .await;
        work.writer.places.close();
        let _ = timeout(LAST_WRITES, async { while work.passes.join_next().await.is_some() {} }).await;
        // With it goes whatever could send more.
        drop(work);
        let _ = timeout(LAST_EVENTS, announcing.join_next()).await;
        ended
    }
}

/// Runs a controller that writes only while it holds the lease. Gives the lease back when `shutdown` says so.
///
/// # Errors
/// When the controller has to end before.
pub async fn with_lease<S: Storage>(
    client: Client,
    settings: LeaseSettings,
    controller: impl FnOnce(Arc<Fence>, watch::Receiver<Held>) -> Controller<S>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Ended> {
    with_lease_telling(client, settings, controller, watch::Sender::default(), shutdown).await
}

/// The same, and tells whether the controller has anything left to do.
///
/// # Errors
/// When the controller has to end before.
pub async fn with_lease_telling<S: Storage>(
    client: Client,
    settings: LeaseSettings,
    controller: impl FnOnce(Arc<Fence>, watch::Receiver<Held>) -> Controller<S>,
    activity: watch::Sender<Activity>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Ended> {
    let fence = Arc::new(Fence::default());
    let leadership = Arc::new(Leadership::new(client, settings, Arc::clone(&fence)));
    let (sender, held) = watch::channel(Held::No);
    let mut holding = JoinSet::new();
    let holder = Arc::clone(&leadership);
    holding.spawn(async move { holder.hold(sender).await });
    let ended = controller(fence, held).run_telling(activity, shutdown).await;
    holding.shutdown().await;
    leadership.release().await;
    ended
}

struct Inputs<'a, F> {
    changes: mpsc::Receiver<Change>,
    answers: mpsc::UnboundedReceiver<Answer>,
    held: Option<watch::Receiver<Held>>,
    probes: &'a mut JoinSet<std::io::Result<()>>,
    health: &'a Health,
    shutdown: F,
}

/// What the loop holds. Nothing else changes it.
struct Work<S> {
    store: Store,
    tenants: Tenants,
    catalogue: Arc<Catalogue>,
    clock: Arc<Clock>,
    leaving: Arc<Leaving>,
    metrics: Arc<Metrics>,
    activity: watch::Sender<Activity>,
    writer: Arc<Writer<S>>,
    /// The evaluation of each tenant.
    live: Live,
    /// Whether a tenant is being evaluated. One at a time: they hear of each other.
    advancing: bool,
    passes: JoinSet<Step>,
    /// Statuses that were refused, and are to be offered again.
    refusals: Refusals,
}

/// A pass over a tenant.
struct Pass {
    namespace: String,
    /// Set when something newer is to be written.
    overtaken: Arc<AtomicBool>,
    began: Instant,
}

/// How far a pass has come.
enum Step {
    /// The tenant is evaluated. Nothing comes of it when that broke down.
    Advanced {
        pass: Pass,
        advanced: Option<Box<Advanced>>,
    },
    /// What follows is to be written. Nothing follows when finding that out broke down.
    Judged {
        pass: Pass,
        judgement: Option<Box<Judgement>>,
    },
    /// Everything has been written that could be.
    Written { namespace: String, written: Written },
}

impl<S: Storage> Work<S> {
    async fn go_on<F: Future<Output = ()>>(&mut self, mut inputs: Inputs<'_, F>) -> Result<(), Ended> {
        let mut shutdown = std::pin::pin!(inputs.shutdown);
        loop {
            let leads = inputs.held.as_ref().is_none_or(|held| *held.borrow() == Held::Yes);
            let synced = self.store.synced();
            inputs.health.beat(synced);
            if synced && leads {
                self.start_passes();
            }
            self.report(leads);
            self.say_whether_settled(synced && inputs.changes.is_empty() && inputs.answers.is_empty());
            let wake = self.tenants.wake_at().filter(|_| leads && synced && !self.advancing);
            let clock = Arc::clone(&self.clock);
            let timer = self.tenants.next_timer();
            let again = self.refusals.next();
            tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                held = changed(&mut inputs.held) => match held {
                    Held::Yes => self.judge_all(),
                    Held::No => {}
                    Held::Lost => return Err(Ended::LeaseLost),
                },
                Some(answer) = inputs.answers.recv() => self.take_answer(answer),
                Some(step) = self.passes.join_next() => self.take_step(step),
                change = inputs.changes.recv() => match change {
                    None => return Err(Ended::WatchesEnded),
                    Some(change) => {
                        self.take_change(change);
                        while let Ok(change) = inputs.changes.try_recv() {
                            self.take_change(change);
                        }
                    }
                },
                Some(served) = inputs.probes.join_next() => match served {
                    Ok(Err(error)) => return Err(Ended::Probes(error)),
                    Ok(Ok(())) | Err(_) => return Err(Ended::Probes(std::io::Error::other("the server ended"))),
                },
                () = sleep_until(wake.unwrap_or_else(Instant::now).into()), if wake.is_some() => {}
                () = sleep_until(again.unwrap_or_else(Instant::now).into()), if again.is_some() => self.offer_again(),
                () = clock.doze_until(timer) => self.tenants.ring(self.clock.now(), Instant::now()),
            }
        }
    }

    fn take_change(&mut self, change: Change) {
        if let Change::Namespace(change) = change {
            return self.take_namespace(change);
        }
        if let Change::Applied(stored) = &change
            && !self.store.holds(&stored.namespace)
        {
            self.leaving.emptied(&stored.namespace);
        }
        for (namespace, kind, name) in self.store.take(change) {
            self.changed(&namespace, kind, &name);
        }
    }

    fn take_namespace(&mut self, change: NamespaceChange) {
        let gone = match &change {
            NamespaceChange::Gone(namespace) if !self.store.holds(namespace) => Some(namespace.clone()),
            _ => None,
        };
        if let Some(namespace) = self.leaving.take(change) {
            self.live.touch_all(&namespace);
            self.tenants.changed(&namespace, Instant::now());
        }
        if let Some(namespace) = gone {
            self.leaving.emptied(&namespace);
        }
    }

    /// An object changed: its tenant is to be evaluated, and so are those that credit users of it.
    fn changed(&mut self, namespace: &str, kind: Kind, name: &str) {
        let now = Instant::now();
        if self.store.holds(namespace) {
            self.live.note(namespace, kind, name);
        } else {
            self.leaving.emptied(namespace);
            self.live.forget(namespace);
        }
        self.tenants.changed(namespace, now);
        for crediting in self.store.crediting(namespace) {
            self.tenants.changed(crediting, now);
        }
    }

    fn take_answer(&mut self, answer: Answer) {
        match answer {
            // The state that was wanted makes nothing dirty, unless its pass is over: the next may have begun without it.
            Answer::Status(stored) => {
                let (namespace, kind, name) = key(&stored);
                if self.store.answered(*stored) {
                    self.changed(&namespace, kind, &name);
                }
            }
            Answer::System(stored) => {
                let (namespace, kind, name) = key(&stored);
                if self.store.answered(*stored) {
                    self.live.note(&namespace, kind, &name);
                    self.tenants.urgent(&namespace, Instant::now());
                }
            }
            Answer::Conflict(judged) => {
                let seen = self.store.find(&judged.namespace, judged.kind, &judged.name);
                if seen.is_some_and(|seen| seen.version > judged.version) {
                    self.live.note(&judged.namespace, judged.kind, &judged.name);
                    self.tenants.changed(&judged.namespace, Instant::now());
                } else {
                    // The watch will bring the state that it has by now, and with it the tenant again, at once.
                    self.store.mark_unwritable(&judged, 0);
                }
            }
            Answer::Unwritable(judged, hash, again) => self.refused(&judged, hash, again),
        }
    }

    /// A status was not taken, or only less of it, which the object in that state shows.
    fn refused(&mut self, judged: &Stored, hash: u64, again: Option<Duration>) {
        let seen = self.store.find(&judged.namespace, judged.kind, &judged.name);
        if seen.is_some_and(|seen| seen.version > judged.version) {
            self.changed(&judged.namespace, judged.kind, &judged.name);
        }
        self.store.answered(judged.clone());
        self.store.mark_unwritable(judged, hash);
        if let Some(again) = again {
            let subject = (judged.kind, judged.namespace.clone(), judged.name.clone());
            self.refusals.note(subject, Instant::now() + again);
        }
    }

    /// Has statuses offered again that were refused a while ago.
    fn offer_again(&mut self) {
        let now = Instant::now();
        while let Some((kind, namespace, name)) = self.refusals.due(now) {
            if self.store.forget_unwritable(&namespace, kind, &name) {
                self.live.note(&namespace, kind, &name);
                self.tenants.urgent(&namespace, now);
            }
        }
    }

    fn judge_all(&mut self) {
        self.tenants.count_from(Instant::now());
        let mut namespaces: Vec<String> = self.store.namespaces().map(str::to_owned).collect();
        namespaces.sort_unstable();
        for namespace in namespaces {
            self.live.touch_all(&namespace);
            self.tenants.urgent(&namespace, Instant::now());
        }
    }

    fn start_passes(&mut self) {
        while !self.advancing {
            let Some((namespace, overtaken)) = self.tenants.next(Instant::now()) else {
                return;
            };
            if self.leaving.contains(&namespace) {
                self.tenants.set_timer(&namespace, None);
                self.tenants.ended(&namespace, true, Instant::now());
                continue;
            }
            self.advancing = true;
            let pass = Pass {
                namespace,
                overtaken,
                began: Instant::now(),
            };
            self.advance(pass);
        }
    }

    /// Begins to bring a tenant's evaluation up to date.
    fn advance(&mut self, pass: Pass) {
        let advance = self.live.begin(&self.store, &pass.namespace);
        let catalogue = Arc::clone(&self.catalogue);
        let now = self.clock.now();
        self.passes.spawn(async move {
            let advanced = spawn_blocking(move || advance.carry_out(&catalogue, now)).await;
            let advanced = advanced.ok().map(Box::new);
            Step::Advanced { pass, advanced }
        });
    }

    fn take_step(&mut self, step: Result<Step, tokio::task::JoinError>) {
        match step {
            Ok(Step::Advanced { pass, advanced }) => {
                self.advancing = false;
                match advanced {
                    Some(advanced) => self.judge(pass, *advanced),
                    None => self.broke_down(&pass.namespace),
                }
            }
            Ok(Step::Judged { pass, judgement }) => match judgement {
                Some(judgement) => self.write(pass, *judgement),
                None => self.broke_down(&pass.namespace),
            },
            Ok(Step::Written { namespace, written }) => {
                self.live.touch(&namespace, written.unwritten);
                self.ended(&namespace, written.passed);
            }
            Err(error) => tracing::error!(%error, "a pass was given up"),
        }
    }

    /// A defect of ours, which must not keep other tenants waiting. What was shown stays until it is tried again.
    fn broke_down(&mut self, namespace: &str) {
        tracing::error!(tenant = namespace, "evaluating broke down; it will be tried again");
        self.live.touch_all(namespace);
        self.ended(namespace, Passed::Ill);
    }

    /// Begins to find out what there is to write.
    fn judge(&mut self, pass: Pass, mut advanced: Advanced) {
        let now = Instant::now();
        self.metrics.judging.observe(seconds(pass.began.elapsed()));
        for behind in self.live.end(&self.store, &mut advanced) {
            if behind != pass.namespace {
                self.tenants.urgent(&behind, now);
            }
        }
        self.tenants.set_timer(&pass.namespace, advanced.next);
        let seen = self.seen(&pass.namespace);
        let evaluation = advanced.evaluation;
        self.passes.spawn(async move {
            let judged = spawn_blocking(move || judge(evaluation, &seen)).await;
            let judgement = judged.ok().map(Box::new);
            Step::Judged { pass, judgement }
        });
    }

    /// What is to be held against the evaluation of a tenant.
    fn seen(&mut self, namespace: &str) -> Seen {
        let find = |kind, name: &str| self.store.find(namespace, kind, name).cloned();
        let roles = self.catalogue.system_roles().iter();
        let roles = roles.filter_map(|role| find(Kind::Role, &role.name));
        let organizations = [HEADQUARTERS, UNASSIGNED].into_iter();
        let organizations = organizations.filter_map(|name| find(Kind::Organization, name));
        Seen {
            system: roles.chain(organizations).collect(),
            tenant: find(Kind::Tenant, TENANT_NAME),
            objects: self.live.take_touched(&self.store, namespace),
        }
    }

    /// Begins to write what differs.
    fn write(&mut self, pass: Pass, judgement: Judgement) {
        let Pass {
            namespace,
            overtaken,
            began,
        } = pass;
        let took = began.elapsed();
        tracing::debug!(tenant = namespace, writes = judgement.writes.len(), ?took, "evaluated");
        let statuses = judgement.writes.iter().filter_map(Write::status);
        self.store.expect(&namespace, statuses);
        let objects: Vec<_> = judgement.writes.iter().map(Write::object).collect();
        let writer = Arc::clone(&self.writer);
        self.passes.spawn(async move {
            // Evaluating again costs time in which nothing is written: a pass gets a few times as much first.
            let least = took * 4;
            let span = tracing::error_span!("pass", tenant = namespace);
            let written = AssertUnwindSafe(writer.carry_out(judgement, &overtaken, least)).catch_unwind();
            let written = async {
                written.await.unwrap_or_else(|_| {
                    tracing::error!("writing broke down; it will be tried again");
                    Written {
                        passed: Passed::Ill,
                        unwritten: objects,
                    }
                })
            };
            let written = written.instrument(span).await;
            Step::Written { namespace, written }
        });
    }

    fn ended(&mut self, namespace: &str, passed: Passed) {
        self.store.expect_nothing(namespace);
        let settled = self.tenants.ended(namespace, passed == Passed::Well, Instant::now());
        if let Some(took) = settled {
            self.metrics.settling.observe(seconds(took));
        }
        if !self.store.holds(namespace) {
            self.tenants.forget(namespace);
        }
    }

    /// `heard`: whether nothing waits to be taken in.
    fn say_whether_settled(&self, heard: bool) {
        let activity = if heard && self.tenants.dirty() == 0 && self.passes.is_empty() {
            Activity::Settled {
                next: self.tenants.next_timer(),
            }
        } else {
            Activity::Busy
        };
        self.activity
            .send_if_modified(|known| std::mem::replace(known, activity) != activity);
    }

    fn report(&self, leads: bool) {
        self.metrics.synced.set(i64::from(self.store.synced()));
        self.metrics.leader.set(i64::from(leads));
        // Whoever does not hold the lease judges nothing, so nothing waits for it.
        let dirty = if leads { self.tenants.dirty() } else { 0 };
        self.metrics.dirty.set(i64::try_from(dirty).unwrap_or(i64::MAX));
        let next = self.tenants.next_timer();
        self.metrics
            .next_transition
            .set(next.map_or(0, |moment| moment.seconds()));
    }
}

fn key(stored: &Stored) -> (String, Kind, String) {
    (stored.namespace.clone(), stored.kind, stored.name.clone())
}

/// Whether the lease is held, when that changes.
async fn changed(held: &mut Option<watch::Receiver<Held>>) -> Held {
    match held {
        None => std::future::pending().await,
        Some(held) => match held.changed().await {
            Ok(()) => *held.borrow_and_update(),
            // Whoever held the lease is gone.
            Err(_) => Held::Lost,
        },
    }
}

async fn announce<S: Storage>(
    storage: Arc<S>,
    fence: Arc<Fence>,
    leaving: Arc<Leaving>,
    metrics: Arc<Metrics>,
    mut announcements: mpsc::Receiver<Announcement>,
) {
    while let Some(announcement) = announcements.recv().await {
        let namespace = &announcement.about.namespace;
        if leaving.contains(namespace) {
            continue;
        }
        if !fence.lets_through() {
            metrics.events_dropped.inc();
            continue;
        }
        match storage.announce(&announcement).await {
            Ok(()) => OUTAGES.works("Event"),
            Err(WriteError::Leaving) => leaving.refused(namespace),
            Err(error) => {
                if let Some(failures) = OUTAGES.failed("Event", &error.to_string()) {
                    tracing::warn!(failures, %error, "an Event was not sent");
                }
                metrics.events_dropped.inc();
            }
        }
    }
}

#[cfg(test)]
mod tests;
