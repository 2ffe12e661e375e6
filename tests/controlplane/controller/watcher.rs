//! Sees every object as it was at every time, and holds every status of a user that was ever to be seen against what the
//! policy says of the objects there were.
//!
//! The API server numbers all that is written, of whatever kind. So what came before what is known, however late a watch is;
//! [`History`] goes through it in that order. A status is written by what its writer saw a moment ago: it may show what was
//! given a while before ([`BEFORE`]), but not what is given later, and not what was given before that which the same user was
//! shown already. A moment at which something ends or begins is a change as well.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use kube::api::{Api, ApiResource, DynamicObject, WatchEvent, WatchParams};
use serde_json::{Value, json};
use tenantry::api::{Invitation, Kind, Moment, Organization, Role, SharingRule, Tenant, User, UserGroup};
use tenantry::manifests::{LiveHead, read_live};
use tenantry::policy::{Catalogue, Declared, Evaluation, Snapshot, Status, evaluate_all};
use tokio::runtime::Builder;

use crate::harness::access::Access;

/// How long after something was so may a status still show it, in milliseconds.
const BEFORE: i64 = 10_000;

/// All that has been told so far, by namespace and number.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Arc<Mutex<BTreeMap<String, Log>>>);

type Log = BTreeMap<u64, Told>;

/// One state of an object.
#[derive(Clone)]
struct Told {
    /// When it was told, in milliseconds since 1970-01-01T00:00:00Z.
    at: i64,
    kind: Kind,
    /// Absent when the object is gone.
    declared: Option<Declared>,
    name: String,
    /// What the status of a user shows.
    shown: Shown,
}

/// `Object:Action`, `in ORGANIZATION`, `of GROUP`, `Object: some rows`, `Object: every row`, `Object: column NAME`,
/// `Object: every column`.
pub(crate) type Shown = BTreeSet<String>;

impl Watcher {
    /// Begins to watch, from the beginning of the cluster on.
    pub(crate) fn start(admin: &Access) -> Self {
        let watcher = Self::default();
        let kubeconfig = admin.kubeconfig().to_owned();
        let known = watcher.clone();
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let client = Access::of(&kubeconfig).client().await;
                let watches = Kind::ALL.map(|kind| {
                    let api = Api::all_with(client.clone(), &resource(kind));
                    known.clone().watch(kind, api)
                });
                futures::future::join_all(watches).await;
            });
        });
        watcher
    }

    /// Whether it has been told of that state of an object.
    pub(crate) fn knows(&self, namespace: &str, version: u64) -> bool {
        self.known()
            .get(namespace)
            .is_some_and(|log| log.contains_key(&version))
    }

    /// What users of a namespace were shown that nobody had given them; and how many statuses there were.
    pub(crate) fn wrong(&self, namespace: &str) -> (Vec<String>, usize) {
        let logs = self.known().clone();
        let mut history = History::of(namespace);
        let mut all: Log = logs.get(namespace).cloned().unwrap_or_default();
        let homes: BTreeSet<String> = all.values().filter_map(Told::home).collect();
        let places: BTreeMap<u64, &str> = homes
            .iter()
            .filter_map(|home| Some((home, logs.get(home)?)))
            .flat_map(|(home, log)| log.keys().map(move |version| (*version, home.as_str())))
            .collect();
        all.extend(homes.iter().filter_map(|home| logs.get(home).cloned()).flatten());
        for (version, told) in all {
            history.take(places.get(&version).copied().unwrap_or(namespace), told);
        }
        history.end(Timestamp::now().as_millisecond());
        (history.wrong, history.statuses)
    }

    /// The last state of a namespace that it has been told of.
    pub(crate) fn latest(&self, namespace: &str) -> u64 {
        let known = self.known();
        let last = known.get(namespace).and_then(|log| log.keys().last().copied());
        last.unwrap_or_default()
    }

    /// What users of a namespace were shown to have after some state that they were not shown to have before it.
    pub(crate) fn gained_since(&self, namespace: &str, version: u64) -> Vec<String> {
        let log = self.known().get(namespace).cloned().unwrap_or_default();
        let mut had: BTreeMap<String, Shown> = BTreeMap::new();
        let mut gained = Vec::new();
        for (at, told) in log.into_iter().filter(|(_, told)| told.kind == Kind::User) {
            let before = had.insert(told.name.clone(), told.shown.clone()).unwrap_or_default();
            if at > version && !covers(&before, &told.shown) {
                gained.push(format!("{} had {before:?} and then {:?}", told.name, told.shown));
            }
        }
        gained
    }

    async fn watch(self, kind: Kind, api: Api<DynamicObject>) {
        let mut version = "0".to_owned();
        loop {
            let parameters = WatchParams::default().timeout(290);
            let Ok(events) = api.watch(&parameters, &version).await else {
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            };
            let mut events = Box::pin(events);
            while let Some(Ok(event)) = events.next().await {
                let (object, gone) = match event {
                    WatchEvent::Added(object) | WatchEvent::Modified(object) => (object, false),
                    WatchEvent::Deleted(object) => (object, true),
                    WatchEvent::Bookmark(_) | WatchEvent::Error(_) => continue,
                };
                version = object.metadata.resource_version.clone().unwrap();
                let namespace = object.metadata.namespace.clone().unwrap();
                let told = Told::now(kind, object, gone);
                let mut known = self.known();
                known
                    .entry(namespace)
                    .or_default()
                    .insert(version.parse().unwrap(), told);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Log>> {
        self.0.lock().unwrap()
    }
}

impl Told {
    fn now(kind: Kind, object: DynamicObject, gone: bool) -> Self {
        let name = object.metadata.name.unwrap();
        let head = LiveHead {
            name: name.clone(),
            created: object
                .metadata
                .creation_timestamp
                .and_then(|created| Moment::from_seconds(created.0.as_second())),
            deleting: object.metadata.deletion_timestamp.is_some(),
        };
        let status = object.data.get("status");
        let declared = read_live(kind, head, object.data.get("spec"), status).unwrap();
        Self {
            at: Timestamp::now().as_millisecond(),
            kind,
            declared: (!gone).then_some(declared),
            name,
            shown: status
                .filter(|_| kind == Kind::User && !gone)
                .map(shown)
                .unwrap_or_default(),
        }
    }

    /// The tenant that a Credited user comes from.
    fn home(&self) -> Option<String> {
        match &self.declared {
            Some(Declared::User(user)) => Some(user.spec.home.as_ref()?.tenant.clone()),
            _ => None,
        }
    }
}

/// What was given and shown in a namespace, change by change.
struct History {
    namespace: String,
    catalogue: Arc<Catalogue>,
    objects: BTreeMap<String, BTreeMap<(Kind, String), Declared>>,
    users: BTreeMap<String, Seen>,
    /// The next moment at which something ends or begins by itself.
    next: Option<Moment>,
    /// The time, in milliseconds.
    now: i64,
    statuses: usize,
    wrong: Vec<String>,
}

/// A user.
#[derive(Default)]
struct Seen {
    /// What she had, from when on.
    given: Vec<(i64, Shown)>,
    /// What she is shown to have.
    shown: Shown,
    /// The first of what she had that this may be.
    from: usize,
    /// Whether it is known to be wrong.
    known: bool,
}

impl History {
    fn of(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            catalogue: Arc::new(Catalogue::builtin().unwrap()),
            objects: BTreeMap::new(),
            users: BTreeMap::new(),
            next: None,
            now: i64::MIN,
            statuses: 0,
            wrong: Vec::new(),
        }
    }

    /// The next change, in a namespace.
    fn take(&mut self, namespace: &str, told: Told) {
        self.pass(told.at);
        if namespace == self.namespace && told.kind == Kind::User {
            // What it brings itself the status cannot know yet.
            self.show(&told.name, told.shown);
        }
        let objects = self.objects.entry(namespace.to_owned()).or_default();
        let key = (told.kind, told.name);
        let before = match &told.declared {
            Some(declared) => objects.insert(key, declared.clone()),
            None => objects.remove(&key),
        };
        if before != told.declared {
            self.evaluate(Moment::from_seconds(self.now.div_euclid(1_000)).unwrap());
        }
    }

    /// Time passes, to the present.
    fn end(&mut self, now: i64) {
        self.pass(now);
        for (name, user) in &mut self.users {
            self.wrong.extend(user.late(name, now));
        }
    }

    fn pass(&mut self, to: i64) {
        while let Some(moment) = self.next.filter(|moment| moment.seconds() * 1_000 <= to) {
            self.now = self.now.max(moment.seconds() * 1_000);
            self.evaluate(moment);
        }
        self.now = self.now.max(to);
    }

    /// A status is to be seen.
    fn show(&mut self, name: &str, shown: Shown) {
        let user = self.users.entry(name.to_owned()).or_default();
        self.wrong.extend(user.late(name, self.now));
        if shown != user.shown {
            self.statuses += 1;
            let recent = || user.recent(self.now).map(|at| (at, &user.given[at].1));
            let same = recent().find(|(_, given)| **given == shown).map(|(at, _)| at);
            user.known = same.is_none() && !shown.is_empty() && !recent().any(|(_, given)| covers(given, &shown));
            if user.known {
                self.wrong.push(format!("{name} is shown to have {shown:?}"));
            }
            user.from = same.unwrap_or(user.from);
            user.shown = shown;
        }
    }

    /// Remembers what everybody has from now on.
    fn evaluate(&mut self, moment: Moment) {
        let snapshots: Vec<Snapshot> = self
            .objects
            .iter()
            .map(|(namespace, objects)| {
                let mut snapshot = Snapshot::new(namespace);
                objects.values().for_each(|declared| snapshot.add(declared.clone()));
                snapshot
            })
            .collect();
        let evaluations = evaluate_all(&self.catalogue, &snapshots, moment);
        let accesses = evaluations.iter().filter_map(Evaluation::access);
        self.next = accesses.filter_map(|access| access.next_transition).min();
        let here = evaluations.iter().filter(|one| one.namespace == self.namespace);
        let statuses = here.flat_map(Evaluation::statuses).filter_map(|reported| {
            let Status::User(status) = reported.status else {
                return None;
            };
            let given = shown(&serde_json::to_value(status).unwrap());
            Some((reported.name.to_owned(), given))
        });
        let mut given: BTreeMap<String, Shown> = statuses.collect();
        for name in self.users.keys() {
            given.entry(name.clone()).or_default();
        }
        for (name, given) in given {
            let user = self.users.entry(name.clone()).or_default();
            if user.given.last().is_none_or(|(_, last)| *last != given) {
                self.wrong.extend(user.late(&name, self.now));
                user.given.push((self.now, given));
            }
        }
    }
}

impl Seen {
    /// What she had so short a time ago that it may be shown, and not before that which was shown already.
    fn recent(&self, now: i64) -> impl Iterator<Item = usize> {
        let ended = |at: usize| self.given.get(at + 1).map(|(next, _)| *next);
        (self.from..self.given.len()).filter(move |at| ended(*at).is_none_or(|ended| ended + BEFORE >= now))
    }

    /// What is wrong when she is still shown to have the same.
    fn late(&mut self, name: &str, now: i64) -> Option<String> {
        let covered = self.recent(now).any(|at| covers(&self.given[at].1, &self.shown));
        if covered || self.known || self.shown.is_empty() {
            return None;
        }
        self.known = true;
        Some(format!("{name} is still shown to have {:?}", self.shown))
    }
}

/// Whether somebody to whom all of one is given has all of the other.
fn covers(given: &Shown, shown: &Shown) -> bool {
    shown.iter().all(|one| {
        let whole = one.split_once(": column ");
        given.contains(one) || whole.is_some_and(|(object, _)| given.contains(&format!("{object}: every column")))
    })
}

pub(crate) fn shown(status: &Value) -> Shown {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let permissions = list(&status["permissions"]).into_iter().flat_map(|held| {
        let actions = list(&held["actions"]).into_iter();
        actions.map(move |action| format!("{}:{}", text(&held["object"]), text(&action)))
    });
    let organizations = list(&status["organizations"]).into_iter();
    let organizations = organizations.map(|name| format!("in {}", text(&name)));
    let groups = list(&status["groups"]).into_iter();
    let groups = groups.map(|name| format!("of {}", text(&name)));
    let data = list(&status["data"]).into_iter().flat_map(|held| {
        let rows: &[&str] = match held["rows"].as_str().unwrap() {
            "All" => &["some rows", "every row"],
            "Some" => &["some rows"],
            _ => &[],
        };
        let columns = match held["columns"].as_array() {
            // What columns there are does not matter without rows.
            _ if rows.is_empty() => Vec::new(),
            Some(columns) => columns.iter().map(|name| format!("column {}", text(name))).collect(),
            None => vec!["every column".to_owned()],
        };
        let parts = rows.iter().map(|rows| (*rows).to_owned()).chain(columns);
        let object = text(&held["object"]);
        parts.map(move |part| format!("{object}: {part}")).collect::<Vec<_>>()
    });
    permissions.chain(organizations).chain(groups).chain(data).collect()
}

pub(crate) fn resource(kind: Kind) -> ApiResource {
    match kind {
        Kind::Invitation => ApiResource::erase::<Invitation>(&()),
        Kind::Organization => ApiResource::erase::<Organization>(&()),
        Kind::Role => ApiResource::erase::<Role>(&()),
        Kind::SharingRule => ApiResource::erase::<SharingRule>(&()),
        Kind::Tenant => ApiResource::erase::<Tenant>(&()),
        Kind::User => ApiResource::erase::<User>(&()),
        Kind::UserGroup => ApiResource::erase::<UserGroup>(&()),
    }
}

#[test]
fn what_is_given_may_be_shown_and_a_little_longer() {
    let mut told = Story::begin();
    told.role(0, &["Share"]);
    told.bob(100, "");
    told.shown(200, &["Share", "View"]);
    told.role(1_000, &["View"]);
    told.shown(1_000 + BEFORE / 2, &["View"]);
    told.role(20_000, &["Share"]);
    told.shown(20_100, &["Share", "View"]);
    told.bob(30_000, ", validUntil: \"2026-12-01T00:00:40Z\"");
    told.shown(40_100, &[]);
    assert_eq!(told.wrong(60_000), Vec::<String>::new());
}

#[test]
fn what_was_given_before_something_that_is_shown_already_is_wrong() {
    let mut told = Story::begin();
    told.role(0, &["Share"]);
    told.bob(100, "");
    told.shown(200, &["Share", "View"]);
    told.role(1_000, &["View"]);
    told.shown(1_100, &["View"]);
    told.shown(1_200, &["Share", "View"]);
    told.shown(1_300, &["View"]);
    assert_eq!(
        told.wrong(1_400),
        ["bob is shown to have {\"Campaign:Share\", \"Campaign:View\"}"]
    );
}

#[test]
fn what_is_given_only_later_is_wrong() {
    let mut told = Story::begin();
    told.role(0, &["View"]);
    told.bob(100, "");
    told.shown(200, &["Share", "View"]);
    told.role(300, &["Share"]);
    assert_eq!(
        told.wrong(400),
        ["bob is shown to have {\"Campaign:Share\", \"Campaign:View\"}"]
    );
}

#[test]
fn what_was_taken_away_and_is_still_shown_is_wrong_though_nobody_writes_anything() {
    let late = ["bob is still shown to have {\"Campaign:View\"}"];
    let mut told = Story::begin();
    told.role(0, &["View"]);
    told.bob(100, "");
    told.shown(200, &["View"]);
    told.bob(1_000, ", enabled: false");
    assert_eq!(told.wrong(1_000 + BEFORE), Vec::<String>::new());
    assert_eq!(told.wrong(1_001 + BEFORE), late);

    let mut told = Story::begin();
    told.role(0, &["View"]);
    told.bob(100, ", validUntil: \"2026-12-01T00:00:40Z\"");
    told.shown(200, &["View"]);
    assert_eq!(told.wrong(40_000 + BEFORE), Vec::<String>::new());
    assert_eq!(told.wrong(40_001 + BEFORE), late);
}

/// What a watcher of a tenant is told of one user and one role. Times are milliseconds from 2026-12-01 on.
struct Story {
    log: Vec<Told>,
    bob: Value,
}

impl Story {
    fn begin() -> Self {
        let mut story = Self {
            log: Vec::new(),
            bob: Value::Null,
        };
        story.tell(0, Kind::Tenant, "tenant", json!({"spec": {"displayName": "Acme"}}));
        story
    }

    fn role(&mut self, at: i64, actions: &[&str]) {
        let spec = json!({"displayName": "Editor", "permissions": [{"object": "Campaign", "actions": actions}]});
        self.tell(at, Kind::Role, "editor", json!({"spec": spec}));
    }

    /// Her spec has more fields.
    fn bob(&mut self, at: i64, more: &str) {
        let spec = format!("{{account: bob.smith, name: Bob, roles: [editor]{more}}}");
        self.bob["spec"] = serde_saphyr::from_str(&spec).unwrap();
        self.tell(at, Kind::User, "bob", self.bob.clone());
    }

    /// Her status shows these.
    fn shown(&mut self, at: i64, actions: &[&str]) {
        let permissions = [json!({"object": "Campaign", "actions": actions})];
        self.bob["status"] = json!({"permissions": permissions});
        self.tell(at, Kind::User, "bob", self.bob.clone());
    }

    fn tell(&mut self, at: i64, kind: Kind, name: &str, data: Value) {
        let object = DynamicObject::new(name, &resource(kind)).data(data);
        let began = Moment::parse("2026-12-01T00:00:00Z").unwrap().seconds() * 1_000;
        let mut told = Told::now(kind, object, false);
        told.at = began + at;
        self.log.push(told);
    }

    /// What is wrong at that time.
    fn wrong(&self, at: i64) -> Vec<String> {
        let mut history = History::of("acme");
        self.log.iter().for_each(|told| history.take("acme", told.clone()));
        history.end(Moment::parse("2026-12-01T00:00:00Z").unwrap().seconds() * 1_000 + at);
        history.wrong
    }
}
