//! The CRDs as a cluster takes them and people meet them.

use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};
use tenantry::api::{Kind, crd};

use crate::harness::{installation, shared};
use crate::objects::{self, sound};

/// Kind, short name, and columns after the name, as the contract has them.
const COLUMNS: [(Kind, &str, &[&str]); 7] = [
    (
        Kind::Tenant,
        "tnt",
        &["Ready", "Reason", "Active users", "Suspended", "Age"],
    ),
    (
        Kind::User,
        "tuser",
        &["Ready", "Reason", "Type", "Phase", "Until", "Age"],
    ),
    (
        Kind::Invitation,
        "tinv",
        &["Ready", "Reason", "Phase", "Expires", "Age"],
    ),
    (Kind::Role, "trole", &["Ready", "Reason", "Type", "Age"]),
    (Kind::Organization, "torg", &["Ready", "Reason", "Level", "Code", "Age"]),
    (Kind::UserGroup, "tgroup", &["Ready", "Reason", "Age"]),
    (
        Kind::SharingRule,
        "tshare",
        &["Ready", "Reason", "Object", "Phase", "Age"],
    ),
];

/// Kind, a field that can be selected by, a value, and another one.
const SELECTABLE: [(Kind, &str, &str, &str); 9] = [
    (Kind::User, "account", "bob.smith", "bob.jones"),
    (Kind::User, "email", "bob@acme.example", "bert@acme.example"),
    (Kind::User, "type", "Ordinary", "SSO"),
    (Kind::User, "position", "intern", "manager"),
    (Kind::User, "enabled", "true", "false"),
    (Kind::Invitation, "email", "carol@acme.example", "carl@acme.example"),
    (Kind::Organization, "parent", "headquarters", "emea"),
    (Kind::Organization, "code", "EM-01", "EM-02"),
    (Kind::SharingRule, "object", "Campaign", "Customer"),
];

/// A field of each kind, and how what `kubectl explain` says of it begins.
const EXPLAINED: [(Kind, &str, &str); 7] = [
    (Kind::Tenant, "spec.accounts", "Account settings (T7)."),
    (Kind::User, "spec.temporaryRoles.validUntil", "Until when, exclusive."),
    (
        Kind::Invitation,
        "spec.attempt",
        "Any change invites again; earlier links are dead.",
    ),
    (Kind::Role, "spec.assignment", "Whether users name the role"),
    (Kind::Organization, "spec.parent", "The organization above it."),
    (Kind::UserGroup, "spec.remarks", "What the group is for."),
    (
        Kind::SharingRule,
        "spec.access",
        "What may be done with shared records.",
    ),
];

fn plural(kind: Kind) -> String {
    format!("{}.tenantry.dev", crd::definition(kind).spec.names.plural)
}

#[test]
fn the_crds_install_without_a_warning() {
    let installation = installation();
    assert_eq!((installation.code, installation.err.as_str()), (0, ""));
    assert_eq!(
        installation.out.matches(" created\n").count(),
        7,
        "{}",
        installation.out
    );
}

#[test]
fn the_crds_can_be_applied_again() {
    let again = shared().admin().kubectl(&["apply", "-f", "crds"]);
    assert_eq!(again.err, "");
    assert_eq!(again.out.matches(" unchanged\n").count(), 7, "{}", again.out);
}

#[test]
fn the_api_server_finds_nothing_wrong_with_a_crd() {
    for kind in Kind::ALL {
        let crd = shared()
            .admin()
            .kubectl(&["get", "crd", &plural(kind), "-o", "json"])
            .ok();
        let crd: Value = serde_json::from_str(&crd).unwrap();
        for condition in crd["status"]["conditions"].as_array().unwrap() {
            let sound = matches!(condition["type"].as_str().unwrap(), "Established" | "NamesAccepted");
            assert_eq!(condition["status"] == "True", sound, "{kind}: {condition}");
        }
    }
}

#[test]
fn kubectl_explains_every_kind_and_its_fields() {
    for (kind, field, beginning) in EXPLAINED {
        let said = shared()
            .admin()
            .kubectl(&["explain", &format!("{}.{field}", plural(kind))])
            .ok();
        assert!(description(&said).starts_with(beginning), "{kind}: {said}");

        let said = shared().admin().kubectl(&["explain", &plural(kind)]).ok();
        let about = crd::schema(kind).unwrap().description.unwrap();
        assert_eq!(description(&said), in_a_line(about.split_whitespace()), "{kind}");
    }
}

/// What `kubectl explain` says below DESCRIPTION, up to the next heading.
fn description(said: &str) -> String {
    let below = said.lines().skip_while(|line| *line != "DESCRIPTION:").skip(1);
    let lines = below.take_while(|line| line.is_empty() || line.starts_with(' '));
    in_a_line(lines.flat_map(str::split_whitespace))
}

fn in_a_line<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn the_columns_are_those_of_the_contract() {
    let client = shared().admin().client().await;
    for (kind, short_name, columns) in COLUMNS {
        let table = objects::table(&client, kind, "default").await;
        let shown = table["columnDefinitions"].as_array().unwrap();
        let names: Vec<&str> = shown.iter().map(|column| column["name"].as_str().unwrap()).collect();
        assert_eq!(names, [&["Name"], columns].concat(), "{kind}");
        assert!(shown.iter().all(|column| column["priority"] == 0), "{kind}: {shown:?}");
        // A date is shown as an age; of a moment that is ahead that would be `<invalid>`.
        for column in shown.iter().filter(|column| column["type"] == "date") {
            assert_eq!(column["name"], "Age", "{kind}");
        }
        assert_eq!(crd::definition(kind).spec.names.short_names.unwrap(), [short_name]);
    }
}

#[tokio::test]
async fn a_list_shows_neither_phone_nor_email_nor_account() {
    let namespace = shared().namespace("lists");
    let client = shared().admin().client().await;
    let mut user = sound(Kind::User, &namespace);
    user["spec"]["phone"] = json!("+4915112345678");
    user["spec"]["email"] = json!("bob@acme.example");
    objects::create(&client, Kind::User, "", &user).await.unwrap();
    let mut invitation = sound(Kind::Invitation, &namespace);
    invitation["spec"] = json!({"phone": "+33612345678", "roles": ["ordinary-user"]});
    objects::create(&client, Kind::Invitation, "", &invitation)
        .await
        .unwrap();

    let shown = shared()
        .admin()
        .kubectl(&["get", "tenantry", "-n", &namespace, "-o", "wide"])
        .ok();
    for secret in ["4915112345678", "33612345678", "bob@acme.example", "bob.smith"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let mut names: Vec<&str> = shown
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    names.retain(|name| *name != "NAME");
    assert_eq!(
        names,
        ["invitation.tenantry.dev/carol", "user.tenantry.dev/bob"],
        "{shown}"
    );
}

#[tokio::test]
async fn every_kind_has_a_short_name_and_the_category() {
    let namespace = shared().namespace("names");
    let admin = shared().admin();
    let client = admin.client().await;
    let mut printed = Vec::new();
    for (kind, short_name, _) in COLUMNS {
        let object = sound(kind, &namespace);
        let name = object["metadata"]["name"].as_str().unwrap();
        objects::create(&client, kind, "", &object).await.unwrap();
        let got = admin
            .kubectl(&["get", short_name, name, "-n", &namespace, "-o", "name"])
            .ok();
        assert_eq!(
            got.trim_end(),
            format!("{}.tenantry.dev/{name}", kind.as_str().to_lowercase())
        );
        printed.push(got.trim_end().to_owned());
    }
    // A controller of another test may have made the objects of the system meanwhile.
    let ours = ["-l", "!tenantry.dev/system"];
    let all = admin
        .kubectl(&[&["get", "tenantry", "-n", &namespace, "-o", "name"][..], &ours].concat())
        .ok();
    let mut all: Vec<&str> = all.lines().collect();
    all.sort_unstable();
    printed.sort_unstable();
    assert_eq!(all, printed);
}

#[tokio::test]
async fn what_is_called_selectable_can_be_selected_by() {
    let namespace = shared().namespace("selections");
    let client = shared().admin().client().await;
    let mut user = sound(Kind::User, &namespace);
    user["spec"]["email"] = json!("bob@acme.example");
    user["spec"]["position"] = json!("intern");
    let mut organization = sound(Kind::Organization, &namespace);
    organization["spec"]["code"] = json!("EM-01");
    let [invitation, rule] = [Kind::Invitation, Kind::SharingRule].map(|kind| sound(kind, &namespace));
    let made = [
        (Kind::User, user),
        (Kind::Organization, organization),
        (Kind::Invitation, invitation),
        (Kind::SharingRule, rule),
    ];
    for (kind, object) in made {
        objects::create(&client, kind, "", &object).await.unwrap();
    }
    for (kind, field, value, other) in SELECTABLE {
        let names = crd::definition(kind).spec.names;
        let of_kind = GroupVersionKind::gvk("tenantry.dev", "v1alpha1", kind.as_str());
        let resource = ApiResource::from_gvk_with_plural(&of_kind, &names.plural);
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &namespace, &resource);
        for (value, count) in [(value, 1), (other, 0)] {
            let selection = ListParams::default().fields(&format!("spec.{field}={value}"));
            let found = api.list(&selection).await.unwrap().items;
            assert_eq!(found.len(), count, "{kind} {selection:?}");
        }
    }
}

#[tokio::test]
async fn a_new_object_of_every_kind_says_that_nobody_has_observed_it() {
    let namespace = shared().namespace("status");
    let client = shared().admin().client().await;
    for kind in Kind::ALL {
        let mut object = sound(kind, &namespace);
        let made = objects::create(&client, kind, objects::STRICT_DRY_RUN, &object)
            .await
            .unwrap();
        assert_eq!(made["status"], json!({"observedGeneration": -1}), "{kind}");
        // What a manifest says of its status does not count.
        object["status"] = json!({"observedGeneration": 5});
        let made = objects::create(&client, kind, "", &object).await.unwrap();
        assert_eq!(made["status"], json!({"observedGeneration": -1}), "{kind}");
    }
}
