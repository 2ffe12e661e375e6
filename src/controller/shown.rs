//! What an object's status shows, remembered in a few words instead of the status itself.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock};

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::api::{ConditionStatus, Display, HeldData, Kind, Moment, PUBLISHED, Rows, Unpublished, UserStatus};
use crate::policy::{Reason, Status};

/// The types of condition that are ours; others' are left alone.
const CONDITIONS: [&str; 5] = ["Ready", "Complete", "Stalled", "Delivered", PUBLISHED];

/// How this process hashes: by keys of its own, so that nobody can look for two things that it takes for one.
pub(super) fn keys() -> &'static RandomState {
    static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    &KEYS
}

/// A status in a few words. Two statuses with the same hash say the same, but for when their conditions changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shown {
    /// Zero while there is none that can be read.
    pub(crate) hash: u64,
    /// Its phase, for the kinds that have one.
    pub(crate) phase: Option<&'static str>,
    /// The reason of a Ready that is False.
    pub(crate) void: Option<Reason>,
    /// Why it is not whole, if so.
    pub(crate) unpublished: Option<Unpublished>,
    /// Each condition of [`CONDITIONS`] that is there, and since when it is as it is.
    since: [Option<(ConditionStatus, Option<Moment>)>; CONDITIONS.len()],
    /// Whether the object itself is in force.
    in_force: bool,
    /// What is granted, what is restricted, and the columns that are seen.
    granted: Things,
    restricted: Things,
    columns: Columns,
}

impl Shown {
    /// Of a status to be written.
    pub(crate) fn of(status: &Status) -> Self {
        let mut shown = Self {
            hash: keys().hash_one(status).max(1),
            phase: status.phase(),
            ..Self::default()
        };
        for condition in status.conditions() {
            if condition.kind == PUBLISHED {
                shown.unpublished = Unpublished::from_name(&condition.reason);
            }
            if condition.kind == "Ready" {
                match condition.status {
                    ConditionStatus::True => shown.in_force = shown.phase != Some("Expired"),
                    _ => shown.void = Reason::from_name(&condition.reason),
                }
            }
            if let Some(since) = shown.slot(&condition.kind) {
                *since = Some((condition.status, condition.last_transition_time));
            }
        }
        if let Status::User(user) = status {
            shown.granted = granted(user);
            shown.restricted = restricted(user);
            shown.columns = Columns::of(user);
        }
        shown
    }

    /// Of a status as a cluster stores it.
    pub(crate) fn read(kind: Kind, status: Option<&Json>) -> Self {
        let Some(status) = status.and_then(|status| typed(kind, status)) else {
            return Self::default();
        };
        Self::of(&status)
    }

    /// Completes a status that is to replace this one: the generation it was computed from, and since when each condition
    /// is as it is. What has not changed keeps its moment, so that a second pass writes nothing.
    pub(crate) fn complete(&self, status: &mut Status, generation: i64, now: Moment) {
        let (conditions, observed) = status.parts();
        *observed = Some(generation);
        for condition in conditions.iter_mut() {
            let kept = CONDITIONS.iter().zip(&self.since);
            let kept = kept.filter(|(kind, _)| **kind == condition.kind);
            let since = kept
                .filter_map(|(_, since)| *since)
                .find(|(was, _)| *was == condition.status);
            condition.observed_generation = Some(generation);
            condition.last_transition_time = Some(since.and_then(|(_, since)| since).unwrap_or(now));
        }
        conditions.sort_by(|one, other| one.kind.cmp(&other.kind));
    }

    /// Keeps what it has in common with others once.
    pub(super) fn share(&mut self, sets: &mut Sets) {
        sets.share(&mut self.granted);
        sets.share(&mut self.restricted);
    }

    /// Whether the other status, which is to replace this one, takes something away, as [`loses`](crate::policy::loses) has it
    /// of what is not told by an end.
    pub(crate) fn loses_to(&self, other: &Self) -> bool {
        (self.in_force && !other.in_force)
            || !self.granted.all_in(&other.granted)
            || !other.restricted.all_in(&self.restricted)
            || !self.columns.all_in(&other.columns)
    }

    fn slot(&mut self, kind: &str) -> Option<&mut Option<(ConditionStatus, Option<Moment>)>> {
        let slots = CONDITIONS.iter().zip(&mut self.since);
        slots.filter(|(name, _)| **name == kind).map(|(_, slot)| slot).next()
    }
}

/// A status of that kind, others' conditions left out; `None` when it cannot be read.
pub(super) fn typed(kind: Kind, status: &Json) -> Option<Status> {
    fn read<T: DeserializeOwned>(status: &Json) -> Option<T> {
        T::deserialize(status).ok()
    }
    let mut status = match kind {
        Kind::Invitation => Status::Invitation(Box::new(read(status)?)),
        Kind::Organization => Status::Organization(read(status)?),
        Kind::Role => Status::Role(read(status)?),
        Kind::SharingRule => Status::SharingRule(read(status)?),
        Kind::Tenant => Status::Tenant(read(status)?),
        Kind::User => Status::User(Box::new(read(status)?)),
        Kind::UserGroup => Status::UserGroup(read(status)?),
    };
    let (conditions, _) = status.parts();
    conditions.retain(|condition| CONDITIONS.contains(&condition.kind.as_str()));
    conditions.sort_by(|one, other| one.kind.cmp(&other.kind));
    Some(status)
}

/// A set of things, each by half a hash, sorted: four bytes a thing, since there may be very many users. That two of a user
/// are taken for one happens once in millions, and would cost the place of a write in the order.
#[derive(Clone, Debug, Default, PartialEq)]
struct Things(Arc<[u32]>);

/// Sets that are kept once, however many users have them.
#[derive(Debug, Default)]
pub(super) struct Sets {
    known: HashSet<Arc<[u32]>>,
    /// How many there may be before those that nobody has are dropped.
    most: usize,
}

impl Sets {
    fn share(&mut self, things: &mut Things) {
        if let Some(known) = self.known.get(&things.0) {
            things.0 = Arc::clone(known);
            return;
        }
        self.known.insert(Arc::clone(&things.0));
        if self.known.len() > self.most {
            self.known.retain(|known| Arc::strong_count(known) > 1);
            self.most = (self.known.len() * 2).max(1_000);
        }
    }
}

impl Things {
    fn all_in(&self, other: &Self) -> bool {
        self.0.iter().all(|thing| other.0.binary_search(thing).is_ok())
    }
}

impl FromIterator<u64> for Things {
    fn from_iter<I: IntoIterator<Item = u64>>(hashes: I) -> Self {
        let mut things: Vec<u32> = hashes.into_iter().map(|hash| (hash >> 32) as u32).collect();
        things.sort_unstable();
        things.dedup();
        Self(things.into())
    }
}

/// The columns that a user sees, sorted: half a hash of the object type and one of the column, or [`ALL`](Self::ALL).
#[derive(Clone, Debug, Default, PartialEq)]
struct Columns(Box<[(u32, u32)]>);

impl Columns {
    /// Stands for every column.
    const ALL: u32 = 0;

    fn of(user: &UserStatus) -> Self {
        let half = |text: &String| (keys().hash_one(text) >> 32) as u32;
        let seen = user.data.iter().filter(|data| data.rows != Rows::None);
        let columns = seen.flat_map(|data| {
            let names: Vec<u32> = match &data.columns {
                None => vec![Self::ALL],
                Some(columns) => columns.iter().map(|column| half(column).max(1)).collect(),
            };
            let object = half(&data.object);
            names.into_iter().map(move |column| (object, column))
        });
        let mut columns: Vec<(u32, u32)> = columns.collect();
        columns.sort_unstable();
        Self(columns.into_boxed_slice())
    }

    fn all_in(&self, other: &Self) -> bool {
        let has = |column| other.0.binary_search(&column).is_ok();
        self.0
            .iter()
            .all(|(object, column)| has((*object, *column)) || has((*object, Self::ALL)))
    }
}

fn granted(user: &UserStatus) -> Things {
    let hash = |kind: &str, name: &String| keys().hash_one((kind, name));
    let actions = user.permissions.iter();
    let actions = actions.flat_map(|held| held.actions.iter().map(|action| hash(&held.object, action)));
    let organizations = user.organizations.iter().map(|name| hash("organization", name));
    let groups = user.groups.iter().map(|name| hash("group", name));
    let data = user.data.iter().flat_map(rows).map(|thing| keys().hash_one(thing));
    actions.chain(organizations).chain(groups).chain(data).collect()
}

/// The rows that a user sees of an object type, so that whoever sees more has all of it.
fn rows(data: &HeldData) -> impl Iterator<Item = (&str, &str)> {
    let width: &[&str] = match data.rows {
        Rows::None => &[],
        Rows::Some => &["some rows"],
        Rows::All => &["some rows", "all rows"],
    };
    width.iter().map(|width| (data.object.as_str(), *width))
}

/// The uses of fields that are withheld from a user.
fn restricted(user: &UserStatus) -> Things {
    let withheld = user.fields.iter().flat_map(|field| {
        let uses = [
            ("see masked", field.display > Display::Masked),
            ("see", field.display > Display::Clear),
            ("group", !field.group),
            ("filter", !field.filter),
        ];
        let withheld = uses.into_iter().filter(|(_, withheld)| *withheld);
        withheld.map(move |(may, _)| keys().hash_one((&field.object, &field.field, may)))
    });
    withheld.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::{Condition, HeldField, HeldPermission};

    fn ready(status: ConditionStatus, reason: &str) -> Condition {
        Condition {
            kind: "Ready".to_owned(),
            status,
            reason: reason.to_owned(),
            message: String::new(),
            last_transition_time: None,
            observed_generation: None,
        }
    }

    fn user(actions: &[&str]) -> Status {
        Status::User(Box::new(UserStatus {
            conditions: vec![ready(ConditionStatus::True, "Active")],
            permissions: vec![HeldPermission {
                object: "Campaign".to_owned(),
                actions: actions.iter().map(|action| (*action).to_owned()).collect(),
                roles: vec!["editor".to_owned()],
            }],
            ..UserStatus::default()
        }))
    }

    #[test]
    fn a_status_that_came_back_from_storage_shows_the_same() {
        let mut status = user(&["Edit", "View"]);
        Shown::default().complete(&mut status, 3, Moment::from_seconds(7).unwrap());
        let stored = serde_json::to_value(&status).unwrap();
        assert_eq!(Shown::read(Kind::User, Some(&stored)), Shown::of(&status));
    }

    #[test]
    fn a_condition_that_did_not_change_keeps_its_moment() {
        let [early, late] = [7, 9].map(|seconds| Moment::from_seconds(seconds).unwrap());
        let mut first = user(&["View"]);
        Shown::default().complete(&mut first, 1, early);
        let mut second = user(&["Edit", "View"]);
        Shown::of(&first).complete(&mut second, 2, late);
        assert_eq!(second.conditions()[0].last_transition_time, Some(early));
        let mut third = user(&[]);
        third.parts().0[0] = ready(ConditionStatus::False, "NoTenant");
        Shown::of(&second).complete(&mut third, 2, late);
        assert_eq!(third.conditions()[0].last_transition_time, Some(late));
    }

    #[test]
    fn conditions_of_others_do_not_count() {
        let mut status = user(&["View"]);
        Shown::default().complete(&mut status, 1, Moment::MIN);
        let mut stored = serde_json::to_value(&status).unwrap();
        let foreign = json!({"type": "Approved", "status": "True", "reason": "ByHand"});
        stored["conditions"].as_array_mut().unwrap().push(foreign);
        assert_eq!(Shown::read(Kind::User, Some(&stored)).hash, Shown::of(&status).hash);
    }

    #[test]
    fn a_lost_action_or_a_new_restriction_is_a_loss() {
        let more = Shown::of(&user(&["Edit", "View"]));
        let less = Shown::of(&user(&["View"]));
        assert!(more.loses_to(&less));
        assert!(!less.loses_to(&more));
        let mut masked = user(&["View"]);
        if let Status::User(user) = &mut masked {
            user.fields.push(HeldField {
                object: "Customer".to_owned(),
                field: "email".to_owned(),
                display: crate::api::Display::Hidden,
                group: false,
                filter: false,
            });
        }
        assert!(less.loses_to(&Shown::of(&masked)));
        assert!(!Shown::of(&masked).loses_to(&less));
    }

    /// One status for each thing that statuses of users differ in.
    fn various() -> Vec<UserStatus> {
        let active = |more: serde_json::Value| {
            let mut status = json!({"phase": "Active", "conditions": [ready(ConditionStatus::True, "Active")]});
            status
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            serde_json::from_value(status).unwrap()
        };
        let sees = |rows: &str, columns: Option<&[&str]>| {
            let data = json!({"object": "Event", "rows": rows, "columns": columns});
            active(json!({"data": [data]}))
        };
        let field = |display: &str, group: bool, filter: bool| {
            let field =
                json!({"object": "Customer", "field": "email", "display": display, "group": group, "filter": filter});
            active(json!({"fields": [field]}))
        };
        vec![
            active(json!({})),
            active(json!({"permissions": [{"object": "Campaign", "actions": ["View"], "roles": []}]})),
            active(json!({"permissions": [{"object": "Campaign", "actions": ["Edit", "View"], "roles": []}]})),
            active(json!({"organizations": ["emea"]})),
            active(json!({"groups": ["emea"]})),
            sees("Some", None),
            sees("All", None),
            sees("All", Some(&["name"])),
            sees("Some", Some(&["name", "time"])),
            sees("None", None),
            field("Masked", true, true),
            field("Masked", true, false),
            field("Hidden", false, false),
            field("Clear", false, false),
        ]
    }

    #[test]
    fn what_is_a_loss_is_what_the_policy_calls_one() {
        let shown = |user: &UserStatus| Shown::of(&Status::User(Box::new(user.clone())));
        for before in various() {
            for after in various() {
                let loses = crate::policy::loses(&before, &after);
                assert_eq!(shown(&before).loses_to(&shown(&after)), loses, "{before:?} {after:?}");
            }
        }
    }

    #[test]
    fn whoever_may_much_loses_even_one_action() {
        let actions: Vec<String> = (0..100).map(|number| format!("Action{number}")).collect();
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        let all = Shown::of(&user(&actions));
        for (at, action) in actions.iter().enumerate() {
            let rest: Vec<&str> = actions.iter().copied().filter(|other| other != action).collect();
            assert!(all.loses_to(&Shown::of(&user(&rest))), "{at}");
        }
    }

    #[test]
    fn what_many_users_have_is_kept_once_and_dropped_when_nobody_has_it() {
        let mut sets = Sets::default();
        let mut all: Vec<Shown> = (0..3_000).map(|_| Shown::of(&user(&["Edit", "View"]))).collect();
        all.iter_mut().for_each(|shown| shown.share(&mut sets));
        assert!(all.iter().all(|shown| Arc::ptr_eq(&shown.granted.0, &all[0].granted.0)));
        drop(all);
        for number in 0..3_000 {
            let action = format!("Action{number}");
            Shown::of(&user(&[&action])).share(&mut sets);
        }
        assert!(sets.known.len() <= 1_001, "{}", sets.known.len());
    }

    #[test]
    fn a_status_that_cannot_be_read_shows_nothing() {
        assert_eq!(Shown::read(Kind::User, Some(&json!({"phase": 7}))), Shown::default());
        assert_eq!(Shown::read(Kind::User, None), Shown::default());
    }
}
