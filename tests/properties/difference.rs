//! The difference between two states: nothing against itself, the mirror image the other way round, and neither more nor
//! less than what the statuses say.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tenantry::api::{Moment, Rows, UserStatus};
use tenantry::policy::{AccessDifference, AttributedChange, Entitlement, Evaluation, Grant, Status, difference};

use crate::cases;
use crate::world::{World, worlds};

/// A world, and another that shares most of its objects.
fn edits() -> impl Strategy<Value = (World, World)> {
    let several = prop::collection::vec(
        (
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>(),
            any::<bool>(),
        ),
        1..6,
    );
    (worlds(), worlds(), several).prop_map(|(before, other, edits)| {
        let mut after = before.clone();
        for (from, to, remove) in edits {
            if after.docs.is_empty() || other.docs.is_empty() {
                break;
            }
            let to = to.index(after.docs.len());
            if remove {
                after.docs.remove(to);
            } else {
                let doc = from.get(&other.docs).clone();
                after.docs.retain(|known| !known.same_object(&doc));
                after.docs.push(doc);
            }
        }
        (before, after)
    })
}

fn compare(before: &[Evaluation], after: &[Evaluation]) -> AccessDifference {
    difference(&before.iter().collect::<Vec<_>>(), &after.iter().collect::<Vec<_>>())
}

type Grants = BTreeMap<(String, String), BTreeSet<Grant>>;

/// All grants by person.
fn grants(
    difference: &AccessDifference,
    side: impl Fn(&tenantry::policy::PersonChange) -> &Vec<AttributedChange>,
) -> Grants {
    let mut all = Grants::new();
    for person in &difference.people {
        let key = (person.namespace.clone(), person.user.clone());
        let grants = side(person).iter().flat_map(|change| change.grants.iter().cloned());
        all.entry(key).or_default().extend(grants);
    }
    all.retain(|_, grants| !grants.is_empty());
    all
}

/// What the plan says of each person, in the terms of a difference; fields apart, which only mean something in pairs.
fn said(evaluations: &[Evaluation]) -> Grants {
    let mut all = Grants::new();
    for evaluation in evaluations {
        for reported in evaluation.statuses() {
            if let Status::User(status) = &reported.status {
                all.insert(
                    (evaluation.namespace.clone(), reported.name.to_owned()),
                    of_status(status),
                );
            }
        }
    }
    all
}

fn of_status(status: &UserStatus) -> BTreeSet<Grant> {
    let mut grants = BTreeSet::new();
    for held in &status.permissions {
        let permission = |action: &String| Entitlement::Permission {
            object: held.object.clone(),
            action: action.clone(),
        };
        grants.extend(held.actions.iter().map(permission).map(Grant::now));
    }
    let roles = status.roles.iter().map(|role| role.name.clone());
    grants.extend(roles.map(|name| Grant::now(Entitlement::Role { name })));
    let organizations = status.organizations.iter().cloned();
    grants.extend(organizations.map(|name| Grant::now(Entitlement::Organization { name })));
    let groups = status.groups.iter().cloned();
    grants.extend(groups.map(|name| Grant::now(Entitlement::Group { name })));
    for data in status.data.iter().filter(|data| data.rows != Rows::None) {
        let column = |column| {
            let object = data.object.clone();
            Grant::now(Entitlement::Column { object, column })
        };
        match &data.columns {
            None => drop(grants.insert(column(None))),
            Some(columns) => grants.extend(columns.iter().cloned().map(Some).map(column)),
        }
    }
    grants
}

/// Whether a status says as much.
fn is_said(grant: &Grant) -> bool {
    let told = matches!(
        grant.what,
        Entitlement::Permission { .. }
            | Entitlement::Role { .. }
            | Entitlement::Organization { .. }
            | Entitlement::Group { .. }
            | Entitlement::Column { .. }
    );
    told && grant.from.is_none()
}

/// These, whatever their ends.
fn only_said(grants: Grants) -> Grants {
    only(grants, is_said)
}

/// The same, and what may be done with fields.
fn said_by_two(grants: Grants) -> Grants {
    only(grants, |grant| {
        is_said(grant) || grant.from.is_none() && matches!(grant.what, Entitlement::Field { .. })
    })
}

fn only(mut grants: Grants, which: impl Fn(&Grant) -> bool) -> Grants {
    for grants in grants.values_mut() {
        grants.retain(&which);
        *grants = std::mem::take(grants)
            .into_iter()
            .map(|grant| grant.until(None))
            .collect();
    }
    grants.retain(|_, grants| !grants.is_empty());
    grants
}

/// What stands on the first side only.
fn minus(one: &Grants, other: &Grants) -> Grants {
    let nothing = BTreeSet::new();
    let rest = |key: &(String, String), grants: &BTreeSet<Grant>| {
        let others = other.get(key).unwrap_or(&nothing);
        let rest = grants
            .difference(others)
            .filter(|grant| !among_all_columns(grant, others));
        rest.cloned().collect::<BTreeSet<_>>()
    };
    let rests = one.iter().map(|(key, grants)| (key.clone(), rest(key, grants)));
    rests.filter(|(_, grants)| !grants.is_empty()).collect()
}

fn among_all_columns(grant: &Grant, others: &BTreeSet<Grant>) -> bool {
    match &grant.what {
        Entitlement::Column { object, .. } => others.contains(&Grant::now(Entitlement::Column {
            object: object.clone(),
            column: None,
        })),
        _ => false,
    }
}

/// What statuses alone say that everyone loses.
fn lost_by_statuses(before: &[Evaluation], after: &[Evaluation]) -> Grants {
    let (old, new) = (statuses(before), statuses(after));
    let nobody = UserStatus::default();
    let mut lost = Grants::new();
    for person in old.keys() {
        let (before, after) = (&old[person], new.get(person).unwrap_or(&nobody));
        let grants = tenantry::policy::compare(before, after).losses;
        assert_eq!(tenantry::policy::loses(before, after), !grants.is_empty());
        lost.insert(person.clone(), grants);
    }
    said_by_two(lost)
}

fn statuses(evaluations: &[Evaluation]) -> BTreeMap<(String, String), UserStatus> {
    let mut all = BTreeMap::new();
    for evaluation in evaluations {
        for reported in evaluation.statuses() {
            if let Status::User(status) = reported.status {
                all.insert((evaluation.namespace.clone(), reported.name.to_owned()), *status);
            }
        }
    }
    all
}

/// The first moments at which time alone changes anything.
fn transitions(evaluations: &[Evaluation]) -> impl Iterator<Item = Moment> {
    let statuses = evaluations.iter().flat_map(Evaluation::statuses);
    statuses.filter_map(|reported| match reported.status {
        Status::User(status) => status.next_transition,
        _ => None,
    })
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn nothing_changes_against_itself(world in worlds()) {
        let evaluations = world.evaluate();
        prop_assert_eq!(compare(&evaluations, &evaluations), AccessDifference::default());
    }

    #[test]
    fn losses_one_way_are_gains_the_other((before, after) in edits()) {
        let (before, after) = (before.evaluate(), after.evaluate());
        let (there, back) = (compare(&before, &after), compare(&after, &before));
        prop_assert_eq!(grants(&there, |person| &person.losses), grants(&back, |person| &person.gains));
        prop_assert_eq!(grants(&there, |person| &person.gains), grants(&back, |person| &person.losses));
    }

    #[test]
    fn all_changes_together_are_the_difference_of_the_plans((before, after) in edits()) {
        let (before, after) = (before.evaluate(), after.evaluate());
        let difference = compare(&before, &after);
        let (old, new) = (said(&before), said(&after));
        let losses = only_said(grants(&difference, |person| &person.losses));
        let gains = only_said(grants(&difference, |person| &person.gains));
        prop_assert_eq!(losses, minus(&old, &new));
        prop_assert_eq!(gains, minus(&new, &old));
    }

    #[test]
    fn statuses_alone_say_the_same_losses((before, after) in edits()) {
        let (before, after) = (before.evaluate(), after.evaluate());
        let losses = said_by_two(grants(&compare(&before, &after), |person| &person.losses));
        prop_assert_eq!(losses, lost_by_statuses(&before, &after));
    }

    #[test]
    fn whom_no_change_names_has_the_same_at_every_moment_ahead((before, after) in edits()) {
        let (old, new) = (before.evaluate(), after.evaluate());
        let named: BTreeSet<(String, String)> = compare(&old, &new)
            .people
            .into_iter()
            .map(|person| (person.namespace, person.user))
            .collect();
        for at in transitions(&old).chain(transitions(&new)).collect::<BTreeSet<_>>() {
            let (mut had, mut has) = (said(&before.evaluate_at(at)), said(&after.evaluate_at(at)));
            for grants in [&mut had, &mut has] {
                grants.retain(|person, grants| !named.contains(person) && !grants.is_empty());
            }
            prop_assert_eq!(had, has, "at {}", at);
        }
    }

    #[test]
    fn every_change_names_its_cause((before, after) in edits()) {
        let (before, after) = (before.evaluate(), after.evaluate());
        for person in compare(&before, &after).people {
            for change in person.losses.iter().chain(&person.gains) {
                prop_assert!(!change.because.is_empty(), "{} {:?}", person.user, change.grants);
            }
        }
    }
}
