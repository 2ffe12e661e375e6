//! Several roles come to their union (R4): what they allow, the rows and columns they open, and what they restrict.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tenantry::api::{AccountFormat, Rows, TemporaryRole, UserPhase, UserSpec};

use crate::access::{RowAccess, UserAccess, of_user};
use crate::cases;
use crate::tape::moment;
use crate::world::{Body, Doc, World, worlds};

/// Names of roles, of which a world has some.
const ROLES: [&str; 9] = [
    "r0",
    "r1",
    "r2",
    "r3",
    "r4",
    "r5",
    "analyst",
    "ordinary-user",
    "administrator",
];

fn roles() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(ROLES.to_vec(), 1..=4)
}

/// A user of the first tenant who fits its settings and has those roles.
fn somebody(world: &World, roles: &[&str], temporary: &[&str]) -> Option<Doc> {
    let doc = world.docs.first()?;
    let Body::Tenant(tenant) = &doc.body else { return None };
    let accounts = tenant.accounts.clone().unwrap_or_default();
    let by_email = accounts.format == AccountFormat::Email;
    let attributes = accounts.attributes.iter().map(|declared| {
        let value = declared.values.first().cloned().unwrap_or_else(|| String::from("Any"));
        (declared.name.clone(), value)
    });
    let spec = UserSpec {
        account: Some(String::from(if by_email { "zoe@zoe.io" } else { "zoe.zoe" })),
        name: Some(String::from("Zoe")),
        email: Some(String::from("zoe@zoe.io")),
        position: accounts
            .positions
            .first()
            .cloned()
            .filter(|_| accounts.position_required),
        attributes: attributes.collect(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        temporary_roles: temporary
            .iter()
            .map(|role| TemporaryRole {
                role: (*role).to_owned(),
                valid_from: None,
                valid_until: moment(100),
            })
            .collect(),
        enabled: true,
        ..UserSpec::default()
    };
    Some(Doc {
        namespace: doc.namespace.clone(),
        name: Some(String::from("zoe")),
        created: None,
        deleting: false,
        body: Body::User(Box::new(spec)),
    })
}

/// What she has, if she is Active.
fn access(world: &World, roles: &[&str], temporary: &[&str]) -> Option<UserAccess> {
    let zoe = somebody(world, roles, temporary)?;
    let mut world = world.clone();
    let namespace = zoe.namespace.clone();
    world.docs.push(zoe);
    let evaluations = world.evaluate();
    let evaluation = evaluations
        .iter()
        .find(|evaluation| evaluation.namespace == namespace)?;
    let access = evaluation.access()?;
    let user = access.users.by_name("zoe")?;
    let status = evaluation.user_status(access, user);
    (status.phase == Some(UserPhase::Active)).then(|| of_user(access, user, &status))
}

/// The world without fields that the tenant restricts: what frees those is a permission, not a union.
fn without_restricted(world: &World) -> World {
    let mut world = world.clone();
    for doc in &mut world.docs {
        if let Body::Tenant(tenant) = &mut doc.body {
            let fields = tenant.objects.iter_mut().flat_map(|entry| &mut entry.fields);
            fields.for_each(|field| field.restricted = false);
        }
    }
    world
}

/// The union, as plain as can be.
fn join(one: &UserAccess, other: &UserAccess) -> UserAccess {
    let mut joined = one.clone();
    joined.roles.extend(other.roles.iter().cloned());
    joined.rights.extend(other.rights.iter().cloned());
    for (object, there) in &other.rows {
        let here = joined.rows.entry(object.clone()).or_default();
        *here = join_rows(here, there);
    }
    for (field, there) in &other.fields {
        let here = joined.fields.entry(field.clone()).or_insert(*there);
        *here = (here.0.max(there.0), here.1 && there.1, here.2 && there.2);
    }
    joined
}

fn join_rows(one: &RowAccess, other: &RowAccess) -> RowAccess {
    let columns: Option<Vec<&BTreeSet<String>>> = [one, other]
        .into_iter()
        .filter(|rows| rows.width != Rows::None)
        .map(|rows| rows.columns.as_ref())
        .collect();
    RowAccess {
        width: one.width.max(other.width),
        conditions: one.conditions.union(&other.conditions).cloned().collect(),
        columns: columns
            .filter(|columns| !columns.is_empty())
            .map(|columns| columns.into_iter().flatten().cloned().collect()),
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn union_is_commutative(world in worlds(), roles in roles()) {
        let mut reversed = roles.clone();
        reversed.reverse();
        prop_assert_eq!(access(&world, &roles, &[]), access(&world, &reversed, &[]));
    }

    #[test]
    fn union_is_associative(world in worlds(), roles in roles(), cut in any::<prop::sample::Index>()) {
        let world = without_restricted(&world);
        let (left, right) = roles.split_at(cut.index(roles.len()));
        if let (false, Some(all), Some(right)) = (left.is_empty(), access(&world, &roles, &[]), access(&world, right, &[])) {
            let left = access(&world, left, &[]).expect("she is Active whatever her roles");
            prop_assert_eq!(join(&left, &right), all);
        }
    }

    #[test]
    fn union_is_idempotent(world in worlds(), roles in roles()) {
        if let Some(once) = access(&world, &roles, &[]) {
            let held: Vec<&str> = roles.iter().copied().filter(|role| once.roles.contains(*role)).collect();
            prop_assert_eq!(access(&world, &roles, &held), Some(once));
        }
    }
}
