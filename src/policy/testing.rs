//! For the tests beside the rules: tenants written as manifests, and what becomes of them.

use std::sync::Arc;

use super::{Catalogue, Cause, Evaluation, Found, Note, Reason, Snapshot, Status, evaluate_all};
use crate::api::{Kind, Moment, UserStatus};
use crate::manifests::{Manifests, Source};

/// The moment at which everything is judged.
pub(super) const NOW: &str = "2026-12-01T00:00:00Z";

/// A tenant of which nothing more is to be said.
pub(super) const TENANT: &str = "Tenant acme/tenant {displayName: Acme}";

/// Documents, each `KIND NAMESPACE/NAME SPEC` in a line with the spec in flow style, evaluated together.
pub(super) fn evaluate(lines: &[&str]) -> Vec<Evaluation> {
    let catalogue = Arc::new(Catalogue::builtin().expect("the catalogue is built in"));
    let now = Moment::parse(NOW).expect("a moment");
    evaluate_all(&catalogue, &snapshots(lines), now)
}

/// The tenants that such documents declare.
pub(super) fn snapshots(lines: &[&str]) -> Vec<Snapshot> {
    let documents: Vec<String> = lines.iter().map(|line| document(line)).collect();
    let source = Source {
        name: String::from("test.yaml"),
        text: documents.join("---\n"),
    };
    let mut manifests = Manifests::of(vec![source], "default").expect("the schemas are built in");
    manifests.take_snapshots()
}

fn document(line: &str) -> String {
    let mut words = line.splitn(3, ' ');
    let mut word = || words.next().expect("KIND NAMESPACE/NAME SPEC");
    let (kind, place, spec) = (word(), word(), word());
    let (namespace, name) = place.split_once('/').expect("NAMESPACE/NAME");
    format!(
        "{{apiVersion: tenantry.dev/v1alpha1, kind: {kind}, metadata: {{namespace: {namespace}, name: {name}}}, spec: {spec}}}\n"
    )
}

/// The status of a user of the first tenant.
pub(super) fn user(evaluations: &[Evaluation], name: &str) -> UserStatus {
    let mut statuses = evaluations[0].statuses();
    let user = statuses.find(|reported| reported.kind == Kind::User && reported.name == name);
    match user.map(|user| user.status) {
        Some(Status::User(status)) => *status,
        other => panic!("no user `{name}`: {other:?}"),
    }
}

/// Kind, name, path and reason of every finding of the first tenant.
pub(super) fn findings(evaluations: &[Evaluation]) -> Vec<(Kind, String, String, Reason)> {
    let brief = |found: Found| (found.kind, found.name, found.finding.path, found.finding.reason);
    evaluations[0].findings().into_iter().map(brief).collect()
}

/// Causes in a line: `User/bob spec.enabled (SwitchedOff); Tenant/tenant spec.suspended`.
pub(super) fn causes(causes: &[Cause]) -> String {
    let one = |cause: &Cause| match &cause.note {
        Some(said) => format!("{} {} ({})", cause.object, cause.field, note(said)),
        None => format!("{} {}", cause.object, cause.field),
    };
    causes.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The name of a note, and its data.
pub(super) fn note(note: &Note) -> String {
    match note {
        Note::Begins(at) => format!("Begins {at}"),
        Note::Ends(at) => format!("Ends {at}"),
        Note::ComesWith { object, action } => format!("ComesWith {object}:{action}"),
        Note::Scope {
            rows,
            condition,
            columns,
        } => format!("Scope {rows:?} {condition:?} {columns:?}"),
        other => format!("{other:?}"),
    }
}

/// Of what was told in lines, those that begin so.
pub(super) fn of(told: &[String], what: &str) -> Vec<String> {
    told.iter().filter(|line| line.starts_with(what)).cloned().collect()
}
