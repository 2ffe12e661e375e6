//! The time that a controller judges by: this machine's, or one that a person or a test moves.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::api::Moment;

/// However far the next moment is, the clock is read again after this long: it may have been set, or the machine may have
/// slept. Access then ends at most 5 s late, of which one is left to evaluate and write.
const LONGEST_SLEEP: Duration = Duration::from_secs(4);

/// A clock that follows this machine's, at a distance and a pace, and never runs backwards.
#[derive(Debug)]
pub struct Clock {
    /// This machine's time when the clock was made, in milliseconds since 1970-01-01T00:00:00Z.
    anchor: i64,
    /// How far ahead of this machine's it is, in milliseconds.
    ahead: AtomicI64,
    /// Seconds of this clock in one of this machine.
    pace: u32,
    /// Where it stands still, in milliseconds since 1970-01-01T00:00:00Z.
    stop: AtomicI64,
    /// The latest moment that it has shown, in seconds.
    latest: AtomicI64,
    moved: Notify,
}

impl Clock {
    /// This machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(None, 1)
    }

    /// A clock that shows `start` (else this machine's time) now, and runs `pace` times as fast as this machine's.
    #[must_use]
    pub fn new(start: Option<Moment>, pace: u32) -> Self {
        let anchor = machine_millis();
        let ahead = start.map_or(0, |start| start.seconds().saturating_mul(1_000).saturating_sub(anchor));
        Self {
            anchor,
            ahead: AtomicI64::new(ahead),
            pace: pace.max(1),
            stop: AtomicI64::new(i64::MAX),
            latest: AtomicI64::new(i64::MIN),
            moved: Notify::new(),
        }
    }

    /// The moment by this clock: never earlier than one that it has shown.
    #[must_use]
    pub fn now(&self) -> Moment {
        let seconds = self.millis().div_euclid(1_000);
        let latest = self.latest.fetch_max(seconds, Ordering::SeqCst).max(seconds);
        Moment::from_seconds(latest).unwrap_or(Moment::MAX)
    }

    /// Sets the clock forward; whoever waits for a moment looks again.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.ahead.fetch_add(millis, Ordering::SeqCst);
        self.moved.notify_waiters();
    }

    /// Has the clock stand still when it comes to that moment. Where it stood still before, it goes on from there, as if no
    /// time had passed.
    pub fn stop_at(&self, moment: Option<Moment>) {
        let stood = self.unstopped().saturating_sub(self.stop.load(Ordering::SeqCst));
        self.ahead.fetch_sub(stood.max(0), Ordering::SeqCst);
        let stop = moment.map_or(i64::MAX, |moment| moment.seconds().saturating_mul(1_000));
        self.stop.store(stop, Ordering::SeqCst);
        self.moved.notify_waiters();
    }

    /// Returns at that moment, after 4 s, or when this clock is set, whichever comes first. Read the clock again.
    pub async fn doze_until(&self, moment: Option<Moment>) {
        let moved = self.moved.notified();
        let rest = match moment {
            None => LONGEST_SLEEP,
            Some(moment) => self.until(moment.seconds().saturating_mul(1_000)),
        };
        if rest.is_zero() {
            return;
        }
        tokio::select! {
            () = sleep(rest) => {}
            () = moved => {}
        }
    }

    /// How long to sleep until the clock shows that time, in milliseconds; it may have to be looked at again.
    fn until(&self, time: i64) -> Duration {
        if self.stop.load(Ordering::SeqCst) < time {
            return LONGEST_SLEEP;
        }
        let rest = u64::try_from(time.saturating_sub(self.millis())).unwrap_or(0);
        // Rounded up: to wake a moment early would be to look twice.
        Duration::from_millis(rest.div_ceil(u64::from(self.pace))).min(LONGEST_SLEEP)
    }

    fn millis(&self) -> i64 {
        self.unstopped().min(self.stop.load(Ordering::SeqCst))
    }

    /// What it would show if it stood still nowhere.
    fn unstopped(&self) -> i64 {
        let passed = machine_millis().saturating_sub(self.anchor);
        let passed = passed.saturating_mul(i64::from(self.pace));
        self.anchor
            .saturating_add(passed)
            .saturating_add(self.ahead.load(Ordering::SeqCst))
    }
}

fn machine_millis() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Waits for something, but not for ever: `None` when it took longer.
pub(super) async fn within<T>(limit: Duration, wait: impl Future<Output = T>) -> Option<T> {
    timeout(limit, wait).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_begins_where_it_is_told_and_can_be_set_forward() {
        let start = Moment::parse("2026-12-01T00:00:00Z").unwrap();
        let clock = Clock::new(Some(start), 1);
        let behind = clock.now().seconds() - start.seconds();
        assert!((0..5).contains(&behind), "{behind}");
        clock.advance(Duration::from_secs(3_600));
        let behind = clock.now().seconds() - start.seconds();
        assert!((3_600..3_605).contains(&behind), "{behind}");
    }

    #[test]
    fn a_clock_never_runs_backwards() {
        let clock = Clock::system();
        clock.advance(Duration::from_secs(100));
        let seen = clock.now();
        clock.ahead.fetch_sub(1_000_000, Ordering::SeqCst);
        assert!(clock.now() >= seen);
    }

    #[test]
    fn a_clock_stands_still_where_it_is_told_and_goes_on_from_there() {
        let [start, noon, later] = ["2026-12-01T00:00:00Z", "2026-12-01T12:00:00Z", "2026-12-02T00:00:00Z"]
            .map(|moment| Moment::parse(moment).unwrap());
        let clock = Clock::new(Some(start), 1);
        clock.stop_at(Some(noon));
        clock.advance(Duration::from_secs(7 * 86_400));
        assert_eq!(clock.now(), noon);
        clock.stop_at(Some(later));
        let behind = clock.now().seconds() - noon.seconds();
        assert!((0..5).contains(&behind), "{behind}");
    }

    #[tokio::test]
    async fn a_clock_that_stands_still_before_a_moment_wakes_nobody_for_it() {
        let clock = Clock::new(Moment::parse("2026-12-01T00:00:00Z"), u32::MAX);
        clock.stop_at(Some(clock.now()));
        let dozing = clock.doze_until(Some(Moment::MAX));
        tokio::pin!(dozing);
        assert!(futures::poll!(dozing.as_mut()).is_pending());
        assert_eq!(clock.until(i64::MAX - 1), LONGEST_SLEEP);
        clock.stop_at(None);
        assert!(within(Duration::from_secs(20), dozing).await.is_some());
    }

    #[tokio::test]
    async fn whoever_waits_for_a_moment_wakes_when_the_clock_is_set() {
        let clock = Clock::system();
        let tomorrow = Moment::from_seconds(clock.now().seconds() + 86_400);
        let dozing = clock.doze_until(tomorrow);
        tokio::pin!(dozing);
        assert!(futures::poll!(dozing.as_mut()).is_pending());
        clock.advance(Duration::from_secs(1));
        assert!(within(Duration::from_secs(20), dozing).await.is_some());
    }
    /// Somebody sets this machine's clock, or it wakes from a long sleep: nothing tells a program of it.
    #[tokio::test(start_paused = true)]
    async fn a_moment_that_comes_unseen_is_noticed_within_five_seconds() {
        let clock = Clock::system();
        let tomorrow = Moment::from_seconds(clock.now().seconds() + 86_400).unwrap();
        let dozing = clock.doze_until(Some(tomorrow));
        tokio::pin!(dozing);
        assert!(futures::poll!(dozing.as_mut()).is_pending());
        clock.ahead.fetch_add(86_400_000, Ordering::SeqCst);
        assert!(within(Duration::from_secs(5), dozing).await.is_some());
        assert!(clock.now() >= tomorrow);
    }
}
