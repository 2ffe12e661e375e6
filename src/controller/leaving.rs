//! Namespaces that are being deleted.
//!
//! All that is in them goes, object by object, and nothing new may come: the API server refuses whatever is created there.
//! A controller that went on would write the status of every object that is left each time another is gone.
//!
//! A watch says which they are. Where that may not be read, the first refusal tells.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::store::NamespaceChange;

/// All of them, by name.
#[derive(Debug, Default)]
pub(super) struct Leaving(Mutex<HashMap<String, Known>>);

/// How it is known of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// By a refusal, or it is gone but some of its objects are still thought to be there: until none is.
    UntilEmpty,
    /// By the watch: until that says something else.
    Watched,
    /// By the watch, and a list that is under way has not named it yet.
    Unlisted,
}

impl Leaving {
    /// Whether it is one of them.
    pub(super) fn contains(&self, namespace: &str) -> bool {
        self.known().contains_key(namespace)
    }

    /// Takes in what the watch says. Returns the namespace that is not being deleted any more but another of its name: what is
    /// in it may have come before.
    pub(super) fn take(&self, change: NamespaceChange) -> Option<String> {
        let mut known = self.known();
        match change {
            NamespaceChange::Listing => {
                for how in known.values_mut().filter(|how| **how == Known::Watched) {
                    *how = Known::Unlisted;
                }
            }
            NamespaceChange::Leaving(namespace) => drop(known.insert(namespace, Known::Watched)),
            NamespaceChange::Staying(namespace) => return known.remove(&namespace).map(|_| namespace),
            NamespaceChange::Gone(namespace) => {
                if let Some(how) = known.get_mut(&namespace) {
                    *how = Known::UntilEmpty;
                }
            }
            NamespaceChange::Listed => {
                for how in known.values_mut().filter(|how| **how == Known::Unlisted) {
                    *how = Known::UntilEmpty;
                }
            }
        }
        None
    }

    /// The API server refused to create something in it because it is being deleted.
    pub(super) fn refused(&self, namespace: &str) {
        self.known().entry(namespace.to_owned()).or_insert(Known::UntilEmpty);
    }

    /// Nothing of ours is left in it: whatever comes next is in a new namespace of that name.
    pub(super) fn emptied(&self, namespace: &str) {
        let mut known = self.known();
        if known.get(namespace) == Some(&Known::UntilEmpty) {
            known.remove(namespace);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(changes: impl IntoIterator<Item = NamespaceChange>) -> Leaving {
        let leaving = Leaving::default();
        for change in changes {
            leaving.take(change);
        }
        leaving
    }

    fn leaves() -> NamespaceChange {
        NamespaceChange::Leaving("acme".to_owned())
    }

    #[test]
    fn what_the_watch_says_holds_until_it_says_something_else() {
        let leaving = watched([leaves()]);
        leaving.emptied("acme");
        assert!(leaving.contains("acme") && !leaving.contains("beta"));
        let staying = || NamespaceChange::Staying("acme".to_owned());
        assert_eq!(leaving.take(staying()).as_deref(), Some("acme"), "another of its name");
        assert!(!leaving.contains("acme"));
        assert_eq!(leaving.take(staying()), None);
    }

    #[test]
    fn a_namespace_that_is_gone_leaves_until_the_last_of_its_objects_is() {
        let gone = NamespaceChange::Gone("acme".to_owned());
        for leaving in [
            watched([leaves(), gone]),
            watched([leaves(), NamespaceChange::Listing, NamespaceChange::Listed]),
        ] {
            assert!(leaving.contains("acme"));
            leaving.emptied("acme");
            assert!(!leaving.contains("acme"));
        }
    }

    #[test]
    fn a_list_that_names_it_changes_nothing() {
        let leaving = watched([leaves(), NamespaceChange::Listing, leaves(), NamespaceChange::Listed]);
        leaving.emptied("acme");
        assert!(leaving.contains("acme"));
    }

    #[test]
    fn a_refusal_tells_where_nobody_else_does() {
        let leaving = Leaving::default();
        leaving.refused("acme");
        assert!(leaving.contains("acme"));
        leaving.emptied("acme");
        assert!(!leaving.contains("acme"));
    }
}
