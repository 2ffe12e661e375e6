//! YAML in.

mod fault;
mod node;
mod parse;
mod scalar;
mod split;

pub use fault::Fault;
pub use node::Place;
