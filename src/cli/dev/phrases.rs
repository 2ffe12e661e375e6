//! What a person loses and gains when one status follows another, in words that fit a line.

use std::collections::BTreeSet;

use crate::api::{UserPhase, UserStatus};
use crate::policy::{Comparison, Entitlement, Grant, compare};

/// Things of a kind that are named; more are counted.
const NAMED: usize = 4;

/// What a person loses and gains, a phrase for each kind of thing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Phrases {
    pub(super) losses: Vec<String>,
    pub(super) gains: Vec<String>,
}

impl Phrases {
    pub(super) fn between(before: &UserStatus, after: &UserStatus) -> Self {
        let Comparison { losses, gains } = compare(before, after);
        let (mut losses, mut gains) = (ByKind::of(&losses, lost_role), ByKind::of(&gains, gained_role));
        let active = |status: &UserStatus| status.phase == Some(UserPhase::Active);
        // Who has no access is restricted in nothing.
        if !active(before) || !active(after) {
            losses.fields.clear();
            gains.fields.clear();
        }
        Self {
            losses: losses.phrases(),
            gains: gains.phrases(),
        }
    }

    /// What a person has who was not there before, in short.
    pub(super) fn of_new(status: &UserStatus) -> Self {
        let mut gains = compare(&UserStatus::default(), status).gains;
        gains.retain(|grant| matches!(grant.what, Entitlement::Role { .. } | Entitlement::Permission { .. }));
        Self {
            losses: Vec::new(),
            gains: ByKind::of(&gains, gained_role).phrases(),
        }
    }
}

/// What is lost or gained, by kind.
#[derive(Default)]
struct ByKind {
    roles: Vec<String>,
    permissions: Vec<String>,
    organizations: Vec<String>,
    groups: Vec<String>,
    rows: Vec<String>,
    columns: BTreeSet<String>,
    fields: BTreeSet<String>,
}

impl ByKind {
    fn of(grants: &BTreeSet<Grant>, role: impl Fn(&str, &Grant) -> String) -> Self {
        let mut all = Self::default();
        for grant in grants {
            match &grant.what {
                Entitlement::Role { name } => all.roles.push(role(name, grant)),
                Entitlement::Permission { object, action } => all.permissions.push(format!("{object}:{action}")),
                Entitlement::Organization { name } => all.organizations.push(name.clone()),
                Entitlement::Group { name } => all.groups.push(name.clone()),
                Entitlement::Rows { object, .. } => all.rows.push(object.clone()),
                Entitlement::Column { object, .. } => drop(all.columns.insert(object.clone())),
                Entitlement::Field { object, field, .. } => drop(all.fields.insert(format!("{object}.{field}"))),
                // A status does not say these, and access shows as the phase.
                Entitlement::Access
                | Entitlement::EveryRecord
                | Entitlement::Public { .. }
                | Entitlement::RecordsOf { .. }
                | Entitlement::Sharing { .. } => {}
            }
        }
        // Columns come and go with the rows.
        all.columns.retain(|object| !all.rows.contains(object));
        all
    }

    fn phrases(self) -> Vec<String> {
        let of =
            |what: &str, objects: &[String]| (!objects.is_empty()).then(|| format!("{what} of {}", objects.join(", ")));
        let phrases = [
            phrase(("role", "roles"), &self.roles),
            phrase(("", "permissions"), &self.permissions),
            phrase(("organization", "organizations"), &self.organizations),
            phrase(("group", "groups"), &self.groups),
            of("columns", &Vec::from_iter(self.columns)),
            of("rows", &self.rows),
            phrase(("field", "fields"), &Vec::from_iter(self.fields)),
        ];
        phrases.into_iter().flatten().collect()
    }
}

/// A role that goes, or ends earlier.
fn lost_role(name: &str, grant: &Grant) -> String {
    match grant.from {
        Some(from) => format!("{name} from {from} on"),
        None => name.to_owned(),
    }
}

/// A role that comes, or stays longer.
fn gained_role(name: &str, grant: &Grant) -> String {
    match (grant.from, grant.until) {
        (_, Some(until)) => format!("{name} until {until}"),
        (Some(_), None) => format!("{name} for good"),
        (None, None) => name.to_owned(),
    }
}

/// A few things by name, many by number.
fn phrase((one, several): (&str, &str), names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [name] => Some(format!("{one} {name}").trim_start().to_owned()),
        _ if names.len() > NAMED => Some(format!("{} {several}", names.len())),
        // Permissions are known by their form.
        _ if one.is_empty() => Some(names.join(", ")),
        _ => Some(format!("{several} {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Display, HeldData, HeldField, HeldPermission, HeldRole, Moment, Rows};

    fn active() -> UserStatus {
        UserStatus {
            phase: Some(UserPhase::Active),
            ..UserStatus::default()
        }
    }

    fn role(until: Option<&str>) -> UserStatus {
        UserStatus {
            roles: vec![HeldRole {
                name: "writer".to_owned(),
                via: Vec::new(),
                valid_until: until.map(|until| Moment::parse(until).unwrap()),
            }],
            ..active()
        }
    }

    fn may(actions: &[&str]) -> UserStatus {
        UserStatus {
            permissions: vec![HeldPermission {
                object: "Campaign".to_owned(),
                actions: actions.iter().map(|action| (*action).to_owned()).collect(),
                roles: Vec::new(),
            }],
            ..active()
        }
    }

    fn sees(rows: Rows, columns: Option<&[&str]>) -> UserStatus {
        UserStatus {
            data: vec![HeldData {
                object: "Event".to_owned(),
                rows,
                roles: Vec::new(),
                columns: columns.map(|columns| columns.iter().map(|column| (*column).to_owned()).collect()),
            }],
            ..active()
        }
    }

    fn masked(display: Display) -> UserStatus {
        UserStatus {
            fields: vec![HeldField {
                object: "Customer".to_owned(),
                field: "email".to_owned(),
                display,
                group: true,
                filter: true,
            }],
            ..active()
        }
    }

    #[test]
    fn losses_and_gains_are_told_in_words() {
        let early = "2026-12-01T00:00:00Z";
        let late = "2026-12-20T00:00:00Z";
        let nothing: &[&str] = &[];
        for (before, after, losses, gains) in [
            (active(), role(None), nothing, ["role writer"].as_slice()),
            (
                active(),
                role(Some(early)),
                nothing,
                &["role writer until 2026-12-01T00:00:00Z"],
            ),
            (
                role(Some(early)),
                role(Some(late)),
                nothing,
                &["role writer until 2026-12-20T00:00:00Z"],
            ),
            (
                role(Some(late)),
                role(Some(early)),
                &["role writer from 2026-12-01T00:00:00Z on"],
                nothing,
            ),
            (
                role(None),
                role(Some(early)),
                &["role writer from 2026-12-01T00:00:00Z on"],
                nothing,
            ),
            (role(Some(early)), role(None), nothing, &["role writer for good"]),
            (role(None), active(), &["role writer"], nothing),
            (
                may(&["Edit", "Share", "View"]),
                may(&["View"]),
                &["Campaign:Edit, Campaign:Share"],
                nothing,
            ),
            (
                active(),
                may(&["Delete", "Edit", "Publish", "Share", "View"]),
                nothing,
                &["5 permissions"],
            ),
            (
                sees(Rows::Some, None),
                sees(Rows::All, None),
                nothing,
                &["rows of Event"],
            ),
            (
                sees(Rows::Some, None),
                sees(Rows::None, None),
                &["rows of Event"],
                nothing,
            ),
            (
                sees(Rows::All, Some(&["name"])),
                sees(Rows::All, None),
                nothing,
                &["columns of Event"],
            ),
            (
                sees(Rows::All, Some(&["name"])),
                sees(Rows::All, Some(&["time"])),
                &["columns of Event"],
                &["columns of Event"],
            ),
            (
                sees(Rows::All, None),
                sees(Rows::All, Some(&["name"])),
                &["columns of Event"],
                nothing,
            ),
            (
                sees(Rows::Some, None),
                sees(Rows::All, Some(&["name"])),
                &["columns of Event"],
                &["rows of Event"],
            ),
            (active(), masked(Display::Masked), &["field Customer.email"], nothing),
            (
                masked(Display::Hidden),
                masked(Display::Masked),
                nothing,
                &["field Customer.email"],
            ),
            (masked(Display::Hidden), UserStatus::default(), nothing, nothing),
        ] {
            let phrases = Phrases::between(&before, &after);
            assert_eq!(phrases.losses, losses, "{before:?} {after:?}");
            assert_eq!(phrases.gains, gains, "{before:?} {after:?}");
        }
    }
}
