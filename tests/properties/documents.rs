//! Documents of every kind, read off tapes: few names and values, so that they meet, clash and miss each other.
//!
//! A first look at all tapes tells which objects there are, so that most references lead somewhere; what is odd in a
//! document (a missing name, an unknown field, a clash) is as rare as the tape is calm.

use tenantry::api::{
    AccountFormat, Accounts, Activation, Administrator, AssignRoles, AssignRolesScope, Assignment,
    AttributeDeclaration, Attributes, Condition, ConditionStatus, DataPermissions, DataScope, Delegation,
    FieldDeclaration, FieldType, HEADQUARTERS, Headquarters, Home, InvitationResponse, InvitationSpec,
    InvitationStatus, Kind, Language, Limits, Login, ManageUsers, ManageUsersScope, Membership, Moment, ObjectAccess,
    ObjectSettings, OrganizationAttribute, OrganizationSpec, Ownerless, Permission, Recipients, Restriction,
    RestrictionMode, RoleSpec, Rows, SharedAccess, SharingRuleSpec, TENANT_NAME, TemporaryRole, TenantSpec, UNASSIGNED,
    UserGroupSpec, UserSpec, UserType, Visibility,
};
use tenantry::policy::ObjectType;

use crate::conditions::SAMPLES;
use crate::tape::{Tape, moment};
use crate::world::{Body, CATALOGUE, Doc};

pub(crate) const NAMESPACES: [&str; 3] = ["acme", "beta", "corp"];
/// What no document declares.
const GHOST: &str = "ghost";
const PEOPLE: [&str; 8] = ["ann", "bob", "cat", "dan", "eve", "fay", "ned", "olga"];
const POSITIONS: [&str; 3] = ["intern", "manager", "pilot"];
const ATTRIBUTES: [&str; 3] = ["department", "region", "shoe"];
const CODES: [&str; 4] = ["A", "B", "a", "C"];
const EMAILS: [&str; 4] = ["ann@x.io", "A@x.io", "a@x.io", "ned@x.io"];
const PHONES: [&str; 3] = ["+4915112345", "+4915112346", "+4915112347"];
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

/// A namespace: its Tenant, and the names of what it has.
struct Place {
    namespace: &'static str,
    tenant: TenantSpec,
    names: Vec<(Kind, String)>,
}

/// What stands above the spec of a document.
struct Head {
    place: usize,
    kind: Kind,
    name: String,
    created: Option<Moment>,
    deleting: bool,
    broken: bool,
    nameless: bool,
}

/// All documents of the tapes.
pub(crate) fn all(tenants: &[Vec<u8>], others: &[Vec<u8>], calm: usize) -> Vec<Doc> {
    let mut places = Vec::new();
    let mut docs = Vec::new();
    for (namespace, tape) in NAMESPACES.iter().zip(tenants) {
        let tape = &mut Tape::new(tape, calm);
        let doc = tenant(namespace, tape);
        let spec = match &doc.body {
            Body::Tenant(spec) => (**spec).clone(),
            _ => tenant_spec(&mut Tape::new(&[], calm)),
        };
        places.push(Place {
            namespace,
            tenant: spec,
            names: Vec::new(),
        });
        if !tape.odd() {
            docs.push(doc);
        }
    }
    let mut heads = Vec::new();
    for tape in others {
        let mut tape = Tape::new(tape, calm);
        let head = head(&places, &mut tape);
        places[head.place].names.push((head.kind, head.name.clone()));
        heads.push((head, tape));
    }
    for (head, mut tape) in heads {
        docs.push(document(&places, head, &mut tape));
    }
    docs
}

fn head(places: &[Place], tape: &mut Tape<'_>) -> Head {
    let place = tape.below(places.len());
    let kind = tape.pick(&KINDS);
    Head {
        place,
        kind,
        name: places[place].new_name(kind, tape),
        created: created(tape),
        deleting: tape.odd(),
        broken: tape.odd(),
        nameless: tape.once_in(5),
    }
}

fn document(places: &[Place], head: Head, tape: &mut Tape<'_>) -> Doc {
    let writer = Writer {
        places,
        place: &places[head.place],
    };
    let doc = Doc {
        namespace: writer.place.namespace.to_owned(),
        body: writer.body(head.kind, &head.name, tape),
        name: Some(head.name),
        created: head.created,
        deleting: head.deleting,
    };
    match (head.broken, head.nameless) {
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

/// Equal ones are likely: then names decide who is older.
fn created(tape: &mut Tape<'_>) -> Option<Moment> {
    tape.pick(&[None, Some(moment(-30)), Some(moment(-20)), None, Some(moment(-40))])
}

fn names_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Role => &["r0", "r1", "r2", "r3", "ordinary-user", "r4", "r5", "analyst"],
        Kind::Organization => &["o0", "o1", "o2", HEADQUARTERS, "o3", "o4", UNASSIGNED],
        Kind::UserGroup => &["g0", "g1", "g2"],
        Kind::SharingRule => &["s0", "s1", "s2", "s3"],
        Kind::Invitation => &["ned", "olga", "pia", "quin", "ann", "administrator"],
        Kind::User | Kind::Tenant => &PEOPLE,
    }
}

impl Place {
    /// Mostly a name that no other object of the kind has.
    fn new_name(&self, kind: Kind, tape: &mut Tape<'_>) -> String {
        let names = names_of(kind);
        let first = tape.below(names.len());
        let again = tape.odd();
        let mut from_there = names.iter().cycle().skip(first).take(names.len());
        let free = from_there.find(|name| again || !self.has(kind, name));
        (*free.unwrap_or(&names[first])).to_owned()
    }

    /// Mostly the name of an object of the kind that is there.
    fn known_name(&self, kind: Kind, tape: &mut Tape<'_>) -> String {
        let mut names = names_of(kind).to_vec();
        if kind == Kind::Role {
            names.extend(["developer", "administrator"]);
        }
        let first = tape.below(names.len());
        let system: &[&str] = match kind {
            Kind::Role => &["ordinary-user", "analyst", "developer", "administrator"],
            Kind::Organization => &[HEADQUARTERS, UNASSIGNED],
            _ => &[],
        };
        let odd = tape.odd();
        let mut from_there = names.iter().cycle().skip(first).take(names.len());
        let known = from_there.find(|name| system.contains(name) || self.has(kind, name));
        known.filter(|_| !odd).unwrap_or(&GHOST).to_string()
    }

    fn has(&self, kind: Kind, name: &str) -> bool {
        self.names.iter().any(|known| known.0 == kind && known.1 == name)
    }

    fn all(&self, kind: Kind) -> Vec<&str> {
        let all = self.names.iter().filter(|(known, _)| *known == kind);
        all.map(|(_, name)| name.as_str()).collect()
    }

    fn has_module(&self, object: &ObjectType) -> bool {
        object.module == "Core" || self.tenant.modules.contains(&object.module)
    }

    /// The fields of an object, the catalogue's and the tenant's own.
    fn fields(&self, object: &str) -> Vec<(String, FieldType)> {
        let mut fields: Vec<(String, FieldType)> = CATALOGUE
            .find(object)
            .map(|(_, object)| object.fields.clone())
            .unwrap_or_default();
        let declared = self.tenant.objects.iter().filter(|entry| entry.object == object);
        for field in declared.flat_map(|entry| &entry.fields) {
            if !fields.iter().any(|(name, _)| *name == field.name) {
                fields.push((field.name.clone(), field.kind));
            }
        }
        fields
    }
}

/// The Tenant's document.
fn tenant(namespace: &str, tape: &mut Tape<'_>) -> Doc {
    let doc = Doc {
        namespace: namespace.to_owned(),
        name: Some(TENANT_NAME.to_owned()),
        created: None,
        deleting: tape.odd(),
        body: Body::Tenant(Box::new(tenant_spec(tape))),
    };
    if tape.odd() { doc.broken() } else { doc }
}

fn tenant_spec(tape: &mut Tape<'_>) -> TenantSpec {
    let mut objects: Vec<ObjectSettings> = tape.several(4, object_settings);
    keep_first(&mut objects, |one| one.object.clone());
    let mut modules = tape.names(&["Tags", "Loyalty", "Recommendation", "Loyalty", "Tags"], 3);
    if tape.odd() {
        modules.push(String::from("Nothing"));
    }
    TenantSpec {
        display_name: String::from("Tenant"),
        modules,
        suspended: tape.odd(),
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
            organizations_per_level: tape.pick(&[2, 3, 1]),
            users_per_organization: tape.pick(&[2, 3, 1]),
            roles: tape.pick(&[3, 2, 1]),
            user_groups: tape.pick(&[2, 1]),
            users_per_group: tape.pick(&[2, 1]),
            condition_rules: 1,
        }),
        administrator: tape.maybe(3, |tape| Administrator {
            name: String::from("Ada"),
            email: tape.name(&["administrator@x.io", "ann@x.io"]),
        }),
        objects,
    }
}

fn accounts(tape: &mut Tape<'_>) -> Accounts {
    let mut attributes = tape.several(2, |tape| AttributeDeclaration {
        name: tape.name(&ATTRIBUTES),
        required: tape.once_in(6),
        values: tape.pick(&[vec![], vec![String::from("Sales"), String::from("EU")]]),
    });
    keep_first(&mut attributes, |one| one.name.clone());
    let position_required = tape.once_in(10);
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
            if position_required {
                vec![String::from("pilot")]
            } else {
                vec![]
            },
        ]),
        position_required,
        attributes,
        credited_to: tape.pick(&[
            vec![String::from("*")],
            vec![String::from("acme"), String::from("corp")],
            vec![String::from("beta"), String::from("*")],
            vec![],
        ]),
        password: None,
    }
}

fn object_settings(tape: &mut Tape<'_>) -> ObjectSettings {
    let odd = tape.odd();
    let object = tape.name(if odd { &OBJECTS[5..] } else { &OBJECTS[..6] });
    let known = CATALOGUE.find(&object).map(|(_, object)| object);
    let mut fields = tape.several(4, |tape| {
        let name = tape.name(&FIELDS[..8]);
        let built_in = known.and_then(|object| object.fields.iter().find(|field| field.0 == name));
        let kind = match built_in {
            Some((_, kind)) if !tape.odd() => *kind,
            _ => usual_type(&name, tape),
        };
        FieldDeclaration {
            name,
            kind,
            restricted: tape.once_in(3),
        }
    });
    keep_first(&mut fields, |one| one.name.clone());
    let access = [
        ObjectAccess::PublicReadWrite,
        ObjectAccess::PublicReadOnly,
        ObjectAccess::Exclusive,
    ];
    let shared = known.is_some_and(|object| object.data) || tape.odd();
    ObjectSettings {
        access: tape.maybe(2, |tape| tape.pick(&access)).filter(|_| shared),
        object,
        fields,
    }
}

fn usual_type(field: &str, tape: &mut Tape<'_>) -> FieldType {
    let usual = match field {
        "score" => FieldType::Int,
        "vip" | "gold" => FieldType::Bool,
        "time" => FieldType::Timestamp,
        "labels" => FieldType::StringList,
        _ => FieldType::String,
    };
    tape.pick(&[usual, usual, usual, FieldType::Double, FieldType::String])
}

/// Writes the specs of a namespace.
struct Writer<'a> {
    places: &'a [Place],
    place: &'a Place,
}

impl Writer<'_> {
    fn body(&self, kind: Kind, name: &str, tape: &mut Tape<'_>) -> Body {
        match kind {
            Kind::User | Kind::Tenant => Body::User(Box::new(self.user(name, tape))),
            Kind::Role => Body::Role(Box::new(self.role(name, tape))),
            Kind::Organization => Body::Organization(Box::new(self.organization(name, tape))),
            Kind::UserGroup => Body::Group(Box::new(UserGroupSpec {
                display_name: String::from("Group"),
                remarks: String::from("Remarks"),
                users: self.several_named(Kind::User, 3, tape),
            })),
            Kind::SharingRule => Body::Rule(Box::new(self.rule(tape))),
            Kind::Invitation => {
                let (spec, status) = self.invitation(name, tape);
                Body::Invitation(Box::new(spec), Box::new(status))
            }
        }
    }

    fn some_named(&self, kind: Kind, most: usize, tape: &mut Tape<'_>) -> Vec<String> {
        let mut names = vec![self.place.known_name(kind, tape)];
        names.extend(self.several_named(kind, most - 1, tape));
        keep_first(&mut names, Clone::clone);
        names
    }

    fn several_named(&self, kind: Kind, most: usize, tape: &mut Tape<'_>) -> Vec<String> {
        let mut names = tape.several(most, |tape| self.place.known_name(kind, tape));
        keep_first(&mut names, Clone::clone);
        names
    }

    fn accounts(&self) -> Accounts {
        self.place.tenant.accounts.clone().unwrap_or_default()
    }

    fn position(&self, tape: &mut Tape<'_>) -> String {
        let known = self.accounts().positions;
        if known.is_empty() || tape.odd() {
            tape.name(&POSITIONS)
        } else {
            tape.pick(&known)
        }
    }

    fn maybe_position(&self, tape: &mut Tape<'_>) -> Option<String> {
        let accounts = self.accounts();
        let wanted = (accounts.position_required || tape.once_in(2)) && !(accounts.positions.is_empty());
        (wanted != tape.odd()).then(|| self.position(tape))
    }

    fn attributes(&self, tape: &mut Tape<'_>) -> Attributes {
        let mut attributes = Attributes::new();
        for declared in self.accounts().attributes {
            if (declared.required || tape.once_in(3)) != tape.odd() {
                attributes.insert(declared.name, tape.name(&["Sales", "EU"]));
            }
        }
        if tape.odd() {
            attributes.insert(tape.name(&ATTRIBUTES), String::from("12"));
        }
        attributes
    }

    fn user(&self, name: &str, tape: &mut Tape<'_>) -> UserSpec {
        let kind = tape.pick(&[
            UserType::Ordinary,
            UserType::Ordinary,
            UserType::Credited,
            UserType::Ordinary,
            UserType::SSO,
            UserType::Service,
            UserType::Credited,
        ]);
        let kind = if self.places.len() == 1 && kind == UserType::Credited && !tape.odd() {
            UserType::Ordinary
        } else {
            kind
        };
        let credited = kind == UserType::Credited;
        let valid_from = tape.maybe(8, Tape::moment);
        let bound = tape.maybe(6, |tape| self.place.known_name(Kind::Invitation, tape));
        UserSpec {
            kind,
            account: (!credited).then(|| self.account(name, tape)),
            home: credited.then(|| self.home(tape)),
            name: (!credited).then(|| String::from("Name")),
            email: self.email(kind, bound.as_deref().unwrap_or(name), tape),
            phone: tape.maybe(6, |tape| self.phone(name, tape)),
            position: self.maybe_position(tape),
            attributes: self.attributes(tape),
            roles: self.some_named(Kind::Role, 3, tape),
            temporary_roles: self.temporary_roles(tape),
            organizations: self.several_named(Kind::Organization, 2, tape),
            enabled: !tape.odd(),
            valid_from,
            valid_until: tape.maybe(8, |tape| tape.after(valid_from)),
            activation: (kind == UserType::Service && !tape.once_in(4)).then(|| Activation {
                valid_until: tape.moment(),
            }),
            invitation: bound,
        }
    }

    fn account(&self, name: &str, tape: &mut Tape<'_>) -> String {
        let strange = ["ann@x.io", "Ann.Account", "abc", "no good", "4915112345", "B@x.io"];
        if tape.odd() {
            tape.name(&strange)
        } else if self.accounts().format == AccountFormat::Email {
            format!("{name}@y.io")
        } else {
            format!("{name}.account")
        }
    }

    /// The person's own, mostly; a Credited user has seldom one, which is then her home's.
    fn email(&self, kind: UserType, name: &str, tape: &mut Tape<'_>) -> Option<String> {
        let wanted = match kind {
            UserType::Credited => tape.once_in(6),
            UserType::SSO => !tape.odd(),
            _ => self.accounts().email_required != tape.odd() || !tape.once_in(3),
        };
        let own = format!("{name}@x.io");
        wanted.then(|| if tape.odd() { tape.name(&EMAILS) } else { own })
    }

    fn phone(&self, name: &str, tape: &mut Tape<'_>) -> String {
        let own = PEOPLE.iter().position(|known| *known == name).unwrap_or(9);
        if tape.odd() {
            tape.name(&PHONES)
        } else {
            format!("+491511234{own}")
        }
    }

    /// Mostly a user of another tenant.
    fn home(&self, tape: &mut Tape<'_>) -> Home {
        let place = &self.places[tape.below(self.places.len())];
        let away = place.namespace != self.place.namespace || tape.odd();
        let other = self.places.iter().find(|other| other.namespace != self.place.namespace);
        let place = if away { place } else { other.unwrap_or(place) };
        let tenant = if tape.odd() { GHOST } else { place.namespace };
        Home {
            tenant: tenant.to_owned(),
            user: place.known_name(Kind::User, tape),
        }
    }

    fn temporary_roles(&self, tape: &mut Tape<'_>) -> Vec<TemporaryRole> {
        let mut roles = tape.several(3, |tape| {
            let valid_from = tape.maybe(2, Tape::moment);
            TemporaryRole {
                role: self.place.known_name(Kind::Role, tape),
                valid_from,
                valid_until: tape.after(valid_from),
            }
        });
        keep_first(&mut roles, Clone::clone);
        roles
    }

    fn role(&self, name: &str, tape: &mut Tape<'_>) -> RoleSpec {
        if let Some(system) = CATALOGUE.system_role(name)
            && !tape.odd()
        {
            return system.spec.clone();
        }
        let positions = match tape.once_in(3) {
            true => {
                let mut positions = vec![self.position(tape)];
                positions.extend(tape.several(1, |tape| self.position(tape)));
                keep_first(&mut positions, Clone::clone);
                positions
            }
            false => vec![],
        };
        let mut permissions = vec![self.permission(tape)];
        permissions.extend(tape.several(2, |tape| self.permission(tape)));
        keep_first(&mut permissions, |one| one.object.clone());
        let mut data = tape.several(3, |tape| self.data_scope(tape));
        keep_first(&mut data, |one| one.object.clone());
        let mut restrictions = tape.several(2, |tape| self.restriction(tape));
        keep_first(&mut restrictions, |one| {
            (one.object.clone(), one.field.clone(), one.mode)
        });
        RoleSpec {
            display_name: String::from("Role"),
            description: None,
            assignment: if positions.is_empty() {
                Assignment::Account
            } else {
                Assignment::Position
            },
            positions,
            permissions,
            data,
            restrictions,
            delegation: tape.maybe(8, |tape| self.delegation(tape)),
        }
    }

    /// The name of an object that has what is asked for, mostly.
    fn object(&self, tape: &mut Tape<'_>, fits: impl Fn(&ObjectType) -> bool) -> String {
        if tape.odd() {
            return tape.name(&OBJECTS);
        }
        let any_module = tape.odd();
        let all = CATALOGUE.objects().map(|(_, object)| object);
        let fitting = all.filter(|object| OBJECTS.contains(&object.name.as_str()) && fits(object));
        let fitting = fitting.filter(|object| any_module || self.place.has_module(object));
        let names: Vec<&str> = fitting.map(|object| object.name.as_str()).collect();
        tape.name(&names)
    }

    fn permission(&self, tape: &mut Tape<'_>) -> Permission {
        let object = self.object(tape, |_| true);
        let mut actions: Vec<&str> = match CATALOGUE.find(&object) {
            Some((_, object)) => object.action_names().collect(),
            None => vec!["View"],
        };
        if tape.odd() {
            actions.insert(0, "Fly");
        }
        Permission {
            actions: tape.some_names(&actions, 2),
            object,
        }
    }

    fn data_scope(&self, tape: &mut Tape<'_>) -> DataScope {
        let rows = tape.pick(&[Rows::All, Rows::Some, Rows::Some, Rows::None]);
        let object = self.object(tape, |object| object.rows);
        DataScope {
            rows,
            condition: (rows == Rows::Some).then(|| self.condition(tape)),
            columns: match rows {
                Rows::None => None,
                Rows::Some | Rows::All => tape.maybe(2, |tape| {
                    let mut columns = vec![self.field(&object, tape)];
                    columns.extend(tape.several(1, |tape| self.field(&object, tape)));
                    keep_first(&mut columns, Clone::clone);
                    columns
                }),
            },
            object,
        }
    }

    fn field(&self, object: &str, tape: &mut Tape<'_>) -> String {
        let fields = self.place.fields(object);
        if fields.is_empty() || tape.odd() {
            return tape.name(&FIELDS);
        }
        tape.pick(&fields).0
    }

    fn condition(&self, tape: &mut Tape<'_>) -> String {
        let simple = !tape.odd();
        let from = if simple { &SAMPLES[..2] } else { SAMPLES };
        from[tape.below(from.len())].text.to_owned()
    }

    fn restriction(&self, tape: &mut Tape<'_>) -> Restriction {
        let object = self.object(tape, |object| !self.place.fields(&object.name).is_empty());
        let fields = self.place.fields(&object);
        let fits = |kind: FieldType| !matches!(kind, FieldType::Bool | FieldType::Timestamp);
        let fitting = fields.iter().find(|(_, kind)| fits(*kind));
        let chosen = self.field(&object, tape);
        let fine = fields.iter().any(|(name, kind)| *name == chosen && fits(*kind)) || tape.odd();
        Restriction {
            field: match fitting {
                Some((name, _)) if !fine => name.clone(),
                _ => chosen,
            },
            object,
            mode: tape.pick(&[RestrictionMode::MaskedDisplay, RestrictionMode::NoGroupingOrFiltering]),
        }
    }

    fn delegation(&self, tape: &mut Tape<'_>) -> Delegation {
        let manage_users = match tape.below(3) {
            0 => None,
            1 => Some(ManageUsers {
                scope: ManageUsersScope::ByPosition,
                positions: vec![self.position(tape)],
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
                roles: self.some_named(Kind::Role, 2, tape),
            }),
        }
    }

    fn organization(&self, name: &str, tape: &mut Tape<'_>) -> OrganizationSpec {
        let as_system = !tape.odd();
        let settings = self.place.tenant.headquarters.clone().unwrap_or_default();
        match name {
            HEADQUARTERS if as_system => OrganizationSpec {
                display_name: settings.display_name.unwrap_or_else(|| String::from("Headquarters")),
                parent: self.place.known_name(Kind::Organization, tape),
                code: settings.code,
            },
            UNASSIGNED if as_system => OrganizationSpec {
                display_name: String::from("Unassigned"),
                parent: HEADQUARTERS.to_owned(),
                code: None,
            },
            _ => OrganizationSpec {
                display_name: String::from("Organization"),
                parent: self.parent(name, tape),
                code: tape.maybe(4, |tape| tape.name(&CODES)),
            },
        }
    }

    /// Mostly an organization whose name comes first, so that there are few cycles.
    fn parent(&self, name: &str, tape: &mut Tape<'_>) -> String {
        let above = self
            .place
            .all(Kind::Organization)
            .into_iter()
            .filter(|other| *other < name);
        let above: Vec<&str> = std::iter::once(HEADQUARTERS).chain(above).collect();
        if tape.odd() {
            self.place.known_name(Kind::Organization, tape)
        } else {
            tape.name(&above)
        }
    }

    fn rule(&self, tape: &mut Tape<'_>) -> SharingRuleSpec {
        let spec = SharingRuleSpec {
            display_name: String::from("Rule"),
            ..SharingRuleSpec::default()
        };
        let access = tape.maybe(2, |tape| tape.pick(&[SharedAccess::Read, SharedAccess::Edit]));
        let valid_until = tape.maybe(3, Tape::moment);
        let ids = Some(vec![String::from("x-1")]);
        match tape.below(5) {
            0 => SharingRuleSpec {
                object: self.object(tape, |object| object.data),
                ownerless: Some(Ownerless {}),
                access,
                to: Some(
                    tape.maybe(2, to_everyone)
                        .unwrap_or_else(|| self.to_organizations(tape)),
                ),
                valid_until,
                ..spec
            },
            1 => SharingRuleSpec {
                object: self.object(tape, |object| object.customer),
                condition: Some(self.condition(tape)),
                access: access.map(|_| SharedAccess::Read),
                to: Some(self.to_organizations(tape)),
                valid_until,
                ..spec
            },
            2 => {
                let object = self.object(tape, |object| object.customer);
                SharingRuleSpec {
                    organization_attribute: Some(OrganizationAttribute {
                        field: self.field(&object, tape),
                    }),
                    object,
                    ..spec
                }
            }
            3 => SharingRuleSpec {
                object: self.object(tape, |object| object.manual_sharing),
                records: ids,
                access,
                to: Some(self.to_anyone(tape)),
                valid_until,
                ..spec
            },
            _ => SharingRuleSpec {
                object: self.object(tape, |object| object.manual_sharing),
                content_groups: ids,
                access,
                to: Some(self.to_anyone(tape)),
                valid_until,
                ..spec
            },
        }
    }

    fn to_organizations(&self, tape: &mut Tape<'_>) -> Recipients {
        Recipients {
            organizations: self.some_named(Kind::Organization, 2, tape),
            ..Recipients::default()
        }
    }

    fn to_anyone(&self, tape: &mut Tape<'_>) -> Recipients {
        Recipients {
            everyone: false,
            users: self.some_named(Kind::User, 2, tape),
            organizations: self.several_named(Kind::Organization, 2, tape),
            groups: self.several_named(Kind::UserGroup, 2, tape),
        }
    }

    fn invitation(&self, name: &str, tape: &mut Tape<'_>) -> (InvitationSpec, InvitationStatus) {
        let own = format!("{name}@x.io");
        let email = if tape.odd() { tape.name(&EMAILS) } else { own };
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
            revoked: tape.once_in(10),
            language: Language::default(),
        };
        let status = invitation_status(tape);
        let administrator = self.place.tenant.administrator.as_ref();
        if let ("administrator", Some(administrator), false) = (name, administrator, tape.odd()) {
            let as_system = InvitationSpec {
                email: Some(administrator.email.clone()),
                name: Some(administrator.name.clone()),
                roles: Some(vec![String::from("administrator")]),
                organizations: vec![HEADQUARTERS.to_owned()],
                attempt: 1,
                accept_before: None,
                revoked: false,
                ..spec
            };
            return (as_system, status);
        }
        let whom = tape.below(5);
        if whom == 4 {
            let user = Some(self.place.known_name(Kind::User, tape));
            return (InvitationSpec { user, ..spec }, status);
        }
        let by_phone = whom == 3;
        let newcomer = InvitationSpec {
            email: (!by_phone).then_some(email),
            phone: by_phone.then(|| self.phone(name, tape)),
            roles: Some(self.roles_to_be(tape)),
            organizations: self.several_named(Kind::Organization, 1, tape),
            position: self.maybe_position(tape),
            attributes: self.attributes(tape),
            login: (!by_phone && tape.once_in(4)).then_some(Login::SSO),
            valid_until: tape.maybe(4, Tape::moment),
            membership: Some(Membership::Bound),
            ..spec
        };
        (newcomer, status)
    }

    /// Mostly a system role, which is always there.
    fn roles_to_be(&self, tape: &mut Tape<'_>) -> Vec<String> {
        match tape.once_in(3) {
            true => self.some_named(Kind::Role, 2, tape),
            false => vec![String::from("ordinary-user")],
        }
    }
}

fn to_everyone(_: &mut Tape<'_>) -> Recipients {
    Recipients {
        everyone: true,
        ..Recipients::default()
    }
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
