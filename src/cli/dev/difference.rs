//! What a person loses and gains when one status follows another, in words that fit a line.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{Display, HeldData, HeldRole, Moment, Rows, UserPhase, UserStatus};

/// Things of a kind that are named; more are counted.
const NAMED: usize = 4;

/// What a person loses and gains.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) losses: Vec<String>,
    pub(super) gains: Vec<String>,
}

impl Difference {
    pub(super) fn between(before: &UserStatus, after: &UserStatus) -> Self {
        let mut difference = Self::default();
        difference.roles(&before.roles, &after.roles);
        difference.things(("", "permissions"), permissions(before), permissions(after));
        let set = |names: &[String]| names.iter().cloned().collect();
        difference.things(
            ("organization", "organizations"),
            set(&before.organizations),
            set(&after.organizations),
        );
        difference.things(("group", "groups"), set(&before.groups), set(&after.groups));
        difference.data(before, after);
        let active = |status: &UserStatus| status.phase == Some(UserPhase::Active);
        // Who has no access is restricted in nothing.
        if active(before) && active(after) {
            difference.fields(before, after);
        }
        difference
    }

    /// What a person has who was not there before, in short.
    pub(super) fn of_new(status: &UserStatus) -> Self {
        let mut difference = Self::default();
        difference.roles(&[], &status.roles);
        difference.things(("", "permissions"), BTreeSet::new(), permissions(status));
        difference
    }

    fn roles(&mut self, before: &[HeldRole], after: &[HeldRole]) {
        fn ends(roles: &[HeldRole]) -> BTreeMap<&str, Option<Moment>> {
            let ends = roles.iter().map(|role| (role.name.as_str(), role.valid_until));
            ends.collect()
        }
        let (before, after) = (ends(before), ends(after));
        let gone = before.keys().filter(|name| !after.contains_key(*name));
        let mut lost: Vec<String> = gone.map(|name| (*name).to_owned()).collect();
        let mut gained = Vec::new();
        for (name, until) in after {
            // Without an end it is for good, which is later than any.
            let later = |other: Option<Moment>| until.unwrap_or(Moment::MAX) > other.unwrap_or(Moment::MAX);
            match (before.get(name), until) {
                (Some(known), _) if *known == until => {}
                (Some(known), None) if later(*known) => gained.push(format!("{name} for good")),
                (Some(known), Some(until)) if !later(*known) => lost.push(format!("{name} from {until} on")),
                (_, Some(until)) => gained.push(format!("{name} until {until}")),
                (_, None) => gained.push(name.to_owned()),
            }
        }
        self.losses.extend(phrase(("role", "roles"), &lost));
        self.gains.extend(phrase(("role", "roles"), &gained));
    }

    fn things(&mut self, words: (&str, &str), before: BTreeSet<String>, after: BTreeSet<String>) {
        let lost: Vec<String> = before.difference(&after).cloned().collect();
        let gained: Vec<String> = after.difference(&before).cloned().collect();
        self.losses.extend(phrase(words, &lost));
        self.gains.extend(phrase(words, &gained));
    }

    /// Rows, or columns where the rows are as before.
    fn data(&mut self, before: &UserStatus, after: &UserStatus) {
        let objects: BTreeSet<&str> = before
            .data
            .iter()
            .chain(&after.data)
            .map(|data| data.object.as_str())
            .collect();
        let rows = |data: Option<&HeldData>| data.map_or(Rows::None, |data| data.rows);
        let columns = |data: Option<&HeldData>| data.and_then(|data| data.columns.clone());
        let mut changes: BTreeMap<(bool, &str), Vec<String>> = BTreeMap::new();
        for object in objects {
            let old = before.data.iter().find(|data| data.object == object);
            let new = after.data.iter().find(|data| data.object == object);
            let (what, lost, gained) = if rows(old) == rows(new) {
                let (old, new) = (columns(old), columns(new));
                (
                    "columns of",
                    lacks(new.as_deref(), old.as_deref()),
                    lacks(old.as_deref(), new.as_deref()),
                )
            } else {
                ("rows of", rows(old) > rows(new), rows(old) < rows(new))
            };
            for (gain, _) in [(false, lost), (true, gained)].into_iter().filter(|(_, so)| *so) {
                changes.entry((gain, what)).or_default().push(object.to_owned());
            }
        }
        for ((gain, what), objects) in changes {
            let side = if gain { &mut self.gains } else { &mut self.losses };
            side.push(format!("{what} {}", objects.join(", ")));
        }
    }

    /// What she sees of fields that not everyone sees.
    fn fields(&mut self, before: &UserStatus, after: &UserStatus) {
        type Seen<'s> = BTreeMap<(&'s str, &'s str), (Display, bool, bool)>;
        fn seen(status: &UserStatus) -> Seen<'_> {
            let fields = status.fields.iter().map(|field| {
                let key = (field.object.as_str(), field.field.as_str());
                (key, (field.display, field.group, field.filter))
            });
            fields.collect()
        }
        const FREE: (Display, bool, bool) = (Display::Clear, true, true);
        let (before, after) = (seen(before), seen(after));
        let (mut lost, mut gained) = (BTreeSet::new(), BTreeSet::new());
        for key in before.keys().chain(after.keys()) {
            let (old, new) = (before.get(key).unwrap_or(&FREE), after.get(key).unwrap_or(&FREE));
            if new.0 > old.0 || old.1 && !new.1 || old.2 && !new.2 {
                lost.insert(format!("{}.{}", key.0, key.1));
            }
            if old.0 > new.0 || new.1 && !old.1 || new.2 && !old.2 {
                gained.insert(format!("{}.{}", key.0, key.1));
            }
        }
        self.things(("field", "fields"), lost, BTreeSet::new());
        self.things(("field", "fields"), BTreeSet::new(), gained);
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

fn permissions(status: &UserStatus) -> BTreeSet<String> {
    let held = status.permissions.iter();
    let actions = held.flat_map(|held| held.actions.iter().map(|action| format!("{}:{action}", held.object)));
    actions.collect()
}

/// Whether some columns lack one of others; without a list they are all.
fn lacks(columns: Option<&[String]>, others: Option<&[String]>) -> bool {
    match (columns, others) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(columns), Some(others)) => others.iter().any(|other| !columns.contains(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{HeldField, HeldPermission};

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
            (active(), masked(Display::Masked), &["field Customer.email"], nothing),
            (
                masked(Display::Hidden),
                masked(Display::Masked),
                nothing,
                &["field Customer.email"],
            ),
            (masked(Display::Hidden), UserStatus::default(), nothing, nothing),
        ] {
            let difference = Difference::between(&before, &after);
            assert_eq!(difference.losses, losses, "{before:?} {after:?}");
            assert_eq!(difference.gains, gains, "{before:?} {after:?}");
        }
    }
}
