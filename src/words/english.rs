//! English.

use crate::api::{RestrictionMode, SharedAccess};
use crate::policy::{Boundary, Cause, ChangeAhead, Entitlement, Fact, FieldUse, Finding, Note, RowSet, SharedRecords};

/// As in `Role/editor spec.permissions[0].actions[1] (comes with Campaign:Edit)`.
pub(crate) fn cause(cause: &Cause) -> String {
    let Cause {
        object,
        field,
        note: said,
    } = cause;
    match said {
        Some(said) => format!("{object} {field} ({})", note(said)),
        None => format!("{object} {field}"),
    }
}

/// What there is to say about a cause.
pub(crate) fn note(note: &Note) -> String {
    let fixed = match note {
        Note::Begins(from) => return format!("begins {from}"),
        Note::Ends(until) => return format!("ends {until}"),
        Note::HomePhase(phase) => return format!("the home user is {phase:?}"),
        Note::ComesWith { object, action } => return format!("comes with {object}:{action}"),
        Note::Scope {
            rows,
            condition,
            columns,
        } => {
            let rows = match condition {
                Some(condition) => format!("where {condition}"),
                None => format!("{rows:?}"),
            };
            let columns = columns.as_ref().map(|columns| columns.join(", "));
            return columns.map_or_else(|| rows.clone(), |columns| format!("{rows}; columns {columns}"));
        }
        Note::RestrictsInDoubt(mode) => {
            let doubt = "holds because a role or position of hers is void or unknown";
            return format!("{}; {doubt}", restriction(*mode));
        }
        Note::Restricts(mode) => restriction(*mode),
        Note::VoidFor(reason) => reason.as_str(),
        Note::Suspended => "nobody has any access",
        Note::SwitchedOff => "switched off",
        Note::NotActivated => "not activated",
        Note::Home => "her home",
        Note::ByPosition => "by her position",
        Note::NoOrganizationListed => "she lists no organization",
        Note::Personal => "hidden without DataSpace:PersonalInfo",
        Note::NoTenant => "no Tenant in force",
        Note::NoUser => "no such user",
        Note::NoRole => "no such role",
        Note::Void => "void",
    };
    fixed.to_owned()
}

fn restriction(mode: RestrictionMode) -> &'static str {
    match mode {
        RestrictionMode::MaskedDisplay => "masked",
        RestrictionMode::NoGroupingOrFiltering => "no grouping or filtering",
    }
}

/// Something that a person can have, in short.
pub(crate) fn entitlement(what: &Entitlement) -> String {
    match what {
        Entitlement::Access => "access".to_owned(),
        Entitlement::Role { name } => format!("role {name}"),
        Entitlement::Permission { object, action } => format!("{object}:{action}"),
        Entitlement::Organization { name } => format!("organization {name}"),
        Entitlement::Group { name } => format!("group {name}"),
        Entitlement::Rows { object, rows } => match rows {
            RowSet::All => format!("all rows of {object}"),
            RowSet::Where(conditions) => format!("rows of {object} where {}", conditions.join(" or ")),
        },
        Entitlement::Column { object, column } => match column {
            Some(column) => format!("column {object}.{column}"),
            None => format!("all columns of {object}"),
        },
        Entitlement::Field { object, field, may } => format!("field {object}.{field} {}", use_of_field(*may)),
        Entitlement::EveryRecord => "every record".to_owned(),
        Entitlement::Public { object, access } => format!("all of {object}, to {}", access_to_public(*access)),
        Entitlement::RecordsOf { organization, .. } => format!("records of {organization}"),
        Entitlement::Sharing { rule, .. } => format!("sharing {rule}"),
    }
}

fn use_of_field(may: FieldUse) -> &'static str {
    match may {
        FieldUse::SeeMasked => "masked",
        FieldUse::See => "in the clear",
        FieldUse::Group => "to group by",
        FieldUse::Filter => "to filter by",
    }
}

/// What everyone may do with public records.
pub(crate) fn access_to_public(access: SharedAccess) -> &'static str {
    match access {
        SharedAccess::Read => "read",
        SharedAccess::Edit => "read and edit",
    }
}

/// Which records a rule shares.
pub(crate) fn records(records: &SharedRecords) -> String {
    match records {
        SharedRecords::Ownerless => "without owner".to_owned(),
        SharedRecords::OrganizationAttribute(field) => format!("by the code in {field}"),
        SharedRecords::Condition(condition) => format!("where {condition}"),
        SharedRecords::Listed(ids) => ids.join(", "),
        SharedRecords::ContentGroups(ids) => format!("in {}", ids.join(", ")),
    }
}

/// Something that decides whether a user has something.
pub(crate) fn fact(fact: &Fact) -> String {
    match fact {
        Fact::Denied(denial) => denial.as_str().to_owned(),
        Fact::NoTenant { namespace } => format!("{namespace} has no Tenant in force"),
        Fact::NoModule { namespace } => format!("{namespace} lacks the module"),
        Fact::HasErrors(object) => format!("{object} is not schema-valid; `tenantry check` says why"),
        Fact::From(from) => cause(from),
        Fact::RoleFrom(from) => format!("her role by {}", cause(from)),
        Fact::Roles(roles) => format!("her roles: {}", listed(roles)),
        Fact::RolesThatGive(roles) => format!("roles that give it: {}", listed(roles)),
        Fact::NotNow {
            entry,
            role,
            from,
            until,
        } => {
            let begins = from.map(|from| format!("from {from} ")).unwrap_or_default();
            format!("{}: {role} only {begins}until {until}", cause(entry))
        }
        Fact::Void(object, finding) => {
            let Finding {
                path, reason, message, ..
            } = finding;
            format!("{object} {path}: {reason}: {message}")
        }
        Fact::Unrestricted => "nothing restricts it".to_owned(),
        Fact::SeesPersonalInfo => "the tenant restricts it, but not for her: she has DataSpace:PersonalInfo".to_owned(),
        Fact::NoRows => "no role of hers opens any".to_owned(),
    }
}

/// "a, b", or "none".
fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// What time alone will change of an object.
pub(crate) fn change_ahead(change: &ChangeAhead) -> String {
    let word = |boundary| match boundary {
        Boundary::Begins => "begins",
        Boundary::Ends => "ends",
    };
    match change {
        ChangeAhead::UserPhase(from, to) => format!("{from:?} -> {to:?}"),
        ChangeAhead::InvitationPhase(from, to) => format!("{from:?} -> {to:?}"),
        ChangeAhead::AllRestrictions(Boundary::Begins) => "every restriction of the tenant begins to hold".to_owned(),
        ChangeAhead::AllRestrictions(Boundary::Ends) => "every restriction of the tenant ceases to hold".to_owned(),
        ChangeAhead::Role(role, boundary) => format!("role {role} {}", word(*boundary)),
        ChangeAhead::Sharing(boundary) => format!("sharing {}", word(*boundary)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Kind, Moment, Rows, UserPhase};
    use crate::policy::{Denial, ObjectRef, Reason};

    #[test]
    fn a_note_says_its_data() {
        let end = Moment::parse("2026-12-01T00:00:00Z").unwrap();
        let scope = |rows, condition: Option<&str>, columns: Option<&[&str]>| Note::Scope {
            rows,
            condition: condition.map(str::to_owned),
            columns: columns.map(|columns| columns.iter().map(|column| (*column).to_owned()).collect()),
        };
        let comes_with = Note::ComesWith {
            object: "Campaign".to_owned(),
            action: "Edit".to_owned(),
        };
        for (said, expected) in [
            (Note::Ends(end), "ends 2026-12-01T00:00:00Z"),
            (Note::Begins(end), "begins 2026-12-01T00:00:00Z"),
            (Note::HomePhase(UserPhase::Disabled), "the home user is Disabled"),
            (comes_with, "comes with Campaign:Edit"),
            (scope(Rows::All, None, None), "All"),
            (
                scope(Rows::Some, Some("record.a == 1"), Some(&["a", "b"])),
                "where record.a == 1; columns a, b",
            ),
            (
                Note::RestrictsInDoubt(RestrictionMode::MaskedDisplay),
                "masked; holds because a role or position of hers is void or unknown",
            ),
            (Note::VoidFor(Reason::HomeRefused), "HomeRefused"),
        ] {
            assert_eq!(note(&said), expected);
        }
    }

    #[test]
    fn a_cause_is_an_object_a_field_and_what_there_is_to_say() {
        let mut switched = Cause {
            object: ObjectRef::user_of("beta", "robert"),
            field: "spec.enabled".into(),
            note: Some(Note::SwitchedOff),
        };
        assert_eq!(cause(&switched), "User/beta/robert spec.enabled (switched off)");
        switched.note = None;
        assert_eq!(cause(&switched), "User/beta/robert spec.enabled");
    }

    #[test]
    fn a_fact_says_what_decides() {
        let bob = || ObjectRef::new(Kind::User, "bob");
        let cause = |note| Cause {
            object: bob(),
            field: "spec.roles".into(),
            note,
        };
        let until = Moment::parse("2026-12-01T00:00:00Z").unwrap();
        let not_now = |from| Fact::NotNow {
            entry: cause(None),
            role: "editor".to_owned(),
            from,
            until,
        };
        let finding = Finding::partial(Reason::DependencyNotFound, "spec.roles[0]").says("there is no role `x`");
        let names = || vec!["a".to_owned(), "b".to_owned()];
        for (said, expected) in [
            (Fact::Denied(Denial::NoPermission), "NoPermission"),
            (
                Fact::HasErrors(bob()),
                "User/bob is not schema-valid; `tenantry check` says why",
            ),
            (Fact::From(cause(Some(Note::Void))), "User/bob spec.roles (void)"),
            (Fact::RoleFrom(cause(None)), "her role by User/bob spec.roles"),
            (Fact::Roles(names()), "her roles: a, b"),
            (Fact::RolesThatGive(Vec::new()), "roles that give it: none"),
            (
                not_now(None),
                "User/bob spec.roles: editor only until 2026-12-01T00:00:00Z",
            ),
            (
                not_now(Some(Moment::MIN)),
                "User/bob spec.roles: editor only from 0001-01-01T00:00:00Z until 2026-12-01T00:00:00Z",
            ),
            (
                Fact::Void(bob(), finding),
                "User/bob spec.roles[0]: DependencyNotFound: there is no role `x`",
            ),
        ] {
            assert_eq!(fact(&said), expected);
        }
    }

    #[test]
    fn what_is_ahead_is_said_as_a_change() {
        let role = |boundary| ChangeAhead::Role("editor".to_owned(), boundary);
        for (change, expected) in [
            (
                ChangeAhead::UserPhase(UserPhase::Pending, UserPhase::Active),
                "Pending -> Active",
            ),
            (role(Boundary::Begins), "role editor begins"),
            (role(Boundary::Ends), "role editor ends"),
            (
                ChangeAhead::AllRestrictions(Boundary::Begins),
                "every restriction of the tenant begins to hold",
            ),
            (
                ChangeAhead::AllRestrictions(Boundary::Ends),
                "every restriction of the tenant ceases to hold",
            ),
            (ChangeAhead::Sharing(Boundary::Ends), "sharing ends"),
        ] {
            assert_eq!(change_ahead(&change), expected);
        }
    }

    #[test]
    fn each_thing_that_one_can_have_has_its_words() {
        let object = || "Event".to_owned();
        let field = |may| Entitlement::Field {
            object: object(),
            field: "name".to_owned(),
            may,
        };
        let conditions = vec!["record.a == 1".to_owned(), "record.a == 2".to_owned()];
        for (what, expected) in [
            (
                Entitlement::Rows {
                    object: object(),
                    rows: RowSet::Where(conditions),
                },
                "rows of Event where record.a == 1 or record.a == 2",
            ),
            (
                Entitlement::Column {
                    object: object(),
                    column: None,
                },
                "all columns of Event",
            ),
            (field(FieldUse::SeeMasked), "field Event.name masked"),
            (field(FieldUse::Filter), "field Event.name to filter by"),
            (
                Entitlement::Public {
                    object: object(),
                    access: SharedAccess::Edit,
                },
                "all of Event, to read and edit",
            ),
        ] {
            assert_eq!(entitlement(&what), expected);
        }
    }
}
