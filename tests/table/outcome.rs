//! What the library makes of manifests, in the form in which the table writes it, and where the two differ.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tenantry::api::Moment;
use tenantry::manifests::{Manifests, Source, Spec};
use tenantry::policy::{Catalogue, evaluate_all};

use super::case::{Case, Finding};
use super::reasons;

/// Findings, warnings last, and statuses by `Kind/namespace/name`.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    pub(crate) statuses: BTreeMap<String, Value>,
    /// What people read: message and mend of every finding and condition.
    pub(crate) messages: Vec<String>,
    /// What must never be among it: emails, phones and accounts.
    pub(crate) secrets: Vec<String>,
}

/// Reads manifests.
pub(crate) fn read(text: &str) -> Manifests {
    let source = Source {
        name: String::from("case.yaml"),
        text: text.to_owned(),
    };
    Manifests::of(vec![source], "default").unwrap()
}

/// Runs the library on manifests.
pub(crate) fn run(text: &str, at: &str, catalogue: Option<&str>) -> Outcome {
    let mut manifests = read(text);
    let secrets = secrets(&manifests);
    let catalogue = match catalogue {
        Some(text) => Catalogue::load(text, "catalogue.yaml").unwrap(),
        None => Catalogue::builtin().unwrap(),
    };
    let strays = manifests.strays.iter().map(|stray| Finding {
        kind: stray.kind.clone().unwrap_or_default(),
        namespace: stray.namespace.clone().unwrap_or_default(),
        name: stray.name.clone().unwrap_or_default(),
        path: stray.fault.path.clone(),
        class: String::from("Refused"),
        reason: String::from("SchemaInvalid"),
    });
    let mut findings: Vec<Finding> = strays.collect();
    let mut statuses = BTreeMap::new();
    let mut messages = Vec::new();
    let snapshots = manifests.take_snapshots();
    for evaluation in evaluate_all(&Arc::new(catalogue), &snapshots, Moment::parse(at).unwrap()) {
        let namespace = &evaluation.namespace;
        for found in evaluation.findings().into_iter().chain(evaluation.warnings()) {
            messages.extend([found.finding.message, found.finding.mend]);
            findings.push(Finding {
                kind: found.kind.to_string(),
                namespace: namespace.clone(),
                name: found.name,
                path: found.finding.path,
                class: found.finding.class.as_str().to_owned(),
                reason: found.finding.reason.to_string(),
            });
        }
        for reported in evaluation.statuses() {
            let key = format!("{}/{namespace}/{}", reported.kind, reported.name);
            let status = serde_json::to_value(&reported.status).unwrap();
            messages.extend(self::messages(&status));
            assert_eq!(statuses.insert(key.clone(), status), None, "{key} is listed twice");
        }
    }
    findings.sort();
    Outcome {
        findings,
        statuses,
        messages,
        secrets,
    }
}

/// Every email, phone and account that cannot be taken for something else.
pub(crate) fn secrets(manifests: &Manifests) -> Vec<String> {
    let specs = manifests.entries.iter().filter_map(|entry| entry.spec.as_ref());
    let values = specs.flat_map(|spec| match spec {
        Spec::User(user) => [user.account.clone(), user.email.clone(), user.phone.clone()],
        Spec::Invitation(invitation, _) => [invitation.email.clone(), invitation.phone.clone(), None],
        _ => [None, None, None],
    });
    values
        .flatten()
        .filter(|value| value.contains(['@', '+', '.']))
        .collect()
}

/// Everything in which an outcome is not what the case expects, a line each.
pub(crate) fn differences(case: &Case, got: &Outcome) -> Vec<String> {
    let mut lines = finding_differences(case, got);
    for (key, expected) in &case.statuses {
        match (expected, got.statuses.get(key)) {
            (None, None) => {}
            (None, Some(status)) => lines.push(format!("  {key}: not listed expected, got {status}")),
            (Some(_), None) => lines.push(format!("  {key}: no status")),
            (Some(expected), Some(status)) => {
                lines.extend(status_differences(expected, status).map(|line| format!("  {key} {line}")));
            }
        }
    }
    lines.extend(said_wrongly(got));
    lines.extend(ranked_wrongly(got));
    lines
}

fn finding_differences(case: &Case, got: &Outcome) -> Vec<String> {
    let shown = |finding: &Finding| case.warnings || finding.class != "Warning";
    let mut unexpected: Vec<&Finding> = got.findings.iter().filter(|finding| shown(finding)).collect();
    let mut lines = Vec::new();
    for expected in &case.findings {
        match unexpected.iter().position(|finding| *finding == expected) {
            Some(index) => drop(unexpected.remove(index)),
            None => lines.push(format!("  missing    {}", line(expected))),
        }
    }
    lines.extend(
        unexpected
            .into_iter()
            .map(|finding| format!("  unexpected {}", line(finding))),
    );
    lines
}

fn line(finding: &Finding) -> String {
    let Finding {
        kind,
        namespace,
        name,
        path,
        class,
        reason,
    } = finding;
    format!("{kind} {namespace}/{name} {path} {class} {reason}")
}

fn status_differences<'a>(
    expected: &'a BTreeMap<String, Value>,
    status: &'a Value,
) -> impl Iterator<Item = String> + 'a {
    expected.iter().flat_map(move |(key, expected)| match key.as_str() {
        "conditions" => condition_differences(expected, |kind| {
            condition(status, kind).map(|found| format!("{}/{}", text_of(found, "status"), text_of(found, "reason")))
        }),
        "messages" => message_differences(expected, status),
        _ => {
            let got = status.get(key).unwrap_or(&Value::Null);
            let differs = (got != expected).then(|| format!("{key}: expected {expected}, got {got}"));
            differs.into_iter().collect()
        }
    })
}

fn condition_differences(expected: &Value, got: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let expected = expected.as_object().unwrap().iter();
    let differing = expected.map(|(kind, expected)| (kind, expected, json!(got(kind))));
    differing
        .filter(|(_, expected, got)| *expected != got)
        .map(|(kind, expected, got)| format!("{kind}: expected {expected}, got {got}"))
        .collect()
}

fn message_differences(expected: &Value, status: &Value) -> Vec<String> {
    let expected = expected.as_object().unwrap().iter();
    let said = expected.map(|(kind, end)| {
        let message = condition(status, kind).map_or("", |found| text_of(found, "message"));
        (kind, end.as_str().unwrap(), message)
    });
    said.filter(|(_, end, message)| !message.ends_with(end))
        .map(|(kind, end, message)| format!("message of {kind}: expected to end with `{end}`, got `{message}`"))
        .collect()
}

/// What holds for every outcome, whatever the case: a message counts what it does not say, names no email, phone or account,
/// and a status has the conditions it must have.
fn said_wrongly(got: &Outcome) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, status) in &got.statuses {
        for (kind, classes) in [
            ("Ready", ["Refused", "Waiting"].as_slice()),
            ("Complete", ["Partial"].as_slice()),
        ] {
            let Some(found) = condition(status, kind) else {
                lines.push(format!("  {key} has no condition {kind}"));
                continue;
            };
            let of_class = |finding: &&Finding| {
                key == &format!("{}/{}/{}", finding.kind, finding.namespace, finding.name)
                    && classes.contains(&finding.class.as_str())
                    && finding.reason != "DuplicateObject"
            };
            let count = got.findings.iter().filter(of_class).count();
            let message = text_of(found, "message");
            let rightly = match count {
                0 | 1 => !message.contains(" more)"),
                more => message.ends_with(&format!("(and {} more)", more - 1)),
            };
            if !rightly {
                lines.push(format!("  {key} {kind} has {count} findings, but says `{message}`"));
            }
            if (count > 0) != (text_of(found, "status") == "False") {
                lines.push(format!("  {key} {kind} has {count} findings, but is {found}"));
            }
        }
        if let Some(stalled) = condition(status, "Stalled").filter(|found| text_of(found, "status") != "True") {
            lines.push(format!("  {key} has {stalled}"));
        }
    }
    for message in &got.messages {
        if let Some(secret) = got.secrets.iter().find(|secret| message.contains(secret.as_str())) {
            lines.push(format!("  `{secret}` stands in the message `{message}`"));
        }
    }
    lines
}

/// Where a condition is not the one that the findings of the object lead to, in the contract's order of precedence.
fn ranked_wrongly(got: &Outcome) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, status) in &got.statuses {
        let of_object = |finding: &&Finding| {
            *key == format!("{}/{}/{}", finding.kind, finding.namespace, finding.name)
                && finding.class != "Warning"
                && finding.reason != "DuplicateObject"
        };
        let findings: Vec<&Finding> = got.findings.iter().filter(of_object).collect();
        for (kind, expected) in reasons::conditions(&findings, status) {
            let found = condition(status, kind)
                .map(|found| format!("{}/{}", text_of(found, "status"), text_of(found, "reason")));
            let suspended = key.starts_with("Tenant/") && found.as_deref() == Some("True/Suspended");
            if found != expected && !(suspended && expected.as_deref() == Some("True/Valid")) {
                lines.push(format!(
                    "  {key} {kind}: {expected:?} follows from its findings, got {found:?}"
                ));
            }
        }
        let void = findings.iter().any(|finding| finding.class != "Partial");
        if status.get("phase").is_some_and(|phase| (phase == "Invalid") != void) {
            lines.push(format!("  {key} is in phase {}", status["phase"]));
        }
    }
    lines
}

/// What the conditions of a status say to people.
pub(crate) fn messages(status: &Value) -> Vec<String> {
    let messages = conditions(status).map(|condition| text_of(condition, "message").to_owned());
    messages.collect()
}

fn conditions(status: &Value) -> impl Iterator<Item = &Value> {
    status["conditions"].as_array().into_iter().flatten()
}

fn condition<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    conditions(status).find(|condition| condition["type"] == kind)
}

fn text_of<'a>(condition: &'a Value, key: &str) -> &'a str {
    condition[key].as_str().unwrap_or_default()
}

/// The documents of a text in the opposite order.
pub(crate) fn reversed(text: &str) -> String {
    let documents: Vec<&str> = text.split("---\n").collect();
    documents.into_iter().rev().collect::<Vec<_>>().join("\n---\n")
}
