//! Writing one status: as it is, or less of it when it is not taken.
//!
//! A status that the API server refuses would leave the one before it in place, and with it access that has been taken away.
//! So less and less of it is written until something is taken, and the condition `Published` says so. What was refused is
//! remembered with the object and not offered again while both stay as they are, but for a try now and then: the
//! CustomResourceDefinition may have been updated.

use std::sync::Arc;
use std::time::Duration;

use super::announce::Announcement;
use super::judge::StatusWrite;
use super::pass::{Answer, Passed, Writer};
use super::shown::Shown;
use super::storage::{Extent, Storage, WriteError};
use super::store::Stored;
use crate::api::{Moment, Unpublished};
use crate::policy::{Declared, Reduction};

/// A server that failed at a status as often as it was tried may have meant the status; or it was unwell, so it is soon
/// offered again.
const AGAIN_AFTER_FAILURES: Duration = Duration::from_secs(60);

/// That a status will not be taken as it is.
struct Refusal {
    why: Unpublished,
    /// When to offer it again though nothing has changed.
    again: Option<Duration>,
}

impl Refusal {
    /// Of an answer; `None` when it is none. A server that failed was not tried often enough when the pass was `stopped`.
    fn of(answer: &Result<Stored, WriteError>, stopped: bool) -> Option<Self> {
        match answer {
            Err(WriteError::Invalid { why, again, .. }) => Some(Self {
                why: *why,
                again: *again,
            }),
            Err(WriteError::Busy { failed: true, .. }) if !stopped => Some(Self {
                why: Unpublished::StatusRefused,
                again: Some(AGAIN_AFTER_FAILURES),
            }),
            _ => None,
        }
    }
}

impl StatusWrite {
    /// The same with less in it.
    fn reduced(&self, to: Reduction, why: Unpublished, now: Moment) -> Self {
        let mut status = self.status.reduced(to, why);
        self.judged.shown.complete(&mut status, self.judged.generation, now);
        Self {
            judged: Arc::clone(&self.judged),
            shown: Shown::of(&status),
            status,
        }
    }
}

impl<S: Storage> Writer<S> {
    /// Writes a status, or as much of it as is taken.
    pub(super) async fn status(&self, mut write: StatusWrite, stopped: &impl Fn() -> bool) -> Passed {
        let wanted = write.shown.hash;
        let before = Arc::clone(&write.judged);
        let mut answer = self.offer(&mut write, stopped).await;
        let mut refused: Option<Refusal> = None;
        for to in Reduction::ALL {
            let Some(refusal) = Refusal::of(&answer, stopped()) else {
                break;
            };
            let refusal = Refusal {
                why: refused.as_ref().map_or(refusal.why, |first| first.why),
                again: refusal.again.or(refused.and_then(|first| first.again)),
            };
            let less = write.reduced(to, refusal.why, self.clock.now());
            refused = Some(refusal);
            if less.shown.hash == write.shown.hash {
                continue;
            }
            report(&write, &answer, "a status was refused: less of it is written");
            write = less;
            answer = self.offer(&mut write, stopped).await;
        }
        if answer.is_ok() {
            self.announce(&write, &before.shown);
        }
        self.ended(write, wanted, answer, refused.and_then(|refusal| refusal.again))
    }

    /// What becomes of a status once it is written, or not.
    fn ended(
        &self,
        write: StatusWrite,
        wanted: u64,
        answer: Result<Stored, WriteError>,
        again: Option<Duration>,
    ) -> Passed {
        let kind = write.judged.kind;
        match answer {
            Ok(stored) => {
                if stored.shown.hash != write.shown.hash {
                    tracing::warn!(%kind, name = write.judged.name, "a status does not come back as it was written");
                }
                self.answer(if stored.shown.hash == wanted {
                    Answer::Status(Box::new(stored))
                } else {
                    Answer::Unwritable(Arc::new(stored), wanted, again)
                });
                Passed::Well
            }
            // A change will show why, and sooner; but nothing depends on there being one.
            Err(WriteError::Conflict) => {
                self.answer(Answer::Conflict(write.judged));
                Passed::Ill
            }
            Err(WriteError::Leaving) => Passed::Well,
            Err(WriteError::Gone | WriteError::Fenced) => Passed::Ill,
            // Not even the least of it: the object itself is not valid, and takes no status from anyone until it is changed.
            Err(WriteError::Invalid { .. }) => {
                report(&write, &answer, "not even the least of a status was taken");
                self.answer(Answer::Unwritable(write.judged, wanted, again));
                Passed::Well
            }
            Err(error) => self.ill(kind, &write.judged.name, &error),
        }
    }

    /// Writes a status as it is, unless the object shows it already. When somebody else has put something into it, it is
    /// replaced whole.
    async fn offer(&self, write: &mut StatusWrite, stopped: &impl Fn() -> bool) -> Result<Stored, WriteError> {
        let (kind, hash) = (write.judged.kind, write.shown.hash);
        if write.judged.shown.hash == hash {
            return Ok((*write.judged).clone());
        }
        // What cannot be decoded cannot be applied to either; a merge leaves the spec alone.
        let broken = matches!(write.judged.declared, Declared::Broken(_));
        let extent = if broken { Extent::Whole } else { Extent::Own };
        let subject = (kind, write.judged.namespace.clone(), write.judged.name.clone());
        let stored = self
            .patiently(&subject, stopped, || self.storage.write_status(write, extent))
            .await?;
        if extent == Extent::Whole || stored.shown.hash == hash {
            return Ok(stored);
        }
        tracing::debug!(%kind, "somebody else wrote into a status: replacing it whole");
        self.answer(Answer::Status(Box::new(stored.clone())));
        write.judged = Arc::new(stored);
        self.patiently(&subject, stopped, || self.storage.write_status(write, Extent::Whole))
            .await
    }

    fn announce(&self, write: &StatusWrite, before: &Shown) {
        for announcement in Announcement::of(write, before) {
            if self.announcements.try_send(announcement).is_err() {
                self.metrics.events_dropped.inc();
            }
        }
    }
}

/// Says which status was refused, and why by the server's own account; once for as long as the object shows that.
fn report(write: &StatusWrite, answer: &Result<Stored, WriteError>, what: &str) {
    let Err(error) = answer else { return };
    let judged = &write.judged;
    match judged.shown.unpublished {
        None => tracing::warn!(kind = %judged.kind, name = judged.name, %error, "{what}"),
        Some(_) => tracing::debug!(kind = %judged.kind, name = judged.name, %error, "{what}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use serde_json::json;
    use tokio::sync::mpsc;

    use super::super::fence::Fence;
    use super::super::testing::{Carried, busy, carry_out, carry_out_until, taken, user, with_spec, write, writer};
    use super::*;
    use crate::api::{Kind, UserPhase, UserStatus};
    use crate::policy::Status;

    const AGAIN: Duration = Duration::from_secs(600);

    fn invalid(why: Unpublished) -> WriteError {
        WriteError::Invalid {
            why,
            again: (why == Unpublished::StatusRefused).then_some(AGAIN),
            reason: "422".to_owned(),
        }
    }

    fn refused() -> Result<Stored, WriteError> {
        Err(invalid(Unpublished::StatusRefused))
    }

    /// A status with something to leave out.
    fn full() -> StatusWrite {
        let status = Status::User(Box::new(UserStatus {
            phase: Some(UserPhase::Active),
            groups: vec!["press".to_owned()],
            ..UserStatus::default()
        }));
        StatusWrite {
            shown: Shown::of(&status),
            status,
            ..write(user())
        }
    }

    /// The object once less of its status has been taken.
    fn taken_reduced(write: &StatusWrite, to: Reduction, why: Unpublished, version: u64) -> Stored {
        taken(&write.reduced(to, why, Moment::MIN), version)
    }

    fn unwritable(carried: &Carried) -> (u64, u64, u64, Option<Duration>) {
        match &carried.answers[..] {
            [Answer::Unwritable(shows, hash, again)] => (shows.version, shows.shown.hash, *hash, *again),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_status_with_somebody_elses_fields_is_replaced_whole() {
        let write = write(user());
        let mut forged = taken(&write, 6);
        forged.shown.hash = 99;
        let told = vec![Ok(forged), Ok(taken(&write, 7))];
        let carried = carry_out(&write, Fence::open(), false, told).await;
        assert_eq!(carried.asked, [Extent::Own, Extent::Whole]);
        assert!(matches!(&carried.answers[..], [Answer::Status(_), Answer::Status(stored)] if stored.version == 7));
    }

    #[tokio::test]
    async fn a_status_that_never_comes_back_as_written_is_not_offered_for_ever() {
        let write = write(user());
        let odd = |version| {
            let mut odd = taken(&write, version);
            odd.shown.hash = 99;
            Ok(odd)
        };
        let carried = carry_out(&write, Fence::open(), false, vec![odd(6), odd(7)]).await;
        assert!(carried.answers.iter().any(
            |answer| matches!(answer, Answer::Unwritable(judged, hash, None) if judged.version == 7 && *hash == write.shown.hash)
        ));
    }

    #[tokio::test]
    async fn what_cannot_be_decoded_and_is_not_valid_is_offered_its_status_by_a_merge_and_then_left() {
        let broken = with_spec(Kind::User, "acme", "ada", 5, &json!({"roles": 7}));
        let carried = carry_out(&write(broken), Fence::open(), false, vec![refused(), refused()]).await;
        assert_eq!(carried.passed, Passed::Well);
        assert_eq!(carried.asked, [Extent::Whole; 2]);
        assert!(matches!(&carried.answers[..], [Answer::Unwritable(_, _, _)]));
    }

    #[tokio::test]
    async fn what_cannot_be_decoded_is_tried_again_when_it_was_not_that() {
        for error in [WriteError::Refused("403".to_owned()), busy()] {
            let broken = with_spec(Kind::User, "acme", "ada", 5, &json!({"roles": 7}));
            let overtaken = AtomicBool::new(false);
            let write = write(broken);
            let carried = carry_out_until(&write, Fence::open(), &overtaken, vec![Err(error)]);
            tokio::pin!(carried);
            let carried = match futures::poll!(carried.as_mut()) {
                std::task::Poll::Ready(carried) => carried,
                std::task::Poll::Pending => {
                    overtaken.store(true, Ordering::SeqCst);
                    carried.await
                }
            };
            assert_eq!(carried.passed, Passed::Ill);
            assert!(carried.answers.is_empty());
        }
    }

    #[tokio::test]
    async fn what_the_server_refuses_is_written_with_counts_in_place_of_lists() {
        let write = full();
        let less = taken_reduced(&write, Reduction::Lists, Unpublished::StatusRefused, 6);
        let hash = less.shown.hash;
        let carried = carry_out(&write, Fence::open(), false, vec![refused(), Ok(less)]).await;
        assert_eq!(carried.passed, Passed::Well);
        assert_eq!(unwritable(&carried), (6, hash, write.shown.hash, Some(AGAIN)));
    }

    #[tokio::test]
    async fn what_is_refused_while_something_newer_comes_is_reduced_all_the_same() {
        let write = full();
        let less = taken_reduced(&write, Reduction::Lists, Unpublished::StatusRefused, 6);
        let (sender, mut answers) = mpsc::unbounded_channel();
        let writer = writer(Fence::open(), vec![refused(), Ok(less)], sender);
        assert_eq!(writer.status(write, &|| true).await, Passed::Well);
        assert!(matches!(answers.try_recv(), Ok(Answer::Unwritable(shows, _, Some(AGAIN))) if shows.version == 6));
    }

    #[tokio::test]
    async fn a_failure_that_was_not_waited_for_is_no_refusal() {
        let failed = WriteError::Busy {
            after: None,
            failed: true,
            reason: "500".to_owned(),
        };
        let (sender, mut answers) = mpsc::unbounded_channel();
        let writer = writer(Fence::open(), vec![Err(failed)], sender);
        assert_eq!(writer.status(full(), &|| true).await, Passed::Ill);
        assert!(answers.try_recv().is_err());
    }

    #[tokio::test]
    async fn an_older_definition_gets_as_much_as_it_takes() {
        let write = full();
        let less = taken_reduced(&write, Reduction::Phase, Unpublished::StatusRefused, 6);
        let hash = less.shown.hash;
        let told = vec![refused(), refused(), refused(), Ok(less)];
        let carried = carry_out(&write, Fence::open(), false, told).await;
        assert_eq!(unwritable(&carried), (6, hash, write.shown.hash, Some(AGAIN)));
    }

    #[tokio::test]
    async fn what_is_too_large_is_not_offered_again_by_itself_and_says_so_however_little_is_taken() {
        for (refusals, to, again) in [(1, Reduction::Lists, None), (2, Reduction::Counts, Some(AGAIN))] {
            let write = full();
            let less = taken_reduced(&write, to, Unpublished::StatusTooLarge, 6);
            let hash = less.shown.hash;
            let mut told = vec![Err(invalid(Unpublished::StatusTooLarge))];
            told.extend((1..refusals).map(|_| refused()));
            told.push(Ok(less));
            let carried = carry_out(&write, Fence::open(), false, told).await;
            assert_eq!(unwritable(&carried), (6, hash, write.shown.hash, again));
        }
    }

    #[tokio::test]
    async fn what_shows_the_reduced_status_already_is_not_written() {
        let mut write = full();
        let shows = taken_reduced(&write, Reduction::Lists, Unpublished::StatusRefused, 5);
        write.judged = Arc::new(shows);
        let carried = carry_out(&write, Fence::open(), false, vec![refused()]).await;
        assert_eq!(carried.asked.len(), 1);
        assert_eq!(
            unwritable(&carried),
            (5, write.judged.shown.hash, write.shown.hash, Some(AGAIN))
        );
    }

    #[tokio::test]
    async fn what_is_not_taken_at_all_is_left_until_it_changes_or_its_time_has_come() {
        let write = full();
        let told = vec![refused(), refused(), refused(), refused()];
        let carried = carry_out(&write, Fence::open(), false, told).await;
        assert_eq!(carried.passed, Passed::Well);
        assert_eq!(unwritable(&carried), (5, 0, write.shown.hash, Some(AGAIN)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_server_fails_at_again_and_again_is_taken_for_refused() {
        let write = full();
        let failed = || {
            Err(WriteError::Busy {
                after: None,
                failed: true,
                reason: "500".to_owned(),
            })
        };
        let less = taken_reduced(&write, Reduction::Lists, Unpublished::StatusRefused, 6);
        let hash = less.shown.hash;
        let mut told: Vec<_> = (0..8).map(|_| failed()).collect();
        told.push(Ok(less));
        let carried = carry_out(&write, Fence::open(), false, told).await;
        assert_eq!(
            unwritable(&carried),
            (6, hash, write.shown.hash, Some(AGAIN_AFTER_FAILURES))
        );
    }

    #[tokio::test]
    async fn a_status_that_is_not_whole_is_told_once() {
        let (answers, _heard) = mpsc::unbounded_channel();
        let write = full();
        let less = taken_reduced(&write, Reduction::Lists, Unpublished::StatusRefused, 6);
        let mut writer = writer(Fence::open(), vec![refused(), Ok(less.clone()), refused()], answers);
        let (sender, mut announced) = mpsc::channel(8);
        writer.announcements = sender;
        writer.status(write.clone(), &|| false).await;
        let told = announced.try_recv().unwrap();
        assert_eq!(told.reason, Unpublished::StatusRefused.into());
        assert!(told.note.contains("docs/reasons.md#statusrefused"), "{}", told.note);
        let again = StatusWrite {
            judged: Arc::new(less),
            ..write
        };
        writer.status(again, &|| false).await;
        assert!(announced.try_recv().is_err());
    }
}
