//! A real control plane for the tests: etcd, kube-apiserver and kube-controller-manager as they are released, built by
//! `tests/controlplane/real/build` and run on loopback.
//!
//! [`shared`] is the one that all tests of a test program use; it has our CRDs. Each test works in namespaces of its own
//! ([`ControlPlane::namespace`]). A test that kills or restarts something starts its own ([`ControlPlane::start`]).
//! [`access`] is how a test talks to it, as the administrator or as a ServiceAccount; [`audit`] tells who wrote what;
//! [`wait`] is the only way to wait; [`probes`] tell what GitOps tools make of objects, [`planned`] what `plan` says of them.
//!
//! Nothing outlives the test program, however it ends ([`process`]); logs do ([`directory`]).

#![allow(dead_code, reason = "each program that shares it uses a part of it")]

pub(crate) mod access;
pub(crate) mod audit;
mod certificates;
mod directory;
mod plane;
pub(crate) mod planned;
mod ports;
pub(crate) mod probes;
pub(crate) mod process;
pub(crate) mod programs;
pub(crate) mod wait;

use std::path::Path;
use std::sync::LazyLock;

pub(crate) use plane::ControlPlane;
pub(crate) use programs::Ran;

/// The control plane of this test program, with our CRDs.
pub(crate) fn shared() -> &'static ControlPlane {
    &SHARED.plane
}

/// What kubectl said when it installed the CRDs of the shared control plane.
pub(crate) fn installation() -> &'static Ran {
    &SHARED.installation
}

struct Shared {
    plane: ControlPlane,
    installation: Ran,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let plane = ControlPlane::start();
    let installation = plane.install_crds();
    Shared { plane, installation }
});

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
