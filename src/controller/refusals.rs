//! Statuses that were refused, and when to offer them again.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use super::patience::Subject;

/// Each object once, soonest first.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    at: HashMap<Subject, Instant>,
    order: BTreeSet<(Instant, Subject)>,
}

impl Refusals {
    /// Its status is to be offered again then, and not before.
    pub(super) fn note(&mut self, subject: Subject, at: Instant) {
        if let Some(before) = self.at.insert(subject.clone(), at) {
            self.order.remove(&(before, subject.clone()));
        }
        self.order.insert((at, subject));
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// One that is due, and forgets it.
    pub(super) fn due(&mut self, now: Instant) -> Option<Subject> {
        self.next().filter(|at| *at <= now)?;
        let (_, subject) = self.order.pop_first()?;
        self.at.remove(&subject);
        Some(subject)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::Kind;

    #[test]
    fn each_object_comes_once_and_in_its_time() {
        let mut refusals = Refusals::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let [ada, bob] = ["ada", "bob"].map(|name| (Kind::User, "acme".to_owned(), name.to_owned()));
        refusals.note(ada.clone(), after(1));
        refusals.note(bob.clone(), after(2));
        refusals.note(ada.clone(), after(3));
        assert_eq!(refusals.next(), Some(after(2)));
        assert_eq!(refusals.due(after(1)), None);
        assert_eq!(refusals.due(after(9)), Some(bob));
        assert_eq!(refusals.due(after(9)), Some(ada));
        assert_eq!((refusals.due(after(9)), refusals.next()), (None, None));
    }
}
