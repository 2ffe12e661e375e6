//! A control plane: its programs, and what it offers to tests.

use std::fs;
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
const CONTROLLERS: &str = "--controllers=namespace-controller,garbage-collector-controller,serviceaccount-controller,\
    clusterrole-aggregation-controller,validatingadmissionpolicy-status-controller";

/// A control plane, until it is dropped.
pub(crate) struct ControlPlane {
    directory: PathBuf,
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
        let directory = directory::fresh();
        let authority = Authority::new(directory.join("pki"));
        let [client, peer, secure] = [(); 3].map(|()| Port::reserve());
        let cluster = json!({
            "server": format!("https://127.0.0.1:{}", secure.number()),
            "certificate-authority": authority.own.certificate,
        });
        let admin = authority.client("admin", "/O=system:masters/CN=admin");
        let admin = Access::new(&directory, "admin", &cluster, &by_certificate(&admin));
        let manager = authority.client("controller-manager", "/CN=system:kube-controller-manager");
        let manager = Access::new(&directory, "controller-manager", &cluster, &by_certificate(&manager));

        let etcd = start("etcd", &etcd_arguments(&directory, &client, &peer), &directory);
        let api_server_arguments = api_server_arguments(&directory, &authority, &client, &secure);
        let api_server = start_api_server(&api_server_arguments, &admin, &directory);
        let mut controller_manager = start(
            "kube-controller-manager",
            &controller_manager_arguments(&manager),
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
        let kubeconfig: Value = serde_json::from_slice(&fs::read(self.admin.kubeconfig()).unwrap()).unwrap();
        Access::new(
            &self.directory,
            &format!("{namespace}.{name}"),
            &kubeconfig["clusters"][0]["cluster"],
            &json!({"token": token.trim_end()}),
        )
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

fn api_server_arguments(directory: &Path, authority: &Authority, etcd: &Port, secure: &Port) -> Vec<String> {
    let serving = authority.server("kube-apiserver");
    let (signing, checking) = authority.signing_keys("service-accounts");
    let policy = directory.join("audit-policy.yaml");
    fs::write(&policy, audit::POLICY).unwrap();
    vec![
        format!("--etcd-servers=http://127.0.0.1:{}", etcd.number()),
        String::from("--bind-address=127.0.0.1"),
        String::from("--advertise-address=127.0.0.1"),
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

fn controller_manager_arguments(manager: &Access) -> Vec<String> {
    let kubeconfig = manager.kubeconfig().display();
    vec![
        format!("--kubeconfig={kubeconfig}"),
        CONTROLLERS.to_owned(),
        String::from("--use-service-account-credentials"),
        String::from("--leader-elect=false"),
        // It serves nobody.
        String::from("--secure-port=0"),
    ]
}
