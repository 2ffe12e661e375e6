//! Where objects come from and statuses go: a cluster, or a directory of manifests.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::announce::Announcement;
use super::judge::{StatusWrite, SystemWrite};
use super::store::{Change, Stored};
use crate::api::Unpublished;

/// Where objects come from and statuses go.
pub trait Storage: Send + Sync + 'static {
    /// Sends every change, from a list of each kind on, for as long as somebody listens.
    fn feed(self: Arc<Self>, changes: mpsc::Sender<Change>) -> impl Future<Output = ()> + Send;

    /// Writes a status onto the very state of the object that it was computed from. `Whole` takes out what the status does
    /// not have, whoever wrote it.
    fn write_status(
        &self,
        write: &StatusWrite,
        extent: Extent,
    ) -> impl Future<Output = Result<Stored, WriteError>> + Send;

    /// Makes an object of the system, or makes it right again.
    fn write_system(&self, write: &SystemWrite) -> impl Future<Output = Result<Stored, WriteError>> + Send;

    /// Tells people who look at an object what has become of it. Nothing depends on it.
    fn announce(&self, announcement: &Announcement) -> impl Future<Output = Result<(), WriteError>> + Send;
}

/// How much of a stored status a write replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What the controller has written before.
    Own,
    /// All of it.
    Whole,
}

/// Why something was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The object is no longer as it was judged: what is to be written has to be computed again.
    #[error("the object has changed since it was judged")]
    Conflict,
    /// The object is gone.
    #[error("the object is gone")]
    Gone,
    /// Its namespace is being deleted: nothing is to be written there any more.
    #[error("the namespace is being deleted")]
    Leaving,
    /// It may work later, and may have worked already.
    #[error("{reason}")]
    Busy {
        /// How long to wait at least.
        after: Option<Duration>,
        /// Whether the server itself failed at it, as it does at some objects that it will never take.
        failed: bool,
        /// What was answered.
        reason: String,
    },
    /// The lease is not held, or the process is ending: it was not even tried.
    #[error("the lease is not held")]
    Fenced,
    /// It is not allowed, or not as things are set up now.
    #[error("{0}")]
    Refused(String),
    /// What is to be written is not taken: it will hardly work while the object is as it is.
    #[error("{reason}")]
    Invalid {
        /// What is wrong with it.
        why: Unpublished,
        /// When it may work though neither has changed; never when absent.
        again: Option<Duration>,
        /// What was answered.
        reason: String,
    },
}
