//! One text held against the schema of the field that it is meant for, before there is a manifest.

use super::fault::Trail;
use super::node::Place;
use super::roots::schemas;
use super::scalar::{Scalar, resolve};
use super::schema::Schema;
use super::walk::text_fault;
use crate::api::Kind;

/// What is wrong with a text for a field, and what mends it; private values are not shown.
pub(crate) fn value_fault(kind: Kind, field: &[&str], value: &str) -> Option<(String, String)> {
    let schemas = schemas().ok()?;
    let root = Trail::root(Place::default());
    let (first, below) = field.split_first()?;
    let trail = root.field(first, Place::default());
    match *first {
        "metadata" => judge(&schemas.metadata, below, value, &trail),
        _ => judge(&schemas.root(kind)?.field(first)?.0.schema, below, value, &trail),
    }
}

fn judge(schema: &Schema, field: &[&str], value: &str, trail: &Trail<'_>) -> Option<(String, String)> {
    match (schema, field.split_first()) {
        (Schema::Text(text), None) => text_fault(text, value, trail),
        (Schema::Object(object), Some((first, below))) => {
            let schema = &object.field(first)?.0.schema;
            judge(schema, below, value, &trail.field(first, Place::default()))
        }
        _ => None,
    }
}

/// Whether a scalar without quotes is read as text, and not as a number, a truth value or nothing.
pub(crate) fn is_plain_text(scalar: &str) -> bool {
    resolve(scalar) == Scalar::Text
}
