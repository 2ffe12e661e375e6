//! The cases of `schema.yaml`, each value as an object of its own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use tenantry::api::Kind;

use super::file::load;
use super::value::{set, with};

/// A field with values that it may have, values that OpenAPI refuses (`bad`), values that a rule refuses (`ruled`), and lists
/// in which something stands twice (`twice`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default, rename = "rows")]
    _rows: Vec<String>,
    kind: String,
    #[serde(default)]
    with: BTreeMap<String, Value>,
    field: String,
    path: Option<String>,
    #[serde(default)]
    good: Vec<Value>,
    #[serde(default)]
    bad: Vec<Value>,
    #[serde(default)]
    ruled: Vec<Value>,
    #[serde(default)]
    twice: Vec<Value>,
}

/// Which list of a case a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    Good,
    Bad,
    Ruled,
    Twice,
}

/// An object with one value of a case in it.
pub(crate) struct Sample {
    /// The case and the value, for messages.
    pub(crate) label: String,
    pub(crate) kind: Kind,
    /// Where a fault is expected.
    pub(crate) path: String,
    pub(crate) listed: Listed,
    pub(crate) object: Value,
}

/// Every value of every case.
pub(crate) fn samples() -> Vec<Sample> {
    let sound: BTreeMap<String, Value> = load("sound.yaml");
    let cases: Vec<Case> = load("schema.yaml");
    cases
        .iter()
        .flat_map(|case| samples_of(case, &sound[&case.kind]))
        .collect()
}

fn samples_of(case: &Case, sound: &Value) -> Vec<Sample> {
    let base = with(sound, &case.with);
    let lists = [
        (Listed::Good, &case.good),
        (Listed::Bad, &case.bad),
        (Listed::Ruled, &case.ruled),
        (Listed::Twice, &case.twice),
    ];
    let values = lists
        .into_iter()
        .flat_map(|(listed, values)| values.iter().map(move |value| (listed, value)));
    let sample = |(listed, value): (Listed, &Value)| {
        let mut object = base.clone();
        set(&mut object, &case.field, value);
        Sample {
            label: format!("{} ({listed:?}): {value}", case.name),
            kind: Kind::from_name(&case.kind).unwrap(),
            path: case.path.clone().unwrap_or_else(|| case.field.clone()),
            listed,
            object,
        }
    };
    values.map(sample).collect()
}
