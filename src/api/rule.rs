//! Rules that one object alone can break and that a schema cannot say: each a line of CEL for the API server with its Rust
//! twin beside it, so that an object is judged alike with and without a cluster.

use serde_json::{Value, json};

/// One rule on a `T`.
#[derive(Debug)]
pub struct Rule<T> {
    /// The rule as it stands in the CRD, on `self`; empty for what the API server sees by other means.
    pub cel: &'static str,
    /// What is wrong, and what to write instead.
    pub message: &'static str,
    /// The twin: where the rule is broken, as a path below `self`, or `None` when it holds.
    pub broken_at: fn(&T) -> Option<String>,
}

/// One rule on the change from an old `T` to a new one (`oldSelf` and `self`); there is nothing to check offline.
#[derive(Debug)]
pub struct ChangeRule<T> {
    /// The rule as it stands in the CRD.
    pub cel: &'static str,
    /// What is wrong, and what to write instead.
    pub message: &'static str,
    /// The twin, from old to new.
    pub holds: fn(&T, &T) -> bool,
}

/// A part of a spec with rules of its own.
pub trait Ruled: Sized + 'static {
    /// Rules on the object as it stands.
    const RULES: &'static [Rule<Self>];
    /// Rules on a change.
    const CHANGE_RULES: &'static [ChangeRule<Self>] = &[];

    /// Adds what is broken in the parts that have rules of their own. `path` is this part's own.
    fn parts(&self, _path: &str, _faults: &mut Vec<RuleFault>) {}

    /// Adds everything that is broken here and below. `path` is this part's own.
    fn faults(&self, path: &str, faults: &mut Vec<RuleFault>) {
        for rule in Self::RULES {
            if let Some(below) = (rule.broken_at)(self) {
                let path = if below.is_empty() {
                    path.to_owned()
                } else {
                    format!("{path}.{below}")
                };
                faults.push(RuleFault {
                    path,
                    message: rule.message,
                });
            }
        }
        self.parts(path, faults);
    }

    /// The rules in the form of `x-kubernetes-validations`.
    #[must_use]
    fn validations() -> Value {
        let rules = Self::RULES.iter().map(|rule| (rule.cel, rule.message));
        let changes = Self::CHANGE_RULES.iter().map(|rule| (rule.cel, rule.message));
        rules
            .chain(changes)
            .map(|(cel, message)| json!({"rule": cel, "message": message}))
            .collect()
    }
}

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFault {
    /// The offending value, as in `spec.temporaryRoles[1].validUntil`.
    pub path: String,
    /// The rule's message.
    pub message: &'static str,
}

/// For a twin: the path, when the rule is broken.
pub(super) fn broken(when: bool, path: &str) -> Option<String> {
    when.then(|| path.to_owned())
}

/// The twin of "`validUntil` after `validFrom`".
pub(super) fn period_is_backwards(from: Option<super::Moment>, until: Option<super::Moment>) -> bool {
    matches!((from, until), (Some(from), Some(until)) if until <= from)
}
