//! The policy core: pure functions from the objects of a tenant and a moment to everyone's access.

mod action_set;
mod catalogue;
mod catalogue_file;

pub use action_set::{ActionIx, ActionSet};
pub use catalogue::{ADMINISTRATOR, Access, Action, CORE, Catalogue, ObjectIx, ObjectType, SystemRole};
pub use catalogue_file::CatalogueError;
