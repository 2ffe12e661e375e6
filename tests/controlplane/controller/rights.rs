//! What the controller may do, and what it does when there is nothing to do.

use super::{Plane, SYSTEM, shared};
use crate::harness::audit::count;
use crate::harness::wait::until;

#[test]
fn the_controller_can_read_no_secret() {
    for arguments in [
        ["auth", "can-i", "get", "secrets", "--all-namespaces"],
        ["auth", "can-i", "list", "secrets", "--all-namespaces"],
        ["auth", "can-i", "get", "secrets", "--namespace=tenantry-system"],
        ["auth", "can-i", "delete", "users.tenantry.dev", "--all-namespaces"],
        ["auth", "can-i", "update", "users.tenantry.dev", "--all-namespaces"],
        ["auth", "can-i", "patch", "users.tenantry.dev", "--all-namespaces"],
    ] {
        let answer = shared().account.kubectl(&arguments);
        assert_eq!(answer.out.trim_end(), "no", "{arguments:?}: {}", answer.err);
    }
}

#[test]
fn a_restart_over_a_settled_cluster_writes_nothing_but_the_lease() {
    let plane = Plane::start();
    let namespace = plane.tenant("settled");
    plane.apply(
        &namespace,
        "Role",
        "editor",
        "{displayName: Editor, permissions: [{object: Campaign, actions: [Edit]}]}",
    );
    plane.apply(
        &namespace,
        "User",
        "bob",
        "{account: bob.smith, name: Bob, roles: [editor, missing]}",
    );
    plane.apply(
        &namespace,
        "Organization",
        "emea",
        "{displayName: EMEA, parent: nowhere}",
    );
    let first = plane.run("first");
    plane.reason(&namespace, "User", "bob", "Active");
    plane.reason(&namespace, "Organization", "unassigned", "Valid");
    plane.reason(&namespace, "Role", "ordinary-user", "Valid");
    plane.reason(&namespace, "Tenant", "tenant", "Valid");
    first.settled();
    first.stop().unwrap();

    let audit = plane.control_plane.audit();
    let mark = audit.mark();
    let second = plane.run("second");
    until("a judgement by the second", || {
        let text = second.metrics.text();
        let judged = text
            .lines()
            .find_map(|line| line.strip_prefix("tenantry_judging_seconds_count "));
        (judged? != "0").then_some(())
    });
    second.settled();
    second.stop().unwrap();
    let user = format!("system:serviceaccount:{SYSTEM}:tenantry");
    let writes: Vec<_> = audit
        .writes(mark)
        .into_iter()
        .filter(|write| write.user == user)
        .collect();
    let counts = count(&writes);
    let others: Vec<_> = counts.keys().filter(|(_, what)| what != "leases").collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(counts.contains_key(&(user.as_str(), "leases".to_owned())));
}
