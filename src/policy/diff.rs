//! Differences: who loses what and who gains what between two evaluations, and because of what.
//!
//! A person's access is taken apart into [`Grant`]s, one for each thing that a status says of her. What stands on one side
//! only is a loss or a gain; the side that has it also knows where it comes from, and comparing that with the other side
//! tells because of which object and field. Names of files, order and form play no part.

mod causes;
mod side;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::causes::Causes;
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
    /// She will have a role or an organization, from then on.
    Later {
        /// `role NAME` or `organization NAME`.
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
    for user in names(old).union(&names(new)) {
        let (old, new) = (Side::of(old, user), Side::of(new, user));
        if old.same(&new) {
            continue;
        }
        let fields: BTreeSet<(String, String)> = old.fields().chain(new.fields()).collect();
        let (had, has) = (old.grants(&fields), new.grants(&fields));
        let losses = changes(&old, &new, had.difference(&has));
        let gains = changes(&new, &old, has.difference(&had));
        if !losses.is_empty() || !gains.is_empty() {
            people.push(PersonChange {
                namespace: namespace.to_owned(),
                user: user.clone(),
                losses,
                gains,
            });
        }
    }
}

/// What she has here and not there, by what it is because of.
fn changes<'g>(here: &Side<'_>, there: &Side<'_>, grants: impl Iterator<Item = &'g Grant>) -> Vec<Change> {
    let mut by_cause: BTreeMap<Vec<Source>, Vec<Grant>> = BTreeMap::new();
    let mut grants = grants.peekable();
    if grants.peek().is_none() {
        return Vec::new();
    }
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
