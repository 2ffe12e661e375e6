//! The chart's admission policy on Service users: who may write users may end the access of support staff, and only who has
//! the verb `activate` as well may give or change it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tenantry::api::{Kind, crd};

use crate::chart::{Person, installed};
use crate::harness::Ran;
use crate::harness::wait::until;
use crate::policies::{manifest, refused};

const TAKES_ACTIVATE: &str = "takes the verb `activate` on users.tenantry.dev";

/// Who may make a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// Whoever may write users.
    Editor,
    /// Only who may activate them as well.
    Admin,
    /// Nobody: the field cannot change, and this is what the API server says.
    Nobody(&'static str),
}

/// A change of one field of a Service user, from a state of the field other than that of [`service_user`] if there is one.
/// Values are merge patches: null takes away.
type Change = (&'static str, Option<Value>, Value, By);

/// A Service user with every field that one can have, but `invitation`.
fn service_user() -> Value {
    json!({
        "type": "Service",
        "account": "sam.poole",
        "name": "Sam",
        "email": "sam@support.example",
        "phone": "+4915112345678",
        "position": "supporter",
        "attributes": {"department": "Support"},
        "roles": ["analyst", "developer"],
        "temporaryRoles": [{"role": "ordinary-user", "validUntil": "2099-03-01T00:00:00Z"}],
        "organizations": ["emea", "apac"],
        "enabled": true,
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": "2099-06-01T00:00:00Z",
        "activation": {"validUntil": "2099-05-01T00:00:00Z"},
    })
}

/// What happens to each field of a user's spec. Every field has a row here.
fn changes() -> Vec<Change> {
    let temporary = |role: &str, until: &str| json!([{"role": role, "validUntil": until}]);
    let activation = |until: &str| json!({"validUntil": until});
    let (editor, admin) = (By::Editor, By::Admin);
    let home = json!({"tenant": "beta", "user": "robert"});
    vec![
        ("type", None, json!("Ordinary"), By::Nobody("`type` cannot change")),
        ("type", None, Value::Null, By::Nobody("`type` cannot change")),
        (
            "account",
            None,
            json!("sam.other"),
            By::Nobody("`account` cannot change"),
        ),
        ("home", None, home, By::Nobody("`home` cannot change")),
        ("name", None, json!("Max"), admin),
        ("email", None, json!("max@support.example"), admin),
        ("email", None, Value::Null, admin),
        ("phone", None, json!("+4915187654321"), admin),
        ("phone", None, Value::Null, admin),
        ("position", None, json!("manager"), admin),
        ("position", None, Value::Null, admin),
        ("position", Some(Value::Null), json!("manager"), admin),
        ("attributes", None, json!({"department": "Sales"}), admin),
        ("attributes", None, json!({"region": "EMEA"}), admin),
        ("attributes", None, Value::Null, admin),
        ("roles", None, json!(["analyst", "developer", "administrator"]), admin),
        ("roles", None, json!(["administrator"]), admin),
        ("roles", None, json!(["analyst"]), admin),
        ("roles", None, json!(["developer", "analyst"]), admin),
        (
            "temporaryRoles",
            None,
            temporary("administrator", "2099-03-01T00:00:00Z"),
            admin,
        ),
        (
            "temporaryRoles",
            None,
            temporary("ordinary-user", "2099-04-01T00:00:00Z"),
            admin,
        ),
        ("temporaryRoles", None, Value::Null, admin),
        (
            "temporaryRoles",
            Some(Value::Null),
            temporary("administrator", "2099-03-01T00:00:00Z"),
            admin,
        ),
        ("organizations", None, json!(["emea", "apac", "headquarters"]), admin),
        ("organizations", None, json!(["emea"]), admin),
        ("organizations", Some(Value::Null), json!([]), admin),
        ("enabled", None, json!(false), editor),
        ("enabled", Some(json!(false)), json!(true), admin),
        // The API server fills in `true`.
        ("enabled", Some(json!(false)), Value::Null, admin),
        ("validFrom", None, json!("2026-01-02T00:00:00Z"), admin),
        ("validFrom", None, json!("2025-12-31T00:00:00Z"), admin),
        ("validFrom", None, Value::Null, admin),
        ("validUntil", None, json!("2099-05-31T23:59:59Z"), editor),
        ("validUntil", None, json!("2099-06-01T00:00:01Z"), admin),
        // Earlier as a moment and later as a text, and the other way round.
        ("validUntil", None, json!("2099-06-01T00:59:59+01:00"), editor),
        ("validUntil", None, json!("2099-05-31T23:00:01-01:00"), admin),
        // The same moment is no earlier one.
        ("validUntil", None, json!("2099-06-01T01:00:00+01:00"), admin),
        ("validUntil", None, Value::Null, admin),
        ("validUntil", Some(Value::Null), json!("2099-06-01T00:00:00Z"), editor),
        ("activation", None, Value::Null, editor),
        ("activation", None, activation("2099-05-02T00:00:00Z"), admin),
        ("activation", None, activation("2099-04-01T00:00:00Z"), admin),
        (
            "activation",
            Some(Value::Null),
            activation("2099-05-01T00:00:00Z"),
            admin,
        ),
        ("invitation", None, json!("sam"), admin),
        ("invitation", Some(json!("sam")), Value::Null, admin),
    ]
}

/// Changes of several fields at once.
fn changes_at_once() -> Vec<(Value, By)> {
    let ending = json!({"enabled": false, "validUntil": "2027-01-01T00:00:00Z", "activation": null});
    vec![
        (ending, By::Editor),
        (json!({"enabled": false, "roles": ["administrator"]}), By::Admin),
        (json!({"activation": null, "position": "manager"}), By::Admin),
        (json!({"validUntil": "2027-01-01T00:00:00Z", "email": null}), By::Admin),
        (json!({"validUntil": null, "enabled": false}), By::Admin),
        (
            json!({"activation": {"validUntil": "2099-12-01T00:00:00Z"}, "enabled": false}),
            By::Admin,
        ),
    ]
}

fn user(name: &str, of_type: &str, more: &Value) -> String {
    let mut spec = json!({"type": of_type, "account": format!("{name}.account"), "name": "Sam", "roles": ["analyst"]});
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    manifest("User", name, &spec)
}

fn activated() -> Value {
    json!({"activation": {"validUntil": "2099-01-01T00:00:00Z"}})
}

fn create(person: &Person<'_>, manifest: &str) -> Ran {
    person.kubectl(manifest, &["create", "-f", "-"])
}

/// Applies on the server's side, as a GitOps tool does.
fn apply(person: &Person<'_>, manifest: &str) -> Ran {
    let arguments = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=git",
        "-f",
        "-",
    ];
    person.kubectl(manifest, &arguments)
}

fn patch(person: &Person<'_>, name: &str, spec: &Value, more: &[&str]) -> Ran {
    let patch = json!({"spec": spec}).to_string();
    let fixed = ["patch", "tuser", name, "--type=merge", "--patch", &patch];
    person.kubectl("", &[&fixed, more].concat())
}

/// One who may write users and one who may activate them as well, once the policy is in force.
fn staff(namespace: &str) -> (Person<'static>, Person<'static>) {
    let person = |name| installed().person(name, namespace);
    let editor = person("edith").may("tenantry-users-editor", "create", "users.tenantry.dev");
    let admin = person("ada").may("tenantry-users-admin", "activate", "users.tenantry.dev");
    until("the policy to be in force", || {
        let probe = ["create", "--dry-run=server", "-f", "-"];
        let ran = editor.kubectl(&user("probe", "Service", &activated()), &probe);
        ran.err.contains(TAKES_ACTIVATE).then_some(())
    });
    (editor, admin)
}

/// Fails the test unless that change is open to those whom it should be open to.
#[track_caller]
fn assert_open_to(by: By, (editor, admin): (&Person<'_>, &Person<'_>), name: &str, spec: &Value) {
    let tried = |person| patch(person, name, spec, &["--dry-run=server"]);
    let [edited, administered] = [tried(editor), tried(admin)];
    match by {
        By::Editor => drop((edited.ok(), administered.ok())),
        By::Admin => {
            assert_ne!(edited.code, 0, "{spec} was accepted");
            refused(&edited, TAKES_ACTIVATE);
            administered.ok();
        }
        By::Nobody(why) => {
            for ran in [edited, administered] {
                assert!(ran.code != 0 && ran.err.contains(why), "{spec}: {}{}", ran.out, ran.err);
            }
        }
    }
}

#[test]
fn every_field_of_a_service_user_takes_activate_but_for_what_ends_access() {
    let namespace = installed().plane.namespace("fields");
    let (editor, admin) = staff(&namespace);
    let mut made: BTreeMap<String, String> = BTreeMap::new();
    for (field, from, to, by) in changes() {
        let mut spec = service_user();
        match from {
            Some(Value::Null) => drop(spec.as_object_mut().unwrap().remove(field)),
            Some(value) => spec[field] = value,
            None => {}
        }
        let next = format!("sam-{}", made.len());
        let name = made.entry(spec.to_string()).or_insert_with(|| {
            create(&admin, &manifest("User", &next, &spec)).ok();
            next
        });
        assert_open_to(by, (&editor, &admin), name, &json!({ field: to }));
    }
}

#[test]
fn the_table_has_every_field_of_a_user() {
    let root = crd::schema(Kind::User).unwrap();
    let spec = root.properties.unwrap().remove("spec").unwrap().properties.unwrap();
    let fields: BTreeSet<String> = spec.into_keys().collect();
    let rows: BTreeSet<String> = changes().into_iter().map(|(field, ..)| field.to_owned()).collect();
    assert_eq!(rows, fields, "say in `changes` who may change it on a Service user");
}

#[test]
fn a_change_that_ends_access_hides_no_other() {
    let namespace = installed().plane.namespace("at-once");
    let (editor, admin) = staff(&namespace);
    create(&admin, &manifest("User", "sam", &service_user())).ok();
    for (spec, by) in changes_at_once() {
        assert_open_to(by, (&editor, &admin), "sam", &spec);
    }
}

#[test]
fn every_way_of_writing_is_held_to_it() {
    let namespace = installed().plane.namespace("ways");
    let (editor, admin) = staff(&namespace);
    let with = |more: Value| {
        let mut spec = service_user();
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        manifest("User", "sam", &spec)
    };
    refused(&create(&editor, &with(json!({}))), TAKES_ACTIVATE);
    refused(&apply(&editor, &with(json!({}))), TAKES_ACTIVATE);
    apply(&admin, &with(json!({}))).ok();

    let wider = with(json!({"position": "manager"}));
    refused(&apply(&editor, &wider), TAKES_ACTIVATE);
    refused(&editor.kubectl(&wider, &["replace", "-f", "-"]), TAKES_ACTIVATE);
    let status = editor.kubectl(
        "",
        &[
            "patch",
            "tuser",
            "sam",
            "--subresource=status",
            "--type=merge",
            "-p",
            "{}",
        ],
    );
    assert!(status.err.contains("(Forbidden)"), "{}{}", status.out, status.err);
    // What the owner of a field no longer applies is taken away, and that is a change too.
    let mut less: Value = serde_json::from_str(&with(json!({}))).unwrap();
    less["spec"].as_object_mut().unwrap().remove("validUntil");
    refused(&apply(&editor, &less.to_string()), TAKES_ACTIVATE);

    apply(&editor, &with(json!({}))).ok();
    editor.kubectl("", &["label", "tuser", "sam", "team=a"]).ok();
    apply(&editor, &with(json!({"enabled": false}))).ok();
    refused(&apply(&editor, &with(json!({"enabled": true}))), TAKES_ACTIVATE);
    editor.kubectl("", &["delete", "tuser", "sam"]).ok();
    // Without an activation it waits for one, whatever it says.
    let mut waiting: Value = serde_json::from_str(&wider).unwrap();
    waiting["spec"].as_object_mut().unwrap().remove("activation");
    create(&editor, &waiting.to_string()).ok();
}

/// The controller may write any status; no spec comes along.
#[test]
fn a_write_of_a_status_changes_no_spec() {
    let namespace = installed().plane.namespace("status");
    let (_, admin) = staff(&namespace);
    create(&admin, &manifest("User", "sam", &service_user())).ok();
    let mut sam: Value = serde_json::from_str(&manifest("User", "sam", &service_user())).unwrap();
    sam["spec"]["roles"] = json!(["administrator"]);
    sam["status"] = json!({"phase": "Active"});
    let apply = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--subresource=status",
        "-n",
        &namespace,
        "-f",
        "-",
    ];
    installed().controller.kubectl_with(&sam.to_string(), &apply).ok();
    let roles = admin.kubectl(
        "",
        &["get", "tuser", "sam", "-o", "jsonpath={.spec.roles}{.status.phase}"],
    );
    assert_eq!(roles.ok(), r#"["analyst","developer"]Active"#);
}

#[test]
fn other_users_are_not_held_to_it() {
    let namespace = installed().plane.namespace("ordinary");
    let (editor, _) = staff(&namespace);
    for of_type in ["Ordinary", "SSO"] {
        let name = of_type.to_lowercase();
        let email = json!({"email": format!("{name}@acme.example")});
        create(&editor, &user(&name, of_type, &email)).ok();
        for (field, from, to, by) in changes() {
            if by == By::Admin && from.is_none() && !["activation", "email"].contains(&field) {
                patch(&editor, &name, &json!({ field: to }), &["--dry-run=server"]).ok();
            }
        }
    }
}

#[test]
fn the_right_to_activate_can_be_held_to_a_name() {
    let namespace = installed().plane.namespace("named");
    let (editor, _) = staff(&namespace);
    for name in ["sam", "max"] {
        create(&editor, &user(name, "Service", &json!({}))).ok();
    }
    let admin = installed().plane.admin();
    let rule = [
        "--verb=activate",
        "--resource=users.tenantry.dev",
        "--resource-name=sam",
    ];
    admin
        .kubectl(&[&["create", "role", "sam", "-n", &namespace], &rule[..]].concat())
        .ok();
    let to = ["--role=sam", "--user=edith", "-n", &namespace];
    admin
        .kubectl(&[&["create", "rolebinding", "sam"], &to[..]].concat())
        .ok();
    until("the right to count", || {
        (patch(&editor, "sam", &activated(), &[]).code == 0).then_some(())
    });
    refused(&patch(&editor, "max", &activated(), &[]), TAKES_ACTIVATE);
}
