//! What fails again and again is logged at first, then ever more rarely, and once more when it works again.
//!
//! Seven watches, a lease and any number of writes share one connection: what fails for the same cause is one outage. The
//! log belongs to the process, and so does [`OUTAGES`].

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long nothing is said after the first time; then twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Those of this process.
pub(super) static OUTAGES: LazyLock<Outages> = LazyLock::new(Outages::default);

/// What fails at present, by cause.
#[derive(Debug, Default)]
pub(super) struct Outages(Mutex<HashMap<String, Outage>>);

#[derive(Debug)]
struct Outage {
    /// Who meets it.
    failing: HashSet<String>,
    since: Instant,
    last: Instant,
    failures: u64,
    pause: Duration,
    /// When it is next said.
    next: Instant,
    /// Whether it has been said since it last worked.
    said: bool,
}

impl Outages {
    /// Somebody failed for that cause. When it is time to say so: how often that has happened by now.
    pub(super) fn failed(&self, who: &str, cause: &str) -> Option<u64> {
        let now = Instant::now();
        let mut outages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        outages.retain(|known, outage| {
            if known != cause {
                outage.failing.remove(who);
            }
            !outage.is_over(now)
        });
        let outage = outages.entry(cause.to_owned()).or_insert_with(|| Outage::new(now));
        outage.failing.insert(who.to_owned());
        outage.failures += 1;
        outage.last = now;
        (now >= outage.next).then(|| {
            outage.next = now + outage.pause;
            outage.pause = (outage.pause * 2).min(LONGEST_PAUSE);
            outage.said = true;
            outage.failures
        })
    }

    /// It works for somebody. Logs that when it is news.
    pub(super) fn works(&self, who: &str) {
        if let Some((cause, after)) = self.ended(who) {
            let seconds = after.as_secs();
            tracing::info!(cause, seconds, "it works again");
        }
    }

    /// The cause that nobody meets any more though it has been said, and for how long it was met.
    fn ended(&self, who: &str) -> Option<(String, Duration)> {
        let mut outages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (cause, outage) = outages.iter_mut().find(|(_, outage)| outage.failing.contains(who))?;
        outage.failing.remove(who);
        let news = outage.failing.is_empty() && std::mem::take(&mut outage.said);
        news.then(|| (cause.clone(), outage.since.elapsed()))
    }
}

impl Outage {
    fn new(now: Instant) -> Self {
        Self {
            failing: HashSet::new(),
            since: now,
            last: now,
            failures: 0,
            pause: FIRST_PAUSE,
            next: now,
            said: false,
        }
    }

    /// Whether nobody has met it for so long that the next time is the first of another. What comes and goes is one outage.
    fn is_over(&self, now: Instant) -> bool {
        self.failing.is_empty() && now.saturating_duration_since(self.last) > self.pause
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_said_at_first_then_ever_more_rarely_and_when_it_is_over() {
        let outages = Outages::default();
        let mut said = Vec::new();
        for second in 0..=100 {
            if let Some(failures) = outages.failed("users", "refused") {
                said.push((second, failures));
            }
            advance(Duration::from_secs(1)).await;
        }
        assert_eq!(said, [(0, 1), (10, 11), (30, 31), (70, 71)]);
        let over = Some(("refused".to_owned(), Duration::from_secs(101)));
        assert_eq!(outages.ended("users"), over);
        assert_eq!(outages.ended("users"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_for_the_same_cause_is_one_outage_until_all_work() {
        let outages = Outages::default();
        assert!(outages.failed("users", "refused").is_some());
        assert_eq!(outages.failed("roles", "refused"), None);
        assert!(outages.failed("tenants", "404").is_some(), "another cause");
        assert_eq!(outages.ended("users"), None);
        assert!(matches!(outages.ended("roles"), Some((cause, _)) if cause == "refused"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_and_goes_is_said_ever_more_rarely_too() {
        let outages = Outages::default();
        let mut said = 0;
        for _ in 0..100 {
            said += usize::from(outages.failed("users", "torn").is_some());
            said += usize::from(outages.ended("users").is_some());
            advance(Duration::from_secs(1)).await;
        }
        assert_eq!(said, 8);
        advance(LONGEST_PAUSE * 2).await;
        assert_eq!(outages.failed("users", "torn"), Some(1), "a new one");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_fails_for_another_cause_now_does_not_work_again() {
        let outages = Outages::default();
        outages.failed("users", "refused");
        assert!(outages.failed("users", "404").is_some());
        assert!(matches!(outages.ended("users"), Some((cause, _)) if cause == "404"));
    }
}
