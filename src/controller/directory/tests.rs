//! The controller over a directory, as a person leaves it and comes back to it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Weak;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::{Notify, watch};

use super::super::clock::{Clock, within};
use super::super::fence::Fence;
use super::super::metrics::Metrics;
use super::super::run::{Activity, Controller};
use super::*;
use crate::api::Moment;
use crate::policy::{Catalogue, Status};

const TENANT: &str = "\
apiVersion: tenantry.dev/v1alpha1
kind: Tenant
metadata: {name: tenant, namespace: acme}
spec: {displayName: Acme}
";

fn user(name: &str, more: &str) -> String {
    format!(
        "apiVersion: tenantry.dev/v1alpha1\nkind: User\nmetadata: {{name: {name}, namespace: acme}}\n\
         spec: {{account: {name}.smith, name: Somebody, roles: [ordinary-user]{more}}}\n"
    )
}

/// A directory of manifests in which the controller can be run.
struct Place {
    root: TempDir,
    at: Moment,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self {
            root: tempfile::tempdir().unwrap(),
            at: Moment::parse("2026-12-01T00:00:00Z").unwrap(),
        };
        files.iter().for_each(|(name, text)| place.write(name, text));
        place
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.root.path().join(name), text).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.root.path().join(name)).unwrap();
    }

    /// Runs the controller until nothing is left to do; what it told.
    async fn settle(&self) -> Vec<News> {
        let mut session = Session::begin(self);
        session.settled().await;
        session.end().await
    }

    fn file(&self, kind: &str, name: &str) -> PathBuf {
        let folder = self.root.path().join(".tenantry/status/acme").join(kind);
        folder.join(format!("{name}.yaml"))
    }

    fn kept(&self, kind: &str, name: &str) -> serde_json::Value {
        serde_saphyr::from_str(&fs::read_to_string(self.file(kind, name)).unwrap()).unwrap()
    }
}

/// A controller that runs.
struct Session {
    activity: watch::Receiver<Activity>,
    news: mpsc::UnboundedReceiver<News>,
    end: Arc<Notify>,
    running: tokio::task::JoinHandle<()>,
    storage: Weak<Directory>,
}

impl Session {
    fn begin(place: &Place) -> Self {
        let (sender, news) = mpsc::unbounded_channel();
        let clock = Clock::new(Some(place.at), 1);
        clock.stop_at(Some(place.at));
        let storage = Arc::new(Directory::open(place.root.path(), "default", sender).unwrap());
        let weak = Arc::downgrade(&storage);
        let controller = Controller {
            storage,
            catalogue: Arc::new(Catalogue::builtin().unwrap()),
            clock: Arc::new(clock),
            fence: Arc::new(Fence::open()),
            held: None,
            metrics: Arc::new(Metrics::default()),
            listen: None,
        };
        let end = Arc::new(Notify::new());
        let asked = Arc::clone(&end);
        let (sender, activity) = watch::channel(Activity::Busy);
        let running = tokio::spawn(async move {
            controller.run_telling(sender, asked.notified()).await.unwrap();
        });
        Self {
            activity,
            news,
            end,
            running,
            storage: weak,
        }
    }

    async fn settled(&mut self) {
        let settled = self
            .activity
            .wait_for(|activity| matches!(activity, Activity::Settled { .. }));
        within(Duration::from_secs(60), settled).await.unwrap().unwrap();
    }

    /// What it tells next.
    async fn told(&mut self) -> News {
        within(Duration::from_secs(60), self.news.recv())
            .await
            .unwrap()
            .unwrap()
    }

    async fn end(mut self) -> Vec<News> {
        self.end.notify_one();
        self.running.await.unwrap();
        // Tasks that were told to end let the directory go when they next run.
        let gone = async {
            while self.storage.strong_count() > 0 {
                tokio::task::yield_now().await
            }
        };
        within(Duration::from_secs(60), gone).await.unwrap();
        let mut told = Vec::new();
        while let Ok(news) = self.news.try_recv() {
            told.push(news);
        }
        told
    }
}

/// `User bob Active`, sorted.
fn words(news: &[News]) -> Vec<String> {
    let words = |news: &News| match news {
        News::Status(news) => {
            let state = news.after.as_ref().and_then(Status::phase).unwrap_or("-");
            format!("{} {} {state}", news.subject.kind, news.subject.name)
        }
        News::Gone(news) => format!("{} {} gone", news.subject.kind, news.subject.name),
        News::Passed(what) => format!("passed {what}"),
        News::Trouble(what) => format!("trouble {what}"),
    };
    let mut words: Vec<String> = news.iter().map(words).collect();
    words.sort();
    words
}

/// Every file below a directory with its text.
fn contents(directory: &Path) -> BTreeMap<PathBuf, (std::time::SystemTime, String)> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            all.extend(contents(&entry.path()));
        } else {
            let modified = entry.metadata().unwrap().modified().unwrap();
            all.insert(entry.path(), (modified, fs::read_to_string(entry.path()).unwrap()));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_over_the_same_directory_writes_nothing() {
    let mut place = Place::new(&[("tenant.yaml", TENANT), ("bob.yaml", &user("bob", ""))]);
    let first = place.settle().await;
    assert!(words(&first).contains(&"User bob Active".to_owned()), "{first:?}");
    let before = contents(place.root.path());
    place.at = Moment::parse("2026-12-02T00:00:00Z").unwrap();
    assert_eq!(place.settle().await, []);
    assert_eq!(contents(place.root.path()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_objects_of_the_system_are_there_and_stay_the_same() {
    let place = Place::new(&[("tenant.yaml", TENANT)]);
    place.settle().await;
    let role = place.kept("Role", "administrator");
    assert_eq!(role["metadata"]["labels"]["tenantry.dev/system"], "true");
    assert_eq!(role["status"]["type"], "System");
    assert_eq!(place.settle().await, []);
    assert_eq!(place.kept("Role", "administrator"), role);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_counts_changes_of_what_an_object_says_also_between_runs() {
    let place = Place::new(&[("tenant.yaml", TENANT), ("bob.yaml", &user("bob", ""))]);
    place.settle().await;
    let first = place.kept("User", "bob");
    place.write("bob.yaml", &format!("# A comment says nothing.\n{}", user("bob", "")));
    assert_eq!(place.settle().await, []);
    place.write("bob.yaml", &user("bob", ", enabled: false"));
    place.settle().await;
    let second = place.kept("User", "bob");
    assert_eq!(second["metadata"]["uid"], first["metadata"]["uid"]);
    assert_eq!(
        (&first["metadata"]["generation"], &second["metadata"]["generation"]),
        (&1.into(), &2.into())
    );
    assert_eq!(second["status"]["observedGeneration"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transition_keeps_its_time_from_run_to_run() {
    let mut place = Place::new(&[("tenant.yaml", TENANT), ("bob.yaml", &user("bob", ""))]);
    place.settle().await;
    place.at = Moment::parse("2026-12-05T00:00:00Z").unwrap();
    place.write("bob.yaml", &user("bob", ", enabled: false"));
    place.settle().await;
    let conditions = &place.kept("User", "bob")["status"]["conditions"];
    assert_eq!(conditions[1]["reason"], "Disabled");
    assert_eq!(conditions[1]["lastTransitionTime"], "2026-12-01T00:00:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_while_it_runs_is_seen() {
    let place = Place::new(&[("tenant.yaml", TENANT), ("bob.yaml", &user("bob", ""))]);
    let mut session = Session::begin(&place);
    session.settled().await;
    while session.news.try_recv().is_ok() {}
    place.write("eve.yaml", &user("eve", ""));
    while words(&[session.told().await]) != ["User eve Active"] {}
    session.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_whose_file_is_removed_is_gone_and_another_when_it_comes_back() {
    let place = Place::new(&[("tenant.yaml", TENANT), ("bob.yaml", &user("bob", ""))]);
    let mut session = Session::begin(&place);
    session.settled().await;
    while session.news.try_recv().is_ok() {}
    let uid = place.kept("User", "bob")["metadata"]["uid"].clone();
    place.remove("bob.yaml");
    assert_eq!(words(&[session.told().await]), ["User bob gone"]);
    assert!(!place.file("User", "bob").exists());
    place.write("bob.yaml", &user("bob", ""));
    while words(&[session.told().await]) != ["User bob Active"] {}
    assert_ne!(place.kept("User", "bob")["metadata"]["uid"], uid);
    session.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_removed_between_runs_is_gone_and_with_the_tenant_what_the_system_made() {
    let place = Place::new(&[("tenant.yaml", TENANT), ("bob.yaml", &user("bob", ""))]);
    place.settle().await;
    place.remove("tenant.yaml");
    let told = words(&place.settle().await);
    assert!(told.contains(&"Tenant tenant gone".to_owned()), "{told:?}");
    assert!(told.contains(&"Role administrator gone".to_owned()), "{told:?}");
    assert!(told.contains(&"User bob Invalid".to_owned()), "{told:?}");
    assert!(!place.file("Role", "administrator").exists());
    place.write("tenant.yaml", TENANT);
    let told = words(&place.settle().await);
    assert!(told.contains(&"User bob Active".to_owned()), "{told:?}");
    assert!(place.file("Role", "administrator").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_decode_is_refused_where_it_stands() {
    let place = Place::new(&[("tenant.yaml", TENANT), ("bob.yaml", &user("bob", ", rolls: []"))]);
    let told = place.settle().await;
    let bob = told.iter().find_map(|news| match news {
        News::Status(news) if news.subject.name == "bob" => Some(news),
        _ => None,
    });
    let file = place.root.path().join("bob.yaml");
    assert_eq!(bob.unwrap().place, Some(format!("{}:4:68", file.display())));
    let conditions = &place.kept("User", "bob")["status"]["conditions"];
    assert_eq!(conditions[1]["reason"], "SchemaInvalid");
    assert_eq!(place.settle().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_leads_nowhere_is_told_with_its_place() {
    let text = user("bob", "").replace("[ordinary-user]", "[ordinary-user, wrter]");
    let place = Place::new(&[("tenant.yaml", TENANT), ("bob.yaml", &text)]);
    let told = place.settle().await;
    let places: Vec<&String> = told
        .iter()
        .filter_map(|news| match news {
            News::Status(news) => news.place.as_ref(),
            _ => None,
        })
        .collect();
    let file = place.root.path().join("bob.yaml");
    assert_eq!(places, [&format!("{}:4:67", file.display())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_cluster_could_have_is_passed_over_and_said_once() {
    let place = Place::new(&[
        ("tenant.yaml", TENANT),
        ("a.yaml", &user("bob", "")),
        ("b.yaml", &user("bob", ", enabled: false")),
        ("c.yaml", &user("../../../bob", "")),
        ("d.yaml", "apiVersion: tenantry.dev/v1alpha1\nkind: Usr\n"),
        ("e.yaml", "a: [\n"),
    ]);
    let mut session = Session::begin(&place);
    session.settled().await;
    place.write("f.yaml", &user("eve", ""));
    let mut told = Vec::new();
    while !words(&told).contains(&"User eve Active".to_owned()) {
        told.push(session.told().await);
    }
    session.end().await;
    let passed: Vec<String> = words(&told)
        .into_iter()
        .filter_map(|words| Some(words.strip_prefix("passed ")?.to_owned()))
        .collect();
    let name = |file: &str| place.root.path().join(file).display().to_string();
    assert_eq!(passed.len(), 4, "{passed:?}");
    assert!(passed[0].starts_with(&format!(
        "{}:3:18 User acme/bob is declared a second time",
        name("b.yaml")
    )));
    assert!(passed[1].starts_with(&format!("{}:3:18 User ../../../bob: ", name("c.yaml"))));
    assert!(passed[2].contains("Usr: there is no kind `Usr`"), "{passed:?}");
    assert!(passed[3].starts_with(&format!("{}:", name("e.yaml"))), "{passed:?}");
    assert_eq!(place.kept("User", "bob")["status"]["phase"], "Active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_the_system_that_a_person_takes_is_refused() {
    let role = "\
apiVersion: tenantry.dev/v1alpha1
kind: Role
metadata: {name: analyst, namespace: acme}
spec: {displayName: Mine, permissions: [{object: Campaign, actions: [View]}]}
";
    let place = Place::new(&[("tenant.yaml", TENANT)]);
    place.settle().await;
    place.write("z-role.yaml", role);
    place.settle().await;
    let kept = place.kept("Role", "analyst");
    assert_eq!(kept["status"]["conditions"][1]["reason"], "ReservedName");
    assert_eq!(kept.get("spec"), None);
    place.remove("z-role.yaml");
    place.settle().await;
    let kept = place.kept("Role", "analyst");
    assert_eq!(kept["metadata"]["labels"]["tenantry.dev/system"], "true");
    assert_eq!(kept["status"]["conditions"][1]["reason"], "Valid");
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_that_cannot_be_read_are_written_anew() {
    let place = Place::new(&[("tenant.yaml", TENANT), ("bob.yaml", &user("bob", ""))]);
    place.settle().await;
    fs::write(place.file("User", "bob"), "status: [").unwrap();
    assert_eq!(words(&place.settle().await), ["User bob Active"]);
    assert_eq!(place.kept("User", "bob")["status"]["phase"], "Active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_one_process_s() {
    let place = Place::new(&[("tenant.yaml", TENANT)]);
    let (sender, _news) = mpsc::unbounded_channel();
    let _first = Directory::open(place.root.path(), "default", sender.clone()).unwrap();
    let second = Directory::open(place.root.path(), "default", sender.clone());
    assert!(matches!(second, Err(OpenError::Taken(_))), "{second:?}");
    let none = Directory::open(&place.root.path().join("none"), "default", sender);
    assert!(matches!(none, Err(OpenError::NoDirectory(_))), "{none:?}");
}
