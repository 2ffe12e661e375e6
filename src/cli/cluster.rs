//! The cluster that a command works with: the one that `kubectl` would.

use kube::{Client, Config};
use tokio::runtime::{Builder, Runtime};

use super::Failure;
use crate::controller::{client, snapshots};
use crate::policy::Snapshot;

/// What runs the requests of a command.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Cluster(format!("cannot start: {error}")))
}

/// A client by `KUBECONFIG`, the usual file, or the service account of a pod.
pub(super) async fn connect() -> Result<Client, Failure> {
    let config = Config::infer()
        .await
        .map_err(|error| Failure::Cluster(format!("no cluster to connect to: {error}")))?;
    client(config).map_err(|error| Failure::Cluster(format!("cannot connect to the cluster: {error}")))
}

/// Everything of ours that the cluster holds now.
pub(super) fn live() -> Result<Vec<Snapshot>, Failure> {
    runtime()?.block_on(async {
        let client = connect().await?;
        snapshots(&client)
            .await
            .map_err(|error| Failure::Cluster(format!("cannot read the cluster: {error}")))
    })
}
