//! What an explanation says, in lines: what there is, and after an arrow where it comes from.

use super::super::testing::{TENANT, causes, evaluate, of};

const EDITOR: &str = "Role acme/editor {displayName: E, permissions: [{object: Campaign, actions: [Edit]}]}";
const VIEWER: &str = "Role acme/viewer {displayName: V, permissions: [{object: Campaign, actions: [View]}]}";

fn told(lines: &[&str], user: &str) -> Vec<String> {
    let evaluations = evaluate(lines);
    let acme = evaluations.iter().find(|one| one.namespace == "acme").unwrap();
    let explanation = acme.explain(user).expect("the user is there");
    let mut told = vec![format!("{:?} <- {}", explanation.phase, causes(&explanation.because))];
    told.extend(explanation.roles.iter().map(|role| {
        let until = role.valid_until.map(|end| format!(" until {end}")).unwrap_or_default();
        format!("role {} {:?}{until} <- {}", role.name, role.via, causes(&role.from))
    }));
    let permissions = explanation.permissions.iter();
    told.extend(permissions.map(|one| format!("permission {}:{} <- {}", one.object, one.action, causes(&one.from))));
    let organizations = explanation.organizations.iter();
    told.extend(organizations.map(|one| format!("organization {} <- {}", one.name, causes(&one.from))));
    told.extend(
        explanation
            .groups
            .iter()
            .map(|one| format!("group {} <- {}", one.name, causes(&one.from))),
    );
    let data = explanation.data.iter();
    told.extend(data.map(|one| format!("rows {} {:?} <- {}", one.object, one.rows, causes(&one.from))));
    told.extend(explanation.fields.iter().map(|one| {
        let (group, filter) = (one.group, one.filter);
        let uses = format!("{:?} group {group} filter {filter}", one.display);
        format!("field {}.{} {uses} <- {}", one.object, one.field, causes(&one.from))
    }));
    let void = explanation.void.iter();
    told.extend(void.map(|one| format!("void {} {} {}", one.path, one.class.as_str(), one.reason)));
    told.extend(explanation.next_transition.map(|at| format!("next {at}")));
    told
}

#[test]
fn only_a_user_of_a_tenant_in_force_is_explained() {
    let lines = [
        TENANT,
        VIEWER,
        "User acme/bob {account: bobb, name: Bob, roles: [viewer]}",
    ];
    assert!(evaluate(&lines)[0].explain("carol").is_none());
    assert!(evaluate(&lines[1..])[0].explain("bob").is_none());
    let explanation = evaluate(&lines)[0].explain("bob").unwrap();
    assert_eq!(
        (explanation.namespace.as_str(), explanation.user.as_str()),
        ("acme", "bob")
    );
    assert_eq!(explanation.at.to_string(), super::super::testing::NOW);
}

#[test]
fn a_permission_comes_from_the_entries_that_list_it_or_else_from_those_it_comes_with() {
    let bob = "User acme/bob {account: bobb, name: Bob, roles: [viewer, editor]}";
    assert_eq!(
        of(&told(&[TENANT, EDITOR, VIEWER, bob], "bob"), "permission"),
        [
            "permission Campaign:Edit <- Role/editor spec.permissions[0].actions[0]",
            "permission Campaign:View <- Role/viewer spec.permissions[0].actions[0]",
            "permission MarketingContent:View <- Role/editor spec.permissions[0].actions[0] (ComesWith Campaign:Edit)",
        ]
    );
}

#[test]
fn an_action_of_a_module_that_the_tenant_lacks_gives_nothing() {
    let role = "Role acme/editor {displayName: E, permissions: [{object: UserTag, actions: [View]}, {object: Customer, actions: [View]}]}";
    let bob = "User acme/bob {account: bobb, name: Bob, roles: [editor]}";
    assert_eq!(
        of(&told(&[TENANT, role, bob], "bob"), "permission"),
        ["permission Customer:View <- Role/editor spec.permissions[1].actions[0]"]
    );
}

#[test]
fn a_role_comes_from_every_way_in_which_it_is_held() {
    let tenant = "Tenant acme/tenant {displayName: Acme, accounts: {positions: [intern, boss]}}";
    let by_position = "Role acme/editor {displayName: E, assignment: Position, positions: [intern, boss], permissions: [{object: Campaign, actions: [Edit]}]}";
    let bob = "User acme/bob {account: bobb, name: Bob, position: boss, roles: [ordinary-user, viewer], temporaryRoles: [\
        {role: viewer, validUntil: \"2027-01-01T00:00:00Z\"}, \
        {role: editor, validFrom: \"2026-12-01T00:00:00Z\", validUntil: \"2026-12-02T00:00:00Z\"}, \
        {role: editor, validFrom: \"2026-12-02T00:00:00Z\", validUntil: \"2026-12-03T00:00:00Z\"}, \
        {role: editor, validFrom: \"2026-11-01T00:00:00Z\", validUntil: \"2026-12-01T00:00:00Z\"}, \
        {role: analyst, validUntil: \"2026-12-05T00:00:00Z\"}]}";
    assert_eq!(
        of(&told(&[tenant, by_position, VIEWER, bob], "bob"), "role"),
        [
            "role analyst [Temporary] until 2026-12-05T00:00:00Z <- User/bob spec.temporaryRoles[4] (Ends 2026-12-05T00:00:00Z)",
            "role editor [Position, Temporary] <- User/bob spec.temporaryRoles[1] (Ends 2026-12-02T00:00:00Z); \
             Role/editor spec.positions[1] (ByPosition)",
            "role ordinary-user [Direct] <- User/bob spec.roles[0]",
            "role viewer [Direct, Temporary] <- User/bob spec.roles[1]; User/bob spec.temporaryRoles[0] (Ends 2027-01-01T00:00:00Z)",
        ]
    );
}

#[test]
fn a_role_named_but_not_assignable_is_no_source_of_what_the_position_gives() {
    let tenant = "Tenant acme/tenant {displayName: Acme, accounts: {positions: [boss]}}";
    let by_position = "Role acme/editor {displayName: E, assignment: Position, positions: [boss], permissions: [{object: Campaign, actions: [View]}]}";
    let bob = "User acme/bob {account: bobb, name: Bob, position: boss, roles: [editor]}";
    let carol = "User acme/carol {account: carol, name: Carol, roles: [ordinary-user], position: boss}";
    let lines = [tenant, by_position, bob, carol];
    let expected = ["role editor [Position] <- Role/editor spec.positions[0] (ByPosition)"];
    assert_eq!(of(&told(&lines, "bob"), "role editor"), expected);
    assert_eq!(
        of(&told(&lines, "bob"), "void"),
        ["void spec.roles[0] Partial RoleNotAssignable"]
    );
    assert_eq!(of(&told(&lines, "carol"), "role editor"), expected);
}

#[test]
fn a_temporary_position_role_of_someone_in_another_position_comes_from_the_period_alone() {
    let tenant = "Tenant acme/tenant {displayName: Acme, accounts: {positions: [boss, intern]}}";
    let by_position = "Role acme/editor {displayName: E, assignment: Position, positions: [boss], permissions: [{object: Campaign, actions: [View]}]}";
    let bob = "User acme/bob {account: bobb, name: Bob, position: intern, roles: [ordinary-user], temporaryRoles: [{role: editor, validUntil: \"2026-12-02T00:00:00Z\"}]}";
    assert_eq!(
        of(&told(&[tenant, by_position, bob], "bob"), "role editor"),
        [
            "role editor [Temporary] until 2026-12-02T00:00:00Z <- User/bob spec.temporaryRoles[0] (Ends 2026-12-02T00:00:00Z)"
        ]
    );
}

#[test]
fn a_phase_comes_from_all_that_decides_about_it() {
    let phase = |tenant: &str, user: &str| {
        let user = format!("User acme/bob {{account: bobb, name: Bob, roles: [ordinary-user]{user}}}");
        told(&[tenant, &user], "bob").remove(0)
    };
    let suspended = "Tenant acme/tenant {displayName: Acme, suspended: true}";
    assert_eq!(phase(TENANT, ""), "Active <- ");
    assert_eq!(
        phase(suspended, ", enabled: false"),
        "Disabled <- Tenant/tenant spec.suspended (Suspended); User/bob spec.enabled (SwitchedOff)"
    );
    let period = ", validFrom: \"2026-12-05T00:00:00Z\", validUntil: \"2026-12-06T00:00:00Z\"";
    assert_eq!(
        phase(TENANT, period),
        "Pending <- User/bob spec.validUntil (Ends 2026-12-06T00:00:00Z); User/bob spec.validFrom (Begins 2026-12-05T00:00:00Z)"
    );
    assert_eq!(
        phase(TENANT, ", type: Service"),
        "Pending <- User/bob spec.activation (NotActivated)"
    );
    assert_eq!(
        phase(
            TENANT,
            ", type: Service, activation: {validUntil: \"2026-12-06T00:00:00Z\"}"
        ),
        "Active <- User/bob spec.activation.validUntil (Ends 2026-12-06T00:00:00Z)"
    );
}

#[test]
fn the_phase_of_a_credited_user_comes_from_home_too() {
    let lines = [
        TENANT,
        "User acme/guest {type: Credited, home: {tenant: beta, user: rob}, roles: [ordinary-user]}",
        "Tenant beta/tenant {displayName: Beta, accounts: {creditedTo: [acme]}}",
        "User beta/rob {account: robb, name: Rob, roles: [ordinary-user], enabled: false}",
    ];
    assert_eq!(
        told(&lines, "guest")[0],
        "Disabled <- User/beta/rob status.phase (HomePhase(Disabled))"
    );
}

#[test]
fn an_organization_comes_from_the_list_or_from_there_being_none() {
    let tenant = "Tenant acme/tenant {displayName: Acme, dataPermissions: {enabled: true}}";
    let emea = "Organization acme/emea {displayName: EMEA}";
    let bob = "User acme/bob {account: bobb, name: Bob, roles: [ordinary-user], organizations: [nowhere, emea]}";
    let carol = "User acme/carol {account: carol, name: Carol, roles: [ordinary-user]}";
    let lines = [tenant, emea, bob, carol];
    assert_eq!(
        of(&told(&lines, "bob"), "organization"),
        ["organization emea <- User/bob spec.organizations[1]"]
    );
    assert_eq!(
        of(&told(&lines, "carol"), "organization"),
        ["organization unassigned <- Tenant/tenant spec.dataPermissions (NoOrganizationListed)"]
    );
}

#[test]
fn a_group_comes_from_the_entry_that_lists_her() {
    let group = "UserGroup acme/launch {displayName: Launch, remarks: Launch, users: [carol, bob]}";
    let other = "UserGroup acme/other {displayName: Other, remarks: Other, users: [carol]}";
    let bob = "User acme/bob {account: bobb, name: Bob, roles: [ordinary-user]}";
    let carol = "User acme/carol {account: carol, name: Carol, roles: [ordinary-user], enabled: false}";
    let lines = [TENANT, group, other, bob, carol];
    assert_eq!(
        of(&told(&lines, "bob"), "group"),
        ["group launch <- UserGroup/launch spec.users[1]"]
    );
    assert_eq!(of(&told(&lines, "carol"), "group"), [""; 0]);
}

#[test]
fn rows_come_from_every_role_that_gives_any() {
    let some = "Role acme/some {displayName: S, permissions: [{object: Event, actions: [View]}], data: [\
        {object: UserProfile, rows: None}, {object: Event, rows: Some, condition: \"record.name == 'a'\", columns: [name, time]}]}";
    let all = "Role acme/all {displayName: A, permissions: [{object: Event, actions: [View]}], data: [{object: Event, rows: All}]}";
    let bob = "User acme/bob {account: bobb, name: Bob, roles: [some, all]}";
    let carol = "User acme/carol {account: carol, name: Carol, roles: [all], enabled: false}";
    let lines = [TENANT, some, all, bob, carol];
    assert_eq!(
        of(&told(&lines, "bob"), "rows"),
        [
            "rows Event All <- Role/all spec.data[0] (Scope All None None); \
             Role/some spec.data[1] (Scope Some Some(\"record.name == 'a'\") Some([\"name\", \"time\"]))",
            "rows Funnel None <- ",
            "rows UserProfile None <- ",
        ]
    );
    assert_eq!(of(&told(&lines, "carol"), "rows"), [""; 0]);
}

#[test]
fn a_restriction_that_is_void_is_the_source_of_nothing() {
    let tenant = "Tenant acme/tenant {displayName: Acme, objects: [{object: UserTag, fields: [{name: name, type: String, restricted: true}]}, \
                  {object: Customer, fields: [{name: phone, type: String}]}]}";
    let role = "Role acme/a {displayName: A, permissions: [{object: Customer, actions: [View]}], restrictions: [\
                {object: UserTag, field: name, mode: MaskedDisplay}, {object: Customer, field: phone, mode: MaskedDisplay}]}";
    let bob = "User acme/bob {account: bobb, name: Bob, roles: [a]}";
    let fields = of(&told(&[tenant, role, bob], "bob"), "field UserTag");
    assert!(fields.len() == 1 && !fields[0].contains("Role/a"), "{fields:?}");
    let fields = of(&told(&[tenant, role, bob], "bob"), "field Customer.phone");
    assert!(
        fields.iter().all(|field| field.contains("Role/a spec.restrictions[1]")),
        "{fields:?}"
    );
    assert_eq!(fields.len(), 1);
}

#[test]
fn a_field_is_restricted_by_the_tenant_and_by_her_roles() {
    let tenant = "Tenant acme/tenant {displayName: Acme, objects: [{object: CustomerTag}, {object: Customer, fields: [\
        {name: vip, type: String}, {name: phone, type: String, restricted: true}]}]}";
    let masked = "Role acme/masked {displayName: M, permissions: [{object: Customer, actions: [View]}], restrictions: [\
        {object: UserProfile, field: phone, mode: MaskedDisplay}, {object: Customer, field: email, mode: NoGroupingOrFiltering}, \
        {object: Customer, field: phone, mode: MaskedDisplay}]}";
    let insider = "Role acme/insider {displayName: I, permissions: [{object: DataSpace, actions: [PersonalInfo]}]}";
    let other = "Role acme/other {displayName: O, permissions: [{object: Customer, actions: [View]}], restrictions: [{object: Customer, field: city, mode: MaskedDisplay}]}";
    let bob = "User acme/bob {account: bobb, name: Bob, roles: [masked]}";
    let carol = "User acme/carol {account: carol, name: Carol, roles: [masked, insider]}";
    let dan = "User acme/dan {account: danny, name: Dan, roles: [masked], enabled: false}";
    let lines = [tenant, masked, insider, other, bob, carol, dan];
    assert_eq!(
        of(&told(&lines, "bob"), "field"),
        [
            "field Customer.email Clear group false filter false <- Role/masked spec.restrictions[1] (Restricts(NoGroupingOrFiltering))",
            "field Customer.phone Hidden group false filter false <- Tenant/tenant spec.objects[1].fields[1].restricted \
             (Personal); Role/masked spec.restrictions[2] (Restricts(MaskedDisplay))",
            "field UserProfile.phone Masked group true filter false <- Role/masked spec.restrictions[0] (Restricts(MaskedDisplay))",
        ]
    );
    assert_eq!(
        of(&told(&lines, "carol"), "field Customer.phone"),
        [
            "field Customer.phone Masked group true filter false <- Role/masked spec.restrictions[2] (Restricts(MaskedDisplay))"
        ]
    );
    assert_eq!(of(&told(&lines, "dan"), "field"), [""; 0]);
}

#[test]
fn a_restriction_that_holds_in_doubt_says_so() {
    let other = "Role acme/other {displayName: O, permissions: [{object: Customer, actions: [View]}], restrictions: [{object: Customer, field: city, mode: MaskedDisplay}]}";
    let bob = "User acme/bob {account: bobb, name: Bob, roles: [ordinary-user, missing]}";
    let carol = "User acme/carol {account: carol, name: Carol, roles: [other, missing]}";
    let lines = [TENANT, other, bob, carol];
    let explained = told(&lines, "bob");
    assert_eq!(
        of(&explained, "field"),
        [
            "field Customer.city Masked group true filter false <- Role/other spec.restrictions[0] \
          (RestrictsInDoubt(MaskedDisplay))"
        ]
    );
    assert_eq!(
        of(&explained, "void"),
        ["void spec.roles[1] Partial DependencyNotFound"]
    );
    assert_eq!(
        of(&told(&lines, "carol"), "field"),
        [
            "field Customer.city Masked group true filter false <- Role/other spec.restrictions[0] (Restricts(MaskedDisplay))"
        ]
    );
}

#[test]
fn the_next_transition_is_told() {
    let bob = "User acme/bob {account: bobb, name: Bob, roles: [ordinary-user], validUntil: \"2026-12-06T00:00:00Z\"}";
    assert_eq!(of(&told(&[TENANT, bob], "bob"), "next"), ["next 2026-12-06T00:00:00Z"]);
}
