//! The custom resources.

mod moment;

pub use moment::{Moment, parse_duration};
