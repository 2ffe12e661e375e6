//! Each exception of `removal` by an example: without it nothing would open, so none of them is there for nothing.

use crate::access::of_all;
use crate::removal::{Blow, Change};
use crate::world::{Body, Doc, World};
use serde_json::{Value, json};

/// What opens when the first document is removed.
struct Opening {
    exception: &'static str,
    /// The Tenant's limits and other settings.
    tenant: Value,
    /// `Kind name` and spec; the first is removed.
    docs: Vec<(&'static str, Value)>,
    opens: &'static str,
    /// Whether the same happens when it only becomes unreadable.
    unreadable_too: bool,
}

fn openings() -> Vec<Opening> {
    let user = |more: Value| {
        let usual = json!({"account": "somebody", "name": "Name", "roles": ["ordinary-user"]});
        merged(usual, more)
    };
    let role = |more: Value| {
        let usual = json!({"displayName": "Role", "permissions": [{"object": "Customer", "actions": ["View"]}]});
        merged(usual, more)
    };
    let masking = json!({"restrictions": [{"object": "Customer", "field": "city", "mode": "MaskedDisplay"}]});
    let ann = ("User ann", user(json!({"account": "ann.ann", "organizations": ["o0"]})));
    let newcomer = json!({"email": "new@x.io", "roles": ["ordinary-user"], "membership": "Bound"});
    let group = json!({"displayName": "Group", "remarks": "Remarks"});
    let rule = json!({"displayName": "Rule", "object": "Customer", "condition": "true", "to": {"organizations": ["headquarters"]}});
    let organization = |more: Value| merged(json!({"displayName": "Organization"}), more);
    vec![
        Opening {
            exception: "a user's identifiers",
            tenant: json!({}),
            docs: vec![("User ann", user(json!({}))), ("User bob", user(json!({})))],
            opens: "User bob",
            unreadable_too: true,
        },
        Opening {
            exception: "a user's places in her organizations",
            tenant: json!({"limits": {"usersPerOrganization": 1}}),
            docs: vec![
                ann.clone(),
                ("User bob", user(json!({"organizations": ["o0"]}))),
                ("Organization o0", organization(json!({}))),
            ],
            opens: "bob enters o0",
            unreadable_too: true,
        },
        Opening {
            exception: "a user's name, for an invitation; and who lives by that",
            tenant: json!({}),
            docs: vec![
                ann.clone(),
                ("Invitation ann", newcomer.clone()),
                ("User bob", user(json!({"invitation": "ann"}))),
            ],
            opens: "Invitation ann, User bob",
            unreadable_too: false,
        },
        Opening {
            exception: "an organization's code; and what is below the one that gets it",
            tenant: json!({}),
            docs: vec![
                ("Organization o0", organization(json!({"code": "A"}))),
                ("Organization o1", organization(json!({"code": "A"}))),
                ("Organization o2", organization(json!({"parent": "o1"}))),
            ],
            opens: "Organization o1, Organization o2",
            unreadable_too: true,
        },
        Opening {
            exception: "an organization's place on its level",
            tenant: json!({"limits": {"organizationsPerLevel": 1}}),
            docs: vec![
                ("Organization o0", organization(json!({}))),
                ("Organization o1", organization(json!({}))),
            ],
            opens: "Organization o1",
            unreadable_too: true,
        },
        Opening {
            exception: "the places of those below an organization",
            tenant: json!({"limits": {"organizationsPerLevel": 2}}),
            docs: vec![
                ("Organization o0", organization(json!({}))),
                ("Organization o1", organization(json!({}))),
                ("Organization o2", organization(json!({"parent": "o0"}))),
                ("Organization o3", organization(json!({"parent": "o0"}))),
                ("Organization o4", organization(json!({"parent": "o1"}))),
            ],
            opens: "Organization o4",
            unreadable_too: true,
        },
        Opening {
            exception: "an invitation's claim on a person",
            tenant: json!({}),
            docs: vec![("Invitation ann", newcomer.clone()), ("Invitation bob", newcomer)],
            opens: "Invitation bob",
            unreadable_too: true,
        },
        Opening {
            exception: "a role's place among the roles; and who has the one that gets it",
            tenant: json!({"limits": {"roles": 1}}),
            docs: vec![
                ("Role r0", role(json!({}))),
                ("Role r1", role(json!({}))),
                ("User bob", user(json!({"roles": ["r1"]}))),
            ],
            opens: "Role r1, bob has r1",
            unreadable_too: true,
        },
        Opening {
            exception: "a group's place among the groups",
            tenant: json!({"limits": {"userGroups": 1}}),
            docs: vec![("UserGroup g0", group.clone()), ("UserGroup g1", group)],
            opens: "UserGroup g1",
            unreadable_too: true,
        },
        Opening {
            exception: "a rule's place among those by condition",
            tenant: json!({"limits": {"conditionRules": 1}}),
            docs: vec![("SharingRule s0", rule.clone()), ("SharingRule s1", rule)],
            opens: "SharingRule s1",
            unreadable_too: true,
        },
        Opening {
            exception: "a role's restrictions, for those who had it by position",
            tenant: json!({"accounts": {"positions": ["intern"]}}),
            docs: vec![
                (
                    "Role r0",
                    merged(
                        role(masking.clone()),
                        json!({"assignment": "Position", "positions": ["intern"]}),
                    ),
                ),
                ("User bob", user(json!({"position": "intern"}))),
            ],
            opens: "bob sees Customer.city",
            unreadable_too: true,
        },
        Opening {
            exception: "a role's restrictions, for those who name it: nobody knows them any more",
            tenant: json!({}),
            docs: vec![
                ("Role r0", role(masking.clone())),
                ("User bob", user(json!({"roles": ["r0", "ordinary-user"]}))),
            ],
            opens: "bob sees Customer.city",
            unreadable_too: true,
        },
        Opening {
            exception: "a role's restrictions, for those who are in doubt about another",
            tenant: json!({}),
            docs: vec![
                ("Role r0", role(masking.clone())),
                ("User bob", user(json!({"roles": ["gone", "ordinary-user"]}))),
            ],
            opens: "bob sees Customer.city",
            unreadable_too: true,
        },
        Opening {
            exception: "the doubt about the position that a void role names",
            tenant: json!({"accounts": {"positions": ["intern"]}}),
            docs: vec![
                (
                    "Role r0",
                    json!({
                        "displayName": "Role",
                        "assignment": "Position",
                        "positions": ["intern"],
                        "permissions": [{"object": "Nothing", "actions": ["View"]}],
                    }),
                ),
                ("Role r1", role(masking)),
                ("User bob", user(json!({"position": "intern"}))),
            ],
            opens: "bob sees Customer.city",
            unreadable_too: false,
        },
    ]
}

fn merged(mut usual: Value, more: Value) -> Value {
    let (Value::Object(all), Value::Object(more)) = (&mut usual, more) else {
        panic!("specs are objects")
    };
    all.extend(more);
    usual
}

fn doc(head: &str, spec: &Value) -> Doc {
    fn read<T: serde::de::DeserializeOwned>(spec: &Value) -> Box<T> {
        Box::new(serde_json::from_value(spec.clone()).expect("a spec"))
    }
    let (kind, name) = head.split_once(' ').expect("Kind name");
    Doc {
        namespace: String::from("acme"),
        name: Some(name.to_owned()),
        created: None,
        deleting: false,
        body: match kind {
            "Tenant" => Body::Tenant(read(spec)),
            "User" => Body::User(read(spec)),
            "Role" => Body::Role(read(spec)),
            "Organization" => Body::Organization(read(spec)),
            "UserGroup" => Body::Group(read(spec)),
            "SharingRule" => Body::Rule(read(spec)),
            "Invitation" => Body::Invitation(read(spec), Box::default()),
            other => panic!("no kind {other}"),
        },
    }
}

/// What the blow opens, in words.
fn opened(world: &World, blow: Blow) -> String {
    let changed = match blow {
        Blow::Removed => world.without(0),
        _ => world.with(0, world.docs[0].broken()),
    };
    let (before, after) = (of_all(&world.evaluate()), of_all(&changed.evaluate()));
    let change = Change {
        world,
        place: 0,
        blow,
        before: &before,
        after,
    };
    change.check().expect("what opens is an exception");
    let mut opened: Vec<String> = change
        .freed()
        .into_iter()
        .map(|(_, kind, name)| format!("{kind} {name}"))
        .collect();
    for (name, now) in &change.after["acme"].users {
        let Some(earlier) = before["acme"].users.get(name) else {
            continue;
        };
        opened.extend(
            now.roles
                .difference(&earlier.roles)
                .map(|role| format!("{name} has {role}")),
        );
        opened.extend(
            now.organizations
                .difference(&earlier.organizations)
                .map(|one| format!("{name} enters {one}")),
        );
        opened.extend(
            now.fields_freer_than(earlier)
                .into_iter()
                .map(|(o, f)| format!("{name} sees {o}.{f}")),
        );
    }
    opened.join(", ")
}

#[test]
fn each_exception_opens_something() {
    for opening in openings() {
        let tenant = merged(json!({"displayName": "Tenant"}), opening.tenant.clone());
        let mut docs: Vec<Doc> = opening.docs.iter().map(|(head, spec)| doc(head, spec)).collect();
        docs.push(doc("Tenant tenant", &tenant));
        let world = World { docs };
        assert_eq!(opened(&world, Blow::Removed), opening.opens, "{}", opening.exception);
        let when_unreadable = if opening.unreadable_too { opening.opens } else { "" };
        assert_eq!(
            opened(&world, Blow::Unreadable),
            when_unreadable,
            "{}, unreadable",
            opening.exception
        );
    }
}
