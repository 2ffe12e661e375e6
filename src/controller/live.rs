//! Every tenant's evaluation, kept up with what has been seen.
//!
//! What changes is noted by name; the next [`Advance`] of its tenant takes it in, and with it whatever has been noted of the
//! homes that the tenant credits from, so that nobody is judged by a home as it was before. Advancing takes time when much
//! has changed, so the engines leave for it and come back.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::store::{Store, Stored, snapshot};
use crate::api::{Kind, Moment, TENANT_NAME};
use crate::policy::{Catalogue, Engine, Evaluation, Homes, TenantChange, Touched};

/// The kind and name of an object in its namespace.
pub(super) type Key = (Kind, String);

/// An engine, and what it has heard of others.
#[derive(Debug)]
struct Kept {
    engine: Engine,
    /// How often something of the tenant has changed.
    revision: u64,
    /// By home: the revision of which it has been told.
    heard: HashMap<String, u64>,
}

/// All tenants.
#[derive(Debug, Default)]
pub(super) struct Live {
    kept: HashMap<String, Kept>,
    /// By namespace, what has changed since its engine last advanced.
    changed: HashMap<String, BTreeSet<Key>>,
    /// By namespace, of which objects the status may have to be written.
    touched: HashMap<String, Touched>,
}

/// What is needed to bring a tenant up to date.
#[derive(Debug)]
pub(super) struct Advance {
    namespace: String,
    homes: Vec<Behind>,
    own: Behind,
    /// Whether another home, or another user of one, may be asked for.
    asks_anew: bool,
}

/// An engine and what it does not know yet.
#[derive(Debug)]
struct Behind {
    namespace: String,
    /// None has to be made of all objects.
    kept: Option<Kept>,
    changes: Vec<TenantChange>,
}

/// A tenant that is up to date.
#[derive(Debug)]
pub(super) struct Advanced {
    pub(super) evaluation: Evaluation,
    /// When the tenant is to be looked at again though nothing has changed.
    pub(super) next: Option<Moment>,
    kept: Vec<(String, Kept, Touched)>,
}

impl Live {
    /// An object has changed, or its status is to be looked at.
    pub(super) fn note(&mut self, namespace: &str, kind: Kind, name: &str) {
        let changed = self.changed.entry(namespace.to_owned()).or_default();
        changed.insert((kind, name.to_owned()));
    }

    /// The status of these objects may have to be written.
    pub(super) fn touch(&mut self, namespace: &str, objects: impl IntoIterator<Item = Key>) {
        join(
            &mut self.touched,
            namespace,
            Touched::Objects(objects.into_iter().collect()),
        );
    }

    /// The status of every object of a tenant may have to be written.
    pub(super) fn touch_all(&mut self, namespace: &str) {
        join(&mut self.touched, namespace, Touched::Everything);
    }

    /// A namespace holds nothing any more.
    pub(super) fn forget(&mut self, namespace: &str) {
        self.kept.remove(namespace);
        self.changed.remove(namespace);
        self.touched.remove(namespace);
    }

    /// Takes out what it needs to advance a tenant with the homes that it credits from. The names of tenants whose engines
    /// are elsewhere must not be asked for.
    pub(super) fn begin(&mut self, store: &Store, namespace: &str) -> Advance {
        let homes: Vec<String> = store.homes_of(namespace).map(str::to_owned).collect();
        let changed = self.changed.get(namespace);
        let asks_anew = changed.is_none_or(|changed| changed.iter().any(|(kind, _)| *kind == Kind::User));
        Advance {
            namespace: namespace.to_owned(),
            homes: homes.iter().map(|home| self.take(store, home)).collect(),
            own: self.take(store, namespace),
            asks_anew,
        }
    }

    fn take(&mut self, store: &Store, namespace: &str) -> Behind {
        let kept = self.kept.remove(namespace);
        let changed = self.changed.remove(namespace).unwrap_or_default();
        self.touch(namespace, changed.iter().cloned());
        let changes = match &kept {
            Some(_) => changed
                .into_iter()
                .map(|(kind, name)| change(store, namespace, kind, name))
                .collect(),
            None => {
                let all = store.objects(namespace).into_iter();
                all.map(|stored| TenantChange::Applied(stored.declared.clone()))
                    .collect()
            }
        };
        Behind {
            namespace: namespace.to_owned(),
            kept,
            changes,
        }
    }

    /// Takes engines back that have advanced. Returns the homes among them of which a status may have to be written.
    pub(super) fn end(&mut self, store: &Store, advanced: &mut Advanced) -> Vec<String> {
        let mut behind = Vec::new();
        for (namespace, kept, touched) in std::mem::take(&mut advanced.kept) {
            if !store.holds(&namespace) {
                self.forget(&namespace);
                continue;
            }
            self.kept.insert(namespace.clone(), kept);
            if touched != Touched::Objects(BTreeSet::new()) {
                join(&mut self.touched, &namespace, touched);
                behind.push(namespace);
            }
        }
        behind
    }

    /// The objects of which the status may have to be written, sorted by kind and name; with them always the Tenant, whose
    /// status sums up all others. What has changed since is left for the next time: it is not the state that was evaluated.
    pub(super) fn take_touched(&mut self, store: &Store, namespace: &str) -> Vec<Arc<Stored>> {
        let touched = self.touched.remove(namespace);
        let mut objects = match touched {
            Some(Touched::Everything) => store.objects(namespace),
            Some(Touched::Objects(mut objects)) => {
                objects.insert((Kind::Tenant, TENANT_NAME.to_owned()));
                let objects = objects.iter();
                let found = objects.filter_map(|(kind, name)| store.find(namespace, *kind, name));
                found.map(Arc::clone).collect()
            }
            None => Vec::new(),
        };
        if let Some(changed) = self.changed.get(namespace) {
            objects.retain(|stored| !changed.contains(&(stored.kind, stored.name.clone())));
        }
        objects
    }
}

fn change(store: &Store, namespace: &str, kind: Kind, name: String) -> TenantChange {
    match store.find(namespace, kind, &name) {
        Some(stored) => TenantChange::Applied(stored.declared.clone()),
        None => TenantChange::Deleted(kind, name),
    }
}

fn join(all: &mut HashMap<String, Touched>, namespace: &str, more: Touched) {
    let known = all.remove(namespace).unwrap_or(Touched::Objects(BTreeSet::new()));
    all.insert(namespace.to_owned(), known.and(more));
}

impl Advance {
    /// Advances the homes, then the tenant with what they say.
    pub(super) fn carry_out(self, catalogue: &Arc<Catalogue>, now: Moment) -> Advanced {
        let mut all: Vec<(String, Kept, Touched)> = Vec::new();
        for home in self.homes {
            let namespace = home.namespace.clone();
            let (kept, touched) = home.advance(catalogue, now);
            all.push((namespace, kept, touched));
        }
        let (mut own, mut touched) = self.own.advance(catalogue, now);
        for (home, kept, _) in &all {
            if self.asks_anew || own.heard.get(home) != Some(&kept.revision) {
                let wanted = own.engine.credited_from(home);
                let says = kept.engine.evaluation().as_home(wanted);
                let more = own.engine.after([TenantChange::Home(home.clone(), says)], now);
                own.heard.insert(home.clone(), kept.revision);
                touched = touched.and(more);
            }
        }
        let evaluation = own.engine.evaluation().clone();
        let next = own.engine.next_look();
        all.push((self.namespace, own, touched));
        Advanced {
            evaluation,
            next,
            kept: all,
        }
    }
}

impl Behind {
    fn advance(self, catalogue: &Arc<Catalogue>, now: Moment) -> (Kept, Touched) {
        let Some(mut kept) = self.kept else {
            let objects = self.changes.into_iter().filter_map(|change| match change {
                TenantChange::Applied(declared) => Some(declared),
                TenantChange::Deleted(..) | TenantChange::Home(..) => None,
            });
            let snapshot = snapshot(&self.namespace, objects);
            let kept = Kept {
                engine: Engine::new(catalogue, snapshot, Homes::default(), now),
                revision: 0,
                heard: HashMap::new(),
            };
            return (kept, Touched::Everything);
        };
        kept.revision += u64::from(!self.changes.is_empty());
        let touched = kept.engine.after(self.changes, now);
        (kept, touched)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::store::Change;
    use super::super::testing::{credited, stored, with_spec};
    use super::*;
    use crate::policy::Status;

    /// A store and the live evaluations over it, as the loop keeps them.
    #[derive(Default)]
    struct Both {
        store: Store,
        live: Live,
    }

    impl Both {
        fn take(&mut self, stored: Stored) {
            for (namespace, kind, name) in self.store.take(Change::Applied(Box::new(stored))) {
                self.live.note(&namespace, kind, &name);
            }
        }

        fn advance(&mut self, namespace: &str) -> Evaluation {
            let catalogue = Arc::new(Catalogue::builtin().unwrap());
            let advance = self.live.begin(&self.store, namespace);
            let mut advanced = advance.carry_out(&catalogue, Moment::parse("2026-12-01T00:00:00Z").unwrap());
            self.live.end(&self.store, &mut advanced);
            advanced.evaluation
        }

        fn touched(&mut self, namespace: &str) -> Vec<String> {
            let touched = self.live.take_touched(&self.store, namespace).into_iter();
            touched
                .map(|stored| format!("{} {}", stored.kind, stored.name))
                .collect()
        }
    }

    fn phase(evaluation: &Evaluation, name: &str) -> Option<&'static str> {
        match evaluation.status_of(Kind::User, name) {
            Some(Status::User(user)) => Status::User(user).phase(),
            _ => None,
        }
    }

    fn user(name: &str, version: u64, enabled: bool) -> Stored {
        let spec =
            json!({"account": format!("{name}.smith"), "name": "Somebody", "roles": ["analyst"], "enabled": enabled});
        with_spec(Kind::User, "acme", name, version, &spec)
    }

    #[test]
    fn everything_is_looked_at_first_and_then_what_a_change_touches() {
        let mut both = Both::default();
        both.take(stored(Kind::Tenant, "acme", "tenant", 1));
        both.take(user("ada", 2, true));
        both.take(user("bob", 3, true));
        both.advance("acme");
        assert_eq!(both.touched("acme"), ["Tenant tenant", "User ada", "User bob"]);
        both.take(user("bob", 4, false));
        let evaluation = both.advance("acme");
        assert_eq!(phase(&evaluation, "bob"), Some("Disabled"));
        assert_eq!(both.touched("acme"), ["Tenant tenant", "User bob"]);
        assert!(both.touched("acme").is_empty());
    }

    #[test]
    fn what_could_not_be_written_is_looked_at_again() {
        let mut both = Both::default();
        both.take(stored(Kind::Tenant, "acme", "tenant", 1));
        both.take(user("ada", 2, true));
        both.advance("acme");
        both.touched("acme");
        both.live.touch("acme", [(Kind::User, "ada".to_owned())]);
        both.advance("acme");
        assert_eq!(both.touched("acme"), ["Tenant tenant", "User ada"]);
    }

    #[test]
    fn an_object_that_has_changed_since_it_was_evaluated_is_left_for_the_next_time() {
        let mut both = Both::default();
        both.take(stored(Kind::Tenant, "acme", "tenant", 1));
        both.take(user("ada", 2, true));
        both.advance("acme");
        both.take(user("ada", 3, false));
        assert_eq!(both.touched("acme"), ["Tenant tenant"]);
        both.advance("acme");
        assert_eq!(both.touched("acme"), ["Tenant tenant", "User ada"]);
    }

    #[test]
    fn whoever_is_credited_is_evaluated_with_the_home_as_it_is() {
        let mut both = Both::default();
        let tenant = json!({"displayName": "Acme", "accounts": {"creditedTo": ["beta"]}});
        both.take(with_spec(Kind::Tenant, "acme", "tenant", 1, &tenant));
        both.take(stored(Kind::Tenant, "beta", "tenant", 2));
        both.take(user("ada", 3, true));
        let mut guest = stored(Kind::User, "beta", "guest", 4);
        guest.declared = credited("guest", "acme", "ada");
        both.take(guest);
        assert_eq!(phase(&both.advance("beta"), "guest"), Some("Active"));
        // Nobody has asked for the home itself yet, which waits for its own turn.
        both.take(user("ada", 5, false));
        assert_eq!(phase(&both.advance("beta"), "guest"), Some("Disabled"));
        assert_eq!(both.touched("beta"), ["Tenant tenant", "User guest"]);
        assert_eq!(both.touched("acme"), ["Tenant tenant", "User ada"]);
    }

    #[test]
    fn a_namespace_that_holds_nothing_is_forgotten_though_its_engine_was_away() {
        let mut both = Both::default();
        both.take(user("ada", 2, true));
        let advance = both.live.begin(&both.store, "acme");
        both.store.take(Change::Deleted {
            kind: Kind::User,
            namespace: "acme".to_owned(),
            name: "ada".to_owned(),
            uid: "uid-ada".to_owned(),
            version: 3,
        });
        both.live.forget("acme");
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        let mut advanced = advance.carry_out(&catalogue, Moment::MIN);
        both.live.end(&both.store, &mut advanced);
        assert!(both.live.kept.is_empty() && both.live.touched.is_empty());
    }
}
