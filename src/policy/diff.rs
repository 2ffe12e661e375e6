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
            .map(|user| user.object.name.clone())
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
        losses.extend(ends.iter().map(|grant| later(grant, at)));
        gains.extend(begins.iter().map(|grant| later(grant, at)));
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
        Grant::Rows { object, conditions, .. } if conditions.is_empty() => (format!("all rows of {object}"), None),
        Grant::Rows { object, conditions, .. } => (format!("rows of {object} where {}", conditions.join(" or ")), None),
        Grant::Column { object, column } => match column {
            Some(column) => (format!("column {object}.{column}"), None),
            None => (format!("all columns of {object}"), None),
        },
        Grant::Field { object, field, may } => {
            let may = match may {
                FieldUse::SeeMasked => "masked",
                FieldUse::See => "in the clear",
                FieldUse::Group => "to group by",
                FieldUse::Filter => "to filter by",
            };
            (format!("field {object}.{field} {may}"), None)
        }
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
