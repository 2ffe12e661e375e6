//! Events on objects: what has become of them, said once, at the transition.

use std::sync::Arc;

use super::judge::StatusWrite;
use super::shown::Shown;
use super::store::Stored;
use crate::api::{ConditionStatus, EventReason, PUBLISHED};

/// Something to tell whoever looks at an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Announcement {
    /// The object.
    pub(crate) about: Arc<Stored>,
    /// Why.
    pub(crate) reason: EventReason,
    /// What happened; like every message without email, phone and account.
    pub(crate) note: String,
}

impl Announcement {
    /// What a status that has just been written tells that the one `before` it did not.
    pub(super) fn of(write: &StatusWrite, before: &Shown) -> Vec<Self> {
        let now = &write.shown;
        let about = |reason, note| Self {
            about: Arc::clone(&write.judged),
            reason,
            note,
        };
        let phase = match (before.phase, now.phase) {
            (Some(before), Some(now)) if before != now => Some(about(
                EventReason::PhaseChanged,
                format!("the phase went from {before} to {now}"),
            )),
            _ => None,
        };
        let void = now.void.filter(|reason| before.void != Some(*reason)).map(|reason| {
            let message = write.message("Ready");
            let class = if reason.waits() {
                EventReason::Waiting
            } else {
                EventReason::Refused
            };
            about(class, format!("{reason}: {message}"))
        });
        let healed = before.void.filter(|_| now.void.is_none());
        let healed = healed.map(|reason| about(EventReason::Accepted, format!("in force; it was not: {reason}")));
        let unpublished = now.unpublished.filter(|why| before.unpublished != Some(*why));
        let unpublished = unpublished.map(|why| about(why.into(), write.message(PUBLISHED)));
        phase.into_iter().chain(void).chain(healed).chain(unpublished).collect()
    }
}

impl StatusWrite {
    /// What a condition that does not hold says.
    fn message(&self, kind: &str) -> String {
        let conditions = self.status.conditions().iter();
        let failed = conditions.filter(|condition| condition.kind == kind && condition.status != ConditionStatus::True);
        failed.map(|condition| condition.message.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::stored;
    use super::*;
    use crate::api::{Condition, Kind, UserPhase, UserStatus};
    use crate::policy::Status;

    fn status(phase: UserPhase, ready: Result<(), &str>) -> Status {
        Status::User(Box::new(UserStatus {
            phase: Some(phase),
            conditions: vec![Condition {
                kind: "Ready".to_owned(),
                status: match ready {
                    Ok(()) => ConditionStatus::True,
                    Err(_) => ConditionStatus::False,
                },
                reason: ready.err().unwrap_or("Active").to_owned(),
                message: "spec.email: held".to_owned(),
                last_transition_time: None,
                observed_generation: None,
            }],
            ..UserStatus::default()
        }))
    }

    fn told(before: Option<&Status>, now: &Status) -> Vec<(EventReason, String)> {
        let mut judged = stored(Kind::User, "acme", "ada", 1);
        judged.shown = before.map(Shown::of).unwrap_or_default();
        let write = StatusWrite {
            judged: Arc::new(judged),
            status: now.clone(),
            shown: Shown::of(now),
        };
        let told = Announcement::of(&write, &write.judged.shown).into_iter();
        told.map(|announcement| (announcement.reason, announcement.note))
            .collect()
    }

    #[test]
    fn a_new_object_that_is_well_is_no_news() {
        assert!(told(None, &status(UserPhase::Active, Ok(()))).is_empty());
    }

    #[test]
    fn a_phase_that_changes_is_told() {
        let before = status(UserPhase::Active, Ok(()));
        let now = status(UserPhase::Expired, Ok(()));
        let note = "the phase went from Active to Expired".to_owned();
        assert_eq!(told(Some(&before), &now), [(EventReason::PhaseChanged, note)]);
    }

    #[test]
    fn what_voids_an_object_is_told_once_by_its_class() {
        let refused = status(UserPhase::Invalid, Err("DuplicateIdentifier"));
        let waiting = status(UserPhase::Invalid, Err("NoTenant"));
        assert_eq!(
            told(None, &refused),
            [(EventReason::Refused, "DuplicateIdentifier: spec.email: held".to_owned())]
        );
        assert!(told(Some(&refused), &refused).is_empty());
        assert_eq!(
            told(Some(&refused), &waiting),
            [(EventReason::Waiting, "NoTenant: spec.email: held".to_owned())]
        );
    }

    #[test]
    fn what_heals_is_told_as_accepted() {
        let waiting = status(UserPhase::Active, Err("NoTenant"));
        let well = status(UserPhase::Active, Ok(()));
        let note = "in force; it was not: NoTenant".to_owned();
        assert_eq!(told(Some(&waiting), &well), [(EventReason::Accepted, note)]);
    }
}
