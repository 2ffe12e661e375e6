//! The policy core: pure functions from the objects of a tenant and a moment to everyone's access.
//!
//! [`evaluate()`] is the one door: a [`Snapshot`] of all objects of a namespace, what other tenants say about the users that
//! it credits ([`Homes`]), and a moment go in; an [`Evaluation`] comes out, from which statuses, explanations and decisions
//! are read. No clock, client, file or randomness lives here, and invalid means void: there is no "last valid spec".
//!
//! Rules stand in the file named after their subject: [`tenant`], [`users`], [`roles`], [`organizations`], [`invitations`],
//! [`sharing`] (user groups too), [`access`] (what several roles come to together), [`identifiers`], [`homes`].

pub mod access;
mod action_set;
mod by_name;
mod calendar;
mod catalogue;
mod catalogue_file;
mod cause;
mod compare;
pub mod condition;
mod decision;
mod diff;
mod engine;
mod evaluate;
mod explain;
mod fields;
mod finding;
mod grant;
mod groups;
mod held;
mod homes;
mod identifiers;
mod index;
mod invitations;
mod matrix;
mod memberships;
mod moments;
mod numbering;
mod organizations;
mod reduced;
mod registry;
mod roles;
mod sharing;
mod slots;
mod snapshot;
mod status;
mod tenant;
#[cfg(test)]
mod testing;
mod users;
mod warnings;
mod who_can;
mod why;
mod words;

pub use action_set::{ActionIx, ActionSet};
pub use by_name::{ByName, Named};
pub use calendar::{Boundary, ChangeAhead, ScheduledChange};
pub use catalogue::{ADMINISTRATOR, Action, CORE, Catalogue, ObjectIx, ObjectType, RecordAccess, SystemRole};
pub use catalogue_file::CatalogueError;
pub use cause::{Cause, FieldPath, Note, ObjectRef};
pub use compare::{Comparison, compare, loses};
pub use decision::Denial;
pub use diff::{AccessDifference, AttributedChange, PersonChange, difference};
pub use engine::{Change as TenantChange, Engine, Touched};
pub use evaluate::{Access, Evaluation, Outcome, evaluate, evaluate_all};
pub use explain::{ExplainedData, ExplainedField, ExplainedName, ExplainedPermission, ExplainedRole, Explanation};
pub use fields::{Field, FieldIx, FieldTable};
pub use finding::{Class, Finding, Findings, Found, Origin, Reason};
pub use grant::{Entitlement, FieldUse, Grant, RowSet, SharedRecords};
pub use groups::{Group, Groups};
pub use held::Held;
pub use homes::{HomeAnswer, HomeProfile, HomeTenant, HomeUser, Homes};
pub use invitations::{Invitation, Invitations};
pub use matrix::Allowed;
pub use organizations::{Organization, OrganizationIx, OrganizationRef, Organizations};
pub use reduced::Reduction;
pub use roles::{Role, RoleIx, RoleRef, Roles, Scope};
pub use sharing::{SharingRule, SharingRules, Which};
pub use snapshot::{Broken, Declared, InvitationState, Object, Snapshot, older};
pub use status::{Reported, Status, conditions};
pub use tenant::{Attribute, Settings};
pub use users::{User, UserRef, UserState, Users};
pub use who_can::Holder;
pub use why::{Fact, Why};
