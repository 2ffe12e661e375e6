//! How a test talks to a control plane: as somebody, with kubectl, helm or a client.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use super::programs::{Ran, program, run};

/// Somebody who is known to the API server.
pub(crate) struct Access {
    kubeconfig: PathBuf,
    /// Where programs keep their caches: a port comes again, and what they remember of it does not.
    home: PathBuf,
}

impl Access {
    /// Writes a kubeconfig. `user` is as there: a token, or a certificate and a key.
    pub(crate) fn new(directory: &Path, name: &str, cluster: &Value, user: &Value) -> Self {
        let kubeconfig = directory.join(format!("{name}.kubeconfig"));
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "real", "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": "real", "user": name}}],
            "current-context": name,
        });
        fs::write(&kubeconfig, config.to_string()).unwrap();
        Self {
            kubeconfig,
            home: directory.join("home"),
        }
    }

    /// Whoever a kubeconfig that was written here is about.
    pub(crate) fn of(kubeconfig: &Path) -> Self {
        Self {
            kubeconfig: kubeconfig.to_owned(),
            home: kubeconfig.parent().unwrap().join("home"),
        }
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Runs kubectl.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Ran {
        self.kubectl_with("", arguments)
    }

    /// Runs kubectl with text on its standard input, for `-f -`.
    pub(crate) fn kubectl_with(&self, input: &str, arguments: &[&str]) -> Ran {
        run(self.command("kubectl").args(arguments), input)
    }

    /// Runs helm.
    pub(crate) fn helm(&self, arguments: &[&str]) -> Ran {
        run(self.command("helm").args(arguments), "")
    }

    /// Runs our own program with text on its standard input.
    pub(crate) fn tenantry_with(&self, input: &str, arguments: &[&str]) -> Ran {
        run(self.as_this(env!("CARGO_BIN_EXE_tenantry")).args(arguments), input)
    }

    /// One of the programs, as this somebody.
    fn command(&self, name: &str) -> Command {
        self.as_this(program(name))
    }

    fn as_this(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("KUBECONFIG", &self.kubeconfig).env("HOME", &self.home);
        for variable in ["KUBECACHEDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
            command.env_remove(variable);
        }
        command
    }

    /// A client that tries nothing twice by itself. It belongs to the runtime in which it is made.
    pub(crate) async fn client(&self) -> Client {
        let kubeconfig = Kubeconfig::read_from(&self.kubeconfig).unwrap();
        let options = KubeConfigOptions::default();
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        config.default_retry = false;
        Client::try_from(config).unwrap()
    }
}
