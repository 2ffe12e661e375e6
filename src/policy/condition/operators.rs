//! What each operator takes: a function an operator, from typed operands to a typed expression.

use super::fault::Complaint;
use super::tree::{Addition, Collection, Comparison, Expr, Literal, Type};
use super::types::{Meaning, a, no_value};

/// `!` takes a Bool.
pub(super) fn not(operand: Expr, at: usize) -> Result<Expr, Complaint> {
    match operand.kind() {
        Type::Bool => Ok(Expr::Not(Box::new(operand))),
        other => Err(Complaint::types(
            at,
            format!("`!` takes a Bool, this is {}", a(other)),
            "put what `!` negates in parentheses, as in `!(record.city == 'Berlin')`",
        )),
    }
}

/// Unary `-` takes a number.
pub(super) fn negate(operand: Expr, at: usize) -> Result<Expr, Complaint> {
    let help = match operand.kind() {
        Type::Int | Type::Double => return Ok(Expr::Negate(Box::new(operand))),
        Type::Duration => "write the sign into it, as in `duration('-24h')`, or subtract it",
        _ => "take the `-` out",
    };
    Err(Complaint::types(
        at,
        format!("`-` takes an Int or a Double, this is {}", a(operand.kind())),
        help,
    ))
}

/// `&&` and `||` join Bools.
pub(super) fn logic(
    operator: &str,
    join: fn(Box<Expr>, Box<Expr>) -> Expr,
    left: (Expr, usize),
    right: (Expr, usize),
) -> Result<Expr, Complaint> {
    for (operand, at) in [&left, &right] {
        if operand.kind() != Type::Bool {
            return Err(Complaint::types(
                *at,
                format!("`{operator}` joins Bools, this is {}", a(operand.kind())),
                "compare it with something, as in `record.city == 'Berlin'`",
            ));
        }
    }
    Ok(join(Box::new(left.0), Box::new(right.0)))
}

/// `==` and `!=` compare equal scalar types; `<`, `<=`, `>` and `>=` those of them that have an order.
pub(super) fn compare(comparison: Comparison, left: Expr, right: Expr, at: usize) -> Result<Expr, Complaint> {
    let (first, second) = (left.kind(), right.kind());
    let any_order = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    if first != second {
        let message = format!(
            "`{comparison}` compares equal types, not {} with {}",
            a(first),
            a(second)
        );
        return Err(Complaint::types(at, message, mend(&left, &right)));
    }
    let help = match first {
        Type::StringList => "ask for one item, as in `'a' in record.organizations`",
        Type::Bool if !any_order => "use `==`, `!=` or the Bool itself",
        _ => return Ok(Expr::Compare(comparison, Box::new(left), Box::new(right))),
    };
    Err(Complaint::types(
        at,
        format!("`{comparison}` does not compare one {first} with another"),
        help,
    ))
}

/// `+` and `-` take numbers, timestamps and durations.
pub(super) fn add(addition: Addition, left: Expr, right: Expr, at: usize) -> Result<Expr, Complaint> {
    let (first, second) = (left.kind(), right.kind());
    match sum(addition, first, second) {
        Some(kind) => Ok(Expr::Add(addition, kind, Box::new(left), Box::new(right))),
        None => Err(Complaint::types(
            at,
            format!("`{addition}` does not take {} and {}", a(first), a(second)),
            match (first, second) {
                (Type::String, Type::String) => "texts are not joined; compare each by itself".into(),
                (Type::Timestamp, Type::Timestamp) => "add a duration, as in `now + duration('24h')`".into(),
                (Type::Timestamp, Type::Int | Type::Double) => "write it as a duration, as in `duration('24h')`".into(),
                (Type::Duration, Type::Timestamp) => "put the Timestamp first".into(),
                _ => mend(&left, &right),
            },
        )),
    }
}

/// The type of a sum or a difference.
fn sum(addition: Addition, left: Type, right: Type) -> Option<Type> {
    match (left, addition, right) {
        (Type::Int, _, Type::Int) => Some(Type::Int),
        (Type::Double, _, Type::Double) => Some(Type::Double),
        (Type::Duration, _, Type::Duration) | (Type::Timestamp, Addition::Minus, Type::Timestamp) => {
            Some(Type::Duration)
        }
        (Type::Timestamp, _, Type::Duration) | (Type::Duration, Addition::Plus, Type::Timestamp) => {
            Some(Type::Timestamp)
        }
        _ => None,
    }
}

/// `in` looks for an item in a list of its type. An empty list literal is one of any type.
pub(super) fn is_in(item: Expr, list: Meaning, at: usize) -> Result<Expr, Complaint> {
    let (collection, of) = match list {
        Meaning::List(items, of) => (Collection::Literal(items), of),
        Meaning::Value(Expr::Attribute(attribute)) if attribute.kind() == Type::StringList => {
            (Collection::Attribute(attribute), Some(Type::String))
        }
        Meaning::Value(value) => {
            let help = match value.kind() {
                Type::String => "write `text.contains('part')` to look into a text, `==` to compare it",
                _ => "put a list behind it, as in `record.city in ['Berlin', 'Paris']`",
            };
            return Err(Complaint::types(
                at,
                format!("`in` looks into a list, not {}", a(value.kind())),
                help,
            ));
        }
        Meaning::Record | Meaning::User | Meaning::UserAttributes => return Err(no_value(&list, at)),
    };
    let kind = item.kind();
    if kind == Type::StringList {
        let help = "ask for one item, as in `'a' in record.organizations`";
        return Err(Complaint::types(at, "`in` looks for one value, not a StringList", help));
    }
    match of.filter(|of| *of != kind) {
        None => Ok(Expr::In(Box::new(item), collection)),
        Some(of) => Err(Complaint::types(
            at,
            format!("`in` cannot find {} in a list of {of}s", a(kind)),
            "write the items with the type of what is looked for",
        )),
    }
}

/// How to make two types that differ one.
fn mend(left: &Expr, right: &Expr) -> String {
    let literal = |kind| {
        [left, right]
            .into_iter()
            .find(|it| matches!(it, Expr::Literal(value) if value.kind() == kind))
    };
    let either = |one, other| {
        let kinds = (left.kind(), right.kind());
        kinds == (one, other) || kinds == (other, one)
    };
    if either(Type::Int, Type::Double) {
        return match (literal(Type::Int), literal(Type::Double)) {
            (Some(Expr::Literal(Literal::Int(number))), _) => format!("write both as Double: `{number}.0`"),
            (_, Some(_)) => "write both as Int: a number without fraction and exponent".into(),
            _ => "Int and Double never mix; declare both fields with one type".into(),
        };
    }
    let help = if either(Type::Timestamp, Type::String) {
        "write a moment as `timestamp('2026-12-01T00:00:00Z')`"
    } else if either(Type::Duration, Type::String) {
        "write a duration as `duration('24h')`"
    } else if either(Type::Timestamp, Type::Duration) {
        "subtract one Timestamp from the other first, as in `now - record.time < duration('24h')`"
    } else if either(Type::StringList, Type::String) {
        "ask whether it is one of them, as in `'a' in record.organizations`"
    } else if either(Type::String, Type::Int) || either(Type::String, Type::Double) || either(Type::String, Type::Bool)
    {
        "put both in quotes, or neither: nothing converts by itself"
    } else {
        "use values of one type: nothing converts by itself"
    };
    help.into()
}
