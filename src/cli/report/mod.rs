//! What commands print of the policy's answers, in English: the documented forms of `-o json` and `-o yaml`.
//!
//! A form borrows from an answer and adds nothing to it but words.

pub(super) mod calendar;
pub(super) mod difference;
pub(super) mod explanation;

use std::fmt;

use serde::Serialize;

use crate::policy::Cause;
use crate::words::english;

/// A field of an object, as in `{"object": "Role/editor", "field": "spec.permissions[0].actions[1]"}`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct CauseForm<'a> {
    object: String,
    field: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// As in `Role/editor spec.permissions[0].actions[1] (comes with Campaign:Edit)`.
impl fmt::Display for CauseForm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.object, self.field)?;
        match &self.note {
            Some(note) => write!(f, " ({note})"),
            None => Ok(()),
        }
    }
}

impl<'a> CauseForm<'a> {
    fn all(causes: &'a [Cause]) -> Vec<Self> {
        causes.iter().map(Self::new).collect()
    }

    fn new(cause: &'a Cause) -> Self {
        Self {
            object: cause.object.to_string(),
            field: cause.field.as_str(),
            note: cause.note.as_ref().map(english::note),
        }
    }
}
