//! The same answer, live in a cluster: whatever changes, the tenant that it belongs to is judged again and the statuses that
//! differ are written.

mod announce;
mod client;
mod clock;
mod cluster;
mod directory;
mod errors;
mod fence;
mod judge;
mod lease;
mod leaving;
mod live;
mod metrics;
mod outages;
mod pass;
mod patience;
mod probes;
mod publish;
mod refusals;
mod run;
mod shown;
mod storage;
mod store;
mod tenants;
#[cfg(test)]
mod testing;
mod watch;

pub use announce::Announcement;
pub use client::client;
pub use clock::Clock;
pub use cluster::{Cluster, snapshots};
pub use directory::{Contents, Directory, News, OpenError, StatusNews, Subject};
pub use fence::Fence;
pub use judge::{StatusWrite, SystemWrite};
pub use lease::{Held, LeaseSettings};
pub use metrics::Metrics;
pub use run::{Activity, Controller, Ended, with_lease, with_lease_telling};
pub use storage::{Extent, Storage, WriteError};
pub use store::{Change, NamespaceChange, Stored};
