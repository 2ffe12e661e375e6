//! Keys and certificates of a control plane, made with the `openssl` program.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A certificate with its key.
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// A certificate authority of its own for each control plane.
pub(crate) struct Authority {
    directory: PathBuf,
    pub(crate) own: Pair,
}

impl Authority {
    pub(crate) fn new(directory: PathBuf) -> Self {
        fs::create_dir(&directory).unwrap();
        // Only what is said on the command line goes into a certificate, not what the machine's configuration adds.
        fs::write(
            directory.join("openssl.cnf"),
            "[req]\ndistinguished_name = empty\n[empty]\n",
        )
        .unwrap();
        let own = pair(&directory, "ca");
        let extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"];
        make(&directory, &own, "/CN=tenantry test", &extensions, None);
        Self { directory, own }
    }

    /// A certificate for a server at these addresses.
    pub(crate) fn server(&self, name: &str, addresses: &[Ipv4Addr]) -> Pair {
        let mut names = String::from("subjectAltName=DNS:localhost,DNS:kubernetes.default.svc");
        for address in addresses {
            names.push_str(&format!(",IP:{address}"));
        }
        self.sign(name, &format!("/CN={name}"), &["extendedKeyUsage=serverAuth", &names])
    }

    /// A certificate by which a client is known: `/O=GROUP/CN=USER`.
    pub(crate) fn client(&self, name: &str, subject: &str) -> Pair {
        self.sign(name, subject, &["extendedKeyUsage=clientAuth"])
    }

    /// A private key to sign tokens with, and the public one to check them by.
    pub(crate) fn signing_keys(&self, name: &str) -> (PathBuf, PathBuf) {
        let private = self.directory.join(format!("{name}.key"));
        let public = self.directory.join(format!("{name}.pub"));
        let generate = [
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-out",
        ];
        run(Command::new("openssl").args(generate).arg(&private));
        let extract = ["pkey", "-pubout", "-in"];
        run(Command::new("openssl")
            .args(extract)
            .arg(&private)
            .arg("-out")
            .arg(&public));
        (private, public)
    }

    fn sign(&self, name: &str, subject: &str, extensions: &[&str]) -> Pair {
        let pair = pair(&self.directory, name);
        make(&self.directory, &pair, subject, extensions, Some(&self.own));
        pair
    }
}

fn pair(directory: &Path, name: &str) -> Pair {
    Pair {
        certificate: directory.join(format!("{name}.crt")),
        key: directory.join(format!("{name}.key")),
    }
}

fn make(directory: &Path, pair: &Pair, subject: &str, extensions: &[&str], issuer: Option<&Pair>) {
    let mut command = Command::new("openssl");
    command
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .arg("-config")
        .arg(directory.join("openssl.cnf"))
        .args(["-subj", subject, "-keyout"])
        .arg(&pair.key)
        .arg("-out")
        .arg(&pair.certificate);
    for extension in extensions {
        command.args(["-addext", extension]);
    }
    if let Some(issuer) = issuer {
        command
            .arg("-CA")
            .arg(&issuer.certificate)
            .arg("-CAkey")
            .arg(&issuer.key);
    }
    run(&mut command);
}

fn run(command: &mut Command) {
    let ran = command.output().unwrap_or_else(|error| panic!("openssl: {error}"));
    assert!(
        ran.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
}
