//! The tenant that everything is measured on: manifests made from numbers, the same ones at every run.

use std::fmt::Write as _;
use std::sync::Arc;

use tenantry::api::Moment;
use tenantry::manifests::{Manifests, Source};
use tenantry::policy::{Catalogue, Snapshot};

/// Custom roles of the tenant.
pub(crate) const ROLES: usize = 200;
/// Organizations of the tenant.
pub(crate) const ORGANIZATIONS: usize = 500;
/// Roles of each user.
const ROLES_OF_A_USER: usize = 3;
const POSITIONS: usize = 40;
const DEPARTMENTS: [&str; 4] = ["Sales", "Support", "Marketing", "Finance"];

/// What roles permit: object and actions.
const PERMISSIONS: [(&str, &str); 16] = [
    ("AccountSetting", "View"),
    ("Analytics", "Insights, Tracking"),
    ("Campaign", "Edit, Share"),
    ("Customer", "Edit, Export"),
    ("CustomerGroup", "Edit"),
    ("CustomerTag", "View"),
    ("Funnel", "Use"),
    ("MarketingContent", "Publish, SendTest"),
    ("Member", "Invite, View"),
    ("MyOverview", "Manage"),
    ("PublicOverview", "View"),
    ("TextMessage", "Send"),
    ("TrackingPlan", "Manage"),
    ("TransactionalContent", "Edit"),
    ("UserTag", "Create, View"),
    ("WeChatPage", "Edit, Publish"),
];

/// What roles open of the data of an object.
const SCOPES: [&str; 8] = [
    "{object: Event, rows: All, columns: [name, time]}",
    r#"{object: Event, rows: Some, condition: "record.time > now - duration('720h')", columns: [name]}"#,
    r#"{object: Event, rows: Some, condition: "record.user == user.name && record.name != 'login'"}"#,
    "{object: Funnel, rows: All}",
    r#"{object: Funnel, rows: Some, condition: "record.creator == user.name"}"#,
    "{object: UserProfile, rows: All, columns: [city, name]}",
    r#"{object: UserProfile, rows: Some, condition: "record.city in ['Berlin', 'Paris', 'Rome']"}"#,
    r#"{object: UserTag, rows: Some, condition: "record.name.startsWith('vip')", columns: [name]}"#,
];

const RESTRICTIONS: [&str; 3] = [
    "{object: Customer, field: phone, mode: MaskedDisplay}",
    "{object: Customer, field: city, mode: NoGroupingOrFiltering}",
    "{object: UserProfile, field: email, mode: MaskedDisplay}",
];

/// The moment of every evaluation.
pub(crate) fn moment() -> Moment {
    Moment::parse("2026-11-01T00:00:00Z").expect("a moment")
}

/// The Tenant with its roles and organizations, as YAML.
pub(crate) fn surroundings() -> String {
    let mut yaml = tenant();
    (0..ROLES).for_each(|index| yaml += &role(index));
    (0..ORGANIZATIONS).for_each(|index| yaml += &organization(index));
    yaml
}

/// The tenant with that many users, read into what the policy judges.
///
/// # Panics
/// If anything of it is not sound: then the measurement would be of something else.
pub(crate) fn snapshot(users: usize) -> Snapshot {
    let text = (0..users).fold(surroundings(), |text, index| text + &user(index));
    let source = Source {
        name: "corpus.yaml".to_owned(),
        text,
    };
    let mut manifests = Manifests::of(vec![source], "acme").expect("the schemas compile");
    let mut snapshots = manifests.take_snapshots();
    let snapshot = snapshots.pop().expect("a namespace");
    assert!(
        snapshots.is_empty() && snapshot.broken.is_empty(),
        "{:?}",
        snapshot.broken.first()
    );
    assert_eq!(snapshot.users.len(), users);
    snapshot
}

/// The catalogue that is built in.
pub(crate) fn catalogue() -> Arc<Catalogue> {
    Arc::new(Catalogue::builtin().expect("the catalogue is sound"))
}

fn tenant() -> String {
    let positions: Vec<String> = (0..POSITIONS).map(position).collect();
    let mut yaml = head("Tenant", "tenant");
    let _ = write!(
        yaml,
        "  displayName: Acme Marketing
  modules: [Tags, Recommendation]
  accounts:
    positions: [{}]
    attributes:
      - {{name: department, values: [{}]}}
  dataPermissions: {{enabled: true}}
  objects:
    - object: Customer
      access: PublicReadOnly
      fields:
        - {{name: email, type: String, restricted: true}}
        - {{name: score, type: Int}}
  limits: {{organizationsPerLevel: 1000, usersPerOrganization: 100000, roles: {ROLES}}}
",
        positions.join(", "),
        DEPARTMENTS.join(", ")
    );
    yaml
}

/// A role: five permissions, two data scopes, and for one in four a restriction.
pub(crate) fn role(index: usize) -> String {
    let mut yaml = head("Role", &role_name(index));
    let _ = write!(yaml, "  displayName: Role {index}\n  permissions:\n");
    for place in 0..5 {
        // Steps of 3 through 16 entries: five different ones.
        let (object, actions) = PERMISSIONS[(index * 7 + place * 3) % PERMISSIONS.len()];
        let _ = writeln!(yaml, "    - {{object: {object}, actions: [{actions}]}}");
    }
    // The first half of the scopes and the second name different objects.
    let _ = writeln!(
        yaml,
        "  data:\n    - {}\n    - {}",
        SCOPES[index % 4],
        SCOPES[5 + index % 3]
    );
    if index.is_multiple_of(4) {
        let _ = writeln!(yaml, "  restrictions:\n    - {}", RESTRICTIONS[index / 4 % 3]);
    }
    yaml
}

/// An organization: twenty below headquarters, every other below one of these.
fn organization(index: usize) -> String {
    let mut yaml = head("Organization", &organization_name(index));
    let _ = writeln!(yaml, "  displayName: Organization {index}\n  code: C-{index}");
    if index >= 20 {
        let _ = writeln!(yaml, "  parent: {}", organization_name(index % 20));
    }
    yaml
}

/// A user as YAML: three roles (for one in ten the third for a period), one or two organizations, and the usual fields.
pub(crate) fn user(index: usize) -> String {
    let roles: Vec<String> = (0..ROLES_OF_A_USER)
        .map(|place| role_name((index * 13 + place * 67) % ROLES))
        .collect();
    let mut yaml = head("User", &format!("user-{index:06}"));
    let _ = write!(
        yaml,
        "  account: first.last.{index}
  name: First{index} Last{index}
  email: First.Last.{index}@acme.example
  phone: \"+49151{index:07}\"
  position: {}
  attributes: {{department: {}}}
",
        position(index % POSITIONS),
        DEPARTMENTS[index % 4]
    );
    if index.is_multiple_of(10) {
        let (temporary, direct) = roles.split_last().expect("roles");
        let _ = write!(
            yaml,
            "  roles: [{}]
  temporaryRoles:
    - {{role: {temporary}, validFrom: \"2026-10-01T00:00:00Z\", validUntil: \"2026-12-01T00:00:00Z\"}}
  validUntil: \"2027-06-30T00:00:00Z\"
",
            direct.join(", ")
        );
    } else {
        let _ = writeln!(yaml, "  roles: [{}]", roles.join(", "));
    }
    let home = organization_name(index % ORGANIZATIONS);
    let other = organization_name((index * 7 + 1) % ORGANIZATIONS);
    if index.is_multiple_of(2) && home != other {
        let _ = writeln!(yaml, "  organizations: [{home}, {other}]");
    } else {
        let _ = writeln!(yaml, "  organizations: [{home}]");
    }
    yaml
}

fn head(kind: &str, name: &str) -> String {
    format!(
        "---\napiVersion: tenantry.dev/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: acme\nspec:\n"
    )
}

fn role_name(index: usize) -> String {
    format!("role-{index:03}")
}

fn organization_name(index: usize) -> String {
    format!("organization-{index:03}")
}

fn position(index: usize) -> String {
    format!("position-{index}")
}
