//! Grants: what a person has, taken apart into things of which each comes or goes by itself, and how they cover each other.
//!
//! [`compare`](super::compare()) says by that what is lost and gained between two states.

use serde::Serialize;

use crate::api::{Moment, SharedAccess};

/// Something that a person has for a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// What it is.
    pub what: Entitlement,
    /// The moment ahead at which it begins; the person has it now when absent.
    pub from: Option<Moment>,
    /// When it ends by itself.
    pub until: Option<Moment>,
}

impl Grant {
    /// Something that a person has now, and for good.
    #[must_use]
    pub fn now(what: Entitlement) -> Self {
        Self {
            what,
            from: None,
            until: None,
        }
    }

    /// The same until then.
    #[must_use]
    pub fn until(self, until: Option<Moment>) -> Self {
        Self { until, ..self }
    }

    /// The same from then on, if it begins no later.
    #[must_use]
    pub fn from(self, from: Moment) -> Self {
        Self {
            from: self.from.max(Some(from)),
            ..self
        }
    }

    /// What of it the other does not give, in width or in time; nothing when the other covers it.
    #[must_use]
    pub fn beyond(self, other: &Self) -> Option<Self> {
        let Self { what, from, until } = self;
        let wide = what.clone().beyond(&other.what);
        match (wide, other.until) {
            (Some(what), _) => Some(Self { what, from, until }),
            (None, _) if other.from > from => Some(Self { what, from, until }),
            (None, None) => None,
            (None, Some(end)) if until.is_some_and(|until| until <= end) => None,
            (None, Some(end)) => Some(Self { what, from, until }.from(end)),
        }
    }

    /// What of it none of the others gives.
    pub(super) fn beyond_all<'a>(self, others: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        others.into_iter().try_fold(self, Self::beyond)
    }
}

/// One thing that a person can have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entitlement {
    /// Access at all.
    Access,
    /// A role.
    Role {
        /// The role.
        name: String,
    },
    /// An action on an object type.
    Permission {
        /// The object type.
        object: String,
        /// The action.
        action: String,
    },
    /// Entering an organization.
    Organization {
        /// The organization.
        name: String,
    },
    /// Being in a group, with which records are shared.
    Group {
        /// The group.
        name: String,
    },
    /// Seeing rows.
    Rows {
        /// The object type.
        object: String,
        /// Which.
        rows: RowSet,
    },
    /// Seeing columns.
    Column {
        /// The object type.
        object: String,
        /// The column; all of them when absent.
        column: Option<String>,
    },
    /// Using the values of a field that not everyone may use, or not so freely.
    Field {
        /// The object type.
        object: String,
        /// The field.
        field: String,
        /// How it may be used.
        may: FieldUse,
    },
    /// Reaching every record, whoever's: the tenant does not limit them.
    EveryRecord,
    /// Reaching all records of an object type: they are public.
    Public {
        /// The object type.
        object: String,
        /// What may be done with them.
        access: SharedAccess,
    },
    /// Reaching the records of an organization, since it lies below one that may be entered.
    RecordsOf {
        /// The organization.
        organization: String,
        /// The one that may be entered.
        through: String,
    },
    /// Being reached by a sharing rule: oneself, by a group, an organization or everyone.
    Sharing {
        /// The rule.
        rule: String,
        /// The object type.
        object: String,
        /// Which records; none that can be told when absent.
        records: Option<SharedRecords>,
        /// What may be done with them.
        access: SharedAccess,
    },
}

impl Entitlement {
    /// Whether there is no more and no less of it: nothing but itself covers it.
    pub(super) fn is_all_or_nothing(&self) -> bool {
        matches!(
            self,
            Self::Permission { .. }
                | Self::Organization { .. }
                | Self::Group { .. }
                | Self::Field { .. }
                | Self::EveryRecord
                | Self::RecordsOf { .. }
        )
    }

    /// What of it the other does not give; nothing when the other covers it. All columns cover each of them, all rows those
    /// for which a condition holds, what may be edited may be read.
    #[must_use]
    pub fn beyond(self, other: &Self) -> Option<Self> {
        let covered = match (&self, other) {
            (Self::Rows { object, rows }, Self::Rows { object: of, rows: by }) if object == of => {
                let (object, rest) = (object.clone(), rows.beyond(by));
                return rest.map(|rows| Self::Rows { object, rows });
            }
            (Self::Column { object, column }, Self::Column { object: of, column: by }) => {
                object == of && (by.is_none() || column == by)
            }
            (Self::Public { object, access }, Self::Public { object: of, access: by }) => object == of && access <= by,
            (
                Self::Sharing {
                    rule,
                    object,
                    records,
                    access,
                },
                Self::Sharing {
                    rule: by_rule,
                    object: of,
                    records: those,
                    access: by,
                },
            ) => (rule, object, records) == (by_rule, of, those) && access <= by,
            (one, other) => one == other,
        };
        (!covered).then_some(self)
    }
}

/// The rows of an object type that a person sees.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowSet {
    /// Those for which one of the conditions holds, sorted; a status does not tell them.
    Where(Vec<String>),
    /// All of them.
    All,
}

impl RowSet {
    /// Those of them that are not among the others.
    fn beyond(&self, others: &Self) -> Option<Self> {
        match (self, others) {
            (_, Self::All) => None,
            (Self::All, Self::Where(_)) => Some(Self::All),
            (Self::Where(conditions), Self::Where(others)) => {
                let rest = conditions.iter().filter(|condition| !others.contains(condition));
                let rest: Vec<String> = rest.cloned().collect();
                (!rest.is_empty()).then_some(Self::Where(rest))
            }
        }
    }
}

/// How a field may be used.
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
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SeeMasked, Self::See, Self::Group, Self::Filter];
}

/// The records that a sharing rule is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SharedRecords {
    /// Those without owner.
    Ownerless,
    /// Those whose field holds the code of an organization.
    OrganizationAttribute(String),
    /// Those for which the condition holds.
    Condition(String),
    /// These, sorted.
    Listed(Vec<String>),
    /// The content of these groups, sorted.
    ContentGroups(Vec<String>),
}
