//! Pods that go: by the book, and by force.

use std::fs;
use std::process::Command;

use crate::harness::wait::until;
use crate::node::{self, Node};
use crate::release::{NAMESPACE, apply_acme, holder, install, lets_in, name, ready, restarts};

pub(crate) fn one_after_another_goes_on() {
    let node = Node::start();
    install(&node, &["--set", "replicas=2"]);
    let both = ready(&node, 2);
    apply_acme(&node);

    // On a node that takes no more pods, so that the one in its place cannot be faster.
    node.admin().kubectl(&["cordon", node::NAME]).ok();
    let deleted = leader(&node);
    let other = both.iter().map(name).find(|name| *name != deleted).unwrap();
    let delete = ["delete", "pod", &deleted, "--namespace", NAMESPACE];
    node.admin().kubectl(&delete).ok();
    until("the other one to hold the lease", || {
        (leader(&node) == other).then_some(())
    });
    lets_in(&node, "after-a-deletion");
    node.admin().kubectl(&["uncordon", node::NAME]).ok();
    let pods = ready(&node, 2);
    assert!(pods.iter().all(|pod| restarts(pod) == 0), "{pods:?}");

    let silent = holder(&node).unwrap();
    kill(other);
    until("a process that lives to hold the lease", || {
        holder(&node).filter(|now| *now != silent)
    });
    lets_in(&node, "after-a-kill");
    until("the container to run again", || {
        let pods = ready(&node, 2);
        (pods.iter().map(restarts).sum::<u64>() == 1).then_some(())
    });
}

/// The pod that holds the lease.
fn leader(node: &Node) -> String {
    let holder = until("a holder of the lease", || holder(node));
    holder.split('_').next().unwrap().to_owned()
}

/// Kills the process of a pod: it can say goodbye to nobody.
fn kill(pod: &str) {
    let variable = format!("POD_NAME={pod}");
    let has_it = |process: &str| {
        let environment = fs::read_to_string(format!("/proc/{process}/environ")).unwrap_or_default();
        environment.split('\0').any(|entry| entry == variable)
    };
    let entries = fs::read_dir("/proc").unwrap();
    let mut processes = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let process = processes.find(|process| has_it(process)).unwrap();
    assert!(
        Command::new("kill")
            .args(["-KILL", &process])
            .status()
            .unwrap()
            .success()
    );
}
