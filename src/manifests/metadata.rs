//! What may stand in `metadata`, which the schema of a CRD does not say.

use super::schema::{Compiler, Distinct, List, Object, Schema, SchemaError, Text};
use crate::api::Moment;
use crate::api::forms::{NAME_PATTERN, StringRule};

/// A moment as the API server writes it; unlike ours it may have a fraction, which is cut off.
pub(crate) fn timestamp(text: &str) -> Option<Moment> {
    Moment::parse(text).or_else(|| Moment::from_seconds(text.parse::<jiff::Timestamp>().ok()?.as_second()))
}

const TIMESTAMP: StringRule = StringRule {
    cel: "",
    message: "not a moment like `2026-12-01T00:00:00Z`",
    holds: |text| timestamp(text).is_some(),
};

pub(crate) const LABEL_VALUE: &str = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";

/// The schema of `metadata`. The form of the name is a rule of each kind.
pub(crate) fn schema(compiler: &mut Compiler) -> Result<Schema, SchemaError> {
    let text = || Schema::Text(Box::default());
    let moment = || {
        Schema::Text(Box::new(Text {
            rules: vec![&TIMESTAMP],
            ..Text::default()
        }))
    };
    let integer = || Schema::Integer {
        least: i64::MIN,
        most: i64::MAX,
    };
    let map = |values| {
        Schema::Object(Object {
            others: Some(Box::new(values)),
            ..Object::default()
        })
    };
    let list = |items, distinct| {
        Schema::List(Box::new(List {
            items,
            fewest: 0,
            most: None,
            distinct,
        }))
    };
    let owner = Object::of([
        ("!apiVersion", text()),
        ("!kind", text()),
        ("!name", text()),
        ("!uid", text()),
        ("controller", Schema::Bool),
        ("blockOwnerDeletion", Schema::Bool),
    ]);
    Ok(Schema::Object(Object::of([
        ("!name", text()),
        ("namespace", compiler.bounded(63, NAME_PATTERN)?),
        ("generateName", text()),
        ("labels", map(compiler.bounded(63, LABEL_VALUE)?)),
        ("annotations", map(text())),
        ("creationTimestamp", moment()),
        ("deletionTimestamp", moment()),
        ("deletionGracePeriodSeconds", integer()),
        ("finalizers", list(text(), Distinct::Value)),
        ("generation", integer()),
        ("managedFields", list(Schema::Any, Distinct::Nothing)),
        (
            "ownerReferences",
            list(Schema::Object(owner), Distinct::Keys(vec![String::from("uid")])),
        ),
        ("resourceVersion", text()),
        ("selfLink", text()),
        ("uid", text()),
    ])))
}
