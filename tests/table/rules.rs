//! The rules of the CRDs, each as CEL and as its Rust twin, on the values of an object.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cel::{Context, Program};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tenantry::api::Kind;
use tenantry::api::forms::STRING_RULES;
use tenantry::api::rule::Ruled;
use tenantry::api::{
    AssignRoles, DataScope, FieldDeclaration, InvitationSpec, ManageUsers, RoleSpec, SharingRuleSpec, TemporaryRole,
    TenantSpec, UserSpec,
};

use super::openapi::{below, items};

/// Whether a value keeps a rule; none when the value cannot be decoded, so that the twin is never asked.
type Twin = Box<dyn Fn(&Value) -> Option<bool>>;
type ChangeTwin = Box<dyn Fn(&Value, &Value) -> bool>;

/// The Rust twins by the CEL that stands beside them.
#[derive(Default)]
pub(crate) struct Twins {
    pub(crate) rules: BTreeMap<&'static str, Vec<Twin>>,
    pub(crate) changes: BTreeMap<&'static str, ChangeTwin>,
}

impl Twins {
    /// All of them.
    pub(crate) fn all() -> Self {
        let mut twins = Self::default();
        twins.of::<AssignRoles>();
        twins.of::<DataScope>();
        twins.of::<FieldDeclaration>();
        twins.of::<InvitationSpec>();
        twins.of::<ManageUsers>();
        twins.of::<RoleSpec>();
        twins.of::<SharingRuleSpec>();
        twins.of::<TemporaryRole>();
        twins.of::<TenantSpec>();
        twins.of::<UserSpec>();
        for rule in &STRING_RULES {
            twins.add(rule.cel, Box::new(|value| value.as_str().map(rule.holds)));
        }
        for kind in Kind::ALL {
            let rule = kind.name_rule();
            let twin: Twin = Box::new(move |value| value["metadata"]["name"].as_str().map(rule.holds));
            twins.rules.entry(rule.cel).or_insert_with(|| vec![twin]);
        }
        twins
    }

    fn of<T: Ruled + DeserializeOwned>(&mut self) {
        for rule in T::RULES {
            let twin = |value: &Value| {
                let decoded = serde_json::from_value::<T>(value.clone()).ok()?;
                Some((rule.broken_at)(&decoded).is_none())
            };
            self.add(rule.cel, Box::new(twin));
        }
        for rule in T::CHANGE_RULES {
            let decode = |value: &Value| serde_json::from_value::<T>(value.clone()).unwrap();
            let twin: ChangeTwin = Box::new(move |old, new| (rule.holds)(&decode(old), &decode(new)));
            assert!(
                self.changes.insert(rule.cel, twin).is_none(),
                "{} stands twice",
                rule.cel
            );
        }
    }

    fn add(&mut self, cel: &'static str, twin: Twin) {
        let twins = self.rules.entry(cel).or_default();
        assert!(twins.is_empty(), "{cel} stands twice");
        twins.push(twin);
    }
}

/// What the two say of one rule on one value.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) cel: String,
    pub(crate) path: String,
    pub(crate) by_cel: bool,
    pub(crate) by_twin: Option<bool>,
}

/// Every rule on an object as it stands, at every depth.
pub(crate) fn verdicts(twins: &Twins, schema: &JSONSchemaProps, value: &Value, path: &str, said: &mut Vec<Verdict>) {
    for rule in own(schema).filter(|rule| !is_on_change(rule)) {
        let by_cel = holds(rule, value, None);
        let by_twin = match value {
            // The twin of a list's rule is the reader of manifests, which the table is held against as well.
            Value::Array(_) => Some(by_cel),
            _ => twins.rules.get(rule).unwrap_or_else(|| panic!("`{rule}` has no twin"))[0](value),
        };
        let (cel, path) = (rule.to_owned(), path.to_owned());
        said.push(Verdict {
            cel,
            path,
            by_cel,
            by_twin,
        });
    }
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if let Some(schema) = below(schema, key) {
                    verdicts(twins, schema, value, &format!("{path}.{key}"), said);
                }
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                if let Some(schema) = items(schema) {
                    verdicts(twins, schema, value, &format!("{path}[{index}]"), said);
                }
            }
        }
        _ => {}
    }
}

/// Every rule on the change of a spec; none of ours stands deeper.
pub(crate) fn change_verdicts(twins: &Twins, schema: &JSONSchemaProps, old: &Value, new: &Value) -> Vec<Verdict> {
    let spec = below(schema, "spec").unwrap();
    let (old, new) = (&old["spec"], &new["spec"]);
    let rules = own(spec).filter(|rule| is_on_change(rule));
    let verdict = |rule: &str| Verdict {
        cel: rule.to_owned(),
        path: String::from("spec"),
        by_cel: holds(rule, new, Some(old)),
        by_twin: Some(twins.changes[rule](old, new)),
    };
    rules.map(verdict).collect()
}

/// The rules of a schema and everything below it.
pub(crate) fn every(schema: &JSONSchemaProps, found: &mut Vec<String>) {
    found.extend(own(schema).map(str::to_owned));
    let properties = schema.properties.iter().flatten().map(|(_, property)| property);
    for schema in properties.chain(items(schema)).chain(below(schema, "")) {
        every(schema, found);
    }
}

/// Whether a rule is on a change.
pub(crate) fn is_on_change(rule: &str) -> bool {
    rule.contains("oldSelf")
}

fn own(schema: &JSONSchemaProps) -> impl Iterator<Item = &str> {
    schema
        .x_kubernetes_validations
        .iter()
        .flatten()
        .map(|rule| rule.rule.as_str())
}

/// What the crate `cel` says; an error is as a broken rule, as an API server has it.
fn holds(rule: &str, value: &Value, old: Option<&Value>) -> bool {
    let mut context = Context::default();
    context.add_variable("self", value).unwrap();
    if let Some(old) = old {
        context.add_variable("oldSelf", old).unwrap();
    }
    context.add_function("sum", sum).unwrap();
    thread_local!(static PROGRAMS: RefCell<HashMap<String, Program>> = RefCell::default());
    PROGRAMS.with_borrow_mut(|programs| {
        let program = programs.entry(rule.to_owned());
        let program =
            program.or_insert_with(|| Program::compile(rule).unwrap_or_else(|errors| panic!("{rule}: {errors}")));
        program.execute(&context) == Ok(cel::Value::Bool(true))
    })
}

/// Kubernetes' `sum()` of a list of whole numbers.
fn sum(cel::extractors::This(list): cel::extractors::This<Arc<Vec<cel::Value>>>) -> i64 {
    let numbers = list.iter().map(|value| match value {
        cel::Value::Int(number) => *number,
        cel::Value::UInt(number) => i64::try_from(*number).unwrap(),
        other => panic!("{other:?} in a sum"),
    });
    numbers.sum()
}
