//! The form of a difference. Its order is that of the printed words.

use serde::Serialize;

use super::CauseForm;
use crate::api::{Moment, Rows, SharedAccess};
use crate::policy::{AccessDifference, AttributedChange, Entitlement, FieldUse, Grant, PersonChange, RowSet};
use crate::words::english;

/// The version of the form.
const VERSION: &str = "tenantry.dev/difference/v1";

/// Everything that changes between two states.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct DifferenceForm<'a> {
    version: &'static str,
    at: Moment,
    pub(in crate::cli) total: TotalForm,
    pub(in crate::cli) people: Vec<PersonForm<'a>>,
}

/// How much changes.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::cli) struct TotalForm {
    pub(in crate::cli) people: usize,
    pub(in crate::cli) losses: usize,
    pub(in crate::cli) gains: usize,
}

/// What changes for one person.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct PersonForm<'a> {
    pub(in crate::cli) namespace: &'a str,
    pub(in crate::cli) user: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) losses: Vec<ChangeForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) gains: Vec<ChangeForm<'a>>,
}

/// Some grants that come or go because of the same fields.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(in crate::cli) struct ChangeForm<'a> {
    pub(in crate::cli) grants: Vec<GrantForm<'a>>,
    pub(in crate::cli) because: Vec<CauseForm<'a>>,
}

/// One thing that a person has.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(in crate::cli) enum GrantForm<'a> {
    Access {
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
    Role {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
    Later {
        what: String,
        from: Moment,
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
    Permission {
        object: &'a str,
        action: &'a str,
    },
    Organization {
        name: &'a str,
    },
    Group {
        name: &'a str,
    },
    Rows {
        object: &'a str,
        rows: Rows,
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        conditions: &'a [String],
    },
    Column {
        object: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        column: Option<&'a str>,
    },
    Field {
        object: &'a str,
        field: &'a str,
        may: FieldUse,
    },
    EveryRecord,
    Public {
        object: &'a str,
        may: &'static str,
    },
    RecordsOf {
        organization: &'a str,
        through: &'a str,
    },
    Sharing {
        rule: &'a str,
        object: &'a str,
        records: String,
        access: SharedAccess,
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
}

impl<'a> DifferenceForm<'a> {
    pub(in crate::cli) fn new(difference: &'a AccessDifference, at: Moment) -> Self {
        let (losses, gains) = difference.totals();
        let total = TotalForm {
            people: difference.people.len(),
            losses,
            gains,
        };
        Self {
            version: VERSION,
            at,
            total,
            people: difference.people.iter().map(PersonForm::new).collect(),
        }
    }
}

impl<'a> PersonForm<'a> {
    fn new(person: &'a PersonChange) -> Self {
        Self {
            namespace: &person.namespace,
            user: &person.user,
            losses: ChangeForm::all(&person.losses),
            gains: ChangeForm::all(&person.gains),
        }
    }
}

impl<'a> ChangeForm<'a> {
    fn all(changes: &'a [AttributedChange]) -> Vec<Self> {
        let mut changes: Vec<Self> = changes.iter().map(Self::new).collect();
        changes.sort();
        changes
    }

    fn new(change: &'a AttributedChange) -> Self {
        let mut grants: Vec<GrantForm<'_>> = change.grants.iter().map(GrantForm::new).collect();
        grants.sort();
        Self {
            grants,
            because: CauseForm::all(&change.because),
        }
    }
}

impl<'a> GrantForm<'a> {
    fn new(grant: &'a Grant) -> Self {
        let until = grant.until;
        if let Some(from) = grant.from {
            let what = english::entitlement(&grant.what);
            return Self::Later { what, from, until };
        }
        match &grant.what {
            Entitlement::Access => Self::Access { until },
            Entitlement::Role { name } => Self::Role { name, until },
            Entitlement::Permission { object, action } => Self::Permission { object, action },
            Entitlement::Organization { name } => Self::Organization { name },
            Entitlement::Group { name } => Self::Group { name },
            Entitlement::Rows { object, rows } => Self::rows(object, rows),
            Entitlement::Column { object, column } => Self::Column {
                object,
                column: column.as_deref(),
            },
            Entitlement::Field { object, field, may } => Self::Field {
                object,
                field,
                may: *may,
            },
            Entitlement::EveryRecord => Self::EveryRecord,
            Entitlement::Public { object, access } => Self::Public {
                object,
                may: english::access_to_public(*access),
            },
            Entitlement::RecordsOf { organization, through } => Self::RecordsOf { organization, through },
            Entitlement::Sharing {
                rule,
                object,
                records,
                access,
            } => Self::Sharing {
                rule,
                object,
                records: records.as_ref().map(english::records).unwrap_or_default(),
                access: *access,
                until,
            },
        }
    }

    fn rows(object: &'a str, rows: &'a RowSet) -> Self {
        let (rows, conditions) = match rows {
            RowSet::All => (Rows::All, &[][..]),
            RowSet::Where(conditions) => (Rows::Some, conditions.as_slice()),
        };
        Self::Rows {
            object,
            rows,
            conditions,
        }
    }
}
