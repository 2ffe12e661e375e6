//! Reading manifests from end to end: from text to objects, faults and places.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use tenantry::api::Kind;
use tenantry::manifests::{Entry, Fault, Manifests, Skipped, Source, Spec};

fn read(text: &str) -> Manifests {
    let source = Source {
        name: "a.yaml".to_owned(),
        text: text.to_owned(),
    };
    Manifests::of(vec![source], "default").unwrap()
}

fn user(spec: &str) -> String {
    format!(
        "apiVersion: tenantry.dev/v1alpha1\nkind: User\nmetadata: {{name: bob, namespace: acme}}\nspec:\n  account: bob\n  name: Bob\n{spec}"
    )
}

fn shown(fault: &Fault) -> String {
    let Fault {
        path,
        place,
        message,
        help,
    } = fault;
    format!("{}:{} {path}: {message} ({help})", place.line, place.column)
}

/// The faults of the only object in the text.
fn faults(text: &str) -> Vec<String> {
    let manifests = read(text);
    assert_eq!(
        (manifests.entries.len(), manifests.strays.len()),
        (1, 0),
        "{manifests:#?}"
    );
    manifests.entries[0].faults.iter().map(shown).collect()
}

fn strays(text: &str) -> Vec<String> {
    let manifests = read(text);
    assert!(manifests.entries.is_empty(), "{manifests:#?}");
    manifests.strays.iter().map(|stray| shown(&stray.fault)).collect()
}

fn names(manifests: &Manifests) -> Vec<&str> {
    manifests
        .entries
        .iter()
        .filter_map(|entry| entry.name.as_deref())
        .collect()
}

#[test]
fn a_sound_user_becomes_a_typed_spec() {
    let text = user("  roles: [a, \"b\"]\n  validUntil: 2027-01-01T00:00:00+01:00\n  phone: null\n");
    let manifests = read(&text);
    let [
        Entry {
            kind,
            namespace,
            name,
            spec: Some(Spec::User(spec)),
            origin,
            created,
            deleting,
            ..
        },
    ] = manifests.entries.as_slice()
    else {
        panic!("{manifests:#?}")
    };
    assert_eq!(
        (*kind, namespace.as_str(), name.as_deref()),
        (Kind::User, "acme", Some("bob"))
    );
    assert_eq!(spec.roles, ["a", "b"]);
    assert_eq!(spec.valid_until.unwrap().to_string(), "2026-12-31T23:00:00Z");
    assert_eq!((origin.place.line, origin.place.column), (3, 18));
    assert_eq!((*created, *deleting), (None, false));
    assert!(manifests.locate(&[(origin, "spec.roles[1]")])[0].line == 7);
}

#[test]
fn each_fault_has_its_place_and_mend() {
    for (spec, expected) in FAULTS {
        assert_eq!(faults(&user(spec)), *expected, "{spec}");
    }
}

const FAULTS: &[(&str, &[&str])] = &[(
    "  rols: [a]\n  roles: [a]\n",
    &["7:3 spec.rols: unknown field `rols` (did you mean `roles`?)"],
)];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        read(&text);
    }
}

#[test]
fn placeholder() {
    let _ = (
        Duration::ZERO,
        Instant::now(),
        Skipped::default(),
        strays("x: *y"),
        names(&read("")),
    );
}
