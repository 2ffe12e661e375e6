//! What the log says when the controller cannot work with a cluster: the cause, and ever more rarely.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::skew::skew;
use super::{SYSTEM, Spawned, shared};
use crate::harness::ControlPlane;
use crate::harness::access::Access;
use crate::harness::wait::until_right;

/// Further ahead than the certificates of a control plane are good for, in seconds.
const TOO_LATE: i64 = 30 * 86_400;

/// The program with a log in JSON.
struct Logging {
    _program: Spawned,
    log: PathBuf,
}

impl Logging {
    /// Starts it as whoever a kubeconfig is about.
    fn start(kubeconfig: &Path, name: &str, ahead: i64) -> Self {
        let log = kubeconfig.with_extension(format!("{name}.log"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
        command
            .args(["controller", "--log-format", "json", "--listen", "127.0.0.1:0"])
            .args(["--lease-namespace", SYSTEM, "--lease", name, "--identity", name])
            .env("KUBECONFIG", kubeconfig)
            .env("TENANTRY_LOG", "tenantry=debug")
            .stdin(Stdio::null())
            .stderr(File::create(&log).unwrap());
        if ahead != 0 {
            skew(&mut command, ahead, shared().control_plane.directory());
        }
        Self {
            _program: Spawned(command.spawn().unwrap()),
            log,
        }
    }

    /// What it has logged so far; what is being written is left out.
    fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.log).unwrap();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let lines = whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
        lines.collect()
    }

    /// Waits until it has logged so many lines of that level that hold a text.
    fn until(&self, level: &str, text: &str, count: usize) {
        until_right(text, || {
            let lines = self.lines();
            let found = lines
                .iter()
                .filter(|line| line["level"] == level && line.to_string().contains(text));
            if found.count() >= count {
                Ok(())
            } else {
                Err(format!("{:#?}", lines.last()))
            }
        });
    }
}

/// The kubeconfig of somebody with something changed in it.
fn changed(access: &Access, name: &str, change: impl FnOnce(&mut Value)) -> PathBuf {
    let text = fs::read(access.kubeconfig()).unwrap();
    let mut config: Value = serde_json::from_slice(&text).unwrap();
    change(&mut config);
    let path = access.kubeconfig().with_extension(name);
    fs::write(&path, config.to_string()).unwrap();
    path
}

fn server(url: &'static str) -> impl FnOnce(&mut Value) {
    move |config| config["clusters"][0]["cluster"]["server"] = json!(url)
}

#[test]
fn the_cause_is_named() {
    let admin = shared().control_plane.admin();
    let create = ["create", "serviceaccount", "nobody", "-n", SYSTEM];
    admin.kubectl(&create).ok();
    let nobody = shared().control_plane.service_account(SYSTEM, "nobody");
    let unknown = changed(admin, "unknown", |config| {
        config["clusters"][0]["cluster"]
            .as_object_mut()
            .unwrap()
            .remove("certificate-authority");
    });
    let elsewhere = changed(admin, "elsewhere", server("https://127.0.0.1:1"));
    let nowhere = changed(admin, "nowhere", server("https://there.is.none.invalid"));
    let stranger = changed(&nobody, "stranger", |config| {
        config["users"][0]["user"] = json!({"token": "none"})
    });
    for (kubeconfig, name, ahead, says) in [
        (unknown, "unknown", 0, "certificate is signed by an unknown authority"),
        (
            admin.kubeconfig().to_owned(),
            "expired",
            TOO_LATE,
            "certificate has expired",
        ),
        (elsewhere, "elsewhere", 0, "cannot be reached: connection refused"),
        (nowhere, "nowhere", 0, "its name is not known (DNS)"),
        (stranger, "stranger", 0, "401 Unauthorized to `list users.tenantry.dev`"),
        (
            nobody.kubeconfig().to_owned(),
            "nobody",
            0,
            "403 Forbidden to `list users.tenantry.dev`",
        ),
    ] {
        Logging::start(&kubeconfig, name, ahead).until("WARN", says, 1);
    }
}

#[test]
fn a_failure_is_not_said_at_each_try_nor_by_each_who_meets_it() {
    let elsewhere = changed(shared().control_plane.admin(), "rarely", server("https://127.0.0.1:1"));
    let logging = Logging::start(&elsewhere, "rarely", 0);
    logging.until("DEBUG", "connection refused", 8);
    let lines = logging.lines();
    let said: Vec<&Value> = lines.iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(said.len(), 1, "{said:#?}");
}

#[test]
fn a_definition_that_is_missing_is_named_and_that_it_is_there_as_well() {
    let plane = ControlPlane::start();
    plane.admin().kubectl(&["create", "namespace", SYSTEM]).ok();
    let logging = Logging::start(plane.admin().kubeconfig(), "missing", 0);
    logging.until(
        "WARN",
        "the CustomResourceDefinition `users.tenantry.dev` is not installed",
        1,
    );
    plane.install_crds().ok();
    logging.until("INFO", "it works again", 7);
}
