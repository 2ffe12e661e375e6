//! The form of a calendar.

use serde::Serialize;

use crate::api::Moment;
use crate::policy::ScheduledChange;
use crate::words::english;

/// What time alone will change, and when.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct CalendarForm<'a> {
    at: Moment,
    events: Vec<EventForm<'a>>,
}

#[derive(Debug, Serialize)]
struct EventForm<'a> {
    at: Moment,
    namespace: &'a str,
    object: String,
    change: String,
}

impl<'a> CalendarForm<'a> {
    pub(in crate::cli) fn new(changes: &'a [ScheduledChange], at: Moment) -> Self {
        let events = changes.iter().map(|scheduled| EventForm {
            at: scheduled.at,
            namespace: &scheduled.namespace,
            object: scheduled.object.to_string(),
            change: english::change_ahead(&scheduled.change),
        });
        Self {
            at,
            events: events.collect(),
        }
    }
}
