//! What a condition comes to. Unknown behaves as an error does in CEL, and nothing is allocated.
//!
//! A sum without a value of its type is unknown: an Int beyond 64 bits, a Double that is not finite (CEL would go on with an
//! infinity; so no condition ever meets one, or a NaN), a Timestamp outside the range of [`Moment`], a Duration beyond
//! [`MAX_DURATION`].

use std::cmp::Ordering;

use super::tree::{
    Addition, Attribute, Collection, Comparison, Expr, Literal, Measured, RecordAttribute, StringTest, Type,
    UserAttribute,
};
use crate::api::Moment;

/// The longest duration that CEL has, either way: what 64 bits of nanoseconds hold, some 292 years, in whole seconds.
const MAX_DURATION: i64 = i64::MAX / 1_000_000_000;

/// What a condition comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Something it needs is absent, of another type or out of range: it does not hold.
    Unknown,
}

/// Where a condition finds what it names. What is absent is `None`; a value of another type than the attribute's is taken for
/// absent.
pub trait Inputs {
    /// The value that the record has.
    fn record(&self, attribute: &RecordAttribute) -> Option<Value<'_>>;
    /// The value that the user has.
    fn user(&self, attribute: &UserAttribute) -> Option<Value<'_>>;
    /// The present moment.
    fn now(&self) -> Moment;
}

/// A value, borrowed from where it lives.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Text.
    String(&'a str),
    /// A signed integer.
    Int(i64),
    /// A number. One that is not finite counts as absent.
    Double(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A moment.
    Timestamp(Moment),
    /// Seconds, either way. No attribute is one.
    Duration(i64),
    /// A list of texts.
    StringList(List<'a>),
}

impl Value<'_> {
    fn kind(self) -> Type {
        match self {
            Self::String(_) => Type::String,
            Self::Int(_) => Type::Int,
            Self::Double(_) => Type::Double,
            Self::Bool(_) => Type::Bool,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Duration(_) => Type::Duration,
            Self::StringList(_) => Type::StringList,
        }
    }
}

/// A list of texts in one of the forms in which callers hold them.
#[derive(Clone, Copy, Debug)]
pub enum List<'a> {
    /// Texts.
    Borrowed(&'a [&'a str]),
    /// A JSON array, all of whose items must be strings.
    Json(&'a [serde_json::Value]),
}

impl List<'_> {
    fn len(self) -> usize {
        match self {
            Self::Borrowed(items) => items.len(),
            Self::Json(items) => items.len(),
        }
    }

    fn contains(self, text: &str) -> bool {
        match self {
            Self::Borrowed(items) => items.contains(&text),
            Self::Json(items) => items.iter().any(|item| item.as_str() == Some(text)),
        }
    }
}

/// What `tree`, of type Bool, comes to.
pub(super) fn truth(tree: &Expr, inputs: &impl Inputs) -> Truth {
    match truth_value(tree, inputs) {
        Some(true) => Truth::True,
        Some(false) => Truth::False,
        None => Truth::Unknown,
    }
}

fn truth_value(expr: &Expr, inputs: &impl Inputs) -> Option<bool> {
    match value(expr, inputs)? {
        Value::Bool(value) => Some(value),
        _ => None,
    }
}

/// The value of an expression, `None` for unknown.
fn value<'a>(expr: &'a Expr, inputs: &'a impl Inputs) -> Option<Value<'a>> {
    let truth = match expr {
        Expr::Literal(literal) => return Some(written(literal)),
        Expr::Now => return Some(Value::Timestamp(inputs.now())),
        Expr::Attribute(attribute) => return given(attribute, inputs),
        Expr::Negate(operand) => return negate(value(operand, inputs)?),
        Expr::Add(addition, _, left, right) => return add(*addition, value(left, inputs)?, value(right, inputs)?),
        Expr::Size(measured) => {
            return size(measured, inputs)
                .and_then(|size| i64::try_from(size).ok())
                .map(Value::Int);
        }
        Expr::Has(attribute) => given(attribute, inputs).is_some(),
        Expr::Not(operand) => !truth_value(operand, inputs)?,
        Expr::And(left, right) => decided_by(false, left, right, inputs)?,
        Expr::Or(left, right) => decided_by(true, left, right, inputs)?,
        Expr::Compare(comparison, left, right) => {
            holds(*comparison, order(value(left, inputs)?, value(right, inputs)?)?)
        }
        Expr::In(item, collection) => is_in(value(item, inputs)?, collection, inputs)?,
        Expr::Test(test, text, part) => string_test(*test, value(text, inputs)?, value(part, inputs)?)?,
    };
    Some(Value::Bool(truth))
}

fn written(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::String(text) => Value::String(text),
        Literal::Int(number) => Value::Int(*number),
        Literal::Double(number) => Value::Double(*number),
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Timestamp(moment) => Value::Timestamp(*moment),
        Literal::Duration(seconds) => Value::Duration(*seconds),
    }
}

/// What the attribute has, if that is of its type.
fn given<'a>(attribute: &Attribute, inputs: &'a impl Inputs) -> Option<Value<'a>> {
    let value = match attribute {
        Attribute::Record(attribute) => inputs.record(attribute),
        Attribute::User(attribute) => inputs.user(attribute),
    };
    let sound = |value: &Value<'_>| match value {
        Value::Double(number) => number.is_finite(),
        Value::StringList(List::Json(items)) => items.iter().all(serde_json::Value::is_string),
        _ => true,
    };
    value.filter(|value| value.kind() == attribute.kind() && sound(value))
}

/// `&&` and `||`: either operand alone may decide, even if the other is unknown; else both must be known.
fn decided_by(decisive: bool, left: &Expr, right: &Expr, inputs: &impl Inputs) -> Option<bool> {
    let left = truth_value(left, inputs);
    if left == Some(decisive) {
        return left;
    }
    let right = truth_value(right, inputs);
    if right == Some(decisive) {
        right
    } else {
        left.and(right)
    }
}

/// The order of two values of one scalar type.
fn order(left: Value<'_>, right: Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Int(right)) | (Value::Duration(left), Value::Duration(right)) => {
            Some(left.cmp(&right))
        }
        (Value::Double(left), Value::Double(right)) => left.partial_cmp(&right),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(&right)),
        (Value::Timestamp(left), Value::Timestamp(right)) => Some(left.cmp(&right)),
        _ => None,
    }
}

fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

fn negate(value: Value<'_>) -> Option<Value<'static>> {
    match value {
        Value::Int(number) => number.checked_neg().map(Value::Int),
        Value::Double(number) => Some(Value::Double(-number)),
        _ => None,
    }
}

fn add(addition: Addition, left: Value<'_>, right: Value<'_>) -> Option<Value<'static>> {
    let whole = |left: i64, right: i64| match addition {
        Addition::Plus => left.checked_add(right),
        Addition::Minus => left.checked_sub(right),
    };
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => whole(left, right).map(Value::Int),
        (Value::Double(left), Value::Double(right)) => finite(match addition {
            Addition::Plus => left + right,
            Addition::Minus => left - right,
        }),
        (Value::Duration(left), Value::Duration(right)) => duration(whole(left, right)?),
        (Value::Timestamp(left), Value::Timestamp(right)) => duration(whole(left.seconds(), right.seconds())?),
        (Value::Timestamp(moment), Value::Duration(by)) => timestamp(whole(moment.seconds(), by)?),
        (Value::Duration(by), Value::Timestamp(moment)) => timestamp(whole(by, moment.seconds())?),
        _ => None,
    }
}

fn finite(number: f64) -> Option<Value<'static>> {
    number.is_finite().then_some(Value::Double(number))
}

fn duration(seconds: i64) -> Option<Value<'static>> {
    (-MAX_DURATION..=MAX_DURATION)
        .contains(&seconds)
        .then_some(Value::Duration(seconds))
}

fn timestamp(seconds: i64) -> Option<Value<'static>> {
    Moment::from_seconds(seconds).map(Value::Timestamp)
}

/// Whether the item is in the list. As in CEL, a list literal with an unknown item is unknown, wherever the item stands.
fn is_in(item: Value<'_>, collection: &Collection, inputs: &impl Inputs) -> Option<bool> {
    match collection {
        Collection::Attribute(attribute) => match (given(attribute, inputs)?, item) {
            (Value::StringList(list), Value::String(text)) => Some(list.contains(text)),
            _ => None,
        },
        Collection::Literal(items) => items.iter().try_fold(false, |found, other| {
            let other = value(other, inputs)?;
            Some(found | order(item, other)?.is_eq())
        }),
    }
}

fn string_test(test: StringTest, text: Value<'_>, part: Value<'_>) -> Option<bool> {
    let (Value::String(text), Value::String(part)) = (text, part) else {
        return None;
    };
    Some(match test {
        StringTest::StartsWith => text.starts_with(part),
        StringTest::EndsWith => text.ends_with(part),
        StringTest::Contains => text.contains(part),
    })
}

/// The characters of a text or the items of a list.
fn size(measured: &Measured, inputs: &impl Inputs) -> Option<usize> {
    match measured {
        Measured::Text(text) => match value(text, inputs)? {
            Value::String(text) => Some(text.chars().count()),
            _ => None,
        },
        Measured::Collection(Collection::Attribute(attribute)) => match given(attribute, inputs)? {
            Value::StringList(list) => Some(list.len()),
            _ => None,
        },
        Measured::Collection(Collection::Literal(items)) => items
            .iter()
            .try_fold(0, |count, item| value(item, inputs).map(|_| count + 1)),
    }
}
