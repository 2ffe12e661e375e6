//! A cluster to which a status is as long on its way as a test wants: so there is work at hand when something happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tenantry::controller::{
    Announcement, Change, Cluster, Extent, StatusWrite, Storage, Stored, SystemWrite, WriteError,
};
use tokio::sync::mpsc;
use tokio::time::sleep;

pub(super) struct Slow {
    pub(super) cluster: Arc<Cluster>,
    /// How long a status is on its way to the API server, in milliseconds.
    pub(super) way: Arc<AtomicU64>,
}

impl Storage for Slow {
    async fn feed(self: Arc<Self>, changes: mpsc::Sender<Change>) {
        Arc::clone(&self.cluster).feed(changes).await;
    }

    async fn write_status(&self, write: &StatusWrite, extent: Extent) -> Result<Stored, WriteError> {
        sleep(Duration::from_millis(self.way.load(Ordering::SeqCst))).await;
        self.cluster.write_status(write, extent).await
    }

    async fn write_system(&self, write: &SystemWrite) -> Result<Stored, WriteError> {
        self.cluster.write_system(write).await
    }

    async fn announce(&self, announcement: &Announcement) -> Result<(), WriteError> {
        self.cluster.announce(announcement).await
    }
}
