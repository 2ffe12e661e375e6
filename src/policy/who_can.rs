//! Who can: everyone whom the first six rules of a decision allow an action on some record.

use serde::Serialize;

use super::access::held;
use super::action_set::ActionIx;
use super::evaluate::{Access, Evaluation};
use super::moments::ahead;
use super::users::User;
use crate::api::Moment;

/// Someone who may.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// Her name.
    pub user: String,
    /// The roles that, alone, give the action, sorted.
    pub roles: Vec<String>,
    /// When time takes the action from her, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
}

impl Evaluation {
    /// Everyone who may, sorted by name.
    #[must_use]
    pub fn who_can(&self, action: ActionIx) -> Vec<Holder> {
        let Some(access) = self.access() else { return Vec::new() };
        let users = access.users.iter();
        let holders = users.filter(|user| self.allows_on_any_record(&user.object.name, action).is_ok());
        holders.map(|user| holder(self, access, user, action)).collect()
    }
}

fn holder(evaluation: &Evaluation, access: &Access, user: &User, action: ActionIx) -> Holder {
    let giving = held(&access.roles, &user.state).filter(|(_, role)| role.actions.contains(action));
    let roles = giving.map(|(_, role)| role.name.clone()).collect();
    let mut ahead = ahead(evaluation.now, user.moments()).into_iter();
    let valid_until = ahead.find(|at| {
        let state = evaluation.state_at(access, user, *at);
        !state.actions.contains(action)
    });
    Holder {
        user: user.object.name.clone(),
        roles,
        valid_until,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TENANT, evaluate};
    const EDITOR: &str = "Role acme/editor {displayName: E, permissions: [{object: Customer, actions: [Edit]}]}";

    /// Who can view customers: name, roles and end.
    fn holders(lines: &[&str]) -> Vec<String> {
        let evaluations = evaluate(lines);
        let action = evaluations[0].catalogue.find_action("Customer", "View").unwrap();
        let holders = evaluations[0].who_can(action).into_iter();
        holders
            .map(|holder| {
                let end = holder
                    .valid_until
                    .map(|end| format!(" until {end}"))
                    .unwrap_or_default();
                format!("{} {:?}{end}", holder.user, holder.roles)
            })
            .collect()
    }

    #[test]
    fn everyone_who_may_is_told_with_the_roles_that_give_it() {
        let viewer = "Role acme/viewer {displayName: V, permissions: [{object: Customer, actions: [View]}]}";
        let bob = "User acme/bob {account: bobb, name: Bob, roles: [viewer, ordinary-user, editor]}";
        let carol = "User acme/carol {account: carol, name: Carol, roles: [editor], enabled: false}";
        let dan = "User acme/dan {account: danny, name: Dan, roles: [ordinary-user]}";
        let lines = [TENANT, EDITOR, viewer, bob, carol, dan];
        assert_eq!(holders(&lines), ["bob [\"editor\", \"viewer\"]"]);
        assert_eq!(holders(&lines[1..]), [""; 0]);
    }

    #[test]
    fn the_end_is_the_first_at_which_no_way_is_left() {
        let until = |roles: &str| {
            holders(&[
                TENANT,
                EDITOR,
                &format!("User acme/bob {{account: bobb, name: Bob, {roles}}}"),
            ])
        };
        let one = "temporaryRoles: [{role: editor, validUntil: \"2026-12-05T00:00:00Z\"}, {role: ordinary-user, validUntil: \"2026-12-02T00:00:00Z\"}]";
        assert_eq!(
            until(&format!("roles: [ordinary-user], {one}")),
            ["bob [\"editor\"] until 2026-12-05T00:00:00Z"]
        );
        assert_eq!(until(&format!("roles: [editor], {one}")), ["bob [\"editor\"]"]);
        assert_eq!(
            until("roles: [editor], validUntil: \"2027-01-01T00:00:00Z\""),
            ["bob [\"editor\"] until 2027-01-01T00:00:00Z"]
        );
        let two = "roles: [ordinary-user], temporaryRoles: [{role: editor, validUntil: \"2026-12-02T00:00:00Z\"}, \
                   {role: editor, validFrom: \"2026-12-02T00:00:00Z\", validUntil: \"2026-12-09T00:00:00Z\"}]";
        assert_eq!(until(two), ["bob [\"editor\"] until 2026-12-09T00:00:00Z"]);
        let service = "type: Service, roles: [editor], activation: {validUntil: \"2026-12-09T00:00:00Z\"}, validUntil: \"2027-01-01T00:00:00Z\"";
        assert_eq!(until(service), ["bob [\"editor\"] until 2026-12-09T00:00:00Z"]);
    }
}
