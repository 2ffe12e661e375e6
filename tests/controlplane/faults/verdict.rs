//! Whether a run in which something went wrong came to the same as one in which nothing did.
//!
//! That all objects are the same at the end of each step the run itself has seen to. What is looked at here:
//!
//! - Every object was written as often as in the undisturbed run: no write is lost and none is made twice. After a start
//!   from older lists it may be oftener: what was judged from them has to be put right.
//! - No user was ever shown to have what she had neither before nor after the edit of the step.
//! - Nothing was asked for much oftener than had to be.
//! - No Event was sent that has no reason to be, and none twice. One may be missing when the controller was killed, when it
//!   was not told that its write had been applied, or when the Event itself met the fault: nothing depends on Events.
//! - What was told to wait a second has waited a second.
//! - Of a status that was refused less is written, and an Event says so; all of it when it is offered again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tenantry::api::Kind;

use super::fault::{Disturbance, WriteFault};
use super::run::Record;
use super::script::Write;
use crate::controller::watcher::{Shown, shown};

/// How much oftener than in the undisturbed run something may be asked for.
const REPEATS: usize = 2;

/// What was not as it should be; empty when the run survived.
pub(crate) fn verdict(disturbance: &Disturbance, record: &Record, undisturbed: &Record) -> Vec<String> {
    let mut wrong = counts(disturbance, record, undisturbed);
    wrong.extend(never_given(record, undisturbed));
    wrong.extend(requests(disturbance, record, undisturbed));
    wrong.extend(events(disturbance, record, undisturbed));
    wrong.extend(patience(disturbance, record));
    wrong
}

/// Objects that were not written as often as in the undisturbed run.
fn counts(disturbance: &Disturbance, record: &Record, undisturbed: &Record) -> Vec<String> {
    let name = |(kind, name): &(Kind, String)| format!("{kind}/{name}");
    let by_name = |record: &Record| -> BTreeMap<String, usize> {
        let writes = record.seen.writes.iter();
        writes.map(|(key, count)| (name(key), *count)).collect()
    };
    compare(&by_name(record), &by_name(undisturbed), |name, found, wanted| {
        match disturbance {
            // Somebody else has written it as well.
            Disturbance::Write(point, WriteFault::Overtaken) if point.name.trim_end_matches(" status") == name => {
                found == wanted + 1
            }
            // Less of it, and all of it when it was offered again; unless there was something newer to write by then.
            Disturbance::Write(point, fault) if fault.refuses() && point.name.trim_end_matches(" status") == name => {
                (wanted..=wanted + 2).contains(&found)
            }
            Disturbance::OldStart(..) => found >= wanted,
            _ => found == wanted,
        }
    })
}

/// Everything of which there is not as much as is fine.
fn compare(
    found: &BTreeMap<String, usize>,
    wanted: &BTreeMap<String, usize>,
    fine: impl Fn(&str, usize, usize) -> bool,
) -> Vec<String> {
    let names: BTreeSet<&String> = found.keys().chain(wanted.keys()).collect();
    let count = |counts: &BTreeMap<String, usize>, name: &str| counts.get(name).copied().unwrap_or_default();
    let wrong = names.into_iter().filter_map(|name| {
        let (found, wanted) = (count(found, name), count(wanted, name));
        (!fine(name, found, wanted)).then(|| format!("{name}: {found} times, not {wanted}"))
    });
    wrong.collect()
}

/// What users were shown to have that they had neither before nor after the edit.
pub(crate) fn never_given(record: &Record, undisturbed: &Record) -> Vec<String> {
    let given = |step: usize, user: &str| -> Shown {
        let state = undisturbed.states[step].get(&(Kind::User, user.to_owned()));
        state.map(|state| shown(&state["status"])).unwrap_or_default()
    };
    let all = record.seen.shown.iter();
    let wrong = all.filter_map(|(step, user, shown)| {
        let before = step
            .checked_sub(1)
            .map(|before| given(before, user))
            .unwrap_or_default();
        let after = given(*step, user);
        let fine = shown.is_subset(&before) || shown.is_subset(&after);
        (!fine).then(|| format!("step {step}: {user} was shown to have {shown:?}"))
    });
    wrong.collect()
}

/// What was asked for, by name; the lease aside, which is renewed for as long as a run takes.
fn asked(record: &Record, which: impl Fn(&Write) -> bool) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for write in record.writes.iter().filter(|write| which(write)) {
        *counts.entry(write.point.name.clone()).or_default() += 1;
    }
    counts.remove("Lease");
    counts
}

fn requests(disturbance: &Disturbance, record: &Record, undisturbed: &Record) -> Vec<String> {
    let more = match disturbance {
        Disturbance::OldStart(..) => 2 * REPEATS,
        _ => REPEATS,
    };
    let [found, wanted] = [record, undisturbed].map(|record| asked(record, |_| true));
    compare(&found, &wanted, |_, found, wanted| found <= wanted + more)
}

fn events(disturbance: &Disturbance, record: &Record, undisturbed: &Record) -> Vec<String> {
    let [found, wanted] = [record, undisturbed].map(|record| asked(record, Write::is_event_sent));
    compare(&found, &wanted, |name, found, wanted| match disturbance {
        Disturbance::OldStart(..) => true,
        Disturbance::Write(
            _,
            WriteFault::KilledBefore | WriteFault::KilledAfter | WriteFault::TimedOut | WriteFault::Torn,
        )
        | Disturbance::Away(_) => found <= wanted,
        Disturbance::Write(point, _) if point.name == name => found <= wanted,
        Disturbance::Write(_, fault) if fault.refuses() && name.starts_with("Event Status") => found == wanted + 1,
        _ => found == wanted,
    })
}

fn patience(disturbance: &Disturbance, record: &Record) -> Option<String> {
    let Disturbance::Write(point, WriteFault::TooMany) = disturbance else {
        return None;
    };
    let mut writes = record.writes.iter().filter(|write| write.point.name == point.name);
    let refused = writes.nth(point.nth - 1)?;
    let waited = writes.next()?.at - refused.at;
    (waited < Duration::from_secs(1)).then(|| format!("asked again after {waited:?}"))
}
