//! The schemas of the CRDs, made ready for one fast walk.
//!
//! What is compiled here is all that our CRDs use. Anything else in a schema is an error, so that no bound in a CRD is
//! silently without effect offline; a test compiles all seven.

use std::collections::HashMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use regex::Regex;

use crate::api::forms::StringRule;

/// What values are allowed.
#[derive(Debug)]
pub(crate) enum Schema {
    Text(Box<Text>),
    Integer {
        least: i64,
        most: i64,
    },
    Number,
    Bool,
    List(Box<List>),
    Object(Object),
    /// Anything at all.
    Any,
}

/// Bounds on a text. Lengths are in characters.
#[derive(Debug, Default)]
pub(crate) struct Text {
    pub(crate) shortest: usize,
    pub(crate) longest: Option<usize>,
    pub(crate) pattern: Option<Regex>,
    /// If any: the only values.
    pub(crate) options: Vec<String>,
    pub(crate) rules: Vec<&'static StringRule>,
}

/// Bounds on a list.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) items: Schema,
    pub(crate) fewest: usize,
    pub(crate) most: Option<usize>,
    pub(crate) distinct: Distinct,
}

/// By what the entries of a list must differ.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Distinct {
    Nothing,
    Value,
    Keys(Vec<String>),
}

/// The fields of a mapping.
#[derive(Debug, Default)]
pub(crate) struct Object {
    /// Sorted by name.
    pub(crate) fields: Vec<Field>,
    /// A bit for each of the fields that must be there.
    pub(crate) required: u128,
    /// What fields of any other name hold; none are allowed when absent.
    pub(crate) others: Option<Box<Schema>>,
    pub(crate) fewest: usize,
    pub(crate) most: Option<usize>,
}

/// A field that has a name.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) schema: Schema,
}

impl Object {
    /// A mapping of these fields; `!` before a name makes the field required.
    pub(crate) fn of<const N: usize>(fields: [(&str, Schema); N]) -> Self {
        let required: Vec<_> = fields
            .iter()
            .filter_map(|(name, _)| name.strip_prefix('!'))
            .map(String::from)
            .collect();
        let fields = fields
            .into_iter()
            .map(|(name, schema)| Field {
                name: name.trim_start_matches('!').to_owned(),
                schema,
            })
            .collect();
        Self::new(fields, &required)
    }

    fn new(mut fields: Vec<Field>, required: &[String]) -> Self {
        fields.sort_by(|one, other| one.name.cmp(&other.name));
        let bits = fields
            .iter()
            .enumerate()
            .filter(|(_, field)| required.contains(&field.name));
        let required = bits.fold(0, |bits, (index, _)| bits | bit(index));
        Self {
            fields,
            required,
            ..Self::default()
        }
    }

    /// The field of that name and its bit.
    pub(crate) fn field(&self, name: &str) -> Option<(&Field, u128)> {
        let index = self
            .fields
            .binary_search_by(|field| field.name.as_str().cmp(name))
            .ok()?;
        Some((self.fields.get(index)?, bit(index)))
    }

    /// The required fields that are not among those seen.
    pub(crate) fn missing(&self, seen: u128) -> impl Iterator<Item = &Field> {
        let missing = self.required & !seen;
        self.fields
            .iter()
            .enumerate()
            .filter(move |(index, _)| missing & bit(*index) != 0)
            .map(|(_, field)| field)
    }
}

fn bit(index: usize) -> u128 {
    u32::try_from(index)
        .ok()
        .and_then(|index| 1_u128.checked_shl(index))
        .unwrap_or_default()
}

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// Something that the walk does not know.
    #[error("`{0}` in a schema is not understood here")]
    Unknown(String),
    /// A pattern that is no regular expression.
    #[error("a pattern in a schema cannot be used: {0}")]
    Pattern(#[from] regex::Error),
}

/// Compiles schemas. Patterns recur a great deal, so each is compiled once.
#[derive(Debug)]
pub(crate) struct Compiler {
    /// Every CEL rule on a text must have its twin here; those on mappings are judged later, on the typed object.
    rules: &'static [StringRule],
    patterns: HashMap<String, Regex>,
}

impl Compiler {
    pub(crate) fn new(rules: &'static [StringRule]) -> Self {
        Self {
            rules,
            patterns: HashMap::new(),
        }
    }

    pub(crate) fn compile(&mut self, props: &JSONSchemaProps) -> Result<Schema, SchemaError> {
        refuse_unknown(props)?;
        match props.type_.as_deref() {
            Some("string") => Ok(Schema::Text(Box::new(self.text(props)?))),
            Some("integer") => Ok(integer(props)),
            Some("number") => Ok(Schema::Number),
            Some("boolean") => Ok(Schema::Bool),
            Some("array") => Ok(Schema::List(Box::new(self.list(props)?))),
            Some("object") => self.object(props).map(Schema::Object),
            other => Err(SchemaError::Unknown(format!("type: {}", other.unwrap_or("none")))),
        }
    }

    /// A text of at most so many characters and that pattern.
    pub(crate) fn bounded(&mut self, longest: usize, pattern: &str) -> Result<Schema, SchemaError> {
        let pattern = Some(self.pattern(pattern)?);
        Ok(Schema::Text(Box::new(Text {
            longest: Some(longest),
            pattern,
            ..Text::default()
        })))
    }

    fn pattern(&mut self, pattern: &str) -> Result<Regex, SchemaError> {
        if let Some(known) = self.patterns.get(pattern) {
            return Ok(known.clone());
        }
        let new = Regex::new(pattern)?;
        self.patterns.insert(pattern.to_owned(), new.clone());
        Ok(new)
    }

    fn text(&mut self, props: &JSONSchemaProps) -> Result<Text, SchemaError> {
        let rules = self.rules;
        let unknown = |cel: &str| SchemaError::Unknown(cel.to_owned());
        let twin = |cel: &str| rules.iter().find(|rule| rule.cel == cel).ok_or_else(|| unknown(cel));
        let option = |value: &serde_json::Value| value.as_str().map(String::from);
        Ok(Text {
            shortest: size(props.min_length).unwrap_or_default(),
            longest: size(props.max_length),
            pattern: props
                .pattern
                .as_deref()
                .map(|pattern| self.pattern(pattern))
                .transpose()?,
            options: props
                .enum_
                .iter()
                .flatten()
                .filter_map(|value| option(&value.0))
                .collect(),
            rules: props
                .x_kubernetes_validations
                .iter()
                .flatten()
                .map(|rule| twin(&rule.rule))
                .collect::<Result<_, _>>()?,
        })
    }

    fn list(&mut self, props: &JSONSchemaProps) -> Result<List, SchemaError> {
        let Some(JSONSchemaPropsOrArray::Schema(items)) = &props.items else {
            return Err(SchemaError::Unknown(String::from("items")));
        };
        let distinct = match props.x_kubernetes_list_type.as_deref() {
            Some("set") => Distinct::Value,
            Some("map") => Distinct::Keys(props.x_kubernetes_list_map_keys.clone().unwrap_or_default()),
            _ => Distinct::Nothing,
        };
        Ok(List {
            items: self.compile(items)?,
            fewest: size(props.min_items).unwrap_or_default(),
            most: size(props.max_items),
            distinct,
        })
    }

    fn object(&mut self, props: &JSONSchemaProps) -> Result<Object, SchemaError> {
        let mut fields = Vec::new();
        for (name, schema) in props.properties.iter().flatten() {
            fields.push(Field {
                name: name.clone(),
                schema: self.compile(schema)?,
            });
        }
        let others = match &props.additional_properties {
            Some(JSONSchemaPropsOrBool::Schema(schema)) => Some(Box::new(self.compile(schema)?)),
            Some(JSONSchemaPropsOrBool::Bool(true)) => Some(Box::new(Schema::Any)),
            _ => None,
        };
        Ok(Object {
            others,
            fewest: size(props.min_properties).unwrap_or_default(),
            most: size(props.max_properties),
            ..Object::new(fields, props.required.as_deref().unwrap_or_default())
        })
    }
}

fn refuse_unknown(props: &JSONSchemaProps) -> Result<(), SchemaError> {
    let unknown = [
        ("allOf", props.all_of.is_some()),
        ("anyOf", props.any_of.is_some()),
        ("oneOf", props.one_of.is_some()),
        ("not", props.not.is_some()),
        ("$ref", props.ref_path.is_some()),
        ("multipleOf", props.multiple_of.is_some()),
        ("exclusiveMinimum", props.exclusive_minimum == Some(true)),
        ("exclusiveMaximum", props.exclusive_maximum == Some(true)),
        ("patternProperties", props.pattern_properties.is_some()),
        ("nullable", props.nullable == Some(true)),
        (
            "x-kubernetes-int-or-string",
            props.x_kubernetes_int_or_string == Some(true),
        ),
        (
            "x-kubernetes-preserve-unknown-fields",
            props.x_kubernetes_preserve_unknown_fields == Some(true),
        ),
    ];
    match unknown.into_iter().find(|(_, present)| *present) {
        Some((name, _)) => Err(SchemaError::Unknown(name.to_owned())),
        None => Ok(()),
    }
}

fn integer(props: &JSONSchemaProps) -> Schema {
    let (least, most) = match props.format.as_deref() {
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let bound = |bound: Option<f64>, default| bound.and_then(whole).unwrap_or(default);
    Schema::Integer {
        least: bound(props.minimum, least),
        most: bound(props.maximum, most),
    }
}

fn size(bound: Option<i64>) -> Option<usize> {
    bound.and_then(|bound| usize::try_from(bound).ok())
}

/// A number without a fraction that a double holds exactly.
pub(crate) fn whole(number: f64) -> Option<i64> {
    let exact = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
    // The formatted text has no rounding in it; a cast would be refused by the lints.
    exact.then(|| format!("{number:.0}").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::{Kind, crd, forms::STRING_RULES};

    #[test]
    fn all_of_our_schemas_compile() {
        for kind in Kind::ALL {
            let schema = crd::schema(kind).unwrap();
            for part in schema.properties.unwrap().values() {
                Compiler::new(&STRING_RULES).compile(part).unwrap();
            }
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for schema in [
            json!({"type": "string", "x-kubernetes-validations": [{"rule": "self != ''"}]}),
            json!({"type": "string", "pattern": "("}),
            json!({"type": "string", "nullable": true}),
            json!({"anyOf": [{"type": "string"}]}),
            json!({"x-kubernetes-int-or-string": true}),
            json!({"type": "array"}),
            json!({"type": "object", "properties": {"a": {}}}),
        ] {
            let props = serde_json::from_value(schema.clone()).unwrap();
            assert!(Compiler::new(&STRING_RULES).compile(&props).is_err(), "{schema}");
        }
    }

    #[test]
    fn a_whole_number_is_found_in_a_float() {
        for (number, expected) in [
            (3.0, Some(3)),
            (-0.0, Some(0)),
            (3.5, None),
            (1e300, None),
            (f64::NAN, None),
        ] {
            assert_eq!(whole(number), expected, "{number}");
        }
    }
}
