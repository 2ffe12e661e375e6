//! A cluster of one node: a control plane of the harness, and in this machine containerd, kubelet, kube-proxy and scheduler.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::access::Access;
use crate::harness::process::Process;
use crate::harness::programs::{program, run};
use crate::harness::wait::until;
use crate::harness::{ControlPlane, Ran};
use crate::images;

/// The one that `tests/node/machine` gives.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const PODS: &str = "10.244.0.0/24";
pub(crate) const NAME: &str = "node1";

/// What a cluster needs besides to run Deployments: their pods, the certificate that pods trust, Services, drains, and
/// opening a node to pods once it is ready.
const CONTROLLERS: [&str; 6] = [
    "deployment-controller",
    "replicaset-controller",
    "root-ca-certificate-publisher-controller",
    "endpointslice-controller",
    "disruption-controller",
    "node-lifecycle-controller",
];

/// The cluster, until it is dropped. What the kubelet has started ends with the machine.
pub(crate) struct Node {
    plane: ControlPlane,
    _programs: [Process; 4],
}

impl Node {
    /// Starts it, and waits until it takes pods.
    pub(crate) fn start() -> Self {
        let plane = ControlPlane::start_at(ADDRESS, &CONTROLLERS);
        let directory = plane.directory();
        let containerd = containerd(directory);
        let scheduler = scheduler(&plane);
        let kubelet = kubelet(&plane);
        let proxy = proxy(&plane);
        let mut programs = [containerd, scheduler, kubelet, proxy];
        until("the node to take pods", || {
            programs.iter_mut().for_each(Process::assert_runs);
            let node = plane.admin().kubectl(&["get", "node", NAME, "-o", "json"]);
            let node: Value = serde_json::from_str(&node.out).ok()?;
            let untainted = node["spec"]["taints"].is_null();
            (has_condition(&node, "Ready") && untainted).then_some(())
        });
        Self {
            plane,
            _programs: programs,
        }
    }

    pub(crate) fn plane(&self) -> &ControlPlane {
        &self.plane
    }

    pub(crate) fn admin(&self) -> &Access {
        self.plane.admin()
    }

    /// A list or an object, as kubectl gets it.
    pub(crate) fn get(&self, arguments: &[&str]) -> Value {
        let got = self.admin().kubectl(&[&["get", "-o", "json"], arguments].concat());
        serde_json::from_str(&got.ok()).unwrap()
    }

    /// Names an image once more.
    pub(crate) fn tag(&self, image: &str, name: &str) {
        ctr(&["images", "tag", image, name]).ok();
    }
}

/// Whether an object has a condition with the status `True`.
pub(crate) fn has_condition(object: &Value, name: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    let mut named = conditions.filter(|condition| condition["type"] == name);
    named.any(|condition| condition["status"] == "True")
}

fn containerd(directory: &Path) -> Process {
    let network = json!({
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [{
            "type": "bridge",
            "bridge": "pods0",
            "isGateway": true,
            "ipam": {"type": "host-local", "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]},
        }],
    });
    let networks = directory.join("networks");
    fs::create_dir(&networks).unwrap();
    fs::write(networks.join("pods.conflist"), network.to_string()).unwrap();
    let configuration = directory.join("containerd.toml");
    // The score: root in a container may not lower it, and runc fails where it is asked to.
    let text = format!(
        r#"version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{networks}"
"#,
        pause = images::PAUSE,
        networks = networks.display()
    );
    fs::write(&configuration, text).unwrap();
    let arguments = [String::from("--config"), configuration.display().to_string()];
    let mut containerd = Process::start(Path::new("/usr/bin/containerd"), &arguments, directory);
    until("containerd", || {
        containerd.assert_runs();
        (ctr(&["version"]).code == 0).then_some(())
    });
    for archive in images::archives() {
        ctr(&["images", "import", archive.to_str().unwrap()]).ok();
    }
    containerd
}

/// Runs containerd's own client where the kubelet's images are.
fn ctr(arguments: &[&str]) -> Ran {
    run(Command::new("ctr").args(["--namespace", "k8s.io"]).args(arguments), "")
}

fn scheduler(plane: &ControlPlane) -> Process {
    let access = plane.by_certificate("scheduler", "/CN=system:kube-scheduler");
    let arguments = [
        format!("--kubeconfig={}", access.kubeconfig().display()),
        String::from("--leader-elect=false"),
        // It serves nobody.
        String::from("--secure-port=0"),
    ];
    Process::start(&program("kube-scheduler"), &arguments, plane.directory())
}

fn kubelet(plane: &ControlPlane) -> Process {
    let access = plane.by_certificate("kubelet", &format!("/O=system:nodes/CN=system:node:{NAME}"));
    let directory = plane.directory();
    let configuration = json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": ADDRESS,
        "authentication": {"anonymous": {"enabled": false}, "webhook": {"enabled": true}},
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": std::env::var("NODE_CGROUP").unwrap(),
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        // How full the disk of the machine is, and whether it swaps, is not what these tests are about.
        "evictionHard": {"memory.available": "100Mi"},
        "failCgroupV1": false,
        "failSwapOn": false,
        "imageGCHighThresholdPercent": 100,
        // They outlive the machine.
        "podLogsDir": directory.join("pods"),
        "resolvConf": "",
    });
    let arguments = [
        format!("--config={}", write(directory, "kubelet", &configuration)),
        format!("--kubeconfig={}", access.kubeconfig().display()),
        format!("--hostname-override={NAME}"),
        format!("--node-ip={ADDRESS}"),
    ];
    Process::start(&program("kubelet"), &arguments, directory)
}

fn proxy(plane: &ControlPlane) -> Process {
    let access = plane.by_certificate("kube-proxy", "/CN=system:kube-proxy");
    let directory = plane.directory();
    let configuration = json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "bindAddress": ADDRESS,
        "clientConnection": {"kubeconfig": access.kubeconfig()},
        "clusterCIDR": PODS,
        // The table of connections is the machine's.
        "conntrack": {"maxPerCore": 0},
        "hostnameOverride": NAME,
        "mode": "iptables",
    });
    let arguments = [format!("--config={}", write(directory, "kube-proxy", &configuration))];
    Process::start(&program("kube-proxy"), &arguments, directory)
}

/// Writes a configuration file; its path.
fn write(directory: &Path, name: &str, configuration: &Value) -> String {
    let path = directory.join(format!("{name}.json"));
    fs::write(&path, configuration.to_string()).unwrap();
    path.display().to_string()
}
