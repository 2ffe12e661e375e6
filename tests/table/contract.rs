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

use self::case::{Case, FILES, bases, cases};
use self::outcome::{differences, reversed, run};
use self::reasons::{REASONS, kinds};

mod case;
mod file;
mod outcome;
mod reasons;

/// The requirements that this part of the product must prove.
const ROWS: [&str; 41] = [
    "T1", "T3", "T4", "T6", "T7", "T9", "U1", "U2", "U3", "U5", "U6", "U11", "R1", "R2", "R3", "R4", "R5", "R6", "R7",
    "R8", "R9", "R11", "R12", "O1", "O2", "O3", "O4", "G1", "S1", "S2", "S3", "S4", "S5", "S6", "I1", "I2", "I7", "K1",
    "K2", "K4", "K5",
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
            let shared = ["base.yaml", "changes.yaml", "full.yaml", "schema.yaml", "sound.yaml"];
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
