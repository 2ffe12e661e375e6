//! Losses and gains between two statuses, each in a line: `- role writer from 2026-12-01T00:00:00Z`.

use super::*;
use crate::api::{HeldPermission, HeldRole, Moment};

const EARLY: &str = "2026-12-01T00:00:00Z";
const LATE: &str = "2026-12-20T00:00:00Z";

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

fn field(display: Display, group: bool, filter: bool) -> UserStatus {
    UserStatus {
        fields: vec![HeldField {
            object: "Customer".to_owned(),
            field: "email".to_owned(),
            display,
            group,
            filter,
        }],
        ..active()
    }
}

fn named(organizations: &[&str], groups: &[&str]) -> UserStatus {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    UserStatus {
        organizations: names(organizations),
        groups: names(groups),
        ..active()
    }
}

fn line(sign: char, grant: &Grant) -> String {
    let what = match &grant.what {
        Entitlement::Access => "access".to_owned(),
        Entitlement::Role { name } => format!("role {name}"),
        Entitlement::Permission { action, .. } => action.clone(),
        Entitlement::Organization { name } => format!("organization {name}"),
        Entitlement::Group { name } => format!("group {name}"),
        Entitlement::Rows { rows, .. } => format!("rows {rows:?}"),
        Entitlement::Column { column, .. } => format!("column {}", column.as_deref().unwrap_or("*")),
        Entitlement::Field { may, .. } => format!("field {may:?}"),
        other => format!("{other:?}"),
    };
    let from = grant.from.map(|from| format!(" from {from}")).unwrap_or_default();
    let until = grant.until.map(|until| format!(" until {until}")).unwrap_or_default();
    format!("{sign} {what}{from}{until}")
}

fn told(before: &UserStatus, after: &UserStatus) -> Vec<String> {
    let Comparison { losses, gains } = compare(before, after);
    let losses = losses.iter().map(|grant| line('-', grant));
    losses.chain(gains.iter().map(|grant| line('+', grant))).collect()
}

#[test]
fn each_change_is_a_loss_one_way_and_the_same_gain_the_other() {
    let columns: &[&str] = &["name"];
    let hidden = field(Display::Hidden, false, false);
    let masked = field(Display::Masked, true, false);
    for (less, more, gained) in [
        (UserStatus::default(), active(), &["access"][..]),
        (active(), role(None), &["role writer"]),
        (active(), role(Some(EARLY)), &["role writer until 2026-12-01T00:00:00Z"]),
        (
            role(Some(EARLY)),
            role(Some(LATE)),
            &["role writer from 2026-12-01T00:00:00Z until 2026-12-20T00:00:00Z"],
        ),
        (
            role(Some(EARLY)),
            role(None),
            &["role writer from 2026-12-01T00:00:00Z"],
        ),
        (may(&["View"]), may(&["Edit", "View"]), &["Edit"]),
        (
            named(&[], &[]),
            named(&["emea"], &["launch"]),
            &["organization emea", "group launch"],
        ),
        (
            sees(Rows::None, None),
            sees(Rows::Some, Some(columns)),
            &["rows Where([])", "column name"],
        ),
        (sees(Rows::Some, None), sees(Rows::All, None), &["rows All"]),
        (sees(Rows::All, Some(columns)), sees(Rows::All, None), &["column *"]),
        (
            sees(Rows::All, Some(columns)),
            sees(Rows::All, Some(&["name", "time"])),
            &["column time"],
        ),
        (
            sees(Rows::Some, Some(columns)),
            sees(Rows::All, None),
            &["rows All", "column *"],
        ),
        (hidden.clone(), masked.clone(), &["field SeeMasked", "field Group"]),
        (masked, active(), &["field See", "field Filter"]),
        (
            hidden,
            active(),
            &["field SeeMasked", "field See", "field Group", "field Filter"],
        ),
    ] {
        let signed = |sign| gained.iter().map(|what| format!("{sign} {what}")).collect::<Vec<_>>();
        assert_eq!(told(&less, &more), signed('+'));
        assert_eq!(told(&more, &less), signed('-'));
        assert_eq!((loses(&more, &less), loses(&less, &more)), (true, false), "{gained:?}");
        assert_eq!(told(&more, &more), [""; 0]);
    }
}

#[test]
fn what_is_replaced_is_both_a_loss_and_a_gain() {
    for (before, after, expected) in [
        (may(&["Edit"]), may(&["View"]), ["- Edit", "+ View"]),
        (
            sees(Rows::All, Some(&["name"])),
            sees(Rows::All, Some(&["time"])),
            ["- column name", "+ column time"],
        ),
        (
            sees(Rows::All, Some(&["name"])),
            sees(Rows::Some, None),
            ["- rows All", "+ column *"],
        ),
        (
            field(Display::Masked, true, true),
            field(Display::Clear, false, true),
            ["- field Group", "+ field See"],
        ),
    ] {
        assert_eq!(told(&before, &after), expected);
        assert!(loses(&before, &after) && loses(&after, &before));
    }
}

#[test]
fn who_is_not_active_has_nothing() {
    let mut expired = role(None);
    expired.phase = Some(UserPhase::Expired);
    assert_eq!(told(&role(None), &expired), ["- access", "- role writer"]);
    assert_eq!(told(&expired, &UserStatus::default()), [""; 0]);
}

#[test]
fn one_grant_covers_another_as_far_as_it_is_as_wide_and_as_long() {
    let at = |text: &str| Moment::parse(text).unwrap();
    let rows = |conditions: &[&str]| {
        let conditions = conditions.iter().map(|condition| (*condition).to_owned()).collect();
        let rows = RowSet::Where(conditions);
        let object = "Event".to_owned();
        Grant::now(Entitlement::Rows { object, rows })
    };
    assert_eq!(rows(&["a", "b"]).beyond(&rows(&["b", "c"])), Some(rows(&["a"])));
    assert_eq!(rows(&["b"]).beyond(&rows(&["b", "c"])), None);
    let shared = |access, until: &str| {
        let sharing = Entitlement::Sharing {
            rule: "rule".to_owned(),
            object: "Campaign".to_owned(),
            records: None,
            access,
        };
        Grant::now(sharing).until(Some(at(until)))
    };
    use crate::api::SharedAccess::{Edit, Read};
    assert_eq!(shared(Read, EARLY).beyond(&shared(Edit, LATE)), None);
    assert_eq!(
        shared(Edit, EARLY).beyond(&shared(Read, LATE)),
        Some(shared(Edit, EARLY))
    );
    let rest = shared(Read, LATE).from(at(EARLY));
    assert_eq!(shared(Read, LATE).beyond(&shared(Edit, EARLY)), Some(rest));
    // What begins later leaves the time before.
    let later = shared(Read, LATE).from(at(EARLY));
    assert_eq!(shared(Read, LATE).beyond(&later), Some(shared(Read, LATE)));
    assert_eq!(later.clone().beyond(&shared(Read, LATE)), None);
}
