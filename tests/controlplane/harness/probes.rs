//! What GitOps tools make of objects, by their own code.

use std::path::Path;
use std::process::Command;

use super::programs::{program, run};

/// What Flux makes of objects (a JSON list, as `kubectl get -o json` prints it): a line for each, `KIND/NAMESPACE/NAME`,
/// the word of kstatus, and its message, with tabs between them.
pub(crate) fn kstatus(objects: &str) -> String {
    run(&mut Command::new(program("kstatus")), objects).ok()
}

/// What Argo CD makes of objects by a health script in Lua, in the same form.
pub(crate) fn argo_health(script: &Path, objects: &str) -> String {
    run(Command::new(program("argohealth")).arg(script), objects).ok()
}
