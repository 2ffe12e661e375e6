//! The control plane on which the runs take place, one after another and beside each other.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tenantry::policy::Catalogue;
use tokio::runtime::Builder;

use super::witness::Witness;
use crate::controller::{Plane, SYSTEM};

/// One for all runs of this test program.
pub(crate) fn stage() -> &'static Stage {
    &STAGE
}

static STAGE: LazyLock<Stage> = LazyLock::new(Stage::set);

pub(crate) struct Stage {
    pub(crate) witness: Witness,
    pub(crate) catalogue: Arc<Catalogue>,
    /// The controller's.
    account: Config,
    admin: Config,
    /// What all of it happens on.
    _plane: Plane,
}

impl Stage {
    fn set() -> Self {
        let plane = Plane::start();
        let admin = plane.control_plane.admin();
        // A lease for each run, so that runs can be beside each other. The chart's rights are for one lease.
        let role = [
            "create",
            "clusterrole",
            "leases",
            "--resource=leases",
            "--verb=create,get,update",
        ];
        admin.kubectl(&role).ok();
        let account = format!("--serviceaccount={SYSTEM}:tenantry");
        let binding = [
            "create",
            "clusterrolebinding",
            "leases",
            "--clusterrole=leases",
            &account,
        ];
        admin.kubectl(&binding).ok();
        Self {
            witness: Witness::start(admin),
            catalogue: Arc::new(Catalogue::builtin().unwrap()),
            account: config(plane.account.kubeconfig()),
            admin: config(admin.kubeconfig()),
            _plane: plane,
        }
    }

    /// A client of one who may do everything. It belongs to the runtime in which it is made.
    pub(crate) fn admin(&self) -> Client {
        tenantry::controller::client(self.admin.clone()).unwrap()
    }

    /// The controller's client, by way of a proxy on that port.
    pub(crate) fn controller(&self, port: u16) -> Client {
        let mut config = self.account.clone();
        config.cluster_url = format!("http://127.0.0.1:{port}").parse().unwrap();
        tenantry::controller::client(config).unwrap()
    }

    /// A client of nobody: it only passes on.
    pub(crate) fn upstream(&self) -> Client {
        let mut config = self.account.clone();
        config.auth_info = AuthInfo::default();
        tenantry::controller::client(config).unwrap()
    }
}

fn config(kubeconfig: &Path) -> Config {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let options = KubeConfigOptions::default();
    runtime
        .block_on(Config::from_custom_kubeconfig(kubeconfig, &options))
        .unwrap()
}
