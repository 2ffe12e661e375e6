//! The contract as a table, held against the library. `tests/table/README.md` explains the form of the cases.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a whole file of tests"
)]

use std::collections::BTreeSet;

use tenantry::policy::Reason;

use self::case::{Case, bases, cases};
use self::outcome::{differences, kinds, reversed, run};

mod case;
mod file;
mod outcome;

/// The files of cases.
const FILES: [&str; 14] = [
    "conditions.yaml",
    "credited.yaml",
    "groups.yaml",
    "invitations.yaml",
    "organizations.yaml",
    "reasons.yaml",
    "removal.yaml",
    "roles.yaml",
    "sharing.yaml",
    "small_print.yaml",
    "tenants.yaml",
    "time.yaml",
    "users.yaml",
    "warnings.yaml",
];

/// The requirements that this part of the product must prove.
const ROWS: [&str; 41] = [
    "T1", "T3", "T4", "T6", "T7", "T9", "U1", "U2", "U3", "U5", "U6", "U11", "R1", "R2", "R3", "R4", "R5", "R6", "R7",
    "R8", "R9", "R11", "R12", "O1", "O2", "O3", "O4", "G1", "S1", "S2", "S3", "S4", "S5", "S6", "I1", "I2", "I7", "K1",
    "K2", "K4", "K5",
];

/// The contract's table of findings: reason, class, and on which kinds it can be.
const REASONS: [(&str, &str, &str); 42] = [
    ("SchemaInvalid", "Refused", "all"),
    ("DuplicateObject", "Refused", "all"),
    ("Terminating", "Waiting", "all"),
    (
        "NoTenant",
        "Waiting",
        "Invitation, Organization, Role, SharingRule, User, UserGroup",
    ),
    ("ReservedName", "Refused", "Role, Organization, Invitation"),
    ("DuplicateIdentifier", "Refused", "User"),
    ("DuplicateCode", "Refused", "Organization"),
    ("AlreadyInvited", "Refused", "Invitation"),
    ("NameTaken", "Refused", "Invitation"),
    ("AlreadyOver", "Refused", "Invitation"),
    ("AccountFormat", "Refused", "User, Invitation"),
    ("EmailRequired", "Refused", "User"),
    ("PositionRequired", "Refused", "User, Invitation"),
    ("InvalidAttribute", "Refused", "User, Invitation"),
    ("InvalidHome", "Refused", "User"),
    ("UnknownObject", "Refused", "Role, SharingRule"),
    ("UnknownObject", "Partial", "Tenant"),
    ("UnknownAction", "Refused", "Role"),
    ("UnknownField", "Refused", "Role, SharingRule"),
    ("FieldType", "Refused", "Role, SharingRule"),
    ("FieldType", "Partial", "Tenant"),
    ("SharingNotAllowed", "Refused", "SharingRule"),
    ("SharingNotAllowed", "Partial", "Tenant"),
    ("InvalidCondition", "Refused", "Role, SharingRule"),
    ("OrganizationCycle", "Refused", "Organization"),
    ("LimitExceeded", "Refused", "Role, Organization, UserGroup, SharingRule"),
    ("LimitExceeded", "Partial", "User"),
    ("HomeRefused", "Waiting", "User"),
    ("HomeChanged", "Waiting", "User"),
    ("InvitationOver", "Waiting", "User"),
    ("DependencyNotFound", "Waiting", "Organization, User, Invitation"),
    ("DependencyNotFound", "Partial", "User, Role, UserGroup, SharingRule"),
    ("DependencyInvalid", "Waiting", "Organization, User, Invitation"),
    ("DependencyInvalid", "Partial", "User, Role, UserGroup, SharingRule"),
    ("ObjectPublic", "Waiting", "SharingRule"),
    ("ModuleNotEnabled", "Partial", "Role"),
    ("ModuleNotEnabled", "Waiting", "SharingRule"),
    ("RoleNotAssignable", "Partial", "User"),
    ("Unused", "Warning", "Role"),
    ("LimitNear", "Warning", "Tenant"),
    ("GrantOver", "Warning", "User"),
    ("GrantOver", "Warning", "SharingRule"),
];

/// What is wrong with a case, or nothing.
fn judge(case: &Case, bases: &std::collections::BTreeMap<String, String>) -> Option<String> {
    let text = case.text(bases);
    let got = run(&text, &case.at, case.catalogue.as_deref());
    let mut lines = differences(case, &got);
    if !case.depends_on_order() && lines.is_empty() {
        let again = run(&reversed(&text), &case.at, case.catalogue.as_deref());
        if again.findings != got.findings || again.statuses != got.statuses {
            lines.push(String::from(
                "  with its documents in the opposite order, the outcome is another",
            ));
            lines.extend(differences(case, &again));
        }
    }
    (!lines.is_empty()).then(|| format!("{}\n{}", case.name, lines.join("\n")))
}

fn holds(file: &str) {
    let bases = bases();
    let cases = cases(file);
    let wrong: Vec<String> = cases.iter().filter_map(|case| judge(case, &bases)).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} cases of {file} do not hold:\n\n{}\n",
        wrong.len(),
        cases.len(),
        wrong.join("\n\n")
    );
}

macro_rules! files {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            holds(concat!(stringify!($name), ".yaml"));
        })*

        #[test]
        fn every_file_is_held_against_the_library() {
            assert_eq!(FILES, [$(concat!(stringify!($name), ".yaml")),*]);
            let shared = ["base.yaml", "changes.yaml", "schema.yaml", "sound.yaml"];
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/table");
            let there: BTreeSet<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| name.ends_with(".yaml"))
                .collect();
            assert_eq!(there, FILES.iter().chain(&shared).map(ToString::to_string).collect());
        }
    };
}

files! {
    conditions credited groups invitations organizations reasons removal roles sharing small_print tenants time users
    warnings
}

fn all_cases() -> impl Iterator<Item = Case> {
    FILES.into_iter().flat_map(case::cases)
}

#[test]
fn no_two_cases_have_one_name() {
    let mut names = BTreeSet::new();
    for case in all_cases() {
        assert!(names.insert(case.name.clone()), "{}", case.name);
    }
}

#[test]
fn every_row_is_proved_by_a_case() {
    let proved: BTreeSet<String> = all_cases().flat_map(|case| case.rows).collect();
    let missing: Vec<&str> = ROWS.into_iter().filter(|row| !proved.contains(*row)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn every_reason_is_reached_in_each_class_on_each_kind() {
    let reached: BTreeSet<(String, String, String)> = all_cases()
        .flat_map(|case| case.findings)
        .map(|finding| (finding.reason, finding.class, finding.kind))
        .collect();
    let mut missing = Vec::new();
    for (reason, class, on) in REASONS {
        for kind in kinds(on) {
            if !reached.contains(&(reason.to_owned(), class.to_owned(), kind.to_string())) {
                missing.push(format!("{reason} {class} on {kind}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn the_engine_has_the_reasons_of_the_contract() {
    let contract: BTreeSet<&str> = REASONS.into_iter().map(|(reason, ..)| reason).collect();
    let engine: BTreeSet<&str> = Reason::ALL.into_iter().map(Reason::as_str).collect();
    assert_eq!(engine, contract);
}
