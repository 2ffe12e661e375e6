//! Carrying out what a pass over a tenant came to: writes in their order, several at a time, each behind the fence.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep};

use super::announce::Announcement;
use super::clock::Clock;
use super::fence::Fence;
use super::judge::{Judgement, SystemWrite, Write, user_status};
use super::leaving::Leaving;
use super::metrics::Metrics;
use super::outages::OUTAGES;
use super::patience::{Patience, Subject};
use super::storage::{Storage, WriteError};
use super::store::Stored;
use crate::api::Kind;

/// Writes in flight, of all tenants together.
pub(super) const IN_FLIGHT: usize = 32;
/// Writes in flight of one tenant: the others find a place.
const IN_FLIGHT_OF_ONE: usize = 16;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A server that asks for more patience than that is asked again all the same.
const MOST_PATIENCE: Duration = Duration::from_secs(600);
/// How often a write that waits looks whether its pass is overtaken.
const GLANCE: Duration = Duration::from_millis(50);

/// What every pass needs.
pub(super) struct Writer<S> {
    pub(super) storage: Arc<S>,
    pub(super) fence: Arc<Fence>,
    pub(super) clock: Arc<Clock>,
    /// Where nothing is written.
    pub(super) leaving: Arc<Leaving>,
    pub(super) metrics: Arc<Metrics>,
    /// Places for writes in flight.
    pub(super) places: Semaphore,
    /// What is to be left alone for a while.
    pub(super) patience: Patience,
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
    /// Storage will not take a status, by its hash, while the object is in this state; when to offer it again all the same.
    Unwritable(Arc<Stored>, u64, Option<Duration>),
}

/// What a pass ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// All was written, or will be once the object is another.
    Well,
    /// Something is to be tried again.
    Ill,
}

/// What a pass has come to.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) passed: Passed,
    /// The objects that were not written, by kind and name.
    pub(super) unwritten: Vec<(Kind, String)>,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    Long,
    Overtaken,
}

impl<S: Storage> Writer<S> {
    /// Writes in order until all is written or the pass is overtaken by something newer, which it may be after `least`.
    /// Returns the objects, by kind and name, of which the status may not be as it should.
    pub(super) async fn carry_out(&self, judgement: Judgement, overtaken: &AtomicBool, least: Duration) -> Written {
        let unwritten = Mutex::new(Vec::new());
        let ill = AtomicBool::new(false);
        let began = Instant::now();
        let stopped = || overtaken.load(Ordering::SeqCst) && began.elapsed() >= least;
        let evaluation = judgement.evaluation.as_deref();
        stream::iter(judgement.writes)
            .for_each_concurrent(IN_FLIGHT_OF_ONE, |write| async {
                let object = write.object();
                let leave = |object| unwritten.lock().unwrap_or_else(PoisonError::into_inner).push(object);
                if stopped() {
                    return leave(object);
                }
                let passed = match write {
                    Write::Status(write) => self.status(*write, &stopped).await,
                    Write::User(judged, _) => {
                        match evaluation.and_then(|evaluation| user_status(evaluation, &judged)) {
                            Some(write) => self.status(write, &stopped).await,
                            None => Passed::Well,
                        }
                    }
                    Write::System(write) => self.system(*write, &stopped).await,
                };
                if passed == Passed::Ill {
                    ill.store(true, Ordering::SeqCst);
                    leave(object);
                }
            })
            .await;
        Written {
            passed: if ill.into_inner() { Passed::Ill } else { Passed::Well },
            unwritten: unwritten.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }

    async fn system(&self, write: SystemWrite, stopped: &impl Fn() -> bool) -> Passed {
        let subject = (write.kind, write.namespace.clone(), write.name.clone());
        match self
            .patiently(&subject, stopped, || self.storage.write_system(&write))
            .await
        {
            Ok(stored) => {
                self.answer(Answer::System(Box::new(stored)));
                Passed::Well
            }
            Err(WriteError::Leaving) => Passed::Well,
            // It is there already, or gone by now: to be seen.
            Err(WriteError::Conflict | WriteError::Gone | WriteError::Fenced) => Passed::Ill,
            Err(error) => self.ill(write.kind, &write.name, &error),
        }
    }

    pub(super) fn ill(&self, kind: Kind, name: &str, error: &WriteError) -> Passed {
        match OUTAGES.failed(kind.as_str(), &error.to_string()) {
            Some(failures) => tracing::warn!(%kind, name, failures, %error, "not written; it will be tried again"),
            None => tracing::debug!(%kind, name, %error, "not written; it will be tried again"),
        }
        Passed::Ill
    }

    /// Tries again what is answered with "busy", ever more slowly and never before the server asked for it, unless the pass
    /// is overtaken. Every attempt is behind the fence.
    pub(super) async fn patiently<F: Future<Output = Result<Stored, WriteError>>>(
        &self,
        subject: &Subject,
        stopped: &impl Fn() -> bool,
        write: impl Fn() -> F,
    ) -> Result<Stored, WriteError> {
        let mut wait = FIRST_WAIT;
        if let Some(until) = self.patience.until(subject, Instant::now())
            && (is_far(until) || self.waited(until, stopped).await == Waited::Overtaken)
        {
            return Err(WriteError::Busy {
                after: None,
                failed: false,
                reason: "the API server asked for more patience".to_owned(),
            });
        }
        loop {
            let place = self.places.acquire().await;
            if place.is_err() || !self.fence.lets_through() {
                return Err(WriteError::Fenced);
            }
            if self.leaving.contains(&subject.1) {
                return Err(WriteError::Leaving);
            }
            let answer = write().await;
            drop(place);
            self.metrics.wrote(subject.0, &answer);
            match &answer {
                Ok(_) => OUTAGES.works(subject.0.as_str()),
                Err(WriteError::Leaving) => self.leaving.refused(&subject.1),
                Err(_) => {}
            }
            let Err(WriteError::Busy { after, .. }) = &answer else {
                return answer;
            };
            let pause = after.map_or(wait, |after| after.clamp(wait, MOST_PATIENCE));
            let until = Instant::now() + pause;
            if after.is_some() {
                self.patience.note(subject.clone(), until);
            }
            let given_up = stopped() || wait >= LONGEST_WAIT || is_far(until);
            if given_up || self.waited(until, stopped).await == Waited::Overtaken {
                return answer;
            }
            wait *= 2;
        }
    }

    /// Waits until then, or until the pass is overtaken: what is newer may take something away, and must not wait for what
    /// cannot be written.
    async fn waited(&self, end: Instant, stopped: &impl Fn() -> bool) -> Waited {
        loop {
            if stopped() {
                return Waited::Overtaken;
            }
            let rest = end.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return Waited::Long;
            }
            sleep(rest.min(GLANCE)).await;
        }
    }

    pub(super) fn answer(&self, answer: Answer) {
        // Nobody listens any more only when the process is about to end.
        let _ = self.answers.send(answer);
    }
}

/// Whether a pass should not wait for that: what waits keeps a place from the tenant's other writes.
fn is_far(until: Instant) -> bool {
    until.saturating_duration_since(Instant::now()) > LONGEST_WAIT
}

#[cfg(test)]
mod tests {
    use super::super::storage::Extent;
    use super::super::testing::{busy, busy_for, carry_out, carry_out_until, judgement, taken, user, write, writer};
    use super::*;

    #[tokio::test]
    async fn what_is_busy_is_tried_again_until_it_is_taken() {
        let write = write(user());
        let told = vec![Err(busy()), Err(busy()), Ok(taken(&write, 6))];
        let carried = carry_out(&write, Fence::open(), false, told).await;
        assert_eq!(carried.passed, Passed::Well);
        assert_eq!(carried.asked, [Extent::Own; 3]);
        assert!(matches!(&carried.answers[..], [Answer::Status(stored)] if stored.version == 6));
    }

    #[tokio::test]
    async fn what_waits_to_be_tried_again_does_not_hold_up_what_is_newer() {
        let overtaken = AtomicBool::new(false);
        let busy = busy_for(9);
        let write = write(user());
        let carried = carry_out_until(&write, Fence::open(), &overtaken, vec![Err(busy)]);
        tokio::pin!(carried);
        assert!(futures::poll!(carried.as_mut()).is_pending());
        overtaken.store(true, Ordering::SeqCst);
        let carried = tokio::time::timeout(Duration::from_secs(10), carried).await;
        assert_eq!(carried.unwrap().passed, Passed::Ill);
    }

    #[tokio::test]
    async fn what_is_newer_does_not_ask_before_the_server_wanted_to_be_asked_either() {
        let busy = busy_for(9);
        let writer = writer(Fence::open(), vec![Err(busy)], mpsc::unbounded_channel().0);
        let write = write(user());
        let overtaken = AtomicBool::new(false);
        {
            let first = writer.carry_out(judgement(&write), &overtaken, Duration::ZERO);
            tokio::pin!(first);
            assert!(futures::poll!(first.as_mut()).is_pending());
            overtaken.store(true, Ordering::SeqCst);
            first.await;
        }
        let going_on = AtomicBool::new(false);
        let second = writer.carry_out(judgement(&write), &going_on, Duration::ZERO);
        tokio::pin!(second);
        assert!(futures::poll!(second.as_mut()).is_pending());
        assert_eq!(writer.storage.asked.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_is_to_wait_for_long_leaves_its_place_to_others() {
        let busy = busy_for(300);
        let writer = writer(Fence::open(), vec![Err(busy)], mpsc::unbounded_channel().0);
        let write = write(user());
        for _ in 0..2 {
            let going_on = AtomicBool::new(false);
            let passed = writer
                .carry_out(judgement(&write), &going_on, Duration::ZERO)
                .await
                .passed;
            assert_eq!(passed, Passed::Ill);
        }
        assert_eq!(writer.storage.asked.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_conflict_is_judged_again_and_not_just_written_again() {
        let carried = carry_out(&write(user()), Fence::open(), false, vec![Err(WriteError::Conflict)]).await;
        assert_eq!(carried.passed, Passed::Ill);
        assert!(matches!(&carried.answers[..], [Answer::Conflict(judged)] if judged.version == 5));
    }

    #[tokio::test]
    async fn what_is_said_to_be_gone_is_looked_at_again() {
        let carried = carry_out(&write(user()), Fence::open(), false, vec![Err(WriteError::Gone)]).await;
        assert_eq!(carried.passed, Passed::Ill);
        assert!(carried.answers.is_empty());
    }

    #[tokio::test]
    async fn what_is_refused_leaves_the_tenant_to_be_tried_again() {
        let refused = Err(WriteError::Refused("403".to_owned()));
        let carried = carry_out(&write(user()), Fence::open(), false, vec![refused]).await;
        assert_eq!(carried.passed, Passed::Ill);
    }

    #[tokio::test]
    async fn nothing_is_written_behind_a_shut_fence() {
        let carried = carry_out(&write(user()), Fence::default(), false, Vec::new()).await;
        assert_eq!(carried.passed, Passed::Ill);
        assert!(carried.asked.is_empty());
    }

    #[tokio::test]
    async fn a_pass_that_is_overtaken_writes_nothing_more() {
        let carried = carry_out(&write(user()), Fence::open(), true, Vec::new()).await;
        assert_eq!(carried.passed, Passed::Well);
        assert!(carried.asked.is_empty());
    }
}
