//! The faults, and where they strike.

use std::fmt;

use tenantry::api::Kind;

/// One thing that goes wrong in a run.
#[derive(Clone, Debug)]
pub(crate) enum Disturbance {
    /// A write meets this.
    Write(Point, WriteFault),
    /// A watch meets this when that event is to be delivered.
    Watch(Point, WatchFault),
    /// The first list of a kind meets this.
    List(Kind, ListFault),
    /// The controller is killed before the edit of that step, and the next one starts after it.
    Away(usize),
    /// After that step the controller is killed, and the next one is first given lists of these kinds as they were before the
    /// step.
    OldStart(usize, Vec<Kind>),
}

/// A write or an event of the undisturbed run: the n-th of that name, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    /// As in `User/bob status`.
    pub(crate) name: String,
    pub(crate) nth: usize,
}

/// What a write can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteFault {
    KilledBefore,
    KilledAfter,
    Conflict,
    Overtaken,
    Missing,
    TooMany,
    Failed,
    TimedOut,
    Torn,
    Invalid,
    TooLarge,
    Undeclared,
}

/// What a watch can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WatchFault {
    Ended,
    Torn,
    TornInLine,
    Withheld,
    Skipped,
    Refused,
    Expired,
    ExpiredInStream,
    OldList,
}

/// What a list can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListFault {
    Failed,
    Torn,
    Expired,
}

impl WriteFault {
    pub(crate) const ALL: [Self; 12] = [
        Self::KilledBefore,
        Self::KilledAfter,
        Self::Conflict,
        Self::Overtaken,
        Self::Missing,
        Self::TooMany,
        Self::Failed,
        Self::TimedOut,
        Self::Torn,
        Self::Invalid,
        Self::TooLarge,
        Self::Undeclared,
    ];

    /// Whether it says that a status will not be taken as it is.
    pub(crate) fn refuses(self) -> bool {
        matches!(self, Self::Invalid | Self::TooLarge | Self::Undeclared)
    }
}

impl WatchFault {
    pub(crate) const ALL: [Self; 9] = [
        Self::Ended,
        Self::Torn,
        Self::TornInLine,
        Self::Withheld,
        Self::Skipped,
        Self::Refused,
        Self::Expired,
        Self::ExpiredInStream,
        Self::OldList,
    ];
}

impl ListFault {
    pub(crate) const ALL: [Self; 3] = [Self::Failed, Self::Torn, Self::Expired];
}

impl fmt::Display for WriteFault {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.write_str(match self {
            Self::KilledBefore => "killed before the write reaches the server",
            Self::KilledAfter => "killed when it is applied, before the answer",
            Self::Conflict => "409 though nothing has changed",
            Self::Overtaken => "409 because somebody was quicker",
            Self::Missing => "404 though the object is there",
            Self::TooMany => "429 with `Retry-After: 1`",
            Self::Failed => "500",
            Self::TimedOut => "504 though applied",
            Self::Torn => "applied, the answer torn in the middle",
            Self::Invalid => "a status refused with 422",
            Self::TooLarge => "a status refused with 500, too large for etcd",
            Self::Undeclared => "a status refused with 500, a field not in the definition",
        })
    }
}

impl fmt::Display for WatchFault {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.write_str(match self {
            Self::Ended => "ended before the event",
            Self::Torn => "connection lost before the event",
            Self::TornInLine => "connection lost in the middle of the event",
            Self::Withheld => "silent from the event on, then lost",
            Self::Skipped => "the event left out, later a 410",
            Self::Refused => "lost before the event, then answered 429",
            Self::Expired => "lost before the event, then answered 410",
            Self::ExpiredInStream => "a 410 in place of the event",
            Self::OldList => "lost, answered 410, then an older list",
        })
    }
}

impl fmt::Display for ListFault {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.write_str(match self {
            Self::Failed => "500",
            Self::Torn => "torn in the middle",
            Self::Expired => "410 after the first page",
        })
    }
}

impl fmt::Display for Point {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(form, "{} #{}", self.name, self.nth)
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(point, fault) => write!(form, "{point}: {fault}"),
            Self::Watch(point, fault) => write!(form, "event {point}: {fault}"),
            Self::List(kind, fault) => write!(form, "list of {kind}: {fault}"),
            Self::Away(step) => write!(form, "dead during the edit of step {step}"),
            Self::OldStart(step, kinds) => write!(form, "killed after step {step}, then old lists of {kinds:?}"),
        }
    }
}
