//! What one object alone can get wrong, value by value: `tests/table/schema.yaml` and `changes.yaml` held against the reader
//! of manifests, the schema in the CRD, its CEL rules and their Rust twins.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a whole file of tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde::Deserialize;
use serde_json::Value;
use tenantry::api::{Kind, crd};
use tenantry::manifests::{Manifests, Source};

use table::file::load;
use table::openapi::{self, below, items};
use table::rules::{Twins, Verdict, change_verdicts, every, is_on_change, verdicts};
use table::sample::{Listed, samples};
use table::value::with;

mod table {
    pub(crate) mod file;
    pub(crate) mod openapi;
    pub(crate) mod rules;
    pub(crate) mod sample;
    pub(crate) mod value;
}

/// A change that is allowed or not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    name: String,
    #[serde(default, rename = "rows")]
    _rows: Vec<String>,
    kind: String,
    #[serde(default)]
    with: BTreeMap<String, Value>,
    old: BTreeMap<String, Value>,
    new: BTreeMap<String, Value>,
    allowed: bool,
}

fn schema(kind: Kind) -> &'static JSONSchemaProps {
    static SCHEMAS: LazyLock<BTreeMap<Kind, JSONSchemaProps>> = LazyLock::new(|| {
        Kind::ALL
            .into_iter()
            .map(|kind| (kind, openapi::published(kind)))
            .collect()
    });
    &SCHEMAS[&kind]
}

/// An object as JSON in which no control character stands as it is, which YAML would not let through to the schema.
fn escaped(object: &Value) -> String {
    let text = object.to_string();
    let escape = |letter: char| match letter {
        _ if letter.is_control() => format!("\\u{:04x}", u32::from(letter)),
        _ => letter.to_string(),
    };
    text.chars().map(escape).collect()
}

fn assert_none(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} values are judged otherwise:\n{}\n",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_reader_of_manifests_judges_every_value_as_the_table_does() {
    let mut wrong = Vec::new();
    for sample in samples() {
        let source = Source {
            name: String::from("sample.json"),
            text: escaped(&sample.object),
        };
        let manifests = Manifests::of(vec![source], "default").unwrap();
        assert!(manifests.strays.is_empty(), "{}: {:?}", sample.label, manifests.strays);
        let faults = &manifests.entries[0].faults;
        let paths: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
        let fits = match sample.listed {
            Listed::Good => paths.is_empty() && manifests.entries[0].spec.is_some(),
            Listed::Bad | Listed::Ruled | Listed::Twice => paths.contains(&sample.path.as_str()),
        };
        if !fits {
            wrong.push(format!("{}: expected {}, got {paths:?}", sample.label, sample.path));
        }
    }
    assert_none(&wrong);
}

#[test]
fn openapi_alone_refuses_what_the_table_calls_bad_and_nothing_else() {
    let mut wrong = Vec::new();
    for mut sample in samples() {
        let schema = schema(sample.kind);
        openapi::default(schema, &mut sample.object);
        let faults = openapi::faults(schema, &sample.object, "");
        let expected = format!(".{}", sample.path);
        let fits = match sample.listed {
            Listed::Bad => faults.contains(&expected),
            Listed::Good | Listed::Ruled | Listed::Twice => faults.is_empty(),
        };
        if !fits {
            wrong.push(format!("{}: got {faults:?}", sample.label));
        }
    }
    assert_none(&wrong);
}

#[test]
fn the_rules_in_cel_and_their_twins_say_the_same_of_every_value() {
    let twins = Twins::all();
    let mut wrong = Vec::new();
    let mut reached = BTreeSet::new();
    for mut sample in samples().into_iter().filter(|sample| sample.listed != Listed::Bad) {
        let schema = schema(sample.kind);
        openapi::default(schema, &mut sample.object);
        let mut said = Vec::new();
        verdicts(&twins, schema, &sample.object, "", &mut said);
        reached.extend(said.iter().map(|verdict| (verdict.cel.clone(), verdict.by_cel)));
        wrong.extend(disagreements(&sample.label, &said));
        let holds = match sample.listed {
            Listed::Twice => !openapi::list_has_rule(schema, &sample.path),
            listed => listed == Listed::Good,
        };
        if said.iter().all(|verdict| verdict.by_cel) != holds {
            wrong.push(format!("{}: CEL says {said:?}", sample.label));
        }
    }
    assert_none(&wrong);
    assert_both_ways(&reached, |rule| !is_on_change(rule));
}

#[test]
fn every_list_has_a_value_in_which_something_stands_twice() {
    let entries = samples().into_iter().filter(|sample| sample.listed == Listed::Twice);
    let shown: BTreeSet<(Kind, String)> = entries.map(|sample| (sample.kind, list_of(&sample.path))).collect();
    let mut lists = BTreeSet::new();
    for kind in Kind::ALL {
        let schema = crd::schema(kind).unwrap();
        distinct(below(&schema, "spec").unwrap(), "spec", &mut |path| {
            lists.insert((kind, path.to_owned()));
        });
    }
    assert!(lists.len() > 20, "{lists:?}");
    assert_eq!(shown, lists);
}

/// Where a list is, without the places in lists around it, of which `entry` is one.
fn list_of(entry: &str) -> String {
    let (list, _) = entry.rsplit_once('[').unwrap();
    list.replace("[0]", "[]")
}

/// The paths of lists that hold nothing twice.
fn distinct(schema: &JSONSchemaProps, path: &str, found: &mut impl FnMut(&str)) {
    if let Some("set" | "map") = schema.x_kubernetes_list_type.as_deref() {
        found(path);
    }
    if let Some(items) = items(schema) {
        distinct(items, &format!("{path}[]"), found);
    }
    for (name, property) in schema.properties.iter().flatten() {
        distinct(property, &format!("{path}.{name}"), found);
    }
}

/// Where the two say different things. A twin that could not be asked is right when a rule below has been broken.
fn disagreements(label: &str, said: &[Verdict]) -> Vec<String> {
    let broken_below = |above: &Verdict| {
        let mut below = said
            .iter()
            .filter(|one| one.path.starts_with(&above.path) && one.path != above.path);
        below.any(|one| !one.by_cel)
    };
    let differ = said.iter().filter(|verdict| match verdict.by_twin {
        Some(by_twin) => by_twin != verdict.by_cel,
        None => !broken_below(verdict),
    });
    differ.map(|verdict| format!("{label}: {verdict:?}")).collect()
}

/// Every rule of every CRD has been seen to hold and to be broken.
fn assert_both_ways(reached: &BTreeSet<(String, bool)>, chosen: impl Fn(&str) -> bool) {
    let mut rules = Vec::new();
    Kind::ALL.into_iter().for_each(|kind| every(schema(kind), &mut rules));
    let missing: BTreeSet<(String, bool)> = rules
        .into_iter()
        .filter(|rule| chosen(rule))
        .flat_map(|rule| [(rule.clone(), true), (rule, false)])
        .filter(|way| !reached.contains(way))
        .collect();
    assert!(missing.is_empty(), "the table does not reach {missing:#?}");
}

#[test]
fn the_rules_on_changes_and_their_twins_say_the_same_of_every_change() {
    let twins = Twins::all();
    let sound: BTreeMap<String, Value> = load("sound.yaml");
    let changes: Vec<Change> = load("changes.yaml");
    let mut wrong = Vec::new();
    let mut reached = BTreeSet::new();
    for change in changes {
        let kind = Kind::from_name(&change.kind).unwrap();
        let schema = schema(kind);
        let base = with(&sound[&change.kind], &change.with);
        let [old, new] = [&change.old, &change.new].map(|values| {
            let mut object = with(&base, values);
            openapi::default(schema, &mut object);
            assert_eq!(
                openapi::faults(schema, &object, ""),
                Vec::<String>::new(),
                "{}",
                change.name
            );
            object
        });
        let said = change_verdicts(&twins, schema, &old, &new);
        reached.extend(said.iter().map(|verdict| (verdict.cel.clone(), verdict.by_cel)));
        wrong.extend(disagreements(&change.name, &said));
        if said.iter().all(|verdict| verdict.by_cel) != change.allowed {
            wrong.push(format!("{}: CEL says {said:?}", change.name));
        }
    }
    assert_none(&wrong);
    assert_both_ways(&reached, is_on_change);
}
