//! An evaluation that advances: after a change it is what evaluating everything anew would come to, for the price of what
//! the change concerns.
//!
//! Three layers. What all users have in common (settings, roles, organizations) is found anew when one of these changes.
//! What users leave to each other stands in the [`Registry`], which takes one user at a time. What becomes of one user is a
//! function of both, of her spec and of the moment; it is found again for those whom a change concerns: [`Indexes`] say who
//! they are. Time is a change like any other: the [`Schedule`] says whom it concerns.
//!
//! [`draft`] evaluates a whole tenant, [`step`] carries changes out.

mod draft;
mod edits;
mod indexes;
mod schedule;
mod step;

use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) use draft::Draft;
use edits::Edits;
use indexes::Indexes;
use schedule::Schedule;
use step::Step;

use super::catalogue::Catalogue;
use super::evaluate::{Evaluation, Outcome};
use super::homes::{HomeTenant, Homes};
use super::registry::Registry;
use super::snapshot::{Declared, Snapshot};
use crate::api::{Kind, Moment};

/// Something that has happened to a tenant.
#[derive(Clone, Debug)]
pub enum Change {
    /// An object is there in this state, whatever was there of its kind and name.
    Applied(Declared),
    /// The object of that kind and name is gone.
    Deleted(Kind, String),
    /// What the home tenant of that name says about the users that this one credits; nothing when it is not in force.
    Home(String, Option<HomeTenant>),
}

/// Of which objects the status may be another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Of all objects of the tenant.
    Everything,
    /// Of these, by kind and name. The Tenant is not among them though its status sums up all others.
    Objects(BTreeSet<(Kind, String)>),
}

impl Touched {
    /// Those of both.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        match (self, more) {
            (Self::Objects(mut some), Self::Objects(more)) => {
                some.extend(more);
                Self::Objects(some)
            }
            (Self::Everything, _) | (_, Self::Everything) => Self::Everything,
        }
    }
}

/// The evaluation of one tenant, with what it takes to advance.
#[derive(Clone, Debug)]
pub struct Engine {
    snapshot: Snapshot,
    homes: Homes,
    evaluation: Evaluation,
    registry: Registry,
    /// Made when first needed: whoever evaluates once never pays for them.
    lookups: Option<Box<Lookups>>,
}

/// Whom a change concerns, and time.
#[derive(Clone, Debug)]
struct Lookups {
    indexes: Indexes,
    schedule: Schedule,
}

impl Engine {
    /// Evaluates a tenant with what its homes say, at that moment.
    #[must_use]
    pub fn new(catalogue: &Arc<Catalogue>, snapshot: Snapshot, homes: Homes, now: Moment) -> Self {
        let (evaluation, registry) = Draft::new(catalogue, &snapshot, now).finish(&homes);
        Self {
            snapshot,
            homes,
            evaluation,
            registry,
            lookups: None,
        }
    }

    /// The evaluation as it stands. A clone of it costs little, and stays as it is.
    #[must_use]
    pub fn evaluation(&self) -> &Evaluation {
        &self.evaluation
    }

    /// Whom of a home tenant this one credits.
    pub fn credited_from(&mut self, home: &str) -> BTreeSet<&str> {
        self.look_up();
        let Some(lookups) = &self.lookups else {
            return BTreeSet::new();
        };
        let users = lookups.indexes.by_home.get(home).iter();
        let users = users.filter_map(|ix| self.registry.users.get(*ix)?.spec.home.as_ref());
        users.map(|home| home.user.as_str()).collect()
    }

    /// The next moment at which time alone may change anything of the evaluation, be it only what a message names first.
    pub fn next_look(&mut self) -> Option<Moment> {
        self.look_up();
        self.lookups.as_ref()?.schedule.next_look()
    }

    /// Takes changes in, and the time: no earlier moment than the last one counts. Afterwards the evaluation is what it would
    /// be of everything anew.
    pub fn after(&mut self, changes: impl IntoIterator<Item = Change>, now: Moment) -> Touched {
        let now = now.max(self.evaluation.now);
        // Before anything is edited: the indexes are of what has been evaluated.
        self.look_up();
        let edits = Edits::carry_out(changes, &mut self.snapshot, &mut self.homes);
        let was_in_force = self.evaluation.access().is_some();
        if edits.tenant || !was_in_force {
            self.begin_anew(now);
            let flipped = was_in_force || self.evaluation.access().is_some();
            return if edits.tenant || flipped {
                Touched::Everything
            } else {
                Touched::Objects(edits.objects)
            };
        }
        self.advance(edits, now)
    }

    fn begin_anew(&mut self, now: Moment) {
        let catalogue = Arc::clone(&self.evaluation.catalogue);
        let (evaluation, registry) = Draft::new(&catalogue, &self.snapshot, now).finish(&self.homes);
        self.evaluation = evaluation;
        self.registry = registry;
        self.lookups = None;
    }

    fn advance(&mut self, edits: Edits, now: Moment) -> Touched {
        self.evaluation.now = now;
        if !edits.broken.is_empty() {
            self.evaluation.broken.clone_from(&self.snapshot.broken);
        }
        let catalogue = Arc::clone(&self.evaluation.catalogue);
        let (Outcome::InForce(access), Some(lookups)) = (&mut self.evaluation.outcome, &mut self.lookups) else {
            return Touched::Everything;
        };
        let step = Step::new(step::Parts {
            catalogue: &catalogue,
            snapshot: &self.snapshot,
            homes: &self.homes,
            access,
            registry: &mut self.registry,
            indexes: &mut lookups.indexes,
            schedule: &mut lookups.schedule,
            now,
        });
        Touched::Objects(step.carry_out(edits))
    }

    fn look_up(&mut self) {
        if let (Some(access), None) = (self.evaluation.access(), &self.lookups) {
            self.lookups = Some(Box::new(Lookups {
                indexes: Indexes::new(access, &self.registry),
                schedule: Schedule::new(access),
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, snapshots};
    use super::*;

    fn engine(lines: &[&str]) -> Engine {
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        let snapshot = snapshots(lines).remove(0);
        Engine::new(&catalogue, snapshot, Homes::default(), Moment::parse(NOW).unwrap())
    }

    #[test]
    fn it_is_looked_at_again_when_only_a_message_changes() {
        let mut engine = engine(&[
            "Tenant acme/tenant {displayName: Acme}",
            "User acme/ada {account: ada.smith, name: Ada, roles: [ordinary-user], temporaryRoles: [\
             {role: gone, validUntil: '2026-12-02T00:00:00Z'}, {role: lost, validUntil: '2026-12-03T00:00:00Z'}]}",
        ]);
        let next = engine.next_look();
        assert_eq!(next, Moment::parse("2026-12-02T00:00:00Z"));
        let access = engine.evaluation().access().unwrap();
        assert_eq!(access.next_transition, Moment::parse("2026-12-03T00:00:00Z"));
        let touched = engine.after([], next.unwrap());
        assert_eq!(touched, Touched::Objects([(Kind::User, "ada".to_owned())].into()));
    }

    #[test]
    fn a_change_that_says_the_same_touches_nothing() {
        let lines = [
            "Tenant acme/tenant {displayName: Acme}",
            "User acme/ada {account: ada.smith, name: Ada, roles: [ordinary-user]}",
        ];
        let mut engine = engine(&lines);
        let same = snapshots(&lines).remove(0).users.remove(0);
        let now = engine.evaluation().now;
        let touched = engine.after([Change::Applied(Declared::User(same))], now);
        assert_eq!(touched, Touched::Objects(BTreeSet::new()));
    }

    #[test]
    fn time_never_runs_backwards() {
        let mut engine = engine(&[
            "Tenant acme/tenant {displayName: Acme}",
            "User acme/ada {account: ada.smith, name: Ada, roles: [analyst], validUntil: '2026-12-02T00:00:00Z'}",
        ]);
        let [end, before] = ["2026-12-02T00:00:00Z", "2026-12-01T12:00:00Z"].map(|at| Moment::parse(at).unwrap());
        engine.after([], end);
        engine.after([], before);
        assert_eq!(engine.evaluation().now, end);
        let access = engine.evaluation().access().unwrap();
        assert_eq!(access.counts.expired, 1);
    }
}
