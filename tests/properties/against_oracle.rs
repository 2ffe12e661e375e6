//! The engine says what the oracle says.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tenantry::api::{Moment, SharingRulePhase, UserCounts, UserPhase, UserStatus};
use tenantry::policy::{Evaluation, Status};

use crate::access::of_tenant;
use crate::cases;
use crate::oracle::{Found, Library, Oracle};
use crate::tape::moment;
use crate::world::{Body, World, worlds};

fn found(evaluation: &Evaluation) -> BTreeSet<Found> {
    let found = evaluation.findings().into_iter().chain(evaluation.warnings());
    found
        .map(|found| {
            (
                found.kind,
                found.name,
                (found.finding.path, found.finding.class, found.finding.reason),
            )
        })
        .collect()
}

fn agree(world: &World, now: Moment) -> Result<(), TestCaseError> {
    let evaluations = world.evaluate_at(now);
    let library = Library::new(world, now);
    for (oracle, evaluation) in library.oracles().into_iter().zip(&evaluations) {
        prop_assert_eq!(oracle.namespace, &evaluation.namespace);
        same_findings(oracle, evaluation)?;
        same_statuses(oracle, evaluation)?;
    }
    Ok(())
}

fn same_findings(oracle: Oracle<'_>, evaluation: &Evaluation) -> Result<(), TestCaseError> {
    let (mut expected, found) = (oracle.all_findings(), found(evaluation));
    expected.extend(oracle.warnings());
    let missing: Vec<_> = expected.difference(&found).collect();
    let excess: Vec<_> = found.difference(&expected).collect();
    let same = missing.is_empty() && excess.is_empty();
    prop_assert!(
        same,
        "{}: only the oracle finds {missing:?}\nonly the engine finds {excess:?}",
        oracle.namespace
    );
    Ok(())
}

fn same_statuses(oracle: Oracle<'_>, evaluation: &Evaluation) -> Result<(), TestCaseError> {
    let mut counts = UserCounts::default();
    let rules = of_tenant(evaluation).rules;
    for reported in evaluation.statuses() {
        let about = format!("{} {} {}", oracle.namespace, reported.kind, reported.name);
        let body = oracle.body(reported.kind, reported.name);
        match (reported.status, body) {
            (Status::User(status), Some((doc, Body::User(spec)))) => {
                let expected = oracle.user_status(doc, spec);
                count(&mut counts, &expected);
                let said = UserStatus {
                    next_transition: None,
                    conditions: vec![],
                    ..*status
                };
                prop_assert_eq!(said, expected, "{}", about);
            }
            (Status::SharingRule(status), Some((doc, Body::Rule(spec)))) => {
                prop_assert_eq!(status.phase, Some(oracle.rule_phase(doc, spec)), "{}", about);
                let shared = rules.get(reported.name).map(|shared| &shared.to);
                let expected = Some(oracle.recipients(spec));
                prop_assert_eq!(shared, expected.as_ref().filter(|_| shared.is_some()), "{}", about);
                prop_assert_eq!(
                    shared.is_some(),
                    status.phase == Some(SharingRulePhase::Active),
                    "{}",
                    about
                );
            }
            (Status::Invitation(status), Some((doc, Body::Invitation(spec, state)))) => {
                prop_assert_eq!(
                    status.phase,
                    Some(oracle.invitation_phase(doc, spec, state)),
                    "{}",
                    about
                );
            }
            (Status::Organization(status), _) => {
                let said = status.level.map(|level| (level, status.path));
                prop_assert_eq!(said, oracle.place(reported.name), "{}", about);
            }
            (Status::Tenant(status), _) if status.users.is_some() => {
                // Users come after the Tenant: the counts are compared at the end.
            }
            _ => {}
        }
    }
    if let Some(access) = evaluation.access() {
        prop_assert_eq!(access.counts, counts, "{} counts", oracle.namespace);
    }
    Ok(())
}

fn count(counts: &mut UserCounts, status: &UserStatus) {
    match status.phase {
        Some(UserPhase::Invalid) => counts.invalid += 1,
        Some(UserPhase::Disabled) => counts.disabled += 1,
        Some(UserPhase::Expired) => counts.expired += 1,
        Some(UserPhase::Pending) => counts.pending += 1,
        Some(UserPhase::Active) => counts.active += 1,
        None => {}
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn the_engine_says_what_the_oracle_says(
        world in worlds(),
        now in prop::sample::select(vec![0_i64, -1, 1, -101, 1000]),
    ) {
        agree(&world, moment(now))?;
    }
}
