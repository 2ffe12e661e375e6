//! `nextTransition` is the smallest moment ahead at which a status, messages and itself aside, differs from now's.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tenantry::api::{Kind, Moment};
use tenantry::policy::{Evaluation, Status};

use crate::cases;
use crate::tape::moment;
use crate::world::{Body, World, worlds};

/// Every moment that any document names, with the second before and the one after, in order.
fn moments(world: &World) -> Vec<Moment> {
    let mut named: Vec<Option<Moment>> = Vec::new();
    for doc in &world.docs {
        named.push(doc.created);
        match &doc.body {
            Body::Tenant(spec) => {
                named.extend(spec.data_permissions.iter().map(|data| data.headquarters_before));
            }
            Body::User(spec) => {
                named.extend([spec.valid_from, spec.valid_until]);
                named.extend(spec.activation.iter().map(|activation| Some(activation.valid_until)));
                named.extend(
                    spec.temporary_roles
                        .iter()
                        .flat_map(|role| [role.valid_from, Some(role.valid_until)]),
                );
            }
            Body::Rule(spec) => named.push(spec.valid_until),
            Body::Invitation(spec, status) => {
                named.extend([spec.valid_until, spec.accept_before, status.expires_at, status.sent_at]);
                named.extend(status.response.iter().map(|response| Some(response.at)));
            }
            Body::Role(_) | Body::Organization(_) | Body::Group(_) | Body::Broken(..) => {}
        }
    }
    let around = |at: Moment| [-1, 0, 1].map(|second| Moment::from_seconds(at.seconds() + second));
    let mut moments: Vec<Moment> = named.into_iter().flatten().flat_map(around).flatten().collect();
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// What each status says, messages and next transition aside.
type Looks = BTreeMap<(Kind, String), Status>;

fn looks(evaluation: &Evaluation) -> Looks {
    let each = evaluation.statuses().map(|reported| {
        let mut status = reported.status;
        match &mut status {
            Status::Tenant(status) => status.next_transition = None,
            Status::User(status) => status.next_transition = None,
            _ => {}
        }
        for condition in crate::conditions_mut(&mut status) {
            condition.message.clear();
        }
        ((reported.kind, reported.name.to_owned()), status)
    });
    each.collect()
}

fn next(status: &Status) -> Option<Moment> {
    match status {
        Status::Tenant(status) => status.next_transition,
        Status::User(status) => status.next_transition,
        _ => None,
    }
}

fn exact(world: &World, now: Moment) -> Result<(), TestCaseError> {
    let ahead: Vec<Moment> = moments(world).into_iter().filter(|at| *at > now).collect();
    let later: Vec<Vec<Looks>> = ahead
        .iter()
        .map(|at| world.evaluate_at(*at).iter().map(looks).collect())
        .collect();
    for (tenant, evaluation) in world.evaluate_at(now).iter().enumerate() {
        let present = looks(evaluation);
        let in_force = evaluation.access().is_some();
        for reported in evaluation.statuses() {
            let key = (reported.kind, reported.name.to_owned());
            let mut differing = ahead.iter().zip(&later).filter(|(_, looks)| match reported.kind {
                Kind::Tenant => in_force && looks[tenant] != present,
                _ => looks[tenant].get(&key) != present.get(&key),
            });
            if matches!(reported.kind, Kind::Tenant | Kind::User) {
                let expected = differing.next().map(|(at, _)| *at);
                let about = format!("{} {} {} at {now}", evaluation.namespace, reported.kind, reported.name);
                prop_assert_eq!(next(&reported.status), expected, "{}", about);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn next_transition_is_exact(world in worlds(), now in prop::sample::select(vec![0_i64, -101, -2, 2, 49])) {
        exact(&world, moment(now))?;
    }
}
