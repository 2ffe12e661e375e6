//! Documents of every kind, read off a tape: few names and values, so that they meet, clash and miss each other.

use tenantry::api::{
    AccountFormat, Accounts, Activation, Administrator, AssignRoles, AssignRolesScope, Assignment,
    AttributeDeclaration, Attributes, Condition, ConditionStatus, DataPermissions, DataScope, Delegation,
    FieldDeclaration, FieldType, HEADQUARTERS, Headquarters, Home, InvitationResponse, InvitationSpec,
    InvitationStatus, Kind, Language, Limits, Login, ManageUsers, ManageUsersScope, Membership, ObjectAccess,
    ObjectSettings, OrganizationAttribute, OrganizationSpec, Ownerless, Permission, Recipients, Restriction,
    RestrictionMode, RoleSpec, Rows, SharedAccess, SharingRuleSpec, TENANT_NAME, TemporaryRole, TenantSpec, UNASSIGNED,
    UserGroupSpec, UserSpec, UserType, Visibility,
};

use crate::conditions::SAMPLES;
use crate::tape::{Tape, moment};
use crate::world::{Body, CATALOGUE, Doc};

pub(crate) const NAMESPACES: [&str; 3] = ["acme", "beta", "corp"];
/// What no document declares.
const GHOST: &str = "ghost";
const PEOPLE: [&str; 6] = ["ann", "bob", "cat", "dan", "eve", "fay"];
const ROLES: [&str; 5] = ["r0", "r1", "r2", "r3", "r4"];
const NAMED_ROLES: [&str; 13] = [
    "r0",
    "r1",
    "ordinary-user",
    "r2",
    "r3",
    "analyst",
    "r4",
    "r0",
    "r1",
    "developer",
    "administrator",
    GHOST,
    "r2",
];
const ORGANIZATIONS: [&str; 5] = ["o0", "o1", "o2", "o3", "o4"];
const NAMED_ORGANIZATIONS: [&str; 10] = [
    "o0",
    HEADQUARTERS,
    "o1",
    "o2",
    UNASSIGNED,
    "o3",
    "o4",
    GHOST,
    "o0",
    "o1",
];
const GROUPS: [&str; 3] = ["g0", "g1", "g2"];
const RULES: [&str; 4] = ["s0", "s1", "s2", "s3"];
const POSITIONS: [&str; 3] = ["intern", "manager", "pilot"];
const ATTRIBUTES: [&str; 3] = ["department", "region", "shoe"];
const CODES: [&str; 3] = ["A", "B", "a"];
const EMAILS: [&str; 4] = ["a@x.io", "A@x.io", "b@x.io", "c@x.io"];
const PHONES: [&str; 2] = ["+4915112345", "+4915112346"];
const OBJECTS: [&str; 12] = [
    "Customer",
    "Event",
    "UserTag",
    "LoyaltyCard",
    "UserProfile",
    "Campaign",
    "DataSpace",
    "Desk",
    "Funnel",
    "Analytics",
    "CustomerGroup",
    "Nothing",
];
const FIELDS: [&str; 9] = [
    "city", "name", "score", "vip", "time", "tier", "gold", "labels", "owner",
];
const TYPES: [FieldType; 6] = [
    FieldType::String,
    FieldType::Int,
    FieldType::Bool,
    FieldType::Timestamp,
    FieldType::StringList,
    FieldType::Double,
];

/// The Tenant's document, unless it is missing.
pub(crate) fn tenant(namespace: &str, tape: &mut Tape<'_>) -> Option<Doc> {
    let body = match tape.below(20) {
        19 => return None,
        18 => Body::Broken(Kind::Tenant, Vec::new()),
        _ => Body::Tenant(Box::new(tenant_spec(tape))),
    };
    Some(Doc {
        namespace: namespace.to_owned(),
        name: Some(TENANT_NAME.to_owned()),
        created: None,
        deleting: tape.once_in(20),
        body,
    })
}

fn tenant_spec(tape: &mut Tape<'_>) -> TenantSpec {
    let mut objects: Vec<ObjectSettings> = tape.several(4, object_settings);
    keep_first(&mut objects, |one| one.object.clone());
    TenantSpec {
        display_name: String::from("Tenant"),
        modules: tape.names(&["Tags", "Loyalty", "Recommendation", "Nothing"], 3),
        suspended: tape.once_in(16),
        headquarters: tape.maybe(3, |tape| Headquarters {
            display_name: tape.maybe(2, |_| String::from("Home")),
            code: tape.maybe(2, |tape| tape.name(&CODES)),
        }),
        accounts: Some(accounts(tape)),
        data_permissions: Some(DataPermissions {
            enabled: tape.once_in(2),
            headquarters_before: tape.maybe(2, |tape| created(tape).unwrap_or(moment(-25))),
            visibility: Visibility::default(),
        }),
        limits: tape.maybe(3, |tape| Limits {
            organization_levels: tape.pick(&[3, 2, 1]),
            organizations_per_level: tape.pick(&[2, 1]),
            users_per_organization: tape.pick(&[2, 1]),
            roles: tape.pick(&[2, 1, 3]),
            user_groups: tape.pick(&[2, 1]),
            users_per_group: tape.pick(&[2, 1]),
            condition_rules: 1,
        }),
        administrator: tape.maybe(3, |tape| Administrator {
            name: String::from("Ada"),
            email: tape.name(&EMAILS),
        }),
        objects,
    }
}

fn accounts(tape: &mut Tape<'_>) -> Accounts {
    let mut attributes = tape.several(2, |tape| AttributeDeclaration {
        name: tape.name(&ATTRIBUTES),
        required: tape.once_in(8),
        values: tape.pick(&[vec![], vec![String::from("Sales"), String::from("EU")]]),
    });
    keep_first(&mut attributes, |one| one.name.clone());
    Accounts {
        format: tape.pick(&[
            AccountFormat::Any,
            AccountFormat::Any,
            AccountFormat::Any,
            AccountFormat::Email,
        ]),
        email_required: tape.once_in(8),
        positions: tape.pick(&[
            vec![String::from("intern"), String::from("manager")],
            vec![String::from("intern")],
            vec![],
        ]),
        position_required: tape.once_in(10),
        attributes,
        credited_to: tape.names(&["*", "acme", "beta", "corp"], 2),
        password: None,
    }
}

fn object_settings(tape: &mut Tape<'_>) -> ObjectSettings {
    let mut fields = tape.several(4, |tape| FieldDeclaration {
        name: tape.name(&FIELDS[..8]),
        kind: tape.pick(&TYPES),
        restricted: tape.once_in(3),
    });
    keep_first(&mut fields, |one| one.name.clone());
    let access = [
        ObjectAccess::Exclusive,
        ObjectAccess::PublicReadWrite,
        ObjectAccess::PublicReadOnly,
    ];
    ObjectSettings {
        object: tape.name(&OBJECTS),
        access: tape.maybe(3, |tape| tape.pick(&access)),
        fields,
    }
}

/// A document of any other kind in one of the namespaces.
pub(crate) fn other(namespaces: &[&str], tape: &mut Tape<'_>) -> Doc {
    let namespace = tape.name(namespaces);
    let kind = tape.pick(&KINDS);
    let name = name(kind, tape);
    let created = created(tape);
    let deleting = tape.once_in(20);
    let broken = tape.once_in(16);
    let body = body(kind, &name, tape);
    let nameless = tape.once_in(5);
    let doc = Doc {
        namespace,
        name: Some(name),
        created,
        deleting,
        body,
    };
    match (broken, nameless) {
        (false, _) => doc,
        (true, false) => doc.broken(),
        (true, true) => Doc {
            name: None,
            ..doc.broken()
        },
    }
}

const KINDS: [Kind; 19] = [
    Kind::User,
    Kind::Role,
    Kind::User,
    Kind::Role,
    Kind::Organization,
    Kind::User,
    Kind::User,
    Kind::Role,
    Kind::UserGroup,
    Kind::SharingRule,
    Kind::Invitation,
    Kind::Organization,
    Kind::Invitation,
    Kind::User,
    Kind::Role,
    Kind::User,
    Kind::Organization,
    Kind::SharingRule,
    Kind::User,
];

fn name(kind: Kind, tape: &mut Tape<'_>) -> String {
    let system = tape.once_in(12);
    let names: &[&str] = match (kind, system) {
        (Kind::Role, false) => &ROLES,
        (Kind::Role, true) => &["ordinary-user", "analyst"],
        (Kind::Organization, false) => &ORGANIZATIONS,
        (Kind::Organization, true) => &[UNASSIGNED, HEADQUARTERS],
        (Kind::UserGroup, _) => &GROUPS,
        (Kind::SharingRule, _) => &RULES,
        (Kind::Invitation, true) => &["administrator"],
        (Kind::User | Kind::Invitation | Kind::Tenant, _) => &PEOPLE,
    };
    tape.name(names)
}

/// Equal ones are likely: then names decide who is older.
fn created(tape: &mut Tape<'_>) -> Option<tenantry::api::Moment> {
    tape.pick(&[None, Some(moment(-30)), Some(moment(-20)), None, Some(moment(-40))])
}

fn body(kind: Kind, name: &str, tape: &mut Tape<'_>) -> Body {
    match kind {
        Kind::User | Kind::Tenant => Body::User(Box::new(user(name, tape))),
        Kind::Role => Body::Role(Box::new(role(name, tape))),
        Kind::Organization => Body::Organization(Box::new(organization(name, tape))),
        Kind::UserGroup => Body::Group(Box::new(UserGroupSpec {
            display_name: String::from("Group"),
            remarks: String::from("Remarks"),
            users: people(tape, 3),
        })),
        Kind::SharingRule => Body::Rule(Box::new(rule(tape))),
        Kind::Invitation => {
            let (spec, status) = invitation(name, tape);
            Body::Invitation(Box::new(spec), Box::new(status))
        }
    }
}

fn people(tape: &mut Tape<'_>, most: usize) -> Vec<String> {
    tape.names(&["ann", "bob", "cat", "dan", "eve", "fay", GHOST], most)
}

fn user(name: &str, tape: &mut Tape<'_>) -> UserSpec {
    let kind = tape.pick(&[
        UserType::Ordinary,
        UserType::Ordinary,
        UserType::Credited,
        UserType::Ordinary,
        UserType::Credited,
        UserType::Service,
        UserType::SSO,
    ]);
    let credited = kind == UserType::Credited;
    let accounts = ["a@x.io", "B@x.io", "shared", "Shared", "abc", "no good", "4915112345"];
    let own = format!("{name}.account");
    let account = if tape.once_in(4) { tape.name(&accounts) } else { own };
    let valid_from = tape.maybe(6, Tape::moment);
    UserSpec {
        kind,
        account: (!credited).then_some(account),
        home: credited.then(|| Home {
            tenant: tape.name(&["beta", "acme", "corp", "beta", "acme", "corp", GHOST]),
            user: tape.name(&["ann", "bob", "cat", "dan", "eve", "fay", GHOST]),
        }),
        name: (!credited).then(|| String::from("Name")),
        email: tape.maybe(3, |tape| {
            let own = format!("{name}@x.io");
            if tape.once_in(2) { tape.name(&EMAILS) } else { own }
        }),
        phone: tape.maybe(6, |tape| tape.name(&PHONES)),
        position: tape.maybe(3, |tape| tape.name(&POSITIONS)),
        attributes: attributes(tape),
        roles: tape.some_names(&NAMED_ROLES, 3),
        temporary_roles: temporary_roles(tape),
        organizations: tape.names(&NAMED_ORGANIZATIONS, 2),
        enabled: !tape.once_in(12),
        valid_from,
        valid_until: tape.maybe(6, |tape| tape.after(valid_from)),
        activation: (kind == UserType::Service && !tape.once_in(4)).then(|| Activation {
            valid_until: tape.moment(),
        }),
        invitation: tape.maybe(6, |tape| tape.name(&PEOPLE)),
    }
}

fn attributes(tape: &mut Tape<'_>) -> Attributes {
    let attributes = tape.several(1, |tape| (tape.name(&ATTRIBUTES), tape.name(&["Sales", "EU", "12"])));
    attributes.into_iter().collect()
}

fn temporary_roles(tape: &mut Tape<'_>) -> Vec<TemporaryRole> {
    let mut roles = tape.several(3, |tape| {
        let valid_from = tape.maybe(2, Tape::moment);
        TemporaryRole {
            role: tape.name(&NAMED_ROLES),
            valid_from,
            valid_until: tape.after(valid_from),
        }
    });
    keep_first(&mut roles, Clone::clone);
    roles
}

fn role(name: &str, tape: &mut Tape<'_>) -> RoleSpec {
    if let Some(system) = CATALOGUE.system_role(name)
        && tape.once_in(2)
    {
        return system.spec.clone();
    }
    let assignment = tape.pick(&[Assignment::Account, Assignment::Account, Assignment::Position]);
    let mut permissions = vec![permission(tape)];
    permissions.extend(tape.several(2, permission));
    keep_first(&mut permissions, |one| one.object.clone());
    let mut data = tape.several(2, data_scope);
    keep_first(&mut data, |one| one.object.clone());
    let mut restrictions = tape.several(2, restriction);
    keep_first(&mut restrictions, |one| {
        (one.object.clone(), one.field.clone(), one.mode)
    });
    RoleSpec {
        display_name: String::from("Role"),
        description: None,
        assignment,
        positions: if assignment == Assignment::Position {
            tape.some_names(&POSITIONS, 2)
        } else {
            vec![]
        },
        permissions,
        data,
        restrictions,
        delegation: tape.maybe(8, delegation),
    }
}

fn permission(tape: &mut Tape<'_>) -> Permission {
    let object = tape.name(&OBJECTS);
    let mut actions: Vec<&str> = match CATALOGUE.find(&object) {
        Some((_, object)) => object.action_names().collect(),
        None => vec!["View"],
    };
    if tape.once_in(16) {
        actions.push("Fly");
    }
    Permission {
        actions: tape.some_names(&actions, 2),
        object,
    }
}

fn data_scope(tape: &mut Tape<'_>) -> DataScope {
    let rows = tape.pick(&[Rows::All, Rows::Some, Rows::None]);
    let objects = [
        "Event",
        "UserProfile",
        "UserTag",
        "LoyaltyCard",
        "Event",
        "Funnel",
        "Customer",
        "Nothing",
    ];
    DataScope {
        object: tape.name(&objects),
        rows,
        condition: (rows == Rows::Some).then(|| condition(tape)),
        columns: match rows {
            Rows::None => None,
            Rows::Some | Rows::All => tape.maybe(2, |tape| tape.some_names(&COLUMNS, 2)),
        },
    }
}

/// Mostly fields that are there.
const COLUMNS: [&str; 8] = ["name", "name", "time", "tier", "city", "name", "score", "owner"];

fn condition(tape: &mut Tape<'_>) -> String {
    let simple = tape.once_in(2);
    let from = if simple { &SAMPLES[..2] } else { SAMPLES };
    from[tape.below(from.len())].text.to_owned()
}

fn restriction(tape: &mut Tape<'_>) -> Restriction {
    Restriction {
        object: tape.name(&[
            "Customer",
            "Event",
            "UserProfile",
            "LoyaltyCard",
            "UserTag",
            "Customer",
            "Desk",
            "Nothing",
        ]),
        field: tape.name(&["name", "name", "city", "name", "tier", "gold", "time", "score", "owner"]),
        mode: tape.pick(&[RestrictionMode::MaskedDisplay, RestrictionMode::NoGroupingOrFiltering]),
    }
}

fn delegation(tape: &mut Tape<'_>) -> Delegation {
    let manage_users = match tape.below(3) {
        0 => None,
        1 => Some(ManageUsers {
            scope: ManageUsersScope::ByPosition,
            positions: tape.some_names(&POSITIONS, 2),
            attributes: vec![],
        }),
        _ => Some(ManageUsers {
            scope: ManageUsersScope::SameAttributes,
            positions: vec![],
            attributes: tape.some_names(&ATTRIBUTES, 2),
        }),
    };
    Delegation {
        create_users: false,
        manage_users,
        manage_roles: None,
        assign_roles: tape.maybe(2, |tape| AssignRoles {
            scope: AssignRolesScope::Listed,
            roles: tape.some_names(&NAMED_ROLES, 2),
        }),
    }
}

fn organization(name: &str, tape: &mut Tape<'_>) -> OrganizationSpec {
    let as_system = tape.once_in(2);
    let display_name = match name {
        HEADQUARTERS if as_system => "Headquarters",
        UNASSIGNED if as_system => "Unassigned",
        _ => "Organization",
    };
    let parents = [
        HEADQUARTERS,
        "o0",
        "o1",
        HEADQUARTERS,
        "o2",
        "o3",
        "o4",
        UNASSIGNED,
        GHOST,
    ];
    OrganizationSpec {
        display_name: display_name.to_owned(),
        parent: if name == UNASSIGNED && as_system {
            HEADQUARTERS.to_owned()
        } else {
            tape.name(&parents)
        },
        code: tape.maybe(3, |tape| tape.name(&CODES)),
    }
}

fn rule(tape: &mut Tape<'_>) -> SharingRuleSpec {
    let objects = [
        "Customer",
        "LoyaltyCard",
        "Campaign",
        "Customer",
        "CustomerGroup",
        "Event",
        "Desk",
        "Nothing",
    ];
    let spec = SharingRuleSpec {
        display_name: String::from("Rule"),
        object: tape.name(&objects),
        ..SharingRuleSpec::default()
    };
    let access = tape.maybe(2, |tape| tape.pick(&[SharedAccess::Read, SharedAccess::Edit]));
    let valid_until = tape.maybe(3, Tape::moment);
    let ids = Some(vec![String::from("x-1")]);
    match tape.below(5) {
        0 => SharingRuleSpec {
            ownerless: Some(Ownerless {}),
            access,
            to: Some(tape.maybe(2, to_everyone).unwrap_or_else(|| to_organizations(tape))),
            valid_until,
            ..spec
        },
        1 => SharingRuleSpec {
            condition: Some(condition(tape)),
            access: access.map(|_| SharedAccess::Read),
            to: Some(to_organizations(tape)),
            valid_until,
            ..spec
        },
        2 => SharingRuleSpec {
            organization_attribute: Some(OrganizationAttribute {
                field: tape.name(&["city", "name", "tier", "gold", "score", "owner"]),
            }),
            ..spec
        },
        3 => SharingRuleSpec {
            records: ids,
            access,
            to: Some(to_anyone(tape)),
            valid_until,
            ..spec
        },
        _ => SharingRuleSpec {
            content_groups: ids,
            access,
            to: Some(to_anyone(tape)),
            valid_until,
            ..spec
        },
    }
}

fn to_everyone(_: &mut Tape<'_>) -> Recipients {
    Recipients {
        everyone: true,
        ..Recipients::default()
    }
}

fn to_organizations(tape: &mut Tape<'_>) -> Recipients {
    Recipients {
        organizations: tape.some_names(&NAMED_ORGANIZATIONS, 2),
        ..Recipients::default()
    }
}

fn to_anyone(tape: &mut Tape<'_>) -> Recipients {
    Recipients {
        everyone: false,
        users: tape.some_names(&["ann", "bob", "cat", "dan", "eve", "fay", GHOST], 2),
        organizations: tape.names(&NAMED_ORGANIZATIONS, 2),
        groups: tape.names(&["g0", "g1", "g2", GHOST], 2),
    }
}

fn invitation(name: &str, tape: &mut Tape<'_>) -> (InvitationSpec, InvitationStatus) {
    let whom = tape.below(5);
    let email = {
        let own = format!("{name}@x.io");
        if tape.once_in(2) { tape.name(&EMAILS) } else { own }
    };
    let spec = InvitationSpec {
        email: None,
        phone: None,
        user: None,
        name: None,
        roles: None,
        organizations: vec![],
        position: None,
        attributes: Attributes::new(),
        login: None,
        valid_until: None,
        membership: None,
        ttl: String::from("24h"),
        attempt: tape.pick(&[1, 1, 2]),
        accept_before: tape.maybe(5, Tape::moment),
        revoked: tape.once_in(8),
        language: Language::default(),
    };
    let status = invitation_status(tape);
    if name == "administrator" && tape.once_in(2) {
        let as_system = InvitationSpec {
            email: Some(email),
            name: Some(String::from("Ada")),
            roles: Some(vec![String::from("administrator")]),
            organizations: vec![HEADQUARTERS.to_owned()],
            attempt: 1,
            accept_before: None,
            revoked: false,
            ..spec
        };
        return (as_system, status);
    }
    if whom == 4 {
        let user = Some(tape.name(&["ann", "bob", "cat", "dan", "eve", "fay", GHOST]));
        return (InvitationSpec { user, ..spec }, status);
    }
    let by_phone = whom == 3;
    let newcomer = InvitationSpec {
        email: (!by_phone).then_some(email),
        phone: by_phone.then(|| tape.name(&PHONES)),
        roles: Some(tape.some_names(&NAMED_ROLES, 2)),
        organizations: tape.names(&NAMED_ORGANIZATIONS, 2),
        position: tape.maybe(4, |tape| tape.name(&POSITIONS)),
        attributes: attributes(tape),
        login: (!by_phone && tape.once_in(4)).then_some(Login::SSO),
        valid_until: tape.maybe(4, Tape::moment),
        membership: Some(Membership::Bound),
        ..spec
    };
    (newcomer, status)
}

fn invitation_status(tape: &mut Tape<'_>) -> InvitationStatus {
    let attempt = tape.maybe(2, |tape| tape.pick(&[1, 2]));
    InvitationStatus {
        sent_at: attempt.map(|_| moment(-10)),
        expires_at: attempt.map(|_| tape.moment()),
        attempt,
        response: tape.maybe(8, |tape| InvitationResponse {
            at: moment(-5),
            user: tape.name(&PEOPLE),
        }),
        conditions: if tape.once_in(6) { vec![rejected()] } else { vec![] },
        ..InvitationStatus::default()
    }
}

fn rejected() -> Condition {
    Condition {
        kind: String::from("Delivered"),
        status: ConditionStatus::False,
        reason: String::from("Rejected"),
        message: String::new(),
        last_transition_time: None,
        observed_generation: None,
    }
}

fn keep_first<T, K: PartialEq>(list: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut kept: Vec<K> = Vec::new();
    list.retain(|one| {
        let key = key(one);
        let new = !kept.contains(&key);
        if new {
            kept.push(key);
        }
        new
    });
}
