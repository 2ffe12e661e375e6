//! The Events that the controller records on objects.

use std::fmt;

use super::Unpublished;

/// Why an Event is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventReason {
    /// The phase went from one to another.
    PhaseChanged,
    /// The object became invalid, and a person must correct it.
    Refused,
    /// The object became invalid until something else changes.
    Waiting,
    /// The object is no longer invalid.
    Accepted,
    /// The status is too large: counts stand in place of lists.
    StatusTooLarge,
    /// The API server refuses the status: counts stand in place of lists.
    StatusRefused,
}

/// The type of an Event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// All goes well.
    Normal,
    /// Somebody should look at it.
    Warning,
}

impl EventReason {
    /// The name in an Event.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PhaseChanged => "PhaseChanged",
            Self::Refused => "Refused",
            Self::Waiting => "Waiting",
            Self::Accepted => "Accepted",
            Self::StatusTooLarge => Unpublished::StatusTooLarge.as_str(),
            Self::StatusRefused => Unpublished::StatusRefused.as_str(),
        }
    }

    /// The type of its Events.
    #[must_use]
    pub fn event_type(self) -> EventType {
        match self {
            Self::PhaseChanged | Self::Accepted => EventType::Normal,
            Self::Refused | Self::Waiting | Self::StatusTooLarge | Self::StatusRefused => EventType::Warning,
        }
    }
}

impl From<Unpublished> for EventReason {
    fn from(why: Unpublished) -> Self {
        match why {
            Unpublished::StatusTooLarge => Self::StatusTooLarge,
            Unpublished::StatusRefused => Self::StatusRefused,
        }
    }
}

impl EventType {
    /// The name in an Event.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

impl fmt::Display for EventReason {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_somebody_should_look_at_is_a_warning() {
        let normal = [EventReason::PhaseChanged, EventReason::Accepted];
        assert!(normal.iter().all(|reason| reason.event_type() == EventType::Normal));
        let warnings = [EventReason::Refused, EventReason::Waiting];
        assert!(warnings.iter().all(|reason| reason.event_type() == EventType::Warning));
    }
}
