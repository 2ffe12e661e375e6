//! Differences: who loses what and who gains what between two evaluations, and because of what.
//!
//! A person's access is taken apart into [`Grant`]s, one for each thing that a status says of her. What stands on one side
//! only is a loss or a gain; the side that has it also knows where it comes from, and comparing that with the other side
//! tells because of which object and field. Names of files, order and form play no part.

mod causes;
mod ground;
mod side;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::causes::Causes;
use self::ground::Ground;
use self::side::Side;
use super::cause::Cause;
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
            .map(|(_, user)| user.object.name.clone())
            .collect()
    };
    let (before, after) = Ground::of_both(old, new);
    for user in names(old).union(&names(new)) {
        let (old, new) = (Side::of(old, user, &before), Side::of(new, user, &after));
        let (losses, gains) = grants(&old, &new);
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

/// What she loses and gains, now or by time alone at a moment ahead.
fn grants(old: &Side<'_>, new: &Side<'_>) -> (BTreeSet<Grant>, BTreeSet<Grant>) {
    let steady = old.steady(new);
    let (mut losses, mut gains) = if old.same(new, steady) {
        Default::default()
    } else {
        difference_of(old, new, Side::grants)
    };
    if !steady {
        let (ends, begins) = grants_ahead(old, new, (losses.clone(), gains.clone()));
        losses.extend(ends);
        gains.extend(begins);
    }
    for grants in [&mut losses, &mut gains] {
        leave_to_organizations(grants);
    }
    (losses, gains)
}

/// What only the one and only the other has of some things. Of the fields those count that are restricted on either side.
fn difference_of<'a>(
    old: &Side<'a>,
    new: &Side<'a>,
    things: impl Fn(&Side<'a>, &BTreeSet<(String, String)>) -> BTreeSet<Grant>,
) -> (BTreeSet<Grant>, BTreeSet<Grant>) {
    let fields: BTreeSet<(String, String)> = old.fields().chain(new.fields()).collect();
    let (had, has) = (things(old, &fields), things(new, &fields));
    (
        had.difference(&has).cloned().collect(),
        has.difference(&had).cloned().collect(),
    )
}

/// What is other at the moments ahead, and has not been told of an earlier one.
///
/// Access, roles and organizations are told of the side where they begin. What roles bring is compared for those that both
/// sides have at the moment: of the others the roles themselves are told.
fn grants_ahead(
    old: &Side<'_>,
    new: &Side<'_>,
    (mut lost, mut gained): (BTreeSet<Grant>, BTreeSet<Grant>),
) -> (Vec<Grant>, Vec<Grant>) {
    let (mut losses, mut gains) = (Vec::new(), Vec::new());
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
            let (less, more) = difference_of(&common_old, &common_new, Side::brought);
            ends.extend(less.difference(&lost).cloned());
            begins.extend(more.difference(&gained).cloned());
        }
        losses.extend(ends.iter().map(|grant| grant.clone().from(at)));
        gains.extend(begins.iter().map(|grant| grant.clone().from(at)));
        lost.extend(ends);
        gained.extend(begins);
        (had, has) = (then_had, then_has);
    }
    (losses, gains)
}

/// What begins on one side at a moment ahead, and either is not on the other, or has been told to go there and comes again.
fn begins(
    before: &BTreeSet<Grant>,
    here: &BTreeSet<Grant>,
    there: &BTreeSet<Grant>,
    (told, gone): (&BTreeSet<Grant>, &BTreeSet<Grant>),
) -> Vec<Grant> {
    let new = here.difference(before).filter(|grant| !told.contains(*grant));
    new.filter(|grant| !there.contains(*grant) || gone.contains(*grant))
        .cloned()
        .collect()
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
