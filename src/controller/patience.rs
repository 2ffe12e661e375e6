//! Until when a server asked not to be asked again. That outlasts the pass that heard it: the next one, which knows
//! something newer to write, waits as well.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::api::Kind;

/// An object, by kind, namespace and name.
pub(super) type Subject = (Kind, String, String);

/// The objects that a server wants to be left alone for a while.
#[derive(Debug, Default)]
pub(super) struct Patience(Mutex<HashMap<Subject, Instant>>);

impl Patience {
    /// Nobody is to ask about it before that.
    pub(super) fn note(&self, subject: Subject, until: Instant) {
        let mut waiting = self.waiting();
        let now = Instant::now();
        waiting.retain(|_, until| *until > now);
        waiting.insert(subject, until);
    }

    /// Until when it is to be left alone.
    pub(super) fn until(&self, subject: &Subject, now: Instant) -> Option<Instant> {
        let until = *self.waiting().get(subject)?;
        (until > now).then_some(until)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Subject, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn subject(name: &str) -> Subject {
        (Kind::User, "acme".to_owned(), name.to_owned())
    }

    #[test]
    fn an_object_is_left_alone_for_as_long_as_was_asked_for_and_others_are_not() {
        let patience = Patience::default();
        let now = Instant::now();
        let until = now + Duration::from_secs(5);
        patience.note(subject("ada"), until);
        assert_eq!(patience.until(&subject("ada"), now), Some(until));
        assert_eq!(patience.until(&subject("bob"), now), None);
        assert_eq!(patience.until(&subject("ada"), until), None);
    }
}
