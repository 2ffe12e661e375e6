//! `tenantry controller`: keeps the statuses of a cluster as they should be.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tracing::level_filters::LevelFilter;

use super::log::{self, LogFormat};
use super::{Failure, Outcome, cluster, input};
use crate::controller::{Clock, Cluster, Controller, LeaseSettings, Metrics, with_lease};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A catalogue that extends or replaces the one built in
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// The Lease that decides which of several controllers writes
    #[arg(long, value_name = "NAME", default_value = "tenantry-controller")]
    lease: String,
    /// The namespace of the Lease
    #[arg(long, value_name = "NAMESPACE", env = "POD_NAMESPACE", default_value = "default")]
    lease_namespace: String,
    /// The name under which this process takes the Lease; a part that no other process has is added
    #[arg(long, value_name = "NAME", env = "POD_NAME", default_value = "tenantry")]
    identity: String,
    /// Where /livez, /readyz and /metrics are served
    #[arg(long, value_name = "ADDRESS", default_value = "[::]:8080")]
    listen: SocketAddr,
    /// The form of the log
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
}

impl Arguments {
    /// The form of the log.
    pub(super) fn log_format(&self) -> LogFormat {
        self.log_format
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    log::begin(arguments.log_format, LevelFilter::INFO);
    let catalogue = Arc::new(input::catalogue(arguments.catalogue.as_deref())?);
    cluster::runtime()?.block_on(async {
        let client = cluster::connect().await?;
        let settings = LeaseSettings {
            namespace: arguments.lease_namespace.clone(),
            name: arguments.lease.clone(),
            identity: unlike_any_other(&arguments.identity),
        };
        let ended = with_lease(
            client.clone(),
            settings,
            |fence, held| Controller {
                storage: Arc::new(Cluster::new(client.clone(), &arguments.identity)),
                catalogue,
                clock: Arc::new(Clock::system()),
                fence,
                held: Some(held),
                metrics: Arc::new(Metrics::default()),
                listen: Some(arguments.listen),
            },
            stopped(),
        )
        .await;
        ended
            .map(|()| Outcome::Fine)
            .map_err(|error| Failure::Cluster(error.to_string()))
    })
}

/// A process that comes after another in the same pod must not take that one's lease for its own.
fn unlike_any_other(identity: &str) -> String {
    let nanoseconds = jiff::Timestamp::now().as_nanosecond();
    format!("{identity}_{}_{nanoseconds:x}", std::process::id())
}

/// Returns when the process is asked to end.
pub(super) async fn stopped() {
    let asked = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            // Without a handler the signal ends the process by itself.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = asked(SignalKind::terminate()) => {}
        () = asked(SignalKind::interrupt()) => {}
    }
    tracing::info!("asked to end");
}
