//! What `check` says to the services around a repository: `-o github` and `-o sarif`.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a whole file of tests"
)]

mod program;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use program::{Ran, run, run_in};

const TENANT: &str = "apiVersion: tenantry.dev/v1alpha1\nkind: Tenant\nmetadata: {name: tenant, namespace: acme}\nspec: {displayName: Acme}\n";
/// A finding of class w and, as the period is over, a warning.
const BOB: &str = "apiVersion: tenantry.dev/v1alpha1\nkind: User\nmetadata: {name: bob, namespace: acme}\nspec: {account: bob.smith, name: Bob, roles: [ordinary-user, nobody], email: bob@acme.example, validUntil: \"2020-01-01T00:00:00Z\"}\n";

/// What `check` says of a file of that name.
fn check(file: &str, text: &str, form: &str) -> Ran {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    run_in(directory.path(), &["check", ".", "-o", form])
}

fn sarif(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

fn results(log: &Value) -> &[Value] {
    log["runs"][0]["results"].as_array().unwrap()
}

fn fingerprints(text: &str) -> BTreeSet<String> {
    let log = sarif(&check("users.yaml", text, "sarif"));
    let of = |result: &Value| result["partialFingerprints"]["finding/v1"].as_str().unwrap().to_owned();
    results(&log).iter().map(of).collect()
}

#[test]
fn a_finding_is_an_error_command_and_a_warning_a_warning_command() {
    let ran = check("users.yaml", &format!("{TENANT}---\n{BOB}"), "github");
    let lines: Vec<&str> = ran.out.lines().collect();
    let [error, warning] = lines[..] else {
        panic!("{}", ran.out)
    };
    assert!(
        error.starts_with("::error file=users.yaml,line=9,col=62,title=DependencyNotFound::User acme/bob: "),
        "{error}"
    );
    assert!(error.contains("(spec.roles[1])%0Ahelp: "), "{error}");
    assert!(
        warning.starts_with("::warning file=users.yaml,line=9,") && warning.contains("title=GrantOver::"),
        "{warning}"
    );
    assert_eq!(ran.code, 1);
}

#[test]
fn a_file_name_cannot_end_a_command_early() {
    let ran = check("a,b:%/c.yaml", &format!("{TENANT}---\n{BOB}"), "github");
    assert!(
        ran.out.starts_with("::error file=a%2Cb%3A%25/c.yaml,line=9,"),
        "{}",
        ran.out
    );
}

#[test]
fn a_value_cannot_begin_a_command_of_its_own() {
    let bob = BOB.replace("nobody", "\"x\\n::stop-commands::x\"");
    let ran = check("users.yaml", &format!("{TENANT}---\n{bob}"), "github");
    assert!(
        ran.out.lines().all(|line| line.starts_with("::error file=users.yaml,")),
        "{}",
        ran.out
    );
    assert_eq!(ran.code, 1);
}

#[test]
fn clean_manifests_are_no_commands_and_no_results() {
    let github = run(&["check", "examples", "-o", "github", "--at", "2026-11-24T12:00:00Z"]);
    assert_eq!((github.code, github.out.as_str()), (0, ""));
    let log = sarif(&run(&[
        "check",
        "examples",
        "-o",
        "sarif",
        "--at",
        "2026-11-24T12:00:00Z",
    ]));
    assert_eq!(log["runs"][0]["results"], json!([]));
    assert_eq!(log["runs"][0]["tool"]["driver"]["rules"], json!([]));
}

/// The published schema may not be handed on under terms of ours, so here stands what it requires.
#[test]
fn a_sarif_log_has_every_member_that_is_required() {
    let log = sarif(&run(&["check", "tests/bad", "-o", "sarif"]));
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("/sarif-schema-2.1.0.json"));
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "tenantry");
    assert_eq!(driver["version"], env!("CARGO_PKG_VERSION"));
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{rule}");
        }
    }
    assert!(results(&log).len() > 20);
    for result in results(&log) {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert_located(&result["locations"][0]);
    }
}

fn assert_located(location: &Value) {
    let physical = &location["physicalLocation"];
    let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.starts_with("tests/bad/") && Path::new(uri).exists(), "{uri}");
    for number in ["startLine", "startColumn"] {
        assert!(physical["region"][number].as_u64().unwrap() > 0, "{location}");
    }
    let logical = &location["logicalLocations"][0];
    for member in ["name", "fullyQualifiedName", "kind"] {
        assert!(!logical[member].as_str().unwrap().is_empty(), "{logical}");
    }
}

#[test]
fn a_result_names_its_rule_its_level_and_its_object() {
    let log = sarif(&check("a b/users.yaml", &format!("{TENANT}---\n{BOB}"), "sarif"));
    let [partial, warning] = results(&log) else {
        panic!("{log}")
    };
    assert_eq!(
        (&partial["ruleId"], &partial["level"]),
        (&json!("DependencyNotFound"), &json!("warning"))
    );
    assert_eq!(
        (&warning["ruleId"], &warning["level"]),
        (&json!("GrantOver"), &json!("note"))
    );
    let location = &partial["locations"][0];
    assert_eq!(
        location["physicalLocation"],
        json!({"artifactLocation": {"uri": "a%20b/users.yaml"}, "region": {"startLine": 9, "startColumn": 62}})
    );
    assert_eq!(
        location["logicalLocations"],
        json!([{"kind": "property", "name": "spec.roles[1]", "fullyQualifiedName": "User/acme/bob/spec.roles[1]"}])
    );
}

#[test]
fn a_fingerprint_stays_when_lines_and_entries_move() {
    let first = fingerprints(&format!("{TENANT}---\n{BOB}"));
    let moved = BOB.replace("roles: [", "roles: [developer, ");
    let second = fingerprints(&format!("# A comment.\n\n{TENANT}---\n{moved}"));
    assert_eq!(first, second);
}

#[test]
fn each_finding_has_a_fingerprint_of_its_own() {
    let log = sarif(&run(&["check", "tests/bad", "-o", "sarif"]));
    let of = |result: &Value| result["partialFingerprints"]["finding/v1"].as_str().unwrap().to_owned();
    let different: BTreeSet<String> = results(&log).iter().map(of).collect();
    assert_eq!(different.len(), results(&log).len());
}

#[test]
fn what_cannot_be_read_is_said_in_the_log_too() {
    let ran = run(&["check", "no-such-file.yaml", "examples", "-o", "sarif"]);
    assert_eq!(sarif(&ran)["runs"][0]["invocations"][0]["executionSuccessful"], false);
    assert_eq!(ran.code, 2);
}

#[test]
fn mail_addresses_stay_out_of_both() {
    let carol = BOB.replace("name: bob,", "name: carol,");
    for form in ["github", "sarif"] {
        let ran = check("users.yaml", &format!("{TENANT}---\n{BOB}---\n{carol}"), form);
        assert!(ran.out.contains("DuplicateIdentifier"), "{}", ran.out);
        assert!(!ran.out.contains("bob@acme.example"), "{}", ran.out);
    }
}
