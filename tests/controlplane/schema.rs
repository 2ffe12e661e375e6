//! The values of `tests/table/schema.yaml` and `changes.yaml`, judged by the API server: the same good ones and bad ones
//! as offline.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt};
use kube::Client;
use kube::core::Status;
use serde::Deserialize;
use serde_json::Value;
use tenantry::api::Kind;

use crate::harness::shared;
use crate::harness::wait::eventually;
use crate::objects::{self, STRICT_DRY_RUN, sound};
use crate::table::file::load;
use crate::table::openapi::{list_has_rule, published};
use crate::table::sample::{Listed, Sample, samples};
use crate::table::value::with;

/// Requests at a time.
const AT_A_TIME: usize = 16;

/// A change that is allowed or not.
#[derive(Debug, Deserialize)]
struct Change {
    name: String,
    kind: String,
    #[serde(default)]
    with: BTreeMap<String, Value>,
    old: BTreeMap<String, Value>,
    new: BTreeMap<String, Value>,
    allowed: bool,
}

#[tokio::test]
async fn the_api_server_judges_every_value_as_the_table_does() {
    let namespace = shared().namespace("values");
    let client = shared().admin().client().await;
    let judged = stream::iter(samples()).map(|sample| judge(&client, &namespace, sample));
    let judged: Vec<Option<String>> = judged.buffer_unordered(AT_A_TIME).collect().await;
    let wrong: Vec<String> = judged.into_iter().flatten().collect();
    assert!(
        wrong.is_empty(),
        "{} values are judged otherwise:\n{}\n",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What is wrong with the judgement of a value, or nothing.
async fn judge(client: &Client, namespace: &str, mut sample: Sample) -> Option<String> {
    sample.object["metadata"]["namespace"] = namespace.into();
    let answer = objects::create(client, sample.kind, STRICT_DRY_RUN, &sample.object).await;
    let by_rule = sample.listed != Listed::Twice || list_has_rule(&published(sample.kind), &sample.path);
    let fits = match (&answer, sample.listed) {
        (Ok(_), listed) => listed == Listed::Good || !by_rule,
        (Err(_), Listed::Good) => false,
        (Err(refusal), Listed::Bad) => {
            names(refusal, |field| field == sample.path) || is_unknown(refusal, &sample.path)
        }
        // A rule speaks for the object that holds the value, `<nil>` at the root.
        (Err(refusal), Listed::Ruled | Listed::Twice) => {
            names(refusal, |field| field == "<nil>" || sample.path.starts_with(field))
        }
    };
    (!fits).then(|| format!("{} at {}: {}", sample.label, sample.path, said(&answer)))
}

/// Whether a refusal says that the object is wrong, and where.
fn names(refusal: &Status, is_place: impl Fn(&str) -> bool) -> bool {
    let causes = refusal.details.iter().flat_map(|details| &details.causes);
    let mut fields = causes.map(|cause| cause.field.as_str());
    refusal.code == 422 && fields.any(is_place)
}

/// Whether it is refused for a field that is unknown: the value's own, or the first below it.
fn is_unknown(refusal: &Status, path: &str) -> bool {
    refusal.code == 400
        && refusal
            .message
            .contains(&format!("strict decoding error: unknown field \"{path}"))
}

fn said(answer: &Result<Value, Box<Status>>) -> String {
    match answer {
        Ok(_) => String::from("accepted"),
        Err(refusal) => format!("{} {}", refusal.code, refusal.message),
    }
}

/// The one thing that a cluster cannot judge for everyone: only who asks for it, as kubectl does, has unknown fields refused.
#[tokio::test]
async fn from_a_client_that_is_not_strict_unknown_fields_are_dropped() {
    let namespace = shared().namespace("lenient");
    let client = shared().admin().client().await;
    let mut role = sound(Kind::Role, &namespace);
    role["spec"]["colour"] = "blue".into();
    role["spec"]["permissions"][0]["effect"] = "Deny".into();
    let made = objects::create(&client, Kind::Role, "dryRun=All", &role).await.unwrap();
    assert_eq!(made["spec"].get("colour"), None);
    assert_eq!(
        made["spec"]["permissions"],
        sound(Kind::Role, &namespace)["spec"]["permissions"]
    );
}

#[tokio::test]
async fn the_api_server_judges_every_change_as_the_table_does() {
    let client = shared().admin().client().await;
    let changes: Vec<Change> = load("changes.yaml");
    let mut wrong = Vec::new();
    for change in changes {
        let kind = Kind::from_name(&change.kind).unwrap();
        let namespace = shared().namespace("changes");
        let base = with(&sound(kind, &namespace), &change.with);
        objects::create(&client, kind, "", &with(&base, &change.old))
            .await
            .unwrap();
        let answer = replaced(&client, kind, &with(&base, &change.new)).await;
        let fits = match &answer {
            Ok(_) => change.allowed,
            Err(refusal) => !change.allowed && refusal.code == 422,
        };
        if !fits {
            wrong.push(format!("{}: {}", change.name, said(&answer)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the API server says of a change. A controller that writes the status at the same time is let through first.
async fn replaced(client: &Client, kind: Kind, new: &Value) -> Result<Value, Box<Status>> {
    let mut new = new.clone();
    eventually("a change without a conflict", async || {
        let stored = objects::get(client, kind, &new).await;
        new["metadata"]["resourceVersion"] = stored["metadata"]["resourceVersion"].clone();
        let answer = objects::replace(client, kind, STRICT_DRY_RUN, &new).await;
        let conflict = matches!(&answer, Err(refusal) if refusal.is_conflict());
        (!conflict).then_some(answer)
    })
    .await
}
