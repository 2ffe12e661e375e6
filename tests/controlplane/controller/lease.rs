//! Of two controllers one writes: whoever holds the lease, and can be sure of it.

use std::time::{Duration, Instant};

use tenantry::controller::Ended;

use super::crowd::Crowd;
use super::{Plane, Running, SYSTEM, actions};
use crate::harness::audit::Write;
use crate::harness::wait::until;

/// Writes of one tenant that a controller has under way at a time. These it cannot take back.
const IN_HAND: usize = 16;
/// The controller of the chart.
const CONTROLLER: &str = "system:serviceaccount:tenantry-system:tenantry";

fn holder(plane: &Plane) -> Option<String> {
    let get = [
        "get",
        "lease",
        "tenantry-controller",
        "-n",
        SYSTEM,
        "-o",
        "jsonpath={.spec.holderIdentity}",
    ];
    let got = plane.control_plane.admin().kubectl(&get);
    (got.code == 0 && !got.out.is_empty()).then_some(got.out)
}

#[test]
fn the_next_takes_over_at_once_when_the_lease_is_given_back() {
    let plane = Plane::start();
    let first = plane.run("first");
    until("a holder", || holder(&plane).filter(|holder| holder == "first"));
    let second = plane.run("second");
    let namespace = plane.tenant("handover");
    plane.reason(&namespace, "Tenant", "tenant", "Valid");
    first.stop().unwrap();
    until("the second to hold the lease", || {
        holder(&plane).filter(|holder| holder == "second")
    });
    plane.apply(
        &namespace,
        "User",
        "bob",
        "{account: bob.smith, name: Bob, roles: [ordinary-user]}",
    );
    plane.reason(&namespace, "User", "bob", "Active");
    second.stop().unwrap();
}

#[test]
fn one_that_lost_the_lease_writes_nothing_more_and_ends() {
    let plane = Plane::start();
    let first = plane.run("first");
    let crowd = Crowd::gather(&plane, 160);
    let audit = plane.control_plane.audit();
    // It finds out within two seconds. By then it has not written two thirds of what it has begun with.
    first.slow_down(Duration::from_millis(500));
    let edited = audit.mark();
    crowd.edit("Edit");
    until("the first writes", || {
        (!written_by(CONTROLLER, audit.writes(edited)).is_empty()).then_some(())
    });
    steal(&plane);
    first.lost_lease();
    let found_out = audit.mark();
    let ended = first.ended();
    assert!(matches!(ended, Err(Ended::LeaseLost)), "{ended:?}");
    assert_eq!(holder(&plane).as_deref(), Some("another"));
    let late = written_by(CONTROLLER, audit.writes(found_out));
    assert!(late.len() <= IN_HAND, "{late:#?}");
    let behind = crowd.behind();
    assert!(behind > IN_HAND, "it had nothing left to write: {behind}");
}

/// Takes the lease away, as the next one would after a long silence.
fn steal(plane: &Plane) {
    let stolen = r#"{"spec":{"holderIdentity":"another"}}"#;
    let lease = ["patch", "lease", "tenantry-controller", "-n", SYSTEM];
    let patch = [&lease[..], &["--type=merge", "-p", stolen]].concat();
    plane.control_plane.admin().kubectl(&patch).ok();
}

/// What somebody has written, but for leases.
fn written_by(user: &str, writes: Vec<Write>) -> Vec<Write> {
    let mut written = writes;
    written.retain(|write| write.user == user && write.resource != "leases");
    written
}

/// The holder's clock may be ahead or behind: how long its lease has been silent is told by one's own.
#[test]
fn a_silent_lease_is_taken_over_after_its_duration_whatever_moment_it_was_renewed_at() {
    let plane = Plane::start();
    let admin = plane.control_plane.admin();
    let runs: Vec<_> = [-60_i64, 0, 60]
        .into_iter()
        .map(|skew| {
            let name = format!("skewed-{}", skew + 60);
            let renewed = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(skew);
            let lease = format!(
                "apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {{name: {name}, namespace: {SYSTEM}}}\n\
                 spec: {{holderIdentity: silent, leaseDurationSeconds: 15, renewTime: \"{renewed:.6}\"}}\n"
            );
            admin.kubectl_with(&lease, &["create", "-f", "-"]).ok();
            (name.clone(), Instant::now(), Running::start(admin, &name, "next"))
        })
        .collect();
    for (name, began, next) in runs {
        let get = [
            "get",
            "lease",
            &name,
            "-n",
            SYSTEM,
            "-o",
            "jsonpath={.spec.holderIdentity}",
        ];
        until("the next to take over", || {
            (admin.kubectl(&get).ok() == "next").then_some(())
        });
        assert!(
            began.elapsed() >= Duration::from_secs(15),
            "{name}: {:?}",
            began.elapsed()
        );
        next.stop().unwrap();
    }
}

#[test]
fn a_frozen_leader_writes_at_most_the_request_in_hand_when_it_thaws() {
    let plane = Plane::start();
    let leader = plane.spawn("leader");
    until("the leader", || {
        holder(&plane).filter(|holder| holder.starts_with("leader"))
    });
    let namespace = plane.tenant("frozen");
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
        "{account: bob.smith, name: Bob, roles: [editor]}",
    );
    plane.reason(&namespace, "User", "bob", "Active");

    leader.signal("STOP");
    let next = plane.run("next");
    until("the next to take over", || {
        holder(&plane).filter(|holder| holder == "next")
    });
    plane.apply(
        &namespace,
        "Role",
        "editor",
        "{displayName: Editor, permissions: [{object: Campaign, actions: [View]}]}",
    );
    plane.status(&namespace, "User", "bob", |status| {
        actions(status, "Campaign") == ["View"]
    });
    // It may have found more to do than that: what the frozen one left undone.
    next.settled();
    let mark = plane.control_plane.audit().mark();
    // Both write as the same account: what the thawed one writes would be a status that moves again.
    let version = plane.get(&namespace, "User", "bob").unwrap()["metadata"]["resourceVersion"].clone();
    leader.signal("CONT");
    let code = leader.ended();
    assert_ne!(code, Some(0));
    let writes = plane.control_plane.audit().writes(mark);
    let statuses: Vec<_> = writes.iter().filter(|write| write.subresource == "status").collect();
    assert!(statuses.len() <= 1, "{statuses:?}");
    assert!(statuses.iter().all(|write| write.code == 409), "{statuses:?}");
    assert_eq!(
        plane.get(&namespace, "User", "bob").unwrap()["metadata"]["resourceVersion"],
        version
    );
    next.stop().unwrap();
}
