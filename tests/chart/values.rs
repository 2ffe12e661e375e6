//! Values: what is accepted, what is refused, what is documented.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Map, Value, json};

use crate::helm::{CHART, try_template, yaml};

#[test]
fn an_unknown_value_is_refused_wherever_it_stands() {
    let schema = schema();
    let mut places = Vec::new();
    closed_objects(&schema, &schema, "", &mut places);
    assert!(places.len() > 10, "{places:?}");
    for place in places {
        let argument = format!("{place}unheardOf=1");
        let output = try_template("tenantry", &["--set", &argument]);
        assert!(output.code != 0, "{argument} is accepted");
        assert!(output.err.contains("unheardOf"), "{}", output.err);
    }
}

/// `--set` paths of the objects that the schema lists members of; all of them must be closed.
fn closed_objects(schema: &Value, node: &Value, path: &str, places: &mut Vec<String>) {
    let Some(properties) = node.get("properties").and_then(Value::as_object) else {
        return;
    };
    assert_eq!(node["additionalProperties"], false, "`{path}` is open");
    places.push(path.to_owned());
    for (name, property) in properties {
        let property = match property["$ref"].as_str() {
            Some(reference) => &schema["definitions"][reference.rsplit('/').next().unwrap()],
            None => property,
        };
        closed_objects(schema, property, &format!("{path}{name}."), places);
        if let Some(items) = property.get("items") {
            closed_objects(schema, items, &format!("{path}{name}[0]."), places);
        }
    }
}

#[test]
fn a_wrong_value_is_refused() {
    for argument in [
        "replicas=-1",
        "replicas=two",
        "image.repository=",
        "image.repository=a b",
        "image.digest=sha256:12",
        "image.pullPolicy=Sometimes",
        "lease=Not A Name",
        "listen.port=80",
        "listen.address=localhost",
        "log.format=xml",
        "reservedRoles={a'b}",
        "runAsUser=0",
        "crds.keep=maybe",
        "labels.tier=null,labels.count=1",
        "serviceMonitor.interval=soon",
        "serviceMonitor.enabled=true,service.enabled=false",
    ] {
        let output = try_template("tenantry", &["--set", argument]);
        assert!(output.code != 0, "{argument} is accepted");
    }
}

#[test]
fn a_parent_chart_may_pass_its_globals() {
    let output = try_template("tenantry", &["--set", "global.region=here"]);
    assert!(output.code == 0, "{}", output.err);
}

#[test]
fn schema_defaults_and_full_values_name_the_same() {
    let mut schema = paths_of_schema();
    assert!(schema.remove("global"));
    assert_eq!(
        schema,
        leaves(&yaml("charts/tenantry/values.yaml")).into_keys().collect()
    );
    let full = leaves(&yaml("tests/chart/full.yaml"));
    let missing: Vec<_> = schema.iter().filter(|path| !names(&full, path)).collect();
    assert!(missing.is_empty(), "not in tests/chart/full.yaml: {missing:?}");
}

#[test]
fn the_table_of_values_is_complete_and_true() {
    let text = fs::read_to_string(format!("{CHART}/README.md")).unwrap();
    let rows: BTreeMap<String, Value> = text
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split('|');
            let name = cells.next()?.trim().strip_suffix('`')?.to_owned();
            let default = cells.next()?.trim().strip_prefix('`')?.strip_suffix('`')?;
            Some((name, serde_json::from_str(default).ok()?))
        })
        .collect();
    assert_eq!(rows, leaves(&yaml("charts/tenantry/values.yaml")));
}

fn schema() -> Value {
    serde_json::from_str(&fs::read_to_string(format!("{CHART}/values.schema.json")).unwrap()).unwrap()
}

/// Paths of all values, those of free maps as one; the quantities of resources are what values.yaml names.
fn paths_of_schema() -> BTreeSet<String> {
    fn walk(properties: &Map<String, Value>, path: &str, paths: &mut BTreeSet<String>) {
        for (name, property) in properties {
            let path = format!("{path}{name}");
            match property.get("properties").and_then(Value::as_object) {
                Some(inner) if name != "affinity" && name != "resources" => walk(inner, &format!("{path}."), paths),
                _ => drop(paths.insert(path)),
            }
        }
    }
    let mut paths = BTreeSet::new();
    walk(schema()["properties"].as_object().unwrap(), "", &mut paths);
    assert!(paths.remove("resources"));
    paths.extend(["requests.cpu", "requests.memory", "limits.memory"].map(|path| format!("resources.{path}")));
    paths
}

/// Whether the value or anything in it is there.
fn names(leaves: &BTreeMap<String, Value>, path: &str) -> bool {
    leaves
        .keys()
        .any(|leaf| leaf == path || leaf.starts_with(&format!("{path}.")))
}

/// Values by their paths, down to what is no map or an empty one.
fn leaves(values: &Value) -> BTreeMap<String, Value> {
    fn walk(value: &Value, path: &str, leaves: &mut BTreeMap<String, Value>) {
        match value.as_object().filter(|members| !members.is_empty()) {
            None => drop(leaves.insert(path.to_owned(), value.clone())),
            Some(members) => {
                for (name, value) in members {
                    let path = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    walk(value, &path, leaves);
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(values, "", &mut found);
    assert_ne!(found.get(""), Some(&json!({})));
    found
}
