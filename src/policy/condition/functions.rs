//! The functions of a condition, and what each takes. There are no others.

use super::fault::{Complaint, shown};
use super::tree::{Collection, Expr, Literal, Measured, StringTest, Type};
use super::types::{Argument, Meaning, a, describe, no_value};
use crate::api::{Moment, parse_duration};

/// The longest duration either way, in hours: ten years.
const MAX_HOURS: i64 = 87_600;

const KNOWN: &str = "the functions are `.startsWith()`, `.endsWith()`, `.contains()`, `size()`, `duration()`, `timestamp()` and `has()`";

/// `name(arguments)`.
pub(super) fn call(name: &str, arguments: Vec<Argument>, at: usize) -> Result<Expr, Complaint> {
    let help = match name {
        "size" => return size(one(name, arguments, at)?),
        "duration" => return duration(&one(name, arguments, at)?),
        "timestamp" => return timestamp(&one(name, arguments, at)?),
        "startsWith" | "endsWith" | "contains" => format!("write `text.{name}('part')`"),
        "int" | "uint" | "double" | "string" | "bool" | "dyn" | "type" => {
            "nothing converts; declare the field with the type that is wanted".into()
        }
        _ => KNOWN.into(),
    };
    Err(no_function(&format!("{}()", shown(name)), at, help))
}

/// `target.name(arguments)`.
pub(super) fn method(target: Argument, name: &str, arguments: Vec<Argument>, at: usize) -> Result<Expr, Complaint> {
    let test = match name {
        "startsWith" => StringTest::StartsWith,
        "endsWith" => StringTest::EndsWith,
        "contains" => StringTest::Contains,
        "size" if arguments.is_empty() => return size(target),
        "size" => return Err(arity(".size()", "no argument", arguments.len(), at)),
        "duration" | "timestamp" | "has" => {
            return Err(no_function(&format!(".{name}()"), at, format!("write `{name}(...)`")));
        }
        "matches" => {
            let help =
                "regular expressions are no part of conditions; use `.startsWith()`, `.endsWith()` or `.contains()`";
            return Err(no_function(".matches()", at, help));
        }
        _ => return Err(no_function(&format!(".{}()", shown(name)), at, KNOWN)),
    };
    let part = one(&format!(".{name}"), arguments, at)?;
    Ok(Expr::Test(
        test,
        Box::new(text(name, target)?),
        Box::new(text(name, part)?),
    ))
}

/// The String that a test of Strings takes.
fn text(name: &str, argument: Argument) -> Result<Expr, Complaint> {
    let kind = match argument.meaning {
        Meaning::Value(value) if value.kind() == Type::String => return Ok(value),
        Meaning::Value(value) => value.kind(),
        other => return Err(no_value(&other, argument.at)),
    };
    let help = match (name, kind) {
        ("contains", Type::StringList) => "write `'a' in list`",
        (_, Type::StringList) => "ask for one item, as in `'a' in record.organizations`",
        _ => "use it between texts, as in `record.name.startsWith('A')`",
    };
    Err(Complaint::types(
        argument.at,
        format!("`.{name}()` takes Strings, this is {}", a(kind)),
        help,
    ))
}

/// `size()` of a String or a list.
fn size(argument: Argument) -> Result<Expr, Complaint> {
    let measured = match argument.meaning {
        Meaning::List(items, _) => Measured::Collection(Collection::Literal(items)),
        Meaning::Value(Expr::Attribute(attribute)) if attribute.kind() == Type::StringList => {
            Measured::Collection(Collection::Attribute(attribute))
        }
        Meaning::Value(value) if value.kind() == Type::String => Measured::Text(Box::new(value)),
        other @ Meaning::Value(_) => {
            let message = format!("`size()` measures a String or a list, this is {}", describe(&other));
            return Err(Complaint::types(argument.at, message, "compare the value itself"));
        }
        other => return Err(no_value(&other, argument.at)),
    };
    Ok(Expr::Size(measured))
}

/// `duration('...')`, of a literal.
fn duration(argument: &Argument) -> Result<Expr, Complaint> {
    let text = literal("duration", "'24h'", argument)?;
    match seconds(text) {
        Some(seconds) => Ok(Expr::Literal(Literal::Duration(seconds))),
        None => Err(Complaint::types(
            argument.at,
            format!("`{}` is no duration", shown(text)),
            format!(
                "write hours, minutes and seconds in this order, as in `24h`, `1h30m` or `-90s`: not zero, at most {MAX_HOURS}h"
            ),
        )),
    }
}

/// The form of Duration, with `-` before it allowed and a bound of its own: [`MAX_HOURS`], which alone needs a fifth digit.
fn seconds(text: &str) -> Option<i64> {
    let (sign, length) = match text.strip_prefix('-') {
        Some(length) => (-1, length),
        None => (1, text),
    };
    let many_hours = |(hours, _): &(&str, &str)| hours.len() == 5 && hours.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = match length.split_once('h').filter(many_hours) {
        Some((hours, "")) => hours.parse::<i64>().ok()? * 3_600,
        Some((hours, rest)) if !rest.contains('h') => hours.parse::<i64>().ok()? * 3_600 + parse_duration(rest)?,
        _ => parse_duration(length)?,
    };
    (1..=MAX_HOURS * 3_600).contains(&seconds).then_some(sign * seconds)
}

/// `timestamp('...')`, of a literal.
fn timestamp(argument: &Argument) -> Result<Expr, Complaint> {
    let text = literal("timestamp", "'2026-12-01T00:00:00Z'", argument)?;
    match Moment::parse(text) {
        Some(moment) => Ok(Expr::Literal(Literal::Timestamp(moment))),
        None => Err(Complaint::types(
            argument.at,
            format!("`{}` is no moment", shown(text)),
            "write date, time in whole seconds and offset, as in `2026-12-01T00:00:00Z` or `2026-12-01T00:00:00+01:00`",
        )),
    }
}

/// The text of an argument that must be a String literal.
fn literal<'a>(function: &str, example: &str, argument: &'a Argument) -> Result<&'a str, Complaint> {
    match &argument.meaning {
        Meaning::Value(Expr::Literal(Literal::String(text))) => Ok(text),
        other => Err(Complaint::types(
            argument.at,
            format!("`{function}()` takes a text literal, this is {}", describe(other)),
            format!("write `{function}({example})`; a Timestamp attribute stands by itself"),
        )),
    }
}

fn one(name: &str, arguments: Vec<Argument>, at: usize) -> Result<Argument, Complaint> {
    let count = arguments.len();
    match <[Argument; 1]>::try_from(arguments) {
        Ok([argument]) => Ok(argument),
        Err(_) => Err(arity(&format!("{name}()"), "one argument", count, at)),
    }
}

fn arity(function: &str, takes: &str, count: usize, at: usize) -> Complaint {
    Complaint::types(at, format!("`{function}` takes {takes}, not {count}"), KNOWN)
}

fn no_function(function: &str, at: usize, help: impl Into<String>) -> Complaint {
    Complaint::types(at, format!("conditions have no function `{function}`"), help)
}
