//! `check -o sarif`: findings in the Static Analysis Results Interchange Format 2.1.0, which code scanning and editors read.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::check::Placed;
use super::render;
use super::repository::Repository;
use crate::policy::{Class, Reason};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log of one run; `complete` says whether all of the input could be read.
pub(super) fn log(findings: &[Placed], complete: bool) -> Value {
    let repository = Repository::here();
    let rules = Rules::of(findings);
    let mut fingerprints = Fingerprints::default();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let mut result = result(finding, &repository, &rules);
            if let Some(result) = result.as_object_mut() {
                let fingerprint = fingerprints.next(finding, &repository);
                result.insert("partialFingerprints".to_owned(), json!({"finding/v1": fingerprint}));
            }
            result
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "tenantry",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.descriptors(),
            }},
            "invocations": [{"executionSuccessful": complete}],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// The reasons that occur, in order of precedence.
struct Rules(Vec<Reason>);

impl Rules {
    fn of(findings: &[Placed]) -> Self {
        let used: BTreeSet<Reason> = findings.iter().map(|finding| finding.reason).collect();
        Self(used.into_iter().collect())
    }

    fn index(&self, reason: Reason) -> Option<usize> {
        self.0.binary_search(&reason).ok()
    }

    fn descriptors(&self) -> Vec<Value> {
        let descriptor = |reason: &Reason| {
            let description = reason.description();
            json!({
                "id": reason.as_str(),
                "shortDescription": {"text": description},
                "fullDescription": {"text": description},
                "help": {"text": format!("{} See {}.", reason.advice(), reason.link())},
            })
        };
        self.0.iter().map(descriptor).collect()
    }
}

fn result(finding: &Placed, repository: &Repository, rules: &Rules) -> Value {
    json!({
        "ruleId": finding.reason.as_str(),
        "ruleIndex": rules.index(finding.reason),
        "level": level(finding.class),
        "message": {"text": message(finding)},
        "locations": [location(finding, repository)],
        "properties": {"class": finding.class.as_str(), "mend": finding.mend},
    })
}

fn level(class: Class) -> &'static str {
    match class {
        Class::Refused | Class::Waiting => "error",
        Class::Partial => "warning",
        Class::Warning => "note",
    }
}

fn message(finding: &Placed) -> String {
    let Placed { message, mend, .. } = finding;
    match render::subject(finding) {
        nobody if nobody.is_empty() => format!("{message}; {mend}"),
        subject => format!("{subject}: {message}; {mend}"),
    }
}

/// Where in a file, if it stands in one, and in which object.
fn location(finding: &Placed, repository: &Repository) -> Value {
    let mut location = json!({"logicalLocations": [logical(finding)]});
    if let (Some(uri), Some(location)) = (repository.uri(&finding.file), location.as_object_mut()) {
        let region = json!({"startLine": finding.line.max(1), "startColumn": finding.column.max(1)});
        let physical = json!({"artifactLocation": {"uri": uri}, "region": region});
        location.insert("physicalLocation".to_owned(), physical);
    }
    location
}

fn logical(finding: &Placed) -> Value {
    let object = object(finding);
    if finding.path.is_empty() {
        let name = finding.name.as_deref().unwrap_or(&object);
        return json!({"name": name, "fullyQualifiedName": object, "kind": "object"});
    }
    let path = &finding.path;
    json!({"name": path, "fullyQualifiedName": format!("{object}/{path}"), "kind": "property"})
}

/// `User/acme/bob`, with as much of it as is known.
fn object(finding: &Placed) -> String {
    let parts = [&finding.kind, &finding.namespace, &finding.name];
    let known: Vec<&str> = parts.into_iter().filter_map(Option::as_deref).collect();
    if known.is_empty() {
        String::from("document")
    } else {
        known.join("/")
    }
}

/// Names for findings that stay when lines move, entries are added before, or the wording changes: reason, object and field
/// without places in lists, and which one of several alike it is.
#[derive(Default)]
struct Fingerprints(HashMap<String, usize>);

impl Fingerprints {
    fn next(&mut self, finding: &Placed, repository: &Repository) -> String {
        let object = match (&finding.kind, &finding.name) {
            (Some(_), Some(_)) => object(finding),
            // Nothing but its file tells such a document from others.
            _ => format!(
                "{}/{}",
                object(finding),
                repository.path(&finding.file).unwrap_or_default()
            ),
        };
        let subject = format!("{}/{object}/{}", finding.reason, without_indices(&finding.path));
        let count = self.0.entry(subject.clone()).or_default();
        *count += 1;
        format!("{subject}/{count}")
    }
}

/// `spec.roles[]` of `spec.roles[1]`.
fn without_indices(path: &str) -> String {
    let mut inside = false;
    let keep = |letter: &char| {
        inside = match letter {
            '[' => true,
            ']' => false,
            _ => inside,
        };
        !inside || *letter == '['
    };
    path.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_names_no_place_in_a_list() {
        assert_eq!(without_indices("spec.data[12].columns[0]"), "spec.data[].columns[]");
        assert_eq!(without_indices("spec.name"), "spec.name");
    }
}
