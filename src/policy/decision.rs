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
            UserRef::Known(ix) => access.users.get(ix).ok_or(Denial::UserNotFound)?,
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
