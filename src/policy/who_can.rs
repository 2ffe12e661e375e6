//! Who can: everyone whom the first six rules of a decision allow an action on some record.

use serde::Serialize;

use super::access::held;
use super::action_set::ActionIx;
use super::evaluate::{Access, Evaluation};
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
        let users = access.users.iter().map(|(_, user)| user);
        let holders = users.filter(|user| self.allows_on_any_record(&user.object.name, action).is_ok());
        holders.map(|user| holder(access, user, action)).collect()
    }
}

fn holder(access: &Access, user: &User, action: ActionIx) -> Holder {
    let giving = held(&access.roles, &user.state).filter(|(_, role)| role.actions.contains(action));
    let roles = giving.map(|(_, role)| role.name.clone()).collect();
    let gives = |held: &&super::held::Held| {
        access
            .roles
            .get(held.role)
            .is_some_and(|role| role.actions.contains(action))
    };
    let ends: Option<Vec<Moment>> = user
        .state
        .roles
        .iter()
        .filter(gives)
        .map(super::held::Held::valid_until)
        .collect();
    let roles_end = ends.and_then(|ends| ends.into_iter().max());
    let spec = &user.object.spec;
    let activation = spec.activation.as_ref().map(|activation| activation.valid_until);
    let valid_until = [roles_end, spec.valid_until, activation].into_iter().flatten().min();
    Holder {
        user: user.object.name.clone(),
        roles,
        valid_until,
    }
}
