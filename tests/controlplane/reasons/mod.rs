//! The cases of `tests/table` again, on a cluster: the same manifests, the same answers.
//!
//! Each case has namespaces of its own on one control plane, so that all of them are judged side by side; the controller's
//! clock stands still at the moment that they name. What a case names of other tenants follows ([`staged`]), and so does the
//! age of its objects ([`create`]). The expected findings are compared by what a status shows of them, by the rules of the
//! contract: the first reason of each condition and how many more there are; then everything else in the status, with what
//! the table names and with what the library makes of the manifests ([`shown`]).
//!
//! The API server is not in the way of system names here: the policy of the chart that guards them is taken off. Warnings
//! are never in a status; of the cases about them, all else is compared.

mod create;
mod shown;
mod site;
mod staged;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tenantry::api::Moment;

use self::site::Site;
use self::staged::Staged;
use crate::harness::shared;
use crate::health;
use crate::objects::{self, STRICT_DRY_RUN};
use crate::table::case::{Case, FILES, bases, cases};

/// As kubectl asks for it.
const STRICT: &str = "fieldValidation=Strict";
/// As a client asks that does not care.
const LENIENT: &str = "fieldValidation=Ignore";
/// Further than any moment.
const FAR: Duration = Duration::from_secs(9_000 * 366 * 86_400);

/// Where a case is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// With the definitions as they are.
    Here,
    /// The API server would refuse it: let in by looser definitions, as an older version may have had them.
    Older,
    /// Nowhere, and why.
    Nowhere(&'static str),
}

const TWICE: &str = "a cluster has no two objects of one kind, namespace and name";
const UNKNOWN_KINDS: &str = "a cluster has no kinds and versions but those of the definitions";
const UNKNOWN_FIELDS: &str = "the API server drops an unknown field before anybody sees it";

/// The cases that no cluster can have.
const NOWHERE: [(&str, &str); 8] = [
    ("a_duplicate_does_not_step_in_for_a_schema_invalid_first", TWICE),
    ("a_duplicate_holds_no_identifier", TWICE),
    ("a_duplicate_in_a_namespace_without_tenant_is_a_duplicate_only", TWICE),
    ("an_unknown_field_is_refused", UNKNOWN_FIELDS),
    ("every_kind_can_be_there_twice", TWICE),
    (
        "other_groups_are_skipped_and_unknown_kinds_and_versions_of_ours_refused",
        UNKNOWN_KINDS,
    ),
    ("the_first_of_two_users_of_one_name_stays", TWICE),
    ("the_second_tenant_of_a_namespace_is_refused_and_the_first_stays", TWICE),
];

fn place(case: &Case) -> Place {
    let has = |reason: &str| case.findings.iter().any(|finding| finding.reason == reason);
    match NOWHERE.iter().find(|(name, _)| *name == case.name) {
        Some((_, why)) => Place::Nowhere(why),
        None if has("SchemaInvalid") => Place::Older,
        None => Place::Here,
    }
}

/// The cases of a place, with their manifests written out.
fn of(wanted: impl Fn(Place) -> bool) -> Vec<(Case, String)> {
    let bases = bases();
    let cases = FILES.into_iter().flat_map(cases);
    let cases = cases.filter(|case| wanted(place(case)));
    cases
        .map(|case| {
            let text = case.text(&bases);
            (case, text)
        })
        .collect()
}

#[test]
fn every_case_is_run_or_cannot_be_on_a_cluster() {
    let mut places: BTreeMap<Place, usize> = BTreeMap::new();
    for (case, _) in of(|_| true) {
        *places.entry(place(&case)).or_default() += 1;
        let twice = case.depends_on_order();
        assert_eq!(twice, place(&case) == Place::Nowhere(TWICE), "{}", case.name);
    }
    let nowhere = places.iter().filter(|(place, _)| matches!(place, Place::Nowhere(_)));
    let nowhere: usize = nowhere.map(|(_, count)| count).sum();
    assert_eq!(nowhere, NOWHERE.len(), "a name is wrong");
    for (place, count) in places {
        println!("{count:4} {place:?}");
    }
}

/// Fails with everything that is wrong.
fn assert_none(wrong: &[String], of: usize) {
    println!("{} of {of} cases hold on a cluster", of - wrong.len());
    assert!(wrong.is_empty(), "these do not:\n\n{}\n", wrong.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_comes_to_what_the_table_says() {
    let site = Site::start().await;
    let cases = site.stage(of(|place| place == Place::Here));
    let (others, usual): (Vec<&Staged>, Vec<&Staged>) =
        cases.iter().partition(|staged| staged.case.catalogue.is_some());
    let (mut wrong, mut unhealthy, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());

    for staged in others {
        site.create(&[staged], STRICT).await;
        let controller = site.controller(moment(staged), staged.case.catalogue.as_deref());
        wrong.extend(site.wrong(&controller, &[staged]).await);
        unhealthy.extend(site.wrong_health(&mut seen).await);
        controller.stop();
    }

    let mut moments: BTreeMap<Moment, Vec<&Staged>> = BTreeMap::new();
    for staged in &usual {
        moments.entry(moment(staged)).or_default().push(staged);
    }
    let (at_once, one_by_one): (Vec<&Staged>, Vec<&Staged>) = usual.iter().partition(|staged| comes_at_once(staged));
    site.create(&at_once, STRICT).await;
    let controller = site.controller(*moments.keys().next().unwrap(), None);
    site.create(&one_by_one, STRICT).await;
    for (at, staged) in moments {
        controller.clock.stop_at(Some(at));
        controller.clock.advance(FAR);
        wrong.extend(site.wrong(&controller, &staged).await);
        unhealthy.extend(site.wrong_health(&mut seen).await);
    }
    controller.stop();
    assert_none(&wrong, cases.len());
    assert!(unhealthy.is_empty(), "{}", unhealthy.join("\n"));
    // Refused by the API server, and only of files.
    seen.extend(["SchemaInvalid", "DuplicateObject"].map(str::to_owned));
    assert_eq!(seen, health::all_reasons(), "reasons and phases on the cluster");
}

fn moment(staged: &Staged) -> Moment {
    Moment::parse(&staged.case.at).unwrap()
}

/// Whether the controller must not see its objects one after the other: a Tenant that was in force for a moment would have
/// left the system's objects behind, which have to be the case's own.
fn comes_at_once(staged: &Staged) -> bool {
    const RESERVED: [&str; 7] = [
        "administrator",
        "analyst",
        "developer",
        "ordinary-user",
        "reader",
        "headquarters",
        "unassigned",
    ];
    let mut objects = staged.objects.iter();
    objects.any(|object| object.deleted || RESERVED.contains(&object.name()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_definition_let_in_comes_to_what_the_table_says() {
    let site = Site::start().await;
    let cases = site.stage(of(|place| place == Place::Older));
    let cases: Vec<&Staged> = cases.iter().collect();
    site.loosened(async || site.create(&cases, LENIENT).await).await;

    let at = moment(cases[0]);
    assert!(cases.iter().all(|staged| moment(staged) == at));
    let controller = site.controller(at, None);
    let wrong = site.wrong(&controller, &cases).await;
    let mut seen = BTreeSet::new();
    let unhealthy = site.wrong_health(&mut seen).await;
    controller.stop();
    assert_none(&wrong, cases.len());
    assert!(unhealthy.is_empty(), "{}", unhealthy.join("\n"));
    assert!(seen.contains("SchemaInvalid"), "{seen:?}");
}

/// What a definition does not let in, and what nobody else sees either: unknown fields.
#[tokio::test]
async fn the_api_server_refuses_what_is_schema_invalid() {
    let admin = shared().admin();
    let client = admin.client().await;
    let namespace = shared().namespace("refused");
    let mut refused = 0;
    for staged in staged::stage(
        admin,
        of(|place| [Place::Older, Place::Nowhere(UNKNOWN_FIELDS)].contains(&place)),
    ) {
        for object in &staged.objects {
            let [kind, tenant, name] = [object.kind.as_str(), staged.original(object.namespace()), object.name()];
            let mut findings = staged.case.findings.iter();
            let bad = findings.any(|finding| {
                finding.reason == "SchemaInvalid"
                    && [&finding.kind, &finding.namespace, &finding.name] == [kind, tenant, name]
            });
            let mut manifest = object.manifest.clone();
            manifest["metadata"]["namespace"] = namespace.as_str().into();
            let answer = objects::create(&client, object.kind, STRICT_DRY_RUN, &manifest).await;
            let code = answer.map_or_else(|refusal| refusal.code, |_| 201);
            let expected: &[u16] = if bad { &[400, 422] } else { &[201, 403] };
            assert!(expected.contains(&code), "{}: {code} for {manifest}", staged.case.name);
            refused += usize::from(bad);
        }
    }
    println!("{refused} objects are refused");
}

#[test]
fn kubectl_knows_no_kinds_and_versions_but_ours() {
    let cases = of(|place| place == Place::Nowhere(UNKNOWN_KINDS));
    let (case, text) = cases.first().unwrap();
    let applied = shared()
        .admin()
        .kubectl_with(text, &["apply", "--dry-run=client", "-f", "-"]);
    for finding in &case.findings {
        let said = format!("no matches for kind \"{}\"", finding.kind);
        assert!(applied.err.contains(&said), "{}", applied.err);
    }
}
