//! The fence between two controllers: whoever cannot be sure that the lease is still its own writes nothing.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Whether writing is allowed, asked before each write.
#[derive(Debug, Default)]
pub struct Fence(Mutex<Gate>);

#[derive(Clone, Copy, Debug, Default)]
enum Gate {
    /// There is nobody to keep out.
    Open,
    /// The lease is not held.
    #[default]
    Shut,
    /// The lease was renewed then, and can be relied upon for so long.
    Until(Stamp, Duration),
}

/// A point in time by both clocks of the machine. The monotonic one may stand still while the machine sleeps, the other may
/// be set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    monotonic: Instant,
    wall: SystemTime,
}

impl Stamp {
    pub(super) fn now() -> Self {
        Self {
            monotonic: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// How long ago it was, by the clock that says more.
    pub(super) fn age(&self) -> Duration {
        let wall = self.wall.elapsed().unwrap_or_default();
        self.monotonic.elapsed().max(wall)
    }
}

impl Fence {
    /// A fence that lets everything through: where nobody else can write.
    #[must_use]
    pub fn open() -> Self {
        Self(Mutex::new(Gate::Open))
    }

    /// Whether a write may begin now.
    #[must_use]
    pub fn lets_through(&self) -> bool {
        match *self.gate() {
            Gate::Open => true,
            Gate::Shut => false,
            Gate::Until(renewed, good) => renewed.age() < good,
        }
    }

    /// The lease was asked for at that time and granted: it can be relied upon for so long from then.
    pub(super) fn renewed(&self, asked: Stamp, good: Duration) {
        *self.gate() = Gate::Until(asked, good);
    }

    /// The lease is not held any more.
    pub(super) fn shut(&self) {
        *self.gate() = Gate::Shut;
    }

    fn gate(&self) -> std::sync::MutexGuard<'_, Gate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_shut_until_the_lease_is_held_and_after_it_is_lost() {
        let fence = Fence::default();
        assert!(!fence.lets_through());
        fence.renewed(Stamp::now(), Duration::from_secs(3_600));
        assert!(fence.lets_through());
        fence.shut();
        assert!(!fence.lets_through());
    }

    #[test]
    fn the_clock_that_says_more_decides() {
        let hour = Duration::from_secs(3_600);
        let slept = Stamp {
            monotonic: Instant::now(),
            wall: SystemTime::now() - hour,
        };
        assert!(slept.age() >= hour);
        let set_back = Stamp {
            monotonic: Instant::now(),
            wall: SystemTime::now() + hour,
        };
        assert!(set_back.age() < hour);
        let fence = Fence::default();
        fence.renewed(slept, Duration::from_secs(10));
        assert!(!fence.lets_through());
    }
}
