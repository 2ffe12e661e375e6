//! A control plane: its programs, and what it offers to tests.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tenantry::api::Kind;

use super::access::Access;
use super::audit::{self, Audit};
use super::certificates::{Authority, Pair};
use super::ports::Port;
use super::process::Process;
use super::programs::{Ran, program};
use super::wait::until;
use super::{directory, repository};

/// The controllers that a control plane without nodes needs; the last ones fill the ClusterRoles `admin`, `edit` and `view`
/// and check the types in policies. All there are would make each start five seconds longer.
const CONTROLLERS: [&str; 5] = [
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "clusterrole-aggregation-controller",
    "validatingadmissionpolicy-status-controller",
];

/// The Service by which pods find the API server.
const API_SERVICE: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 1);

/// A control plane, until it is dropped.
pub(crate) struct ControlPlane {
    directory: PathBuf,
    authority: Authority,
    cluster: Value,
    admin: Access,
    audit: Audit,
    namespaces: AtomicU32,
    api_server_arguments: Vec<String>,
    api_server: Mutex<Option<Process>>,
    // Last, so that they are ended last.
    _controller_manager: Process,
    _etcd: Process,
    _ports: Vec<Port>,
}

impl ControlPlane {
    /// Starts one of its own, without our CRDs, and waits until it is of use: two to four seconds.
    pub(crate) fn start() -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST, &[])
    }

    /// The same with an API server at another address, and with more controllers.
    pub(crate) fn start_at(address: Ipv4Addr, controllers: &[&str]) -> Self {
        let directory = directory::fresh();
        let authority = Authority::new(directory.join("pki"));
        let [client, peer, secure] = [(); 3].map(|()| Port::reserve());
        let cluster = json!({
            "server": format!("https://{address}:{}", secure.number()),
            "certificate-authority": authority.own.certificate,
        });
        let access = |name: &str, subject: &str| {
            let user = by_certificate(&authority.client(name, subject));
            Access::new(&directory, name, &cluster, &user)
        };
        let admin = access("admin", "/O=system:masters/CN=admin");
        let manager = access("controller-manager", "/CN=system:kube-controller-manager");

        let etcd = start("etcd", &etcd_arguments(&directory, &client, &peer), &directory);
        let api_server_arguments = api_server_arguments(&directory, &authority, &client, (address, &secure));
        let api_server = start_api_server(&api_server_arguments, &admin, &directory);
        let mut controller_manager = start(
            "kube-controller-manager",
            &controller_manager_arguments(&manager, &authority, controllers),
            &directory,
        );
        until("the ServiceAccount of a namespace", || {
            controller_manager.assert_runs();
            let got = admin.kubectl(&["get", "serviceaccount", "default", "-n", "default"]);
            (got.code == 0).then_some(())
        });
        Self {
            audit: Audit::new(&directory.join("audit.log")),
            directory,
            authority,
            cluster,
            admin,
            namespaces: AtomicU32::new(1),
            api_server_arguments,
            api_server: Mutex::new(Some(api_server)),
            _controller_manager: controller_manager,
            _etcd: etcd,
            _ports: vec![client, peer, secure],
        }
    }

    /// Installs our CRDs and waits until they are served and kubectl knows them.
    pub(crate) fn install_crds(&self) -> Ran {
        let crds = repository().join("crds");
        let crds = crds.to_str().unwrap();
        let installation = self.admin.kubectl(&["apply", "-f", crds]);
        let established = ["wait", "--for=condition=Established", "--timeout=60s", "-f", crds];
        self.admin.kubectl(&established).ok();
        until("our kinds in discovery", || {
            // This asks anew; what is remembered from before the CRDs would be good for hours.
            let known = self
                .admin
                .kubectl(&["api-resources", "--api-group=tenantry.dev", "-o", "name"])
                .ok();
            (known.lines().count() == Kind::ALL.len()).then_some(())
        });
        installation
    }

    /// One who may do everything.
    pub(crate) fn admin(&self) -> &Access {
        &self.admin
    }

    /// A ServiceAccount that is there already, by a token that the API server gives out for an hour.
    pub(crate) fn service_account(&self, namespace: &str, name: &str) -> Access {
        let token = self.admin.kubectl(&["create", "token", name, "-n", namespace]).ok();
        let name = format!("{namespace}.{name}");
        Access::new(
            &self.directory,
            &name,
            &self.cluster,
            &json!({"token": token.trim_end()}),
        )
    }

    /// A part of the cluster, or anybody else who is known by a certificate: `/O=GROUP/CN=USER`.
    #[allow(dead_code, reason = "only a cluster with nodes has such parts")]
    pub(crate) fn by_certificate(&self, name: &str, subject: &str) -> Access {
        let user = by_certificate(&self.authority.client(name, subject));
        Access::new(&self.directory, name, &self.cluster, &user)
    }

    /// Where its logs lie.
    #[allow(dead_code, reason = "only a cluster with nodes has such parts")]
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A new namespace whose name begins as said. Nobody removes it: that takes five seconds, and all goes with the
    /// control plane.
    pub(crate) fn namespace(&self, prefix: &str) -> String {
        let name = format!("{prefix}-{}", self.namespaces.fetch_add(1, Ordering::Relaxed));
        self.admin.kubectl(&["create", "namespace", &name]).ok();
        name
    }

    /// Who writes what.
    pub(crate) fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Kills the API server. Only on a control plane of one's own.
    pub(crate) fn kill_api_server(&self) {
        drop(self.api_server.lock().unwrap().take());
    }

    /// Starts the API server again, on the same port and the same etcd, and waits until it is ready.
    pub(crate) fn start_api_server(&self) {
        let started = start_api_server(&self.api_server_arguments, &self.admin, &self.directory);
        *self.api_server.lock().unwrap() = Some(started);
    }
}

fn by_certificate(pair: &Pair) -> Value {
    json!({"client-certificate": pair.certificate, "client-key": pair.key})
}

fn start(name: &str, arguments: &[String], directory: &Path) -> Process {
    Process::start(&program(name), arguments, directory)
}

fn start_api_server(arguments: &[String], admin: &Access, directory: &Path) -> Process {
    let mut api_server = start("kube-apiserver", arguments, directory);
    until("readiness of the API server", || {
        api_server.assert_runs();
        (admin.kubectl(&["get", "--raw", "/readyz"]).code == 0).then_some(())
    });
    api_server
}

fn etcd_arguments(directory: &Path, client: &Port, peer: &Port) -> Vec<String> {
    let [client, peer] = [client, peer].map(|port| format!("http://127.0.0.1:{}", port.number()));
    vec![
        String::from("--name=real"),
        format!("--data-dir={}", directory.join("etcd").display()),
        // What is lost when the machine goes down is of no use then.
        String::from("--unsafe-no-fsync"),
        String::from("--log-level=warn"),
        String::from("--socket-reuse-port"),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=real={peer}"),
    ]
}

fn api_server_arguments(
    directory: &Path,
    authority: &Authority,
    etcd: &Port,
    (address, secure): (Ipv4Addr, &Port),
) -> Vec<String> {
    let serving = authority.server("kube-apiserver", &[address, API_SERVICE]);
    let (signing, checking) = authority.signing_keys("service-accounts");
    let policy = directory.join("audit-policy.yaml");
    fs::write(&policy, audit::POLICY).unwrap();
    vec![
        format!("--etcd-servers=http://127.0.0.1:{}", etcd.number()),
        format!("--bind-address={address}"),
        format!("--advertise-address={address}"),
        format!("--secure-port={}", secure.number()),
        String::from("--permit-port-sharing"),
        format!("--tls-cert-file={}", serving.certificate.display()),
        format!("--tls-private-key-file={}", serving.key.display()),
        format!("--client-ca-file={}", authority.own.certificate.display()),
        String::from("--service-account-issuer=https://kubernetes.default.svc"),
        format!("--service-account-signing-key-file={}", signing.display()),
        format!("--service-account-key-file={}", checking.display()),
        String::from("--service-cluster-ip-range=10.96.0.0/24"),
        String::from("--authorization-mode=Node,RBAC"),
        format!("--audit-policy-file={}", policy.display()),
        format!("--audit-log-path={}", directory.join("audit.log").display()),
    ]
}

fn controller_manager_arguments(manager: &Access, authority: &Authority, more: &[&str]) -> Vec<String> {
    let kubeconfig = manager.kubeconfig().display();
    let controllers = [&CONTROLLERS, more].concat().join(",");
    vec![
        format!("--kubeconfig={kubeconfig}"),
        format!("--controllers={controllers}"),
        format!("--root-ca-file={}", authority.own.certificate.display()),
        String::from("--use-service-account-credentials"),
        String::from("--leader-elect=false"),
        // It serves nobody.
        String::from("--secure-port=0"),
    ]
}
