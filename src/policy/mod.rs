//! The policy core: pure functions from the objects of a tenant and a moment to everyone's access.

pub mod condition;
