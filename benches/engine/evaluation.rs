//! `policy::evaluate` against a floor, and how it grows.

use std::hint::black_box;
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
/// How many runs the largest tenant gets; smaller ones get as many more as they are smaller, up to a bound.
const RUNS: usize = 9;

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
        .goal("<= 5, near 20 ms"),
    ]
}

/// The same for tenants of three sizes, turn about: how much longer each ten times larger one takes, linear being 1.
pub(crate) fn growth() -> Vec<Row> {
    let snapshots = SIZES.map(corpus::snapshot);
    let mut times = SIZES.map(|_| Times::default());
    for _ in 0..RUNS {
        for (snapshot, times) in snapshots.iter().zip(&mut times) {
            let runs = (100_000 / snapshot.users.len()).min(10);
            (0..runs).for_each(|_| times.push(engine(snapshot)));
        }
    }
    let row = |place: usize| {
        let ratio = match place.checked_sub(1) {
            Some(smaller) => format!("{:.2} of linear", times[place].over(&times[smaller]) / 10.0),
            None => String::new(),
        };
        let goal = if place > 0 { "<= 1.1" } else { "" };
        let name = format!("evaluate {} users", SIZES[place]);
        Row::new(&name, times[place].shown(milliseconds), &ratio).goal(goal)
    };
    (0..SIZES.len()).map(row).collect()
}
