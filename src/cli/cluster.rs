//! The cluster that a command works with: the one that `kubectl` would.

use std::collections::BTreeSet;

use kube::{Client, Config};
use tokio::runtime::{Builder, Runtime};

use super::{Failure, Screen};
use crate::controller::{client, snapshots};
use crate::policy::Snapshot;

/// How an API server answers what it does not let one do.
const FORBIDDEN: u16 = 403;

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

/// What the cluster holds now of these tenants and of all others; or, when those may not be read, of these and of the
/// homes of their users.
pub(super) fn live(tenants: &[Snapshot], screen: &mut Screen<'_>) -> Result<Vec<Snapshot>, Failure> {
    runtime()?.block_on(async {
        let client = connect().await?;
        match snapshots(&client, None).await {
            Err(kube::Error::Api(status)) if status.code == FORBIDDEN => {}
            all => return all.map_err(|error| Failure::Cluster(format!("cannot read the cluster: {error}"))),
        }
        let mut live: Vec<Snapshot> = Vec::new();
        for tenant in tenants {
            live.extend(of_namespace(&client, &tenant.namespace).await?);
        }
        let read: BTreeSet<&str> = tenants.iter().map(|tenant| tenant.namespace.as_str()).collect();
        let homes = tenants.iter().chain(&live).flat_map(Snapshot::homes);
        let homes: BTreeSet<String> = homes.map(|home| home.tenant.clone()).collect();
        for home in homes.iter().filter(|home| !read.contains(home.as_str())) {
            live.extend(of_namespace(&client, home).await?);
        }
        live.sort_by(|one, other| one.namespace.cmp(&other.namespace));
        screen.say("you may not read all of the cluster: what changes for people of other tenants is not shown");
        Ok(live)
    })
}

async fn of_namespace(client: &Client, namespace: &str) -> Result<Vec<Snapshot>, Failure> {
    snapshots(client, Some(namespace)).await.map_err(|error| {
        let mend = match &error {
            kube::Error::Api(status) if status.code == FORBIDDEN => {
                "; the ClusterRole `tenantry-plan` lets you, bound there"
            }
            _ => "",
        };
        Failure::Cluster(format!(
            "cannot read the namespace `{namespace}` of the cluster: {error}{mend}"
        ))
    })
}
