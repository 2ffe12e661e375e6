//! Differences: who loses what and who gains what between two evaluations, and because of what.
//!
//! A person's access is taken apart into [`Grant`]s. What one side has beyond the other is a loss or a gain, as
//! [`compare`](super::compare()) defines them; the side that has it also knows where it comes from, and comparing that with the
//! other side tells because of which object and field. Names of files, order and form play no part.

mod causes;
mod side;
mod tenant_delta;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::causes::Causes;
use self::side::Side;
use self::tenant_delta::TenantDelta;
use super::cause::Cause;
use super::compare::{Comparison, Fields, restricted};
use super::evaluate::Evaluation;
use super::grant::{Entitlement, Grant};

/// Everything that changes between two sides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccessDifference {
    /// The people whose access changes, sorted by tenant and name.
    pub people: Vec<PersonChange>,
}

/// What changes for one person.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonChange {
    /// Her tenant.
    pub namespace: String,
    /// Her name.
    pub user: String,
    /// What she had and has no more.
    pub losses: Vec<AttributedChange>,
    /// What she did not have.
    pub gains: Vec<AttributedChange>,
}

/// Some grants that come or go because of the same fields.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributedChange {
    /// What comes or goes.
    pub grants: Vec<Grant>,
    /// Because of what.
    pub because: Vec<Cause>,
}

impl AccessDifference {
    /// How many losses and gains there are in all.
    #[must_use]
    pub fn totals(&self) -> (usize, usize) {
        let count = |changes: &[AttributedChange]| changes.iter().map(|change| change.grants.len()).sum::<usize>();
        self.people.iter().fold((0, 0), |(losses, gains), person| {
            (losses + count(&person.losses), gains + count(&person.gains))
        })
    }
}

/// What changes from `before` to `after`, each the evaluations of some tenants at the same moment.
#[must_use]
pub fn difference(before: &[&Evaluation], after: &[&Evaluation]) -> AccessDifference {
    let namespaces: BTreeSet<&str> = before.iter().chain(after).map(|one| one.namespace.as_str()).collect();
    let mut people = Vec::new();
    for namespace in namespaces {
        let old = before.iter().copied().find(|one| one.namespace == namespace);
        let new = after.iter().copied().find(|one| one.namespace == namespace);
        tenant(namespace, old, new, &mut people);
    }
    AccessDifference { people }
}

fn tenant(namespace: &str, old: Option<&Evaluation>, new: Option<&Evaluation>, people: &mut Vec<PersonChange>) {
    let names = |side: Option<&Evaluation>| -> BTreeSet<String> {
        let access = side.and_then(Evaluation::access);
        access
            .into_iter()
            .flat_map(|access| access.users.iter())
            .map(|user| user.object.name.clone())
            .collect()
    };
    let (before, after) = TenantDelta::of_both(old, new);
    for user in names(old).union(&names(new)) {
        let (old, new) = (Side::of(old, user, &before), Side::of(new, user, &after));
        let Comparison { losses, gains } = changed(&old, &new);
        if !losses.is_empty() || !gains.is_empty() {
            people.push(PersonChange {
                namespace: namespace.to_owned(),
                user: user.clone(),
                losses: changes(&old, &new, &losses),
                gains: changes(&new, &old, &gains),
            });
        }
    }
}

/// What is lost and gained, now or by time alone at a moment ahead.
fn changed(old: &Side<'_>, new: &Side<'_>) -> Comparison {
    let steady = old.steady(new);
    let (had, has) = if old.same(new, steady) {
        Default::default()
    } else {
        taken_apart(old, new, Side::grants)
    };
    let mut changed = Comparison::of(&had, &has);
    if !steady {
        let only = |one: &BTreeSet<Grant>, other: &BTreeSet<Grant>| one.difference(other).cloned().collect();
        let ahead = changed_ahead(old, new, (only(&had, &has), only(&has, &had)));
        changed.losses.extend(ahead.losses);
        changed.gains.extend(ahead.gains);
    }
    for grants in [&mut changed.losses, &mut changed.gains] {
        leave_to_organizations(grants);
    }
    changed
}

/// Some things of both. Of the fields those count that are restricted on either side.
fn taken_apart<'a>(
    old: &Side<'a>,
    new: &Side<'a>,
    things: impl Fn(&Side<'a>, &Fields) -> BTreeSet<Grant>,
) -> (BTreeSet<Grant>, BTreeSet<Grant>) {
    let fields: Fields = restricted(&old.status).chain(restricted(&new.status)).collect();
    (things(old, &fields), things(new, &fields))
}

/// What is other at the moments ahead, and has not been told of an earlier one.
///
/// Access, roles and organizations are told of the side where they begin. What roles bring is compared for those that both
/// sides have at the moment: of the others the roles themselves are told.
fn changed_ahead(
    old: &Side<'_>,
    new: &Side<'_>,
    (mut lost, mut gained): (BTreeSet<Grant>, BTreeSet<Grant>),
) -> Comparison {
    let mut ahead = Comparison::default();
    let (mut had, mut has) = (old.standing(), new.standing());
    let mut moments = [old.ahead(), new.ahead()].concat();
    moments.sort_unstable();
    moments.dedup();
    for at in moments {
        let (old, new) = (old.at(at), new.at(at));
        let (then_had, then_has) = (old.standing(), new.standing());
        let mut ends = begins(&had, &then_had, &then_has, (&lost, &gained));
        let mut begins = begins(&has, &then_has, &then_had, (&gained, &lost));
        if old.active() && new.active() && !old.same(&new, false) {
            let (common_old, common_new) = (old.with_roles_of(&new), new.with_roles_of(&old));
            let (brought_old, brought_new) = taken_apart(&common_old, &common_new, Side::brought);
            let brought = Comparison::of(&brought_old, &brought_new);
            ends.extend(brought.losses.difference(&lost).cloned());
            begins.extend(brought.gains.difference(&gained).cloned());
        }
        ahead.losses.extend(ends.iter().map(|grant| grant.clone().from(at)));
        ahead.gains.extend(begins.iter().map(|grant| grant.clone().from(at)));
        lost.extend(ends);
        gained.extend(begins);
        (had, has) = (then_had, then_has);
    }
    ahead
}

/// What begins on one side at a moment ahead, as far as the other does not give it; all of it where that has been told to go
/// there and comes again.
fn begins(
    before: &BTreeSet<Grant>,
    here: &BTreeSet<Grant>,
    there: &BTreeSet<Grant>,
    (told, gone): (&BTreeSet<Grant>, &BTreeSet<Grant>),
) -> Vec<Grant> {
    let new = here.difference(before).filter(|grant| !told.contains(*grant));
    let rest = |grant: &Grant| match gone.contains(grant) {
        true => Some(grant.clone()),
        false => grant.clone().beyond_all(there),
    };
    new.filter_map(rest).collect()
}

/// Leaves out the records that come and go with an organization that she may enter.
fn leave_to_organizations(grants: &mut BTreeSet<Grant>) {
    let now = |grant: &Grant| grant.from.is_none();
    let entered = grants.iter().filter_map(|grant| match &grant.what {
        Entitlement::Organization { name } if now(grant) => Some(name.clone()),
        _ => None,
    });
    let entered: BTreeSet<String> = entered.collect();
    let comes_along = |grant: &Grant| match &grant.what {
        Entitlement::RecordsOf { through, .. } => now(grant) && entered.contains(through),
        _ => false,
    };
    grants.retain(|grant| !comes_along(grant));
}

/// What she has here and not there, by what it is because of.
fn changes(here: &Side<'_>, there: &Side<'_>, grants: &BTreeSet<Grant>) -> Vec<AttributedChange> {
    if grants.is_empty() {
        return Vec::new();
    }
    let mut by_cause: BTreeMap<Vec<Cause>, Vec<Grant>> = BTreeMap::new();
    let causes = Causes::new(here, there);
    for grant in grants {
        let mut because = causes.of(grant);
        because.sort();
        because.dedup();
        by_cause.entry(because).or_default().push(grant.clone());
    }
    let mut changes: Vec<AttributedChange> = by_cause
        .into_iter()
        .map(|(because, grants)| AttributedChange { grants, because })
        .collect();
    changes.sort_by(|one, other| one.grants.cmp(&other.grants));
    changes
}
