//! Access ends and begins at its very second, without anybody touching anything.

use std::time::Duration;

use tenantry::api::Moment;

use super::{Plane, actions, shared};

fn ahead(seconds: i64) -> Moment {
    Moment::from_seconds(Moment::from_clock().seconds() + seconds).unwrap()
}

const EDITOR: &str = "{displayName: Editor, permissions: [{object: Campaign, actions: [Edit]}]}";

#[test]
fn a_user_expires_at_her_moment_by_the_real_clock() {
    let namespace = shared().tenant("expiry");
    shared().apply(&namespace, "Role", "editor", EDITOR);
    let until = ahead(12);
    shared().apply(
        &namespace,
        "User",
        "bob",
        &format!("{{account: bob.smith, name: Bob, roles: [editor], validUntil: \"{until}\"}}"),
    );
    let status = shared().reason(&namespace, "User", "bob", "Active");
    assert_eq!(status["nextTransition"], until.to_string());
    let status = shared().reason(&namespace, "User", "bob", "Expired");
    assert!(actions(&status, "Campaign").is_empty());
    assert!(Moment::from_clock() >= until);
    let conditions = status["conditions"].as_array().unwrap();
    // Ready has been True all along, as an Expired user is no fault; the controller wrote when the moment had come.
    assert!(conditions.iter().all(|condition| condition["status"] == "True"));
    let written = &shared().get(&namespace, "User", "bob").unwrap();
    assert!(written["status"].get("nextTransition").is_none());
}

#[test]
fn moments_far_ahead_come_when_the_clock_gets_there() {
    let plane = Plane::start();
    let running = plane.run("moved");
    let namespace = plane.tenant("moved");
    plane.apply(&namespace, "Role", "editor", EDITOR);
    let (from, until) = (ahead(100_000), ahead(200_000));
    plane.apply(
        &namespace,
        "User",
        "bob",
        &format!(
            "{{account: bob.smith, name: Bob, roles: [ordinary-user], temporaryRoles: [{{role: editor, validFrom: \"{from}\", validUntil: \"{until}\"}}]}}"
        ),
    );
    let held = |status: &serde_json::Value| actions(status, "Campaign");
    let status = plane.reason(&namespace, "User", "bob", "Active");
    assert!(held(&status).is_empty());
    assert_eq!(status["nextTransition"], from.to_string());
    running.clock.advance(Duration::from_secs(100_000));
    let status = plane.status(&namespace, "User", "bob", |status| held(status) == ["Edit", "View"]);
    assert_eq!(status["nextTransition"], until.to_string());
    running.clock.advance(Duration::from_secs(100_000));
    let status = plane.status(&namespace, "User", "bob", |status| held(status).is_empty());
    assert!(status.get("nextTransition").is_none());
    running.stop().unwrap();
}
