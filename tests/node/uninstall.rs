//! The end of a release, and the next one.

use crate::harness::wait::until;
use crate::node::Node;
use crate::release::{NAMESPACE, apply_acme, declared, install, lets_in, pods, ready};

pub(crate) fn tenants_outlive_the_release() {
    let node = Node::start();
    install(&node, &[]);
    apply_acme(&node);
    let before = declared(&node);

    let uninstall = [
        "uninstall",
        "tenantry",
        "--namespace",
        NAMESPACE,
        "--wait",
        "--timeout=2m",
    ];
    node.admin().helm(&uninstall).ok();
    until("the pods to go", || pods(&node).is_empty().then_some(()));
    assert_eq!(declared(&node), before);

    // The last pod may have lost its rights before it could give the lease back: the next one waits for it then.
    install(&node, &[]);
    ready(&node, 1);
    assert_eq!(declared(&node), before);
    lets_in(&node, "after-all");
}
