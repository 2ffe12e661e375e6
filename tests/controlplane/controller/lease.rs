//! Of two controllers one writes: whoever holds the lease, and can be sure of it.

use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tenantry::controller::Ended;

use super::crowd::Crowd;
use super::{LEASE, Plane, Running, SYSTEM};
use crate::harness::access::Access;
use crate::harness::audit::Write;
use crate::harness::wait::until;

/// Writes of one tenant that a controller has under way at a time. These it cannot take back.
const IN_HAND: usize = 16;
/// The controller of the chart.
const CONTROLLER: &str = "system:serviceaccount:tenantry-system:tenantry";
/// Who stands in for it.
const DEPUTY: &str = "system:serviceaccount:tenantry-system:deputy";
/// How long others leave a lease alone that is not renewed.
const DURATION: Duration = Duration::from_secs(15);
/// How far a clock is off, in seconds.
const SKEW: i64 = 60;

/// A part of the lease, as a JSONPath says.
fn lease(plane: &Plane, part: &str) -> String {
    let output = format!("jsonpath={part}");
    let get = ["get", "lease", LEASE, "-n", SYSTEM, "-o", &output];
    let got = plane.control_plane.admin().kubectl(&get);
    got.out
}

fn holder(plane: &Plane) -> Option<String> {
    let holder = lease(plane, "{.spec.holderIdentity}");
    (!holder.is_empty()).then_some(holder)
}

#[test]
fn the_next_takes_over_at_once_when_the_lease_is_given_back_whatever_the_clocks_say() {
    let plane = Plane::start();
    let first = plane.run("first");
    held_by(&plane, "first");
    let namespace = plane.tenant("handover");
    plane.reason(&namespace, "Tenant", "tenant", "Valid");
    let ahead = plane.spawn("ahead", SKEW);
    at_once(|| {
        first.stop().unwrap();
        held_by(&plane, "ahead");
    });
    assert_renewed_at_skewed_clock(&plane, SKEW);
    let behind = plane.spawn("behind", -SKEW);
    at_once(|| {
        ahead.signal("TERM");
        held_by(&plane, "behind");
    });
    assert_renewed_at_skewed_clock(&plane, -SKEW);
    let last = plane.run("last");
    at_once(|| {
        behind.signal("TERM");
        held_by(&plane, "last");
    });
    assert_eq!([ahead.ended(), behind.ended()], [Some(0); 2]);
    plane.apply(
        &namespace,
        "User",
        "bob",
        "{account: bob.smith, name: Bob, roles: [ordinary-user]}",
    );
    plane.reason(&namespace, "User", "bob", "Active");
    last.stop().unwrap();
}

/// Waits until the lease is held by one whose identity begins so.
fn held_by(plane: &Plane, identity: &str) {
    until(&format!("{identity} to hold the lease"), || {
        holder(plane).filter(|holder| holder.starts_with(identity))
    });
}

/// Nobody has to wait for the end of a lease meanwhile.
fn at_once(act: impl FnOnce()) {
    let began = Instant::now();
    act();
    assert!(began.elapsed() < DURATION, "{:?}", began.elapsed());
}

/// The lease was renewed just now, by a clock so many seconds ahead.
fn assert_renewed_at_skewed_clock(plane: &Plane, ahead: i64) {
    let renewed: Timestamp = lease(plane, "{.spec.renewTime}").parse().unwrap();
    let off = renewed.duration_since(Timestamp::now()).as_secs() - ahead;
    assert!((-20..=2).contains(&off), "{renewed}");
}

#[test]
fn one_that_lost_the_lease_writes_nothing_more_and_ends() {
    let plane = Plane::start();
    let crowd = Crowd::gather(&plane, 160);
    let first = plane.run("first");
    crowd.caught_up();
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
    let lease = ["patch", "lease", LEASE, "-n", SYSTEM];
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
            let renewed = Timestamp::now() + jiff::SignedDuration::from_secs(skew);
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
        assert!(began.elapsed() >= DURATION, "{name}: {:?}", began.elapsed());
        next.stop().unwrap();
    }
}

#[test]
fn a_frozen_leader_writes_at_most_the_requests_in_hand_when_it_thaws_whatever_its_clock_says() {
    both_ways(freeze_and_thaw);
}

/// Freezes a leader in the middle of its writing, with a clock so many seconds ahead, and thaws it when another has written
/// all the rest.
fn freeze_and_thaw(ahead: i64) {
    let plane = Plane::start();
    let crowd = Crowd::gather(&plane, 200);
    let mut leader = plane.spawn("leader", ahead);
    crowd.caught_up();
    let next = Running::start(&deputy(&plane), LEASE, "next");
    let audit = plane.control_plane.audit();
    let edited = audit.mark();
    crowd.edit("Edit");
    until("it to be in the middle of its writing", || {
        (!written_by(CONTROLLER, audit.writes(edited)).is_empty()).then_some(())
    });
    leader.signal("STOP");
    let behind = crowd.behind();
    assert!(behind > 2 * IN_HAND, "it has too little left to write: {behind}");
    // When it thaws the API server does not tell it that the lease is another's: only its own fence can know.
    keep_from_leases(&plane);

    held_by(&plane, "next");
    crowd.caught_up();
    next.settled();
    let (mark, versions) = (audit.mark(), crowd.versions());
    leader.signal("CONT");
    let late = || written_by(CONTROLLER, audit.writes(mark));
    until("the leader to end, or to go on writing", || {
        (leader.has_ended() || late().len() > IN_HAND).then_some(())
    });
    // None of these is taken: the next has written them all.
    let late = late();
    assert!(late.len() <= IN_HAND, "{} writes: {late:#?}", late.len());
    assert!(late.iter().all(|write| write.code >= 400), "{late:#?}");
    assert_ne!(leader.ended(), Some(0));
    assert_eq!(crowd.versions(), versions);
    next.stop().unwrap();
}

#[test]
fn one_that_cannot_renew_the_lease_stops_before_the_next_begins_whatever_its_clock_says() {
    both_ways(|ahead| {
        let plane = Plane::start();
        let crowd = Crowd::gather(&plane, 20);
        let mut leader = plane.spawn("leader", ahead);
        crowd.caught_up();
        let deputy = deputy(&plane);
        let next = Running::start(&deputy, LEASE, "next");
        let audit = plane.control_plane.audit();
        let mark = audit.mark();
        let late = || {
            let writes = audit.writes(mark).into_iter();
            written_by(CONTROLLER, writes.skip_while(|write| write.user != DEPUTY).collect())
        };
        crowd.busy(|| {
            keep_from_leases(&plane);
            held_by(&plane, "next");
            until("the leader to end, or to go on writing", || {
                (leader.has_ended() || !late().is_empty()).then_some(())
            });
        });
        assert!(!written_by(CONTROLLER, audit.writes(mark)).is_empty());
        assert_eq!(late(), []);
        assert_ne!(leader.ended(), Some(0));
        crowd.caught_up();
        next.stop().unwrap();
    });
}

/// Does it with a clock that is ahead, and one that is behind, at the same time: most of it is waiting.
fn both_ways(act: impl Fn(i64) + Sync) {
    thread::scope(|scope| {
        let act = &act;
        for ahead in [SKEW, -SKEW] {
            scope.spawn(move || act(ahead));
        }
    });
}

/// Another ServiceAccount with the rights of the controller's: the audit log tells them apart.
fn deputy(plane: &Plane) -> Access {
    let admin = plane.control_plane.admin();
    let account = format!("--serviceaccount={SYSTEM}:deputy");
    for create in [
        &["serviceaccount", "deputy"][..],
        &[
            "clusterrolebinding",
            "deputy",
            "--clusterrole=tenantry-controller",
            &account,
        ],
        &["rolebinding", "deputy", "--role=tenantry-lease", &account],
    ] {
        admin.kubectl(&[&["create", "-n", SYSTEM], create].concat()).ok();
    }
    plane.control_plane.service_account(SYSTEM, "deputy")
}

/// From now on the controller of the chart can neither renew the lease nor see whose it is.
fn keep_from_leases(plane: &Plane) {
    let delete = ["delete", "rolebinding", "tenantry-lease", "-n", SYSTEM];
    plane.control_plane.admin().kubectl(&delete).ok();
}
