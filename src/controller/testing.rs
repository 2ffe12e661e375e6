//! Objects for the tests of this folder, and a storage that answers as it is told.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Semaphore, mpsc};

use super::announce::Announcement;
use super::clock::Clock;
use super::fence::Fence;
use super::judge::{Judgement, StatusWrite, SystemWrite, Write};
use super::metrics::Metrics;
use super::pass::{Answer, Passed, Writer};
use super::patience::Patience;
use super::shown::Shown;
use super::storage::{Extent, Storage, WriteError};
use super::store::{Change, Stored};
use crate::api::{Kind, Moment};
use crate::manifests::{LiveHead, read_live};
use crate::policy::{Declared, Status};

/// A sound object of that name, in its first generation, with a status that shows nothing.
pub(super) fn stored(kind: Kind, namespace: &str, name: &str, version: u64) -> Stored {
    let spec = match kind {
        Kind::Tenant => json!({"displayName": "Acme"}),
        Kind::User => json!({"account": format!("{name}.smith"), "name": "Somebody", "roles": ["ordinary-user"]}),
        Kind::Role => json!({"displayName": "Role", "permissions": [{"object": "Campaign", "actions": ["View"]}]}),
        Kind::Organization => json!({"displayName": "Organization"}),
        Kind::UserGroup => json!({"displayName": "Group", "remarks": "-"}),
        Kind::SharingRule => {
            json!({"displayName": "Rule", "object": "Customer", "ownerless": {}, "to": {"everyone": true}})
        }
        Kind::Invitation => json!({"email": format!("{name}@acme.example"), "roles": ["ordinary-user"]}),
    };
    with_spec(kind, namespace, name, version, &spec)
}

/// An object of that spec.
pub(super) fn with_spec(kind: Kind, namespace: &str, name: &str, version: u64, spec: &serde_json::Value) -> Stored {
    Stored {
        kind,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: format!("uid-{name}"),
        version,
        generation: 1,
        system: false,
        owner: None,
        declared: declared(kind, name, spec),
        shown: Shown::default(),
        unwritable: None,
    }
}

/// A user credited from elsewhere.
pub(super) fn credited(name: &str, tenant: &str, user: &str) -> Declared {
    let spec = json!({"type": "Credited", "home": {"tenant": tenant, "user": user}, "roles": ["ordinary-user"]});
    declared(Kind::User, name, &spec)
}

fn declared(kind: Kind, name: &str, spec: &serde_json::Value) -> Declared {
    let head = LiveHead {
        name: name.to_owned(),
        created: Moment::from_seconds(1),
        deleting: false,
    };
    read_live(kind, head, Some(spec), None).unwrap()
}

/// A storage that answers as it was told, one answer a write, and remembers how much was to be replaced.
#[derive(Default)]
pub(super) struct Told {
    pub(super) answers: Mutex<VecDeque<Result<Stored, WriteError>>>,
    pub(super) asked: Mutex<Vec<Extent>>,
}

impl Storage for Told {
    async fn feed(self: Arc<Self>, _: mpsc::Sender<Change>) {}

    async fn write_status(&self, _: &StatusWrite, extent: Extent) -> Result<Stored, WriteError> {
        self.asked.lock().unwrap().push(extent);
        let answer = self.answers.lock().unwrap().pop_front();
        answer.expect("no more writes than answers")
    }

    async fn write_system(&self, _: &SystemWrite) -> Result<Stored, WriteError> {
        Err(WriteError::Gone)
    }

    async fn announce(&self, _: &Announcement) -> Result<(), WriteError> {
        Ok(())
    }
}

pub(super) struct Carried {
    pub(super) passed: Passed,
    pub(super) asked: Vec<Extent>,
    pub(super) answers: Vec<Answer>,
}

pub(super) fn write(judged: Stored) -> StatusWrite {
    let status = Status::User(Box::default());
    StatusWrite {
        judged: Arc::new(judged),
        shown: Shown::of(&status),
        status,
    }
}

/// The object as it is when the write has been taken.
pub(super) fn taken(write: &StatusWrite, version: u64) -> Stored {
    Stored {
        version,
        shown: write.shown.clone(),
        ..(*write.judged).clone()
    }
}

/// Busy, and not to be asked again for so many seconds.
pub(super) fn busy_for(seconds: u64) -> WriteError {
    WriteError::Busy {
        after: Some(Duration::from_secs(seconds)),
        failed: false,
        reason: "busy".to_owned(),
    }
}

pub(super) fn busy() -> WriteError {
    WriteError::Busy {
        after: None,
        failed: false,
        reason: "busy".to_owned(),
    }
}

pub(super) fn writer(
    fence: Fence,
    told: Vec<Result<Stored, WriteError>>,
    answers: mpsc::UnboundedSender<Answer>,
) -> Writer<Told> {
    Writer {
        storage: Arc::new(Told {
            answers: Mutex::new(told.into()),
            asked: Mutex::default(),
        }),
        fence: Arc::new(fence),
        clock: Arc::new(Clock::system()),
        leaving: Arc::default(),
        metrics: Arc::new(Metrics::default()),
        places: Semaphore::new(1),
        patience: Patience::default(),
        answers,
        announcements: mpsc::channel(8).0,
    }
}

pub(super) fn judgement(write: &StatusWrite) -> Judgement {
    Judgement {
        writes: vec![Write::Status(Box::new(write.clone()))],
        ..Judgement::default()
    }
}

pub(super) async fn carry_out(
    write: &StatusWrite,
    fence: Fence,
    overtaken: bool,
    told: Vec<Result<Stored, WriteError>>,
) -> Carried {
    carry_out_until(write, fence, &AtomicBool::new(overtaken), told).await
}

pub(super) async fn carry_out_until(
    write: &StatusWrite,
    fence: Fence,
    overtaken: &AtomicBool,
    told: Vec<Result<Stored, WriteError>>,
) -> Carried {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let writer = writer(fence, told, sender);
    let passed = writer
        .carry_out(judgement(write), overtaken, Duration::ZERO)
        .await
        .passed;
    assert!(
        writer.storage.answers.lock().unwrap().is_empty(),
        "an answer was not asked for"
    );
    let asked = writer.storage.asked.lock().unwrap().clone();
    let answers = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
    Carried { passed, asked, answers }
}

pub(super) fn user() -> Stored {
    stored(Kind::User, "acme", "ada", 5)
}
