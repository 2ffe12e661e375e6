//! The custom resources: seven kinds, a file each, with everything that one object alone can get wrong.
//!
//! [`forms`] holds the patterns and bounds they share, [`rule`] the rules that a schema cannot say, [`crd`] makes the
//! definitions that a cluster installs. Nothing here knows a second object, a clock or a file.

mod condition;
pub mod crd;
mod event;
pub mod forms;
mod invitation;
mod kind;
mod lists;
mod moment;
mod organization;
mod role;
pub mod rule;
mod sharing_rule;
mod tenant;
mod user;
mod user_group;
mod walk;

pub use condition::{Condition, ConditionStatus, PUBLISHED, Unpublished};
pub use event::{EventReason, EventType};
pub use forms::{Attributes, is_field_name};
pub use invitation::{
    ADMINISTRATOR_INVITATION, Invitation, InvitationPhase, InvitationResponse, InvitationSpec, InvitationStatus,
    Language, Login, Membership,
};
pub use kind::Kind;
pub(crate) use kind::is_label;
pub use moment::{Moment, parse_duration};
pub use organization::{HEADQUARTERS, Organization, OrganizationSpec, OrganizationStatus, UNASSIGNED};
pub use role::{
    AssignRoles, AssignRolesScope, Assignment, DataScope, Delegation, ManageRoles, ManageRolesScope, ManageUsers,
    ManageUsersScope, Permission, Restriction, RestrictionMode, Role, RoleSpec, RoleStatus, RoleType, Rows,
};
pub use rule::RuleFault;
pub use sharing_rule::{
    OrganizationAttribute, Ownerless, Recipients, Records, SharedAccess, SharingRule, SharingRulePhase,
    SharingRuleSpec, SharingRuleStatus,
};
pub use tenant::{
    AccountFormat, Accounts, Administrator, AttributeDeclaration, DataPermissions, FieldDeclaration, FieldType,
    Headquarters, Limits, ObjectAccess, ObjectSettings, PasswordRule, PasswordSettings, RESERVED_FIELD_NAMES,
    TENANT_NAME, Tenant, TenantSpec, TenantStatus, UserCounts, Visibility,
};
pub use user::{
    Activation, Display, HeldData, HeldField, HeldPermission, HeldRole, Home, TemporaryRole, Truncated, User,
    UserPhase, UserSpec, UserStatus, UserType, Via,
};
pub use user_group::{UserGroup, UserGroupSpec, UserGroupStatus};

/// The API group of every kind.
pub const GROUP: &str = "tenantry.dev";
/// The version of every kind.
pub const VERSION: &str = "v1alpha1";
/// Group and version as they stand in a manifest.
pub const API_VERSION: &str = "tenantry.dev/v1alpha1";
