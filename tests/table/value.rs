//! Values as `schema.yaml` and `changes.yaml` write them, and how they are set onto the sound objects of `sound.yaml`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A copy of an object with values set in it; null takes away.
pub(crate) fn with(object: &Value, values: &BTreeMap<String, Value>) -> Value {
    let mut object = object.clone();
    for (path, value) in values {
        set(&mut object, path, value);
    }
    object
}

/// Sets a value at a path like `spec.roles[1]`; what is missing on the way is made.
pub(crate) fn set(object: &mut Value, path: &str, value: &Value) {
    let steps: Vec<&str> = path.split(['.', '[']).map(|step| step.trim_end_matches(']')).collect();
    let (last, way) = steps.split_last().unwrap();
    if value.is_null() {
        let parent = way.iter().try_fold(object, |at, step| at.get_mut(*step));
        drop(
            parent
                .and_then(Value::as_object_mut)
                .and_then(|fields| fields.remove(*last)),
        );
        return;
    }
    let parent = way.iter().fold(object, |at, step| match at {
        Value::Array(items) => &mut items[step.parse::<usize>().unwrap()],
        _ => &mut at[*step],
    });
    parent[*last] = written_out(value);
}

/// The value without abbreviations.
fn written_out(value: &Value) -> Value {
    match value {
        Value::Object(fields) => long_text(fields).or_else(|| long_list(fields)).unwrap_or_else(|| {
            let fields = fields.iter().map(|(key, value)| (key.clone(), written_out(value)));
            Value::Object(fields.collect())
        }),
        Value::Array(items) => items.iter().map(written_out).collect(),
        other => other.clone(),
    }
}

/// `{$repeat: x, times: 9, before: y, then: z}`.
fn long_text(fields: &Map<String, Value>) -> Option<Value> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    fields.get("$repeat")?;
    Some(
        format!(
            "{}{}{}",
            text("before"),
            text("$repeat").repeat(times(fields)),
            text("then")
        )
        .into(),
    )
}

/// `{$list: VALUE, times: 9}`, in which `$i` counts.
fn long_list(fields: &Map<String, Value>) -> Option<Value> {
    let item = fields.get("$list")?;
    Some((1..=times(fields)).map(|i| counted(item, i)).collect())
}

fn times(fields: &Map<String, Value>) -> usize {
    fields["times"].as_u64().unwrap().try_into().unwrap()
}

fn counted(item: &Value, i: usize) -> Value {
    match item {
        Value::String(text) => text.replace("$i", &i.to_string()).into(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.clone(), counted(value, i)));
            Value::Object(fields.collect())
        }
        Value::Array(items) => items.iter().map(|item| counted(item, i)).collect(),
        other => other.clone(),
    }
}
