//! The conditions in every status.

use std::hash::{Hash, Hasher};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Moment;
use super::forms::Keyed;

/// One aspect of an object's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// `Ready`, `Complete`, `Stalled`, `Delivered`, `Published`.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: ConditionStatus,
    /// The reason in one word.
    #[schemars(length(min = 1, max = 1024))]
    pub reason: String,
    /// The reason for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 32768))]
    pub message: String,
    /// When `status` last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Moment>,
    /// The generation of the spec that this was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody knows.
    Unknown,
}

/// The moment of the last transition is left out: it says when `status` was written, not what holds.
impl Hash for Condition {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
        self.status.hash(state);
        self.reason.hash(state);
        self.message.hash(state);
        self.last_transition_time.is_some().hash(state);
        self.observed_generation.hash(state);
    }
}

/// The type of the condition of a status that could not be written whole; there only when False.
pub const PUBLISHED: &str = "Published";

/// Why a status is not written whole: the reason of the condition [`PUBLISHED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unpublished {
    /// It is larger than an object should be.
    StatusTooLarge,
    /// The API server refuses it.
    StatusRefused,
}

impl Unpublished {
    /// Both.
    pub const ALL: [Self; 2] = [Self::StatusTooLarge, Self::StatusRefused];

    /// The name in statuses and Events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StatusTooLarge => "StatusTooLarge",
            Self::StatusRefused => "StatusRefused",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// Where the project's documents say what to do about it.
    #[must_use]
    pub fn link(self) -> String {
        format!("docs/reasons.md#{}", self.as_str().to_ascii_lowercase())
    }
}

impl Keyed for Condition {
    const KEYS: &'static [&'static str] = &["type"];
}
