//! What a plain scalar means.
//!
//! The rules are those of kubectl (`sigs.k8s.io/yaml`, which is `go-yaml` version 2): YAML 1.1 with a few exceptions. They are
//! kept to the letter, odd corners included, so that no value is read here otherwise than in a cluster.

/// The meaning of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scalar {
    /// Nothing, `~` or `null`.
    Null,
    /// `true`, `no`, `on` and the like.
    Bool(bool),
    /// An integer of 64 bits.
    Integer(i64),
    /// Any other number, `.inf` and `.nan` included.
    Float(f64),
    /// None of these: the text itself.
    Text,
}

/// Resolves a plain scalar.
pub(crate) fn resolve(text: &str) -> Scalar {
    let Some(first) = text.bytes().next() else {
        return Scalar::Null;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' => special(text).or_else(|| number(text)).unwrap_or(Scalar::Text),
        b'.' => special(text).or_else(|| point(text)).unwrap_or(Scalar::Text),
        b'~' | b'f' | b'F' | b'n' | b'N' | b'o' | b'O' | b't' | b'T' | b'y' | b'Y' => {
            special(text).unwrap_or(Scalar::Text)
        }
        _ => Scalar::Text,
    }
}

fn special(text: &str) -> Option<Scalar> {
    if text.len() > 5 {
        return None;
    }
    Some(match text {
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// A number that starts with a point: here underscores are no digits.
fn point(text: &str) -> Option<Scalar> {
    decimal(text).map(Scalar::Float)
}

fn number(text: &str) -> Option<Scalar> {
    let without;
    let plain = if text.contains('_') {
        without = text.replace('_', "");
        without.as_str()
    } else {
        text
    };
    integer(plain)
        .or_else(|| decimal(plain).map(Scalar::Float))
        .or_else(|| odd_binary(plain))
}

/// An integer as Go's `ParseInt(text, 0, 64)`, then `ParseUint`, reads it.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = magnitude(unsigned)?;
    match (negative, i64::try_from(magnitude)) {
        (true, Ok(value)) => Some(Scalar::Integer(-value)),
        (true, Err(_)) => (magnitude == i64::MIN.unsigned_abs()).then_some(Scalar::Integer(i64::MIN)),
        (false, Ok(value)) => Some(Scalar::Integer(value)),
        // Go's ParseUint takes no sign.
        (false, Err(_)) if text.starts_with('+') => None,
        (false, Err(_)) => decimal(&magnitude.to_string()).map(Scalar::Float),
    }
}

fn magnitude(text: &str) -> Option<u64> {
    let radix = |prefixes: [&str; 2]| prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
    if let Some(digits) = radix(["0x", "0X"]) {
        parse(digits, 16)
    } else if let Some(digits) = radix(["0o", "0O"]) {
        parse(digits, 8)
    } else if let Some(digits) = radix(["0b", "0B"]) {
        parse(digits, 2)
    } else if text.len() > 1 && text.starts_with('0') {
        parse(text, 8)
    } else {
        parse(text, 10)
    }
}

/// Digits only: Rust alone would take a sign.
fn parse(digits: &str, radix: u32) -> Option<u64> {
    digits.bytes().next().filter(u8::is_ascii_alphanumeric)?;
    u64::from_str_radix(digits, radix).ok()
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, within the range of a double.
fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let sound = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let scaled = exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    let value = if sound && scaled {
        text.parse::<f64>().ok()?
    } else {
        return None;
    };
    value.is_finite().then_some(value)
}

/// `0b-1`: go-yaml reads binary digits a second time by itself, and then lets a sign stand after the prefix.
fn odd_binary(text: &str) -> Option<Scalar> {
    let digits = text.strip_prefix("0b")?;
    let signed = digits.strip_prefix(['+', '-'])?;
    let value = i64::try_from(parse(signed, 2)?).ok()?;
    Some(Scalar::Integer(if digits.starts_with('-') { -value } else { value }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `sigs.k8s.io/yaml` 1.6.0 made of each, as printed by a program in Go.
    #[test]
    fn plain_scalars_mean_what_kubectl_makes_of_them() {
        for text in TEXTS {
            assert_eq!(resolve(text), Scalar::Text, "{text}");
        }
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(resolve(text), Scalar::Null, "{text}");
        }
        for text in ["yes", "Yes", "YES", "on", "On", "ON", "y", "Y", "true", "True", "TRUE"] {
            assert_eq!(resolve(text), Scalar::Bool(true), "{text}");
        }
        for text in [
            "no", "No", "NO", "off", "Off", "OFF", "n", "N", "false", "False", "FALSE",
        ] {
            assert_eq!(resolve(text), Scalar::Bool(false), "{text}");
        }
        for (text, value) in INTEGERS {
            assert_eq!(resolve(text), Scalar::Integer(*value), "{text}");
        }
        for (text, value) in FLOATS {
            assert_eq!(resolve(text), Scalar::Float(*value), "{text}");
        }
        for text in [".nan", ".NaN", ".NAN"] {
            assert!(
                matches!(resolve(text), Scalar::Float(value) if value.is_nan()),
                "{text}"
            );
        }
    }

    #[rustfmt::skip]
    const TEXTS: &[&str] = &[
        "yEs", "tRue", "t", "f", "nUll", "nil", "none", "0o18", "0xg", "0x", "0b2", "0b", "--12", "+-12", "_1", "_",
        "_1_", "+49 151 12345", "+1-555-0100", "0x1ffffffffffffffff", ".", "+", "..", "1.5.2", "1e", "e3", "1e400",
        "-1e400", "0x1p3", "0x1.8p1", "1d", "1f", ".iNf", "inf", "Inf", "infinity", "nan", "NaN", "-.nan", "+.nan",
        ".Nan", "1:30", "12:30:45", "190:20:30.15", "1:60", "0:0", "2026-11-01", "2026-11-01T00:00:00Z",
        "2026-11-01t00:00:00z", "2026-11-01 00:00:00", "2026-11-01T00:00:00+01:00", "2026-1-1",
        "2026-11-01T00:00:00.5Z", "2001-12-14 21:59:43.10 -5", "=", "<<", "1,000", "1 000", "1e0x", "٣", "１２", "½",
        "1/2", "50%", "v1", "1.2.3.4", "2:3:4:5:6:7", "1e3.5", "true1", "0xdeadbeefL", "0b1.1", "0x1.5", "0o7.5",
        "_0x1", "0x-1", "0x+1", "0o-7", "+0b-1", "-0b-1", "._5", "e", "E5", "-a", "+a", ".a", "1a", "0a", "08a",
        "-.", "+.", "-.e", "1E400", "9e999999999", "1e1000000000000", "0.1.", "12e", "12e+", "12e-", "+e1",
    ];

    #[rustfmt::skip]
    const INTEGERS: &[(&str, i64)] = &[
        ("0", 0), ("-0", 0), ("+0", 0), ("00", 0), ("007", 7), ("012", 10), ("-012", -10), ("+012", 10),
        ("0o14", 12), ("-0o14", -12), ("+0o14", 12), ("0O14", 12), ("0x1f", 31), ("0X1F", 31), ("-0x1f", -31),
        ("+0x1f", 31), ("0b101", 5), ("0B101", 5), ("-0b101", -5), ("+0b101", 5), ("12", 12), ("-12", -12),
        ("+12", 12), ("1_000", 1000), ("1__000", 1000), ("1_", 1), ("0x_1f", 31), ("0x1_f", 31), ("0b1_0", 2),
        ("0o1_4", 12), ("-1_000", -1000), ("0_7", 7), ("+4915112345678", 4915112345678),
        ("4915112345678", 4915112345678),
        ("9223372036854775807", 9223372036854775807), ("-9223372036854775808", -9223372036854775808),
        ("0777777777777777777777", 9223372036854775807), ("0_", 0), ("0xDEADBEEF", 3735928559), ("+0o7", 7),
        ("0b_1", 1), ("-0b_1", -1), ("0o_7", 7), ("0b-1", -1), ("0b+1", 1), ("+_1", 1), ("-_1", -1), ("000", 0),
        ("0000000", 0), ("-00", 0), ("+00", 0), ("0x0", 0), ("0b0", 0), ("0o0", 0), ("-0x0", 0),
    ];

    #[rustfmt::skip]
    const FLOATS: &[(&str, f64)] = &[
        ("08", 8.0), ("09", 9.0), ("1_000.5", 1000.5), ("9223372036854775808", 9.223372036854776e+18),
        ("18446744073709551615", 1.8446744073709552e+19), ("18446744073709551616", 1.8446744073709552e+19),
        ("-9223372036854775809", -9.223372036854776e+18), ("99999999999999999999999999", 1e+26),
        ("0xffffffffffffffff", 1.8446744073709552e+19), ("01777777777777777777777", 1.8446744073709552e+19),
        ("1.5", 1.5), ("-1.5", -1.5), ("+1.5", 1.5), ("1.", 1.0), ("-1.", -1.0), (".5", 0.5), ("-.5", -0.5),
        ("+.5", 0.5), ("1e3", 1000.0), ("1E3", 1000.0), ("1e+3", 1000.0), ("1e-3", 0.001), ("1.5e3", 1500.0),
        ("1e-400", 0.0), (".5e3", 500.0), ("1.e3", 1000.0), ("012e3", 12000.0), ("08.5", 8.5), ("1_0e3", 10000.0),
        (".inf", f64::INFINITY), (".Inf", f64::INFINITY), (".INF", f64::INFINITY), ("-.inf", f64::NEG_INFINITY),
        ("+.inf", f64::INFINITY), ("12e03", 12000.0), ("0.0", 0.0), ("-0.0", -0.0), ("00.5", 0.5), ("0e0", 0.0),
        ("1.5_5", 1.55), ("1._5", 1.5), ("123456789012345678901234567890.5", 1.2345678901234568e+29), ("0.1e1", 1.0),
        ("+1e3", 1000.0), ("-1E-3", -0.001), ("1__0.5", 10.5), ("+.5_0", 0.5), ("1e_3", 1000.0), ("1e3_0", 1e+30),
        ("0.", 0.0), ("0.e1", 0.0), ("004915112345678", 4915112345678.0),
    ];
}
