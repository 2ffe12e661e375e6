//! What Cedar needs to say what everyone may do, for the tenant of `cargo bench`.
//!
//! Each role is a policy that permits its members the role's actions, closure already resolved; rows, columns, fields, periods
//! and organizations are left out. Cedar answers one request at a time, so everything that a user may do is one request for
//! each action of the catalogue. Its answers are held against ours: the same question, or no comparison.

#![allow(
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a benchmark that cannot go on should stop"
)]

#[path = "../../engine/clock.rs"]
mod clock;
#[path = "../../engine/corpus.rs"]
mod corpus;

use std::collections::HashSet;
use std::str::FromStr as _;
use std::time::Duration;

use cedar_policy::{Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request};
use clock::Stopwatch;
use tenantry::policy::{Access, Catalogue, Evaluation, Homes, RoleIx, User, evaluate};

/// Users of the tenant, as in `cargo bench`.
const USERS: usize = 10_000;
/// Users that Cedar is asked about; its time is scaled to all of them.
const ASKED: usize = 100;
const RUNS: usize = 5;

fn main() {
    let snapshot = corpus::snapshot(USERS);
    let (catalogue, homes, now) = (corpus::catalogue(), Homes::default(), corpus::moment());
    let mut ours = Vec::new();
    let mut evaluate = || -> Evaluation {
        let stopwatch = Stopwatch::start();
        let evaluation = evaluate(&catalogue, &snapshot, &homes, now);
        ours.push(stopwatch.time());
        evaluation
    };
    let evaluation = evaluate();
    let access = evaluation.access().expect("a tenant in force");
    let users: Vec<&User> = access
        .users
        .iter()
        .map(|(_, user)| user)
        .step_by(USERS / ASKED)
        .collect();
    let cedar = Cedar::new(&catalogue, access, &users);
    let mut theirs = Vec::new();
    for _ in 0..RUNS {
        let stopwatch = Stopwatch::start();
        let answers: Vec<Vec<bool>> = users.iter().map(|user| cedar.may(user)).collect();
        theirs.push(stopwatch.time());
        compare(&catalogue, &users, &answers);
        (0..RUNS).for_each(|_| drop(evaluate()));
    }
    report(&mut ours, &mut theirs, cedar.actions.len());
}

/// Policies and entities, ready for requests: making them is not measured.
struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    resource: EntityUid,
    actions: Vec<EntityUid>,
}

impl Cedar {
    fn new(catalogue: &Catalogue, access: &Access, users: &[&User]) -> Self {
        let policies: String = access
            .roles
            .iter()
            .map(|(ix, _)| policy(catalogue, access, ix))
            .collect();
        let entities = users.iter().map(|user| {
            let roles = user.state.roles.iter().filter_map(|held| access.roles.get(held.role));
            let roles = roles.map(|role| uid("Role", &role.name)).collect();
            Entity::new_no_attrs(uid("User", &user.object.name), roles)
        });
        Self {
            authorizer: Authorizer::new(),
            policies: PolicySet::from_str(&policies).expect("sound policies"),
            entities: Entities::from_entities(entities, None).expect("sound entities"),
            resource: uid("Tenant", "acme"),
            actions: actions(catalogue).map(|(_, name)| uid("Action", &name)).collect(),
        }
    }

    /// Whether the user may do each action of the catalogue.
    fn may(&self, user: &User) -> Vec<bool> {
        let principal = uid("User", &user.object.name);
        let decide = |action: &EntityUid| {
            let (principal, resource) = (principal.clone(), self.resource.clone());
            let request = Request::new(principal, action.clone(), resource, Context::empty(), None).expect("a request");
            let response = self.authorizer.is_authorized(&request, &self.policies, &self.entities);
            response.decision() == Decision::Allow
        };
        self.actions.iter().map(decide).collect()
    }
}

/// A role as a policy.
fn policy(catalogue: &Catalogue, access: &Access, ix: RoleIx) -> String {
    let role = access.roles.get(ix).expect("a role");
    let permitted: HashSet<_> = role.actions.iter().collect();
    let names: Vec<String> = actions(catalogue)
        .filter(|(action, _)| permitted.contains(action))
        .map(|(_, name)| format!("Action::\"{name}\""))
        .collect();
    format!(
        "permit(principal in Role::\"{}\", action in [{}], resource);\n",
        role.name,
        names.join(", ")
    )
}

/// Every action of the catalogue as `Object:Action`.
fn actions(catalogue: &Catalogue) -> impl Iterator<Item = (tenantry::policy::ActionIx, String)> {
    catalogue.objects().flat_map(move |(_, object)| {
        object.actions.iter().filter_map(move |ix| {
            let action = catalogue.action(ix)?;
            Some((ix, format!("{}:{}", object.name, action.name)))
        })
    })
}

fn uid(kind: &str, name: &str) -> EntityUid {
    EntityUid::from_str(&format!("{kind}::\"{name}\"")).expect("a name")
}

/// Cedar's answers are ours.
fn compare(catalogue: &Catalogue, users: &[&User], answers: &[Vec<bool>]) {
    for (user, answers) in users.iter().zip(answers) {
        let ours = actions(catalogue).map(|(action, _)| user.state.actions.contains(action));
        assert!(ours.eq(answers.iter().copied()), "{}", user.object.name);
    }
}

fn report(ours: &mut [Duration], theirs: &mut [Duration], actions: usize) {
    let range = |times: &[Duration], unit: f64| {
        let seconds = |time: Option<&Duration>| time.map_or(0.0, Duration::as_secs_f64) * unit;
        format!(
            "{:.1} - {:.1}",
            seconds(times.iter().min()),
            seconds(times.iter().max())
        )
    };
    let ranges = (range(ours, 1e3), range(theirs, 1e3));
    let ours = median(ours);
    let theirs = median(theirs);
    let scaled = theirs * (USERS / ASKED) as f64;
    println!("| what | median | least - most | ratio | goal |");
    println!("|---|---:|---:|---:|---|");
    println!(
        "| evaluate {USERS} users | {:.1} ms | {} ms | 1 | |",
        ours * 1e3,
        ranges.0
    );
    println!(
        "| Cedar, {ASKED} users x {actions} actions | {:.0} ms | {} ms | | |",
        theirs * 1e3,
        ranges.1
    );
    println!(
        "| Cedar, scaled to {USERS} users | {scaled:.0} s | | {:.0} | >= 200 |",
        scaled / ours
    );
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64)
}
