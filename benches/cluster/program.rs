//! The controller as a process, and what it says of itself.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::harness::access::Access;

/// A running controller.
pub(crate) struct Program {
    child: Child,
    port: u16,
}

impl Program {
    /// Starts it; it holds no lease before [`Program::lead`].
    pub(crate) async fn start(account: &Access) -> Self {
        let lease = "apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: tenantry-controller, namespace: default}\n\
             spec: {holderIdentity: nobody-yet, leaseDurationSeconds: 36000}\n";
        account
            .kubectl(&[
                "delete",
                "lease",
                "tenantry-controller",
                "-n",
                "default",
                "--ignore-not-found",
            ])
            .ok();
        account.kubectl_with(lease, &["create", "-f", "-"]).ok();
        // Free now; nobody else on this machine takes it in between.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(env!("CARGO_BIN_EXE_tenantry"))
            .args(["controller", "--listen", &format!("127.0.0.1:{port}")])
            .env("KUBECONFIG", account.kubeconfig())
            .env("TENANTRY_LOG", "error")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let program = Self { child, port };
        program
            .until("synced", |program| program.metric("tenantry_synced") == 1.0)
            .await;
        program
    }

    /// Lets it have the lease; when it has.
    pub(crate) async fn lead(&self, account: &Access) -> Instant {
        account
            .kubectl(&["delete", "lease", "tenantry-controller", "-n", "default"])
            .ok();
        self.until("the lease", |program| program.metric("tenantry_leader") == 1.0)
            .await
    }

    /// Waits until it has judged since `judged` and nothing is left to do for a second.
    pub(crate) async fn idle(&self) {
        let mut writes = self.writes();
        let mut since = Instant::now();
        while since.elapsed() < Duration::from_secs(2) {
            sleep(Duration::from_millis(50)).await;
            let now = self.writes();
            if now != writes || self.metric("tenantry_tenants_dirty") > 0.0 {
                writes = now;
                since = Instant::now();
            }
        }
    }

    /// Waits for something; when it came.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) -> Instant {
        let deadline = Instant::now() + Duration::from_secs(1_800);
        while !is_so(self) {
            assert!(Instant::now() < deadline, "{what}: not within half an hour");
            sleep(Duration::from_millis(5)).await;
        }
        Instant::now()
    }

    /// How many users' statuses it has written.
    pub(crate) fn writes(&self) -> f64 {
        self.metric("tenantry_writes_total{kind=\"User\",result=\"Written\"}")
    }

    /// A metric as it is now; zero while there is none.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return 0.0;
        };
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
    }

    /// Processor time that it has used so far.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        // The kernel counts in hundredths of a second.
        Duration::from_millis(ticks * 10)
    }

    /// Memory in MiB: now (`VmRSS`) or at most so far (`VmHWM`).
    pub(crate) fn memory(&self, which: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(which)?.strip_prefix(':'));
        let kilobytes: f64 = line.unwrap().trim().trim_end_matches(" kB").parse().unwrap();
        kilobytes / 1_024.0
    }

    /// Asks it to end, and waits.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
