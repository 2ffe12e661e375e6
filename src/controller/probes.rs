//! What a cluster asks a process: is it alive, is it ready, what has it counted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use super::metrics::Metrics;

/// A loop that has not come round for this long is taken for dead. It comes round every 30 s at least.
const DEAD: Duration = Duration::from_secs(120);

/// How the controller is.
#[derive(Debug)]
pub(super) struct Health {
    /// When the loop came round last.
    beat: Mutex<Instant>,
    /// Whether every kind has been listed once.
    synced: std::sync::atomic::AtomicBool,
    metrics: Arc<Metrics>,
}

impl Health {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            beat: Mutex::new(Instant::now()),
            synced: std::sync::atomic::AtomicBool::new(false),
            metrics,
        }
    }

    /// The loop comes round.
    pub(super) fn beat(&self, synced: bool) {
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.synced.store(synced, std::sync::atomic::Ordering::SeqCst);
    }

    fn alive(&self) -> bool {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner).elapsed() < DEAD
    }

    fn ready(&self) -> bool {
        self.alive() && self.synced.load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// Answers `/livez`, `/readyz` and `/metrics` at that address. A process that waits for the lease is ready as well: it is
/// to take over at once.
///
/// # Errors
/// When the address cannot be listened on.
pub(super) async fn serve(address: SocketAddr, health: Arc<Health>) -> std::io::Result<()> {
    let routes = Router::new()
        .route(
            "/livez",
            get(async |State(health): State<Arc<Health>>| answer(health.alive())),
        )
        .route(
            "/readyz",
            get(async |State(health): State<Arc<Health>>| answer(health.ready())),
        )
        .route("/metrics", get(metrics))
        .with_state(health);
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "serves /livez, /readyz and /metrics");
    axum::serve(listener, routes).await
}

fn answer(well: bool) -> (StatusCode, &'static str) {
    if well {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ok\n")
    }
}

async fn metrics(State(health): State<Arc<Health>>) -> impl IntoResponse {
    const FORM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, FORM)], health.metrics.text())
}
