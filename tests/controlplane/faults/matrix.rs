//! Every fault at every point, a table of them, and the sample that `cargo test` runs.

use std::env;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;

use tenantry::api::Kind;
use tokio::runtime::Builder;

use super::fault::{Disturbance, ListFault, Point, WatchFault, WriteFault};
use super::run::{Record, run};
use super::stage::stage;
use super::verdict::{never_given, verdict};
use super::workload::{self, EDITS};

/// Runs beside each other.
const BESIDE: usize = 2;
/// Points of each fault in the sample.
const SAMPLED: usize = 2;

/// A row of the table: a fault and where it strikes.
struct Row {
    name: String,
    cases: Vec<Disturbance>,
}

static UNDISTURBED: LazyLock<Record> = LazyLock::new(|| alone(None, None).unwrap());

/// Does the work once, in this thread.
fn alone(disturbance: Option<Disturbance>, undisturbed: Option<&Record>) -> Result<Record, String> {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(stage(), disturbance, undisturbed))
}

/// The writes of a run that come in every run: the lease is renewed whenever its time has come.
fn writes(record: &Record) -> Vec<Point> {
    let writes = record.writes.iter().map(|write| (write.step, &write.point));
    points(writes.filter(|(_, point)| point.name != "Lease" || point.nth == 1))
}

/// All rows, from what the undisturbed run wrote and was told.
fn rows(undisturbed: &Record) -> Vec<Row> {
    let writes = writes(undisturbed);
    let events = points(undisturbed.events.iter().map(|(step, point)| (*step, point)));
    let writes = WriteFault::ALL.map(|fault| Row {
        name: format!("a write: {fault}"),
        cases: writes
            .iter()
            .filter(|point| fault.can_strike(point))
            .map(|point| Disturbance::Write(point.clone(), fault))
            .collect(),
    });
    let events = WatchFault::ALL.map(|fault| Row {
        name: format!("a watch: {fault}"),
        cases: events
            .iter()
            .map(|point| Disturbance::Watch(point.clone(), fault))
            .collect(),
    });
    let lists = ListFault::ALL.map(|fault| Row {
        name: format!("a list at a start: {fault}"),
        cases: Kind::ALL
            .into_iter()
            .filter(|kind| fault != ListFault::Expired || workload::count(*kind) > 1)
            .map(|kind| Disturbance::List(kind, fault))
            .collect(),
    });
    let steps = 0..=EDITS.len();
    let one = steps.clone().flat_map(|step| {
        let changed = Kind::ALL
            .into_iter()
            .filter(move |kind| undisturbed.changed(step, *kind));
        changed.map(move |kind| Disturbance::OldStart(step, vec![kind]))
    });
    let all = steps.map(|step| Disturbance::OldStart(step, Kind::ALL.to_vec()));
    let starts = [
        Row {
            name: "killed before an edit, started after it".to_owned(),
            cases: (1..=EDITS.len()).map(Disturbance::Away).collect(),
        },
        Row {
            name: "a start: an older list of one kind".to_owned(),
            cases: one.collect(),
        },
        Row {
            name: "a start: older lists of all kinds".to_owned(),
            cases: all.collect(),
        },
    ];
    writes.into_iter().chain(events).chain(lists).chain(starts).collect()
}

/// Sorted by step and name: their order is not the same in every run.
fn points<'a>(all: impl Iterator<Item = (usize, &'a Point)>) -> Vec<Point> {
    let mut all: Vec<(usize, &Point)> = all.collect();
    // An Event is sent some time after what it tells of was written.
    all.iter_mut()
        .filter(|(_, point)| point.name.starts_with("Event"))
        .for_each(|(step, _)| *step = usize::MAX);
    all.sort();
    all.into_iter().map(|(_, point)| point.clone()).collect()
}

impl WriteFault {
    fn can_strike(self, point: &Point) -> bool {
        // What is not there yet, and an Event, nobody else can have changed; and only a status can be written with less in it.
        !(self == Self::Overtaken || self.refuses()) || point.name.ends_with(" status")
    }
}

impl Row {
    /// Some of its cases, spread evenly; those of the next row lie elsewhere.
    fn sample(mut self, row: usize) -> Self {
        let count = self.cases.len();
        let taken = (0..SAMPLED).map(|at| (at * count / SAMPLED + row * 7 % (count / SAMPLED).max(1)) % count);
        self.cases = taken.map(|at| self.cases[at].clone()).collect();
        self
    }
}

/// Runs all cases; what went wrong by row.
fn run_all(rows: &[Row]) -> Vec<Vec<String>> {
    let cases: Vec<(usize, &Disturbance)> = rows
        .iter()
        .enumerate()
        .flat_map(|(at, row)| row.cases.iter().map(move |case| (at, case)))
        .collect();
    let wrong = Mutex::new(vec![Vec::new(); rows.len()]);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..BESIDE {
            scope.spawn(|| {
                while let Some((row, case)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = match alone(Some((*case).clone()), Some(&UNDISTURBED)) {
                        Ok(record) => {
                            println!("{case}: {:?}", record.took);
                            verdict(case, &record, &UNDISTURBED)
                        }
                        Err(error) => vec![error],
                    };
                    if !found.is_empty() {
                        eprintln!("{case}: {found:#?}");
                        wrong.lock().unwrap()[*row].push(format!("{case}: {}", found.join("; ")));
                    }
                }
            });
        }
    });
    wrong.into_inner().unwrap()
}

/// The table as a document shows it.
fn table(rows: &[Row], wrong: &[Vec<String>]) -> String {
    let mut table = "| fault | points | survived |\n|---|---:|---:|\n".to_owned();
    for (row, wrong) in rows.iter().zip(wrong) {
        let (points, wrong) = (row.cases.len(), wrong.len());
        writeln!(table, "| {} | {points} | {} |", row.name, points - wrong).unwrap();
    }
    table
}

#[test]
fn two_undisturbed_runs_come_to_the_same() {
    let again = alone(None, Some(&UNDISTURBED)).unwrap();
    assert_eq!(never_given(&UNDISTURBED, &UNDISTURBED), Vec::<String>::new());
    assert_eq!(again.seen.writes, UNDISTURBED.seen.writes);
    assert_eq!(writes(&again), writes(&UNDISTURBED));
}

#[test]
fn a_sample_of_all_faults_changes_nothing_that_comes_of_it() {
    let rows = rows(&UNDISTURBED).into_iter().enumerate();
    let rows: Vec<Row> = rows.map(|(at, row)| row.sample(at)).collect();
    let wrong = run_all(&rows);
    assert!(wrong.iter().all(Vec::is_empty), "{wrong:#?}");
}

#[test]
#[ignore = "takes half an hour"]
fn no_fault_changes_anything_that_comes_of_it() {
    let mut rows = rows(&UNDISTURBED);
    if let Ok(wanted) = env::var("FAULT") {
        for row in &mut rows {
            row.cases.retain(|case| case.to_string().contains(&wanted));
        }
    }
    let wrong = run_all(&rows);
    println!("{}", table(&rows, &wrong));
    assert!(wrong.iter().all(Vec::is_empty), "{wrong:#?}");
}
