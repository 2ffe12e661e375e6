//! The forms that strings and lists take, shared by all kinds: pattern, bounds, and for what a pattern cannot say a CEL
//! rule with its Rust twin.
//!
//! The types here are markers: a spec holds plain `String`s and `Vec`s and names the form with `#[schemars(with = ...)]`,
//! so that the schema (which the API server and the offline walker both read) is the one place where a bound stands.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

use super::{Moment, parse_duration};

/// A DNS-1123 label, the form of every `metadata.name`.
pub const NAME_PATTERN: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// The name of an attribute or a field.
pub const FIELD_NAME_PATTERN: &str = "^[a-zA-Z][a-zA-Z0-9_]{0,62}$";
const CREDITED_TO_PATTERN: &str = r"^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$";
/// An email address.
pub const EMAIL_PATTERN: &str = r"^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$";
const PHONE_PATTERN: &str = r"^\+[1-9][0-9]{6,14}$";
/// Text for people to read: no control characters, no bidirectional controls.
pub const TEXT_PATTERN: &str = r"^[^\p{Cc}\x{202A}-\x{202E}\x{2066}-\x{2069}]*$";
const POSITION_PATTERN: &str = "^[a-z0-9-]{1,63}$";
const CODE_PATTERN: &str = r"^[A-Za-z0-9._-]{1,64}$";
const DURATION_PATTERN: &str = "^([0-9]{1,4}h)?([0-9]{1,5}m)?([0-9]{1,7}s)?$";

/// The longest [`Duration`] in a spec, in seconds: 720 hours.
const LONGEST_DURATION: i64 = 720 * 3_600;

/// What a text of that pattern is, and how to write one.
#[must_use]
pub fn in_words(pattern: &str) -> Option<(&'static str, &'static str)> {
    Some(match pattern {
        NAME_PATTERN => ("a name", "write a-z, 0-9 and `-`; begin and end with a letter or digit"),
        FIELD_NAME_PATTERN => ("a field name", "write letters, digits and `_`; begin with a letter"),
        CREDITED_TO_PATTERN => (
            "the name of a tenant or `*`",
            "write a-z, 0-9 and `-`, or `*` alone for any tenant",
        ),
        EMAIL_PATTERN => ("an email address", "write it like `ada@acme.example`"),
        PHONE_PATTERN => (
            "a phone number in international form",
            "write `+` and 7 to 15 digits without blanks, in quotes",
        ),
        TEXT_PATTERN => (
            "plain text: it holds control characters",
            "remove line breaks, control characters and bidirectional controls",
        ),
        POSITION_PATTERN => ("a position", "write 1 to 63 of a-z, 0-9 and `-`"),
        CODE_PATTERN => ("a code", "write 1 to 64 of A-Z, a-z, 0-9, `.`, `_` and `-`"),
        DURATION_PATTERN => ("a duration", "write it like `24h`, `1h30m` or `90s`"),
        Moment::PATTERN => ("a moment", "write it like `2026-12-01T00:00:00Z`"),
        _ => return None,
    })
}

/// A CEL rule on a string, and the same rule in Rust.
#[derive(Debug)]
pub struct StringRule {
    /// The rule as it stands in the CRD.
    pub cel: &'static str,
    /// What is wrong when it does not hold.
    pub message: &'static str,
    /// The twin.
    pub holds: fn(&str) -> bool,
}

/// Every CEL rule on a string that a CRD of ours holds.
pub const STRING_RULES: [StringRule; 2] = [
    StringRule {
        cel: "timestamp(self) >= timestamp('0001-01-01T00:00:00Z')",
        message: "not a moment of the calendar",
        holds: |text| Moment::parse(text).is_some(),
    },
    StringRule {
        cel: "duration(self) > duration('0s') && duration(self) <= duration('720h')",
        message: "a duration is longer than zero and at most 720h",
        holds: |text| parse_duration(text).is_some_and(|seconds| (1..=LONGEST_DURATION).contains(&seconds)),
    },
];

/// Declares a marker for a string form.
macro_rules! string_form {
    ($(#[$doc:meta])* $name:ident: $schema:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

string_form! {
    /// A reference to a `metadata.name`.
    Name: json_schema!({"type": "string", "minLength": 1, "maxLength": 63, "pattern": NAME_PATTERN})
}
string_form! {
    /// A namespace, or `*` for any.
    NameOrAny: json_schema!({"type": "string", "minLength": 1, "maxLength": 63, "pattern": CREDITED_TO_PATTERN})
}
string_form! {
    /// 1 to 100 characters for people to read, no control characters and no bidirectional controls.
    Text: json_schema!({"type": "string", "minLength": 1, "maxLength": 100, "pattern": TEXT_PATTERN})
}
string_form! {
    /// Text up to 500 characters.
    LongText: json_schema!({"type": "string", "minLength": 1, "maxLength": 500, "pattern": TEXT_PATTERN})
}
string_form! {
    /// The name of something that the catalogue, or a tenant, declares.
    Word: json_schema!({"type": "string", "minLength": 1, "maxLength": 100})
}
string_form! {
    /// The name of an attribute or a field.
    FieldName: json_schema!({"type": "string", "minLength": 1, "maxLength": 63, "pattern": FIELD_NAME_PATTERN})
}
string_form! {
    /// An email address.
    Email: json_schema!({"type": "string", "maxLength": 254, "pattern": EMAIL_PATTERN})
}
string_form! {
    /// A phone number in international form.
    Phone: json_schema!({"type": "string", "maxLength": 16, "pattern": PHONE_PATTERN})
}
string_form! {
    /// An account name; which ones are allowed is the tenant's setting.
    Account: json_schema!({"type": "string", "minLength": 1, "maxLength": 254})
}
string_form! {
    /// A position.
    Position: json_schema!({"type": "string", "minLength": 1, "maxLength": 63, "pattern": POSITION_PATTERN})
}
string_form! {
    /// An organization's code.
    Code: json_schema!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": CODE_PATTERN})
}
string_form! {
    /// A condition, see `policy::condition`.
    ConditionText: json_schema!({"type": "string", "minLength": 1, "maxLength": 1000})
}
string_form! {
    /// The id of a record or of a content group.
    RecordId: json_schema!({"type": "string", "minLength": 1, "maxLength": 253})
}
string_form! {
    /// A [`Moment`].
    MomentForm: json_schema!({
        "type": "string",
        "maxLength": 25,
        "pattern": Moment::PATTERN,
        "x-kubernetes-validations": string_rule(&STRING_RULES[0]),
    })
}
string_form! {
    /// A duration like `24h`.
    Duration: json_schema!({
        "type": "string",
        "minLength": 2,
        "maxLength": 20,
        "pattern": DURATION_PATTERN,
        "x-kubernetes-validations": string_rule(&STRING_RULES[1]),
    })
}

/// Whether `text` can name an attribute or a field.
#[must_use]
pub fn is_field_name(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 63 && text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(word)
}

fn string_rule(rule: &StringRule) -> serde_json::Value {
    json!([{"rule": rule.cel, "message": rule.message}])
}

impl JsonSchema for Moment {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        MomentForm::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        MomentForm::json_schema(generator)
    }
}

/// A list of `MIN` to `MAX` values, none twice. What a cluster makes of it says `super::lists`.
#[derive(Debug)]
pub struct Set<T, const MAX: usize = 50, const MIN: usize = 0>(PhantomData<T>);

impl<T: JsonSchema, const MAX: usize, const MIN: usize> JsonSchema for Set<T, MAX, MIN> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Set".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = list_schema::<T>(generator, MIN, MAX);
        schema.insert("x-kubernetes-list-type".into(), "set".into());
        schema
    }
}

/// The fields that tell the entries of a list apart.
pub trait Keyed {
    /// JSON names of the key fields.
    const KEYS: &'static [&'static str];
}

/// A list of `MIN` to `MAX` entries, none with the keys of another. What a cluster makes of it says `super::lists`.
#[derive(Debug)]
pub struct ListMap<T, const MAX: usize = 50, const MIN: usize = 0>(PhantomData<T>);

impl<T: JsonSchema + Keyed, const MAX: usize, const MIN: usize> JsonSchema for ListMap<T, MAX, MIN> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ListMap".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = list_schema::<T>(generator, MIN, MAX);
        schema.insert("x-kubernetes-list-type".into(), "map".into());
        schema.insert("x-kubernetes-list-map-keys".into(), json!(T::KEYS));
        schema
    }
}

/// A list that is changed as a whole.
#[derive(Debug)]
pub struct WholeList<T, const MAX: usize = 50>(PhantomData<T>);

impl<T: JsonSchema, const MAX: usize> JsonSchema for WholeList<T, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "WholeList".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = list_schema::<T>(generator, 0, MAX);
        schema.insert("x-kubernetes-list-type".into(), "atomic".into());
        schema
    }
}

fn list_schema<T: JsonSchema>(generator: &mut SchemaGenerator, min: usize, max: usize) -> Schema {
    let mut schema = json_schema!({"type": "array", "items": generator.subschema_for::<T>(), "maxItems": max});
    if min > 0 {
        schema.insert("minItems".into(), min.into());
    }
    schema
}

/// At most 50 attributes with their values.
pub type Attributes = BTreeMap<String, String>;

/// The schema form of [`Attributes`].
#[derive(Debug)]
pub enum AttributeValues {}

impl JsonSchema for AttributeValues {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AttributeValues".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let values = generator.subschema_for::<Text>();
        json_schema!({"type": "object", "additionalProperties": values, "maxProperties": 50})
    }
}
