//! Which tenant is evaluated next: those in which something changed, in turn. The first change after a while is taken up at
//! once; what follows is gathered for a moment.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::api::Moment;

/// Changes come in bursts: of one that is under way, a tenant is evaluated when it has been quiet for this long.
const QUIET: Duration = Duration::from_millis(50);
/// A change is the first of a burst when nothing has changed for this long.
const CALM: Duration = Duration::from_millis(100);
/// But no later than this after the first change.
const PATIENCE: Duration = Duration::from_millis(500);
/// What failed is tried again after this long, then twice as long, and so on.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// All tenants that anything is to be done about.
#[derive(Debug, Default)]
pub(super) struct Tenants {
    states: HashMap<String, State>,
    /// Dirty tenants in the order in which they became so.
    dirty: VecDeque<String>,
    /// When tenants are to be judged again though nothing changes.
    timers: BTreeSet<(Moment, String)>,
}

#[derive(Debug, Default)]
struct State {
    dirty: Option<Dirty>,
    /// When something last changed.
    last: Option<Instant>,
    /// Since when something has been seen that is not written yet.
    unsettled: Option<Instant>,
    /// A pass is under way; set to tell it that there is something newer to write.
    pass: Option<Arc<AtomicBool>>,
    timer: Option<Moment>,
    failures: u32,
}

#[derive(Clone, Copy, Debug)]
struct Dirty {
    /// Since when.
    since: Instant,
    /// When it will have been quiet for long enough.
    ready: Instant,
}

impl Tenants {
    /// Something changed in the tenant.
    pub(super) fn changed(&mut self, namespace: &str, now: Instant) {
        let state = self.states.entry(namespace.to_owned()).or_default();
        let last = state.last.replace(now);
        let first = last.is_none_or(|last| now.saturating_duration_since(last) >= CALM);
        let at_once = first && state.pass.is_none() && state.dirty.is_none();
        self.mark(namespace, now, if at_once { now } else { now + QUIET });
    }

    /// A namespace holds nothing any more.
    pub(super) fn forget(&mut self, namespace: &str) {
        let idle = |state: &State| state.dirty.is_none() && state.pass.is_none() && state.timer.is_none();
        if self.states.get(namespace).is_some_and(idle) {
            self.states.remove(namespace);
        }
    }

    /// The tenant is to be judged without waiting.
    pub(super) fn urgent(&mut self, namespace: &str, now: Instant) {
        self.mark(namespace, now, now);
    }

    fn mark(&mut self, namespace: &str, now: Instant, ready: Instant) {
        let state = self.states.entry(namespace.to_owned()).or_default();
        state.unsettled.get_or_insert(now);
        match &mut state.dirty {
            Some(dirty) => dirty.ready = ready.min(dirty.since + PATIENCE),
            None => {
                state.dirty = Some(Dirty { since: now, ready });
                self.dirty.push_back(namespace.to_owned());
            }
        }
    }

    /// What has not been written yet counts as seen now: only from now on it can be written.
    pub(super) fn count_from(&mut self, now: Instant) {
        for since in self.states.values_mut().filter_map(|state| state.unsettled.as_mut()) {
            *since = now;
        }
    }

    /// The next tenant to judge, if one is ready; with it the flag that says that its pass is overtaken. A tenant whose pass
    /// is still under way has that pass told to stop instead.
    pub(super) fn next(&mut self, now: Instant) -> Option<(String, Arc<AtomicBool>)> {
        let at = self.dirty.iter().position(|namespace| {
            let state = self.states.get(namespace);
            let ready = state
                .and_then(|state| state.dirty)
                .is_some_and(|dirty| dirty.ready <= now);
            match state.and_then(|state| state.pass.as_ref()) {
                Some(pass) => {
                    if ready {
                        pass.store(true, Ordering::SeqCst);
                    }
                    false
                }
                None => ready,
            }
        })?;
        let namespace = self.dirty.remove(at)?;
        let state = self.states.get_mut(&namespace)?;
        state.dirty = None;
        let overtaken = Arc::new(AtomicBool::new(false));
        state.pass = Some(Arc::clone(&overtaken));
        Some((namespace, overtaken))
    }

    /// When to ask for the next tenant, at the latest.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        let states = self.dirty.iter().filter_map(|namespace| self.states.get(namespace));
        let waiting = states.filter(|state| {
            let told = state.pass.as_ref().is_some_and(|pass| pass.load(Ordering::SeqCst));
            !told
        });
        waiting.filter_map(|state| Some(state.dirty?.ready)).min()
    }

    /// The pass over a tenant is over; whether all that it wanted was written, or overtaken. Returns how long it took since
    /// the first change that was not written yet, when nothing is left to write.
    pub(super) fn ended(&mut self, namespace: &str, well: bool, now: Instant) -> Option<Duration> {
        let state = self.states.get_mut(namespace)?;
        state.pass = None;
        if well {
            state.failures = 0;
            if state.dirty.is_some() {
                return None;
            }
            let since = state.unsettled.take();
            return since.map(|since| now.saturating_duration_since(since));
        }
        let wait = FIRST_RETRY
            .saturating_mul(1 << state.failures.min(10))
            .min(LONGEST_RETRY);
        state.failures += 1;
        if state.dirty.is_none() {
            state.dirty = Some(Dirty {
                since: now,
                ready: now + wait,
            });
            self.dirty.push_back(namespace.to_owned());
        }
        None
    }

    /// Sets when a tenant is to be judged again though nothing changes.
    pub(super) fn set_timer(&mut self, namespace: &str, next: Option<Moment>) {
        let state = self.states.entry(namespace.to_owned()).or_default();
        if let Some(moment) = state.timer.take() {
            self.timers.remove(&(moment, namespace.to_owned()));
        }
        state.timer = next;
        if let Some(moment) = next {
            self.timers.insert((moment, namespace.to_owned()));
        }
    }

    /// The earliest of all timers.
    pub(super) fn next_timer(&self) -> Option<Moment> {
        self.timers.first().map(|(moment, _)| *moment)
    }

    /// Marks every tenant whose moment has come.
    pub(super) fn ring(&mut self, moment: Moment, now: Instant) {
        while let Some((at, namespace)) = self.timers.pop_first() {
            if at > moment {
                self.timers.insert((at, namespace));
                return;
            }
            if let Some(state) = self.states.get_mut(&namespace) {
                state.timer = None;
            }
            self.urgent(&namespace, now);
        }
    }

    /// How many tenants wait to be judged.
    pub(super) fn dirty(&self) -> usize {
        self.dirty.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seconds: i64) -> Moment {
        Moment::from_seconds(seconds).unwrap()
    }

    fn name(next: Option<(String, Arc<AtomicBool>)>) -> Option<String> {
        next.map(|(namespace, _)| namespace)
    }

    #[test]
    fn a_tenant_waits_for_quiet_but_not_for_ever() {
        let mut tenants = Tenants::default();
        let begin = Instant::now();
        tenants.changed("acme", begin);
        assert_eq!(name(tenants.next(begin)).as_deref(), Some("acme"), "the first at once");
        tenants.ended("acme", true, begin);
        let start = begin + QUIET / 2;
        tenants.changed("acme", start);
        assert_eq!(name(tenants.next(start)), None);
        assert_eq!(tenants.wake_at(), Some(start + QUIET));
        let mut at = start;
        while at < start + PATIENCE - QUIET {
            at += QUIET / 2;
            tenants.changed("acme", at);
            assert_eq!(name(tenants.next(at)), None);
        }
        tenants.changed("acme", start + PATIENCE);
        assert_eq!(name(tenants.next(start + PATIENCE)).as_deref(), Some("acme"));
    }

    #[test]
    fn a_change_after_a_while_is_the_first_of_another_burst() {
        let mut tenants = Tenants::default();
        let start = Instant::now();
        for (after, at_once) in [(0, true), (99, false), (150, false), (250, true)] {
            let at = start + Duration::from_millis(after);
            tenants.changed("acme", at);
            assert_eq!(name(tenants.next(at)).is_some(), at_once, "after {after} ms");
            if !at_once {
                assert!(tenants.next(at + QUIET).is_some());
            }
            tenants.ended("acme", true, at);
        }
    }

    #[test]
    fn tenants_come_in_turn() {
        let mut tenants = Tenants::default();
        let start = Instant::now();
        for namespace in ["acme", "beta", "acme", "gamma"] {
            tenants.urgent(namespace, start);
        }
        let order: Vec<String> = std::iter::from_fn(|| name(tenants.next(start))).collect();
        assert_eq!(order, ["acme", "beta", "gamma"]);
    }

    #[test]
    fn a_pass_under_way_is_told_that_it_is_overtaken_and_the_tenant_comes_again() {
        let mut tenants = Tenants::default();
        let start = Instant::now();
        tenants.urgent("acme", start);
        let (_, overtaken) = tenants.next(start).unwrap();
        tenants.changed("acme", start);
        assert_eq!(name(tenants.next(start)), None);
        assert!(!overtaken.load(Ordering::SeqCst));
        let later = start + QUIET;
        assert_eq!(name(tenants.next(later)), None);
        assert!(overtaken.load(Ordering::SeqCst));
        assert_eq!(tenants.wake_at(), None);
        tenants.ended("acme", true, later);
        assert_eq!(name(tenants.next(later)).as_deref(), Some("acme"));
    }

    #[test]
    fn what_failed_is_tried_again_ever_more_slowly() {
        let mut tenants = Tenants::default();
        let start = Instant::now();
        tenants.urgent("acme", start);
        let mut at = start;
        for wait in [1, 2, 4, 8] {
            tenants.next(at).unwrap();
            tenants.ended("acme", false, at);
            assert_eq!(tenants.wake_at(), Some(at + Duration::from_secs(wait)));
            at += Duration::from_secs(wait);
        }
        tenants.next(at).unwrap();
        tenants.ended("acme", true, at);
        assert_eq!(tenants.dirty(), 0);
    }

    #[test]
    fn what_counts_is_the_time_from_the_first_change_to_the_last_write() {
        let mut tenants = Tenants::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        tenants.urgent("acme", start);
        tenants.count_from(after(1));
        tenants.next(after(1)).unwrap();
        assert_eq!(tenants.ended("acme", false, after(2)), None);
        tenants.next(after(4)).unwrap();
        tenants.urgent("acme", after(5));
        assert_eq!(tenants.ended("acme", true, after(6)), None, "something newer waits");
        tenants.next(after(6)).unwrap();
        assert_eq!(tenants.ended("acme", true, after(8)), Some(Duration::from_secs(7)));
    }

    #[test]
    fn a_change_brings_forward_what_is_to_be_tried_again() {
        let mut tenants = Tenants::default();
        let start = Instant::now();
        tenants.urgent("acme", start);
        tenants.next(start);
        tenants.ended("acme", false, start);
        assert!(tenants.wake_at() >= Some(start + FIRST_RETRY));
        tenants.changed("acme", start + QUIET);
        assert_eq!(tenants.wake_at(), Some(start + 2 * QUIET));
    }

    #[test]
    fn a_timer_rings_once_at_its_moment() {
        let mut tenants = Tenants::default();
        let start = Instant::now();
        tenants.set_timer("acme", Some(moment(10)));
        tenants.set_timer("beta", Some(moment(20)));
        tenants.set_timer("acme", Some(moment(15)));
        tenants.ring(moment(14), start);
        assert_eq!(tenants.dirty(), 0);
        assert_eq!(tenants.next_timer(), Some(moment(15)));
        tenants.ring(moment(15), start);
        assert_eq!(name(tenants.next(start)).as_deref(), Some("acme"));
        assert_eq!(tenants.next_timer(), Some(moment(20)));
        tenants.ring(moment(19), start);
        assert_eq!(tenants.dirty(), 0);
    }
}
