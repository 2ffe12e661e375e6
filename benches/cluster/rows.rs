//! The rows of the table.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams, WatchEvent};
use serde_json::json;
use tenantry::api::Moment;

use super::corpus::{self, USERS};
use super::harness::ControlPlane;
use super::harness::audit::count;
use super::program::Program;
use super::{IN_FLIGHT, bare, shown};

/// A row of the table.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) ours: String,
    pub(crate) bare: String,
    pub(crate) ratio: String,
    pub(crate) goal: &'static str,
}

impl Row {
    fn times(what: impl Into<String>, ours: Duration, bare: Duration, goal: &'static str) -> Self {
        Self {
            what: what.into(),
            ours: shown(ours),
            bare: shown(bare),
            ratio: format!("{:.2}", ours.as_secs_f64() / bare.as_secs_f64()),
            goal,
        }
    }

    fn figure(what: impl Into<String>, ours: String, goal: &'static str) -> Self {
        Self {
            what: what.into(),
            ours,
            bare: String::new(),
            ratio: String::new(),
            goal,
        }
    }
}

struct Bench {
    plane: ControlPlane,
    client: Client,
}

impl Bench {
    async fn start() -> Self {
        let plane = ControlPlane::start();
        plane.install_crds().ok();
        let client = plane.admin().client().await;
        Self { plane, client }
    }

    fn users(&self, namespace: &str) -> Api<DynamicObject> {
        corpus::users(&self.client, namespace)
    }

    /// How long the bare client needs to write onto `copy` what `from` shows now.
    async fn bare(&self, from: &str, copy: &str) -> Duration {
        let patches = bare::patches(&self.users(from), &self.users(copy)).await;
        let answered = bare::write(&self.users(copy), patches).await;
        answered.into_iter().max().unwrap()
    }

    /// The same, onto a tenant made for it, of a client that also watches the users and reads what it is sent, as every
    /// controller has to.
    async fn bare_watching(&self, from: &str) -> Duration {
        let copy = self.plane.namespace("watched");
        corpus::tenant(&self.client, &copy).await;
        let events = bare::watch(&self.users(&copy)).await;
        let watching = tokio::spawn(events.for_each(|_| async {}));
        let took = self.bare(from, &copy).await;
        watching.abort();
        took
    }
}

/// Everything about a tenant of 10,000 users.
pub(crate) async fn of_ten_thousand(wanted: &impl Fn(&str) -> bool) -> Vec<Row> {
    let bench = Bench::start().await;
    let admin = bench.plane.admin();
    let [tenant, copy] = ["first", "copy"].map(|prefix| bench.plane.namespace(prefix));
    let mut rows = Vec::new();

    let empty = Program::start(admin).await;
    let least = empty.memory("VmRSS");
    empty.stop();

    corpus::tenant(&bench.client, &tenant).await;
    let program = Program::start(admin).await;
    let used = program.processor_time();
    let began = program.lead(admin).await;
    let ended = program
        .until("all statuses", |program| program.writes() >= USERS as f64)
        .await;
    let used = program.processor_time() - used;
    program.idle().await;
    let grown = program.memory("VmRSS");
    program.stop();
    corpus::tenant(&bench.client, &copy).await;
    let bare = bench.bare(&tenant, &copy).await;
    rows.push(Row::times(
        "10,000 users to converged status",
        ended - began,
        bare,
        "<= 1.25",
    ));
    if wanted("settle") {
        rows.push(Row::figure("our processor time for that", shown(used), ""));
        rows.push(Row::times(
            "the same, against a bare client that watches what it writes",
            ended - began,
            bench.bare_watching(&tenant).await,
            "",
        ));
    }
    rows.push(Row::figure(
        "memory per 1,000 users with three roles",
        format!("{:.1} MiB", (grown - least) / 10.0),
        "",
    ));

    if wanted("restart") {
        rows.push(restart(&bench).await);
    }
    if wanted("role") {
        rows.push(role(&bench, &tenant, &copy).await);
    }
    if wanted("user") {
        rows.extend(user(&bench, &tenant, &copy).await);
    }
    if wanted("expiry") {
        rows.extend(expiry(&bench, &tenant, &copy).await);
    }
    rows
}

/// A controller that comes to a settled cluster.
async fn restart(bench: &Bench) -> Row {
    // The copy has its statuses, but nobody has made its system objects.
    let settling = Program::start(bench.plane.admin()).await;
    settling.lead(bench.plane.admin()).await;
    settling.idle().await;
    settling.stop();
    let mark = bench.plane.audit().mark();
    let program = Program::start(bench.plane.admin()).await;
    let began = program.lead(bench.plane.admin()).await;
    let judged = program
        .until("a judgement", |program| {
            program.metric("tenantry_judging_seconds_count") >= 2.0
        })
        .await;
    program.idle().await;
    program.stop();
    let writes = bench.plane.audit().writes(mark);
    let counts = count(&writes);
    let others = counts
        .iter()
        .filter(|((_, what), _)| what.ends_with("/status") || what == "roles" || what == "organizations");
    let others: usize = others.map(|(_, count)| count).sum();
    Row::figure(
        "restart over two settled tenants of 10,000 users",
        format!("{others} writes, judged after {}", shown(judged - began)),
        "0 writes",
    )
}

/// One role changes on which all depend.
async fn role(bench: &Bench, tenant: &str, copy: &str) -> Row {
    let program = Program::start(bench.plane.admin()).await;
    program.lead(bench.plane.admin()).await;
    program.idle().await;
    let before = program.writes();
    let change = json!({"spec": {"permissions": [{"object": "CustomerTag", "actions": ["Edit"]}]}});
    let began = Instant::now();
    corpus::roles(&bench.client, tenant)
        .patch("common", &PatchParams::default(), &Patch::Merge(change))
        .await
        .unwrap();
    let ended = program
        .until("all statuses", |program| program.writes() >= before + USERS as f64)
        .await;
    program.stop();
    let bare = bench.bare(tenant, copy).await;
    Row::times(
        "one Role changes that 10,000 users have",
        ended - began,
        bare,
        "<= 1.25",
    )
}

/// Users change, one after the other, each when the one before shows it; and many at a time.
async fn user(bench: &Bench, tenant: &str, copy: &str) -> Vec<Row> {
    const ONE_BY_ONE: usize = 50;
    const AT_A_TIME: usize = 1_000;
    /// Long enough for a change to be the first after a quiet time.
    const PAUSE: Duration = Duration::from_millis(200);
    let (ours, theirs) = (bench.users(tenant), bench.users(copy));
    let program = Program::start(bench.plane.admin()).await;
    program.lead(bench.plane.admin()).await;
    program.idle().await;

    let used = program.processor_time();
    let mut took = Vec::new();
    for number in 0..ONE_BY_ONE {
        let began = Instant::now();
        let changed = disable(&ours, number, true).await;
        let generation = changed.metadata.generation;
        loop {
            let seen = ours.get(&format!("user-{number}")).await.unwrap();
            if seen.data["status"]["observedGeneration"].as_i64() == generation {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        took.push(began.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    let each = (program.processor_time() - used) / ONE_BY_ONE as u32;
    let before = program.writes();
    let began = Instant::now();
    stream::iter(ONE_BY_ONE..ONE_BY_ONE + AT_A_TIME)
        .for_each_concurrent(IN_FLIGHT, |number| {
            let ours = &ours;
            async move {
                disable(ours, number, true).await;
            }
        })
        .await;
    let ended = program
        .until("the statuses", |program| program.writes() >= before + AT_A_TIME as f64)
        .await;
    let streamed = ended - began;
    program.stop();

    let statuses: HashMap<String, _> = bare::list(&ours)
        .await
        .into_iter()
        .map(|mut object| (object.metadata.name.unwrap(), object.data["status"].take()))
        .collect();
    let change = async |number: usize| {
        let changed = disable(&theirs, number, true).await;
        let name = format!("user-{number}");
        let version = changed.metadata.resource_version.unwrap();
        let patch = bare::patch(&name, &version, statuses[&name].clone());
        bare::write(&theirs, vec![(name, patch)]).await;
    };
    let mut bare_took = Vec::new();
    for number in 0..ONE_BY_ONE {
        let began = Instant::now();
        change(number).await;
        bare_took.push(began.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    let began = Instant::now();
    stream::iter(ONE_BY_ONE..ONE_BY_ONE + AT_A_TIME)
        .for_each_concurrent(IN_FLIGHT, &change)
        .await;
    let bare_streamed = began.elapsed();
    vec![
        Row::times(
            "1,000 Users of 10,000 change, 16 at a time",
            streamed,
            bare_streamed,
            "<= 1.5",
        ),
        Row::times(
            "one User of 10,000 changes after a quiet time (median)",
            median(took),
            median(bare_took),
            "<= 2",
        ),
        Row::figure("our processor time for that", shown(each), "<= 5 ms"),
    ]
}

async fn disable(users: &Api<DynamicObject>, number: usize, disabled: bool) -> DynamicObject {
    let change = json!({"spec": {"enabled": !disabled}});
    users
        .patch(
            &format!("user-{number}"),
            &PatchParams::default(),
            &Patch::Merge(change),
        )
        .await
        .unwrap()
}

/// All users end at one moment: how late does each status say so?
async fn expiry(bench: &Bench, tenant: &str, copy: &str) -> Vec<Row> {
    let ours = bench.users(tenant);
    let program = Program::start(bench.plane.admin()).await;
    program.lead(bench.plane.admin()).await;
    // Long enough for 10,000 specs and 10,000 statuses before that.
    let end = Moment::from_seconds(Moment::from_clock().seconds() + 360).unwrap();
    let change = json!({"spec": {"validUntil": end.to_string(), "enabled": true}});
    stream::iter(0..USERS)
        .for_each_concurrent(IN_FLIGHT, |number| {
            let (ours, change) = (&ours, change.clone());
            async move {
                ours.patch(
                    &format!("user-{number}"),
                    &PatchParams::default(),
                    &Patch::Merge(change),
                )
                .await
                .unwrap();
            }
        })
        .await;
    program.idle().await;
    let left = end.seconds() - Moment::from_clock().seconds();
    assert!(left > 10, "the machine is too slow for this");
    // A watch does not last for ever: it begins shortly before the end.
    tokio::time::sleep(Duration::from_secs(left as u64 - 10)).await;
    let mut events = Box::pin(bare::watch(&ours).await);
    let end_millis = end.seconds() * 1_000;
    let mut late = Vec::new();
    while late.len() < USERS {
        let event = events.next().await.expect("the watch goes on until all have ended");
        let Ok(WatchEvent::Modified(user)) = event else {
            continue;
        };
        if user.data["status"]["phase"] == "Expired" {
            let now = jiff::Timestamp::now().as_millisecond();
            late.push(Duration::from_millis((now - end_millis).max(0) as u64));
        }
    }
    program.stop();
    let patches = bare::patches(&ours, &bench.users(copy)).await;
    let bare = bare::write(&bench.users(copy), patches).await;
    [("p50", 0.5), ("p99", 0.99), ("max", 1.0)]
        .map(|(name, share)| {
            let what = format!("lateness of 10,000 endings at one moment, {name}");
            Row::times(what, at(&late, share), at(&bare, share), "")
        })
        .into()
}

/// Memory with 50,000 users of one role.
pub(crate) async fn memory() -> Vec<Row> {
    const MANY: usize = 50_000;
    let bench = Bench::start().await;
    let tenant = bench.plane.namespace("many");
    corpus::plain(&bench.client, &tenant, MANY).await;
    let program = Program::start(bench.plane.admin()).await;
    program.lead(bench.plane.admin()).await;
    program
        .until("all statuses", |program| program.writes() >= MANY as f64)
        .await;
    program.idle().await;
    let row = Row::figure(
        "memory with 50,000 users of one role",
        format!(
            "{:.0} MiB, at most {:.0} MiB",
            program.memory("VmRSS"),
            program.memory("VmHWM")
        ),
        "<= 100 MiB",
    );
    program.stop();
    vec![row]
}

fn median(times: Vec<Duration>) -> Duration {
    at(&times, 0.5)
}

/// The time that so large a share of all are not above.
fn at(times: &[Duration], share: f64) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let last = sorted.len() - 1;
    sorted[((last as f64) * share).round() as usize]
}
