//! `policy::evaluate` against a floor, and how it grows.

use std::hint::black_box;
use std::io;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use hashbrown::HashMap;
use tenantry::api::RoleSpec;
use tenantry::policy::{Homes, Snapshot, evaluate};

use super::clock::Stopwatch;
use super::corpus;
use super::report::{Row, Times, milliseconds};

/// Users of the evaluation that is held against the floor.
const USERS: usize = 10_000;
/// Tenants that the growth is measured on.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// How many processes each of them gets.
const PROCESSES: usize = 5;
const RUNS: usize = 9;
/// The hidden mode of such a process.
pub(crate) const EVALUATE: &str = "--evaluate";

/// One evaluation on one thread. Giving the result back to the allocator is not part of it, for the floor neither.
fn engine(snapshot: &Snapshot) -> Duration {
    let (catalogue, homes, now) = (corpus::catalogue(), Homes::default(), corpus::moment());
    let stopwatch = Stopwatch::start();
    let evaluation = evaluate(&catalogue, snapshot, &homes, now);
    let time = stopwatch.time();
    let access = evaluation.access().expect("a tenant in force");
    assert_eq!(usize::try_from(access.counts.active).ok(), Some(snapshot.users.len()));
    time
}

/// The floor: what nobody can do without who says for every user what her roles come to. It visits each user, every one of
/// her strings once, looks each of her roles up by name, walks the role's permissions and keeps the actions, object and name,
/// for every user. No rule is judged: nothing is compared, no closure, rows, fields, organizations, phases or findings.
fn floor(snapshot: &Snapshot) -> Duration {
    let stopwatch = Stopwatch::start();
    let roles: HashMap<&str, &RoleSpec> = snapshot
        .roles
        .iter()
        .map(|role| (role.name.as_str(), &role.spec))
        .collect();
    let mut visited = 0;
    let mut everyone = Vec::with_capacity(snapshot.users.len());
    for user in &snapshot.users {
        let spec = &user.spec;
        let optional = [&spec.account, &spec.name, &spec.email, &spec.phone, &spec.position];
        let named = spec
            .roles
            .iter()
            .chain(spec.temporary_roles.iter().map(|temporary| &temporary.role));
        let strings = [&user.name]
            .into_iter()
            .chain(optional.into_iter().flatten())
            .chain(spec.attributes.iter().flat_map(|(name, value)| [name, value]))
            .chain(&spec.organizations)
            .chain(named.clone());
        visited += strings.flat_map(|text| text.bytes()).map(u64::from).sum::<u64>();
        let mut actions: Vec<(&str, &str)> = Vec::new();
        for role in named.filter_map(|name| roles.get(name.as_str())) {
            for permission in &role.permissions {
                let object = permission.object.as_str();
                actions.extend(permission.actions.iter().map(|action| (object, action.as_str())));
            }
        }
        everyone.push(actions);
    }
    black_box((visited, &everyone));
    stopwatch.time()
}

/// Evaluation and floor, turn about in one process.
pub(crate) fn against_the_floor() -> Vec<Row> {
    let snapshot = corpus::snapshot(USERS);
    let (mut floors, mut engines) = (Times::default(), Times::default());
    for _ in 0..RUNS * 5 {
        floors.push(floor(&snapshot));
        engines.push(engine(&snapshot));
    }
    vec![
        Row::new(
            "evaluate, floor: walk 10,000 users and their roles",
            floors.shown(milliseconds),
            "1",
        ),
        Row::new(
            "evaluate 10,000 users x 3 roles, 200 roles, 500 organizations",
            engines.shown(milliseconds),
            &format!("{:.1}", engines.over(&floors)),
        )
        .goal("<= 2"),
    ]
}

/// The same for tenants of three sizes: how much longer each ten times larger one takes, linear being 1, and the floor
/// likewise. Each size has processes of its own, so that none finds the memory as another left it.
pub(crate) fn growth() -> io::Result<Vec<Row>> {
    let mut floors = SIZES.map(|_| Times::default());
    let mut engines = SIZES.map(|_| Times::default());
    for _ in 0..PROCESSES {
        for (place, users) in SIZES.iter().enumerate() {
            let (floor, engine) = in_a_process(*users)?;
            floors[place].add(floor);
            engines[place].add(engine);
        }
    }
    let mut rows = rows_of_growth("floor", &floors, "");
    rows.extend(rows_of_growth("evaluate", &engines, "<= 1.2"));
    Ok(rows)
}

fn rows_of_growth(what: &str, times: &[Times; 3], goal: &str) -> Vec<Row> {
    let row = |place: usize| {
        let name = format!("{what}, {} users", SIZES[place]);
        let (ratio, goal) = match place.checked_sub(1) {
            Some(smaller) => (
                format!("{:.2} of linear", times[place].over(&times[smaller]) / 10.0),
                goal,
            ),
            None => (String::new(), ""),
        };
        Row::new(&name, times[place].shown(milliseconds), &ratio).goal(goal)
    };
    (0..SIZES.len()).map(row).collect()
}

/// Seconds that floor and engine take in a process that does nothing else.
fn in_a_process(users: usize) -> io::Result<(f64, f64)> {
    let output = Command::new(std::env::current_exe()?)
        .args([EVALUATE, &users.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    match (output.status.success(), numbers.next(), numbers.next()) {
        (true, Some(Ok(floor)), Some(Ok(engine))) => Ok((floor, engine)),
        _ => Err(io::Error::other(format!("a measurement failed: {text}"))),
    }
}

/// Such a process: prints the medians of floor and engine.
pub(crate) fn evaluate_alone(users: &str) -> ExitCode {
    let users = users.parse().expect("a number");
    let snapshot = corpus::snapshot(users);
    let runs = (1_000_000 / users).clamp(RUNS, 100);
    let mut floors = Times::default();
    (0..runs).for_each(|_| floors.push(floor(&snapshot)));
    let mut engines = Times::default();
    (0..runs).for_each(|_| engines.push(engine(&snapshot)));
    println!("{} {}", floors.median(), engines.median());
    ExitCode::SUCCESS
}
