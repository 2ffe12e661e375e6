//! What a change costs an evaluation that advances, and several tenants that credit each other's users.

use std::hint::black_box;
use std::sync::Arc;

use tenantry::api::{Home, UserType};
use tenantry::policy::{Declared, Engine, Homes, Snapshot, TenantChange, evaluate, evaluate_all};

use super::clock::Stopwatch;
use super::corpus;
use super::report::{Row, Times, milliseconds};

const USERS: usize = 10_000;
/// How many users hold the role that changes.
const HOLDERS: usize = 100;
const RUNS: usize = 51;
/// The tenants that credit each other's users, and the users of each.
const TENANTS: usize = 2_000;
const USERS_OF_ONE: usize = 500;

/// One change after the other in a tenant of 10,000 users.
pub(crate) fn changes() -> Vec<Row> {
    let mut snapshot = corpus::snapshot(USERS);
    let held = with_holders(&mut snapshot);
    let mut engine = Engine::new(
        &corpus::catalogue(),
        snapshot.clone(),
        Homes::default(),
        corpus::moment(),
    );
    let row = |name: &str, goal: &str, times: &Times| Row::new(name, times.shown(milliseconds), "").goal(goal);
    let mut rows = Vec::new();
    let one_user = |run: usize| {
        let mut user = (*snapshot.users[run * 97 % USERS]).clone();
        user.spec.enabled = run.is_multiple_of(2);
        user.spec.name = Some(format!("Renamed {run}"));
        Declared::User(Arc::new(user))
    };
    rows.push(row(
        "one User of 10,000 changes",
        "<= 5 ms",
        &times(&mut engine, one_user),
    ));
    let new_user = |run: usize| {
        let mut user = (*snapshot.users[run]).clone();
        user.name = format!("new-{run}");
        user.spec.account = Some(format!("new.account.{run}"));
        user.spec.email = None;
        user.spec.phone = None;
        Declared::User(Arc::new(user))
    };
    rows.push(row(
        "one new User among 10,000",
        "<= 5 ms",
        &times(&mut engine, new_user),
    ));
    let role = |run: usize| {
        let mut role = (*held).clone();
        role.spec.permissions[0].actions = vec![["View", "Edit"][run % 2].to_owned()];
        Declared::Role(Arc::new(role))
    };
    rows.push(row(
        "one Role changes that 100 of 10,000 users hold",
        "<= 10 ms",
        &times(&mut engine, role),
    ));
    let organization = |run: usize| {
        let mut organization = (*snapshot.organizations[run % corpus::ORGANIZATIONS]).clone();
        organization.spec.display_name = format!("Renamed {run}");
        Declared::Organization(Arc::new(organization))
    };
    rows.push(row(
        "one Organization of 500 is renamed",
        "<= 10 ms",
        &times(&mut engine, organization),
    ));
    rows
}

/// Adds a role, and gives it to some users.
fn with_holders(snapshot: &mut Snapshot) -> Arc<tenantry::policy::Object<tenantry::api::RoleSpec>> {
    let mut role = (*snapshot.roles[0]).clone();
    role.name = "zz-held".to_owned();
    role.spec.permissions.truncate(1);
    role.spec.permissions[0].object = "Campaign".to_owned();
    role.spec.permissions[0].actions = vec!["View".to_owned()];
    let role = Arc::new(role);
    // One custom role makes room: the tenant has as many as it may.
    snapshot.roles[corpus::ROLES - 1] = Arc::clone(&role);
    for user in snapshot.users.iter_mut().step_by(USERS / HOLDERS) {
        Arc::make_mut(user).spec.roles.push(role.name.clone());
    }
    role
}

fn times(engine: &mut Engine, change: impl Fn(usize) -> Declared) -> Times {
    let now = engine.evaluation().now;
    let mut times = Times::default();
    for run in 0..RUNS {
        let change = TenantChange::Applied(change(run));
        // Somebody keeps the evaluation as it is, as a server does that answers by it.
        let kept = engine.evaluation().clone();
        let stopwatch = Stopwatch::start();
        black_box(engine.after([change], now));
        times.push(stopwatch.time());
        drop(kept);
    }
    times
}

/// Many tenants in which one user of ten is credited from the next, evaluated together; against each by itself.
pub(crate) fn together() -> Vec<Row> {
    let catalogue = corpus::catalogue();
    let base = corpus::snapshot(USERS_OF_ONE);
    let snapshots: Vec<Snapshot> = (0..TENANTS).map(|number| tenant(&base, number)).collect();
    let (mut alone, mut all) = (Times::default(), Times::default());
    for _ in 0..3 {
        let stopwatch = Stopwatch::start();
        for snapshot in &snapshots {
            black_box(evaluate(&catalogue, snapshot, &Homes::default(), corpus::moment()));
        }
        alone.push(stopwatch.time());
        let stopwatch = Stopwatch::start();
        black_box(evaluate_all(&catalogue, &snapshots, corpus::moment()));
        all.push(stopwatch.time());
    }
    vec![
        Row::new(
            "evaluate 2,000 tenants of 500 users, each by itself",
            alone.shown(milliseconds),
            "1",
        ),
        Row::new(
            "`evaluate_all` of them, one user in ten credited",
            all.shown(milliseconds),
            &format!("{:.2}", all.over(&alone)),
        )
        .goal("<= 1.3"),
    ]
}

fn tenant(base: &Snapshot, number: usize) -> Snapshot {
    let mut snapshot = base.clone();
    snapshot.namespace = format!("tenant-{number}");
    let mut settings = (**base.tenant.as_ref().expect("a tenant")).clone();
    settings.spec.accounts.as_mut().expect("accounts").credited_to = vec!["*".to_owned()];
    snapshot.tenant = Some(Arc::new(settings));
    for (index, user) in snapshot.users.iter_mut().enumerate() {
        let user = Arc::make_mut(user);
        if index % 10 == 9 {
            user.spec.kind = UserType::Credited;
            user.spec.account = None;
            user.spec.email = None;
            user.spec.phone = None;
            user.spec.home = Some(Home {
                tenant: format!("tenant-{}", (number + 1) % TENANTS),
                user: base.users[index - 1].name.clone(),
            });
        }
    }
    snapshot
}
