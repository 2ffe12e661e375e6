//! An evaluation that has advanced through any history is what evaluating everything anew comes to.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use tenantry::api::{Kind, Moment};
use tenantry::policy::{
    Declared, Engine, Evaluation, Found, HomeTenant, Homes, Snapshot, Status, TenantChange, Touched,
};

use crate::cases;
use crate::documents;
use crate::tape::{Tape, moment};
use crate::world::{CATALOGUE, Doc, World, worlds};

/// The tenants of a world, each with an engine that advances.
struct Live {
    world: World,
    now: i64,
    engines: BTreeMap<String, Engine>,
    /// What each object's status was when it was last said to be touched.
    shown: BTreeMap<(String, Kind, String), Status>,
}

/// What evaluations say, to be compared.
#[derive(Debug, PartialEq)]
struct Told {
    statuses: Vec<(Kind, String, Status)>,
    findings: Vec<Found>,
    next_look: Option<Moment>,
    home: Option<HomeTenant>,
}

fn told(evaluation: &Evaluation) -> Told {
    let reported = evaluation.statuses().chain(evaluation.refused());
    let reported = reported.inspect(|one| {
        let alone = evaluation.status_of(one.kind, one.name);
        assert_eq!(alone.as_ref(), Some(&one.status), "{} {}", one.kind, one.name);
    });
    let access = evaluation.access();
    let users = access.iter().flat_map(|access| access.users.iter());
    let users: Vec<&str> = users.map(|user| user.object.name.as_str()).collect();
    Told {
        statuses: reported
            .map(|one| (one.kind, one.name.to_owned(), one.status))
            .collect(),
        findings: evaluation.findings(),
        next_look: access.and_then(|access| access.next_look()),
        home: evaluation.as_home(users),
    }
}

/// Every object of a snapshot.
fn objects(snapshot: &Snapshot) -> Vec<Declared> {
    let mut all: Vec<Declared> = snapshot.tenant.iter().cloned().map(Declared::Tenant).collect();
    all.extend(snapshot.users.iter().cloned().map(Declared::User));
    all.extend(snapshot.roles.iter().cloned().map(Declared::Role));
    all.extend(snapshot.organizations.iter().cloned().map(Declared::Organization));
    all.extend(snapshot.groups.iter().cloned().map(Declared::UserGroup));
    all.extend(snapshot.rules.iter().cloned().map(Declared::SharingRule));
    all.extend(snapshot.invitations.iter().cloned().map(Declared::Invitation));
    all.extend(snapshot.broken.iter().cloned().map(Declared::Broken));
    all
}

fn by_key(snapshot: &Snapshot) -> BTreeMap<(Kind, String), Declared> {
    let keyed = objects(snapshot).into_iter();
    keyed
        .filter_map(|object| {
            let (kind, name) = object.key();
            Some(((kind, name?.to_owned()), object))
        })
        .collect()
}

/// The changes from one state of a namespace to another. What is the same object in both is not told, but for `again`.
fn changes(before: &Snapshot, after: &Snapshot, again: bool) -> Vec<TenantChange> {
    let (before, after) = (by_key(before), by_key(after));
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let gone = gone.map(|(kind, name)| TenantChange::Deleted(*kind, name.clone()));
    let there = after
        .iter()
        .filter(|(key, object)| again || before.get(*key) != Some(object));
    gone.chain(there.map(|(_, object)| TenantChange::Applied(object.clone())))
        .collect()
}

/// The same objects, all from nowhere: as a cluster has them.
fn snapshots(world: &World) -> BTreeMap<String, Snapshot> {
    let mut world = world.without_duplicates();
    world.docs.retain(|doc| doc.name.is_some());
    let all = world.snapshots_of_a_cluster().into_iter();
    all.map(|snapshot| (snapshot.namespace.clone(), snapshot)).collect()
}

impl Live {
    fn new(world: World) -> Self {
        let mut all = snapshots(&world);
        for name in documents::NAMESPACES {
            all.entry(name.to_owned()).or_insert_with(|| Snapshot::new(name));
        }
        let engine = |snapshot: Snapshot| Engine::new(&CATALOGUE, snapshot, Homes::default(), moment(0));
        let engines = all.into_iter().map(|(name, snapshot)| (name, engine(snapshot)));
        let mut live = Self {
            engines: engines.collect(),
            world,
            now: 0,
            shown: BTreeMap::new(),
        };
        live.ask_homes();
        live.show_everything();
        live
    }

    /// Lets every tenant that credits users hear what their homes say.
    fn ask_homes(&mut self) {
        let names: Vec<String> = self.engines.keys().cloned().collect();
        for name in &names {
            for home in names.iter().filter(|home| *home != name) {
                let wanted: Vec<String> = self
                    .engines
                    .get_mut(name)
                    .expect("it is there")
                    .credited_from(home)
                    .into_iter()
                    .map(str::to_owned)
                    .collect();
                let says = self.engines[home]
                    .evaluation()
                    .as_home(wanted.iter().map(String::as_str));
                self.advance(name, vec![TenantChange::Home(home.clone(), says)]);
            }
        }
    }

    fn show_everything(&mut self) {
        self.shown.clear();
        for (name, engine) in &self.engines {
            for (kind, object, status) in told(engine.evaluation()).statuses {
                self.shown.insert((name.clone(), kind, object), status);
            }
        }
    }

    /// Takes changes into one tenant, and keeps what it shows of those that are touched.
    fn advance(&mut self, name: &str, changes: Vec<TenantChange>) {
        let now = moment(self.now);
        let engine = self.engines.get_mut(name).expect("it is there");
        let touched = engine.after(changes, now);
        let statuses = told(engine.evaluation()).statuses;
        match touched {
            Touched::Everything => self.shown.retain(|(namespace, ..), _| namespace != name),
            Touched::Objects(ref objects) => {
                let key = |kind: Kind, object: &String| (name.to_owned(), kind, object.clone());
                for (kind, object) in objects {
                    self.shown.remove(&key(*kind, object));
                }
            }
        }
        for (kind, object, status) in statuses {
            let told = match &touched {
                Touched::Everything => true,
                Touched::Objects(objects) => kind == Kind::Tenant || objects.contains(&(kind, object.clone())),
            };
            if told {
                self.shown.insert((name.to_owned(), kind, object), status);
            }
        }
    }

    /// Goes on to another world and moment.
    fn go_on(&mut self, world: World, now: i64, again: bool) {
        let (before, after) = (snapshots(&self.world), snapshots(&world));
        self.now = self.now.max(now);
        for name in self.engines.keys().cloned().collect::<Vec<_>>() {
            let empty = Snapshot::new(&name);
            let [was, is] = [&before, &after].map(|snapshots| snapshots.get(&name).unwrap_or(&empty));
            self.advance(&name, changes(was, is, again));
        }
        self.world = world;
        self.ask_homes();
    }

    /// Holds every engine, and what it has said to be touched, against an evaluation of everything.
    fn hold(&self) -> Result<(), TestCaseError> {
        let mut all: Vec<Snapshot> = snapshots(&self.world).into_values().collect();
        for name in self.engines.keys() {
            if !all.iter().any(|snapshot| snapshot.namespace == *name) {
                all.push(Snapshot::new(name));
            }
        }
        for expected in tenantry::policy::evaluate_all(&CATALOGUE, &all, moment(self.now)) {
            let name = &expected.namespace;
            let mut engine = self.engines[name].clone();
            let expected = told(&expected);
            let found = told(engine.evaluation());
            for (kind, object, status) in &expected.statuses {
                let key = (name.clone(), *kind, object.clone());
                prop_assert_eq!(
                    self.shown.get(&key),
                    Some(status),
                    "shown of {} {}/{}",
                    kind,
                    name,
                    object
                );
            }
            prop_assert_eq!(engine.next_look(), expected.next_look, "{}: {:?}", name, engine);
            prop_assert_eq!(found, expected);
        }
        Ok(())
    }
}

/// Another world, by a few edits of one.
fn edited(world: &World, others: &World, tape: &mut Tape<'_>) -> World {
    let mut world = world.clone();
    for _ in 0..=tape.below(3) {
        edit(&mut world, others, tape);
    }
    world
}

fn edit(world: &mut World, others: &World, tape: &mut Tape<'_>) {
    let other = (!others.docs.is_empty()).then(|| others.docs[tape.below(others.docs.len())].clone());
    if world.docs.is_empty() {
        return world.docs.extend(other);
    }
    let at = tape.below(world.docs.len());
    let doc = world.docs[at].clone();
    match (tape.below(8), other) {
        (0, _) => {
            world.docs.remove(at);
        }
        (1, _) => world.docs[at] = doc.broken(),
        (2, _) => world.docs[at].deleting = !doc.deleting,
        (3, _) => world.docs[at].created = Some(moment(-i64::try_from(tape.below(200)).expect("small"))),
        (4 | 5, Some(other)) => {
            // The spec of another object of its kind.
            let same_kind = others.docs.iter().filter(|one| one.kind() == doc.kind());
            let bodies: Vec<&Doc> = same_kind.collect();
            let body = if bodies.is_empty() {
                &other
            } else {
                bodies[tape.below(bodies.len())]
            };
            if body.kind() == doc.kind() {
                world.docs[at].body = body.body.clone();
            }
        }
        (_, Some(other)) => {
            let known = world.docs.iter().position(|one| one.same_object(&other));
            match known {
                Some(known) => world.docs[known] = other,
                None => world.docs.push(other),
            }
        }
        (_, None) => {}
    }
}

fn history(world: World, others: &World, steps: &[Vec<u8>]) -> Result<(), TestCaseError> {
    let mut live = Live::new(world);
    live.hold()?;
    for step in steps {
        let mut tape = Tape::new(step, 10);
        let next = edited(&live.world, others, &mut tape);
        let later = [0_i64, 0, 0, 1, 2, 30, 50, 100][tape.below(8)];
        let now = live.now + later;
        live.go_on(next, now, tape.below(4) == 0);
        live.hold()?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 400, ..cases(500) })]

    /// In 50 steps of one to three edits, time going on.
    #[test]
    fn what_has_advanced_is_what_evaluating_everything_comes_to(
        world in worlds(),
        others in worlds(),
        steps in prop::collection::vec(prop::collection::vec(any::<u8>(), 16), 50),
    ) {
        history(world, &others, &steps)?;
    }
}

/// A clone of an evaluation stays as it was, whatever becomes of the engine.
#[test]
fn an_evaluation_that_was_taken_stays_as_it_was() {
    let mut snapshot = Snapshot::new("acme");
    let object = |name: &str, spec: serde_json::Value| tenantry::policy::Object {
        name: name.to_owned(),
        created: None,
        deleting: false,
        origin: tenantry::policy::Origin(0),
        spec,
    };
    let tenant = object("tenant", serde_json::json!({"displayName": "Acme"}));
    snapshot.add(Declared::Tenant(typed(tenant)));
    let user = |name: &str, enabled: bool| {
        let spec = serde_json::json!({"account": format!("{name}.account"), "name": name, "roles": ["analyst"], "enabled": enabled});
        Declared::User(typed(object(name, spec)))
    };
    snapshot.add(user("ada", true));
    let mut engine = Engine::new(&CATALOGUE, snapshot, Homes::default(), moment(0));
    let kept = engine.evaluation().clone();
    let before = told(&kept);
    engine.after(
        [
            TenantChange::Applied(user("ada", false)),
            TenantChange::Applied(user("bob", true)),
        ],
        moment(1),
    );
    assert_eq!(told(&kept), before);
    assert_ne!(told(engine.evaluation()), before);
}

fn typed<S: serde::de::DeserializeOwned>(
    object: tenantry::policy::Object<serde_json::Value>,
) -> Arc<tenantry::policy::Object<S>> {
    Arc::new(tenantry::policy::Object {
        name: object.name,
        created: object.created,
        deleting: object.deleting,
        origin: object.origin,
        spec: serde_json::from_value(object.spec).expect("a spec"),
    })
}
