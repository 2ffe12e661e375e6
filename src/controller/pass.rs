//! Carrying out what a pass over a tenant came to: writes in their order, several at a time, each behind the fence.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;

use super::announce::Announcement;
use super::fence::Fence;
use super::judge::{StatusWrite, SystemWrite, Write};
use super::metrics::Metrics;
use super::storage::{Extent, Storage, WriteError};
use super::store::Stored;

/// Writes in flight, of all tenants together.
pub(super) const IN_FLIGHT: usize = 32;
/// Writes in flight of one tenant: the others find a place.
const IN_FLIGHT_OF_ONE: usize = 16;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What every pass needs.
pub(super) struct Writer<S> {
    pub(super) storage: Arc<S>,
    pub(super) fence: Arc<Fence>,
    pub(super) metrics: Arc<Metrics>,
    /// Places for writes in flight.
    pub(super) places: Semaphore,
    /// What became of the writes.
    pub(super) answers: mpsc::UnboundedSender<Answer>,
    /// What people are told; full when nobody keeps up, and then it is dropped.
    pub(super) announcements: mpsc::Sender<Announcement>,
}

/// What became of a write.
#[derive(Debug)]
pub(super) enum Answer {
    /// The object as it is with the status.
    Status(Box<Stored>),
    /// The object of the system as it is now.
    System(Box<Stored>),
    /// The object had moved.
    Conflict(Arc<Stored>),
    /// Storage will not take that status, by its hash, while the object is as it was judged.
    Unwritable(Arc<Stored>, u64),
}

/// What a pass ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// All was written, or will be once the object is another.
    Well,
    /// Something is to be tried again.
    Ill,
}

impl<S: Storage> Writer<S> {
    /// Writes in order until all is written or the pass is overtaken by something newer, which it may be after `least`.
    pub(super) async fn carry_out(&self, writes: Vec<Write>, overtaken: &AtomicBool, least: Duration) -> Passed {
        let ill = AtomicBool::new(false);
        let began = Instant::now();
        let stopped = || overtaken.load(Ordering::SeqCst) && began.elapsed() >= least;
        stream::iter(writes)
            .for_each_concurrent(IN_FLIGHT_OF_ONE, |write| async {
                if stopped() {
                    return;
                }
                let passed = match write {
                    Write::Status(write) => self.status(*write, &stopped).await,
                    Write::System(write) => self.system(*write, &stopped).await,
                };
                if passed == Passed::Ill {
                    ill.store(true, Ordering::SeqCst);
                }
            })
            .await;
        if ill.into_inner() { Passed::Ill } else { Passed::Well }
    }

    async fn status(&self, mut write: StatusWrite, stopped: &impl Fn() -> bool) -> Passed {
        let (kind, hash) = (write.judged.kind, write.shown.hash);
        // What cannot be decoded cannot be applied to either; a merge leaves the spec alone.
        let broken = matches!(write.judged.declared, crate::policy::Declared::Broken(_));
        let extent = if broken { Extent::Whole } else { Extent::Own };
        let mut answer = self
            .patiently(kind, stopped, || self.storage.write_status(&write, extent))
            .await;
        if let Ok(stored) = &answer
            && extent == Extent::Own
            && stored.shown.hash != hash
        {
            tracing::debug!(%kind, "somebody else wrote into a status: replacing it whole");
            self.answer(Answer::Status(Box::new(stored.clone())));
            write.judged = Arc::new(stored.clone());
            answer = self
                .patiently(kind, stopped, || self.storage.write_status(&write, Extent::Whole))
                .await;
        }
        match answer {
            Ok(stored) => {
                if stored.shown.hash != hash {
                    tracing::warn!(%kind, "a status does not come back as it was written");
                    self.answer(Answer::Unwritable(Arc::new(stored.clone()), hash));
                }
                for announcement in Announcement::of(&write) {
                    if self.announcements.try_send(announcement).is_err() {
                        self.metrics.events_dropped.inc();
                    }
                }
                self.answer(Answer::Status(Box::new(stored)));
                Passed::Well
            }
            // A change will show why, and sooner; but nothing depends on there being one.
            Err(WriteError::Conflict) => {
                self.answer(Answer::Conflict(write.judged));
                Passed::Ill
            }
            Err(WriteError::Gone) => Passed::Ill,
            // Once per change: it may be what the object says that makes the server fail.
            Err(error) if broken => {
                tracing::warn!(%kind, %error, "the status of an object that cannot be decoded was not taken");
                self.answer(Answer::Unwritable(write.judged, hash));
                Passed::Well
            }
            Err(error) => self.ill(kind, &error),
        }
    }

    async fn system(&self, write: SystemWrite, stopped: &impl Fn() -> bool) -> Passed {
        let kind = write.kind;
        match self
            .patiently(kind, stopped, || self.storage.write_system(&write))
            .await
        {
            Ok(stored) => {
                self.answer(Answer::System(Box::new(stored)));
                Passed::Well
            }
            // It is there already, or its namespace is going: as above.
            Err(WriteError::Conflict | WriteError::Gone) => Passed::Ill,
            Err(error) => self.ill(kind, &error),
        }
    }

    fn ill(&self, kind: crate::api::Kind, error: &WriteError) -> Passed {
        tracing::warn!(%kind, %error, "not written; it will be tried again");
        Passed::Ill
    }

    /// Tries again what is answered with "busy", ever more slowly, unless the pass is overtaken. Every attempt is behind
    /// the fence.
    async fn patiently<F: Future<Output = Result<Stored, WriteError>>>(
        &self,
        kind: crate::api::Kind,
        stopped: &impl Fn() -> bool,
        write: impl Fn() -> F,
    ) -> Result<Stored, WriteError> {
        let mut wait = FIRST_WAIT;
        loop {
            let place = self.places.acquire().await;
            if place.is_err() || !self.fence.lets_through() {
                return Err(WriteError::Busy {
                    after: None,
                    reason: "the lease is not held".to_owned(),
                });
            }
            let answer = write().await;
            drop(place);
            self.metrics.wrote(kind, &answer);
            let Err(WriteError::Busy { after, .. }) = &answer else {
                return answer;
            };
            if stopped() || wait >= LONGEST_WAIT {
                return answer;
            }
            sleep(after.unwrap_or(wait).clamp(wait, LONGEST_WAIT * 3)).await;
            wait *= 2;
        }
    }

    fn answer(&self, answer: Answer) {
        // Nobody listens any more only when the process is about to end.
        let _ = self.answers.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge::SystemWrite;
    use super::super::shown::Shown;
    use super::super::store::Change;
    use super::super::testing::stored;
    use super::*;
    use crate::api::Kind;
    use crate::policy::Status;

    /// Storage that answers every write with the same.
    struct Answering(fn() -> WriteError);

    impl Storage for Answering {
        async fn feed(self: Arc<Self>, _: mpsc::Sender<Change>) {}

        async fn write_status(&self, _: &StatusWrite, _: Extent) -> Result<Stored, WriteError> {
            Err((self.0)())
        }

        async fn write_system(&self, _: &SystemWrite) -> Result<Stored, WriteError> {
            Err((self.0)())
        }

        async fn announce(&self, _: &Announcement) -> Result<(), WriteError> {
            Ok(())
        }
    }

    fn status() -> Write {
        let status = Status::User(Box::default());
        Write::Status(Box::new(StatusWrite {
            judged: Arc::new(stored(Kind::User, "acme", "ada", 1)),
            shown: Shown::of(&status),
            status,
        }))
    }

    fn system() -> Write {
        Write::System(Box::new(SystemWrite {
            kind: Kind::Role,
            namespace: "acme".to_owned(),
            name: "analyst".to_owned(),
            spec: serde_json::Value::Null,
            owner: String::new(),
            instead_of: None,
        }))
    }

    async fn passed(write: Write, answer: fn() -> WriteError) -> Passed {
        let (answers, _) = mpsc::unbounded_channel();
        let (announcements, _) = mpsc::channel(1);
        let writer = Writer {
            storage: Arc::new(Answering(answer)),
            fence: Arc::new(Fence::open()),
            metrics: Arc::default(),
            places: Semaphore::new(1),
            answers,
            announcements,
        };
        writer
            .carry_out(vec![write], &AtomicBool::new(false), Duration::ZERO)
            .await
    }

    /// A server may say so and be wrong, and then no change comes that would bring the tenant again.
    #[tokio::test]
    async fn what_is_said_to_have_changed_or_gone_is_looked_at_again() {
        for answer in [|| WriteError::Conflict, || WriteError::Gone] {
            assert_eq!(passed(status(), answer).await, Passed::Ill);
            assert_eq!(passed(system(), answer).await, Passed::Ill);
        }
    }
}
