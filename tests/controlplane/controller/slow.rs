//! A cluster to which a status is as long on its way as a test wants, so that there is work at hand when something happens;
//! and which is offered a status again that it refused as soon as a test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tenantry::controller::{
    Announcement, Change, Cluster, Extent, StatusWrite, Storage, Stored, SystemWrite, WriteError,
};
use tokio::sync::mpsc;
use tokio::time::sleep;

pub(crate) struct Slow {
    pub(crate) cluster: Arc<Cluster>,
    /// How long a status is on its way to the API server, in milliseconds.
    pub(crate) way: Arc<AtomicU64>,
    /// When a status that was refused is offered again, in milliseconds; in its usual time when zero.
    pub(crate) again: Arc<AtomicU64>,
}

impl Storage for Slow {
    async fn feed(self: Arc<Self>, changes: mpsc::Sender<Change>) {
        Arc::clone(&self.cluster).feed(changes).await;
    }

    async fn write_status(&self, write: &StatusWrite, extent: Extent) -> Result<Stored, WriteError> {
        sleep(Duration::from_millis(self.way.load(Ordering::SeqCst))).await;
        let mut answer = self.cluster.write_status(write, extent).await;
        let soon = self.again.load(Ordering::SeqCst);
        if let Err(WriteError::Invalid { again: Some(again), .. }) = &mut answer
            && soon > 0
        {
            *again = Duration::from_millis(soon);
        }
        answer
    }

    async fn write_system(&self, write: &SystemWrite) -> Result<Stored, WriteError> {
        self.cluster.write_system(write).await
    }

    async fn announce(&self, announcement: &Announcement) -> Result<(), WriteError> {
        self.cluster.announce(announcement).await
    }
}
