//! A user of whom the same was judged has the same status, whatever has become of others: what the controller remembers a
//! status by leaves out nothing that it is made from.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};

use proptest::prelude::*;
use tenantry::api::{Kind, UserStatus};
use tenantry::policy::Evaluation;

use crate::cases;
use crate::tape::moment;
use crate::world::{Doc, World, worlds};

type Remembered = HashMap<(String, u64), UserStatus>;

/// Holds the users of an evaluation against what is remembered, and remembers them.
fn hold(evaluation: &Evaluation, remembered: &mut Remembered) -> Result<(), TestCaseError> {
    let Some(access) = evaluation.access() else {
        return Ok(());
    };
    for user in access.users.iter() {
        let mut hasher = DefaultHasher::new();
        evaluation.hash_user(user, &mut hasher);
        let status = evaluation.user_status(access, user);
        let key = (evaluation.namespace.clone(), hasher.finish());
        if let Some(known) = remembered.insert(key, status.clone()) {
            prop_assert_eq!(known, status, "{}/{}", &evaluation.namespace, &user.object.name);
        }
    }
    Ok(())
}

/// What may change without the controller forgetting what it remembers.
fn is_beside(doc: &Doc) -> bool {
    let beside = [Kind::User, Kind::UserGroup, Kind::SharingRule, Kind::Invitation];
    beside.contains(&doc.kind()) && !matches!(doc.body, crate::world::Body::Broken(..))
}

fn same(world: &World, now: i64) -> Result<(), TestCaseError> {
    let mut remembered = Remembered::new();
    let mut look = |world: &World, now: i64| {
        let evaluations = world.evaluate_at(moment(now));
        evaluations
            .iter()
            .try_for_each(|evaluation| hold(evaluation, &mut remembered))
    };
    look(world, 0)?;
    look(world, now)?;
    for (at, doc) in world.docs.iter().enumerate().filter(|(_, doc)| is_beside(doc)) {
        let others = world
            .docs
            .iter()
            .filter(|other| other.kind() == doc.kind() && is_beside(other));
        for other in others.filter(|other| other.body != doc.body).take(3) {
            let changed = Doc {
                body: other.body.clone(),
                ..doc.clone()
            };
            look(&world.with(at, changed), 0)?;
        }
        let deleting = Doc {
            deleting: !doc.deleting,
            ..doc.clone()
        };
        look(&world.with(at, deleting), 0)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn of_whom_the_same_was_judged_she_has_the_same_status(
        world in worlds(),
        now in prop::sample::select(vec![-101_i64, -2, 2, 49]),
    ) {
        same(&world.without_duplicates(), now)?;
    }
}
