//! What the controller counts, in Prometheus' form. Labels are few and bounded: kinds and outcomes, never names.

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::storage::WriteError;
use crate::api::{Kind, Unpublished};

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Tenants that wait to be judged.
    pub(super) dirty: Gauge<i64, AtomicI64>,
    /// Seconds that judging a tenant takes.
    pub(super) judging: Histogram,
    /// Writes by kind and outcome.
    writes: Family<WriteLabels, Counter<u64, AtomicU64>>,
    /// Seconds from the first change seen (or the lease taken) to the last status written.
    pub(super) settling: Histogram,
    /// When time alone may change something next.
    pub(super) next_transition: Gauge<i64, AtomicI64>,
    /// Whether every kind has been listed once.
    pub(super) synced: Gauge<i64, AtomicI64>,
    /// Whether this process holds the lease.
    pub(super) leader: Gauge<i64, AtomicI64>,
    /// Events that were not sent.
    pub(super) events_dropped: Counter<u64, AtomicU64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WriteLabels {
    kind: &'static str,
    result: WriteResult,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
enum WriteResult {
    Written,
    Conflict,
    Gone,
    Busy,
    Refused,
    StatusTooLarge,
    StatusRefused,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("tenantry");
        let seconds = || Histogram::new(exponential_buckets(0.001, 2.0, 18));
        let metrics = Self {
            dirty: Gauge::default(),
            judging: seconds(),
            writes: Family::default(),
            settling: seconds(),
            next_transition: Gauge::default(),
            synced: Gauge::default(),
            leader: Gauge::default(),
            events_dropped: Counter::default(),
            registry: Registry::default(),
        };
        registry.register("tenants_dirty", "Tenants that wait to be judged", metrics.dirty.clone());
        registry.register_with_unit(
            "judging",
            "Time that judging one tenant takes",
            Unit::Seconds,
            metrics.judging.clone(),
        );
        registry.register("writes", "Writes by kind of object and result", metrics.writes.clone());
        registry.register_with_unit(
            "settling",
            "Time from the first change of a tenant seen, or the lease taken, to its last status written",
            Unit::Seconds,
            metrics.settling.clone(),
        );
        registry.register_with_unit(
            "next_transition_timestamp",
            "When time alone may change something next, since 1970; 0 when it never does",
            Unit::Seconds,
            metrics.next_transition.clone(),
        );
        registry.register(
            "synced",
            "Whether every kind of object has been listed once",
            metrics.synced.clone(),
        );
        registry.register("leader", "Whether this process holds the lease", metrics.leader.clone());
        registry.register(
            "events_dropped",
            "Events that were not sent",
            metrics.events_dropped.clone(),
        );
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// Counts one answer to a write.
    pub(super) fn wrote<T>(&self, kind: Kind, answer: &Result<T, WriteError>) {
        let result = match answer {
            Ok(_) => WriteResult::Written,
            Err(WriteError::Conflict) => WriteResult::Conflict,
            Err(WriteError::Gone | WriteError::Leaving) => WriteResult::Gone,
            Err(WriteError::Busy { .. }) => WriteResult::Busy,
            Err(WriteError::Fenced) => return,
            Err(WriteError::Refused(_)) => WriteResult::Refused,
            Err(WriteError::Invalid { why, .. }) => match why {
                Unpublished::StatusTooLarge => WriteResult::StatusTooLarge,
                Unpublished::StatusRefused => WriteResult::StatusRefused,
            },
        };
        let labels = WriteLabels {
            kind: kind.as_str(),
            result,
        };
        self.writes.get_or_create(&labels).inc();
    }

    /// All of it, as a scrape reads it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// A duration as a histogram takes it.
pub(super) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_shows_writes_by_kind_and_result() {
        let metrics = Metrics::default();
        metrics.wrote(Kind::User, &Ok::<(), WriteError>(()));
        metrics.wrote(Kind::User, &Ok::<(), WriteError>(()));
        metrics.wrote(Kind::Role, &Err::<(), WriteError>(WriteError::Conflict));
        let text = metrics.text();
        for line in [
            "tenantry_writes_total{kind=\"User\",result=\"Written\"} 2",
            "tenantry_writes_total{kind=\"Role\",result=\"Conflict\"} 1",
            "tenantry_tenants_dirty 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{text}");
        }
    }
}
