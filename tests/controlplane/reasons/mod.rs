//! The cases of `tests/table` again, on a cluster: the same manifests, the same answers.
//!
//! Each case has namespaces of its own on one control plane, so that all of them are judged side by side; the controller's
//! clock stands still at the moment that they name. What a case names of other tenants follows ([`staged`]), and so does the
//! age of its objects ([`create`]). The expected findings are compared by what a status shows of them, by the rules of the
//! contract: the first reason of each condition and how many more there are; then everything else in the status, with what
//! the table names and with what the library makes of the manifests.
//!
//! The API server is not in the way of system names here: the policy of the chart that guards them is taken off.

mod create;
mod staged;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};
use kube::Client;
use serde_json::Value;
use tenantry::api::{Kind, Moment};
use tenantry::controller::Clock;
use tenantry::policy::Catalogue;

use self::create::create;
use self::staged::{Staged, stage};
use crate::controller::{Alone, Plane};
use crate::harness::wait::{PATIENCE, eventually};
use crate::objects::{self, STRICT_DRY_RUN};
use crate::table::case::{Case, FILES, bases, cases};
use crate::table::outcome::{self, Outcome, differences};

/// Cases created at a time.
const AT_A_TIME: usize = 12;
/// How often is looked.
const PAUSE: Duration = Duration::from_millis(300);
/// As kubectl asks for it.
const STRICT: &str = "fieldValidation=Strict";
/// The cases of the table.
const CASES: usize = 321;

/// Where a case is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// With the definitions as they are.
    Here,
    /// The API server would refuse it: with looser definitions, as an older version may have had them.
    Older,
    /// Nowhere.
    Nowhere(&'static str),
}

fn place(case: &Case) -> Place {
    let has = |reason: &str| case.findings.iter().any(|finding| finding.reason == reason);
    if has("DuplicateObject") {
        return Place::Nowhere("a cluster has no two objects of one name");
    }
    match case.name.as_str() {
        "other_groups_are_skipped_and_unknown_kinds_and_versions_of_ours_refused" => {
            Place::Nowhere("a cluster has no kinds and versions but those of the definitions")
        }
        "an_unknown_field_is_refused" => {
            Place::Nowhere("the API server drops a field that it does not know before anybody sees it")
        }
        _ if has("SchemaInvalid") => Place::Older,
        _ => Place::Here,
    }
}

/// All cases with their manifests written out.
fn all() -> Vec<(Case, String)> {
    let bases = bases();
    let cases = FILES.into_iter().flat_map(cases);
    cases
        .map(|case| {
            let text = case.text(&bases);
            (case, text)
        })
        .collect()
}

/// Those of a place.
fn of(wanted: Place) -> Vec<(Case, String)> {
    let mut all = all();
    all.retain(|(case, _)| place(case) == wanted);
    all
}

/// A control plane with a person who may do everything, and whom no policy keeps from the system's names.
struct Site {
    plane: Plane,
    client: Client,
}

impl Site {
    async fn start() -> Self {
        let plane = Plane::start();
        let unguard = ["delete", "validatingadmissionpolicybinding", "tenantry-reserved-names"];
        plane.control_plane.admin().kubectl(&unguard).ok();
        let client = plane.control_plane.admin().client().await;
        let site = Self { plane, client };
        let mut reserved = objects::sound(Kind::Role, "default");
        reserved["metadata"]["name"] = "analyst".into();
        eventually("system names for everybody", async || {
            let created = objects::create(&site.client, Kind::Role, STRICT_DRY_RUN, &reserved).await;
            created.ok()
        })
        .await;
        site
    }

    fn stage(&self, cases: Vec<(Case, String)>) -> Vec<Staged> {
        stage(self.plane.control_plane.admin(), cases)
    }

    async fn create(&self, staged: &[&Staged], parameters: &str) {
        let created = stream::iter(staged).map(|staged| create(&self.client, staged, parameters));
        created.buffer_unordered(AT_A_TIME).collect::<()>().await;
    }

    /// A controller whose clock stands still at a moment.
    fn controller(&self, at: Moment, catalogue: Option<&str>) -> Alone {
        let clock = Clock::new(Some(at), 1);
        clock.stop_at(Some(at));
        let catalogue = match catalogue {
            Some(text) => Catalogue::load(text, "catalogue.yaml").unwrap(),
            None => Catalogue::builtin().unwrap(),
        };
        Alone::start(&self.plane.account, clock, catalogue)
    }

    /// Waits until every case is as expected and the controller is done; what is wrong when nothing more comes right.
    async fn wrong(&self, controller: &Alone, staged: &[&Staged]) -> Vec<String> {
        let expected: Vec<Outcome> = staged
            .iter()
            .map(|staged| outcome::run(&staged.text, &staged.case.at, staged.case.catalogue.as_deref()))
            .collect();
        let (mut least, mut since) = (usize::MAX, Instant::now());
        loop {
            let settled = controller.is_settled();
            let shown = Shown::now(&self.client).await;
            let judged = staged.iter().zip(&expected);
            let wrong: Vec<String> = judged
                .filter_map(|(staged, expected)| shown.judge(staged, expected))
                .collect();
            if wrong.is_empty() && settled {
                return wrong;
            }
            if wrong.len() < least {
                (least, since) = (wrong.len(), Instant::now());
            }
            if since.elapsed() > PATIENCE {
                assert!(settled, "the controller has not come to an end");
                return wrong;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Every object of a cluster, by namespace, kind and name.
struct Shown(BTreeMap<String, BTreeMap<(Kind, String), Value>>);

impl Shown {
    async fn now(client: &Client) -> Self {
        let mut shown: BTreeMap<String, BTreeMap<(Kind, String), Value>> = BTreeMap::new();
        for kind in Kind::ALL {
            for object in objects::all(client, kind).await {
                let [namespace, name] = ["namespace", "name"].map(|key| object["metadata"][key].as_str().unwrap());
                let objects = shown.entry(namespace.to_owned()).or_default();
                objects.insert((kind, name.to_owned()), object);
            }
        }
        Self(shown)
    }

    /// What is wrong with a case, or nothing.
    fn judge(&self, staged: &Staged, expected: &Outcome) -> Option<String> {
        let mut lines = Vec::new();
        let mut statuses = BTreeMap::new();
        for namespace in staged.namespaces() {
            for ((kind, name), object) in self.0.get(namespace).into_iter().flatten() {
                let key = format!("{kind}/{}/{name}", staged.original(namespace));
                let mut status = staged.translated(&object["status"]);
                lines.extend(
                    unobserved(&mut status, &object["metadata"]["generation"]).map(|wrong| format!("  {key}: {wrong}")),
                );
                statuses.insert(key, status);
            }
        }
        for object in &staged.objects {
            let key = format!(
                "{}/{}/{}",
                object.kind,
                staged.original(object.namespace()),
                object.name()
            );
            if !statuses.contains_key(&key) {
                lines.push(format!("  {key} is not there"));
            }
        }
        if lines.is_empty() {
            lines.extend(unlike(&statuses, &expected.statuses));
            let shown = Outcome {
                findings: staged.case.findings.clone(),
                messages: statuses.values().flat_map(outcome::messages).collect(),
                secrets: outcome::secrets(&outcome::read(&staged.text)),
                statuses,
            };
            lines.extend(differences(&staged.case, &shown));
        }
        (!lines.is_empty()).then(|| format!("{}\n{}", staged.case.name, lines.join("\n")))
    }
}

/// Takes out of a status what says of which generation and since when it is so; what of that is wrong.
fn unobserved(status: &mut Value, generation: &Value) -> Option<String> {
    let observed = status.as_object_mut()?.remove("observedGeneration");
    if observed.as_ref() != Some(generation) {
        return Some(format!("generation {generation}, but {observed:?} is observed"));
    }
    let conditions = status["conditions"].as_array_mut()?;
    for condition in conditions.iter_mut() {
        let fields = condition.as_object_mut()?;
        // What another has written says nothing of a generation.
        let observed = fields.remove("observedGeneration");
        let since = fields.remove("lastTransitionTime");
        let since = since.and_then(|since| Moment::parse(since.as_str()?));
        if since.is_none() || observed.as_ref() != Some(generation) {
            return Some(format!("{condition} is of {observed:?}, since {since:?}"));
        }
    }
    conditions.sort_by_key(|condition| condition["type"].to_string());
    None
}

/// Where a cluster and the library do not have the same statuses.
fn unlike(shown: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>) -> Vec<String> {
    let keys: BTreeSet<&String> = shown.keys().chain(expected.keys()).collect();
    let both = keys.into_iter().map(|key| {
        let mut expected = expected.get(key).cloned();
        if let Some(conditions) = expected.as_mut().and_then(|status| status["conditions"].as_array_mut()) {
            conditions.sort_by_key(|condition| condition["type"].to_string());
        }
        (key, shown.get(key), expected)
    });
    let unlike = both.filter(|(_, shown, expected)| *shown != expected.as_ref());
    unlike
        .map(|(key, shown, expected)| format!("  {key}\n    on the cluster {shown:?}\n    offline        {expected:?}"))
        .collect()
}

/// Fails with everything that is wrong.
fn assert_none(wrong: &[String], of: usize) {
    assert!(
        wrong.is_empty(),
        "{} of {of} cases do not hold on a cluster:\n\n{}\n",
        wrong.len(),
        wrong.join("\n\n")
    );
}

/// Whether the controller must not see its objects one after the other: a Tenant that was in force for a moment would have
/// left the system's objects behind, which have to be the case's own.
fn comes_at_once(staged: &Staged) -> bool {
    let reserved = |name: &str| {
        let roles = ["administrator", "analyst", "developer", "ordinary-user"];
        roles.contains(&name) || ["headquarters", "unassigned"].contains(&name)
    };
    let mut objects = staged.objects.iter();
    objects.any(|object| object.deleted || reserved(object.name()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_comes_to_what_the_table_says() {
    let site = Site::start().await;
    let (others, cases): (Vec<Staged>, Vec<Staged>) = site
        .stage(of(Place::Here))
        .into_iter()
        .partition(|staged| staged.case.catalogue.is_some());
    let count = cases.len() + others.len();
    let mut wrong = Vec::new();

    for staged in &others {
        site.create(&[staged], STRICT).await;
        let at = Moment::parse(&staged.case.at).unwrap();
        let controller = site.controller(at, staged.case.catalogue.as_deref());
        wrong.extend(site.wrong(&controller, &[staged]).await);
        controller.stop();
    }

    let mut moments: BTreeMap<Moment, Vec<&Staged>> = BTreeMap::new();
    for staged in &cases {
        moments
            .entry(Moment::parse(&staged.case.at).unwrap())
            .or_default()
            .push(staged);
    }
    let (at_once, one_by_one): (Vec<&Staged>, Vec<&Staged>) = cases.iter().partition(|staged| comes_at_once(staged));
    site.create(&at_once, STRICT).await;
    let controller = site.controller(*moments.keys().next().unwrap(), None);
    site.create(&one_by_one, STRICT).await;
    for (at, staged) in &moments {
        controller.clock.stop_at(Some(*at));
        controller.clock.advance(Duration::from_secs(u64::from(u32::MAX) * 100));
        let found = site.wrong(&controller, staged).await;
        eprintln!("at {at}: {} cases, {} wrong", staged.len(), found.len());
        wrong.extend(found);
    }
    controller.stop();
    assert_none(&wrong, count);
}
