//! What GitOps tools make of our objects, by their own code: Flux by kstatus, Argo CD by the script of the chart. What they
//! should is a table over every reason and every phase ([`VOID`], [`PHASES`]); here it is held against conditions as the
//! policy writes them, and in [`crate::reasons`] against everything that the cases of the table leave on a cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use tenantry::policy::{Class, Finding, Findings, Reason, conditions};

use crate::harness::{probes, repository};
use crate::table::reasons::REASONS;

/// A word of kstatus and one of Argo CD.
type Words = (&'static str, &'static str);

const IN_FORCE: Words = ("Current", "Healthy");
const UNSEEN: Words = ("InProgress", "Progressing");

/// By the reason of a Ready that is False.
const VOID: [(Words, &[&str]); 3] = [
    // Nothing but a change of the object itself helps: nobody need wait.
    (
        ("Failed", "Degraded"),
        &["SchemaInvalid", "DuplicateObject", "ReservedName", "InvalidCondition"],
    ),
    // A person must mend it, or something that it collides with: Flux does not give up on it before its timeout.
    (
        ("InProgress", "Degraded"),
        &[
            "DuplicateIdentifier",
            "DuplicateCode",
            "AlreadyInvited",
            "NameTaken",
            "AlreadyOver",
            "AccountFormat",
            "EmailRequired",
            "PositionRequired",
            "InvalidAttribute",
            "InvalidHome",
            "UnknownObject",
            "UnknownAction",
            "UnknownField",
            "FieldType",
            "SharingNotAllowed",
            "OrganizationCycle",
            "LimitExceeded",
        ],
    ),
    // It heals by itself when something else does.
    (
        ("InProgress", "Progressing"),
        &[
            "Terminating",
            "NoTenant",
            "HomeRefused",
            "HomeChanged",
            "InvitationOver",
            "DependencyNotFound",
            "DependencyInvalid",
            "ObjectPublic",
            "ModuleNotEnabled",
        ],
    ),
];

/// The reasons of a Ready that is True. All are in force: what has become of a person by now is no fault of a manifest.
const PHASES: [(&str, &[&str]); 7] = [
    ("Tenant", &["Valid", "Suspended"]),
    ("User", &["Disabled", "Expired", "Pending", "Active"]),
    (
        "Invitation",
        &["Revoked", "Completed", "Failed", "Expired", "Waiting", "Pending"],
    ),
    ("SharingRule", &["Expired", "Active"]),
    ("Role", &["Valid"]),
    ("Organization", &["Valid"]),
    ("UserGroup", &["Valid"]),
];

/// An object with what is to be made of it.
struct Sample {
    object: Value,
    words: Words,
}

impl Sample {
    fn new(kind: &str, what: &str, status: Value, words: Words) -> Self {
        let metadata = json!({"name": what.to_lowercase(), "namespace": "acme", "generation": 2});
        let mut object = json!({"apiVersion": "tenantry.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": {}});
        object["status"] = status;
        Self { object, words }
    }
}

/// A status as the controller writes it.
fn status(observed: i64, findings: &[Finding], ready: &str) -> Value {
    let findings: Findings = findings.iter().cloned().collect();
    let mut conditions = json!(conditions(&findings, ready));
    for condition in conditions.as_array_mut().unwrap() {
        condition["observedGeneration"] = observed.into();
        condition["lastTransitionTime"] = "2026-11-24T12:00:00Z".into();
    }
    json!({"observedGeneration": observed, "conditions": conditions})
}

fn finding(class: Class, reason: &str) -> Finding {
    Finding::new(class, Reason::from_name(reason).unwrap(), "spec.somewhere")
        .says("something is wrong")
        .mend("mend it")
}

/// Fails where one of the tools makes something else of an object.
fn assert_words(samples: &[Sample]) {
    let objects: Vec<&Value> = samples.iter().map(|sample| &sample.object).collect();
    let said = Said::of(&json!(objects));
    let wrong = samples.iter().filter_map(|sample| {
        let (words, name) = (said.words(&sample.object), name(&sample.object));
        (words != sample.words).then(|| format!("{name}: {:?} expected, got {words:?}", sample.words))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the two say of objects.
pub(crate) struct Said {
    flux: BTreeMap<String, String>,
    argo: BTreeMap<String, String>,
}

impl Said {
    /// Asks them.
    pub(crate) fn of(objects: &Value) -> Self {
        let objects = objects.to_string();
        Self {
            flux: columns(&probes::kstatus(&objects)),
            argo: columns(&probes::argo_health(&repository().join(SCRIPT), &objects)),
        }
    }

    /// Their words for an object.
    fn words(&self, object: &Value) -> (&str, &str) {
        let name = name(object);
        match object["metadata"].get("deletionTimestamp") {
            // Argo CD asks no script about what is being deleted.
            Some(_) => (&self.flux[&name], "Progressing"),
            None => (&self.flux[&name], &self.argo[&name]),
        }
    }

    /// What is wrong with what they say of an object of a cluster, by the reason of its Ready condition.
    pub(crate) fn judge(&self, object: &Value) -> Option<String> {
        let (words, expected) = (self.words(object), expected(object));
        (words != expected).then(|| format!("{}: {expected:?} expected, got {words:?}", name(object)))
    }
}

/// `KIND/NAMESPACE/NAME`.
fn name(object: &Value) -> String {
    let part = |place: &str| object.pointer(place).and_then(Value::as_str).unwrap();
    format!(
        "{}/{}/{}",
        part("/kind"),
        part("/metadata/namespace"),
        part("/metadata/name")
    )
}

/// The second of the columns, by the first.
fn columns(printed: &str) -> BTreeMap<String, String> {
    let lines = printed.lines().map(|line| {
        let mut columns = line.split('\t').map(str::to_owned);
        (columns.next().unwrap(), columns.next().unwrap())
    });
    lines.collect()
}

const SCRIPT: &str = "charts/tenantry/files/argocd-health.lua";

/// What the tables say of an object of a cluster.
fn expected(object: &Value) -> Words {
    if object["metadata"].get("deletionTimestamp").is_some() {
        return ("Terminating", "Progressing");
    }
    let Some((ready, reason)) = ready(object) else {
        return UNSEEN;
    };
    if ready == "True" {
        let (kind, phases) = PHASES.iter().find(|(kind, _)| object["kind"] == *kind).unwrap();
        assert!(phases.contains(&reason), "{reason} of a {kind} is not in the table");
        return IN_FORCE;
    }
    let mut conditions = object["status"]["conditions"].as_array().unwrap().iter();
    if conditions.any(|condition| condition["type"] == "Stalled") {
        // Beside a reason that comes first and is for a while.
        return ("Failed", "Degraded");
    }
    let (words, _) = VOID.iter().find(|(_, reasons)| reasons.contains(&reason)).unwrap();
    *words
}

/// The status and reason of an object's Ready condition.
pub(crate) fn ready(object: &Value) -> Option<(&str, &str)> {
    let mut conditions = object["status"]["conditions"].as_array()?.iter();
    let ready = conditions.find(|condition| condition["type"] == "Ready")?;
    Some((ready["status"].as_str()?, ready["reason"].as_str()?))
}

/// Every reason and phase that an object can be ready or not for, as `KIND/REASON` where it is, else `REASON`.
pub(crate) fn all_reasons() -> BTreeSet<String> {
    let void = VOID.iter().flat_map(|(_, reasons)| reasons.iter());
    let phases = PHASES
        .iter()
        .flat_map(|(kind, phases)| phases.iter().map(move |phase| format!("{kind}/{phase}")));
    void.map(|reason| (*reason).to_owned()).chain(phases).collect()
}

#[test]
fn every_reason_of_the_contract_has_its_words() {
    let void: BTreeSet<&str> = REASONS
        .into_iter()
        .filter(|(_, class, _)| ["Refused", "Waiting"].contains(class))
        .map(|(reason, ..)| reason)
        .collect();
    let listed: Vec<&str> = VOID.iter().flat_map(|(_, reasons)| reasons.iter().copied()).collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), void);
    assert_eq!(listed.len(), void.len(), "one is listed twice");
}

#[test]
fn void_objects_are_failed_degraded_or_in_progress_by_their_reason() {
    let samples = VOID.iter().flat_map(|(words, reasons)| {
        reasons.iter().map(|reason| {
            let class = if words.1 == "Progressing" {
                Class::Waiting
            } else {
                Class::Refused
            };
            Sample::new("User", reason, status(2, &[finding(class, reason)], ""), *words)
        })
    });
    assert_words(&samples.collect::<Vec<_>>());
}

#[test]
fn what_is_in_force_is_healthy_in_every_phase() {
    let samples = PHASES.iter().flat_map(|(kind, phases)| {
        phases
            .iter()
            .map(|phase| Sample::new(kind, phase, status(2, &[], phase), IN_FORCE))
    });
    assert_words(&samples.collect::<Vec<_>>());
}

/// Object by object it is in force; what is missing of it shows in the message, and by `kubectl wait --for=condition=Complete`.
#[test]
fn what_is_in_force_in_part_is_healthy() {
    let partial = REASONS.iter().filter(|(_, class, _)| *class == "Partial");
    let reasons: BTreeSet<&str> = partial.map(|(reason, ..)| *reason).collect();
    let samples: Vec<Sample> = reasons
        .into_iter()
        .map(|reason| {
            Sample::new(
                "User",
                reason,
                status(2, &[finding(Class::Partial, reason)], "Active"),
                IN_FORCE,
            )
        })
        .collect();
    assert_words(&samples);
    let objects: Vec<&Value> = samples.iter().map(|sample| &sample.object).collect();
    let said = probes::argo_health(&repository().join(SCRIPT), &json!(objects).to_string());
    for (sample, line) in samples.iter().zip(said.lines()) {
        let reason = sample.object["status"]["conditions"][1]["reason"].as_str().unwrap();
        let link = format!("docs/reasons.md#{}", reason.to_lowercase());
        let message =
            format!("Active, but incomplete: {reason}: spec.somewhere: something is wrong; mend it (see {link})");
        assert!(line.ends_with(&message), "{line}");
    }
}

#[test]
fn what_the_controller_has_not_seen_is_in_progress() {
    let refused = finding(Class::Refused, "InvalidCondition");
    let samples = [
        // What the definitions give an object that nobody has judged yet: without it, Flux would take it for ready.
        Sample::new("User", "new", json!({"observedGeneration": -1}), UNSEEN),
        Sample::new("User", "ready-before", status(1, &[], "Active"), UNSEEN),
        Sample::new("Tenant", "suspended-before", status(1, &[], "Suspended"), UNSEEN),
        Sample::new("Role", "refused-before", status(1, &[refused], ""), UNSEEN),
    ];
    assert_words(&samples);
}

/// What people are to put into the settings of Argo CD is the script that is tested here.
#[test]
fn the_settings_for_argo_cd_hold_the_script_of_the_chart() {
    let text = fs::read_to_string(repository().join("docs/install.md")).unwrap();
    let blocks = text.split("```yaml\n").skip(1);
    let mut blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    let settings = blocks.find(|block| block.contains("resource.customizations")).unwrap();
    let settings: Value = serde_saphyr::from_str(settings).unwrap();
    let customizations = settings["data"]["resource.customizations"].as_str().unwrap();
    let customizations: Value = serde_saphyr::from_str(customizations).unwrap();
    let script = customizations["tenantry.dev/*"]["health.lua"].as_str().unwrap();
    assert_eq!(script, fs::read_to_string(repository().join(SCRIPT)).unwrap());
}

/// The reasons that a line of the document's table names.
fn documented(text: &str, line: &str) -> BTreeSet<String> {
    let line = text.lines().find(|found| found.starts_with(line)).unwrap();
    line.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_document_names_the_reasons_that_wait_and_those_that_stall() {
    let text = fs::read_to_string(repository().join("docs/install.md")).unwrap();
    let [(_, stalled), _, (_, waiting)] = VOID;
    for (line, reasons, elsewhere) in [
        // Being deleted has a line of its own.
        ("| that waits:", waiting, "Terminating"),
        // Only of files.
        ("| that is refused and Stalled:", stalled, "DuplicateObject"),
    ] {
        let reasons = reasons.iter().filter(|reason| **reason != elsewhere);
        let reasons: BTreeSet<String> = reasons.map(|reason| (*reason).to_owned()).collect();
        assert_eq!(documented(&text, line), reasons);
    }
}

/// The script lists the reasons that wait; so does the policy.
#[test]
fn the_script_knows_every_reason_that_waits() {
    let script = fs::read_to_string(repository().join(SCRIPT)).unwrap();
    for reason in Reason::ALL {
        assert_eq!(script.contains(&format!("{reason} = true")), reason.waits(), "{reason}");
    }
}
