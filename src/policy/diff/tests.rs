//! What changes, in lines: `bob - permission Campaign:Edit <- Role/editor spec.permissions[0].actions[0]`.

use super::super::grant::SharedRecords;
use super::super::testing::{TENANT, causes, evaluate, of};
use super::*;

const EDITOR: &str = "Role acme/editor {displayName: E, permissions: [{object: CustomerTag, actions: [Edit]}]}";
const BOB: &str = "User acme/bob {account: bobb, name: Bob, roles: [editor]}";

fn compared(before: &[&str], after: &[&str]) -> AccessDifference {
    let (before, after) = (evaluate(before), evaluate(after));
    difference(&before.iter().collect::<Vec<_>>(), &after.iter().collect::<Vec<_>>())
}

fn told(before: &[&str], after: &[&str]) -> Vec<String> {
    let mut told = Vec::new();
    for person in compared(before, after).people {
        for (sign, changes) in [('-', person.losses), ('+', person.gains)] {
            told.extend(changes.into_iter().map(|change| {
                let grants: Vec<String> = change.grants.iter().map(brief).collect();
                format!(
                    "{} {sign} {} <- {}",
                    person.user,
                    grants.join(", "),
                    causes(&change.because)
                )
            }));
        }
    }
    told
}

fn brief(grant: &Grant) -> String {
    let later = grant.from.map(|_| "later ").unwrap_or_default();
    let from = grant.from.map(|from| format!(" from {from}")).unwrap_or_default();
    let until = grant.until.map(|until| format!(" until {until}")).unwrap_or_default();
    format!("{later}{}{from}{until}", what(&grant.what))
}

fn what(what: &Entitlement) -> String {
    match what {
        Entitlement::Access => "access".to_owned(),
        Entitlement::Role { name } => format!("role {name}"),
        Entitlement::Permission { object, action } => format!("permission {object}:{action}"),
        Entitlement::Organization { name } => format!("organization {name}"),
        Entitlement::Group { name } => format!("group {name}"),
        Entitlement::Rows { object, rows } => format!("rows {object} {rows:?}"),
        Entitlement::Column { object, column } => format!("column {object} {}", column.as_deref().unwrap_or("*")),
        Entitlement::Field { object, field, may } => format!("field {object}.{field} {may:?}"),
        Entitlement::EveryRecord => "every record".to_owned(),
        Entitlement::Public { object, access } => format!("public {object} {access:?}"),
        Entitlement::RecordsOf { organization, through } => format!("records of {organization} in {through}"),
        Entitlement::Sharing {
            rule,
            object,
            records,
            access,
        } => {
            let records = records.as_ref().map(which).unwrap_or_default();
            format!("sharing {rule} {object} {records} {access:?}")
        }
    }
}

fn which(records: &SharedRecords) -> String {
    match records {
        SharedRecords::Ownerless => "without owner".to_owned(),
        SharedRecords::OrganizationAttribute(field) => format!("by the code in {field}"),
        SharedRecords::Condition(condition) => format!("where {condition}"),
        SharedRecords::Listed(ids) => ids.join(", "),
        SharedRecords::ContentGroups(ids) => format!("in {}", ids.join(", ")),
    }
}

#[test]
fn what_is_the_same_on_both_sides_is_no_difference() {
    let lines = [TENANT, EDITOR, BOB];
    assert_eq!(told(&lines, &lines), [""; 0]);
    assert_eq!(compared(&lines, &lines).totals(), (0, 0));
}

#[test]
fn losses_and_gains_are_counted_over_all_people_and_tenants() {
    let carol = "User acme/carol {account: carol, name: Carol, roles: [editor]}";
    let beta = [
        "Tenant beta/tenant {displayName: Beta}",
        "User beta/dan {account: danny, name: Dan, roles: [ordinary-user]}",
    ];
    let less = EDITOR.replace("Edit", "View");
    let before = [&[TENANT, EDITOR, BOB, carol][..], &beta].concat();
    let after = [&[TENANT, less.as_str(), BOB, carol][..], &beta].concat();
    assert_eq!(compared(&before, &after).totals(), (2, 0));
    assert_eq!(compared(&after, &before).totals(), (0, 2));
    let people = |before: &[&str], after: &[&str]| -> Vec<(String, String)> {
        let people = compared(before, after).people.into_iter();
        people.map(|person| (person.namespace, person.user)).collect()
    };
    let dan = (String::from("beta"), String::from("dan"));
    assert_eq!(people(&before, &before[..4]), std::slice::from_ref(&dan));
    assert_eq!(people(&before[..4], &before), [dan]);
}

#[test]
fn an_action_that_goes_names_the_entry_that_gave_it() {
    let less = EDITOR.replace("Edit", "View");
    assert_eq!(
        told(&[TENANT, EDITOR, BOB], &[TENANT, &less, BOB]),
        ["bob - permission CustomerTag:Edit <- Role/editor spec.permissions[0].actions[0]"]
    );
    assert_eq!(
        told(&[TENANT, &less, BOB], &[TENANT, EDITOR, BOB]),
        ["bob + permission CustomerTag:Edit <- Role/editor spec.permissions[0].actions[0]"]
    );
}

#[test]
fn each_action_names_its_own_entry() {
    let role = |last: &str| {
        format!(
            "Role acme/editor {{displayName: E, permissions: [{{object: Campaign, actions: [Edit]}}, {{object: CustomerTag, actions: [{last}]}}]}}"
        )
    };
    let (both, less) = (role("View, Edit"), role("View"));
    assert_eq!(
        told(&[TENANT, &both, BOB], &[TENANT, &less, BOB]),
        ["bob - permission CustomerTag:Edit <- Role/editor spec.permissions[1].actions[1]"]
    );
}

#[test]
fn a_role_that_goes_says_why() {
    let both = BOB.replace("[editor]", "[editor, ordinary-user]");
    let loses = |after: &[&str]| of(&told(&[TENANT, EDITOR, &both], after), "bob - role");
    let void = EDITOR.replace("[Edit]", "[Fly]");
    let expected = |because: &str| {
        [format!(
            "bob - role editor, permission CustomerTag:Edit, permission CustomerTag:View <- {because}"
        )]
    };
    assert_eq!(loses(&[TENANT, &both]), expected("Role/editor metadata.name (NoRole)"));
    assert_eq!(
        loses(&[TENANT, &void, &both]),
        expected("Role/editor metadata.name (Void)")
    );
    let other = BOB.replace("[editor]", "[ordinary-user]");
    assert_eq!(loses(&[TENANT, EDITOR, &other]), expected("User/bob spec.roles[0]"));
    let by_position = EDITOR.replace(
        "displayName: E,",
        "displayName: E, assignment: Position, positions: [boss],",
    );
    let tenant = "Tenant acme/tenant {displayName: Acme, accounts: {positions: [boss]}}";
    assert_eq!(
        loses(&[tenant, &by_position, &both]),
        expected("User/bob spec.roles[0]")
    );
}

#[test]
fn a_role_held_for_longer_names_what_is_new_of_its_sources() {
    let temporary = "User acme/bob {account: bobb, name: Bob, roles: [ordinary-user], temporaryRoles: [{role: editor, validUntil: \"2026-12-24T00:00:00Z\"}]}";
    let longer = "User acme/bob {account: bobb, name: Bob, roles: [ordinary-user, editor], temporaryRoles: [{role: editor, validUntil: \"2026-12-24T00:00:00Z\"}]}";
    assert_eq!(
        told(&[TENANT, EDITOR, temporary], &[TENANT, EDITOR, longer]),
        ["bob + later role editor from 2026-12-24T00:00:00Z <- User/bob spec.roles[1]",]
    );
}

#[test]
fn someone_without_access_on_one_side_loses_all_because_of_what_decides() {
    let all = "access, role editor, permission CustomerTag:Edit, permission CustomerTag:View";
    let loses = |after: &[&str]| told(&[TENANT, EDITOR, BOB], after);
    let bob = |more: &str| BOB.replace("name: Bob,", &format!("name: Bob, {more},"));
    let expected = |because: &str| [format!("bob - {all} <- {because}")];
    assert_eq!(loses(&[TENANT, EDITOR]), expected("User/bob metadata.name (NoUser)"));
    assert_eq!(
        loses(&[EDITOR, BOB]),
        expected("Tenant/tenant metadata.name (NoTenant)")
    );
    assert_eq!(loses(&[]), expected("Tenant/tenant metadata.name (NoTenant)"));
    assert_eq!(
        loses(&[TENANT, EDITOR, &bob("enabled: false")]),
        expected("User/bob spec.enabled (SwitchedOff)")
    );
    assert_eq!(
        loses(&[TENANT, EDITOR, &bob("attributes: {team: Red}")]),
        expected("User/bob spec.attributes.team (VoidFor(InvalidAttribute))")
    );
    assert_eq!(
        loses(&[TENANT, EDITOR, &bob("color: red")]),
        expected("User/bob metadata.name (VoidFor(SchemaInvalid))")
    );
    let suspended = "Tenant acme/tenant {displayName: Acme, suspended: true}";
    assert_eq!(
        loses(&[suspended, EDITOR, BOB]),
        expected("Tenant/tenant spec.suspended (Suspended)")
    );
}

#[test]
fn someone_who_gains_access_gains_all_because_of_what_has_gone() {
    let off = BOB.replace("name: Bob,", "name: Bob, enabled: false,");
    assert_eq!(
        told(&[TENANT, EDITOR, &off], &[TENANT, EDITOR, BOB]),
        [
            "bob + access, role editor, permission CustomerTag:Edit, permission CustomerTag:View <- User/bob spec.enabled (SwitchedOff)"
        ]
    );
}

#[test]
fn what_keeps_someone_out_on_both_sides_changes_nothing() {
    let off = BOB.replace("name: Bob,", "name: Bob, enabled: false,");
    let less = EDITOR.replace("Edit", "View");
    assert_eq!(told(&[TENANT, EDITOR, &off], &[TENANT, &less, &off]), [""; 0]);
}

#[test]
fn a_phase_that_differs_without_a_field_that_does_names_all_that_decide() {
    let lines = |enabled: bool| {
        [
            TENANT.to_owned(),
            String::from("User acme/guest {type: Credited, home: {tenant: beta, user: rob}, roles: [ordinary-user]}"),
            String::from("Tenant beta/tenant {displayName: Beta, accounts: {creditedTo: [acme]}}"),
            format!("User beta/rob {{account: robb, name: Rob, roles: [ordinary-user], enabled: {enabled}}}"),
        ]
    };
    let (on, off) = (lines(true), lines(false));
    let (on, off): (Vec<&str>, Vec<&str>) = (
        on.iter().map(String::as_str).collect(),
        off.iter().map(String::as_str).collect(),
    );
    let home = "User/beta/rob status.phase (HomePhase(Disabled))";
    assert_eq!(of(&told(&on, &off), "guest")[0].rsplit(" <- ").next(), Some(home));
}

#[test]
fn another_end_of_access_names_the_field() {
    let until = |year: &str| {
        BOB.replace(
            "name: Bob,",
            &format!("name: Bob, validUntil: \"{year}-01-01T00:00:00Z\","),
        )
    };
    let (soon, late) = (until("2027"), until("2028"));
    assert_eq!(
        told(&[TENANT, EDITOR, &soon], &[TENANT, EDITOR, &late]),
        ["bob + later access from 2027-01-01T00:00:00Z until 2028-01-01T00:00:00Z <- User/bob spec.validUntil",]
    );
}

#[test]
fn what_no_status_shows_is_a_change_too() {
    let role = |condition: &str| {
        format!(
            "Role acme/editor {{displayName: E, permissions: [{{object: Event, actions: [View]}}], \
             data: [{{object: Event, rows: Some, condition: \"record.name == '{condition}'\"}}]}}"
        )
    };
    assert_eq!(
        told(&[TENANT, &role("a"), BOB], &[TENANT, &role("b"), BOB]),
        [
            "bob - rows Event Where([\"record.name == 'a'\"]) <- Role/editor spec.data[0]",
            "bob + rows Event Where([\"record.name == 'b'\"]) <- Role/editor spec.data[0]",
        ]
    );
    let later = |role: &str| {
        let periods = format!(
            "temporaryRoles: [{{role: editor, validUntil: \"2026-12-05T00:00:00Z\"}}, \
             {{role: {role}, validFrom: \"2026-12-06T00:00:00Z\", validUntil: \"2026-12-07T00:00:00Z\"}}]"
        );
        format!("User acme/bob {{account: bobb, name: Bob, roles: [ordinary-user], {periods}}}")
    };
    assert_eq!(
        told(
            &[TENANT, EDITOR, &later("analyst")],
            &[TENANT, EDITOR, &later("developer")]
        ),
        [
            "bob - later role analyst from 2026-12-06T00:00:00Z until 2026-12-07T00:00:00Z <- User/bob spec.temporaryRoles",
            "bob + later role developer from 2026-12-06T00:00:00Z until 2026-12-07T00:00:00Z <- User/bob spec.temporaryRoles",
        ]
    );
    let until = |year: &str| {
        let sooner = "temporaryRoles: [{role: editor, validUntil: \"2026-12-05T00:00:00Z\"}, {role: analyst, validUntil: \"2026-12-05T00:00:00Z\"}]";
        BOB.replace(
            "name: Bob,",
            &format!("name: Bob, validUntil: \"{year}-01-01T00:00:00Z\", {sooner},"),
        )
    };
    assert_eq!(
        told(&[TENANT, EDITOR, &until("2027")], &[TENANT, EDITOR, &until("2028")]),
        ["bob + later access from 2027-01-01T00:00:00Z until 2028-01-01T00:00:00Z <- User/bob spec.validUntil",]
    );
}

#[test]
fn a_role_that_begins_later_is_a_change_though_nothing_differs_now() {
    let later = BOB.replace(
        "roles: [editor]",
        "roles: [editor], temporaryRoles: [\
         {role: analyst, validFrom: \"2026-12-05T00:00:00Z\", validUntil: \"2026-12-06T00:00:00Z\"}, \
         {role: developer, validFrom: \"2026-12-01T00:00:01Z\", validUntil: \"2026-12-09T00:00:00Z\"}, \
         {role: editor, validFrom: \"2026-12-05T00:00:00Z\", validUntil: \"2026-12-08T00:00:00Z\"}]",
    );
    assert_eq!(
        told(&[TENANT, EDITOR, BOB], &[TENANT, EDITOR, &later]),
        [
            "bob + later role analyst from 2026-12-05T00:00:00Z until 2026-12-06T00:00:00Z, \
             later role developer from 2026-12-01T00:00:01Z until 2026-12-09T00:00:00Z <- User/bob spec.temporaryRoles"
        ]
    );
}

#[test]
fn a_role_ahead_that_is_void_on_the_other_side_names_the_role() {
    let later = "User acme/bob {account: bobb, name: Bob, roles: [ordinary-user], temporaryRoles: [{role: editor, validFrom: \"2026-12-05T00:00:00Z\", validUntil: \"2026-12-06T00:00:00Z\"}]}";
    assert_eq!(
        told(&[TENANT, EDITOR, later], &[TENANT, later]),
        ["bob - later role editor from 2026-12-05T00:00:00Z until 2026-12-06T00:00:00Z <- Role/editor spec"]
    );
}

#[test]
fn someone_still_to_come_has_everything_ahead() {
    let emea = "Organization acme/emea {displayName: EMEA}";
    let bob = |from: &str| {
        format!("User acme/bob {{account: bobb, name: Bob, roles: [editor], organizations: [nowhere, emea]{from}}}")
    };
    let (now, later) = (bob(""), bob(", validFrom: \"2026-12-05T00:00:00Z\""));
    let ahead = "later access from 2026-12-05T00:00:00Z, later role editor from 2026-12-05T00:00:00Z, \
                 later organization emea from 2026-12-05T00:00:00Z";
    let told = |before: &[&str], after: &[&str]| told(before, after);
    assert_eq!(
        told(&[TENANT, EDITOR, emea, &now], &[TENANT, EDITOR, emea, &later]),
        [
            "bob - access, role editor, permission CustomerTag:Edit, permission CustomerTag:View, organization emea \
             <- User/bob spec.validFrom (Begins 2026-12-05T00:00:00Z)"
                .to_owned(),
            format!("bob + {ahead} <- User/bob spec.validFrom"),
        ]
    );
    assert_eq!(
        told(&[TENANT, EDITOR, emea, &later], &[TENANT, EDITOR, &later]),
        ["bob - later organization emea from 2026-12-05T00:00:00Z <- Organization/emea spec"]
    );
    assert_eq!(
        told(&[TENANT, EDITOR, emea], &[TENANT, EDITOR, emea, &later]),
        [format!("bob + {ahead} <- User/bob metadata.name (NoUser)")]
    );
    let suspended = "Tenant acme/tenant {displayName: Acme, suspended: true}";
    assert_eq!(
        told(&[TENANT, EDITOR, emea, &later], &[suspended, EDITOR, emea, &later]),
        [format!("bob - {ahead} <- Tenant/tenant spec.suspended (Suspended)")]
    );
}

#[test]
fn each_field_that_decides_what_is_ahead_is_named() {
    let tenant = "Tenant acme/tenant {displayName: Acme, accounts: {positions: [boss]}}";
    let by_position = "Role acme/lead {displayName: L, assignment: Position, positions: [boss], permissions: [{object: Customer, actions: [View]}]}";
    let base = "User acme/bob {account: bobb, name: Bob, validFrom: \"2026-12-05T00:00:00Z\", roles: [editor]}";
    let gains = |change: (&str, &str), what: &str| {
        let after = base.replace(change.0, change.1);
        let told = told(
            &[tenant, EDITOR, by_position, base],
            &[tenant, EDITOR, by_position, &after],
        );
        of(&told, &format!("bob + later {what}"))
            .iter()
            .map(|line| line.rsplit(" <- ").next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        gains(("[editor]", "[editor, analyst]"), "role analyst"),
        ["User/bob spec.roles"]
    );
    assert_eq!(
        gains(("name: Bob", "name: Bob, position: boss"), "role lead"),
        ["User/bob spec.position"]
    );
    assert_eq!(
        gains(
            ("name: Bob", "name: Bob, organizations: [headquarters]"),
            "organization"
        ),
        ["User/bob spec.organizations"]
    );
    assert_eq!(
        gains(("2026-12-05", "2026-12-06"), "access"),
        ["User/bob spec.validFrom"]
    );
    let shorter = told(
        &[tenant, EDITOR, &base.replace("name: Bob", "name: Bob, enabled: false")],
        &[tenant, EDITOR, base],
    );
    assert_eq!(
        shorter,
        [
            "bob + later access from 2026-12-05T00:00:00Z, later role editor from 2026-12-05T00:00:00Z <- User/bob spec.enabled"
        ]
    );
    let until = base.replace("name: Bob", "name: Bob, validUntil: \"2026-12-05T00:00:01Z\"");
    assert_eq!(
        told(&[tenant, EDITOR, &until], &[tenant, EDITOR, base]),
        ["bob + later access from 2026-12-05T00:00:01Z <- User/bob spec.validUntil"]
    );
}

#[test]
fn a_further_period_of_a_role_is_a_change_ahead() {
    let bob = |periods: &str| {
        format!(
            "User acme/bob {{account: bobb, name: Bob, roles: [ordinary-user], temporaryRoles: [{{role: editor, validUntil: \"2026-12-02T00:00:00Z\"}}{periods}]}}"
        )
    };
    let period = |from: &str, until: &str| {
        format!(", {{role: editor, validFrom: \"{from}T00:00:00Z\", validUntil: \"{until}T00:00:00Z\"}}")
    };
    let told = |before: &str, after: &str| told(&[TENANT, EDITOR, before], &[TENANT, EDITOR, after]);
    let one = bob("");
    assert_eq!(
        told(&one, &bob(&period("2026-12-02", "2029-12-02"))),
        [
            "bob + later role editor from 2026-12-02T00:00:00Z until 2029-12-02T00:00:00Z <- User/bob spec.temporaryRoles"
        ]
    );
    assert_eq!(
        told(&one, &bob(&period("2026-12-10", "2029-12-02"))),
        [
            "bob + later role editor from 2026-12-10T00:00:00Z until 2029-12-02T00:00:00Z <- User/bob spec.temporaryRoles"
        ]
    );
    let two = bob(&period("2026-12-05", "2026-12-06"));
    let three = bob(&format!(
        "{}{}",
        period("2026-12-05", "2026-12-06"),
        period("2026-12-10", "2026-12-11")
    ));
    assert_eq!(
        told(&two, &three),
        [
            "bob + later role editor from 2026-12-10T00:00:00Z until 2026-12-11T00:00:00Z <- User/bob spec.temporaryRoles"
        ]
    );
}

#[test]
fn an_end_that_moves_is_told_wherever_it_comes_from() {
    let service = |until: &str| {
        format!(
            "User acme/bob {{account: bobb, name: Bob, email: bob@acme.example, type: Service, roles: [editor], activation: {{validUntil: \"{until}T00:00:00Z\"}}}}"
        )
    };
    assert_eq!(
        told(
            &[TENANT, EDITOR, &service("2026-12-02")],
            &[TENANT, EDITOR, &service("2030-12-02")]
        ),
        ["bob + later access from 2026-12-02T00:00:00Z until 2030-12-02T00:00:00Z <- User/bob spec.activation",]
    );
    let home = |until: &str| {
        format!(
            "User beta/bob {{account: bobb, name: Bob, email: bob@beta.example, roles: [ordinary-user], validUntil: \"{until}T00:00:00Z\"}}"
        )
    };
    let world = [
        TENANT,
        "Tenant beta/tenant {displayName: Beta, accounts: {creditedTo: [acme]}}",
        "User acme/bob {type: Credited, email: bob@beta.example, home: {tenant: beta, user: bob}, roles: [ordinary-user]}",
    ];
    let sides = ["2026-12-02", "2030-12-02"].map(home);
    let [before, after] = sides.each_ref().map(|home| [&world[..], &[home.as_str()]].concat());
    assert_eq!(
        of(&told(&before, &after), "bob +"),
        [
            "bob + later access from 2026-12-02T00:00:00Z until 2030-12-02T00:00:00Z <- User/beta/bob spec (Home)",
            "bob + later access from 2026-12-02T00:00:00Z until 2030-12-02T00:00:00Z <- User/bob spec.validUntil",
        ]
    );
}

#[test]
fn what_a_role_ahead_brings_is_told_when_it_changes() {
    let more = EDITOR.replace("Edit", "Edit, Delete");
    let bob = BOB.replace("name: Bob,", "name: Bob, validFrom: \"2026-12-05T00:00:00Z\",");
    assert_eq!(
        told(&[TENANT, EDITOR, &bob], &[TENANT, &more, &bob]),
        ["bob + later permission CustomerTag:Delete from 2026-12-05T00:00:00Z <- Role/editor spec"]
    );
}

#[test]
fn the_order_in_which_records_are_listed_is_no_difference() {
    let rule = |ids: &str| {
        format!(
            "SharingRule acme/some {{displayName: Some, object: Campaign, records: [{ids}], to: {{users: [bob]}}, access: Read}}"
        )
    };
    let tenant = "Tenant acme/tenant {displayName: Acme, dataPermissions: {enabled: true}}";
    let editor = EDITOR.replace("CustomerTag", "Campaign");
    let [one, other] = [rule("c1, c2"), rule("c2, c1")];
    assert_eq!(
        told(&[tenant, &editor, BOB], &[tenant, &editor, BOB, &other]),
        ["bob + sharing some Campaign c1, c2 Read <- SharingRule/some spec"]
    );
    assert_eq!(
        told(&[tenant, &editor, BOB, &one], &[tenant, &editor, BOB, &other]),
        [""; 0]
    );
}

#[test]
fn organizations_and_groups_name_what_lists_her() {
    let emea = "Organization acme/emea {displayName: EMEA}";
    let group = "UserGroup acme/launch {displayName: Launch, remarks: Launch, users: [bob]}";
    let member = BOB.replace("name: Bob,", "name: Bob, organizations: [emea],");
    let full = [TENANT, EDITOR, emea, group, &member];
    assert_eq!(
        told(&full, &[TENANT, EDITOR, group, &member]),
        ["bob - organization emea <- Organization/emea metadata.name"]
    );
    let moved = BOB.replace("name: Bob,", "name: Bob, organizations: [headquarters],");
    assert_eq!(
        told(&full, &[TENANT, EDITOR, emea, group, &moved]),
        [
            "bob - organization emea <- User/bob spec.organizations[0]",
            "bob + organization headquarters <- User/bob spec.organizations[0]",
        ]
    );
    assert_eq!(
        told(&full, &[TENANT, EDITOR, emea, &member]),
        ["bob - group launch <- UserGroup/launch spec.users[0]"]
    );
}

#[test]
fn rows_and_columns_name_the_entries_that_gave_them() {
    let role = |name: &str, data: &str| {
        format!(
            "Role acme/{name} {{displayName: R, permissions: [{{object: Event, actions: [View]}}], data: [{data}]}}"
        )
    };
    let bob = "User acme/bob {account: bobb, name: Bob, roles: [seer, other]}";
    let other = role(
        "other",
        "{object: Event, rows: Some, condition: \"record.name == 'b'\", columns: [name]}",
    );
    let narrow = role(
        "seer",
        "{object: Event, rows: Some, condition: \"record.name == 'a'\", columns: [name, time]}",
    );
    let wide = role("seer", "{object: Event, rows: All}");
    let none = role("seer", "{object: Event, rows: None}");
    let from = |role: &str| format!("Role/{role} spec.data[0]");
    assert_eq!(
        told(&[TENANT, &narrow, &other, bob], &[TENANT, &none, &other, bob]),
        [format!(
            "bob - rows Event Where([\"record.name == 'a'\"]), column Event time <- {}",
            from("seer")
        )]
    );
    let change = |sign: char| [format!("bob {sign} rows Event All, column Event * <- {}", from("seer"))];
    assert_eq!(
        told(&[TENANT, &narrow, &other, bob], &[TENANT, &wide, &other, bob]),
        change('+')
    );
    assert_eq!(
        told(&[TENANT, &wide, &other, bob], &[TENANT, &narrow, &other, bob]),
        change('-')
    );
}

#[test]
fn a_field_that_is_restricted_names_what_restricts_it() {
    let role = |restriction: &str| {
        format!(
            "Role acme/editor {{displayName: E, permissions: [{{object: Customer, actions: [View]}}], restrictions: [{restriction}]}}"
        )
    };
    let free = role("");
    let masked = role("{object: Customer, field: phone, mode: MaskedDisplay}");
    let grouped = role("{object: Customer, field: phone, mode: NoGroupingOrFiltering}");
    assert_eq!(
        told(&[TENANT, &free, BOB], &[TENANT, &masked, BOB]),
        [
            "bob - field Customer.phone See, field Customer.phone Filter <- Role/editor spec.restrictions[0] (Restricts(MaskedDisplay))"
        ]
    );
    assert_eq!(
        told(&[TENANT, &masked, BOB], &[TENANT, &free, BOB]),
        [
            "bob + field Customer.phone See, field Customer.phone Filter <- Role/editor spec.restrictions[0] (Restricts(MaskedDisplay))"
        ]
    );
    assert_eq!(
        told(&[TENANT, &masked, BOB], &[TENANT, &grouped, BOB]),
        [
            "bob - field Customer.phone Group <- Role/editor spec.restrictions[0] (Restricts(NoGroupingOrFiltering))",
            "bob + field Customer.phone See <- Role/editor spec.restrictions[0] (Restricts(MaskedDisplay))",
        ]
    );
    let more = |restriction: &str| {
        role(&format!(
            "{{object: Customer, field: city, mode: MaskedDisplay}}, {{object: UserProfile, field: phone, mode: MaskedDisplay}}{restriction}"
        ))
    };
    assert_eq!(
        told(
            &[TENANT, &more(""), BOB],
            &[
                TENANT,
                &more(", {object: Customer, field: phone, mode: NoGroupingOrFiltering}"),
                BOB
            ]
        ),
        [
            "bob - field Customer.phone Group, field Customer.phone Filter <- Role/editor spec.restrictions[2] (Restricts(NoGroupingOrFiltering))"
        ]
    );
    let tenant = "Tenant acme/tenant {displayName: Acme, objects: [{object: Customer, fields: [{name: phone, type: String, restricted: true}]}]}";
    assert_eq!(
        told(&[TENANT, &free, BOB], &[tenant, &free, BOB]),
        [
            "bob - field Customer.phone SeeMasked, field Customer.phone See, field Customer.phone Group, field Customer.phone Filter \
             <- Tenant/tenant spec.objects[0].fields[0].restricted (Personal)"
        ]
    );
}

#[test]
fn a_rule_that_shares_with_her_in_any_way_is_a_grant() {
    let tenant = "Tenant acme/tenant {displayName: Acme, dataPermissions: {enabled: true}, objects: [{object: Campaign, fields: [{name: code, type: String}]}]}";
    let emea = "Organization acme/emea {displayName: EMEA, code: EM}";
    let group = "UserGroup acme/launch {displayName: Launch, remarks: Launch, users: [bob]}";
    let strangers = "UserGroup acme/strangers {displayName: Strangers, remarks: Nobody, users: [carol]}";
    let carol = "User acme/carol {account: carol, name: Carol, roles: [editor], organizations: [headquarters]}";
    let bob = BOB.replace("name: Bob,", "name: Bob, organizations: [emea],");
    let customers = "{object: Customer, actions: [View]}";
    let editor = EDITOR.replace("{object: CustomerTag", &format!("{customers}, {{object: Campaign"));
    let before = [tenant, emea, group, strangers, &editor, carol, &bob];
    let with = |rule: &str| {
        let rule = format!("SharingRule acme/rule {{displayName: R, {rule}}}");
        of(&told(&before, &[&before[..], &[rule.as_str()]].concat()), "bob")
    };
    let from = "<- SharingRule/rule spec";
    assert_eq!(
        with(
            "object: Campaign, records: [a, b], access: Edit, to: {users: [bob]}, validUntil: \"2027-01-01T00:00:00Z\""
        ),
        [format!(
            "bob + sharing rule Campaign a, b Edit until 2027-01-01T00:00:00Z {from}"
        )]
    );
    assert_eq!(
        with("object: Campaign, records: [a], to: {groups: [launch]}"),
        [format!("bob + sharing rule Campaign a Read {from}")]
    );
    assert_eq!(
        with("object: MarketingContent, contentGroups: [g1, g2], to: {organizations: [emea]}"),
        [format!("bob + sharing rule MarketingContent in g1, g2 Read {from}")]
    );
    assert_eq!(
        with("object: Customer, ownerless: {}, to: {everyone: true}"),
        [format!("bob + sharing rule Customer without owner Read {from}")]
    );
    assert_eq!(
        with("object: Customer, condition: \"record.city == 'a'\", to: {organizations: [emea]}"),
        [format!(
            "bob + sharing rule Customer where record.city == 'a' Read {from}"
        )]
    );
    assert_eq!(with("object: Campaign, records: [a], to: {users: [carol]}"), [""; 0]);
    assert_eq!(
        with("object: Campaign, records: [a], to: {groups: [strangers]}"),
        [""; 0]
    );
    assert_eq!(
        with("object: MarketingContent, contentGroups: [g1], to: {organizations: [headquarters]}"),
        [""; 0]
    );
    assert_eq!(
        with("object: Campaign, records: [a], to: {users: [bob]}, validUntil: \"2026-11-01T00:00:00Z\""),
        [""; 0]
    );
}

/// A tenant that limits who sees which records, as far as that says.
fn limiting(more: &str) -> String {
    format!("Tenant acme/tenant {{displayName: Acme, {more}}}")
}

#[test]
fn what_the_tenant_says_of_records_is_told_to_whoever_has_an_action_on_them() {
    let customers = "Role acme/editor {displayName: E, permissions: [{object: Customer, actions: [Edit]}]}";
    let on = limiting("dataPermissions: {enabled: true}");
    let off = limiting("dataPermissions: {enabled: false}");
    assert_eq!(
        of(&told(&[&on, customers, BOB], &[&off, customers, BOB]), "bob + every"),
        ["bob + every record <- Tenant/tenant spec.dataPermissions.enabled"]
    );
    let public = |access: &str| {
        limiting(&format!(
            "dataPermissions: {{enabled: true}}, objects: [{{object: Customer, access: {access}}}]"
        ))
    };
    let (read, write) = (public("PublicReadOnly"), public("PublicReadWrite"));
    assert_eq!(
        told(&[&on, customers, BOB], &[&write, customers, BOB]),
        ["bob + public Customer Edit <- Tenant/tenant spec.objects"]
    );
    assert_eq!(
        told(&[&read, customers, BOB], &[&write, customers, BOB]),
        ["bob + public Customer Edit <- Tenant/tenant spec.objects"]
    );
    assert_eq!(told(&[&on, EDITOR, BOB], &[&write, EDITOR, BOB]), [""; 0]);
}

#[test]
fn an_organization_that_moves_brings_its_records_along() {
    let on = limiting("dataPermissions: {enabled: true}");
    let emea = "Organization acme/emea {displayName: EMEA}";
    let bob = BOB.replace("name: Bob,", "name: Bob, organizations: [emea],");
    let sub = |parent: &str| format!("Organization acme/sub {{displayName: Sub{parent}}}");
    let (apart, below) = (sub(""), sub(", parent: emea"));
    assert_eq!(
        told(&[&on, EDITOR, emea, &apart, &bob], &[&on, EDITOR, emea, &below, &bob]),
        ["bob + records of sub in emea <- Organization/sub spec.parent"]
    );
    assert_eq!(
        told(&[&on, EDITOR, emea, &apart, BOB], &[&on, EDITOR, emea, &below, &bob]),
        of(
            &told(&[&on, EDITOR, emea, &apart, BOB], &[&on, EDITOR, emea, &apart, &bob]),
            "bob"
        )
    );
}

#[test]
fn rules_of_sharing_are_told_as_far_as_they_count() {
    let customers = "Role acme/editor {displayName: E, permissions: [{object: Customer, actions: [View]}]}";
    let rule =
        "SharingRule acme/some {displayName: Some, object: Campaign, records: [c1], to: {users: [bob]}, access: Read}";
    let own = limiting("dataPermissions: {enabled: true, visibility: CurrentOrganizationOnly}");
    let [on, off] = ["true", "false"].map(|enabled| limiting(&format!("dataPermissions: {{enabled: {enabled}}}")));
    let campaigns = customers.replace("Customer", "Campaign");
    let shared = |tenant: &str, role: &str| told(&[tenant, role, BOB], &[tenant, role, BOB, rule]);
    assert_eq!(
        shared(&on, &campaigns),
        ["bob + sharing some Campaign c1 Read <- SharingRule/some spec"]
    );
    for (tenant, role) in [(&on, customers), (&off, campaigns.as_str()), (&own, campaigns.as_str())] {
        assert_eq!(shared(tenant, role), [""; 0]);
    }
    let by_code = "SharingRule acme/some {displayName: Some, object: Customer, organizationAttribute: {field: region}}";
    let fields = "objects: [{object: Customer, fields: [{name: region, type: String}]}]";
    let own = limiting(&format!(
        "dataPermissions: {{enabled: true, visibility: CurrentOrganizationOnly}}, {fields}"
    ));
    let emea = "Organization acme/emea {displayName: EMEA}";
    let bob = BOB.replace("name: Bob,", "name: Bob, organizations: [emea],");
    assert_eq!(
        told(&[&own, customers, emea, &bob], &[&own, customers, emea, &bob, by_code]),
        ["bob + sharing some Customer by the code in region Read <- SharingRule/some spec"]
    );
}

#[test]
fn what_a_role_ahead_brings_is_told_though_another_role_comes() {
    let more = EDITOR.replace("Edit", "Edit, Delete");
    let bob = |roles: &str| {
        format!(
            "User acme/bob {{account: bobb, name: Bob, roles: [{roles}], temporaryRoles: [{{role: editor, \
             validFrom: \"2026-12-05T00:00:00Z\", validUntil: \"2026-12-09T00:00:00Z\"}}]}}"
        )
    };
    let delete = "bob + later permission CustomerTag:Delete from 2026-12-05T00:00:00Z <- Role/editor spec";
    let one = bob("ordinary-user");
    for two in [one.clone(), bob("ordinary-user, analyst"), bob("developer")] {
        assert!(
            told(&[TENANT, EDITOR, &one], &[TENANT, &more, &two]).contains(&delete.to_owned()),
            "{two}"
        );
        let lost = delete.replace('+', "-");
        assert!(
            told(&[TENANT, &more, &one], &[TENANT, EDITOR, &two]).contains(&lost),
            "{two}"
        );
    }
}

#[test]
fn rows_and_fields_ahead_say_which() {
    let tenant =
        "Tenant acme/tenant {displayName: Acme, objects: [{object: Customer, fields: [{name: phone, type: String}]}]}";
    let role = |rows: &str, more: &str| {
        format!(
            "Role acme/editor {{displayName: E, permissions: [{{object: Event, actions: [View]}}], data: [{{object: Event, {rows}}}]{more}}}"
        )
    };
    let bob = BOB.replace("name: Bob,", "name: Bob, validFrom: \"2026-12-05T00:00:00Z\",");
    let one = role("rows: Some, condition: \"record.name == 'a'\"", "");
    let other = role("rows: Some, condition: \"record.name == 'b'\"", "");
    assert_eq!(
        told(&[tenant, &one, &bob], &[tenant, &other, &bob]),
        [
            "bob - later rows Event Where([\"record.name == 'a'\"]) from 2026-12-05T00:00:00Z <- Role/editor spec",
            "bob + later rows Event Where([\"record.name == 'b'\"]) from 2026-12-05T00:00:00Z <- Role/editor spec",
        ]
    );
    let masked = role(
        "rows: Some, condition: \"record.name == 'a'\"",
        ", restrictions: [{object: Customer, field: phone, mode: MaskedDisplay}]",
    );
    assert_eq!(
        told(&[tenant, &one, &bob], &[tenant, &masked, &bob]),
        ["bob - later field Customer.phone See from 2026-12-05T00:00:00Z, \
          later field Customer.phone Filter from 2026-12-05T00:00:00Z <- Role/editor spec"]
    );
}

#[test]
fn other_spellings_of_the_same_are_no_difference() {
    let bob = |periods: &str| {
        format!("User acme/bob {{account: bobb, name: Bob, roles: [ordinary-user], temporaryRoles: [{periods}]}}")
    };
    let until = |day: &str| format!("{{role: editor, validUntil: \"2026-12-{day}T00:00:00Z\"}}");
    let further = "{role: editor, validFrom: \"2026-12-05T00:00:00Z\", validUntil: \"2026-12-09T00:00:00Z\"}";
    let (one, two) = (bob(&until("09")), bob(&format!("{}, {further}", until("05"))));
    assert_eq!(told(&[TENANT, EDITOR, &one], &[TENANT, EDITOR, &two]), [""; 0]);
    let role = |condition: &str| {
        format!(
            "Role acme/editor {{displayName: E, permissions: [{{object: Event, actions: [View]}}], data: [{{object: Event, rows: Some, condition: \"{condition}\"}}]}}"
        )
    };
    let compared = |one: &str, other: &str| told(&[TENANT, &role(one), BOB], &[TENANT, &role(other), BOB]).len();
    assert_eq!(compared("record.name == 'a b'", " record.name  ==  'a b'"), 0);
    assert_eq!(compared("record.name == 'a b'", "record.name == 'a  b'"), 2);
}

#[test]
fn where_nothing_limits_her_the_tenant_changes_nothing() {
    let customers = "Role acme/editor {displayName: E, permissions: [{object: Customer, actions: [View]}]}";
    let [on, off] = ["true", "false"].map(|enabled| format!("dataPermissions: {{enabled: {enabled}}}"));
    let public = "objects: [{object: Customer, access: PublicReadWrite}]";
    let emea = "Organization acme/emea {displayName: EMEA}";
    let sub = |parent: &str| format!("Organization acme/sub {{displayName: Sub{parent}}}");
    let (apart, below) = (sub(""), sub(", parent: emea"));
    let of = |organization: &str| BOB.replace("name: Bob,", &format!("name: Bob, organizations: [{organization}],"));
    let (member, headquarters) = (of("emea"), of("headquarters"));
    let compared = |one: &str, other: &str, bob: &str| {
        let (one, other) = (limiting(one), limiting(other));
        told(
            &[&one, customers, emea, &apart, bob],
            &[&other, customers, emea, &below, bob],
        )
    };
    assert_eq!(compared(&off, &format!("{off}, {public}"), &member), [""; 0]);
    assert_eq!(compared(&on, &format!("{on}, {public}"), &headquarters), [""; 0]);
    assert_eq!(compared(&off, &on, &headquarters), [""; 0]);
    let read_only = "objects: [{object: Customer, access: PublicReadOnly}]";
    let (read, write) = (format!("{on}, {read_only}"), format!("{on}, {public}"));
    assert_eq!(
        compared(&read, &write, &member),
        ["bob + records of sub in emea <- Organization/sub spec.parent"]
    );
    assert_eq!(
        compared(&on, &write, &member),
        [
            "bob + public Customer Read <- Tenant/tenant spec.objects",
            "bob + records of sub in emea <- Organization/sub spec.parent",
        ]
    );
    let events = customers.replace("Customer", "Event");
    assert_eq!(
        told(&[&limiting(&off), &events, BOB], &[&limiting(&on), &events, BOB]),
        of_lines_about(
            &told(&[&limiting(&off), &events, BOB], &[&limiting(&on), &events, BOB]),
            "organization"
        )
    );
}

/// The lines that speak of that.
fn of_lines_about(told: &[String], what: &str) -> Vec<String> {
    told.iter().filter(|line| line.contains(what)).cloned().collect()
}

#[test]
fn a_cause_is_what_differs_and_not_what_it_works_through() {
    let on = limiting("dataPermissions: {enabled: true}");
    let emea = "Organization acme/emea {displayName: EMEA}";
    let sub = |parent: &str| format!("Organization acme/sub {{displayName: Sub{parent}}}");
    let (apart, below) = (sub(""), sub(", parent: emea"));
    let deep = "Organization acme/deep {displayName: Deep, parent: sub}";
    let bob = BOB.replace("name: Bob,", "name: Bob, organizations: [emea],");
    assert_eq!(
        told(
            &[&on, EDITOR, emea, &apart, deep, &bob],
            &[&on, EDITOR, emea, &below, deep, &bob]
        ),
        ["bob + records of deep in emea, records of sub in emea <- Organization/sub spec.parent"]
    );
    let campaigns = EDITOR.replace("CustomerTag", "Campaign");
    let rule = "SharingRule acme/r {displayName: R, object: MarketingContent, contentGroups: [g], to: {organizations: [emea]}, access: Read}";
    let content = EDITOR.replace("CustomerTag", "MarketingContent");
    let sharing = |before: &[&str], after: &[&str]| of_lines_about(&told(before, after), "sharing");
    assert_eq!(
        sharing(&[&on, &content, emea, rule, BOB], &[&on, &content, emea, rule, &bob]),
        ["bob + organization emea, sharing r MarketingContent in g Read <- User/bob spec.organizations[0]"]
    );
    let own = limiting("dataPermissions: {enabled: true, visibility: CurrentOrganizationOnly}");
    assert_eq!(
        sharing(&[&on, &content, emea, rule, &bob], &[&own, &content, emea, rule, &bob]),
        ["bob - sharing r MarketingContent in g Read <- Tenant/tenant spec.dataPermissions"]
    );
    let positions = "Tenant acme/tenant {displayName: Acme, accounts: {positions: [boss]}}";
    let lead = "Role acme/lead {displayName: L, assignment: Position, positions: [boss], permissions: [{object: Customer, actions: [View]}]}";
    let boss = BOB.replace("name: Bob,", "name: Bob, position: boss,");
    let told = |before: &[&str], after: &[&str]| told(before, after);
    assert!(
        told(
            &[positions, &campaigns, lead, BOB],
            &[positions, &campaigns, lead, &boss]
        )
        .iter()
        .all(|line| line.ends_with("<- User/bob spec.position"))
    );
    let tags = "Tenant acme/tenant {displayName: Acme, modules: [Tags]}";
    let tagger = EDITOR.replace("CustomerTag", "UserTag");
    for line in told(&[tags, &tagger, BOB], &[TENANT, &tagger, BOB]) {
        assert!(line.ends_with("<- Tenant/tenant spec.modules"), "{line}");
    }
}
