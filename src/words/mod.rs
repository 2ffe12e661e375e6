//! Words for what the policy hands out as types: causes, grants, what is ahead. A file for each language.
//!
//! Nothing is decided here, and nothing of it is parsed again.

pub(crate) mod english;
