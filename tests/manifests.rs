//! Reading manifests from end to end: from text to objects, faults and places.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::path::PathBuf;
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

/// The end of a user and what is wrong with it.
const FAULTS: &[(&str, &[&str])] = &[
    (
        "  rols: [a]\n",
        &[
            "4:1 spec.roles: `roles` is missing (add `roles`)",
            "7:3 spec.rols: unknown field `rols` (did you mean `roles`?)",
        ],
    ),
    (
        "  roles: [a]\n  position: 012\n",
        &["8:13 spec.position: `012` is read as a number where a text is wanted (quote it: `\"012\"`)"],
    ),
    (
        "  roles: [a]\n  position: yes\n",
        &["8:13 spec.position: `yes` is read as a bool where a text is wanted (quote it: `\"yes\"`)"],
    ),
    (
        "  roles: [a]\n  phone: +4915112345678\n",
        &["8:10 spec.phone: the value is read as a number where a text is wanted (quote it)"],
    ),
    (
        "  roles: [a]\n  email: nobody\n",
        &["8:10 spec.email: the value is not an email address (write it like `ada@acme.example`)"],
    ),
    (
        "  roles: []\n",
        &["7:3 spec.roles: an empty list (list at least 1 entry)"],
    ),
    (
        "  roles: a\n",
        &[
            "7:10 spec.roles: `a` is a text where a list is wanted (write a list: each entry on a line of its own after `- `)",
        ],
    ),
    (
        "  roles: {a: b}\n",
        &[
            "7:3 spec.roles: a mapping where a list is wanted (write a list: each entry on a line of its own after `- `)",
        ],
    ),
    (
        "  roles: [a, ~]\n",
        &["7:14 spec.roles[1]: null in a list (give the entry a value or remove it)"],
    ),
    (
        "  roles: [a, b, a]\n",
        &["7:17 spec.roles[2]: `a` is listed twice (remove the repetition)"],
    ),
    (
        "  roles: [a, [b]]\n",
        &["7:14 spec.roles[1]: a list where a text is wanted (write one text)"],
    ),
    (
        "  roles: [A]\n",
        &["7:11 spec.roles[0]: `A` is not a name (write a-z, 0-9 and `-`; begin and end with a letter or digit)"],
    ),
    (
        "  roles: [a]\n  enabled: \"true\"\n",
        &["8:12 spec.enabled: `\"true\"` is a text where a bool is wanted (remove the quotes)"],
    ),
    (
        "  roles: [a]\n  enabled: 1\n",
        &["8:12 spec.enabled: `1` is read as a number where a bool is wanted (write `true` or `false`)"],
    ),
    (
        "  roles: [a]\n  type: SS0\n",
        &["8:9 spec.type: `SS0` is none of the values allowed (did you mean `SSO`?)"],
    ),
    (
        "  roles: [a]\n  validUntil: 2026-02-30T00:00:00Z\n",
        &["8:15 spec.validUntil: `2026-02-30T00:00:00Z`: not a moment of the calendar (correct the value)"],
    ),
    (
        "  roles: [a]\n  validUntil: 2026-02-20T00:00:00.5Z\n",
        &["8:15 spec.validUntil: `2026-02-20T00:00:00.5Z` is not a moment (write it like `2026-12-01T00:00:00Z`)"],
    ),
    (
        "  roles: [a]\n  validFrom: 2027-01-01T00:00:00Z\n  validUntil: 2026-01-01T00:00:00Z\n",
        &["9:15 spec.validUntil: `validUntil` must be after `validFrom` (change or remove `validUntil`)"],
    ),
    (
        "  roles: [a]\n  temporaryRoles:\n  - {role: a}\n  - role: b\n    validUntil: 2026-01-01T00:00:00Z\n    validFom: x\n",
        &[
            "9:5 spec.temporaryRoles[0].validUntil: `validUntil` is missing (add `validUntil`)",
            "12:5 spec.temporaryRoles[1].validFom: unknown field `validFom` (did you mean `validFrom`?)",
        ],
    ),
    (
        "  roles: [a]\n  attributes: {a: 1, b: ~, c: \"\", d: x}\n",
        &[
            "8:19 spec.attributes.a: `1` is read as a number where a text is wanted (quote it: `\"1\"`)",
            "8:31 spec.attributes.c: an empty text (write at least 1 character)",
        ],
    ),
    (
        "  roles: [a]\n  home: {}\n",
        &[
            "8:3 spec.home.tenant: `tenant` is missing (add `tenant`)",
            "8:3 spec.home.user: `user` is missing (add `user`)",
        ],
    ),
    (
        "  roles: [a]\n  position: \"\\e[31m\"\n",
        &["8:13 spec.position: `\\u{1b}[31m` is not a position (write 1 to 63 of a-z, 0-9 and `-`)"],
    ),
    (
        "  roles: [a]\n  invitation: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"\n",
        &[
            "8:15 spec.invitation: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` has 70 characters (write at most 63 characters)",
        ],
    ),
    (
        "  roles: [a]\n  roles: [b]\n",
        &["8:3 spec.roles: `roles` stands here a second time (keep one of them)"],
    ),
    (
        "  roles: [a]\n  attributes: {1: x}\n",
        &["8:16 spec.attributes.1: this key is not a text (quote it)"],
    ),
    (
        "  roles: [a]\nstat: 1\n",
        &["8:1 stat: unknown field `stat` (remove it; there are `apiVersion`, `kind`, `metadata`, `spec`, `status`)"],
    ),
    (
        "  roles: [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15, r16, r17, r18, r19, r20, r21, r22, r23, r24, r25, r26, r27, r28, r29, r30, r31, r32, r33, r34, r35, r36, r37, r38, r39, r40, r41, r42, r43, r44, r45, r46, r47, r48, r49, r50]\n",
        &["7:3 spec.roles: 51 entries are more than the 50 allowed (remove some)"],
    ),
    (
        "  type: Credited\n  roles: [a]\n",
        &[
            "4:1 spec.home: `home` is required for a Credited user and belongs to no other (add `home`)",
            "5:12 spec.account: `account` is required for every type but Credited, which has none (change or remove `account`)",
        ],
    ),
    (
        "  roles: [a]\n  home: !!binary x\n",
        &["8:18 spec.home: `!!binary` is not read here (write the text itself)"],
    ),
    (
        "  roles: [a]\n  \"\\e[1m\": 1\n",
        &[
            "8:3 spec: an unknown field whose name is not shown: it may be a value (remove it; or a line break or a quote is missing before it)",
        ],
    ),
    (
        "  roles: [a]\n  ada@acme.example: 1\n",
        &[
            "8:3 spec: an unknown field whose name is not shown: it may be a value (remove it; or a line break or a quote is missing before it)",
        ],
    ),
    (
        "  roles: [a]\n  ada@acme.example: 1\n  ada@acme.example: 1\n",
        &[
            "8:3 spec: an unknown field whose name is not shown: it may be a value (remove it; or a line break or a quote is missing before it)",
            "9:3 spec: a name that is not shown, as it may be a value, stands here a second time (keep one of them)",
        ],
    ),
    (
        "  roles: [a]\n  position: .inf\n",
        &["8:13 spec.position: `.inf` is read as a number where a text is wanted (quote it: `\".inf\"`)"],
    ),
    (
        "  roles: [a]\nstatus: {phase: Act}\n",
        &[
            "8:17 status.phase: `Act` is none of the values allowed (write `Invalid`, `Disabled`, `Expired`, `Pending` or `Active`)",
        ],
    ),
];

#[test]
fn the_rules_of_other_kinds_hold_too() {
    let tenant = "apiVersion: tenantry.dev/v1alpha1
kind: Tenant
metadata: {name: acme}
spec:
  displayName: Acme
  limits: {roles: \"5\", userGroups: 0, conditionRules: 5.0, usersPerGroup: 1.5, organizationLevels: 99}
  objects:
  - {object: A}
  - object: A
    fields: [{name: 'true', type: String}]
";
    assert_eq!(
        faults(tenant),
        [
            "3:18 metadata.name: `acme` cannot be the name of a Tenant (a Tenant is always named `tenant`: one namespace is one tenant)",
            "6:19 spec.limits.roles: `\"5\"` is a text where a whole number is wanted (remove the quotes)",
            "6:36 spec.limits.userGroups: `0` is less than `1` (write a whole number from 1 to 1000)",
            "6:75 spec.limits.usersPerGroup: `1.5` is read as a number where a whole number is wanted (write a whole number)",
            "6:100 spec.limits.organizationLevels: `99` is more than `32` (write a whole number from 1 to 32)",
            "9:5 spec.objects[1]: a second entry for `A` (merge it into the first)",
        ]
    );
    let role = "apiVersion: tenantry.dev/v1alpha1
kind: Role
metadata: {name: x.y}
spec:
  displayName: X
  permissions: [{object: A, actions: []}, {object: A, actions: [B, B]}]
  positions: [p, 5]
";
    let manifests = read(role);
    assert_eq!(manifests.entries[0].faults.len(), 5);
    assert_eq!(manifests.entries[0].positions.as_deref(), Some(&["p".to_owned()][..]));
}

#[test]
fn a_role_that_is_not_sound_names_its_positions_in_any_form() {
    let positions = |spec: &str| {
        let role = "apiVersion: tenantry.dev/v1alpha1\nkind: Role\nmetadata: {name: x}\n";
        read(&format!(
            "{role}spec:\n  displayName: X\n  assignment: Position\n{spec}"
        ))
        .entries
        .remove(0)
        .positions
    };
    let named = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    assert_eq!(positions("  positions: p\n"), named(&["p"]));
    assert_eq!(positions("  positions: [[p], q]\n"), named(&["p", "q"]));
    assert_eq!(positions("  positions: {p: q}\n"), named(&["p", "q"]));
    assert_eq!(positions("  positions: [p]\n  positions: [q]\n"), None);
    assert_eq!(positions("  positions: [p]\nspec: {positions: [q]}\n"), None);
}

#[test]
fn metadata_has_a_schema_of_its_own() {
    for (metadata, expected) in [
        (
            "{name: x, labels: {a: b}, annotations: {c: d}, creationTimestamp: ~, uid: u, managedFields: [{a: 1}]}",
            &[][..],
        ),
        (
            "{name: x, creationTimestamp: \"2026-01-01T00:00:00Z\", generation: 3, finalizers: [a]}",
            &[],
        ),
        (
            "{generateName: x-}",
            &["3:1 metadata.name: `name` is missing (add `name`)"],
        ),
        (
            "{name: 12}",
            &["3:18 metadata.name: `12` is read as a number where a text is wanted (quote it: `\"12\"`)"],
        ),
        (
            "{name: x, lables: {}}",
            &["3:21 metadata.lables: unknown field `lables` (did you mean `labels`?)"],
        ),
        (
            "{name: x, labels: {a: 1}}",
            &["3:33 metadata.labels.a: `1` is read as a number where a text is wanted (quote it: `\"1\"`)"],
        ),
        (
            "{name: x, namespace: Acme}",
            &[
                "3:32 metadata.namespace: `Acme` is not a name (write a-z, 0-9 and `-`; begin and end with a letter or digit)",
            ],
        ),
        (
            "{name: x, creationTimestamp: yesterday}",
            &[
                "3:40 metadata.creationTimestamp: `yesterday`: not a moment like `2026-12-01T00:00:00Z` (correct the value)",
            ],
        ),
        (
            "[]",
            &["3:1 metadata: a list where a mapping is wanted (write a mapping: lines of `name: value`, indented)"],
        ),
        ("", &["1:1 metadata: `metadata` is missing (add `metadata`)"]),
    ] {
        let spec = "{displayName: X, remarks: R, users: [bob]}";
        let text = format!("apiVersion: tenantry.dev/v1alpha1\nkind: UserGroup\nmetadata: {metadata}\nspec: {spec}\n");
        assert_eq!(faults(&text), expected, "{metadata}");
    }
}

#[test]
fn creation_and_deletion_are_read() {
    let text = user("  roles: [a]\n").replace(
        "namespace: acme",
        "creationTimestamp: 2026-01-01T00:00:00Z, deletionTimestamp: 2026-01-02T00:00:00Z",
    );
    let entry = &read(&text).entries[0];
    assert_eq!(entry.created.unwrap().to_string(), "2026-01-01T00:00:00Z");
    assert!(entry.deleting && entry.spec.is_some());
    assert_eq!(entry.namespace, "default");
}

#[test]
fn what_is_no_kind_of_ours_but_says_so_is_a_stray() {
    for (text, expected) in [
        (
            "apiVersion: tenantry.dev/v1alpha1\nkind: user\n",
            "2:7 kind: there is no kind `user` in `tenantry.dev` (did you mean `User`?)",
        ),
        (
            "apiVersion: tenantry.dev/v1\nkind: User\n",
            "1:13 apiVersion: there is no version `v1` of `tenantry.dev` (write `apiVersion: tenantry.dev/v1alpha1`)",
        ),
        (
            "apiVersion: tenantry.dev\nkind: User\n",
            "1:13 apiVersion: `tenantry.dev` without a version (write `apiVersion: tenantry.dev/v1alpha1`)",
        ),
        (
            "apiVersion: tenantry.dev/v1alpha1\n",
            "1:1 kind: `kind` is missing (write one of Invitation, Organization, Role, SharingRule, Tenant, User, UserGroup)",
        ),
        (
            "kind: User\nmetadata: {}\n",
            "1:1 apiVersion: `apiVersion` is missing (write `apiVersion: tenantry.dev/v1alpha1`)",
        ),
        (
            "apiVersion: v1\napiVersion: tenantry.dev/v1alpha1\nkind: User\n",
            "2:1 apiVersion: `apiVersion` stands here a second time (keep one of them)",
        ),
    ] {
        assert_eq!(strays(text), [expected], "{text}");
    }
    let stray = &read("apiVersion: tenantry.dev/v2\nkind: User\nmetadata: {name: bob, namespace: acme}\n").strays[0];
    assert_eq!(
        (stray.kind.as_deref(), stray.namespace.as_deref(), stray.name.as_deref()),
        (Some("User"), Some("acme"), Some("bob"))
    );
}

#[test]
fn an_object_whose_namespace_cannot_be_read_takes_nobody_s_name() {
    let group = |namespace: &str| {
        format!(
            "apiVersion: tenantry.dev/v1alpha1\nkind: UserGroup\nmetadata: {{name: g, namespace: {namespace}}}\nspec: {{displayName: G, remarks: R}}\n"
        )
    };
    for unreadable in ["123", "[default]", "{a: b}", "true"] {
        let manifests = read(&format!("{}---\n{}", group(unreadable), group("default")));
        assert_eq!(
            (manifests.entries.len(), manifests.strays.len()),
            (1, 1),
            "{unreadable}"
        );
        assert_eq!(manifests.entries[0].duplicate_of, None, "{unreadable}");
        let stray = &manifests.strays[0];
        assert_eq!(
            (stray.kind.as_deref(), stray.namespace.as_deref(), stray.name.as_deref()),
            (Some("UserGroup"), None, Some("g"))
        );
        assert_eq!(stray.fault.path, "metadata.namespace", "{unreadable}");
    }
    for none in ["~", "\"\""] {
        assert_eq!(names(&read(&group(none))), ["g"], "{none}");
    }
}

#[test]
fn what_is_not_ours_is_counted_and_never_judged() {
    let text = "apiVersion: v1
kind: ConfigMap
data: {1: x, 1: y}
---
# Source: chart/templates/empty.yaml
---
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
---
replicas: 3
---
- a
---
kind: Deployment
";
    let manifests = read(text);
    assert_eq!(
        manifests.skipped,
        Skipped {
            foreign: 2,
            unmarked: 3
        }
    );
    assert!(manifests.entries.is_empty() && manifests.strays.is_empty());
}

#[test]
fn a_list_is_opened_and_its_items_keep_their_places() {
    let text = "apiVersion: v1
kind: List
items:
- apiVersion: tenantry.dev/v1alpha1
  kind: UserGroup
  metadata: {name: g}
  spec: {displayName: 12, displayName: x, remarks: r}
- {apiVersion: v1, kind: Secret}
- 5
- apiVersion: tenantry.dev/v1alpha1
  kind: UserGroupList
  items:
  - metadata: {name: h}
    spec: {displayName: x, remarks: r, users: [a, b]}
";
    let manifests = read(text);
    assert_eq!(names(&manifests), ["g", "h"]);
    assert_eq!(
        manifests.skipped,
        Skipped {
            foreign: 1,
            unmarked: 1
        }
    );
    let shown: Vec<_> = manifests.entries[0].faults.iter().map(shown).collect();
    assert_eq!(
        shown,
        [
            "7:23 spec.displayName: `12` is read as a number where a text is wanted (quote it: `\"12\"`)",
            "7:27 spec.displayName: `displayName` stands here a second time (keep one of them)",
        ]
    );
    let origin = &manifests.entries[1].origin;
    assert_eq!(origin.item, "items[3].items[0]");
    let places = manifests.locate(&[
        (origin, "spec.users[1]"),
        (origin, "spec.users"),
        (origin, "spec.absent.x"),
    ]);
    let places: Vec<_> = places.iter().map(|place| (place.line, place.column)).collect();
    assert_eq!(places, [(14, 51), (14, 40), (14, 5)]);
}

#[test]
fn a_fault_in_a_list_within_a_list_is_that_of_its_item() {
    let group = "{apiVersion: tenantry.dev/v1alpha1, kind: UserGroup, metadata: {name: g}, spec: {displayName: G, remarks: R, remarks: S}}";
    let list = |items: &str| format!("{{apiVersion: v1, kind: List, items: [{items}]}}");
    assert_eq!(
        faults(&list(&list(group))),
        ["1:184 spec.remarks: `remarks` stands here a second time (keep one of them)"]
    );
}

#[test]
fn a_list_without_items_is_empty_and_one_that_cannot_be_opened_is_a_stray() {
    for (items, expected) in [
        ("", &[][..]),
        ("items:", &[]),
        ("items: []", &[]),
        (
            "items: [~]",
            &["3:9 items[0]: null in a list (give the entry a value or remove it)"],
        ),
        (
            "items:\n- apiVersion: v1\n  kind: List\n  items: [{}, null]",
            &["6:15 items[1]: null in a list (give the entry a value or remove it)"],
        ),
        (
            "items: {kind: User}",
            &["3:8 items: `items` is no list (begin each of the items with `- `)"],
        ),
        (
            "items: none",
            &["3:8 items: `items` is no list (begin each of the items with `- `)"],
        ),
    ] {
        assert_eq!(
            strays(&format!("apiVersion: v1\nkind: List\n{items}\n")),
            expected,
            "{items}"
        );
    }
}

#[test]
fn a_field_is_found_even_if_its_name_holds_points() {
    let text = "apiVersion: tenantry.dev/v1alpha1
kind: UserGroup
metadata:
  name: g
  labels: {a: x, a.b/c: y, \"a[0]\": z}
spec: {displayName: x, remarks: r}
";
    let manifests = read(text);
    let origin = &manifests.entries[0].origin;
    let paths = [
        "metadata.labels.a.b/c",
        "metadata.labels.a",
        "metadata.labels.a[0]",
        "metadata.name",
        "",
    ];
    let wanted: Vec<_> = paths.iter().map(|path| (origin, *path)).collect();
    let columns: Vec<_> = manifests
        .locate(&wanted)
        .iter()
        .map(|place| (place.line, place.column))
        .collect();
    assert_eq!(columns, [(5, 25), (5, 15), (5, 36), (4, 9), (1, 1)]);
}

#[test]
fn a_broken_document_hides_no_other() {
    let text = format!(
        "a: [\n---\n{}---\nb: 'x\n---\n{}",
        user("  roles: [a]\n"),
        user("  roles: [a]\n")
    );
    let manifests = read(&text);
    assert_eq!(names(&manifests), ["bob", "bob"]);
    assert_eq!(manifests.entries[1].duplicate_of, Some(0));
    let shown: Vec<_> = manifests.strays.iter().map(|stray| shown(&stray.fault)).collect();
    assert_eq!(
        shown,
        [
            "1:4 : unclosed bracket `[` (close the bracket)",
            "11:4 : unclosed quote (close the quote)"
        ]
    );
}

#[test]
fn a_duplicate_is_the_later_one_by_path_and_document() {
    let root = tempfile::tempdir().unwrap();
    for name in ["b.yaml", "a.yaml"] {
        std::fs::write(root.path().join(name), user("  roles: [a]\n")).unwrap();
    }
    let paths: Vec<PathBuf> = ["b.yaml", "a.yaml"].iter().map(|name| root.path().join(name)).collect();
    let manifests = Manifests::read(&paths, "default", &mut std::io::empty()).unwrap();
    assert!(manifests.sources[0].name.ends_with("a.yaml"));
    assert_eq!(manifests.entries[0].duplicate_of, None);
    assert_eq!(manifests.entries[1].duplicate_of, Some(0));
}

#[test]
fn json_is_read_with_its_escapes() {
    let group = |name: &str| {
        format!(
            "{{\n\t\"apiVersion\": \"tenantry.dev\\/v1alpha1\", \"kind\": \"UserGroup\", \"metadata\": {{\"name\": \"{name}\"}},\n\"spec\": {{\"displayName\": \"\\ud83d\\ude00\\/\", \"remarks\": \"x\"}}}}\n"
        )
    };
    let manifests = read(&(group("g") + &group("h")));
    assert_eq!(names(&manifests), ["g", "h"]);
    assert!(matches!(&manifests.entries[1].spec, Some(Spec::UserGroup(spec)) if spec.display_name == "😀/"));
    assert_eq!(manifests.entries[1].origin.place.line, 5);
}

/// Each with the number of objects, strays and skipped documents, and of the first stray or fault the place and message.
#[test]
fn odd_texts_have_their_results() {
    let whole = user("  roles: [a]\n");
    for (name, text, counts, first) in [
        ("empty", String::new(), (0, 0, 0), ""),
        ("only comments", "# a\n# b\n".to_owned(), (0, 0, 0), ""),
        ("byte order mark", format!("\u{feff}{whole}"), (1, 0, 0), ""),
        ("windows", whole.replace('\n', "\r\n"), (1, 0, 0), ""),
        ("old mac", whole.replace('\n', "\r"), (1, 0, 0), ""),
        (
            "null",
            whole.clone() + "  a\0: b\n",
            (0, 1, 0),
            "8:4 the control character U+0000",
        ),
        (
            "line separator",
            whole.clone() + "  #\u{2028}enabled: false\n",
            (0, 1, 0),
            "8:4 the line separator U+2028, which kubectl takes for the end of a line",
        ),
        (
            "tab",
            whole.clone() + "\tenabled: false\n",
            (0, 1, 0),
            "8:2 tabs disallowed within this context (block indentation)",
        ),
        (
            "huge integer",
            whole.clone() + "  enabled: 340282366920938463463374607431768211456\n",
            (1, 0, 0),
            "8:12 `340282366920938463463374607431768211456` is read as a number where a bool is wanted",
        ),
        (
            "binary",
            whole.clone() + "  position: !!binary aGk=\n",
            (1, 0, 0),
            "8:22 `!!binary` is not read here",
        ),
        ("text tag", whole.clone() + "  position: !!str 12\n", (1, 0, 0), ""),
        ("own tag", whole.clone() + "  position: !mine 12\n", (1, 0, 0), ""),
        (
            "complex key",
            whole.clone() + "  ? [a]\n  : b\n",
            (0, 1, 0),
            "8:5 a list or a mapping stands as a key",
        ),
        ("directive", format!("%YAML 1.2\n---\n{whole}"), (1, 0, 0), ""),
        ("end mark", format!("{whole}...\n# more\n"), (1, 0, 0), ""),
        (
            "merge",
            format!("x: &x {{roles: [a]}}\n---\n{}", user("  <<: {roles: [a]}\n")),
            (1, 0, 1),
            "",
        ),
        (
            "template",
            "metadata: {{ .Values.name }}\n".to_owned(),
            (0, 1, 0),
            "1:12 a list or a mapping stands as a key",
        ),
        (
            "ten megabytes of one text",
            format!("{whole}  position: {}", "x".repeat(10_000_000)),
            (1, 0, 0),
            "8:13 `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` has 10000000 characters",
        ),
        (
            "ten megabytes of brackets",
            "[".repeat(10_000_000),
            (0, 1, 0),
            "1:66 values lie more than 64 deep in each other",
        ),
        (
            "deep",
            "- ".repeat(100_000),
            (0, 1, 0),
            "1:129 values lie more than 64 deep in each other",
        ),
        (
            "ten megabytes of a list",
            format!("[{}]", "a,".repeat(5_000_000)),
            (0, 1, 0),
            "1:4000000 this document holds more than 2000000 values",
        ),
    ] {
        let start = Instant::now();
        let manifests = read(&text);
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{name} took {:?}",
            start.elapsed()
        );
        let skipped = manifests.skipped.foreign + manifests.skipped.unmarked;
        assert_eq!(
            (manifests.entries.len(), manifests.strays.len(), skipped),
            counts,
            "{name}: {:?}",
            manifests.strays
        );
        let stray = manifests.strays.first().map(|stray| &stray.fault);
        let fault = stray.or_else(|| manifests.entries.iter().flat_map(|entry| &entry.faults).next());
        let words = |fault: &Fault| format!("{}:{} {}", fault.place.line, fault.place.column, fault.message);
        assert_eq!(fault.map(words).unwrap_or_default(), first, "{name}");
    }
}

#[test]
fn a_hopeless_text_ends_early() {
    let manifests = read(&"[\n---\n".repeat(10_000));
    assert!(manifests.strays.len() < 1_100);
    assert!(
        manifests.errors[0]
            .to_string()
            .starts_with("`a.yaml` holds more than 1000 documents that cannot be read")
    );
}

#[test]
fn faults_are_bounded_for_each_object_and_in_all() {
    let fields: String = (0..1_000).map(|index| format!("  f{index}: 1\n")).collect();
    assert_eq!(faults(&user(&fields)).len(), 100);
    let manifests = read(&format!("---\n{}", user(&fields)).repeat(250));
    let told: usize = manifests.entries.iter().map(|entry| entry.faults.len()).sum();
    assert!(manifests.entries.iter().all(|entry| !entry.faults.is_empty()));
    assert_eq!((manifests.entries.len(), told), (250, 20_050));
}

#[test]
fn one_file_of_ten_thousand_documents_works() {
    let text: String = (0..10_000)
        .map(|index| {
            format!(
                "---\n{}",
                user("  roles: [a]\n").replace("name: bob", &format!("name: u{index}"))
            )
        })
        .collect();
    let manifests = read(&text);
    assert_eq!(
        manifests.entries.iter().filter(|entry| entry.spec.is_some()).count(),
        10_000
    );
    assert_eq!(manifests.entries[9_999].origin.place.line, 8 * 9_999 + 4);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "[-\\[\\]{}:,&*!#%|>'\"?~ \\t\\r\\na-c0-9\u{0}\u{85}\u{2028}\u{feff}é😀.<_\\\\@`]{0,200}") {
        read(&text);
    }

    #[test]
    fn no_change_of_a_good_document_makes_it_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..8_usize, "[-\\[\\]{}:,&*!'\"? \\na0]{0,4}"), 1..6)
    ) {
        let mut text: Vec<char> = WHOLE.chars().collect();
        for (index, remove, insert) in edits {
            let at = index.index(text.len() + 1);
            let end = (at + remove).min(text.len());
            text.splice(at..end, insert.chars());
        }
        let text: String = text.into_iter().collect();
        let manifests = read(&text);
        for entry in &manifests.entries {
            prop_assert!(entry.spec.is_some() == entry.faults.is_empty());
            let wanted: Vec<_> = entry.faults.iter().map(|fault| (&entry.origin, fault.path.as_str())).collect();
            prop_assert_eq!(manifests.locate(&wanted).len(), wanted.len());
        }
        let all = manifests.entries.iter().flat_map(|entry| &entry.faults);
        for fault in all.chain(manifests.strays.iter().map(|stray| &stray.fault)) {
            let lines = u32::try_from(text.lines().count()).unwrap() + 1;
            prop_assert!((1..=lines).contains(&fault.place.line) && fault.place.column > 0, "{fault:?}");
            prop_assert!(!fault.message.contains("secret"), "{fault:?}");
        }
    }
}

const WHOLE: &str = "apiVersion: v1
kind: List
items:
- &u
  apiVersion: tenantry.dev/v1alpha1
  kind: User
  metadata: {name: bob, labels: {a.b/c: d}}
  spec:
    account: secret
    name: |-
      Bob
    email: 'secret@acme.example'
    phone: \"+4912345678\"
    attributes: &a {department: Sales}
    roles: [a, b]
    temporaryRoles:
    - {role: publisher, validUntil: 2026-12-01T00:00:00Z}
---
{\"apiVersion\": \"tenantry.dev/v1alpha1\", \"kind\": \"Tenant\", \"metadata\": {\"name\": \"tenant\"},
 \"spec\": {\"displayName\": \"A\", \"limits\": {\"roles\": 5}}}
";
