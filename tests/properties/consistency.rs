//! A status does not contradict itself, the findings, or the tenant's count.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::Value;
use tenantry::api::{ConditionStatus, Kind, UserPhase, UserStatus};
use tenantry::policy::{Class, Evaluation, Finding, Reason, Reported, Status};

use crate::access::of_status;
use crate::cases;
use crate::conditions_of;
use crate::oracle::closure;
use crate::world::{World, worlds};

/// The findings of each object.
fn by_object(evaluation: &Evaluation) -> BTreeMap<(Kind, String), Vec<Finding>> {
    let mut all: BTreeMap<(Kind, String), Vec<Finding>> = BTreeMap::new();
    for found in evaluation.findings() {
        all.entry((found.kind, found.name)).or_default().push(found.finding);
    }
    all
}

fn first(findings: &[Finding], chosen: impl Fn(&Finding) -> bool) -> Option<&'static str> {
    let reasons = findings
        .iter()
        .filter(|finding| chosen(finding))
        .map(|finding| finding.reason);
    reasons.min().map(Reason::as_str)
}

/// Ready, Complete and Stalled as the findings have them.
fn conditions_agree(reported: &Reported<'_>, findings: &[Finding], ready: &str) -> Result<(), TestCaseError> {
    let conditions = conditions_of(&reported.status);
    let shown = |kind: &str| {
        let condition = conditions.iter().find(|condition| condition.kind == kind);
        condition.map(|condition| (condition.status, condition.reason.as_str()))
    };
    let about = format!("{} {}: {findings:?}", reported.kind, reported.name);
    let failed = |reason| (ConditionStatus::False, reason);
    let void = first(findings, |finding| finding.class.voids());
    prop_assert_eq!(
        shown("Ready"),
        Some(void.map_or((ConditionStatus::True, ready), failed)),
        "{}",
        &about
    );
    let partial = first(findings, |finding| finding.class == Class::Partial);
    let complete = partial.map_or((ConditionStatus::True, "Complete"), failed);
    prop_assert_eq!(shown("Complete"), Some(complete), "{}", &about);
    let alone = [
        Reason::SchemaInvalid,
        Reason::DuplicateObject,
        Reason::ReservedName,
        Reason::InvalidCondition,
    ];
    let stalled = first(findings, |finding| alone.contains(&finding.reason));
    prop_assert_eq!(
        shown("Stalled"),
        stalled.map(|reason| (ConditionStatus::True, reason)),
        "{}",
        &about
    );
    let kinds: BTreeSet<&str> = conditions.iter().map(|condition| condition.kind.as_str()).collect();
    prop_assert_eq!(kinds.len(), conditions.len(), "{}", &about);
    Ok(())
}

/// The reason of a Ready that is True.
fn ready(evaluation: &Evaluation, status: &Status) -> String {
    match status {
        Status::User(status) => format!("{:?}", status.phase.expect("a user has a phase")),
        Status::Invitation(status) => format!("{:?}", status.phase.expect("an invitation has a phase")),
        Status::SharingRule(status) => format!("{:?}", status.phase.expect("a rule has a phase")),
        Status::Tenant(_) if evaluation.access().is_some_and(|access| access.settings.suspended) => {
            String::from("Suspended")
        }
        _ => String::from("Valid"),
    }
}

/// "Only an Active user has anything."
fn only_active_users_have_anything(name: &str, status: &UserStatus) -> Result<(), TestCaseError> {
    let nothing = of_status(status) == crate::access::UserAccess::default();
    prop_assert!(status.phase == Some(UserPhase::Active) || nothing, "{name}: {status:?}");
    let void = status
        .conditions
        .iter()
        .any(|one| one.kind == "Ready" && one.status != ConditionStatus::True);
    prop_assert_eq!(void, status.phase == Some(UserPhase::Invalid), "{}", name);
    Ok(())
}

/// Closed under what actions imply and require, less the modules that the tenant lacks; each role that is named gives
/// something and is held.
fn permissions_are_closed(evaluation: &Evaluation, name: &str, status: &UserStatus) -> Result<(), TestCaseError> {
    let Some(access) = evaluation.access() else {
        return Ok(());
    };
    let rights = of_status(status).rights;
    let mut closed = closure(rights.clone());
    closed.retain(|(object, _)| {
        let found = evaluation.catalogue.find(object);
        found.is_some_and(|(ix, _)| access.settings.has(ix))
    });
    prop_assert_eq!(closed, rights, "{}", name);
    let held: BTreeSet<&String> = status.roles.iter().map(|role| &role.name).collect();
    let giving = status.permissions.iter().map(|permission| &permission.roles);
    let giving = giving.chain(status.data.iter().map(|data| &data.roles));
    for roles in giving {
        prop_assert!(
            roles.iter().all(|role| held.contains(role)),
            "{name}: {roles:?} among {held:?}"
        );
    }
    for permission in &status.permissions {
        prop_assert!(
            !permission.actions.is_empty() && !permission.roles.is_empty(),
            "{name}: {permission:?}"
        );
    }
    Ok(())
}

/// Every list is sorted and holds nothing twice: strings as they are, objects by what names them. `path` goes from the root
/// down, `conditions` by rank.
fn lists_are_sorted(about: &str, value: &Value) -> Result<(), TestCaseError> {
    match value {
        Value::Object(map) => {
            for (key, value) in map
                .iter()
                .filter(|(key, _)| !["path", "conditions"].contains(&key.as_str()))
            {
                lists_are_sorted(&format!("{about}.{key}"), value)?;
            }
        }
        Value::Array(list) => {
            prop_assert!(!list.is_empty(), "{about} is empty and not absent");
            let names: Vec<String> = list.iter().map(name_of).collect();
            prop_assert!(names.is_sorted_by(|one, other| one < other), "{about}: {names:?}");
            for value in list {
                lists_are_sorted(about, value)?;
            }
        }
        Value::Null => prop_assert!(false, "{about} is null and not absent"),
        _ => {}
    }
    Ok(())
}

fn name_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            let keys = ["object", "field", "name"].map(|key| map.get(key).and_then(Value::as_str).unwrap_or_default());
            keys.join("\0")
        }
        other => other.to_string(),
    }
}

/// The count of each phase is what the statuses come to, and nobody's transition is before the tenant's.
fn tenant_adds_up(evaluation: &Evaluation) -> Result<(), TestCaseError> {
    let Some(access) = evaluation.access() else {
        return Ok(());
    };
    let mut phases: BTreeMap<UserPhase, i32> = BTreeMap::new();
    for reported in evaluation.statuses() {
        match reported.status {
            Status::User(status) => {
                *phases.entry(status.phase.expect("a user has a phase")).or_default() += 1;
                let next = (status.next_transition, access.next_transition);
                prop_assert!(
                    next.0.is_none() || next.1 <= next.0 && next.1.is_some(),
                    "{}: {next:?}",
                    reported.name
                );
            }
            Status::Tenant(status) => {
                prop_assert_eq!(status.users, Some(access.counts));
                prop_assert_eq!(status.next_transition, access.next_transition);
            }
            _ => {}
        }
    }
    let counts = access.counts;
    let counted = [
        (UserPhase::Invalid, counts.invalid),
        (UserPhase::Disabled, counts.disabled),
        (UserPhase::Expired, counts.expired),
        (UserPhase::Pending, counts.pending),
        (UserPhase::Active, counts.active),
    ];
    for (phase, count) in counted {
        prop_assert_eq!(phases.get(&phase).copied().unwrap_or_default(), count, "{:?}", phase);
    }
    Ok(())
}

fn consistent(world: &World) -> Result<(), TestCaseError> {
    for evaluation in world.evaluate() {
        let findings = by_object(&evaluation);
        let mut keys = Vec::new();
        for reported in evaluation.statuses() {
            let key = (reported.kind, reported.name.to_owned());
            let found = findings.get(&key).map_or(&[] as &[Finding], Vec::as_slice);
            conditions_agree(&reported, found, &ready(&evaluation, &reported.status))?;
            let json = serde_json::to_value(&reported.status).expect("a status is JSON");
            lists_are_sorted(&format!("{} {}", reported.kind, reported.name), &json)?;
            if let Status::User(status) = &reported.status {
                only_active_users_have_anything(reported.name, status)?;
                permissions_are_closed(&evaluation, reported.name, status)?;
            }
            keys.push(key);
        }
        prop_assert!(
            keys.is_sorted_by(|one, other| one < other),
            "statuses are sorted by kind and name: {keys:?}"
        );
        tenant_adds_up(&evaluation)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn statuses_do_not_contradict_themselves(world in worlds()) {
        consistent(&world.without_duplicates())?;
    }
}
