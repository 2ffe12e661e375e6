//! A decision on "any record": the first six rules, as far as an evaluation at one moment answers them.
//!
//! An allow says that some record may be allowed, no more. The rules about a record itself come with decisions on records.

use super::action_set::ActionIx;
use super::evaluate::Evaluation;
use super::users::UserRef;
use crate::api::UserPhase;

/// The first rule that refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// There is no Tenant in force.
    NoTenant,
    /// The tenant is suspended.
    TenantSuspended,
    /// There is no such user.
    UserNotFound,
    /// The user is void.
    UserInvalid,
    /// The user, or her home, is switched off.
    UserDisabled,
    /// The user's time is over.
    UserExpired,
    /// The user's time is still to come.
    UserPending,
    /// The tenant lacks the module of the action.
    UnknownPermission,
    /// No role of the user gives the action.
    NoPermission,
}

impl Denial {
    /// As a decision gives it as its reason.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoTenant => "NoTenant",
            Self::TenantSuspended => "TenantSuspended",
            Self::UserNotFound => "UserNotFound",
            Self::UserInvalid => "UserInvalid",
            Self::UserDisabled => "UserDisabled",
            Self::UserExpired => "UserExpired",
            Self::UserPending => "UserPending",
            Self::UnknownPermission => "UnknownPermission",
            Self::NoPermission => "NoPermission",
        }
    }
}

impl Evaluation {
    /// Whether the user may, at the moment of the evaluation, do that to any record.
    ///
    /// # Errors
    /// The first rule that refuses.
    pub fn allows_on_any_record(&self, user: &str, action: ActionIx) -> Result<(), Denial> {
        let access = self.access().ok_or(Denial::NoTenant)?;
        if access.settings.suspended {
            return Err(Denial::TenantSuspended);
        }
        let user = match access.users.find(user) {
            UserRef::Missing => return Err(Denial::UserNotFound),
            UserRef::Broken => return Err(Denial::UserInvalid),
            UserRef::Known(user) => user,
        };
        active(user.state.phase)?;
        if !access.settings.enabled_actions().contains(action) {
            return Err(Denial::UnknownPermission);
        }
        // What own(...) gives is never "any".
        let held = user.state.actions.contains(action);
        held.then_some(()).ok_or(Denial::NoPermission)
    }
}

fn active(phase: UserPhase) -> Result<(), Denial> {
    match phase {
        UserPhase::Invalid => Err(Denial::UserInvalid),
        UserPhase::Disabled => Err(Denial::UserDisabled),
        UserPhase::Expired => Err(Denial::UserExpired),
        UserPhase::Pending => Err(Denial::UserPending),
        UserPhase::Active => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TENANT, evaluate};
    use super::*;

    /// What the decision about `Customer:ACTION` says of the user.
    fn decided(lines: &[&str], user: &str, object: &str, action: &str) -> &'static str {
        let evaluations = evaluate(lines);
        let action = evaluations[0].catalogue.find_action(object, action).unwrap();
        let decided = evaluations[0].allows_on_any_record(user, action);
        decided.map_or_else(Denial::as_str, |()| "Allowed")
    }
    const ROLE: &str = "Role acme/editor {displayName: E, permissions: [{object: Customer, actions: [Edit]}, {object: Funnel, actions: [Use]}]}";

    #[test]
    fn the_first_rule_that_refuses_gives_the_reason() {
        let bob = |more: &str| format!("User acme/bob {{account: bobb, name: Bob, roles: [editor]{more}}}");
        let told =
            |tenant: &str, more: &str, action: &str| decided(&[tenant, ROLE, &bob(more)], "bob", "Customer", action);
        assert_eq!(told(TENANT, "", "Edit"), "Allowed");
        assert_eq!(told(TENANT, "", "View"), "Allowed");
        assert_eq!(told(TENANT, "", "Delete"), "NoPermission");
        assert_eq!(
            told("Tenant acme/tenant {displayName: Acme, suspended: true}", "", "Edit"),
            "TenantSuspended"
        );
        assert_eq!(told(TENANT, ", enabled: false", "Edit"), "UserDisabled");
        assert_eq!(
            told(TENANT, ", validUntil: \"2026-12-01T00:00:00Z\"", "Edit"),
            "UserExpired"
        );
        assert_eq!(
            told(TENANT, ", validFrom: \"2026-12-01T00:00:01Z\"", "Edit"),
            "UserPending"
        );
        assert_eq!(told(TENANT, ", attributes: {team: Red}", "Edit"), "UserInvalid");
        assert_eq!(told(TENANT, ", unknown: true", "Edit"), "UserInvalid");
    }

    #[test]
    fn without_a_tenant_or_a_user_there_is_nothing_to_allow() {
        let bob = "User acme/bob {account: bobb, name: Bob, roles: [editor]}";
        assert_eq!(decided(&[ROLE, bob], "bob", "Customer", "Edit"), "NoTenant");
        assert_eq!(
            decided(&[TENANT, ROLE, bob], "carol", "Customer", "Edit"),
            "UserNotFound"
        );
    }

    #[test]
    fn an_action_of_a_module_that_the_tenant_lacks_is_unknown() {
        let bob = "User acme/bob {account: bobb, name: Bob, roles: [administrator]}";
        assert_eq!(decided(&[TENANT, bob], "bob", "UserTag", "View"), "UnknownPermission");
        let tenant = "Tenant acme/tenant {displayName: Acme, modules: [Tags]}";
        assert_eq!(decided(&[tenant, bob], "bob", "UserTag", "View"), "Allowed");
    }

    #[test]
    fn what_is_allowed_on_records_of_ones_own_is_not_allowed_on_any() {
        let bob = "User acme/bob {account: bobb, name: Bob, roles: [editor]}";
        let lines = [TENANT, ROLE, bob];
        assert_eq!(decided(&lines, "bob", "Funnel", "Use"), "Allowed");
        assert_eq!(decided(&lines, "bob", "Funnel", "Manage"), "NoPermission");
    }
}
