//! The live system over a directory, run as a person would.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a whole file of tests"
)]

mod program;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use program::{Ran, run, run_in};

/// A directory that holds an example as `acme`, where it can be changed.
fn acme() -> TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let root = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme");
    copy(&example, &root.path().join("acme"));
    root
}

/// The statuses, by `namespace/Kind/name`, without what depends on when they were written.
fn statuses(directory: &Path) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let below = |path: &Path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    for namespace in below(&directory.join(".tenantry/status")) {
        for kind in below(&namespace) {
            for file in below(&kind) {
                let text = fs::read_to_string(&file).unwrap();
                let object: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
                all.insert(key(&object), timeless(object["status"].clone()));
            }
        }
    }
    all
}

/// The same, as `plan` says they should be.
fn planned(root: &Path, at: &str) -> BTreeMap<String, Value> {
    let plan = run_in(root, &["plan", "acme", "--at", at, "-o", "json"]);
    let plan: Value = serde_json::from_str(&plan.out).unwrap();
    let items = plan["items"].as_array().unwrap().iter();
    items.map(|item| (key(item), item["status"].clone())).collect()
}

fn key(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let metadata = &object["metadata"];
    let [namespace, kind, name] = [&metadata["namespace"], &object["kind"], &metadata["name"]].map(text);
    format!("{namespace}/{kind}/{name}")
}

fn timeless(mut status: Value) -> Value {
    let fields = status.as_object_mut().unwrap();
    fields.remove("observedGeneration").unwrap();
    for condition in status["conditions"].as_array_mut().unwrap() {
        let condition = condition.as_object_mut().unwrap();
        condition.remove("observedGeneration").unwrap();
        condition.remove("lastTransitionTime").unwrap();
    }
    // As `plan` has them; a stored list is sorted, as clients that apply it want it.
    let conditions = status["conditions"].as_array_mut().unwrap();
    conditions.sort_by_key(|condition| {
        ["Ready", "Complete", "Stalled"]
            .iter()
            .position(|kind| condition["type"] == *kind)
    });
    status
}

fn assert_same(found: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>, at: &str) {
    for (key, status) in expected {
        assert_eq!(found.get(key), Some(status), "{key} at {at}");
    }
    assert_eq!(found.len(), expected.len(), "at {at}");
}

fn dev(root: &Path, arguments: &[&str]) -> Ran {
    let ran = run_in(root, &[&["dev", "acme"], arguments].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran
}

/// A program that goes on until it is told to end.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(root: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenantry"))
            .args(arguments)
            .current_dir(root)
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = lines(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// Returns the first line that holds that, within a minute.
    fn line(&self, part: &str) -> String {
        let limit = Instant::now() + Duration::from_secs(60);
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(limit.saturating_duration_since(Instant::now())) {
            if line.contains(part) {
                return line;
            }
            seen.push(line);
        }
        panic!("no `{part}` in {seen:#?}")
    }

    /// Tells it to end, as a terminal does, and waits; what it had to say besides.
    fn interrupt(mut self) -> String {
        let process = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGINT).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        std::io::Read::read_to_string(&mut stderr, &mut said).unwrap();
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(out: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(out).lines() {
            if line.is_err() || line.is_ok_and(|line| sender.send(line).is_err()) {
                return;
            }
        }
    });
    receiver
}

const START: &str = "2026-11-24T12:00:00Z";

#[test]
fn the_statuses_are_those_that_a_plan_says_whatever_has_passed_before() {
    let root = acme();
    dev(root.path(), &["--at", START, "--once"]);
    assert_same(
        &statuses(&root.path().join("acme")),
        &planned(root.path(), START),
        START,
    );
    let mut from = START;
    // A moment at which something ends, one between and one after all.
    for until in ["2026-12-13T23:00:00Z", "2027-01-15T08:30:00Z", "2027-06-01T00:00:00Z"] {
        let speed = ["--speed", "100000000"];
        dev(root.path(), &[&["--at", from, "--until", until], &speed[..]].concat());
        assert_same(
            &statuses(&root.path().join("acme")),
            &planned(root.path(), until),
            until,
        );
        from = until;
    }
}

#[test]
fn every_change_by_time_is_told_at_its_moment() {
    let root = acme();
    dev(root.path(), &["--at", START, "--once"]);
    let ran = dev(
        root.path(),
        &["--at", START, "--until", "2026-12-20T00:00:00Z", "--speed", "100000000"],
    );
    let users: Vec<&str> = ran
        .out
        .lines()
        .filter(|line| line.starts_with("2026") || line.contains(" User "))
        .collect();
    assert_eq!(
        users,
        [
            "2026-11-27",
            "18:00:00Z acme User support-amira Active -> Expired - role developer; 5 permissions; organization unassigned",
            "2026-12-01",
            "07:00:00Z acme User lena Pending -> Active + roles first-weeks, ordinary-user; 5 permissions; organization berlin",
            "2026-12-13",
            "23:00:00Z acme User marta Active - role campaign-manager; 15 permissions; rows of UserTag",
            "2026-12-20",
            "00:00:00Z acme User kenji Active - role regional-analyst; 7 permissions; rows of Event, Funnel, UserProfile",
        ]
    );
}

#[test]
fn a_second_run_says_and_writes_nothing() {
    let root = acme();
    dev(root.path(), &["--at", START, "--once"]);
    let before = statuses(&root.path().join("acme"));
    let again = dev(root.path(), &["--at", "2026-11-24T13:00:00Z", "--once"]);
    assert_eq!(again.out, "");
    assert_eq!(statuses(&root.path().join("acme")), before);
}

#[test]
fn what_is_saved_shows_and_can_be_undone() {
    let root = acme();
    let running = Running::start(root.path(), &["dev", "acme", "--at", START]);
    running.line("Tenant tenant 10 active");
    let path = root.path().join("acme/users-emea.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let tobias = text.find("account: tobias").unwrap();
    let mut edited = text.clone();
    edited.insert_str(tobias, "enabled: false\n  ");
    fs::write(&path, &edited).unwrap();
    let line = running.line("User tobias");
    assert!(line.contains("Active -> Disabled - role regional-analyst"), "{line}");
    fs::write(&path, text.replace("kraemer\n", "kraemer\n  emial: t@acme.example\n")).unwrap();
    let line = running.line("User tobias");
    assert!(
        line.contains("Disabled -> Invalid refused[SchemaInvalid] acme/users-emea.yaml:38:3 spec.emial: "),
        "{line}"
    );
    fs::write(&path, text).unwrap();
    assert!(
        running
            .line("User tobias")
            .contains("Invalid -> Active + role regional-analyst")
    );
    fs::remove_file(root.path().join("acme/roles-care.yaml")).unwrap();
    running.line("Role customer-care deleted");
    let line = running.line("User sofia");
    assert!(line.contains("- role customer-care"), "{line}");
    running.interrupt();
    assert!(
        !root
            .path()
            .join("acme/.tenantry/status/acme/Role/customer-care.yaml")
            .exists()
    );
}

#[test]
fn an_example_can_be_tried_without_anything_at_hand() {
    let root = tempfile::tempdir().unwrap();
    let running = Running::start(root.path(), &["try", "here"]);
    let line = running.line("User marta Active - role campaign-manager");
    assert!(line.starts_with("23:00:00Z "), "{line}");
    let said = running.interrupt();
    assert!(said.contains("the files stay in here\n"), "{said}");
    let check = run_in(root.path(), &["check", "here", "--at", START]);
    assert_eq!(check.err, "no findings in 32 objects of 1 tenant\n");
    assert_eq!(run_in(root.path(), &["test", "here"]).code, 0);
    let again = run_in(root.path(), &["try", "here"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("is there already"), "{}", again.err);
}

#[test]
fn a_call_that_makes_no_sense_ends_with_2() {
    let root = acme();
    for (arguments, expected) in [
        (
            &["dev", "acme", "--at", START, "--until", "2026-11-01T00:00:00Z"][..],
            "--until 2026-11-01T00:00:00Z is before the clock begins",
        ),
        (&["dev", "acme", "--speed", "0"], "--speed"),
        (&["dev", "acme", "--once", "--until", START], "cannot be used with"),
    ] {
        let ran = run_in(root.path(), arguments);
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
    assert!(!root.path().join("acme/.tenantry").exists());
    let nowhere = run(&["dev", "no-such-directory"]);
    assert_eq!(nowhere.code, 2);
    assert!(
        nowhere.err.contains("`no-such-directory` is no directory"),
        "{}",
        nowhere.err
    );
}

#[test]
fn statuses_that_cannot_be_kept_end_a_run_that_should_end() {
    let root = acme();
    let hidden = root.path().join("acme/.tenantry");
    fs::create_dir(&hidden).unwrap();
    // A file where the directory of statuses would be: nothing can be written there, whoever one is.
    fs::write(hidden.join("status"), "").unwrap();
    let ran = run_in(root.path(), &["dev", "acme", "--at", START, "--once"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("error: cannot write the status of "), "{}", ran.err);
}
