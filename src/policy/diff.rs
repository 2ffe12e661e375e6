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

use serde::Serialize;

use self::causes::Causes;
use self::ground::Ground;
use self::side::Side;
use super::evaluate::Evaluation;
use super::explain::Source;
use crate::api::{Moment, Rows};

/// One thing that a person has. The order is that of output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Grant {
    /// She has access at all, until then.
    Access {
        /// When it ends by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
    /// She has a role, until then.
    Role {
        /// The role.
        name: String,
        /// When it ends by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
    /// She will have something by time alone, from then on.
    Later {
        /// `access`, `role NAME`, `organization NAME`, or what comes with a role that she has then on both sides, in words.
        what: String,
        /// When it begins.
        from: Moment,
        /// When it ends by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
    /// She may do something.
    Permission {
        /// The object type.
        object: String,
        /// The action.
        action: String,
    },
    /// She may enter an organization.
    Organization {
        /// The organization.
        name: String,
    },
    /// Groups that list her are shared with.
    Group {
        /// The group.
        name: String,
    },
    /// She sees rows.
    Rows {
        /// The object type.
        object: String,
        /// All or Some.
        rows: Rows,
        /// Which, with Some.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        conditions: Vec<String>,
    },
    /// She sees columns.
    Column {
        /// The object type.
        object: String,
        /// The column; all of them when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        column: Option<String>,
    },
    /// She sees the values of a field that not everyone sees, or not so clearly.
    Field {
        /// The object type.
        object: String,
        /// The field.
        field: String,
        /// What she may do with it.
        may: FieldUse,
    },
    /// She reaches every record, whoever's: the tenant does not limit them.
    EveryRecord,
    /// She reaches all records of an object type: they are public.
    Public {
        /// The object type.
        object: String,
        /// `read`, or `read and edit`.
        may: &'static str,
    },
    /// She reaches the records of an organization, since it lies below one that she may enter.
    RecordsOf {
        /// The organization.
        organization: String,
        /// The one that she may enter.
        through: String,
    },
    /// A sharing rule reaches her: through herself, a group, an organization or everyone.
    Sharing {
        /// The rule.
        rule: String,
        /// The object type.
        object: String,
        /// Which records, in words.
        records: String,
        /// What she may do with them.
        access: &'static str,
        /// When it ends by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
}

/// What may be done with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FieldUse {
    /// See its values masked.
    SeeMasked,
    /// See its values as they are.
    See,
    /// Group by it.
    Group,
    /// Filter by it.
    Filter,
}

impl FieldUse {
    const ALL: [Self; 4] = [Self::SeeMasked, Self::See, Self::Group, Self::Filter];
}

/// Everything that changes between two sides.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// The people whose access changes, sorted by tenant and name.
    pub people: Vec<PersonChange>,
}

/// What changes for one person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonChange {
    /// Her tenant.
    pub namespace: String,
    /// Her name.
    pub user: String,
    /// What she had and has no more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Change>,
    /// What she did not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gains: Vec<Change>,
}

/// Some grants that come or go because of the same fields.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// What comes or goes.
    pub grants: Vec<Grant>,
    /// Because of what.
    pub because: Vec<Source>,
}

impl Difference {
    /// How many losses and gains there are in all.
    #[must_use]
    pub fn totals(&self) -> (usize, usize) {
        let count = |changes: &[Change]| changes.iter().map(|change| change.grants.len()).sum::<usize>();
        self.people.iter().fold((0, 0), |(losses, gains), person| {
            (losses + count(&person.losses), gains + count(&person.gains))
        })
    }
}

/// What changes from `before` to `after`, each the evaluations of some tenants at the same moment.
#[must_use]
pub fn difference(before: &[&Evaluation], after: &[&Evaluation]) -> Difference {
    let namespaces: BTreeSet<&str> = before.iter().chain(after).map(|one| one.namespace.as_str()).collect();
    let mut people = Vec::new();
    for namespace in namespaces {
        let old = before.iter().copied().find(|one| one.namespace == namespace);
        let new = after.iter().copied().find(|one| one.namespace == namespace);
        tenant(namespace, old, new, &mut people);
    }
    Difference { people }
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
    let ground = Ground::between(old, new);
    for user in names(old).union(&names(new)) {
        let (old, new) = (Side::of(old, user, &ground), Side::of(new, user, &ground));
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
    let (mut had, mut has) = pair(old, new);
    let mut lost: BTreeSet<Grant> = had.difference(&has).cloned().collect();
    let mut gained: BTreeSet<Grant> = has.difference(&had).cloned().collect();
    let (mut losses, mut gains) = (lost.clone(), gained.clone());
    let mut moments = [old.ahead(), new.ahead()].concat();
    moments.sort_unstable();
    moments.dedup();
    for at in moments {
        let (then_had, then_has) = pair(&old.at(at), &new.at(at));
        let ends = begins(&had, &then_had, &then_has, (&lost, &gained));
        let begins = begins(&has, &then_has, &then_had, (&gained, &lost));
        losses.extend(ends.iter().map(|grant| later(grant, at)));
        gains.extend(begins.iter().map(|grant| later(grant, at)));
        lost.extend(ends);
        gained.extend(begins);
        (had, has) = (then_had, then_has);
    }
    for grants in [&mut losses, &mut gains] {
        leave_to_organizations(grants);
    }
    (losses, gains)
}

/// Everything that she has on each side, where it is not the same at a glance. Of the fields those are told that are
/// restricted on either.
fn pair(old: &Side<'_>, new: &Side<'_>) -> (BTreeSet<Grant>, BTreeSet<Grant>) {
    if old.same(new) {
        return Default::default();
    }
    let fields: BTreeSet<(String, String)> = old.fields().chain(new.fields()).collect();
    (old.grants(&fields), new.grants(&fields))
}

/// What begins on one side at a moment ahead, and either is not on the other, or has been told to go there and comes again.
/// What roles bring is told where both sides have the same roles; else the roles say it.
fn begins(
    before: &BTreeSet<Grant>,
    here: &BTreeSet<Grant>,
    there: &BTreeSet<Grant>,
    (told, gone): (&BTreeSet<Grant>, &BTreeSet<Grant>),
) -> Vec<Grant> {
    let stands = |grant: &Grant| {
        matches!(
            grant,
            Grant::Access { .. } | Grant::Role { .. } | Grant::Organization { .. }
        )
    };
    let roles = |grants: &BTreeSet<Grant>| -> Vec<String> {
        let names = grants.iter().filter_map(|grant| match grant {
            Grant::Role { name, .. } => Some(name.clone()),
            _ => None,
        });
        names.collect()
    };
    let alike = !here.is_empty() && !there.is_empty() && roles(here) == roles(there);
    let new = here.difference(before).filter(|grant| !told.contains(*grant));
    let new = new.filter(|grant| match there.contains(*grant) {
        true => stands(grant) && gone.contains(*grant),
        false => stands(grant) || alike,
    });
    new.cloned().collect()
}

/// Leaves out the records that come and go with an organization that she may enter.
fn leave_to_organizations(grants: &mut BTreeSet<Grant>) {
    let entered = grants.iter().filter_map(|grant| match grant {
        Grant::Organization { name } => Some(name.clone()),
        _ => None,
    });
    let entered: BTreeSet<String> = entered.collect();
    grants.retain(|grant| !matches!(grant, Grant::RecordsOf { through, .. } if entered.contains(through)));
}

/// A grant that begins at a moment ahead.
fn later(grant: &Grant, from: Moment) -> Grant {
    let (what, until) = match grant {
        Grant::Access { until } => ("access".to_owned(), *until),
        Grant::Role { name, until } => (format!("role {name}"), *until),
        Grant::Organization { name } => (format!("organization {name}"), None),
        Grant::Later { what, until, .. } => (what.clone(), *until),
        Grant::Permission { object, action } => (format!("{object}:{action}"), None),
        Grant::Group { name } => (format!("group {name}"), None),
        Grant::Rows { object, .. } => (format!("rows of {object}"), None),
        Grant::Column { object, column } => match column {
            Some(column) => (format!("column {object}.{column}"), None),
            None => (format!("all columns of {object}"), None),
        },
        Grant::Field { object, field, .. } => (format!("field {object}.{field}"), None),
        Grant::EveryRecord => ("every record".to_owned(), None),
        Grant::Public { object, may } => (format!("all of {object}, to {may}"), None),
        Grant::RecordsOf { organization, .. } => (format!("records of {organization}"), None),
        Grant::Sharing { rule, until, .. } => (format!("sharing {rule}"), *until),
    };
    Grant::Later { what, from, until }
}

/// What she has here and not there, by what it is because of.
fn changes(here: &Side<'_>, there: &Side<'_>, grants: &BTreeSet<Grant>) -> Vec<Change> {
    if grants.is_empty() {
        return Vec::new();
    }
    let mut by_cause: BTreeMap<Vec<Source>, Vec<Grant>> = BTreeMap::new();
    let causes = Causes::new(here, there);
    for grant in grants {
        let mut because = causes.of(grant);
        because.sort();
        because.dedup();
        by_cause.entry(because).or_default().push(grant.clone());
    }
    let mut changes: Vec<Change> = by_cause
        .into_iter()
        .map(|(because, grants)| Change { grants, because })
        .collect();
    changes.sort_by(|one, other| one.grants.cmp(&other.grants));
    changes
}
