//! What passes between the controllers of one run and the API server, by name, and the one thing that is to go wrong.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use axum::body::Bytes;
use axum::http::Method;
use axum::http::request::Parts;
use serde_json::Value;
use tenantry::api::Kind;
use tokio::sync::{Notify, mpsc};

use super::fault::{Disturbance, ListFault, Point, WatchFault, WriteFault};
use crate::controller::watcher::resource;

/// What a proxy asks of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Kill the controller.
    Kill,
    /// A watch is held up; let it go when the controller has nothing left to do.
    Held,
}

/// One run's, for all its controllers.
pub(crate) struct Script {
    disturbance: Option<Disturbance>,
    passed: Mutex<Passed>,
    signals: mpsc::UnboundedSender<Signal>,
    release: Notify,
}

#[derive(Default)]
struct Passed {
    struck: bool,
    step: usize,
    writes: Vec<Write>,
    events: Vec<(usize, Point)>,
    /// The last list of each kind.
    lists: HashMap<Kind, Bytes>,
    /// What the next watch of a kind is answered.
    refused: HashMap<Kind, u16>,
    /// Lists to give in place of the next ones.
    old: HashMap<Kind, Bytes>,
}

/// A write that came by.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// The step that was under way.
    pub(crate) step: usize,
    pub(crate) point: Point,
    pub(crate) at: Instant,
    /// What the API server answered; absent when it was not asked, or before it has answered.
    pub(crate) code: Option<u16>,
}

impl Write {
    /// Whether it is an Event that the API server has taken.
    pub(crate) fn is_event_sent(&self) -> bool {
        self.point.name.starts_with("Event") && self.code == Some(201)
    }
}

/// A request, as far as it matters here.
pub(crate) enum Asked {
    List(Kind),
    Watch(Kind),
    /// Its name, as in a [`Point`].
    Write(String),
    Other,
}

impl Script {
    pub(crate) fn new(disturbance: Option<Disturbance>) -> (Self, mpsc::UnboundedReceiver<Signal>) {
        let (signals, received) = mpsc::unbounded_channel();
        let script = Self {
            disturbance,
            passed: Mutex::default(),
            signals,
            release: Notify::new(),
        };
        (script, received)
    }

    pub(crate) fn begin(&self, step: usize) {
        self.passed().step = step;
    }

    /// Whether what is to go wrong has.
    pub(crate) fn struck(&self) -> bool {
        match self.disturbance {
            Some(Disturbance::Write(..) | Disturbance::Watch(..) | Disturbance::List(..)) => self.passed().struck,
            // The run itself does these.
            Some(Disturbance::Away(_) | Disturbance::OldStart(..)) | None => true,
        }
    }

    pub(crate) fn writes(&self) -> Vec<Write> {
        self.passed().writes.clone()
    }

    /// Every event that was to be delivered, and in which step.
    pub(crate) fn events(&self) -> Vec<(usize, Point)> {
        self.passed().events.clone()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // When nobody listens the run is over.
        let _ = self.signals.send(signal);
    }

    /// Lets a watch that is held up go.
    pub(crate) fn release(&self) {
        self.release.notify_one();
    }

    pub(crate) async fn released(&self) {
        self.release.notified().await;
    }

    /// A write comes by: its number, and what it meets.
    pub(super) fn write(&self, name: &str) -> (usize, Option<WriteFault>) {
        let mut passed = self.passed();
        let nth = 1 + passed.writes.iter().filter(|write| write.point.name == name).count();
        let point = Point {
            name: name.to_owned(),
            nth,
        };
        let fault = match &self.disturbance {
            Some(Disturbance::Write(at, fault)) if *at == point && !passed.struck => Some(*fault),
            _ => None,
        };
        passed.struck |= fault.is_some();
        let write = Write {
            step: passed.step,
            point,
            at: Instant::now(),
            code: None,
        };
        passed.writes.push(write);
        (passed.writes.len() - 1, fault)
    }

    /// What the API server answered to a write.
    pub(super) fn answered(&self, number: usize, code: u16) {
        self.passed().writes[number].code = Some(code);
    }

    /// An event is to be delivered: what the watch meets.
    pub(super) fn event(&self, kind: Kind, object: &str) -> Option<WatchFault> {
        let mut passed = self.passed();
        let name = format!("{kind}/{object}");
        let nth = 1 + passed.events.iter().filter(|(_, event)| event.name == name).count();
        let point = Point { name, nth };
        let fault = match &self.disturbance {
            Some(Disturbance::Watch(at, fault)) if *at == point && !passed.struck => Some(*fault),
            _ => None,
        };
        if let Some(fault) = fault {
            passed.struck = true;
            match fault {
                WatchFault::Refused => drop(passed.refused.insert(kind, 429)),
                WatchFault::Expired | WatchFault::OldList => drop(passed.refused.insert(kind, 410)),
                _ => {}
            }
            if fault == WatchFault::OldList {
                let old = passed.lists[&kind].clone();
                passed.old.insert(kind, old);
            }
        }
        let step = passed.step;
        passed.events.push((step, point));
        fault
    }

    /// What a watch that is asked for is answered, if that is an error.
    pub(super) fn refused(&self, kind: Kind) -> Option<u16> {
        self.passed().refused.remove(&kind)
    }

    /// A list comes by: what it meets.
    pub(super) fn list(&self, kind: Kind, continues: bool) -> Option<ListFault> {
        let mut passed = self.passed();
        let fault = match &self.disturbance {
            Some(Disturbance::List(_, ListFault::Expired)) if !continues => None,
            Some(Disturbance::List(at, fault)) if *at == kind && !passed.struck => Some(*fault),
            _ => None,
        };
        passed.struck |= fault.is_some();
        fault
    }

    /// Whether lists are given out one object at a time.
    pub(super) fn small_pages(&self) -> bool {
        matches!(self.disturbance, Some(Disturbance::List(_, ListFault::Expired)))
    }

    /// The list to give in place of the present one.
    pub(super) fn old_list(&self, kind: Kind) -> Option<Bytes> {
        self.passed().old.remove(&kind)
    }

    /// Has the next lists be these.
    pub(crate) fn give_old(&self, lists: impl IntoIterator<Item = (Kind, Bytes)>) {
        self.passed().old.extend(lists);
    }

    pub(super) fn listed(&self, kind: Kind, list: Bytes) {
        self.passed().lists.insert(kind, list);
    }

    fn passed(&self) -> MutexGuard<'_, Passed> {
        self.passed.lock().unwrap()
    }
}

impl Asked {
    pub(crate) fn of(parts: &Parts, body: &[u8]) -> Self {
        let path: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
        if parts.method == Method::GET {
            return match path[..] {
                ["apis", "tenantry.dev", _, plural] => {
                    let kind = kind(plural);
                    let watches = parts.uri.query().is_some_and(|query| query.contains("watch=true"));
                    if watches { Self::Watch(kind) } else { Self::List(kind) }
                }
                _ => Self::Other,
            };
        }
        let body: Value = serde_json::from_slice(body).unwrap();
        Self::Write(match path[..] {
            ["apis", "tenantry.dev", _, "namespaces", _, plural] => {
                format!("{}/{}", kind(plural), text(&body["metadata"]["name"]))
            }
            ["apis", "tenantry.dev", _, "namespaces", _, plural, name] => format!("{}/{name}", kind(plural)),
            ["apis", "tenantry.dev", _, "namespaces", _, plural, name, "status"] => {
                format!("{}/{name} status", kind(plural))
            }
            ["apis", "events.k8s.io", ..] => {
                let about = &body["regarding"];
                format!(
                    "Event {} on {}/{}",
                    text(&body["reason"]),
                    text(&about["kind"]),
                    text(&about["name"])
                )
            }
            ["apis", "coordination.k8s.io", ..] => "Lease".to_owned(),
            _ => panic!("{} {}", parts.method, parts.uri),
        })
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The kind of a plural.
fn kind(plural: &str) -> Kind {
    let kind = Kind::ALL.into_iter().find(|kind| resource(*kind).plural == plural);
    kind.unwrap_or_else(|| panic!("`{plural}` is none of our kinds"))
}
