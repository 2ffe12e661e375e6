//! More roles never take a permission away; more restrictions never free a field.

use proptest::prelude::*;
use tenantry::api::{Assignment, FieldDeclaration, FieldType, Kind, ObjectSettings, Restriction, RestrictionMode};
use tenantry::policy::RoleRef;

use crate::access::of_all;
use crate::cases;
use crate::world::{Body, World, worlds};

/// The places of documents of a kind.
fn places(world: &World, kind: Kind) -> Vec<usize> {
    let docs = world.docs.iter().enumerate();
    let chosen = docs.filter(|(_, doc)| doc.kind() == kind && !matches!(doc.body, Body::Broken(..)));
    chosen.map(|(place, _)| place).collect()
}

fn chosen(world: &World, kind: Kind, index: prop::sample::Index) -> Option<usize> {
    let places = places(world, kind);
    (!places.is_empty()).then(|| places[index.index(places.len())])
}

/// The world in which one more role is given to a user, if it can be.
fn with_a_role(world: &World, user: usize, role: usize) -> Option<World> {
    let (user_doc, role_doc) = (&world.docs[user], &world.docs[role]);
    let evaluations = world.evaluate();
    let evaluation = evaluations.iter().find(|one| one.namespace == user_doc.namespace)?;
    let access = evaluation.access()?;
    let RoleRef::InForce(ix) = access.roles.find(role_doc.name()) else {
        return None;
    };
    let assignable = access.roles.get(ix)?.assignment == Assignment::Account;
    let Body::User(spec) = &user_doc.body else { return None };
    let fits = assignable
        && role_doc.namespace == user_doc.namespace
        && !spec.roles.iter().any(|name| name == role_doc.name());
    fits.then(|| {
        let mut spec = spec.clone();
        spec.roles.push(role_doc.name().to_owned());
        let mut doc = user_doc.clone();
        doc.body = Body::User(spec);
        world.with(user, doc)
    })
}

/// The world in which a role restricts one more field.
fn with_a_restriction(world: &World, role: usize, restriction: Restriction) -> World {
    let mut doc = world.docs[role].clone();
    if let Body::Role(spec) = &mut doc.body
        && !spec.restrictions.contains(&restriction)
    {
        spec.restrictions.push(restriction);
    }
    world.with(role, doc)
}

/// The world in which a tenant restricts one more field.
fn with_a_restricted_field(world: &World, tenant: usize, object: &str, name: &str) -> World {
    let mut doc = world.docs[tenant].clone();
    if let Body::Tenant(spec) = &mut doc.body {
        if !spec.objects.iter().any(|entry| entry.object == object) {
            spec.objects.push(ObjectSettings {
                object: object.to_owned(),
                access: None,
                fields: vec![],
            });
        }
        for entry in spec.objects.iter_mut().filter(|entry| entry.object == object) {
            if !entry.fields.iter().any(|field| field.name == name) {
                let kind = FieldType::String;
                entry.fields.push(FieldDeclaration {
                    name: name.to_owned(),
                    kind,
                    restricted: false,
                });
            }
            let fields = entry.fields.iter_mut().filter(|field| field.name == name);
            fields.for_each(|field| field.restricted = true);
        }
    }
    world.with(tenant, doc)
}

/// No user who is Active in both worlds has a field freer in the second.
fn frees_no_field(before: &World, after: &World) -> Result<(), TestCaseError> {
    let (before, after) = (of_all(&before.evaluate()), of_all(&after.evaluate()));
    for (namespace, tenant) in &after {
        for (name, user) in &tenant.users {
            if let Some(earlier) = before[namespace].users.get(name) {
                let freed = user.fields_freer_than(earlier);
                prop_assert!(freed.is_empty(), "{namespace}/{name}: {freed:?} became freer");
            }
        }
    }
    Ok(())
}

fn restrictions() -> impl Strategy<Value = Restriction> {
    let objects = prop::sample::select(vec![
        "Customer",
        "Event",
        "UserProfile",
        "LoyaltyCard",
        "Desk",
        "Nothing",
    ]);
    let fields = prop::sample::select(vec!["name", "city", "tier", "gold", "time", "nothing"]);
    let modes = prop::sample::select(vec![
        RestrictionMode::MaskedDisplay,
        RestrictionMode::NoGroupingOrFiltering,
    ]);
    (objects, fields, modes).prop_map(|(object, field, mode)| Restriction {
        object: object.to_owned(),
        field: field.to_owned(),
        mode,
    })
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn adding_a_role_to_a_user_never_removes_a_permission(
        world in worlds(),
        user in any::<prop::sample::Index>(),
        role in any::<prop::sample::Index>(),
    ) {
        let user = chosen(&world, Kind::User, user);
        let role = chosen(&world, Kind::Role, role);
        if let (Some(user), Some(role)) = (user, role)
            && let Some(changed) = with_a_role(&world, user, role)
        {
            let (before, after) = (of_all(&world.evaluate()), of_all(&changed.evaluate()));
            for (namespace, tenant) in &before {
                for (name, earlier) in &tenant.users {
                    let now = after[namespace].users.get(name);
                    prop_assert!(now.is_some(), "{namespace}/{name} is Active no more");
                    let now = now.expect("just asked");
                    prop_assert_eq!(earlier.rights_beyond(now), vec![], "{}/{}: rights", namespace, name);
                    prop_assert_eq!(earlier.rows_beyond(now), Vec::<String>::new(), "{}/{}: rows", namespace, name);
                    prop_assert_eq!(&earlier.organizations, &now.organizations);
                    prop_assert_eq!(&earlier.groups, &now.groups);
                }
            }
        }
    }

    #[test]
    fn adding_a_restriction_never_frees_a_field(
        world in worlds(),
        role in any::<prop::sample::Index>(),
        restriction in restrictions(),
    ) {
        if let Some(role) = chosen(&world, Kind::Role, role) {
            frees_no_field(&world, &with_a_restriction(&world, role, restriction))?;
        }
    }

    #[test]
    fn restricting_a_field_never_frees_one(
        world in worlds(),
        tenant in any::<prop::sample::Index>(),
        object in prop::sample::select(vec!["Customer", "Event", "LoyaltyCard", "Desk"]),
        field in prop::sample::select(vec!["name", "city", "tier", "gold", "time"]),
    ) {
        if let Some(tenant) = chosen(&world, Kind::Tenant, tenant) {
            // What the tenant had not declared must not become known: that could bring roles into force.
            let declared = with_a_restricted_field(&world, tenant, object, field);
            let mut unmarked = declared.clone();
            if let (Body::Tenant(marked), Body::Tenant(before)) = (&mut unmarked.docs[tenant].body, &world.docs[tenant].body) {
                for entry in marked.objects.iter_mut().filter(|entry| entry.object == object) {
                    for declared in entry.fields.iter_mut().filter(|declared| declared.name == field) {
                        let known = before.objects.iter().filter(|known| known.object == object);
                        let mut known = known.flat_map(|known| &known.fields).filter(|known| known.name == field);
                        declared.restricted = known.next().is_some_and(|known| known.restricted);
                    }
                }
            }
            frees_no_field(&unmarked, &declared)?;
        }
    }
}
