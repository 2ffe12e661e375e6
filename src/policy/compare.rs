//! What is lost and gained between two states of a person's access. This is the one definition: the order of writes, reviews
//! and journals ask it.
//!
//! A state is a set of grants. What one has beyond the other is a loss or a gain: all columns in place of some are a gain
//! alone, and so is a later end, which gives the time between the two. Of the fields those are looked at that are restricted in
//! either state: a restriction takes uses of a field away.

use std::collections::BTreeSet;

use super::grant::{Entitlement, FieldUse, Grant, RowSet};
use crate::api::{Display, HeldData, HeldField, Rows, UserPhase, UserStatus};

/// Object types, each with a field.
pub(super) type Fields = BTreeSet<(String, String)>;

/// What is lost and gained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What only the earlier state has.
    pub losses: BTreeSet<Grant>,
    /// What only the later state has.
    pub gains: BTreeSet<Grant>,
}

impl Comparison {
    /// Of two states, taken apart.
    pub(super) fn of(before: &BTreeSet<Grant>, after: &BTreeSet<Grant>) -> Self {
        Self {
            losses: beyond(before, after),
            gains: beyond(after, before),
        }
    }
}

/// What is lost and gained when one status of a user follows another, as far as statuses say it.
#[must_use]
pub fn compare(before: &UserStatus, after: &UserStatus) -> Comparison {
    let fields: Fields = restricted(before).chain(restricted(after)).collect();
    Comparison::of(&grants_of(before, &fields), &grants_of(after, &fields))
}

/// Whether anything is lost when one status of a user follows another.
#[must_use]
pub fn loses(before: &UserStatus, after: &UserStatus) -> bool {
    let fields: Fields = restricted(before).chain(restricted(after)).collect();
    !beyond(&grants_of(before, &fields), &grants_of(after, &fields)).is_empty()
}

/// What one state has and the other has not.
fn beyond(one: &BTreeSet<Grant>, other: &BTreeSet<Grant>) -> BTreeSet<Grant> {
    let rest = |grant: &Grant| match grant.what.is_all_or_nothing() {
        true => Some(grant.clone()),
        false => grant.clone().beyond_all(other),
    };
    one.difference(other).filter_map(rest).collect()
}

/// Everything that a status says; only an Active user has anything.
fn grants_of(status: &UserStatus, fields: &Fields) -> BTreeSet<Grant> {
    if status.phase != Some(UserPhase::Active) {
        return BTreeSet::new();
    }
    let mut grants = BTreeSet::from([Grant::now(Entitlement::Access)]);
    grants.extend(status.roles.iter().map(|role| {
        let name = role.name.clone();
        Grant::now(Entitlement::Role { name }).until(role.valid_until)
    }));
    grants.extend(organizations(status));
    grants.extend(permissions(status));
    grants.extend(groups(status));
    // Which rows, a status does not say.
    let seen = |data: &HeldData| rows_and_columns(data, RowSet::Where(Vec::new()));
    grants.extend(status.data.iter().flat_map(seen));
    grants.extend(field_uses(status, fields));
    grants
}

pub(super) fn organizations(status: &UserStatus) -> impl Iterator<Item = Grant> + '_ {
    let names = status.organizations.iter().cloned();
    names.map(|name| Grant::now(Entitlement::Organization { name }))
}

pub(super) fn groups(status: &UserStatus) -> impl Iterator<Item = Grant> + '_ {
    let names = status.groups.iter().cloned();
    names.map(|name| Grant::now(Entitlement::Group { name }))
}

pub(super) fn permissions(status: &UserStatus) -> impl Iterator<Item = Grant> + '_ {
    status.permissions.iter().flat_map(|held| {
        let permission = |action: &String| Entitlement::Permission {
            object: held.object.clone(),
            action: action.clone(),
        };
        held.actions.iter().map(permission).map(Grant::now)
    })
}

/// The rows and columns of an object type; `some` are the rows where it is not all.
pub(super) fn rows_and_columns(data: &HeldData, some: RowSet) -> Vec<Grant> {
    let rows = match data.rows {
        Rows::None => return Vec::new(),
        Rows::Some => some,
        Rows::All => RowSet::All,
    };
    let object = || data.object.clone();
    let column = |column| {
        Grant::now(Entitlement::Column {
            object: object(),
            column,
        })
    };
    let mut grants = vec![Grant::now(Entitlement::Rows { object: object(), rows })];
    match &data.columns {
        None => grants.push(column(None)),
        Some(columns) => grants.extend(columns.iter().cloned().map(Some).map(column)),
    }
    grants
}

/// The fields that are not wholly free.
pub(super) fn restricted(status: &UserStatus) -> impl Iterator<Item = (String, String)> + '_ {
    let fields = status.fields.iter();
    fields.map(|field| (field.object.clone(), field.field.clone()))
}

/// What may be done with these fields.
pub(super) fn field_uses<'a>(status: &'a UserStatus, fields: &'a Fields) -> impl Iterator<Item = Grant> + 'a {
    fields.iter().flat_map(|(object, field)| {
        let mut held = status.fields.iter();
        let known = held.find(|held| held.object == *object && held.field == *field);
        let uses = FieldUse::ALL.into_iter().filter(move |may| allows(known, *may));
        uses.map(move |may| {
            Grant::now(Entitlement::Field {
                object: object.clone(),
                field: field.clone(),
                may,
            })
        })
    })
}

fn allows(field: Option<&HeldField>, may: FieldUse) -> bool {
    field.is_none_or(|field| match may {
        FieldUse::SeeMasked => field.display <= Display::Masked,
        FieldUse::See => field.display == Display::Clear,
        FieldUse::Group => field.group,
        FieldUse::Filter => field.filter,
    })
}

#[cfg(test)]
mod tests;
